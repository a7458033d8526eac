/*
 * pairs.h - a call that is made from inside a callback, each pair in a process of its own: one that hangs or crashes
 * fails this pair, and the others are still tried.
 *
 * With CK_FORK=no (ThreadSanitizer looks at one process) the pairs run in this one, and the first that fails ends it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_PAIRS_H
#define WEIR_TESTS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs `scene(arg)` and returns whether it has come to its end; if not, says on standard error which pair it was, and
 * why it failed. A scene that hangs is ended after HANG_SECONDS.
 */
bool pair_run(const char *name, void (*scene)(void *arg), void *arg);

/* For a scene, in any of its threads: ends it, with a message. */
_Noreturn void pair_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a scene, at its end: to be run again, because by chance what it wants to see has not happened. */
void pair_again(void);

/*
 * The names in lib/weir.sym that begin with `prefix`, each once, in `names`; returns how many they are. 0: the file is
 * not to be found, for the test was not started by make. Static memory.
 */
size_t public_names(const char *prefix, const char **names, size_t most);

#endif /* WEIR_TESTS_PAIRS_H */
