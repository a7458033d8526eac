/*
 * wait.c - Implements weir_wait.
 *
 * WEIR_ALL waits for one future after the other, from the last to the first: tasks usually end in the order in which
 * they were submitted, so the thread sleeps about once. On a thread of a crew it runs the newest task itself while other
 * threads run the oldest. It needs no memory.
 *
 * The other modes watch every future. Each future that ends tells the wait once, so the cost does not depend on how many
 * have ended before.
 *
 * W1  `left` counts the watched entries that have not told. A future tells under its own lock, so several tell at the
 *     same time: `left` and `over` are atomic.
 * W2  `over` turns 1 once, when the mode is satisfied or no entry is left, and is followed by a wake. The thread sleeps
 *     only while it is 0.
 * W3  The wait is freed after each future was unwatched: from then on, no future tells it (future.h, F7). The wake of
 *     W2 is under the lock of a future that the wait cannot have unwatched yet.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/future.h"
#include "future/get.h"
#include "future/blocking.h"
#include "park/park.h"
#include "park/spin.h"
#include "sync/prefetch.h"

struct wait;

struct entry {
    weir__watcher watcher; /* first */
    struct wait *wait;     /* constant */
};

struct wait {
    weir_future *const *futures; /* constant */
    size_t count;                /* constant */
    weir_wait_mode mode;         /* constant */
    size_t own;                  /* entries with tasks that the waiting thread runs; not watched */
    size_t watched;              /* entries before this one are watched, or need no watch */
    weir__u64 left;              /* W1 */
    weir__u32 over;              /* W2 */
    struct entry entries[];      /* one for each future */
};

enum { AHEAD = 12 }; /* entries by which a wait for all fetches ahead */

static weir__spin spin; /* of all waits: hints */

/* Whether a future that has ended so satisfies the mode by itself. */
static bool satisfies(weir_wait_mode mode, weir_future_state how) {
    return mode == WEIR_FIRST_COMPLETED || (mode == WEIR_FIRST_ERROR && how == WEIR_FUTURE_FAILED);
}

/* W1, W2. Counts an entry that has ended, or that is left out. */
static void count_down(struct wait *wait, bool satisfied) {
    bool last = weir__u64_add_acquire_release(&wait->left, UINT64_MAX) == 1;
    if (!satisfied && !last)
        return;
    weir__u32_store_release(&wait->over, 1); /* pairs with the acquire in look_at_wait */
    weir__futex_wake(&wait->over, WEIR__EVERYONE);
}

/* Under the future's lock: W3. */
static void tell_wait(weir__watcher *watcher, weir_future_state how) {
    struct wait *wait = ((struct entry *)watcher)->wait;
    count_down(wait, satisfies(wait->mode, how));
}

static bool look_at_wait(const void *wait, size_t ahead) {
    (void)ahead;
    return weir__u32_load_acquire(&((const struct wait *)wait)->over) != 0;
}

static bool is_own(const weir_future *future) {
    return weir__callout_is_inside(future, WEIR__FUTURE_RUNS) && !weir__future_has_ended(future);
}

static void watch(struct wait *wait, size_t i) {
    weir_future *future = wait->futures[i];
    wait->entries[i].watcher.tell = tell_wait;
    wait->entries[i].wait = wait;
    if (is_own(future)) {
        wait->own++;
        count_down(wait, false);
    } else if (!weir__future_watch(future, &wait->entries[i].watcher)) {
        count_down(wait, satisfies(wait->mode, weir_future_state_of(future)));
    }
}

/* W2. Returns WEIR_OK once the wait has its futures, WEIR_TIMEDOUT, or WEIR_DEADLOCK if the thread must not sleep. */
static weir_status sleep_until(struct wait *wait, weir_deadline deadline) {
    if (weir__spin_until(&spin, look_at_wait, wait, 0, deadline))
        return WEIR_OK;
    if (!weir__blocking_begin())
        return WEIR_DEADLOCK;
    bool in_time = true;
    while (in_time && !look_at_wait(wait, 0))
        in_time = weir__sleep(&wait->over, 0, deadline);
    weir__blocking_end();
    return look_at_wait(wait, 0) ? WEIR_OK : WEIR_TIMEDOUT;
}

