/*
 * list.c - reads a list.
 *
 * Only the part of the list that is not used up is in memory. In a list of lines, a NUL would hide the rest of its
 * line: no entry is returned from a piece that contains one.
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
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "terminal.h"

enum { PIECE = 65536, MAX_ENTRY = 1 << 20, LOOK_EVERY = 100 /* milliseconds */, MARK = 3 };

static bool fail(struct list *list) {
    list->is_broken = true;
    return false;
}

/* Moves the unused bytes to the front, and makes room for another piece. */
static bool make_room(struct list *list) {
    if (list->place > 0)
        memmove(list->bytes, list->bytes + list->place, list->size - list->place);
    list->before += list->place;
    list->size -= list->place;
    list->place = 0;
    if (list->size > MAX_ENTRY) {
        terminal_say("%s: entry %zu is longer than %d bytes", list->path, list->number + 1, MAX_ENTRY);
        return fail(list);
    }
    if (list->room - list->size > PIECE)
        return true;
    size_t room = list->room == 0 ? 2 * PIECE : list->room * 2;
    char *bytes = realloc(list->bytes, room);
    if (bytes == NULL) {
        terminal_say("out of memory");
        return fail(list);
    }
    list->bytes = bytes;
    list->room = room;
    return true;
}

/* Waits for input with a timeout: a list that is typed, or written slowly, must not delay a signal. */
static bool wait_for_input(struct list *list) {
    struct pollfd input = {.fd = list->file, .events = POLLIN};
    while (!interrupt_is_stopping()) {
        int ready = poll(&input, 1, LOOK_EVERY);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* at an error too, which read reports */
        if (list->idle != NULL)
            list->idle(list->idle_argument);
    }
    return fail(list);
}

static bool begins_with(const struct list *list, const char *bytes) {
    size_t size = strlen(bytes);
    return list->size >= size && memcmp(list->bytes, bytes, size) == 0;
}

static bool check_piece(struct list *list, const char *piece, size_t size) {
    if (list->before == 0 && (begins_with(list, "\xff\xfe") || begins_with(list, "\xfe\xff"))) {
        terminal_say("%s: is in UTF-16, and must be in UTF-8", list->path);
        return fail(list);
    }
    const char *null = list->separator == '\0' ? NULL : memchr(piece, '\0', size);
    if (null == NULL)
        return true;
    terminal_say("%s: has a NUL at byte %zu; a list separated by NULs needs --null", list->path,
                 list->before + (size_t)(null - list->bytes) + 1);
    return fail(list);
}

/* Reads a piece, or notes the end of the file. */
static bool read_piece(struct list *list) {
    for (;;) {
        if (!make_room(list) || !wait_for_input(list))
            return false;
        char *piece = list->bytes + list->size;
        ssize_t got = read(list->file, piece, PIECE);
        if (got >= 0) {
            list->is_whole = got == 0;
            list->size += (size_t)got;
            return check_piece(list, piece, (size_t)got);
        }
        if (errno != EINTR && errno != EAGAIN) {
            terminal_say("%s: read error: %s", list->path, strerror(errno));
            return fail(list);
        }
    }
}

/* Reads the first bytes, and skips a byte order mark. */
static bool begin(struct list *list) {
    while (list->size < MARK && !list->is_whole) {
        if (!read_piece(list))
            return false;
    }
    if (begins_with(list, "\xef\xbb\xbf"))
        list->place = MARK;
    return true;
}

bool list_open(struct list *list, const char *path, bool is_null_separated) {
    bool is_stdin = strcmp(path, "-") == 0;
    *list = (struct list){.path = path, .separator = is_null_separated ? '\0' : '\n'};
    list->file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (list->file < 0)
        terminal_say("%s: %s", path, strerror(errno));
    return list->file >= 0;
}

bool list_is_file(const struct list *list) {
    struct stat status;
    return fstat(list->file, &status) == 0 && S_ISREG(status.st_mode);
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

/* Returns the next entry as it is, or NULL. */
static char *take(struct list *list) {
    char *end = NULL;
    while (list->place == list->size ||
           (end = memchr(list->bytes + list->place, list->separator, list->size - list->place)) == NULL) {
        if (list->is_whole)
            break;
        if (!read_piece(list))
            return NULL;
    }
    if (list->place == list->size)
        return NULL;
    char *entry = list->bytes + list->place;
    if (end == NULL)
        end = list->bytes + list->size; /* the last entry: there is room for a 0 */
    list->place = (size_t)(end - list->bytes) + (end < list->bytes + list->size);
    *end = '\0';
    list->number++;
    return entry;
}

char *list_next(struct list *list) {
    char *entry;
    if (list->bytes == NULL && !begin(list))
        return NULL;
    while ((entry = take(list)) != NULL) {
        entry = trim(entry);
        if (*entry != '\0' && *entry != '#')
            return entry;
    }
    return NULL;
}

void list_close(struct list *list) {
    if (list->file > STDIN_FILENO)
        close(list->file);
    free(list->bytes);
    list->file = -1;
    list->bytes = NULL;
}
