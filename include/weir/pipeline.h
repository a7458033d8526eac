/*
 * weir/pipeline.h - stages that are declared; the wiring, the limits, the errors and the end are weir's.
 *
 * A pipeline is a number of stages. Each has a function, some threads that call it, and a bounded queue in front.
 * Items go in at the top, each stage makes results of them, and these are the items of the next stage.
 *
 *     static void *resize(void *item, void *arg) {         // a simple stage: one item in, one result out
 *         return make_thumbnail(item, arg);
 *     }
 *
 *     static int download(weir_task *task, void *item, void *arg) {   // a full one
 *         struct image *image = NULL;
 *         int error = fetch(item, arg, &image);
 *         if (error != 0)
 *             return weir_task_fail(task, error, "cannot fetch %s", url_of(item));   // the item is weir's again
 *         free_url(item, NULL);                            // returning 0, the function has consumed its item
 *         weir_task_emit(task, image);                     // none, one or many results
 *         return 0;
 *     }
 *
 *     static weir_stage_options downloads, thumbnails;     // zero is right for what is not set
 *     weir_queue *dead_letters = NULL;
 *     weir_pipeline *pipeline = NULL;
 *     weir_report *report = NULL;
 *     void *item = NULL;
 *     downloads.name = "download";
 *     downloads.run = download;
 *     downloads.threads = 8;
 *     downloads.drop = free_url;
 *     downloads.on_error = WEIR_SKIP;
 *     downloads.retry.attempts = 3;
 *     downloads.retry.backoff = 100 * WEIR_MILLISECOND;
 *     downloads.retry.when = is_temporary;
 *     thumbnails.name = "resize";
 *     thumbnails.func = resize;
 *     thumbnails.threads = 2;
 *     thumbnails.drop = free_image;
 *     if (weir_queue_create(&dead_letters, WEIR_UNBOUNDED) != WEIR_OK)
 *         stop_with("no memory");
 *     downloads.dead = dead_letters;
 *     weir_pipeline_create(&pipeline, NULL);
 *     weir_pipeline_add(pipeline, NULL, &downloads);
 *     weir_pipeline_add(pipeline, NULL, &thumbnails);
 *     if (weir_pipeline_start(pipeline) != WEIR_OK)        // says what create and add have refused, too
 *         stop_with(weir_pipeline_message(pipeline));      // "stage resize: ..."
 *     while (next(&item))
 *         if (weir_pipeline_put(pipeline, item) != WEIR_OK)
 *             free_url(item, NULL);                        // cancelled: the item is still the caller's
 *     weir_pipeline_finish(pipeline, weir_deadline_after(30 * WEIR_SECOND), &report);
 *     weir_report_print(report, WEIR_TABLE, stderr);       // what came of it, and which stage was the slow one
 *     weir_report_free(report);
 *     while (weir_queue_get(dead_letters, &item) == WEIR_OK) {    // what was given up, and why
 *         weir_dead_letter *letter = (weir_dead_letter *)item;
 *         printf("%s: %s after %u attempts\n", url_of(letter->item), letter->message, letter->attempts);
 *         free_url(letter->item, NULL);
 *         weir_dead_letter_free(letter);
 *     }
 *     weir_pipeline_destroy(pipeline);
 *     weir_queue_destroy(dead_letters);
 *
 * The life of a pipeline: create; add stages; connect them, if it is not to be a chain; start, which checks all of it;
 * put items, or let a source produce them; finish (what is inside goes through to its end) or cancel (what is inside is
 * dropped); destroy.
 *
 * What holds for every call here, unless its comment says otherwise:
 *
 *   Ownership  a pipeline owns its items: from a put that returned WEIR_OK, or an emit, until a stage's function
 *              returns 0 (done) for them. One that fails for good goes to the dead letters, or to the drop function of
 *              the stage it is in; one that is inside at a cancel goes to that drop function too. Each item has exactly
 *              one of these ends, once, and the report counts it there.
 *   Threads    any thread may make any call at any time, against any other, except add, connect and start, which come
 *              first and from one thread, and destroy, which must be the last.
 *   Callbacks  are called with no lock held. Those of a stage are called in several threads at once. None may end its
 *              thread, but a stage's function may: its item counts as failed with code -WEIR_UNFINISHED. The thread is
 *              not replaced: when all threads of a stage have ended so, the run is WEIR_FAILED, whatever its on_error.
 *              Each may make any call, on its own pipeline too, while that runs, is finished, cancelled or destroyed. A
 *              call that would wait for the thread that makes it is WEIR_DEADLOCK: wait, finish (the end has begun
 *              then) and destroy, in every callback and in a stream that show writes to, and a put without a deadline
 *              when there is no room. All others do there what they do elsewhere. Calls with a task are for the
 *              stage's function, and for callbacks within its calls.
 *   Exceptions no C++ exception may leave a callback. If one does, std::terminate is called on the stack of the throw,
 *              in its thread. Nothing is unwound before, no lock is held, and no item is lost; the terminate handler may
 *              make the calls that the callback may, weir_pipeline_report among them.
 *   Cancelling no call is a cancellation point (pthread_cancel), nor are the callbacks and the streams that it calls or
 *              writes to: a request stays pending until the call has returned.
 *   NULL       a NULL pipeline or task, or NULL where a result goes or where a function is needed, is WEIR_INVALID (or
 *              0, or NULL) and has no effect.
 *
 * Times are nanoseconds: WEIR_MILLISECOND and WEIR_SECOND of them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_H
#define WEIR_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/closable_queue.h>
#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/report.h>
#include <weir/status.h>
#include <weir/stoppable_worker.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_pipeline weir_pipeline;

/* A stage of a pipeline, whose property it is: for weir_pipeline_connect. */
typedef struct weir_stage weir_stage;

