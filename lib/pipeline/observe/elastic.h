/*
 * elastic.h - Changes the number of threads of elastic stages while they run.
 *
 * A timer looks at the stage, and lets flow/elastic.h decide. It rings on the pipeline's timer thread, which creates
 * the threads, with no lock held; init runs in the new thread.
 *
 * L1  At most one ring at a time is set or running. Ringing sets the timer again, or lets it sleep. It sleeps only if
 *     all threads wait for items. After such a wait, the worker wakes it before its call begins.
 * L2  Sleeping is not missed. `dormant` is written by atomic exchanges alone. The ring sets it, and then looks once
 *     more whether all threads wait. A worker ends its wait first (stopwatch), and then clears `dormant`. If the
 *     worker's exchange comes first, the ring sees the end of the wait; otherwise the worker sees `dormant`.
 * L3  A thread is counted in the pipeline's `running` before it is created, and until it has ended all functions. So
 *     the end waits for its init too. weir__elastic_end seals the group: no thread starts after the stage is drained. A
 *     thread that starts beside a cancel calls no init once it sees the cancel.
 * L4  `limits` may change at any time, by one store; then the timer is stirred as after a wait (L2). Each ring takes the
 *     limits over. The ring sets `dormant`, and then looks once more for new limits. So they are not missed either.
 *
 * Lock order: as in stage.h; the gang's lock is taken with no other lock held. Wakeups: those of grow.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_ELASTIC_H
#define WEIR_PIPELINE_OBSERVE_ELASTIC_H

#include "pipeline/state/stage.h"

/* Prepares the state of an elastic stage, before its threads start. */
void weir__elastic_prepare_stage(weir_stage *stage);

/* L1. A worker of an elastic stage calls this after a wait for items, before its call. */
void weir__elastic_stir(weir_stage *stage);

/* L4. Sets the least and the most threads of the stage. */
void weir__elastic_set(weir_stage *stage, size_t least, size_t most);

/* L4. Both limits in one word; each is at most UINT32_MAX. */
static inline uint64_t weir__limits_of(size_t least, size_t most) {
    return (uint64_t)least << 32 | (uint64_t)most;
}

static inline size_t weir__least_of(uint64_t limits) {
    return (size_t)(limits >> 32);
}

static inline size_t weir__most_of(uint64_t limits) {
    return (size_t)(limits & UINT32_MAX);
}

/* L3. Ends the growth of a stage. Blocks while a thread is being created. */
void weir__elastic_end(weir_stage *stage);

/* The init of an added thread has failed. Adds an error, unless an earlier failure of the stage has done so. */
void weir__elastic_init_failed(weir_stage *stage);

/* The number of threads now, and the last change of it with its time in ns after the start. */
size_t weir__elastic_threads(const weir_stage *stage);
weir_thread_change weir__elastic_change(const weir_stage *stage, uint64_t *at);

#endif /* WEIR_PIPELINE_OBSERVE_ELASTIC_H */
