/*
 * crew_support.c - implements what the scenarios of stages on a crew share.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew_support.h"

#include "sync/futex.h"

static const uint64_t AGES = UINT64_C(1000) * 1000 * TICK; /* also for threads that time out when they are idle */

static weir__u32 *dam; /* 1: a thread that sleeps there goes on */

void begin_on(unsigned processors) {
    dam = sched_scratch(sizeof *dam);
    sched_processors(processors);
    begin_pipeline((weir_pipeline_options){.name = "crew"});
}

weir_stage_options on_crew(const char *name, weir_worker_func *func, size_t width, size_t capacity) {
    return (weir_stage_options){.name = name, .work.func = func, .threads.width = width, .input.capacity = capacity};
}

void compute_until_look(void) {
    uint64_t now = sched_now();
    sched_compute((now / TICK + 2) * TICK - now);
}

void sleep_in_function(void) {
    while (weir__u32_exchange_acquire(dam, 0) == 0)
        (void)weir__futex_wait(dam, 0, WEIR_NEVER);
}

void wake_from_function(void) {
    weir__u32_store_release(dam, 1);
    weir__futex_wake(dam, 1);
}

void compute_to_teach(const void *got) {
    if (number(got) == LEARNT)
        sched_compute(1100);
    if (number(got) == SLOW)
        sched_compute(20 * 1000);
    if (number(got) == SLEEPY)
        sleep_in_function();
}

void *compute_by_number(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        compute_until_look();
    (void)end_call(got);
    return got;
}

void *wait_for_second(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        wait_at_gate();
    if (number(got) == 2)
        open_gate();
    (void)end_call(got);
    return got;
}

void put_calmly(int first, int count) {
    sched_calm(true);
    put_items(first, count);
    sched_calm(false);
}

void learn(int first) {
    put_calmly(first, 1);
    sched_settle();
    sched_calm(true);
    sched_compute(100 * TICK);
    if (first == SLEEPY)
        wake_from_function();
    sched_settle();
}

void finish_calmly(int count) {
    sched_calm(true);
    finish_with(WEIR_OK, (unsigned)count, 0, 0, 0);
}

void check_ran(int last, int stages) {
    for (int i = 1; i <= last; i++)
        sched_check(ran[i] == stages && done[i] == stages, "item %d was begun %d times and done %d times", i, ran[i],
                    done[i]);
}

void compute_for_ages(void) {
    sched_compute(AGES);
}

void let_run(int last, int stages) {
    compute_for_ages();
    check_ran(last, stages);
}
