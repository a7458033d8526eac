/*
 * test_process_call.c - calls in child processes as tasks of an executor: values, each end of a child, deadlines, cancels,
 * shutdowns, and calls in threads without a child.
 *
 * The program is its own child. An item is a text that says what the function does.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "process_support.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- in a child ---- */

static int obey(const void *in, size_t size, weir_process_payload *out, void *unused) {
    char text[64] = "", word[32];
    long number = 0;
    (void)unused;
    memcpy(text, in, size < sizeof text ? size : sizeof text - 1);
    int found = sscanf(text, "do %31[a-z]:%ld", word, &number);
    if (found > 0 && strcmp(word, "signal") == 0)
        raise((int)number);
    if (found > 0 && strcmp(word, "exit") == 0)
        exit((int)number);
    if (found > 0 && strcmp(word, "fail") == 0)
        return weir_process_fail((int)number, "reason %ld", number);
    if (found > 0 && strcmp(word, "hang") == 0)
        sleep(2 * TEST_SECONDS);
    if (found > 0 && strcmp(word, "pid") == 0)
        snprintf(text, sizeof text, "%ld", (long)getpid());
    out->size = strlen(text);
    memcpy(out->data, text, out->size);
    return 0;
}

static const weir_process_entry table[] = {
    {.name = "obey", .func = obey}, {.name = "fails", .func = obey, .init = init_fails}, {.name = NULL}};

/* ---- support ---- */

static atomic_int hung; /* items of a hang that are encoded */
static atomic_bool paused;

static int encode_text(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    const char *text = item;
    (void)unused;
    if (task != NULL || strcmp(text, "refused") == 0)
        return 66;
    if (strcmp(text, "do hang:") == 0)
        atomic_fetch_add(&hung, 1);
    for (; strcmp(text, "pause") == 0 && atomic_load(&paused); usleep(1000))
        atomic_store(&hung, 1);
    to->size = strcmp(text, "large") == 0 ? to->room + 1 : strlen(text);
    if (to->size <= to->room)
        memcpy(to->data, text, to->size);
    return 0;
}

static int take_text(weir_future *self, void *item, const void *from, size_t size, void **value, void *unused) {
    (void)item;
    (void)unused;
    if (size == 10 && memcmp(from, "indigested", 10) == 0)
        return weir_executor_error(self, 77, "take refuses");
    char *text = malloc(size + 1);
    memcpy(text, from, size);
    text[size] = '\0';
    *value = text;
    return 0;
}

static weir_process process_of(const char *function) {
    return (weir_process){.function = function, .encode = encode_text, .take = take_text};
}

static weir_executor *new_executor(const weir_process *process, weir_executor_options options) {
    weir_executor *executor = NULL;
    options.init = weir_process_init;
    options.fini = weir_process_fini;
    options.arg = (void *)(uintptr_t)process;
    options.threads = options.threads != 0 ? options.threads : 1;
    assert_status(WEIR_OK, weir_executor_create(&executor, &options));
    return executor;
}

static void end_executor(weir_executor *executor) {
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(executor));
    assert_no_children();
}

static void drop_text(void *text, void *unused) {
    (void)unused;
    free(text);
}

static weir_future *submit(weir_executor *executor, const char *text) {
    const weir_submit_options options = {.drop = drop_text};
    weir_future *future = NULL;
    assert_status(WEIR_OK,
                  weir_executor_submit_with(executor, weir_process_call, (void *)(uintptr_t)text, &options, &future));
    return future;
}

static void assert_value(weir_future *future, const char *wanted) {
    void *value = NULL;
    weir_status status = weir_future_get(future, &value);
    ck_assert_msg(status == WEIR_OK, "%s", weir_future_message(future));
    ck_assert_str_eq((const char *)value, wanted);
    weir_future_release(future);
}

static void assert_error(weir_future *future, int code, const char *message) {
    assert_status(WEIR_FAILED, weir_future_get(future, NULL));
    ck_assert_int_eq(weir_future_code(future), code);
    ck_assert_str_eq(weir_future_message(future), message);
    weir_future_release(future);
}

static const weir_executor_options no_options;

/* ---- values and failures ---- */

static bool check_each(size_t index, weir_future *future, void *raw) {
    const char *const *texts = raw;
    void *value = NULL;
    return weir_future_get(future, &value) == WEIR_OK && strcmp(value, texts[index]) == 0;
}

