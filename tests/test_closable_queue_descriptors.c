/*
 * test_closable_queue_descriptors.c - the descriptors of a queue: when they are readable, and for how long.
 *
 * Linked with the library's internals: pipelines requeue, seal and hold by calls that are not public.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "closable_queue/requeue.h"
#include "closable_queue/shutdown.h"
#include "support.h"

static bool is_readable(int fd) {
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};
    int ready = poll(&poll_for, 1, 0);
    ck_assert_int_ge(ready, 0);
    ck_assert_int_eq(0, poll_for.revents & (POLLNVAL | POLLERR));
    return ready == 1;
}

/* Blocks until it is readable. Returns false after HANG_SECONDS. */
static bool await_readable(int fd) {
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};
    return poll(&poll_for, 1, HANG_SECONDS * 1000) == 1;
}

static const size_t capacities[] = {2, WEIR_UNBOUNDED};

static void assert_empty(weir_queue *queue) {
    void *item;
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
}

/* Settles all that is unfinished, and destroys the queue. */
static void end(weir_queue *queue) {
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, weir_queue_unfinished(queue) - weir_queue_size(queue)));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

/* ---- to get ---- */

START_TEST (get_fd_is_readable_from_an_item_until_a_get_finds_nothing) {
    weir_queue *queue = new_queue(capacities[_i]);
    int fd = weir_queue_get_fd(queue);
    ck_assert_int_gt(fd, 2);
    ck_assert_int_eq(fd, weir_queue_get_fd(queue));
    for (int round = 0; round < 3; round++) {
        ck_assert(!is_readable(fd));
        put_numbers(queue, 0, 2);
        ck_assert(is_readable(fd));
        take_numbers(queue, 0, 2);
        ck_assert(is_readable(fd));
        assert_empty(queue);
        ck_assert(!is_readable(fd));
        assert_empty(queue);
        ck_assert(!is_readable(fd));
    }
    end(queue);
}
END_TEST

START_TEST (get_fd_is_quiet_after_each_kind_of_get) {
    weir_queue *queue = new_queue(2);
    int fd = weir_queue_get_fd(queue);
    void *item;
    size_t got;
    for (int kind = 0; kind < 3; kind++) {
        put_numbers(queue, 0, 1);
        ck_assert(is_readable(fd));
        take_numbers(queue, 0, 1);
        if (kind == 0)
            assert_status(WEIR_EMPTY, weir_queue_try_get_many(queue, &item, 1, &got));
        else if (kind == 1)
            assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, 0));
        else
            assert_status(WEIR_TIMEDOUT, weir_queue_get_many_until(queue, &item, 1, &got, 0));
        ck_assert(!is_readable(fd));
    }
    end(queue);
}
END_TEST

START_TEST (a_late_get_fd_is_readable) {
    weir_queue *queue = new_queue(2);
    put_numbers(queue, 0, 1);
    ck_assert(is_readable(weir_queue_get_fd(queue)));
    take_numbers(queue, 0, 1);
    end(queue);
}
END_TEST

START_TEST (a_sentinel_is_something_to_get) {
    weir_queue *queue = new_queue(2);
    int fd = weir_queue_get_fd(queue);
    void *item;
    assert_status(WEIR_OK, weir_queue_close(queue));
    ck_assert(is_readable(fd));
    assert_status(WEIR_CLOSED, weir_queue_try_get(queue, &item));
    assert_empty(queue);
    ck_assert(!is_readable(fd));
    end(queue);
}
END_TEST

START_TEST (a_shutdown_makes_both_readable_for_good) {
    weir_queue *queue = new_queue(1);
    int get = weir_queue_get_fd(queue), put = weir_queue_put_fd(queue);
    void *item;
    put_numbers(queue, 0, 1);
    assert_status(WEIR_FULL, weir_queue_try_put(queue, NULL));
    ck_assert(!is_readable(put));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, _i == 0 ? WEIR_DRAIN : WEIR_DISCARD));
    if (_i == 0)
        take_numbers(queue, 0, 1);
    assert_status(WEIR_CLOSED, weir_queue_try_get(queue, &item));
    assert_status(WEIR_CLOSED, weir_queue_try_put(queue, NULL));
    ck_assert(is_readable(get));
    ck_assert(is_readable(put));
    end(queue);
}
END_TEST

START_TEST (a_shutdown_of_an_empty_queue_makes_it_readable) {
    weir_queue *queue = new_queue(1);
    int fd = weir_queue_get_fd(queue);
    ck_assert(!is_readable(fd));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    ck_assert(is_readable(fd));
    end(queue);
}
END_TEST

