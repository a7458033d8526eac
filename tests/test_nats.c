/*
 * test_nats.c - queues on a server of NATS, with one replica: each call, and what the faults of servers, programs and
 * networks do. tests/nats.sh has the runs with three replicas.
 *
 * Workers that are killed or stopped are this program again, started with the argument "worker".
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for RTLD_NEXT */
#include "nats_server.h"
#include "support.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nats/nats.h>
#include <weir/nats.h>
#include <weir/port.h>

enum { QUEUE = 100, PRODUCERS = 4, EACH = 50, BOUND = 10, SHORT_ACK_WAIT_MS = 1000, KEYS = 4 };

static char folder[128];
static struct nats_server shared;

static void start_shared(void) {
    shared = (struct nats_server){0};
    nats_make_folder(folder, sizeof folder);
    nats_server_start(&shared, folder);
}

static void end_shared(void) {
    nats_server_kill(&shared);
    nats_remove_folder(folder);
}

/* ---- opening ---- */

static weir_nats_config config_for(const char *name, size_t capacity) {
    return (weir_nats_config){.urls = shared.url, .name = name, .capacity = capacity};
}

static weir_nats *open_with(const weir_nats_config *config) {
    char reason[256] = "";
    weir_nats_config copy = *config;
    weir_nats *nats = NULL;
    copy.message = reason;
    copy.message_size = sizeof reason;
    weir_status status = weir_nats_open(&nats, &copy);
    ck_assert_msg(status == WEIR_OK, "%s: %s", weir_strerror(status), reason);
    return nats;
}

static weir_nats *open_queue(const char *name, size_t capacity) {
    weir_nats_config config = config_for(name, capacity);
    return open_with(&config);
}

static char *text_of(size_t n) {
    char text[32];
    snprintf(text, sizeof text, "%zu", n);
    return strdup(text);
}

static void put_texts(weir_nats *nats, size_t first, size_t end) {
    for (size_t i = first; i < end; i++)
        assert_status(WEIR_OK, weir_nats_put(nats, text_of(i), weir_deadline_after(HANG_SECONDS * SECONDS)));
}

/* ---- a pipeline that takes ---- */

struct taker {
    weir_pipeline *pipeline;
    atomic_size_t begun, count;
    atomic_int *busy;   /* items in work, by key; NULL: not counted */
    atomic_bool beside; /* two items of a key were in work at a time */
    size_t numbers[1024];
    unsigned attempts[1024];
    atomic_bool hold;   /* calls wait while it is set */
    int code;           /* what calls return */
    atomic_int failing; /* calls that return `code` before others return 0; -1: all */
    weir_status end;
};

/* Items of takers: the number, and the attempt. */
struct taken {
    size_t number;
    unsigned attempt;
};

static struct taken *new_taken(size_t number) {
    struct taken *item = malloc(sizeof *item);
    *item = (struct taken){number, 0};
    return item;
}

static weir_status encode_taken(const void *item, weir_nats_buffer *buffer, void *arg) {
    char text[32];
    (void)arg;
    int length = snprintf(text, sizeof text, "%zu", ((const struct taken *)item)->number);
    return weir_nats_buffer_add(buffer, text, (size_t)length);
}

static weir_status decode_taken(const weir_nats_message *message, void **item, void *arg) {
    struct taken *taken = malloc(sizeof *taken);
    (void)arg;
    if (taken == NULL)
        return WEIR_NOMEM;
    *taken = (struct taken){strtoul((const char *)message->bytes, NULL, 10), message->attempt};
    *item = taken;
    return WEIR_OK;
}

static void drop_taken(void *item, void *arg) {
    (void)arg;
    free(item);
}

static void decode_numbers(weir_nats_config *config) {
    config->encode = encode_taken;
    config->decode = decode_taken;
    config->drop = drop_taken;
}

static int take(weir_task *task, void *item, void *arg) {
    struct taker *taker = arg;
    struct taken *taken = item;
    size_t place = atomic_fetch_add(&taker->begun, 1);
    if (place < COUNT_OF(taker->numbers)) {
        taker->numbers[place] = taken->number;
        taker->attempts[place] = taken->attempt;
    }
    atomic_fetch_add(&taker->count, 1);
    if (taker->busy != NULL) {
        atomic_int *busy = &taker->busy[taken->number % KEYS];
        if (atomic_fetch_add(busy, 1) != 0)
            atomic_store(&taker->beside, true);
        usleep(1000);
        atomic_fetch_sub(busy, 1);
    }
    while (atomic_load(&taker->hold) && !weir_task_cancelled(task))
        usleep(1000);
    if (weir_task_cancelled(task))
        return WEIR_CODE(WEIR_CANCELLED);
    int failing = atomic_load(&taker->failing);
    if (failing != 0) {
        if (failing > 0)
            atomic_fetch_sub(&taker->failing, 1);
        return weir_task_fail(task, taker->code, "told to");
    }
    free(taken);
    return 0;
}

static weir_status make_taker(struct taker *taker, weir_nats *nats, size_t threads) {
    weir_pipeline_options options = {0};
    weir_stage_options from = {.name = "from"}, to = {.name = "to"};
    weir_nats_source(nats, &from, &options);
    to.work.run = take;
    to.work.arg = taker;
    to.threads.count = threads;
    to.input.drop = drop_taken;
    to.errors.on_error = WEIR_SKIP;
    weir_pipeline_create(&taker->pipeline, &options);
    weir_pipeline_add(taker->pipeline, NULL, &from);
    weir_pipeline_add(taker->pipeline, NULL, &to);
    return weir_pipeline_start(taker->pipeline);
}

static void start_taker(struct taker *taker, weir_nats *nats, size_t threads) {
    assert_status(WEIR_OK, make_taker(taker, nats, threads));
}

static struct taker *new_taker(weir_nats *nats, size_t threads) {
    struct taker *taker = calloc(1, sizeof *taker);
    taker->code = 5;
    start_taker(taker, nats, threads);
    return taker;
}

static void end_taker(struct taker *taker, weir_status wanted) {
    assert_status(wanted, weir_pipeline_finish(taker->pipeline, weir_deadline_after(HANG_SECONDS * SECONDS), NULL));
    assert_status(WEIR_OK, weir_pipeline_destroy(taker->pipeline));
}

/* Waits until the taker's source has ended by a sentinel. */
static void wait_for_end(struct taker *taker) {
    assert_status(WEIR_OK, weir_pipeline_wait(taker->pipeline, weir_deadline_after(HANG_SECONDS * SECONDS)));
    end_taker(taker, WEIR_OK);
}

static void wait_for_count(struct taker *taker, size_t count) {
    weir_deadline hang = weir_deadline_after(HANG_SECONDS * SECONDS);
    while (atomic_load(&taker->count) < count) {
        ck_assert_msg(weir_deadline_after(0) < hang, "%zu of %zu items", atomic_load(&taker->count), count);
        usleep(1000);
    }
}

static weir_nats_counts counts_of(weir_nats *nats) {
    weir_nats_counts counts = {99, 99, 99};
    assert_status(WEIR_OK, weir_nats_count(nats, &counts));
    return counts;
}

static void join_queue(weir_nats *nats) {
    assert_status(WEIR_OK, weir_nats_join(nats, weir_deadline_after(HANG_SECONDS * SECONDS)));
}

static void close_queue(weir_nats *nats) {
    assert_status(WEIR_OK, weir_nats_close(nats, weir_deadline_after(HANG_SECONDS * SECONDS)));
}

static weir_nats *open_numbers(const char *name, size_t capacity) {
    weir_nats_config config = config_for(name, capacity);
    decode_numbers(&config);
    config.retry_delay = 10 * MILLISECONDS;
    config.attempts = 2;
    return open_with(&config);
}

static void put_numbers_to(weir_nats *nats, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        struct taken *item = new_taken(i);
        assert_status(WEIR_OK, weir_nats_put(nats, item, weir_deadline_after(HANG_SECONDS * SECONDS)));
    }
}

/* ---- puts and takes ---- */

