/*
 * weir/nats.h - a queue that many machines share, on a server of NATS with JetStream. Link with libweir-nats.
 *
 * The items of such a queue lie on the server, as bytes. Any number of programs put to it and take from it, on as many
 * machines as there are. An item that a program has taken stays on the server until the program has acknowledged it. If
 * the program ends or loses its network before, another program gets the item after `ack_wait`. So an item is lost
 * neither by a killed program nor, with `replicas`, by a killed server. It may come twice; its attempt number tells that.
 *
 * A pipeline over several machines is one pipeline on each of them, with a source and a sink of this library:
 *
 *     static weir_nats_config pictures = {.urls = "nats://10.0.0.5:4222", .name = "pictures", .capacity = 1000};
 *     weir_nats *nats;
 *     if (weir_nats_open(&nats, &pictures) != WEIR_OK)
 *         stop_with("cannot open the queue");
 *     weir_nats_source(nats, &take, &options);      // sets the members of the first stage and of the pipeline
 *     weir_pipeline_create(&pipeline, &options);
 *     weir_pipeline_add(pipeline, NULL, &take);
 *     weir_pipeline_add(pipeline, NULL, &resize);
 *
 * The following holds for every call here, unless its comment says otherwise:
 *
 *   Items      cross the network as bytes, made by `encode` and read by `decode`. Without these functions, an item is a
 *              string from malloc that ends with a NUL.
 *   Ownership  a put that returns WEIR_OK has passed its item to `drop`: the item is on the server. After any other
 *              status, the caller still owns the item. After WEIR_UNCERTAIN it may be on the server too.
 *   Threads    all calls are thread-safe, except weir_nats_destroy, which must be the last call.
 *   Blocking   calls wait for answers of the server, at most for `timeout` if they have no deadline. A lost connection
 *              is made again in the background, until the server refuses its user twice.
 *   Messages   each call that fails leaves a reason, which names the server (weir_nats_message).
 *   NULL       if the handle or a pointer for a result is NULL, the call returns WEIR_INVALID and has no effect.
 *
 * What a single machine guarantees, and a network does not:
 *
 *   - An item may be taken twice, if its first taker was too slow, its acknowledgement was lost, or a server was killed
 *     shortly after it.
 *   - Counts are those of an instant in the past.
 *   - With several replicas, the bound may be exceeded by the puts that other programs and threads have under way: one for
 *     each weir_nats_put, up to 256 for each weir_nats_put_many or sink with batches.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_H
#define WEIR_NATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/closable_queue.h>
#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/pipeline.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A queue on a server, opened by this program. */
typedef struct weir_nats weir_nats;

/* The bytes of an item, while `encode` adds them. */
typedef struct weir_nats_buffer weir_nats_buffer;

/* What the server delivers. It is valid during the call of `decode`. */
typedef struct weir_nats_message {
    const void *bytes; /* those that `encode` has added; a NUL follows them, which `size` does not count */
    size_t size;       /* their number */
    unsigned attempt;  /* number of this delivery of the item, from 1 */
    uint64_t sequence; /* place of the item in the queue: unique, and growing in the order of the puts */
} weir_nats_message;

/*
 * Adds the bytes of `item` to `buffer`, by weir_nats_buffer_add. Returns WEIR_OK; any other status is that of the put,
 * and the item is not put. `arg` is that of the config. Several threads may call it at the same time.
 */
typedef weir_status weir_nats_encode_func(const void *item, weir_nats_buffer *buffer, void *arg);

/*
 * Makes an item from the message, and stores it in `*item`. Returns WEIR_OK. After any other status the delivery counts
 * as a failed attempt. `arg` is that of the config. Several threads may call it at the same time.
 */
typedef weir_status weir_nats_decode_func(const weir_nats_message *message, void **item, void *arg);

/*
 * What a program knows of a queue. Members that are 0 or NULL have their defaults. Each program that opens a queue must
 * give the same capacity, replicas, key and lanes; ack_wait is that of the program that opened it first.
 */
