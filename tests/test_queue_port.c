/*
 * test_queue_port.c - queues whose items lie at a broker: every call of the queue, workers, selects and stages over a port.
 *
 * Linked with the library's internals, ledger.c, and --wrap for aligned_alloc and free.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker.h"
#include "ledger.h"
#include "pipeline_support.h"

static struct broker broker;
static weir_queue *queue;

static void open_by_hand(size_t capacity, size_t window) {
    queue = broker_open(&broker, capacity, window, false, NULL);
}

static void open_delivering(size_t capacity, size_t window) {
    queue = broker_open(&broker, capacity, window, true, NULL);
}

static void deliver(size_t count) {
    while (count-- > 0)
        assert_status(WEIR_OK, broker_deliver(&broker, 0));
}

static void *take(void) {
    void *item = NULL;
    assert_status(WEIR_OK, weir_queue_try_get(queue, &item));
    return item;
}

static bool is_settled(size_t n) {
    return broker.messages[n].state == SETTLED;
}

/* ---- creation and misuse ---- */

START_TEST (creation_refuses_what_is_never_valid) {
    weir_queue *none = NULL;
    weir_queue_options options = {.capacity = 1};
    weir_queue_port port = {.window = 1};
    assert_status(WEIR_INVALID, weir_queue_create_port(NULL, &options, &port));
    assert_status(WEIR_INVALID, weir_queue_create_port(&none, NULL, &port));
    assert_status(WEIR_INVALID, weir_queue_create_port(&none, &options, NULL));
    port.reserved[3] = &port;
    assert_status(WEIR_INVALID, weir_queue_create_port(&none, &options, &port));
    port.reserved[3] = NULL;
    options.reserved[0] = &port;
    assert_status(WEIR_INVALID, weir_queue_create_port(&none, &options, &port));
    options = (weir_queue_options){.capacity = 0};
    assert_status(WEIR_INVALID, weir_queue_create_port(&none, &options, &port));
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST (an_empty_port_refuses_puts_and_delivers) {
    const weir_queue_port port = {.window = 0};
    const weir_queue_options options = {.capacity = 7, .name = "mute"};
    void *item = number(1);
    size_t put = 5;
    assert_status(WEIR_OK, weir_queue_create_port(&queue, &options, &port));
    ck_assert_uint_eq(weir_queue_capacity(queue), 7);
    ck_assert_str_eq(weir_queue_name(queue), "mute");
    assert_status(WEIR_INVALID, weir_queue_put(queue, item));
    assert_status(WEIR_INVALID, weir_queue_try_put(queue, item));
    assert_status(WEIR_INVALID, weir_queue_close(queue));
    assert_status(WEIR_INVALID, weir_queue_put_many(queue, &item, 1, &put));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_queue_deliver(queue, item, NULL, 0));
    assert_status(WEIR_TIMEDOUT, weir_queue_deliver(queue, item, NULL, 0)); /* a window of 1 */
    ck_assert_uint_eq(weir_queue_size(queue), 1);
    ck_assert_ptr_eq(take(), item);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, 0));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (calls_of_a_port_need_one) {
    weir_queue *plain = new_queue(1);
    void *item = number(3);
    assert_status(WEIR_INVALID, weir_queue_deliver(plain, item, NULL, 0));
    assert_status(WEIR_INVALID, weir_queue_deliver_close(plain, NULL));
    assert_status(WEIR_INVALID, weir_queue_port_changed(plain));
    assert_status(WEIR_INVALID, weir_queue_item_return(plain, item));
    assert_status(WEIR_INVALID, weir_queue_deliver(NULL, item, NULL, 0));
    assert_status(WEIR_INVALID, weir_queue_deliver_close(NULL, NULL));
    assert_status(WEIR_INVALID, weir_queue_port_changed(NULL));
    assert_status(WEIR_INVALID, weir_queue_item_return(NULL, item));
    assert_status(WEIR_INVALID, weir_queue_item_done(NULL, item));
    assert_status(WEIR_INVALID, weir_queue_item_done(plain, item));
    put_numbers(plain, 3, 4);
    assert_status(WEIR_OK, weir_queue_get(plain, &item));
    assert_status(WEIR_OK, weir_queue_item_done(plain, item));
    assert_status(WEIR_INVALID, weir_queue_task_done(plain));
    assert_status(WEIR_OK, weir_queue_destroy(plain));
}
END_TEST

/* ---- puts ---- */

START_TEST (puts_of_all_forms_reach_the_port_in_order) {
    void *items[] = {number(2), number(3), number(4), number(5), number(6), number(7), number(8), number(9)};
    size_t put;
    open_by_hand(9, 1);
    assert_status(WEIR_OK, weir_queue_put(queue, number(0)));
    assert_status(WEIR_OK, weir_queue_try_put(queue, number(1)));
    assert_status(WEIR_OK, weir_queue_put_many(queue, items, 3, &put));
    ck_assert_uint_eq(put, 3);
    assert_status(WEIR_OK, weir_queue_put_until(queue, number(5), 0));
    assert_status(WEIR_FULL, weir_queue_try_put_many(queue, items + 4, 4, &put));
    ck_assert_uint_eq(put, 3);
    assert_status(WEIR_FULL, weir_queue_try_put(queue, number(9)));
    assert_status(WEIR_TIMEDOUT, weir_queue_put_until(queue, number(9), weir_deadline_after(MILLISECONDS)));
    assert_status(WEIR_TIMEDOUT, weir_queue_put_many_until(queue, items, 2, &put, 0));
    ck_assert_uint_eq(put, 0);
    ck_assert_uint_eq(weir_queue_size(queue), 9);
    for (size_t n = 0; n < 9; n++)
        ck_assert_ptr_eq(broker.messages[n].item, number(n));
    broker_close(&broker);
}
END_TEST

