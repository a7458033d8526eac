/*
 * pairs.h - makes a call from inside a callback, each such pair in its own process. A pair that hangs or crashes
 * fails alone, and the others still run.
 *
 * With CK_FORK=no (ThreadSanitizer follows one process) the pairs run in this process, and the first failure ends it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_PAIRS_H
#define WEIR_TESTS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs `scene(arg)` and returns whether it completed. If not, prints the pair and the reason on standard error. A
 * scene that hangs is killed after HANG_SECONDS.
 */
bool pair_run(const char *name, void (*scene)(void *arg), void *arg);

/* Ends the scene with a message; any of its threads may call it. */
_Noreturn void pair_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called at the end of a scene: requests another run, because the awaited interleaving did not happen. */
void pair_again(void);

/*
 * Stores the names in lib/weir.sym that begin with `prefix`, each once, in `names`, and returns their number. Returns
 * 0 if the file is not found: the test was not started by make. The strings are static.
 */
size_t public_names(const char *prefix, const char **names, size_t most);

#endif /* WEIR_TESTS_PAIRS_H */
