/*
 * futures.c - scenarios of one future: its end, waits, callbacks, references and tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/future.h>

#include "../future_linear.h"
#include "future/future.h"
#include "machine.h"
#include "scenarios.h"
#include "support.h"

static weir_future *future;
static weir_status said[2];
static int dropped, called;
static uint64_t *note; /* plain memory: written before an end, read after it */

static void count_drop(void *value, void *unused) {
    (void)unused;
    sched_check(number(value) == 1 || number(value) == 2, "value %d is dropped", number(value));
    dropped++;
}

static void open_future(void) {
    must(weir_future_create(&future, count_drop, NULL), WEIR_OK);
    note = sched_scratch(sizeof *note);
    dropped = called = 0;
}

static void write_and_set(void *unused) {
    (void)unused;
    sched_plain_write(note, 1);
    must(weir_future_set(future, item(1)), WEIR_OK);
}

static void check_value(void) {
    void *value;
    must(weir_future_get(future, &value), WEIR_OK);
    sched_check(number(value) == 1, "value %d", number(value));
    sched_check(sched_plain_read(note) == 1, "what came before the set is not seen");
}

/* ---- the end against waits ---- */

/* The thread that gets has the only reference: the set may still be returning when it is released. */
void scenario_future_set_wakes_get(void) {
    open_future();
    int setting = sched_spawn(write_and_set, NULL);
    check_value();
    weir_future_release(future);
    sched_check(dropped == 1, "dropped %d times", dropped);
    sched_join(setting);
}

static void get_and_check(void *unused) {
    (void)unused;
    check_value();
}

void scenario_future_set_wakes_two(void) {
    open_future();
    int first = sched_spawn(get_and_check, NULL);
    int second = sched_spawn(get_and_check, NULL);
    write_and_set(NULL);
    sched_join(first);
    sched_join(second);
    weir_future_release(future);
}

static void get_in_time(void *raw) {
    void *value = NULL;
    weir_status status = weir_future_get_until(future, &value, weir_deadline_after(100));
    sched_check(status != WEIR_OK || number(value) == 1, "value %d", number(value));
    *(weir_status *)raw = status;
}

void scenario_future_get_deadline(void) {
    open_future();
    int hurried = sched_spawn(get_in_time, &said[0]);
    int patient = sched_spawn(get_and_check, NULL);
    write_and_set(NULL);
    sched_join(hurried);
    sched_join(patient);
    sched_check(said[0] == WEIR_OK || said[0] == WEIR_TIMEDOUT, "%s", weir_strerror(said[0]));
    check_value();
    weir_future_release(future);
    sched_check(dropped == 1, "dropped %d times", dropped);
}

/* ---- ends against one another ---- */

static void set_one(void *unused) {
    (void)unused;
    said[0] = weir_future_set(future, item(1));
}

static void cancel_it(void *unused) {
    (void)unused;
    said[1] = weir_future_cancel(future);
}

void scenario_future_set_against_cancel(void) {
    open_future();
    int setting = sched_spawn(set_one, NULL);
    int cancelling = sched_spawn(cancel_it, NULL);
    weir_status got = weir_future_get(future, NULL);
    sched_join(setting);
    sched_join(cancelling);
    bool done = said[0] == WEIR_OK && said[1] == WEIR_CLOSED && got == WEIR_OK;
    bool cancelled = said[0] == WEIR_CANCELLED && said[1] == WEIR_OK && got == WEIR_CANCELLED;
    sched_check(done || cancelled, "set %d, cancel %d, get %d", said[0], said[1], got);
    weir_future_release(future);
    sched_check(dropped == done, "dropped %d times", dropped);
}

static void fail_it(void *unused) {
    (void)unused;
    said[1] = weir_future_fail(future, 7, "seven");
}

