/*
 * errors.c - Keeps the errors of a run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/errors.h"

#include <stdio.h>
#include <string.h>

#include "sync/text.h"

enum { USUAL_ERRORS = 100 };

bool weir__errors_prepare(weir__errors *errors, size_t most) {
    errors->most = most != 0 ? most : USUAL_ERRORS;
    if (errors->most > (SIZE_MAX - WEIR__CHUNK) / sizeof *errors->kept)
        return false;
    errors->kept = weir__alloc(errors->most * sizeof *errors->kept);
    return errors->kept != NULL;
}

static void free_message(const weir__errors *errors, const weir_error *error) {
    if (error->message[0] != '\0' && error->message != errors->fatal_message)
        weir__free((void *)error->message);
}

void weir__errors_free(weir__errors *errors) {
    for (size_t i = 0; i < errors->kept_count; i++)
        free_message(errors, &errors->kept[i]);
    weir__free(errors->kept);
}

/* Returns a copy of the message. Returns "" if the message is empty, or there is no memory. */
static const char *copy_of(const char *message) {
    const char *copy = message[0] != '\0' ? weir__copy_text(message) : NULL;
    return copy == NULL ? "" : copy;
}

static void set_latest(weir__errors *errors, size_t place, weir_error error) {
    char *message = errors->latest_messages[place];
    (void)snprintf(message, sizeof errors->latest_messages[place], "%s", error.message);
    error.message = message;
    errors->latest[place] = error;
}

static void keep_latest_locked(weir__errors *errors, weir_error error) {
    set_latest(errors, errors->passed++ % WEIR__LATEST, error);
}

/* Keeps an error that is older than those in the ring, if there is room. */
static void keep_older_locked(weir__errors *errors, weir_error error) {
    if (errors->passed >= WEIR__LATEST)
        return;
    for (size_t i = (size_t)errors->passed++; i > 0; i--)
        set_latest(errors, i, errors->latest[i - 1]);
    set_latest(errors, 0, error);
}

static void keep_locked(weir__errors *errors, weir_error error) {
    if (errors->kept_count == errors->most) {
        keep_latest_locked(errors, error);
        return;
    }
    error.message = copy_of(error.message);
    errors->kept[errors->kept_count++] = error;
}

static void keep_fatal_locked(weir__errors *errors, weir_error error) {
    if (errors->kept_count == errors->most) {
        keep_older_locked(errors, errors->kept[--errors->kept_count]);
        free_message(errors, &errors->kept[errors->kept_count]);
    }
    errors->fatal = &errors->kept[errors->kept_count++];
    (void)snprintf(errors->fatal_message, sizeof errors->fatal_message, "%s", error.message);
    error.message = errors->fatal_message;
    *errors->fatal = error;
}

void weir__errors_add(weir__errors *errors, weir_error error, uint64_t started, bool fatal) {
    weir__lock_acquire(&errors->lock);
    error.at = weir__clock_now() - started; /* with the lock held, so times are in order */
    errors->count++;
    if (fatal && errors->fatal == NULL)
        keep_fatal_locked(errors, error);
    else
        keep_locked(errors, error);
    weir__lock_release(&errors->lock);
}

size_t weir__errors_latest_locked(const weir__errors *errors, weir_error latest[WEIR__LATEST]) {
    size_t count = errors->passed < WEIR__LATEST ? (size_t)errors->passed : WEIR__LATEST;
    for (size_t i = 0; i < count; i++)
        latest[i] = errors->latest[(errors->passed - count + i) % WEIR__LATEST];
    return count;
}

bool weir__errors_has_fatal(weir__errors *errors) {
    weir__lock_acquire(&errors->lock);
    bool has = errors->fatal != NULL;
    weir__lock_release(&errors->lock);
    return has;
}

void weir__errors_mark_locked(weir__errors *errors) {
    if (errors->fatal == NULL || errors->fatal->fatal)
        return;
    weir_error fatal = *errors->fatal;
    fatal.fatal = true;
    memmove(errors->kept + 1, errors->kept, (size_t)(errors->fatal - errors->kept) * sizeof fatal);
    errors->kept[0] = fatal;
    errors->fatal = errors->kept;
}