START_TEST (items_come_in_order_and_the_sentinel_last) {
    weir_nats *nats = open_numbers("order", QUEUE);
    put_numbers_to(nats, 0, 50);
    close_queue(nats);
    ck_assert_uint_eq(counts_of(nats).waiting, 51);
    struct taker *taker = new_taker(nats, 1);
    wait_for_end(taker);
    ck_assert_uint_eq(taker->count, 50);
    for (size_t i = 0; i < 50; i++) {
        ck_assert_uint_eq(taker->numbers[i], i);
        ck_assert_uint_eq(taker->attempts[i], 1);
    }
    join_queue(nats);
    ck_assert_uint_eq(counts_of(nats).unfinished, 0);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

START_TEST (many_are_put_in_order) {
    enum { MANY = 1000 };
    weir_nats *nats = open_numbers("many", WEIR_UNBOUNDED);
    void *items[MANY];
    size_t put = 0;
    for (size_t i = 0; i < MANY; i++) {
        items[i] = malloc(sizeof(struct taken));
        ((struct taken *)items[i])->number = i;
    }
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, MANY, &put, WEIR_NEVER));
    ck_assert_uint_eq(put, MANY);
    ck_assert_uint_eq(counts_of(nats).unfinished, MANY);
    close_queue(nats);
    struct taker *taker = new_taker(nats, 1);
    wait_for_end(taker);
    ck_assert_uint_eq(taker->count, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(taker->numbers[i], i);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

START_TEST (many_stop_at_the_bound) {
    weir_nats *nats = open_queue("bounded_many", 5);
    void *items[8];
    size_t put = 99;
    for (size_t i = 0; i < COUNT_OF(items); i++)
        items[i] = text_of(i);
    assert_status(WEIR_FULL, weir_nats_put_many(nats, items, COUNT_OF(items), &put, 0));
    ck_assert_uint_eq(put, 5);
    for (size_t i = put; i < COUNT_OF(items); i++)
        free(items[i]);
    assert_status(WEIR_OK, weir_nats_put_many(nats, NULL, 0, &put, 0));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_full_queue_refuses_and_times_out) {
    weir_nats *nats = open_queue("full", 3);
    char reason[256], *item = text_of(9);
    put_texts(nats, 0, 3);
    assert_status(WEIR_FULL, weir_nats_put(nats, item, 0));
    assert_status(WEIR_TIMEDOUT, weir_nats_put(nats, item, weir_deadline_after(30 * MILLISECONDS)));
    assert_status(WEIR_TIMEDOUT, weir_nats_close(nats, weir_deadline_after(30 * MILLISECONDS)));
    assert_status(WEIR_OK, weir_nats_message_copy(nats, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(reason, "full"));
    ck_assert_uint_eq(counts_of(nats).unfinished, 3);
    assert_status(WEIR_TIMEDOUT, weir_nats_join(nats, weir_deadline_after(30 * MILLISECONDS)));
    free(item);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* A put in another thread, which records; the main thread joins it, then asserts. */
struct single {
    weir_nats *nats;
    weir_deadline deadline;
    weir_status status;
};

static void *put_single(void *arg) {
    struct single *single = arg;
    char *item = text_of(3);
    single->status = weir_nats_put(single->nats, item, single->deadline);
    if (single->status != WEIR_OK)
        free(item);
    return NULL;
}

START_TEST (a_blocked_put_is_woken_by_an_acknowledgement) {
    weir_nats *nats = open_numbers("woken", 3);
    pthread_t thread;
    weir_nats *producer = open_queue("woken", 3);
    struct single single = {producer, hang_limit(), WEIR_FAILED};
    put_texts(producer, 0, 3);
    thread_start(&thread, put_single, &single);
    struct taker *taker = new_taker(nats, 1);
    thread_join(thread);
    assert_status(WEIR_OK, single.status);
    wait_for_count(taker, 4);
    end_taker(taker, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(producer));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

START_TEST (a_destroy_ends_blocked_puts) {
    weir_nats *nats = open_queue("ended", 1);
    struct single single = {nats, WEIR_NEVER, WEIR_OK};
    pthread_t thread;
    put_texts(nats, 0, 1);
    thread_start(&thread, put_single, &single);
    usleep(50000); /* most runs see it blocked; the outcome is the same */
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    thread_join(thread);
    assert_status(WEIR_CLOSED, single.status);
}
END_TEST

/* ---- several producers ---- */

struct producer {
    weir_nats *nats;
    weir_status status; /* of its last put */
};

static void *produce(void *arg) {
    struct producer *producer = arg;
    for (size_t i = 0; i < EACH && producer->status == WEIR_OK; i++) {
        struct taken *item = new_taken(i);
        producer->status = weir_nats_put(producer->nats, item, hang_limit());
        if (producer->status != WEIR_OK)
            free(item);
    }
    return NULL;
}

START_TEST (producers_keep_the_bound) {
    weir_nats *nats = open_numbers("bound", BOUND);
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    size_t seen[EACH] = {0};
    uint64_t most = 0;
    for (size_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){open_numbers("bound", BOUND), WEIR_OK};
        thread_start(&threads[i], produce, &producers[i]);
    }
    struct taker *taker = new_taker(nats, 2);
    weir_deadline hang = hang_limit();
    while (atomic_load(&taker->count) < PRODUCERS * EACH && now() < hang) {
        uint64_t inside = counts_of(nats).unfinished;
        most = inside > most ? inside : most;
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        thread_join(threads[i]);
        assert_status(WEIR_OK, producers[i].status);
        assert_status(WEIR_OK, weir_nats_destroy(producers[i].nats));
    }
    close_queue(nats);
    wait_for_end(taker);
    ck_assert_uint_le(most, BOUND);
    ck_assert_uint_eq(taker->count, PRODUCERS * EACH);
    for (size_t i = 0; i < PRODUCERS * EACH; i++)
        seen[taker->numbers[i]]++;
    for (size_t i = 0; i < EACH; i++)
        ck_assert_uint_eq(seen[i], PRODUCERS);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

/* ---- the end ---- */

START_TEST (each_sentinel_ends_one_source) {
    weir_nats *a = open_numbers("sentinels", QUEUE), *b = open_numbers("sentinels", QUEUE);
    struct taker *first = new_taker(a, 1), *second = new_taker(b, 1);
    put_numbers_to(a, 0, 20);
    close_queue(a);
    weir_deadline hang = weir_deadline_after(HANG_SECONDS * SECONDS);
    weir_status one = WEIR_TIMEDOUT, two = WEIR_TIMEDOUT;
    while (one != WEIR_OK && two != WEIR_OK) {
        one = weir_pipeline_wait(first->pipeline, weir_deadline_after(MILLISECONDS));
        two = weir_pipeline_wait(second->pipeline, weir_deadline_after(MILLISECONDS));
        ck_assert(weir_deadline_after(0) < hang);
    }
    join_queue(a);
    ck_assert_uint_eq(first->count + second->count, 20);
    weir_pipeline *other = one == WEIR_OK ? second->pipeline : first->pipeline;
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(other, weir_deadline_after(300 * MILLISECONDS)));
    close_queue(b);
    wait_for_end(first);
    wait_for_end(second);
    join_queue(b);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(first);
    free(second);
}
END_TEST

START_TEST (a_sentinel_waits_for_items_in_work) {
    weir_nats *nats = open_numbers("held", QUEUE);
    struct taker *taker = new_taker(nats, 1);
    atomic_store(&taker->hold, true);
    put_numbers_to(nats, 0, 1);
    close_queue(nats);
    wait_for_count(taker, 1);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(taker->pipeline, weir_deadline_after(300 * MILLISECONDS)));
    atomic_store(&taker->hold, false);
    wait_for_end(taker);
    join_queue(nats);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

START_TEST (a_source_that_has_ended_takes_nothing) {
    weir_nats *a = open_numbers("ended_source", QUEUE), *b = open_numbers("ended_source", QUEUE);
    struct taker *ended = new_taker(a, 1);
    close_queue(a);
    assert_status(WEIR_OK, weir_pipeline_wait(ended->pipeline, weir_deadline_after(HANG_SECONDS * SECONDS)));
    put_numbers_to(b, 0, 20); /* the pipeline of the first one is not finished */
    close_queue(b);
    struct taker *other = new_taker(b, 1);
    wait_for_end(other);
    ck_assert_uint_eq(other->count, 20);
    join_queue(b);
    end_taker(ended, WEIR_OK);
    ck_assert_uint_eq(ended->count, 0);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(ended);
    free(other);
}
END_TEST

START_TEST (items_that_are_not_begun_are_given_back) {
    weir_nats *a = open_numbers("given", QUEUE), *b = open_numbers("given", QUEUE);
    put_numbers_to(a, 0, 30);
    struct taker *first = new_taker(a, 1);
    atomic_store(&first->hold, true);
    wait_for_count(first, 1);
    assert_status(WEIR_BUSY, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_pipeline_cancel(first->pipeline));
    end_taker(first, WEIR_CANCELLED);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    struct taker *second = new_taker(b, 1);
    wait_for_count(second, 30);
    join_queue(b);
    end_taker(second, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(first);
    free(second);
}
END_TEST

/* ---- failures ---- */

START_TEST (a_failed_item_comes_again_with_its_attempt) {
    weir_nats *nats = open_numbers("again", QUEUE);
    put_numbers_to(nats, 7, 8);
    struct taker *taker = calloc(1, sizeof *taker);
    taker->code = 5;
    atomic_store(&taker->failing, 1);
    start_taker(taker, nats, 1);
    wait_for_count(taker, 2);
    join_queue(nats);
    end_taker(taker, WEIR_OK);
    ck_assert_uint_eq(taker->numbers[1], 7);
    ck_assert_uint_eq(taker->attempts[0], 1);
    ck_assert_uint_eq(taker->attempts[1], 2);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

START_TEST (the_last_failure_makes_a_dead_letter) {
    weir_nats *nats = open_numbers("dead", QUEUE);
    struct taker *taker = calloc(1, sizeof *taker);
    void *item = NULL;
    uint64_t number = 0;
    unsigned attempts = 0;
    put_numbers_to(nats, 3, 5);
    taker->code = 5;
    atomic_store(&taker->failing, -1);
    start_taker(taker, nats, 1);
    join_queue(nats);
    ck_assert_uint_eq(taker->count, 4);
    ck_assert_uint_eq(counts_of(nats).dead, 2);
    assert_status(WEIR_OK, weir_nats_dead_read(nats, 0, &number, &item, &attempts));
    ck_assert_uint_eq(((struct taken *)item)->number, 3);
    ck_assert_uint_eq(attempts, 2);
    free(item);
    atomic_store(&taker->failing, 0);
    assert_status(WEIR_OK, weir_nats_dead_put_back(nats, number, WEIR_NEVER));
    wait_for_count(taker, 5);
    join_queue(nats);
    assert_status(WEIR_EMPTY, weir_nats_dead_put_back(nats, number, WEIR_NEVER));
    assert_status(WEIR_OK, weir_nats_dead_read(nats, number, &number, &item, &attempts));
    ck_assert_uint_eq(((struct taken *)item)->number, 4);
    free(item);
    assert_status(WEIR_EMPTY, weir_nats_dead_read(nats, number, &number, &item, &attempts));
    assert_status(WEIR_OK, weir_nats_dead_remove(nats, number));
    assert_status(WEIR_EMPTY, weir_nats_dead_remove(nats, number));
    ck_assert_uint_eq(counts_of(nats).dead, 0);
    end_taker(taker, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

/* Publishes what a program with replicas sends if the answer to its first message was lost. */
static void publish_again(const char *subject, const char *text) {
    natsConnection *connection = NULL;
    natsMsg *message = NULL, *answer = NULL;
    ck_assert_int_eq(natsConnection_ConnectTo(&connection, shared.url), NATS_OK);
    ck_assert_int_eq(natsMsg_Create(&message, subject, NULL, text, (int)strlen(text)), NATS_OK);
    ck_assert_int_eq(natsMsgHeader_Set(message, "Weir-Again", "1"), NATS_OK);
    ck_assert_int_eq(natsConnection_RequestMsg(&answer, connection, message, HANG_SECONDS * 1000), NATS_OK);
    natsMsg_Destroy(message);
    natsMsg_Destroy(answer);
    natsConnection_Destroy(connection);
}

/* It may be the only one of the two that was stored. */
START_TEST (an_item_put_again_has_all_its_attempts) {
    weir_nats *nats = open_numbers("twofold", QUEUE);
    struct taker *taker = calloc(1, sizeof *taker);
    void *item = NULL;
    uint64_t number = 0;
    unsigned attempts = 0;
    publish_again("weir.twofold.item.0", "7");
    taker->code = 5;
    atomic_store(&taker->failing, -1);
    start_taker(taker, nats, 1);
    join_queue(nats);
    ck_assert_uint_eq(taker->count, 2);
    ck_assert_uint_eq(taker->attempts[0], 2);
    assert_status(WEIR_OK, weir_nats_dead_read(nats, 0, &number, &item, &attempts));
    ck_assert_uint_eq(attempts, 2);
    free(item);
    end_taker(taker, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

static weir_status refuse_to_decode(const weir_nats_message *message, void **item, void *arg) {
    (void)message;
    (void)item;
    (void)arg;
    return WEIR_INVALID;
}

START_TEST (what_cannot_be_decoded_becomes_a_dead_letter) {
    weir_nats_config config = config_for("bytes", QUEUE);
    config.encode = encode_taken;
    config.decode = refuse_to_decode;
    config.drop = drop_taken;
    config.attempts = 1;
    weir_nats *nats = open_with(&config);
    put_numbers_to(nats, 0, 1);
    struct taker *taker = new_taker(nats, 1);
    join_queue(nats);
    ck_assert_uint_eq(taker->count, 0);
    ck_assert_uint_eq(counts_of(nats).dead, 1);
    end_taker(taker, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

START_TEST (an_item_over_the_limit_is_too_large) {
    weir_nats *nats = open_queue("large", QUEUE);
    size_t size = 2 << 20;
    char reason[256], *item = malloc(size + 1);
    memset(item, 'x', size);
    item[size] = '\0';
    assert_status(WEIR_TOO_LARGE, weir_nats_put(nats, item, WEIR_NEVER));
    assert_status(WEIR_OK, weir_nats_message_copy(nats, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "1048576"));
    free(item);
    put_texts(nats, 0, 1);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* ---- opening ---- */

START_TEST (wrong_configs_are_refused) {
    weir_nats *nats = NULL;
    weir_nats_config good = config_for("wrong", QUEUE);
    weir_nats_config wrong[15];
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        wrong[i] = good;
    wrong[0].name = NULL;
    wrong[1].name = "a.b";
    wrong[2].capacity = 0;
    wrong[3].replicas = 2;
    wrong[4].decode = decode_taken;
    wrong[5].lanes = 2;
    wrong[6].ack_wait = 1;
    wrong[7].private_key_file = "key";
    wrong[8].reserved[3] = &good;
    wrong[9].size = 1;
    wrong[10].urls = "";
    wrong[11].urls = " , ";
    wrong[12].urls = "nats://";
    wrong[13].urls = "https://127.0.0.1";
    wrong[14].urls = "nats://ann:secret@:4222";
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char reason[128] = "";
        wrong[i].message = reason;
        wrong[i].message_size = sizeof reason;
        ck_assert_msg(weir_nats_open(&nats, &wrong[i]) == WEIR_INVALID, "config %zu", i);
        ck_assert_str_ne(reason, "");
    }
    assert_status(WEIR_INVALID, weir_nats_open(NULL, &good));
    assert_status(WEIR_INVALID, weir_nats_open(&nats, NULL));
    assert_status(WEIR_OK, weir_nats_destroy(NULL));
    ck_assert_ptr_null(nats);
}
END_TEST

START_TEST (null_is_invalid) {
    size_t put = 1;
    weir_nats_counts counts;
    weir_stage_options stage = {0};
    weir_pipeline_options options = {0};
    unsigned attempts;
    uint64_t number;
    void *item;
    char reason[8];
    assert_status(WEIR_INVALID, weir_nats_put(NULL, NULL, 0));
    assert_status(WEIR_INVALID, weir_nats_put_many(NULL, NULL, 0, &put, 0));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_INVALID, weir_nats_close(NULL, 0));
    assert_status(WEIR_INVALID, weir_nats_join(NULL, 0));
    assert_status(WEIR_INVALID, weir_nats_count(NULL, &counts));
    assert_status(WEIR_INVALID, weir_nats_source(NULL, &stage, &options));
    assert_status(WEIR_INVALID, weir_nats_sink(NULL, &stage));
    assert_status(WEIR_INVALID, weir_nats_dead_read(NULL, 0, &number, &item, &attempts));
    assert_status(WEIR_INVALID, weir_nats_dead_put_back(NULL, 1, 0));
    assert_status(WEIR_INVALID, weir_nats_dead_remove(NULL, 1));
    assert_status(WEIR_INVALID, weir_nats_message_copy(NULL, reason, sizeof reason));
    assert_status(WEIR_INVALID, weir_nats_buffer_add(NULL, "", 0));
}
END_TEST

static weir_status try_open(const weir_nats_config *config, char *reason, size_t size) {
    weir_nats_config copy = *config;
    weir_nats *nats = NULL;
    copy.message = reason;
    copy.message_size = size;
    weir_status status = weir_nats_open(&nats, &copy);
    weir_nats_destroy(nats);
    return status;
}

START_TEST (another_capacity_is_a_mismatch) {
    weir_nats_config config = config_for("mismatch", 5);
    char reason[256];
    assert_status(WEIR_OK, try_open(&config, reason, sizeof reason));
    assert_status(WEIR_OK, try_open(&config, reason, sizeof reason));
    config.capacity = 6;
    assert_status(WEIR_INVALID, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "capacity 5"));
    ck_assert_ptr_nonnull(strstr(reason, "127.0.0.1:"));
}
END_TEST

/* Another tool has made the stream. */
START_TEST (a_stream_with_another_setting_is_a_mismatch) {
    weir_nats_config config = config_for("edited", 5);
    const char *subjects[] = {"weir.edited.>"};
    char reason[256];
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    jsStreamConfig stream;
    jsStreamConfig_Init(&stream);
    stream.Name = "WEIR_edited";
    stream.Description = "weir: capacity 5, replicas 1, unordered 1";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    ck_assert_int_eq(natsConnection_ConnectTo(&connection, shared.url), NATS_OK);
    ck_assert_int_eq(natsConnection_JetStream(&js, connection, NULL), NATS_OK);
    ck_assert_int_eq(js_AddStream(NULL, js, &stream, NULL, NULL), NATS_OK);
    assert_status(WEIR_INVALID, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "WEIR_edited exists with another retention"));
    ck_assert_int_eq(js_DeleteStream(js, "WEIR_edited", NULL, NULL), NATS_OK);
    stream.Retention = js_WorkQueuePolicy;
    stream.Discard = js_DiscardNew;
    stream.MaxMsgs = 5;
    stream.MaxAge = (int64_t)(3600 * SECONDS);
    ck_assert_int_eq(js_AddStream(NULL, js, &stream, NULL, NULL), NATS_OK);
    assert_status(WEIR_INVALID, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "max_age"));
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
}
END_TEST

static void write_users(const char *name) {
    FILE *file = fopen(name, "w");
    fputs("authorization { users: [ {user: nothing, password: p, permissions: {publish: \"none\"}},\n"
          "{user: taker, password: p, permissions: {publish: {deny: \"weir.>\"}}} ] }\n",
          file);
    fclose(file);
}

START_TEST (what_the_server_does_not_permit_is_told) {
    struct nats_server server = {0};
    char users[256], options[300], reason[256] = "";
    snprintf(users, sizeof users, "%s/users", folder);
    snprintf(options, sizeof options, "-c %s", users);
    write_users(users);
    server.options = options;
    nats_server_start(&server, folder);
    weir_nats_config config = config_for("permitted", 5);
    config.urls = server.url;
    config.user = "nothing";
    config.password = "p";
    config.timeout = 2 * SECONDS;
    assert_status(WEIR_AUTH, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "$JS.API.STREAM.INFO.WEIR_permitted"));
    config.user = "taker";
    weir_nats *nats = open_with(&config);
    char *item = text_of(1);
    assert_status(WEIR_AUTH, weir_nats_put(nats, item, WEIR_NEVER));
    assert_status(WEIR_OK, weir_nats_message_copy(nats, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "weir.permitted.item.0"));
    size_t put = 1;
    void *items[] = {item, item};
    assert_status(WEIR_AUTH, weir_nats_put_many(nats, items, COUNT_OF(items), &put, WEIR_NEVER));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_AUTH, weir_nats_close(nats, WEIR_NEVER));
    free(item);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    nats_server_kill(&server);
}
END_TEST

START_TEST (a_password_is_never_quoted) {
    static const char *const urls[] = {"nats://ann:sec,ret@127.0.0.1:1", "nats://ann:secret", "nats://[::1]:secret",
                                       "nats://127.0.0.1:1,ann:secret"};
    weir_nats_config config = config_for("quoted", 5);
    char reason[256];
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        config.urls = urls[i];
        assert_status(WEIR_INVALID, try_open(&config, reason, sizeof reason));
        ck_assert_ptr_null(strstr(reason, "sec"));
    }
    config.urls = "nats://ann:secret@[::1]:1";
    assert_status(WEIR_DISCONNECTED, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_null(strstr(reason, "sec"));
}
END_TEST

START_TEST (a_url_of_tls_sends_no_password_in_clear) {
    weir_nats_config config = config_for("clear", 5);
    char reason[256], url[128];
    snprintf(url, sizeof url, "tls://ann:secret@127.0.0.1:%d", shared.port);
    config.urls = url;
    ck_assert_int_ne(try_open(&config, reason, sizeof reason), WEIR_OK);
    ck_assert_ptr_null(strstr(reason, "secret"));
}
END_TEST

START_TEST (a_server_that_is_not_there_is_named) {
    weir_nats_config config = config_for("absent", 5);
    char reason[256];
    config.urls = "nats://secret:word@127.0.0.1:1";
    assert_status(WEIR_DISCONNECTED, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "127.0.0.1:1"));
    ck_assert_ptr_null(strstr(reason, "word"));
}
END_TEST

START_TEST (a_wrong_password_and_a_missing_certificate_are_told) {
    struct nats_server server = {.options = "--user ann --pass right"};
    char reason[256];
    nats_server_start(&server, folder);
    weir_nats_config config = config_for("locked", 5);
    config.urls = server.url;
    config.user = "ann";
    config.password = "wrong";
    assert_status(WEIR_AUTH, try_open(&config, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "127.0.0.1:"));
    config.password = "right";
    assert_status(WEIR_OK, try_open(&config, reason, sizeof reason));
    config.ca_file = "/nonexistent/ca.pem";
    assert_status(WEIR_TLS, try_open(&config, reason, sizeof reason));
    nats_server_kill(&server);
}
END_TEST

/* ---- order of keys ---- */

static uint64_t key_of(const void *item, void *arg) {
    (void)arg;
    return ((const struct taken *)item)->number % KEYS;
}

static struct taker *new_taker_of_keys(weir_nats *nats, atomic_int *busy) {
    struct taker *taker = calloc(1, sizeof *taker);
    taker->busy = busy;
    start_taker(taker, nats, KEYS);
    return taker;
}

/* The items of a key that one taker has got are in the order of their puts. */
static void check_keys(const struct taker *taker) {
    size_t least[KEYS] = {0};
    for (size_t i = 0; i < taker->count; i++) {
        size_t key = taker->numbers[i] % KEYS;
        ck_assert_uint_ge(taker->numbers[i], least[key]);
        least[key] = taker->numbers[i] + 1;
    }
    ck_assert(!atomic_load(&taker->beside));
}

START_TEST (items_of_a_key_are_taken_one_by_one) {
    static atomic_int busy[KEYS];
    weir_nats_config config = config_for("keys", QUEUE);
    decode_numbers(&config);
    config.key = key_of;
    config.lanes = 4;
    weir_nats *a = open_with(&config), *b = open_with(&config);
    struct taker *first = new_taker_of_keys(a, busy), *second = new_taker_of_keys(b, busy);
    put_numbers_to(a, 0, 40);
    close_queue(a);
    close_queue(a);
    wait_for_end(first);
    wait_for_end(second);
    ck_assert_uint_eq(first->count + second->count, 40);
    check_keys(first);
    check_keys(second);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(first);
    free(second);
}
END_TEST

/* ---- as a weir_queue ---- */

static weir_queue *open_weir_queue(const char *name, size_t capacity, bool put_only) {
    weir_nats_config config = config_for(name, capacity);
    weir_queue *queue = NULL;
    decode_numbers(&config);
    config.retry_delay = 10 * MILLISECONDS;
    config.put_only = put_only;
    assert_status(WEIR_OK, weir_nats_queue_open(&queue, &config));
    return queue;
}

static struct taken *get_taken(weir_queue *queue) {
    void *item = NULL;
    assert_status(WEIR_OK, weir_queue_get_until(queue, &item, weir_deadline_after(HANG_SECONDS * SECONDS)));
    return item;
}

/* Takes an item, which must have this number and attempt, and frees it. */
static void take_one_of(weir_queue *queue, size_t number, unsigned attempt) {
    struct taken *taken = get_taken(queue);
    ck_assert_uint_eq(taken->number, number);
    ck_assert_uint_eq(taken->attempt, attempt);
    free(taken);
}

START_TEST (a_weir_queue_puts_gets_and_joins) {
    weir_queue *queue = open_weir_queue("as_queue", 20, false);
    void *items[10];
    size_t put;
    ck_assert_uint_eq(weir_queue_capacity(queue), 20);
    ck_assert_str_eq(weir_queue_name(queue), "as_queue");
    assert_status(WEIR_OK, weir_queue_put(queue, new_taken(0)));
    for (size_t i = 0; i < COUNT_OF(items); i++)
        items[i] = new_taken(i + 1);
    assert_status(WEIR_OK, weir_queue_put_many(queue, items, COUNT_OF(items), &put));
    ck_assert_uint_eq(put, COUNT_OF(items));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 11);
    for (size_t i = 0; i < 11; i++)
        take_one_of(queue, i, 1);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, weir_deadline_after(100 * MILLISECONDS)));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 11));
    assert_status(WEIR_OK, weir_queue_join_until(queue, weir_deadline_after(HANG_SECONDS * SECONDS)));
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

