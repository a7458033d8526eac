/*
 * envelope.c - envelopes and tokens: when what came in is over.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/envelope.h"

#include <string.h>

#include "pipeline/pipeline.h"

static weir__cache *cache_of(weir_task *task) {
    return task == NULL ? NULL : &task->cache;
}

weir__envelope *weir__envelope_new(weir_pipeline *pipeline, weir_task *task, void *item) {
    weir__envelope *envelope = weir__pool_take(&pipeline->pool, cache_of(task));
    if (envelope == NULL)
        return NULL;
    memset(envelope, 0, sizeof *envelope);
    envelope->item = item;
    return envelope;
}

void weir__envelope_free(weir_pipeline *pipeline, weir_task *task, weir__envelope *envelope) {
    weir__pool_give(&pipeline->pool, cache_of(task), envelope);
}

static weir__token *token_new(weir_pipeline *pipeline, weir_task *task, uint64_t weight) {
    weir__token *token = weir__pool_take(&pipeline->pool, cache_of(task));
    if (token == NULL)
        return NULL;
    memset(token, 0, sizeof *token);
    weir__u64_store_relaxed(&token->pieces, 1);
    weir__u64_store_relaxed(&token->verdict, WEIR__DONE);
    token->weight = weight;
    return token;
}

bool weir__envelope_share(weir_pipeline *pipeline, weir_task *task, weir__envelope *envelope) {
    if (envelope->token == NULL)
        envelope->token = token_new(pipeline, task, envelope->weight);
    return envelope->token != NULL;
}

void weir__token_add(weir__token *token) {
    (void)weir__u64_add_acquire_release(&token->pieces, 1);
}

static bool add_parent(weir_pipeline *pipeline, weir_task *task, weir__token *token, weir__envelope *envelope) {
    if (!weir__envelope_share(pipeline, task, envelope))
        return false;
    weir__token_add(envelope->token);
    token->parents[token->parent_count++] = envelope->token;
    return true;
}

weir__token *weir__token_of_batch(weir_pipeline *pipeline, weir_task *task, weir__envelope *batch) {
    weir__token *token = token_new(pipeline, task, 0);
    if (token == NULL)
        return NULL;
    token->combined = true;
    token->parents = weir__alloc(weir__batch_count(batch) * sizeof(weir__token *));
    bool complete = token->parents != NULL && add_parent(pipeline, task, token, batch);
    for (weir__envelope *at = batch->list.first; complete && at != NULL; at = at->next)
        complete = add_parent(pipeline, task, token, at);
    if (complete)
        return token;
    weir__token_release(pipeline, task, token, WEIR__DONE);
    return NULL;
}

/* What has come in is over. */
static void roots_over(weir_pipeline *pipeline, weir_task *task, weir__load load, weir__verdict verdict) {
    if (load.items == 0)
        return;
    if (task != NULL)
        weir__count(&task->roots[verdict], load.items);
    else
        (void)weir__u64_add_acquire_release(&pipeline->roots[verdict], load.items);
    if (pipeline->limited)
        weir__limits_leave(&pipeline->limits, load);
}

/* E2. */
static void worsen(weir__token *token, weir__verdict verdict) {
    uint64_t worst = weir__u64_load_acquire(&token->verdict);
    while (worst < verdict && !weir__u64_swap_weak_acquire_release(&token->verdict, &worst, verdict))
        ;
}

/* Returns whether that was its last piece. */
static bool take_piece(weir__token *token, weir__verdict verdict) {
    worsen(token, verdict);
    return weir__u64_add_acquire_release(&token->pieces, UINT64_MAX) == 1;
}

/* E3. Of each parent a piece is done with; those of which it was the last go to the front of the list. */
static void release_parents(weir__token *token, weir__verdict verdict, weir__token **over) {
    for (size_t i = 0; i < token->parent_count; i++) {
        weir__token *parent = token->parents[i];
        if (!take_piece(parent, verdict))
            continue;
        parent->next_over = *over;
        *over = parent;
    }
}

/* By a list in the tokens themselves: batches may follow on one another, as many as there are stages. */
void weir__token_release(weir_pipeline *pipeline, weir_task *task, weir__token *token, weir__verdict verdict) {
    weir__token *over = take_piece(token, verdict) ? token : NULL; /* its next_over is NULL */
    while ((token = over) != NULL) {
        over = token->next_over;
        verdict = (weir__verdict)weir__u64_load_acquire(&token->verdict);
        if (!token->combined)
            roots_over(pipeline, task, (weir__load){1, token->weight}, verdict);
        release_parents(token, verdict, &over);
        weir__free(token->parents);
        weir__pool_give(&pipeline->pool, cache_of(task), token);
    }
}

void weir__envelope_over(weir_pipeline *pipeline, weir_task *task, weir__envelope *envelope, weir__verdict verdict) {
    if (envelope->token != NULL)
        weir__token_release(pipeline, task, envelope->token, verdict);
    else
        roots_over(pipeline, task, (weir__load){1, envelope->weight}, verdict);
    weir__envelope_free(pipeline, task, envelope);
}

void weir__envelopes_over(weir_pipeline *pipeline, weir_task *task, weir__envelope **envelopes, size_t count,
                          weir__verdict verdict) {
    weir__load roots = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (envelopes[i]->token != NULL) {
            weir__token_release(pipeline, task, envelopes[i]->token, verdict);
        } else {
            roots.items++;
            roots.bytes += envelopes[i]->weight;
        }
        weir__envelope_free(pipeline, task, envelopes[i]);
    }
    roots_over(pipeline, task, roots, verdict);
}
