/*
 * completions.c - Implements weir_as_completed: futures in the order in which they end.
 *
 * State: a queue of the entries that were not returned yet and have futures that ended, and the number of the others.
 *
 * C1  An entry is queued once: at the creation if its future has ended, otherwise when the future tells. Futures that
 *     end one after the other tell in this order (future.h, F4).
 * C2  `left` counts the entries that were not queued yet. Each entry that is queued wakes all threads that sleep. Each
 *     thread then looks at the queue and at `left` again, so none sleeps when nothing more comes.
 * C3  A future tells before its word says that it has ended. The thread that takes its entry therefore passes through
 *     the future's lock if the word does not say so yet.
 * C4  The completions are freed after each future was unwatched: from then on, no future tells them (future.h, F7).
 *
 * Lock order: a future's lock, then the lock of the completions. A thread never acquires a future's lock with the
 * latter held.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/future.h"
#include "future/blocking.h"
#include "park/park.h"
#include "park/spin.h"

struct entry {
    weir__watcher watcher;         /* first */
    weir_completions *completions; /* constant */
    weir_future *future;           /* with a reference; constant */
    struct entry *next;            /* in the queue; under the completions' lock */
};

struct weir_completions {
    weir__lock lock;
    weir__park park;     /* of threads that wait for an entry */
    struct entry *first; /* the queue; under the lock */
    struct entry **end;  /* where the next entry is linked; under the lock */
    size_t left;         /* C2; under the lock */
    size_t count;        /* constant */
    struct entry entries[];
};

static weir__spin spin; /* of all completions: hints */

/* C1, C2. Acquires the lock. */
static void enqueue(struct entry *entry) {
    weir_completions *completions = entry->completions;
    weir__lock_acquire(&completions->lock);
    weir__assert(completions->left > 0); /* C2 */
    *completions->end = entry;
    completions->end = &entry->next;
    completions->left--;
    weir__park_release_all(&completions->park, &completions->lock);
}

/* Under the future's lock. */
static void tell_completions(weir__watcher *watcher, weir_future_state how) {
    (void)how;
    enqueue((struct entry *)watcher);
}

/* ---- creation ---- */

/* C1. Those that have ended come first, in the order of the array. */
static void watch_all(weir_completions *completions) {
    for (size_t i = 0; i < completions->count; i++) {
        struct entry *entry = &completions->entries[i];
        if (weir__future_has_ended(entry->future))
            enqueue(entry);
        else
            entry->watcher.tell = tell_completions;
    }
    for (size_t i = 0; i < completions->count; i++) {
        struct entry *entry = &completions->entries[i];
        if (entry->watcher.tell != NULL && !weir__future_watch(entry->future, &entry->watcher))
            enqueue(entry);
    }
}

static weir_completions *new_completions(weir_future *const *futures, size_t count) {
    if (count > (SIZE_MAX - sizeof(weir_completions) - WEIR__CHUNK) / sizeof(struct entry))
        return NULL;
    weir_completions *new = weir__alloc(sizeof *new + count * sizeof new->entries[0]);
    if (new == NULL)
        return NULL;
    new->count = new->left = count;
    new->end = &new->first;
    for (size_t i = 0; i < count; i++) {
        new->entries[i].completions = new;
        new->entries[i].future = weir_future_retain(futures[i]);
    }
    return new;
}

weir_status weir_as_completed(weir_completions **completions, weir_future *const *futures, size_t count) {
    if (completions == NULL || (futures == NULL && count > 0))
        return WEIR_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL)
            return WEIR_INVALID;
    }
    weir_completions *new = new_completions(futures, count);
    if (new == NULL)
        return WEIR_NOMEM;
    watch_all(new);
    *completions = new;
    return WEIR_OK;
}

/* ---- next ---- */

/* Returns how many entries of the completions watch the future. */
static size_t count_watchers(weir_future *future, const weir_completions *completions) {
    size_t count = 0;
    weir__lock_acquire(&future->lock);
    weir__watcher *at = future->watchers;
    while (at != NULL) {
        count += at->tell == tell_completions && ((const struct entry *)at)->completions == completions;
        at = at->next == future->watchers ? NULL : at->next;
    }
    weir__lock_release(&future->lock);
    return count;
}

