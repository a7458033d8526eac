/*
 * weir/pipeline.h - declares and runs pipelines: stages of worker threads, connected by bounded queues.
 *
 * A stage has a function, threads that call it, and a bounded input queue. Items are put into the entry stage, or
 * come from sources. The results of a stage are the items of the next stage. The program declares the stages. weir
 * provides the queues and threads, back-pressure, limits, retries, order and shutdown.
 *
 *     static void *resize(void *item, void *arg) {         // the simple form: one item in, one result out
 *         return make_thumbnail(item, arg);
 *     }
 *
 *     static int download(weir_task *task, void *item, void *arg) {   // the full form
 *         struct image *image = NULL;
 *         int error = fetch(item, arg, &image);
 *         if (error != 0)
 *             return weir_task_fail(task, error, "cannot fetch %s", url_of(item));   // the item is weir's again
 *         free_url(item, NULL);                            // returning 0, the function has consumed its item
 *         weir_task_emit(task, image);                     // none, one or many results
 *         return 0;
 *     }
 *
 *     static weir_stage_options downloads, thumbnails;     // members that are not set have their defaults
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
 *     if (weir_pipeline_start(pipeline) != WEIR_OK)        // also fails if create or add was refused
 *         stop_with(weir_pipeline_message(pipeline));      // "stage resize: ..."
 *     while (next(&item))
 *         if (weir_pipeline_put(pipeline, item) != WEIR_OK)
 *             free_url(item, NULL);                        // cancelled: the item is still the caller's
 *     weir_pipeline_finish(pipeline, weir_deadline_after(30 * WEIR_SECOND), &report);
 *     weir_report_print(report, WEIR_TABLE, stderr);       // counts, times and the bottleneck
 *     weir_report_free(report);
 *     while (weir_queue_get(dead_letters, &item) == WEIR_OK) {    // items given up, with the reason
 *         weir_dead_letter *letter = (weir_dead_letter *)item;
 *         printf("%s: %s after %u attempts\n", url_of(letter->item), letter->message, letter->attempts);
 *         free_url(letter->item, NULL);
 *         weir_dead_letter_free(letter);
 *     }
 *     weir_pipeline_destroy(pipeline);
 *     weir_queue_destroy(dead_letters);
 *
 * The life of a pipeline:
 *
 *   1. create
 *   2. add the stages, and connect them unless they form a chain
 *   3. start, which checks the whole graph
 *   4. put items, or let a source produce them and wait for its end
 *   5. finish, which completes all in-flight items; or cancel, which drops them, and then finish
 *   6. destroy
 *
 * Rules for every call, unless its comment says otherwise:
 *
 *   Ownership  A pipeline owns an item from the put that returned WEIR_OK, or from the emit. A put that fails leaves
 *              the item with the caller. Each item ends in exactly one way, once, and the report counts it there:
 *                done           the function of its stage returned 0 for it, or is a func
 *                dead-lettered  given up after its last attempt, and put into a dead letter
 *                failed         given up after its last attempt, or lost on its way, with an error in the report, and
 *                               given to the drop function
 *                dropped        given to the drop function because the pipeline was cancelled, and for no other
 *                               reason
 *              The drop function is that of the stage that holds the item. Options, and the names in them, may be
 *              freed once the call has returned. `arg`, and everything else that options point to, must live until
 *              the pipeline is destroyed.
 *   Threads    Every call is thread-safe and may run concurrently with any other, except for four. Add, connect and
 *              start must come first, from one thread. Destroy must be the last call.
 *   Callbacks  A callback is a function that the program gives to the pipeline: a stage's function, init, fini, drop,
 *              weigh, key, route, copy or when. Callbacks run with no lock held. The callbacks of a stage run in
 *              several threads at once.
 *              A callback must not end its thread. If a stage's function does (pthread_exit), the run is WEIR_FAILED,
 *              regardless of the stage's on_error, by an error of the stage with code -WEIR_UNFINISHED. There is no
 *              further attempt and no dead letter. The item in hand, or each item of the batch, goes to the stage's
 *              drop function and counts as failed; of a source, the call does. All other items end as in a cancel. A
 *              run that was cancelled before keeps its outcome.
 *              A callback may make any call, on its own pipeline too, while the pipeline runs or is being finished,
 *              cancelled or destroyed.
 *              A call that would wait for the thread that makes it returns WEIR_DEADLOCK. These calls are wait,
 *              finish (after it has begun the end) and destroy, in every callback and in a stream that show writes
 *              to. A put without a deadline is another one, if there is no room. All other calls behave there as
 *              elsewhere. Calls with a task are for the stage's function, and for callbacks within its calls.
 *   Exceptions No C++ exception may leave a callback. If one does, std::terminate is called on the stack of the
 *              throw, in its thread. Nothing has been unwound then, no lock is held, and no item is lost. The
 *              terminate handler may make every call that the callback may make, weir_pipeline_report among them.
 *   Cancelling No call is a cancellation point (pthread_cancel). Neither are the callbacks that it calls and the
 *              streams that it writes to. A cancellation request stays pending until the call has returned.
 *   NULL       A NULL pipeline or task, or NULL for a result pointer or a required function, has no effect. The call
 *              returns WEIR_INVALID, or 0, false or NULL if it returns no status. weir_pipeline_cancel_fd and
 *              weir_task_stop_fd return -1, weir_task_deadline returns WEIR_NEVER, and weir_task_fail returns its
 *              `code`.
 *
 * Times are nanoseconds. WEIR_MILLISECOND and WEIR_SECOND are one millisecond and one second.
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

/* A stage of a pipeline, for weir_pipeline_connect. The pipeline owns it. */
typedef struct weir_stage weir_stage;