/* What a stage's function is told about the call that it is in. Valid until it returns, in its thread only. */
typedef struct weir_task weir_task;

#define WEIR_MILLISECOND UINT64_C(1000000)
#define WEIR_SECOND UINT64_C(1000000000)

/* ---- what a stage is made of ---- */

/* What a source returns when nothing more will come. No error may have this code. */
#define WEIR_END (-1000)

/*
 * A stage's function in its full form. `state` is the stage's `arg` or, with an init function, this thread's own.
 *
 * Returns 0: the item is done, and was the function's to free, or to hand on as a result. Returns anything else: it has
 * failed with that code, and the item is as it was and weir's again. So a function that has emitted its own item has to
 * return 0. Codes are the program's own: errno values, HTTP statuses, any number above 0; those below 0 are weir's, and
 * mean minus a weir_status. A batch fails as a whole.
 *
 * When the pipeline is cancelled meanwhile, an item that fails is dropped, whatever the code.
 *
 * As a source it is called again and again, with no item (NULL), and emits what it produces. It returns 0 to be called
 * again, or WEIR_END: then this source, all its threads, is not called any more. After the last attempt that its retry
 * allows in a row has failed, the source is at its end too.
 */
typedef int weir_task_func(weir_task *task, void *item, void *state);

/* The same for a stage that takes several items at once. The array is weir's and valid during the call. */
typedef int weir_batch_func(weir_task *task, void *const *items, size_t count, void *state);

/*
 * What a stage asks about an item: its key, or which way it goes. `arg` is the stage's. Any value is right for a key;
 * weir_fan_out says what a choice may be.
 */
typedef uint64_t weir_key_func(const void *item, void *arg);

/*
 * The weight of an item, in bytes. Any value is right: an item that weighs 0 takes nothing of a budget; one that is
 * heavier than all of it is admitted once the pipeline is empty, and completes a batch.
 */
typedef uint64_t weir_weigh_func(const void *item, void *arg);

/*
 * Returns what one more stage gets: a copy of the item, or the item itself after counting a reference. NULL: the copy
 * has failed. Then no stage gets the result: it and the copies that were made go to the drop functions of where they
 * were going, its item counts as failed, and the stage has an error with code -WEIR_NOMEM, which ends the run or is
 * skipped by its on_error. Not called for a result that is NULL, whose copies are NULL.
 */