/* Returns how many have ended. */
static size_t count_ended(weir_future *const *futures, size_t count) {
    size_t ended = 0;
    for (size_t i = 0; i < count; i++)
        ended += weir__future_has_ended(futures[i]);
    return ended;
}

/* Returns whether the futures that have ended now satisfy the mode. */
static bool is_satisfied(weir_future *const *futures, size_t count, weir_wait_mode mode) {
    size_t ended = 0;
    for (size_t i = 0; i < count; i++) {
        weir_future_state how = weir_future_state_of(futures[i]);
        if (how < WEIR_FUTURE_DONE)
            continue;
        ended++;
        if (satisfies(mode, how))
            return true;
    }
    return ended == count;
}

static weir_status wait_watching(struct wait *wait, weir_deadline deadline) {
    while (wait->watched < wait->count && !look_at_wait(wait, 0))
        watch(wait, wait->watched++);
    weir_status status = sleep_until(wait, deadline);
    for (size_t i = 0; i < wait->watched; i++) /* W3 */
        weir__future_unwatch(wait->futures[i], &wait->entries[i].watcher);
    if (status == WEIR_OK && wait->own > 0 && !is_satisfied(wait->futures, wait->count, wait->mode))
        return WEIR_DEADLOCK; /* only own ones are left */
    return status;
}

static weir_status wait_for_first(weir_future *const *futures, size_t count, weir_wait_mode mode,
                                  weir_deadline deadline) {
    if (is_satisfied(futures, count, mode))
        return WEIR_OK;
    if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
        return WEIR_TIMEDOUT;
    if (count > (SIZE_MAX - sizeof(struct wait) - WEIR__CHUNK) / sizeof(struct entry))
        return WEIR_NOMEM;
    struct wait *wait = weir__alloc(sizeof *wait + count * sizeof wait->entries[0]);
    if (wait == NULL)
        return WEIR_NOMEM;
    wait->futures = futures;
    wait->count = count;
    wait->mode = mode;
    weir__u64_store_relaxed(&wait->left, count);
    weir_status status = wait_watching(wait, deadline);
    weir__free(wait);
    return status;
}

/* Whether the calling thread runs the task of a future that has not ended. */
static bool has_own(weir_future *const *futures, size_t count) {
    for (const weir__callout *at = *weir__thread_callouts(); at != NULL; at = at->outer) {
        for (size_t i = 0; (at->how & WEIR__FUTURE_RUNS) != 0 && i < count; i++) {
            if (futures[i] == at->object && !weir__future_has_ended(futures[i]))
                return true;
        }
    }
    return false;
}

/* Fetches the two cache lines of a future that is looked at soon, and that other threads have written to. */
static void fetch(const weir_future *future) {
    weir__prefetch(future);
    weir__prefetch((const char *)future + WEIR__APART / 2);
}

static weir_status wait_for_all(weir_future *const *futures, size_t count, weir_deadline deadline) {
    if (has_own(futures, count))
        return WEIR_DEADLOCK;
    weir_status status = WEIR_OK;
    for (size_t i = count; i > 0 && status == WEIR_OK; i--) {
        if (i > AHEAD)
            fetch(futures[i - 1 - AHEAD]);
        if (!weir__future_has_ended(futures[i - 1]))
            status = weir__future_wait_other(futures[i - 1], deadline);
    }
    return status;
}

static bool is_valid(weir_future *const *futures, size_t count, weir_wait_mode mode) {
    if ((futures == NULL && count > 0) || (unsigned)mode > WEIR_ALL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL)
            return false;
    }
    return true;
}

weir_status weir_wait(weir_future *const *futures, size_t count, weir_wait_mode mode, weir_deadline deadline,
                      size_t *ended) {
    if (!is_valid(futures, count, mode))
        return WEIR_INVALID;
    weir_status status =
        mode == WEIR_ALL ? wait_for_all(futures, count, deadline) : wait_for_first(futures, count, mode, deadline);
    if (ended != NULL && status != WEIR_NOMEM)
        *ended = count_ended(futures, count);
    return status;
}
