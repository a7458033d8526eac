/*
 * test_growth.c - what one of many costs, counted in steps: it grows with the logarithm of their number, or not at all.
 *
 * Linked with the library's insides. bench/growth.c measures the same in time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "key_families.h"
#include "pipeline_support.h"

#include "ledger.h"
#include "pipeline/pipeline.h"

/* ---- keys in flight ---- */

enum { KEYS = 10000 };

static key_family *family;

static uint64_t key_in_family(const void *item, void *arg) {
    (void)arg;
    return family((uint64_t)(uintptr_t)item);
}

/* The greatest depth of an entry, and how many there are. */
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

/* Each item backs off, and keeps its place among those of its key, of which it is the only one. */
START_TEST (the_entry_of_a_key_is_found_in_few_steps_among_many) {
    atomic_uint calls = 0;
    size_t count;
    family = key_families[_i].key_of;
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = KEYS, .grace = HANG_SECONDS * SECONDS});
    weir_stage *stage = add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                                                 .run = fail_always,
                                                                 .arg = &calls,
                                                                 .per_key = 1 + (size_t)_i % 2,
                                                                 .key = key_in_family,
                                                                 .retry = {.attempts = 2, .backoff = 3600 * SECONDS}});
    start_pipeline(pipeline);
    for (uintptr_t i = 0; i < KEYS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)i));
    wait_for_count(&calls, KEYS);
    weir__lock_acquire(&stage->keys.lock);
    unsigned depth = depth_of_entries(&stage->keys.entries, &count);
    weir__lock_release(&stage->keys.lock);
    ck_assert_uint_eq(count, KEYS);
    ck_assert_msg(depth <= 22, "%s: %u", key_families[_i].name, depth);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
}
END_TEST

/* ---- items in flight ---- */

static void wait_until_empty(weir_pipeline *pipeline) {
    uint64_t live = 1;
    for (weir_deadline limit = hang_limit(); live > 0; nap()) {
        ck_assert_uint_lt(now(), limit);
        weir_report *report = report_of(pipeline);
        live = report->counts.live;
        weir_report_free(report);
    }
}

static int wait_at_gate(weir_task *task, void *item, void *gate) {
    (void)task;
    (void)item;
    gate_pass(gate);
    return 0;
}

/* A cell of 128 bytes for each item in flight, and 3% for the slabs; of a burst the pool keeps WEIR__POOL cells. */
START_TEST (an_item_takes_a_cell_and_gives_it_back) {
    enum { ITEMS = 100000, THREADS = 3, SLACK = 8 * WEIR__SLAB };
    struct gate gate = GATE;
    ledger_reset();
    weir_pipeline *pipeline = new_pipeline(NULL);
    (void)add_stage(pipeline,
                    (weir_stage_options){
                        .name = "waits", .run = wait_at_gate, .arg = &gate, .threads = THREADS, .capacity = ITEMS});
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

static Suite *growth_suite(void) {
    Suite *suite = suite_create("growth");
    TCase *keys = add_things_case(suite, "keys");
    tcase_add_loop_test(keys, the_entry_of_a_key_is_found_in_few_steps_among_many, 0, KEY_FAMILIES);
    TCase *memory = add_things_case(suite, "memory");
    tcase_add_test(memory, an_item_takes_a_cell_and_gives_it_back);
    return suite;
}

int main(void) {
    return run_suite(growth_suite());
}