typedef void *weir_copy_func(void *item, void *arg);

/* Whether an error with this code may go away by itself. */
typedef bool weir_retry_func(int code, void *arg);

/*
 * Where the results of a stage with several successors go. A stage with one sends it everything. A choice that there is
 * not is an error of the stage, with code -WEIR_INVALID: the result goes to the drop function of the successor that was
 * connected first, and its item counts as failed. By key, each successor gets its share of the keys, whichever bits they
 * differ in.
 */
typedef enum weir_fan_out {
    WEIR_ROUND_ROBIN = 0, /* to one after the other */
    WEIR_BY_KEY = 1,      /* by `route`: those with equal keys to the same one, so that they stay in order */
    WEIR_BY_CHOICE = 2,   /* by `route`: it returns the number of the successor, 0 for the one connected first */
    WEIR_TO_ALL = 3       /* to each: the first gets the result, the others what `copy` makes of it */
} weir_fan_out;

/* What becomes of an item whose last attempt has failed. */
typedef enum weir_on_error {
    WEIR_FAIL_FAST = 0, /* it is given up (dead letters too), the pipeline is cancelled, finish returns WEIR_FAILED */
    WEIR_SKIP = 1       /* it is given up, and the others go on */
} weir_on_error;

/*
 * What a `dead` queue gets for an item that is given up: the item, and why. The one that takes it owns the item, and
 * frees the rest with weir_dead_letter_free. Stages of one pipeline may share the queue; pipelines may not: the first that
 * ends shuts it down. A stage waits for room in it, so it should have no bound, or be read during the run. Finish and
 * cancel shut it down with WEIR_DRAIN, so that a loop of gets comes to its end (a start that fails may leave it open).
 * If the queue does not take an item's letter, the item goes to its stage's drop function. Letters that are never read go
 * to the queue's own drop function (weir_queue_options), which must free both; without one they are forgotten. Room,
 * shutting down and what is never read are the same for a `results` queue. Nothing joins either: a weir_queue_task_done
 * for what was got may be left out.
 *
 * If a reader has shut down such a queue before the pipeline does, what is put there next is an error of the stage with
 * code -WEIR_CLOSED, which ends the run or is skipped by its on_error. The item counts as failed: it goes to the drop
 * function of its stage, a result to that of the queue.
 */
typedef struct weir_dead_letter {
    void *item; /* as the stage got it */
    const char *stage;
    int code;
    const char *message; /* "": it has none; these strings are the letter's own */
    unsigned attempts;
} weir_dead_letter;

/* Frees the letter, not its item. NULL does nothing. */
WEIR_API void weir_dead_letter_free(weir_dead_letter *letter);

/*
 * Whether an item that has failed is tried again. Without `attempts` it is not, whatever else is set. Back-off occupies
 * neither a worker nor a queue slot; any free worker makes the next attempt. With a back-off or without, the item is
 * requeued behind what waits then and before what comes later, so that neither keeps the other out. In an ordered stage
 * it is requeued at the front. The queue may hold more than its capacity meanwhile. Each delay is random, 50 to 100% of
 * what is said here.
 */
typedef struct weir_retry {
    unsigned attempts;     /* in all; 0 and 1: no second one */
    uint64_t backoff;      /* ns before the second attempt; doubled before each further one */
    uint64_t max_backoff;  /* ns, no longer than this; 0: one minute */
    weir_retry_func *when; /* for which codes, weir's own among them; gets the stage's `arg`; NULL: for all */
} weir_retry;

/* A batch is made when any of these is reached; 0: no such limit. At least one of `items` and `bytes` is needed. */
typedef struct weir_batch {
    size_t items;
    uint64_t bytes;
    weir_weigh_func *weigh; /* for `bytes` */
    uint64_t wait;          /* ns after its first item has come */
} weir_batch;