/* The current call of a stage's function. Valid until the function returns, in its thread only. */
typedef struct weir_task weir_task;

#define WEIR_MILLISECOND UINT64_C(1000000)
#define WEIR_SECOND UINT64_C(1000000000)

/* ---- the options of a stage ---- */

/* The return code of a source that has no more items. No error may have this code. */
#define WEIR_END (-1000)

/*
 * The full form of a stage's function. `state` is the stage's `arg` or, with an init function, this thread's own
 * state.
 *
 * Returns 0 if the item is done. The item then belonged to the function, to free or to emit as a result. Returns a
 * code other than 0 if the attempt has failed. The item must then be unchanged, and belongs to the pipeline again. A
 * function that has emitted its own item must return 0.
 *
 * Codes above 0 are the program's own: errno values, HTTP statuses or any other number. Codes below 0 are weir's:
 * each is a negated weir_status. A batch fails as a whole.
 *
 * If the pipeline is cancelled during the call, an item that fails is dropped, regardless of the code.
 *
 * A source is called repeatedly, with NULL for `item`, and emits the items that it produces. It returns 0 to be
 * called again, or WEIR_END to end the source: then none of its threads calls it again. An error that is not retried
 * (see weir_retry) ends the source too.
 */
typedef int weir_task_func(weir_task *task, void *item, void *state);

/*
 * The full form for a stage that takes several items at once. The array belongs to weir and is valid during the call.
 */
typedef int weir_batch_func(weir_task *task, void *const *items, size_t count, void *state);

/*
 * Returns the key of an item, or the route of a result. `arg` is the stage's. Every value is a valid key;
 * weir_fan_out states the valid routes.
 */
typedef uint64_t weir_key_func(const void *item, void *arg);

/*
 * Returns the weight of an item, in bytes. Every value is valid. An item of weight 0 takes nothing of a budget. An
 * item over the whole budget is admitted once the pipeline is empty, and completes a batch.
 */
typedef uint64_t weir_weigh_func(const void *item, void *arg);

/*
 * Returns the result for one more successor: a copy of `item`, or `item` itself with a reference added. Returns NULL
 * if the copy fails. Then no successor gets the result. The result and the copies made so far go to the drop
 * functions of their destinations. The item that they come from counts as failed. The stage has an error with code
 * -WEIR_NOMEM, which ends the run or is skipped, depending on its on_error. Not called for a NULL result: its copies
 * are NULL.
 */
typedef void *weir_copy_func(void *item, void *arg);

/* Returns whether an error with this code may be temporary. `arg` is the stage's. */
typedef bool weir_retry_func(int code, void *arg);

/*
 * The distribution of a stage's results over several successors. A single successor gets all results.
 *
 * A choice that is not the number of a successor is an error of the stage, with code -WEIR_INVALID. The result goes
 * to the drop function of the successor connected first, and its item counts as failed. With WEIR_BY_KEY, each
 * successor gets its share of the keys, whichever bits the keys differ in.
 */
