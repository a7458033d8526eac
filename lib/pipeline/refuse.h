/*
 * refuse.h - Implements the messages of what is refused.
 *
 * Every refusal goes through weir__refuse, which takes the status and says why; a test holds that no status is returned
 * in another way (tests/refusals.sh). The message belongs to the thread, since any thread may be refused at any time.
 * Messages of add, connect and start, which one thread calls before the run, are kept in the pipeline too, for the
 * other threads. A start that fails has joined its threads by then.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_REFUSE_H
#define WEIR_PIPELINE_REFUSE_H

#include <weir/pipeline.h>

/*
 * Says, as printf does, why a call of this thread is refused; names the stage, if it is not NULL. The pipeline is NULL
 * if there is none. Returns the status.
 */
weir_status weir__refuse(const weir_pipeline *pipeline, weir_status status, const char *stage, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* Refuses a call without a pipeline; what a refused create has said stays. Returns WEIR_INVALID. */
weir_status weir__refuse_null(const char *call);

/* Refuses a call of a pipeline that is not started, or of none. Returns WEIR_INVALID. */
weir_status weir__refuse_unstarted(const weir_pipeline *pipeline, const char *call);

/* Refuses a call that would wait for its own thread. Returns WEIR_DEADLOCK. */
weir_status weir__refuse_inside(const weir_pipeline *pipeline, const char *call);

/* Refuses a call for memory: the member says `count`, and each takes `size` bytes. Returns the status. */
weir_status weir__refuse_memory(const weir_pipeline *pipeline, weir_status status, const char *stage,
                                const char *member, uint64_t count, uint64_t size);

/* Makes the start refuse too, with this message, if the status is not WEIR_OK. Returns the status. */
weir_status weir__refuse_for_good(weir_pipeline *pipeline, weir_status status);

/* Forgets what a refused create has said: a pipeline was created. */
void weir__forget_refusal_of_create(void);

#endif /* WEIR_PIPELINE_REFUSE_H */
