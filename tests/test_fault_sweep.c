/*
 * test_fault_sweep.c - runs whole workloads repeatedly: the n-th allocation, thread creation or sleep fails, for
 * every n, once and from then on. No run may crash, hang, leak or lose an item, and a status must report the fault.
 *
 * Linked with the library's internals, ledger.c, faults.c with its dependencies, and --wrap for pthread_attr_init.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "faults.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_pthread_attr_init(pthread_attr_t *attr);
int __wrap_pthread_attr_init(pthread_attr_t *attr);

static atomic_bool no_attributes;

int __wrap_pthread_attr_init(pthread_attr_t *attr) {
    return atomic_load(&no_attributes) ? ENOMEM : __real_pthread_attr_init(attr);
}

/* ---- items are counted: each one made must be freed exactly once, wherever it ends ---- */

static atomic_int alive;

static void *make_item(void) {
    atomic_fetch_add(&alive, 1);
    return &alive;
}

static void end_item(void *item, void *unused) {
    (void)unused;
    if (item != NULL)
        atomic_fetch_sub(&alive, 1);
}

/* Returns whether a call that starts no thread may return `status`. */
static bool is_excused(weir_status status) {
    return status != WEIR_NOTHREAD && fault_excuses(status);
}

static weir_queue *queue_or_null(size_t capacity) {
    weir_queue *queue = NULL;
    weir_queue_options options = {.capacity = capacity, .name = "swept", .drop = end_item};
    weir_status status = weir_queue_create_with(&queue, &options);
    ck_assert(is_excused(status));
    return queue;
}

static void put_items(weir_queue *queue, int count) {
    for (int i = 0; i < count; i++) {
        void *item = make_item();
        weir_status status = weir_queue_put(queue, item);
        ck_assert(is_excused(status));
        if (status != WEIR_OK)
            end_item(item, NULL); /* the caller still owns it */
    }
}

static void *consume(void *item, void *arg) {
    (void)arg;
    end_item(item, NULL);
    return NULL;
}

/* ---- workloads; each leaves nothing behind, whatever failed ---- */