START_TEST (a_requeued_item_and_a_fed_one_are_something_to_get) {
    weir_queue *queue = new_queue(1);
    int fd = weir_queue_get_fd(queue);
    weir__requeued place;
    put_numbers(queue, 7, 8);
    assert_status(WEIR_OK, weir_queue_try_get(queue, &place.item));
    assert_empty(queue);
    if (_i == 0)
        weir__queue_requeue(queue, &place);
    else if (_i == 1)
        weir__queue_requeue_first(queue, &place);
    else
        ck_assert(weir__queue_feed(queue, &place));
    ck_assert(is_readable(fd));
    take_numbers(queue, 7, 8);
    assert_empty(queue);
    ck_assert(!is_readable(fd));
    end(queue);
}
END_TEST

/* ---- to put ---- */

START_TEST (put_fd_is_readable_from_room_until_a_put_finds_none) {
    weir_queue *queue = new_queue(4);
    int fd = weir_queue_put_fd(queue);
    ck_assert_int_gt(fd, 2);
    ck_assert_int_eq(fd, weir_queue_put_fd(queue));
    ck_assert_int_ne(fd, weir_queue_get_fd(queue));
    for (size_t round = 0; round < 3; round++) {
        ck_assert(is_readable(fd));
        put_numbers(queue, 0, 4 - (round > 0 ? 3 : 0));
        ck_assert(is_readable(fd));
        assert_status(WEIR_FULL, weir_queue_try_put(queue, NULL));
        ck_assert(!is_readable(fd));
        (void)take_number(queue); /* one free slot is enough */
        ck_assert(is_readable(fd));
    }
    while (weir_queue_size(queue) > 0)
        (void)take_number(queue);
    end(queue);
}
END_TEST

START_TEST (put_fd_is_quiet_after_each_kind_of_put) {
    weir_queue *queue = new_queue(1);
    int fd = weir_queue_put_fd(queue);
    void *item = number(1);
    size_t put;
    for (int kind = 0; kind < 3; kind++) {
        put_numbers(queue, 0, 1);
        ck_assert(is_readable(fd));
        if (kind == 0)
            assert_status(WEIR_FULL, weir_queue_try_put_many(queue, &item, 1, &put));
        else if (kind == 1)
            assert_status(WEIR_TIMEDOUT, weir_queue_put_until(queue, item, 0));
        else
            assert_status(WEIR_TIMEDOUT, weir_queue_put_many_until(queue, &item, 1, &put, 0));
        ck_assert(!is_readable(fd));
        take_numbers(queue, 0, 1);
        ck_assert(is_readable(fd));
    }
    end(queue);
}
END_TEST

START_TEST (an_unbounded_queue_always_has_room) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    int fd = weir_queue_put_fd(queue);
    put_numbers(queue, 0, 1000);
    ck_assert(is_readable(fd));
    take_numbers(queue, 0, 1000);
    end(queue);
}
END_TEST

/* The puts of a sealed queue return at once; its items can still be requeued, and its consumers wait. */
START_TEST (a_seal_tells_those_that_put_only) {
    weir_queue *queue = new_queue(1);
    int get = weir_queue_get_fd(queue), put = weir_queue_put_fd(queue);
    put_numbers(queue, 0, 1);
    assert_status(WEIR_FULL, weir_queue_try_put(queue, NULL));
    weir__queue_seal(queue);
    ck_assert(is_readable(put));
    take_numbers(queue, 0, 1);
    assert_empty(queue);
    ck_assert(!is_readable(get));
    end(queue);
}
END_TEST

START_TEST (a_held_queue_has_no_room) {
    weir_queue *queue = new_queue(1);
    int fd = weir_queue_put_fd(queue);
    weir__queue_hold(queue, true);
    assert_status(WEIR_FULL, weir_queue_try_put(queue, NULL));
    ck_assert(!is_readable(fd));
    weir__queue_hold(queue, true);
    ck_assert(!is_readable(fd));
    weir__queue_hold(queue, false);
    ck_assert(is_readable(fd));
    end(queue);
}
END_TEST

/* ---- beside other users ---- */

static void *count_item(void *item, void *raw) {
    (void)item;
    atomic_fetch_add((atomic_size_t *)raw, 1);
    return NULL;
}

