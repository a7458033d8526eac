/*
 * journal.c - a title, the recipe, and one line for each picture that is done.
 *
 * A line is written at the end of the file, as a rule in one piece. A killed run, or a full disk, may leave a
 * part of a line at the end. It counts as none, and the next run ends it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for flock */

#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "append.h"
#include "names.h"
#include "terminal.h"

static const char title[] = "weir-thumbs journal 2\n";

static const char recipe_start[] = "thumbnails: ";

enum {
    DIGITS = MARK_SIZE - 1,
    LINE_SIZE = MARK_SIZE + 1, /* a mark, a newline and a 0 */
    HEAD_SIZE = 256            /* each line of the head */
};

static bool fail(const struct journal *journal, const char *reason) {
    terminal_say("%s: %s", journal->path, reason);
    return false;
}

/* Adds the mark of a line. Returns false if memory is exhausted. A line that is no mark is what a kill has left. */
static bool read_line(struct journal *journal, const char *line) {
    size_t first;
    if (strspn(line, "0123456789abcdef") != DIGITS || strcmp(line + DIGITS, "\n") != 0)
        return true;
    char *mark = strndup(line, DIGITS);
    if (mark == NULL || names_take(journal->done, mark, 0, &first) == NULL) {
        free(mark);
        return false;
    }
    return true;
}

/* Reads the marks, and ends a line that a kill has cut. */
static bool read_marks(struct journal *journal, FILE *stream) {
    char line[HEAD_SIZE];
    bool is_whole = true;
    while (fgets(line, sizeof line, stream) != NULL) {
        if (!read_line(journal, line))
            return fail(journal, "out of memory");
        is_whole = strchr(line, '\n') != NULL;
    }
    if (ferror(stream))
        return fail(journal, strerror(errno));
    return is_whole || append(journal->file, "\n", 1) || fail(journal, strerror(errno));
}

/* Returns whether a line has these options, each whole. */
static bool has_options(const char *line, const char *options) {
    const char *found = strstr(line, options);
    if (found == NULL || (found != line && found[-1] != ' '))
        return false;
    char next = found[strlen(options)];
    return next == '\0' || next == ' ';
}

/* Writes the head into an empty file. Otherwise reads and checks it. */
static bool read_head(const struct journal *journal, FILE *stream, const char *recipe) {
    char head[HEAD_SIZE], line[HEAD_SIZE];
    if (fgets(line, sizeof line, stream) == NULL) {
        snprintf(head, sizeof head, "%s%s%s\n", title, recipe_start, recipe);
        if (!ferror(stream) && append(journal->file, head, strlen(head)))
            return true;
        (void)fail(journal, strerror(errno));
        int status = ftruncate(journal->file, 0); /* a part of a head would be no journal */
        (void)status;
        return false;
    }
    if (strcmp(line, title) != 0 || fgets(line, sizeof line, stream) == NULL ||
        strncmp(line, recipe_start, strlen(recipe_start)) != 0)
        return fail(journal, "is not a journal of weir-thumbs");
    line[strcspn(line, "\n")] = '\0';
    if (has_options(line + strlen(recipe_start), recipe))
        return true;
    terminal_say("%s: is the journal of a run with %s, and this run has %s", journal->path, line + strlen(recipe_start),
                 recipe);
    return false;
}

bool journal_open(struct journal *journal, const char *path, const char *recipe) {
    *journal = (struct journal){.path = path, .file = -1};
    if (path == NULL)
        return true;
    pthread_mutex_init(&journal->lock, NULL);
    journal->done = names_create();
    journal->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (journal->done == NULL || journal->file < 0)
        return fail(journal, journal->done == NULL ? "out of memory" : strerror(errno));
    if (flock(journal->file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return fail(journal, "another run uses this journal");
    FILE *stream = fopen(path, "re");
    if (stream == NULL)
        return fail(journal, strerror(errno));
    bool ok = read_head(journal, stream, recipe) && read_marks(journal, stream);
    fclose(stream);
    return ok;
}

void journal_close(struct journal *journal) {
    if (journal->path == NULL)
        return;
    if (journal->file >= 0)
        close(journal->file);
    names_destroy(journal->done);
    pthread_mutex_destroy(&journal->lock);
    *journal = (struct journal){.file = -1};
}

bool journal_has(const struct journal *journal, const char mark[MARK_SIZE]) {
    return journal->path != NULL && names_have(journal->done, mark);
}

bool journal_add(struct journal *journal, const char mark[MARK_SIZE]) {
    char line[LINE_SIZE];
    if (journal->path == NULL)
        return true;
    snprintf(line, sizeof line, "%s\n", mark);
    pthread_mutex_lock(&journal->lock);
    if (journal->error == 0 && !append(journal->file, line, strlen(line)))
        journal->error = errno;
    int error = journal->error;
    pthread_mutex_unlock(&journal->lock);
    errno = error;
    return error == 0;
}
