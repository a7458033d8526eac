/*
 * weir/pipeline.h - declares and runs pipelines: stages, connected by bounded queues.
 *
 * A stage has a function and a bounded input queue. Threads call the function: the stage's own threads, or those of the
 * crew, a thread pool that all pipelines of the process share. The program puts items into the first stage, the entry
 * stage. A source is a stage without input: its function produces items. The results of a stage are the items of the
 * next stage. The program declares the stages. weir provides the queues and threads, back-pressure, limits, retries,
 * order and shutdown.
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
 *         free_url(item, NULL);                            // before it returns 0, the function frees or emits its item
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
 *     downloads.work.run = download;
 *     downloads.threads.count = 8;
 *     downloads.input.drop = free_url;
 *     downloads.errors.on_error = WEIR_SKIP;
 *     downloads.errors.retry.attempts = 3;
 *     downloads.errors.retry.backoff = 100 * WEIR_MILLISECOND;
 *     downloads.errors.retry.when = is_temporary;
 *     thumbnails.name = "resize";
 *     thumbnails.work.func = resize;
 *     thumbnails.threads.count = 2;
 *     thumbnails.input.drop = free_image;
 *     if (weir_queue_create(&dead_letters, WEIR_UNBOUNDED) != WEIR_OK)
 *         stop_with("no memory");
 *     downloads.errors.dead = dead_letters;
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
 *   4. put items; or let a source emit them, and wait for its end
 *   5. finish, which completes all in-flight items; or cancel, which drops them, and then finish
 *   6. destroy
 *
 * Rules for every call, unless its comment says otherwise:
 *
 *   Ownership  Each put or feed that returns WEIR_OK passes an item to the pipeline, and so does each emit. If a put or
 *              a feed fails, the caller still owns the item. Each item ends exactly once, in one of four ways, which
 *              the report counts separately:
 *                done           the func has returned; or the run or run_batch has returned 0; or the item's operation
 *                               (weir/operation.h) was finished with code 0
 *                dead-lettered  given up after its last attempt, and put into a dead letter
 *                failed         given up without a dead letter; or its result could not be delivered. The item or the
 *                               result goes to a drop function, and the error into the report
 *                dropped        given to the drop function only because the pipeline was cancelled
 *              The stage that holds the item determines the drop function. Once a call has returned, the caller may
 *              free the options that it passed, and the names in them. `arg`, and everything else that options point
 *              to, must live until the pipeline is destroyed.
 *   Threads    All calls are thread-safe and may run concurrently, with a few exceptions. The add, connect and start
 *              calls must come first, from one thread. Destroy must be the last call.
 *   Callbacks  A callback is a function that the program gives to the pipeline: a stage's function (func, run,
 *              run_batch or source), init, at_end, fini, abort, wait, on_stall, drop, weigh, key, route, copy, when or
 *              settled. Callbacks run with no lock held. Several threads may run the callbacks of a stage concurrently.
 *              A callback must not end its thread (pthread_exit). If a stage's function ends its thread, the run fails
 *              with WEIR_FAILED, regardless of the stage's on_error. The stage then has an error with code
 *              WEIR_CODE(WEIR_UNFINISHED). The item in hand, or each item of the batch, goes to the stage's drop
 *              function and counts as failed. It gets no further attempt and no dead letter. If the function is a
 *              source or an at_end, the call counts as failed. All other items end as in a cancel. If the run was
 *              cancelled before, its outcome does not change.
 *              A callback may make calls on any pipeline. For its own pipeline, there are three exceptions. The same
 *              exceptions hold in a write to the stream of show:
 *                - The calls wait, wait_idle, destroy and finish would wait for the thread that makes them. They return
 *                  WEIR_DEADLOCK. Such a finish begins the end of the run nevertheless.
 *                - A put without a deadline returns WEIR_DEADLOCK if there is no room.
 *                - The calls pause, resume, set_rate and set_threads return WEIR_INVALID until start has returned.
 *              Calls with a task are allowed only in the stage's function, and in callbacks that run within its call.
 *   Exceptions No C++ exception may leave a callback. If one does, std::terminate is called in the throwing thread,
 *              before its stack is unwound. At that time no lock is held, and no item is lost. The terminate handler
 *              may make every call that the callback may make, such as weir_pipeline_report.
 *   Cancelling No call is a cancellation point (pthread_cancel). Callbacks and writes to streams within a call are
 *              not cancellation points either. A cancellation request stays pending until the call has returned.
 *   NULL       A call has no effect if its pipeline, its task, an output pointer or a required function is NULL. It
 *              then returns WEIR_INVALID; a call without a status returns 0, false or NULL. Some calls differ:
 *              weir_pipeline_cancel_fd and weir_task_stop_fd return -1, weir_task_deadline returns WEIR_NEVER,
 *              weir_task_fail returns its `code`, or WEIR_CODE(WEIR_FAILED) for 0, and weir_pipeline_destroy of NULL
 *              returns WEIR_OK.
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
#include <weir/priority.h>
#include <weir/report.h>
#include <weir/status.h>
#include <weir/stoppable_worker.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_pipeline weir_pipeline;

/*
 * A stage of a pipeline: an argument of the connect calls, of weir_task_feed, and of the calls that pause or tune a
 * stage. The pipeline owns it.
 */
typedef struct weir_stage weir_stage;

/* The current call of a stage's function. Valid only in the thread that runs the function, until it returns. */
typedef struct weir_task weir_task;

#define WEIR_MILLISECOND UINT64_C(1000000)
#define WEIR_SECOND UINT64_C(1000000000)

/*
 * The number of an operation: work on an item that goes on after the stage's function has returned (weir/operation.h).
 * The number fits in the 64-bit user data of an event loop. 0 is no operation.
 *
 * Calls return WEIR_INVALID for the number of a finished operation, and of another pipeline's operation. This check has
 * two limits. A number is used again after 2^40 further operations at the earliest. The number of another pipeline's
 * operation is mistaken for a valid one with a probability of at most 2^-40.
 */
typedef uint64_t weir_operation;

/* ---- the options of a stage ---- */

/*
 * The return code of a source that has no more items. If any other function returns it, the attempt fails with code
 * WEIR_CODE(WEIR_INVALID).
 */
#define WEIR_END WEIR_CODE(255)

/*
 * The full form of a stage's function: processes one item. `state` is the stage's `arg`; with init, `state` is the
 * state that init has made for this thread.
 *
 * During the call, the function owns the item. Returns 0 if the item is done. The function must free or emit the item
 * before it returns 0. Exception: `settled` may free the item instead (weir_settled_func). Returns another code if the
 * attempt has failed. The pipeline then owns the item again, so the item must be fit for the next attempt and the drop
 * function. A function that has emitted its own item must return 0.
 *
 * Codes are the program's own: errno values, HTTP statuses, -1 or any other number. Errors from weir itself have the
 * code WEIR_CODE(status).
 *
 * If the pipeline is cancelled during the call and the attempt fails, the item is dropped, regardless of the code.
 *
 * A source is called repeatedly, with NULL for `item`, and emits the items that it produces. A source returns 0 to be
 * called again, or WEIR_END to end. After WEIR_END no thread calls the source again. Any other code means that the call
 * has failed. If the source has no retries left, and its on_error is not WEIR_SKIP, the run fails. Otherwise the thread
 * waits for the back-off, and calls the source again. The back-off doubles with each consecutive failure in this
 * thread.
 */
typedef int weir_task_func(weir_task *task, void *item, void *state);

/*
 * The full form of a stage's function for batches: processes `count` items. The array belongs to weir and is valid
 * during the call. The return code holds for all items of the batch. With weir_task_fail_item, a function that returns
 * 0 may fail single items.
 */
typedef int weir_batch_func(weir_task *task, void *const *items, size_t count, void *state);

/*
 * Called once at the end of each thread of a stage, after the thread's last item and before fini. `state` is as for the
 * stage's function. An at_end may emit results: a fold emits its sum, a writer its trailer. Every at_end of a stage
 * returns before the input of the next stage ends.
 *
 * Each result of an at_end counts as a new item: as put into the pipeline, and as done in this stage. In an ordered
 * stage, these results follow the results of all items. If a thread leaves an elastic stage during the run, its at_end
 * is called at once, and the results are in no particular order.
 *
 * Returns 0, or another code if the call has failed. A failed at_end is not called again. The stage then has an error,
 * and on_error determines whether this error ends the run. at_end is not called after a cancel, such as that of a finish
 * at its deadline, nor in a thread that a function has ended (pthread_exit).
 */