START_TEST (a_status_of_the_port_is_the_status_of_the_put) {
    void *items[] = {number(0), number(1)};
    size_t put;
    open_by_hand(9, 1);
    broker_refuse(&broker, WEIR_FAILED);
    assert_status(WEIR_FAILED, weir_queue_put(queue, number(0)));
    assert_status(WEIR_FAILED, weir_queue_try_put(queue, number(0)));
    assert_status(WEIR_FAILED, weir_queue_put_until(queue, number(0), 0));
    assert_status(WEIR_FAILED, weir_queue_put_many(queue, items, 2, &put));
    assert_status(WEIR_FAILED, weir_queue_close(queue));
    assert_status(WEIR_FAILED, weir_queue_join(queue));
    broker_refuse(&broker, WEIR_BUSY);
    assert_status(WEIR_BUSY, weir_queue_join_until(queue, hang_limit()));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    broker_refuse(&broker, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_put(queue, number(0)));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_CLOSED, weir_queue_put(queue, number(0)));
    assert_status(WEIR_CLOSED, weir_queue_try_put(queue, number(0)));
    assert_status(WEIR_CLOSED, weir_queue_close(queue));
    ck_assert_uint_eq(broker.put, 1);
    broker_close(&broker);
}
END_TEST

START_TEST (blocked_puts_wake_with_room_and_with_the_end) {
    struct call calls[3];
    open_by_hand(1, 1);
    assert_status(WEIR_OK, weir_queue_put(queue, number(0)));
    for (size_t i = 0; i < 3; i++) {
        calls[i] = (struct call){.queue = queue, .item = number(i + 1)};
        call_start_asleep(&calls[i], make_put);
    }
    deliver(1);
    (void)take();
    for (size_t i = 0; i < 3; i++)
        ck_assert(call_is_asleep(&calls[i])); /* a take makes no room at the broker */
    assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(calls_wait_returned(calls, 3, 1));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    size_t done = 0;
    for (size_t i = 0; i < 3; i++) {
        weir_status status = call_finish(&calls[i]);
        ck_assert(status == WEIR_OK || status == WEIR_CLOSED);
        done += status == WEIR_OK;
    }
    ck_assert_uint_eq(done, 1);
    broker_close(&broker);
}
END_TEST

START_TEST (each_producer_finds_the_room_of_one_change) {
    struct call calls[3];
    open_by_hand(1, 4);
    broker_refuse(&broker, WEIR_FULL);
    for (size_t i = 0; i < 3; i++) {
        calls[i] = (struct call){.queue = queue, .item = number(i)};
        call_start_asleep(&calls[i], make_put);
    }
    broker.capacity = 3;
    broker_refuse(&broker, WEIR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_status(WEIR_OK, call_finish(&calls[i]));
    broker_close(&broker);
}
END_TEST

/* ---- gets ---- */

START_TEST (gets_of_all_forms_take_what_was_delivered) {
    void *items[8] = {NULL};
    size_t got;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 7);
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, items));
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, items, 0));
    assert_status(WEIR_EMPTY, weir_queue_try_get_many(queue, items, 8, &got));
    deliver(7);
    assert_status(WEIR_EMPTY, broker_deliver(&broker, 0));
    ck_assert_ptr_eq(take(), number(0));
    assert_status(WEIR_OK, weir_queue_get(queue, items));
    ck_assert_ptr_eq(items[0], number(1));
    assert_status(WEIR_OK, weir_queue_get_until(queue, items, 0));
    ck_assert_ptr_eq(items[0], number(2));
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 2, &got));
    ck_assert_uint_eq(got, 2);
    assert_status(WEIR_OK, weir_queue_try_get_many(queue, items + 2, 6, &got));
    ck_assert_uint_eq(got, 2);
    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_eq(items[i], number(3 + i));
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, 8));
    ck_assert_uint_eq(broker.settled, 0);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 0));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 7));
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_join(queue));
    broker_close(&broker);
}
END_TEST

START_TEST (a_blocked_get_wakes_with_a_delivery) {
    struct call call;
    open_by_hand(9, 8);
    call = (struct call){.queue = queue};
    call_start_asleep(&call, make_get);
    put_numbers(queue, 0, 1);
    ck_assert(call_is_asleep(&call));
    deliver(1);
    assert_status(WEIR_OK, call_finish(&call));
    ck_assert_ptr_eq(call.got, number(0));
    assert_status(WEIR_OK, weir_queue_task_done(queue)); /* of another thread */
    assert_status(WEIR_OK, weir_queue_join(queue));
    broker_close(&broker);
}
END_TEST

