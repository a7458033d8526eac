/*
 * test_flow.c - the mechanisms of lib/item and lib/flow by themselves, without a stage or a pipeline.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "support.h"

#include "flow/batch.h"
#include "flow/keyed.h"
#include "flow/reorder.h"

enum { MOST = 400 };

static weir__flight flight;

static void begin(void) {
    memset(&flight, 0, sizeof flight);
}

/* All cells must be back in the pool. */
static void end(void) {
    weir__pool_empty(&flight.pool);
    ck_assert_ptr_null(flight.pool.usable);
}

static weir__envelope *envelope_at(uint64_t position) {
    weir__envelope *envelope = weir__envelope_new(&flight, NULL, NULL);
    ck_assert_ptr_nonnull(envelope);
    envelope->position = position;
    return envelope;
}

static void free_list(weir__list list) {
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&list)) != NULL)
        weir__envelope_free(&flight, NULL, envelope);
}

static size_t count_of(weir__list list) {
    size_t count = 0;
    for (const weir__envelope *at = list.first; at != NULL; at = at->next)
        count++;
    return count;
}

/* ---- the reorder buffer ---- */

/* Takes what leaves, and checks that it leaves in order. */
static uint64_t release(weir__reorder *reorder, weir__envelope **run, size_t count, uint64_t next) {
    for (; count > 0; count = weir__reorder_take(reorder, run, 3)) {
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_eq(run[i]->position, next++);
            weir__envelope_free(&flight, NULL, run[i]);
        }
    }
    return next;
}

/* The steps are prime to the number of positions; great ones reach beyond the window. */
START_TEST (envelopes_leave_in_order_however_they_come) {
    static const uint64_t steps[] = {1, 3, 7, 149, 399};
    weir__reorder reorder = {.size = 0};
    weir__envelope *run[3];
    uint64_t next = 0;
    bool closed;
    begin();
    ck_assert(weir__reorder_prepare(&reorder, 10));
    ck_assert_uint_lt(reorder.size, MOST);
    for (uint64_t i = 0; i < MOST; i++) {
        weir__envelope *envelope = envelope_at(i * steps[_i] % MOST);
        next = release(&reorder, run, weir__reorder_add(&reorder, envelope, run, 3, &closed), next);
        ck_assert(!closed);
    }
    ck_assert_uint_eq(next, MOST);
    ck_assert_ptr_null(weir__reorder_close(&reorder).first);
    weir__reorder_free(&reorder);
    end();
}
END_TEST

START_TEST (a_closed_reorder_buffer_returns_what_waits_and_adds_what_has_its_turn) {
    static const uint64_t waiting[] = {1, 5, 63, 64, 1000};
    weir__reorder reorder = {.size = 0};
    weir__envelope *run[3];
    bool closed;
    begin();
    ck_assert(weir__reorder_prepare(&reorder, 1));
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++)
        ck_assert_uint_eq(weir__reorder_add(&reorder, envelope_at(waiting[i]), run, 3, &closed), 0);
    weir__list all = weir__reorder_close(&reorder);
    ck_assert_uint_eq(count_of(all), sizeof waiting / sizeof waiting[0]);
    free_list(all);
    weir__envelope *late = envelope_at(3), *first = envelope_at(0), *second = envelope_at(1);
    ck_assert_uint_eq(weir__reorder_add(&reorder, late, run, 3, &closed), 0);
    ck_assert(closed);
    ck_assert_uint_eq(weir__reorder_add(&reorder, first, run, 3, &closed), 1);
    ck_assert(!closed);
    ck_assert_ptr_eq(run[0], first);
    ck_assert_uint_eq(weir__reorder_add(&reorder, second, run, 3, &closed), 0); /* the first one is being released */
    ck_assert(!closed);
    ck_assert(!weir__reorder_begin(&reorder, 2));
    ck_assert_ptr_null(weir__reorder_close(&reorder).first);
    ck_assert_uint_eq(weir__reorder_take(&reorder, run, 3), 1);
    ck_assert_ptr_eq(run[0], second);
    ck_assert_uint_eq(weir__reorder_take(&reorder, run, 3), 0);
    ck_assert(!weir__reorder_begin(&reorder, 3));
    ck_assert(weir__reorder_begin(&reorder, 2));
    ck_assert_uint_eq(weir__reorder_take(&reorder, run, 3), 0);
    weir__envelope_free(&flight, NULL, first);
    weir__envelope_free(&flight, NULL, second);
    weir__envelope_free(&flight, NULL, late);
    weir__reorder_free(&reorder);
    end();
}
END_TEST

