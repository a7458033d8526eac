/*
 * test_pipeline_signals.c - several pipelines that end on signals, and the signals of programs started by a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const int one[] = {SIGUSR1}, other[] = {SIGUSR2}, both[] = {SIGUSR1, SIGUSR2};
static sigset_t mask_before;

static void block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &mask_before);
}

/* Takes a signal pending for the process; returns false if there is none. */
static bool take(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return sigtimedwait(&set, NULL, &(struct timespec){0, 0}) == signal;
}

static void unblock_signals(void) {
    while (take(SIGUSR1) || take(SIGUSR2) || take(SIGTERM))
        continue;
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

static void send(int signal) {
    ck_assert_int_eq(kill(getpid(), signal), 0);
}

static weir_run_state state_of(weir_pipeline *pipeline) {
    weir_report *report = report_of(pipeline);
    weir_run_state state = report->state;
    weir_report_free(report);
    return state;
}

static void wait_for_state(weir_pipeline *pipeline, weir_run_state state) {
    for (weir_deadline limit = hang_limit(); now() < limit; nap()) {
        if (state_of(pipeline) == state)
            return;
    }
    ck_abort_msg("it did not come to state %d", (int)state);
}

/* Starts a pipeline with an item blocked at the gate. */
static weir_pipeline *waiting_at(struct gate *gate, const int *signals, size_t count) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "gate", .work.run = run_pass_on_at_gate, .work.arg = gate, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, signals, count, 3600 * SECONDS));
    return pipeline;
}

/* Finishes and destroys it; returns the signal that began its end. */
static int end_of(weir_pipeline *pipeline, weir_status wanted) {
    weir_report *report = finish_pipeline(pipeline, wanted);
    int signal = report->signal;
    weir_report_free(report);
    destroy_pipeline(pipeline);
    return signal;
}

/* ---- several pipelines ---- */

enum { PIPELINES = 4 };

START_TEST (the_first_signal_finishes_all_and_the_second_cancels_all) {
    struct gate gate = GATE;
    weir_pipeline *pipelines[PIPELINES];
    for (int i = 0; i < PIPELINES; i++)
        pipelines[i] = waiting_at(&gate, one, 1);
    gate_wait_for(&gate, PIPELINES);
    send(SIGUSR1);
    for (int i = 0; i < PIPELINES; i++)
        wait_for_state(pipelines[i], WEIR_RUN_DRAINING);
    if (_i == 1) {
        send(SIGUSR1);
        for (int i = 0; i < PIPELINES; i++)
            wait_for_state(pipelines[i], WEIR_RUN_CANCELLED);
        send(SIGUSR1); /* the third one is the program's */
    }
    gate_open(&gate);
    for (int i = 0; i < PIPELINES; i++)
        ck_assert_int_eq(end_of(pipelines[i], _i == 1 ? WEIR_CANCELLED : WEIR_OK), SIGUSR1);
    ck_assert_int_eq(take(SIGUSR1), _i == 1);
    assert_things_ended();
}
END_TEST

START_TEST (each_hears_its_own_signals) {
    struct gate gate = GATE;
    weir_pipeline *first = waiting_at(&gate, one, 1), *second = waiting_at(&gate, both, 2);
    weir_pipeline *third = waiting_at(&gate, other, 1);
    gate_wait_for(&gate, 3);
    send(SIGUSR2);
    wait_for_state(second, WEIR_RUN_DRAINING);
    wait_for_state(third, WEIR_RUN_DRAINING);
    ck_assert_int_eq(state_of(first), WEIR_RUN_RUNNING);
    send(SIGUSR1);
    wait_for_state(first, WEIR_RUN_DRAINING);
    wait_for_state(second, WEIR_RUN_CANCELLED);
    gate_open(&gate);
    ck_assert_int_eq(end_of(first, WEIR_OK), SIGUSR1);
    ck_assert_int_eq(end_of(second, WEIR_CANCELLED), SIGUSR2);
    ck_assert_int_eq(end_of(third, WEIR_OK), SIGUSR2);
    assert_things_ended();
}
END_TEST

/* A slow drop function of one pipeline does not delay the signals of another. */
static void drop_at_gate(void *item, void *gate) {
    gate_pass(gate);
    thing_drop(item, NULL);
}