static void make_delivery(struct call *call) {
    call->status = weir_queue_deliver(call->queue, call->item, &broker.messages[call->count], call->deadline);
}

START_TEST (a_full_window_blocks_deliveries) {
    struct call call;
    open_by_hand(9, 4);
    put_numbers(queue, 0, 6);
    deliver(4);
    assert_status(WEIR_TIMEDOUT, broker_deliver(&broker, 0));
    assert_status(WEIR_TIMEDOUT, broker_deliver(&broker, weir_deadline_after(MILLISECONDS)));
    broker.messages[4].state = DELIVERED;
    broker.messages[4].deliveries = 1;
    call = (struct call){.queue = queue, .item = number(4), .count = 4, .deadline = WEIR_NEVER};
    call_start_asleep(&call, make_delivery);
    (void)take();
    ck_assert(call_is_asleep(&call)); /* until half of the window is free */
    (void)take();
    assert_status(WEIR_OK, call_finish(&call));
    deliver(1);
    call = (struct call){.queue = queue, .item = number(4), .count = 5, .deadline = WEIR_NEVER};
    call_start_asleep(&call, make_delivery);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_CLOSED, call_finish(&call));
    broker_close(&broker);
    ck_assert_uint_eq(broker.given_back, 6);
}
END_TEST

/* ---- which item is settled ---- */

static void make_task_done(struct call *call) {
    (void)weir_queue_try_get(call->queue, &call->got);
    call->status = weir_queue_task_done(call->queue);
}

START_TEST (a_task_done_settles_what_its_thread_took_longest_ago) {
    struct call call;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 4);
    deliver(4);
    (void)take();
    (void)take();
    call = (struct call){.queue = queue};
    call_start(&call, make_task_done);
    assert_status(WEIR_OK, call_finish(&call));
    ck_assert(is_settled(2) && broker.settled == 1);
    (void)take();
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(is_settled(0) && !is_settled(1));
    call = (struct call){.queue = queue};
    call_start(&call, make_task_done); /* has none of its own: either of two may be meant */
    assert_status(WEIR_INVALID, call_finish(&call));
    ck_assert(!is_settled(1) && !is_settled(3));
    assert_status(WEIR_OK, weir_queue_item_done(queue, number(3)));
    call = (struct call){.queue = queue};
    call_start(&call, make_task_done); /* only one can be meant */
    assert_status(WEIR_OK, call_finish(&call));
    ck_assert(is_settled(1));
    broker_close(&broker);
}
END_TEST

START_TEST (items_are_settled_or_returned_by_their_addresses) {
    open_by_hand(9, 8);
    put_numbers(queue, 0, 3);
    put_numbers(queue, 2, 3);
    deliver(4);
    for (size_t i = 0; i < 4; i++)
        (void)take();
    assert_status(WEIR_INVALID, weir_queue_item_done(queue, number(7)));
    assert_status(WEIR_OK, weir_queue_item_done(queue, number(2)));
    ck_assert(is_settled(2) && !is_settled(3));
    assert_status(WEIR_OK, weir_queue_item_return(queue, number(1)));
    assert_status(WEIR_INVALID, weir_queue_item_return(queue, number(1)));
    ck_assert_uint_eq(broker.given_back, 1);
    deliver(1);
    ck_assert_ptr_eq(take(), number(1));
    ck_assert_uint_eq(broker.messages[1].deliveries, 2);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 3));
    assert_status(WEIR_OK, weir_queue_join(queue));
    broker_close(&broker);
}
END_TEST

static void make_item_done(struct call *call) {
    (void)weir_queue_get(call->queue, &call->got);
    call->status = weir_queue_item_done(call->queue, call->got);
}

START_TEST (an_address_means_the_own_item_first) {
    struct call call;
    open_by_hand(9, 8);
    put_numbers(queue, 5, 6);
    put_numbers(queue, 5, 6);
    deliver(2);
    (void)take();
    call = (struct call){.queue = queue};
    call_start(&call, make_item_done);
    assert_status(WEIR_OK, call_finish(&call));
    ck_assert(is_settled(1) && !is_settled(0));
    assert_status(WEIR_OK, weir_queue_item_done(queue, number(5)));
    broker_close(&broker);
}
END_TEST

START_TEST (a_cursor_may_return_its_item) {
    weir_queue_cursor cursor;
    void *item;
    open_by_hand(9, 8);
    cursor = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    put_numbers(queue, 0, 2);
    deliver(1);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_INVALID, weir_queue_item_done(queue, item));
    assert_status(WEIR_OK, weir_queue_item_return(queue, item));
    ck_assert_uint_eq(broker.given_back, 1);
    deliver(1);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    ck_assert_uint_eq(broker.settled, 0);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    ck_assert_uint_eq(broker.settled, 1);
    broker_close(&broker);
}
END_TEST

/* The port is asked while its items are being settled. */
static void settle_by_hand(void *gate, void *receipt) {
    (void)receipt;
    gate_pass(gate);
}

static void make_tasks_done(struct call *call) {
    size_t got;
    void *items[3];
    (void)weir_queue_get_many(call->queue, items, 3, &got);
    call->status = weir_queue_tasks_done(call->queue, got);
}