typedef enum weir_fan_out {
    WEIR_ROUND_ROBIN = 0, /* to each successor in turn */
    WEIR_BY_KEY = 1,      /* by `route`: results with equal keys go to the same successor, and so stay in order */
    WEIR_BY_CHOICE = 2,   /* by `route`: it returns the number of the successor, 0 for the one connected first */
    WEIR_TO_ALL = 3       /* to all successors: the first one gets the result, each other one a copy made by `copy` */
} weir_fan_out;

/*
 * The effect of a failed last attempt on the run. The item is given up in both cases, with a dead letter if the stage
 * has a `dead` queue.
 */
typedef enum weir_on_error {
    WEIR_FAIL_FAST = 0, /* the pipeline is cancelled, and finish returns WEIR_FAILED */
    WEIR_SKIP = 1       /* the other items go on */
} weir_on_error;

/*
 * An entry of a `dead` queue: an item that was given up, and the reason. A failed batch makes a letter for each of
 * its items. The letters come in the order in which the items were given up. The reader owns the item, and frees the
 * letter with weir_dead_letter_free. If the queue does not take the letter, the item goes to its stage's drop
 * function.
 *
 * Stages of one pipeline may share a `dead` queue. Pipelines must not: the first one that ends shuts the queue down.
 *
 * For `dead` and `results` queues alike:
 *
 * - A stage blocks while the queue is full. The queue should be unbounded, or be read during the run.
 * - Finish and cancel shut the queue down with WEIR_DRAIN, so that a loop of gets ends. A start that fails may leave
 *   it open.
 * - Entries that are never read go to the queue's own drop function (weir_queue_options). The drop function of a
 *   `dead` queue must free the letter and its item. Without a drop function they are not freed.
 * - Nothing joins the queue, so weir_queue_task_done is optional.
 * - If a reader shuts the queue down before the pipeline does, the next put there is an error of the stage with code
 *   -WEIR_CLOSED. The error ends the run or is skipped, depending on the stage's on_error. The item counts as failed.
 *   It goes to the drop function of its stage; a result goes to the drop function of the queue.
 */
typedef struct weir_dead_letter {
    void *item;          /* as the stage received it */
    const char *stage;   /* name of the stage; owned by the letter */
    int code;            /* of the last attempt; below 0: a negated weir_status, from weir itself */
    const char *message; /* reason, from weir_task_fail or weir itself; "" if none; owned by the letter */
    unsigned attempts;   /* attempts made */
} weir_dead_letter;

/* Frees the letter, but not its item. NULL has no effect. */
WEIR_API void weir_dead_letter_free(weir_dead_letter *letter);

/*
 * The retries of an item. If `attempts` is 0 or 1 there are none, whatever else is set. Back-off occupies neither a
 * worker nor a queue slot; any free worker makes the next attempt. With back-off or without, the item is requeued
 * behind all items queued then and before later ones, so that neither starves the other. In an ordered stage it is
 * requeued at the front. Requeued items may exceed the queue's capacity. Jitter: each delay is 50 to 100% of the
 * values below.
 */
typedef struct weir_retry {
    unsigned attempts;     /* maximum per item, the first one included; 0 and 1 disable retries */
    uint64_t backoff;      /* ns before the second attempt; doubled before each further one; 0 retries at once */
    uint64_t max_backoff;  /* maximum delay, in ns; 0 selects one minute */
    weir_retry_func *when; /* selects the codes to retry, weir's own included; NULL selects all */
} weir_retry;

/*
 * The limits of a batch. A batch is complete when it reaches one of them, or when its input ends. 0 disables a limit.
 * At least one of `items` and `bytes` is required.
 */
typedef struct weir_batch {
    size_t items;           /* number of items */
    uint64_t bytes;         /* total weight, by `weigh` */
    weir_weigh_func *weigh; /* required for `bytes`; its `arg` is the stage's */
    uint64_t wait;          /* ns since the first item of the batch arrived */
} weir_batch;

/*
 * The options of a stage. Members that an initialiser does not name are zero, and zero selects the default of each. A
 * stage requires a name and exactly one of func, run, run_batch and source. With init, these four and fini receive
 * its state instead of `arg`.
 *
 * An ordered stage emits results in input order: the order in which its items entered its queue. An item that is
 * given up leaves no gap. An item in back-off holds up the results of the items behind it (head-of-line blocking). If
 * an ordered func feeds only one stage, and nothing else feeds that stage, order is restored once, after the second
 * stage. The second stage must be ordered and have several threads and no per_key. A slow item then blocks the others
 * in neither stage.
 *
 * Items that wait for their key (per_key) block no worker.
 */
