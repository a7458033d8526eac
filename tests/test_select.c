/*
 * test_select.c - weir_select: which case happens, what ends its wait, and that nothing is lost.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

static weir_case get_from(weir_queue *queue) {
    return (weir_case){.kind = WEIR_CASE_GET, .queue = queue};
}

static weir_case put_to(weir_queue *queue, size_t n) {
    return (weir_case){.kind = WEIR_CASE_PUT, .queue = queue, .item = number(n)};
}

static weir_case end_of(weir_future *future) {
    return (weir_case){.kind = WEIR_CASE_FUTURE, .future = future};
}

static weir_case readable(int fd) {
    return (weir_case){.kind = WEIR_CASE_READABLE, .fd = fd};
}

static weir_case writable(int fd) {
    return (weir_case){.kind = WEIR_CASE_WRITABLE, .fd = fd};
}

static weir_future *new_future(void) {
    weir_future *future;
    assert_status(WEIR_OK, weir_future_create(&future, NULL, NULL));
    return future;
}

static void end_queue(weir_queue *queue) {
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

/* ---- limits ---- */

/* poll(2) refuses more entries than descriptors may be open. */
START_TEST (cases_without_descriptors_are_not_polled) {
    enum { QUEUES = 40 };
    struct rlimit before, low;
    weir_queue *queue = new_queue(1);
    weir_case cases[QUEUES + 1];
    int ends[2];
    size_t which;
    ck_assert_int_eq(0, pipe(ends));
    for (size_t i = 0; i < QUEUES; i++)
        cases[i] = get_from(queue);
    cases[QUEUES] = readable(ends[0]);
    ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &before));
    low = before;
    low.rlim_cur = 32;
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &low));
    assert_status(WEIR_TIMEDOUT, weir_select(cases, QUEUES + 1, 0, &which));
    assert_status(WEIR_TIMEDOUT, weir_select(cases, QUEUES + 1, weir_deadline_after(1000000), &which));
    ck_assert_int_eq(1, (int)write(ends[1], "x", 1));
    assert_status(WEIR_OK, weir_select(cases, QUEUES + 1, WEIR_NEVER, &which));
    ck_assert_uint_eq(QUEUES, which);
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &before));
    close(ends[0]);
    close(ends[1]);
    end_queue(queue);
}
END_TEST

/* ---- a look ---- */

START_TEST (the_case_that_is_ready_happens) {
    weir_queue *empty = new_queue(1), *filled = new_queue(1);
    put_numbers(filled, 7, 8);
    weir_case cases[] = {get_from(empty), put_to(filled, 3), get_from(filled), get_from(NULL)};
    const weir_case before[] = {cases[0], cases[1], cases[2], cases[3]};
    size_t which = 9;
    assert_status(WEIR_OK, weir_select(cases, 4, _i == 0 ? 0 : WEIR_NEVER, &which));
    ck_assert_uint_eq(2, which);
    assert_status(WEIR_OK, cases[2].status);
    ck_assert_uint_eq(7, number_of(cases[2].item));
    for (size_t i = 0; i < 4; i++)
        ck_assert(i == 2 || memcmp(&cases[i], &before[i], sizeof cases[i]) == 0);
    ck_assert_uint_eq(0, weir_queue_size(filled));
    ck_assert_uint_eq(1, weir_queue_unfinished(filled));
    assert_status(WEIR_OK, weir_queue_task_done(filled));
    end_queue(empty);
    end_queue(filled);
}
END_TEST

START_TEST (a_put_happens_if_there_is_room) {
    weir_queue *full = new_queue(1), *free = new_queue(1);
    put_numbers(full, 0, 1);
    weir_case cases[] = {put_to(full, 4), put_to(free, 5), put_to(NULL, 6)};
    size_t which;
    assert_status(WEIR_OK, weir_select(cases, 3, WEIR_NEVER, &which));
    ck_assert_uint_eq(1, which);
    assert_status(WEIR_OK, cases[1].status);
    ck_assert_uint_eq(5, take_number(free));
    ck_assert_uint_eq(0, take_number(full));
    end_queue(full);
    end_queue(free);
}
END_TEST