START_TEST (items_count_as_unfinished_while_they_are_settled) {
    struct gate gate = GATE;
    struct call call;
    const weir_queue_port port = {.settle = settle_by_hand, .state = &gate, .window = 3};
    assert_status(WEIR_OK, weir_queue_create_port(&queue, &(weir_queue_options){.capacity = 1}, &port));
    for (size_t i = 0; i < 3; i++)
        assert_status(WEIR_OK, weir_queue_deliver(queue, number(i), NULL, 0));
    call = (struct call){.queue = queue};
    call_start(&call, make_tasks_done);
    gate_wait_for(&gate, 1);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 3);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&call));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (cursors_settle_their_own_items) {
    weir_queue_cursor first, second;
    void *item;
    open_by_hand(9, 8);
    first = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    second = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    put_numbers(queue, 0, 4);
    deliver(4);
    assert_status(WEIR_OK, weir_queue_cursor_next(&first, &item));
    assert_status(WEIR_OK, weir_queue_cursor_next(&second, &item));
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    ck_assert_ptr_eq(take(), number(2));
    assert_status(WEIR_OK, weir_queue_cursor_next(&second, &item));
    ck_assert_ptr_eq(item, number(3));
    ck_assert(is_settled(1) && broker.settled == 1);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(is_settled(2));
    assert_status(WEIR_OK, weir_queue_cursor_end(&first));
    assert_status(WEIR_OK, weir_queue_cursor_end(&first));
    ck_assert(is_settled(0) && broker.settled == 3);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_EMPTY, broker_deliver(&broker, 0)); /* an item before it is unsettled */
    assert_status(WEIR_OK, weir_queue_cursor_end(&second));
    second = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    deliver(1);
    assert_status(WEIR_CLOSED, weir_queue_cursor_next(&second, &item));
    assert_status(WEIR_CLOSED, weir_queue_cursor_next(&second, &item));
    assert_status(WEIR_OK, weir_queue_join(queue));
    broker_close(&broker);
}
END_TEST

/* ---- joins ---- */

START_TEST (a_join_waits_for_late_settles) {
    struct gate gate = GATE;
    struct call join, done;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 1);
    deliver(1);
    broker.settle_gate = &gate;
    done = (struct call){.queue = queue};
    call_start(&done, make_task_done);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, weir_deadline_after(MILLISECONDS)));
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, 0));
    assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    join = (struct call){.queue = queue};
    call_start_asleep(&join, make_join);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, call_finish(&done));
    broker_close(&broker);
}
END_TEST

START_TEST (a_join_waits_for_what_lies_at_the_broker) {
    struct call join;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 1);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    join = (struct call){.queue = queue};
    call_start_asleep(&join, make_join);
    assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    broker.messages[0].state = SETTLED; /* by another program */
    assert_status(WEIR_OK, weir_queue_port_changed(queue));
    assert_status(WEIR_OK, call_finish(&join));
    broker_close(&broker);
}
END_TEST

/* ---- the end ---- */

START_TEST (a_drain_leaves_the_delivered_items) {
    void *item;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 4);
    deliver(3);
    (void)take();
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_CLOSED, broker_deliver(&broker, WEIR_NEVER));
    assert_status(WEIR_CLOSED, weir_queue_deliver_close(queue, NULL));
    ck_assert_ptr_eq(take(), number(1));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(is_settled(0));
    ck_assert_ptr_eq(take(), number(2));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    broker_close(&broker);
    ck_assert_uint_eq(broker.settled, 1);
    ck_assert_uint_eq(broker.given_back, 2); /* taken and not settled */
}
END_TEST

START_TEST (a_discard_drops_and_gives_back) {
    struct drops drops = {.count = 0};
    void *item;
    const weir_queue_options options = {.drop = record_drop, .drop_arg = &drops};
    queue = broker_open(&broker, 9, 8, false, &options);
    put_numbers(queue, 0, 4);
    deliver(4);
    (void)take();
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(drops.count, 3);
    ck_assert_ptr_eq(drops.items[0], number(1));
    ck_assert_ptr_eq(drops.items[2], number(3));
    ck_assert_uint_eq(broker.given_back, 3);
    assert_status(WEIR_CLOSED, weir_queue_try_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, 0)); /* the others lie at the broker */
    for (size_t n = 1; n < 4; n++)
        broker.messages[n].state = SETTLED;
    assert_status(WEIR_DISCARDED, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    broker_close(&broker);
    ck_assert_uint_eq(drops.count, 3);
}
END_TEST

static void join_in_drop(void *item, void *status) {
    (void)item;
    *(weir_status *)status = weir_queue_join(queue);
}

/* The item that is being dropped has not ended: the join would wait for its own return. */
START_TEST (a_drop_function_cannot_wait_for_its_item) {
    weir_status status = WEIR_OK;
    const weir_queue_options options = {.drop = join_in_drop, .drop_arg = &status};
    queue = broker_open(&broker, 9, 8, false, &options);
    put_numbers(queue, 0, 2);
    deliver(2);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    assert_status(WEIR_DEADLOCK, status);
    broker_close(&broker);
}
END_TEST

