/*
 * order.c - results in the order of the items, whoever is ready first.
 *
 * Each item has a position: where it came in its stage's queue. What is ready lies in a heap. The worker that makes
 * ready the item whose turn it is lets out its results, and then those of all that follow it and are ready, one worker
 * at a time and without the lock; the others go on with their work meanwhile. An item that has failed, or has no
 * results, or many, has its turn like any other: the position moves on by one.
 *
 * The heap holds no more than is in flight, for which there is always a limit where there is an ordered stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

static weir__envelope *envelope_of(weir__heap_node *node) {
    return (weir__envelope *)((char *)node - offsetof(weir__envelope, timer));
}

/* The item's turn: its results leave, and it is over. */
static void let_out(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    weir__verdict verdict = (weir__verdict)envelope->verdict;
    weir__envelope *result;
    while ((result = weir__list_take(&envelope->list)) != NULL)
        weir__send(task, result);
    if (envelope->is_result)
        weir__send(task, envelope);
    else
        weir__envelope_over(stage->pipeline, task, envelope, verdict);
    weir__stage_count(stage, task, verdict);
    weir__queue_settle(stage->queue, 1);
}

/* The one whose turn it is, if it is ready. */
static weir__envelope *next_locked(weir__order *order) {
    if (order->ready.root == NULL || order->ready.root->rank != order->next)
        return NULL;
    order->next++;
    return envelope_of(weir__heap_pop(&order->ready));
}

/* Lets out all whose turn it is; one worker at a time. */
static void release_locked(weir_task *task, weir__order *order) {
    weir__envelope *next;
    order->releasing = true;
    while ((next = next_locked(order)) != NULL) {
        weir__lock_release(&order->lock);
        let_out(task, next);
        weir__lock_acquire(&order->lock);
    }
    order->releasing = false;
}

/* It was cancelled: nobody's turn comes any more. */
static void drop_results(weir_stage *stage, weir_task *task, weir__envelope *envelope) {
    weir__envelope *result;
    weir__verdict verdict = (weir__verdict)envelope->verdict;
    while ((result = weir__list_take(&envelope->list)) != NULL) {
        weir__send_drop(stage, result->item);
        weir__envelope_over(stage->pipeline, task, result, WEIR__DROPPED);
    }
    if (envelope->is_result)
        weir__send_drop(stage, envelope->item);
    weir__envelope_over(stage->pipeline, task, envelope, envelope->is_result ? WEIR__DROPPED : verdict);
    weir__stage_count(stage, task, verdict);
    weir__queue_settle(stage->queue, 1);
}

void weir__order_ready(weir_task *task, weir__envelope *envelope) {
    weir__order *order = &task->stage->order;
    weir__lock_acquire(&order->lock);
    if (order->closed) {
        weir__lock_release(&order->lock);
        drop_results(task->stage, task, envelope);
        return;
    }
    envelope->timer.node.rank = envelope->position;
    weir__heap_push(&order->ready, &envelope->timer.node);
    if (!order->releasing)
        release_locked(task, order);
    weir__lock_release(&order->lock);
}

void weir__order_close(weir_stage *stage) {
    weir__order *order = &stage->order;
    weir__lock_acquire(&order->lock);
    order->closed = true;
    while (order->ready.root != NULL) {
        weir__envelope *envelope = envelope_of(weir__heap_pop(&order->ready));
        weir__lock_release(&order->lock);
        drop_results(stage, NULL, envelope);
        weir__lock_acquire(&order->lock);
    }
    weir__lock_release(&order->lock);
}