typedef int weir_end_func(weir_task *task, void *state);

/*
 * Runs an event loop wherever the thread of the stage would block in the library. The stage has one thread, and its
 * operations belong to the loop (weir/operation.h). The thread starts operations in `run`, and finishes them in this
 * function. The function returns once one of these has happened, and may return earlier:
 *
 * - `fd` is readable. It becomes readable also when an operation is finished within the function
 * - `deadline` has passed. If `deadline` is 0, the function polls the loop and does not block
 *
 * The library owns `fd`. The function must poll it together with the loop's own descriptors, and must not read, write
 * or close it. All calls get the same `fd`. `state` is as for the stage's function.
 *
 * The thread blocks in the function when it can neither call `run` nor send a result. A busy thread calls the function
 * between two calls of `run`, with a `deadline` of 0: after 64 calls of `run`, or a millisecond after the previous such
 * call. While the calls of `run` are short, the thread checks the time only before every eighth. An emit that finds no
 * room calls the function within `run`, and may call abort there. So a `run` must complete its changes to the loop
 * before it emits.
 *
 * If the function ends its thread (pthread_exit), it is not called again, and the run fails. If it does so while the
 * thread waits for room for a result, this result is lost.
 */
typedef void weir_wait_func(int fd, weir_deadline deadline, void *state);

/* A stall: a call that has occupied the thread of a stage with work.wait for too long. */
typedef struct weir_stall {
    const char *stage; /* name of the stage */
    uint64_t held;     /* ns that the thread has run or slept in the call so far; excludes waits for a processor */
    bool computes;     /* true if the thread has mostly run; false if it has mostly slept */
    int system_call;   /* number of the system call that slept (syscall(2)); -1 if none or unknown */
} weir_stall;

/*
 * Called once for each stall, when a call has occupied the thread of the stage for errors.stall_time and still runs.
 * Calls of the stage's function count, and so do functions that the loop calls within the stage's wait. init and fini
 * do not count, because no operation waits for them.
 *
 * While `fd` is not readable, a wait may sleep in poll, select, epoll_wait, io_uring_enter or a variant of these. Such
 * a sleep does not count, nor does a sleep in an unknown system call. A sleep in any other system call counts.
 *
 * `state` is the stage's `arg`. Called in the timer thread; a slow function delays the other timers.
 */
typedef void weir_stall_func(const weir_stall *stall, void *state);

/* The reason to end an operation. */
typedef enum weir_abort_reason {
    WEIR_ABORT_CANCEL = 1, /* the pipeline was cancelled */
    WEIR_ABORT_LATE = 2    /* the attempt has taken longer than attempt_time, not counting waits in calls of weir */
} weir_abort_reason;

/*
 * Requests the end of an operation (weir/operation.h) whose function has returned. Called at most once for each reason.
 * The program must still finish the operation, in this call or later: until then, the item and its buffers belong to
 * the operation. Another thread may finish the operation before or during the call; further calls with the operation
 * then return WEIR_INVALID.
 *
 * `state` is the stage's `arg`. Called in a thread that cancels or ends the pipeline, in a thread of the stage, or in
 * the timer thread; a slow function delays the other timers. Several threads may call it concurrently. With work.wait,
 * only the stage's thread calls it, so it may use the loop.
 */
typedef void weir_abort_func(weir_operation operation, weir_abort_reason why, void *state);

/*
 * Returns the key of an item, or the route of a result. `arg` is the stage's. Every value is a valid key.
 * weir_fan_out states the valid routes.
 */
typedef uint64_t weir_key_func(const void *item, void *arg);

/*
 * Returns the weight of an item, in bytes. Every value is valid. An item of weight 0 does not count against max_bytes
 * or batch.bytes. An item heavier than max_bytes is admitted once the pipeline is empty. An item heavier than
 * batch.bytes completes its batch.
 */
typedef uint64_t weir_weigh_func(const void *item, void *arg);

/*
 * Makes the result for one more successor. Returns a copy of `item`, or `item` itself with a reference added. Returns
 * NULL if the copy fails. A NULL result is not copied: every successor gets NULL.
 *
 * If a copy fails, no successor gets the result. The result and the copies made so far go to the drop functions of
 * their successors. The item that the result was made from counts as failed. The stage has an error with code
 * WEIR_CODE(WEIR_NOMEM). The stage's on_error determines whether this error ends the run.
 */
typedef void *weir_copy_func(void *item, void *arg);

/* Returns whether an error with this code may be temporary. `arg` is the stage's. */
typedef bool weir_retry_func(int code, void *arg);

/*
 * The distribution of a stage's results over several successors. A single successor gets all results.
 *
 * WEIR_BY_KEY hashes the key, so even keys that differ in few bits spread evenly over the successors.
 *
 * With WEIR_BY_CHOICE, a route that is not the number of a successor is an error of the stage, with code
 * WEIR_CODE(WEIR_INVALID). The result then goes to the drop function of the successor connected first. The item that
 * the result was made from counts as failed.
 */
typedef enum weir_fan_out {
    WEIR_ROUND_ROBIN = 0, /* to each successor in turn */
    WEIR_BY_KEY = 1,      /* `route` returns a key; results with equal keys go to one successor, and so stay in order */
    WEIR_BY_CHOICE = 2,   /* `route` returns the number of the successor; 0 is the successor connected first */
    WEIR_TO_ALL = 3       /* to all successors: the first gets the result, the others get copies made by `copy` */
} weir_fan_out;

/*
 * The effect of a failed last attempt on the run. The item is given up in both cases. If the stage has a `dead` queue
 * or a dead-letter stage (weir_pipeline_connect_dead), the item gets a dead letter. The function of a func stage cannot
 * fail, but the delivery of its result can: if memory runs out, a copy fails, a route is invalid, or the results queue
 * is shut down.
 */
typedef enum weir_on_error {
    WEIR_FAIL_FAST = 0, /* the pipeline is cancelled, and finish returns WEIR_FAILED */
    WEIR_SKIP = 1       /* the other items continue; a source is called again */
} weir_on_error;

/*
 * A dead letter: an item that was given up, and the reason. An entry of a `dead` queue, or an item of a dead-letter
 * stage (weir_pipeline_connect_dead). Each item of a failed batch, and each item that has failed alone in a batch, gets
 * its own letter. The letters are in the order in which the items were given up. The reader owns the item, and frees
 * the letter with weir_dead_letter_free. If the queue refuses the letter, the item goes to its stage's drop function.
 *
 * Rules for both `dead` and `results` queues:
 *
 * - Stages of one pipeline or of several may share the queue.
 * - A stage uses the queue from its add until its pipeline is over, cancelled or destroyed. The last stage to leave
 *   shuts the queue down with WEIR_DRAIN, so that a loop of gets ends. So all pipelines that share a queue must be
 *   declared before the first of them ends. If none of these pipelines has started, the queue stays open.
 * - The caller may destroy the queue once each pipeline that uses it is destroyed, or its finish has returned a status
 *   other than WEIR_BUSY, WEIR_DEADLOCK and WEIR_INVALID.
 * - A stage blocks while the queue is full, until its pipeline is cancelled. The queue should be unbounded, or be read
 *   during the run. After a cancel, no stage of that pipeline blocks: if another pipeline keeps the queue open, and
 *   there is room, entries are still put. An ordered stage then drops results that are not in turn.
 * - Entries that no reader takes go to the queue's own drop function (weir_queue_options). The drop function of a
 *   `dead` queue must free the letter and its item. Without a drop function, weir does not free the entries.
 * - weir does not join the queue, so weir_queue_task_done is optional.
 * - If the program shuts the queue down before the pipeline does, the next put of a stage is an error of that stage
 *   with code WEIR_CODE(WEIR_CLOSED). The stage's on_error determines whether this error ends the run. The item counts
 *   as failed. With a `dead` queue, the item goes to the drop function of its stage. With a `results` queue, the result
 *   goes to the drop function of the queue.
 */
typedef struct weir_dead_letter {
    void *item;          /* the item, as the stage received it */
    const char *stage;   /* name of the stage; owned by the letter */
    int code;            /* code of the last attempt; WEIR_CODE(status) if from weir itself */
    const char *message; /* reason, from weir_task_fail or weir itself; "" if none; owned by the letter */
    unsigned attempts;   /* number of attempts made */
} weir_dead_letter;