START_TEST (a_destroy_gives_back_everything) {
    struct drops drops = {.count = 0};
    weir_queue_cursor cursor;
    void *item;
    const weir_queue_options options = {.drop = record_drop, .drop_arg = &drops};
    queue = broker_open(&broker, 99, 8, true, &options); /* the thread blocks at the window */
    cursor = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    put_numbers(queue, 0, 50);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    broker_close(&broker);
    ck_assert_uint_eq(broker.settled, 0);
    ck_assert_uint_eq(broker.given_back, drops.count + 2);
}
END_TEST

START_TEST (a_destroy_waits_for_no_operation) {
    struct gate gate = GATE;
    struct call call;
    open_by_hand(9, 8);
    broker.put_gate = &gate;
    call = (struct call){.queue = queue};
    call_start(&call, make_put);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&call));
    broker_close(&broker);
}
END_TEST

struct inside {
    weir_queue *queue;
    weir_status join, destroy;
    bool destroyed;
};

static weir_status put_from_inside(void *state, void *const *items, size_t count, size_t *put) {
    struct inside *inside = state;
    inside->join = weir_queue_join(inside->queue);
    inside->destroy = weir_queue_destroy(inside->queue);
    *put = 1;
    return count == 1 ? weir_queue_deliver(inside->queue, items[0], NULL, 0) : WEIR_INVALID;
}

static void note_destroy(void *state) {
    struct inside *inside = state;
    inside->destroyed = true;
}

START_TEST (an_operation_may_deliver_but_neither_join_nor_destroy) {
    struct inside inside = {.queue = NULL};
    const weir_queue_port port = {.put = put_from_inside, .destroy = note_destroy, .state = &inside};
    assert_status(WEIR_OK, weir_queue_create_port(&queue, &(weir_queue_options){.capacity = 1}, &port));
    inside.queue = queue;
    assert_status(WEIR_OK, weir_queue_put(queue, number(5)));
    assert_status(WEIR_DEADLOCK, inside.join);
    assert_status(WEIR_DEADLOCK, inside.destroy);
    ck_assert_ptr_eq(take(), number(5));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert(inside.destroyed);
}
END_TEST

/* ---- descriptors and selects ---- */

static bool is_readable(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

START_TEST (descriptors_tell_of_deliveries_and_of_room) {
    void *item;
    open_by_hand(1, 8);
    int gets = weir_queue_get_fd(queue), puts = weir_queue_put_fd(queue);
    ck_assert(gets >= 0 && puts >= 0);
    ck_assert(!is_readable(gets) && is_readable(puts));
    assert_status(WEIR_OK, weir_queue_try_put(queue, number(0)));
    ck_assert(is_readable(puts)); /* no put has found the broker full */
    assert_status(WEIR_FULL, weir_queue_try_put(queue, number(1)));
    ck_assert(!is_readable(puts));
    deliver(1);
    ck_assert(is_readable(gets));
    (void)take();
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    ck_assert(!is_readable(gets) && !is_readable(puts));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(is_readable(puts));
    assert_status(WEIR_FULL, weir_queue_try_put(queue, (broker.capacity = 0, number(1))));
    ck_assert(!is_readable(puts));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    ck_assert(is_readable(gets) && is_readable(puts));
    broker_close(&broker);
}
END_TEST

struct select_call {
    struct call call; /* must be first */
    weir_case one;
};

static void make_select(struct call *call) {
    struct select_call *select = (struct select_call *)call;
    size_t which;
    call->status = weir_select(&select->one, 1, WEIR_NEVER, &which);
}

START_TEST (a_select_waits_for_deliveries_and_for_room) {
    struct select_call select = {.one = {.kind = WEIR_CASE_GET}};
    open_by_hand(1, 8);
    select.one.queue = queue;
    call_start_asleep(&select.call, make_select);
    assert_status(WEIR_OK, weir_queue_put(queue, number(0)));
    deliver(1);
    assert_status(WEIR_OK, call_finish(&select.call));
    ck_assert_ptr_eq(select.one.item, number(0));
    select = (struct select_call){.one = {.kind = WEIR_CASE_PUT, .queue = queue, .item = number(1)}};
    call_start_asleep(&select.call, make_select);
    assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, call_finish(&select.call));
    assert_status(WEIR_OK, select.one.status);
    ck_assert_ptr_eq(broker.messages[1].item, number(1));
    broker_close(&broker);
}
END_TEST

/* ---- workers ---- */

static void *check_and_count(void *item, void *count) {
    ck_assert_int_eq(weir_queue_task_done(queue), WEIR_INVALID); /* its own item is the worker's to settle */
    atomic_fetch_add((atomic_uint *)count, 1);
    return item;
}

START_TEST (a_group_settles_each_item_once) {
    atomic_uint count = 0;
    weir_threads *threads;
    enum { ITEMS = 500 };
    open_delivering(50, 8);
    assert_status(WEIR_OK, weir_start_threads(&threads, 3, check_and_count, &count, queue, NULL));
    put_numbers(queue, 0, ITEMS);
    assert_status(WEIR_OK, weir_queue_join(queue));
    ck_assert_uint_eq(count, ITEMS);
    assert_status(WEIR_OK, weir_stop_threads(queue, threads));
    ck_assert_uint_eq(broker_settled(&broker), ITEMS);
    broker_close(&broker);
    ck_assert_uint_eq(broker.given_back, 0);
}
END_TEST

