/*
 * terminal.c - messages and the status line.
 *
 * Each line of output goes through a queue to one writer thread. No lock is held during a write. The lock guards the
 * texts of queued status lines: when enough of them are queued, a new text replaces the newest.
 *
 * The status line needs only a carriage return from the terminal. A longer old line is wiped with blanks, so the
 * display is right even on terminals without escape sequences. The line is cut to the terminal's width, because a
 * line that wraps cannot be rewritten.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <weir/closable_queue.h>
#include <weir/stoppable_worker.h>

#include "escape.h"

enum {
    LINE_SIZE = 2048,
    ESCAPED = 4 /* bytes for one byte at most */,
    STATUS_SIZE = 256,
    MAX_LINES = 100000,
    MAX_STATUSES = 16
};

enum kind { MESSAGE, STATUS, END_OF_STATUS };

struct line {
    enum kind kind;
    char text[]; /* of a queued status line: guarded by the lock, STATUS_SIZE bytes */
};

static struct {
    const char *program; /* set before any other thread exists; then constant, like the next three */
    bool interactive;
    weir_queue *lines; /* queued output; NULL without a writer thread, then each caller writes */
    weir_threads *writer;
    atomic_size_t left_out;  /* messages dropped since the last report */
    pthread_mutex_t lock;    /* guards the next two */
    struct line *newest;     /* newest status line in the queue; NULL if none */
    size_t statuses;         /* number of status lines in the queue */
    char shown[STATUS_SIZE]; /* writer only: text of the status line on the screen; "" if none */
} terminal = {.lock = PTHREAD_MUTEX_INITIALIZER, .program = ""};

bool terminal_is_interactive(void) {
    return terminal.interactive;
}

static size_t width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col - 1u; /* some terminals wrap in the last column */
    return 79;
}

/* Blocks until a non-blocking descriptor is writable. */
static void wait_until_writable(void) {
    struct pollfd output = {.fd = STDERR_FILENO, .events = POLLOUT};
    poll(&output, 1, -1);
}

/* Writes a line in one call, so that output of other processes cannot split it. */
static void write_all(const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written >= 0) {
            text += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_until_writable();
        } else if (errno != EINTR) {
            return; /* no reader, and no other place to report it */
        }
    }
}

/* Replaces the status line on the screen with `status`. */
static void draw_status(const char *status) {
    char line[2 * STATUS_SIZE + 3];
    size_t old = strlen(terminal.shown), length = strlen(status), columns = width();
    length = length < columns ? length : columns;
    length = length < STATUS_SIZE ? length : STATUS_SIZE - 1;
    size_t blanks = old > length ? old - length : 0;

    int size = snprintf(line, sizeof line, "\r%.*s%*s\r", (int)length, status, (int)blanks, "");
    write_all(line, (size_t)size);
    if (length > 0) /* leaves the cursor after the text */
        write_all(status, length);
    memmove(terminal.shown, status, length);
    terminal.shown[length] = '\0';
}

/* Writes a line, which includes its newline, above the status line. */
static void write_message(const char *text) {
    char status[STATUS_SIZE];
    memcpy(status, terminal.shown, sizeof status);
    if (status[0] != '\0')
        draw_status("");
    write_all(text, strlen(text));
    if (status[0] != '\0')
        draw_status(status);
}

/* Marks a status line as no longer queued, so that its text does not change any more. */
static void forget_status(const struct line *line) {
    pthread_mutex_lock(&terminal.lock);
    terminal.statuses--;
    if (terminal.newest == line)
        terminal.newest = NULL;
    pthread_mutex_unlock(&terminal.lock);
}

static void tell_left_out(void) {
    char text[128];
    size_t count = atomic_exchange(&terminal.left_out, 0);
    if (count == 0)
        return;
    snprintf(text, sizeof text, "%s: %zu messages were left out: standard error was not read fast enough\n",
             terminal.program, count);
    write_message(text);
}

