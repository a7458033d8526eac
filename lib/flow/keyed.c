/*
 * keyed.c - Limits the number of items with the same key that run at a time, and how often such an item begins.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/keyed.h"

#include <string.h>

struct weir__key {
    weir__tree_node node; /* first member; indexed by the mixed key */
    size_t running;       /* number of items that run or back off (K1) */
    weir__heap waiting;   /* items that wait, ranked by position (K1) */
    bool rests;           /* K6 */
    uint64_t due;         /* K7: of the item that may run, or, after its begin, of the next one */
    weir__timer timer;    /* K6: ends the rest */
    weir__keyed *keyed;   /* K6: for the timer */
};
_Static_assert(sizeof(struct weir__key) <= WEIR__CELL_CONTENT, "an entry fits into a cell");

void weir__keyed_prepare(weir__keyed *keyed, size_t limit, uint64_t interval, weir__flight *flight,
                         weir__timers *timers, void (*again)(weir__envelope *item)) {
    keyed->limit = limit;
    keyed->interval = interval;
    keyed->flight = flight;
    keyed->timers = timers;
    keyed->again = again;
}

weir__key *weir__keyed_new_key(weir__flight *flight, weir__account *account, uint64_t mixed) {
    weir__key *key = weir__pool_take(&flight->pool, weir__cache_of(account));
    if (key == NULL)
        return NULL;
    memset(key, 0, sizeof *key);
    key->node.key = mixed;
    return key;
}

/*
 * Returns the entry of the key. If the key has an entry already, adds the unneeded `spare` to the list `spares`;
 * otherwise the spare becomes the entry.
 */
static weir__key *entry_locked(weir__keyed *keyed, weir__key *spare, weir__cell **spares) {
    weir__tree_node *node = weir__tree_find(&keyed->entries, spare->node.key);
    if (node != NULL) {
        weir__cell *cell = (weir__cell *)spare;
        cell->next = *spares;
        *spares = cell;
        return (weir__key *)node;
    }
    weir__tree_add(&keyed->entries, &spare->node);
    return spare;
}

/* Adds an item to those that wait in the entry of their key. */
static void hold_up_locked(weir__keyed *keyed, weir__key *entry, weir__envelope *envelope) {
    if (keyed->waiting++ == 0)
        weir__stopwatch_start(&keyed->held_up, weir__clock_now());
    envelope->timer.node.rank = envelope->position;
    weir__heap_push(&entry->waiting, &envelope->timer.node);
}

/* Removes the first of them. There is one. */
static weir__envelope *let_go_locked(weir__keyed *keyed, weir__key *entry) {
    if (--keyed->waiting == 0)
        weir__stopwatch_stop(&keyed->held_up, weir__clock_now());
    return weir__envelope_of(weir__heap_pop(&entry->waiting));
}

/* Whether an item of the key may run now. */
static bool is_free(const weir__keyed *keyed, const weir__key *entry) {
    return keyed->closed || (entry->running < keyed->limit && !entry->rests);
}

/* After the close no call begins, but the timer of an earlier one may be set: it alone ends a rest. */
static void run_locked(const weir__keyed *keyed, weir__key *entry, uint64_t due) {
    entry->running++;
    if (keyed->interval != 0 && !keyed->closed) {
        entry->rests = true;
        entry->due = due;
    }
}

/* K7. Returns the time at which an item is due that may run now and has not waited for a rest. */
static uint64_t due_now(const weir__keyed *keyed) {
    return keyed->interval != 0 ? weir__clock_now() : 0;
}

/* Enters an item by its key. Returns true if the item may run now; otherwise the item waits in the entry. */
static bool enter_locked(weir__keyed *keyed, weir__envelope *envelope, weir__cell **spares) {
    weir__key *entry = entry_locked(keyed, envelope->key, spares);
    envelope->key = entry;
    envelope->entered = true;
    weir__assert(keyed->closed || entry->running <= keyed->limit); /* K1 */
    if (is_free(keyed, entry)) {
        run_locked(keyed, entry, due_now(keyed));
        return true;
    }
    hold_up_locked(keyed, entry, envelope);
    return false;
}

/* K4. Adds an item at its position, and returns the items that may run now, in order. */
static weir__list arrive_locked(weir__keyed *keyed, weir__envelope *envelope, weir__cell **spares) {
    weir__list ready = {NULL, NULL};
    envelope->timer.node.rank = envelope->position;
    weir__heap_push(&keyed->early, &envelope->timer.node);
    while (keyed->early.root != NULL && (keyed->closed || keyed->early.root->rank <= keyed->next)) {
        weir__envelope *next = weir__envelope_of(weir__heap_pop(&keyed->early));
        keyed->next = next->position + 1 > keyed->next ? next->position + 1 : keyed->next;
        if (next->key == NULL || enter_locked(keyed, next, spares))
            weir__list_append(&ready, next);
    }
    return ready;
}