START_TEST (a_stopped_group_leaves_what_it_has_not_begun) {
    struct gate gate = GATE;
    weir_threads *threads;
    struct call stop;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 5);
    deliver(5);
    assert_status(WEIR_OK, weir_start_threads(&threads, 2, hand_back_at_gate, &gate, queue, NULL));
    gate_wait_for(&gate, 2);
    stop = (struct call){.queue = queue, .threads = threads};
    call_start_asleep(&stop, make_stop);
    gate_open(&gate);
    assert_status(WEIR_UNFINISHED, call_finish(&stop));
    ck_assert_uint_eq(broker.settled, 2);
    ck_assert_ptr_eq(take(), number(2));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    broker_close(&broker);
    ck_assert_uint_eq(broker.given_back, 2);
}
END_TEST

START_TEST (a_sentinel_ends_one_worker) {
    weir_worker *worker;
    atomic_uint count = 0;
    const weir_worker_options options = {.func = check_and_count, .arg = &count};
    open_delivering(9, 2);
    assert_status(WEIR_OK, weir_worker_start(&worker, &options, queue, NULL));
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_worker_join(worker));
    ck_assert_uint_eq(count, 3);
    assert_status(WEIR_OK, weir_queue_join(queue));
    ck_assert_uint_eq(broker_settled(&broker), 4);
    broker_close(&broker);
}
END_TEST

START_TEST (a_group_loses_what_its_out_refuses) {
    struct drops drops = {.count = 0};
    struct gate gate = GATE;
    weir_threads *threads;
    const weir_queue_options options = {.drop = record_drop, .drop_arg = &drops};
    weir_queue *in = new_queue(4);
    queue = broker_open(&broker, 9, 8, false, &options);
    put_numbers(in, 0, 4);
    broker_refuse(&broker, WEIR_FAILED);
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, hand_back_at_gate, &gate, in, queue));
    gate_open(&gate);
    assert_status(WEIR_OK, weir_queue_join(in));
    assert_status(WEIR_FAILED, weir_stop_threads(in, threads));
    ck_assert_uint_eq(drops.count, 4);
    broker_close(&broker);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static void *return_or_end(void *item, void *inside) {
    if (number_of(item) == 0 && weir_queue_item_return(queue, item) == WEIR_OK)
        return NULL;
    (void)inside;
    pthread_exit(NULL);
}

START_TEST (a_worker_returns_what_it_has_not_done) {
    weir_threads *threads;
    open_by_hand(9, 8);
    put_numbers(queue, 0, 2);
    deliver(2);
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, return_or_end, NULL, queue, NULL));
    while (broker_given_back(&broker) < 2)
        let_them_err();
    ck_assert_int_ne(weir_stop_threads(queue, threads), WEIR_INVALID);
    ck_assert_uint_eq(broker_settled(&broker), 0);
    broker_close(&broker);
    ck_assert_uint_eq(broker.given_back, 2);
}
END_TEST

START_TEST (a_worker_returns_what_its_out_refuses) {
    struct gate gate = GATE;
    weir_threads *threads;
    const weir_queue_port refusing = {.window = 1};
    weir_queue *out;
    assert_status(WEIR_OK, weir_queue_create_port(&out, &(weir_queue_options){.capacity = 1}, &refusing));
    open_by_hand(9, 8);
    put_numbers(queue, 0, 1);
    deliver(1);
    gate_open(&gate);
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, hand_back_at_gate, &gate, queue, out));
    while (broker_given_back(&broker) + broker_settled(&broker) == 0)
        let_them_err();
    assert_status(WEIR_INVALID, weir_stop_threads(queue, threads)); /* the status of the put */
    ck_assert_uint_eq(broker_settled(&broker), 0);
    broker_close(&broker);
    ck_assert_uint_eq(broker.given_back, 1);
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

/* ---- stages ---- */

static const weir_stage_options passes = {
    .name = "pass", .work = {.run = run_pass_on}, .threads = {.count = 2}, .input = {.drop = thing_drop}};

static weir_pipeline *new_passing(size_t things, bool plain) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.name = plain ? "plain" : "envelopes"});
    weir_stage_options options = passes;
    options.output.results = queue;
    if (!plain)
        options.errors.retry.attempts = 2;
    (void)add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, things);
    return pipeline;
}

static const weir_queue_options drops_things = {.drop = thing_drop};

START_TEST (a_stage_puts_its_results_to_the_port) {
    queue = broker_open(&broker, 200, 8, false, &drops_things);
    weir_pipeline *pipeline = new_passing(100, _i);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(broker.put, 100);
    for (size_t i = 0; i < 100; i++)
        thing_consume(broker.messages[i].item);
    assert_things_ended();
    assert_status(WEIR_CLOSED, weir_queue_put(queue, NULL)); /* its last feeder has ended it */
    broker_close(&broker);
}
END_TEST

