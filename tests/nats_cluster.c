/*
 * nats_cluster.c - a queue on three servers with three replicas: four producers and two consumers, while the leader of the
 * stream is killed again and again, or while the queue is full all the time.
 *
 *     nats_cluster kills N     N kills of the leader
 *     nats_cluster stops N     the leader is stopped N times, until there is another one, or 0.6 s longer: a partition between
 *                              it and all others, after which it may still take itself for the leader. Once other puts go on,
 *                              2.9.10 may lose some (weir_nats(7), BUGS)
 *     nats_cluster full N      N runs with a queue of 50 that is full
 *     nats_cluster passed 1    a full queue whose items are passed over by the server
 *     nats_cluster elected N   N times, the leader steps down beside a program that puts nothing at that moment
 *     nats_cluster disk 1      one server with one replica, in a folder on a small file system ($TMPDIR)
 *
 * Prints a line for each, with the items that came twice, and those of them whose later deliveries were told by attempts
 * above 1. Fails if an acknowledged put is lost, a close reaches no consumer, or the bound was exceeded by more than the
 * number of producers less one. A server that was killed or stopped has messages again that were acknowledged shortly
 * before: so the items of these runs are counted here, not there. tests/nats.sh runs it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "nats_server.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nats/nats.h>
#include <weir.h>
#include <weir/nats.h>

enum { ANSWER_MS = 500, DELAYS = 2, DELAY_US = 600000 };
enum { SERVERS = 3, PRODUCERS = 4, CONSUMERS = 2, CAPACITY = 50, MOST = 200000, PUTS_OF_A_FULL_RUN = 500 };

struct cluster {
    char folder[128];
    char urls[256];
    char options[SERVERS][512];
    struct nats_server servers[SERVERS];
};

static struct cluster cluster;
static char queue[32];
static atomic_bool put_was_acked[MOST];
static atomic_uint taken[MOST], firsts[MOST]; /* of these, those that were told to be the first attempt */
static atomic_size_t next_number, acked, takes, unsure, distinct;
static atomic_bool end;
static useconds_t work_time = 500; /* of an item, in us */
static atomic_size_t puts_left;
static atomic_uint_fast64_t last_ack;
static atomic_uint_fast64_t first_ack; /* since the last leader was lost; 0: none yet */

static uint64_t now(void) {
    return weir_deadline_after(0);
}

static void stop_with(const char *what) {
    fprintf(stderr, "nats_cluster: %s\n", what);
    for (size_t i = 0; i < SERVERS; i++)
        nats_server_kill(&cluster.servers[i]);
    if (*cluster.folder != '\0')
        nats_remove_folder(cluster.folder);
    exit(1);
}

/* ---- the cluster ---- */

static void start_cluster(void) {
    int routes[SERVERS];
    nats_make_folder(cluster.folder, sizeof cluster.folder);
    for (size_t i = 0; i < SERVERS; i++)
        routes[i] = nats_free_port();
    for (size_t i = 0; i < SERVERS; i++) {
        snprintf(cluster.options[i], sizeof cluster.options[i],
                 "--server_name s%zu --cluster_name weir --cluster nats://127.0.0.1:%d --routes "
                 "nats://127.0.0.1:%d,nats://127.0.0.1:%d,nats://127.0.0.1:%d",
                 i, routes[i], routes[0], routes[1], routes[2]);
        cluster.servers[i].options = cluster.options[i];
        nats_server_start(&cluster.servers[i], cluster.folder);
    }
    snprintf(cluster.urls, sizeof cluster.urls, "%s,%s,%s", cluster.servers[0].url, cluster.servers[1].url,
             cluster.servers[2].url);
}

static void end_cluster(void) {
    for (size_t i = 0; i < SERVERS; i++)
        nats_server_kill(&cluster.servers[i]);
    nats_remove_folder(cluster.folder);
}

