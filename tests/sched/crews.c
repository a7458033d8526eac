/*
 * crews.c - scenarios of crews: threads, seats and jobs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/crew.h"
#include "crew/shared.h"
#include "crew/state.h"
#include "lock/lock.h"
#include "park/park.h"
#include "scenarios.h"
#include "support.h"

enum { JOBS = 3, TICK = 1000 };

/* A job; its slice does what the scenario asks for. Freed at the end: a later access fails. */
struct work {
    weir__job job; /* first member */
    int number;
    void (*step)(weir__hand *hand);
};

static weir__crew *crew;
static struct work *works[JOBS];
static struct {
    weir__lock lock; /* guards all members below */
    weir__park changed;
    int runs[JOBS]; /* slices that have returned */
    int seen[JOBS]; /* what a slice has seen of `published` */
    int met, alone, late, starved, exited, inits, inits_now;
    uint64_t last_init;
    int inside, most_inside; /* slices that run, and do not block */
} * shared;
static weir__u32 *published;
static uint64_t *note; /* plain memory */

/* ---- support ---- */

static void add(int *count, int by) {
    weir__lock_acquire(&shared->lock);
    *count += by;
    weir__park_release_all(&shared->changed, &shared->lock);
}

static void await(const int *count, int wanted) {
    weir__lock_acquire(&shared->lock);
    while (*count < wanted)
        weir__park_wait(&shared->changed, &shared->lock, WEIR_NEVER, NULL);
    weir__lock_release(&shared->lock);
}

static void come_inside(void) {
    weir__lock_acquire(&shared->lock);
    if (++shared->inside > shared->most_inside)
        shared->most_inside = shared->inside;
    weir__lock_release(&shared->lock);
}

static void run_work(weir__job *job, weir__hand *hand) {
    struct work *work = (struct work *)job;
    come_inside();
    if (work->step != NULL)
        work->step(hand);
    add(&shared->inside, -1);
    add(&shared->runs[work->number], 1);
}

/* The creation is no part of a scenario. Without other options the threads stay, and there is no monitor. */
static void open_crew(weir__crew_options options) {
    shared = sched_scratch(sizeof *shared);
    published = sched_scratch(JOBS * sizeof *published);
    note = sched_scratch(sizeof *note);
    options.idle_time = options.idle_time == 0 ? UINT64_MAX : options.idle_time;
    options.tick = options.tick == 0 ? UINT64_MAX : options.tick;
    sched_calm(true);
    must(weir__crew_create(&crew, &options), WEIR_OK);
    must(weir__crew_staff(crew), WEIR_OK);
    sched_settle();
}

static struct work *add_job(int number, void (*step)(weir__hand *hand)) {
    struct work *work = weir__alloc(sizeof *work);
    work->job.run = run_work;
    work->job.crew = crew;
    work->job.band = WEIR__BAND_NORMAL;
    work->number = number;
    work->step = step;
    works[number] = work;
    return work;
}

static void remove_job(int number) {
    weir__job_leave(&works[number]->job);
    weir__free(works[number]);
}

static void ready(int number) {
    sched_check(weir__job_ready(&works[number]->job), "job %d has no thread", number);
}

static void add_two(void (*first)(weir__hand *hand), void (*second)(weir__hand *hand)) {
    add_job(0, first);
    add_job(1, second);
}

static void ready_both(void) {
    ready(0);
    ready(1);
}

/* Waits until each of the first two jobs has run so many slices. */
static void await_both(int slices) {
    await(&shared->runs[0], slices);
    await(&shared->runs[1], slices);
}

/* Removes the first `count` jobs. The end is no part of most scenarios. */
static void close_crew(int count) {
    sched_calm(true);
    for (int i = 0; i < count; i++)
        remove_job(i);
    weir__crew_destroy(crew);
}

/* Both jobs run: at once, so that there are two threads. */
static void meet(weir__hand *hand) {
    (void)hand;
    add(&shared->met, 1);
    await(&shared->met, 2);
}

