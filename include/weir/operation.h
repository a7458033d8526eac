/*
 * weir/operation.h - lets an item's work go on after its stage's function has returned.
 *
 * A function starts an operation, such as a transfer of an event loop, detaches its item and returns WEIR_PENDING. The
 * thread is free for the next item. The operation is finished later, once, by any thread, also in a callback of a foreign
 * library. So one thread keeps thousands of operations in flight.
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
 * The operation is a part of the attempt: the item stays in its stage and counts as live. Retries, order, dead letters,
 * per_key, submits, reports and the finish of the pipeline treat it like a function that has not returned. A rate
 * limits its start. An item in back-off is no operation.
 *
 * An operation that is never finished holds its item for ever, and the pipeline is not over before. weir cannot fail it:
 * its number is a value, so nothing tells that it was forgotten, and its buffers may be in use. Code that gives an
 * operation up calls weir_operation_fail. For the others, a stage sets errors.attempt_time and work.abort: the abort is
 * called for each operation that takes too long, and has it finished.
 *
 * A failed start cancels the run. Operations of items that a source has emitted by then must be finished, too: start
 * waits for them up to `grace`, and so does destroy, which returns WEIR_BUSY afterwards. A stage's report has two kinds
 * of latencies: of the functions until they return, and of the operations from the begin of the function to the finish.
 *
 * in_flight limits the calls and operations of the stage at a time. A thread of the stage that has an item while so many
 * are under way blocks until one of them ends. Memory for them is allocated at the start.
 *
 * The calls with an operation:
 *
 * - They never block: what must wait, such as a result for room in the next queue, is left to a thread of the stage.
 * - Any thread may make them, also before the function that has detached has returned. Of several calls that finish
 *   one operation, the first counts; the others return WEIR_INVALID.
 * - After a cancel, if an attempt fails, and if out of memory, they may call drop functions, also the stage's route, which
 *   selects the drop function of a result, and settled if the item was submitted.
 * - `pipeline` must not be destroyed before they return. A destroy waits for calls that finish an operation.
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

/* What a run function returns that has detached its item. Otherwise the attempt fails with WEIR_CODE(WEIR_INVALID). */
#define WEIR_PENDING WEIR_CODE(254)

/*
 * Detaches the item of this call, and sets `*operation`. The function then returns WEIR_PENDING. From then on only the
 * operation may use the item: the function must not touch it after the operation has started.
 *
 * If the function returns another code than WEIR_PENDING, and the operation is not finished before, that code finishes
 * it: a function that cannot start the operation fails the attempt as usual. If the operation is finished before, the
 * code is ignored. Until it returns, the function may use its task. A delay of weir_task_retry_after counts only if the
 * function's own code finishes the operation.
 *
 * If a function ends its thread after it has detached (pthread_exit), the run fails, but the item is the operation's.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the task or `operation` is NULL, the stage's limits.in_flight is 0, or this call has detached before;
 *                 also in a callback other than run
 */
WEIR_API weir_status weir_task_detach(weir_task *task, weir_operation *operation);

/*
 * Adds a result of the operation. Results leave in the order of these calls, once the operation is finished with code 0;
 * with another code they go to the drop function of their destination. A single result needs no memory.
 *
 * Returns WEIR_OK: the pipeline owns the result. Otherwise the caller still owns it:
 *   WEIR_INVALID  if the pipeline is NULL, or the operation is finished or none of this pipeline
 *   WEIR_NOMEM    if out of memory; the operation is still under way
 */
WEIR_API weir_status weir_operation_emit(weir_pipeline *pipeline, weir_operation operation, void *result);

/*
 * Finishes the operation, with the meaning that `code` has as the return code of a run function. 0: the item is done,
 * and the operation has consumed it. Any other code: the attempt has failed, and the item is the pipeline's again, so it
 * must be unchanged. WEIR_PENDING and WEIR_END count as WEIR_CODE(WEIR_INVALID). While the stage is paused, what
 * follows from the finish may wait for the resume.
 *
 * If the pipeline was cancelled before, the item is done by code 0, and dropped by any other. If memory for the results
 * runs out, they are dropped, and the item counts as failed, as with weir_task_emit.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the pipeline is NULL, or the operation is finished or none of this pipeline
 */
WEIR_API weir_status weir_operation_finish(weir_pipeline *pipeline, weir_operation operation, int code);

/*
 * Finishes the operation with a code other than 0, and a message of at most 255 bytes, formatted as by printf. Code 0
 * counts as WEIR_CODE(WEIR_FAILED). A NULL `format` leaves no message. If out of memory, there is none either.
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
