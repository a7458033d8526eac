/*
 * order.c - results in the order of the items, whoever is ready first.
 *
 * Each item has a position: where it came in its stage's queue. Where ordered stages follow one another, each making one
 * of one, it keeps the one that it had in the first of them, and only the last has an order (graph.c); an item that is
 * lost on the way there has its turn in it too.
 *
 * What is ready lies in a window, at its position modulo the window's size; what is too far ahead for that, in a heap.
 * The worker that makes ready the item whose turn it is lets out its results, and then those of all that follow it and
 * are ready, one worker at a time and without the lock; the others go on with their work meanwhile. An item that has
 * failed, or has no results, or many, has its turn like any other: the position moves on by one.
 *
 * No more is ready than is in flight, for which there is always a limit where there is an ordered stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

enum { LARGEST_WINDOW = 16384 };

bool weir__order_prepare(weir_stage *stage) {
    weir__order *order = &stage->order;
    uint64_t most = stage->pipeline->limits.max_items;
    order->size = 64;
    while (order->size < most && order->size < LARGEST_WINDOW)
        order->size *= 2;
    order->window = weir__alloc(order->size * sizeof(weir__envelope *));
    return order->window != NULL;
}

/* Puts it where its turn will find it. */
static void add_locked(weir__order *order, weir__envelope *envelope) {
    if (envelope->position - order->next < order->size) {
        order->window[envelope->position & (order->size - 1)] = envelope;
    } else {
        envelope->timer.node.rank = envelope->position;
        weir__heap_push(&order->beyond, &envelope->timer.node);
    }
}

/* The one whose turn it is; NULL: it is not ready. Its turn is over. */
static weir__envelope *next_locked(weir__order *order) {
    weir__envelope **place = &order->window[order->next & (order->size - 1)], *next = *place;
    if (next != NULL)
        *place = NULL;
    else if (order->beyond.root != NULL && order->beyond.root->rank == order->next)
        next = weir__envelope_of(weir__heap_pop(&order->beyond));
    if (next != NULL)
        order->next++;
    return next;
}

/* What its stage still has to do for it, unless it has never come in there. */
static void leave_stage(weir_stage *stage, weir_task *task, weir__verdict verdict, bool kept) {
    if (!kept)
        return;
    weir__stage_count(stage, task, verdict);
    weir__queue_settle(stage->queue, 1);
}

/* The item's turn: its results leave, and it is over. Its stage is that of the order, or one before. */
static void let_out(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    weir__verdict verdict = (weir__verdict)envelope->verdict, worst = verdict;
    bool kept = envelope->kept;
    weir__envelope *result;
    while ((result = weir__list_take(&envelope->list)) != NULL)
        worst = weir__worse(worst, weir__send(stage, task, result));
    if (envelope->is_result)
        worst = weir__worse(worst, weir__send(stage, task, envelope));
    else
        weir__envelope_over(stage->pipeline, task, envelope, verdict);
    leave_stage(stage, task, worst, kept);
}

/* Several items' turn. Mostly each is its own result. */
static void let_out_many(weir_stage *stage, weir_task *task, weir__envelope **envelopes, size_t count) {
    size_t results = 0, verdicts[WEIR__VERDICTS] = {0};
    while (results < count && envelopes[results]->is_result && stage->successor_count <= 1)
        results++;
    if (results > 0) {
        weir__send_many(stage, task, envelopes, results, verdicts);
        for (size_t v = 0; v < WEIR__VERDICTS; v++) {
            if (verdicts[v] > 0)
                weir__stage_count_many(stage, task, (weir__verdict)v, verdicts[v]);
        }
        weir__queue_settle(stage->queue, results);
    }
    for (size_t i = results; i < count; i++)
        let_out(task, envelopes[i]);
}

/* Takes out those whose turn it is, not more than can be sent at once. */
static size_t take_turns_locked(weir__order *order, weir__envelope **turn) {
    size_t count = 0;
    while (count < WEIR__SEND_AT_ONCE && (turn[count] = next_locked(order)) != NULL)
        count++;
    return count;
}

/* Lets out all whose turn it is; one worker at a time. It stops where it has seen, with the lock, that there is none. */
static void release_locked(weir_stage *stage, weir_task *task) {
    weir__order *order = &stage->order;
    weir__envelope *turn[WEIR__SEND_AT_ONCE];
    size_t count;
    order->releasing = true;
    while ((count = take_turns_locked(order, turn)) > 0) {
        weir__lock_release(&order->lock);
        let_out_many(stage, task, turn, count);
        weir__lock_acquire(&order->lock);
    }
    order->releasing = false;
}

/* It was cancelled: nobody's turn comes any more. */
static void drop_results(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    weir__envelope *result;
    weir__verdict verdict = (weir__verdict)envelope->verdict, worst = verdict;
    bool kept = envelope->kept;
    while ((result = weir__list_take(&envelope->list)) != NULL) {
        worst = weir__worse(worst, weir__send_refuse(stage, result->item));
        weir__envelope_over(stage->pipeline, task, result, WEIR__DROPPED);
    }
    if (envelope->is_result)
        worst = weir__worse(worst, weir__send_refuse(stage, envelope->item));
    weir__envelope_over(stage->pipeline, task, envelope, envelope->is_result ? WEIR__DROPPED : verdict);
    leave_stage(stage, task, worst, kept);
}

void weir__order_ready(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage->orderer;
    weir__order *order = &stage->order;
    weir__lock_acquire(&order->lock);
    if (order->closed) {
        weir__lock_release(&order->lock);
        drop_results(task, envelope);
        return;
    }
    add_locked(order, envelope);
    if (!order->releasing && envelope->position == order->next)
        release_locked(stage, task);
    weir__lock_release(&order->lock);
}

void weir__order_lost(weir_task *task, weir__envelope *envelope, weir__verdict verdict) {
    envelope->verdict = (unsigned char)verdict;
    envelope->kept = false;
    weir__order_ready(task, envelope);
}

/* Takes out all that is ready. */
static weir__list take_all_locked(weir__order *order) {
    weir__list all = {NULL, NULL};
    while (order->beyond.root != NULL)
        weir__list_append(&all, weir__envelope_of(weir__heap_pop(&order->beyond)));
    for (size_t i = 0; order->window != NULL && i < order->size; i++) {
        if (order->window[i] != NULL)
            weir__list_append(&all, order->window[i]);
        order->window[i] = NULL;
    }
    return all;
}

void weir__order_close(weir_stage *stage) {
    weir__order *order = &stage->order;
    weir__envelope *envelope;
    weir__lock_acquire(&order->lock);
    order->closed = true; /* nothing is added from now on */
    weir__list all = take_all_locked(order);
    weir__lock_release(&order->lock);
    while ((envelope = weir__list_take(&all)) != NULL)
        drop_results(NULL, envelope);
}