struct third {
    weir_queue *queue;
    weir_status status;
};

static void *put_the_third(void *arg) {
    struct third *third = arg;
    third->status = weir_queue_put_until(third->queue, new_taken(2), hang_limit());
    return NULL;
}

START_TEST (a_full_weir_queue_blocks_until_another_program_settles) {
    weir_queue *producer = open_weir_queue("full_queue", 2, true), *consumer = open_weir_queue("full_queue", 2, false);
    pthread_t thread;
    void *item = new_taken(9);
    assert_status(WEIR_OK, weir_queue_put(producer, new_taken(0)));
    assert_status(WEIR_OK, weir_queue_put(producer, new_taken(1)));
    assert_status(WEIR_FULL, weir_queue_try_put(producer, item));
    assert_status(WEIR_TIMEDOUT, weir_queue_put_until(producer, item, weir_deadline_after(50 * MILLISECONDS)));
    free(item);
    struct third third = {producer, WEIR_FAILED};
    thread_start(&thread, put_the_third, &third);
    take_one_of(consumer, 0, 1);
    assert_status(WEIR_OK, weir_queue_task_done(consumer));
    thread_join(thread);
    assert_status(WEIR_OK, third.status);
    take_one_of(consumer, 1, 1);
    take_one_of(consumer, 2, 1);
    assert_status(WEIR_OK, weir_queue_tasks_done(consumer, 2));
    assert_status(WEIR_OK, weir_queue_join_until(producer, weir_deadline_after(HANG_SECONDS * SECONDS)));
    assert_status(WEIR_EMPTY, weir_queue_try_get(producer, &item));
    assert_status(WEIR_OK, weir_queue_destroy(producer));
    assert_status(WEIR_OK, weir_queue_destroy(consumer));
}
END_TEST