START_TEST (a_stage_fails_what_the_port_refuses) {
    struct gate gate = GATE;
    queue = broker_open(&broker, 200, 8, false, &drops_things);
    broker.put_gate = &gate; /* the first error ends the run, and the pipeline would refuse what is put then */
    broker_refuse(&broker, WEIR_TIMEDOUT + 100);
    weir_pipeline *pipeline = new_passing(5, _i);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_ge(report->error_count, 1); /* several threads may have put before the run has failed */
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_TIMEDOUT + 100));
    ck_assert_str_eq(report->errors[0].message, "unknown status");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    broker_close(&broker);
}
END_TEST

static int fail_each(weir_task *task, void *thing, void *unused) {
    (void)thing;
    (void)unused;
    return weir_task_fail(task, 7, "no good");
}

START_TEST (an_item_whose_letter_the_port_refuses_has_failed) {
    const weir_queue_options drops_letters = {.drop = NULL};
    weir_stage_options options = {.name = "s", .work.run = fail_each, .input.drop = thing_drop};
    queue = broker_open(&broker, 200, 8, false, &drops_letters);
    broker_refuse(&broker, WEIR_TIMEDOUT + 100);
    weir_pipeline *pipeline = new_pipeline(NULL);
    options.errors.dead = queue;
    options.errors.on_error = WEIR_SKIP;
    (void)add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, 0);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_int_eq(report->errors[report->kept_errors - 1].code, WEIR_CODE(WEIR_TIMEDOUT + 100));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    broker_close(&broker);
}
END_TEST

START_TEST (a_cancel_ends_the_wait_for_room) {
    queue = broker_open(&broker, 1, 8, false, &drops_things);
    weir_pipeline *pipeline = new_passing(5, _i);
    while (weir_queue_size(queue) == 0)
        let_them_err();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(broker.put, 1);
    thing_consume(broker.messages[0].item);
    assert_things_ended();
    broker_close(&broker);
}
END_TEST

/* ---- memory ---- */

START_TEST (each_allocation_may_fail) {
    const weir_queue_port port = {.window = 4};
    const weir_queue_options options = {.capacity = 4, .name = "short of memory"};
    weir_status status = WEIR_NOMEM;
    size_t failed = 0;
    ledger_reset();
    while (status == WEIR_NOMEM) {
        ck_assert_uint_eq(ledger_pieces(), 0);
        ledger_fail(++failed, false);
        status = weir_queue_create_port(&queue, &options, &port);
    }
    assert_status(WEIR_OK, status);
    ck_assert_uint_ge(failed, 5); /* the port, the queue, its name and its segment */
    ledger_fail(1, true);
    assert_status(WEIR_NOMEM, weir_queue_deliver(queue, number(0), NULL, WEIR_NEVER));
    assert_status(WEIR_NOMEM, weir_queue_deliver_close(queue, NULL));
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_queue_deliver(queue, number(0), NULL, WEIR_NEVER));
    ledger_fail(1, true);
    (void)take();
    assert_status(WEIR_OK, weir_queue_task_done(queue)); /* needs no memory */
    assert_status(WEIR_OK, weir_queue_join(queue));
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- threads beside each other ---- */

enum { EACH = 1500, PRODUCERS = 2, CONSUMERS = 2 };

static atomic_uint seen[PRODUCERS * EACH];
static atomic_uint ended;

static void make_producer(struct call *call) {
    for (size_t i = 0; i < EACH && call->status == WEIR_OK; i++)
        call->status = weir_queue_put(queue, number(call->count * EACH + i));
}

/* Returns some items, which come again. The sentinel ends it. */
static void make_consumer(struct call *call) {
    unsigned random = (unsigned)call->count;
    void *item;
    while ((call->status = weir_queue_get(queue, &item)) == WEIR_OK) {
        random = random * 1103515245 + 12345;
        if (random / 65536 % 8 == 0) {
            call->moved += weir_queue_item_return(queue, item) != WEIR_OK;
            continue;
        }
        atomic_fetch_add(&seen[number_of(item)], 1);
        call->moved += weir_queue_item_done(queue, item) != WEIR_OK;
    }
    atomic_fetch_add(&ended, 1);
}

static void *see(void *item, void *unused) {
    (void)unused;
    atomic_fetch_add(&seen[number_of(item)], 1);
    return NULL;
}

START_TEST (threads_beside_each_other_lose_nothing) {
    struct call producers[PRODUCERS], consumers[CONSUMERS];
    weir_threads *threads;
    unsigned seed = (unsigned)(_i + 1);
    printf("seed %u\n", seed);
    open_delivering(16, 8);
    for (size_t i = 0; i < PRODUCERS * EACH; i++)
        seen[i] = 0;
    ended = 0;
    assert_status(WEIR_OK, weir_start_threads(&threads, 2, see, NULL, queue, NULL));
    for (size_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct call){.count = i};
        call_start(&producers[i], make_producer);
    }
    for (size_t i = 0; i < CONSUMERS; i++) {
        consumers[i] = (struct call){.count = seed * CONSUMERS + i};
        call_start(&consumers[i], make_consumer);
    }
    for (size_t i = 0; i < PRODUCERS; i++)
        assert_status(WEIR_OK, call_finish(&producers[i]));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_stop_threads(queue, threads));
    for (size_t i = 0; i < CONSUMERS; i++)
        assert_status(WEIR_OK, weir_queue_close(queue));
    for (size_t i = 0; i < CONSUMERS; i++) {
        assert_status(WEIR_CLOSED, call_finish(&consumers[i]));
        ck_assert_uint_eq(consumers[i].moved, 0);
    }
    assert_status(WEIR_OK, weir_queue_join(queue));
    for (size_t i = 0; i < PRODUCERS * EACH; i++)
        ck_assert_uint_eq(seen[i], 1);
    broker_close(&broker);
}
END_TEST

