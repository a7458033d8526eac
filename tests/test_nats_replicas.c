/*
 * test_nats_replicas.c - what a program does for a queue with three replicas when a leader is lost, and for one with one
 * replica when its server was killed. Here the queue is on one server, which says three in its description, and the
 * functions of libnats do what a lost leader does: they fail, are late, or end this process. tests/nats.sh has the runs with
 * three servers.
 *
 * A program that dies in the middle of a repair is this one again, started with the argument "repairer".
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for RTLD_NEXT */
#include "nats_server.h"
#include "support.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nats/nats.h>
#include <weir/nats.h>

enum { ITEMS = 20, LARGE = 2000 };

static char folder[128];
static struct nats_server server;
static natsConnection *watcher;
static jsCtx *js;

static void start_server(void) {
    server = (struct nats_server){0};
    nats_make_folder(folder, sizeof folder);
    nats_server_start(&server, folder);
}

static void end_server(void) {
    nats_server_kill(&server);
    nats_remove_folder(folder);
}

/* ---- functions in the place of those of libnats ---- */

enum death { LIVES, DIES_BEFORE_ACK, DIES_AFTER_ACK, DIES_AFTER_DELETE };

static enum death death;
static atomic_int unanswered;            /* looks at a message that are still to fail */
static atomic_bool refuses, refuses_all; /* looks at a message; questions for a place too */
static atomic_size_t looks, questions;
static atomic_bool slow_deletes, own_was_there;
static const char *_Atomic elected_queue; /* is told of a new leader during a put; NULL: none */
static atomic_size_t puts_before;         /* that one; 0: it is the next one */
static atomic_size_t puts_lost;           /* puts that are still to be lost with the leader before */
static atomic_size_t copies_left;         /* copies until the connections seem to be down; 0: they stay up */
static atomic_int lost_size;              /* puts of this size are lost; 0: none */
static const char *_Atomic repaired;      /* is told of one when a repair asks for a message; NULL: none */
static atomic_uint_fast64_t told;         /* when that was; 0: never */
static atomic_uint_fast64_t own;          /* place of the sentinel that is watched; 0: none */
static atomic_bool disconnected;          /* the connections seem to be down */