/* Asks for the stream: its messages, and the number of its leader if all replicas are current, or -1. */
static bool ask(jsCtx *js, uint64_t *messages, int *leader) {
    char stream[64];
    jsStreamInfo *info = NULL;
    jsErrCode code;
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = ANSWER_MS;
    snprintf(stream, sizeof stream, "WEIR_%s", queue);
    if (js_GetStreamInfo(&info, js, stream, &options, &code) != NATS_OK)
        return false;
    *messages = info->State.Msgs;
    *leader = -1;
    if (info->Cluster != NULL && info->Cluster->Leader != NULL) {
        *leader = info->Cluster->Leader[1] - '0';
        for (int i = 0; i < info->Cluster->ReplicasLen; i++) {
            if (!info->Cluster->Replicas[i]->Current || info->Cluster->Replicas[i]->Offline)
                *leader = -1;
        }
    }
    jsStreamInfo_Destroy(info);
    return true;
}

static natsConnection *connect_watcher(jsCtx **js) {
    natsConnection *connection = NULL;
    natsOptions *options = NULL;
    const char *urls[SERVERS] = {cluster.servers[0].url, cluster.servers[1].url, cluster.servers[2].url};
    natsOptions_Create(&options);
    natsOptions_SetServers(options, urls, SERVERS);
    natsOptions_SetMaxReconnect(options, 100000);
    natsOptions_SetReconnectWait(options, 100);
    natsOptions_SetPingInterval(options, ANSWER_MS); /* its server may be stopped */
    if (natsConnection_Connect(&connection, options) != NATS_OK ||
        natsConnection_JetStream(js, connection, NULL) != NATS_OK)
        stop_with("no connection");
    natsOptions_Destroy(options);
    return connection;
}

/* ---- the program under test ---- */

static weir_status encode(const void *item, weir_nats_buffer *buffer, void *unused) {
    (void)unused;
    return weir_nats_buffer_add(buffer, item, strlen(item));
}

/* Makes a string of the number and the attempt. */
static weir_status decode(const weir_nats_message *message, void **item, void *unused) {
    char text[64];
    (void)unused;
    snprintf(text, sizeof text, "%.*s %u", (int)message->size, (const char *)message->bytes, message->attempt);
    *item = strdup(text);
    return *item == NULL ? WEIR_NOMEM : WEIR_OK;
}

static void drop(void *item, void *unused) {
    (void)unused;
    free(item);
}

static weir_nats *open_queue(void) {
    char reason[256];
    weir_nats_config config = {.urls = cluster.urls,
                               .name = queue,
                               .capacity = CAPACITY,
                               .replicas = 3,
                               .ack_wait = 5 * WEIR_SECOND,
                               .timeout = 10 * WEIR_SECOND,
                               .attempts = 1000,
                               .encode = encode,
                               .decode = decode,
                               .drop = drop,
                               .message = reason,
                               .message_size = sizeof reason};
    weir_nats *nats = NULL;
    for (int tries = 0; weir_nats_open(&nats, &config) != WEIR_OK; tries++) {
        if (tries == 10)
            stop_with(reason);
        sleep(1);
    }
    return nats;
}

static bool may_put(void) {
    size_t left = atomic_load(&puts_left);
    while (left > 0 && !atomic_compare_exchange_weak(&puts_left, &left, left - 1))
        continue;
    return left > 0 && !atomic_load(&end);
}

static void note_acknowledgement(void) {
    uint64_t none = 0, time = now();
    atomic_compare_exchange_strong(&first_ack, &none, time);
    atomic_store(&last_ack, time);
}

static void *produce(void *unused) {
    weir_nats *nats = open_queue();
    (void)unused;
    while (may_put()) {
        size_t number = atomic_fetch_add(&next_number, 1);
        char text[32], *item;
        snprintf(text, sizeof text, "%zu", number);
        item = number < MOST ? strdup(text) : NULL;
        if (item == NULL)
            break;
        weir_status status = weir_nats_put(nats, item, weir_deadline_after(60 * WEIR_SECOND));
        if (status == WEIR_OK) {
            atomic_store(&put_was_acked[number], true);
            atomic_fetch_add(&acked, 1);
            note_acknowledgement();
        } else {
            atomic_fetch_add(&unsure, 1);
            free(item);
        }
    }
    weir_nats_destroy(nats);
    return NULL;
}