/*
 * A stage. Members that are not named in an initialiser are zero, and zero is right for each of them, but that a stage
 * needs a name and exactly one of func, run, run_batch and source. With init these four, and fini, are handed what that
 * has made, and not `arg`.
 *
 * The order of an ordered stage is that in which the items have come to it. One that is given up leaves no gap, and one
 * that backs off holds up the results of those behind it. An ordered func leaves its order to the ordered stage behind
 * it, if it leads to that one only and nothing else does, and that has several threads and no per_key: so a slow item
 * keeps the others out of neither. The order is the same, behind the last.
 */
typedef struct weir_stage_options {
    const char *name;           /* copied; of its threads too */
    weir_worker_func *func;     /* what it returns is the result, NULL too; it cannot fail */
    weir_task_func *run;        /* the full form */
    weir_batch_func *run_batch; /* the same for batches */
    weir_task_func *source;     /* produces by itself; has nothing in front */
    void *arg;                  /* handed to every function of this stage */
    weir_worker_init *init;     /* per-thread state (weir/stoppable_worker.h); NULL: none */
    weir_worker_fini *fini;     /* in each thread, at its end; NULL: none */
    size_t threads;             /* that call the function; 0: 1 */
    size_t stack_size;          /* of each thread, in bytes; 0: the system's default */
    size_t capacity;            /* items in the queue in front; 0: 64; WEIR_UNBOUNDED */
    weir_drop_func *drop;       /* for an item of this stage that is not done; NULL: it is forgotten */

    bool ordered;         /* results leave in the order in which the items came, on however many threads */
    weir_fan_out fan_out; /* of the results */
    weir_key_func *route; /* of a result, for WEIR_BY_KEY and WEIR_BY_CHOICE */
    weir_copy_func *copy; /* of a result, for WEIR_TO_ALL */
    weir_batch batch;     /* for run_batch */

    double rate;        /* calls per second are not more than this, batches by their items; 0: no limit */
    size_t burst;       /* how many may come at once after a pause; 0: 1 */
    weir_key_func *key; /* of an item */
    size_t per_key;     /* at most so many items with the same key at a time; 0: no limit; 1 keeps them in order */

    weir_on_error on_error;
    weir_retry retry;
    uint64_t attempt_time; /* ns; an attempt that takes longer is reported as overdue; 0: none does */
    weir_queue *dead;      /* the caller's; gets a weir_dead_letter * for each item given up; NULL: it is dropped */
    weir_queue *results;   /* the caller's; gets the results of a stage with no successor, which waits for room in it;
                              shut down, and left by its reader, as `dead` is; NULL: they are forgotten */
    void *reserved[4];     /* all NULL */
} weir_stage_options;

/* ---- declaring ---- */

/*
 * Zero is right for each member. What an item has allocated before it was put or emitted, and waits to come in, lies
 * beside max_bytes: for a strict bound, put what is light and says how heavy it will be, and allocate in the next
 * stage.
 */
typedef struct weir_pipeline_options {
    const char *name;   /* copied */
    size_t max_items;   /* in the pipeline at once, of those that were put or produced; 0: see weir_pipeline_start */
    uint64_t max_bytes; /* the same by weight; a heavier item passes when it is alone; 0: no limit */
    weir_weigh_func *weigh; /* of what is put or produced, once; needed for max_bytes */
    void *weigh_arg;
    size_t max_errors; /* how many errors a report keeps; 0: 100 */
    uint64_t grace;    /* ns that functions have to return after a deadline or a cancel; 0: 100 ms */
    FILE *trace;       /* gets Chrome trace-event JSON, a row for each worker; the caller's; NULL: none. Written by
                          start, by the workers, and by a thread that the finish or destroy that ends the run starts,
                          which flushes it; open until such a call returns another status than WEIR_BUSY */
    void *reserved[4]; /* all NULL */
} weir_pipeline_options;

