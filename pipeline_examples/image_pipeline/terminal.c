/*
 * terminal.c - messages and the status line.
 *
 * The status line needs no more of the terminal than a carriage return: an older, longer line is wiped with blanks, so
 * it looks right on terminals that know no escape sequences too. It is cut to the terminal's width, because a line that
 * wraps cannot be rewritten.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "terminal.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_SIZE = 2048, STATUS_SIZE = 256 };

static struct {
    pthread_mutex_t lock;
    const char *program; /* set before any other thread exists; constant from then on, as the next */
    bool interactive;
    char status[STATUS_SIZE]; /* under the lock: what the status line shows; "" when there is none */
} terminal = {.lock = PTHREAD_MUTEX_INITIALIZER, .program = ""};

void terminal_open(const char *program) {
    terminal.program = program;
    terminal.interactive = isatty(STDERR_FILENO) == 1;
}

bool terminal_is_interactive(void) {
    return terminal.interactive;
}

/* Names come from folders and lists that others wrote: no byte of them may steer the terminal or fake a line. */
static void defuse(char *text) {
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        bool is_c1_in_utf8 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (is_c1_in_utf8)
            c[0] = c[1] = '?';
    }
}

static size_t width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col - 1u; /* in the last column some terminals wrap */
    return 79;
}

/* One write a line: what another process prints to the same terminal cannot come between either. */
static void write_locked(const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return; /* nobody listens, or not now, and there is nobody else to tell */
        text += written;
        length -= (size_t)written;
    }
}

/* Shows `status` in place of the line before it. */
static void draw_status_locked(const char *status) {
    char line[2 * STATUS_SIZE + 3];
    size_t old = strlen(terminal.status), shown = strlen(status), columns = width();
    shown = shown < columns ? shown : columns;
    shown = shown < STATUS_SIZE ? shown : STATUS_SIZE - 1;
    size_t blanks = old > shown ? old - shown : 0;

    int length = snprintf(line, sizeof line, "\r%.*s%*s\r", (int)shown, status, (int)blanks, "");
    write_locked(line, (size_t)length);
    if (shown > 0) { /* leave the cursor behind the text */
        length = snprintf(line, sizeof line, "%.*s", (int)shown, status);
        write_locked(line, (size_t)length);
    }
    memmove(terminal.status, status, shown);
    terminal.status[shown] = '\0';
}

static void say_locked(const char *format, va_list arguments) TERMINAL_PRINTF(1, 0);

static void say_locked(const char *format, va_list arguments) {
    char line[LINE_SIZE];
    int prefix = snprintf(line, sizeof line, "%s: ", terminal.program);
    if (prefix < 0 || (size_t)prefix >= sizeof line)
        return;
    if (vsnprintf(line + prefix, sizeof line - (size_t)prefix, format, arguments) < 0)
        return;
    defuse(line);
    size_t length = strlen(line);
    length = length < sizeof line - 1 ? length : sizeof line - 2;
    line[length++] = '\n';

    char status[STATUS_SIZE];
    memcpy(status, terminal.status, sizeof status);
    if (status[0] != '\0')
        draw_status_locked("");
    write_locked(line, length);
    if (status[0] != '\0')
        draw_status_locked(status);
}

void terminal_say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&terminal.lock);
    say_locked(format, arguments);
    pthread_mutex_unlock(&terminal.lock);
    va_end(arguments);
}

void terminal_status(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&terminal.lock);
    if (terminal.interactive) {
        char status[STATUS_SIZE];
        vsnprintf(status, sizeof status, format, arguments);
        draw_status_locked(status);
    } else {
        say_locked(format, arguments);
    }
    pthread_mutex_unlock(&terminal.lock);
    va_end(arguments);
}

void terminal_end_status(void) {
    pthread_mutex_lock(&terminal.lock);
    if (terminal.status[0] != '\0')
        write_locked("\n", 1);
    terminal.status[0] = '\0';
    pthread_mutex_unlock(&terminal.lock);
}