static int take(weir_task *task, void *item, void *arg) {
    char *rest;
    size_t number = strtoul(item, &rest, 10);
    bool is_first = strtoul(rest, NULL, 10) == 1;
    (void)task;
    (void)arg;
    free(item);
    if (number < MOST && atomic_fetch_add(&taken[number], 1) == 0)
        atomic_fetch_add(&distinct, 1);
    if (number < MOST && is_first)
        atomic_fetch_add(&firsts[number], 1);
    atomic_fetch_add(&takes, 1);
    usleep(work_time);
    return 0;
}

struct consumer {
    weir_nats *nats;
    weir_pipeline *pipeline;
};

static void start_consumer(struct consumer *consumer) {
    weir_pipeline_options options = {0};
    weir_stage_options from = {.name = "from"}, to = {.name = "to"};
    consumer->nats = open_queue();
    weir_nats_source(consumer->nats, &from, &options);
    to.work.run = take;
    to.threads.width = 1;
    weir_pipeline_create(&consumer->pipeline, &options);
    weir_pipeline_add(consumer->pipeline, NULL, &from);
    weir_pipeline_add(consumer->pipeline, NULL, &to);
    if (weir_pipeline_start(consumer->pipeline) != WEIR_OK)
        stop_with(weir_pipeline_message(consumer->pipeline));
}

/* Prints which items are in the stream, and how often each was taken. */
static void tell_items(jsCtx *js, uint64_t first, uint64_t last) {
    char stream[64];
    snprintf(stream, sizeof stream, "WEIR_%s", queue);
    for (uint64_t i = first; i <= last; i++) {
        natsMsg *message = NULL;
        jsErrCode code;
        if (js_GetMsg(&message, js, stream, i, NULL, &code) != NATS_OK)
            continue;
        size_t number = strtoul(natsMsg_GetData(message), NULL, 10);
        const char *identity = NULL;
        natsMsgHeader_Get(message, "Nats-Msg-Id", &identity);
        fprintf(stderr, "%" PRIu64 ": item %zu of %s, taken %u times; identity %s\n", i, number,
                natsMsg_GetSubject(message), number < MOST ? atomic_load(&taken[number]) : 0,
                identity == NULL ? "none" : identity);
        natsMsg_Destroy(message);
    }
}

/* Prints what the server knows, for a run that hangs. */
static void tell_state(jsCtx *js) {
    static const char *const consumers[] = {"lane_0", "close"};
    char stream[64];
    jsStreamInfo *info = NULL;
    jsErrCode code;
    snprintf(stream, sizeof stream, "WEIR_%s", queue);
    if (js_GetStreamInfo(&info, js, stream, NULL, &code) == NATS_OK)
        fprintf(stderr, "stream: %" PRIu64 " messages, %" PRIu64 " to %" PRIu64 "\n", info->State.Msgs,
                info->State.FirstSeq, info->State.LastSeq);
    if (info != NULL)
        tell_items(js, info->State.FirstSeq, info->State.LastSeq);
    jsStreamInfo_Destroy(info);
    for (size_t i = 0; i < 2; i++) {
        jsConsumerInfo *consumer = NULL;
        if (js_GetConsumerInfo(&consumer, js, stream, consumers[i], NULL, &code) != NATS_OK)
            continue;
        fprintf(stderr,
                "%s: %" PRIu64 " pending, %" PRId64 " not acknowledged, floor %" PRIu64 ", %" PRId64 " requests\n",
                consumers[i], consumer->NumPending, consumer->NumAckPending, consumer->AckFloor.Stream,
                consumer->NumWaiting);
        jsConsumerInfo_Destroy(consumer);
    }
}

