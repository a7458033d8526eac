/*
 * test_spin.c - the adaptation of spinning (park/spin.h).
 *
 * Linked with the library's internals and with --wrap for the pause, the yield and the clocks: only the tests advance
 * the time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include "park/spin.h"

enum { MICROSECOND = 1000, MILLISECOND = 1000 * 1000 };

/* Single-threaded: plain variables. */
static uint64_t clock_now = UINT64_C(1) << 40, used;
static uint64_t yield_takes, yield_uses; /* ns, on the two clocks */
static uint64_t paused, most_at_once;    /* ns */
static unsigned yields, looks, near_looks;
static weir__spin spin;

/* The simulated partner: the time of its first step, and the duration of each further one. */
static uint64_t first_at, each_takes = 1;
static size_t most_things = SIZE_MAX;

enum { FAR = 512, NEVER_FAR = 1 };
static size_t far_is;
static uint64_t left = UINT64_MAX; /* until the deadline; UINT64_MAX: none */
static unsigned looks_at_used;

int __wrap_sched_yield(void);
void __wrap_weir__pause(uint32_t nanoseconds);
uint64_t __wrap_weir__clock_now(void);
uint64_t __wrap_weir__clock_used(void);
unsigned __wrap_weir__processors(void);

int __wrap_sched_yield(void) {
    yields++;
    clock_now += yield_takes;
    used += yield_uses;
    return 0;
}

void __wrap_weir__pause(uint32_t nanoseconds) {
    clock_now += nanoseconds;
    paused += nanoseconds;
    most_at_once = nanoseconds > most_at_once ? nanoseconds : most_at_once;
}

uint64_t __wrap_weir__clock_now(void) {
    return clock_now;
}

uint64_t __wrap_weir__clock_used(void) {
    looks_at_used++;
    return used;
}

unsigned __wrap_weir__processors(void) {
    return 2;
}

static bool look(const void *unused, size_t ahead) {
    (void)unused;
    looks++;
    near_looks += ahead == 0;
    return clock_now >= first_at && ahead < most_things && ahead <= (clock_now - first_at) / each_takes;
}

/* Advances the clock by ten seconds: measurements of the processors expire. */
static void reset(void) {
    spin = (weir__spin){.waits = {1}}; /* no attempt at gathering soon */
    clock_now += UINT64_C(10000) * MILLISECOND;
    yield_takes = MICROSECOND / 2;
    yield_uses = 0;
    far_is = NEVER_FAR;
    left = UINT64_MAX;
}

/* Spins for a partner. Its first step comes after `first_in` ns, each further one `each` ns later. */
static bool wait_for_stream(uint64_t first_in, uint64_t each) {
    yields = looks = near_looks = 0;
    paused = most_at_once = 0;
    first_at = first_in == UINT64_MAX ? UINT64_MAX : clock_now + first_in;
    each_takes = each;
    return weir__spin_until(&spin, look, NULL, far_is, left == UINT64_MAX ? UINT64_MAX : clock_now + left);
}

/* Spins for a partner with a single step. */
static bool wait_for(uint64_t first_in) {
    most_things = 1;
    bool seen = wait_for_stream(first_in, 1);
    most_things = SIZE_MAX;
    return seen;
}

static bool wait_in_vain(void) {
    return wait_for(UINT64_MAX);
}

static uint32_t gathering(void) {
    return weir__u32_load_relaxed(&spin.gather);
}

static uint32_t short_of(void) {
    return weir__u32_load_relaxed(&spin.short_of);
}

START_TEST (an_answer_is_met_within_twice_its_time) {
    for (uint64_t answer = 20; answer <= 4000; answer = answer * 5 / 4) {
        reset();
        ck_assert(wait_for(answer));
        ck_assert_uint_eq(yields, 0);
        ck_assert_uint_le(paused, 2 * answer + 16);
    }
}
END_TEST

START_TEST (no_pause_is_longer_than_a_microsecond) {
    reset();
    ck_assert(!wait_in_vain());
    ck_assert_uint_le(most_at_once, 1024);
    ck_assert_uint_ge(paused, WEIR__PAUSE_FOR_PARTNER);
    ck_assert_uint_lt(paused, WEIR__PAUSE_FOR_PARTNER + 1024);
}
END_TEST

static void learn_to_gather(void) {
    reset();
    far_is = FAR;
    weir__u32_store_relaxed(&spin.waits, 0); /* try gathering now */
    ck_assert(wait_for_stream(50, 100));
}

START_TEST (a_streaming_partner_may_run_ahead) {
    learn_to_gather();
    ck_assert_uint_eq(gathering(), 2); /* more than one step in 256 ns, and not far */
    for (uint32_t i = 3; i <= 7; i++) {
        ck_assert(wait_for_stream(50, 100));
        ck_assert_uint_eq(near_looks, 1); /* only at the end */
        ck_assert_uint_eq(gathering(), i < 5 ? i : 5);
    }
    ck_assert_uint_le(paused, 17 * MICROSECOND);
}
END_TEST

