/*
 * errors.c - the errors so far.
 *
 * The first ones are kept, and all are counted. Room for them is taken at the start, so that none of them can be lost
 * for want of memory; only a message can.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

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

void weir__errors_free(weir_pipeline *pipeline) {
    weir__errors *errors = &pipeline->errors;
    for (size_t i = 0; i < errors->kept_count; i++) {
        if (errors->kept[i].message[0] != '\0')
            weir__free((void *)errors->kept[i].message);
    }
    weir__free(errors->kept);
}

/* "" if there is nothing to copy, or no memory. */
static const char *copy_of(const char *message) {
    const char *copy = message[0] != '\0' ? weir__copy_text(message) : NULL;
    return copy == NULL ? "" : copy;
}

void weir__errors_add(weir_stage *stage, int code, const char *message, unsigned attempts) {
    weir__errors *errors = &stage->pipeline->errors;
    weir_error error = {stage->name, code, "", attempts, weir__clock_now() - stage->pipeline->started};
    weir__lock_acquire(&errors->lock);
    errors->count++;
    if (errors->kept_count < errors->most) {
        error.message = copy_of(message);
        errors->kept[errors->kept_count++] = error;
    }
    weir__lock_release(&errors->lock);
}