START_TEST (a_close_reaches_one_weir_queue) {
    weir_queue *queue = open_weir_queue("closed_queue", 5, false);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *item = NULL;
    size_t count = 0;
    assert_status(WEIR_OK, weir_queue_put(queue, new_taken(0)));
    assert_status(WEIR_OK, weir_queue_put(queue, new_taken(1)));
    assert_status(WEIR_OK, weir_queue_close(queue));
    for (; weir_queue_cursor_next(&cursor, &item) == WEIR_OK; count++)
        free(item);
    ck_assert_uint_eq(count, 2);
    assert_status(WEIR_OK, weir_queue_join_until(queue, weir_deadline_after(HANG_SECONDS * SECONDS)));
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, weir_deadline_after(300 * MILLISECONDS)));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_returned_item_comes_again) {
    weir_queue *queue = open_weir_queue("returned", 5, false);
    assert_status(WEIR_OK, weir_queue_put(queue, new_taken(4)));
    struct taken *taken = get_taken(queue);
    assert_status(WEIR_OK, weir_queue_item_return(queue, taken));
    free(taken);
    take_one_of(queue, 4, 2);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_destroyed_weir_queue_gives_its_items_back) {
    weir_queue *first = open_weir_queue("handed", 9, false), *second = open_weir_queue("handed", 9, true);
    for (size_t i = 0; i < 5; i++)
        assert_status(WEIR_OK, weir_queue_put(second, new_taken(i)));
    free(get_taken(first));
    assert_status(WEIR_OK, weir_queue_destroy(first));
    ck_assert_uint_eq(weir_queue_unfinished(second), 5);
    weir_queue *third = open_weir_queue("handed", 9, false);
    for (size_t i = 0; i < 5; i++)
        free(get_taken(third));
    assert_status(WEIR_OK, weir_queue_tasks_done(third, 5));
    assert_status(WEIR_OK, weir_queue_join_until(second, weir_deadline_after(HANG_SECONDS * SECONDS)));
    assert_status(WEIR_OK, weir_queue_destroy(second));
    assert_status(WEIR_OK, weir_queue_destroy(third));
}
END_TEST