static void give_spares(weir__flight *flight, weir__account *account, weir__cell *spares) {
    while (spares != NULL) {
        weir__cell *next = spares->next;
        weir__pool_give(&flight->pool, weir__cache_of(account), spares);
        spares = next;
    }
}

weir__list weir__keyed_enter(weir__keyed *keyed, weir__flight *flight, weir__account *account, weir__envelope *envelope,
                             weir__key *key) {
    weir__cell *spares = NULL;
    weir__list ready = {NULL, NULL};
    envelope->key = key;
    weir__lock_acquire(&keyed->lock);
    if (keyed->limit == 1)
        ready = arrive_locked(keyed, envelope, &spares);
    else if (key == NULL || enter_locked(keyed, envelope, &spares))
        weir__list_append(&ready, envelope);
    weir__lock_release(&keyed->lock);
    give_spares(flight, account, spares);
    return ready;
}

/*
 * Goes on after a change of the entry: returns the next item of the key, which may run now and was due at `due`, or
 * NULL. Sets `*unused` to the entry if it has no items any more.
 */
static weir__envelope *go_on_locked(weir__keyed *keyed, weir__key *entry, uint64_t due, weir__key **unused) {
    weir__assert(!keyed->closed || entry->waiting.root == NULL); /* K5 */
    if (entry->waiting.root != NULL) {
        if (!is_free(keyed, entry))
            return NULL;
        run_locked(keyed, entry, due);
        return let_go_locked(keyed, entry);
    }
    if (entry->running == 0 && !entry->rests) {
        weir__tree_remove(&keyed->entries, &entry->node);
        *unused = entry;
    }
    return NULL;
}

weir__envelope *weir__keyed_leave(weir__keyed *keyed, weir__flight *flight, weir__account *account, void *key) {
    weir__key *entry = key, *unused = NULL;
    weir__lock_acquire(&keyed->lock);
    weir__assert(entry->running > 0); /* K1 */
    entry->running--;
    weir__envelope *next = go_on_locked(keyed, entry, due_now(keyed), &unused);
    weir__lock_release(&keyed->lock);
    if (unused != NULL)
        weir__pool_give(&flight->pool, weir__cache_of(account), unused);
    return next;
}

/* K6, K7. An item that has waited is due at the time of the timer, however late that rings. */
static void end_rest(weir__timer *timer) {
    weir__key *entry = (weir__key *)(void *)((char *)timer - offsetof(weir__key, timer)), *unused = NULL;
    weir__keyed *keyed = entry->keyed;
    weir__lock_acquire(&keyed->lock);
    entry->rests = false;
    weir__envelope *next = go_on_locked(keyed, entry, entry->due, &unused);
    weir__lock_release(&keyed->lock);
    if (unused != NULL)
        weir__pool_give(&keyed->flight->pool, NULL, unused);
    if (next != NULL)
        keyed->again(next);
}

void weir__keyed_begin(weir__keyed *keyed, void *key) {
    weir__key *entry = key;
    uint64_t now = weir__clock_now(), next = entry->due + keyed->interval; /* an interval is at most 1e18 ns */
    entry->due = next > now ? next : now;
    entry->keyed = keyed;
    entry->timer.ring = end_rest;
    if (!weir__timers_set(keyed->timers, &entry->timer, entry->due))
        end_rest(&entry->timer);
}

static weir__list take_all_locked(weir__keyed *keyed) {
    weir__list all = {NULL, NULL};
    while (keyed->early.root != NULL)
        weir__list_append(&all, weir__envelope_of(weir__heap_pop(&keyed->early)));
    for (weir__tree_node *at = keyed->entries.root; at != NULL; at = weir__tree_after(&keyed->entries, at)) {
        weir__key *entry = (weir__key *)at;
        while (entry->waiting.root != NULL)
            weir__list_append(&all, let_go_locked(keyed, entry));
    }
    return all;
}

weir__list weir__keyed_close(weir__keyed *keyed, weir__flight *flight) {
    weir__lock_acquire(&keyed->lock);
    keyed->closed = true;
    weir__list all = take_all_locked(keyed);
    weir__lock_release(&keyed->lock);
    for (weir__envelope *at = all.first; at != NULL; at = at->next) {
        if (!at->entered && at->key != NULL) /* early: its entry is unused */
            weir__pool_give(&flight->pool, NULL, at->key);
    }
    return all;
}

void weir__keyed_free(weir__keyed *keyed, weir__flight *flight) {
    weir__tree_node *node;
    while ((node = keyed->entries.root) != NULL) {
        weir__tree_remove(&keyed->entries, node);
        weir__pool_give(&flight->pool, NULL, node);
    }
}
