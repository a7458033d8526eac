/*
 * test_tell.c - what the library tells a race detector: each release and each acquire of its atomics.
 *
 * The program defines the calls of ThreadSanitizer, as its runtime does, and is linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <pthread.h>
#include <string.h>

#include "sync/atomic.h"
#include "sync/tell.h"

enum { MOST_TOLD = 8 };

static void *told[MOST_TOLD]; /* by the thread of the test alone */
static char kinds[MOST_TOLD + 1];
static size_t told_count;
static pthread_t listener;
static bool listens;

static void note(char kind, void *address) {
    if (!listens || !pthread_equal(pthread_self(), listener) || told_count == MOST_TOLD)
        return;
    told[told_count] = address;
    kinds[told_count++] = kind;
}

void __tsan_release(void *address);
void __tsan_release(void *address) {
    note('r', address);
}

void __tsan_acquire(void *address);
void __tsan_acquire(void *address) {
    note('a', address);
}

static void listen_again(void) {
    memset(told, 0, sizeof told);
    memset(kinds, 0, sizeof kinds);
    told_count = 0;
    listener = pthread_self();
    listens = true;
}

/* Otherwise the tool reports a race of each item that crosses a queue. */
START_TEST (a_release_and_an_acquire_are_told_with_their_address) {
    static weir__u32 word;
    listen_again();
    weir__u32_store_release(&word, 1);
    ck_assert_uint_eq(weir__u32_load_acquire(&word), 1);
    listens = false;
    ck_assert_str_eq(kinds, "ra");
    for (size_t i = 0; i < told_count; i++)
        ck_assert_ptr_eq(told[i], &word);
}
END_TEST

/* Told before the store and after the load: the other order would show a race where there is none. */
START_TEST (an_exchange_is_told_as_both) {
    static weir__u64 word;
    listen_again();
    (void)weir__u64_add_acquire_release(&word, 1);
    listens = false;
    ck_assert_str_eq(kinds, "ra");
    ck_assert_ptr_eq(told[0], &word);
    ck_assert_ptr_eq(told[1], &word);
}
END_TEST

START_TEST (what_orders_nothing_is_not_told) {
    static weir__u32 word;
    listen_again();
    weir__u32_store_relaxed(&word, 1);
    ck_assert_uint_eq(weir__u32_load_relaxed(&word), 1);
    listens = false;
    ck_assert_str_eq(kinds, "");
}
END_TEST

static Suite *tell_suite(void) {
    Suite *suite = suite_create("race detectors");
    TCase *calls = add_case(suite, "calls");
    tcase_add_test(calls, a_release_and_an_acquire_are_told_with_their_address);
    tcase_add_test(calls, an_exchange_is_told_as_both);
    tcase_add_test(calls, what_orders_nothing_is_not_told);
    return suite;
}

int main(void) {
    return run_suite(tell_suite());
}
