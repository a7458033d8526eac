/*
 * errors.c - the errors so far.
 *
 * The first ones are kept, in the order of their times, and all are counted. The first fatal one, which is about to end
 * the run, is kept in any case: if there is no room, in place of the last one. Room for all of them, and for the fatal
 * one's message, is taken at the start, so that none of them can be lost for want of memory; only another message can.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

#include <string.h>

#include "sync/text.h"

enum { USUAL_ERRORS = 100 };

bool weir__errors_prepare(weir_pipeline *pipeline) {
    weir__errors *errors = &pipeline->errors;
    errors->most = pipeline->options.max_errors != 0 ? pipeline->options.max_errors : USUAL_ERRORS;
    if (errors->most > (SIZE_MAX - WEIR__CHUNK) / sizeof *errors->kept)
        return false;
    errors->kept = weir__alloc(errors->most * sizeof *errors->kept);
    return errors->kept != NULL;
}

static void free_message(const weir__errors *errors, const weir_error *error) {
    if (error->message[0] != '\0' && error->message != errors->fatal_message)
        weir__free((void *)error->message);
}

void weir__errors_free(weir_pipeline *pipeline) {
    weir__errors *errors = &pipeline->errors;
    for (size_t i = 0; i < errors->kept_count; i++)
        free_message(errors, &errors->kept[i]);
    weir__free(errors->kept);
}

/* "" if there is nothing to copy, or no memory. */
static const char *copy_of(const char *message) {
    const char *copy = message[0] != '\0' ? weir__copy_text(message) : NULL;
    return copy == NULL ? "" : copy;
}

static void keep_locked(weir__errors *errors, weir_error error) {
    if (errors->kept_count == errors->most)
        return;
    error.message = copy_of(error.message);
    errors->kept[errors->kept_count++] = error;
}

static void keep_fatal_locked(weir__errors *errors, weir_error error) {
    if (errors->kept_count == errors->most)
        free_message(errors, &errors->kept[--errors->kept_count]);
    errors->fatal = &errors->kept[errors->kept_count++];
    (void)snprintf(errors->fatal_message, sizeof errors->fatal_message, "%s", error.message);
    error.message = errors->fatal_message;
    *errors->fatal = error;
}

void weir__errors_add(weir_stage *stage, int code, const char *message, unsigned attempts, bool fatal) {
    weir__errors *errors = &stage->pipeline->errors;
    weir_error error = {.stage = stage->name, .code = code, .message = message, .attempts = attempts};
    weir__lock_acquire(&errors->lock);
    error.at = weir__clock_now() - stage->pipeline->started; /* with the lock, so that they are in order */
    errors->count++;
    if (fatal && errors->fatal == NULL)
        keep_fatal_locked(errors, error);
    else
        keep_locked(errors, error);
    weir__lock_release(&errors->lock);
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