static void end_consumer(struct consumer *consumer, jsCtx *js) {
    if (weir_pipeline_wait(consumer->pipeline, weir_deadline_after(60 * WEIR_SECOND)) != WEIR_OK) {
        tell_state(js);
        stop_with("a consumer has not got its sentinel");
    }
    weir_pipeline_finish(consumer->pipeline, weir_deadline_after(60 * WEIR_SECOND), NULL);
    weir_pipeline_destroy(consumer->pipeline);
    weir_nats_destroy(consumer->nats);
}

/* ---- runs ---- */

struct run {
    struct consumer consumers[CONSUMERS];
    pthread_t producers[PRODUCERS];
    natsConnection *connection;
    jsCtx *js;
    bool losses;   /* of leaders */
    uint64_t most; /* items in the queue */
};

static void begin(struct run *run, const char *name, size_t puts) {
    snprintf(queue, sizeof queue, "%s", name);
    memset(put_was_acked, 0, sizeof put_was_acked);
    memset(taken, 0, sizeof taken);
    memset(firsts, 0, sizeof firsts);
    atomic_store(&next_number, 0);
    atomic_store(&acked, 0);
    atomic_store(&takes, 0);
    atomic_store(&unsure, 0);
    atomic_store(&distinct, 0);
    atomic_store(&end, false);
    atomic_store(&puts_left, puts);
    run->most = 0;
    run->connection = connect_watcher(&run->js);
    for (size_t i = 0; i < CONSUMERS; i++)
        start_consumer(&run->consumers[i]);
    for (size_t i = 0; i < PRODUCERS; i++)
        pthread_create(&run->producers[i], NULL, produce, NULL);
}

/* Returns how many items are in the queue, at least; 0 if that is not known. */
static uint64_t count_items(struct run *run) {
    uint64_t messages = 0, put = atomic_load(&acked);
    int leader;
    if (run->losses) {
        size_t ended = atomic_load(&distinct);
        return put > ended ? put - ended : 0;
    }
    return ask(run->js, &messages, &leader) ? messages : 0;
}

static void watch(struct run *run) {
    uint64_t items = count_items(run);
    run->most = items > run->most ? items : run->most;
}

/*
 * Waits until the queue is empty. A server that was killed or stopped may have items again that were acknowledged: while no
 * program takes, they stay, so one more consumer takes them.
 */
static void empty_queue(struct run *run, weir_nats *nats) {
    struct consumer another;
    if (weir_nats_join(nats, weir_deadline_after((run->losses ? 5 : 60) * WEIR_SECOND)) == WEIR_OK)
        return;
    tell_state(run->js);
    start_consumer(&another);
    sleep(10); /* it looks for such items each two seconds */
    if (weir_nats_close(nats, weir_deadline_after(60 * WEIR_SECOND)) != WEIR_OK)
        stop_with("cannot close again");
    end_consumer(&another, run->js);
    if (!run->losses || weir_nats_join(nats, weir_deadline_after(60 * WEIR_SECOND)) != WEIR_OK) {
        tell_state(run->js);
        stop_with("the queue is not empty");
    }
}

/* Ends the run; returns whether it was right. */
static bool finish(struct run *run, const char *what) {
    size_t lost = 0, twice = 0, told = 0;
    for (size_t i = 0; i < PRODUCERS; i++)
        pthread_join(run->producers[i], NULL);
    weir_nats *nats = open_queue();
    for (size_t i = 0; i < CONSUMERS; i++) {
        if (weir_nats_close(nats, weir_deadline_after(120 * WEIR_SECOND)) != WEIR_OK)
            stop_with("cannot close");
    }
    for (size_t i = 0; i < CONSUMERS; i++)
        end_consumer(&run->consumers[i], run->js);
    empty_queue(run, nats);
    weir_nats_destroy(nats);
    for (size_t i = 0; i < MOST; i++) {
        lost += atomic_load(&put_was_acked[i]) && atomic_load(&taken[i]) == 0;
        twice += atomic_load(&taken[i]) > 1;
        told += atomic_load(&taken[i]) > 1 && atomic_load(&firsts[i]) <= 1;
    }
    jsCtx_Destroy(run->js);
    natsConnection_Destroy(run->connection);
    uint64_t over = run->most > CAPACITY ? run->most - CAPACITY : 0;
    printf("%s: %zu acknowledged puts, %zu lost, %zu uncertain, %zu items twice, %zu of them told, at most %" PRIu64
           " of %d items inside\n",
           what, atomic_load(&acked), lost, atomic_load(&unsure), twice, told, run->most, CAPACITY);
    fflush(stdout);
    return lost == 0 && over <= PRODUCERS - 1;
}