/* No lock is held while a port is asked: the monitor of the crew goes on, and other calls that sleep give their seats up. */
START_TEST (a_put_that_blocks_in_the_port_holds_no_other_stage_up) {
    struct gate put_gate = GATE, gate = GATE;
    const size_t many = (size_t)sysconf(_SC_NPROCESSORS_ONLN) + 2;
    open_by_hand(100, 10);
    broker.put_gate = &put_gate;
    weir_pipeline *to_port = new_pipeline(NULL), *other = new_pipeline(NULL);
    add_stage(to_port, (weir_stage_options){
                           .name = "puts", .work.func = hand_back, .threads.width = 1, .output.results = queue});
    add_stage(other, (weir_stage_options){
                         .name = "sleeps", .work.func = hand_back_at_gate, .work.arg = &gate, .threads.width = many});
    start_pipeline(to_port);
    start_pipeline(other);
    for (size_t i = 0; i < 3; i++)
        assert_status(WEIR_OK, weir_pipeline_put(to_port, number(i)));
    gate_wait_for(&put_gate, 1);
    for (size_t i = 0; i < many; i++)
        assert_status(WEIR_OK, weir_pipeline_put(other, NULL));
    gate_wait_for(&gate, many);
    gate_open(&gate);
    gate_open(&put_gate);
    finish_and_destroy(other, WEIR_OK);
    finish_and_destroy(to_port, WEIR_OK);
    ck_assert_uint_eq(broker.put, 3);
    broker_close(&broker);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("queue_port");
    TCase *tests = add_case(suite, "calls");
    tcase_add_test(tests, creation_refuses_what_is_never_valid);
    tcase_add_test(tests, an_empty_port_refuses_puts_and_delivers);
    tcase_add_test(tests, calls_of_a_port_need_one);
    tcase_add_test(tests, puts_of_all_forms_reach_the_port_in_order);
    tcase_add_test(tests, a_status_of_the_port_is_the_status_of_the_put);
    tcase_add_test(tests, blocked_puts_wake_with_room_and_with_the_end);
    tcase_add_test(tests, each_producer_finds_the_room_of_one_change);
    tcase_add_test(tests, gets_of_all_forms_take_what_was_delivered);
    tcase_add_test(tests, a_blocked_get_wakes_with_a_delivery);
    tcase_add_test(tests, a_full_window_blocks_deliveries);
    tcase_add_test(tests, a_task_done_settles_what_its_thread_took_longest_ago);
    tcase_add_test(tests, items_are_settled_or_returned_by_their_addresses);
    tcase_add_test(tests, an_address_means_the_own_item_first);
    tcase_add_test(tests, a_cursor_may_return_its_item);
    tcase_add_test(tests, items_count_as_unfinished_while_they_are_settled);
    tcase_add_test(tests, cursors_settle_their_own_items);
    tcase_add_test(tests, a_join_waits_for_late_settles);
    tcase_add_test(tests, a_join_waits_for_what_lies_at_the_broker);
    tcase_add_test(tests, a_drain_leaves_the_delivered_items);
    tcase_add_test(tests, a_discard_drops_and_gives_back);
    tcase_add_test(tests, a_drop_function_cannot_wait_for_its_item);
    tcase_add_test(tests, a_destroy_gives_back_everything);
    tcase_add_test(tests, a_destroy_waits_for_no_operation);
    tcase_add_test(tests, an_operation_may_deliver_but_neither_join_nor_destroy);
    tcase_add_test(tests, descriptors_tell_of_deliveries_and_of_room);
    tcase_add_test(tests, a_select_waits_for_deliveries_and_for_room);
    tcase_add_test(tests, each_allocation_may_fail);
    TCase *workers = add_case(suite, "workers");
    tcase_add_test(workers, a_group_settles_each_item_once);
    tcase_add_test(workers, a_stopped_group_leaves_what_it_has_not_begun);
    tcase_add_test(workers, a_sentinel_ends_one_worker);
    tcase_add_test(workers, a_worker_returns_what_it_has_not_done);
    tcase_add_test(workers, a_worker_returns_what_its_out_refuses);
    tcase_add_test(workers, a_group_loses_what_its_out_refuses);
    tcase_add_loop_test(workers, threads_beside_each_other_lose_nothing, 0, 3);
    TCase *stages = add_things_case(suite, "stages");
    tcase_add_loop_test(stages, a_stage_puts_its_results_to_the_port, 0, 2);
    tcase_add_loop_test(stages, a_stage_fails_what_the_port_refuses, 0, 2);
    tcase_add_test(stages, an_item_whose_letter_the_port_refuses_has_failed);
    tcase_add_test(stages, a_put_that_blocks_in_the_port_holds_no_other_stage_up);
    tcase_add_loop_test(stages, a_cancel_ends_the_wait_for_room, 0, 2);
    return run_suite(suite);
}
