/*
 * support.c - see support.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int run_suite(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

TCase *add_case(Suite *suite, const char *name) {
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, TEST_SECONDS);
    suite_add_tcase(suite, tcase);
    return tcase;
}

/* ---- items ---- */

static char numbers[NUMBERS];

void *number(size_t n) {
    return &numbers[n % NUMBERS];
}

size_t number_of(const void *item) {
    const char *place = item;
    return place < numbers || place >= numbers + NUMBERS ? SIZE_MAX : (size_t)(place - numbers);
}

/* Reports to Check only on failure: Check logs every assertion, which is slow. */
static void fail_unless_ok(weir_status status, const char *call, size_t n) {
    if (status != WEIR_OK)
        ck_abort_msg("%s, item %zu: %s", call, n, weir_strerror(status));
}

size_t take_number(weir_queue *queue) {
    void *item = NULL;
    fail_unless_ok(weir_queue_get_until(queue, &item, hang_limit()), "get_until", 0);
    fail_unless_ok(weir_queue_task_done(queue), "task_done", number_of(item));
    return number_of(item);
}

void take_numbers(weir_queue *queue, size_t first, size_t end) {
    for (size_t n = first; n < end; n++) {
        size_t taken = take_number(queue);
        if (taken != n % NUMBERS)
            ck_abort_msg("item %zu instead of %zu", taken, n % NUMBERS);
    }
}

weir_queue *new_queue(size_t capacity) {
    weir_queue *queue = NULL;
    assert_status(WEIR_OK, weir_queue_create(&queue, capacity));
    ck_assert_ptr_nonnull(queue);
    return queue;
}

void put_numbers(weir_queue *queue, size_t first, size_t end) {
    for (size_t n = first; n < end; n++)
        fail_unless_ok(weir_queue_put_until(queue, number(n), hang_limit()), "put_until", n);
}

/* ---- a drop function that records ---- */

void record_drop(void *item, void *raw) {
    struct drops *drops = raw;
    size_t n = atomic_fetch_add(&drops->count, 1);
    if (n < COUNT_OF(drops->items))
        drops->items[n] = item;
    if (n == 0)
        drops->thread = pthread_self();
}

weir_queue *new_dropping_queue(size_t capacity, struct drops *drops) {
    weir_queue *queue = NULL;
    const weir_queue_options options = {.capacity = capacity, .drop = record_drop, .drop_arg = drops};
    memset(drops, 0, sizeof *drops);
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    return queue;
}

/* ---- time ---- */

void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 500 * 1000}, NULL);
}

weir_deadline now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (weir_deadline)time.tv_sec * SECONDS + (weir_deadline)time.tv_nsec;
}

