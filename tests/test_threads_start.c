/*
 * test_threads_start.c - starting groups of workers: per-thread state, names, stacks, signals, cancellation.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static weir_threads *const untouched = (weir_threads *)&untouched;

static weir_threads *start_with(size_t count, const weir_worker_options *options, weir_queue *in, weir_queue *out) {
    weir_threads *threads = NULL;
    assert_status(WEIR_OK, weir_start_threads_with(&threads, count, options, in, out));
    ck_assert_ptr_nonnull(threads);
    return threads;
}

/* ---- starts that are refused ---- */

START_TEST (what_cannot_be_started_is_refused) {
    weir_queue *in = new_queue(1);
    weir_threads *threads = untouched;
    weir_worker_options options = {.func = hand_back};
    assert_status(WEIR_INVALID, weir_start_threads(NULL, 1, hand_back, NULL, in, NULL));
    assert_status(WEIR_INVALID, weir_start_threads(&threads, 1, NULL, NULL, in, NULL));
    assert_status(WEIR_INVALID, weir_start_threads(&threads, 1, hand_back, NULL, NULL, NULL));
    assert_status(WEIR_INVALID, weir_start_threads(&threads, 0, hand_back, NULL, in, NULL));
    assert_status(WEIR_INVALID, weir_start_threads_with(&threads, 1, NULL, in, NULL));
    assert_status(WEIR_INVALID, weir_start_threads_with(NULL, 1, &options, in, NULL));
    for (size_t i = 0; i < COUNT_OF(options.reserved); i++) {
        options.reserved[i] = &options;
        assert_status(WEIR_INVALID, weir_start_threads_with(&threads, 1, &options, in, NULL));
        options.reserved[i] = NULL;
    }
    ck_assert_ptr_eq(threads, untouched);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (more_than_memory_can_address_is_refused) {
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 64, SIZE_MAX / 100};
    weir_queue *in = new_queue(1);
    weir_threads *threads = untouched;
    assert_status(WEIR_INVALID, weir_start_threads(&threads, counts[_i], hand_back, NULL, in, NULL));
    ck_assert_ptr_eq(threads, untouched);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* ---- init and fini ---- */

enum { WORKERS = 4 };

struct states {
    struct gate gate;
    size_t fails_at; /* this call of init fails; SIZE_MAX: none */
    size_t exits_at; /* this call of init ends its thread */
    size_t waits_at; /* this call of init waits at the gate */
    atomic_size_t inits, finis, works;
    atomic_size_t wrong_thread, wrong_state;
    struct state {
        struct states *all;
        pthread_t thread;
        atomic_uint finis;
    } each[64];
};

#define STATES                                                                                                         \
    { .gate = GATE, .fails_at = SIZE_MAX, .exits_at = SIZE_MAX, .waits_at = SIZE_MAX }

static weir_status init_state(void *arg, void **state) {
    struct states *states = arg;
    size_t n = atomic_fetch_add(&states->inits, 1);
    if (n == states->waits_at)
        gate_pass(&states->gate);
    if (n == states->exits_at)
        pthread_exit(NULL);
    states->each[n] = (struct state){.all = states, .thread = pthread_self()};
    *state = &states->each[n];
    return n == states->fails_at ? WEIR_NOMEM : WEIR_OK;
}

static void fini_state(void *raw) {
    struct state *state = raw;
    atomic_fetch_add(&state->all->finis, 1);
    atomic_fetch_add(&state->finis, 1);
    if (!pthread_equal(state->thread, pthread_self()))
        atomic_fetch_add(&state->all->wrong_thread, 1);
}

static void *work_with_state(void *item, void *raw) {
    struct state *state = raw;
    atomic_fetch_add(&state->all->works, 1);
    if (!pthread_equal(state->thread, pthread_self()))
        atomic_fetch_add(&state->all->wrong_thread, 1);
    if (item == number(13))
        pthread_exit(NULL);
    return item;
}

static weir_worker_options with_states(struct states *states) {
    return (weir_worker_options){.func = work_with_state, .arg = states, .init = init_state, .fini = fini_state};
}

START_TEST (each_thread_has_its_own_state_made_and_undone_once) {
    struct states states = STATES;
    const weir_worker_options options = with_states(&states);
    weir_queue *in = new_queue(8);
    weir_threads *threads = start_with(WORKERS, &options, in, NULL);
    ck_assert_uint_eq(atomic_load(&states.inits), WORKERS); /* start waited for them */
    ck_assert_uint_eq(atomic_load(&states.finis), 0);
    put_numbers(in, 100, 200);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(atomic_load(&states.inits), WORKERS);
    ck_assert_uint_eq(atomic_load(&states.finis), WORKERS);
    ck_assert_uint_eq(atomic_load(&states.works), 100);
    ck_assert_uint_eq(atomic_load(&states.wrong_thread), 0);
    for (size_t i = 0; i < WORKERS; i++)
        ck_assert_uint_eq(atomic_load(&states.each[i].finis), 1);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (fini_runs_when_the_function_ends_its_thread) {
    struct states states = STATES;
    const weir_worker_options options = with_states(&states);
    weir_queue *in = new_queue(8);
    weir_threads *threads = start_with(WORKERS, &options, in, NULL);
    for (size_t i = 0; i < WORKERS; i++)
        put_numbers(in, 13, 14);
    assert_status(WEIR_OK, weir_queue_join(in));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(atomic_load(&states.finis), WORKERS);
    ck_assert_uint_eq(atomic_load(&states.wrong_thread), 0);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (an_init_needs_no_fini) {
    struct states states = STATES;
    weir_worker_options options = with_states(&states);
    weir_queue *in = new_queue(8);
    options.fini = NULL;
    weir_threads *threads = start_with(2, &options, in, NULL);
    put_numbers(in, 100, 110);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(atomic_load(&states.inits), 2);
    ck_assert_uint_eq(atomic_load(&states.works), 10);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static void count_fini(void *count) {
    atomic_fetch_add((atomic_size_t *)count, 1);
}

START_TEST (a_fini_without_an_init_is_given_the_argument_in_each_thread) {
    atomic_size_t finis = 0;
    const weir_worker_options options = {.func = hand_back, .arg = &finis, .fini = count_fini};
    weir_queue *in = new_queue(8);
    weir_threads *threads = start_with(WORKERS, &options, in, NULL);
    put_numbers(in, 0, 8);
    ck_assert_uint_eq(atomic_load(&finis), 0);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(atomic_load(&finis), WORKERS);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* The k-th init fails, or exits its thread: no thread is left running and no item was taken. */
static void start_that_fails(size_t fails_at, size_t exits_at) {
    struct states states = STATES;
    const weir_worker_options options = with_states(&states);
    weir_queue *in = new_queue(8);
    weir_threads *threads = untouched;
    size_t before = threads_at_rest();
    states.fails_at = fails_at;
    states.exits_at = exits_at;
    put_numbers(in, 0, 8);
    assert_status(WEIR_INITFAILED, weir_start_threads_with(&threads, WORKERS, &options, in, NULL));
    ck_assert_ptr_eq(threads, untouched);
    ck_assert_uint_eq(atomic_load(&states.inits), WORKERS);
    ck_assert_uint_eq(atomic_load(&states.finis), WORKERS - 1); /* only after an init that returned WEIR_OK */
    ck_assert_uint_eq(atomic_load(&states.works), 0);
    ck_assert_uint_eq(atomic_load(&states.wrong_thread), 0);
    ck_assert_uint_eq(weir_queue_size(in), 8);
    ck_assert(wait_for_threads(before));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}

START_TEST (an_init_that_fails_fails_the_whole_start) {
    start_that_fails((size_t)_i, SIZE_MAX);
}
END_TEST

START_TEST (an_init_that_ends_its_thread_fails_the_whole_start) {
    start_that_fails(SIZE_MAX, (size_t)_i);
}
END_TEST

struct starting {
    const weir_worker_options *options;
    weir_queue *in;
    weir_threads *threads;
    weir_status status;
};

static void *start_in_thread(void *raw) {
    struct starting *starting = raw;
    starting->status = weir_start_threads_with(&starting->threads, WORKERS, starting->options, starting->in, NULL);
    return NULL;
}

START_TEST (no_item_is_taken_before_every_init_has_returned) {
    struct states states = STATES;
    const weir_worker_options options = with_states(&states);
    struct starting starting = {.options = &options, .in = new_queue(8)};
    pthread_t starter;
    states.waits_at = (size_t)_i;
    put_numbers(starting.in, 100, 108);
    thread_start(&starter, start_in_thread, &starting);
    while (atomic_load(&states.inits) < WORKERS)
        nap();
    gate_wait_for(&states.gate, 1);
    sleep_until(now() + 10 * MILLISECONDS);
    ck_assert_uint_eq(atomic_load(&states.works), 0);
    ck_assert_uint_eq(weir_queue_size(starting.in), 8);
    gate_open(&states.gate);
    thread_join(starter);
    assert_status(WEIR_OK, starting.status);
    assert_status(WEIR_OK, weir_stop_threads(starting.in, starting.threads));
    ck_assert_uint_eq(atomic_load(&states.works), 8);
    assert_status(WEIR_OK, weir_queue_destroy(starting.in));
}
END_TEST

/* ---- the properties of a thread ---- */

struct facts {
    atomic_bool done;
    sigset_t blocked;
    char name[64];
    size_t stack_size;
    int cancel_state;
};

static void *find_facts(void *item, void *raw) {
    struct facts *facts = raw;
    pthread_attr_t attr;
    void *stack;
    pthread_sigmask(SIG_SETMASK, NULL, &facts->blocked);
    pthread_getname_np(pthread_self(), facts->name, sizeof facts->name);
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &stack, &facts->stack_size);
    pthread_attr_destroy(&attr);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &facts->cancel_state);
    atomic_store(&facts->done, true);
    return item;
}

static struct facts facts_of(weir_worker_options options) {
    struct facts facts = {.done = false};
    weir_queue *in = new_queue(1);
    options.func = find_facts;
    options.arg = &facts;
    weir_threads *threads = start_with(1, &options, in, NULL);
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert(atomic_load(&facts.done));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    return facts;
}

/* A fault such as a bad access: blocked, it would kill the process silently. */
static bool is_of_the_threads_making(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP ||
           signal == SIGSYS;
}

START_TEST (workers_have_every_signal_blocked_and_the_starter_keeps_its_mask) {
    sigset_t before, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    struct facts facts = facts_of((weir_worker_options){0});
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal <= SIGRTMAX; signal++) {
        if (signal == SIGKILL || signal == SIGSTOP || (signal > 31 && signal < SIGRTMIN))
            continue; /* reserved by the system */
        ck_assert_msg(sigismember(&facts.blocked, signal) == !is_of_the_threads_making(signal), "signal %d", signal);
        if (signal <= 31)
            ck_assert_int_eq(sigismember(&after, signal), signal == SIGUSR2);
    }
}
END_TEST

START_TEST (workers_have_cancellation_disabled) {
    ck_assert_int_eq(facts_of((weir_worker_options){0}).cancel_state, PTHREAD_CANCEL_DISABLE);
}
END_TEST

START_TEST (workers_have_a_name_and_a_number) {
    ck_assert_str_eq(facts_of((weir_worker_options){0}).name, "weir-0");
    ck_assert_str_eq(facts_of((weir_worker_options){.name = "resize"}).name, "resize-0");
    ck_assert_str_eq(facts_of((weir_worker_options){.name = ""}).name, "-0");
    ck_assert_str_eq(facts_of((weir_worker_options){.name = "thirteenchars"}).name, "thirteenchars-0");
    ck_assert_str_eq(facts_of((weir_worker_options){.name = "a-name-that-is-too-long"}).name, "a-name-that-i-0");
}
END_TEST

enum { NAMED = 12 };

struct names {
    struct gate gate;
    atomic_size_t count;
    char names[NAMED][64];
};

static void *note_name(void *item, void *raw) {
    struct names *names = raw;
    size_t n = atomic_fetch_add(&names->count, 1);
    pthread_getname_np(pthread_self(), names->names[n], sizeof names->names[n]);
    gate_pass(&names->gate); /* makes each worker take one */
    return item;
}

START_TEST (each_worker_has_a_number_of_its_own_and_the_name_is_copied) {
    struct names names = {.gate = GATE};
    char base[] = "stage";
    const weir_worker_options options = {.func = note_name, .arg = &names, .name = base};
    weir_queue *in = new_queue(NAMED);
    weir_threads *threads = start_with(NAMED, &options, in, NULL);
    strcpy(base, "gone");
    put_numbers(in, 0, NAMED);
    gate_wait_for(&names.gate, NAMED);
    gate_open(&names.gate);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    for (size_t i = 0; i < NAMED; i++) {
        char wanted[64];
        size_t found = 0;
        snprintf(wanted, sizeof wanted, "stage-%zu", i);
        for (size_t k = 0; k < NAMED; k++)
            found += strcmp(names.names[k], wanted) == 0;
        ck_assert_msg(found == 1, "%zu threads are named %s", found, wanted);
    }
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static size_t systems_stack_size(void) {
    pthread_attr_t attr;
    size_t size;
    pthread_attr_init(&attr);
    pthread_attr_getstacksize(&attr, &size);
    pthread_attr_destroy(&attr);
    return size;
}

/* Sizes above the system's default: a smaller request may get the larger stack of an exited thread. */
START_TEST (a_stack_size_is_honoured) {
    const size_t asked[] = {systems_stack_size() + 1024 * 1024, systems_stack_size() + 1, 3 * systems_stack_size()};
    ck_assert_uint_ge(facts_of((weir_worker_options){.stack_size = asked[_i]}).stack_size, asked[_i]);
}
END_TEST

START_TEST (a_tiny_stack_size_is_raised) {
    static const size_t asked[] = {1, 1000, 4096};
    ck_assert_uint_ge(facts_of((weir_worker_options){.stack_size = asked[_i]}).stack_size, 4096);
}
END_TEST

START_TEST (no_stack_size_is_the_systems) {
    ck_assert_uint_ge(facts_of((weir_worker_options){0}).stack_size, systems_stack_size() / 2);
}
END_TEST

START_TEST (a_stack_that_no_system_has_is_no_thread) {
    const weir_worker_options options = {.func = hand_back, .stack_size = SIZE_MAX - (size_t)_i};
    weir_queue *in = new_queue(1);
    weir_threads *threads = untouched;
    size_t before = threads_at_rest();
    assert_status(WEIR_NOTHREAD, weir_start_threads_with(&threads, 3, &options, in, NULL));
    ck_assert_ptr_eq(threads, untouched);
    ck_assert(wait_for_threads(before));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* ---- cancellation ---- */

struct cancelled {
    struct gate gate;
    pthread_t worker;
};

static void *wait_where_threads_are_cancelled(void *item, void *raw) {
    struct cancelled *cancelled = raw;
    cancelled->worker = pthread_self();
    gate_pass(&cancelled->gate); /* pthread_cond_wait is a cancellation point */
    pthread_testcancel();
    return item;
}

START_TEST (a_worker_cannot_be_cancelled) {
    struct cancelled cancelled = {.gate = GATE};
    weir_queue *in = new_queue(2), *out = new_queue(2);
    weir_threads *threads = NULL;
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, wait_where_threads_are_cancelled, &cancelled, in, out));
    put_numbers(in, 0, 1);
    gate_wait_for(&cancelled.gate, 1);
    ck_assert_int_eq(pthread_cancel(cancelled.worker), 0);
    gate_open(&cancelled.gate);
    put_numbers(in, 1, 2);
    take_numbers(out, 0, 2);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

/* ---- starting from a worker ---- */

static void *start_and_stop(void *item, void *raw) {
    weir_status *status = raw;
    weir_threads *threads;
    weir_queue *queue;
    if (weir_queue_create(&queue, 4) != WEIR_OK)
        return item;
    *status = weir_start_threads(&threads, 2, hand_back, NULL, queue, NULL);
    weir_queue_put(queue, item);
    if (*status == WEIR_OK)
        *status = weir_stop_threads(queue, threads);
    weir_queue_destroy(queue);
    return item;
}

START_TEST (a_worker_may_start_and_stop_workers) {
    weir_queue *in = new_queue(2);
    weir_status status = WEIR_INVALID;
    weir_threads *threads = NULL;
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, start_and_stop, &status, in, NULL));
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, status);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static Suite *start_suite(void) {
    Suite *suite = suite_create("stoppable_worker: start");
    TCase *refused = add_case(suite, "refused");
    tcase_add_test(refused, what_cannot_be_started_is_refused);
    tcase_add_loop_test(refused, more_than_memory_can_address_is_refused, 0, 5);
    tcase_add_loop_test(refused, a_stack_that_no_system_has_is_no_thread, 0, 2);
    TCase *state = add_case(suite, "init and fini");
    tcase_add_test(state, each_thread_has_its_own_state_made_and_undone_once);
    tcase_add_test(state, fini_runs_when_the_function_ends_its_thread);
    tcase_add_test(state, an_init_needs_no_fini);
    tcase_add_test(state, a_fini_without_an_init_is_given_the_argument_in_each_thread);
    tcase_add_loop_test(state, an_init_that_fails_fails_the_whole_start, 0, WORKERS);
    tcase_add_loop_test(state, an_init_that_ends_its_thread_fails_the_whole_start, 0, WORKERS);
    tcase_add_loop_test(state, no_item_is_taken_before_every_init_has_returned, 0, WORKERS);
    TCase *thread = add_case(suite, "thread");
    tcase_add_test(thread, workers_have_every_signal_blocked_and_the_starter_keeps_its_mask);
    tcase_add_test(thread, workers_have_cancellation_disabled);
    tcase_add_test(thread, workers_have_a_name_and_a_number);
    tcase_add_test(thread, each_worker_has_a_number_of_its_own_and_the_name_is_copied);
    tcase_add_loop_test(thread, a_stack_size_is_honoured, 0, 3);
    tcase_add_loop_test(thread, a_tiny_stack_size_is_raised, 0, 3);
    tcase_add_test(thread, no_stack_size_is_the_systems);
    tcase_add_test(thread, a_worker_cannot_be_cancelled);
    tcase_add_test(thread, a_worker_may_start_and_stop_workers);
    return suite;
}

int main(void) {
    return run_suite(start_suite());
}
