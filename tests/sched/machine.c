/*
 * machine.c - implements threads, futexes and time, and decides which thread runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explore.h"
#include "fibre.h"
#include "sync/assert.h"
#include "sync/barrier.h"
#include "sync/clock.h"
#include "sync/event.h"
#include "sync/futex.h"
#include "sync/note.h"
#include "sync/poll.h"
#include "sync/thread.h"

enum { MOST_STEPS = 15000, CHANGES = 3 };

enum state { UNUSED, READY, ASLEEP, JOINING, DONE };

struct thread {
    enum state state;
    void (*run)(void *arg);
    void *arg;
    weir__thread *started;   /* if the library started it; else NULL */
    weir__u32 *const *words; /* ASLEEP: a wake of any of these words ends the sleep */
    size_t word_count;
    uint64_t deadline; /* ASLEEP, JOINING: the deadline */
    bool timed_out;
    bool computes;       /* ASLEEP: since `from`, in sched_compute */
    uint64_t from, used; /* processor time used before `from`, in ns */
    unsigned order;      /* ASLEEP: order of arrival */
    int target;          /* JOINING: the thread to join */
    bool joined;
    struct weir__callout *callouts;
    weir__note note;
    uint32_t priority;
};

bool machine_tracing;
struct machine_now machine;

static struct thread threads[SCHED_THREADS];
static int thread_count;
static unsigned step, sleep_order;
static uint64_t now;
static void (*scenario)(void);
static char failure[500];
static unsigned change_points[CHANGES]; /* PCT: at these steps the running thread's priority drops */
static unsigned longest;                /* PCT: steps of the longest run so far */
static struct {
    unsigned countdown;
    bool on;
} thread_fault;

const char *machine_failure(void) {
    return failure[0] == '\0' ? NULL : failure;
}

void machine_print(const char *format, ...) {
    va_list rest;
    printf("%4u  thread %d  ", step, machine.self);
    va_start(rest, format);
    vprintf(format, rest);
    va_end(rest);
    putchar('\n');
}

void machine_fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    vsnprintf(failure, sizeof failure, format, rest);
    va_end(rest);
    machine_trace("FAILS: %s", failure);
    fibre_switch(machine.self + 1, 0); /* does not return */
    __builtin_unreachable();
}

void sched_check(bool holds, const char *format, ...) {
    char message[400];
    va_list rest;
    if (holds)
        return;
    va_start(rest, format);
    vsnprintf(message, sizeof message, format, rest);
    va_end(rest);
    machine_fail("%s", message);
}

void weir__assert_failed(const char *file, int line, const char *condition) {
    machine_fail("%s:%d: assertion failed: %s", file, line, condition);
}

/* The system's answer about the barrier: see lib/sync/barrier.h, sched_barrier and sched_barrier_is_to_come. */
enum { UNTRIED, WORKS, NEVER_WORKS };
static weir__u32 barrier = {NEVER_WORKS};
static bool barrier_is_to_come; /* the answer changes: reading it is a point */

bool sched_has_common_time(void) {
    return machine.model == MODEL_SC ||
           (machine.model == MODEL_TSO && barrier.value == NEVER_WORKS); /* else the store of a release may wait */
}

uint64_t sched_now(void) {
    return now;
}

/* ---- the choice of the thread that runs ---- */

static uint32_t new_priority(void) {
    return CHANGES + 1 + (uint32_t)(explore_random_number() % 1000000);
}

static int highest_priority(const int *ready, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
        if (threads[ready[i]].priority > threads[ready[best]].priority)
            best = i;
    }
    return best;
}

static void lower_priority_at_change_point(void) {
    for (int i = 0; i < CHANGES; i++) {
        if (change_points[i] == step)
            threads[machine.self].priority = (uint32_t)i;
    }
}