static void *of_libnats(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

typedef natsStatus get_func(natsMsg **, jsCtx *, const char *, uint64_t, jsOptions *, jsErrCode *);

static natsStatus get_message(natsMsg **message, jsCtx *context, const char *stream, uint64_t place, jsOptions *options,
                              jsErrCode *code) {
    void *address = of_libnats("js_GetMsg");
    get_func *get;
    memcpy(&get, &address, sizeof get);
    return get(message, context, stream, place, options, code);
}

natsStatus js_GetMsg(natsMsg **message, jsCtx *context, const char *stream, uint64_t place, jsOptions *options,
                     jsErrCode *code) {
    atomic_fetch_add(&looks, 1);
    if (atomic_load(&refuses))
        return NATS_NOT_PERMITTED;
    if (atomic_load(&unanswered) > 0) {
        atomic_fetch_sub(&unanswered, 1);
        return NATS_TIMEOUT;
    }
    return get_message(message, context, stream, place, options, code);
}

natsStatus js_DeleteMsg(jsCtx *context, const char *stream, uint64_t place, jsOptions *options, jsErrCode *code) {
    void *address = of_libnats("js_DeleteMsg");
    natsStatus (*delete)(jsCtx *, const char *, uint64_t, jsOptions *, jsErrCode *);
    memcpy(&delete, &address, sizeof delete);
    if (atomic_load(&slow_deletes))
        usleep(20000);
    natsStatus status = delete (context, stream, place, options, code);
    if (death == DIES_AFTER_DELETE)
        _exit(0);
    return status;
}

static atomic_size_t states;   /* questions for the state of a stream */
static atomic_bool mute;       /* no stream tells its state */
static atomic_bool mute_lanes; /* no consumer of the stream WEIR_silent tells its state */
static atomic_size_t unheard;  /* such questions to consumers */

natsStatus js_GetStreamInfo(jsStreamInfo **info, jsCtx *context, const char *stream, jsOptions *options,
                            jsErrCode *code) {
    void *address = of_libnats("js_GetStreamInfo");
    natsStatus (*get)(jsStreamInfo **, jsCtx *, const char *, jsOptions *, jsErrCode *);
    memcpy(&get, &address, sizeof get);
    atomic_fetch_add(&states, 1);
    return atomic_load(&mute) ? NATS_TIMEOUT : get(info, context, stream, options, code);
}

natsStatus js_GetConsumerInfo(jsConsumerInfo **info, jsCtx *context, const char *stream, const char *consumer,
                              jsOptions *options, jsErrCode *code) {
    void *address = of_libnats("js_GetConsumerInfo");
    natsStatus (*get)(jsConsumerInfo **, jsCtx *, const char *, const char *, jsOptions *, jsErrCode *);
    memcpy(&get, &address, sizeof get);
    if (!atomic_load(&mute_lanes) || strcmp(stream, "WEIR_silent") != 0)
        return get(info, context, stream, consumer, options, code);
    atomic_fetch_add(&unheard, 1);
    return NATS_TIMEOUT;
}

natsConnStatus natsConnection_Status(natsConnection *connection) {
    void *address = of_libnats("natsConnection_Status");
    natsConnStatus (*ask)(natsConnection *);
    memcpy(&ask, &address, sizeof ask);
    return atomic_load(&disconnected) ? NATS_CONN_STATUS_RECONNECTING : ask(connection);
}

static natsErrHandler error_handler; /* of the newest handle */
static void *error_target;
static _Thread_local const char *error_text; /* of a call that is not permitted; NULL: none */

natsStatus natsOptions_SetErrorHandler(natsOptions *options, natsErrHandler handler, void *target) {
    void *address = of_libnats("natsOptions_SetErrorHandler");
    natsStatus (*set)(natsOptions *, natsErrHandler, void *);
    memcpy(&set, &address, sizeof set);
    error_handler = handler;
    error_target = target;
    return set(options, handler, target);
}

const char *nats_GetLastError(natsStatus *status) {
    void *address = of_libnats("nats_GetLastError");
    const char *(*get)(natsStatus *);
    memcpy(&get, &address, sizeof get);
    return error_text == NULL ? get(status) : error_text;
}

/* Tells the newest handle what the server tells about a call that it does not permit. */
static void not_permitted(const char *what, const char *subject) {
    char text[256];
    snprintf(text, sizeof text, "Permissions Violation for %s \"%s\"", what, subject);
    error_text = text;
    error_handler(NULL, NULL, NATS_NOT_PERMITTED, error_target);
    error_text = NULL;
}

static atomic_bool heard;   /* a handle has taken notice of a new leader */
static atomic_bool unnoted; /* none has, of one that was told */

void natsMsg_Destroy(natsMsg *message) {
    void *address = of_libnats("natsMsg_Destroy");
    void (*destroy)(natsMsg *);
    memcpy(&destroy, &address, sizeof destroy);
    bool news = message != NULL && strncmp(natsMsg_GetSubject(message), "$JS.EVENT.", strlen("$JS.EVENT.")) == 0;
    destroy(message);
    if (news)
        atomic_store(&heard, true);
}

/* Tells all handles of a new leader, and waits until the only one has taken notice. */
static void elect(natsConnection *connection, const char *name) {
    char subject[128];
    atomic_store(&heard, false);
    snprintf(subject, sizeof subject, "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.WEIR_%s", name);
    natsConnection_PublishString(connection, subject, "{}");
    for (weir_deadline hang = hang_limit(); !atomic_load(&heard) && now() < hang;)
        usleep(1000);
    if (!atomic_load(&heard)) /* not every thread may assert */
        atomic_store(&unnoted, true);
}

static atomic_uint_fast64_t copied; /* when a message was put again last; 0: never */

/* A leader is elected between the begin of a put and its message. */
natsStatus natsConnection_PublishMsg(natsConnection *connection, natsMsg *message) {
    void *address = of_libnats("natsConnection_PublishMsg");
    natsStatus (*publish)(natsConnection *, natsMsg *);
    memcpy(&publish, &address, sizeof publish);
    const char *again = NULL;
    if (natsMsgHeader_Get(message, "Weir-Again", &again) == NATS_OK) {
        atomic_store(&copied, now());
        if (atomic_load(&copies_left) > 0 && atomic_fetch_sub(&copies_left, 1) == 1)
            atomic_store(&disconnected, true);
    }
    if (atomic_load(&elected_queue) != NULL && atomic_fetch_sub(&puts_before, 1) == 0)
        elect(watcher, atomic_exchange(&elected_queue, NULL));
    if (atomic_load(&puts_lost) > 0) {
        atomic_fetch_sub(&puts_lost, 1);
        return NATS_OK;
    }
    if (atomic_load(&lost_size) > 0 && natsMsg_GetDataLength(message) == atomic_load(&lost_size))
        return NATS_OK;
    return publish(connection, message);
}

/* With CK_FORK=no, the tests run in one process. */
static void forget_calls(void) {
    atomic_size_t *counts[] = {&looks, &questions, &puts_before, &puts_lost, &states, &unheard};
    atomic_uint_fast64_t *times[] = {&told, &copied};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        atomic_store(counts[i], 0);
    for (size_t i = 0; i < COUNT_OF(times); i++)
        atomic_store(times[i], 0);
    atomic_store(&heard, false);
    atomic_store(&unnoted, false);
}

static void start_watcher(void) {
    forget_calls();
    ck_assert_int_eq(natsConnection_ConnectTo(&watcher, server.url), NATS_OK);
    ck_assert_int_eq(natsConnection_JetStream(&js, watcher, NULL), NATS_OK);
}

static void end_watcher(void) {
    ck_assert(!atomic_load(&unnoted));
    jsCtx_Destroy(js);
    natsConnection_Destroy(watcher);
}

static void see_own_sentinel(void) {
    natsMsg *message = NULL;
    if (atomic_load(&own) == 0)
        return;
    atomic_store(&own_was_there, get_message(&message, js, "WEIR_guess", atomic_load(&own), NULL, NULL) == NATS_OK);
    natsMsg_Destroy(message);
    atomic_store(&own, 0);
}

natsStatus natsConnection_RequestString(natsMsg **answer, natsConnection *connection, const char *subject,
                                        const char *text, int64_t timeout) {
    void *address = of_libnats("natsConnection_RequestString");
    natsStatus (*request)(natsMsg **, natsConnection *, const char *, const char *, int64_t);
    memcpy(&request, &address, sizeof request);
    bool acknowledges = strcmp(text, "+ACK") == 0;
    *answer = NULL;
    const char *queue = strstr(subject, ".MSG.GET.") == NULL ? NULL : atomic_exchange(&repaired, NULL);
    if (queue != NULL) {
        atomic_store(&told, now());
        elect(watcher, queue);
    }
    if (strstr(subject, ".MSG.GET.") != NULL && atomic_fetch_add(&questions, 1) < SIZE_MAX && atomic_load(&refuses_all))
        return NATS_NOT_PERMITTED;
    if (acknowledges)
        see_own_sentinel();
    if (acknowledges && death == DIES_BEFORE_ACK)
        _exit(0);
    natsStatus status = request(answer, connection, subject, text, timeout);
    if (acknowledges && death == DIES_AFTER_ACK)
        _exit(0);
    return status;
}

/* ---- a queue that takes itself for one with replicas ---- */

static void add_stream_with(const char *name, const char *subject, jsRetentionPolicy retention, int32_t largest) {
    jsStreamConfig config;
    const char *subjects[1] = {subject};
    jsStreamConfig_Init(&config);
    config.Name = name;
    config.Description = "weir: capacity unbounded, replicas 3, unordered 1";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Retention = retention;
    config.MaxMsgSize = largest;
    config.Discard = retention == js_WorkQueuePolicy ? js_DiscardNew : js_DiscardOld;
    ck_assert_int_eq(js_AddStream(NULL, js, &config, NULL, NULL), NATS_OK);
}

static void add_stream(const char *name, const char *subject, jsRetentionPolicy retention) {
    add_stream_with(name, subject, retention, -1);
}

static void make_queue(const char *name) {
    char stream[64], subject[64];
    snprintf(stream, sizeof stream, "WEIR_%s", name);
    snprintf(subject, sizeof subject, "weir.%s.>", name);
    add_stream(stream, subject, js_WorkQueuePolicy);
    snprintf(stream, sizeof stream, "WEIR_%s_DEAD", name);
    snprintf(subject, sizeof subject, "weir_dead.%s", name);
    add_stream(stream, subject, js_LimitsPolicy);
}

static weir_nats_config config_for(const char *name, const char *url) {
    return (weir_nats_config){
        .urls = url, .name = name, .capacity = WEIR_UNBOUNDED, .replicas = 3, .attempts = 1000, .ack_wait = SECONDS};
}

static weir_nats *open_queue(const char *name) {
    char reason[256] = "";
    weir_nats_config config = config_for(name, server.url);
    config.message = reason;
    config.message_size = sizeof reason;
    weir_nats *nats = NULL;
    weir_status status = weir_nats_open(&nats, &config);
    ck_assert_msg(status == WEIR_OK, "%s: %s", weir_strerror(status), reason);
    return nats;
}

static void put_items(weir_nats *nats, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_status(WEIR_OK, weir_nats_put(nats, strdup("item"), hang_limit()));
}

static void close_queue(weir_nats *nats) {
    assert_status(WEIR_OK, weir_nats_close(nats, hang_limit()));
}

/* Makes the consumer of the items anew: with another subject than theirs, it passes them over. */
static void replace_consumer(const char *name, const char *items) {
    char stream[64], subject[64];
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.Durable = "lane_0";
    config.AckPolicy = js_AckExplicit;
    config.AckWait = (int64_t)SECONDS;
    config.FilterSubject = subject;
    snprintf(stream, sizeof stream, "WEIR_%s", name);
    snprintf(subject, sizeof subject, "weir.%s.%s", name, items);
    ck_assert_int_eq(js_DeleteConsumer(js, stream, config.Durable, NULL, NULL), NATS_OK);
    ck_assert_int_eq(js_AddConsumer(NULL, js, stream, &config, NULL, NULL), NATS_OK);
}

static void ask(const char *name, uint64_t *first, uint64_t *last) {
    char stream[64];
    jsStreamInfo *info = NULL;
    snprintf(stream, sizeof stream, "WEIR_%s", name);
    ck_assert_int_eq(js_GetStreamInfo(&info, js, stream, NULL, NULL), NATS_OK);
    *first = info->State.FirstSeq;
    *last = info->State.LastSeq;
    jsStreamInfo_Destroy(info);
}

/* ---- a pipeline that takes ---- */

struct taker {
    weir_pipeline *pipeline;
    atomic_size_t count;
    atomic_bool hold;
};

static int take(weir_task *task, void *item, void *arg) {
    struct taker *taker = arg;
    free(item);
    atomic_fetch_add(&taker->count, 1);
    while (atomic_load(&taker->hold) && !weir_task_cancelled(task))
        usleep(1000);
    return 0;
}

static weir_status make_taker(struct taker *taker, weir_nats *nats) {
    weir_pipeline_options options = {0};
    weir_stage_options from = {.name = "from"}, to = {.name = "to"};
    weir_nats_source(nats, &from, &options);
    to.work.run = take;
    to.work.arg = taker;
    weir_pipeline_create(&taker->pipeline, &options);
    weir_pipeline_add(taker->pipeline, NULL, &from);
    weir_pipeline_add(taker->pipeline, NULL, &to);
    return weir_pipeline_start(taker->pipeline);
}

static void start_taker(struct taker *taker, weir_nats *nats) {
    assert_status(WEIR_OK, make_taker(taker, nats));
}

static void end_taker(struct taker *taker) {
    assert_status(WEIR_OK, weir_pipeline_finish(taker->pipeline, hang_limit(), NULL));
    assert_status(WEIR_OK, weir_pipeline_destroy(taker->pipeline));
}

/* Waits until a close has ended the taker. */
static void wait_for_end(struct taker *taker) {
    assert_status(WEIR_OK, weir_pipeline_wait(taker->pipeline, hang_limit()));
    end_taker(taker);
}

/* ---- sentinels ---- */

static void assert_names(weir_nats *nats, const char *text) {
    char reason[512];
    assert_status(WEIR_OK, weir_nats_message_copy(nats, reason, sizeof reason));
    ck_assert_msg(strstr(reason, text) != NULL, "\"%s\" is not in \"%s\"", text, reason);
}

/* Puts the message at a place again, as it is. */
static void put_copy(const char *stream, uint64_t place) {
    natsMsg *message = NULL;
    ck_assert_int_eq(get_message(&message, js, stream, place, NULL, NULL), NATS_OK);
    ck_assert_int_eq(js_PublishMsg(NULL, js, message, NULL, NULL), NATS_OK);
    natsMsg_Destroy(message);
}

/* The close of another taker lies between a sentinel and its copy. The server answers no look at the first one at first. */
START_TEST (an_end_by_a_close_waits_until_its_place_is_known) {
    make_queue("guess");
    weir_nats *nats = open_queue("guess");
    struct taker first = {0}, second = {0};
    close_queue(nats);
    close_queue(nats);
    put_copy("WEIR_guess", 1);
    atomic_store(&own, 1);
    atomic_store(&unanswered, 2);
    start_taker(&first, nats);
    wait_for_end(&first);
    ck_assert_int_eq(atomic_load(&unanswered), 0);
    ck_assert_msg(atomic_load(&own_was_there), "the sentinel was removed before its acknowledgement");
    start_taker(&second, nats);
    wait_for_end(&second);
    assert_status(WEIR_OK, weir_nats_join(nats, hang_limit()));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* At most so many calls are made in two seconds: the pauses grow from 50 ms to a second. Waits for one call more. */
static void assert_backs_off(atomic_size_t *calls, size_t most) {
    weir_deadline begin = now();
    while (atomic_load(calls) <= most)
        usleep(1000);
    ck_assert_uint_ge(now() - begin, 2 * SECONDS);
}

START_TEST (a_refused_end_by_a_close_backs_off_and_is_told) {
    make_queue("refused");
    weir_nats *nats = open_queue("refused");
    struct taker taker = {0};
    close_queue(nats);
    atomic_store(&refuses, true);
    start_taker(&taker, nats);
    assert_backs_off(&looks, 8);
    assert_names(nats, "cannot look at the sentinel of a close");
    weir_deadline begin = now();
    end_taker(&taker);
    ck_assert_uint_lt(now() - begin, 5 * SECONDS);
    atomic_store(&refuses, false);
    start_taker(&taker, nats);
    wait_for_end(&taker);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_sentinel_that_waits_backs_off_while_questions_are_refused) {
    make_queue("waits");
    weir_nats *nats = open_queue("waits");
    struct taker taker = {.hold = true};
    put_items(nats, 1);
    close_queue(nats);
    atomic_store(&refuses_all, true);
    start_taker(&taker, nats);
    assert_backs_off(&questions, 10);
    atomic_store(&refuses_all, false);
    atomic_store(&taker.hold, false);
    wait_for_end(&taker);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* ---- puts beside an election ---- */

struct closing {
    weir_nats *nats;
    weir_status status;
};

static void *close_in_thread(void *arg) {
    struct closing *closing = arg;
    closing->status = weir_nats_close(closing->nats, hang_limit());
    return NULL;
}

/* A source takes the sentinel before it would be put again. */
START_TEST (a_put_after_an_election_waits_and_a_close_during_it_ends_once) {
    make_queue("elected");
    weir_nats *nats = open_queue("elected");
    struct taker taker = {0};
    weir_nats_counts counts;
    struct closing closing = {nats, WEIR_FAILED};
    pthread_t thread;
    put_items(nats, 1);
    start_taker(&taker, nats);
    weir_deadline begin = now(), hang = hang_limit();
    atomic_store(&elected_queue, "elected");
    thread_start(&thread, close_in_thread, &closing);
    while (!atomic_load(&heard) && now() < hang)
        usleep(1000);
    put_items(nats, 1);
    ck_assert_uint_gt(now() - begin, SECONDS);
    thread_join(thread);
    assert_status(WEIR_OK, closing.status);
    wait_for_end(&taker);
    assert_status(WEIR_OK, weir_nats_count(nats, &counts));
    ck_assert_msg(counts.unfinished <= 1, "%u messages besides the last item", (unsigned)counts.unfinished - 1);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* Returns the last place of a queue that has a message. */
static uint64_t count_puts(const char *name) {
    uint64_t first, last;
    ask(name, &first, &last);
    return last;
}

START_TEST (a_put_during_an_election_is_put_again_later) {
    make_queue("during");
    weir_nats *nats = open_queue("during");
    weir_deadline begin = now();
    atomic_store(&elected_queue, "during");
    put_items(nats, 1);
    ck_assert_uint_gt(now() - begin, SECONDS);
    ck_assert_uint_eq(count_puts("during"), 2);
    put_items(nats, 1);
    ck_assert_uint_eq(count_puts("during"), 3);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (many_puts_during_an_election_are_put_again_later) {
    enum { MANY = 3 };
    void *items[MANY] = {strdup("1"), strdup("2"), strdup("3")};
    size_t put = 0;
    make_queue("many");
    weir_nats *nats = open_queue("many");
    atomic_store(&puts_before, MANY - 1);
    atomic_store(&elected_queue, "many");
    atomic_store(&states, 0);
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, MANY, &put, 0));
    size_t asked = atomic_load(&states);
    ck_assert_msg(asked <= 5, "%zu questions while it waits", asked);
    ck_assert_uint_eq(put, MANY);
    ck_assert_uint_gt(count_puts("many"), MANY); /* those that the message of the election overtook */
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* Its repetition may be among the first messages of the new leader. */
START_TEST (a_put_that_an_election_loses_is_put_again_twice) {
    make_queue("lost");
    weir_nats *nats = open_queue("lost");
    weir_deadline begin = now();
    atomic_store(&puts_lost, 1);
    atomic_store(&elected_queue, "lost");
    put_items(nats, 1);
    ck_assert_uint_gt(now() - begin, 2 * SECONDS);
    ck_assert_uint_eq(count_puts("lost"), 2);
    put_items(nats, 1);
    ck_assert_uint_eq(count_puts("lost"), 3);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* They wait once, and not one by one. */
START_TEST (many_puts_that_an_election_loses_are_put_again_twice) {
    enum { MANY = 20 };
    void *items[MANY];
    size_t put = 0;
    make_queue("losses");
    weir_nats *nats = open_queue("losses");
    for (size_t i = 0; i < MANY; i++)
        items[i] = strdup("item");
    weir_deadline begin = now();
    atomic_store(&puts_lost, MANY);
    atomic_store(&puts_before, MANY - 1);
    atomic_store(&elected_queue, "losses");
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, MANY, &put, hang_limit()));
    ck_assert_uint_lt(now() - begin, MANY * SECONDS);
    ck_assert_uint_eq(put, MANY);
    ck_assert_uint_eq(count_puts("losses"), 2 * MANY);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* The first one is refused, the last one stored: it would be put again. */
START_TEST (items_behind_a_refused_one_are_uncertain_during_an_election) {
    static char large[2000];
    void *items[] = {memset(large, 'x', sizeof large - 1), large + sizeof large - 2};
    size_t put = 1;
    add_stream_with("WEIR_rest", "weir.rest.>", js_WorkQueuePolicy, sizeof large / 2);
    add_stream("WEIR_rest_DEAD", "weir_dead.rest", js_LimitsPolicy);
    weir_nats *nats = open_queue("rest");
    atomic_store(&puts_before, 1);
    atomic_store(&elected_queue, "rest");
    assert_status(WEIR_UNCERTAIN, weir_nats_put_many(nats, items, COUNT_OF(items), &put, 0));
    ck_assert_uint_eq(put, 0);
    ck_assert_uint_eq(count_puts("rest"), 1);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

static weir_nats *open_with(const char *name, uint64_t timeout) {
    char reason[256] = "";
    weir_nats_config config = config_for(name, server.url);
    weir_nats *nats = NULL;
    config.timeout = timeout;
    config.message = reason;
    config.message_size = sizeof reason;
    ck_assert_msg(weir_nats_open(&nats, &config) == WEIR_OK, "%s", reason);
    return nats;
}

static weir_nats *open_hasty(const char *name) {
    return open_with(name, 1200 * MILLISECONDS);
}

/* The copies of all stored puts share one time limit. */
START_TEST (many_stored_puts_wait_for_one_timeout) {
    enum { MANY = 10 };
    void *items[MANY];
    size_t put = 0;
    make_queue("share");
    weir_nats *nats = open_hasty("share");
    for (size_t i = 0; i < MANY; i++)
        items[i] = strdup("item");
    weir_deadline begin = now();
    atomic_store(&puts_lost, MANY);
    atomic_store(&puts_before, MANY - 1);
    atomic_store(&copies_left, MANY);
    atomic_store(&elected_queue, "share");
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, MANY, &put, 0));
    ck_assert_uint_lt(now() - begin, 5 * SECONDS);
    ck_assert(atomic_exchange(&disconnected, false));
    ck_assert_uint_eq(put, MANY);
    ck_assert_uint_eq(count_puts("share"), MANY);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

static void drop(void *item, void *arg) {
    (void)arg;
    free(item);
}

/* Passes items of 4 bytes to a sink as one batch, one of them larger if `large` says so. */
static void run_sink(weir_nats *nats, size_t count, size_t large) {
    weir_pipeline *pipeline = NULL;
    weir_stage_options stage = {.name = "sink"};
    stage.batch.items = count;
    stage.batch.wait = 10 * SECONDS;
    stage.errors.on_error = WEIR_SKIP;
    stage.input.drop = drop;
    assert_status(WEIR_OK, weir_nats_sink(nats, &stage));
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage));
    assert_status(WEIR_OK, weir_pipeline_start(pipeline));
    for (size_t i = 0; i < count; i++) {
        char *item = calloc(1, LARGE + 1);
        memset(item, 'x', i == large ? LARGE : 4);
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, item));
    }
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, hang_limit(), NULL));
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
}

