/*
 * process.c - Implements the functions of a stage in child processes.
 *
 * An attempt encodes its item before it looks for a child, so that the start of one changes nothing that the encoding
 * reads. Then it goes on until there is an answer, or a reason why not: a child that dies before it has begun the item
 * is no such reason (R4).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/process.h>

#include <string.h>

#include "command/limits.h"
#include "process/attempt.h"
#include "process/cross.h"
#include "process/serve.h"
#include "sync/border.h"
#include "sync/memory.h"

/* Of weir_process_main; NULL before. Written once, before the program has threads. */
static const weir_process_entry *table;

void weir_process_main(int argc, char **argv, const weir_process_entry *entries) {
    table = entries;
    if (argc == 3 && strcmp(argv[1], WEIR__PROCESS_MODE) == 0)
        weir__serve(entries, argv[2]);
}

/* ---- a call ---- */

/* Returns the code of the attempt. */
static int convey(weir__keeper *keeper, void *item) {
    const weir_process *options = keeper->options;
    const void *bytes = NULL;
    size_t size = 0;
    int code = weir__cross_ask(keeper, item);
    if (code == 0)
        code = weir__attempt_single(keeper, weir_task_deadline(keeper->task));
    if (code == 0)
        code = weir__cross_result(keeper, &bytes, &size);
    if (code != 0)
        return keeper->why[0] != '\0' ? weir_task_fail(keeper->task, code, "%s", keeper->why) : code;
    code = options->decode(keeper->task, item, bytes, size, options->arg);
    weir__border();
    return code;
}

int weir_process_run(weir_task *task, void *item, void *state) {
    weir__keeper *keeper = state;
    if (!weir__keeper_begin(keeper, task))
        return WEIR_CODE(WEIR_INVALID);
    int code = convey(keeper, item);
    weir__attempt_renew(keeper);
    keeper->task = NULL;
    return code;
}

/* ---- a thread's keeper ---- */

static const char *refusal(const weir_process *process) {
    if (table == NULL)
        return "weir_process_main must be called first in main";
    if (process == NULL || process->function == NULL || process->encode == NULL ||
        (process->decode == NULL && process->take == NULL))
        return "a stage in processes needs function, encode and decode";
    if (weir__entry_of(table, process->function) == NULL)
        return "the table of weir_process_main has no such function";
    if (process->payload > (SIZE_MAX - 5 * (size_t)WEIR__PAGE) / 2)
        return "payload is too large";
    for (size_t i = 0; i < sizeof process->reserved / sizeof process->reserved[0]; i++)
        if (process->reserved[i] != NULL)
            return "reserved must be NULL";
    return weir__limits_are_valid(&process->limits) ? NULL
                                                    : "oom_score_adj must be from 0 to 1000, and reserved must be NULL";
}

/* Creates the shared memory. Returns 0 or an errno. */
static int share(weir__keeper *keeper) {
    const weir_process *process = keeper->options;
    size_t payload = process->payload > WEIR_PROCESS_MESSAGE ? process->payload : 0;
    keeper->room = payload != 0 ? payload : WEIR_PROCESS_MESSAGE;
    keeper->span = WEIR__PAGE * (1 + payload / WEIR__PAGE + (payload % WEIR__PAGE != 0));
    keeper->limits = weir__limits_of(&process->limits, process->nice);
    int error = weir__shared_create(&keeper->shared, WEIR__PAGE + 2 * keeper->span);
    keeper->page = error == 0 ? (weir__page *)(void *)keeper->shared.bytes : NULL;
    return error;
}

static int begin(weir__keeper *keeper) {
    int error = share(keeper);
    if (error != 0)
        return error;
    error = weir__keeper_start(keeper);
    if (error != 0)
        weir__shared_destroy(&keeper->shared);
    return error;
}

weir_status weir_process_init(void *arg, void **state) {
    const weir_process *process = arg;
    const char *why = refusal(process);
    if (why != NULL)
        return weir_init_fail(WEIR_INVALID, "%s", why);
    weir__keeper *keeper = weir__alloc(sizeof *keeper);
    if (keeper == NULL)
        return WEIR_NOMEM;
    keeper->options = process;
    keeper->stop = -1;
    int error = begin(keeper);
    if (error != 0) {
        weir__free(keeper);
        return weir_init_fail(WEIR_INITFAILED, "%s: cannot be run: %s", process->function, strerror(error));
    }
    *state = keeper;
    return WEIR_OK;
}

void weir_process_fini(void *state) {
    weir__keeper *keeper = state;
    if (keeper == NULL)
        return;
    keeper->task = NULL; /* a function that has ended its thread has left them */
    keeper->self = NULL;
    weir__keeper_serve(keeper, false);
    weir__keeper_dismiss(keeper, weir_deadline_after(WEIR__TO_END));
    weir__shared_destroy(&keeper->shared);
    weir__free(keeper->round);
    weir__free(keeper);
}
