/*
 * test_growth.c - the cost of one element among many, counted in steps: logarithmic in their number, or constant.
 *
 * Linked with the library's internals. bench/growth.c measures the same in time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "key_families.h"
#include "pipeline_support.h"

#include <signal.h>
#include <unistd.h>

#include "ledger.h"
#include "pipeline/state/pipeline.h"
#include "report/prometheus.h"

/* ---- keys in flight ---- */

enum { KEYS = 10000 };

static key_family *family;

static uint64_t key_in_family(const void *item, void *arg) {
    (void)arg;
    return family((uint64_t)(uintptr_t)item);
}

/* Returns the greatest depth of an entry, and counts the entries. */
static unsigned depth_of_entries(const weir__tree *entries, size_t *count) {
    unsigned deepest = 0;
    *count = 0;
    for (weir__tree_node *at = entries->root; at != NULL; at = weir__tree_after(entries, at), ++*count) {
        unsigned depth = 0;
        uint64_t bits = at->key;
        for (const weir__tree_node *node = entries->root; node != at; bits >>= 1, depth++)
            node = node->side[bits & 1];
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

static int fail_always(weir_task *task, void *item, void *calls) {
    (void)item;
    atomic_fetch_add((atomic_uint *)calls, 1);
    return weir_task_fail(task, 1, NULL);
}

/* Each item is in back-off, where it keeps its slot for its key; each key has one item. */
START_TEST (the_entry_of_a_key_is_found_in_few_steps_among_many) {
    atomic_uint calls = 0;
    size_t count;
    family = key_families[_i].key_of;
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = KEYS, .grace = HANG_SECONDS * SECONDS});
    weir_stage *stage =
        add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                                 .work.run = fail_always,
                                                 .work.arg = &calls,
                                                 .limits.per_key = 1 + (size_t)_i % 2,
                                                 .limits.key = key_in_family,
                                                 .errors.retry = {.attempts = 2, .backoff = 3600 * SECONDS}});
    start_pipeline(pipeline);
    for (uintptr_t i = 0; i < KEYS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)i));
    wait_for_count(&calls, KEYS);
    weir__lock_acquire(&stage->keyed.lock);
    unsigned depth = depth_of_entries(&stage->keyed.entries, &count);
    weir__lock_release(&stage->keyed.lock);
    ck_assert_uint_eq(count, KEYS);
    ck_assert_msg(depth <= 22, "%s: %u", key_families[_i].name, depth);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
}
END_TEST

/* ---- items in flight ---- */

/* An item in flight takes a cell of 128 bytes, and 3% for the slabs. After a burst the pool keeps WEIR__POOL cells. */
START_TEST (an_item_takes_a_cell_and_returns_it) {
    enum { ITEMS = 100000, THREADS = 3, SLACK = 8 * WEIR__SLAB };
    struct gate gate = GATE;
    ledger_reset();
    weir_pipeline *pipeline = new_pipeline(NULL);
    (void)add_stage(pipeline, (weir_stage_options){.name = "waits",
                                                   .work.run = run_pass_gate,
                                                   .work.arg = &gate,
                                                   .threads.count = THREADS,
                                                   .input.capacity = ITEMS});
    start_pipeline(pipeline);
    size_t before = ledger_bytes();
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    ck_assert_uint_le(ledger_bytes() - before, ITEMS * (WEIR__CELL + 5) + SLACK);
    gate_open(&gate);
    wait_until_empty(pipeline);
    ck_assert_uint_le(ledger_bytes() - before,
                      (WEIR__POOL + THREADS * WEIR__CACHE) * (WEIR__CELL + 5) + THREADS * WEIR__CACHE * WEIR__SLAB);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- stages ---- */

static unsigned deepest_in(const weir__tree *tree, size_t count) {
    size_t found;
    unsigned depth = depth_of_entries(tree, &found);
    ck_assert_uint_eq(found, count);
    return depth;
}

enum { STAGES = 1000 };

START_TEST (a_stage_is_found_by_its_name_in_few_steps_among_many) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    char name[32];
    for (int i = 0; i < STAGES; i++) {
        snprintf(name, sizeof name, "stage %d", i);
        (void)add_stage(pipeline, (weir_stage_options){.name = name, .work.run = run_pass_on});
    }
    ck_assert_uint_le(deepest_in(&pipeline->names, STAGES), 22);
    for (int i = 0; i < STAGES; i += 7) {
        snprintf(name, sizeof name, "stage %d", i);
        assert_status(WEIR_INVALID,
                      weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = name, .work.run = run_pass_on}));
    }
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- reports ---- */

enum { NAMES = 1000 };

/*
 * Each name occurs twice; the names of one pair are equal only on the page. The first report is the root of the tree.
 */
START_TEST (a_report_of_the_same_name_is_found_in_few_steps_among_many) {
    static char names[NAMES][16];
    static weir_report reports[2 * NAMES];
    static const weir_report *on_page[2 * NAMES];
    static weir__twin twins[2 * NAMES];
    for (int i = 0; i < 2 * NAMES; i++) {
        if (i < NAMES)
            snprintf(names[i], sizeof names[i], "%d\xff", i);
        reports[i].name = i == NAMES ? "0\xfe" : names[i % NAMES];
        on_page[i] = &reports[i];
    }
    weir__page_count_twins(&(weir__page){.reports = on_page, .count = 2 * NAMES}, twins);
    for (size_t i = 0; i < 2 * NAMES; i++)
        ck_assert_uint_eq(twins[i].before, i / NAMES);
    ck_assert_uint_le(deepest_in(&(weir__tree){&twins[0].node}, NAMES), 22);
}
END_TEST