void sleep_until(weir_deadline deadline) {
    struct timespec until = {.tv_sec = (time_t)(deadline / SECONDS), .tv_nsec = (long)(deadline % SECONDS)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
        continue;
}

weir_deadline hang_limit(void) {
    return now() + HANG_SECONDS * SECONDS;
}

/* G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003. */
uint64_t random_next(uint64_t *state) {
    uint64_t x = *state == 0 ? UINT64_C(0x9E3779B97F4A7C15) : *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x;
}

/* ---- threads ---- */

void thread_start(pthread_t *thread, void *(*run)(void *), void *arg) {
    ck_assert_int_eq(pthread_create(thread, NULL, run, arg), 0);
}

void thread_join(pthread_t thread) {
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

size_t threads_now(void) {
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;
    if (tasks == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

bool wait_for_threads(size_t wanted) {
    for (weir_deadline limit = hang_limit(); now() < limit; nap()) {
        if (threads_now() == wanted)
            return true;
    }
    return false;
}

static void *tell_number(void *number) {
    *(int *)number = thread_number();
    return NULL;
}

size_t threads_at_rest(void) {
    pthread_t thread;
    int number = 0;
    char path[64];
    thread_start(&thread, tell_number, &number);
    thread_join(thread);
    snprintf(path, sizeof path, "/proc/self/task/%d", number);
    while (access(path, F_OK) == 0)
        nap();
    return threads_now();
}

int thread_number(void) {
    return (int)gettid();
}

/* The system's view of a thread. */
struct look {
    bool known;
    char state;
    unsigned long long switches;
};

static struct look look_at(int thread) {
    struct look look = {.state = '?'};
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
    FILE *status = fopen(path, "r");
    if (status == NULL)
        return look;
    while (fgets(line, sizeof line, status) != NULL) {
        const char *value = strchr(line, ':');
        if (value == NULL)
            continue;
        if (strncmp(line, "State", 5) == 0)
            look.state = value[1 + strspn(value + 1, " \t")];
        if (strstr(line, "ctxt_switches") != NULL)
            look.switches += strtoull(value + 1, NULL, 10);
        look.known = true;
    }
    fclose(status);
    return look;
}

/* Whether a third thread runs, or waits for a processor: it may hold a lock that the thread sleeps for. */
static bool others_run(int thread) {
    DIR *tasks = opendir("/proc/self/task");
    bool run = false;
    if (tasks == NULL)
        return false;
    for (struct dirent *entry; !run && (entry = readdir(tasks)) != NULL;) {
        int other = atoi(entry->d_name);
        run = other > 0 && other != thread && other != thread_number() && strchr("RD", look_at(other).state) != NULL;
    }
    closedir(tasks);
    return run;
}

/*
 * Asleep means: the same sleep in STEADY consecutive looks in which no third thread runs. A short sleep, for a lock, ends
 * before that, however late the holder of the lock is. If a third thread never rests, the same sleep in LONG looks.
 */
bool wait_until_asleep(int thread, const atomic_bool *returned) {
    enum { STEADY = 5, LONG = 200 };
    struct look before = {.state = '?'};
    int same = 0, steady = 0;
    for (weir_deadline limit = hang_limit(); now() < limit; nap()) {
        if (returned != NULL && atomic_load(returned))
            return false;
        struct look look = look_at(thread);
        if (!look.known && threads_now() == 0) { /* no such files here: wait a while */
            sleep_until(now() + 50 * MILLISECONDS);
            return true;
        }
        same = look.state == 'S' && look.state == before.state && look.switches == before.switches ? same + 1 : 0;
        steady = same > 0 && !others_run(thread) ? steady + 1 : 0;
        if (steady == STEADY || same == LONG)
            return true;
        before = look;
    }
    return false;
}

struct sleep sleep_of(int thread) {
    struct look look = look_at(thread);
    return (struct sleep){.thread = thread, .known = look.known, .switches = look.switches};
}

bool wait_until_disturbed(const struct sleep *sleep) {
    for (weir_deadline limit = hang_limit(); now() < limit; sched_yield()) {
        if (!sleep->known || look_at(sleep->thread).switches != sleep->switches)
            return true;
    }
    return false;
}

/* ---- calls ---- */

void make_put(struct call *call) {
    call->status = weir_queue_put(call->queue, call->item);
}

void make_put_until(struct call *call) {
    call->status = weir_queue_put_until(call->queue, call->item, call->deadline);
}

void make_put_many(struct call *call) {
    call->status = weir_queue_put_many(call->queue, call->items, call->count, &call->moved);
}

void make_put_many_until(struct call *call) {
    call->status = weir_queue_put_many_until(call->queue, call->items, call->count, &call->moved, call->deadline);
}

void make_close(struct call *call) {
    call->status = weir_queue_close(call->queue);
}

void make_get(struct call *call) {
    call->status = weir_queue_get(call->queue, &call->got);
}

void make_get_until(struct call *call) {
    call->status = weir_queue_get_until(call->queue, &call->got, call->deadline);
}

void make_get_many(struct call *call) {
    call->status = weir_queue_get_many(call->queue, call->items, call->count, &call->moved);
}

void make_get_many_until(struct call *call) {
    call->status = weir_queue_get_many_until(call->queue, call->items, call->count, &call->moved, call->deadline);
}

void make_join(struct call *call) {
    call->status = weir_queue_join(call->queue);
}

void make_join_until(struct call *call) {
    call->status = weir_queue_join_until(call->queue, call->deadline);
}

void make_shutdown(struct call *call) {
    call->status = weir_queue_shutdown(call->queue, call->mode);
}

void make_stop(struct call *call) {
    call->status = weir_stop_threads(call->queue, call->threads);
}

void make_worker_join(struct call *call) {
    call->status = weir_worker_join(call->worker);
}

static void *run_call(void *raw) {
    struct call *call = raw;
    atomic_store(&call->number, thread_number());
    call->make(call);
    call->returned_at = now();
    atomic_store(&call->returned, true);
    return NULL;
}

void call_start(struct call *call, void (*make)(struct call *call)) {
    call->make = make;
    atomic_store(&call->number, 0);
    atomic_store(&call->returned, false);
    thread_start(&call->thread, run_call, call);
    for (weir_deadline limit = hang_limit(); atomic_load(&call->number) == 0;) {
        ck_assert_msg(now() < limit, "a thread did not begin");
        nap();
    }
}

void call_start_asleep(struct call *call, void (*make)(struct call *call)) {
    call_start(call, make);
    if (wait_until_asleep(atomic_load(&call->number), &call->returned))
        return;
    ck_assert_msg(!atomic_load(&call->returned), "the call returned \"%s\" and should sleep",
                  weir_strerror(call->status));
    ck_abort_msg("the call did not fall asleep");
}

bool call_is_asleep(struct call *call) {
    return wait_until_asleep(atomic_load(&call->number), &call->returned);
}

weir_status call_finish(struct call *call) {
    thread_join(call->thread);
    return call->status;
}

size_t calls_returned(struct call *calls, size_t all) {
    size_t count = 0;
    for (size_t i = 0; i < all; i++)
        count += atomic_load(&calls[i].returned);
    return count;
}

bool calls_wait_returned(struct call *calls, size_t all, size_t count) {
    for (weir_deadline limit = hang_limit(); now() < limit; nap()) {
        if (calls_returned(calls, all) >= count)
            return true;
    }
    return false;
}

/* ---- gates ---- */

void gate_pass(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    gate->waiting++;
    while (!gate->open)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    gate->waiting--;
    gate->passed++;
    pthread_mutex_unlock(&gate->mutex);
}

void gate_open(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->cond);
    pthread_mutex_unlock(&gate->mutex);
}

size_t gate_waiting(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    size_t waiting = gate->waiting;
    pthread_mutex_unlock(&gate->mutex);
    return waiting;
}

size_t gate_passed(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    size_t passed = gate->passed;
    pthread_mutex_unlock(&gate->mutex);
    return passed;
}

void gate_wait_for(struct gate *gate, size_t count) {
    for (weir_deadline limit = hang_limit(); gate_waiting(gate) != count; nap()) {
        if (now() > limit)
            ck_abort_msg("%zu threads at the gate instead of %zu", gate_waiting(gate), count);
    }
}

void *hand_back(void *item, void *arg) {
    (void)arg;
    return item;
}

void *hand_back_at_gate(void *item, void *gate) {
    gate_pass(gate);
    return item;
}

weir_status init_with_arg(void *arg, void **state) {
    *state = arg;
    return WEIR_OK;
}
