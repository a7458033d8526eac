/*
 * init.c - Calls a stage's init, and keeps the reason of the first one that fails.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/init.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/state/pipeline.h"
#include "sync/border.h"

static const char of_init; /* notes with this address are reasons */

weir_status weir_init_fail(weir_status status, const char *format, ...) {
    weir__note *note = weir__note_of_thread();
    *note = (weir__note){.about = &of_init};
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(note->text, sizeof note->text, format, arguments);
        va_end(arguments);
    }
    return status != WEIR_OK ? status : WEIR_INITFAILED;
}

static void keep_reason(weir_stage *stage) {
    const weir__note *note = weir__note_of_thread();
    if (note->about != &of_init)
        return;
    weir__lock_acquire(&stage->pipeline->lock);
    if (stage->reason[0] == '\0')
        memcpy(stage->reason, note->text, sizeof stage->reason - 1);
    weir__lock_release(&stage->pipeline->lock);
}

weir_status weir__init_call(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    if (stage->options.work.init == NULL)
        return WEIR_OK;
    weir__note_of_thread()->about = NULL; /* an earlier call, in no init */
    weir_status status = stage->options.work.init(stage->options.work.arg, &lane->state);
    weir__border();
    if (status != WEIR_OK)
        keep_reason(stage);
    return status;
}

void weir__init_append_reason(weir_stage *stage, char *message, size_t size) {
    size_t used = strlen(message);
    weir__lock_acquire(&stage->pipeline->lock);
    if (stage->reason[0] != '\0')
        (void)snprintf(message + used, size - used, ": %s", stage->reason);
    weir__lock_release(&stage->pipeline->lock);
}