/* Returns whether the consumer of the items has a leader: its group chooses one by itself, which may take longer. */
static bool is_delivering(jsCtx *js) {
    char stream[64];
    jsConsumerInfo *info = NULL;
    jsErrCode code;
    snprintf(stream, sizeof stream, "WEIR_%s", queue);
    bool delivering = js_GetConsumerInfo(&info, js, stream, "lane_0", NULL, &code) == NATS_OK &&
                      info->Cluster != NULL && info->Cluster->Leader != NULL;
    jsConsumerInfo_Destroy(info);
    return delivering;
}

/* Waits until all replicas are current, and the consumer delivers. Returns the number of the leader. */
static int wait_for_replicas(struct run *run) {
    uint64_t messages, give_up = weir_deadline_after(120 * WEIR_SECOND);
    int leader = -1;
    while (!ask(run->js, &messages, &leader) || leader < 0 || !is_delivering(run->js)) {
        if (now() > give_up)
            stop_with("the replicas do not become current");
        usleep(50000);
    }
    return leader;
}

/* A server that has come back is given some seconds: it may be a leader before it has copied everything. */
static int settled_leader(struct run *run) {
    wait_for_replicas(run);
    sleep(3);
    return wait_for_replicas(run);
}

/* Waits for the first acknowledgement of a put since now, or a moment later. */
static void wait_for_puts(void) {
    uint64_t begin_of_gap = now();
    atomic_store(&last_ack, 0);
    usleep(200000);
    atomic_store(&last_ack, 0);
    while (atomic_load(&last_ack) == 0) {
        if (now() > begin_of_gap + 60 * WEIR_SECOND)
            stop_with("puts do not go on");
        usleep(1000);
    }
}

/* Lets a lost leader's last answers arrive: a thread of a stopped server may answer before it stops. */
static void pass_last_answers(void) {
    usleep(ANSWER_MS * 1000);
    atomic_store(&first_ack, 0);
}

/* Stops the leader. It goes on when another one answers, or a moment later, which differs from stop to stop. */
static void stop_leader(struct run *run, const struct nats_server *server, int number) {
    uint64_t messages, give_up = weir_deadline_after(60 * WEIR_SECOND);
    int leader;
    kill(server->process, SIGSTOP);
    pass_last_answers();
    while (!ask(run->js, &messages, &leader)) {
        if (now() > give_up)
            stop_with("no other leader");
    }
    usleep((useconds_t)((number - 1) % DELAYS * DELAY_US));
    kill(server->process, SIGCONT);
}

static void kill_leader(struct nats_server *server) {
    nats_server_kill(server);
    pass_last_answers();
}

static void lose_leader(struct run *run, int number, bool stops) {
    int leader = settled_leader(run);
    struct nats_server *server = &cluster.servers[leader];
    size_t before = atomic_load(&takes);
    uint64_t begin = now();
    if (stops)
        stop_leader(run, server, number);
    else
        kill_leader(server);
    wait_for_puts();
    double gap = (double)(atomic_load(&first_ack) - begin) / 1e9;
    if (!stops)
        nats_server_start(server, cluster.folder);
    printf("%s %d: leader s%d; first acknowledged put %.1f s later; %zu items taken before\n", stops ? "stop" : "kill",
           number, leader, gap, before);
    fflush(stdout);
    for (int i = 0; i < 100; i++) {
        watch(run);
        usleep(5000);
    }
}

