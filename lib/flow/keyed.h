/*
 * keyed.h - Implements a limit on how many items with the same key run at a time.
 *
 * K1  A key in use has an entry. It counts the items that run or back off, which keep their place, and holds those that
 *     wait, by their positions. No thread blocks here: the worker that ends an item of the key runs the next one.
 * K2  There are no more entries and waiting items than items in flight, which are always limited where there are keys.
 * K3  Entries are found in a digital search tree by their mixed keys, so the tree needs no memory of its own and an
 *     entry lies about log2(n) deep, whatever the keys are (base/mix.h).
 * K4  With a limit of 1 the items of a key run in the order in which they came. Workers take items in that order but
 *     arrive here in another one. So items come in by their positions: an early one waits in a heap until those before
 *     it have arrived. The worker that fills a gap may find several that can run; it runs the first and requeues the
 *     others.
 * K5  After the close nothing waits.
 *
 * The lock is taken alone; the pool's is taken after it was released.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_KEYED_H
#define WEIR_FLOW_KEYED_H

#include "base/tree.h"
#include "item/envelope.h"

/* Zero is valid, but for the limit. All but that is under the lock. */
typedef struct weir__keyed {
    size_t limit; /* items of one key at a time; constant */
    weir__lock lock;
    weir__tree entries; /* K1 */
    weir__heap early;   /* K4 */
    uint64_t next;      /* K4: the position that comes in next */
    bool closed;        /* K5 */
} weir__keyed;

typedef struct weir__key weir__key;

/* Returns an entry for a key that weir__mix has mixed; NULL if there is no memory. The next enter takes it. */
weir__key *weir__keyed_new_key(weir__flight *flight, weir__account *account, uint64_t mixed);

/*
 * Lets an item in, with the entry of its key, and returns those that may run now, perhaps none. If `key` is NULL the
 * item passes at its turn without having entered.
 */
weir__list weir__keyed_enter(weir__keyed *keyed, weir__flight *flight, weir__account *account, weir__envelope *envelope,
                             weir__key *key);

/* Ends an item of the key; returns one that waited and may run now, or NULL. */
weir__envelope *weir__keyed_leave(weir__keyed *keyed, weir__flight *flight, weir__account *account, void *key);

/* K5. Closes, and returns what waits. */
weir__list weir__keyed_close(weir__keyed *keyed, weir__flight *flight);

/* Frees the entries that are left. */
void weir__keyed_free(weir__keyed *keyed, weir__flight *flight);

#endif /* WEIR_FLOW_KEYED_H */