START_TEST (gathering_ends_when_the_partner_is_far) {
    learn_to_gather();
    for (int i = 0; i < 5; i++)
        ck_assert(wait_for_stream(50, 100));
    ck_assert_uint_eq(gathering(), 5);
    ck_assert(wait_for_stream(50, 10)); /* 512 steps take 5 us of 16 */
    ck_assert_uint_eq(gathering(), 5);
    ck_assert_uint_lt(paused, 8 * MICROSECOND);
}
END_TEST

START_TEST (gathering_is_given_up_when_the_partner_answers) {
    learn_to_gather();
    for (int i = 0; i < 5; i++)
        ck_assert(wait_for_stream(50, 100));
    for (uint32_t i = 5; i-- > 0;) {
        ck_assert(wait_for(50));
        ck_assert_uint_eq(gathering(), i);
    }
    ck_assert(wait_for(50));
    ck_assert_uint_le(paused, 2 * 50 + 16);
}
END_TEST

START_TEST (a_slow_stream_is_no_stream) {
    learn_to_gather();
    while (gathering() > 0)
        ck_assert(wait_for_stream(50, 400));
    ck_assert(wait_for_stream(50, 400));
    ck_assert_uint_le(paused, 2 * 50 + 16);
}
END_TEST

/* A stream is found within 512 waits, also after a partner that answered. */
START_TEST (gathering_is_tried_now_and_then) {
    reset();
    far_is = FAR;
    unsigned tries = 0;
    for (int i = 0; i < 2048; i++) {
        ck_assert(wait_for(50)); /* an answer */
        tries += paused >= 1024;
        ck_assert_uint_eq(gathering(), 0);
    }
    ck_assert_uint_eq(tries, 4);
    unsigned waits = 0;
    for (; gathering() == 0; waits++)
        ck_assert(wait_for_stream(50, 100));
    ck_assert_uint_le(waits, 512);
}
END_TEST

START_TEST (a_near_partner_may_not_run_ahead) {
    reset();
    for (far_is = 0; far_is < WEIR__SPIN_FAR; far_is++) {
        for (int i = 0; i < 600; i++) {
            ck_assert(wait_for_stream(50, 10));
            ck_assert_uint_le(paused, 2 * 50 + 16);
        }
    }
    ck_assert_uint_eq(gathering(), 0);
}
END_TEST

START_TEST (pauses_in_vain_become_fewer_and_an_early_partner_makes_them_more) {
    reset();
    uint64_t before = UINT64_MAX;
    for (int i = 0; i < 4; i++) {
        ck_assert(!wait_in_vain());
        ck_assert_uint_lt(paused, before);
        before = paused;
    }
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(short_of(), 4);
    ck_assert(wait_for(paused + MICROSECOND / 4)); /* at the first yield, which returned at once */
    ck_assert_uint_eq(yields, 1);
    ck_assert_uint_eq(short_of(), 3);
    ck_assert(wait_for(700)); /* late in the pauses */
    ck_assert_uint_eq(yields, 0);
    ck_assert_uint_eq(short_of(), 2);
    ck_assert(wait_for(20)); /* early: the pauses suffice */
    ck_assert_uint_eq(short_of(), 2);
}
END_TEST

static unsigned yields_in(uint64_t nanoseconds) {
    return (unsigned)((nanoseconds + yield_takes - 1) / yield_takes);
}

START_TEST (yields_in_vain_become_few_and_now_and_then_many) {
    reset();
    for (unsigned i = 0; i < 40; i++) {
        ck_assert(!wait_in_vain());
        bool patient = i < 4 || i % 8 == 0;
        ck_assert_uint_eq(yields, yields_in(patient ? WEIR__YIELD_FOR_PARTNER : WEIR__YIELD_FOR_PARTNER / 8));
    }
    ck_assert(wait_for(paused + MICROSECOND / 4));
    ck_assert_uint_eq(yields, 1);
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(yields, yields_in(WEIR__YIELD_FOR_PARTNER)); /* a full attempt again */
}
END_TEST

START_TEST (what_others_use_in_a_yield_counts_for_little) {
    reset();
    yield_takes = 40 * MICROSECOND;
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(yields, 4);
}
END_TEST

/* Spins with yields of 30 ms, of which the process itself used `uses`; returns whether the next wait yields. */
static bool yields_after_long_ones(uint64_t uses) {
    yield_takes = 30 * MILLISECOND;
    yield_uses = uses;
    ck_assert(!wait_in_vain()); /* the first one has no earlier reading to compare with */
    ck_assert_uint_gt(yields, 0);
    yield_takes = MICROSECOND / 2;
    ck_assert(!wait_in_vain());
    return yields > 0;
}

