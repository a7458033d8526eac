/*
 * test_allowance.c - the number of processors that a process may use: affinity and limits of control groups.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#include "sync/allowance.h"
#include "sync/thread.h"

static char root[64];

static unsigned least_processors; /* that a set must have room for; UINT_MAX: the call is refused */
static bool no_set;

int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
    if (size * 8 >= least_processors)
        return __real_sched_getaffinity(pid, size, set);
    errno = EINVAL;
    return -1;
}

#ifdef __GLIBC__
cpu_set_t *__real___sched_cpualloc(size_t count);
cpu_set_t *__wrap___sched_cpualloc(size_t count);
cpu_set_t *__wrap___sched_cpualloc(size_t count) {
    return no_set ? NULL : __real___sched_cpualloc(count);
}
#endif

static void make_root(void) {
    strcpy(root, "/tmp/weir-allowance-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void) {
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static bool forks(void) {
    const char *value = getenv("CK_FORK");
    return value == NULL || strcmp(value, "no") != 0;
}

/* Writes a file below the root, and makes its folders. */
static void file(const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    FILE *stream = fopen(path, "w");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ge(fputs(text, stream), 0);
    ck_assert_int_eq(fclose(stream), 0);
}

static unsigned allowance(const char *membership) {
    char path[128];
    file("membership", membership);
    (void)snprintf(path, sizeof path, "%s/membership", root);
    return weir__allowance_by_groups(path, root);
}

START_TEST (a_quota_of_version_2_is_rounded_up) {
    file("job/cpu.max", "150000 100000\n");
    ck_assert_uint_eq(allowance("0::/job\n"), 2);
    file("job/cpu.max", "200000 100000\n");
    ck_assert_uint_eq(allowance("0::/job\n"), 2);
    file("job/cpu.max", "1000 100000\n");
    ck_assert_uint_eq(allowance("0::/job\n"), 1);
    file("job/cpu.max", "max 100000\n");
    ck_assert_uint_eq(allowance("0::/job\n"), WEIR__NO_ALLOWANCE);
}
END_TEST

START_TEST (the_least_quota_up_to_the_root_counts) {
    file("a/b/c/cpu.max", "800000 100000\n");
    file("a/b/cpu.max", "max 100000\n");
    file("a/cpu.max", "300000 100000\n");
    ck_assert_uint_eq(allowance("0::/a/b/c\n"), 3);
    file("cpu.max", "200000 100000\n"); /* as in a container, where the group is the root */
    ck_assert_uint_eq(allowance("0::/a/b/c\n"), 2);
    ck_assert_uint_eq(allowance("0::/path/of/the/host\n"), 2);
    ck_assert_uint_eq(allowance("0::/\n"), 2);
}
END_TEST

START_TEST (a_quota_of_version_1_is_found_by_its_controller) {
    file("cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
    file("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    file("cpuset/job/cpu.cfs_quota_us", "100000\n");
    file("cpuset/job/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(allowance("9:cpuset:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/job\n0::/\n"), 3);
    file("cpu/job/cpu.cfs_quota_us", "200000\n");
    file("cpu/job/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(allowance("4:cpuacct,cpu:/job\n"), 2);
    file("cpu/job/cpu.cfs_quota_us", "-1\n");
    ck_assert_uint_eq(allowance("4:cpu:/job\n"), WEIR__NO_ALLOWANCE);
}
END_TEST

START_TEST (what_cannot_be_read_sets_no_limit) {
    ck_assert_uint_eq(weir__allowance_by_groups("/nonexistent", root), WEIR__NO_ALLOWANCE);
    ck_assert_uint_eq(allowance(""), WEIR__NO_ALLOWANCE);
    ck_assert_uint_eq(allowance("nonsense\n0\n:\n::\n0:cpu\n0::/job"), WEIR__NO_ALLOWANCE);
    file("job/cpu.max", "nonsense\n");
    ck_assert_uint_eq(allowance("0::/job\n"), WEIR__NO_ALLOWANCE);
    file("job/cpu.max", "100000\n");
    ck_assert_uint_eq(allowance("0::/job\n"), WEIR__NO_ALLOWANCE);
    char longest[4096] = "0::/";
    memset(longest + 4, 'x', sizeof longest - 5);
    ck_assert_uint_eq(allowance(longest), WEIR__NO_ALLOWANCE);
}
END_TEST

START_TEST (the_affinity_bounds_the_processors) {
    cpu_set_t before, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    ck_assert_uint_eq(weir__allowance_by_affinity(), (unsigned)CPU_COUNT(&before));
    size_t first = 0;
    while (!CPU_ISSET(first, &before))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(weir__allowance_by_affinity(), 1);
    ck_assert_uint_le(weir__processors(), (unsigned)CPU_COUNT(&before));
    if (forks()) /* the first question of this process */
        ck_assert_uint_eq(weir__processors(), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
}
END_TEST

/* The kernel of a large machine refuses a set with too few bits. */
START_TEST (an_affinity_of_many_processors_is_found_and_a_refused_one_is_no_bound) {
    const unsigned honest = weir__allowance_by_affinity();
    least_processors = 1 << 14;
    const unsigned of_many = weir__allowance_by_affinity();
    least_processors = UINT_MAX;
    const unsigned refused = weir__allowance_by_affinity();
    least_processors = 0;
    no_set = true;
    const unsigned without_memory = weir__allowance_by_affinity();
    no_set = false;
    ck_assert_uint_eq(of_many, honest);
    ck_assert_uint_eq(refused, WEIR__NO_ALLOWANCE);
#ifdef __GLIBC__
    ck_assert_uint_eq(without_memory, WEIR__NO_ALLOWANCE);
#else
    (void)without_memory;
#endif
}
END_TEST

static Suite *allowance_suite(void) {
    Suite *suite = suite_create("allowance");
    TCase *groups = add_case(suite, "groups");
    tcase_add_checked_fixture(groups, make_root, remove_root);
    tcase_add_test(groups, a_quota_of_version_2_is_rounded_up);
    tcase_add_test(groups, the_least_quota_up_to_the_root_counts);
    tcase_add_test(groups, a_quota_of_version_1_is_found_by_its_controller);
    tcase_add_test(groups, what_cannot_be_read_sets_no_limit);
    TCase *affinity = add_case(suite, "affinity");
    tcase_add_test(affinity, the_affinity_bounds_the_processors);
    tcase_add_test(affinity, an_affinity_of_many_processors_is_found_and_a_refused_one_is_no_bound);
    return suite;
}

int main(void) {
    return run_suite(allowance_suite());
}