START_TEST (nothing_ready_is_late) {
    weir_queue *queue = new_queue(1);
    weir_future *future = new_future();
    int ends[2];
    ck_assert_int_eq(0, pipe(ends));
    weir_case cases[] = {get_from(queue), end_of(future), get_from(NULL),
                         end_of(NULL),    readable(-1),   readable(ends[0])};
    size_t which = 9, count = _i % 2 == 0 ? 3 : COUNT_OF(cases);
    weir_deadline deadline = _i < 2 ? 0 : weir_deadline_after(5 * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_select(cases, count, deadline, &which));
    ck_assert_uint_eq(9, which);
    ck_assert(now() >= deadline);
    close(ends[0]);
    close(ends[1]);
    weir_future_release(future);
    end_queue(queue);
}
END_TEST

START_TEST (the_end_of_a_queue_happens_with_its_status) {
    weir_queue *queue = new_queue(2);
    weir_case get = get_from(queue), put = put_to(queue, 1);
    size_t which;
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_select(&get, 1, WEIR_NEVER, &which));
    assert_status(WEIR_CLOSED, get.status);
    assert_status(WEIR_TIMEDOUT, weir_select(&get, 1, 0, &which));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    for (int i = 0; i < 2; i++) {
        assert_status(WEIR_OK, weir_select(&get, 1, 0, &which));
        assert_status(WEIR_CLOSED, get.status);
        ck_assert_ptr_null(get.item);
        assert_status(WEIR_OK, weir_select(&put, 1, WEIR_NEVER, &which));
        assert_status(WEIR_CLOSED, put.status);
        ck_assert_ptr_eq(number(1), put.item);
    }
    end_queue(queue);
}
END_TEST

START_TEST (the_end_of_a_future_happens_with_its_result) {
    weir_future *set = new_future(), *failed = new_future(), *cancelled = new_future();
    weir_future *futures[] = {set, failed, cancelled};
    static const weir_status statuses[] = {WEIR_OK, WEIR_FAILED, WEIR_CANCELLED};
    assert_status(WEIR_OK, weir_future_set(set, number(4)));
    assert_status(WEIR_OK, weir_future_fail(failed, 3, "no"));
    assert_status(WEIR_OK, weir_future_cancel(cancelled));
    for (size_t i = 0; i < 3; i++) {
        weir_case one = end_of(futures[i]);
        size_t which = 9;
        assert_status(WEIR_OK, weir_select(&one, 1, WEIR_NEVER, &which));
        ck_assert_uint_eq(0, which);
        assert_status(statuses[i], one.status);
        ck_assert_ptr_eq(i == 0 ? number(4) : NULL, one.item);
        weir_future_release(futures[i]);
    }
}
END_TEST

START_TEST (descriptors_are_readable_writable_or_bad) {
    int ends[2];
    size_t which;
    ck_assert_int_eq(0, pipe(ends));
    weir_case cases[] = {readable(ends[0]), writable(ends[1])};
    assert_status(WEIR_OK, weir_select(cases, 2, WEIR_NEVER, &which));
    ck_assert_uint_eq(1, which);
    assert_status(WEIR_OK, cases[1].status);
    ck_assert_int_eq(1, write(ends[1], "x", 1));
    assert_status(WEIR_OK, weir_select(cases, 1, WEIR_NEVER, &which));
    ck_assert_uint_eq(0, which);
    char byte;
    ck_assert_int_eq(1, read(ends[0], &byte, 1));
    close(ends[1]); /* hung up */
    assert_status(WEIR_OK, weir_select(cases, 1, 0, &which));
    assert_status(WEIR_OK, cases[0].status);
    close(ends[0]);
    assert_status(WEIR_OK, weir_select(cases, 1, WEIR_NEVER, &which));
    assert_status(WEIR_INVALID, cases[0].status);
}
END_TEST

