/*
 * keyed.h - Limits the number of items with the same key that run at a time, and how often such an item begins.
 *
 * K1  A key with items has an entry. The entry counts the items that run and the items that back off; the limit is for
 *     their sum. The entry holds the waiting items, ranked by position. No thread blocks here: the worker that ends an
 *     item of the key runs the next one.
 * K2  The number of waiting items is at most the number of items in flight, and so is the number of entries with items.
 *     Pipelines with keys always limit the items in flight.
 * K3  A digital search tree holds the entries by their mixed keys. The tree needs no memory of its own. For all keys,
 *     an entry lies about log2(n) deep (base/mix.h).
 * K4  If the limit is 1, the items of a key run in the order of their positions. Workers take items from the queue in
 *     that order, but may arrive here in another. So an early item waits in a heap until all items before it have
 *     arrived. An arrival may free several items: its worker runs the first, and requeues the others.
 * K5  After the close no item waits here.
 * K6  With an interval, an entry rests from the moment that an item of the key may run until the call has begun and the
 *     next item is due (K7). During the rest no other item of the key may run, and the entry stays, even without items.
 *     The timer of the entry ends the rest; it requeues the next item that may run.
 * K7  An item that may run is due at that moment; but if the end of a rest lets it run, it is due at the time of the
 *     timer. The next item is due `interval` after the item, and not before the call of the item begins. So a late
 *     timer or worker does not lower the rate, and at most two calls begin one right after the other, as under a rate
 *     (flow/rate.h) without a burst.
 *
 * Lock order: the lock is taken with no other lock held. The pool's lock is taken only after this lock is released.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_KEYED_H
#define WEIR_FLOW_KEYED_H

#include "base/tree.h"
#include "item/envelope.h"
#include "measure/stopwatch.h"
#include "timer/timer.h"

/* Zero-initialised until weir__keyed_prepare. The lock guards the members below it. */
typedef struct weir__keyed {
    size_t limit;                        /* maximum number of running items of one key; constant, as is what follows */
    uint64_t interval;                   /* K6, K7: ns; 0: none */
    weir__flight *flight;                /* of the entries */
    weir__timers *timers;                /* K6 */
    void (*again)(weir__envelope *item); /* K6: requeues an item that may run */
    weir__lock lock;
    weir__tree entries;      /* entries of keys (K1) */
    weir__heap early;        /* items that arrived before their turn (K4) */
    uint64_t next;           /* position that enters next (K4) */
    size_t waiting;          /* number of items in the heaps of the entries */
    bool closed;             /* K5 */
    weir__stopwatch held_up; /* runs while any item is in one of them; others may read it */
} weir__keyed;

typedef struct weir__key weir__key;

/* Prepares the limit. With an interval, the timers must be started before an item comes. */
void weir__keyed_prepare(weir__keyed *keyed, size_t limit, uint64_t interval, weir__flight *flight,
                         weir__timers *timers, void (*again)(weir__envelope *item));

/*
 * Returns an entry for a key that weir__mix has mixed. Returns NULL if there is no memory. The next weir__keyed_enter
 * takes the entry over.
 */
weir__key *weir__keyed_new_key(weir__flight *flight, weir__account *account, uint64_t mixed);

/*
 * Enters an item with the entry of its key. Returns the items that may run now; the list may be empty. If `key` is
 * NULL, the item is returned at its turn but does not enter: its `entered` is false.
 */
weir__list weir__keyed_enter(weir__keyed *keyed, weir__flight *flight, weir__account *account, weir__envelope *envelope,
                             weir__key *key);

/* K6, K7. The first call for an item that has entered begins now. */
void weir__keyed_begin(weir__keyed *keyed, void *key);

/* Ends an item of the key. Returns an item of the key that waited and may run now, or NULL. */
weir__envelope *weir__keyed_leave(weir__keyed *keyed, weir__flight *flight, weir__account *account, void *key);

/* K5. Closes the limit, and returns all waiting items. */
weir__list weir__keyed_close(weir__keyed *keyed, weir__flight *flight);

/* Frees the remaining entries. */
void weir__keyed_free(weir__keyed *keyed, weir__flight *flight);

#endif /* WEIR_FLOW_KEYED_H */