/*
 * Creates a pipeline with no stages; the caller ends it with weir_pipeline_destroy. NULL options: all of them zero.
 *
 * WEIR_OK; WEIR_INVALID: max_bytes without weigh, or a reserved member that is not NULL; WEIR_NOMEM.
 */
WEIR_API weir_status weir_pipeline_create(weir_pipeline **pipeline, const weir_pipeline_options *options);

/*
 * Adds a stage. `stage` may be NULL; it is needed for connect only. A stage that cannot be right is refused here, with
 * a weir_pipeline_message, and start refuses the pipeline then: a program may look at start's status alone. Refused
 * are: no name, or one that there is already; not exactly one function; a func with retries or dead letters, for it
 * cannot fail; a source with an order, keys or dead letters; limits of a batch without run_batch, or none with it; a
 * batch with a limit for keys, or with an order on several threads, with retries or with a wait; per_key without key,
 * batch.bytes without weigh; a rate below 0 or above 1e9; a reserved member that is not NULL.
 *
 * WEIR_OK; WEIR_INVALID: it cannot be right, or the pipeline is started; WEIR_NOMEM.
 */
WEIR_API weir_status weir_pipeline_add(weir_pipeline *pipeline, weir_stage **stage, const weir_stage_options *options);

/*
 * Sends the results of `from` to `to`. Several connections from a stage are a fan-out, several to a stage a fan-in.
 * With no connection at all the stages are a chain, in the order in which they were added. What is refused here, start
 * refuses too.
 *
 * WEIR_OK; WEIR_INVALID: not this pipeline's stages, connected already, or the pipeline is started; WEIR_NOMEM.
 */
WEIR_API weir_status weir_pipeline_connect(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);

/* ---- running ---- */

/*
 * Checks the stages and starts their threads. Refused, each with a message that names the stage: a stage that nothing
 * leads to (but one, where weir_pipeline_put puts), a cycle, something that leads to a source, a missing route or copy,
 * results or dead letters to a queue that is used wrongly, and a batch that could not fill. If one of the threads cannot
 * be started, or an init fails, those that were are stopped and joined. When it fails nothing is left running, and the
 * pipeline can only be destroyed.
 *
 * A pipeline with an ordered stage or a per_key limit, which may keep any number of items waiting for a slow one, has a
 * max_items even if its options say 0: the sum of all capacities and threads, and of what incomplete batches hold; a
 * queue without a bound counts as 64.
 *
 * Every batch can fill. The incomplete batches of all stages together hold at most this many items: of each stage with
 * batches (batch.items - 1), times the batch.items of each such stage upstream. A max_items must be more than that,
 * whatever batch.wait is. A batch with `bytes` and no `items` is refused under the automatic max_items. Under one that
 * the options set, and under max_bytes, its weights decide whether a batch of more than one item fills: it must have a
 * batch.wait, of at most one minute.
 *
 * WEIR_OK; WEIR_INVALID; WEIR_NOMEM; WEIR_NOTHREAD; WEIR_INITFAILED.
 */
WEIR_API weir_status weir_pipeline_start(weir_pipeline *pipeline);

/*
 * Why the last create, add, connect, start, put (in its forms), wait, cancel, finish, report, end_on or show of the
 * calling thread that was refused was, as one line of English that names the stage, the member and its value; memory
 * that was too much, in bytes. NULL: of a create, which leaves no pipeline. Refused is a call that returns WEIR_INVALID,
 * WEIR_NOMEM, WEIR_NOTHREAD, WEIR_INITFAILED or WEIR_DEADLOCK; any other status says all there is to say, the report
 * says why a run has ended so, and the message is that of an older refusal. A success does not clear it. If none of
 * this thread's calls was refused, that of the last add, connect or start that was; "" if none was. Valid in this thread
 * until the next of these calls is refused there, and until destroy. Any thread, at any time.
 */
WEIR_API const char *weir_pipeline_message(const weir_pipeline *pipeline);

