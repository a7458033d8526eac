/*
 * test_faults.c - each single point at which memory or a thread may be unavailable.
 *
 * Linked with the library's internals, ledger.c, and faults.c with its dependencies.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "faults.h"

#include <weir/select.h>
#include <weir/task_group.h>

#include "closable_queue/segment.h"
#include "ledger.h"

static void reset(void) {
    ledger_reset();
    fault_set(THREAD, 0, false);
}

/* ---- creating queues ---- */

static weir_queue *const untouched = (weir_queue *)&untouched;

START_TEST (a_queue_without_memory_is_not_created) {
    static const weir_queue_options all[] = {
        {.capacity = 10}, {.capacity = 10, .name = "ten"}, {.capacity = WEIR_UNBOUNDED, .name = "no bound"}};
    const weir_queue_options *options = &all[_i / 2];
    const bool ever_after = _i % 2;
    size_t failures = 0;
    for (size_t nth = 1;; nth++) {
        weir_queue *queue = untouched;
        reset();
        ledger_fail(nth, ever_after);
        weir_status status = weir_queue_create_with(&queue, options);
        if (status == WEIR_OK) {
            assert_status(WEIR_OK, weir_queue_destroy(queue));
            break;
        }
        assert_status(WEIR_NOMEM, status);
        ck_assert_ptr_eq(queue, untouched);
        ck_assert_uint_eq(ledger_pieces(), 0);
        failures++;
    }
    ck_assert_uint_eq(ledger_pieces(), 0);
    ck_assert_uint_eq(failures, options->name == NULL ? 2 : 3);
}
END_TEST

