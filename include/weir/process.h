/*
 * weir/process.h - a stage or an executor that runs its function in child processes.
 *
 * A crash, a hang or a leak of the function costs one attempt at one item: the child dies, the attempt fails with a
 * message such as "decode: killed by SIGSEGV", and another child takes the next item. A child is this program, executed
 * again: main calls weir_process_main first, which does not return in a child. Nothing of this process is copied, no
 * lock of its threads stays held.
 *
 *     static int decode(const void *in, size_t size, weir_process_payload *out, void *state) {       // in a child
 *         if (!is_picture(in, size))
 *             return weir_process_fail(1, "not a picture");
 *         out->size = pixels_of(in, size, out->data, out->room);
 *         return 0;
 *     }
 *
 *     static int send_file(weir_task *task, const void *item, weir_process_payload *to, void *arg) {
 *         return read_file(item, to->data, to->room, &to->size);           // 0, or a code of the program
 *     }
 *
 *     static int take_pixels(weir_task *task, void *item, const void *from, size_t size, void *arg) {
 *         weir_task_emit(task, copy_of(from, size));
 *         free(item);                                                      // returning 0, it has consumed the item
 *         return 0;
 *     }
 *
 *     static const weir_process_entry table[] = {{.name = "decode", .func = decode}, {.name = NULL}};
 *     static const weir_process decoder = {
 *         .function = "decode", .encode = send_file, .decode = take_pixels, .payload = 1 << 24};
 *
 *     int main(int argc, char **argv) {
 *         weir_process_main(argc, argv, table);
 *         ...
 *         stage.name = "decode";
 *         stage.work.run = weir_process_run;
 *         stage.work.init = weir_process_init;
 *         stage.work.fini = weir_process_fini;
 *         stage.work.arg = (void *)&decoder;
 *         stage.threads.count = 4;                                         // four children
 *         stage.errors.attempt_time = 10 * WEIR_SECOND;                    // then its child is killed
 *
 * Each thread of the stage has one child. So order, retries, keys, rates, dead letters and reports are those of any
 * stage. `errors.attempt_time` kills the child of an attempt that lasts longer, and a cancel kills it at once.
 *
 * What crosses is bytes, without pointers. Up to WEIR_PROCESS_MESSAGE bytes pass in a message, of which each side has a
 * copy of its own. More pass in memory that both processes share, if `payload` gives room for it.
 *
 * A child has a process group of its own: Ctrl-C in a terminal does not reach it. Processes that it starts and that
 * stay in this group end with it. It has no descriptors but its standard streams and a few of weir's, which are closed
 * on exec. Standard input is empty; standard output and error are those of this process, or /dev/null for one that is
 * closed, or closed on exec. Its signal mask is that of weir_signals_original; SIGPIPE, SIGTERM, SIGCHLD, SIGXCPU and
 * SIGXFSZ are not ignored. If this process ends, however it ends, the kernel kills the children and their groups,
 * unless another process holds its descriptors: one that was forked from it and has not executed a program. If its init
 * enters another user within a user namespace, and this process ends meanwhile, a child ends as the init returns.
 *
 * The program must not ignore SIGCHLD and must not wait for any child (waitpid with -1), or an exit status may be lost.
 *
 * Processes need Linux, with /proc mounted. On other systems weir_process_init fails, with that reason.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include <weir/command.h>
#include <weir/export.h>
#include <weir/future.h>
#include <weir/pipeline.h>
#include <weir/stoppable_worker.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The bytes of a message: what can cross without shared memory. */
#define WEIR_PROCESS_MESSAGE 16384

/*
 * The code of an attempt in which the child has exited by itself, with that exit status. The function called exit, or
 * a library that it uses. WEIR_CODE_SIGNAL and WEIR_CODE_NOT_RUN of weir/command.h are the others. A constant expression.
 */
#define WEIR_CODE_EXIT(status) (-4000 - (status))

/* Room for the bytes that cross. The callback writes at most `room` bytes to `data`, and sets `size`. */
typedef struct weir_process_payload {
    void *data;  /* weir's memory, aligned to 16 bytes; valid during the callback */
    size_t size; /* bytes that cross; 0 before the callback. If more are needed than `room`, how many */
    size_t room; /* bytes at `data`: WEIR_PROCESS_MESSAGE or, if greater, weir_process.payload */
} weir_process_payload;

/* ---- in a child ---- */

/*
 * The function of a stage, called in a child for one item. `in` has the `size` bytes that encode has written; they are
 * read-only. `state` is the entry's `arg` or, with init, the state that init has made.
 *
 * Returns 0 with the result in `out`, or another code if the attempt has failed. Codes are those of weir_task_func. A
 * result of more than `out->room` bytes fails with WEIR_CODE(WEIR_INVALID).
 */
typedef int weir_process_func(const void *in, size_t size, weir_process_payload *out, void *state);

/*
 * An entry of the table of weir_process_main. The limits of the child are in force when init is called: it can load a
 * model, and then enter a sandbox, another folder or another user. If init fails, the attempt that waits for the child
 * fails with WEIR_CODE of its status.
 */
