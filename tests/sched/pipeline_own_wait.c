/*
 * pipeline_own_wait.c - scenarios of a stage with a thread that sleeps in a wait of the program (work.wait).
 *
 * The wait polls the library's descriptor, and may finish operations itself.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include <weir/operation.h>

#include "closable_queue/queue.h"
#include "crew_support.h"
#include "pipeline/state/bell.h"
#include "sync/poll.h"

static weir_operation operations[NUMBERS]; /* of the present attempts, by item */
static void *own[NUMBERS];                 /* items with operations that the wait finishes itself */
static int own_count, waits;
static int asked;

static int detach_item(weir_task *task, void *got) {
    begin_call(got);
    must(weir_task_detach(task, &operations[number(got)]), WEIR_OK);
    return WEIR_PENDING;
}

/* The operation is finished by another thread. */
static int detach(weir_task *task, void *got, void *arg) {
    (void)arg;
    int code = detach_item(task, got);
    must(weir_queue_put(gate, got), WEIR_OK);
    return code;
}

/* The operation is finished by the wait. */
static int detach_own(weir_task *task, void *got, void *arg) {
    (void)arg;
    own[own_count++] = got;
    return detach_item(task, got);
}

static void finish_done(void *got) {
    (void)end_call(got);
    must(weir_operation_finish(pipeline, operations[number(got)], 0), WEIR_OK);
}

static void finish_items(int count) {
    void *got;
    while (count-- > 0) {
        must(weir_queue_get(gate, &got), WEIR_OK);
        finish_done(got);
    }
}

static void finish_one(void *unused) {
    (void)unused;
    finish_items(1);
}

static void finish_two(void *unused) {
    (void)unused;
    finish_items(2);
}

/* Does something of its own if it can, and otherwise sleeps. */
static void sleep_in_poll(int fd, weir_deadline deadline, void *arg) {
    weir__pollfd entry;
    (void)arg;
    waits++;
    if (own_count > 0) {
        finish_done(own[--own_count]);
        return;
    }
    weir__poll_entry(&entry, fd, false);
    (void)weir__poll_all(&entry, 1, deadline);
}

static weir_stage_options waiting(size_t in_flight) {
    return (weir_stage_options){.name = "own",
                                .work = {.run = detach, .wait = sleep_in_poll},
                                .threads.count = 1,
                                .input.capacity = 4,
                                .limits.in_flight = in_flight};
}

static weir_stage *stage;

static void begin(weir_stage_options options) {
    own_count = waits = asked = 0;
    begin_pipeline((weir_pipeline_options){.name = "own wait"});
    stage = add_stage(options);
    start_pipeline();
}