/* Frees the letter, but not its item. NULL has no effect. */
WEIR_API void weir_dead_letter_free(weir_dead_letter *letter);

/*
 * The retries of an item. If `attempts` is 0 or 1, the stage makes no retries. Without `attempts`, backoff and when
 * must not be set. Exception: a source with WEIR_SKIP may set backoff, because it is called again after every failure.
 *
 * An item in back-off occupies neither a worker nor a queue slot. It counts against per_key: with a per_key of 4, four
 * items in back-off block their key until one of them has ended. After the delay, the item is requeued, and any worker
 * may make the next attempt. The requeue is at the back of the queue, so that neither retries nor new items starve; in
 * an ordered stage, at the front. A requeue may exceed the queue's capacity.
 *
 * Later items may overtake a retried item or batch, also in a stage with one thread, and with a back-off of 0. An
 * ordered stage keeps the order of its results, not that of its calls. Two ways keep the order of the calls:
 *
 * - a run with a per_key of 1 and one key for all items: an item in back-off blocks the items behind it
 * - a run or run_batch in one thread that repeats the work in a loop, and waits in weir_task_poll, which a cancel ends
 *   (weir_patterns(7), "an outage")
 *
 * Jitter: each delay is a random 50 to 100% of the value that backoff and max_backoff determine.
 */
typedef struct weir_retry {
    unsigned attempts;     /* maximum attempts per item, including the first; 0 and 1 disable retries */
    uint64_t backoff;      /* ns before the second attempt, doubled before each further one; 0 retries at once */
    uint64_t max_backoff;  /* maximum delay, in ns; 0 selects one minute; must be 0 without backoff */
    weir_retry_func *when; /* selects the codes to retry, including weir's own; NULL selects all */
    void *reserved[2];     /* must be NULL */
} weir_retry;

/*
 * The limits of a batch. A batch is complete when it reaches one of its limits, or when its input ends. 0 disables a
 * limit. At least one of `items` and `bytes` is required.
 */
typedef struct weir_batch {
    size_t items;           /* number of items */
    uint64_t bytes;         /* total weight of the items, by `weigh` */
    weir_weigh_func *weigh; /* weight of an item, with the stage's `arg`; set if and only if `bytes` is */
    uint64_t wait;          /* ns since the first item of the batch arrived */
    void *reserved[2];      /* must be NULL */
} weir_batch;

/*
 * What a stage does. With init, the functions func, run, run_batch, source, at_end, wait and fini receive the state
 * that init has made, not `arg`.
 */
typedef struct weir_stage_work {
    weir_worker_func *func;     /* simple form: its return value is the only result, even NULL; cannot fail */
    weir_task_func *run;        /* full form: emits any number of results, and can fail */
    weir_batch_func *run_batch; /* full form for batches */
    weir_task_func *source;     /* full form for a stage without input: produces items */
    void *arg;                  /* argument of the callbacks of this stage; with init, see above */
    weir_worker_init *init;     /* makes per-thread state (weir/stoppable_worker.h); NULL disables it; weir_init_fail
                                   says why it fails */
    weir_worker_fini *fini;     /* undoes init, in each thread, at its end; NULL disables it */
    weir_end_func *at_end;  /* called in each thread after its last item; NULL disables it; must be NULL for a source */
    weir_abort_func *abort; /* requests the end of an operation; NULL disables it; needs limits.in_flight */
    weir_wait_func *wait;   /* blocks in an event loop, in place of the library; NULL disables it; needs
                               limits.in_flight, and a threads.count of 1 */
    void *reserved[2];      /* must be NULL */
} weir_stage_work;

/*
 * The threads of a stage: its own, for functions that block, or those of the crew. A stage runs on the crew if count,
 * max, init, fini and at_end are not set.
 */
typedef struct weir_stage_threads {
    size_t count;           /* number of threads of its own; 0 selects the crew, or one thread if init, fini, at_end
                               or max is set */
    size_t max;             /* maximum number of threads of an elastic stage; 0 selects `count`: the number is fixed */
    size_t width;           /* maximum concurrent calls on the crew; 0 selects the number of processors, or 1 for a
                               source or an ordered run_batch; must be 0 with threads of its own */
    size_t stack_size;      /* bytes per thread of its own; 0 selects the system's default; must be 0 on the crew */
    weir_priority priority; /* priority on the crew; must be WEIR_NORMAL (0) with threads of its own */
    void *reserved[2];      /* must be NULL */
} weir_stage_threads;

/* The input of a stage, and what becomes of items that are not done. A source has no input: its capacity must be 0. */
typedef struct weir_stage_input {
    size_t capacity;      /* items in the queue; 0 selects 64; WEIR_UNBOUNDED disables the bound */
    weir_drop_func *drop; /* frees a failed or dropped item of this stage; NULL leaves the item unfreed */
    void *reserved[2];    /* must be NULL */
} weir_stage_input;

/* The results of a stage: their order, and where they go. */
typedef struct weir_stage_output {
    bool ordered;         /* whether results are emitted in input order, with any number of threads */
    weir_fan_out fan_out; /* distribution of the results over several successors */
    weir_key_func *route; /* key or choice of a result; required for WEIR_BY_KEY and WEIR_BY_CHOICE; NULL otherwise */
    weir_copy_func *copy; /* copy of a result; required for WEIR_TO_ALL; NULL otherwise */
    weir_queue *results;  /* the caller's queue for the results of a stage with no successor (rules: see
                             weir_dead_letter); NULL ignores the results */
    void *reserved[2];    /* must be NULL */
} weir_stage_output;

/* The limits of a stage's calls. */
typedef struct weir_stage_limits {
    double rate;        /* maximum calls per second, over all threads; a batch counts as one call per item;
                           0 disables the limit */
    size_t burst;       /* maximum calls at once after an idle time; 0 selects 1; must be 0 without rate */
    weir_key_func *key; /* key of an item; required for per_key; NULL without it */
    size_t per_key;     /* maximum items with the same key that run, are in an operation or back off; 1 runs them in
                           input order; 0 disables the limit */
    double key_rate;    /* maximum first attempts per second at items with the same key; retries do not count; after a
                           late attempt, the next one may follow at once, so that the rate is reached; needs per_key; 0
                           disables the limit */
    size_t in_flight;   /* maximum concurrent calls and operations of a run (weir/operation.h); below 2^24; 0 disables
                           operations: the function cannot detach its item */
    void *reserved[1];  /* must be NULL */
} weir_stage_limits;

/* What a stage does about failed attempts. */
typedef struct weir_stage_errors {
    weir_on_error on_error;    /* effect of a failed last attempt on the run */
    weir_retry retry;          /* further attempts at an item that has failed */
    uint64_t attempt_time;     /* ns after which an attempt is overdue, not counting waits in calls of weir; reports
                                  count overdue attempts; work.abort is called for an overdue operation; a running
                                  function is not interrupted; 0 disables the limit */
    weir_queue *dead;          /* the caller's queue for the dead letters (weir_dead_letter *) of items given up; NULL
                               selects the drop function, or the stage of weir_pipeline_connect_dead */
    uint64_t stall_time;       /* ns for which a call may occupy the thread of a stage with work.wait; a longer call is
                                  a stall; waits for a processor do not count; 0 disables the watch */
    weir_stall_func *on_stall; /* called for each stall; NULL disables it; needs stall_time */
    void *reserved[2];         /* must be NULL */
} weir_stage_errors;