typedef struct weir_stage_options {
    const char *name;           /* of the stage and its threads; copied; must be unique in the pipeline */
    weir_worker_func *func;     /* simple form: its return value is the only result, NULL included; cannot fail */
    weir_task_func *run;        /* full form: emits any number of results, and can fail */
    weir_batch_func *run_batch; /* full form for batches */
    weir_task_func *source;     /* produces items; has no input */
    void *arg;                  /* argument of every callback of this stage */
    weir_worker_init *init;     /* makes per-thread state (weir/stoppable_worker.h); NULL disables it */
    weir_worker_fini *fini;     /* undoes init, in each thread, at its end; NULL disables it */
    size_t threads;             /* threads that call the function; 0 selects 1 */
    size_t stack_size;          /* bytes per thread; 0 selects the system's default */
    size_t capacity;            /* items in the input queue; 0 selects 64; WEIR_UNBOUNDED disables the bound */
    weir_drop_func *drop;       /* frees an item of this stage that is not done; NULL leaves the item unfreed */

    bool ordered;         /* emits results in input order, with any number of threads */
    weir_fan_out fan_out; /* distribution of the results over several successors */
    weir_key_func *route; /* of a result; required for WEIR_BY_KEY and WEIR_BY_CHOICE */
    weir_copy_func *copy; /* of a result; required for WEIR_TO_ALL */
    weir_batch batch;     /* limits of a batch, for run_batch */

    double rate;        /* maximum calls per second, by all threads together; a batch counts by its items;
                           0 disables the limit */
    size_t burst;       /* maximum calls at once after a pause; 0 selects 1 */
    weir_key_func *key; /* of an item; required for per_key */
    size_t per_key;     /* maximum items with the same key in the function or in back-off; 1 runs them in input
                           order; 0 disables the limit */

    weir_on_error on_error; /* effect of a failed last attempt on the run */
    weir_retry retry;       /* further attempts at an item that has failed */
    uint64_t attempt_time;  /* ns after which an attempt is reported as overdue, not interrupted; 0 disables this */
    weir_queue *dead;       /* the caller's; receives a weir_dead_letter * for each item given up; NULL: the item goes
                               to the drop function */
    weir_queue *results;    /* the caller's; receives the results of a stage with no successor (see weir_dead_letter);
                               NULL: they are ignored */
    void *reserved[4];      /* all NULL */
} weir_stage_options;

/* ---- declaring ---- */

/*
 * The options of a pipeline. Zero selects the default of each member.
 *
 * max_items and max_bytes limit the items in flight. They count each item that was put, or emitted by a source, until
 * everything made of it has retired. An item counts once its put or emit has admitted it: memory that it has
 * allocated before, while the put or emit blocks, is not in the budget. For a strict bound, put small items that
 * state their weight, and allocate in the next stage.
 *
 * The trace is Chrome trace-event JSON, with a row for each worker. weir_pipeline_start and the workers write it. The
 * finish or destroy that ends the run starts a thread, which writes the end of the trace and flushes it. The stream
 * is the caller's. It must stay open until weir_pipeline_finish returns a status other than WEIR_BUSY and
 * WEIR_DEADLOCK, or weir_pipeline_destroy returns WEIR_OK.
 */
typedef struct weir_pipeline_options {
    const char *name;       /* for reports; copied */
    size_t max_items;       /* maximum in-flight items; 0 disables the limit, but see weir_pipeline_start */
    uint64_t max_bytes;     /* maximum weight in flight; an item over the limit is admitted once the pipeline is empty;
                               0 disables the limit */
    weir_weigh_func *weigh; /* called once for each item that is put or produced; required for max_bytes */
    void *weigh_arg;        /* argument of weigh */
    size_t max_errors;      /* errors kept in a report; 0 selects 100 */
    uint64_t grace;         /* ns in which functions must return after a deadline or a cancel; 0 selects 100 ms */
    FILE *trace;            /* the caller's; NULL disables the trace */
    void *reserved[4];      /* all NULL */
} weir_pipeline_options;

