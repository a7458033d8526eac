/*
 * test_deadline.c - deadlines: absolute times of the monotonic clock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

START_TEST (after_nothing_is_now) {
    weir_deadline before = now();
    weir_deadline deadline = weir_deadline_after(0);
    weir_deadline after = now();
    ck_assert_uint_ge(deadline, before);
    ck_assert_uint_le(deadline, after);
}
END_TEST

START_TEST (after_counts_from_now) {
    static const uint64_t spans[] = {1, 1000, MILLISECONDS, 3600 * SECONDS, 100 * 365 * (86400 * SECONDS)};
    for (size_t i = 0; i < COUNT_OF(spans); i++) {
        weir_deadline before = now();
        weir_deadline deadline = weir_deadline_after(spans[i]);
        weir_deadline after = now();
        ck_assert_uint_ge(deadline, before + spans[i]);
        ck_assert_uint_le(deadline, after + spans[i]);
    }
}
END_TEST

START_TEST (what_cannot_be_counted_is_never) {
    ck_assert(weir_deadline_after(UINT64_MAX) == WEIR_NEVER);
    ck_assert(weir_deadline_after(UINT64_MAX - 1) == WEIR_NEVER);
    ck_assert(weir_deadline_after(WEIR_NEVER - now() + 1) == WEIR_NEVER); /* the clock never goes back */
}
END_TEST

START_TEST (what_can_just_be_counted_is_not_wrapped) {
    uint64_t span = WEIR_NEVER - now() - 10 * SECONDS;
    weir_deadline deadline = weir_deadline_after(span);
    ck_assert_uint_gt(deadline, span);
}
END_TEST

START_TEST (a_later_one_is_not_earlier) {
    weir_deadline last = 0;
    for (int i = 0; i < 100000; i++) {
        weir_deadline deadline = weir_deadline_after(5);
        ck_assert_uint_ge(deadline, last);
        last = deadline;
    }
}
END_TEST

START_TEST (never_is_the_largest_value) {
    ck_assert(WEIR_NEVER == UINT64_MAX);
    ck_assert_uint_eq(sizeof(weir_deadline), sizeof(uint64_t));
}
END_TEST

static Suite *deadline_suite(void) {
    Suite *suite = suite_create("deadline");
    TCase *after = add_case(suite, "after");
    tcase_add_test(after, after_nothing_is_now);
    tcase_add_test(after, after_counts_from_now);
    tcase_add_test(after, what_cannot_be_counted_is_never);
    tcase_add_test(after, what_can_just_be_counted_is_not_wrapped);
    tcase_add_test(after, a_later_one_is_not_earlier);
    tcase_add_test(after, never_is_the_largest_value);
    return suite;
}

int main(void) {
    return run_suite(deadline_suite());
}
