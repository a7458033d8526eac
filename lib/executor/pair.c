/*
 * pair.c - Implements the run of tasks without futures of their own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/pair.h"

#include "executor/account.h"
#include "executor/cell.h"
#include "executor/kind.h"
#include "executor/run.h"

static const uint64_t nap_time = 1000 * 1000; /* ns */

bool weir__pair_prepare(weir__worker *worker) {
    weir__task *own = weir__cell_new(worker->executor);
    if (own == NULL)
        return false;
    weir__future_init(&own->future, &weir__task_kind, 1, NULL, NULL);
    (void)weir__future_begin(&own->future);
    worker->own = own;
    return true;
}

/* The task was accepted: it runs when there is memory. */
static void await_own(weir__worker *worker) {
    weir__u32 word;
    weir__u32_store_relaxed(&word, 0);
    while (worker->own == NULL && !weir__pair_prepare(worker))
        (void)weir__futex_wait(&word, 0, weir__clock_now() + nap_time);
}

/* The function has returned. */
static void end(weir__task *own, int code, void *value, weir__worker *worker) {
    if (weir__future_is_untouched(&own->future)) {
        weir__running_end(worker);
        if (own->future.result != NULL)
            weir__free(own->future.result); /* the message */
        own->future.result = NULL;
        return;
    }
    weir__run_give_away(worker);
    (void)weir__run_end(own, worker, code, value);
}

void weir__pair_run(weir_executor_func *func, void *arg, weir__source *source, weir__worker *worker) {
    void *value = NULL;
    weir__report_before(worker, source);
    await_own(worker);
    weir__task *own = worker->own;
    own->func.plain = func;
    own->arg = arg;
    own->source = source;
    own->future.counted = true;
    int code = weir__run_call(own, worker, &value);
    end(own, code, value, worker);
    weir__account_later(worker, source);
}