/*
 * Creates a pipeline with no stages. The caller frees it with weir_pipeline_destroy. NULL options select all
 * defaults.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if max_bytes is set without weigh, or a reserved member is not NULL
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_create(weir_pipeline **pipeline, const weir_pipeline_options *options);

/*
 * Adds a stage. `stage` may be NULL; only connect requires it. A stage that cannot work is refused, with a
 * weir_pipeline_message, and start then fails too: a program may check the status of start alone. Refused are:
 *
 * - no name, or the name of another stage
 * - none or several of func, run, run_batch and source
 * - a func with retries or dead letters, because it cannot fail
 * - a source with ordered, per_key or dead letters, because it has no input
 * - limits of a batch without run_batch, or run_batch without batch.items and batch.bytes
 * - run_batch with per_key; or an ordered run_batch with more than one thread, retries or batch.wait
 * - per_key without key, or batch.bytes without weigh
 * - a rate below 0 or above 1e9
 * - a fan_out or on_error that is not a member of its enum
 * - a reserved member that is not NULL
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the stage is refused, or the pipeline is started
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_add(weir_pipeline *pipeline, weir_stage **stage, const weir_stage_options *options);

/*
 * Sends the results of stage `from` to stage `to`. Several connections from a stage are a fan-out, several to a stage
 * a fan-in. Without any connection the stages form a chain, in the order in which they were added. If a connection is
 * refused, start fails too.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if a stage is not of this pipeline, the two are connected already, or the pipeline is started
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_connect(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);

/* ---- running ---- */

/*
 * Checks the stages and starts their threads. Refused, with a message that names the stage, are:
 *
 * - a pipeline with no stages
 * - a second entry stage: a stage, other than a source, with no upstream stage
 * - a cycle
 * - a connection to a source
 * - a fan-out without its route or copy
 * - results of a stage that has a successor, or a results queue that is also a dead queue
 * - a batch that could not fill
 * - more threads, or a larger capacity, than memory can address
 *
 * If a thread cannot be started, or an init fails, the threads started so far are stopped and joined. After a failed
 * start no thread is left running, and the pipeline can only be destroyed.
 *
 * A pipeline with an ordered stage or a per_key limit may hold back any number of items behind a slow one. If its
 * options say 0, it therefore has an automatic max_items: the sum of all capacities and threads, and of the items
 * that incomplete batches hold. An unbounded queue counts as 64.
 *
 * Every batch can fill. The incomplete batches of all stages together hold at most this many items: of each batch
 * stage (batch.items - 1), times the batch.items of each batch stage upstream. Of several paths to a stage, the one
 * with the greatest product counts. max_items must exceed that number, regardless of batch.wait.
 *
 * A batch with `bytes` and no `items` is refused under the automatic max_items. Under a max_items in the options,
 * such a stage and every batch stage downstream of it must have a batch.wait, of at most one minute. Under max_bytes
 * every batch stage must have one: the weights decide whether its batches fill. A batch.items of 1 needs no
 * batch.wait.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID     if the pipeline is refused, or started already
 *   WEIR_NOMEM       if out of memory
 *   WEIR_NOTHREAD    if the system creates no thread
 *   WEIR_INITFAILED  if an init fails
 */
WEIR_API weir_status weir_pipeline_start(weir_pipeline *pipeline);

/*
 * Returns why the last refused call of this thread was refused, as one line of English. It names the stage, the
 * member and its value, and states in bytes the memory that was not available. Returns "" if no call was refused. Any
 * thread may call it at any time.
 *
 * A call is refused if it returns WEIR_INVALID, WEIR_NOMEM, WEIR_NOTHREAD, WEIR_INITFAILED or WEIR_DEADLOCK. The
 * message covers create, add, connect, start, put (in its forms), wait, cancel, finish, destroy, report, show and
 * end_on. Any other status has no message, and leaves that of an older refusal. The report says why a run has failed.
 *
 * With NULL, the message is that of a create, which leaves no pipeline, or of a call on a NULL pipeline. If the last
 * refusal of this thread was not of this pipeline, the message is that of the last refused add, connect or start. A
 * success does not clear it; a successful create clears that of NULL. It is valid in this thread until the next
 * refusal there, and until destroy.
 */
WEIR_API const char *weir_pipeline_message(const weir_pipeline *pipeline);