/*
 * The options of a stage. A member that is 0, NULL or absent from an initialiser has its default. A stage requires a
 * name and exactly one of work.func, work.run, work.run_batch and work.source. An initialiser sets each struct as a
 * whole, as in .threads = {.count = 4}, or, in C, member by member, as in .threads.count = 4. Do not mix both forms for
 * one struct: setting the whole struct resets the members set before. Comments and messages name a member without its
 * struct if no other struct has a member of that name.
 *
 * New options take the place of reserved members. Once a struct has no reserved member left, a new option becomes a new
 * last member of weir_stage_options. A program that sets such a member must set `size`, which tells the library that
 * the program has this member.
 *
 * A stage without threads of its own runs on the crew, which all pipelines of the process share. The crew runs one
 * thread for each processor that the process may use. The stage's function runs on any thread of the crew, and on up to
 * `width` of them at the same time. While one of its calls blocks, the crew runs other stages on an additional thread.
 * A stage should have threads of its own if its calls block for most of their time. If all threads of the crew are
 * blocked, and no further thread can be created for 250 ms, the run fails with code WEIR_CODE(WEIR_NOTHREAD).
 *
 * If several stages on the crew have work and threads are scarce, the stage with the highest priority runs first. This
 * includes the stages of other pipelines. A running call is not interrupted. A stage that has waited 20 ms longer than
 * the others runs next, regardless of its priority.
 *
 * An ordered stage emits results in input order: the order in which its items entered its queue. An item that is
 * given up leaves no gap. An item in back-off delays the results of the items behind it (head-of-line blocking).
 *
 * How order is restored depends on the pipeline. A pipeline is simple if all of this holds:
 *
 * - all stages are funcs or sources, with at most one successor, and with no at_end, rate or per_key
 * - each ordered stage runs on the crew, or has one thread
 * - the pipeline has no max_items, max_bytes, weigh or settled
 *
 * In a simple pipeline, weir allocates no memory for an item, and each ordered stage restores its own order. While an
 * item is slow, the results of later items wait in its stage. For each of them, a place in the next stage's queue stays
 * reserved. No place is reserved if other stages put to that queue too, or in a `results` queue. While the results
 * wait, the stage takes a limited number of further items. This limit is the capacity of the queue that gets the
 * results, rounded up to a power of two; it is at least 256 and at most 16384.
 *
 * In any other pipeline, two ordered stages in a row restore order once, after the second, if all of this holds:
 *
 * - the first is a func without at_end, and the second is its only successor
 * - the second has no other input, and no stage is connected back to it
 * - the second has several threads and no per_key
 *
 * A slow item then delays no other item in either stage. For the same effect in a simple pipeline, set max_items.
 *
 * An ordered run_batch keeps the order by its only thread: it emits like a stage without an order, and selects no
 * automatic max_items.
 *
 * An item that waits for its key (per_key, key_rate) blocks no worker. With a key_rate, a stage keeps memory for each
 * key until the next item with this key may begin.
 *
 * A stage with threads.max above threads.count is elastic: it starts with `count` threads, and runs up to `max`
 * threads. It adds threads while items wait in the input queue, no thread is idle, and more threads raise the
 * throughput. Idle threads leave: a stage without work is back at `count` threads within a second. If added threads
 * give no gain, they leave, and growth is tried again after 1 s; each further trial waits twice as long, up to 30 s. An
 * added thread calls init, and a thread that leaves calls at_end and fini, during the run. If a thread cannot be
 * created, or its init fails, the stage goes on with the threads that it has. The report then has one error that is not
 * fatal, with code WEIR_CODE(WEIR_NOTHREAD), WEIR_CODE(WEIR_NOMEM) or WEIR_CODE(WEIR_INITFAILED).
 */
typedef struct weir_stage_options {
    size_t size;                /* sizeof(weir_stage_options) in the program; 0 selects the size of weir 0.1.0 */
    const char *name;           /* name of the stage and its threads; copied; must be unique in the pipeline */
    weir_stage_work work;       /* what it does */
    weir_stage_threads threads; /* threads of its own, or a width on the crew */
    weir_stage_input input;     /* its queue, and the drop function */
    weir_stage_output output;   /* order of its results, and where they go */
    weir_stage_limits limits;   /* limits of its calls */
    weir_stage_errors errors;   /* handling of failed attempts */
    weir_batch batch;           /* limits of a batch, for run_batch */
} weir_stage_options;

/* ---- declaring ---- */

/* The outcome of a submitted item: the worst end of the item and of all results derived from it. */
typedef enum weir_outcome {
    WEIR_ITEM_DONE = 0,    /* all done; results in a `results` queue count as done */
    WEIR_ITEM_DROPPED = 1, /* some were dropped, because the pipeline was cancelled */
    WEIR_ITEM_DEAD = 2,    /* some were dead-lettered */
    WEIR_ITEM_FAILED = 3   /* some failed */
} weir_outcome;

/*
 * Receives the outcome of a submitted item, and the ticket of its submit. Called once for each item that
 * weir_pipeline_submit or weir_task_submit has accepted, when the item and all results derived from it have ended.
 * Called in the thread in which the last of them ended: a thread of a stage, a thread of the library, or a thread
 * that cancels, finishes or destroys the pipeline. All drop functions for the item and its results have returned by
 * then, and the pipeline does not use the ticket afterwards. So the ticket may be the item itself. settled may free
 * this item, unless a function, a drop function or a reader of a `results` or `dead` queue frees it.
 *
 * A result of a batch is derived from all items of the batch. A fed item (weir_task_feed) is not derived from another
 * item.
 *
 * The outcome has no code and no message. A program that needs the reason of a failure has two ways. The stage's
 * function may write the reason into the item or the ticket before it fails. Or a dead-letter stage
 * (weir_pipeline_connect_dead) may read the reason in the letter of the item; settled is called after that.
 *
 * A slow settled delays other items of its thread. settled must not end its thread. The run is over only when all calls
 * of settled have returned.
 */
typedef void weir_settled_func(void *ticket, weir_outcome outcome);

/*
 * The options of a pipeline. A member that is 0 or NULL has its default.
 *
 * max_items and max_bytes limit the items in flight. An item that was put, fed, or emitted by a source, is in flight
 * until it and all results derived from it have ended. An item counts once its put or emit has admitted it. While the
 * put or emit blocks, memory that the item already holds is not counted. For a strict bound, put small items, and
 * allocate their memory in the next stage. The weight of such an item must include this memory.
 *
 * The trace is Chrome trace-event JSON, with a row for each worker. weir_pipeline_start and the workers write it. The
 * finish or destroy that ends the run starts a thread, which writes the end of the trace and flushes it. The caller
 * owns the stream. The stream must stay open until weir_pipeline_finish returns a status other than WEIR_BUSY and
 * WEIR_DEADLOCK, or weir_pipeline_destroy returns WEIR_OK.
 */
typedef struct weir_pipeline_options {
    size_t size;        /* sizeof(weir_pipeline_options) in the program; 0 selects the size of weir 0.1.0 */
    const char *name;   /* name in reports; copied */
    size_t max_items;   /* maximum items in flight; 0 disables the limit, but see weir_pipeline_start */
    uint64_t max_bytes; /* maximum weight in flight; a heavier item is admitted once the pipeline is empty;
                               0 disables the limit */
    weir_weigh_func
        *weigh;        /* weight of an item; called once for each item put, fed or produced; required for max_bytes */
    void *weigh_arg;   /* argument of weigh; must be NULL without it */
    size_t max_errors; /* maximum errors kept in a report: the first ones, and the fatal one; 0 selects 100 */
    uint64_t grace;    /* ns in which functions must return after a deadline or a cancel; 0 selects 100 ms */
    FILE *trace;       /* the caller's stream for the trace; NULL disables the trace */
    weir_settled_func *settled; /* receives the outcomes of submitted items; NULL disables submitting */
    void *reserved[3];          /* must be NULL */
} weir_pipeline_options;

