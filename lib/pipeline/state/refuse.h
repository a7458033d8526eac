/*
 * refuse.h - Refuses calls, with a message.
 *
 * Every refusal calls weir__refuse with the status and a message. A test checks that no status is returned in another
 * way (tests/refusals.sh). The message is kept for each thread, because any thread may be refused at any time. One
 * thread calls add, connect and start before the run. Their messages are kept in the pipeline too, for other threads. A
 * start that fails has joined its threads before it stores its message.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_REFUSE_H
#define WEIR_PIPELINE_STATE_REFUSE_H

#include <weir/pipeline.h>

/*
 * Stores, in the format of printf, why a call of this thread is refused. Names the stage, unless it is NULL. `pipeline`
 * is NULL if there is none. Returns the status.
 */
weir_status weir__refuse(const weir_pipeline *pipeline, weir_status status, const char *stage, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* Refuses a call for a pipeline that is NULL. Keeps the message of a refused create. Returns WEIR_INVALID. */
weir_status weir__refuse_null(const char *call);

/* Refuses a call for a pipeline that is not started, or NULL. Returns WEIR_INVALID. */
weir_status weir__refuse_unstarted(const weir_pipeline *pipeline, const char *call);

/*
 * Refuses a call for a pipeline that is NULL or not started, and for a stage, unless that is NULL, of another one.
 * Returns WEIR_OK if there is nothing to refuse.
 */
weir_status weir__refuse_unless_started(weir_pipeline *pipeline, const weir_stage *stage, const char *call);

/* Refuses a call that would wait for its own thread. Returns WEIR_DEADLOCK. */
weir_status weir__refuse_inside(const weir_pipeline *pipeline, const char *call);

/* Refuses a call for a pipeline that is finishing, cancelled or over. Returns WEIR_CLOSED. */
weir_status weir__refuse_ended(const weir_pipeline *pipeline, const char *call);

/*
 * Refuses a finish or destroy whose functions have not returned. The message names the first thread of the report
 * `late` that should have ended; NULL: takes a report of now. Returns WEIR_BUSY.
 */
weir_status weir__refuse_busy(weir_pipeline *pipeline, const weir_report *late, const char *call);

/*
 * Refuses a call that needs too much memory: `member` is `count`, and each of these takes `size` bytes. Returns the
 * status.
 */
weir_status weir__refuse_memory(const weir_pipeline *pipeline, weir_status status, const char *stage,
                                const char *member, uint64_t count, uint64_t size);

/*
 * If the status is not WEIR_OK, keeps it and the message in the pipeline, so that start is refused too. Returns the
 * status.
 */
weir_status weir__refuse_for_good(weir_pipeline *pipeline, weir_status status);

/* Clears the message of a refused create, after a pipeline was created. */
void weir__forget_refusal_of_create(void);

#endif /* WEIR_PIPELINE_STATE_REFUSE_H */