/*
 * Puts an item to the stage that nothing leads to. Waits while the pipeline's limits or its queue allow no more, until
 * they do, or the pipeline is finished or cancelled. One waiting for a limit is let in before those that came later.
 * From inside a stage it does not wait.
 *
 * WEIR_OK; WEIR_CLOSED: finishing, cancelled or over; WEIR_DEADLOCK: from inside a stage, and there is no room;
 * WEIR_INVALID: not started, or there is no such stage; WEIR_NOMEM. In every failure the item is the caller's.
 */
WEIR_API weir_status weir_pipeline_put(weir_pipeline *pipeline, void *item);

/*
 * As weir_pipeline_put, but waits no longer than until `deadline`. WEIR_TIMEDOUT. From inside a stage it waits too, unless
 * that is WEIR_NEVER.
 */
WEIR_API weir_status weir_pipeline_put_until(weir_pipeline *pipeline, void *item, weir_deadline deadline);

/*
 * Puts `count` items, in order, as weir_queue_put_many does: `*put` is always set, to how many are in; the rest are the
 * caller's. A count of 0 is WEIR_OK. WEIR_INVALID also: `put` is NULL, or `items` is though `count` is not 0.
 */
WEIR_API weir_status weir_pipeline_put_many(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put);

/*
 * As weir_pipeline_put_many, but waits no longer than until `deadline`, for all of them together; one that has passed
 * means: try once. WEIR_TIMEDOUT: until then the first *put of them were let in.
 */
WEIR_API weir_status weir_pipeline_put_many_until(weir_pipeline *pipeline, void *const *items, size_t count,
                                                  size_t *put, weir_deadline deadline);

/*
 * Waits until every source has come to its end by itself, or the pipeline is finished or cancelled: to be called before
 * finish, which ends the sources wherever they are. What they have produced may still be on its way: finish waits for
 * that. Without a source it returns at once.
 *
 * WEIR_OK: they have; WEIR_CLOSED: a call or a signal began the finish before they had, and afterwards too;
 * WEIR_CANCELLED: cancelled, by a call or an error; WEIR_TIMEDOUT; WEIR_DEADLOCK: called from inside a stage;
 * WEIR_INVALID: not started.
 */
WEIR_API weir_status weir_pipeline_wait(weir_pipeline *pipeline, weir_deadline deadline);

/*
 * Ends the run in good order: puts fail from now on, the waiting ones at once; sources are not called any more (see
 * weir_pipeline_wait); and everything that is inside goes through, retries included, incomplete batches at once. What
 * is not through at the deadline is cancelled, and dropped by a thread of its own (if the system creates none, by the
 * calling one, which returns after the drops; the same goes for the end of a trace). Then the functions that are still
 * running have `grace` to return: those of the stages, init, fini, drop and the other callbacks, destructors of what a
 * thread has of its own, and a stream that takes nothing. A deadline that has passed is soon enough where nothing is
 * inside. The threads are joined, and the `results` and `dead` queues are shut down with WEIR_DRAIN (at a cancel at
 * once), so that loops that read them end. What the stages' functions have written can be read here then.
 * `report` may be NULL; else `*report` is always set, by each call: to a report, which the caller frees, or to NULL,
 * with WEIR_INVALID or out of memory.
 *
 * Several threads may call it; all of them wait, and the earliest deadline counts. If it passes and functions have not
 * returned, all of them return WEIR_BUSY. When it is over, it returns the same again. Called from inside a stage it does
 * not wait: puts are refused and sources stop, and the call that waits for the end is left to another thread.
 *
 * WEIR_OK: all that came is done, or failed or dead-lettered where errors are skipped, and none of it was dropped;
 * WEIR_FAILED: an error has ended the run, the first one in the report, marked as `fatal`; WEIR_CANCELLED;
 * WEIR_TIMEDOUT: the deadline has passed and the rest was dropped (WEIR_OK if there was none); WEIR_BUSY: some functions
 * have not returned, the report names each as `late`, with where it is, and the call may be made again, for another
 * `grace`, WEIR_NEVER or not; WEIR_DEADLOCK: from inside a stage, see above; WEIR_INVALID: not started; WEIR_NOMEM: it is
 * over, but there was none for the report.
 */