/* One of three ready cases, two of them behind cases that never are. A rotating start would take them twice as often. */
START_TEST (each_ready_case_is_chosen_equally_often) {
    enum { ROUNDS = 30000, READY = 3, CASES = 7 };
    weir_queue *empty = new_queue(1), *queues[READY];
    static const size_t places[READY] = {0, 3, 4};
    weir_case cases[CASES];
    int chosen[CASES] = {0}, ends[2];
    ck_assert_int_eq(0, pipe(ends));
    for (size_t i = 0; i < CASES; i++)
        cases[i] = i == 5 && _i == 1 ? readable(ends[0]) : get_from(i % 2 == 0 ? NULL : empty);
    for (size_t i = 0; i < READY; i++) {
        queues[i] = new_queue(1);
        put_numbers(queues[i], i, i + 1);
        cases[places[i]] = get_from(queues[i]);
    }
    if (_i == 1)
        cases[4] = writable(ends[1]);
    for (int round = 0; round < ROUNDS; round++) {
        size_t which;
        assert_status(WEIR_OK, weir_select(cases, CASES, WEIR_NEVER, &which));
        chosen[which]++;
        if (cases[which].kind == WEIR_CASE_GET) {
            assert_status(WEIR_OK, weir_queue_task_done(cases[which].queue));
            assert_status(WEIR_OK, weir_queue_put(cases[which].queue, cases[which].item));
        }
    }
    for (size_t i = 0; i < READY; i++) { /* six standard deviations are 490 */
        ck_assert_int_ge(chosen[places[i]], ROUNDS / READY - 500);
        ck_assert_int_le(chosen[places[i]], ROUNDS / READY + 500);
        end_queue(queues[i]);
    }
    close(ends[0]);
    close(ends[1]);
    end_queue(empty);
}
END_TEST

/* ---- waits ---- */

struct select_call {
    struct call call; /* first member */
    weir_case *cases;
    size_t which;
};

static void make_select(struct call *call) {
    struct select_call *select = (struct select_call *)call;
    call->status = weir_select(select->cases, call->count, call->deadline, &select->which);
}

/* Starts a select that sleeps. */
static void sleep_in(struct select_call *select, weir_case *cases, size_t count) {
    *select = (struct select_call){.call = {.count = count, .deadline = WEIR_NEVER}, .cases = cases, .which = 99};
    call_start_asleep(&select->call, make_select);
}

static void assert_woken(struct select_call *select, size_t which, weir_status status) {
    assert_status(WEIR_OK, call_finish(&select->call));
    ck_assert_uint_eq(which, select->which);
    assert_status(status, select->cases[which].status);
}

enum { TO_GET, TO_CLOSE, TO_PUT, TO_END, SET_UP = 5 };

/* The cases of a wait: with a pipe among them if `polls`. */
struct wait {
    weir_queue *empty, *closing, *full;
    weir_future *future;
    int ends[2];
    weir_case cases[SET_UP];
    size_t count;
    struct select_call select;
};

static void begin_wait(struct wait *wait, bool polls) {
    wait->empty = new_queue(1);
    wait->closing = new_queue(1);
    wait->full = new_queue(1);
    put_numbers(wait->full, 0, 1);
    wait->future = new_future();
    ck_assert_int_eq(0, pipe(wait->ends));
    wait->cases[TO_GET] = get_from(wait->empty);
    wait->cases[TO_CLOSE] = get_from(wait->closing);
    wait->cases[TO_PUT] = put_to(wait->full, 5);
    wait->cases[TO_END] = end_of(wait->future);
    wait->cases[SET_UP - 1] = readable(wait->ends[0]);
    wait->count = polls ? SET_UP : SET_UP - 1;
    sleep_in(&wait->select, wait->cases, wait->count);
}

/* Only the chosen case has had an effect. */
static void end_wait(struct wait *wait, size_t happened) {
    ck_assert_uint_eq(happened == TO_PUT ? 5 : 0, take_number(wait->full));
    if (happened == TO_GET)
        assert_status(WEIR_OK, weir_queue_task_done(wait->empty));
    ck_assert_uint_eq(0, weir_queue_unfinished(wait->empty) + weir_queue_unfinished(wait->full));
    end_queue(wait->empty);
    end_queue(wait->closing);
    end_queue(wait->full);
    weir_future_release(wait->future);
    close(wait->ends[0]);
    close(wait->ends[1]);
}

START_TEST (a_put_wakes_it) {
    struct wait wait;
    begin_wait(&wait, _i == 1);
    put_numbers(wait.empty, 6, 7);
    assert_woken(&wait.select, TO_GET, WEIR_OK);
    ck_assert_uint_eq(6, number_of(wait.cases[TO_GET].item));
    end_wait(&wait, TO_GET);
}
END_TEST

