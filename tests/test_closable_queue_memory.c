/*
 * test_closable_queue_memory.c - the memory that a queue allocates and frees, and the two reserved addresses.
 *
 * Linked with the library's internals, ledger.c, and --wrap for aligned_alloc and free.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include "closable_queue/queue.h"
#include "ledger.h"

enum { MANY = 100000 };

START_TEST (memory_of_an_unbounded_queue_follows_its_content_up_and_down) {
    ledger_reset();
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    size_t empty = ledger_bytes();
    for (int round = 0; round < 3; round++) {
        put_numbers(queue, 0, MANY);
        size_t full = ledger_bytes();
        ck_assert_uint_ge(full, MANY * sizeof(void *));
        ck_assert_uint_le(full, MANY * sizeof(void *) * 11 / 10 + empty);
        take_numbers(queue, 0, MANY / 2);
        ck_assert_uint_le(ledger_bytes(), full / 2 + 3 * 4096);
        take_numbers(queue, MANY / 2, MANY);
        ck_assert_uint_le(ledger_bytes(), empty + 3 * 4096); /* one more segment: the spare */
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (an_unbounded_queue_that_stays_as_full_as_it_is_allocates_nothing) {
    ledger_reset();
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    size_t fill = (size_t)_i, out = 0;
    put_numbers(queue, 0, fill);
    for (size_t n = fill; n < fill + 3 * WEIR__SEGMENT_SLOTS; n++, out++) { /* creates the spare */
        put_numbers(queue, n, n + 1);
        take_numbers(queue, out, out + 1);
    }
    size_t calls = ledger_calls();
    for (size_t n = out + fill; n < MANY; n++, out++) {
        put_numbers(queue, n, n + 1);
        take_numbers(queue, out, out + 1);
    }
    ck_assert_uint_eq(ledger_calls(), calls);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (a_bounded_queue_allocates_when_it_is_created_and_never_again) {
    ledger_reset();
    weir_queue *queue = new_queue(1000);
    size_t calls = ledger_calls();
    ck_assert_uint_ge(ledger_bytes(), 1000 * sizeof(void *));
    ck_assert_uint_le(ledger_bytes(), 1000 * sizeof(void *) + 2048);
    for (size_t round = 0; round < 5; round++) {
        put_numbers(queue, 0, 1000);
        take_numbers(queue, 0, 1000);
    }
    put_numbers(queue, 0, 1000);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(ledger_calls(), calls);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (a_destroyed_queue_leaves_nothing_behind) {
    static const size_t capacities[] = {1, 777, WEIR_UNBOUNDED};
    static const size_t insides[] = {0, 1, 510, 511, 512, 1020, 5000};
    for (size_t i = 0; i < COUNT_OF(insides); i++) {
        struct drops drops = {0};
        const weir_queue_options options = {
            .capacity = capacities[_i], .name = "with a name", .drop = record_drop, .drop_arg = &drops};
        weir_queue *queue;
        size_t inside = insides[i] < capacities[_i] ? insides[i] : capacities[_i];
        ledger_reset();
        assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
        put_numbers(queue, 0, inside);
        for (size_t n = 0; n < inside / 3; n++)
            (void)take_number(queue);
        assert_status(WEIR_OK, weir_queue_destroy(queue));
        ck_assert_uint_eq(ledger_pieces(), 0);
        ck_assert_uint_eq(ledger_bytes(), 0);
        ck_assert_uint_eq(atomic_load(&drops.count), inside - inside / 3);
    }
}
END_TEST

START_TEST (discarding_gives_the_memory_back) {
    ledger_reset();
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    size_t empty = ledger_bytes();
    put_numbers(queue, 0, MANY);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_le(ledger_bytes(), empty + 3 * 4096);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- the reserved addresses EMPTY and SENTINEL ---- */

START_TEST (a_reserved_address_is_no_item) {
    void *const reserved[] = {WEIR__EMPTY, WEIR__SENTINEL};
    void *item = reserved[_i], *items[3] = {number(0), number(1), item};
    weir_queue *queue = new_queue(4);
    size_t put = 99;
    ck_assert_ptr_ne(WEIR__EMPTY, WEIR__SENTINEL);
    assert_status(WEIR_INVALID, weir_queue_put(queue, item));
    assert_status(WEIR_INVALID, weir_queue_try_put(queue, item));
    assert_status(WEIR_INVALID, weir_queue_put_until(queue, item, WEIR_NEVER));
    assert_status(WEIR_INVALID, weir_queue_put_many(queue, items, 3, &put));
    ck_assert_uint_eq(put, 0);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *memory_suite(void) {
    Suite *suite = suite_create("closable_queue: memory");
    TCase *memory = add_case(suite, "memory");
    tcase_add_test(memory, memory_of_an_unbounded_queue_follows_its_content_up_and_down);
    tcase_add_loop_test(memory, an_unbounded_queue_that_stays_as_full_as_it_is_allocates_nothing, 0, 3);
    tcase_add_test(memory, a_bounded_queue_allocates_when_it_is_created_and_never_again);
    tcase_add_loop_test(memory, a_destroyed_queue_leaves_nothing_behind, 0, 3);
    tcase_add_test(memory, discarding_gives_the_memory_back);
    TCase *reserved = add_case(suite, "reserved addresses");
    tcase_add_loop_test(reserved, a_reserved_address_is_no_item, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(memory_suite());
}