/*
 * Puts an item into the entry stage: the stage, other than a source, with no upstream stage. Blocks while a limit is
 * reached or the entry queue is full. Unblocks when there is room or the pipeline is finished or cancelled. Callers
 * blocked by a limit are admitted in FIFO order. In a callback it does not block. If the put fails, the item stays
 * the caller's.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED    if the pipeline is finishing, cancelled or over
 *   WEIR_DEADLOCK  if called in a callback, and there is no room
 *   WEIR_INVALID   if the pipeline is not started, or has no entry stage
 *   WEIR_NOMEM     if out of memory
 */
WEIR_API weir_status weir_pipeline_put(weir_pipeline *pipeline, void *item);

/*
 * Puts an item like weir_pipeline_put, but blocks no longer than until `deadline`. In a callback it blocks too,
 * unless `deadline` is WEIR_NEVER. Also returns WEIR_TIMEDOUT if the deadline passes first.
 */
WEIR_API weir_status weir_pipeline_put_until(weir_pipeline *pipeline, void *item, weir_deadline deadline);

/*
 * Puts `count` items in order, like weir_queue_put_many. Always sets `*put` to the number of items that are in the
 * pipeline; the rest stay the caller's. A count of 0 returns WEIR_OK. Also returns WEIR_INVALID if `put` is NULL, or
 * if `items` is NULL and `count` is not 0.
 */
WEIR_API weir_status weir_pipeline_put_many(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put);

/*
 * Puts items like weir_pipeline_put_many, but blocks no longer than until `deadline`, for all of them together. If
 * the deadline has passed already, the call tries once. Also returns WEIR_TIMEDOUT if the deadline passes first; the
 * first `*put` items are in the pipeline then.
 */
WEIR_API weir_status weir_pipeline_put_many_until(weir_pipeline *pipeline, void *const *items, size_t count,
                                                  size_t *put, weir_deadline deadline);

/*
 * Blocks until every source has ended by itself, or the pipeline is finished or cancelled. Call it before finish,
 * which ends the sources in the middle of their work. Items that they have produced may still be in flight; finish
 * waits for them. Without a source it returns at once.
 *
 * Returns
 *   WEIR_OK         if every source has ended by itself
 *   WEIR_CLOSED     if a call or a signal began the finish first; every later call returns it too
 *   WEIR_CANCELLED  if the pipeline is cancelled, by a call or an error
 *   WEIR_TIMEDOUT   if the deadline passes first
 *   WEIR_DEADLOCK   if called in a callback
 *   WEIR_INVALID    if the pipeline is not started
 */
WEIR_API weir_status weir_pipeline_wait(weir_pipeline *pipeline, weir_deadline deadline);

/*
 * Drains the pipeline and ends the run. Puts fail from now on; blocked puts fail at once. Sources are not called
 * again (see weir_pipeline_wait). All in-flight items are completed, retries included; incomplete batches run at
 * once.
 *
 * At the deadline the pipeline is cancelled, and a separate thread drops the remaining items. If the system creates
 * no thread, the calling one drops them, and returns after the drops. The same holds for the end of a trace. If
 * nothing is in flight, a deadline that has passed already suffices.
 *
 * Running functions then have `grace` to return. These are the functions of the stages, init, fini, drop and the
 * other callbacks, destructors of thread-specific data, and a stream that accepts nothing. Then the threads are
 * joined, and the `results` and `dead` queues are shut down with WEIR_DRAIN, so that loops that read them end. A
 * cancel shuts these queues down at once. After the join, the caller may read all data that the functions of the
 * stages have written.
 *
 * `report` may be NULL. Otherwise each call sets `*report`: to a report, which the caller frees; or to NULL, with
 * WEIR_INVALID or if out of memory.
 *
 * Several threads may call it. All of them block, and the earliest deadline counts. If functions have not returned
 * `grace` after it, all calls return WEIR_BUSY. When the run is over, each further call returns the same status
 * again. In a callback it does not block: puts are refused, sources stop, and another thread must make the call that
 * waits for the end.
 *
 * Returns
 *   WEIR_OK         if all items are done, or failed or dead-lettered where errors are skipped, and none was dropped
 *   WEIR_FAILED     if an error has ended the run; it is the first one in the report, marked as `fatal`
 *   WEIR_CANCELLED  if the pipeline was cancelled, by a call or a second signal
 *   WEIR_TIMEDOUT   if the deadline, or the `drain` of weir_pipeline_end_on, passed and items were dropped
 *   WEIR_BUSY       if functions have not returned. The report names each in `late`, with its place. A further call
 *                   waits again: after a cancel, for another `grace`, whatever its deadline
 *   WEIR_DEADLOCK   if called in a callback; the end has begun
 *   WEIR_INVALID    if the pipeline is not started
 *   WEIR_NOMEM      if the run is over, but out of memory for the report
 */