/*
 * Creates a pipeline with no stages. The caller frees it with weir_pipeline_destroy. NULL options select all
 * defaults.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if max_bytes or weigh_arg is set without weigh, a reserved member is not NULL, or `size` is wrong as
 *                 in weir_pipeline_add
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_create(weir_pipeline **pipeline, const weir_pipeline_options *options);

/*
 * Adds a stage. Sets `*stage`, for the calls that take a stage. `stage` may be NULL. If the stage is refused,
 * weir_pipeline_message states the reason, and start fails too. So a program may check the status of start alone. Add
 * refuses:
 *
 * - no name, or the name of another stage
 * - none or several of func, run, run_batch and source
 * - a func with retries or dead letters, because it cannot fail
 * - a source with ordered, per_key, capacity, at_end or dead letters, because it has no input
 * - limits of a batch without run_batch, or run_batch with neither batch.items nor batch.bytes
 * - run_batch with per_key; or an ordered run_batch with more than one thread (threads.max included), retries or
 *   batch.wait
 * - per_key without key, or batch.bytes without batch.weigh
 * - key or key_rate without per_key, burst without rate, or batch.weigh without batch.bytes
 * - retry.backoff or retry.when without retry.attempts, except a backoff of a source with WEIR_SKIP; or
 *   retry.max_backoff without retry.backoff
 * - route if fan_out is neither WEIR_BY_KEY nor WEIR_BY_CHOICE, or copy if fan_out is not WEIR_TO_ALL
 * - a threads.max, other than 0, below threads.count; or above threads.count for a source, which is never elastic
 * - a width with threads.count, threads.max, init, fini or at_end, each of which gives the stage threads of its own
 * - a priority that is not a member of its enum, or not WEIR_NORMAL for a stage with threads of its own
 * - a rate or a key_rate below 0 or above 1e9
 * - in_flight without run, or of 2^24 or more; abort or wait without in_flight
 * - wait with a threads.count other than 1, or a threads.max above 1; stall_time without wait; on_stall without
 *   stall_time
 * - a fan_out or on_error that is not a member of its enum
 * - a reserved member that is not NULL
 * - a `size` below that of weir 0.1.0; or above that of the library, if a member that the library lacks is set
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the stage is refused, or the pipeline is started
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_add(weir_pipeline *pipeline, weir_stage **stage, const weir_stage_options *options);

/*
 * Sends the results of stage `from` to stage `to`. Several connections from one stage are a fan-out. Several
 * connections to one stage are a fan-in. If this call is never made, the stages form a chain in the order in which they
 * were added. Dead-letter stages are not part of the chain. In a chain, only the first stage may be a source: a pipeline
 * with several sources needs this call, for each connection. If a connection is refused, start fails too.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if a stage is not of this pipeline, the two are connected already, or the pipeline is started
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_connect(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);

/*
 * Allows stage `from` to feed items to stage `to`, which is upstream of it (weir_task_feed). Results of `from` do not
 * go to `to`. A stage may feed itself without this call. If the connection is refused, start fails too.
 *
 * The stages from `to` to `from` form a loop. At the finish, the inputs of all stages of the loop end together, once no
 * item is in flight in the loop. Only then do their threads call at_end.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if a stage is not of this pipeline, the two are connected back already, or the pipeline is started
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_connect_back(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);

/*
 * Sends the dead letters of stage `from` to stage `to`, instead of a `dead` queue. The items of `to` are then
 * weir_dead_letter *. Several stages may share one dead-letter stage. A dead-letter stage has no other input, and is
 * never the entry stage. Otherwise it is a normal stage: it may batch letters, emit results and have dead letters of
 * its own.
 *
 * The dead-letter stage owns each letter and its item. Its function must free both, and so must its drop function. The
 * drop function of `from` is not called for the item.
 *
 * Stage `from` blocks while the queue of `to` is full, as in an emit. The input of `to` ends only after the last
 * letter. A letter is derived from its item, as a result is: the item that was put into the pipeline stays in flight
 * until the letter has ended. The outcome of that item is dead-lettered, or failed if the letter failed in `to`.
 *
 * If out of memory for a letter, the item goes to the drop function of `from` and counts as failed, with an error.
 * After a cancel, no more letters are made: the items are dropped.
 *
 * If a connection is refused, start fails too.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if a stage is not of this pipeline, or the pipeline is started. Also if `from` is a source or a func,
 *                 has a `dead` queue, or sends its letters to a stage already
 */
WEIR_API weir_status weir_pipeline_connect_dead(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);

/* ---- running ---- */

/*
 * Checks the stages and starts their threads. Start refuses these pipelines; weir_pipeline_message names the stage:
 *
 * - a pipeline with no stages
 * - more than one stage without an upstream stage, not counting sources: only one can be the entry stage
 * - a cycle
 * - a connection to a source
 * - a connection back from a func or a source, to a source, or to a stage that is not upstream
 * - a dead-letter stage that also gets results of other stages
 * - a fan-out without its route or copy, or a fan_out other than WEIR_ROUND_ROBIN without successors
 * - a results queue of a stage that has a successor, or a results queue that is also a dead queue
 * - a batch that could not fill (see below)
 * - more threads, or a larger capacity, than memory can address
 * - a sum of in_flight over all stages of 2^24 or more
 *
 * An elastic stage starts with threads.count threads. If the system creates no thread, or an init fails, start cancels
 * the run, and joins the threads that it has created. After that, the pipeline has no threads, and can only be
 * destroyed.
 *
 * A source may have emitted items before the start fails. Start waits without a limit for functions that process these
 * items. If an item is in an operation, start calls work.abort, and a thread with work.wait runs its loop for up to
 * `grace`. After these threads, start waits up to `grace` for the operations. If an operation is still not finished,
 * destroy waits for it.
 *
 * In an ordered stage, and under per_key, any number of items may wait behind a slow one. If a pipeline has such a
 * stage and is not simple, a max_items of 0 selects an automatic limit. It is the sum of these numbers:
 *
 * - all capacities; an unbounded queue counts as 64
 * - all threads, or widths on the crew; an elastic stage counts as threads.max
 * - all in_flight
 * - H, the maximum number of items in incomplete batches
 *
 * Start ensures that every batch can fill: max_items must exceed H, regardless of batch.wait. An incomplete batch holds
 * at most (batch.items - 1) items. Each of these may be the result of a batch upstream, and so stand for all items of
 * that batch. So each batch stage adds (batch.items - 1) times a factor to H. The factor is the product of batch.items
 * of the batch stages upstream, on the path with the greatest product.
 *
 * The weights of the items determine whether a batch with `bytes` and no `items` fills, and how many items max_bytes
 * admits. So further rules hold:
 *
 * - Under the automatic max_items, a batch with `bytes` and no `items` is refused.
 * - If the options set max_items, a batch with `bytes` and no `items` must have a batch.wait, and so must every batch
 *   downstream of it.
 * - If the options set max_bytes, every batch must have a batch.wait.
 * - A batch.wait that these rules require must be at most one minute. They do not require it if batch.items is 1.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID     if the pipeline is refused, or started already
 *   WEIR_NOMEM       if out of memory
 *   WEIR_NOTHREAD    if the system creates no thread
 *   WEIR_INITFAILED  if an init fails
 */
WEIR_API weir_status weir_pipeline_start(weir_pipeline *pipeline);

/*
 * Returns the reason of a refusal, as one line of English; "" if no call was refused. The line names the stage, the
 * member and its value. If an allocation failed, the line states its size in bytes. Any thread may call this at any
 * time.
 *
 * These statuses are refusals:
 *
 * - WEIR_INVALID, WEIR_NOMEM, WEIR_NOTHREAD, WEIR_INITFAILED and WEIR_DEADLOCK
 * - WEIR_CLOSED, from all forms of put and submit, from pause, set_rate and set_threads
 * - WEIR_TIMEDOUT, from all forms of put and submit
 * - WEIR_BUSY, from finish and destroy
 *
 * Messages exist for create, add, connect, connect_back, connect_dead, start, all forms of put and submit, wait,
 * wait_idle, feed, detach, the calls with an operation, pause, resume, set_rate, set_threads, cancel, finish, destroy,
 * report, show and end_on. Any other status has no message, and keeps the message of an earlier refusal. The report
 * states why a run has failed.
 *
 * The message is:
 *
 * - With a pipeline: the last refusal in this thread, if it was of that pipeline. Otherwise the last refusal of its
 *   add, connect or start calls before the run, in any thread.
 * - With NULL: the last refusal in this thread, if it was of create or of a call on a NULL pipeline.
 *
 * A success does not clear the message, with one exception: a successful create clears the message for NULL. The
 * string is valid in this thread until the thread's next refusal, or until destroy.
 */
WEIR_API const char *weir_pipeline_message(const weir_pipeline *pipeline);

/*
 * Puts an item into the entry stage: the stage, other than a source, with no upstream stage. Blocks while a limit is
 * reached or the entry queue is full. Unblocks when there is room or the pipeline is finished or cancelled. Callers
 * blocked by a limit are admitted in FIFO order, callers blocked by a full queue in no order (weir_queue_put). In a
 * callback, the put does not block. If the put fails, the caller still owns the item.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED    if the pipeline is finishing, cancelled or over
 *   WEIR_DEADLOCK  if called in a callback, and there is no room
 *   WEIR_INVALID   if the pipeline is not started, or has no entry stage
 *   WEIR_NOMEM     if out of memory
 */
WEIR_API weir_status weir_pipeline_put(weir_pipeline *pipeline, void *item);