WEIR_API weir_status weir_pipeline_finish(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report);

/*
 * Drops everything that is inside: every wait in a put, an emit, a back-off or for a rate ends at once, the cancel_fd
 * becomes readable, and each item goes to its drop function, in this thread or a worker's. Items that are inside a
 * function are dropped when it returns, unless it says that they are done. Does not wait for the functions: finish
 * does. From inside a stage or a drop function too. Twice is the same as once.
 *
 * WEIR_OK; WEIR_INVALID: not started.
 */
WEIR_API weir_status weir_pipeline_cancel(weir_pipeline *pipeline);

/*
 * Returns a file descriptor that becomes readable when the pipeline is cancelled, for a function's own poll. In a thread
 * of a source, its init included, the descriptor becomes readable when the pipeline is finishing, too: see
 * weir_task_stop_fd. It must be neither read from nor closed, and lives as long as the pipeline.
 *
 * A pipeline has no descriptors before one is asked for, and at most two: for cancelling and for finishing. On a system
 * without eventfd each takes one more. They are above 2 and closed on exec. Each is the same at every call. One that is
 * asked for after the cancel is readable at once.
 *
 * -1 if the pipeline is NULL, or the system has no descriptors left; the next call tries again.
 */
WEIR_API int weir_pipeline_cancel_fd(const weir_pipeline *pipeline);

/*
 * Frees a pipeline that is over, or was never started; one that is running is cancelled first, and waits `grace` for
 * it. NULL is allowed and does nothing.
 *
 * WEIR_OK; WEIR_BUSY: functions have not returned, and it is still there: call again when they have; WEIR_DEADLOCK:
 * called from inside a stage, nothing has happened.
 */
WEIR_API weir_status weir_pipeline_destroy(weir_pipeline *pipeline);

/* ---- what a stage's function may ask for ---- */

/*
 * Hands a result on to the next stage, as stated by its fan_out, or to the `results` queue of the last one. It takes
 * the result in every case: once the pipeline is cancelled, it goes to the drop function of where it was going. Where
 * there is neither a next stage nor a results queue it is forgotten. With NULL for `task` nothing happens.
 *
 * Waits while there is no room, until there is or the pipeline is cancelled; a source also waits for the limits of the
 * pipeline. In an ordered stage it does not wait: the results leave after the function has returned, when it is the
 * item's turn.
 *
 * What an attempt emits before it fails has been emitted all the same, and the next attempt may emit it again: emit
 * last. In an ordered stage it goes to the drop function. Out of memory: the result goes to the drop function, and the
 * attempt fails with code -WEIR_NOMEM; when the function returns 0 all the same, its item was consumed and has failed
 * for good, with no letter.
 */
WEIR_API void weir_task_emit(weir_task *task, void *result);

/*
 * Says why the attempt fails, as printf does; at most 255 bytes are kept. Returns `code`, for the function to return.
 * NULL for `format`: no message.
 */