typedef struct weir_nats_config {
    size_t size;             /* sizeof(weir_nats_config) in the program; 0 selects the size of weir 0.1.0 */
    const char *urls;        /* servers, with commas between them, in a password %2C; NULL selects
                                      nats://localhost:4222 */
    const char *name;        /* name of the queue: letters, digits, - and _, at most 64; required */
    size_t capacity;         /* maximum number of items; required; WEIR_UNBOUNDED disables the bound */
    unsigned replicas;       /* servers that have a copy of each item: 1, 3 or 5; 0 selects 1 */
    unsigned attempts;       /* deliveries of an item before it becomes a dead letter; one that was returned before
                                      its work began counts too; 0 selects 5 */
    uint64_t ack_wait;       /* ns after which an item of a silent program goes to another; 0 selects 30 s */
    uint64_t retry_delay;    /* ns between a failed attempt and the next delivery; 0 selects 1 s */
    uint64_t timeout;        /* ns in which the server must answer; 0 selects 5 s */
    size_t window;           /* maximum items that a request of this program asks for; 0 selects 64. Two requests may
                                      be open, so up to twice as many items may be taken and not settled */
    weir_key_func *key;      /* key of an item: items with equal keys are taken one by one, in the order of their
                                      puts; NULL disables the order */
    bool put_only;           /* a queue of weir_nats_queue_open takes no items */
    unsigned lanes;          /* with key: maximum items in work at a time, over all programs; 0 selects 16 */
    const char *user;        /* name of the user; NULL disables it */
    const char *password;    /* password of the user */
    const char *token;       /* token, instead of a user */
    const char *credentials; /* file with the JWT and the seed of a user */
    const char *ca_file;     /* file with the certificates that sign the servers'; NULL selects those of the system.
                                      It, certificate_file or a url that begins with tls: requires TLS; otherwise the
                                      server decides */
    const char *certificate_file;  /* file with the certificate of this program */
    const char *private_key_file;  /* file with its key */
    weir_nats_encode_func *encode; /* makes bytes from an item; NULL selects strings */
    weir_nats_decode_func *decode; /* makes an item from bytes; NULL selects strings; set if and only if encode is */
    weir_drop_func *drop;          /* frees an item; NULL selects free() for strings, and leaves other items unfreed */
    void *arg;                     /* argument of key, encode, decode and drop */
    char *message;                 /* receives the reason if weir_nats_open fails; NULL disables it */
    size_t message_size;           /* bytes of `message` */
    void *reserved[4];             /* must be NULL */
} weir_nats_config;

/*
 * Opens a queue. Creates it on the server if it does not exist, with a stream of dead letters beside it. The caller ends
 * it with weir_nats_destroy. The strings of `config` are copied.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID       if a member of the config is wrong, or the queue exists with another one
 *   WEIR_NOMEM         if out of memory
 *   WEIR_NOTHREAD      if the system creates no thread
 *   WEIR_DISCONNECTED  if no server can be reached
 *   WEIR_AUTH          if the server refuses user, password, token or credentials, or permits not enough
 *   WEIR_TLS           if a certificate is wrong or missing
 *   WEIR_TIMEDOUT      if the server does not answer within `timeout`
 *   WEIR_FAILED        if the server refuses the queue for another reason, such as a full disk
 */
WEIR_API weir_status weir_nats_open(weir_nats **nats, const weir_nats_config *config);

/*
 * Closes the connections and frees the handle. The queue and its items stay on the server. Calls that other threads make end
 * first: blocked ones return WEIR_CLOSED. NULL has no effect.
 *
 * Returns WEIR_OK. WEIR_BUSY if a source still runs, or items that it has taken are not settled: destroy the pipeline first.
 */
WEIR_API weir_status weir_nats_destroy(weir_nats *nats);

/*
 * Copies the reason of the last failure of the handle to `buffer`, and ends it with a NUL. A long one is truncated.
 * Copies "" if there was none.
 *
 * Returns WEIR_OK. WEIR_INVALID if `buffer` is NULL or `size` is 0.
 */
WEIR_API weir_status weir_nats_message_copy(weir_nats *nats, char *buffer, size_t size);

/*
 * Adds bytes of an item. Allowed in `encode`, also several times.
 *
 * Returns WEIR_OK. WEIR_NOMEM if out of memory.
 */
WEIR_API weir_status weir_nats_buffer_add(weir_nats_buffer *buffer, const void *bytes, size_t size);