/* Collects the threads that can run, the running one first. */
static int collect_ready(int *ready) {
    int count = 0;
    if (threads[machine.self].state == READY)
        ready[count++] = machine.self;
    for (int i = 0; i < thread_count; i++) {
        if (i != machine.self && threads[i].state == READY)
            ready[count++] = i;
    }
    return count;
}

static bool waits_for_time(const struct thread *thread) {
    return thread->state == ASLEEP || thread->state == JOINING;
}

static void move_time_to(uint64_t time) {
    if (time > now)
        now = time;
    for (int i = 0; i < thread_count; i++) {
        if (waits_for_time(&threads[i]) && threads[i].deadline <= now) {
            threads[i].state = READY;
            threads[i].timed_out = true;
        }
    }
}

/* Called when no thread can run: moves the time to the next deadline. Returns false if there is none. */
static bool let_time_pass(void) {
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < thread_count; i++) {
        if (waits_for_time(&threads[i]) && threads[i].deadline < next)
            next = threads[i].deadline;
    }
    if (next == UINT64_MAX)
        return false;
    move_time_to(next);
    return true;
}

static _Noreturn void fail_deadlocked(void) {
    char who[300] = "";
    for (int i = 0; i < thread_count; i++) {
        if (threads[i].state == ASLEEP || threads[i].state == JOINING) {
            size_t length = strlen(who);
            snprintf(who + length, sizeof who - length, " thread %d %s;", i,
                     threads[i].state == ASLEEP ? "sleeps" : "joins");
        }
    }
    machine_fail("nobody can go on:%s", who);
}

static void switch_to(int thread) {
    int from = machine.self;
    if (thread == from)
        return;
    machine.self = thread;
    fibre_switch(from + 1, thread + 1);
}

static bool all_done(void) {
    for (int i = 0; i < thread_count; i++) {
        if (threads[i].state != DONE)
            return false;
    }
    return true;
}

/* The running thread sleeps, joins or is done: switches to another one. */
static void give_up_processor(void) {
    int ready[SCHED_THREADS];
    int count = collect_ready(ready);
    if (count == 0 && !let_time_pass()) {
        if (all_done())
            fibre_switch(machine.self + 1, 0); /* the run is over */
        fail_deadlocked();
    }
    if (count == 0)
        count = collect_ready(ready);
    int way = 0;
    if (count > 1)
        way = explore_prefer(count, 0, highest_priority(ready, count));
    switch_to(ready[way]);
}

void machine_point(void) {
    int ready[SCHED_THREADS];
    if (++step > MOST_STEPS)
        machine_fail("does not end");
    if (explore_is_calm())
        return;
    int count = collect_ready(ready);
    if (count == 1)
        return;
    if (explore_is_random())
        lower_priority_at_change_point();
    int way = explore_prefer(count, ~UINT32_C(1), highest_priority(ready, count));
    switch_to(ready[way]);
}

int sched_choose(int count) {
    return explore_choose(count, 0);
}

unsigned sched_work(void) {
    return step + machine.accesses;
}

void sched_calm(bool calm) {
    explore_calm(calm);
}

/*
 * Each other thread runs until it waits. Then the first that can run is this one, or an earlier one that was not
 * waiting.
 */
void sched_settle(void) {
    int ready[SCHED_THREADS];
    explore_calm(true);
    while (collect_ready(ready) > 1)
        switch_to(ready[1]);
    explore_calm(false);
}

/* ---- threads ---- */

static void finish_thread(void) {
    memory_drain();
    machine_trace("ends");
    threads[machine.self].state = DONE;
    for (int i = 0; i < thread_count; i++) {
        if (threads[i].state == JOINING && threads[i].target == machine.self)
            threads[i].state = READY;
    }
    give_up_processor();
}

static void run_thread(int fibre) {
    struct thread *thread = &threads[fibre - 1];
    thread->run(thread->arg);
    finish_thread();
}