static void make_two_threads_idle(void) {
    add_two(meet, meet);
    sched_calm(true);
    ready_both();
    sched_settle();
    sched_check(weir__crew_threads(crew) == 2, "%d threads", (int)weir__crew_threads(crew));
    shared->met = 0;
}

/* Two jobs run one after the other once every slice has ended: no seat was lost, and none is taken twice. */
static void check_seats(int seats) {
    sched_calm(true);
    shared->most_inside = 0;
    works[0]->step = works[1]->step = NULL;
    int first = shared->runs[0], second = shared->runs[1];
    ready_both();
    await(&shared->runs[0], first + 1);
    await(&shared->runs[1], second + 1);
    sched_check(shared->most_inside <= seats, "%d slices at once", shared->most_inside);
}

/* ---- ready ---- */

static void read_note(weir__hand *hand) {
    (void)hand;
    sched_check(sched_plain_read(note) == (uint64_t)shared->runs[0] + 1, "an old note");
}

void scenario_crew_ready_against_idle(void) {
    open_crew((weir__crew_options){.size = 1});
    add_job(0, read_note);
    for (int i = 1; i <= 2; i++) {
        sched_plain_write(note, (uint64_t)i);
        ready(0);
        await(&shared->runs[0], i);
    }
    close_crew(1);
}

static void see_published(weir__hand *hand) {
    (void)hand;
    for (int i = 0; i < 2; i++) {
        int seen = (int)weir__u32_load_relaxed(&published[i]);
        if (seen > 0)
            add(&shared->seen[i], seen);
    }
}

static void publish(int i) {
    weir__u32_store_relaxed(&published[i], 1);
    ready(0);
    (void)weir__u32_load_relaxed(&published[i]); /* the store may still be in the store buffer */
}

static void publish_first(void *unused) {
    (void)unused;
    publish(0);
}

static void publish_second(void *unused) {
    (void)unused;
    publish(1);
}

static void ready_during_visit(size_t size) {
    open_crew((weir__crew_options){.size = size});
    add_job(0, see_published);
    int first = sched_spawn(publish_first, NULL), second = sched_spawn(publish_second, NULL);
    await(&shared->seen[0], 1);
    await(&shared->seen[1], 1);
    sched_join(first);
    sched_join(second);
    close_crew(1);
}

void scenario_crew_ready_during_visit(void) {
    ready_during_visit(1);
}

void scenario_crew_ready_during_visit_2(void) {
    ready_during_visit(2);
}

void scenario_crew_passes_wake_on(void) {
    open_crew((weir__crew_options){.size = 2});
    make_two_threads_idle();
    ready_both();
    await_both(2);
    close_crew(2);
}

static void sleep_for_second(weir__hand *hand) {
    (void)hand;
    await(&shared->runs[1], 1);
}

static void ready_soon_then_sleep(weir__hand *hand) {
    weir__job_ready_soon(&works[1]->job);
    sleep_for_second(hand);
}

void scenario_crew_soon_then_sleeps(void) {
    open_crew((weir__crew_options){.size = 2, .tick = TICK});
    add_two(ready_soon_then_sleep, NULL);
    ready(0);
    await(&shared->runs[0], 1);
    close_crew(2);
}

void scenario_crew_soon_beside_sleeper(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_two(sleep_for_second, NULL);
    ready(0);
    weir__job_ready_soon(&works[1]->job);
    await(&shared->runs[0], 1);
    close_crew(2);
}

/* Reads the job's memory. */
static void be_late(weir__job *job, weir__hand *hand) {
    (void)hand;
    add(&shared->late, ((struct work *)job)->number + 1);
}

/* ---- a monitor that dozes ---- */

enum { LOOKS = 20 }; /* after which the monitor of an idle crew dozes */

