/*
 * refuse.c - Refuses calls, with a message.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/refuse.h"

#include <stdarg.h>
#include <string.h>

#include "pipeline/state/pipeline.h"
#include "report/figure.h"
#include "report/report.h"

static uint64_t born(const weir_pipeline *pipeline) {
    return pipeline == NULL ? 0 : pipeline->born;
}

/* Replaces control characters by spaces: a message is one line. */
static void make_one_line(char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
    }
}

weir_status weir__refuse(const weir_pipeline *pipeline, weir_status status, const char *stage, const char *format,
                         ...) {
    weir__note *note = weir__note_of_thread();
    char text[WEIR__NOTE] = ""; /* an argument may be the note itself */
    size_t used = 0;
    va_list arguments;
    if (stage != NULL)
        used = (size_t)snprintf(text, sizeof text, "stage %.100s: ", stage);
    va_start(arguments, format);
    (void)vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
    make_one_line(text);
    memcpy(note->text, text, sizeof text);
    note->about = pipeline;
    note->born = born(pipeline);
    return status;
}

weir_status weir__refuse_null(const char *call) {
    const weir__note *note = weir__note_of_thread();
    if (note->about == NULL && strncmp(note->text, "create: ", 8) == 0) /* the reason why the pipeline is NULL */
        return weir__refuse(NULL, WEIR_INVALID, NULL, "%s", note->text);
    return weir__refuse(NULL, WEIR_INVALID, NULL, "%s: the pipeline is NULL", call);
}

weir_status weir__refuse_unstarted(const weir_pipeline *pipeline, const char *call) {
    if (pipeline == NULL)
        return weir__refuse_null(call);
    return weir__refuse(pipeline, WEIR_INVALID, NULL, "%s: the pipeline is not started", call);
}

weir_status weir__refuse_unless_started(weir_pipeline *pipeline, const weir_stage *stage, const char *call) {
    if (pipeline == NULL)
        return weir__refuse_null(call);
    weir__lock_acquire(&pipeline->lock);
    bool launched = pipeline->launched;
    weir__lock_release(&pipeline->lock);
    if (!launched)
        return weir__refuse_unstarted(pipeline, call);
    if (stage != NULL && stage->pipeline != pipeline)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "%s: the stage is of another pipeline", call);
    return WEIR_OK;
}

weir_status weir__refuse_inside(const weir_pipeline *pipeline, const char *call) {
    return weir__refuse(pipeline, WEIR_DEADLOCK, NULL,
                        "%s: this thread is running a callback of the pipeline, and would wait for itself", call);
}

weir_status weir__refuse_ended(const weir_pipeline *pipeline, const char *call) {
    return weir__refuse(pipeline, WEIR_CLOSED, NULL, "%s: the pipeline is %s", call,
                        weir__is_cancelled(pipeline) ? "cancelled" : "finishing or over");
}

static const weir_late_worker *first_stuck(const weir_report *late) {
    for (size_t i = 0; i < late->late_count; i++)
        if (late->late[i].stuck)
            return &late->late[i];
    return NULL;
}

static void tell_stuck(weir_pipeline *pipeline, const weir_late_worker *stuck, const char *call) {
    const char *stage = stuck->stage[0] != '\0' ? stuck->stage : NULL;
    weir__figure time = weir__figure_time(stuck->since);
    const char *place = weir__report_place(stuck->where);
    if (stuck->where == WEIR_IN_OPERATION)
        weir__refuse(pipeline, WEIR_BUSY, stage, "%s: an operation is not finished after %s", call, time.text);
    else if (stuck->number == SIZE_MAX)
        weir__refuse(pipeline, WEIR_BUSY, stage, "%s: a thread has been %s for %s", call, place, time.text);
    else
        weir__refuse(pipeline, WEIR_BUSY, stage, "%s: thread %zu has been %s for %s", call, stuck->number, place,
                     time.text);
}

weir_status weir__refuse_busy(weir_pipeline *pipeline, const weir_report *late, const char *call) {
    weir_report *now = NULL;
    if (late == NULL && weir_pipeline_report(pipeline, &now) == WEIR_OK)
        late = now;
    const weir_late_worker *stuck = late != NULL ? first_stuck(late) : NULL;
    if (stuck != NULL)
        tell_stuck(pipeline, stuck, call);
    else
        weir__refuse(pipeline, WEIR_BUSY, NULL, "%s: a function has not returned, or an operation is not finished",
                     call);
    weir_report_free(now);
    return WEIR_BUSY;
}

weir_status weir__refuse_memory(const weir_pipeline *pipeline, weir_status status, const char *stage,
                                const char *member, uint64_t count, uint64_t size) {
    uint64_t bytes = size != 0 && count > UINT64_MAX / size ? UINT64_MAX : count * size;
    return weir__refuse(pipeline, status, stage, "%s is %s, which needs %s%s of memory: cannot allocate it", member,
                        weir__figure_count(count).text, bytes == UINT64_MAX ? "more than " : "",
                        weir__figure_bytes(bytes).text);
}

weir_status weir__refuse_for_good(weir_pipeline *pipeline, weir_status status) {
    if (status == WEIR_OK)
        return status;
    if (pipeline->refused == WEIR_OK)
        pipeline->refused = status;
    memcpy(pipeline->message, weir__note_of_thread()->text, sizeof pipeline->message);
    return status;
}

void weir__forget_refusal_of_create(void) {
    weir__note *note = weir__note_of_thread();
    if (note->about == NULL)
        note->text[0] = '\0';
}

const char *weir_pipeline_message(const weir_pipeline *pipeline) {
    const weir__note *note = weir__note_of_thread();
    if (note->about == pipeline && note->born == born(pipeline))
        return note->text;
    return pipeline == NULL ? "" : pipeline->message;
}
