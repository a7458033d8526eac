/*
 * outcome.c - Adds errors, and ends the run after a fatal error.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/outcome.h"

#include "pipeline/outcome/cancel.h"
#include "pipeline/state/pipeline.h"

static void add(weir_stage *stage, int code, const char *message, unsigned attempts, bool fatal) {
    const weir_error error = {.stage = stage->name, .code = code, .message = message, .attempts = attempts};
    weir__errors_add(&stage->pipeline->errors, error, stage->pipeline->started, fatal);
}

bool weir__add_error(weir_stage *stage, int code, const char *message, unsigned attempts) {
    bool fatal = stage->options.errors.on_error == WEIR_FAIL_FAST;
    add(stage, code, message, attempts, fatal);
    return fatal;
}

void weir__add_retried_error(weir_stage *stage, int code, const char *message, unsigned attempts) {
    add(stage, code, message, attempts, false);
}

void weir__fail_run(weir_pipeline *pipeline) {
    weir__cancel_as(pipeline, WEIR_FAILED);
}

void weir__fail_stage(weir_stage *stage, int code, const char *message) {
    if (weir__add_error(stage, code, message, 1))
        weir__fail_run(stage->pipeline);
}

/* Apart from the end of the run: the message is off the stack by then. */
static bool add_output_error(weir_stage *stage, const char *queue) {
    char message[WEIR__MESSAGE];
    (void)snprintf(message, sizeof message, "the %s queue of stage %.100s was shut down before the run ended", queue,
                   stage->name);
    return weir__add_error(stage, WEIR_CODE(WEIR_CLOSED), message, 1);
}

void weir__fail_output(weir_stage *stage, const char *queue) {
    if (add_output_error(stage, queue))
        weir__fail_run(stage->pipeline);
}

void weir__add_exit_error(weir_stage *stage, unsigned attempts) {
    add(stage, WEIR_CODE(WEIR_UNFINISHED), "the stage's function ended its thread (pthread_exit)", attempts, true);
}

void weir__fail_hopeless(weir_task *task, int code, const char *message) {
    add(task->stage, code, message, 1, true);
    weir__fail_run(task->stage->pipeline);
}

void weir__fail_starved(weir_stage *stage) {
    add(stage, WEIR_CODE(WEIR_NOTHREAD), "all threads of the crew wait, and no other one can be created", 1, true);
    weir__fail_run(stage->pipeline);
}