START_TEST (a_close_and_a_shutdown_wake_it) {
    struct wait wait;
    begin_wait(&wait, _i % 2 == 1);
    if (_i < 2)
        assert_status(WEIR_OK, weir_queue_close(wait.closing));
    else
        assert_status(WEIR_OK, weir_queue_shutdown(wait.closing, _i < 4 ? WEIR_DRAIN : WEIR_DISCARD));
    assert_woken(&wait.select, TO_CLOSE, WEIR_CLOSED);
    end_wait(&wait, TO_CLOSE);
}
END_TEST

START_TEST (a_get_wakes_it) {
    struct wait wait;
    begin_wait(&wait, _i == 1);
    ck_assert_uint_eq(0, take_number(wait.full));
    assert_woken(&wait.select, TO_PUT, WEIR_OK);
    end_wait(&wait, TO_PUT);
}
END_TEST

START_TEST (the_end_of_a_future_wakes_it) {
    struct wait wait;
    begin_wait(&wait, _i == 1);
    assert_status(WEIR_OK, weir_future_set(wait.future, number(8)));
    assert_woken(&wait.select, TO_END, WEIR_OK);
    ck_assert_uint_eq(8, number_of(wait.cases[TO_END].item));
    end_wait(&wait, TO_END);
}
END_TEST

START_TEST (a_descriptor_wakes_it) {
    struct wait wait;
    begin_wait(&wait, true);
    ck_assert_int_eq(1, write(wait.ends[1], "x", 1));
    assert_woken(&wait.select, SET_UP - 1, WEIR_OK);
    end_wait(&wait, SET_UP - 1);
}
END_TEST

START_TEST (a_wait_for_descriptors_alone) {
    struct select_call select;
    int ends[2];
    ck_assert_int_eq(0, pipe(ends));
    weir_case cases[] = {readable(-1), readable(ends[0])};
    sleep_in(&select, cases, 2);
    ck_assert_int_eq(1, write(ends[1], "x", 1));
    assert_woken(&select, 1, WEIR_OK);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST (a_shutdown_ends_a_wait_for_room) {
    weir_queue *queue = new_queue(1);
    struct select_call select;
    weir_case one = put_to(queue, 3);
    put_numbers(queue, 0, 1);
    sleep_in(&select, &one, 1);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_woken(&select, 0, WEIR_CLOSED);
    take_numbers(queue, 0, 1);
    end_queue(queue);
}
END_TEST

/* One queue, in two cases: room first, then an item. */
START_TEST (several_cases_may_name_one_queue) {
    weir_queue *queue = new_queue(1);
    weir_case cases[] = {get_from(queue), put_to(queue, 4), get_from(queue)};
    size_t which;
    assert_status(WEIR_OK, weir_select(cases, 3, WEIR_NEVER, &which));
    ck_assert_uint_eq(1, which);
    assert_status(WEIR_OK, weir_select(cases, 3, WEIR_NEVER, &which));
    ck_assert_uint_ne(1, which);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    struct select_call select;
    weir_case gets[] = {get_from(queue), get_from(queue)};
    sleep_in(&select, gets, 2);
    put_numbers(queue, 5, 6);
    assert_status(WEIR_OK, call_finish(&select.call));
    ck_assert_uint_eq(5, number_of(gets[select.which].item));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    end_queue(queue);
}
END_TEST

/* Counts around those that are on the stack. */
START_TEST (many_cases_wait) {
    static const size_t counts[] = {15, 16, 17, 31, 32, 33, 200};
    size_t count = counts[_i];
    weir_case *cases = calloc(count, sizeof *cases);
    struct select_call select;
    ck_assert_ptr_nonnull(cases);
    for (size_t i = 0; i < count; i++)
        cases[i] = get_from(new_queue(1));
    for (size_t chosen = 0; chosen < count; chosen += count - 1) {
        sleep_in(&select, cases, count);
        put_numbers(cases[chosen].queue, chosen, chosen + 1);
        assert_woken(&select, chosen, WEIR_OK);
        ck_assert_uint_eq(chosen, number_of(cases[chosen].item));
        assert_status(WEIR_OK, weir_queue_task_done(cases[chosen].queue));
    }
    for (size_t i = 0; i < count; i++)
        end_queue(cases[i].queue);
    free(cases);
}
END_TEST

/* Two items at once tell one of two selects: it tells the other. A get beside them is woken, whether or not they are there. */
START_TEST (what_one_leaves_the_next_one_takes) {
    weir_queue *queue = new_queue(4), *other = new_queue(1);
    struct select_call selects[2];
    weir_case cases[2][2] = {{get_from(queue), get_from(other)}, {get_from(queue), get_from(other)}};
    struct call get = {.queue = queue};
    for (int i = 0; i < 2; i++)
        sleep_in(&selects[i], cases[i], 2);
    call_start_asleep(&get, make_get);
    void *items[] = {number(1), number(2), number(3)};
    size_t put;
    assert_status(WEIR_OK, weir_queue_put_many(queue, items, 3, &put));
    for (int i = 0; i < 2; i++)
        assert_woken(&selects[i], 0, WEIR_OK);
    assert_status(WEIR_OK, call_finish(&get));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 3));
    end_queue(queue);
    end_queue(other);
}
END_TEST