/* The thread sleeps for an item, and is told of it. The operation ends while the thread sleeps again, or before. */
void scenario_own_wait_for_items(void) {
    begin(waiting(2));
    put_items(1, 1);
    finish_items(1);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

/* The thread has the next item, and sleeps for a slot: the finish wakes it. */
void scenario_own_wait_at_the_limit(void) {
    begin(waiting(1));
    int other = sched_spawn(finish_two, NULL);
    put_items(1, 2);
    sched_join(other);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* Another operation goes on: only the slot wakes the thread. */
void scenario_own_wait_for_a_slot(void) {
    begin(waiting(2));
    put_calmly(1, 3);
    sched_settle();
    finish_items(1);
    sched_settle();
    sched_check(ran[3] == 1, "the thread sleeps although there is a slot");
    finish_items(2);
    finish_with(WEIR_OK, 3, 0, 0, 0);
}

/* What the thread finishes in its wait goes on without a ring. */
void scenario_own_wait_finishes_itself(void) {
    weir_stage_options options = waiting(1);
    options.work.run = detach_own;
    begin(options);
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* Polls after what it has done. */
static void finish_and_poll(int fd, weir_deadline deadline, void *arg) {
    weir__pollfd entry;
    (void)arg;
    while (own_count > 0)
        finish_done(own[--own_count]);
    weir__poll_entry(&entry, fd, false);
    (void)weir__poll_all(&entry, 1, deadline);
}

/* Its own finish has told the thread of the slot, so the poll ends. */
void scenario_own_wait_polls_after_a_finish(void) {
    weir_stage_options options = waiting(1);
    options.work.run = detach_own;
    options.work.wait = finish_and_poll;
    begin(options);
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

static weir__bell *bell;

static void tell_bell(void *unused) {
    (void)unused;
    weir__bell_tell(bell);
}

/* Sleeps on the bell until a deadline. Returns whether it was readable. A deadline of 0 looks only. */
static bool sleep_on_bell(weir_deadline deadline) {
    weir__pollfd entry;
    if (!weir__bell_begin_sleep(bell))
        return false;
    weir__poll_entry(&entry, bell->fd, false);
    bool ready = weir__poll_all(&entry, 1, deadline) > 0;
    weir__bell_end_sleep(bell);
    return ready;
}

/* The ring of a tell may come after its sleep has ended. It ends one later sleep, and no further one. */
void scenario_own_wait_beside_a_late_ring(void) {
    bell = sched_scratch(sizeof *bell);
    memset(bell, 0, sizeof *bell);
    sched_check(weir__bell_open(bell), "there is no descriptor");
    int other = sched_spawn(tell_bell, NULL);
    (void)sleep_on_bell(0);
    sched_join(other);
    (void)sleep_on_bell(weir_deadline_after(100));
    (void)sleep_on_bell(weir_deadline_after(100));
    sched_check(!sleep_on_bell(weir_deadline_after(100)), "the bell rings on");
    weir__bell_close(bell);
}

/* The thread sleeps until the operation is finished, although the run is cancelled. */
void scenario_own_wait_against_cancel(void) {
    begin(waiting(1));
    put_calmly(1, 1);
    sched_settle();
    int other = sched_spawn(finish_one, NULL);
    cancel(NULL);
    sched_join(other);
    finish_with(WEIR_CANCELLED, 1, 0, 0, 0);
}

static void abort_one(weir_operation operation, weir_abort_reason why, void *arg) {
    (void)why;
    (void)arg;
    asked++;
    must(weir_operation_finish(pipeline, operation, 7), WEIR_OK);
}

/* A cancel wakes the thread, which asks the operation. */
void scenario_own_wait_aborts(void) {
    weir_stage_options options = waiting(2);
    options.work.abort = abort_one;
    begin(options);
    put_calmly(1, 1);
    sched_settle();
    cancel(NULL);
    finish_pipeline(WEIR_CANCELLED);
    sched_check(asked == 1, "asked %d times", asked);
}

/* The alarm wakes the thread, which asks the operation. */
void scenario_own_wait_against_alarm(void) {
    weir_stage_options options = waiting(2);
    options.work.abort = abort_one;
    options.errors.on_error = WEIR_SKIP;
    options.errors.attempt_time = WEIR_SECOND;
    begin(options);
    put_calmly(1, 1);
    finish_pipeline(WEIR_OK);
    sched_check(asked == 1, "asked %d times", asked);
}

static weir_queue *results;

static void take_results(void *unused) {
    (void)unused;
    for (int i = 0; i < 2; i++) {
        (void)get_number(results);
        must(weir_queue_task_done(results), WEIR_OK);
    }
}

static int emit_it(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    weir_task_emit(task, got);
    return end_call(got);
}

/* The thread sleeps for room in the next queue. */
void scenario_own_wait_for_room(void) {
    weir_stage_options options = waiting(1);
    results = new_queue(1);
    options.work.run = emit_it;
    options.output.results = results;
    begin(options);
    int other = sched_spawn(take_results, NULL);
    put_calmly(1, 2);
    sched_join(other);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* The same, and nothing makes room: a cancel wakes the thread. */
void scenario_own_wait_for_room_against_cancel(void) {
    weir_stage_options options = waiting(1);
    results = new_queue(1);
    options.work.run = emit_it;
    options.output.results = results;
    begin(options);
    put_calmly(1, 2);
    sched_settle();
    cancel(NULL);
    finish_pipeline(WEIR_CANCELLED);
    void *got;
    while (weir_queue_try_get(results, &got) == WEIR_OK)
        must(weir_queue_task_done(results), WEIR_OK);
    sched_check(results->consumers.alerts == NULL, "an alert is left");
    must(weir_queue_destroy(results), WEIR_OK);
}

static void resume(void *unused) {
    (void)unused;
    must(weir_pipeline_resume(pipeline, stage), WEIR_OK);
}

/* The thread sleeps for the resume of its stage. */
void scenario_own_wait_for_resume(void) {
    begin(waiting(1));
    must(weir_pipeline_pause(pipeline, stage), WEIR_OK);
    put_calmly(1, 1);
    sched_settle();
    int other = sched_spawn(resume, NULL);
    finish_items(1);
    sched_join(other);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

/* ---- with what else a stage may do ---- */

/* The first attempt fails; the others are done, with their items as results. */
static void fail_or_finish(void *got) {
    const weir_operation operation = operations[number(got)];
    if (ran[number(got)] == 1 && number(got) == 1) {
        must(weir_operation_fail(pipeline, operation, 7, "once more"), WEIR_OK);
        return;
    }
    (void)end_call(got);
    must(weir_operation_emit(pipeline, operation, got), WEIR_OK);
    must(weir_operation_finish(pipeline, operation, 0), WEIR_OK);
}

/* Finishes what has begun last. Otherwise it sleeps. */
static void finish_last(int fd, weir_deadline deadline, void *arg) {
    if (own_count > 0)
        fail_or_finish(own[--own_count]);
    else
        sleep_in_poll(fd, deadline, arg);
}

static weir_stage_options finishing_last(size_t in_flight) {
    weir_stage_options options = waiting(in_flight);
    options.work.run = detach_own;
    options.work.wait = finish_last;
    options.errors.on_error = WEIR_SKIP;
    options.errors.retry.attempts = 2;
    options.output.results = new_counting_queue(4);
    return options;
}

/* The thread sleeps while its only item backs off: the timer wakes it. */
void scenario_own_wait_retries(void) {
    weir_stage_options options = finishing_last(1);
    options.errors.retry.backoff = WEIR_SECOND;
    begin(options);
    put_calmly(1, 1);
    finish_with(WEIR_OK, 1, 0, 0, 0);
    sched_check(ran[1] == 2, "%d attempts", ran[1]);
    check_results(options.output.results, (int[]){1, 0});
}

/* The order holds, although the second operation ends first, and the first one is tried again. */
void scenario_own_wait_in_order(void) {
    weir_stage_options options = finishing_last(2);
    options.output.ordered = true;
    begin(options);
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    sched_check(ran[1] == 2 && ran[2] == 1, "%d and %d attempts", ran[1], ran[2]);
    check_results(options.output.results, (int[]){1, 2, 0});
}

static uint64_t key_of_all(const void *got, void *arg) {
    (void)got;
    (void)arg;
    return 1;
}

/* The thread sleeps although an item and a slot are there: the end of the operation of the same key wakes it. */
void scenario_own_wait_for_a_key(void) {
    weir_stage_options options = waiting(2);
    options.limits.per_key = 1;
    options.limits.key = key_of_all;
    begin(options);
    put_calmly(1, 2);
    sched_settle();
    sched_check(ran[1] == 1 && ran[2] == 0, "%d calls of item 1, and %d of item 2", ran[1], ran[2]);
    finish_items(1);
    sched_settle();
    sched_check(ran[2] == 1, "the thread sleeps although the key is free");
    finish_items(1);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* ---- starts that fail ---- */

/* The thread sleeps in its wait when the thread of the stage before cannot be created. */
void scenario_own_wait_in_a_failed_start(void) {
    own_count = waits = asked = 0;
    begin_pipeline((weir_pipeline_options){.name = "own wait"});
    add_stage((weir_stage_options){.name = "first", .work.func = pass_on});
    add_stage(waiting(1));
    sched_fail_thread(2, false);
    must(weir_pipeline_start(pipeline), WEIR_NOTHREAD);
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    must(weir_queue_destroy(gate), WEIR_OK);
}

static int emit_first(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    weir_task_emit(task, item(1));
    return WEIR_END;
}

/* The run is cancelled before its start has failed. */
static int detach_and_cancel(weir_task *task, void *got, void *arg) {
    (void)arg;
    int code = detach_item(task, got);
    cancel(NULL);
    return code;
}

/* The thread stays for its operation, for `grace`. The destroy is left to wait for the finish. */
void scenario_own_wait_of_an_operation_in_a_failed_start(void) {
    weir_stage_options options = waiting(1);
    options.work.run = detach_and_cancel;
    own_count = waits = asked = 0;
    begin_pipeline((weir_pipeline_options){.name = "own wait", .grace = 1000});
    weir_stage *first = add_stage((weir_stage_options){.name = "first", .work.func = pass_on});
    weir_stage *source = add_stage((weir_stage_options){.name = "source", .work.source = emit_first});
    stage = add_stage(options);
    must(weir_pipeline_connect(pipeline, first, stage), WEIR_OK);
    must(weir_pipeline_connect(pipeline, source, stage), WEIR_OK);
    sched_fail_thread(3, false);
    must(weir_pipeline_start(pipeline), WEIR_NOTHREAD);
    if (ran[1] == 1) {
        must(weir_pipeline_destroy(pipeline), WEIR_BUSY);
        finish_done(item(1));
    }
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    must(weir_queue_destroy(gate), WEIR_OK);
}