static atomic_size_t decoded;

static weir_status decode_slowly(const weir_nats_message *message, void **item, void *arg) {
    usleep(2000);
    atomic_fetch_add(&decoded, 1);
    return decode_taken(message, item, arg);
}

START_TEST (a_weir_queue_may_be_destroyed_while_items_arrive) {
    weir_nats *producer = open_numbers("arriving", WEIR_UNBOUNDED);
    put_numbers_to(producer, 0, 400);
    for (size_t round = 0; round < 4; round++) {
        weir_nats_config config = config_for("arriving", WEIR_UNBOUNDED);
        weir_queue *queue = NULL;
        decode_numbers(&config);
        config.decode = decode_slowly;
        assert_status(WEIR_OK, weir_nats_queue_open(&queue, &config));
        free(get_taken(queue));
        assert_status(WEIR_OK, weir_queue_destroy(queue));
        size_t before = atomic_load(&decoded);
        usleep(50000);
        ck_assert_uint_eq(atomic_load(&decoded), before);
    }
    ck_assert_uint_eq(counts_of(producer).unfinished, 400);
    assert_status(WEIR_OK, weir_nats_destroy(producer));
}
END_TEST

START_TEST (what_a_weir_queue_cannot_put_is_told) {
    weir_queue *queue = NULL;
    weir_nats_config config = config_for("told", 5);
    config.put_only = true;
    assert_status(WEIR_OK, weir_nats_queue_open(&queue, &config));
    char *item = calloc(1, (2 << 20) + 1);
    memset(item, 'x', 2 << 20);
    assert_status(WEIR_TOO_LARGE, weir_queue_put(queue, item));
    free(item);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    assert_status(WEIR_INVALID, weir_nats_queue_open(NULL, &config));
    config.capacity = 0;
    assert_status(WEIR_INVALID, weir_nats_queue_open(&queue, &config));
}
END_TEST

/* ---- sinks ---- */

enum { LARGE_ONE = 3, LARGE_SIZE = 2 << 20 };

static weir_status encode_one_large(const void *item, weir_nats_buffer *buffer, void *arg) {
    if (((const struct taken *)item)->number != LARGE_ONE)
        return encode_taken(item, buffer, arg);
    char *bytes = calloc(1, LARGE_SIZE);
    weir_status status = weir_nats_buffer_add(buffer, bytes, LARGE_SIZE);
    free(bytes);
    return status;
}

static weir_nats *open_one_large(const char *name) {
    weir_nats_config config = config_for(name, WEIR_UNBOUNDED);
    decode_numbers(&config);
    config.encode = encode_one_large;
    return open_with(&config);
}

