/*
 * terminal.c - pseudo-terminals for tests, on systems that have them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "terminal.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static bool skip(const char *call) {
    int reason = errno;
    ck_assert_msg(getenv("WEIR_NEED_TERMINAL") == NULL, "WEIR_NEED_TERMINAL is set, but %s says: %s", call,
                  strerror(reason));
    printf("SKIPPED: not tested on a terminal: %s says: %s\n", call, strerror(reason));
    fflush(stdout); /* the test may end by _exit */
    return false;
}

static bool skip_after_master(struct terminal *terminal, const char *call) {
    int reason = errno;
    close(terminal->master);
    errno = reason;
    return skip(call);
}

bool terminal_open(struct terminal *terminal, unsigned short columns) {
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->master < 0)
        return skip("posix_openpt");
    if (grantpt(terminal->master) != 0)
        return skip_after_master(terminal, "grantpt");
    if (unlockpt(terminal->master) != 0)
        return skip_after_master(terminal, "unlockpt");
    const char *name = ptsname(terminal->master);
    if (name == NULL)
        return skip_after_master(terminal, "ptsname");
    terminal->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->slave < 0)
        return skip_after_master(terminal, name);
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    ck_assert_int_eq(ioctl(terminal->slave, TIOCSWINSZ, &size), 0);
    return true;
}
