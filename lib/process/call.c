/*
 * call.c - Implements the call of a function in a child process, as a task of an executor.
 *
 * Each thread of the executor has a keeper, as a thread of a stage has. A cancel of the future is looked for at times.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/process.h>

#include "executor/thread_state.h"
#include "process/attempt.h"
#include "process/cross.h"
#include "sync/border.h"

/* Returns the code of the call. */
static int convey_call(weir__keeper *keeper, void *item, void **value) {
    const weir_process *options = keeper->options;
    const void *bytes = NULL;
    size_t size = 0;
    uint64_t deadline = options->call_time != 0 ? weir_deadline_after(options->call_time) : WEIR_NEVER;
    int code = weir__cross_ask(keeper, item);
    if (code == 0)
        code = weir__attempt_single(keeper, deadline);
    if (code == 0)
        code = weir__cross_result(keeper, &bytes, &size);
    if (code != 0)
        return keeper->why[0] != '\0' ? weir_executor_error(keeper->self, code, "%s", keeper->why) : code;
    code = options->take(keeper->self, item, bytes, size, value, options->arg);
    weir__border();
    return code;
}

/* Says why the calling thread has no child for a call; NULL: it has one. */
static const char *refusal(const weir__keeper *keeper) {
    if (keeper == NULL)
        return "this thread has no child: it is none of an executor with weir_process_init";
    if (keeper->options->take == NULL)
        return "a call in a child process needs take";
    return keeper->self != NULL ? "encode and take must not wait for a call of their executor" : NULL;
}

int weir_process_call(weir_future *self, void *item, void **value) {
    weir__keeper *keeper = weir__thread_state(self, weir_process_init);
    const char *why = refusal(keeper);
    if (why != NULL)
        return weir_executor_error(self, WEIR_CODE(WEIR_INVALID), "%s", why);
    keeper->self = self;
    int code = convey_call(keeper, item, value);
    weir__attempt_renew(keeper);
    keeper->self = NULL;
    return code;
}