START_TEST (many_stop_before_an_item_that_is_too_large) {
    weir_nats *nats = open_one_large("one_large");
    void *items[16];
    size_t put;
    for (size_t i = 0; i < COUNT_OF(items); i++)
        items[i] = new_taken(i);
    assert_status(WEIR_TOO_LARGE, weir_nats_put_many(nats, items, COUNT_OF(items), &put, WEIR_NEVER));
    ck_assert_uint_eq(put, LARGE_ONE);
    ck_assert_uint_eq(counts_of(nats).unfinished, LARGE_ONE);
    for (size_t i = put; i < COUNT_OF(items); i++)
        free(items[i]);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

static void run_sink(weir_nats *nats, size_t batch, size_t count) {
    weir_pipeline *pipeline = NULL;
    weir_stage_options stage = {.name = "sink"};
    stage.batch.items = batch;
    assert_status(WEIR_OK, weir_nats_sink(nats, &stage));
    stage.errors.on_error = WEIR_SKIP;
    stage.input.drop = drop_taken;
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage));
    assert_status(WEIR_OK, weir_pipeline_start(pipeline));
    for (size_t i = 0; i < count; i++) {
        struct taken *item = malloc(sizeof *item);
        item->number = i;
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, item));
    }
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, weir_deadline_after(HANG_SECONDS * SECONDS), NULL));
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
}

START_TEST (sinks_put_one_by_one_and_in_batches) {
    weir_nats *nats = open_numbers("sink", WEIR_UNBOUNDED);
    run_sink(nats, 0, 10);
    run_sink(nats, 16, 100);
    ck_assert_uint_eq(counts_of(nats).unfinished, 110);
    close_queue(nats);
    struct taker *taker = new_taker(nats, 1);
    wait_for_end(taker);
    size_t seen[100] = {0};
    for (size_t i = 0; i < taker->count; i++)
        seen[taker->numbers[i]]++;
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        ck_assert_uint_eq(seen[i], i < 10 ? 2 : 1);
    free(taker);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_batch_puts_each_item_once) {
    weir_nats *nats = open_one_large("batch_large");
    run_sink(nats, 16, 100);
    ck_assert_uint_eq(counts_of(nats).unfinished, 99);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_cancel_ends_a_sink_that_waits_for_room) {
    weir_nats *nats = open_numbers("stuck", 1);
    weir_pipeline *pipeline = NULL;
    weir_stage_options stage = {.name = "sink"};
    put_numbers_to(nats, 0, 1);
    assert_status(WEIR_OK, weir_nats_sink(nats, &stage));
    stage.input.drop = drop_taken;
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage));
    assert_status(WEIR_OK, weir_pipeline_start(pipeline));
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, malloc(sizeof(struct taken))));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait_idle(pipeline, weir_deadline_after(50 * MILLISECONDS)));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_status status;
    do
        status = weir_pipeline_finish(pipeline, weir_deadline_after(HANG_SECONDS * SECONDS), NULL);
    while (status == WEIR_BUSY);
    assert_status(WEIR_CANCELLED, status);
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* ---- faults ---- */

START_TEST (a_long_item_is_kept_alive) {
    weir_nats_config config = config_for("alive", QUEUE);
    decode_numbers(&config);
    config.ack_wait = SECONDS;
    weir_nats *a = open_with(&config), *b = open_with(&config);
    struct taker *first = calloc(1, sizeof *first);
    atomic_store(&first->hold, true);
    start_taker(first, a, 1);
    put_numbers_to(a, 0, 1);
    wait_for_count(first, 1);
    struct taker *second = new_taker(b, 1);
    usleep(2500000);
    ck_assert_uint_eq(second->count, 0);
    atomic_store(&first->hold, false);
    join_queue(a);
    ck_assert_uint_eq(first->count, 1);
    end_taker(first, WEIR_OK);
    end_taker(second, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(first);
    free(second);
}
END_TEST

static atomic_bool no_answer; /* to questions for the state of a stream */

typedef natsStatus info_func(jsStreamInfo **info, jsCtx *js, const char *stream, jsOptions *options, jsErrCode *code);

/* Takes the place of the function of libnats. */
natsStatus js_GetStreamInfo(jsStreamInfo **info, jsCtx *js, const char *stream, jsOptions *options, jsErrCode *code) {
    void *address = dlsym(RTLD_NEXT, "js_GetStreamInfo");
    info_func *of_libnats;
    memcpy(&of_libnats, &address, sizeof of_libnats);
    while (atomic_load(&no_answer))
        usleep(1000);
    return of_libnats(info, js, stream, options, code);
}

static atomic_int placeless; /* receipts that are still to be without a place */

/* Takes the place of the function of libnats. */
const char *natsMsg_GetData(const natsMsg *message) {
    void *address = dlsym(RTLD_NEXT, "natsMsg_GetData");
    const char *(*of_libnats)(const natsMsg *);
    memcpy(&of_libnats, &address, sizeof of_libnats);
    const char *data = of_libnats(message);
    if (data == NULL || strncmp(data, "{\"stream\":", 10) != 0 || atomic_load(&placeless) == 0)
        return data;
    atomic_fetch_sub(&placeless, 1);
    return "{\"stream\":\"S\",\"seq\":0,\"duplicate\":true}";
}

/* From 2.10 on, a server that still works at a put answers so when it is sent again. */
START_TEST (a_receipt_without_a_place_puts_nothing_twice) {
    weir_nats *nats = open_numbers("placeless", QUEUE);
    void *items[3] = {new_taken(1), new_taken(2), new_taken(3)};
    size_t put = 0;
    atomic_store(&placeless, 1);
    put_numbers_to(nats, 0, 1);
    atomic_store(&placeless, 2);
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, COUNT_OF(items), &put, WEIR_NEVER));
    ck_assert_int_eq(atomic_load(&placeless), 0);
    ck_assert_uint_eq(counts_of(nats).unfinished, 4);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_long_item_is_kept_alive_without_answers) {
    weir_nats_config config = config_for("silent", QUEUE);
    decode_numbers(&config);
    config.ack_wait = SECONDS;
    weir_nats *a = open_with(&config), *b = open_with(&config);
    struct taker *first = calloc(1, sizeof *first);
    atomic_store(&first->hold, true);
    start_taker(first, a, 1);
    put_numbers_to(a, 0, 1);
    close_queue(a); /* its holder asks for the state */
    wait_for_count(first, 1);
    usleep(200000); /* it has the sentinel too; if not, the test is weaker */
    atomic_store(&no_answer, true);
    struct taker *second = new_taker(b, 1);
    usleep(2500000);
    ck_assert_uint_eq(second->count, 0);
    atomic_store(&no_answer, false);
    atomic_store(&first->hold, false);
    wait_for_end(first);
    end_taker(second, WEIR_OK);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(first);
    free(second);
}
END_TEST

/* Takes the first sentinel of a queue without weir, and never settles it. Others are delivered all the same from now on. */
static natsConnection *take_first_sentinel(const char *stream) {
    char subject[128];
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    jsConsumerInfo *info = NULL;
    natsMsg *sentinel = NULL;
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.%s.close", stream);
    ck_assert_int_eq(natsConnection_ConnectTo(&connection, shared.url), NATS_OK);
    ck_assert_int_eq(natsConnection_JetStream(&js, connection, NULL), NATS_OK);
    ck_assert_int_eq(natsConnection_RequestString(&sentinel, connection, subject, "1", HANG_SECONDS * 1000), NATS_OK);
    ck_assert_int_eq(js_GetConsumerInfo(&info, js, stream, "close", NULL, NULL), NATS_OK);
    info->Config->MaxAckPending = 2;
    ck_assert_int_eq(js_UpdateConsumer(NULL, js, stream, info->Config, NULL, NULL), NATS_OK);
    jsConsumerInfo_Destroy(info);
    natsMsg_Destroy(sentinel);
    jsCtx_Destroy(js);
    return connection;
}

/*
 * After a kill, a stream may have a sentinel again that has ended a consumer before, and that no program gets. Here a client
 * that does nothing has it.
 */