/* ---- batches ---- */

static weir__envelope *completed;

static void complete(weir__envelope *batch) {
    completed = batch;
}

static void free_batch(weir__envelope *batch) {
    free_list(batch->list);
    weir__envelope_free(&flight, NULL, batch);
}

static weir_queue *input;

static weir__batch batch_of(size_t items, uint64_t bytes) {
    static weir__timers timers;
    weir__batch batch = {.items = 0};
    weir__batch_prepare(&batch, input, &(weir__batch_limits){.items = items, .bytes = bytes}, &timers, complete);
    return batch;
}

START_TEST (a_batch_is_complete_with_its_items_or_its_bytes) {
    begin();
    weir__batch batch = batch_of(3, 100);
    ck_assert_ptr_null(weir__batch_add(&batch, envelope_at(0), 1));
    ck_assert_ptr_null(weir__batch_add(&batch, envelope_at(1), 1));
    weir__envelope *by_items = weir__batch_add(&batch, envelope_at(2), 1);
    ck_assert_uint_eq(weir__batch_count(by_items), 3);
    ck_assert_int_eq(by_items->reason, WEIR__BATCH_ITEMS);
    ck_assert_ptr_null(weir__batch_add(&batch, envelope_at(3), 99));
    weir__envelope *by_bytes = weir__batch_add(&batch, envelope_at(4), UINT64_MAX);
    ck_assert_uint_eq(weir__batch_count(by_bytes), 2);
    ck_assert_int_eq(by_bytes->reason, WEIR__BATCH_BYTES);
    free_batch(by_items);
    free_batch(by_bytes);
    end();
}
END_TEST

START_TEST (the_last_batch_is_complete_when_all_have_come) {
    begin();
    input = new_queue(4);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(weir_queue_put(input, &flight), WEIR_OK);
    weir__batch batch = batch_of(10, 0);
    ck_assert_ptr_null(weir__batch_add(&batch, envelope_at(0), 0));
    completed = NULL;
    weir__batch_end(&batch);
    ck_assert_ptr_null(completed); /* one is still to come */
    weir__envelope *last = weir__batch_add(&batch, envelope_at(1), 0);
    ck_assert_int_eq(last->reason, WEIR__BATCH_END);
    ck_assert_uint_eq(weir__batch_count(last), 2);
    free_batch(last);
    weir__batch other = batch_of(10, 0);
    ck_assert_ptr_null(weir__batch_add(&other, envelope_at(2), 0));
    ck_assert_ptr_null(weir__batch_add(&other, envelope_at(3), 0));
    weir__batch_end(&other);
    ck_assert_int_eq(completed->reason, WEIR__BATCH_END);
    free_batch(completed);
    ck_assert_int_eq(weir_queue_destroy(input), WEIR_OK);
    input = NULL;
    end();
}
END_TEST

START_TEST (a_closed_batch_returns_what_it_has_and_gathers_nothing) {
    begin();
    weir__batch batch = batch_of(10, 0);
    ck_assert_ptr_null(weir__batch_add(&batch, envelope_at(0), 0));
    weir__envelope *partial = weir__batch_close(&batch), *late = envelope_at(1);
    ck_assert_uint_eq(weir__batch_count(partial), 1);
    ck_assert_ptr_eq(weir__batch_add(&batch, late, 0), late);
    ck_assert_int_eq(late->reason, WEIR__BATCH_PARTIAL);
    ck_assert_ptr_null(weir__batch_close(&batch));
    free_batch(partial);
    free_batch(late);
    end();
}
END_TEST

/* ---- keys ---- */

static weir__list enter(weir__keyed *keyed, weir__envelope *envelope, uint64_t key) {
    weir__key *entry = weir__keyed_new_key(&flight, NULL, key);
    ck_assert_ptr_nonnull(entry);
    return weir__keyed_enter(keyed, &flight, NULL, envelope, entry);
}

static weir__envelope *leave(weir__keyed *keyed, weir__envelope *envelope) {
    void *key = envelope->key;
    weir__envelope_free(&flight, NULL, envelope);
    return weir__keyed_leave(keyed, &flight, NULL, key);
}

