/*
 * keys.c - no more items with the same key at a time than that.
 *
 * A key that is in use has an entry, which counts the items that run (or back off: they keep their place), and holds
 * those that wait, in the order in which they were taken. Nobody sleeps: the worker that is done with one of them runs
 * the next. There are no more entries and no more who wait than there are items in flight, for which there is always a
 * limit where there are keys. Entries are found in a digital search tree, by their keys mixed: so it needs no memory of
 * its own, and an entry lies about log2(n) deep whatever the keys are (base/mix.h).
 *
 * With a limit of 1 the items of a key run in the order in which they came. Workers take items in that order, but may
 * come here in another one. So there they come in by their positions: who is early lies in a heap until those before it
 * are here, which are in other workers' hands or batches. Whoever closes a gap may find several that can run: it runs
 * the first and requeues the others.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "base/mix.h"
#include "pipeline/pipeline.h"
#include "sync/border.h"

#include <string.h>

typedef struct weir__key {
    weir__tree_node node; /* first: by the key, mixed */
    size_t running;
    weir__heap waiting;
} weir__key;

void weir__keys_free(weir_stage *stage) {
    weir__tree_node *node;
    while ((node = stage->keys.entries.root) != NULL) {
        weir__tree_remove(&stage->keys.entries, node);
        weir__pool_give(&stage->pipeline->pool, NULL, node);
    }
}

/*
 * The entry of the envelope's key. If it has none yet, the spare one becomes it; else that goes to the spares.
 */
static weir__key *entry_locked(weir__keys *keys, weir__key *spare, weir__cell **spares) {
    weir__tree_node *node = weir__tree_find(&keys->entries, spare->node.key);
    if (node != NULL) {
        weir__cell *cell = (weir__cell *)spare;
        cell->next = *spares;
        *spares = cell;
        return (weir__key *)node;
    }
    weir__tree_add(&keys->entries, &spare->node);
    return spare;
}

/* Returns whether it may run now: its key has room. If not, it is kept there. */
static bool enter_locked(weir_stage *stage, weir__envelope *envelope, weir__cell **spares) {
    weir__key *entry = entry_locked(&stage->keys, envelope->key, spares);
    envelope->key = entry;
    envelope->entered = true;
    if (stage->keys.closed || entry->running < stage->options.per_key) {
        entry->running++;
        return true;
    }
    envelope->timer.node.rank = envelope->position;
    weir__heap_push(&entry->waiting, &envelope->timer.node);
    return false;
}

/* By position: returns those that may run now, in order. */
static weir__list arrive_locked(weir_stage *stage, weir__envelope *envelope, weir__cell **spares) {
    weir__keys *keys = &stage->keys;
    weir__list ready = {NULL, NULL};
    envelope->timer.node.rank = envelope->position;
    weir__heap_push(&keys->early, &envelope->timer.node);
    while (keys->early.root != NULL && (keys->closed || keys->early.root->rank <= keys->next)) {
        weir__envelope *next = weir__envelope_of(weir__heap_pop(&keys->early));
        keys->next = next->position + 1 > keys->next ? next->position + 1 : keys->next;
        if (next->key == NULL || enter_locked(stage, next, spares))
            weir__list_append(&ready, next);
    }
    return ready;
}

static weir__key *new_entry(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    weir__key *entry = weir__pool_take(&stage->pipeline->pool, &task->cache);
    if (entry == NULL)
        return NULL;
    memset(entry, 0, sizeof *entry);
    weir__callback call;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    entry->node.key = weir__mix(stage->options.key(envelope->item, stage->options.arg));
    weir__border();
    weir__callback_end(&call);
    return entry;
}

static void give_spares(weir_task *task, weir__cell *spares) {
    while (spares != NULL) {
        weir__cell *next = spares->next;
        weir__pool_give(&task->stage->pipeline->pool, &task->cache, spares);
        spares = next;
    }
}

weir__list weir__keys_enter(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    weir__cell *spares = NULL;
    weir__list ready = {NULL, NULL};
    envelope->key = new_entry(task, envelope);
    weir__lock_acquire(&stage->keys.lock);
    if (stage->options.per_key == 1)
        ready = arrive_locked(stage, envelope, &spares);
    else if (envelope->key == NULL || enter_locked(stage, envelope, &spares))
        weir__list_append(&ready, envelope);
    weir__lock_release(&stage->keys.lock);
    give_spares(task, spares);
    return ready;
}

weir__envelope *weir__keys_leave(weir_task *task, void *key) {
    weir_stage *stage = task->stage;
    weir__key *entry = key, *unused = NULL;
    weir__envelope *next = NULL;
    weir__lock_acquire(&stage->keys.lock);
    if (entry->waiting.root != NULL) {
        next = weir__envelope_of(weir__heap_pop(&entry->waiting));
    } else if (--entry->running == 0) {
        weir__tree_remove(&stage->keys.entries, &entry->node);
        unused = entry;
    }
    weir__lock_release(&stage->keys.lock);
    if (unused != NULL)
        weir__pool_give(&stage->pipeline->pool, &task->cache, unused);
    return next;
}

/* Takes out all that wait. */
static weir__list take_all_locked(weir__keys *keys) {
    weir__list all = {NULL, NULL};
    while (keys->early.root != NULL)
        weir__list_append(&all, weir__envelope_of(weir__heap_pop(&keys->early)));
    for (weir__tree_node *at = keys->entries.root; at != NULL; at = weir__tree_after(&keys->entries, at)) {
        weir__heap *waiting = &((weir__key *)at)->waiting;
        while (waiting->root != NULL)
            weir__list_append(&all, weir__envelope_of(weir__heap_pop(waiting)));
    }
    return all;
}

/* One that was early has brought an entry, and has not used it. */
static void drop(weir_stage *stage, weir__envelope *envelope) {
    if (!envelope->entered && envelope->key != NULL)
        weir__pool_give(&stage->pipeline->pool, NULL, envelope->key);
    weir__stage_drop(stage, NULL, envelope);
}

void weir__keys_close(weir_stage *stage) {
    weir__keys *keys = &stage->keys;
    weir__envelope *envelope;
    weir__lock_acquire(&keys->lock);
    keys->closed = true; /* nothing waits from now on */
    weir__list all = take_all_locked(keys);
    weir__lock_release(&keys->lock);
    while ((envelope = weir__list_take(&all)) != NULL)
        drop(stage, envelope);
}