WEIR_API weir_status weir_pipeline_finish(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report);

/*
 * Drops all in-flight items. Ends every wait in a put, an emit, a back-off or for a rate at once, makes the cancel_fd
 * readable, and shuts the `results` and `dead` queues down with WEIR_DRAIN. Each item goes to its drop function, in
 * this thread or a worker's. An item inside a function is dropped when the function returns, unless it returns 0.
 * Does not wait for the functions; finish does. Callbacks may call it, drop functions too. A second call has no
 * effect.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the pipeline is not started
 */
WEIR_API weir_status weir_pipeline_cancel(weir_pipeline *pipeline);

/*
 * Returns a file descriptor that becomes readable when the pipeline is cancelled, for a function's own poll. In a
 * thread of a source, its init included, the descriptor becomes readable when the pipeline is finishing, too: see
 * weir_task_stop_fd. The caller must neither read nor close it. It lives as long as the pipeline.
 *
 * A pipeline has no descriptors before the first call, and at most two: for cancelling and for finishing. On a system
 * without eventfd each takes one more. They are above 2 and closed on exec. Each is the same at every call. After the
 * cancel, a new descriptor is readable at once.
 *
 * Returns -1 if the pipeline is NULL, or the system has no descriptors left; the next call tries again.
 */
WEIR_API int weir_pipeline_cancel_fd(const weir_pipeline *pipeline);

/*
 * Frees a pipeline that is over, or was never started. Cancels a running pipeline first, and waits up to `grace` for
 * it. NULL is allowed and has no effect.
 *
 * Returns WEIR_OK, or
 *   WEIR_BUSY      if functions have not returned; the pipeline is still there. Call again when they have returned
 *   WEIR_DEADLOCK  if called in a callback; the call has no effect
 */
WEIR_API weir_status weir_pipeline_destroy(weir_pipeline *pipeline);

/* ---- calls of a stage's function ---- */

/*
 * Passes a result on to the next stage, as fan_out says, or from a stage with no successor to its `results` queue.
 * Takes the result in every case: after a cancel, it goes to the drop function of its destination. Without a
 * successor and a `results` queue it is ignored. A NULL task has no effect.
 *
 * Blocks while there is no room, until there is or the pipeline is cancelled. In a source, the limits of the pipeline
 * block it too. In an ordered stage it does not block: the results leave after the function has returned, in their
 * item's turn.
 *
 * Results emitted by an attempt that then fails stay emitted, and the next attempt may emit them again: emit last. In
 * an ordered stage they go to the drop function of their destination. If out of memory, the result goes to the drop
 * function of its destination, and the attempt fails with code -WEIR_NOMEM. If the function returns 0 all the same,
 * it has consumed its item, which counts as failed, without a dead letter.
 */
WEIR_API void weir_task_emit(weir_task *task, void *result);

/*
 * Records why the attempt fails, formatted as printf does; at most 255 bytes are kept. Returns `code`, for the
 * function to return. A NULL `format` leaves no message.
 */