START_TEST (calls_give_values_in_order) {
    static char texts[500][16];
    const char *pointers[COUNT_OF(texts)];
    weir_process process = process_of("obey");
    weir_executor *executor = new_executor(&process, (weir_executor_options){.threads = 3});
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        snprintf(texts[i], sizeof texts[i], "%zu", i);
        pointers[i] = texts[i];
    }
    assert_status(WEIR_OK, weir_executor_map(executor, weir_process_call, pointers, COUNT_OF(texts),
                                             &(weir_map_options){.drop = drop_text}, check_each, pointers));
    end_executor(executor);
}
END_TEST

/* Each fails alone: the call behind it has its value. */
START_TEST (an_end_of_a_child_fails_one_future) {
    static const struct {
        const char *text, *message;
        int code;
    } ends[] = {{"do signal:9", "obey: killed by SIGKILL", WEIR_CODE_SIGNAL(SIGKILL)},
                {"do signal:11", "obey: killed by SIGSEGV", WEIR_CODE_SIGNAL(SIGSEGV)},
                {"do exit:3", "obey: exit status 3", WEIR_CODE_EXIT(3)},
                {"do fail:5", "reason 5", 5},
                {"refused", "", 66},
                {"indigested", "take refuses", 77},
                {"large", "obey: an item of 16385 bytes, and there is room for 16384", WEIR_CODE(WEIR_INVALID)}};
    weir_process process = process_of("obey");
    weir_executor *executor = new_executor(&process, (weir_executor_options){.threads = 2});
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        weir_future *bad = submit(executor, ends[i].text), *good = submit(executor, "hello");
        if (!IS_SANITIZED || i != 1) /* a sanitizer makes an exit of SIGSEGV */
            assert_error(bad, ends[i].code, ends[i].message);
        else
            weir_future_release(bad);
        assert_value(good, "hello");
    }
    end_executor(executor);
}
END_TEST

START_TEST (an_init_that_fails_in_the_child_is_the_reason) {
    weir_process process = process_of("fails");
    weir_executor *executor = new_executor(&process, no_options);
    assert_error(submit(executor, "x"), WEIR_CODE(WEIR_NOMEM), "fails: init: no model");
    end_executor(executor);
}
END_TEST

START_TEST (a_child_is_replaced_after_most_items) {
    weir_process process = process_of("obey");
    void *values[6];
    process.most_items = 2;
    weir_executor *executor = new_executor(&process, no_options);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        weir_future *future = submit(executor, "do pid:");
        assert_status(WEIR_OK, weir_future_get(future, NULL));
        assert_status(WEIR_OK, weir_future_take(future, &values[i]));
        weir_future_release(future);
    }
    for (size_t i = 1; i < COUNT_OF(values); i++)
        ck_assert((strcmp(values[i], values[i - 1]) == 0) == (i % 2 == 1));
    for (size_t i = 0; i < COUNT_OF(values); i++)
        free(values[i]);
    end_executor(executor);
}
END_TEST

/* ---- deadlines, cancels and shutdowns ---- */

START_TEST (a_hang_ends_at_the_deadline) {
    weir_process process = process_of("obey");
    process.call_time = 3 * SECONDS;
    weir_executor *executor = new_executor(&process, no_options);
    assert_value(submit(executor, "hello"), "hello");
    assert_error(submit(executor, "do hang:"), WEIR_CODE(WEIR_TIMEDOUT), "obey: killed at the deadline");
    assert_value(submit(executor, "hello"), "hello");
    end_executor(executor);
}
END_TEST

static void wait_for_hung(void) {
    while (atomic_load(&hung) == 0)
        usleep(1000);
}

START_TEST (a_cancel_kills_the_child) {
    weir_process process = process_of("obey");
    atomic_store(&hung, 0);
    weir_executor *executor = new_executor(&process, no_options);
    weir_future *future = submit(executor, "do hang:");
    wait_for_hung();
    assert_status(WEIR_BUSY, weir_future_cancel(future));
    assert_status(WEIR_CANCELLED, weir_future_get(future, NULL));
    weir_future_release(future);
    assert_value(submit(executor, "hello"), "hello");
    end_executor(executor);
}
END_TEST