START_TEST (a_destroy_beside_a_sleeping_select_is_refused) {
    weir_queue *to_get = new_queue(1), *to_put = new_queue(1);
    struct select_call select;
    put_numbers(to_put, 0, 1);
    weir_case cases[] = {get_from(to_get), put_to(to_put, 1)};
    sleep_in(&select, cases, 2);
    assert_status(WEIR_BUSY, weir_queue_destroy(to_get));
    assert_status(WEIR_BUSY, weir_queue_destroy(to_put));
    put_numbers(to_get, 2, 3);
    assert_woken(&select, 0, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_task_done(to_get));
    end_queue(to_get);
    end_queue(to_put);
}
END_TEST

/* ---- beside the descriptors of queues ---- */

static bool is_readable(int fd) {
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};
    return poll(&poll_for, 1, 0) == 1;
}

START_TEST (a_select_that_finds_nothing_makes_the_descriptor_quiet) {
    weir_queue *queue = new_queue(1);
    int fd = weir_queue_get_fd(queue), room = weir_queue_put_fd(queue);
    weir_case get = get_from(queue), put = put_to(queue, 2);
    size_t which;
    put_numbers(queue, 0, 1);
    ck_assert(is_readable(fd));
    ck_assert(is_readable(room));
    assert_status(WEIR_TIMEDOUT, weir_select(&put, 1, 0, &which));
    ck_assert(!is_readable(room));
    assert_status(WEIR_OK, weir_select(&get, 1, 0, &which));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(is_readable(fd));
    ck_assert(is_readable(room));
    assert_status(WEIR_TIMEDOUT, weir_select(&get, 1, _i == 0 ? 0 : weir_deadline_after(MILLISECONDS), &which));
    ck_assert(!is_readable(fd));
    end_queue(queue);
}
END_TEST

START_TEST (a_descriptor_of_a_queue_can_be_a_case) {
    weir_queue *queue = new_queue(1);
    struct select_call select;
    weir_case one = readable(weir_queue_get_fd(queue));
    sleep_in(&select, &one, 1);
    put_numbers(queue, 0, 1);
    assert_woken(&select, 0, WEIR_OK);
    take_numbers(queue, 0, 1);
    end_queue(queue);
}
END_TEST

/* ---- misuse and faults ---- */

START_TEST (what_is_never_valid_is_refused) {
    weir_queue *queue = new_queue(1);
    weir_case good = put_to(queue, 0), kind = {.kind = 0}, above = {.kind = WEIR_CASE_WRITABLE + 1}, reserved = good;
    size_t which = 9;
    reserved.reserved[1] = &which;
    weir_case pairs[][2] = {{good, kind}, {good, above}, {good, reserved}};
    assert_status(WEIR_INVALID, weir_select(NULL, 1, 0, &which));
    assert_status(WEIR_INVALID, weir_select(&good, 0, 0, &which));
    assert_status(WEIR_INVALID, weir_select(&good, 1, 0, NULL));
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        assert_status(WEIR_INVALID, weir_select(pairs[i], 2, WEIR_NEVER, &which));
    ck_assert_uint_eq(9, which);
    ck_assert_uint_eq(0, weir_queue_size(queue));
    end_queue(queue);
}
END_TEST

