/*
 * test_pipeline_figures.c - computed figures: the time between two calls of a rate, back-offs, and call times.
 *
 * Linked with the library's internals: real clocks give no times so short or so exact.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <limits.h>
#include <stdlib.h>

#include "flow/backoff.h"
#include "flow/rate.h"
#include "measure/histogram.h"

/* ---- rates ---- */

static const struct reckoning {
    double rate;
    size_t burst;
    uint64_t interval, slack;
} reckonings[] = {
    {0, 9, 0, 0},                                          /* no rate */
    {1000, 0, 1000000, 0},                                 /* 0 means a burst of 1 */
    {1000, 5, 1000000, 4000000},                           /* four calls may come early */
    {1e9, 2, 1, 1},                                        /* the maximum */
    {7e8, 1, 2, 0},                                        /* never above the rate, so rounded up */
    {3, 1, 333333334, 0},                                  /* likewise */
    {1e-300, 2, 1000000000000000000, 1000000000000000000}, /* thirty years are as good as never */
    {1000, SIZE_MAX, 1000000, 1000000000000000000},
};

START_TEST (a_rate_is_an_interval_and_its_burst_a_time) {
    const struct reckoning *reckoning = &reckonings[_i];
    weir__rate rate = {.slack = 0};
    weir__rate_set(&rate, reckoning->rate, reckoning->burst, 0);
    ck_assert_uint_eq(weir__u64_load_relaxed(&rate.interval), reckoning->interval);
    ck_assert_uint_eq(rate.slack, reckoning->slack);
    ck_assert_int_eq(weir__rate_limits(&rate), reckoning->interval != 0);
}
END_TEST

/* Times in ns, from the change on; the waits are of turns taken together at time 1000, one each `before`. */
static const struct rescaling {
    double before, after;
    size_t burst;      /* of the new rate */
    uint64_t now;      /* time of the change */
    uint64_t turn;     /* number of the turn */
    uint64_t expected; /* time at which it is due then */
} rescalings[] = {
    {1e6, 2e6, 0, 1000, 3, 2500},          /* 3 us become 1.5 us */
    {1e6, 1e5, 0, 1000, 3, 31000},         /* or 30 us */
    {1e6, 1e6, 0, 2500, 3, 4000},          /* the same rate changes nothing, also if a part has passed */
    {1e6, 1e5, 0, 2500, 3, 17500},         /* what is left, 1.5 us, becomes 15 us */
    {1e6, 1e5, 0, 2500, 1, 0},             /* a turn that was due stays due: not after 2500 */
    {1e6, 1e6, 3, 1000, 3, 2000},          /* two calls may be early */
    {1e6, 0, 0, 1000, 7, 0},               /* no limit */
    {1e6, 1e-300, 0, 1000, 1, UINT64_MAX}, /* as good as never: not before 1e18 */
};

/* A burst that was used is no debt: ten calls came early, and the next one waits for an interval, old or new. */
START_TEST (a_lower_burst_leaves_no_debt) {
    weir__rate rate = {.slack = 0};
    weir__rate_set(&rate, 1e6, 10, 0);
    for (uint64_t i = 0; i < 10; i++)
        ck_assert_uint_le(weir__rate_take(&rate, 100000, 1).due, 100000);
    weir__turn waits = weir__rate_take(&rate, 100000, 1);
    ck_assert_uint_eq(waits.due, 101000);
    weir__rate_set(&rate, 1e6, 1, 100000);
    ck_assert_uint_eq(weir__rate_due(&rate, &waits), 101000);
    weir__rate_set(&rate, 1e5, 4, 100000);
    ck_assert_uint_le(weir__rate_due(&rate, &waits), 110000);
    weir__rate_set(&rate, 1e5, 1, 100000);
    ck_assert_uint_le(weir__rate_due(&rate, &waits), 110000);
}
END_TEST

/* A change whose clock was read before that of a take scales no time that has passed. */
START_TEST (a_change_that_comes_late_scales_no_past) {
    weir__rate rate = {.slack = 0};
    weir__rate_set(&rate, 1e6, 0, 0);
    (void)weir__rate_take(&rate, 5000000, 1);
    weir__turn waits = weir__rate_take(&rate, 5000000, 1);
    weir__rate_set(&rate, 1, 0, 1000);
    ck_assert_uint_eq(weir__rate_due(&rate, &waits), 5000000 + UINT64_C(1000000000));
}
END_TEST

