/*
 * crew.h - Declares crews: threads that run jobs. A job is anything that has work for threads: a stage, an executor.
 *
 * A job that may have work is ready. The crew queues ready jobs by band, and a thread runs a slice of each. While a job
 * runs it may become ready again: then a second thread can run it at the same time. The job bounds how many threads do.
 *
 * A thread that computes has a seat. A crew has as many seats as its size. A thread that blocks gives its seat up until
 * it continues, so another thread computes instead. The crew starts threads when queued jobs lack them, and ends threads
 * that were idle for long. Its monitor finds threads that sleep inside a function.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_CREW_H
#define WEIR_CREW_CREW_H

#include <weir/status.h>

#include "crew/hand.h"
#include "crew/job.h"
#include "crew/options.h"

/* Returns WEIR_OK or WEIR_NOMEM. Starts no thread. */
weir_status weir__crew_create(weir__crew **crew, const weir__crew_options *options);

/*
 * Makes sure that the crew keeps at least one thread from now on, and has its monitor. Blocks until the thread's init has
 * returned. Returns WEIR_OK, WEIR_NOMEM, WEIR_NOTHREAD, or what init has returned: WEIR_INITFAILED if it has ended its
 * thread.
 */
weir_status weir__crew_staff(weir__crew *crew);

/*
 * The end: the first ends the threads and joins them, and the second frees the crew then. Destroy does both. Every job must
 * have left. Not on a thread of the crew.
 */
void weir__crew_end(weir__crew *crew);
void weir__crew_free(weir__crew *crew);
void weir__crew_destroy(weir__crew *crew);

/* Returns the number of seats. */
size_t weir__crew_size(const weir__crew *crew);

/* Returns the number of threads that live now. */
size_t weir__crew_threads(weir__crew *crew);

/* Wakes or starts a thread for jobs that were made ready "soon", if a seat is free. */
void weir__crew_call(weir__crew *crew);

/* Whether a seat is free. Takes no lock; the answer may be out of date. */
bool weir__crew_has_seat(const weir__crew *crew);

#endif /* WEIR_CREW_CREW_H */