START_TEST (two_items_of_a_key_run_and_the_third_waits_for_one_of_them) {
    weir__keyed keyed = {.limit = 2};
    weir__envelope *items[4];
    begin();
    for (uint64_t i = 0; i < 4; i++)
        items[i] = envelope_at(i);
    ck_assert_ptr_eq(enter(&keyed, items[0], 7).first, items[0]);
    ck_assert_ptr_eq(enter(&keyed, items[1], 7).first, items[1]);
    ck_assert_ptr_null(enter(&keyed, items[2], 7).first);
    ck_assert_ptr_eq(enter(&keyed, items[3], 8).first, items[3]); /* another key */
    ck_assert_ptr_eq(leave(&keyed, items[0]), items[2]);
    ck_assert_ptr_null(leave(&keyed, items[1]));
    ck_assert_ptr_null(leave(&keyed, items[2]));
    ck_assert_ptr_null(leave(&keyed, items[3]));
    ck_assert_ptr_null(keyed.entries.root);
    end();
}
END_TEST

START_TEST (with_a_limit_of_one_an_early_item_waits_for_those_before_it) {
    weir__keyed keyed = {.limit = 1};
    begin();
    weir__envelope *first = envelope_at(0), *early = envelope_at(1), *without = envelope_at(2);
    ck_assert_ptr_null(enter(&keyed, early, 1).first);
    ck_assert_ptr_null(weir__keyed_enter(&keyed, &flight, NULL, without, NULL).first);
    weir__list ready = enter(&keyed, first, 2);
    ck_assert_ptr_eq(weir__list_take(&ready), first);
    ck_assert_ptr_eq(weir__list_take(&ready), early);
    ck_assert_ptr_eq(weir__list_take(&ready), without); /* passes at its turn, and has not entered */
    ck_assert(early->entered && !without->entered);
    ck_assert_ptr_null(leave(&keyed, first));
    ck_assert_ptr_null(leave(&keyed, early));
    weir__envelope_free(&flight, NULL, without);
    end();
}
END_TEST

START_TEST (closed_keys_return_what_waits_and_let_everything_run) {
    weir__keyed keyed = {.limit = 1};
    begin();
    weir__envelope *first = envelope_at(0), *late = envelope_at(4);
    ck_assert_ptr_eq(enter(&keyed, first, 1).first, first);
    ck_assert_ptr_null(enter(&keyed, envelope_at(1), 1).first); /* waits for its key */
    ck_assert_ptr_null(enter(&keyed, envelope_at(3), 2).first); /* early */
    weir__list all = weir__keyed_close(&keyed, &flight);
    ck_assert_uint_eq(count_of(all), 2);
    free_list(all);
    ck_assert_ptr_eq(enter(&keyed, late, 1).first, late);
    weir__envelope_free(&flight, NULL, first);
    weir__envelope_free(&flight, NULL, late);
    weir__keyed_free(&keyed, &flight);
    end();
}
END_TEST

static weir__list again; /* items that were requeued after a rest */

static void requeue(weir__envelope *item) {
    weir__list_append(&again, item);
}

/* Ends the rest of the only entry: rings its timer, even if its time has not come. Returns that time. */
static uint64_t ring(weir__timers *timers) {
    ck_assert_ptr_nonnull(timers->set.root);
    weir__timer *timer = (weir__timer *)weir__heap_pop(&timers->set);
    uint64_t due = timer->node.rank;
    timer->ring(timer);
    return due;
}

/* Returns a time after which the clock has gone on by `least`. */
static uint64_t let_pass(uint64_t least) {
    uint64_t before = weir__clock_now();
    while (weir__clock_now() - before <= least)
        continue;
    return before;
}