/* So many turns that times exceed 64 bits: none of them is due. */
START_TEST (turns_of_the_lowest_rate_are_never_due) {
    weir__rate rate = {.slack = 0};
    weir__rate_set(&rate, 1e6, 0, 0);
    (void)weir__rate_take(&rate, 1000, 1);
    weir__turn waits = weir__rate_take(&rate, 1000, 100);
    weir__rate_set(&rate, 1e-300, 0, 1000);
    ck_assert_uint_ge(weir__rate_due(&rate, &waits), UINT64_C(900000000000000000));
}
END_TEST

START_TEST (a_change_of_the_rate_scales_what_is_left_of_waits) {
    const struct rescaling *row = &rescalings[_i];
    weir__rate rate = {.slack = 0};
    weir__turn turns[8];
    weir__rate_set(&rate, row->before, 0, 0);
    for (size_t i = 0; i < COUNT_OF(turns); i++) {
        turns[i] = weir__rate_take(&rate, 1000, 1);
        ck_assert_uint_eq(turns[i].due, 1000 + i * 1000);
    }
    weir__turn *turn = &turns[row->turn];
    ck_assert_uint_eq(weir__rate_due(&rate, turn), turn->due);
    weir__rate_set(&rate, row->after, row->burst, row->now);
    uint64_t due = weir__rate_due(&rate, turn);
    if (row->expected == 0)
        ck_assert_uint_le(due, row->now);
    else if (row->expected == UINT64_MAX)
        ck_assert_uint_ge(due, UINT64_C(900000000000000000));
    else
        ck_assert_uint_eq(due, row->expected);
    ck_assert_uint_eq(weir__rate_due(&rate, turn), due);
    ck_assert_double_eq(weir__rate_limit(&rate), row->after);
}
END_TEST

/* Turns that were taken before and after changes come in the order in which they were taken, an interval apart. */
START_TEST (turns_before_and_after_a_change_are_an_interval_apart) {
    weir__rate rate = {.slack = 0};
    weir__rate_set(&rate, 1e6, 0, 0);
    weir__turn first = weir__rate_take(&rate, 1000, 1), batch = weir__rate_take(&rate, 1000, 10);
    weir__rate_set(&rate, 1e5, 0, 1000);
    weir__turn next = weir__rate_take(&rate, 1500, 1);
    weir__rate_set(&rate, 5e5, 0, 2000);
    ck_assert_uint_le(weir__rate_due(&rate, &first), 2000);
    uint64_t due = weir__rate_due(&rate, &batch);
    ck_assert_uint_eq(weir__rate_due(&rate, &next), due + 10 * 2000);
    weir__rate_set(&rate, 0, 0, 3000);
    weir__rate_set(&rate, 1e6, 0, 3000);
    ck_assert_uint_le(weir__rate_due(&rate, &next), 3000); /* let go by the change to no limit */
    ck_assert_uint_eq(weir__rate_take(&rate, 3000, 1).due, 3000);
    ck_assert_uint_eq(weir__rate_take(&rate, 3000, 1).due, 4000);
}
END_TEST

/* ---- back-offs ---- */

static const struct wait {
    weir__backoff backoff;
    unsigned attempts;
    uint64_t longest; /* the shortest is half of it, rounded up */
} waits[] = {
    {{.first = 0}, 1, 0},
    {{.first = 0, .most = 10}, UINT_MAX, 0},
    {{.first = 1}, 1, 1}, /* a requested back-off is never 0 */
    {{.first = 100}, 1, 100},
    {{.first = 100}, 2, 200},
    {{.first = 100}, 11, 100 << 10},
    {{.first = 100, .most = 50}, 1, 50},
    {{.first = 100, .most = 399}, 3, 399},
    {{.first = 100, .most = 400}, 3, 400},
    {{.first = 100, .most = 400}, 4, 400},
    {{.first = 1}, 37, 60 * WEIR_SECOND}, /* a minute by default */
    {{.first = 1, .most = UINT64_MAX}, 64, UINT64_C(1) << 63},
    {{.first = 1, .most = UINT64_MAX}, 65, UINT64_MAX},
    {{.first = 3, .most = UINT64_MAX}, 64, UINT64_MAX},
    {{.first = UINT64_MAX, .most = UINT64_MAX}, UINT_MAX, UINT64_MAX},
};