void scenario_future_set_against_fail(void) {
    open_future();
    int setting = sched_spawn(set_one, NULL);
    int failing = sched_spawn(fail_it, NULL);
    weir_status got = weir_future_get(future, NULL);
    int code = weir_future_code(future);
    char first = *weir_future_message(future);
    sched_join(setting);
    sched_join(failing);
    bool done = said[0] == WEIR_OK && said[1] == WEIR_CLOSED && got == WEIR_OK && code == 0 && first == '\0';
    bool failed = said[0] == WEIR_CLOSED && said[1] == WEIR_OK && got == WEIR_FAILED && code == 7 && first == 's';
    sched_check(done || failed, "set %d, fail %d, get %d, code %d", said[0], said[1], got, code);
    weir_future_release(future);
    sched_check(dropped == done, "dropped %d times", dropped);
}

static void take_it(void *raw) {
    void *value;
    weir_status status = weir_future_take(future, &value);
    if (status == WEIR_OK)
        sched_check(number(value) == 1 && sched_plain_read(note) == 1, "value %d", number(value));
    *(weir_status *)raw = status;
}

void scenario_future_is_taken_once(void) {
    open_future();
    int first = sched_spawn(take_it, &said[0]);
    int second = sched_spawn(take_it, &said[1]);
    write_and_set(NULL);
    sched_join(first);
    sched_join(second);
    int taken = (said[0] == WEIR_OK) + (said[1] == WEIR_OK);
    sched_check(taken <= 1, "taken %d times", taken);
    weir_future_release(future);
    sched_check(dropped + taken == 1, "dropped %d times, taken %d times", dropped, taken);
}

/* ---- callbacks ---- */

static void expect_turn(weir_future *ended, void *turn) {
    sched_check(ended == future, "another future");
    sched_check(number(turn) == 0 || number(turn) == called + 1, "callback %d comes after %d", number(turn), called);
    sched_check(weir_future_state_of(future) == WEIR_FUTURE_DONE, "called before the end");
    called++;
}

/* A callback that is added while the future ends is called once, in one thread or the other. */
void scenario_future_set_against_callback(void) {
    open_future();
    int setting = sched_spawn(write_and_set, NULL);
    must(weir_future_on_end(future, expect_turn, item(0)), WEIR_OK);
    sched_join(setting);
    sched_check(called == 1, "called %d times", called);
    weir_future_release(future);
}

/* Callbacks that are added before the end run in their order. */
void scenario_future_callbacks_in_order(void) {
    open_future();
    sched_calm(true);
    for (int turn = 1; turn <= 3; turn++)
        must(weir_future_on_end(future, expect_turn, item(turn)), WEIR_OK);
    sched_calm(false);
    int setting = sched_spawn(write_and_set, NULL);
    check_value();
    sched_join(setting);
    sched_check(called == 3, "%d were called", called);
    weir_future_release(future);
}

static void release_it(weir_future *ended, void *unused) {
    (void)unused;
    called++;
    weir_future_release(ended);
}

/* Both references are released while the set is still calling back. */
void scenario_future_callback_releases(void) {
    open_future();
    (void)weir_future_retain(future);
    must(weir_future_on_end(future, release_it, NULL), WEIR_OK);
    must(weir_future_on_end(future, expect_turn, item(2)), WEIR_OK);
    int setting = sched_spawn(write_and_set, NULL);
    check_value();
    weir_future_release(future);
    sched_join(setting);
    sched_check(called == 2 && dropped == 1, "called %d times, dropped %d times", called, dropped);
}

static void call_from_callback(weir_future *ended, void *unused) {
    (void)unused;
    bool done = weir_future_get(ended, NULL) == WEIR_OK;
    must(weir_future_cancel(ended), done ? WEIR_CLOSED : WEIR_OK);
    must(weir_future_set(ended, NULL), done ? WEIR_CLOSED : WEIR_CANCELLED);
    (void)weir_future_fd(ended);
    called++;
}

/* A callback makes calls that take the lock. */
void scenario_future_callback_calls(void) {
    open_future();
    must(weir_future_on_end(future, call_from_callback, NULL), WEIR_OK);
    int setting = sched_spawn(set_one, NULL);
    int cancelling = sched_spawn(cancel_it, NULL);
    sched_join(setting);
    sched_join(cancelling);
    sched_check(called == 1, "called %d times", called);
    weir_future_release(future);
}