static int new_thread(void (*run)(void *), void *arg) {
    if (thread_count == SCHED_THREADS)
        machine_fail("more than %d threads", SCHED_THREADS);
    int thread = thread_count++;
    threads[thread] = (struct thread){.state = READY, .run = run, .arg = arg, .priority = new_priority()};
    fibre_prepare(thread + 1, run_thread);
    return thread;
}

int sched_spawn(void (*run)(void *arg), void *arg) {
    machine_point();
    memory_drain();
    int thread = new_thread(run, arg);
    memory_spawn(thread);
    machine_trace("starts thread %d", thread);
    return thread;
}

static bool join_until(int thread, uint64_t deadline) {
    machine_point();
    memory_drain();
    if (threads[thread].state != DONE) {
        if (deadline <= now)
            return false;
        threads[machine.self].state = JOINING;
        threads[machine.self].target = thread;
        threads[machine.self].deadline = deadline;
        give_up_processor();
    }
    if (threads[thread].state != DONE)
        return false;
    memory_see_thread(thread);
    threads[thread].joined = true;
    return true;
}

void sched_join(int thread) {
    (void)join_until(thread, UINT64_MAX);
}

static void leave(const weir__thread *started) {
    if (started->at_exit != NULL)
        started->at_exit(started->arg);
}

void sched_exit_thread(void) {
    weir__thread *started = threads[machine.self].started;
    if (started != NULL)
        leave(started);
    finish_thread();
    __builtin_unreachable();
}

static void run_started(void *raw) {
    weir__thread *started = raw;
    started->main(started->arg);
    leave(started);
}

void sched_fail_thread(unsigned n, bool on) {
    thread_fault.countdown = n;
    thread_fault.on = on;
}

static bool thread_fault_due(void) {
    if (thread_fault.countdown == 0)
        return false;
    if (--thread_fault.countdown > 0)
        return false;
    if (thread_fault.on)
        thread_fault.countdown = 1;
    return true;
}

/* The library joins each thread before it uses the thread's memory again. */
static void check_joined(const weir__thread *place) {
    for (int i = 0; i < thread_count; i++) {
        if (threads[i].started == place && !threads[i].joined)
            machine_fail("a thread starts in the place of thread %d, which is not joined", i);
    }
}

bool weir__thread_start(weir__thread *thread) {
    check_joined(thread);
    if (thread_fault_due())
        return false;
    thread->id = sched_spawn(run_started, thread);
    threads[thread->id].started = thread;
    return true;
}

void weir__thread_join(weir__thread *thread) {
    sched_join(thread->id);
}

bool weir__thread_join_until(weir__thread *thread, uint64_t deadline) {
    return join_until(thread->id, deadline);
}

const weir__thread *weir__thread_self(void) {
    return threads[machine.self].started;
}

struct weir__callout **weir__thread_callouts(void) {
    return &threads[machine.self].callouts;
}

uint64_t weir__thread_serial(void) {
    return (uint64_t)machine.self + 1;
}

weir__note *weir__note_of_thread(void) {
    return &threads[machine.self].note;
}

/* ---- sleeping ---- */

/* Sleeps while each word has the value. */
static bool sleep_while(weir__u32 *const *words, size_t count, uint32_t value, uint64_t deadline) {
    for (size_t i = 0; i < count; i++) {
        arena_check_alive(words[i], "futex wait on");
        if (memory_newest(&words[i]->value, sizeof words[i]->value) != value)
            return true;
    }
    if (deadline <= now)
        return false;
    enum { SLEEP, SPURIOUS, LATE };
    int way = explore_choose(deadline == UINT64_MAX ? 2 : 3, ~UINT32_C(1));
    if (way == SPURIOUS) {
        machine_trace("wakes for no reason");
        return true;
    }
    if (way == LATE) {
        move_time_to(deadline);
        machine_trace("deadline passes");
        return false;
    }
    machine_trace("sleeps on %p", (void *)words[0]);
    struct thread *thread = &threads[machine.self];
    thread->state = ASLEEP;
    thread->words = words;
    thread->word_count = count;
    thread->deadline = deadline;
    thread->timed_out = false;
    thread->order = ++sleep_order;
    give_up_processor();
    if (!thread->timed_out && deadline != UINT64_MAX && explore_choose(2, 2) == 1) {
        move_time_to(deadline); /* woken, but too late: the wake is consumed all the same */
        thread->timed_out = true;
    }
    machine_trace(thread->timed_out ? "times out" : "is woken");
    return !thread->timed_out;
}

