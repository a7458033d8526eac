/*
 * source.c - lists a folder, or reads a list of URLs.
 *
 * All of it is read before the first download: the progress line can then tell how much is left, and no two thumbnails
 * get the same name. A photo in the list costs some hundred bytes; it is the pictures that are big, and those the
 * pipeline bounds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "names.h"
#include "terminal.h"
#include "url.h"

enum { READ_SIZE = 65536, LOOK_EVERY = 100 /* milliseconds */ };

static bool out_of_memory(void) {
    terminal_say("out of memory");
    return false;
}

static bool make_room(struct source *source) {
    if (source->count < source->room)
        return true;
    size_t room = source->room == 0 ? 64 : source->room * 2;
    struct photo *photos = realloc(source->photos, room * sizeof *photos);
    if (photos == NULL)
        return false;
    source->photos = photos;
    source->room = room;
    return true;
}

static bool add_label(struct source *source, const char *label) {
    char *copy = make_room(source) ? strdup(label) : NULL;
    if (copy == NULL)
        return false;
    source->photos[source->count++] = (struct photo){.label = copy};
    return true;
}

/* A dangling link stays in: that it leads nowhere should be said, and the download will say it. */
static bool is_folder(DIR *folder, const char *name) {
    struct stat status;
    return fstatat(dirfd(folder), name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static bool list_folder(struct source *source, const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        terminal_say("%s: %s", path, strerror(errno));
        return false;
    }
    bool ok = true;
    const struct dirent *file;
    while (ok && (errno = 0, file = readdir(folder)) != NULL) {
        if (url_is_plain_name(file->d_name) && !is_folder(folder, file->d_name))
            ok = add_label(source, file->d_name) || out_of_memory();
    }
    if (ok && errno != 0) {
        terminal_say("%s: %s", path, strerror(errno));
        ok = false;
    }
    closedir(folder);
    return ok;
}

static int by_label(const void *a, const void *b) {
    return strcmp(((const struct photo *)a)->label, ((const struct photo *)b)->label);
}

bool source_from_folder(struct source *source, const char *folder, const char *base_url) {
    *source = (struct source){.names = names_create()};
    if (source->names == NULL)
        return out_of_memory();
    if (!list_folder(source, folder))
        return false;
    if (source->count > 0)
        qsort(source->photos, source->count, sizeof *source->photos, by_label);
    for (size_t i = 0; i < source->count; i++) {
        struct photo *photo = &source->photos[i];
        photo->url = url_join(base_url, photo->label);
        photo->name = names_take(source->names, photo->label);
        if (photo->url == NULL || photo->name == NULL)
            return out_of_memory();
    }
    return true;
}

/* Cuts white space off both ends, in place. */
static char *trim(char *line) {
    static const char blanks[] = " \t\r\n\v\f";
    line += strspn(line, blanks);
    size_t length = strlen(line);
    while (length > 0 && strchr(blanks, line[length - 1]) != NULL)
        length--;
    line[length] = '\0';
    return line;
}

static bool add_url(struct source *source, const char *url) {
    size_t length;
    const char *component = url_last_component(url, &length);
    char *original = malloc(length + 1);
    if (original == NULL)
        return false;
    if (!url_decode(component, length, original)) { /* a broken escape: keep the text as it is */
        memcpy(original, component, length);
        original[length] = '\0';
    }
    const char *name = names_take(source->names, original);
    free(original);
    if (name == NULL || !add_label(source, url))
        return false;
    struct photo *photo = &source->photos[source->count - 1];
    photo->url = photo->label;
    photo->name = name;
    return true;
}

/* The whole of a list, as text. */
struct text {
    char *bytes;
    size_t size, room;
};

static bool make_text_room(struct text *text) {
    if (text->room - text->size > READ_SIZE)
        return true;
    size_t room = text->room == 0 ? 2 * READ_SIZE : text->room * 2;
    char *bytes = realloc(text->bytes, room);
    if (bytes == NULL)
        return false;
    text->bytes = bytes;
    text->room = room;
    return true;
}

/* Whoever types a list, or makes it bit by bit, may take long; a signal must not have to wait for that. */
static bool wait_for_input(int file) {
    struct pollfd input = {.fd = file, .events = POLLIN};
    while (!interrupt_is_stopping()) {
        int ready = poll(&input, 1, LOOK_EVERY);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* or it is broken, and reading will say so */
    }
    return false;
}

/* Reads up to the end. False: a message was printed. */
static bool read_text(struct text *text, int file, const char *path) {
    for (;;) {
        if (!make_text_room(text))
            return out_of_memory();
        if (!wait_for_input(file)) {
            terminal_say("interrupted: nothing was started");
            return false;
        }
        ssize_t got = read(file, text->bytes + text->size, READ_SIZE);
        if (got == 0)
            return true;
        if (got > 0) {
            text->size += (size_t)got;
        } else if (errno != EINTR && errno != EAGAIN) {
            terminal_say("%s: cannot be read to the end: %s", path, strerror(errno));
            return false;
        }
    }
}

/* There is room for one more byte behind the text. */
static bool add_urls(struct source *source, struct text *text) {
    text->bytes[text->size] = '\0';
    char *end = text->bytes + text->size, *next;
    for (char *line = text->bytes; line < end; line = next) {
        char *line_end = memchr(line, '\n', (size_t)(end - line));
        next = line_end == NULL ? end : line_end + 1;
        if (line_end != NULL)
            *line_end = '\0';
        const char *url = trim(line);
        if (*url != '\0' && *url != '#' && !add_url(source, url))
            return out_of_memory();
    }
    return true;
}

bool source_from_list(struct source *source, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;
    *source = (struct source){.names = names_create()};
    if (source->names == NULL)
        return out_of_memory();
    int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        terminal_say("%s: %s", path, strerror(errno));
        return false;
    }
    struct text text = {.bytes = NULL};
    bool ok = read_text(&text, file, path) && add_urls(source, &text);
    free(text.bytes);
    if (!is_stdin)
        close(file);
    return ok;
}

void source_free(struct source *source) {
    for (size_t i = 0; i < source->count; i++) {
        if (source->photos[i].url != source->photos[i].label)
            free(source->photos[i].url);
        free(source->photos[i].label);
    }
    free(source->photos);
    names_destroy(source->names);
    *source = (struct source){0};
}
