/*
 * test_spin.c - what waiting awake learns (park/spin.h).
 *
 * Linked with the library's insides and with --wrap for the yield and the clocks: time moves only where a test says.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <limits.h>

#include "park/spin.h"

enum { MICROSECOND = 1000, MILLISECOND = 1000 * 1000 };

/* One thread only: plain variables. */
static uint64_t clock_now = UINT64_C(1) << 40, used;
static uint64_t yield_takes, yield_uses; /* ns on the two clocks */
static unsigned yields, looks, nothing_for;
static weir__sight then_see;
static weir__spin spin;

int __wrap_sched_yield(void);
uint64_t __wrap_weir__clock_now(void);
uint64_t __wrap_weir__clock_used(void);
unsigned __wrap_weir__processors(void);

int __wrap_sched_yield(void) {
    yields++;
    clock_now += yield_takes;
    used += yield_uses;
    return 0;
}

uint64_t __wrap_weir__clock_now(void) {
    return clock_now;
}

uint64_t __wrap_weir__clock_used(void) {
    return used;
}

unsigned __wrap_weir__processors(void) {
    return 2;
}

static weir__sight look(const void *unused) {
    (void)unused;
    return ++looks > nothing_for ? then_see : WEIR__SEE_NOTHING;
}

/* Ten seconds later: what was learnt about the processors is too old. */
static void reset(void) {
    spin = (weir__spin){0};
    clock_now += UINT64_C(10000) * MILLISECOND;
    yield_takes = MICROSECOND / 2;
    yield_uses = 0;
}

static bool wait_for(weir__sight sight, unsigned after_looks) {
    yields = looks = 0;
    then_see = sight;
    nothing_for = after_looks;
    return weir__spin_until(&spin, look, NULL);
}

static bool wait_in_vain(void) {
    return wait_for(WEIR__SEE_NOTHING, 0);
}

static uint32_t first(void) {
    return weir__u32_load_relaxed(&spin.first);
}

START_TEST (what_is_there_is_seen_at_the_first_look) {
    reset();
    ck_assert(wait_for(WEIR__SEE_ONE, 0));
    ck_assert_uint_eq(looks, 1);
    ck_assert_uint_eq(yields, 0);
}
END_TEST

START_TEST (a_streaming_partner_is_looked_at_later_and_an_answering_one_sooner) {
    reset();
    for (uint32_t i = 1; i <= 10; i++) {
        ck_assert(wait_for(WEIR__SEE_SEVERAL, 0));
        ck_assert_uint_eq(first(), i < 6 ? i : 6);
    }
    ck_assert(wait_for(WEIR__SEE_PLENTY, 0));
    ck_assert_uint_eq(first(), 5);
    for (uint32_t i = 5; i-- > 0;) {
        ck_assert(wait_for(WEIR__SEE_ONE, 0));
        ck_assert_uint_eq(first(), i);
    }
    ck_assert(wait_for(WEIR__SEE_ONE, 0));
    ck_assert_uint_eq(first(), 0);
}
END_TEST

START_TEST (pauses_in_vain_become_fewer_and_an_early_partner_makes_them_more) {
    reset();
    unsigned before = UINT_MAX;
    for (int i = 0; i < 4; i++) {
        ck_assert(!wait_in_vain());
        unsigned pausing = looks - yields;
        ck_assert_uint_lt(pausing, before);
        before = pausing;
    }
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(weir__u32_load_relaxed(&spin.short_of), 4);
    ck_assert(wait_for(WEIR__SEE_ONE, looks - yields)); /* at the first yield, which came back at once */
    ck_assert_uint_eq(yields, 1);
    ck_assert_uint_eq(weir__u32_load_relaxed(&spin.short_of), 3);
    ck_assert(wait_for(WEIR__SEE_ONE, 3)); /* late in the pauses */
    ck_assert_uint_eq(yields, 0);
    ck_assert_uint_eq(weir__u32_load_relaxed(&spin.short_of), 2);
    ck_assert(wait_for(WEIR__SEE_ONE, 0)); /* early: they are enough */
    ck_assert_uint_eq(weir__u32_load_relaxed(&spin.short_of), 2);
}
END_TEST