/* Workers prefetch; what they find empty makes the descriptor quiet like a get. */
START_TEST (workers_share_the_queue_with_a_descriptor) {
    enum { ITEMS = 500 };
    weir_queue *queue = new_queue(16);
    weir_threads *threads;
    atomic_size_t taken = 0;
    size_t own = 0;
    int fd = weir_queue_get_fd(queue);
    assert_status(WEIR_OK, weir_start_threads(&threads, 2, count_item, &taken, queue, NULL));
    for (size_t i = 0; i < ITEMS; i++) {
        void *item;
        assert_status(WEIR_OK, weir_queue_put(queue, number(i)));
        if (i % 3 == 0 && is_readable(fd) && weir_queue_try_get(queue, &item) == WEIR_OK) {
            own++;
            assert_status(WEIR_OK, weir_queue_task_done(queue));
        }
    }
    assert_status(WEIR_OK, weir_queue_join(queue));
    ck_assert_uint_eq(ITEMS, own + atomic_load(&taken));
    assert_status(WEIR_OK, weir_stop_threads(queue, threads));
    assert_empty(queue);
    ck_assert(!is_readable(fd));
    end(queue);
}
END_TEST

START_TEST (a_sleeping_get_is_woken_beside_a_descriptor) {
    struct call call = {.queue = new_queue(1)};
    int fd = weir_queue_get_fd(call.queue);
    call_start_asleep(&call, make_get);
    put_numbers(call.queue, 3, 4);
    ck_assert(is_readable(fd));
    assert_status(WEIR_OK, call_finish(&call));
    assert_empty(call.queue);
    ck_assert(!is_readable(fd));
    end(call.queue);
}
END_TEST

enum { POLLERS = 3, PER_PRODUCER = 3000 };

struct relay {
    weir_queue *queue;
    atomic_size_t taken, sum;
    atomic_bool lost; /* a poll has waited in vain */
};

/* Puts numbers, and polls where there is no room. */
static void *produce(void *raw) {
    struct relay *relay = raw;
    int fd = weir_queue_put_fd(relay->queue);
    for (size_t i = 1; i <= PER_PRODUCER;) {
        weir_status status = weir_queue_try_put(relay->queue, number(i));
        i += status == WEIR_OK;
        if (status == WEIR_FULL && !await_readable(fd))
            atomic_store(&relay->lost, true);
    }
    return NULL;
}

static void *consume(void *raw) {
    struct relay *relay = raw;
    int fd = weir_queue_get_fd(relay->queue);
    for (;;) {
        void *item;
        weir_status status = weir_queue_try_get(relay->queue, &item);
        if (status == WEIR_CLOSED)
            return NULL;
        if (status == WEIR_EMPTY) {
            if (!await_readable(fd))
                atomic_store(&relay->lost, true);
            continue;
        }
        atomic_fetch_add(&relay->sum, number_of(item));
        atomic_fetch_add(&relay->taken, 1);
        (void)weir_queue_task_done(relay->queue);
    }
}

START_TEST (many_threads_poll_the_same_descriptors) {
    struct relay relay = {.queue = new_queue(_i == 0 ? 1 : 8)};
    pthread_t producers[2], consumers[POLLERS];
    for (int i = 0; i < POLLERS; i++)
        thread_start(&consumers[i], consume, &relay);
    for (int i = 0; i < 2; i++)
        thread_start(&producers[i], produce, &relay);
    for (int i = 0; i < 2; i++)
        thread_join(producers[i]);
    assert_status(WEIR_OK, weir_queue_shutdown(relay.queue, WEIR_DRAIN));
    for (int i = 0; i < POLLERS; i++)
        thread_join(consumers[i]);
    ck_assert(!atomic_load(&relay.lost));
    ck_assert_uint_eq(2 * PER_PRODUCER, atomic_load(&relay.taken));
    ck_assert_uint_eq((size_t)PER_PRODUCER * (PER_PRODUCER + 1), atomic_load(&relay.sum));
    end(relay.queue);
}
END_TEST

/* ---- life and errors ---- */

START_TEST (null_has_no_descriptor) {
    ck_assert_int_eq(-1, weir_queue_get_fd(NULL));
    ck_assert_int_eq(-1, weir_queue_put_fd(NULL));
}
END_TEST

START_TEST (descriptors_are_closed_on_exec_and_with_the_queue) {
    weir_queue *queue = new_queue(1);
    int fds[] = {weir_queue_get_fd(queue), weir_queue_put_fd(queue)};
    for (int i = 0; i < 2; i++)
        ck_assert_int_ne(0, fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    end(queue);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(-1, fcntl(fds[i], F_GETFD));
        ck_assert_int_eq(EBADF, errno);
    }
}
END_TEST

struct opened {
    weir_queue *queue;
    int fd;
};

static void open_in_drop(void *item, void *raw) {
    struct opened *opened = raw;
    (void)item;
    opened->fd = weir_queue_get_fd(opened->queue);
}