/* Returns how many entries wait for tasks that the calling thread runs: they cannot end while it waits. */
static size_t count_own(const weir_completions *completions) {
    size_t own = 0;
    for (const weir__callout *at = *weir__thread_callouts(); at != NULL; at = at->outer) {
        if ((at->how & WEIR__FUTURE_RUNS) != 0)
            own += count_watchers((weir_future *)at->object, completions);
    }
    return own;
}

/* Takes the first entry. Returns WEIR_EMPTY if more will come, WEIR_DEADLOCK if only own ones will. */
static weir_status take_locked(weir_completions *completions, size_t own, struct entry **entry) {
    struct entry *first = completions->first;
    if (first == NULL) {
        weir_status empty = completions->left > own ? WEIR_EMPTY : WEIR_DEADLOCK;
        return completions->left == 0 ? WEIR_CLOSED : empty;
    }
    completions->first = first->next;
    if (completions->first == NULL)
        completions->end = &completions->first;
    *entry = first;
    return WEIR_OK;
}

struct sight {
    const weir__u32 *word; /* of the park: changes with each entry */
    uint32_t value;
};

static bool look_at_park(const void *raw, size_t ahead) {
    const struct sight *sight = raw;
    (void)ahead;
    return weir__u32_load_relaxed(sight->word) != sight->value;
}

static weir_status try_take(weir_completions *completions, size_t own, struct entry **entry, struct sight *sight) {
    weir__lock_acquire(&completions->lock);
    weir_status status = take_locked(completions, own, entry);
    *sight = (struct sight){&completions->park.word, weir__u32_load_relaxed(&completions->park.word)};
    weir__lock_release(&completions->lock);
    return status;
}

/* C2 */
static weir_status take_sleeping(weir_completions *completions, size_t own, struct entry **entry,
                                 weir_deadline deadline) {
    bool in_time = true;
    weir__lock_acquire(&completions->lock);
    weir_status status = take_locked(completions, own, entry);
    while (status == WEIR_EMPTY && in_time) {
        in_time = weir__park_wait(&completions->park, &completions->lock, deadline, NULL);
        status = take_locked(completions, own, entry);
    }
    weir__lock_release(&completions->lock);
    return status == WEIR_EMPTY ? WEIR_TIMEDOUT : status;
}

/* Takes the first entry, spinning and sleeping for it. */
static weir_status take(weir_completions *completions, struct entry **entry, weir_deadline deadline) {
    struct sight sight;
    weir_status status = try_take(completions, 0, entry, &sight);
    size_t own = status == WEIR_EMPTY ? count_own(completions) : 0;
    if (own > 0)
        status = try_take(completions, own, entry, &sight);
    if (status != WEIR_EMPTY)
        return status;
    if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
        return WEIR_TIMEDOUT;
    if (weir__spin_until(&spin, look_at_park, &sight, 0, deadline)) {
        status = try_take(completions, own, entry, &sight);
        if (status != WEIR_EMPTY)
            return status;
    }
    if (!weir__blocking_begin())
        return WEIR_DEADLOCK;
    status = take_sleeping(completions, own, entry, deadline);
    weir__blocking_end();
    return status;
}

weir_status weir_completions_next(weir_completions *completions, weir_future **future, size_t *index,
                                  weir_deadline deadline) {
    struct entry *entry;
    if (completions == NULL || future == NULL)
        return WEIR_INVALID;
    weir_status status = take(completions, &entry, deadline);
    if (status != WEIR_OK)
        return status;
    weir__future_settle(entry->future); /* C3 */
    *future = entry->future;
    if (index != NULL)
        *index = (size_t)(entry - completions->entries);
    return WEIR_OK;
}

void weir_completions_destroy(weir_completions *completions) {
    if (completions == NULL)
        return;
    for (size_t i = 0; i < completions->count; i++)
        weir__future_unwatch(completions->entries[i].future, &completions->entries[i].watcher); /* C4 */
    for (size_t i = 0; i < completions->count; i++)
        weir_future_release(completions->entries[i].future);
    weir__free(completions);
}