/*
 * Puts an item like weir_pipeline_put, but blocks until `deadline` at most. In a callback, this put blocks too,
 * unless `deadline` is WEIR_NEVER. With a deadline that has passed, such as 0, the put does not block. Also returns
 * WEIR_TIMEDOUT if the deadline passes first; with a deadline of 0, this means that there is no room.
 */
WEIR_API weir_status weir_pipeline_put_until(weir_pipeline *pipeline, void *item, weir_deadline deadline);

/*
 * Puts an item like weir_pipeline_put. When the item has ended, the `settled` function of the pipeline receives its
 * outcome and `ticket`, for example to answer a client or to acknowledge a message to a broker. If the submit fails,
 * settled is not called. A ticket may be a promise (weir/future.h), which settled then sets.
 *
 * `settled` may be called before submit returns. It may submit further items: the settled item no longer counts against
 * the limits.
 *
 * Returns the statuses of weir_pipeline_put. Also returns WEIR_INVALID if the options of the pipeline have no settled.
 */
WEIR_API weir_status weir_pipeline_submit(weir_pipeline *pipeline, void *item, void *ticket);

/*
 * Submits an item, but blocks until `deadline` at most, like weir_pipeline_put_until. With a deadline of 0, the submit
 * does not block, and returns WEIR_TIMEDOUT if there is no room: a server can answer that it is busy.
 */
WEIR_API weir_status weir_pipeline_submit_until(weir_pipeline *pipeline, void *item, void *ticket,
                                                weir_deadline deadline);

/*
 * Puts `count` items in order, like weir_queue_put_many. Always sets `*put` to the number of items put. The caller
 * still owns the other items. A count of 0 returns WEIR_OK. Also returns WEIR_INVALID if `put` is NULL, or if `items`
 * is NULL and `count` is not 0.
 */
WEIR_API weir_status weir_pipeline_put_many(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put);

/*
 * Puts items like weir_pipeline_put_many, but blocks until `deadline` at most, for all items together. If the
 * deadline has already passed, the call tries once. Also returns WEIR_TIMEDOUT if the deadline passes first. The
 * first `*put` items are then in the pipeline.
 */
WEIR_API weir_status weir_pipeline_put_many_until(weir_pipeline *pipeline, void *const *items, size_t count,
                                                  size_t *put, weir_deadline deadline);

/*
 * Blocks until every source has ended by itself, or the pipeline is finished or cancelled. Returns at once if the
 * pipeline has no source. Call it before finish, because finish stops the sources before their end. When wait
 * returns, items of the sources may still be in flight; finish waits for them.
 *
 * Returns
 *   WEIR_OK         if every source has ended by itself
 *   WEIR_CLOSED     if a call or a signal began the finish before every source had ended; later calls return it too
 *   WEIR_CANCELLED  if the pipeline is cancelled, for any reason; takes precedence over WEIR_OK and WEIR_CLOSED
 *   WEIR_TIMEDOUT   if the deadline passes first
 *   WEIR_DEADLOCK   if called in a callback
 *   WEIR_INVALID    if the pipeline is not started
 */
WEIR_API weir_status weir_pipeline_wait(weir_pipeline *pipeline, weir_deadline deadline);

/*
 * Blocks until every source has ended and nothing is in flight: retries, fed items and incomplete batches included.
 * Also unblocks when the pipeline is finished or cancelled. After WEIR_OK, the caller may read all data that the
 * functions have written for items put before the call, and may put more items.
 *
 * If other threads put items during the call, the call may miss a moment with nothing in flight. An incomplete batch
 * without batch.wait stays in flight until further items or the finish complete it. The call does not wait for at_end.
 *
 * Returns
 *   WEIR_OK         if every source has ended by itself, and nothing is in flight
 *   WEIR_CLOSED     if a call or a signal began the finish first, while something was in flight
 *   WEIR_CANCELLED  if the pipeline is cancelled, for any reason; takes precedence over WEIR_OK and WEIR_CLOSED
 *   WEIR_TIMEDOUT   if the deadline passes first
 *   WEIR_DEADLOCK   if called in a callback
 *   WEIR_INVALID    if the pipeline is not started
 */
WEIR_API weir_status weir_pipeline_wait_idle(weir_pipeline *pipeline, weir_deadline deadline);

/*
 * Pauses a stage or, if `stage` is NULL, the entrance of the pipeline. A paused stage begins no new call, and its
 * running calls end normally. A call that begins at the moment of the pause may still run. An item put after the pause
 * is not processed before the resume. Queued items stay queued, and retries wait too. The stages upstream block once
 * the input queue is full. A pause does not delay at_end. A paused source is not called.
 *
 * While the entrance is paused, no item is admitted. Puts find no room, even in an unbounded queue, and even if they
 * were blocked before the pause. Sources block in their emits, even if they waited for a limit before the pause. An emit
 * at the moment of the pause may still enter.
 *
 * A finish, a signal of weir_pipeline_end_on or a cancel resumes everything, so that all in-flight items can end. A
 * second pause has no effect. The call does not wait for running functions. Any thread may call it; callbacks may do so
 * once start has returned.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED   if the pipeline is finishing, cancelled or over
 *   WEIR_INVALID  if the pipeline is NULL, its start has not succeeded, or the stage is of another pipeline
 */
WEIR_API weir_status weir_pipeline_pause(weir_pipeline *pipeline, weir_stage *stage);

/*
 * Resumes a stage or, if `stage` is NULL, the entrance. Calls and puts that the pause has delayed go on at once. Has no
 * effect without a pause.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the pipeline is NULL, its start has not succeeded, or the stage is of another pipeline
 */
WEIR_API weir_status weir_pipeline_resume(weir_pipeline *pipeline, weir_stage *stage);

/*
 * Changes the rate and the burst of a stage (weir_stage_limits). A rate of 0 disables the limit. The stage may have had
 * no rate before. If a call already waits for the old rate, the rest of its wait is scaled to the new rate; if the
 * limit is disabled, the wait ends at once. Running calls are not affected.
 *
 * Also allowed while the pipeline is finishing. Does not block. Any thread may call it; callbacks may do so once start
 * has returned. Reports show the new rate (`limit`).
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED   if the pipeline is cancelled or over
 *   WEIR_INVALID  if the pipeline is NULL, its start has not succeeded, the stage is NULL or of another pipeline, the
 *                 rate is not between 0 and 1e9, or there is a burst without a rate
 */
WEIR_API weir_status weir_pipeline_set_rate(weir_pipeline *pipeline, weir_stage *stage, double rate, size_t burst);

/*
 * Sets the minimum `count` and the maximum `max` of the number of threads of an elastic stage. Equal values fix the
 * number. The stage must have been declared elastic, and `max` must not exceed its declared threads.max, for which
 * memory is reserved at the start.
 *
 * Another thread applies the limits within about 50 ms; if the stage is paused, at the resume. Added threads call
 * init. Surplus threads complete their current items, call at_end and fini, and leave. If a thread cannot be created,
 * the stage goes on with the threads that it has, and the creation is tried again later; the report has one error for
 * this. Does not block. Any thread may call it; callbacks may do so once start has returned. Reports show the number of
 * threads, the maximum, and the cause of the last change (WEIR_THREADS_SET).
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED   if the pipeline is cancelled or over
 *   WEIR_INVALID  if the pipeline is NULL, its start has not succeeded, the stage is NULL, of another pipeline or not
 *                 elastic, `count` is 0, or `max` is below `count` or above that of the declaration
 */
WEIR_API weir_status weir_pipeline_set_threads(weir_pipeline *pipeline, weir_stage *stage, size_t count, size_t max);