START_TEST (the_largest_capacity_is_out_of_memory_and_the_next_is_invalid) {
    weir_queue *queue = untouched;
    reset();
    ledger_fail(2, true); /* whatever the system says: some overcommit memory */
    assert_status(WEIR_NOMEM, weir_queue_create(&queue, WEIR__SEGMENT_MOST));
    assert_status(WEIR_INVALID, weir_queue_create(&queue, WEIR__SEGMENT_MOST + 1));
    ck_assert_ptr_eq(queue, untouched);
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- unbounded puts ---- */

/* Fills an unbounded queue until the next put needs memory. */
static size_t fill_first_segment(weir_queue *queue) {
    size_t calls = ledger_calls(), n = 0;
    ledger_fail(1, true);
    while (weir_queue_try_put(queue, number(n)) == WEIR_OK)
        n++;
    ck_assert_uint_eq(ledger_calls(), calls + 1);
    ck_assert_uint_ge(n, 16);
    return n;
}

START_TEST (a_put_out_of_memory_leaves_the_item_outside_and_the_queue_usable) {
    void *items[2] = {number(1), number(2)};
    size_t put = 99;
    reset();
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    size_t inside = fill_first_segment(queue);
    for (int again = 0; again < 3; again++) {
        assert_status(WEIR_NOMEM, weir_queue_put(queue, number(0)));
        assert_status(WEIR_NOMEM, weir_queue_try_put(queue, number(0)));
        assert_status(WEIR_NOMEM, weir_queue_put_until(queue, number(0), WEIR_NEVER));
        assert_status(WEIR_NOMEM, weir_queue_close(queue));
        assert_status(WEIR_NOMEM, weir_queue_put_many(queue, items, 2, &put));
        ck_assert_uint_eq(put, 0);
        assert_status(WEIR_NOMEM, weir_queue_try_put_many(queue, items, 2, &put));
        assert_status(WEIR_NOMEM, weir_queue_put_many_until(queue, items, 2, &put, WEIR_NEVER));
        ck_assert_uint_eq(put, 0);
    }
    ck_assert_uint_eq(weir_queue_size(queue), inside);
    ck_assert_uint_eq(weir_queue_unfinished(queue), inside);
    take_numbers(queue, 0, 5);
    assert_status(WEIR_NOMEM, weir_queue_put(queue, number(0)));
    ledger_fail(0, false); /* memory is available again */
    put_numbers(queue, inside, inside + 1000);
    take_numbers(queue, 5, inside + 1000);
    assert_status(WEIR_OK, weir_queue_join_until(queue, 0));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (an_emptied_queue_without_memory_refuses_puts_until_there_is_some) {
    void *item;
    reset();
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    size_t inside = fill_first_segment(queue);
    take_numbers(queue, 0, inside);
    assert_status(WEIR_NOMEM, weir_queue_put(queue, number(0)));
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    ledger_fail(0, false);
    put_numbers(queue, 7, 8);
    take_numbers(queue, 7, 8);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

static weir_status put_many(weir_queue *queue, void *const *items, size_t count, size_t *put, int form) {
    if (form == 0)
        return weir_queue_put_many(queue, items, count, put);
    return form == 1 ? weir_queue_try_put_many(queue, items, count, put)
                     : weir_queue_put_many_until(queue, items, count, put, 0);
}

START_TEST (put_many_out_of_memory_reports_how_many) {
    enum { MANY = 3000 };
    static void *items[MANY];
    for (size_t i = 0; i < MANY; i++)
        items[i] = number(i);
    for (size_t nth = 1; nth <= 3; nth++) {
        size_t put = 99;
        reset();
        weir_queue *queue = new_queue(WEIR_UNBOUNDED);
        ledger_fail(nth, true);
        assert_status(WEIR_NOMEM, put_many(queue, items, MANY, &put, _i));
        ck_assert_uint_gt(put, 0);
        ck_assert_uint_lt(put, MANY);
        ck_assert_uint_eq(weir_queue_size(queue), put);
        take_numbers(queue, 0, put);
        ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
        assert_status(WEIR_OK, weir_queue_destroy(queue));
        ck_assert_uint_eq(ledger_pieces(), 0);
    }
}
END_TEST

START_TEST (a_put_many_that_runs_out_of_memory_wakes_for_what_it_put) {
    enum { GETS = 4, MANY = 2000 };
    static void *items[MANY];
    struct call gets[GETS] = {{0}};
    size_t put;
    reset();
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    for (size_t i = 0; i < GETS; i++) {
        gets[i].queue = queue;
        call_start_asleep(&gets[i], make_get);
    }
    ledger_fail(1, true);
    assert_status(WEIR_NOMEM, weir_queue_put_many(queue, items, MANY, &put));
    ck_assert_uint_ge(put, GETS);
    for (size_t i = 0; i < GETS; i++)
        assert_status(WEIR_OK, call_finish(&gets[i]));
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- starting workers ---- */

enum { WORKERS = 4 };

static atomic_size_t inits, finis;

static weir_status count_init(void *arg, void **state) {
    (void)arg;
    *state = NULL;
    atomic_fetch_add(&inits, 1);
    return WEIR_OK;
}

static void count_fini(void *state) {
    (void)state;
    atomic_fetch_add(&finis, 1);
}

static const weir_worker_options plain = {.func = hand_back};
static const weir_worker_options with_state = {.func = hand_back, .init = count_init, .fini = count_fini};

START_TEST (a_thread_that_cannot_be_created_fails_the_start_and_leaves_nothing) {
    const weir_worker_options *options = _i % 2 ? &with_state : &plain;
    weir_threads *const none = (weir_threads *)&none;
    size_t before = threads_at_rest();
    reset();
    weir_queue *in = new_queue(8), *out = new_queue(8);
    size_t pieces = ledger_pieces();
    put_numbers(in, 0, 8);
    for (size_t n = 0; n < WORKERS; n++) {
        weir_threads *threads = none;
        atomic_store(&inits, 0);
        atomic_store(&finis, 0);
        fault_set(THREAD, n + 1, _i / 2);
        assert_status(WEIR_NOTHREAD, weir_start_threads_with(&threads, WORKERS, options, in, out));
        ck_assert_ptr_eq(threads, none);
        ck_assert_uint_eq(atomic_load(&inits), _i % 2 ? n : 0);
        ck_assert_uint_eq(atomic_load(&finis), _i % 2 ? n : 0);
        ck_assert_uint_eq(weir_queue_size(in), 8);
        ck_assert_uint_eq(weir_queue_size(out), 0);
        ck_assert_uint_eq(ledger_pieces(), pieces);
        ck_assert(wait_for_threads(before));
    }
    fault_set(THREAD, 0, false);
    take_numbers(in, 0, 8);
    assert_status(WEIR_OK, weir_queue_destroy(in)); /* no thread is blocked in it */
    assert_status(WEIR_OK, weir_queue_destroy(out));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (a_worker_that_cannot_be_created_leaves_nothing) {
    weir_worker *const none = (weir_worker *)&none;
    weir_worker *worker = none;
    reset();
    weir_queue *in = new_queue(1);
    size_t pieces = ledger_pieces();
    fault_set(THREAD, 1, false);
    assert_status(WEIR_NOTHREAD, weir_worker_start(&worker, &plain, in, NULL));
    for (size_t n = 1; n <= 2; n++) {
        ledger_fail(n, false);
        assert_status(WEIR_NOMEM, weir_worker_start(&worker, &plain, in, NULL));
    }
    ledger_fail(0, false);
    ck_assert_ptr_eq(worker, none);
    ck_assert_uint_eq(ledger_pieces(), pieces);
    assert_status(WEIR_OK, weir_worker_start(&worker, &plain, in, NULL)); /* a later start succeeds */
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_worker_join(worker));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (threads_without_memory_are_not_started) {
    weir_threads *const none = (weir_threads *)&none;
    weir_threads *threads = none;
    reset();
    weir_queue *in = new_queue(1);
    size_t pieces = ledger_pieces(), before = threads_at_rest();
    ledger_fail(1 + (size_t)_i / 2, _i % 2);
    assert_status(WEIR_NOMEM, weir_start_threads(&threads, WORKERS, hand_back, NULL, in, NULL));
    ck_assert_ptr_eq(threads, none);
    ck_assert_uint_eq(ledger_pieces(), pieces);
    ck_assert(wait_for_threads(before));
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- results without memory for them ---- */

START_TEST (a_result_without_memory_goes_to_the_drop_function_and_stop_reports_it) {
    struct drops drops;
    size_t got = 0;
    void *item;
    reset();
    weir_queue *in = new_queue(WEIR_UNBOUNDED), *out = new_dropping_queue(WEIR_UNBOUNDED, &drops);
    const size_t items = 2000;
    put_numbers(in, 0, items);
    weir_threads *threads = NULL;
    ledger_fail(3, true); /* the allocations for the group and its worker succeed */
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, hand_back, NULL, in, out));
    assert_status(WEIR_NOMEM, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_unfinished(in), 0); /* each item was settled, and the worker continued */
    while (weir_queue_try_get(out, &item) == WEIR_OK)
        ck_assert_uint_eq(number_of(item), got++);
    ck_assert_uint_gt(got, 0);
    ck_assert_uint_eq(got + atomic_load(&drops.count), items);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (a_result_without_memory_is_reported_by_the_workers_join) {
    struct drops drops;
    weir_worker *worker = NULL;
    reset();
    weir_queue *in = new_queue(4), *out = new_dropping_queue(WEIR_UNBOUNDED, &drops);
    size_t inside = fill_first_segment(out);
    ledger_fail(3, true);
    assert_status(WEIR_OK, weir_worker_start(&worker, &plain, in, out));
    put_numbers(in, 0, 3);
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_NOMEM, weir_worker_join(worker));
    ck_assert_uint_eq(atomic_load(&drops.count), 3);
    ck_assert_uint_eq(weir_queue_size(out), inside);
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* ---- executors without a thread ---- */

static struct gate end_gate;
static atomic_size_t runs;

static int end_its_thread(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    gate_pass(&end_gate);
    pthread_exit(NULL);
}

static int count_run(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    atomic_fetch_add(&runs, (size_t)(arg == NULL ? 1 : 100));
    return 0;
}

static weir_executor *new_executor(size_t threads) {
    weir_executor *executor;
    assert_status(WEIR_OK, weir_executor_create(&executor, &(weir_executor_options){.threads = threads}));
    return executor;
}

static void wait_for_runs(size_t count) {
    for (weir_deadline limit = hang_limit(); atomic_load(&runs) < count; nap())
        ck_assert_uint_lt(now(), limit);
}

static void end_executor(weir_executor *executor) {
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(executor));
    ck_assert_uint_eq(ledger_pieces(), 0);
}

/* Returns an executor whose only thread has ended, with `pending` tasks, and none can be created. */
static weir_executor *executor_without_thread(size_t pending) {
    weir_executor_counts counts = {.threads = 1};
    end_gate = (struct gate)GATE;
    atomic_store(&runs, 0);
    weir_executor *executor = new_executor(1);
    assert_status(WEIR_OK, weir_executor_submit(executor, end_its_thread, NULL, NULL));
    gate_wait_for(&end_gate, 1);
    for (size_t i = 0; i < pending; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    fault_set(THREAD, 1, true);
    gate_open(&end_gate);
    for (weir_deadline limit = hang_limit(); counts.threads > 0; nap()) {
        assert_status(WEIR_OK, weir_executor_counts_of(executor, &counts));
        ck_assert_uint_lt(now(), limit);
    }
    return executor;
}

/* The task of a refused submit never runs. */
START_TEST (a_submit_without_a_thread_is_refused_and_has_no_effect) {
    weir_future *const none = (weir_future *)&none;
    weir_future *future = none;
    weir_executor_counts counts;
    reset();
    weir_executor *executor = executor_without_thread(0);
    const weir_submit_options high = {.priority = WEIR_HIGH}, named = {.name = "named"};
    for (int i = 0; i < 3; i++) {
        assert_status(WEIR_NOTHREAD, weir_executor_submit(executor, count_run, &runs, NULL));
        assert_status(WEIR_NOTHREAD, weir_executor_submit(executor, count_run, &runs, &future));
        assert_status(WEIR_NOTHREAD, weir_executor_submit_with(executor, count_run, &runs, &high, NULL));
        assert_status(WEIR_NOTHREAD, weir_executor_submit_with(executor, count_run, &runs, &named, &future));
    }
    ck_assert_ptr_eq(future, none);
    assert_status(WEIR_OK, weir_executor_counts_of(executor, &counts));
    ck_assert_uint_eq(counts.pending, 0);
    fault_set(THREAD, 0, false);
    assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, &future));
    assert_status(WEIR_OK, weir_future_get_until(future, NULL, hang_limit()));
    weir_future_release(future);
    ck_assert_uint_eq(atomic_load(&runs), 1);
    end_executor(executor);
}
END_TEST

static weir_executor *short_of_threads;
static weir_future *late;

/* As from another thread, while the first submit finds that no thread can be created. */
static void submit_meanwhile(void) {
    assert_status(WEIR_OK, weir_executor_submit(short_of_threads, count_run, NULL, &late));
    assert_status(WEIR_OK, weir_executor_submit(short_of_threads, count_run, NULL, NULL));
}

/* The refused task is taken back from behind others, which were accepted and stay. */
START_TEST (a_refused_submit_leaves_later_tasks) {
    weir_executor_counts counts;
    reset();
    short_of_threads = executor_without_thread(0);
    fault_call_within(submit_meanwhile);
    assert_status(WEIR_NOTHREAD, weir_executor_submit(short_of_threads, count_run, &runs, NULL));
    assert_status(WEIR_OK, weir_executor_counts_of(short_of_threads, &counts));
    ck_assert_uint_eq(counts.pending, 2);
    fault_set(THREAD, 0, false);
    assert_status(WEIR_OK, weir_future_get_until(late, NULL, hang_limit()));
    wait_for_runs(2);
    weir_future_release(late);
    ck_assert_uint_eq(atomic_load(&runs), 2);
    end_executor(short_of_threads);
}
END_TEST

static void count_unrun(void *task_arg, void *count) {
    ck_assert_ptr_eq(task_arg, &runs);
    ++*(int *)count;
}

static int unrun;

static void shut_down_meanwhile(void) {
    assert_status(WEIR_OK, weir_executor_shutdown(short_of_threads, false, true, 0, count_unrun, &unrun));
}

/* The shutdown has ended the task, so it was accepted: the caller must not end it again. */
START_TEST (a_task_that_a_shutdown_has_ended_is_not_refused) {
    const weir_submit_options high = {.priority = WEIR_HIGH};
    reset();
    unrun = 0;
    short_of_threads = executor_without_thread(0);
    fault_call_within(shut_down_meanwhile);
    if (_i == 0)
        assert_status(WEIR_OK, weir_executor_submit(short_of_threads, count_run, &runs, NULL));
    else
        assert_status(WEIR_OK, weir_executor_submit_with(short_of_threads, count_run, &runs, &high, NULL));
    ck_assert_int_eq(unrun, 1);
    fault_set(THREAD, 0, false);
    end_executor(short_of_threads);
    ck_assert_uint_eq(atomic_load(&runs), 0);
}
END_TEST

/* For longer than the crew's threads look for one. */
START_TEST (tasks_that_wait_for_a_thread_are_kept) {
    weir_executor_counts counts;
    reset();
    weir_executor *executor = executor_without_thread(2);
    sleep_until(weir_deadline_after(400 * MILLISECONDS));
    assert_status(WEIR_OK, weir_executor_counts_of(executor, &counts));
    ck_assert_uint_eq(counts.pending, 2);
    ck_assert_uint_eq(atomic_load(&runs), 0);
    fault_set(THREAD, 0, false);
    wait_for_runs(2);
    end_executor(executor);
}
END_TEST

static weir_future *retained;

static int retain_itself(weir_future *self, void *arg, void **value) {
    (void)arg;
    (void)value;
    retained = weir_future_retain(self);
    gate_pass(&end_gate);
    return 0;
}

/* The thread has lost what it runs tasks in to the retained future. */
START_TEST (an_accepted_task_waits_for_memory) {
    reset();
    weir_executor *executor = new_executor(1);
    end_gate = (struct gate)GATE;
    atomic_store(&runs, 0);
    assert_status(WEIR_OK, weir_executor_submit(executor, retain_itself, NULL, NULL));
    gate_wait_for(&end_gate, 1);
    assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    ledger_fail(1, true);
    gate_open(&end_gate);
    assert_status(WEIR_OK, weir_future_get_until(retained, NULL, hang_limit()));
    sleep_until(weir_deadline_after(20 * MILLISECONDS));
    ck_assert_uint_eq(atomic_load(&runs), 0);
    ledger_fail(0, false);
    wait_for_runs(1);
    weir_future_release(retained);
    end_executor(executor);
}
END_TEST

static weir_executor *outer, *other;
static size_t failing_call;

/* Submits a task while one allocation fails, or from then on all of them. */
static int submit_without_memory(weir_future *self, void *ever_after, void **value) {
    weir_future *future = NULL;
    (void)self;
    (void)value;
    ledger_fail(failing_call, ever_after != NULL);
    weir_status status = weir_executor_submit(outer, count_run, NULL, &future);
    ledger_fail(0, false);
    if (status == WEIR_OK)
        weir_future_release(future);
    return (int)status;
}

START_TEST (a_submit_of_a_task_without_memory_is_refused_or_runs) {
    for (failing_call = 1; failing_call <= 3; failing_call++) {
        void *value;
        weir_future *future;
        reset();
        outer = new_executor(1);
        atomic_store(&runs, 0);
        void *ever_after = _i == 0 ? NULL : &outer;
        assert_status(WEIR_OK, weir_executor_submit(outer, submit_without_memory, ever_after, &future));
        weir_status status = weir_future_get_until(future, &value, hang_limit());
        ck_assert(status == WEIR_OK || weir_future_code(future) == WEIR_NOMEM);
        ck_assert(status == WEIR_FAILED || failing_call > 1);
        weir_future_release(future);
        end_executor(outer);
        ck_assert_uint_eq(atomic_load(&runs), status == WEIR_OK);
    }
}
END_TEST

static int fail_at_gate(weir_future *self, void *gate) {
    gate_pass(gate);
    return weir_executor_error(self, 9, "late");
}

static int pass_the_gate(weir_future *self, void *gate) {
    (void)self;
    gate_pass(gate);
    return 0;
}

/* What there is no memory for is not kept; the first error is, whatever happens. */
START_TEST (a_group_keeps_the_errors_that_there_is_memory_for) {
    enum { ERRORS = 4 };
    for (size_t n = 1; n <= 8; n++) {
        struct gate gate = GATE;
        weir_task_group *group;
        reset();
        weir_executor *executor = new_executor(ERRORS);
        assert_status(WEIR_OK, weir_task_group_create(&group, executor, NULL));
        for (size_t i = 0; i < ERRORS; i++)
            assert_status(WEIR_OK, weir_task_group_run(group, fail_at_gate, &gate));
        gate_wait_for(&gate, ERRORS);
        ledger_fail(n, _i != 0);
        gate_open(&gate);
        assert_status(WEIR_FAILED, weir_task_group_wait_until(group, hang_limit()));
        ledger_fail(0, false);
        size_t errors = weir_task_group_errors(group);
        ck_assert(errors >= 1 && errors <= ERRORS);
        for (size_t i = 0; i < errors; i++)
            ck_assert_int_eq(weir_task_group_code(group, i), 9);
        assert_status(WEIR_OK, weir_task_group_destroy(group));
        end_executor(executor);
    }
}
END_TEST

static weir_task_group *waited_for;

static int select_alone(weir_future *self, void *queue, void **value) {
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queue}};
    size_t which;
    (void)self;
    (void)value;
    return (int)weir_select(cases, 1, WEIR_NEVER, &which);
}

static int wait_for_group(weir_future *self, void *unused, void **value) {
    (void)self;
    (void)unused;
    (void)value;
    return (int)weir_task_group_wait(waited_for);
}

/* Another thread of the executor would have to run, and none can be created. */
START_TEST (a_wait_in_the_only_thread_is_refused) {
    static weir_executor_func *const waits[] = {select_alone, wait_for_group};
    weir_future *future;
    struct gate gate = GATE;
    reset();
    weir_queue *queue = new_queue(1);
    outer = new_executor(1);
    other = new_executor(1);
    assert_status(WEIR_OK, weir_task_group_create(&waited_for, other, NULL));
    assert_status(WEIR_OK, weir_task_group_run(waited_for, pass_the_gate, &gate));
    gate_wait_for(&gate, 1);
    fault_set(THREAD, 1, true);
    assert_status(WEIR_OK, weir_executor_submit(outer, waits[_i], queue, &future));
    assert_status(WEIR_FAILED, weir_future_get_until(future, NULL, hang_limit()));
    ck_assert_int_eq(weir_future_code(future), WEIR_DEADLOCK);
    fault_set(THREAD, 0, false);
    weir_future_release(future);
    gate_open(&gate);
    assert_status(WEIR_OK, weir_task_group_wait_until(waited_for, hang_limit()));
    assert_status(WEIR_OK, weir_task_group_destroy(waited_for));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    assert_status(WEIR_OK, weir_executor_shutdown(other, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(other));
    end_executor(outer);
}
END_TEST

/* ---- whole runs, with every allocation failing in turn ---- */

/* Runs two stages with unbounded queues. Whatever fails, each item must end in exactly one place. */
static bool run_two_stages(size_t items) {
    struct drops drops = {0};
    const weir_queue_options options = {
        .capacity = WEIR_UNBOUNDED, .name = "stage", .drop = record_drop, .drop_arg = &drops};
    weir_queue *in = NULL, *out = NULL;
    weir_threads *threads = NULL;
    size_t put = 0, came = 0;
    void *item;
    bool well = weir_queue_create_with(&in, &options) == WEIR_OK && weir_queue_create_with(&out, &options) == WEIR_OK;
    well = well && weir_start_threads_with(&threads, 2, &with_state, in, out) == WEIR_OK;
    for (size_t n = 0; threads != NULL && n < items; n++) {
        weir_status status = weir_queue_put(in, number(n));
        ck_assert_int_eq(status, status == WEIR_OK ? WEIR_OK : WEIR_NOMEM);
        put += status == WEIR_OK;
    }
    if (threads != NULL)
        well = weir_stop_threads(in, threads) == WEIR_OK && well;
    while (out != NULL && weir_queue_try_get(out, &item) == WEIR_OK)
        came++;
    ck_assert_uint_eq(came + atomic_load(&drops.count), put);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
    return well && put == items && came == items;
}

START_TEST (every_allocation_may_fail) {
    size_t before = threads_at_rest(), failures = 0;
    for (size_t nth = 1; nth < 200; nth++) {
        reset();
        ledger_fail(nth, _i);
        atomic_store(&inits, 0);
        atomic_store(&finis, 0);
        bool well = run_two_stages(1200);
        ck_assert_uint_eq(ledger_pieces(), 0);
        ck_assert_uint_eq(atomic_load(&inits), atomic_load(&finis));
        ck_assert(wait_for_threads(before));
        failures += !well;
        if (well && ledger_calls() < nth)
            break;
    }
    ck_assert_uint_ge(failures, 7); /* three allocations for each queue, one for the group */
}
END_TEST

static Suite *faults_suite(void) {
    Suite *suite = suite_create("faults");
    TCase *queues = add_case(suite, "queues");
    tcase_add_loop_test(queues, a_queue_without_memory_is_not_created, 0, 6);
    tcase_add_test(queues, the_largest_capacity_is_out_of_memory_and_the_next_is_invalid);
    tcase_add_test(queues, a_put_out_of_memory_leaves_the_item_outside_and_the_queue_usable);
    tcase_add_test(queues, an_emptied_queue_without_memory_refuses_puts_until_there_is_some);
    tcase_add_loop_test(queues, put_many_out_of_memory_reports_how_many, 0, 3);
    tcase_add_test(queues, a_put_many_that_runs_out_of_memory_wakes_for_what_it_put);
    TCase *workers = add_case(suite, "workers");
    tcase_add_loop_test(workers, a_thread_that_cannot_be_created_fails_the_start_and_leaves_nothing, 0, 4);
    tcase_add_test(workers, a_worker_that_cannot_be_created_leaves_nothing);
    tcase_add_loop_test(workers, threads_without_memory_are_not_started, 0, 2 * (WORKERS + 1));
    tcase_add_test(workers, a_result_without_memory_goes_to_the_drop_function_and_stop_reports_it);
    tcase_add_test(workers, a_result_without_memory_is_reported_by_the_workers_join);
    TCase *executors = add_case(suite, "executors");
    tcase_add_test(executors, a_submit_without_a_thread_is_refused_and_has_no_effect);
    tcase_add_test(executors, a_refused_submit_leaves_later_tasks);
    tcase_add_loop_test(executors, a_task_that_a_shutdown_has_ended_is_not_refused, 0, 2);
    tcase_add_test(executors, tasks_that_wait_for_a_thread_are_kept);
    tcase_add_test(executors, an_accepted_task_waits_for_memory);
    tcase_add_loop_test(executors, a_submit_of_a_task_without_memory_is_refused_or_runs, 0, 2);
    tcase_add_loop_test(executors, a_group_keeps_the_errors_that_there_is_memory_for, 0, 2);
    tcase_add_loop_test(executors, a_wait_in_the_only_thread_is_refused, 0, 2);
    TCase *all = add_case(suite, "all");
    tcase_add_loop_test(all, every_allocation_may_fail, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(faults_suite());
}