WEIR_API int weir_task_fail(weir_task *task, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/*
 * Delays the next attempt, if this one fails and is retried, by at least `delay` ns, as a server's Retry-After
 * demands. A longer back-off counts instead. The delay has no jitter, and max_backoff does not limit it. It applies
 * to this attempt only; the last call counts, and 0 withdraws it. The item waits as in a back-off; a source waits in
 * its thread.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the task is NULL, or the stage's retry has no second attempt or no back-off
 */
WEIR_API weir_status weir_task_retry_after(weir_task *task, uint64_t delay);

/*
 * Returns the number of this attempt at the item, from 1. In a source, returns the number of calls of this thread
 * that have failed in a row, plus 1.
 */
WEIR_API unsigned weir_task_attempt(const weir_task *task);

/*
 * Returns whether the pipeline is cancelled. A function that takes long should check it, or poll weir_task_stop_fd,
 * and return a code other than 0: the item then counts as dropped, not as failed. With 0 it counts as done.
 *
 * In a source it also returns true when the pipeline is finishing. The source should then return, and is not called
 * again. After weir_task_cancelled returned true in a source, the return code of that call is ignored. If a source
 * fails without having checked, the failure counts.
 */
WEIR_API bool weir_task_cancelled(weir_task *task);

/*
 * Returns a file descriptor that becomes readable when weir_task_cancelled becomes true for this stage: at a cancel,
 * and for a source also when the pipeline is finishing. A source that blocks in poll adds this descriptor, then calls
 * weir_task_cancelled, and returns. Otherwise like weir_pipeline_cancel_fd.
 */
WEIR_API int weir_task_stop_fd(weir_task *task);

/*
 * Returns when this attempt is overdue, by the stage's attempt_time; WEIR_NEVER without one. An emit that blocks
 * postpones it.
 */
WEIR_API weir_deadline weir_task_deadline(const weir_task *task);

/* The reason why a batch is complete: one of its limits, or the end of its input. */
typedef enum weir_batch_reason {
    WEIR_BATCH_ITEMS = 1,
    WEIR_BATCH_BYTES = 2,
    WEIR_BATCH_TIME = 3,
    WEIR_BATCH_END = 4
} weir_batch_reason;

/* Returns the reason why this batch is complete; 0 outside a batch stage. */
WEIR_API weir_batch_reason weir_task_batch_reason(const weir_task *task);

/* Returns the pipeline of the task: to cancel it, to finish it, or for its cancel_fd. */
WEIR_API weir_pipeline *weir_task_pipeline(const weir_task *task);

/* ---- observing ---- */

/*
 * Makes a report of this instant (weir/report.h), which the caller frees. Stops no thread.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if an argument is NULL
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_report(weir_pipeline *pipeline, weir_report **report);

/*
 * Shows the progress on `stream` until the run is over. A terminal gets a live view, with a line for each stage and a
 * bar; any other stream gets a plain line now and then. `total` is the number of items to expect; 0 if unknown, which
 * disables the remaining time. Allowed once for each pipeline, after start. A thread of its own draws, and ends with
 * the pipeline.
 *
 * The stream is the caller's. It must stay open until weir_pipeline_finish returns a status other than WEIR_BUSY and
 * WEIR_DEADLOCK, or weir_pipeline_destroy returns WEIR_OK.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID   if the pipeline is not started, finishing or over, or shown already
 *   WEIR_NOMEM     if out of memory
 *   WEIR_NOTHREAD  if the system creates no thread
 */
WEIR_API weir_status weir_pipeline_show(weir_pipeline *pipeline, FILE *stream, uint64_t total);

/*
 * Ends the run when one of these signals arrives. The first signal finishes the pipeline: puts and sources stop, and
 * items still in flight after `drain` ns are cancelled. The second signal cancels the pipeline. Allowed once for each
 * pipeline, after start.
 *
 * No handler is installed. The signals must be blocked in this thread before any other thread is created, so that
 * they are blocked in all threads. Afterwards, and for a third signal, they are still blocked: a program that wants a
 * signal to end it unblocks that signal.
 *
 * Several pipelines may end on the same signals. One thread of the library waits for the signals of all pipelines,
 * and notifies each pipeline that asked for the signal that arrived. So the first signal finishes all of them, and
 * the second cancels all. A thread of each pipeline does the rest, and ends with it. The waiting thread ends when no
 * pipeline is left. A signal that no pipeline takes any more is left to the process.
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
 * All in-flight items are completed, even before a call of finish. If a signal has ended the run and all items were
 * completed in time, finish returns WEIR_OK. After a second signal it returns WEIR_CANCELLED, and after `drain`
 * WEIR_TIMEDOUT. The report has the first signal.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID   if the pipeline is not started, finishing or over, or this is the second call. Also if `count` is
 *                  0 or more than 64, or a signal does not exist, is not blocked in this thread, or is caused by a
 *                  thread itself, as SIGSEGV is
 *   WEIR_NOMEM     if out of memory
 *   WEIR_NOTHREAD  if the system creates no thread
 */
WEIR_API weir_status weir_pipeline_end_on(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PIPELINE_H */
