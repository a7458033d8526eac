/*
 * test_relax.c - measuring a pause (sync/relax.h) with a simulated clock. Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include "sync/relax.h"

/* In picoseconds. */
static uint64_t time_now, look_takes, pause_takes, interrupt_takes;
static uint64_t grain; /* ns; the clock returns multiples */
static unsigned pauses_made, runs;

static uint64_t now_there(void) {
    time_now += look_takes;
    return time_now / 1000 / grain * grain;
}

/* Every other run is interrupted. */
static void pause_there(uint32_t count) {
    time_now += count * pause_takes + (runs++ % 2 == 0 ? interrupt_takes : 0);
    pauses_made += count;
}

static uint32_t measure(uint64_t clock_ns, uint64_t grain_ns, uint64_t pause_ps) {
    time_now = UINT64_C(1000) * 1000 * 1000 * 1000;
    look_takes = clock_ns * 1000;
    grain = grain_ns;
    pause_takes = pause_ps;
    pauses_made = runs = 0;
    return weir__measure_pauses(now_there, pause_there);
}

static const uint64_t pauses_ps[] = {300, 4500, 10000, 16000, 43000, 140000};

/* Returns whether the longest measured run of pauses fills 20 steps. */
static bool pause_takes_long_enough(uint64_t pause_ps, uint64_t step_ns) {
    return 256 * 64 * pause_ps >= 20 * step_ns * 1000;
}

static void check_measure(uint64_t clock_ns, uint64_t grain_ns, uint64_t pause_ps) {
    uint64_t right = UINT64_C(1024) * 1000 / pause_ps, found = measure(clock_ns, grain_ns, pause_ps);
    ck_assert_msg(found >= right - right / 10 - 1 && found <= right + right / 10 + 1,
                  "%u pauses of %u ps in 1024 ns, on a clock of %u ns in steps of %u", (unsigned)found,
                  (unsigned)pause_ps, (unsigned)clock_ns, (unsigned)grain_ns);
}

START_TEST (what_the_clock_takes_is_not_the_pauses) {
    static const uint64_t clocks_ns[] = {1, 20, 60, 300, 1000};
    interrupt_takes = _i == 0 ? 0 : UINT64_C(5000000) * 1000;
    for (size_t i = 0; i < COUNT_OF(pauses_ps); i++) {
        for (size_t k = 0; k < COUNT_OF(clocks_ns); k++) {
            if (pause_takes_long_enough(pauses_ps[i], clocks_ns[k]))
                check_measure(clocks_ns[k], 1, pauses_ps[i]);
        }
    }
}
END_TEST

START_TEST (a_coarse_clock_is_given_more_pauses) {
    static const uint64_t grains_ns[] = {10, 40, 100, 500, 1000};
    interrupt_takes = 0;
    for (size_t i = 0; i < COUNT_OF(pauses_ps); i++) {
        for (size_t k = 0; k < COUNT_OF(grains_ns); k++) {
            if (pause_takes_long_enough(pauses_ps[i], grains_ns[k] + 30))
                check_measure(30, grains_ns[k], pauses_ps[i]);
        }
    }
}
END_TEST

START_TEST (a_clock_that_cannot_tell_is_not_believed) {
    interrupt_takes = 0;
    ck_assert_uint_eq(measure(30, 4 * MILLISECONDS, 43000), WEIR__LIKELY_PAUSES); /* the clock seems to stand still */
    ck_assert_uint_eq(pauses_made, 0);
    ck_assert_uint_eq(measure(5000, 100 * 1000, 10000), WEIR__LIKELY_PAUSES); /* 20 steps are 2 ms */
    ck_assert_uint_le(pauses_made, 4 * 2 * 256 * 64);
}
END_TEST

static Suite *relax_suite(void) {
    Suite *suite = suite_create("waiting awake");
    TCase *pause = add_case(suite, "pause");
    tcase_add_loop_test(pause, what_the_clock_takes_is_not_the_pauses, 0, 2);
    tcase_add_test(pause, a_coarse_clock_is_given_more_pauses);
    tcase_add_test(pause, a_clock_that_cannot_tell_is_not_believed);
    return suite;
}

int main(void) {
    return run_suite(relax_suite());
}