/* The queue is being destroyed then, which closes the descriptor afterwards. */
START_TEST (a_drop_function_may_ask_for_a_descriptor) {
    struct opened world = {NULL, -1};
    weir_queue_options options = {.capacity = 1, .drop = open_in_drop, .drop_arg = &world};
    assert_status(WEIR_OK, weir_queue_create_with(&world.queue, &options));
    put_numbers(world.queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_destroy(world.queue));
    ck_assert_int_gt(world.fd, 2);
    ck_assert_int_eq(-1, fcntl(world.fd, F_GETFD));
}
END_TEST

START_TEST (without_a_free_descriptor_a_later_call_tries_again) {
    struct rlimit before, none;
    weir_queue *queue = new_queue(1);
    ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &before));
    int next = dup(0);
    ck_assert_int_ge(next, 0);
    close(next);
    none = before;
    none.rlim_cur = (rlim_t)next;
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &none));
    int get = weir_queue_get_fd(queue), put = weir_queue_put_fd(queue);
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &before));
    ck_assert_int_eq(-1, get);
    ck_assert_int_eq(-1, put);
    put_numbers(queue, 0, 1); /* unseen by the descriptor to come */
    ck_assert(is_readable(weir_queue_get_fd(queue)));
    assert_status(WEIR_FULL, weir_queue_try_put(queue, NULL));
    ck_assert(!is_readable(weir_queue_put_fd(queue)));
    take_numbers(queue, 0, 1);
    end(queue);
}
END_TEST

/* ---- nothing has changed ---- */

START_TEST (an_empty_give_back_leaves_it_quiet) {
    weir_queue *queue = new_queue(2);
    int fd = weir_queue_get_fd(queue);
    weir__returned *returned = malloc(sizeof *returned);
    ck_assert_ptr_nonnull(returned);
    weir__queue_give_back(queue, NULL, 0, returned, 0);
    ck_assert(!is_readable(fd));
    end(queue);
}
END_TEST

START_TEST (a_get_that_finds_nothing_keeps_errno) {
    weir_queue *queue = new_queue(2);
    int fd = weir_queue_get_fd(queue);
    void *item;
    assert_status(WEIR_OK, weir_queue_put(queue, number(1)));
    ck_assert(is_readable(fd));
    assert_status(WEIR_OK, weir_queue_try_get(queue, &item));
    errno = ERANGE;
    assert_empty(queue);
    ck_assert_int_eq(ERANGE, errno);
    ck_assert(!is_readable(fd));
    end(queue);
}
END_TEST

static Suite *descriptors_suite(void) {
    Suite *suite = suite_create("closable_queue: descriptors");
    TCase *get = add_case(suite, "get");
    tcase_add_loop_test(get, get_fd_is_readable_from_an_item_until_a_get_finds_nothing, 0, 2);
    tcase_add_test(get, get_fd_is_quiet_after_each_kind_of_get);
    tcase_add_test(get, a_late_get_fd_is_readable);
    tcase_add_test(get, a_sentinel_is_something_to_get);
    tcase_add_loop_test(get, a_shutdown_makes_both_readable_for_good, 0, 2);
    tcase_add_test(get, a_shutdown_of_an_empty_queue_makes_it_readable);
    tcase_add_loop_test(get, a_requeued_item_and_a_fed_one_are_something_to_get, 0, 3);
    TCase *put = add_case(suite, "put");
    tcase_add_test(put, put_fd_is_readable_from_room_until_a_put_finds_none);
    tcase_add_test(put, put_fd_is_quiet_after_each_kind_of_put);
    tcase_add_test(put, an_unbounded_queue_always_has_room);
    tcase_add_test(put, a_seal_tells_those_that_put_only);
    tcase_add_test(put, a_held_queue_has_no_room);
    TCase *others = add_case(suite, "other users");
    tcase_add_test(others, workers_share_the_queue_with_a_descriptor);
    tcase_add_test(others, a_sleeping_get_is_woken_beside_a_descriptor);
    tcase_add_loop_test(others, many_threads_poll_the_same_descriptors, 0, 2);
    TCase *nothing = add_case(suite, "nothing has changed");
    tcase_add_test(nothing, an_empty_give_back_leaves_it_quiet);
    tcase_add_test(nothing, a_get_that_finds_nothing_keeps_errno);
    TCase *life = add_case(suite, "life");
    tcase_add_test(life, null_has_no_descriptor);
    tcase_add_test(life, descriptors_are_closed_on_exec_and_with_the_queue);
    tcase_add_test(life, a_drop_function_may_ask_for_a_descriptor);
    tcase_add_test(life, without_a_free_descriptor_a_later_call_tries_again);
    return suite;
}

int main(void) {
    return run_suite(descriptors_suite());
}