START_TEST (an_older_sentinel_holds_no_close_up) {
    weir_nats *nats = open_queue("older", QUEUE);
    close_queue(nats);
    natsConnection *client = take_first_sentinel("WEIR_older");
    close_queue(nats);
    struct taker *taker = new_taker(nats, 1);
    wait_for_end(taker);
    join_queue(nats);
    natsConnection_Destroy(client);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

static atomic_bool shifted; /* the server delivers with numbers that are too low by one */

/* Takes the place of the function of libnats: $JS.ACK.WEIR_shifted.close.1.2. ... becomes ... close.1.1. ... */
const char *natsMsg_GetReply(const natsMsg *message) {
    static char changed[256];
    static const char second[] = "$JS.ACK.WEIR_shifted.close.1.2.";
    void *address = dlsym(RTLD_NEXT, "natsMsg_GetReply");
    const char *(*of_libnats)(const natsMsg *);
    memcpy(&of_libnats, &address, sizeof of_libnats);
    const char *reply = of_libnats(message);
    if (!atomic_load(&shifted) || reply == NULL || strncmp(reply, second, strlen(second)) != 0)
        return reply;
    snprintf(changed, sizeof changed, "%s", reply);
    changed[strlen(second) - 2] = '1';
    return changed;
}

/* After kills, the copies of two servers may number a message differently. */
START_TEST (a_sentinel_is_removed_under_another_number) {
    weir_nats *nats = open_numbers("shifted", QUEUE);
    struct taker *taker = new_taker(nats, 1);
    put_numbers_to(nats, 0, 1);
    join_queue(nats);
    atomic_store(&shifted, true);
    close_queue(nats);
    wait_for_end(taker);
    join_queue(nats);
    atomic_store(&shifted, false);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
}
END_TEST

static atomic_int lost; /* acknowledgements that are still to be lost, although they were answered */

/* Takes the place of the function of libnats. */
natsStatus natsConnection_RequestString(natsMsg **answer, natsConnection *connection, const char *subject,
                                        const char *text, int64_t timeout) {
    void *address = dlsym(RTLD_NEXT, "natsConnection_RequestString");
    natsStatus (*of_libnats)(natsMsg **, natsConnection *, const char *, const char *, int64_t);
    memcpy(&of_libnats, &address, sizeof of_libnats);
    if (strcmp(text, "+ACK") != 0 || atomic_load(&lost) == 0)
        return of_libnats(answer, connection, subject, text, timeout);
    atomic_fetch_sub(&lost, 1);
    *answer = NULL;
    return NATS_OK;
}

/* A leader that is killed may have answered an acknowledgement that the next one does not know. */
START_TEST (a_lost_acknowledgement_ends_no_second_source) {
    weir_nats_config config = config_for("lost_ack", QUEUE);
    decode_numbers(&config);
    config.ack_wait = SECONDS;
    weir_nats *a = open_with(&config), *b = open_with(&config);
    struct taker *first = new_taker(a, 1);
    atomic_store(&lost, 1);
    close_queue(a);
    wait_for_end(first);
    ck_assert_int_eq(atomic_load(&lost), 0);
    struct taker *second = new_taker(b, 1);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(second->pipeline, weir_deadline_after(2500 * MILLISECONDS)));
    close_queue(a);
    wait_for_end(second);
    join_queue(a);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
    free(first);
    free(second);
}
END_TEST

/* A worker in another process: takes items, tells of each, and never ends one. */
static int run_worker(char **arguments) {
    weir_nats_config config = {.urls = arguments[2], .name = arguments[3], .capacity = QUEUE};
    config.ack_wait = SHORT_ACK_WAIT_MS * MILLISECONDS;
    decode_numbers(&config);
    config.timeout = 30 * WEIR_SECOND; /* the machine may be busy */
    weir_nats *nats = NULL;
    if (weir_nats_open(&nats, &config) != WEIR_OK)
        return 1;
    struct taker *taker = calloc(1, sizeof *taker);
    atomic_store(&taker->hold, true);
    if (make_taker(taker, nats, 1) != WEIR_OK)
        return 1;
    for (;;) {
        if (atomic_load(&taker->count) > 0) {
            atomic_store(&taker->count, 0);
            if (write(STDOUT_FILENO, "taken\n", 6) != 6)
                return 1;
        }
        usleep(1000);
    }
}

static pid_t start_worker(const char *queue, int *output) {
    const char *arguments[] = {"test_nats", "worker", shared.url, queue, NULL};
    return start_self(arguments, output);
}

static void wait_for_worker(int output) {
    char text[8];
    ck_assert_int_eq(read(output, text, 6), 6);
}

/* A producer in another process: tells that it begins a put to a full queue, and that the item is there. */
static int run_producer(char **arguments) {
    weir_nats_config config = {.urls = arguments[2], .name = arguments[3], .capacity = 1, .put_only = true};
    weir_queue *queue = NULL;
    decode_numbers(&config);
    if (weir_nats_queue_open(&queue, &config) != WEIR_OK || write(STDOUT_FILENO, "taken\n", 6) != 6)
        return 1;
    if (weir_queue_put(queue, new_taken(2)) != WEIR_OK)
        return 1;
    return write(STDOUT_FILENO, "taken\n", 6) == 6 ? 0 : 1;
}