typedef struct weir_process_entry {
    const char *name;        /* by which weir_process.function finds it; NULL ends the table */
    weir_process_func *func; /* the function */
    void *arg;               /* for init; for func and fini without it */
    weir_worker_init *init;  /* called once in each child, before its first item; NULL disables it */
    weir_worker_fini *fini;  /* called in a child that ends in order, before exit; NULL disables it */
} weir_process_entry;

/*
 * Makes this process a child, if weir has started it as one: then the call runs the function, and does not return. In
 * any other process it remembers the table, and returns. Must be the first call in main, before the program starts
 * threads. `table` must live as long as the process. Without this call weir_process_init fails.
 */
WEIR_API void weir_process_main(int argc, char **argv, const weir_process_entry *table);

/*
 * Records the reason why the function fails, formatted as by printf. Keeps at most 255 bytes. Called in weir_process_func
 * and in the init of an entry. Returns `code`, or WEIR_CODE(WEIR_FAILED) for 0, for the function to return. A NULL
 * `format` leaves no reason.
 */
WEIR_API int weir_process_fail(int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* ---- in this process ---- */

/*
 * Writes what crosses of an item. `arg` is that of weir_process. Called once in each attempt, before a child is waited
 * for. Returns 0, or a code with which the attempt fails; weir_task_fail gives the reason, in a stage. If `to->size` exceeds
 * `to->room`, the attempt fails with WEIR_CODE(WEIR_INVALID).
 */
typedef int weir_process_encode(weir_task *task, const void *item, weir_process_payload *to, void *arg);

/*
 * Takes the result of the function. `from` has `size` bytes, aligned to 16, which are valid during the call. Emits
 * results and consumes the item as a weir_task_func does, and returns its code. The function may have gone mad: decode
 * must check what it reads. In shared memory (more than WEIR_PROCESS_MESSAGE bytes) it may also change while it is read.
 */
typedef int weir_process_decode(weir_task *task, void *item, const void *from, size_t size, void *arg);

/*
 * Takes the result of the function for weir_process_call. `item` is the argument of the submitted task. `from` is as for
 * weir_process_decode. Returns 0 with the value of the future in `*value`, or another code, with which the future fails;
 * weir_executor_error gives the reason.
 */
typedef int weir_process_take(weir_future *self, void *item, const void *from, size_t size, void **value, void *arg);

/*
 * The `arg` of a stage or an executor in child processes. Zero members select the defaults. It must live until the
 * pipeline or the executor is destroyed.
 *
 * After each item larger than `kept`, the memory beyond it goes back to the system, so that a thread holds little between
 * large items. The pages come again with the next one, which takes several times as long to cross. Batches keep all.
 */
typedef struct weir_process {
    const char *function;        /* name of an entry of the table; required */
    weir_process_encode *encode; /* required */
    weir_process_decode *decode; /* required for a stage; not used by an executor */
    weir_process_take *take;     /* required for an executor; not used by a stage */
    void *arg;                   /* for encode, decode and take */
    size_t payload;              /* bytes that may cross in one direction; 0 selects WEIR_PROCESS_MESSAGE */
    uint64_t call_time;          /* ns that weir_process_call may take, then the child is killed; 0: no limit. A stage
                                    has attempt_time */
    size_t most_items; /* answers after which the next call replaces a child; 0: never. It waits a second at most */
    int nice;          /* added to its niceness, as far as the system permits */
    weir_process_limits limits; /* of a child (weir/command.h) */
    size_t kept;       /* bytes of shared memory that stay after a larger item, for each direction; 0: all. See above */
    void *reserved[3]; /* must be NULL */
} weir_process;

/*
 * The run function of a stage in child processes: encodes the item, sends it to the child of this thread, blocks until
 * its answer has come, and decodes it. `keeper` is what weir_process_init has made.
 *
 * An answer that has come counts, whatever became of the child since. If a child dies or says what makes no sense before
 * it has begun the function for this item, another one gets the item, five times at most: the item is not to blame, and
 * the attempt goes on. A start that has made no child ready delays the next one of this thread, by 10 to 160 ms.
 * A child that is not ready within attempt_time is kept: this attempt is lost, though the item was not sent, and the next
 * attempt goes on waiting for the child. If 20 starts of one thread in a row have failed in the same way before the
 * child was ready, and the last start of each other thread has failed too or is the first one, the run fails with
 * WEIR_CODE(WEIR_INITFAILED) and that reason, also if errors are skipped: no item can be done.
 *
 * Returns 0 if the item is done, or the code of encode, of the function or of decode, or
 *   WEIR_CODE_SIGNAL(signal)    if a signal has killed the child, as by a crash
 *   WEIR_CODE_EXIT(status)      if it has exited
 *   WEIR_CODE_NOT_RUN(error)    if no child could be started, or reached, with `error` of errno
 *   WEIR_CODE(WEIR_TIMEDOUT)    if attempt_time passed first; the child is killed if the item was sent to it, else kept
 *   WEIR_CODE(WEIR_CANCELLED)   if the pipeline was cancelled first; the child is killed
 *   WEIR_CODE(WEIR_INVALID)     if what crosses has more bytes than there is room
 *   WEIR_CODE(WEIR_FAILED)      if another part of the program has taken its exit status, or its answer makes no sense
 *   WEIR_CODE(WEIR_BUSY)        if the child has closed its socket, and goes on after SIGKILL
 *   WEIR_CODE(status)           if the init of the entry returned that status
 *
 * If a child goes on five seconds after SIGKILL, in a call of the system that does not end, it is left, and the next one
 * gets other shared memory. Such a child is not reaped: once it ends, it is a zombie until this process ends.
 */
WEIR_API int weir_process_run(weir_task *task, void *item, void *keeper);

/*
 * The run function of such a stage for batches: sends the items of a batch to the child of this thread at once, as many as
 * have room there, so that small items do not pay for a message each. `keeper` is what weir_process_init has made.
 *
 *     stage.work.run_batch = weir_process_run_batch;                       // init, fini and arg as before
 *     stage.batch.items = 100;
 *     stage.batch.wait = WEIR_MILLISECOND;
 *
 * The child calls its function for one item after the other. Each item has its own end: decode is called for each
 * result, in the order of the items, at most about a millisecond and the time of one further item after the function
 * has returned. A failure is that of its item alone, as by weir_task_fail_item. If the child dies, the item in work is
 * to blame, and it has lost an attempt. The items behind it have not begun: the next child gets them in the same
 * attempt, without encode. A result that was made before the death counts. So attempts, retries and dead letters are
 * those of items sent alone. But the retried items of a batch form one, and are tried again together.
 *
 * attempt_time counts for each item, from its begin in the child. If the child ends a late item while it is being
 * killed, the result counts, and the next child gets the item that has begun since. A child that is not ready within it
 * costs the next item its attempt, and is waited for again with the one behind it. A report calls the call overdue if
 * all items together take longer. `room` of a payload is for each item.
 *
 * Returns 0, or WEIR_CODE(WEIR_INVALID) if `keeper` or decode is NULL, or WEIR_CODE(WEIR_NOMEM) for all items if out of
 * memory. The codes of items are those of weir_process_run. A cancel ends the decoding too. If decode ends its thread, the
 * items that it has consumed are done, and the others are dropped.
 */
WEIR_API int weir_process_run_batch(weir_task *task, void *const *items, size_t count, void *keeper);

/*
 * A task of an executor (weir/executor.h) that calls the function in a child process: each thread of the executor has a
 * child. A crash fails one future, with a message such as "decode: killed by SIGSEGV". The next call gets another child.
 *
 *     static const weir_process decoder = {.function = "decode", .encode = send_file, .take = keep_pixels,
 *                                          .call_time = 10 * WEIR_SECOND};
 *     weir_executor_options options = {.threads = 4, .init = weir_process_init, .fini = weir_process_fini,
 *                                      .arg = (void *)&decoder};
 *     weir_executor_create(&executor, &options);
 *     weir_executor_submit(executor, weir_process_call, photo, &future);
 *
 * So capacity, priorities, delays, map and shutdown are those of the executor. Its threads start as weir/executor.h says,
 * and a child with each of them; an idle thread ends with its child after idle_time. encode and take are called in the thread
 * of the executor, encode with NULL for its task. So encode has no weir_task_fail,
 * and its failure has a code without a reason. They must not wait for a call of their own executor: that call fails
 * with WEIR_CODE(WEIR_INVALID) if it has not begun. A cancel of the future kills the child within some 20 ms if the
 * call has been sent to it, and the future is cancelled.
 *
 * Must run in a thread of an executor with weir_process_init: in another one, as with WEIR_RUN_IN_CALLER, it fails with
 * WEIR_CODE(WEIR_INVALID). Otherwise the codes are those of weir_process_run and of take, with call_time for attempt_time.
 */
WEIR_API int weir_process_call(weir_future *self, void *item, void **value);

/*
 * The init function of such a stage or executor: starts the child of this thread, and does not wait until it is ready.
 * `process` is the stage's arg, a weir_process.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID     if weir_process_main was not called or its table has no such function, encode is NULL, decode and take
 *                    are NULL, the payload is too large, or a reserved member is not NULL
 *   WEIR_NOMEM       if out of memory
 *   WEIR_INITFAILED  if the system refuses a descriptor, shared memory or a process; the reason says which error
 */
WEIR_API weir_status weir_process_init(void *process, void **keeper);

/*
 * The fini function of such a stage or executor: ends the child, and blocks for a second at most, or for six if the
 * child goes on after SIGKILL. A child that is ready sees the end of its input, calls fini of its entry and exits, also
 * if it has had no item. It is killed if it has not ended a second later, at a cancel once its thread has had an item,
 * or if it is not ready.
 */
WEIR_API void weir_process_fini(void *keeper);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PROCESS_H */