static void work_unbounded(void) {
    enum { ITEMS = 1500 }; /* needs three segments */
    weir_queue *queue = queue_or_null(WEIR_UNBOUNDED);
    if (queue == NULL)
        return;
    put_items(queue, ITEMS);
    void *item;
    for (int i = 0; i < ITEMS / 2 && weir_queue_try_get(queue, &item) == WEIR_OK; i++) {
        end_item(item, NULL);
        assert_status(WEIR_OK, weir_queue_task_done(queue));
    }
    ck_assert_uint_eq(weir_queue_unfinished(queue), weir_queue_size(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

static void run_stages(weir_queue *first, weir_queue *second) {
    weir_threads *makers, *takers;
    weir_worker_options with_state = {.func = consume, .init = init_with_arg, .stack_size = 65536, .name = "taker"};
    weir_status status = weir_start_threads(&makers, 2, hand_back, NULL, first, second);
    ck_assert(fault_excuses(status));
    if (status != WEIR_OK)
        return;
    status = weir_start_threads_with(&takers, 2, &with_state, second, NULL);
    ck_assert(fault_excuses(status));
    bool whole = status == WEIR_OK;
    if (!whole)
        assert_status(WEIR_OK, weir_queue_shutdown(second, WEIR_DISCARD));
    put_items(first, whole ? 40 : 1);
    weir_status stopped = weir_stop_threads(first, makers);
    ck_assert(is_excused(stopped));
    if (whole)
        assert_status(WEIR_OK, weir_stop_threads(second, takers));
}

static void work_pipeline(size_t capacity) {
    weir_queue *first = queue_or_null(capacity), *second = queue_or_null(capacity);
    if (first != NULL && second != NULL)
        run_stages(first, second);
    assert_status(WEIR_OK, weir_queue_destroy(first));
    assert_status(WEIR_OK, weir_queue_destroy(second));
}

static void work_narrow_pipeline(void) {
    work_pipeline(1);
}

static void work_unbounded_pipeline(void) {
    work_pipeline(WEIR_UNBOUNDED);
}

static void work_one_worker(void) {
    weir_queue *queue = queue_or_null(2);
    weir_worker_options options = {.func = consume};
    weir_worker *worker;
    if (queue == NULL)
        return;
    weir_status status = weir_worker_start(&worker, &options, queue, NULL);
    ck_assert(fault_excuses(status));
    if (status == WEIR_OK) {
        put_items(queue, 20);
        assert_status(WEIR_OK, weir_queue_close(queue));
        assert_status(WEIR_OK, weir_queue_join(queue));
        assert_status(WEIR_OK, weir_worker_join(worker));
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

static void *get_until_closed(void *queue) {
    void *item;
    while (weir_queue_get_until(queue, &item, weir_deadline_after(20 * SECONDS)) == WEIR_OK) {
        end_item(item, NULL);
        weir_queue_task_done(queue);
    }
    return NULL;
}

/* Plain threads that block on both sides; a shutdown wakes them. */
static void work_blocking(void) {
    weir_queue *queue = queue_or_null(1);
    pthread_t consumers[2];
    if (queue == NULL)
        return;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(0, start_thread_without_fault(&consumers[i], get_until_closed, queue));
    put_items(queue, 50);
    assert_status(WEIR_OK, weir_queue_join_until(queue, weir_deadline_after(20 * SECONDS)));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    for (int i = 0; i < 2; i++)
        pthread_join(consumers[i], NULL);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

/* ---- selects and descriptors ---- */

static void *write_one(void *end) {
    ck_assert_int_eq(1, (int)write(*(const int *)end, "x", 1));
    return NULL;
}

/* A pipe is ready beside gets of an empty queue. A select without memory has no effect. */
static void select_of(size_t count, weir_queue *queue) {
    weir_case cases[33];
    pthread_t thread;
    int ends[2];
    char read_now;
    size_t which = count;
    ck_assert_int_eq(0, pipe(ends));
    for (size_t i = 0; i < count; i++)
        cases[i] = (weir_case){.kind = WEIR_CASE_GET, .queue = queue};
    cases[count - 1] = (weir_case){.kind = WEIR_CASE_READABLE, .fd = ends[0]};
    ck_assert_int_eq(0, start_thread_without_fault(&thread, write_one, &ends[1]));
    weir_status status = weir_select(cases, count, hang_limit(), &which);
    pthread_join(thread, NULL);
    ck_assert(is_excused(status));
    ck_assert_uint_eq(which, status == WEIR_OK ? count - 1 : count);
    ck_assert_int_eq(1, (int)read(ends[0], &read_now, 1));
    close(ends[0]);
    close(ends[1]);
}

/* 16 cases wait without memory, and 32 are looked at without. */
static void work_selects(void) {
    weir_queue *queue = queue_or_null(1);
    if (queue == NULL)
        return;
    select_of(16, queue);
    select_of(17, queue);
    select_of(33, queue);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

static bool is_ready(int fd) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

/* A queue without memory for a descriptor goes on without it. */
static void work_descriptors(void) {
    weir_queue *queue = queue_or_null(1);
    void *got;
    if (queue == NULL)
        return;
    int to_get = weir_queue_get_fd(queue), to_put = weir_queue_put_fd(queue);
    ck_assert(to_get >= 0 || fault_excuses(WEIR_NOMEM));
    ck_assert(to_put >= 0 || fault_excuses(WEIR_NOMEM));
    ck_assert(to_get < 0 || !is_ready(to_get));
    ck_assert(to_put < 0 || is_ready(to_put));
    put_items(queue, 1);
    assert_status(WEIR_FULL, weir_queue_try_put(queue, &alive));
    ck_assert(to_get < 0 || is_ready(to_get));
    ck_assert(to_put < 0 || !is_ready(to_put));
    assert_status(WEIR_OK, weir_queue_try_get(queue, &got));
    end_item(got, NULL);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

/* ---- futures ---- */

enum { PROMISES = 4 };

static weir_future *promises[PROMISES];
static size_t promised; /* of those that were created */
static atomic_int called;

static void count_call(weir_future *future, void *unused) {
    (void)future;
    (void)unused;
    atomic_fetch_add(&called, 1);
}

/* The value belongs to the future if the set succeeds, and it does. */
static void *end_promises(void *unused) {
    (void)unused;
    for (size_t i = 0; i + 1 < promised; i++)
        ck_assert_int_eq(WEIR_OK, weir_future_set(promises[i], make_item()));
    if (promised > 0)
        ck_assert_int_eq(WEIR_OK, weir_future_fail(promises[promised - 1], 5, "message %d", 5));
    return NULL;
}

/* Returns the number of callbacks that were added. */
static int make_promises(void) {
    int callbacks = 0;
    promised = 0;
    atomic_store(&called, 0);
    for (size_t i = 0; i < PROMISES; i++) {
        weir_future *future;
        weir_status status = weir_future_create(&future, end_item, NULL);
        ck_assert(is_excused(status));
        if (status != WEIR_OK)
            continue;
        promises[promised++] = future;
        status = weir_future_on_end(future, count_call, NULL);
        ck_assert(is_excused(status));
        callbacks += status == WEIR_OK;
        int fd = weir_future_fd(future);
        ck_assert(fd >= 0 || fault_excuses(WEIR_NOMEM));
    }
    return callbacks;
}

static void wait_for_promises(void) {
    weir_completions *completions;
    weir_future *future;
    size_t ended;
    ck_assert(is_excused(weir_wait(promises, promised, WEIR_FIRST_COMPLETED, hang_limit(), NULL)));
    ck_assert(is_excused(weir_wait(promises, promised, WEIR_FIRST_ERROR, hang_limit(), NULL)));
    weir_status status = weir_as_completed(&completions, promises, promised);
    ck_assert(is_excused(status));
    if (status == WEIR_OK) {
        for (size_t i = 0; i < promised; i++)
            assert_status(WEIR_OK, weir_completions_next(completions, &future, NULL, hang_limit()));
        assert_status(WEIR_CLOSED, weir_completions_next(completions, &future, NULL, 0));
        weir_completions_destroy(completions);
    }
    assert_status(WEIR_OK, weir_wait(promises, promised, WEIR_ALL, hang_limit(), &ended));
    ck_assert_uint_eq(promised, ended);
}

/* A message without memory is lost, and its code is not. */
static void check_error(const weir_future *future) {
    const char *message = weir_future_message(future);
    ck_assert_int_eq(5, weir_future_code(future));
    ck_assert(strcmp(message, "message 5") == 0 || (*message == '\0' && fault_excuses(WEIR_NOMEM)));
}

static void work_futures(void) {
    pthread_t thread;
    int callbacks = make_promises();
    ck_assert_int_eq(0, start_thread_without_fault(&thread, end_promises, NULL));
    wait_for_promises();
    pthread_join(thread, NULL);
    ck_assert_int_eq(callbacks, atomic_load(&called));
    if (promised > 0)
        check_error(promises[promised - 1]);
    for (size_t i = 0; i < promised; i++)
        weir_future_release(promises[i]);
}

/* ---- executors ---- */

struct element {
    int runs;
};

static int make_value(weir_future *self, void *arg, void **value) {
    struct element *element = arg;
    (void)self;
    element->runs++;
    *value = make_item();
    return 0;
}

static int fail_with_message(weir_future *self, void *arg) {
    (void)arg;
    return weir_executor_error(self, 5, "message %d", 5);
}

static bool take_value(size_t index, weir_future *future, void *arg) {
    void *value;
    (void)arg;
    if (index % 2 == 0 && weir_future_take(future, &value) == WEIR_OK)
        end_item(value, NULL);
    return true;
}

/* A task runs once, or the call has failed before its turn. */
static void map_elements(weir_executor *executor, bool as_completed) {
    enum { ELEMENTS = 8 };
    struct element elements[ELEMENTS] = {{0}};
    const weir_map_options options = {
        .in_flight = 3, .as_completed = as_completed, .drop = end_item, .arg_size = sizeof elements[0]};
    weir_status status =
        weir_executor_map(executor, make_value, elements, ELEMENTS, &options, as_completed ? take_value : NULL, NULL);
    ck_assert(is_excused(status));
    for (size_t i = 0; i < ELEMENTS; i++)
        ck_assert(elements[i].runs == 1 || (elements[i].runs == 0 && status != WEIR_OK));
}

static void run_group(weir_executor *executor) {
    weir_task_group *group;
    weir_status status = weir_task_group_create(&group, executor, NULL);
    ck_assert(is_excused(status));
    if (status != WEIR_OK)
        return;
    status = weir_task_group_run(group, fail_with_message, NULL);
    ck_assert(is_excused(status));
    assert_status(status == WEIR_OK ? WEIR_FAILED : WEIR_OK, weir_task_group_wait_until(group, hang_limit()));
    ck_assert_int_eq(weir_task_group_code(group, 0), status == WEIR_OK ? 5 : 0);
    assert_status(WEIR_OK, weir_task_group_destroy(group));
}

/* No task is left when the calls have returned: the executor is idle. */
static void work_executor(void) {
    const weir_executor_options options = {.name = "swept", .threads = 2};
    const weir_submit_options timed = {.delay = 1, .name = "timed", .drop = end_item};
    weir_executor *executor;
    weir_future *future;
    struct element element = {0};
    weir_status status = weir_executor_create(&executor, &options);
    ck_assert(fault_excuses(status));
    if (status != WEIR_OK)
        return;
    map_elements(executor, false);
    map_elements(executor, true);
    run_group(executor);
    status = weir_executor_submit_with(executor, make_value, &element, &timed, &future);
    ck_assert(fault_excuses(status));
    if (status == WEIR_OK) {
        assert_status(WEIR_OK, weir_future_get_until(future, NULL, hang_limit()));
        weir_future_release(future);
    }
    ck_assert_int_eq(element.runs, status == WEIR_OK);
    assert_status(WEIR_OK, weir_executor_destroy(executor));
}

/* The values of futures that were released before their tasks begin go to the drop function. */
static void work_dropped_futures(void) {
    const weir_submit_options dropping = {.drop = end_item};
    struct element elements[4] = {{0}};
    weir_executor *executor;
    weir_status status = weir_executor_create(&executor, &(weir_executor_options){.threads = 1});
    ck_assert(fault_excuses(status));
    if (status != WEIR_OK)
        return;
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        weir_future *future = NULL;
        status = weir_executor_submit_with(executor, make_value, &elements[i], &dropping, &future);
        ck_assert(is_excused(status));
        weir_future_release(future);
    }
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(executor));
}

/* Reports whose texts take more than the first piece of memory. A text that is refused leaves its place as it was. */
static void work_texts(void) {
    static weir_stage_report stages[40];
    weir_report report = {.name = "swept", .stage_count = COUNT_OF(stages), .stages = stages};
    const weir_report *const reports[] = {&report, &report};
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        stages[i] = (weir_stage_report){.name = "a stage of many", .threads = 1, .capacity = 1};
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++) {
        char *text = (char *)&report;
        size_t size = 1;
        weir_status status =
            weir_report_text_many(reports, COUNT_OF(reports), (weir_report_format)format, &text, &size);
        ck_assert(is_excused(status));
        if (status == WEIR_OK) {
            ck_assert_uint_gt(size, 4096);
            ck_assert_uint_eq(strlen(text), size);
            free(text);
        } else {
            ck_assert(text == (char *)&report && size == 1);
        }
    }
}

static const struct workload {
    const char *name;
    void (*run)(void);
} workloads[] = {
    {"an unbounded queue", work_unbounded},
    {"a narrow pipeline", work_narrow_pipeline},
    {"an unbounded pipeline", work_unbounded_pipeline},
    {"one worker", work_one_worker},
    {"plain threads", work_blocking},
    {"selects with a pipe", work_selects},
    {"descriptors of a queue", work_descriptors},
    {"futures", work_futures},
    {"an executor", work_executor},
    {"dropped futures", work_dropped_futures},
    {"texts of reports", work_texts},
};

static void run_workload(const void *raw) {
    const struct workload *workload = raw;
    atomic_store(&alive, 0);
    workload->run();
    ck_assert_msg(atomic_load(&alive) == 0, "%s: %d items left", workload->name, atomic_load(&alive));
}

START_TEST (every_point_at_which_something_can_go_wrong) {
    size_t total = 0;
    const struct sweep sweep = {.name = workloads[_i].name,
                                .run = run_workload,
                                .workload = &workloads[_i],
                                .step = 1,
                                .sleeps_once = 12,
                                .sleeps_ever_after = 12,
                                .sleeps_yield = true};
    for (enum fault kind = 0; kind < FAULTS; kind++)
        total += sweep_faults(&sweep, kind);
    printf("fault sweep: %s: %zu points\n", sweep.name, total);
    ck_assert_uint_gt(total, 5);
}
END_TEST

START_TEST (without_attributes_there_is_no_thread) {
    weir_threads *threads;
    weir_queue *queue = new_queue(1);
    atomic_store(&no_attributes, true);
    assert_status(WEIR_NOTHREAD, weir_start_threads(&threads, 1, consume, NULL, queue, NULL));
    atomic_store(&no_attributes, false);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *sweep_suite(void) {
    Suite *suite = suite_create("fault sweep");
    TCase *sweeps = add_case(suite, "sweep");
    tcase_add_loop_test(sweeps, every_point_at_which_something_can_go_wrong, 0, (int)COUNT_OF(workloads));
    tcase_add_test(sweeps, without_attributes_there_is_no_thread);
    return suite;
}

int main(void) {
    return run_suite(sweep_suite());
}
