/*
 * test_assert.c - assertions of sync/assert.h abort in a build with --enable-debug, and cost nothing in another.
 *
 * Linked with the library's insides.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/assert.h"

static int evaluations;

static bool evaluate(bool result) {
    evaluations++;
    return result;
}

START_TEST (a_condition_is_evaluated_in_debug_builds_only) {
    evaluations = 0;
    weir__assert(evaluate(true));
#ifdef WEIR_DEBUG
    ck_assert_int_eq(evaluations, 1);
#else
    weir__assert(evaluate(false));
    ck_assert_int_eq(evaluations, 0);
#endif
}
END_TEST

START_TEST (a_peek_reads_the_value) {
    weir__u32 narrow;
    weir__u64 wide;
    weir__ptr pointer;
    weir__u32_store_relaxed(&narrow, UINT32_MAX);
    weir__u64_store_relaxed(&wide, UINT64_MAX - 1);
    weir__ptr_store_relaxed(&pointer, &evaluations);
    ck_assert_uint_eq(weir__u32_peek(&narrow), UINT32_MAX);
    ck_assert_uint_eq(weir__u64_peek(&wide), UINT64_MAX - 1);
    ck_assert_ptr_eq(weir__ptr_peek(&pointer), &evaluations);
}
END_TEST

#ifdef WEIR_DEBUG
enum { VIOLATION = __LINE__ + 6 };

static _Noreturn void violate(int output) {
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    dup2(output, STDERR_FILENO);
    weir__assert(evaluations > 1000);
    _exit(0);
}

START_TEST (a_violation_prints_its_place_and_aborts) {
    char text[1000], place[100];
    size_t length = 0;
    int ends[2], status;
    evaluations = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        violate(ends[1]);
    ck_assert_int_gt(child, 0);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "the status is %d", status);
    snprintf(place, sizeof place, "test_assert.c:%d: assertion failed: evaluations > 1000\n", VIOLATION);
    ck_assert_msg(strstr(text, place) != NULL, "printed: %s", text);
}
END_TEST
#endif

static Suite *assert_suite(void) {
    Suite *suite = suite_create("assert");
    TCase *conditions = add_case(suite, "conditions");
    tcase_add_test(conditions, a_condition_is_evaluated_in_debug_builds_only);
    tcase_add_test(conditions, a_peek_reads_the_value);
#ifdef WEIR_DEBUG
    tcase_add_test(conditions, a_violation_prints_its_place_and_aborts);
#endif
    return suite;
}

int main(void) {
    return run_suite(assert_suite());
}