START_TEST (a_slow_drop_function_keeps_no_other_pipeline_from_its_signal) {
    struct gate slow_gate = GATE, quick_gate = GATE;
    weir_pipeline *slow = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(slow,
              (weir_stage_options){
                  .name = "gate", .work.run = run_pass_on_at_gate, .work.arg = &slow_gate, .input.drop = drop_at_gate});
    add_stage(slow, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(slow);
    weir_pipeline *quick = waiting_at(&quick_gate, other, 1);
    assert_status(WEIR_OK, weir_pipeline_end_on(slow, one, 1, MILLISECONDS));
    put_things(slow, 3);
    gate_wait_for(&slow_gate, 1);
    send(SIGUSR1);
    gate_wait_for(&slow_gate, 2); /* a library thread drops an item, and blocks there */
    send(SIGUSR2);
    wait_for_state(quick, WEIR_RUN_DRAINING);
    gate_open(&slow_gate);
    gate_open(&quick_gate);
    ck_assert_int_eq(end_of(quick, WEIR_OK), SIGUSR2);
    ck_assert_int_eq(end_of(slow, WEIR_TIMEDOUT), SIGUSR1);
    assert_things_ended();
}
END_TEST

static void *come_and_go(void *raw) {
    atomic_bool *stop = raw;
    while (!atomic_load(stop)) {
        weir_pipeline *pipeline = NULL;
        const weir_stage_options stage = {.name = "pass", .work.func = hand_back};
        if (weir_pipeline_create(&pipeline, NULL) == WEIR_OK && weir_pipeline_add(pipeline, NULL, &stage) == WEIR_OK &&
            weir_pipeline_start(pipeline) == WEIR_OK)
            (void)weir_pipeline_end_on(pipeline, other, 1, SECONDS);
        (void)weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
        (void)weir_pipeline_destroy(pipeline);
    }
    return NULL;
}

/* The thread is started and ended, and its set of signals changes, while each signal reaches the right pipelines. */
START_TEST (other_pipelines_start_and_end_meanwhile) {
    enum { COMING = 2, ROUNDS = 60 };
    pthread_t threads[COMING];
    atomic_bool stop = false;
    size_t before = threads_at_rest();
    for (int i = 0; i < COMING; i++)
        thread_start(&threads[i], come_and_go, &stop);
    for (int i = 0; i < ROUNDS; i++) {
        struct gate gate = GATE;
        weir_pipeline *pipeline = waiting_at(&gate, one, 1);
        send(SIGUSR1);
        wait_for_state(pipeline, WEIR_RUN_DRAINING);
        gate_open(&gate);
        ck_assert_int_eq(end_of(pipeline, WEIR_OK), SIGUSR1);
        ck_assert(!take(SIGUSR1));
    }
    atomic_store(&stop, true);
    for (int i = 0; i < COMING; i++)
        thread_join(threads[i]);
    ck_assert(before == 0 || wait_for_threads(before)); /* no thread is left */
    ck_assert(!take(SIGUSR2));                          /* the wakeup signal reached only its thread */
    assert_things_ended();
}
END_TEST

/* A signal that comes as the pipeline ends is either handled by the pipeline or stays pending. */
/* ---- the deadline of the signals ---- */

static void wait_in_fini(void *gate) {
    gate_pass(gate);
}

struct finishing {
    weir_pipeline *pipeline;
    weir_status status;
    atomic_bool returned;
};

static void *finish_without_deadline(void *raw) {
    struct finishing *finishing = raw;
    finishing->status = weir_pipeline_finish(finishing->pipeline, WEIR_NEVER, NULL);
    atomic_store(&finishing->returned, true);
    return NULL;
}

/* It bounds the drain, whichever comes first, the signal or the finish: a finish without a deadline waits for a fini. */
START_TEST (the_deadline_of_the_signals_does_not_end_a_wait_for_functions) {
    struct gate gate = GATE;
    struct finishing finishing = {.pipeline = new_pipeline(&(weir_pipeline_options){.grace = 1})};
    pthread_t thread;
    add_stage(finishing.pipeline, (weir_stage_options){.name = "slow",
                                                       .work.func = consume_thing,
                                                       .work.fini = wait_in_fini,
                                                       .work.arg = &gate,
                                                       .input.drop = thing_drop});
    start_pipeline(finishing.pipeline);
    assert_status(WEIR_OK, weir_pipeline_end_on(finishing.pipeline, one, 1, 10 * MILLISECONDS));
    if (_i == 1)
        send(SIGUSR1);
    else
        ck_assert_int_eq(pthread_create(&thread, NULL, finish_without_deadline, &finishing), 0);
    gate_wait_for(&gate, 1);
    if (_i == 0)
        send(SIGUSR1);
    else
        ck_assert_int_eq(pthread_create(&thread, NULL, finish_without_deadline, &finishing), 0);
    for (int i = 0; i < 100 && !atomic_load(&finishing.returned); i++)
        nap();
    ck_assert(!atomic_load(&finishing.returned));
    gate_open(&gate);
    pthread_join(thread, NULL);
    assert_status(WEIR_OK, finishing.status);
    destroy_pipeline(finishing.pipeline);
}
END_TEST

START_TEST (a_signal_at_the_end_is_not_lost) {
    enum { ROUNDS = 300 };
    for (int i = 0; i < ROUNDS; i++) {
        weir_pipeline *pipeline = new_pipeline(NULL);
        add_stage(pipeline, (weir_stage_options){.name = "pass", .work.func = hand_back});
        start_pipeline(pipeline);
        assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, one, 1, 3600 * SECONDS));
        struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
        call_start(&finish.call, make_pipeline_finish);
        send(SIGUSR1);
        assert_status(WEIR_OK, call_finish(&finish.call));
        weir_report_free(finish.report);
        bool heard = end_of(pipeline, WEIR_OK) == SIGUSR1;
        ck_assert_int_ne(take(SIGUSR1), heard);
    }
}
END_TEST