WEIR_API int weir_task_fail(weir_task *task, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/*
 * Delays the next attempt, if this one fails and is retried, by at least `delay` ns, as a server's Retry-After demands.
 * A longer back-off counts instead. The delay has no jitter, and max_backoff does not limit it. It applies to this
 * attempt only; the last call counts, and 0 withdraws it. The item waits as in a back-off; a source waits in its thread.
 *
 * WEIR_OK; WEIR_INVALID if the task is NULL, or the stage's retry has no second attempt or no back-off.
 */
WEIR_API weir_status weir_task_retry_after(weir_task *task, uint64_t delay);

/* Which attempt at this item it is, from 1; of a source: how many calls in a row have failed, and 1. */
WEIR_API unsigned weir_task_attempt(const weir_task *task);

/*
 * Whether the pipeline is cancelled: a function that takes long should look, or poll weir_task_stop_fd, and return, with
 * any code but 0, which would mean that the item is done. A source is also told so when the pipeline is finishing: it
 * should return, and will not be called again; once it was told, no code that this call of it returns is an error.
 */
WEIR_API bool weir_task_cancelled(weir_task *task);

/*
 * Returns a file descriptor that becomes readable when weir_task_cancelled becomes true for this stage: at a cancel,
 * and for a source also when the pipeline is finishing. A source that waits for something polls this descriptor too;
 * then it asks weir_task_cancelled, and returns. Otherwise as weir_pipeline_cancel_fd.
 */
WEIR_API int weir_task_stop_fd(weir_task *task);

/* When this attempt is overdue, by the stage's attempt_time; WEIR_NEVER without one. Later after an emit that waited. */
WEIR_API weir_deadline weir_task_deadline(const weir_task *task);

/* What made this batch: its items, its bytes, its time, or that no more will come. 0 outside a batch stage. */
typedef enum weir_batch_reason {
    WEIR_BATCH_ITEMS = 1,
    WEIR_BATCH_BYTES = 2,
    WEIR_BATCH_TIME = 3,
    WEIR_BATCH_END = 4
} weir_batch_reason;
WEIR_API weir_batch_reason weir_task_batch_reason(const weir_task *task);

/* The pipeline it is in: to cancel it, to finish it, for its cancel_fd. */
WEIR_API weir_pipeline *weir_task_pipeline(const weir_task *task);

/* ---- looking ---- */

/* Makes a report of this instant (weir/report.h), which the caller frees. Does not stop anything. WEIR_OK; WEIR_NOMEM;
   WEIR_INVALID. */
WEIR_API weir_status weir_pipeline_report(weir_pipeline *pipeline, weir_report **report);

/*
 * Shows how far it is on `stream`, until it is over: on a terminal a live view, with a line for each stage and a bar,
 * and elsewhere a plain line now and then. `total` is how many items there will be; 0: not known, so no time left is
 * shown. One call for each pipeline, after start; a thread of its own draws, and ends with the pipeline. The stream
 * stays the caller's, and open until finish has returned.
 *
 * WEIR_OK; WEIR_INVALID: not started, finishing or over, or shown already; WEIR_NOMEM; WEIR_NOTHREAD.
 */
WEIR_API weir_status weir_pipeline_show(weir_pipeline *pipeline, FILE *stream, uint64_t total);

/*
 * Ends the run when one of these signals arrives: the first finishes it (puts and sources stop, and what is not through
 * after `drain` ns is cancelled), the second cancels it. No handler is installed: the signals must be blocked in this
 * thread, before any other thread is created, so that they are blocked everywhere. Afterwards, and for a third signal,
 * they are still blocked: a program that wants to be ended by it unblocks them. One call for each pipeline, after start.
 *
 * Several pipelines may end on the same signals: one thread of the library waits for the signals of all of them, and
 * tells each of those that asked for the one that has arrived. So the first signal finishes all of them, the second
 * cancels all. A thread of each pipeline does the rest, and ends with it; the one that waits ends when no pipeline is
 * left. A signal that none of them takes any more is left to the process.
 *
 *     static const int signals[] = {SIGINT, SIGTERM};
 *     sigset_t set;
 *     sigemptyset(&set);
 *     sigaddset(&set, SIGINT);
 *     sigaddset(&set, SIGTERM);
 *     pthread_sigmask(SIG_BLOCK, &set, NULL);         // at the beginning of main
 *     ...
 *     weir_pipeline_end_on(pipeline, signals, 2, 30 * WEIR_SECOND);
 *
 * A run that such a signal has ended in time finishes with WEIR_OK; the report has the signal. After a second signal it
 * is WEIR_CANCELLED, and after `drain` WEIR_TIMEDOUT.
 *
 * WEIR_OK; WEIR_INVALID: not started, finishing or over, called already, no signal or more than 64, or one that is not
 * blocked here or that a thread causes itself, as SIGSEGV; WEIR_NOMEM; WEIR_NOTHREAD.
 */
WEIR_API weir_status weir_pipeline_end_on(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PIPELINE_H */