/* A child that waits has got nothing of the call. */
START_TEST (a_cancel_before_the_question_keeps_the_child) {
    weir_process process = process_of("obey");
    weir_executor *executor = new_executor(&process, no_options);
    void *pid = NULL;
    weir_future *first = submit(executor, "do pid:");
    assert_status(WEIR_OK, weir_future_get(first, &pid));
    atomic_store(&hung, 0);
    atomic_store(&paused, true);
    weir_future *future = submit(executor, "pause");
    wait_for_hung();
    assert_status(WEIR_BUSY, weir_future_cancel(future));
    atomic_store(&paused, false);
    assert_status(WEIR_CANCELLED, weir_future_get(future, NULL));
    weir_future_release(future);
    assert_value(submit(executor, "do pid:"), pid);
    weir_future_release(first);
    end_executor(executor);
}
END_TEST

static void count_unrun(void *item, void *raw) {
    ck_assert_str_eq((const char *)item, "hello");
    ++*(int *)raw;
}

START_TEST (a_shutdown_cancels_what_has_not_begun) {
    weir_process process = process_of("obey");
    weir_future *futures[4];
    int unrun = 0;
    atomic_store(&hung, 0);
    weir_executor *executor = new_executor(&process, no_options);
    futures[0] = submit(executor, "do hang:");
    wait_for_hung();
    for (size_t i = 1; i < COUNT_OF(futures); i++)
        futures[i] = submit(executor, "hello");
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, true, WEIR_NEVER, count_unrun, &unrun));
    assert_status(WEIR_BUSY, weir_future_cancel(futures[0]));
    for (size_t i = 0; i < COUNT_OF(futures); i++) {
        assert_status(WEIR_CANCELLED, weir_future_get(futures[i], NULL));
        weir_future_release(futures[i]);
    }
    ck_assert_int_eq(unrun, 3);
    end_executor(executor);
}
END_TEST

START_TEST (a_full_executor_refuses) {
    weir_process process = process_of("obey");
    weir_future *more = NULL;
    atomic_store(&hung, 0);
    weir_executor *executor = new_executor(&process, (weir_executor_options){.capacity = 1, .when_full = WEIR_REFUSE});
    weir_future *running = submit(executor, "do hang:");
    wait_for_hung();
    weir_future *pending = submit(executor, "hello");
    assert_status(WEIR_FULL, weir_executor_submit(executor, weir_process_call, (void *)(uintptr_t) "x", &more));
    assert_status(WEIR_BUSY, weir_future_cancel(running));
    assert_value(pending, "hello");
    weir_future_release(running);
    end_executor(executor);
}
END_TEST

/* ---- threads without a child ---- */

static const char *const in_caller = "this thread has no child: it is none of an executor with weir_process_init";

START_TEST (a_call_in_a_thread_of_the_program_fails) {
    weir_process process = process_of("obey");
    void *value = NULL;
    ck_assert_int_eq(weir_process_call(NULL, (void *)(uintptr_t) "x", &value), WEIR_CODE(WEIR_INVALID));
    atomic_store(&hung, 0);
    weir_executor *executor =
        new_executor(&process, (weir_executor_options){.capacity = 1, .when_full = WEIR_RUN_IN_CALLER});
    weir_future *running = submit(executor, "do hang:");
    wait_for_hung();
    weir_future *pending = submit(executor, "hello");
    assert_error(submit(executor, "here"), WEIR_CODE(WEIR_INVALID), in_caller);
    assert_status(WEIR_BUSY, weir_future_cancel(running));
    assert_value(pending, "hello");
    weir_future_release(running);
    end_executor(executor);
    assert_status(WEIR_OK, weir_executor_create(&executor, NULL));
    assert_error(submit(executor, "there"), WEIR_CODE(WEIR_INVALID), in_caller);
    end_executor(executor);
}
END_TEST

static weir_executor *nested;

/* Waits for a call that has not begun: the thread would run it itself, with a child that is in use. */
static int take_and_wait(weir_future *self, void *item, const void *from, size_t size, void **value, void *arg) {
    if (strcmp(item, "outer") != 0)
        return take_text(self, item, from, size, value, arg);
    weir_future *inner = submit(nested, "inner");
    bool refused =
        weir_future_get(inner, NULL) == WEIR_FAILED && weir_future_code(inner) == WEIR_CODE(WEIR_INVALID) &&
        strcmp(weir_future_message(inner), "encode and take must not wait for a call of their executor") == 0;
    weir_future_release(inner);
    return refused ? take_text(self, item, from, size, value, arg) : 1;
}

START_TEST (a_wait_inside_a_call_is_refused) {
    weir_process process = process_of("obey");
    process.take = take_and_wait;
    nested = new_executor(&process, no_options);
    assert_value(submit(nested, "outer"), "outer");
    assert_value(submit(nested, "next"), "next");
    end_executor(nested);
}
END_TEST