START_TEST (yields_in_vain_become_few_and_now_and_then_many) {
    reset();
    for (unsigned i = 0; i < 40; i++) {
        ck_assert(!wait_in_vain());
        ck_assert_uint_eq(yields, i < 4 || i % 8 == 0 ? WEIR__YIELDS_FOR_PARTNER : WEIR__YIELDS_FOR_PARTNER / 8);
    }
    ck_assert(wait_for(WEIR__SEE_ONE, looks - yields));
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(yields, WEIR__YIELDS_FOR_PARTNER); /* hope again */
}
END_TEST

START_TEST (a_yield_that_lets_others_run_counts_for_several) {
    reset();
    yield_takes = 5 * MICROSECOND;
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(yields, WEIR__YIELDS_FOR_PARTNER / 8);
}
END_TEST

/* Waits with yields of 30 ms of which the process itself has used so much; returns whether the next wait yields. */
static bool yields_after_long_ones(uint64_t uses) {
    yield_takes = 30 * MILLISECOND;
    yield_uses = uses;
    ck_assert(!wait_in_vain()); /* the first tells nothing, for lack of a reading before it */
    ck_assert_uint_gt(yields, 0);
    yield_takes = MICROSECOND / 2;
    ck_assert(!wait_in_vain());
    return yields > 0;
}

START_TEST (time_slices_that_others_had_end_yielding_for_longer_and_longer) {
    uint64_t ban = 100 * MILLISECOND;
    reset();
    ck_assert(yields_after_long_ones(UINT64_C(60) * MILLISECOND)); /* nobody else: no bans in a row yet */
    for (int i = 0; i < 6; i++) {
        ck_assert(!yields_after_long_ones(UINT64_C(30) * MILLISECOND)); /* half of two processors */
        clock_now += ban - 1;
        ck_assert(!wait_in_vain());
        ck_assert_uint_eq(yields, 0);
        clock_now += 1;
        ck_assert(!wait_in_vain());
        ck_assert_uint_gt(yields, 0);
        ban = i < 3 ? 2 * ban : ban;
    }
    used += 2 * ban; /* busy meanwhile, without yields */
    ck_assert(yields_after_long_ones(UINT64_C(60) * MILLISECOND));
}
END_TEST

START_TEST (long_yields_in_quick_succession_are_judged_together) {
    reset();
    ck_assert(yields_after_long_ones(UINT64_C(60) * MILLISECOND));
    yield_takes = 3 * MILLISECOND; /* used time is known only to the tick */
    yield_uses = 0;
    ck_assert(!wait_in_vain());
    ck_assert_uint_gt(yields, 0);
    yield_takes = MICROSECOND / 2;
    ck_assert(!wait_in_vain());
    ck_assert_uint_gt(yields, 0);
}
END_TEST

static Suite *spin_suite(void) {
    Suite *suite = suite_create("spin");
    TCase *tests = add_case(suite, "spin");
    tcase_add_test(tests, what_is_there_is_seen_at_the_first_look);
    tcase_add_test(tests, a_streaming_partner_is_looked_at_later_and_an_answering_one_sooner);
    tcase_add_test(tests, pauses_in_vain_become_fewer_and_an_early_partner_makes_them_more);
    tcase_add_test(tests, yields_in_vain_become_few_and_now_and_then_many);
    tcase_add_test(tests, a_yield_that_lets_others_run_counts_for_several);
    tcase_add_test(tests, time_slices_that_others_had_end_yielding_for_longer_and_longer);
    tcase_add_test(tests, long_yields_in_quick_succession_are_judged_together);
    return suite;
}

int main(void) {
    return run_suite(spin_suite());
}