START_TEST (a_producer_that_was_stopped_sees_room) {
    int output;
    const char *arguments[] = {"test_nats", "producer", shared.url, "paused", NULL};
    weir_queue *queue = open_weir_queue("paused", 1, false);
    assert_status(WEIR_OK, weir_queue_put(queue, new_taken(1)));
    take_one_of(queue, 1, 1);
    pid_t producer = start_self(arguments, &output);
    wait_for_worker(output);
    usleep(300000); /* it sleeps: a put that is not refused yet makes the test weaker only */
    kill(producer, SIGSTOP);
    usleep(2500000);
    kill(producer, SIGCONT);
    usleep(1000000); /* its subscription ends */
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    wait_for_worker(output);
    take_one_of(queue, 2, 1);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    end_process(producer);
    close(output);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static double since(uint64_t begin) {
    return (double)(weir_deadline_after(0) - begin) / 1e9;
}

/* Another worker gets the item of one that is killed or stopped. Returns the seconds that this took. */
static double take_over(const char *queue, int how) {
    int output;
    pid_t worker = start_worker(queue, &output);
    weir_nats_config config = config_for(queue, QUEUE);
    decode_numbers(&config);
    config.ack_wait = SHORT_ACK_WAIT_MS * MILLISECONDS;
    weir_nats *nats = open_with(&config);
    put_numbers_to(nats, 5, 6);
    wait_for_worker(output);
    kill(worker, how);
    uint64_t begin = weir_deadline_after(0);
    struct taker *taker = new_taker(nats, 1);
    wait_for_count(taker, 1);
    double seconds = since(begin);
    ck_assert_uint_eq(taker->numbers[0], 5);
    ck_assert_uint_eq(taker->attempts[0], 2);
    join_queue(nats);
    if (how == SIGSTOP)
        kill(worker, SIGCONT);
    usleep(100000);
    end_process(worker);
    close(output);
    join_queue(nats);
    end_taker(taker, WEIR_OK);
    ck_assert_uint_eq(taker->count, 1);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    free(taker);
    return seconds;
}

START_TEST (the_item_of_a_killed_worker_goes_to_another) {
    double seconds = take_over("killed", SIGKILL);
    printf("nats: the item of a killed worker came after %.2f s, ack_wait %.2f s\n", seconds, SHORT_ACK_WAIT_MS / 1e3);
}
END_TEST

START_TEST (the_item_of_a_stopped_worker_goes_to_another) {
    double seconds = take_over("stopped", SIGSTOP);
    printf("nats: the item of a stopped worker came after %.2f s, ack_wait %.2f s\n", seconds, SHORT_ACK_WAIT_MS / 1e3);
}
END_TEST

struct crash {
    weir_nats *nats;
    atomic_size_t acked;
    bool put[EACH];
    atomic_bool end;
};

static void *put_through_a_crash(void *arg) {
    struct crash *crash = arg;
    for (size_t i = 0; i < EACH; i++) {
        struct taken *item = new_taken(i);
        crash->put[i] = weir_nats_put(crash->nats, item, hang_limit()) == WEIR_OK;
        if (!crash->put[i])
            free(item);
        atomic_fetch_add(&crash->acked, 1);
        usleep(2000);
    }
    return NULL;
}

static weir_nats *open_crash(const struct nats_server *server) {
    weir_nats_config config = config_for("crash", WEIR_UNBOUNDED);
    config.urls = server->url;
    decode_numbers(&config);
    return open_with(&config);
}

START_TEST (a_killed_server_loses_no_acknowledged_put) {
    struct nats_server server = {0};
    struct crash *crash = calloc(1, sizeof *crash);
    pthread_t thread;
    nats_server_start(&server, folder);
    crash->nats = open_crash(&server);
    thread_start(&thread, put_through_a_crash, crash);
    for (size_t kills = 1; kills <= 2; kills++) {
        while (atomic_load(&crash->acked) < kills * EACH / 3)
            usleep(1000);
        nats_server_kill(&server);
        nats_server_start(&server, folder);
    }
    thread_join(thread);
    assert_status(WEIR_OK, weir_nats_destroy(crash->nats));
    weir_nats *nats = open_crash(&server);
    close_queue(nats);
    struct taker *taker = new_taker(nats, 1);
    wait_for_end(taker);
    for (size_t i = 0; i < EACH; i++) {
        size_t found = 0;
        for (size_t k = 0; k < taker->count; k++)
            found += taker->numbers[k] == i;
        ck_assert_msg(found == crash->put[i], "item %zu: %zu times", i, found);
    }
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    nats_server_kill(&server);
    free(taker);
    free(crash);
}
END_TEST

START_TEST (an_outage_makes_no_requests) {
    enum { WINDOW = 4 };
    struct nats_server server = {0};
    nats_server_start(&server, folder);
    weir_nats_config config = config_for("outage", WEIR_UNBOUNDED);
    config.urls = server.url;
    config.window = WINDOW;
    decode_numbers(&config);
    weir_nats *taking = open_with(&config);
    struct taker *taker = calloc(1, sizeof *taker);
    atomic_store(&taker->hold, true);
    assert_status(WEIR_OK, make_taker(taker, taking, 1));
    nats_server_kill(&server);
    usleep(4000000);
    nats_server_start(&server, folder);
    weir_nats *producer = open_with(&config);
    put_numbers_to(producer, 0, 60);
    wait_for_count(taker, 1);
    usleep(300000);
    weir_nats_counts counts = counts_of(producer);
    ck_assert_uint_le(counts.unfinished - counts.waiting, 2 * WINDOW);
    atomic_store(&taker->hold, false);
    join_queue(producer);
    end_taker(taker, WEIR_OK);
    free(taker);
    assert_status(WEIR_OK, weir_nats_destroy(taking));
    assert_status(WEIR_OK, weir_nats_destroy(producer));
    nats_server_kill(&server);
}
END_TEST

START_TEST (without_a_server_calls_are_disconnected) {
    struct nats_server server = {0};
    weir_nats_counts counts;
    weir_nats_config config = config_for("gone", 5);
    char reason[256], *item = text_of(1);
    nats_server_start(&server, folder);
    config.urls = server.url;
    config.timeout = 300 * MILLISECONDS;
    weir_nats *nats = open_with(&config);
    nats_server_kill(&server);
    weir_status status;
    do /* the connection may look alive for a moment */
        status = weir_nats_put(nats, item, 0);
    while (status == WEIR_UNCERTAIN);
    assert_status(WEIR_DISCONNECTED, status);
    assert_status(WEIR_DISCONNECTED, weir_nats_count(nats, &counts));
    assert_status(WEIR_DISCONNECTED, weir_nats_join(nats, 0));
    assert_status(WEIR_OK, weir_nats_message_copy(nats, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "no connection"));
    free(item);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_stopped_server_leaves_a_put_uncertain) {
    struct nats_server server = {0};
    weir_nats_config config = config_for("frozen", 5);
    char *item = text_of(1);
    nats_server_start(&server, folder);
    config.urls = server.url;
    config.timeout = 200 * MILLISECONDS;
    weir_nats *nats = open_with(&config);
    kill(server.process, SIGSTOP);
    ck_assert_int_eq(waitpid(server.process, NULL, WUNTRACED), server.process);
    assert_status(WEIR_UNCERTAIN, weir_nats_put(nats, item, 0));
    kill(server.process, SIGCONT);
    free(item);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    nats_server_kill(&server);
}
END_TEST

static Suite *suite(void) {
    Suite *all = suite_create("nats");
    TCase *calls = add_case(all, "calls"), *faults = add_case(all, "faults"), *ends = add_case(all, "ends");
    tcase_add_unchecked_fixture(calls, start_shared, end_shared);
    tcase_add_unchecked_fixture(faults, start_shared, end_shared);
    tcase_add_unchecked_fixture(ends, start_shared, end_shared);
    tcase_add_test(calls, items_come_in_order_and_the_sentinel_last);
    tcase_add_test(calls, many_are_put_in_order);
    tcase_add_test(calls, many_stop_at_the_bound);
    tcase_add_test(calls, a_full_queue_refuses_and_times_out);
    tcase_add_test(calls, a_blocked_put_is_woken_by_an_acknowledgement);
    tcase_add_test(calls, a_destroy_ends_blocked_puts);
    tcase_add_test(calls, producers_keep_the_bound);
    tcase_add_test(calls, each_sentinel_ends_one_source);
    tcase_add_test(calls, a_sentinel_waits_for_items_in_work);
    tcase_add_test(calls, a_source_that_has_ended_takes_nothing);
    tcase_add_test(calls, items_that_are_not_begun_are_given_back);
    tcase_add_test(calls, a_failed_item_comes_again_with_its_attempt);
    tcase_add_test(calls, the_last_failure_makes_a_dead_letter);
    tcase_add_test(calls, an_item_put_again_has_all_its_attempts);
    tcase_add_test(calls, what_cannot_be_decoded_becomes_a_dead_letter);
    tcase_add_test(calls, an_item_over_the_limit_is_too_large);
    tcase_add_test(calls, wrong_configs_are_refused);
    tcase_add_test(calls, null_is_invalid);
    tcase_add_test(calls, another_capacity_is_a_mismatch);
    tcase_add_test(calls, a_stream_with_another_setting_is_a_mismatch);
    tcase_add_test(calls, what_the_server_does_not_permit_is_told);
    tcase_add_test(calls, a_server_that_is_not_there_is_named);
    tcase_add_test(calls, a_wrong_password_and_a_missing_certificate_are_told);
    tcase_add_test(calls, items_of_a_key_are_taken_one_by_one);
    tcase_add_test(calls, a_weir_queue_puts_gets_and_joins);
    tcase_add_test(calls, a_full_weir_queue_blocks_until_another_program_settles);
    tcase_add_test(calls, a_close_reaches_one_weir_queue);
    tcase_add_test(calls, a_returned_item_comes_again);
    tcase_add_test(calls, a_destroyed_weir_queue_gives_its_items_back);
    tcase_add_test(ends, many_stop_before_an_item_that_is_too_large);
    tcase_add_test(ends, a_batch_puts_each_item_once);
    tcase_add_test(ends, a_weir_queue_may_be_destroyed_while_items_arrive);
    tcase_add_test(calls, what_a_weir_queue_cannot_put_is_told);
    tcase_add_test(calls, sinks_put_one_by_one_and_in_batches);
    tcase_add_test(calls, a_cancel_ends_a_sink_that_waits_for_room);
    tcase_add_test(faults, a_long_item_is_kept_alive);
    tcase_add_test(faults, a_long_item_is_kept_alive_without_answers);
    tcase_add_test(faults, an_older_sentinel_holds_no_close_up);
    tcase_add_test(faults, a_sentinel_is_removed_under_another_number);
    tcase_add_test(faults, a_lost_acknowledgement_ends_no_second_source);
    tcase_add_test(faults, a_receipt_without_a_place_puts_nothing_twice);
    tcase_add_test(faults, the_item_of_a_killed_worker_goes_to_another);
    tcase_add_test(faults, the_item_of_a_stopped_worker_goes_to_another);
    tcase_add_test(ends, a_password_is_never_quoted);
    tcase_add_test(ends, a_url_of_tls_sends_no_password_in_clear);
    tcase_add_test(ends, an_outage_makes_no_requests);
    tcase_add_test(ends, a_producer_that_was_stopped_sees_room);
    tcase_add_test(faults, a_killed_server_loses_no_acknowledged_put);
    tcase_add_test(faults, without_a_server_calls_are_disconnected);
    tcase_add_test(faults, a_stopped_server_leaves_a_put_uncertain);
    return all;
}

int main(int count, char **arguments) {
    if (count == 4 && strcmp(arguments[1], "worker") == 0)
        return run_worker(arguments);
    if (count == 4 && strcmp(arguments[1], "producer") == 0)
        return run_producer(arguments);
    if (!nats_server_exists()) {
        puts("SKIPPED: no nats-server");
        return getenv("WEIR_NEED_NATS") == NULL ? 77 : 1;
    }
    return run_suite(suite());
}
