/*
 * test_fault_sweep.c - whole workloads, again and again: the n-th allocation, thread creation or sleep goes wrong, for
 * every n there is, once and from then on. Nothing may crash, hang, leak, or be lost, and the status must say it.
 *
 * A sleep goes wrong by returning at once, as it does when a signal comes (EINTR) or the word has changed (EAGAIN);
 * then nobody may notice anything but the time it takes.
 *
 * Linked with the library's insides, ledger.c, and --wrap for aligned_alloc, free, pthread_create, pthread_attr_init
 * and weir__futex_wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "ledger.h"
#include "sync/futex.h"

enum fault { ALLOCATION, THREAD, SLEEP, FAULTS };

static struct {
    enum fault kind;
    atomic_size_t left; /* until it goes wrong; 0: it has, or it never will */
    bool ever_after;
    atomic_bool happened;
} fault;

static bool is_due(enum fault kind) {
    if (kind != fault.kind)
        return false;
    size_t left = atomic_load(&fault.left);
    while (left > 0 && !atomic_compare_exchange_weak(&fault.left, &left, left - 1))
        ;
    if (left == 1)
        atomic_store(&fault.happened, true);
    return left == 1 || (fault.ever_after && atomic_load(&fault.happened));
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
bool __real_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);
bool __wrap_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg) {
    return is_due(THREAD) ? EAGAIN : __real_pthread_create(thread, attr, run, arg);
}

int __real_pthread_attr_init(pthread_attr_t *attr);
int __wrap_pthread_attr_init(pthread_attr_t *attr);

static atomic_bool no_attributes;

int __wrap_pthread_attr_init(pthread_attr_t *attr) {
    return atomic_load(&no_attributes) ? ENOMEM : __real_pthread_attr_init(attr);
}

bool __wrap_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    return is_due(SLEEP) ? true : __real_weir__futex_wait(word, value, deadline);
}

static void set_fault(enum fault kind, size_t nth, bool ever_after) {
    fault.kind = kind;
    fault.ever_after = ever_after;
    atomic_store(&fault.happened, false);
    atomic_store(&fault.left, kind == ALLOCATION ? 0 : nth);
    ledger_reset();
    if (kind == ALLOCATION)
        ledger_fail(nth, ever_after);
}

static bool fault_happened(size_t nth) {
    return fault.kind == ALLOCATION ? ledger_calls() >= nth : atomic_load(&fault.happened);
}

/* ---- items are counted: each one that exists is freed once, wherever it ends ---- */

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

static weir_queue *queue_or_null(size_t capacity) {
    weir_queue *queue = NULL;
    weir_queue_options options = {.capacity = capacity, .name = "swept", .drop = end_item};
    weir_status status = weir_queue_create_with(&queue, &options);
    ck_assert(status == WEIR_OK || (status == WEIR_NOMEM && fault.kind == ALLOCATION));
    return queue;
}

static void put_items(weir_queue *queue, int count) {
    for (int i = 0; i < count; i++) {
        void *item = make_item();
        weir_status status = weir_queue_put(queue, item);
        ck_assert(status == WEIR_OK || (status == WEIR_NOMEM && fault.kind == ALLOCATION));
        if (status != WEIR_OK)
            end_item(item, NULL); /* still ours */
    }
}

static void *hand_on(void *item, void *arg) {
    (void)arg;
    return item;
}

static void *consume(void *item, void *arg) {
    (void)arg;
    end_item(item, NULL);
    return NULL;
}

static weir_status open_state(void *arg, void **state) {
    *state = arg;
    return WEIR_OK;
}

/* ---- workloads; each ends with nothing left, whatever has gone wrong ---- */

static void work_unbounded(void) {
    enum { ITEMS = 1500 }; /* three segments */
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
    weir_worker_options with_state = {.func = consume, .init = open_state, .stack_size = 65536, .name = "taker"};
    weir_status status = weir_start_threads(&makers, 2, hand_on, NULL, first, second);
    ck_assert(status == WEIR_OK || status == (fault.kind == THREAD ? WEIR_NOTHREAD : WEIR_NOMEM));
    if (status != WEIR_OK)
        return;
    status = weir_start_threads_with(&takers, 2, &with_state, second, NULL);
    ck_assert(status == WEIR_OK || status == (fault.kind == THREAD ? WEIR_NOTHREAD : WEIR_NOMEM));
    bool whole = status == WEIR_OK;
    if (!whole)
        assert_status(WEIR_OK, weir_queue_shutdown(second, WEIR_DISCARD));
    put_items(first, whole ? 40 : 1);
    weir_status stopped = weir_stop_threads(first, makers);
    ck_assert(stopped == WEIR_OK || (stopped == WEIR_NOMEM && fault.kind == ALLOCATION));
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
    ck_assert(status == WEIR_OK || status == (fault.kind == THREAD ? WEIR_NOTHREAD : WEIR_NOMEM));
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

/* Plain threads that block on both sides, and a shutdown that wakes them. */
static void work_blocking(void) {
    weir_queue *queue = queue_or_null(1);
    pthread_t consumers[2];
    if (queue == NULL)
        return;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(0, __real_pthread_create(&consumers[i], NULL, get_until_closed, queue));
    put_items(queue, 50);
    assert_status(WEIR_OK, weir_queue_join_until(queue, weir_deadline_after(20 * SECONDS)));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    for (int i = 0; i < 2; i++)
        pthread_join(consumers[i], NULL);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
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
};

static void run_once(const struct workload *workload, size_t threads_before) {
    atomic_store(&alive, 0);
    workload->run();
    ck_assert_msg(atomic_load(&alive) == 0, "%s: %d items left", workload->name, atomic_load(&alive));
    ck_assert_msg(wait_for_threads(threads_before), "%s: threads left", workload->name);
    ck_assert_msg(ledger_pieces() == 0, "%s: %zu pieces of memory left", workload->name, ledger_pieces());
}

/* How often a thread sleeps is chance, so that sweep has an end of its own. */
static size_t sweep(const struct workload *workload, enum fault kind, bool ever_after, size_t threads_before) {
    size_t most = kind == SLEEP ? 12 : SIZE_MAX, points = 0;
    for (size_t n = 1; n <= most; n++) {
        set_fault(kind, n, ever_after);
        run_once(workload, threads_before);
        if (!fault_happened(n))
            break;
        points++;
    }
    return points;
}

START_TEST (every_point_at_which_something_can_go_wrong) {
    static const char *const kinds[FAULTS] = {"allocation", "thread creation", "sleep"};
    size_t threads_before = threads_at_rest(), total = 0;
    for (size_t w = 0; w < COUNT_OF(workloads); w++) {
        for (enum fault kind = 0; kind < FAULTS; kind++) {
            size_t points = sweep(&workloads[w], kind, false, threads_before);
            points += sweep(&workloads[w], kind, true, threads_before);
            printf("%-22s %-16s %3zu points\n", workloads[w].name, kinds[kind], points);
            total += points;
        }
    }
    printf("fault sweep: %zu points\n", total);
    ck_assert_uint_gt(total, 50);
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
    tcase_add_test(sweeps, every_point_at_which_something_can_go_wrong);
    tcase_add_test(sweeps, without_attributes_there_is_no_thread);
    return suite;
}

int main(void) {
    return run_suite(sweep_suite());
}