/*
 * Drains the pipeline and ends the run. Refuses puts, also blocked ones: they return WEIR_CLOSED at once. The sources
 * are not called again (see weir_pipeline_wait). All in-flight items are completed, including retries and fed items.
 * Incomplete batches run at once.
 *
 * At the deadline the pipeline is cancelled, and a separate thread drops the remaining items. Another separate thread
 * writes the end of a trace. If one of these threads cannot be created, the calling thread drops the items, or writes
 * the trace, before it returns. If nothing is in flight, the call succeeds even if the deadline has already passed. A
 * stage with at_end counts as in flight until all its at_end calls have returned.
 *
 * After the drain, the call waits for functions that have not returned. It waits until the deadline and for at least
 * `grace`; after a cancel, for `grace`, and for the grace of commands that it ends (weir/command.h). Destructors of
 * thread-specific data, and writes to a stream that accepts no data, count as functions. When all have returned, the
 * threads are joined. After the join, the caller may read all data that the functions of the stages have written.
 *
 * So finish may return as late as about `grace` after the deadline, and the next destroy one more `grace` later. After
 * WEIR_BUSY, everything that the functions use must stay valid. A program that cannot wait for them ends with _exit(2).
 *
 * After the join, the `results` and `dead` queues are shut down with WEIR_DRAIN, so that loops that read them end. A
 * cancel shuts these queues down at once. Queues that another pipeline still uses stay open (weir_dead_letter).
 *
 * `report` may be NULL. Otherwise each call sets `*report`. The caller frees the report. If the call returns
 * WEIR_INVALID, or is out of memory for the report, `*report` is NULL.
 *
 * Several threads may call finish. All of them block, and the earliest deadline counts. If the wait for functions ends
 * before all have returned, all calls return WEIR_BUSY. Once the run is over, each call returns the outcome of the run.
 *
 * In a callback, finish does not block. Puts are refused from then on, and sources stop. Another thread must call
 * finish to wait for the end.
 *
 * Returns
 *   WEIR_OK         if no item was dropped: all are done, or, in stages with WEIR_SKIP, failed or dead-lettered
 *   WEIR_FAILED     if an error has ended the run; this error is the first in the report, marked as `fatal`
 *   WEIR_CANCELLED  if the pipeline was cancelled, by a call or a second signal
 *   WEIR_TIMEDOUT   if the deadline, or the `drain` of weir_pipeline_end_on, passed and items were dropped
 *   WEIR_BUSY       if functions have not returned, or operations are not finished. In the report, `late` names the
 *                   functions, with their places, and the stages of the operations. The message names the first one.
 *                   A further call waits again; after a cancel, for another `grace`, regardless of its deadline
 *   WEIR_DEADLOCK   if called in a callback; the end has begun
 *   WEIR_INVALID    if the pipeline is not started
 *   WEIR_NOMEM      if the run is over, but out of memory for the report
 */
WEIR_API weir_status weir_pipeline_finish(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report);

/*
 * Drops all in-flight items. Unblocks all puts and emits, and ends back-offs and delays by a rate. Makes the cancel_fd
 * readable, and shuts the `results` and `dead` queues down with WEIR_DRAIN, as finish does. Each item goes to its drop
 * function, in this thread or a worker's.
 *
 * An item inside a function is dropped when the function returns; if the function returns 0, the item is done. For an
 * operation (weir/operation.h), work.abort is called. Its item is dropped when the operation is finished; if the code
 * is 0, the item is done.
 *
 * Does not wait for the functions; finish does. All callbacks, including drop functions, may call cancel. A second call
 * has no effect.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the pipeline is not started
 */
WEIR_API weir_status weir_pipeline_cancel(weir_pipeline *pipeline);

/*
 * Returns a file descriptor that becomes readable when the pipeline is cancelled, for a function's own poll. In a
 * thread of a source, including its init, returns a descriptor that also becomes readable when the pipeline is
 * finishing (see weir_task_stop_fd). The caller must neither read nor close the descriptor. The descriptor lives as
 * long as the pipeline.
 *
 * A pipeline has at most two such descriptors, one for cancelling and one for finishing. The first call that needs a
 * descriptor creates it, and later calls return the same one. On a system without eventfd, each uses a second
 * descriptor. All descriptors are above 2 and close-on-exec. A descriptor created after the cancel is readable at once.
 *
 * Returns -1 if the pipeline is NULL, or the system has no descriptors left. The next call tries again.
 */
WEIR_API int weir_pipeline_cancel_fd(const weir_pipeline *pipeline);

/*
 * Frees a pipeline that is over, or was never started. Cancels a running pipeline first, and waits up to `grace` for
 * its functions. NULL is allowed and has no effect.
 *
 * Returns WEIR_OK, or
 *   WEIR_BUSY      if functions have not returned, or operations are not finished; the message names the first of
 *                  them. The pipeline still exists. Call again when they have returned
 *   WEIR_DEADLOCK  if called in a callback; the call has no effect
 */
WEIR_API weir_status weir_pipeline_destroy(weir_pipeline *pipeline);

/* ---- calls of a stage's function ---- */

/*
 * Passes a result on to its destination: the next stage, selected by fan_out, or the `results` queue of a stage with
 * no successor. If there is neither, the result is ignored. In every case, the call passes the ownership of the
 * result to the pipeline. After a cancel, the result goes to the drop function of its destination, or to a `results`
 * queue that another pipeline keeps open. A NULL task has no effect.
 *
 * Blocks while the destination is full. Unblocks when there is room or the pipeline is cancelled. In a source or an
 * at_end, also blocks while a limit of the pipeline is reached. In an ordered stage, emit does not block: the results
 * are sent in input order, after the function has returned.
 *
 * If an attempt emits results and then fails, the results stay emitted. The next attempt may emit them again, so emit
 * last. In an ordered stage, the results of a failed attempt go to the drop function of their destination. An ordered
 * run_batch emits like a stage without an order.
 *
 * If out of memory, the result goes to the drop function of its destination, and the attempt fails with code
 * WEIR_CODE(WEIR_NOMEM). If the function then returns 0, it has consumed its item, so the item counts as failed without
 * a dead letter.
 */
WEIR_API void weir_task_emit(weir_task *task, void *result);

/*
 * Feeds an item to a stage: the caller's own stage if `stage` is NULL, or a stage upstream to which the caller's stage
 * is connected back (weir_pipeline_connect_back). With feeds, a run can walk a tree, and a parser can send links back
 * to a downloading stage. Allowed in run and run_batch. For a downstream stage, use weir_task_emit.
 *
 * Does not block. Puts the item at the back of the stage's queue, even above the queue's capacity. In an ordered stage,
 * the results of the item follow those of all items that entered the stage before it. A fed item is independent of the
 * item of this call: it counts as put into the pipeline, and has its own attempts and its own end. If an attempt feeds
 * items and then fails, the fed items remain.
 *
 * A fed item counts against max_items and max_bytes, and may exceed them, so that a loop cannot block itself. While the
 * limit is exceeded, puts and sources block. weir does not bound the number of fed items. If each item leads to more
 * than one fed item on average, the memory is exhausted in the end.
 *
 * If the call returns WEIR_OK, the pipeline owns the item; otherwise the caller still owns it. After a cancel the
 * pipeline gives the item to the drop function of its stage at once.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED   if the input of the stage has ended. This happens only to a function that processes the result of an
 *                 at_end in the loop
 *   WEIR_INVALID  if the task is NULL, or that of a source or an at_end. Also if the caller's stage is not connected
 *                 back to `stage`. Also if `stage` is the second of two ordered stages that restore order once
 *                 (weir_stage_options); to allow the feed, connect `stage` back to itself
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_task_feed(weir_task *task, weir_stage *stage, void *item);

/*
 * Emits a result of a source or an at_end like weir_task_emit. When the result has ended, the `settled` function of the
 * pipeline receives its outcome and `ticket`. If out of memory, or after a cancel, settled is called before this call
 * returns.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the task is NULL or that of another function, or the options of the pipeline have no settled; the
 *                 caller still owns the result, and settled is not called
 */
WEIR_API weir_status weir_task_submit(weir_task *task, void *result, void *ticket);

/*
 * Records the reason why an init fails, formatted as by printf. A long reason is truncated. Call it in a stage's init,
 * after all other calls of weir. Returns `status`, or WEIR_INITFAILED if `status` is WEIR_OK, for init to return. The
 * reason of the first init that fails is a part of the message of weir_pipeline_start, or of the error of an elastic
 * stage. A NULL `format` leaves no reason.
 */
WEIR_API weir_status weir_init_fail(weir_status status, const char *format, ...)
#if defined __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/*
 * Records the reason why the attempt fails, formatted as by printf. Keeps at most 255 bytes. Returns `code`, for the
 * function to return. If `code` is 0 (an errno that was not set), returns WEIR_CODE(WEIR_FAILED), so that the attempt
 * fails. A NULL `format` leaves no message.
 */