/* ---- programs started by a stage ---- */

enum how { SPAWNED, FORKED, WAYS };

static pid_t start_program(enum how how) {
    static char name[] = "sleep", seconds[] = "1000";
    char *arguments[] = {name, seconds, NULL};
    pid_t child = -1;
    if (how == SPAWNED) {
        sigset_t signals;
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        weir_signals_original(&signals);
        posix_spawnattr_setsigmask(&attributes, &signals);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        if (posix_spawnp(&child, arguments[0], NULL, &attributes, arguments, environ) != 0)
            child = -1;
        posix_spawnattr_destroy(&attributes);
        return child;
    }
    child = fork();
    if (child == 0) {
        signal(SIGTERM, SIG_DFL); /* Check has a handler, which could run before the exec */
        weir_signals_restore();
        execvp(arguments[0], arguments);
        _exit(127);
    }
    return child;
}

struct program {
    enum how how;
    int status; /* from waitpid */
    bool known;
};

/* A stage's func, or a worker's. */
static void *run_program(void *item, void *raw) {
    struct program *program = raw;
    pid_t child = start_program(program->how);
    if (child > 0) {
        kill(child, SIGTERM);
        program->known = waitpid(child, &program->status, 0) == child;
    }
    return item;
}

/* The signal is blocked in main for end_on, and in all workers: the started program still receives it. */
START_TEST (a_program_that_a_stage_starts_hears_signals) {
    struct program program = {.how = (enum how)_i};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "convert", .work.func = run_program, .work.arg = &program});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, (const int[]){SIGTERM}, 1, SECONDS));
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    ck_assert_int_eq(end_of(pipeline, WEIR_OK), 0);
    ck_assert(program.known && WIFSIGNALED(program.status));
    ck_assert_int_eq(WTERMSIG(program.status), SIGTERM);
}
END_TEST

START_TEST (the_mask_is_that_of_the_start) {
    sigset_t original, mask;
    sigfillset(&original);
    weir_signals_original(NULL);
    weir_signals_original(&original);
    ck_assert(!sigismember(&original, SIGUSR1));
    ck_assert(!sigismember(&original, SIGTERM));
    weir_signals_restore();
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (int signal = 1; signal < SIGRTMIN; signal++)
        ck_assert_int_eq(sigismember(&mask, signal), sigismember(&original, signal));
    block_signals();
}
END_TEST

static Suite *signals_suite(void) {
    Suite *suite = suite_create("signals of pipelines");
    TCase *several = add_things_case(suite, "several");
    tcase_add_checked_fixture(several, block_signals, unblock_signals);
    tcase_add_loop_test(several, the_first_signal_finishes_all_and_the_second_cancels_all, 0, 2);
    tcase_add_test(several, each_hears_its_own_signals);
    tcase_add_test(several, a_slow_drop_function_keeps_no_other_pipeline_from_its_signal);
    tcase_add_test(several, other_pipelines_start_and_end_meanwhile);
    tcase_add_loop_test(several, the_deadline_of_the_signals_does_not_end_a_wait_for_functions, 0, 2);
    tcase_add_test(several, a_signal_at_the_end_is_not_lost);
    TCase *programs = add_things_case(suite, "programs");
    tcase_add_checked_fixture(programs, block_signals, unblock_signals);
    tcase_add_loop_test(programs, a_program_that_a_stage_starts_hears_signals, 0, WAYS);
    tcase_add_test(programs, the_mask_is_that_of_the_start);
    return suite;
}

int main(void) {
    return run_suite(signals_suite());
}