/* ---- references ---- */

static void set_and_release(void *unused) {
    (void)unused;
    must(weir_future_set(future, item(1)), WEIR_OK);
    weir_future_release(future);
}

void scenario_future_release_against_set(void) {
    open_future();
    (void)weir_future_retain(future);
    int setting = sched_spawn(set_and_release, NULL);
    weir_future_release(future);
    sched_join(setting);
    sched_check(dropped == 1, "dropped %d times", dropped);
}

static void count_cancel(weir_future *ended, void *unused) {
    (void)unused;
    sched_check(weir_future_state_of(ended) == WEIR_FUTURE_CANCELLED, "not cancelled");
    called++;
}

static void release_reference(void *unused) {
    (void)unused;
    weir_future_release(future);
}

/* A promise that is given up by all calls its callbacks, once. */
void scenario_future_is_given_up(void) {
    open_future();
    (void)weir_future_retain(future);
    must(weir_future_on_end(future, count_cancel, NULL), WEIR_OK);
    int releasing = sched_spawn(release_reference, NULL);
    weir_future_release(future);
    sched_join(releasing);
    sched_check(called == 1 && dropped == 0, "called %d times, dropped %d times", called, dropped);
}

/* ---- the descriptor ---- */

/*
 * The scheduler has no descriptors: it looks at the event. Systems write to a descriptor under a lock, which the event
 * here has not. The order is therefore checked only where no store is seen late.
 */
static void look_at_event(void *unused) {
    (void)unused;
    (void)weir_future_fd(future);
    (void)weir_future_state_of(future); /* another thread may run here */
    bool readable = future->event->readable;
    weir_future_state state = weir_future_state_of(future);
    sched_check(machine.model != MODEL_SC || !readable || state == WEIR_FUTURE_DONE, "readable before the end");
}

void scenario_future_fd_against_set(void) {
    open_future();
    int setting = sched_spawn(write_and_set, NULL);
    int looking = sched_spawn(look_at_event, NULL);
    (void)weir_future_fd(future);
    sched_join(setting);
    sched_join(looking);
    sched_check(future->event->readable, "not readable after the end");
    weir_future_release(future);
}

/* ---- tasks ---- */

struct task {
    weir_future future; /* first */
    bool in_queue;      /* no thread has claimed it, and it was not cancelled */
};

static int runs, left_queue, freed;

static void destroy_task(weir_future *ended) {
    freed++;
    weir__free(ended);
}

static void leave_queue(weir_future *cancelled) {
    struct task *task = (struct task *)cancelled;
    sched_check(task->in_queue, "it leaves the queue twice");
    task->in_queue = false;
    left_queue++;
}

static const weir__future_kind task_kind = {.destroy = destroy_task, .cancelled = leave_queue};

/* With a reference for the scenario and one for the owner. */
static void open_task(void) {
    struct task *task = weir__alloc(sizeof *task);
    sched_check(task != NULL, "no memory");
    weir__future_init(&task->future, &task_kind, 2, count_drop, NULL);
    task->in_queue = true;
    future = &task->future;
    dropped = called = runs = left_queue = freed = 0;
}

static void run_task(void *unused) {
    (void)unused;
    if (weir__future_begin(future)) {
        runs++;
        ((struct task *)future)->in_queue = false;
        weir__future_end_value(future, item(1));
    }
    weir_future_release(future);
}

static void check_task(bool cancelled) {
    sched_check(runs + cancelled == 1, "%d runs, %d cancels", runs, cancelled);
    sched_check(left_queue == cancelled, "it left the queue %d times", left_queue);
    sched_check(freed == 1 && dropped == runs, "freed %d times, dropped %d times", freed, dropped);
}

