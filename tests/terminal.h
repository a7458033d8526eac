/*
 * terminal.h - pseudo-terminals for tests.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_TERMINAL_H
#define WEIR_TESTS_TERMINAL_H

#include <stdbool.h>

/* Both ends are closed on exec. */
struct terminal {
    int master; /* what a program draws is read here */
    int slave;  /* the terminal itself */
};

/*
 * Opens a pseudo-terminal of 24 rows that is no controlling terminal; the caller closes both ends. Returns false,
 * and prints a line that says what is not tested, if the system has none: the caller's test then ends. If the environment
 * has WEIR_NEED_TERMINAL, that fails the test instead.
 */
bool terminal_open(struct terminal *terminal, unsigned short columns);

#endif /* WEIR_TESTS_TERMINAL_H */