/* The timers have no thread: they ring by hand. No call is as late as the interval. */
START_TEST (a_late_call_does_not_delay_the_items_of_its_key_behind_it) {
    const uint64_t interval = 3600 * WEIR_SECOND;
    weir__keyed keyed = {.limit = 8};
    weir__timers timers = {.started = false};
    weir__envelope *items[3];
    begin();
    weir__keyed_prepare(&keyed, 8, interval, &flight, &timers, requeue);
    for (uint64_t i = 0; i < 3; i++)
        items[i] = envelope_at(i);
    uint64_t before = weir__clock_now();
    ck_assert_ptr_eq(enter(&keyed, items[0], 7).first, items[0]);
    uint64_t after = let_pass(WEIR_MILLISECOND); /* the call begins late */
    weir__keyed_begin(&keyed, items[0]->key);
    ck_assert_ptr_null(enter(&keyed, items[1], 7).first);
    ck_assert_ptr_null(enter(&keyed, items[2], 7).first);
    uint64_t second = ring(&timers);
    ck_assert_uint_ge(second, before + interval);
    ck_assert_uint_le(second, after + interval);
    ck_assert_ptr_eq(weir__list_take(&again), items[1]);
    weir__keyed_begin(&keyed, items[1]->key);
    uint64_t third = ring(&timers);
    ck_assert_uint_eq(third, second + interval);
    ck_assert_ptr_eq(weir__list_take(&again), items[2]);
    weir__keyed_begin(&keyed, items[2]->key);
    (void)ring(&timers);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(leave(&keyed, items[i]));
    ck_assert_ptr_null(keyed.entries.root);
    end();
}
END_TEST

/* Two items may begin one right after the other, but what was lost before is not made up for. */
START_TEST (a_call_later_than_an_interval_lets_the_next_item_begin_at_once) {
    weir__keyed keyed = {.limit = 8};
    weir__timers timers = {.started = false};
    weir__envelope *late, *next;
    begin();
    weir__keyed_prepare(&keyed, 8, 1, &flight, &timers, requeue);
    late = envelope_at(0);
    next = envelope_at(1);
    ck_assert_ptr_eq(enter(&keyed, late, 7).first, late);
    (void)let_pass(WEIR_MILLISECOND);
    uint64_t before = weir__clock_now();
    weir__keyed_begin(&keyed, late->key);
    uint64_t after = weir__clock_now();
    ck_assert_ptr_null(enter(&keyed, next, 7).first);
    uint64_t due = ring(&timers);
    ck_assert_uint_ge(due, before);
    ck_assert_uint_le(due, after);
    ck_assert_ptr_eq(weir__list_take(&again), next);
    ck_assert_ptr_null(leave(&keyed, late));
    ck_assert_ptr_null(leave(&keyed, next));
    weir__keyed_free(&keyed, &flight);
    end();
}
END_TEST

/* Closed timers ring no more: the rest ends when the call begins, and the next item does not wait for ever. */
START_TEST (after_the_close_of_the_timers_a_key_does_not_rest) {
    weir__keyed keyed = {.limit = 8};
    weir__timers timers = {.started = false};
    begin();
    weir__keyed_prepare(&keyed, 8, 3600 * WEIR_SECOND, &flight, &timers, requeue);
    weir__envelope *first = envelope_at(0), *next = envelope_at(1), *last = envelope_at(2);
    ck_assert_ptr_eq(enter(&keyed, first, 7).first, first);
    ck_assert_ptr_null(enter(&keyed, next, 7).first);
    weir__timers_close(&timers);
    weir__keyed_begin(&keyed, first->key);
    ck_assert_ptr_eq(weir__list_take(&again), next);
    weir__keyed_begin(&keyed, next->key);
    ck_assert_ptr_null(timers.set.root);
    ck_assert_ptr_null(weir__list_take(&again));
    ck_assert_ptr_eq(enter(&keyed, last, 7).first, last);
    weir__keyed_begin(&keyed, last->key);
    ck_assert_ptr_null(leave(&keyed, first));
    ck_assert_ptr_null(leave(&keyed, next));
    ck_assert_ptr_null(leave(&keyed, last));
    ck_assert_ptr_null(keyed.entries.root);
    end();
}
END_TEST

/* ---- pieces ---- */

static uint64_t roots(weir__verdict verdict) {
    return weir__u64_load_relaxed(&flight.roots[verdict]);
}

START_TEST (a_root_ends_with_its_last_piece_and_the_worst_verdict) {
    begin();
    weir__pieces *pieces = weir__pieces_new(&flight, NULL, 5);
    weir__pieces_add(pieces);
    weir__pieces_add(pieces);
    weir__pieces_end(&flight, NULL, pieces, WEIR__DEAD);
    weir__pieces_end(&flight, NULL, pieces, WEIR__DONE);
    ck_assert_uint_eq(roots(WEIR__DEAD), 0);
    weir__pieces_end(&flight, NULL, pieces, WEIR__DROPPED);
    ck_assert_uint_eq(roots(WEIR__DEAD), 1);
    ck_assert_uint_eq(roots(WEIR__DONE) + roots(WEIR__DROPPED) + roots(WEIR__FAILED), 0);
    end();
}
END_TEST