bool weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    machine_point();
    memory_drain();
    return sleep_while(&word, 1, value, deadline);
}

static bool sleeps_on(const struct thread *thread, const void *word) {
    for (size_t i = 0; thread->state == ASLEEP && i < thread->word_count; i++) {
        if (thread->words[i] == word)
            return true;
    }
    return false;
}

static int collect_sleepers(const void *word, int *sleepers) {
    int count = 0;
    for (int i = 0; i < thread_count; i++) {
        if (sleeps_on(&threads[i], word))
            sleepers[count++] = i;
    }
    return count;
}

void weir__futex_wake(const weir__u32 *word, uint32_t wanted) {
    int sleepers[SCHED_THREADS];
    machine_point();
    memory_drain();
    int count = collect_sleepers(word, sleepers);
    machine_trace("wakes %d of %d on %p", wanted < (uint32_t)count ? (int)wanted : count, count, (const void *)word);
    while (count > 0 && wanted-- > 0) {
        int way = (uint32_t)count > wanted + 1 ? explore_choose(count, 0) : 0;
        threads[sleepers[way]].state = READY;
        sleepers[way] = sleepers[--count];
    }
}

/* ---- descriptors ---- */

enum { LOWEST = 3 };

static weir__u32 *descriptors[64]; /* of open events, by number above LOWEST: what they have rung */

int sched_open(weir__u32 *rung) {
    for (int i = 0; i < (int)(sizeof descriptors / sizeof descriptors[0]); i++) {
        if (descriptors[i] == NULL) {
            descriptors[i] = rung;
            return LOWEST + i;
        }
    }
    machine_fail("more than %zu descriptors", sizeof descriptors / sizeof descriptors[0]);
}

void sched_close(int fd) {
    descriptors[fd - LOWEST] = NULL;
}

static weir__u32 *word_of(int fd) {
    bool is_one = fd >= LOWEST && fd < LOWEST + (int)(sizeof descriptors / sizeof descriptors[0]);
    return is_one ? descriptors[fd - LOWEST] : NULL;
}

/* Returns the number of entries that are ready or bad, and sets their results. The others' words go to `words`. */
static int look_at_entries(weir__pollfd *entries, size_t count, weir__u32 **words, size_t *waiting) {
    int ready = 0;
    *waiting = 0;
    for (size_t i = 0; i < count; i++) {
        weir__u32 *word = word_of(entries[i].fd);
        entries[i].result = WEIR__POLLED_LATE;
        if (word == NULL && entries[i].fd >= 0)
            entries[i].result = WEIR__POLLED_BAD;
        else if (word != NULL && memory_newest(&word->value, sizeof word->value) != 0)
            entries[i].result = WEIR__POLLED_READY;
        else if (word != NULL)
            words[(*waiting)++] = word;
        ready += entries[i].result != WEIR__POLLED_LATE;
    }
    return ready;
}

int weir__poll_all(weir__pollfd *entries, size_t count, uint64_t deadline) {
    weir__u32 *words[sizeof descriptors / sizeof descriptors[0]];
    size_t waiting;
    int ready;
    bool in_time = true;
    machine_point();
    memory_drain();
    while ((ready = look_at_entries(entries, count, words, &waiting)) == 0 && in_time && deadline > now)
        in_time = sleep_while(words, waiting, 0, deadline);
    machine_trace("polls: %d of %zu are ready", ready, count);
    return ready;
}

/* ---- the barrier of all threads ---- */