static void let_pass(uint64_t time) {
    uint64_t until = sched_now() + time;
    weir__lock_acquire(&shared->lock);
    while (sched_now() < until)
        weir__park_wait(&shared->changed, &shared->lock, until, NULL);
    weir__lock_release(&shared->lock);
}

/* Sleeps until the monitor dozes: no thread has a seat, or the monitor takes it. */
static void sleep_until_dozes(void) {
    sched_calm(true);
    let_pass(5 * LOOKS * TICK);
    weir__lock_acquire(&crew->lock);
    sched_check(crew->dozes, "the monitor looks");
    weir__lock_release(&crew->lock);
    sched_calm(false);
}

static void block_for_long(weir__hand *hand) {
    sched_check(weir__hand_block(hand), "no other thread");
    sleep_until_dozes();
    weir__hand_unblock(hand);
    ready_soon_then_sleep(hand);
}

static void sleep_for_long(weir__hand *hand) {
    sleep_until_dozes();
    sched_check(weir__hand_has_stalled(hand), "it has kept its seat");
    ready_soon_then_sleep(hand);
}

/* The monitor told of the first part. */
static void begin_part_after_long(weir__hand *hand) {
    sched_check(weir__hand_block(hand), "no other thread");
    sleep_until_dozes();
    weir__hand_begin_part(hand);
    await(&shared->late, 2);
    weir__hand_unblock(hand);
}

void scenario_crew_doze_then_unblock(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_two(block_for_long, NULL);
    ready(0);
    await(&shared->runs[0], 1);
    close_crew(2);
}

void scenario_crew_doze_then_stalled(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_two(sleep_for_long, NULL);
    ready(0);
    await(&shared->runs[0], 1);
    close_crew(2);
}

void scenario_crew_doze_then_part(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_job(0, begin_part_after_long)->job.late = be_late;
    ready(0);
    await(&shared->runs[0], 1);
    close_crew(1);
}

/* The monitor's last look before it dozes, against a thread that comes for a job. */
void scenario_crew_doze_against_job(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_two(ready_soon_then_sleep, NULL);
    weir__lock_acquire(&crew->lock);
    crew->quiet = LOOKS - 1 - (unsigned)sched_choose(2);
    weir__lock_release(&crew->lock);
    let_pass(TICK);
    ready(0);
    await(&shared->runs[0], 1);
    close_crew(2);
}

/* ---- next ---- */

static void next_then_sleep(weir__hand *hand) {
    weir__job_ready_next(&works[1]->job, hand);
    sleep_for_second(hand);
}

static void next_then_block(weir__hand *hand) {
    weir__job_ready_next(&works[1]->job, hand);
    sched_check(weir__hand_block(hand), "no other thread");
    sleep_for_second(hand);
    weir__hand_unblock(hand);
}

static void block_then_next(weir__hand *hand) {
    sched_check(weir__hand_block(hand), "no other thread");
    weir__job_ready_next(&works[1]->job, hand);
    sleep_for_second(hand);
    weir__hand_unblock(hand);
}

static void run_step(void (*step)(weir__hand *hand), uint64_t tick) {
    open_crew((weir__crew_options){.size = 1, .tick = tick});
    add_two(step, NULL);
    ready(0);
    await(&shared->runs[0], 1);
    check_seats(1);
    close_crew(2);
}

void scenario_crew_next_then_sleeps(void) {
    run_step(next_then_sleep, TICK);
}

void scenario_crew_next_then_blocks(void) {
    run_step(next_then_block, 0);
}

void scenario_crew_next_while_blocked(void) {
    run_step(block_then_next, 0);
}

static void next_twice(weir__hand *hand) {
    weir__job_ready_next(&works[1]->job, hand);
    weir__job_ready_next(&works[2]->job, hand);
}

static void ready_second(void *unused) {
    (void)unused;
    ready(1);
}

