/*
 * weir/operation.h - lets an item's work go on after its stage's function has returned.
 *
 * A function detaches its item, starts an operation, such as a transfer of an event loop, and returns WEIR_PENDING. The
 * thread is free for the next item. Any thread may finish the operation later, also in a callback of another library.
 * So one thread keeps thousands of operations in flight.
 *
 *     static int download(weir_task *task, void *item, void *loop) {
 *         weir_operation operation;
 *         if (weir_task_detach(task, &operation) != WEIR_OK)
 *             return weir_task_fail(task, EINVAL, "cannot detach");
 *         int error = loop_get(loop, url_of(item), downloaded, operation);   // calls downloaded later, in its own thread
 *         return error == 0 ? WEIR_PENDING : weir_task_fail(task, error, "cannot start");
 *     }
 *
 *     static void downloaded(struct transfer *transfer, weir_operation operation, int error) {
 *         if (error != 0) {
 *             weir_operation_fail(pipeline, operation, error, "%s", reason_of(transfer));   // the item is weir's again
 *             return;
 *         }
 *         free_url(transfer->url);
 *         weir_operation_emit(pipeline, operation, body_of(transfer));
 *         weir_operation_finish(pipeline, operation, 0);
 *     }
 *
 *     downloads.work.run = download;
 *     downloads.limits.in_flight = 1000;        // operations at a time; required to detach
 *
 * The operation is a part of the attempt, and the item stays in its stage. Retries, order, dead letters, per_key,
 * submits, reports and the finish of the pipeline treat an operation like a function that has not returned. A rate
 * applies to calls of the function, and so to starts of operations. An item in back-off is no operation.
 *
 * Every operation must be finished: the item stays in flight until then, so the run cannot end. weir does not fail an
 * operation by itself, because its buffers may be in use. Nor can weir detect that the program has lost the number.
 * Code that gives up an operation calls weir_operation_fail. To find other operations that take too long, set
 * errors.attempt_time and work.abort: weir calls the abort for each of them, and the abort requests the finish.
 *
 * If a start fails, the run is cancelled. A source may have emitted items before that. Their operations must be
 * finished, too: start waits up to `grace` for them. After that, destroy waits up to `grace`, and may return WEIR_BUSY.
 *
 * A stage's report has two kinds of latencies. Those of functions end with the return of the function. Those of
 * operations begin with the call of the function, and end with the finish of the operation.
 *
 * in_flight limits the sum of running calls and operations of the stage. While this limit is reached, a thread with a
 * further item blocks until one of them ends. Memory for all of them is allocated at the start.
 *
 * The calls with an operation:
 *
 * - They never block. A result that needs room in the next queue is sent later, by a thread of the stage.
 * - Any thread may make them, even while the function that has detached the item is still running. Of several calls
 *   that finish one operation, the first counts; the others return WEIR_INVALID.
 * - They may call drop functions: after a cancel, after a failed attempt, or if out of memory. The stage's route may be
 *   called to select the drop function of a result. If the item was submitted, settled may be called.
 * - `pipeline` must exist until they return. A destroy waits for calls that finish an operation.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_OPERATION_H
#define WEIR_OPERATION_H

#include <stdint.h>

#include <weir/export.h>
#include <weir/pipeline.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The return code of a run function that has detached its item. If another function returns it, the attempt fails with
 * code WEIR_CODE(WEIR_INVALID).
 */
#define WEIR_PENDING WEIR_CODE(254)

/*
 * Detaches the item of this call, and sets `*operation`. The function then starts the operation, and returns
 * WEIR_PENDING. Once the operation has started, it owns the item, and the function must not use the item any more.
 *
 * If the function returns a code other than WEIR_PENDING, this code finishes the operation: so a function that cannot
 * start the operation returns an error, as usual. If the operation is already finished, the code is ignored. Until it
 * returns, the function may use its task. A delay of weir_task_retry_after counts only if the function's own code
 * finishes the operation.
 *
 * If a function ends its thread (pthread_exit) after it has detached the item, the run fails. The operation still owns
 * the item, and must be finished.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the task or `operation` is NULL, the stage's limits.in_flight is 0, or this call has detached its
 *                 item before; also in a callback other than run
 */
WEIR_API weir_status weir_task_detach(weir_task *task, weir_operation *operation);

/*
 * Adds a result of the operation. If the operation is finished with code 0, its results are sent then, in the order of
 * these calls. With another code, they go to the drop function of their destination. A single result needs no memory.
 *
 * Returns WEIR_OK if the pipeline now owns the result. Otherwise the caller still owns the result:
 *   WEIR_INVALID  if the pipeline is NULL, or the operation is finished or none of this pipeline
 *   WEIR_NOMEM    if out of memory; the operation is still under way
 */
WEIR_API weir_status weir_operation_emit(weir_pipeline *pipeline, weir_operation operation, void *result);

/*
 * Finishes the operation. `code` has the meaning of a return code of a run function. With 0, the item is done: the
 * program has freed or emitted it. With any other code, the attempt has failed: the pipeline owns the item again, so
 * the item must be unchanged. WEIR_PENDING and WEIR_END count as WEIR_CODE(WEIR_INVALID). While the stage is paused,
 * the effects of the finish may wait for the resume.
 *
 * If the pipeline is already cancelled, 0 still means that the item is done; with any other code, the item is dropped.
 * If out of memory for the results, they are dropped, and the item counts as failed, as with weir_task_emit.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the pipeline is NULL, or the operation is finished or none of this pipeline
 */
WEIR_API weir_status weir_operation_finish(weir_pipeline *pipeline, weir_operation operation, int code);

/*
 * Finishes the operation with a code other than 0, and a message, formatted as by printf and truncated to 255 bytes.
 * Code 0 counts as WEIR_CODE(WEIR_FAILED). With a NULL `format`, or if out of memory, there is no message.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the pipeline is NULL, or the operation is finished or none of this pipeline
 */
WEIR_API weir_status weir_operation_fail(weir_pipeline *pipeline, weir_operation operation, int code,
                                         const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

#ifdef __cplusplus
}
#endif

#endif /* WEIR_OPERATION_H */