START_TEST (the_roots_of_a_batch_end_with_its_results) {
    begin();
    weir__envelope *first = envelope_at(0), *second = envelope_at(1);
    weir__list_append(&first->list, second);
    weir__pieces *results = weir__envelope_combine(&flight, NULL, first);
    ck_assert_ptr_nonnull(results);
    weir__list rest = first->list;
    weir__envelope_end(&flight, NULL, first, WEIR__DONE);
    weir__envelope_end(&flight, NULL, weir__list_take(&rest), WEIR__FAILED);
    ck_assert_uint_eq(roots(WEIR__DONE) + roots(WEIR__FAILED), 0);
    weir__pieces_end(&flight, NULL, results, WEIR__DROPPED);
    ck_assert_uint_eq(roots(WEIR__DROPPED), 1);
    ck_assert_uint_eq(roots(WEIR__FAILED), 1);
    end();
}
END_TEST

/* ---- admission ---- */

START_TEST (a_heavy_item_is_admitted_alone) {
    weir__admission admission = {.limited = true, .max_items = 2, .max_bytes = 10};
    assert_status(WEIR_OK, weir__admission_enter(&admission, 6, true, 0));
    assert_status(WEIR_TIMEDOUT, weir__admission_enter(&admission, 5, true, 0));
    assert_status(WEIR_OK, weir__admission_enter(&admission, 4, false, 0));
    assert_status(WEIR_TIMEDOUT, weir__admission_enter(&admission, 0, false, 0)); /* two items */
    ck_assert_uint_eq(weir__admission_bytes(&admission), 10);
    weir__admission_leave(&admission, (weir__load){2, 10});
    assert_status(WEIR_OK, weir__admission_enter(&admission, 1000, true, 0));
    assert_status(WEIR_TIMEDOUT, weir__admission_enter(&admission, 0, true, now() + MILLISECONDS));
    weir__admission_close(&admission, false);
    assert_status(WEIR_CLOSED, weir__admission_enter(&admission, 0, true, 0));
    assert_status(WEIR_TIMEDOUT, weir__admission_enter(&admission, 0, false, 0));
    weir__admission_close(&admission, true);
    assert_status(WEIR_CLOSED, weir__admission_enter(&admission, 0, false, 0));
}
END_TEST

static Suite *flow_suite(void) {
    Suite *suite = suite_create("flow");
    TCase *order = add_case(suite, "reorder");
    tcase_add_loop_test(order, envelopes_leave_in_order_however_they_come, 0, 5);
    tcase_add_test(order, a_closed_reorder_buffer_returns_what_waits_and_adds_what_has_its_turn);
    TCase *batches = add_case(suite, "batch");
    tcase_add_test(batches, a_batch_is_complete_with_its_items_or_its_bytes);
    tcase_add_test(batches, the_last_batch_is_complete_when_all_have_come);
    tcase_add_test(batches, a_closed_batch_returns_what_it_has_and_gathers_nothing);
    TCase *keys = add_case(suite, "keyed");
    tcase_add_test(keys, two_items_of_a_key_run_and_the_third_waits_for_one_of_them);
    tcase_add_test(keys, with_a_limit_of_one_an_early_item_waits_for_those_before_it);
    tcase_add_test(keys, closed_keys_return_what_waits_and_let_everything_run);
    tcase_add_test(keys, a_late_call_does_not_delay_the_items_of_its_key_behind_it);
    tcase_add_test(keys, a_call_later_than_an_interval_lets_the_next_item_begin_at_once);
    tcase_add_test(keys, after_the_close_of_the_timers_a_key_does_not_rest);
    TCase *pieces = add_case(suite, "pieces");
    tcase_add_test(pieces, a_root_ends_with_its_last_piece_and_the_worst_verdict);
    tcase_add_test(pieces, the_roots_of_a_batch_end_with_its_results);
    TCase *admission = add_case(suite, "admission");
    tcase_add_test(admission, a_heavy_item_is_admitted_alone);
    return suite;
}

int main(void) {
    return run_suite(flow_suite());
}
