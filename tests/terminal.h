/*
 * terminal.h - pseudo-terminals for tests.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_TERMINAL_H
#define WEIR_TESTS_TERMINAL_H

#include <stdbool.h>

/* Both descriptors are closed on exec. */
struct terminal {
    int master; /* reads what a program draws */
    int slave;  /* the program's terminal */
};

/*
 * Opens a pseudo-terminal of 24 rows that is no controlling terminal; the caller closes both descriptors. If the
 * system has none, prints a line that names the skipped test and returns false; the caller then ends its test. If
 * WEIR_NEED_TERMINAL is in the environment, fails the test instead.
 */
bool terminal_open(struct terminal *terminal, unsigned short columns);

#endif /* WEIR_TESTS_TERMINAL_H */