WEIR_API int weir_task_fail(weir_task *task, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/*
 * Fails a single item of a batch, in a call of a run_batch function. `index` is the item's index in the array of the
 * call. The item counts as failed in this attempt, with its own code and message; the format is that of weir_task_fail.
 * Code 0 counts as WEIR_CODE(WEIR_FAILED). A further call for the same item replaces its code and message. If out of
 * memory, the item has no message.
 *
 * If the function then returns 0, the other items are done. The failed items are the pipeline's again, so they must be
 * unchanged. The failed items that are retried share one back-off, and become the batch of the next attempt.
 * weir_task_batch_reason is then the same as now. Every other failed item is given up separately, with its own error
 * and its own dead letter. If the function returns another code, that code holds for all items, and the failures of
 * single items are ignored.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the task is NULL or not that of a run_batch function, or `index` is not below the call's `count`
 */
WEIR_API weir_status weir_task_fail_item(weir_task *task, size_t index, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/*
 * Overrides the back-off once. If this attempt fails and is retried, the next attempt starts after `delay` ns instead
 * of the back-off. Use it for a server's Retry-After. The delay has no jitter, and max_backoff does not limit it. If an
 * attempt sets several delays, the last one counts; 0 restores the back-off. Later attempts have their usual back-off.
 * As in a back-off, the item occupies no worker; a source waits in its thread.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if the task is NULL, or the stage's retry has no second attempt or no back-off
 */
WEIR_API weir_status weir_task_retry_after(weir_task *task, uint64_t delay);

/*
 * Returns the number of this attempt at the item, from 1. In a source, returns 1 plus the number of consecutive
 * failed calls of this thread.
 */
WEIR_API unsigned weir_task_attempt(const weir_task *task);

/*
 * Returns whether the pipeline is cancelled. A long-running function should check this, or poll weir_task_stop_fd,
 * and return a code other than 0. The item then counts as dropped, not as failed. If the function returns 0, the item
 * counts as done.
 *
 * In a source, also returns true when the pipeline is finishing. The source should then return, and is not called
 * again. After weir_task_cancelled has returned true in a call of a source, the return code of that call is ignored.
 * If a source fails without this check, the failure counts.
 */
WEIR_API bool weir_task_cancelled(weir_task *task);

/*
 * Returns whether the end of the run has begun: by a finish, a signal of weir_pipeline_end_on, or a cancel. Stays
 * true. Unless the run is cancelled, in-flight items are still completed, fed ones too. So a function should stop
 * feeding once this is true; otherwise the finish lasts until nothing is left to feed. A source should call
 * weir_task_cancelled instead. A NULL task gives false.
 */
WEIR_API bool weir_task_finishing(const weir_task *task);

/*
 * Returns a file descriptor that becomes readable when weir_task_cancelled becomes true: at a cancel and, in a source,
 * at the finish too. A function that waits for several descriptors adds this one to its poll. To wait for a single one,
 * use weir_task_poll. When the descriptor is readable, a source should call weir_task_cancelled and return. The rules
 * of weir_pipeline_cancel_fd apply.
 */
WEIR_API int weir_task_stop_fd(weir_task *task);

/*
 * Blocks until `fd` is ready for `events` (those of poll: POLLIN, POLLOUT ...), the deadline passes or the pipeline is
 * cancelled; in a source, also until the pipeline is finishing. Reports count the time as blocked. On the crew, an
 * additional thread takes over. An error or a hangup of `fd` counts as ready: the next read or write reports it. A
 * negative `fd` is never ready, so the call waits for the other events only. Signals do not end the call. The precision
 * is a millisecond.
 *
 * After WEIR_CANCELLED and WEIR_CLOSED, weir_task_cancelled is true, and the function should return. Both take
 * precedence over a ready `fd`. If the system has no descriptor left for weir_task_stop_fd, the call may return them
 * 20 ms late.
 *
 * Returns WEIR_OK if `fd` is ready, or
 *   WEIR_CLOSED     if the pipeline is finishing; in a source only
 *   WEIR_CANCELLED  if the pipeline is cancelled
 *   WEIR_TIMEDOUT   if the deadline passed first
 *   WEIR_INVALID    if the task is NULL, or `fd` is not open
 *   WEIR_NOMEM      if the system has no memory for the wait
 */
WEIR_API weir_status weir_task_poll(weir_task *task, int fd, short events, weir_deadline deadline);

/*
 * Returns the time at which this attempt becomes overdue (attempt_time), or WEIR_NEVER if the stage has none. An emit
 * that blocks postpones this time, as does any other call of weir that blocks in the function.
 */
WEIR_API weir_deadline weir_task_deadline(const weir_task *task);

/* The reason why a batch is complete: one of its limits, or the end of its input. */
typedef enum weir_batch_reason {
    WEIR_BATCH_ITEMS = 1, /* batch.items */
    WEIR_BATCH_BYTES = 2, /* batch.bytes */
    WEIR_BATCH_TIME = 3,  /* batch.wait */
    WEIR_BATCH_END = 4    /* the end of the input */
} weir_batch_reason;

/* Returns the reason why this batch is complete; 0 outside a batch stage. */
WEIR_API weir_batch_reason weir_task_batch_reason(const weir_task *task);

/* Returns the pipeline of the task: to cancel it, to finish it, or for its cancel_fd. */
WEIR_API weir_pipeline *weir_task_pipeline(const weir_task *task);

/* ---- observing ---- */

/*
 * Makes a report of the current state (weir/report.h), which the caller frees. Stops no thread. Its counts, rates,
 * percentiles and bottleneck are since the start of the run, and it keeps the first max_errors errors; the fatal
 * one is among them.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if an argument is NULL
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_pipeline_report(weir_pipeline *pipeline, weir_report **report);

/*
 * Shows the progress on `stream` until the run is over. A terminal gets a live view, with a line for each stage, whose
 * bar shows how full the input queue is. Any other stream gets a plain line at once, every 10 s and at the end. `total`
 * is the expected number of items, for a bar of the progress and the remaining time; 0 means unknown. Allowed once for
 * each pipeline, after start. A separate thread draws, and ends with the pipeline.
 *
 * The caller owns the stream. The stream must stay open until weir_pipeline_finish returns a status other than
 * WEIR_BUSY and WEIR_DEADLOCK, or weir_pipeline_destroy returns WEIR_OK.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID   if the pipeline is not started, is finishing or over, or is shown already
 *   WEIR_NOMEM     if out of memory
 *   WEIR_NOTHREAD  if the system creates no thread
 */
WEIR_API weir_status weir_pipeline_show(weir_pipeline *pipeline, FILE *stream, uint64_t total);

/*
 * Ends the run when one of these signals arrives. The first signal finishes the pipeline: puts are refused and
 * sources stop. If items are still in flight after `drain` ns, they are cancelled. The second signal cancels the
 * pipeline. Allowed once for each pipeline, after start.
 *
 * weir installs no handler. The caller must block the signals in this thread before the program creates any other
 * thread, so that all threads block them. The signals stay blocked after the run and after the second signal. For a
 * third signal to kill the program, the program must unblock it.
 *
 * Several pipelines may end on the same signals: the first signal finishes all of them, and the second cancels all. One
 * thread of the library waits for the signals of all pipelines, and ends when no pipeline is left. One more thread for
 * each pipeline finishes or cancels it, and ends with it. If no pipeline handles a signal any more, weir sends the
 * signal to the process again: it stays pending for the program, for example for sigwait.
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
 * After the first signal, all in-flight items are completed, even before a call of finish. If all items were
 * completed in time, finish returns WEIR_OK. After a second signal, finish returns WEIR_CANCELLED. If `drain` ns pass
 * first, finish returns WEIR_TIMEDOUT. The report contains the first signal.
 *
 * The call does not block. If a pipeline has no source, the program needs another way to wait for the signal:
 * weir_pipeline_wait returns at once, and finish begins the end itself. Either the program calls sigwait and then
 * finish, instead of this call; or it adds a source that only waits in weir_task_poll.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID   if the pipeline is not started, or is finishing or over, or this is the second call. Also if `count`
 *                  is 0 or more than 64. Also if a signal does not exist, is not blocked in this thread, or is caused
 *                  by a thread itself, as SIGSEGV is
 *   WEIR_NOMEM     if out of memory
 *   WEIR_NOTHREAD  if the system creates no thread
 */
WEIR_API weir_status weir_pipeline_end_on(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PIPELINE_H */