/*
 * Puts an item and waits until the server has stored it. Blocks while the queue is full, until `deadline`. If the
 * deadline has passed, it tries once, and waits at most `timeout` for the answer. An unanswered put is sent again. With one
 * replica it has the same identity, so that the server stores it once, if it gets it again within two minutes. With
 * several it is sent again once these have a leader, and may be stored twice. Other puts of the handle find no room for 1.5 s
 * then, nor after the news of a new leader, nor after a lost connection has returned. A put that is under way at that news is
 * put again after that time, also one that was sent again before; and once more for each further leader. It is not if the
 * destroy begins before that time ends, or if both the deadline and `timeout` do.
 *
 * Returns WEIR_OK, or
 *   WEIR_FULL          if the queue was full, or in these 1.5 s, and the deadline had passed before the call
 *   WEIR_TIMEDOUT      if the queue was full, or had no room for these 1.5 s, until the deadline
 *   WEIR_CLOSED        if the handle is being destroyed
 *   WEIR_NOMEM         if out of memory
 *   WEIR_AUTH          if the server does not permit the put; the item is not on the server
 *   WEIR_TOO_LARGE     if the bytes of the item exceed the limit of the server, which is 1 MiB by default
 *   WEIR_DISCONNECTED  if there was no connection until the deadline; the item is not on the server
 *   WEIR_UNCERTAIN     if there was no answer; the item may be on the server
 *   WEIR_FAILED        if the server refused the item for another reason, such as a full disk
 */
WEIR_API weir_status weir_nats_put(weir_nats *nats, void *item, weir_deadline deadline);

/*
 * Puts `count` items in order, several at a time without waiting for the answer to each. `*put` is always set to the
 * number of items that were put; the others still belong to the caller. If other programs fill the queue in the middle,
 * items of this call may change their places, and the call may go on beyond its deadline by up to twice `timeout`, with
 * several replicas by up to three times, so that no item is left out.
 *
 * Returns the statuses of weir_nats_put, after the first `*put` items. After WEIR_UNCERTAIN each of the others may be on the
 * server, after any other status none is. A count of 0 returns WEIR_OK.
 */
WEIR_API weir_status weir_nats_put_many(weir_nats *nats, void *const *items, size_t count, size_t *put,
                                        weir_deadline deadline);

/*
 * Puts one sentinel behind all items, like weir_queue_close. Exactly one source or consumer, of any program, takes it, and
 * ends, once all items before it are acknowledged. To end n of them, close n times. A second one may end if the first one
 * lost its network for ack_wait at that moment. A close that is answered during the choice of a leader is not put again if a
 * source has taken it meanwhile.
 *
 * Returns the statuses of weir_nats_put.
 */
WEIR_API weir_status weir_nats_close(weir_nats *nats, weir_deadline deadline);

/*
 * Blocks until the queue is empty: each item and sentinel, of every program, is acknowledged.
 *
 * Returns WEIR_OK, or
 *   WEIR_TIMEDOUT      if items were left at the deadline
 *   WEIR_CLOSED        if the handle is being destroyed
 *   WEIR_DISCONNECTED  if there was no connection, or no answer, at the deadline
 *   WEIR_AUTH          if the server does not permit the question
 *   WEIR_FAILED        if the server refuses to tell
 */
WEIR_API weir_status weir_nats_join(weir_nats *nats, weir_deadline deadline);

/* What lies on the server, at one instant. */
typedef struct weir_nats_counts {
    uint64_t waiting;    /* items and sentinels that no program has taken */
    uint64_t unfinished; /* items and sentinels that are not acknowledged: waiting ones and those in work */
    uint64_t dead;       /* dead letters */
} weir_nats_counts;

/*
 * Asks the server for the counts.
 *
 * Returns WEIR_OK. WEIR_DISCONNECTED without a connection. WEIR_TIMEDOUT if there was no answer within `timeout`.
 * WEIR_AUTH if the server does not permit the question. WEIR_FAILED if the server refuses to tell.
 */
WEIR_API weir_status weir_nats_count(weir_nats *nats, weir_nats_counts *counts);

/* ---- as a queue ---- */