/* The leader loses them twice; or it refuses one when it is repeated. They wait for the election once. */
START_TEST (a_batch_repeats_its_puts_together) {
    enum { MANY = 10 };
    bool refuses_one = _i == 1;
    const char *name = refuses_one ? "batch_refused" : "batch_lost";
    char stream[64], subject[64];
    snprintf(stream, sizeof stream, "WEIR_%s", name);
    snprintf(subject, sizeof subject, "weir.%s.>", name);
    add_stream_with(stream, subject, js_WorkQueuePolicy, LARGE / 2);
    snprintf(stream, sizeof stream, "WEIR_%s_DEAD", name);
    snprintf(subject, sizeof subject, "weir_dead.%s", name);
    add_stream(stream, subject, js_LimitsPolicy);
    weir_nats *nats = open_with(name, 2 * SECONDS);
    weir_deadline begin = now();
    atomic_store(&puts_lost, refuses_one ? MANY : MANY + 2);
    atomic_store(&puts_before, MANY - 1);
    atomic_store(&elected_queue, name);
    run_sink(nats, MANY, refuses_one ? 2 : MANY);
    ck_assert_uint_lt(now() - begin, 10 * SECONDS);
    ck_assert_uint_eq(count_puts(name), refuses_one ? 2 * (MANY - 1) : 2 * MANY);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* The first one is refused, and the last one has no answer. */
START_TEST (an_item_without_an_answer_behind_a_refused_one_is_uncertain) {
    static char large[2000];
    void *items[] = {memset(large, 'x', sizeof large - 1), strdup("lost")};
    size_t put = 1;
    add_stream_with("WEIR_silence", "weir.silence.>", js_WorkQueuePolicy, sizeof large / 2);
    add_stream("WEIR_silence_DEAD", "weir_dead.silence", js_LimitsPolicy);
    weir_nats *nats = open_hasty("silence");
    atomic_store(&lost_size, (int)strlen(items[1]));
    assert_status(WEIR_UNCERTAIN, weir_nats_put_many(nats, items, COUNT_OF(items), &put, 0));
    atomic_store(&lost_size, 0);
    ck_assert_uint_eq(put, 0);
    free(items[1]);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* It has its answer: without an election, the handle has no reason to wait before its next put. */
START_TEST (a_refused_item_of_a_burst_holds_no_other_put_up) {
    static char large[2000];
    void *items[] = {memset(large, 'x', sizeof large - 1), large};
    size_t put = 1;
    add_stream_with("WEIR_large", "weir.large.>", js_WorkQueuePolicy, sizeof large / 2);
    add_stream("WEIR_large_DEAD", "weir_dead.large", js_LimitsPolicy);
    weir_nats *nats = open_queue("large");
    assert_status(WEIR_TOO_LARGE, weir_nats_put_many(nats, items, COUNT_OF(items), &put, 0));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_nats_put(nats, strdup("item"), 0));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (no_put_is_made_just_after_a_lost_connection) {
    char *item = strdup("item");
    make_queue("gone");
    weir_nats *nats = open_queue("gone");
    atomic_store(&disconnected, true);
    assert_status(WEIR_DISCONNECTED, weir_nats_put(nats, item, 0));
    weir_deadline begin = now();
    atomic_store(&disconnected, false);
    weir_status status = weir_nats_put(nats, item, 0);
    if (now() - begin < SECONDS)
        assert_status(WEIR_FULL, status);
    free(item);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* The put has its answer, and no time is left for the second one. */
START_TEST (a_stored_put_is_never_uncertain) {
    make_queue("hasty");
    weir_nats *nats = open_hasty("hasty");
    atomic_store(&elected_queue, "hasty");
    assert_status(WEIR_OK, weir_nats_put(nats, strdup("item"), 0));
    ck_assert_uint_eq(count_puts("hasty"), 1);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* ---- calls that are not permitted ---- */

START_TEST (a_call_that_is_not_permitted_is_told_to_its_caller_only) {
    char subject[128];
    make_queue("denied");
    weir_nats *nats = open_queue("denied");
    weir_nats_counts counts;
    atomic_store(&mute, true);
    not_permitted("Publish to", "$JS.API.CONSUMER.MSG.NEXT.WEIR_denied.lane_0");
    not_permitted("Publish to", "$JS.API.STREAM.INFO.WEIR_denied_DEAD");
    assert_status(WEIR_TIMEDOUT, weir_nats_count(nats, &counts));
    not_permitted("Publish to", "$JS.API.STREAM.INFO.WEIR_denied");
    for (int i = 0; i < 20; i++) {
        snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.WEIR_denied.lane_%d", i);
        not_permitted("Publish to", subject);
    }
    not_permitted("Publish to", "$JS.API.STREAM.MSG.GET.WEIR_denied");
    assert_status(WEIR_AUTH, weir_nats_count(nats, &counts));
    assert_names(nats, "$JS.API.STREAM.INFO.WEIR_denied\"");
    atomic_store(&mute, false);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (an_acknowledgement_that_is_not_permitted_is_told) {
    make_queue("mum");
    weir_nats *nats = open_queue("mum");
    not_permitted("Publish to", "$JS.ACK.WEIR_mum.lane_0.1.1.1.1.0");
    assert_names(nats, "$JS.ACK.WEIR_mum.lane_0");
    not_permitted("Publish to", "$JS.API.STREAM.INFO.WEIR_mum");
    not_permitted("Subscription to", "$JS.ACK.WEIR_mum.>");
    assert_names(nats, "STREAM.INFO");
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* ---- repairs ---- */

static const struct {
    const char *name;
    enum death death;
} deaths[] = {{"before_ack", DIES_BEFORE_ACK}, {"after_ack", DIES_AFTER_ACK}, {"after_delete", DIES_AFTER_DELETE}};

/* Takes until it dies. */
static int run_repairer(char **arguments) {
    weir_nats_config config = config_for(arguments[3], arguments[2]);
    static struct taker taker;
    weir_nats *nats = NULL;
    for (size_t i = 0; i < COUNT_OF(deaths); i++)
        death = strcmp(deaths[i].name, arguments[3]) == 0 ? deaths[i].death : death;
    if (weir_nats_open(&nats, &config) != WEIR_OK || make_taker(&taker, nats) != WEIR_OK)
        return 1;
    sleep(HANG_SECONDS);
    return 1;
}

/* The item must be before the sentinel that is left, wherever the program dies. */
START_TEST (a_repair_may_end_at_any_point) {
    const char *name = deaths[_i].name;
    const char *arguments[] = {"test_nats_replicas", "repairer", server.url, name, NULL};
    int output, status = 1;
    make_queue(name);
    weir_nats *nats = open_queue(name);
    struct taker taker = {0};
    replace_consumer(name, "nothing");
    put_items(nats, 1);
    close_queue(nats);
    ck_assert_int_gt(waitpid(start_self(arguments, &output), &status, 0), 0);
    ck_assert_int_eq(status, 0);
    start_taker(&taker, nats);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(taker.pipeline, weir_deadline_after(4 * SECONDS)));
    replace_consumer(name, "item.0");
    wait_for_end(&taker);
    ck_assert_uint_ge(taker.count, 1);
    assert_status(WEIR_OK, weir_nats_join(nats, hang_limit()));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    close(output);
}
END_TEST

/* A killed server has items again that were acknowledged, and its consumer does not deliver them. They fill the queue. */
START_TEST (items_that_a_lone_server_has_again_are_delivered) {
    weir_nats_config config = config_for("lone", server.url);
    weir_nats *nats = NULL;
    struct taker taker = {0};
    config.replicas = 1;
    config.capacity = 4;
    assert_status(WEIR_OK, weir_nats_open(&nats, &config));
    replace_consumer("lone", "nothing");
    put_items(nats, 3);
    close_queue(nats);
    start_taker(&taker, nats);
    wait_for_end(&taker);
    ck_assert_uint_eq(taker.count, 3);
    assert_status(WEIR_OK, weir_nats_join(nats, hang_limit()));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

static uint64_t key_of(const void *item, void *arg) {
    (void)arg;
    return *(const unsigned char *)item;
}

static weir_nats *open_alone(const char *name, unsigned lanes) {
    weir_nats_config config = config_for(name, server.url);
    weir_nats *nats = NULL;
    config.replicas = 1;
    config.lanes = lanes;
    config.key = lanes == 0 ? NULL : key_of;
    assert_status(WEIR_OK, weir_nats_open(&nats, &config));
    return nats;
}

START_TEST (a_lane_without_a_consumer_is_counted) {
    weir_nats *nats = open_alone("anew", 0);
    weir_nats_counts counts = {0, 0, 0};
    put_items(nats, 2);
    ck_assert_int_eq(js_DeleteConsumer(js, "WEIR_anew", "lane_0", NULL, NULL), NATS_OK);
    assert_status(WEIR_OK, weir_nats_count(nats, &counts));
    ck_assert_uint_eq(counts.unfinished, 2);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* Between two looks are two seconds. */
static void assert_looks_end(weir_deadline begin) {
    size_t made = atomic_load(&unheard), most = 2 + (now() - begin) / (2 * SECONDS);
    ck_assert_uint_gt(made, 0);
    ck_assert_msg(made <= most, "%zu questions, not %zu", made, most);
}

/* One look hears of an election when it has found the message. The other one has no answer for its first lane. */
START_TEST (a_look_ends_with_an_election_and_without_an_answer) {
    weir_nats *silent = open_alone("silent", 16);
    struct taker other = {.hold = true};
    weir_deadline begin = now();
    put_items(silent, 2);
    atomic_store(&mute_lanes, true);
    make_queue("calm");
    weir_nats *nats = open_queue("calm");
    struct taker taker = {0};
    weir_deadline hang = hang_limit();
    replace_consumer("calm", "nothing");
    put_items(nats, 1);
    atomic_store(&repaired, "calm");
    start_taker(&taker, nats);
    start_taker(&other, silent);
    while (atomic_load(&told) == 0 && now() < hang)
        usleep(1000);
    usleep(100000);
    ck_assert_uint_gt(atomic_load(&told), 0);
    weir_deadline when = atomic_load(&copied);
    ck_assert(when == 0 || when > atomic_load(&told) + SECONDS);
    assert_looks_end(begin);
    atomic_store(&mute_lanes, false);
    atomic_store(&other.hold, false);
    end_taker(&taker);
    end_taker(&other);
    assert_status(WEIR_OK, weir_nats_destroy(silent));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* Both look at the same moments, and find the same messages. */
START_TEST (of_two_repairs_one_goes_on) {
    make_queue("two");
    weir_nats *a = open_queue("two"), *b = open_queue("two");
    struct taker one = {0}, other = {0};
    uint64_t first = 0, last = 0;
    weir_deadline hang = hang_limit();
    replace_consumer("two", "nothing");
    put_items(a, ITEMS);
    atomic_store(&slow_deletes, true);
    start_taker(&one, a);
    start_taker(&other, b);
    while (first <= ITEMS && now() < hang) {
        usleep(1000);
        ask("two", &first, &last);
    }
    ck_assert_uint_gt(first, ITEMS);
    ck_assert_msg(last <= 2 * ITEMS + 2, "%u copies of %d items", (unsigned)(last - ITEMS), ITEMS);
    atomic_store(&slow_deletes, false);
    end_taker(&one);
    end_taker(&other);
    assert_status(WEIR_OK, weir_nats_destroy(a));
    assert_status(WEIR_OK, weir_nats_destroy(b));
}
END_TEST

static Suite *suite(void) {
    Suite *all = suite_create("nats_replicas");
    TCase *sentinels = add_case(all, "sentinels"), *repairs = add_case(all, "repairs"), *puts = add_case(all, "puts");
    TCase *refusals = add_case(all, "refusals");
    TCase *cases[] = {sentinels, repairs, puts, refusals};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tcase_add_unchecked_fixture(cases[i], start_server, end_server);
        tcase_add_checked_fixture(cases[i], start_watcher, end_watcher);
    }
    tcase_add_test(sentinels, an_end_by_a_close_waits_until_its_place_is_known);
    tcase_add_test(sentinels, a_refused_end_by_a_close_backs_off_and_is_told);
    tcase_add_test(sentinels, a_sentinel_that_waits_backs_off_while_questions_are_refused);
    tcase_add_test(puts, a_put_after_an_election_waits_and_a_close_during_it_ends_once);
    tcase_add_test(puts, a_put_during_an_election_is_put_again_later);
    tcase_add_test(puts, many_puts_during_an_election_are_put_again_later);
    tcase_add_test(puts, a_put_that_an_election_loses_is_put_again_twice);
    tcase_add_test(puts, many_puts_that_an_election_loses_are_put_again_twice);
    tcase_add_test(puts, a_stored_put_is_never_uncertain);
    tcase_add_test(puts, items_behind_a_refused_one_are_uncertain_during_an_election);
    tcase_add_test(puts, many_stored_puts_wait_for_one_timeout);
    tcase_add_loop_test(puts, a_batch_repeats_its_puts_together, 0, 2);
    tcase_add_test(puts, an_item_without_an_answer_behind_a_refused_one_is_uncertain);
    tcase_add_test(puts, a_refused_item_of_a_burst_holds_no_other_put_up);
    tcase_add_test(puts, no_put_is_made_just_after_a_lost_connection);
    tcase_add_test(refusals, a_call_that_is_not_permitted_is_told_to_its_caller_only);
    tcase_add_test(refusals, an_acknowledgement_that_is_not_permitted_is_told);
    tcase_add_loop_test(repairs, a_repair_may_end_at_any_point, 0, COUNT_OF(deaths));
    tcase_add_test(repairs, items_that_a_lone_server_has_again_are_delivered);
    tcase_add_test(repairs, a_lane_without_a_consumer_is_counted);
    tcase_add_test(repairs, a_look_ends_with_an_election_and_without_an_answer);
    tcase_add_test(repairs, of_two_repairs_one_goes_on);
    return all;
}

int main(int count, char **arguments) {
    if (count == 4 && strcmp(arguments[1], "repairer") == 0)
        return run_repairer(arguments);
    if (!nats_server_exists()) {
        puts("SKIPPED: no nats-server");
        return getenv("WEIR_NEED_NATS") == NULL ? 77 : 1;
    }
    return run_suite(suite());
}