static bool barrier_fails;

void sched_barrier(bool works) {
    barrier.value = works ? WORKS : NEVER_WORKS;
    barrier_is_to_come = false;
}

void sched_barrier_is_to_come(void) {
    barrier.value = UNTRIED;
    barrier_is_to_come = true;
}

static uint32_t barrier_state(void) {
    return barrier_is_to_come ? weir__u32_load_relaxed(&barrier) : barrier.value;
}

bool weir__barrier_works(void) {
    return barrier_state() == WORKS;
}

bool weir__barrier_never_works(void) {
    return barrier_state() == NEVER_WORKS;
}

void sched_fail_barrier(bool fails) {
    barrier_fails = fails;
}

void sched_barrier_comes(void) {
    machine_trace("asks for the barrier");
    (void)weir__u32_swap_acquire(&barrier, UNTRIED, barrier_fails ? NEVER_WORKS : WORKS);
}

bool weir__barrier_of_all(void) {
    if (barrier_state() == UNTRIED)
        sched_barrier_comes();
    machine_point();
    machine_trace(barrier_fails ? "gets no barrier" : "makes a barrier in all threads");
    if (!barrier_fails)
        memory_barrier_of_all(thread_count);
    return !barrier_fails;
}

/* ---- clocks and processors ---- */

uint64_t weir__clock_now(void) {
    return now;
}

/* Fibres use processor time only in sched_compute, which this clock leaves out. */
uint64_t weir__clock_used(void) {
    return 0;
}

static unsigned processors;

unsigned weir__processors(void) {
    return processors;
}

void sched_processors(unsigned count) {
    processors = count;
}

void sched_compute(uint64_t nanoseconds) {
    memory_drain();
    struct thread *thread = &threads[machine.self];
    thread->state = ASLEEP;
    thread->word_count = 0;
    thread->from = now;
    thread->deadline = now + nanoseconds;
    thread->computes = true;
    give_up_processor();
    thread->computes = false;
    thread->used += nanoseconds;
}

void sched_compute_alone(uint64_t nanoseconds) {
    memory_drain();
    threads[machine.self].used += nanoseconds;
    move_time_to(now + nanoseconds);
}

/* The system tells only of threads that live. */
static const struct thread *living(const weir__thread *thread) {
    arena_check_alive(thread, "look at a thread in");
    if (threads[thread->id].state == DONE)
        machine_fail("what thread %d does is read after its end", thread->id);
    return &threads[thread->id];
}

uint64_t weir__thread_used(const weir__thread *thread) {
    const struct thread *of = living(thread);
    return of->used + (of->computes ? now - of->from : 0);
}

bool weir__thread_sleeps(const weir__thread *thread) {
    const struct thread *of = living(thread);
    return waits_for_time(of) && !of->computes;
}

/* ---- a run ---- */

static void run_scenario(void *unused) {
    (void)unused;
    scenario();
}

static void choose_change_points(void) {
    for (int i = 0; i < CHANGES; i++)
        change_points[i] = 1 + (unsigned)(explore_random_number() % (longest + 1));
}

void machine_begin(enum model model) {
    machine.model = model;
    longest = 100;
}

void machine_run(void (*new_scenario)(void)) {
    machine.run++;
    step = sleep_order = machine.accesses = 0;
    now = 1000000000;
    thread_count = machine.self = 0;
    failure[0] = '\0';
    scenario = new_scenario;
    thread_fault.countdown = 0;
    memset(descriptors, 0, sizeof descriptors);
    processors = 1;
    sched_fail_allocation(0, false);
    if (explore_is_random())
        choose_change_points();
    arena_begin();
    memory_begin();
    new_thread(run_scenario, NULL);
    fibre_switch(0, 1);
    if (step > longest)
        longest = step;
    if (failure[0] == '\0' && arena_left() > 0)
        snprintf(failure, sizeof failure, "%zu bytes were not freed", arena_left());
}
