/*
 * fail_item.h - Fails single items of a batch whose other items are done.
 *
 * The failed items that are retried form a batch of their own, with one delay. So all items of a batch have had as many
 * attempts, and a retry does not wait for further items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_FAIL_ITEM_H
#define WEIR_PIPELINE_CALL_FAIL_ITEM_H

#include "pipeline/state/stage.h"

/*
 * Ends each item of the call's batch: one that has failed alone is retried or given up, and the others are retired with
 * the verdict `done`. Returns false if items back off. Sets `*fatal` if an error is fatal; the caller must then call
 * weir__fail_run. Forgets the failures.
 */
bool weir__fail_items(weir__lane *lane, weir_task *task, weir__verdict done, bool *fatal);

/* Fails an item of the call's batch with the message that weir_task_fail has recorded for the call, which has none then. */
void weir__fail_item_as_task(weir_task *task, size_t index, int code);

/*
 * Says that an item of the call's batch is done, and consumed: it is not dropped if the function ends its thread. The
 * array of items of the call has it no longer.
 */
void weir__item_consume(weir_task *task, size_t index);

/* Whether that was said of an item of the present call, which may be none of a batch function. */
bool weir__item_is_consumed(const weir__lane *lane, size_t index);

/* Forgets the failures of single items: the call's code holds for its whole batch. */
void weir__faults_forget_all(weir__lane *lane);

static inline void weir__faults_forget(weir__lane *lane) {
    if (lane->faulty > 0)
        weir__faults_forget_all(lane);
}

#endif /* WEIR_PIPELINE_CALL_FAIL_ITEM_H */