START_TEST (time_slices_that_others_had_end_yielding_for_longer_and_longer) {
    uint64_t ban = 100 * MILLISECOND;
    reset();
    ck_assert(yields_after_long_ones(UINT64_C(60) * MILLISECOND)); /* no other process runs: no ban yet */
    for (int i = 0; i < 6; i++) {
        ck_assert(!yields_after_long_ones(UINT64_C(30) * MILLISECOND)); /* half of two processors */
        clock_now += ban - 20 * MICROSECOND;                            /* the pauses of a wait take half of that */
        ck_assert(!wait_in_vain());
        ck_assert_uint_eq(yields, 0);
        clock_now += 20 * MICROSECOND;
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
    yield_takes = 3 * MILLISECOND; /* used time has the resolution of a tick */
    yield_uses = 0;
    ck_assert(!wait_in_vain());
    ck_assert_uint_gt(yields, 0);
    yield_takes = MICROSECOND / 2;
    ck_assert(!wait_in_vain());
    ck_assert_uint_gt(yields, 0);
}
END_TEST

/* The system sums the time of all threads of the process, which takes longer with more threads. */
START_TEST (used_time_is_asked_for_once_in_20_ms_however_many_yields_are_long) {
    reset();
    ck_assert(yields_after_long_ones(UINT64_C(60) * MILLISECOND));
    uint64_t from = clock_now;
    looks_at_used = 0;
    yield_takes = 3 * MILLISECOND;
    yield_uses = 6 * MILLISECOND; /* the process uses both processors: yielding continues */
    for (int i = 0; i < 1000; i++)
        (void)wait_in_vain();
    ck_assert_uint_gt(looks_at_used, 0);
    ck_assert_uint_le(looks_at_used, (clock_now - from) / (20 * MILLISECOND) + 1);
}
END_TEST

START_TEST (a_wait_with_a_near_deadline_does_not_yield) {
    for (uint64_t near = 20 * MICROSECOND; near < 20 * MILLISECOND; near = near * 5 / 4) {
        reset();
        yield_takes = 16 * MILLISECOND;
        left = near;
        ck_assert(!wait_in_vain());
        ck_assert_uint_eq(yields, 0);
        ck_assert_uint_ge(paused, WEIR__PAUSE_FOR_PARTNER);
        ck_assert_uint_eq(weir__u32_load_relaxed(&spin.in_vain), 0); /* no attempt was made */
    }
}
END_TEST

START_TEST (a_wait_with_a_far_deadline_yields_until_it_is_near) {
    reset();
    yield_takes = 30 * MILLISECOND;
    left = 45 * MILLISECOND;
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(yields, 1);
    reset();
    left = 45 * MILLISECOND;
    ck_assert(!wait_in_vain());
    ck_assert_uint_eq(yields, WEIR__YIELD_FOR_PARTNER / yield_takes);
}
END_TEST

START_TEST (pauses_end_at_the_deadline) {
    for (uint64_t near = 0; near < WEIR__PAUSE_FOR_PARTNER; near = near * 5 / 4 + 1) {
        reset();
        left = near;
        ck_assert(!wait_in_vain());
        ck_assert_uint_eq(paused, near);
        ck_assert_uint_eq(short_of(), 0); /* too short to learn from */
        ck_assert_uint_eq(yields, 0);
    }
}
END_TEST

START_TEST (gathering_ends_at_the_deadline) {
    learn_to_gather();
    for (int i = 0; i < 5; i++)
        ck_assert(wait_for_stream(50, 100));
    ck_assert_uint_eq(gathering(), 5);
    for (left = 0; left < 30 * MICROSECOND; left += 500) {
        (void)wait_in_vain();
        ck_assert_uint_le(paused, left);
        weir__u32_store_relaxed(&spin.gather, 5);
    }
}
END_TEST

static Suite *spin_suite(void) {
    Suite *suite = suite_create("spin");
    TCase *tests = add_case(suite, "spin");
    tcase_add_test(tests, an_answer_is_met_within_twice_its_time);
    tcase_add_test(tests, no_pause_is_longer_than_a_microsecond);
    tcase_add_test(tests, a_streaming_partner_may_run_ahead);
    tcase_add_test(tests, gathering_ends_when_the_partner_is_far);
    tcase_add_test(tests, gathering_is_given_up_when_the_partner_answers);
    tcase_add_test(tests, a_slow_stream_is_no_stream);
    tcase_add_test(tests, gathering_is_tried_now_and_then);
    tcase_add_test(tests, a_near_partner_may_not_run_ahead);
    tcase_add_test(tests, pauses_in_vain_become_fewer_and_an_early_partner_makes_them_more);
    tcase_add_test(tests, yields_in_vain_become_few_and_now_and_then_many);
    tcase_add_test(tests, what_others_use_in_a_yield_counts_for_little);
    tcase_add_test(tests, time_slices_that_others_had_end_yielding_for_longer_and_longer);
    tcase_add_test(tests, long_yields_in_quick_succession_are_judged_together);
    tcase_add_test(tests, used_time_is_asked_for_once_in_20_ms_however_many_yields_are_long);
    tcase_add_test(tests, a_wait_with_a_near_deadline_does_not_yield);
    tcase_add_test(tests, a_wait_with_a_far_deadline_yields_until_it_is_near);
    tcase_add_test(tests, pauses_end_at_the_deadline);
    tcase_add_test(tests, gathering_ends_at_the_deadline);
    return suite;
}

int main(void) {
    return run_suite(spin_suite());
}
