/*
 * process_support.h - shared by the tests of functions in child processes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_PROCESS_SUPPORT_H
#define WEIR_TESTS_PROCESS_SUPPORT_H

#include "support.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SANITIZED)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif

/* The init of a child that gives a reason, and fails. */
weir_status init_fails(void *arg, void **state);

/* Gives a stage with that run or run_batch its process. */
void use_process(weir_stage_options *options, weir_process *process);

/* Reads the letters of a queue that is shut down, and passes each to `note`. */
void read_letters(weir_queue *dead, void (*note)(const weir_dead_letter *letter));

/* Fails the test if this process has a child. */
void assert_no_children(void);

/*
 * Runs one item in a child, for use outside of tests: a system may run no children. An emulator does not run
 * /proc/self/exe again.
 */
void try_child(weir_process *process, void *item);

#endif /* WEIR_TESTS_PROCESS_SUPPORT_H */