/*
 * Opens a queue like weir_nats_open, as a weir_queue: for the calls of weir/closable_queue.h, workers, cursors, selects and
 * the queues of stages. The caller frees it with weir_queue_destroy, which waits about a second for open requests, and
 * also ends the connections. weir/port.h tells what each call does there. Beyond that:
 *
 *   put, close      block while the queue is full, for room that any program makes. They do not wait for a lost connection:
 *                   they return WEIR_DISCONNECTED, and the other statuses of weir_nats_put
 *   get             takes from up to twice `window` items that this program has taken in advance, unless `put_only` is set.
 *                   So a queue from which nothing is got any more keeps items and sentinels from other programs: shut it down
 *   task_done       acknowledges the item. A failed item is returned by weir_queue_item_return, and comes again after
 *                   `retry_delay`
 *   size, unfinished, join   ask the server, and so count for all programs
 *   shutdown        ends the queue in this program only. The items that it had taken return to the server
 *
 * Returns the statuses of weir_nats_open.
 */
WEIR_API weir_status weir_nats_queue_open(weir_queue **queue, const weir_nats_config *config);

/* ---- stages ---- */

/*
 * Makes a stage a source of the items of the queue. Sets work.source, work.arg, work.init and work.fini of `stage`, and
 * threads.count if it is 0, and `settled` of `options`. The program sets the other members.
 *
 * The server delivers up to `window` items at a time, for a moment twice as many. An item is acknowledged when it and all
 * results derived from it have ended:
 *
 *   done, dead-lettered  it is removed from the server; a dead letter is in the queue or the stage that the program has
 *                        set for it
 *   failed               it is delivered again, here or to another program, `retry_delay` later. After `attempts`
 *                        deliveries it becomes a dead letter on the server
 *   dropped              because the pipeline was cancelled: it is delivered again a second later
 *
 * Until then the server is told each third of ack_wait that the item is in work. The source ends when it takes a sentinel
 * (weir_nats_close): it takes nothing more, although its pipeline may run on. Items that it has not begun when it ends
 * return to the server.
 *
 * In such a pipeline, the sources of this library alone may submit items. Destroy the pipeline before the handle.
 *
 * Returns WEIR_OK. WEIR_INVALID if an argument is NULL, or `options` has another `settled`.
 */
WEIR_API weir_status weir_nats_source(weir_nats *nats, weir_stage_options *stage, weir_pipeline_options *options);

/*
 * Makes a stage a sink that puts its items to the queue. Sets work.run and work.arg of `stage`; if batch.items is set,
 * work.run_batch instead of work.run, which puts all items of a batch at once.
 *
 * A put blocks while the queue is full, until the pipeline is cancelled or attempt_time has passed. If the server does not
 * accept the item, the attempt fails with WEIR_CODE of the status of weir_nats_put, and the reason.
 *
 * Returns WEIR_OK. WEIR_INVALID if an argument is NULL.
 */
WEIR_API weir_status weir_nats_sink(weir_nats *nats, weir_stage_options *stage);

/* ---- dead letters ---- */

/*
 * Reads a dead letter: the first one whose number is above `after`. Stores its number in `*number`, the item in `*item`,
 * which the caller then owns, and the deliveries that were made in `*attempts`. The letter stays on the server.
 *
 * Returns WEIR_OK, or
 *   WEIR_EMPTY         if no further letter exists
 *   WEIR_DISCONNECTED  if there is no connection
 *   WEIR_TIMEDOUT      if the server does not answer within `timeout`
 *   WEIR_AUTH          if the server does not permit the question
 *   WEIR_FAILED        if the server refuses to tell; also any status of `decode`
 */
WEIR_API weir_status weir_nats_dead_read(weir_nats *nats, uint64_t after, uint64_t *number, void **item,
                                         unsigned *attempts);

/*
 * Puts the item of a dead letter back to the end of the queue, with all its attempts, and removes the letter. Blocks while
 * the queue is full, until `deadline`.
 *
 * Returns the statuses of weir_nats_put, or WEIR_EMPTY if no letter has this number.
 */
WEIR_API weir_status weir_nats_dead_put_back(weir_nats *nats, uint64_t number, weir_deadline deadline);

/*
 * Removes a dead letter.
 *
 * Returns WEIR_OK, or the statuses of weir_nats_dead_read.
 */
WEIR_API weir_status weir_nats_dead_remove(weir_nats *nats, uint64_t number);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_NATS_H */