static bool run_losses(int losses, bool stops) {
    static struct run run;
    char what[64];
    run.losses = true;
    begin(&run, stops ? "stops" : "kills", SIZE_MAX);
    usleep(500000);
    for (int i = 1; i <= losses; i++)
        lose_leader(&run, i, stops);
    atomic_store(&end, true);
    snprintf(what, sizeof what, "%d %s", losses, stops ? "stops" : "kills");
    return finish(&run, what);
}

static bool run_full(int runs) {
    bool right = true;
    work_time = 5000; /* the producers are faster */
    for (int i = 1; i <= runs; i++) {
        static struct run run;
        char name[32], what[64];
        snprintf(name, sizeof name, "full%d", i);
        begin(&run, name, PUTS_OF_A_FULL_RUN);
        while (atomic_load(&acked) + atomic_load(&unsure) < PUTS_OF_A_FULL_RUN)
            watch(&run);
        snprintf(what, sizeof what, "full queue, run %d", i);
        right = finish(&run, what) && right;
    }
    return right;
}

/* ---- items that are passed over ---- */

/* Makes the consumer of the items anew, with this subject. */
static void replace_consumer(jsCtx *js, const char *subject) {
    uint64_t give_up = weir_deadline_after(60 * WEIR_SECOND);
    jsConsumerConfig config;
    jsErrCode code;
    jsConsumerConfig_Init(&config);
    config.Durable = "lane_0";
    config.AckPolicy = js_AckExplicit;
    config.AckWait = 5 * (int64_t)WEIR_SECOND;
    config.MaxDeliver = -1;
    config.MaxAckPending = -1;
    config.FilterSubject = subject;
    js_DeleteConsumer(js, "WEIR_passed", config.Durable, NULL, &code);
    while (js_AddConsumer(NULL, js, "WEIR_passed", &config, NULL, &code) != NATS_OK) {
        if (now() > give_up)
            stop_with("no consumer");
        usleep(100000);
    }
}

static uint64_t first_message(jsCtx *js) {
    jsStreamInfo *info = NULL;
    jsErrCode code;
    uint64_t first = js_GetStreamInfo(&info, js, "WEIR_passed", NULL, &code) == NATS_OK ? info->State.FirstSeq : 0;
    jsStreamInfo_Destroy(info);
    return first;
}

/* Items that were put again are passed over again. */
static void wait_for_another_leader(jsCtx *js, int before) {
    uint64_t messages, give_up = weir_deadline_after(60 * WEIR_SECOND);
    int leader = -1;
    while (!ask(js, &messages, &leader) || leader < 0 || leader == before) {
        if (now() > give_up)
            stop_with("the leader does not step down");
        usleep(100000);
    }
}

/* Waits for the news of a new leader, after that which has come. Returns when it came. */
static uint64_t wait_for_news(natsConnection *connection, natsSubscription *news) {
    natsMsg *message = NULL;
    while (natsSubscription_NextMsg(&message, news, 100) == NATS_OK)
        natsMsg_Destroy(message);
    natsConnection_RequestString(&message, connection, "$JS.API.STREAM.LEADER.STEPDOWN.WEIR_elected", "", 5000);
    natsMsg_Destroy(message);
    if (natsSubscription_NextMsg(&message, news, 60000) != NATS_OK)
        stop_with("no news of a new leader");
    natsMsg_Destroy(message);
    return now();
}

/* A put that begins after an election waits until others have repeated theirs. */
static bool run_elected(int times) {
    jsCtx *js = NULL;
    bool right = true;
    snprintf(queue, sizeof queue, "elected");
    natsConnection *connection = connect_watcher(&js);
    weir_nats *nats = open_queue();
    natsSubscription *news = NULL;
    natsConnection_SubscribeSync(&news, connection, "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.WEIR_elected");
    for (int i = 1; i <= times; i++) {
        uint64_t messages;
        int leader = -1;
        while (!ask(js, &messages, &leader) || leader < 0)
            usleep(100000);
        uint64_t begin = wait_for_news(connection, news);
        wait_for_another_leader(js, leader);
        if (weir_nats_put(nats, strdup("0"), weir_deadline_after(60 * WEIR_SECOND)) != WEIR_OK)
            stop_with("cannot put");
        uint64_t waited = now() - begin;
        printf("election %d: a put was acknowledged after %.1f s\n", i, (double)waited / 1e9);
        right = right && waited > 14 * WEIR_SECOND / 10;
    }
    weir_nats_destroy(nats);
    natsSubscription_Destroy(news);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    return right;
}