static int decode_nothing(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    (void)item;
    (void)from;
    (void)unused;
    return weir_task_fail(task, 1, "%zu bytes", size);
}

START_TEST (a_call_needs_take) {
    weir_process process = process_of("obey");
    weir_executor *executor = NULL;
    const weir_executor_options options = {
        .threads = 1, .init = weir_process_init, .fini = weir_process_fini, .arg = &process};
    process.take = NULL;
    assert_status(WEIR_INITFAILED, weir_executor_create(&executor, &options));
    process.decode = decode_nothing;
    executor = new_executor(&process, no_options);
    assert_error(submit(executor, "x"), WEIR_CODE(WEIR_INVALID), "a call in a child process needs take");
    end_executor(executor);
}
END_TEST

static int end_thread(weir_task *task, const void *item, weir_process_payload *to, void *arg) {
    if (strcmp(item, "leave") == 0)
        pthread_exit(NULL);
    return encode_text(task, item, to, arg);
}

START_TEST (an_encode_that_ends_its_thread_leaves_no_child) {
    weir_process process = process_of("obey");
    process.encode = end_thread;
    weir_executor *executor = new_executor(&process, no_options);
    weir_future *future = submit(executor, "leave");
    assert_status(WEIR_FAILED, weir_future_get(future, NULL));
    ck_assert_int_eq(weir_future_code(future), WEIR_CODE(WEIR_UNFINISHED));
    weir_future_release(future);
    assert_value(submit(executor, "hello"), "hello");
    end_executor(executor);
}
END_TEST

/* ---- conservation ---- */

START_TEST (crashes_among_many_calls_lose_none) {
    enum { CALLS = 600 };
    static weir_future *futures[CALLS];
    weir_process process = process_of("obey");
    weir_executor *executor = new_executor(&process, (weir_executor_options){.threads = 3});
    for (size_t i = 0; i < CALLS; i++)
        futures[i] = submit(executor, i % 10 == 3 ? "do signal:9" : "hello");
    for (size_t i = 0; i < CALLS; i++) {
        if (i % 10 == 3)
            assert_error(futures[i], WEIR_CODE_SIGNAL(SIGKILL), "obey: killed by SIGKILL");
        else
            assert_value(futures[i], "hello");
    }
    end_executor(executor);
}
END_TEST

static Suite *call_suite(void) {
    Suite *suite = suite_create("calls in processes");
    TCase *tcase = add_case(suite, "calls");
    tcase_add_test(tcase, calls_give_values_in_order);
    tcase_add_test(tcase, an_end_of_a_child_fails_one_future);
    tcase_add_test(tcase, an_init_that_fails_in_the_child_is_the_reason);
    tcase_add_test(tcase, a_child_is_replaced_after_most_items);
    tcase_add_test(tcase, a_hang_ends_at_the_deadline);
    tcase_add_test(tcase, a_cancel_kills_the_child);
    tcase_add_test(tcase, a_cancel_before_the_question_keeps_the_child);
    tcase_add_test(tcase, a_shutdown_cancels_what_has_not_begun);
    tcase_add_test(tcase, a_full_executor_refuses);
    tcase_add_test(tcase, a_call_in_a_thread_of_the_program_fails);
    tcase_add_test(tcase, a_wait_inside_a_call_is_refused);
    tcase_add_test(tcase, a_call_needs_take);
    tcase_add_test(tcase, an_encode_that_ends_its_thread_leaves_no_child);
    tcase_add_test(tcase, crashes_among_many_calls_lose_none);
    return suite;
}

/* Whether this system runs children; an emulator does not run /proc/self/exe again. */
static bool runs_children(void) {
    weir_process process = process_of("obey");
    weir_executor *executor = NULL;
    weir_future *future = NULL;
    const weir_executor_options options = {
        .threads = 1, .init = weir_process_init, .fini = weir_process_fini, .arg = &process};
    if (weir_executor_create(&executor, &options) != WEIR_OK)
        return false;
    (void)weir_executor_submit(executor, weir_process_call, (void *)(uintptr_t) "hello", &future);
    void *value = NULL;
    bool runs = weir_future_get(future, &value) == WEIR_OK;
    free(value);
    weir_future_release(future);
    weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL);
    weir_executor_destroy(executor);
    return runs;
}

int main(int argc, char **argv) {
    weir_process_main(argc, argv, table);
    if (runs_children())
        return run_suite(call_suite());
    printf("SKIPPED: no child processes\n");
    return 77;
}