START_TEST (a_wait_for_nothing_is_refused_or_ends_at_its_deadline) {
    weir_case cases[] = {get_from(NULL), put_to(NULL, 1), end_of(NULL), readable(-1), writable(-1)};
    size_t which;
    assert_status(WEIR_DEADLOCK, weir_select(cases, COUNT_OF(cases), WEIR_NEVER, &which));
    weir_deadline deadline = weir_deadline_after(5 * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_select(cases, COUNT_OF(cases), deadline, &which));
    ck_assert(now() >= deadline);
}
END_TEST

START_TEST (without_a_free_descriptor_memory_is_out) {
    weir_queue *queue = new_queue(1);
    struct rlimit before, none;
    int ends[2];
    size_t which;
    ck_assert_int_eq(0, pipe(ends));
    weir_case cases[] = {get_from(queue), readable(ends[0])};
    ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &before));
    none = before;
    none.rlim_cur = (rlim_t)(ends[1] + 1);
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &none));
    weir_status status = weir_select(cases, 2, WEIR_NEVER, &which);
    weir_status late = weir_select(cases, 2, 0, &which);
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &before));
    assert_status(WEIR_NOMEM, status);
    assert_status(WEIR_TIMEDOUT, late);
    close(ends[0]);
    close(ends[1]);
    end_queue(queue);
}
END_TEST

/* The count is refused before a case is read: the array has one only. */
START_TEST (more_than_the_most_cases_are_out_of_memory) {
    weir_queue *queue = new_queue(1);
    weir_case only = get_from(queue);
    void *item;
    size_t which = 7;
    assert_status(WEIR_OK, weir_queue_put(queue, number(1)));
    assert_status(WEIR_NOMEM, weir_select(&only, ((size_t)1 << 24) + 1, WEIR_NEVER, &which));
    assert_status(WEIR_NOMEM, weir_select(&only, SIZE_MAX, 0, &which));
    ck_assert_uint_eq(which, 7);
    assert_status(WEIR_OK, weir_queue_try_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    end_queue(queue);
}
END_TEST

/* The system refuses a poll of more descriptors than the process may have. */
START_TEST (more_descriptors_than_are_permitted_are_out_of_memory) {
    struct rlimit before, few;
    int ends[2];
    size_t which;
    ck_assert_int_eq(0, pipe(ends));
    weir_case cases[] = {readable(ends[0]), readable(ends[0]), readable(ends[0])};
    ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &before));
    few = before;
    few.rlim_cur = 2;
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &few));
    weir_status status = weir_select(cases, COUNT_OF(cases), _i == 0 ? 0 : WEIR_NEVER, &which);
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &before));
    assert_status(WEIR_NOMEM, status);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- callbacks and executors ---- */

struct inside {
    weir_queue *queue, *other;
    weir_future *future;
    weir_status statuses[2];
};

/* Puts to another queue, and takes from the one that is being destroyed. */
static void select_in_drop(void *item, void *raw) {
    struct inside *inside = raw;
    size_t which;
    (void)item;
    weir_case put = put_to(inside->other, 5), get = get_from(inside->queue);
    inside->statuses[0] = weir_select(&put, 1, WEIR_NEVER, &which);
    inside->statuses[1] = weir_select(&get, 1, WEIR_NEVER, &which) == WEIR_OK ? get.status : WEIR_INVALID;
}

START_TEST (a_drop_function_may_select) {
    struct inside inside = {.other = new_queue(1), .statuses = {WEIR_INVALID, WEIR_INVALID}};
    weir_queue_options options = {.capacity = 2, .drop = select_in_drop, .drop_arg = &inside};
    assert_status(WEIR_OK, weir_queue_create_with(&inside.queue, &options));
    put_numbers(inside.queue, 0, 1);
    end_queue(inside.queue);
    assert_status(WEIR_OK, inside.statuses[0]);
    assert_status(WEIR_CLOSED, inside.statuses[1]);
    ck_assert_uint_eq(5, take_number(inside.other));
    end_queue(inside.other);
}
END_TEST

