/*
 * list.c - reads a list.
 *
 * The whole list is read before the first download, so that the progress line can tell how much is left. A photo in
 * the list costs some hundred bytes. Only the pictures are large, and the pipeline bounds those in memory.
 *
 * A list in the wrong format is refused as a whole. In a list of lines, a NUL would hide the rest of its line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "list.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "terminal.h"

enum { READ_SIZE = 65536, LOOK_EVERY = 100 /* milliseconds */ };

static bool make_room(struct list *list) {
    if (list->room - list->size > READ_SIZE)
        return true;
    size_t room = list->room == 0 ? 2 * READ_SIZE : list->room * 2;
    char *bytes = realloc(list->bytes, room);
    if (bytes == NULL) {
        terminal_say("out of memory");
        return false;
    }
    list->bytes = bytes;
    list->room = room;
    return true;
}

/* Waits for input with a timeout: a list that is typed, or written slowly, must not delay a signal. */
static bool wait_for_input(int file) {
    struct pollfd input = {.fd = file, .events = POLLIN};
    while (!interrupt_is_stopping()) {
        int ready = poll(&input, 1, LOOK_EVERY);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* at an error too, which read reports */
    }
    terminal_say("interrupted: nothing was started");
    return false;
}

/* Reads to the end of the file, and leaves room for one more byte. */
static bool read_all(struct list *list, int file, const char *path) {
    for (;;) {
        if (!make_room(list) || !wait_for_input(file))
            return false;
        ssize_t got = read(file, list->bytes + list->size, READ_SIZE);
        if (got == 0)
            return true;
        if (got > 0) {
            list->size += (size_t)got;
        } else if (errno != EINTR && errno != EAGAIN) {
            terminal_say("%s: read error: %s", path, strerror(errno));
            return false;
        }
    }
}

static bool begins_with(const struct list *list, const char *bytes) {
    size_t size = strlen(bytes);
    return list->size >= size && memcmp(list->bytes, bytes, size) == 0;
}

/* Skips a byte order mark. If the list has the wrong format, prints a message and returns false. */
static bool check_text(struct list *list, const char *path) {
    if (begins_with(list, "\xff\xfe") || begins_with(list, "\xfe\xff")) {
        terminal_say("%s: is in UTF-16, and must be in UTF-8", path);
        return false;
    }
    if (begins_with(list, "\xef\xbb\xbf"))
        list->place = 3;
    const char *null = list->separator == '\0' ? NULL : memchr(list->bytes, '\0', list->size);
    if (null != NULL)
        terminal_say("%s: has a NUL at byte %zu; a list separated by NULs needs --null", path,
                     (size_t)(null - list->bytes) + 1);
    return null == NULL;
}

bool list_open(struct list *list, const char *path, bool is_null_separated) {
    bool is_stdin = strcmp(path, "-") == 0;
    *list = (struct list){.separator = is_null_separated ? '\0' : '\n'};
    int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        terminal_say("%s: %s", path, strerror(errno));
        return false;
    }
    bool ok = read_all(list, file, path);
    if (!is_stdin)
        close(file);
    if (!ok)
        return false;
    list->bytes[list->size] = '\0';
    return check_text(list, path);
}

/* Strips white space off both ends, in place. */
static char *trim(char *entry) {
    static const char blanks[] = " \t\r\n\v\f";
    entry += strspn(entry, blanks);
    size_t length = strlen(entry);
    while (length > 0 && strchr(blanks, entry[length - 1]) != NULL)
        length--;
    entry[length] = '\0';
    return entry;
}

char *list_next(struct list *list) {
    while (list->place < list->size) {
        char *entry = list->bytes + list->place;
        char *end = memchr(entry, list->separator, list->size - list->place);
        list->place = end == NULL ? list->size : (size_t)(end - list->bytes) + 1;
        list->number++;
        if (end != NULL)
            *end = '\0';
        entry = trim(entry);
        if (*entry != '\0' && *entry != '#')
            return entry;
    }
    return NULL;
}

void list_close(struct list *list) {
    free(list->bytes);
    list->bytes = NULL;
}