/* Puts as many items as there is room for, while the server's consumer has another subject than theirs. */
static bool run_passed(void) {
    struct consumer consumer;
    jsCtx *js = NULL;
    size_t missing = 0;
    snprintf(queue, sizeof queue, "passed");
    natsConnection *connection = connect_watcher(&js);
    weir_nats *nats = open_queue();
    replace_consumer(js, "weir.passed.nothing");
    atomic_store(&puts_left, CAPACITY);
    produce(NULL);
    uint64_t messages, give_up = weir_deadline_after(60 * WEIR_SECOND);
    int leader = -1;
    while (!ask(js, &messages, &leader) || leader < 0)
        usleep(100000);
    start_consumer(&consumer);
    while (first_message(js) <= CAPACITY) {
        if (now() > give_up)
            stop_with("items that the server passes over are not put again");
        usleep(100000);
    }
    wait_for_another_leader(js, leader);
    replace_consumer(js, "weir.passed.item.0");
    if (weir_nats_close(nats, weir_deadline_after(60 * WEIR_SECOND)) != WEIR_OK)
        stop_with("cannot close");
    end_consumer(&consumer, js);
    weir_nats_destroy(nats);
    for (size_t i = 0; i < CAPACITY; i++)
        missing += atomic_load(&taken[i]) == 0;
    printf("passed over: %zu items put, %zu lost\n", atomic_load(&acked), missing);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    return missing == 0 && atomic_load(&acked) == CAPACITY;
}

/* ---- a full disk ---- */

/* The servers' folder must be on a small file system. Puts until the disk is full. */
static bool run_disk(void) {
    char reason[256] = "", *item;
    size_t stored = 0, size = 100000;
    weir_status status = WEIR_OK;
    struct nats_server *server = &cluster.servers[0];
    nats_make_folder(cluster.folder, sizeof cluster.folder);
    nats_server_start(server, cluster.folder);
    weir_nats_config config = {.urls = server->url, .name = "disk", .capacity = WEIR_UNBOUNDED};
    weir_nats *nats = NULL;
    if (weir_nats_open(&nats, &config) != WEIR_OK)
        stop_with("cannot open the queue");
    for (; status == WEIR_OK && stored < 1000; stored += status == WEIR_OK) {
        item = malloc(size + 1);
        memset(item, 'x', size);
        item[size] = '\0';
        status = weir_nats_put(nats, item, weir_deadline_after(WEIR_SECOND));
        if (status != WEIR_OK)
            free(item);
    }
    weir_nats_message_copy(nats, reason, sizeof reason);
    weir_nats_destroy(nats);
    printf("full disk: %zu items of 100 KB, then \"%s\": %s\n", stored, weir_strerror(status), reason);
    nats_server_kill(server);
    nats_remove_folder(cluster.folder);
    return stored > 0 && (status == WEIR_FAILED || status == WEIR_UNCERTAIN);
}

int main(int count, char **arguments) {
    if (count != 3 || atoi(arguments[2]) <= 0)
        return 2;
    if (!nats_server_exists()) {
        puts("SKIPPED: no nats-server");
        return 77;
    }
    if (strcmp(arguments[1], "disk") == 0)
        return run_disk() ? 0 : 1;
    start_cluster();
    int times = atoi(arguments[2]);
    bool stops = strcmp(arguments[1], "stops") == 0, kills = strcmp(arguments[1], "kills") == 0;
    bool right = stops || kills                         ? run_losses(times, stops)
                 : strcmp(arguments[1], "passed") == 0  ? run_passed()
                 : strcmp(arguments[1], "elected") == 0 ? run_elected(times)
                                                        : run_full(times);
    end_cluster();
    return right ? 0 : 1;
}