static int select_own(weir_future *self, void *raw, void **value) {
    struct inside *inside = raw;
    size_t which;
    weir_case cases[] = {end_of(self), get_from(inside->queue)};
    (void)value;
    inside->statuses[0] = weir_select(cases, 1, WEIR_NEVER, &which);
    inside->statuses[1] = weir_select(cases, 2, WEIR_NEVER, &which);
    return inside->statuses[1] == WEIR_OK && which == 1 ? 0 : 1;
}

static int put_four(weir_future *self, void *raw, void **value) {
    struct inside *inside = raw;
    (void)self;
    (void)value;
    return weir_queue_put(inside->queue, number(4)) == WEIR_OK ? 0 : 1;
}

/* The executor has one thread: the second task runs while the first one sleeps. */
START_TEST (a_task_that_selects_lets_others_run) {
    struct inside inside = {.queue = new_queue(1), .statuses = {WEIR_INVALID, WEIR_INVALID}};
    const weir_executor_options options = {.threads = 1};
    weir_executor *executor;
    weir_future *futures[2];
    void *value;
    assert_status(WEIR_OK, weir_executor_create(&executor, &options));
    assert_status(WEIR_OK, weir_executor_submit(executor, select_own, &inside, &futures[0]));
    assert_status(WEIR_OK, weir_executor_submit(executor, put_four, &inside, &futures[1]));
    for (int i = 0; i < 2; i++) {
        assert_status(WEIR_OK, weir_future_get_until(futures[i], &value, hang_limit()));
        weir_future_release(futures[i]);
    }
    assert_status(WEIR_OK, weir_executor_destroy(executor));
    assert_status(WEIR_DEADLOCK, inside.statuses[0]);
    assert_status(WEIR_OK, inside.statuses[1]);
    assert_status(WEIR_OK, weir_queue_task_done(inside.queue));
    end_queue(inside.queue);
}
END_TEST

/* ---- many threads ---- */

enum { QUEUES = 5, PRODUCERS = 3, CONSUMERS = 3, EACH = 4000 };

struct crowd {
    weir_queue *queues[QUEUES];
    int ends[2];
    bool polls;
    atomic_int failures;
    atomic_size_t count, sum;
};

static void *select_puts(void *raw) {
    struct crowd *crowd = raw;
    weir_case cases[QUEUES + 1];
    for (size_t n = 1; n <= EACH; n++) {
        size_t which;
        for (size_t i = 0; i < QUEUES; i++)
            cases[i] = put_to(crowd->queues[i], n);
        cases[QUEUES] = readable(crowd->polls ? crowd->ends[0] : -1);
        if (weir_select(cases, QUEUES + 1, WEIR_NEVER, &which) != WEIR_OK || cases[which].status != WEIR_OK)
            atomic_fetch_add(&crowd->failures, 1);
    }
    return NULL;
}

/* Takes from all queues until each is closed. */
static void *select_gets(void *raw) {
    struct crowd *crowd = raw;
    weir_case cases[QUEUES + 1];
    size_t open = QUEUES;
    for (size_t i = 0; i < QUEUES; i++)
        cases[i] = get_from(crowd->queues[i]);
    cases[QUEUES] = readable(crowd->polls ? crowd->ends[0] : -1);
    while (open > 0) {
        size_t which = QUEUES;
        if (weir_select(cases, QUEUES + 1, WEIR_NEVER, &which) != WEIR_OK || which == QUEUES) {
            atomic_fetch_add(&crowd->failures, 1);
        } else if (cases[which].status == WEIR_CLOSED) {
            cases[which].queue = NULL;
            open--;
        } else {
            atomic_fetch_add(&crowd->count, 1);
            atomic_fetch_add(&crowd->sum, number_of(cases[which].item));
            (void)weir_queue_task_done(cases[which].queue);
        }
    }
    return NULL;
}

