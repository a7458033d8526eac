/*
 * nest.h - Declares nests: tasks that a task has submitted, and that have not begun.
 *
 * Each worker has a nest. A task that runs on the worker pushes what it submits. When it waits for such a task, the worker
 * claims the newest ones first, without a lock; other threads take the oldest. So a task that waits for its children runs
 * them itself while no thread is idle. What is left when the outermost task of the worker ends is listed in a source.
 *
 * A nest differs from the work-stealing deque of D. Chase and Y. Lev, "Dynamic Circular Work-Stealing Deque", SPAA 2005:
 * its ends do not decide which thread gets a task. The claim in the word of the task's future does (future.h, F9), and a
 * worker needs it anyway, because a cancel may come. So a pop needs no fence (N. M. Le, A. Pop, A. Cohen, F. Zappa
 * Nardelli, "Correct and Efficient Work-Stealing for Weak Memory Models", PPoPP 2013), and any task may be claimed, not
 * only one at an end.
 *
 * N1  An entry owns a reference of its task's future. Only the owner removes entries: it pops the last one. An entry is
 *     stale if its task is not open any more: the owner drops it when it becomes the last.
 * N2  A task in a nest is open. The thread that claims or shuts it owns it: the owner of the nest together with the
 *     entry's reference; another thread with a reference of its own.
 * N3  The owner pushes under the lock. `closed`, written under the lock, ends that: no task is pushed after a shutdown.
 *     After a push into a nest that had no open task, as far as other threads have looked (`low`), the owner makes the
 *     job ready, by a read-modify-write of its state. If the job is queued already, a visit follows that clears QUEUED
 *     after that, and sees the entry (crew/job.h, J2). A thread that sees an entry of another worker looks at the nest,
 *     or makes the job ready again. So a nest with open tasks is looked at until it has none.
 * N4  Other threads read entries with the executor's lock and the nest's lock held. They may read an entry that the owner
 *     pops at this moment, and its task may end. The memory stays a task's: tasks are freed, or listed, under the
 *     executor's lock, after the entry was cleared. If it is another task by then, it is one of a nest, or not open.
 * N5  A task in a nest is not counted in `unfinished`. The outermost task of the worker is, and ends before the worker
 *     reports that. A thread that shuts a task counts it.
 *
 * Lock order: the executor's lock, then a nest's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_NEST_H
#define WEIR_EXECUTOR_NEST_H

#include "executor/task.h"
#include "lock/lock.h"
#include "sync/sync.h"

/* Zero-initialised: an empty nest. */
typedef struct weir__nest {
    weir__lock lock;
    bool closed;      /* N3; under the lock */
    weir__u32 count;  /* number of entries; written by the owner */
    uint32_t room;    /* of `tasks`; the owner's */
    uint32_t low;     /* no entry before this one is open; under the lock */
    weir__ptr *tasks; /* the entries; written by the owner, under the lock */
} weir__nest;

/*
 * Pushes a task, and opens it. All of its members but the word of its future are written. Stores in `*first` whether
 * the nest had no open task (N3). Returns false if the nest is closed or there is no memory. The owner's.
 */
bool weir__nest_push(weir__nest *nest, weir__task *task, bool *first);

/*
 * Claims an open task, of this nest or another one. Returns false if it is not open any more. The thread that runs it
 * releases a reference. The owner's.
 */
bool weir__nest_claim(weir__nest *nest, weir__task *task);

/* N4. Shuts up to `most` tasks, the oldest ones, and stores them in `tasks`, with a reference each. */
size_t weir__nest_shut_locked(weir__nest *nest, weir__task **tasks, size_t most);

/* N4. Returns the number of open tasks. */
size_t weir__nest_size_locked(weir__nest *nest);

/* Closes the nest, or opens it. */
void weir__nest_close_locked(weir__nest *nest, bool closed);

/*
 * The owner's. The first shuts the entry of this index, and clears it: its reference is the caller's then. Returns NULL if
 * it was not open. The second drops all entries: they are stale.
 */
weir__task *weir__nest_shut_at(weir__nest *nest, uint32_t index);
void weir__nest_drop_all(weir__nest *nest);

/* Whether there is an entry. A hint in other threads than the owner's. */
static inline bool weir__nest_has_entries(const weir__nest *nest) {
    return weir__u32_load_relaxed(&nest->count) > 0;
}

#endif /* WEIR_EXECUTOR_NEST_H */