void scenario_crew_next_twice(void) {
    open_crew((weir__crew_options){.size = 1});
    add_two(next_twice, NULL);
    add_job(2, NULL);
    int other = sched_spawn(ready_second, NULL);
    ready(0);
    for (int i = 0; i < JOBS; i++)
        await(&shared->runs[i], 1);
    sched_join(other);
    close_crew(JOBS);
}

/* ---- leave ---- */

void scenario_crew_leave_against_visit(void) {
    open_crew((weir__crew_options){.size = 1});
    add_job(0, NULL);
    ready(0);
    remove_job(0);
    sched_check(shared->inside == 0, "it runs");
    close_crew(0);
}

static void compute(weir__hand *hand) {
    (void)hand;
    sched_compute(3 * TICK);
}

/* Returns as the monitor looks for the second time: it looks each tenth tick while no seat is free. */
static void compute_until_look(weir__hand *hand) {
    (void)hand;
    sched_compute(11 * TICK);
}

void scenario_crew_leave_against_monitor(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_job(0, compute_until_look)->job.late = be_late;
    ready(0);
    await(&shared->runs[0], 1);
    remove_job(0);
    sched_check(shared->late <= 1, "told %d times", shared->late);
    close_crew(0);
}

/* ---- seats ---- */

/* With both threads' first slices, more seats are taken than there are. Then one slice runs at a time. */
static void run_alone(weir__hand *hand) {
    (void)hand;
    add(&shared->alone, 1);
    sched_check(shared->alone == 1, "two slices at once");
    sched_compute(10);
    add(&shared->alone, -1);
}

static void then_run_alone(int number) {
    works[number]->step = run_alone;
    ready(number);
}

static void block_for_second(weir__hand *hand) {
    sched_check(weir__hand_block(hand), "no other thread");
    await(&shared->met, 1);
    weir__hand_unblock(hand);
    add(&shared->met, 1);
    then_run_alone(0);
}

/* Has the only seat until the other thread takes one too. */
static void await_unblocked(weir__hand *hand) {
    (void)hand;
    add(&shared->met, 1);
    await(&shared->met, 2);
    then_run_alone(1);
}

void scenario_crew_unblock_without_seat(void) {
    open_crew((weir__crew_options){.size = 1});
    add_two(block_for_second, await_unblocked);
    ready_both();
    await_both(2);
    close_crew(2);
}

static void sleep_until_evicted(weir__hand *hand) {
    sleep_for_second(hand);
    sched_check(weir__hand_has_stalled(hand), "it has kept its seat");
}

void scenario_crew_sleeper_loses_seat(void) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK});
    add_two(sleep_until_evicted, NULL);
    ready_both();
    if (shared->runs[1] == 0) /* else it came first */
        await(&shared->runs[1], 1);
    await(&shared->runs[0], 1);
    check_seats(1);
    close_crew(2);
}

static void compute_for_long(weir__hand *hand) {
    sched_compute(30 * TICK);
    sched_check(!weir__hand_has_stalled(hand), "it has lost its seat");
}

/* The second job runs after the first one, not beside it. */
static void run_in_one_seat(void (*first)(weir__hand *hand), bool keeps_seats) {
    open_crew((weir__crew_options){.size = 1, .tick = TICK, .keeps_seats = keeps_seats});
    add_two(first, NULL);
    ready_both();
    await_both(1);
    sched_check(shared->most_inside == 1, "%d slices at once", shared->most_inside);
    close_crew(2);
}

void scenario_crew_computing_keeps_seat(void) {
    run_in_one_seat(compute_for_long, false);
}

/* Sleeps for some time, as a function that calls the system does. */
static void doze(weir__hand *hand) {
    (void)hand;
    let_pass(30 * TICK);
}

void scenario_crew_keeps_seats(void) {
    run_in_one_seat(doze, true);
}

static void then_second(weir__hand *hand) {
    (void)hand;
    ready(1);
}

static void ready_third(void *unused) {
    (void)unused;
    ready(2);
}