/* Without and with a descriptor; small queues, so both sides sleep. */
START_TEST (nothing_is_lost_between_selects) {
    struct crowd crowd = {.polls = _i % 2 == 1};
    pthread_t producers[PRODUCERS], consumers[CONSUMERS];
    ck_assert_int_eq(0, pipe(crowd.ends));
    for (size_t i = 0; i < QUEUES; i++)
        crowd.queues[i] = new_queue(_i < 2 ? 1 : 3);
    for (size_t i = 0; i < CONSUMERS; i++)
        thread_start(&consumers[i], select_gets, &crowd);
    for (size_t i = 0; i < PRODUCERS; i++)
        thread_start(&producers[i], select_puts, &crowd);
    for (size_t i = 0; i < PRODUCERS; i++)
        thread_join(producers[i]);
    for (size_t i = 0; i < QUEUES; i++)
        assert_status(WEIR_OK, weir_queue_shutdown(crowd.queues[i], WEIR_DRAIN));
    for (size_t i = 0; i < CONSUMERS; i++)
        thread_join(consumers[i]);
    ck_assert_int_eq(0, atomic_load(&crowd.failures));
    ck_assert_uint_eq(PRODUCERS * EACH, atomic_load(&crowd.count));
    ck_assert_uint_eq((size_t)PRODUCERS * EACH * (EACH + 1) / 2, atomic_load(&crowd.sum));
    for (size_t i = 0; i < QUEUES; i++)
        end_queue(crowd.queues[i]);
    close(crowd.ends[0]);
    close(crowd.ends[1]);
}
END_TEST

static void add_wait_tests(Suite *suite) {
    TCase *waits = add_case(suite, "waits");
    tcase_add_loop_test(waits, a_put_wakes_it, 0, 2);
    tcase_add_loop_test(waits, a_close_and_a_shutdown_wake_it, 0, 6);
    tcase_add_loop_test(waits, a_get_wakes_it, 0, 2);
    tcase_add_loop_test(waits, the_end_of_a_future_wakes_it, 0, 2);
    tcase_add_test(waits, a_descriptor_wakes_it);
    tcase_add_test(waits, a_wait_for_descriptors_alone);
    tcase_add_test(waits, a_shutdown_ends_a_wait_for_room);
    tcase_add_test(waits, several_cases_may_name_one_queue);
    tcase_add_loop_test(waits, many_cases_wait, 0, 7);
    tcase_add_test(waits, what_one_leaves_the_next_one_takes);
    tcase_add_test(waits, a_destroy_beside_a_sleeping_select_is_refused);
}

static Suite *select_suite(void) {
    Suite *suite = suite_create("select");
    TCase *looks = add_case(suite, "looks");
    tcase_add_loop_test(looks, the_case_that_is_ready_happens, 0, 2);
    tcase_add_test(looks, a_put_happens_if_there_is_room);
    tcase_add_loop_test(looks, nothing_ready_is_late, 0, 4);
    tcase_add_test(looks, the_end_of_a_queue_happens_with_its_status);
    tcase_add_test(looks, the_end_of_a_future_happens_with_its_result);
    tcase_add_test(looks, descriptors_are_readable_writable_or_bad);
    tcase_add_loop_test(looks, each_ready_case_is_chosen_equally_often, 0, 2);
    add_wait_tests(suite);
    TCase *descriptors = add_case(suite, "descriptors of queues");
    tcase_add_loop_test(descriptors, a_select_that_finds_nothing_makes_the_descriptor_quiet, 0, 2);
    tcase_add_test(descriptors, a_descriptor_of_a_queue_can_be_a_case);
    TCase *misuse = add_case(suite, "misuse");
    tcase_add_test(misuse, what_is_never_valid_is_refused);
    tcase_add_test(misuse, a_wait_for_nothing_is_refused_or_ends_at_its_deadline);
    tcase_add_test(misuse, without_a_free_descriptor_memory_is_out);
    tcase_add_loop_test(misuse, more_descriptors_than_are_permitted_are_out_of_memory, 0, 2);
    tcase_add_test(misuse, more_than_the_most_cases_are_out_of_memory);
    tcase_add_test(misuse, cases_without_descriptors_are_not_polled);
    TCase *inside = add_case(suite, "inside");
    tcase_add_test(inside, a_drop_function_may_select);
    tcase_add_test(inside, a_task_that_selects_lets_others_run);
    TCase *crowd = add_case(suite, "crowd");
    tcase_add_loop_test(crowd, nothing_is_lost_between_selects, 0, 4);
    return suite;
}

int main(void) {
    return run_suite(select_suite());
}