/* A task runs or is cancelled, and not both. */
void scenario_future_begin_against_cancel(void) {
    open_task();
    int running = sched_spawn(run_task, NULL);
    weir_status status = weir_future_cancel(future);
    weir_status got = weir_future_get(future, NULL);
    sched_check((status == WEIR_OK) == (got == WEIR_CANCELLED), "cancel %d, get %d", status, got);
    sched_check(status != WEIR_BUSY || weir_future_cancelled(future) || got == WEIR_OK, "the request is lost");
    weir_future_release(future);
    sched_join(running);
    check_task(status == WEIR_OK);
}

static void run_if_mine(void *unused) {
    (void)unused;
    if (!weir__future_begin(future))
        return;
    runs++;
    weir__future_end_value(future, item(1));
}

/* Two threads claim a task: one runs it. */
void scenario_future_is_claimed_once(void) {
    open_task();
    int first = sched_spawn(run_if_mine, NULL);
    int second = sched_spawn(run_if_mine, NULL);
    must(weir_future_get(future, NULL), WEIR_OK);
    sched_join(first);
    sched_join(second);
    weir_future_release(future);
    weir_future_release(future);
    check_task(false);
}

/* The task has begun. Runs until a cancel comes, or two times. */
static void run_again(void *unused) {
    (void)unused;
    runs++;
    bool asked = weir__future_cancelled(future);
    if (weir__future_again(future) && weir__future_begin(future)) {
        sched_check(!asked, "the cancel is forgotten");
        runs++;
        weir__future_end_value(future, item(1));
    } else if (weir_future_state_of(future) == WEIR_FUTURE_RUNNING) {
        sched_check(weir__future_cancelled(future), "no cancel came");
        weir__future_end_cancelled(future);
    }
    weir_future_release(future);
}

/* A cancel of a task that runs again is never lost: it prevents the next run, or this one sees it. */
void scenario_future_again_against_cancel(void) {
    open_task();
    sched_check(weir__future_begin(future), "it cannot begin");
    int running = sched_spawn(run_again, NULL);
    weir_status status = weir_future_cancel(future);
    weir_future_state state = weir_future_state_of(future);
    sched_check(status != WEIR_CLOSED || state >= WEIR_FUTURE_DONE, "it has not ended: %d", state);
    weir_status got = weir_future_get(future, NULL);
    weir_future_release(future);
    sched_join(running);
    if (status == WEIR_OK)
        sched_check(got == WEIR_CANCELLED && left_queue == 1 && runs == 1, "get %d after %d runs", got, runs);
    else if (status == WEIR_BUSY)
        sched_check(got == WEIR_CANCELLED || runs == 2, "get %d after %d runs", got, runs);
    else
        sched_check(status == WEIR_CLOSED && got == WEIR_OK && runs == 2, "cancel %d, get %d", status, got);
    sched_check(freed == 1, "freed %d times", freed);
}

/* Runs the task, and ends it with the release of the owner's reference. */
static void finish_task(void *unused) {
    (void)unused;
    sched_check(weir__future_begin(future), "it cannot begin");
    runs++;
    sched_plain_write(note, 1);
    weir__future_finish_value(future, item(1));
}

static void open_noted_task(void) {
    open_task();
    note = sched_scratch(sizeof *note);
}

void scenario_future_finish_wakes_get(void) {
    open_noted_task();
    int running = sched_spawn(finish_task, NULL);
    void *value = NULL;
    must(weir_future_get(future, &value), WEIR_OK);
    sched_check(number(value) == 1 && sched_plain_read(note) == 1, "value %d", number(value));
    weir_future_release(future);
    sched_join(running);
    check_task(false);
}

static void get_and_release(void *unused) {
    (void)unused;
    void *value = NULL;
    must(weir_future_get(future, &value), WEIR_OK);
    sched_check(number(value) == 1, "value %d", number(value));
    weir_future_release(future);
}

/* Two threads read the value and release: the last one frees it after both reads. */
void scenario_future_released_by_two(void) {
    open_noted_task();
    sched_check(weir__future_begin(future), "it cannot begin");
    weir__future_end_value(future, item(1));
    int other = sched_spawn(get_and_release, NULL);
    get_and_release(NULL);
    sched_join(other);
    sched_check(freed == 1 && dropped == 1, "freed %d times, dropped %d times", freed, dropped);
}