START_TEST (a_connection_takes_no_memory_of_its_own) {
    weir_stage *stages[1000];
    char name[32];
    weir_pipeline *pipeline = new_pipeline(NULL);
    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        snprintf(name, sizeof name, "stage %zu", i);
        stages[i] = add_stage(pipeline, (weir_stage_options){.name = name, .work.run = run_pass_on});
    }
    size_t calls = ledger_calls();
    for (size_t i = 1; i < COUNT_OF(stages); i++)
        connect_stages(pipeline, stages[0], stages[i]);
    ck_assert_uint_le(ledger_calls() - calls, 11); /* one for each doubling, from 1 to 1024 */
    ck_assert_ptr_eq(stages[0]->successors[998], stages[999]);
    assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, stages[0], stages[500]));
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- signals ---- */

static atomic_uint signals_sent;

void __real_weir__signal_send(const weir__thread *thread, int signal);
void __wrap_weir__signal_send(const weir__thread *thread, int signal);

void __wrap_weir__signal_send(const weir__thread *thread, int signal) {
    atomic_fetch_add(&signals_sent, 1);
    __real_weir__signal_send(thread, signal);
}

/*
 * The signal thread is woken for signals that it does not wait for yet, and for signals that no pipeline uses any
 * more.
 */
START_TEST (pipelines_that_end_on_the_same_signal_do_not_wake_the_thread_that_waits_for_it) {
    weir_pipeline *pipelines[40];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (size_t i = 0; i < COUNT_OF(pipelines); i++) {
        pipelines[i] = new_pipeline(NULL);
        (void)add_stage(pipelines[i], (weir_stage_options){.name = "only", .work.run = run_consume});
        start_pipeline(pipelines[i]);
        assert_status(WEIR_OK, weir_pipeline_end_on(pipelines[i], (const int[]){SIGUSR1}, 1, 0));
    }
    ck_assert_uint_le(atomic_load(&signals_sent), 1);
    for (size_t i = 0; i < COUNT_OF(pipelines); i++)
        finish_and_destroy(pipelines[(i * 7) % COUNT_OF(pipelines)], WEIR_OK); /* also from the middle */
    ck_assert_uint_le(atomic_load(&signals_sent), 2);
}
END_TEST

/* ---- processors ---- */

static unsigned questions;

long __real_sysconf(int name);
long __wrap_sysconf(int name);

/* A linked sanitizer calls this too, before it is initialized. */
#if defined(__clang__)
__attribute__((disable_sanitizer_instrumentation))
#endif
long __wrap_sysconf(int name) {
    questions += name == _SC_NPROCESSORS_ONLN;
    return __real_sysconf(name);
}

START_TEST (the_system_is_asked_once_how_many_processors_there_are) {
    unsigned processors = weir__processors();
    questions = 0;
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(weir__processors(), processors);
    ck_assert_uint_eq(questions, 0);
    ck_assert_uint_ge(processors, 1);
}
END_TEST

/* ---- callers blocked on a limit ---- */

enum { CALLERS = 9 };

/* Callers that time out leave the line from behind blocked callers. */
START_TEST (callers_that_time_out_leave_the_line_to_the_others) {
    struct gate gate = GATE;
    struct pipeline_call calls[CALLERS] = {0};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 1});
    (void)add_stage(pipeline, (weir_stage_options){.name = "gate", .work.run = run_pass_gate, .work.arg = &gate});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    for (size_t i = 0; i < CALLERS; i++) {
        calls[i] = (struct pipeline_call){.pipeline = pipeline, .call = {.deadline = hang_limit()}};
        call_start_asleep(&calls[i].call, make_pipeline_put);
        for (size_t k = 0; k < 3; k++) /* joins the end of the line, and leaves it */
            assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, NULL, weir_deadline_after(k)));
    }
    gate_open(&gate);
    for (size_t i = 0; i < CALLERS; i++)
        assert_status(WEIR_OK, call_finish(&calls[i].call));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

static Suite *growth_suite(void) {
    Suite *suite = suite_create("growth");
    TCase *keys = add_things_case(suite, "keys");
    tcase_add_loop_test(keys, the_entry_of_a_key_is_found_in_few_steps_among_many, 0, KEY_FAMILIES);
    TCase *stages = add_things_case(suite, "stages");
    tcase_add_test(stages, a_stage_is_found_by_its_name_in_few_steps_among_many);
    tcase_add_test(stages, a_connection_takes_no_memory_of_its_own);
    TCase *reports = add_things_case(suite, "reports");
    tcase_add_test(reports, a_report_of_the_same_name_is_found_in_few_steps_among_many);
    TCase *others = add_things_case(suite, "others");
    tcase_add_test(others, pipelines_that_end_on_the_same_signal_do_not_wake_the_thread_that_waits_for_it);
    tcase_add_test(others, the_system_is_asked_once_how_many_processors_there_are);
    tcase_add_test(others, callers_that_time_out_leave_the_line_to_the_others);
    TCase *memory = add_things_case(suite, "memory");
    tcase_add_test(memory, an_item_takes_a_cell_and_returns_it);
    return suite;
}

int main(void) {
    return run_suite(growth_suite());
}