static void write_line(struct line *line) {
    if (line->kind == STATUS) {
        forget_status(line);
        draw_status(line->text);
    } else if (line->kind == MESSAGE) {
        write_message(line->text);
        tell_left_out();
    } else if (terminal.shown[0] != '\0') {
        write_all("\n", 1);
        terminal.shown[0] = '\0';
    }
    free(line);
}

static void *write_next(void *line, void *unused) {
    (void)unused;
    write_line(line);
    return NULL;
}

/* Takes ownership of the line, which may be NULL. If memory is exhausted, the line is lost. */
static void say_line(struct line *line) {
    if (line == NULL)
        return;
    if (terminal.lines == NULL) {
        write_line(line);
    } else if (weir_queue_put(terminal.lines, line) != WEIR_OK) {
        if (line->kind == STATUS)
            forget_status(line);
        free(line);
    }
}

static struct line *new_line(enum kind kind, const char *text, size_t room) {
    size_t size = strlen(text) + 1;
    struct line *line = malloc(sizeof *line + (size < room ? room : size));
    if (line == NULL)
        return NULL;
    line->kind = kind;
    memcpy(line->text, text, size);
    return line;
}

static void say_status(const char *text) {
    struct line *line = NULL;
    pthread_mutex_lock(&terminal.lock);
    if (terminal.statuses >= MAX_STATUSES && terminal.newest != NULL) {
        snprintf(terminal.newest->text, STATUS_SIZE, "%s", text);
    } else if ((line = new_line(STATUS, text, STATUS_SIZE)) != NULL) {
        terminal.statuses++;
        terminal.newest = line;
    }
    pthread_mutex_unlock(&terminal.lock);
    say_line(line);
}

static void say(const char *format, va_list arguments) TERMINAL_PRINTF(1, 0);

static void say(const char *format, va_list arguments) {
    char text[LINE_SIZE], line[ESCAPED * LINE_SIZE + 1];
    int prefix = snprintf(text, sizeof text, "%s: ", terminal.program);
    if (prefix < 0 || (size_t)prefix >= sizeof text)
        return;
    int length = vsnprintf(text + prefix, sizeof text - (size_t)prefix, format, arguments);
    if (length < 0)
        return;
    if (terminal.lines != NULL && weir_queue_size(terminal.lines) >= MAX_LINES) {
        atomic_fetch_add(&terminal.left_out, 1);
        return;
    }
    if ((size_t)length >= sizeof text - (size_t)prefix)
        escape_trim(text);
    size_t end = escape_write(line, sizeof line - 1, text);
    memcpy(line + end, "\n", 2);
    say_line(new_line(MESSAGE, line, 0));
}

void terminal_say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void terminal_status(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (terminal.interactive) {
        char text[STATUS_SIZE];
        vsnprintf(text, sizeof text, format, arguments);
        say_status(text);
    } else {
        say(format, arguments);
    }
    va_end(arguments);
}

void terminal_end_status(void) {
    say_line(new_line(END_OF_STATUS, "", 0));
}

void terminal_open(const char *program) {
    terminal.program = program;
    terminal.interactive = isatty(STDERR_FILENO) == 1;
    if (weir_queue_create(&terminal.lines, WEIR_UNBOUNDED) == WEIR_OK &&
        weir_start_threads(&terminal.writer, 1, write_next, NULL, terminal.lines, NULL) != WEIR_OK) {
        weir_queue_destroy(terminal.lines);
        terminal.lines = NULL;
    }
}

void terminal_flush(weir_deadline deadline) {
    if (terminal.lines != NULL)
        (void)weir_queue_join_until(terminal.lines, deadline);
}

void terminal_close(void) {
    if (terminal.lines == NULL)
        return;
    terminal_flush(WEIR_NEVER);
    weir_stop_threads(terminal.lines, terminal.writer);
    weir_queue_destroy(terminal.lines);
    terminal.lines = NULL;
}