void scenario_crew_two_seats(void) {
    open_crew((weir__crew_options){.size = 2});
    add_two(then_second, NULL);
    add_job(2, NULL);
    int other = sched_spawn(ready_third, NULL);
    ready(0);
    sched_join(other);
    for (int i = 0; i < JOBS; i++)
        await(&shared->runs[i], 1);
    sched_check(weir__crew_threads(crew) <= 2, "%d threads for two seats", (int)weir__crew_threads(crew));
    sched_check(shared->most_inside <= 2, "%d slices at once", shared->most_inside);
    close_crew(JOBS);
}

/* ---- the ends of threads ---- */

static void note_exit(weir__job *job, weir__hand *hand) {
    (void)job;
    (void)hand;
    add(&shared->inside, -1);
    add(&shared->exited, 1);
}

static void next_then_exit(weir__hand *hand) {
    weir__job_ready_next(&works[1]->job, hand);
    sched_exit_thread();
}

void scenario_crew_job_ends_its_thread(void) {
    open_crew((weir__crew_options){.size = 1});
    add_job(0, next_then_exit)->job.exited = note_exit;
    add_job(1, NULL);
    ready(0);
    await(&shared->exited, 1);
    await(&shared->runs[1], 1);
    check_seats(1);
    close_crew(2);
}

static int last_failing; /* the second call of init fails, and those up to this one */

/* After a failure, the next thread is started by the monitor: its time may be now, but not twice. */
static weir_status init(void *unused, void **state) {
    (void)unused;
    (void)state;
    int call = ++shared->inits;
    shared->inits_now = sched_now() == shared->last_init ? shared->inits_now + 1 : 1;
    shared->last_init = sched_now();
    sched_check(call < 2 || shared->inits_now <= 3, "init is called again and again");
    return call >= 2 && call <= last_failing ? WEIR_FAILED : WEIR_OK;
}

static void run_while_init_fails(int last, void (*first)(weir__hand *hand)) {
    last_failing = last;
    open_crew((weir__crew_options){.size = 2, .tick = TICK, .init = init});
    add_two(first, NULL);
    ready_both();
    await_both(1);
    close_crew(2);
}

void scenario_crew_init_fails_once(void) {
    run_while_init_fails(2, sleep_for_second);
}

void scenario_crew_init_fails_often(void) {
    run_while_init_fails(5, compute);
}

static weir__crew *theirs;

static void share(void *unused) {
    (void)unused;
    must(weir__crew_share(&theirs), WEIR_OK);
}

void scenario_crew_is_shared(void) {
    weir__crew *ours;
    sched_calm(true);
    must(weir__crew_share(&ours), WEIR_OK);
    sched_settle();
    int other = sched_spawn(share, NULL);
    weir__crew_unshare(ours);
    sched_join(other);
    sched_calm(true);
    weir__crew_unshare(theirs);
}

void scenario_crew_destroy_against_idle(void) {
    open_crew((weir__crew_options){.size = 2, .idle_time = 100, .tick = TICK});
    add_two(meet, meet);
    sched_calm(true);
    ready_both();
    await_both(1);
    remove_job(0);
    remove_job(1);
    sched_calm(false);
    weir__crew_destroy(crew);
}

/* ---- no thread ---- */

static void starve(weir__job *job) {
    (void)job;
    add(&shared->starved, 1);
}

/* Ends the thread, and lets no other one be created. */
static void exit_for_good(weir__hand *hand) {
    sched_fail_thread(1, true);
    next_then_exit(hand);
}

void scenario_crew_starves(void) {
    const uint64_t tick = 50 * 1000 * 1000;
    open_crew((weir__crew_options){.size = 1, .tick = tick});
    add_job(0, exit_for_good)->job.exited = note_exit;
    add_job(1, NULL)->job.starved = starve;
    ready(0);
    await(&shared->starved, 1);
    sched_fail_thread(0, false);
    sched_check(shared->runs[1] == 0, "it ran");
    ready(1);
    await(&shared->runs[1], 1);
    close_crew(2);
}