/* The highest attempts are feasible only if each one costs the same. */
START_TEST (a_back_off_is_doubled_up_to_its_most_and_the_last_attempt_costs_no_more_than_the_first) {
    const struct wait *wait = &waits[_i];
    uint64_t shortest = UINT64_MAX, longest = 0;
    for (uint64_t lot = 0; lot < 100000; lot++) {
        uint64_t got = weir__backoff_delay(wait->backoff, wait->attempts, lot);
        shortest = got < shortest ? got : shortest;
        longest = got > longest ? got : longest;
    }
    ck_assert_uint_ge(shortest, wait->longest / 2 + wait->longest % 2);
    ck_assert_uint_le(longest, wait->longest);
    ck_assert(wait->longest < 2 || shortest < longest); /* random */
}
END_TEST

/* ---- times of calls ---- */

static weir__histogram_sum sum_of(const weir__histogram *histogram) {
    weir__histogram_sum sum = {.total = 0};
    weir__histogram_add(&sum, histogram);
    return sum;
}

START_TEST (of_no_calls_every_percentile_is_zero) {
    weir__histogram histogram = {.longest = 0};
    weir__histogram_sum sum = sum_of(&histogram);
    ck_assert_uint_eq(weir__histogram_percentile(&sum, 50), 0);
    ck_assert_uint_eq(weir__histogram_percentile(&sum, 99), 0);
}
END_TEST

START_TEST (the_shortest_times_are_exact) {
    weir__histogram histogram = {.longest = 0};
    for (uint64_t time = 0; time < 10; time++)
        weir__histogram_count(&histogram, time, 10);
    weir__histogram_sum sum = sum_of(&histogram);
    ck_assert_uint_eq(sum.total, 100);
    ck_assert_uint_eq(sum.longest, 9);
    ck_assert_uint_eq(weir__histogram_percentile(&sum, 50), 4);
    ck_assert_uint_eq(weir__histogram_percentile(&sum, 90), 8);
    ck_assert_uint_eq(weir__histogram_percentile(&sum, 99), 9);
}
END_TEST

/* Half of the calls take `time`, the others much longer. */
START_TEST (a_time_is_reported_as_no_less_and_hardly_more) {
    for (uint64_t time = 1; time < UINT64_C(1) << 33; time += time / 3 + 1) {
        weir__histogram histogram = {.longest = 0};
        weir__histogram_count(&histogram, time, 50);
        weir__histogram_count(&histogram, 100 * time, 50);
        weir__histogram_sum sum = sum_of(&histogram);
        uint64_t told = weir__histogram_percentile(&sum, 50);
        ck_assert_uint_ge(told, time);
        ck_assert_uint_le(told, time + time / WEIR__HISTOGRAM_PARTS);
        ck_assert_uint_eq(weir__histogram_percentile(&sum, 99), 100 * time); /* the longest time is exact */
    }
}
END_TEST

/* Above half an hour, only the longest time is recorded. */
START_TEST (a_very_long_time_is_reported_as_no_less) {
    const uint64_t hour = UINT64_C(3600) * SECONDS;
    weir__histogram histogram = {.longest = 0};
    weir__histogram_count(&histogram, hour, 50);
    weir__histogram_count(&histogram, 10 * hour, 50);
    weir__histogram_sum sum = sum_of(&histogram);
    ck_assert_uint_eq(weir__histogram_percentile(&sum, 50), 10 * hour);
}
END_TEST

static Suite *figures_suite(void) {
    Suite *suite = suite_create("figures of a pipeline");
    TCase *rates = add_case(suite, "rates");
    tcase_add_loop_test(rates, a_rate_is_an_interval_and_its_burst_a_time, 0, COUNT_OF(reckonings));
    tcase_add_loop_test(rates, a_change_of_the_rate_scales_what_is_left_of_waits, 0, COUNT_OF(rescalings));
    tcase_add_test(rates, a_lower_burst_leaves_no_debt);
    tcase_add_test(rates, a_change_that_comes_late_scales_no_past);
    tcase_add_test(rates, turns_of_the_lowest_rate_are_never_due);
    tcase_add_test(rates, turns_before_and_after_a_change_are_an_interval_apart);
    TCase *backoffs = add_case(suite, "back-offs");
    tcase_add_loop_test(backoffs,
                        a_back_off_is_doubled_up_to_its_most_and_the_last_attempt_costs_no_more_than_the_first, 0,
                        COUNT_OF(waits));
    TCase *times = add_case(suite, "times");
    tcase_add_test(times, a_very_long_time_is_reported_as_no_less);
    tcase_add_test(times, of_no_calls_every_percentile_is_zero);
    tcase_add_test(times, the_shortest_times_are_exact);
    tcase_add_test(times, a_time_is_reported_as_no_less_and_hardly_more);
    return suite;
}

int main(void) {
    return run_suite(figures_suite());
}