static void count_call(weir_future *ended, void *unused) {
    (void)unused;
    sched_check(weir_future_state_of(ended) == WEIR_FUTURE_DONE, "it has not ended");
    called++;
}

void scenario_future_finish_against_callback(void) {
    open_noted_task();
    int running = sched_spawn(finish_task, NULL);
    must(weir_future_on_end(future, count_call, NULL), WEIR_OK);
    weir_future_release(future);
    sched_join(running);
    sched_check(called == 1, "called %d times", called);
    check_task(false);
}

static void finish_if_open(void *raw) {
    bool other = raw != NULL; /* without the place's reference */
    if (!weir__future_begin_open(future, other)) {
        if (!other)
            weir_future_release(future);
        return;
    }
    runs++;
    weir__future_finish_value(future, item(1));
}

/* The owner of a place and another thread claim an open task: one runs it, and the last release frees it. */
void scenario_future_open_is_claimed_once(void) {
    open_task();
    weir__future_open(future);
    int owner = sched_spawn(finish_if_open, NULL);
    int other = sched_spawn(finish_if_open, &runs);
    must(weir_future_get(future, NULL), WEIR_OK);
    sched_join(other);
    weir_future_release(future);
    sched_join(owner);
    check_task(false);
}

/* A thread shuts an open task and runs it, against the owner of the place, and a cancel. */
static void shut_and_run(void *unused) {
    (void)unused;
    if (!weir__future_shut(future, 1))
        return;
    if (weir__future_begin(future)) {
        runs++;
        weir__future_finish_value(future, item(1));
    } else {
        weir_future_release(future);
    }
}

void scenario_future_shut_against_cancel(void) {
    open_task();
    weir__future_open(future);
    ((struct task *)future)->in_queue = true;
    int owner = sched_spawn(finish_if_open, NULL);
    int other = sched_spawn(shut_and_run, NULL);
    weir_status status = weir_future_cancel(future);
    must(weir_future_get(future, NULL), status == WEIR_OK ? WEIR_CANCELLED : WEIR_OK);
    sched_join(other);
    weir_future_release(future);
    sched_join(owner);
    check_task(status == WEIR_OK);
}

/* ---- histories ---- */

static struct future_call calls[FUTURE_CALLS];
static struct sched_stamp stamps[FUTURE_CALLS];
static bool over[FUTURE_CALLS];
static size_t count;

static bool comes_after(size_t other) {
    return over[other] && (sched_has_common_time() || sched_has_seen(stamps[other]));
}

static void record(enum future_kind kind, unsigned value) {
    size_t at = count++;
    struct future_call *call = &calls[at];
    *call = (struct future_call){.after = 0};
    over[at] = false;
    for (size_t other = 0; other < at; other++)
        call->after |= (uint32_t)comes_after(other) << other;
    future_make_call(future, call, kind, value);
    over[at] = true;
    stamps[at] = sched_stamp();
}

static void set_and_look(void *unused) {
    (void)unused;
    record(FUTURE_SET, 1);
    record(FUTURE_STATE, 0);
    record(FUTURE_TAKE, 0);
}

static void cancel_and_look(void *unused) {
    (void)unused;
    record(FUTURE_CANCEL, 0);
    record(FUTURE_GET, 0);
    record(FUTURE_ASKED, 0);
}

/* What a future says is linearizable. */
void scenario_future_history(void) {
    open_future();
    count = 0;
    int setting = sched_spawn(set_and_look, NULL);
    int cancelling = sched_spawn(cancel_and_look, NULL);
    record(FUTURE_STATE, 0);
    record(FUTURE_FAIL, 5);
    record(FUTURE_CODE, 0);
    record(FUTURE_TAKE, 0);
    sched_join(setting);
    sched_join(cancelling);
    sched_check(future_check(calls, count), "no order explains the %zu calls", count);
    weir_future_release(future);
}
