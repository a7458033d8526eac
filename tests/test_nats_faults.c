/*
 * test_nats_faults.c - queues on a server of NATS behind a network that fails, with TLS, and with killed programs.
 *
 * The network is a relay, which holds bytes or cuts connections. Programs that are killed are this one again, started
 * with the argument "worker" or "producer". The certificates are made by the command openssl.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for RTLD_NEXT */
#include "nats_relay.h"
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

enum { ITEMS = 60, MANY = 20, SHORT_ACK_WAIT_MS = 1000, OUTAGE_US = 1500000, SHORT_TIMEOUT_MS = 300 };

static char folder[128];
static struct nats_server shared;
static struct nats_relay *relay;

static void start_server(void) {
    shared = (struct nats_server){0};
    nats_make_folder(folder, sizeof folder);
    nats_server_start(&shared, folder);
}

static void end_server(void) {
    nats_server_kill(&shared);
    nats_remove_folder(folder);
}

static void start_relay(void) {
    relay = nats_relay_start(shared.port);
}

static void end_relay(void) {
    nats_relay_end(relay);
}

/* ---- items: a number, and the attempt with which it came ---- */

struct item {
    size_t number;
    unsigned attempt;
};

static struct item *new_item(size_t number) {
    struct item *item = malloc(sizeof *item);
    *item = (struct item){number, 0};
    return item;
}

static weir_status encode(const void *item, weir_nats_buffer *buffer, void *arg) {
    char text[32];
    (void)arg;
    int length = snprintf(text, sizeof text, "%zu", ((const struct item *)item)->number);
    return weir_nats_buffer_add(buffer, text, (size_t)length);
}

static weir_status decode(const weir_nats_message *message, void **item, void *arg) {
    struct item *taken = new_item(strtoul((const char *)message->bytes, NULL, 10));
    (void)arg;
    taken->attempt = message->attempt;
    *item = taken;
    return WEIR_OK;
}

static void drop(void *item, void *arg) {
    (void)arg;
    free(item);
}

/* ---- opening: through the relay, or directly ---- */

static char relay_url[64];

static const char *through_relay(void) {
    snprintf(relay_url, sizeof relay_url, "nats://127.0.0.1:%d", nats_relay_port(relay));
    return relay_url;
}

static weir_nats_config config_for(const char *name, const char *urls) {
    return (weir_nats_config){.urls = urls,
                              .name = name,
                              .capacity = WEIR_UNBOUNDED,
                              .ack_wait = SHORT_ACK_WAIT_MS * MILLISECONDS,
                              .encode = encode,
                              .decode = decode,
                              .drop = drop};
}

static weir_status try_open(weir_nats **nats, const weir_nats_config *config, char *reason, size_t size) {
    weir_nats_config copy = *config;
    copy.message = reason;
    copy.message_size = size;
    *nats = NULL;
    return weir_nats_open(nats, &copy);
}

/* On a busy machine, a server may answer later than a short timeout. */
static weir_nats *open_with(const weir_nats_config *config) {
    char reason[512] = "";
    weir_nats *nats;
    weir_status status;
    weir_deadline hang = hang_limit();
    do
        status = try_open(&nats, config, reason, sizeof reason);
    while (status == WEIR_TIMEDOUT && now() < hang);
    ck_assert_msg(status == WEIR_OK, "%s: %s", weir_strerror(status), reason);
    return nats;
}

static weir_nats *open_handle(const char *name, const char *urls) {
    weir_nats_config config = config_for(name, urls);
    return open_with(&config);
}

static weir_queue *open_queue(const char *name, const char *urls) {
    weir_nats_config config = config_for(name, urls);
    weir_queue *queue = NULL;
    assert_status(WEIR_OK, weir_nats_queue_open(&queue, &config));
    return queue;
}

static weir_nats_counts counts_of(weir_nats *nats) {
    weir_nats_counts counts = {99, 99, 99};
    assert_status(WEIR_OK, weir_nats_count(nats, &counts));
    return counts;
}

static struct item *get_item(weir_queue *queue) {
    void *item = NULL;
    assert_status(WEIR_OK, weir_queue_get_until(queue, &item, hang_limit()));
    return item;
}

/* Takes an item, which must have this number and attempt, and leaves it unsettled. */
static void take(weir_queue *queue, size_t number, unsigned attempt) {
    struct item *item = get_item(queue);
    ck_assert_uint_eq(item->number, number);
    ck_assert_uint_eq(item->attempt, attempt);
    free(item);
}

static void assert_names(weir_nats *nats, const char *text) {
    char reason[512];
    assert_status(WEIR_OK, weir_nats_message_copy(nats, reason, sizeof reason));
    ck_assert_msg(strstr(reason, text) != NULL, "\"%s\" is not in \"%s\"", text, reason);
}

/* ---- partitions: puts ---- */

struct producer {
    weir_nats *nats;
    size_t first, count; /* numbers of its items */
    size_t many;         /* items of a call; 0 selects weir_nats_put */
    atomic_size_t put;
    weir_status status; /* of the first put that fails */
};

static void put_one_by_one(struct producer *producer) {
    for (size_t i = 0; i < producer->count && producer->status == WEIR_OK; i++) {
        struct item *item = new_item(producer->first + i);
        producer->status = weir_nats_put(producer->nats, item, hang_limit());
        atomic_fetch_add(&producer->put, producer->status == WEIR_OK);
        if (producer->status != WEIR_OK)
            free(item);
        usleep(2000);
    }
}

static void put_many(struct producer *producer) {
    void *items[ITEMS];
    for (size_t i = 0; i < producer->count && producer->status == WEIR_OK; i += producer->many) {
        size_t put;
        for (size_t k = 0; k < producer->many; k++)
            items[k] = new_item(producer->first + i + k);
        producer->status = weir_nats_put_many(producer->nats, items, producer->many, &put, hang_limit());
        atomic_fetch_add(&producer->put, put);
        for (size_t k = put; k < producer->many; k++)
            free(items[k]);
        usleep(20000);
    }
}

static void *produce(void *arg) {
    struct producer *producer = arg;
    if (producer->many == 0)
        put_one_by_one(producer);
    else
        put_many(producer);
    return NULL;
}

/* Takes `count` items, each of which must come once, at its first attempt. */
static void take_each_once(const char *name, size_t count) {
    weir_queue *queue = open_queue(name, shared.url);
    size_t *seen = calloc(count, sizeof *seen);
    for (size_t i = 0; i < count; i++) {
        struct item *item = get_item(queue);
        ck_assert_uint_lt(item->number, count);
        ck_assert_uint_eq(item->attempt, 1);
        seen[item->number]++;
        free(item);
        assert_status(WEIR_OK, weir_queue_task_done(queue));
    }
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(seen[i] == 1, "item %zu came %zu times", i, seen[i]);
    assert_status(WEIR_OK, weir_queue_join_until(queue, hang_limit()));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    free(seen);
}

static const struct {
    enum nats_relay_mode mode;
    const char *name;
} outages[] = {{RELAY_HOLDS, "holds"}, {RELAY_HOLDS_ANSWERS, "answers"}, {RELAY_CUTS, "cuts"}};

START_TEST (puts_wait_out_a_partition_and_are_stored_once) {
    struct producer producers[3] = {{.first = 0, .count = ITEMS},
                                    {.first = ITEMS, .count = ITEMS},
                                    {.first = 2 * ITEMS, .count = ITEMS, .many = MANY}};
    pthread_t threads[COUNT_OF(producers)];
    weir_nats *single = open_handle(outages[_i].name, through_relay()),
              *many = open_handle(outages[_i].name, relay_url);
    for (size_t i = 0; i < COUNT_OF(producers); i++) {
        producers[i].nats = i == 2 ? many : single;
        thread_start(&threads[i], produce, &producers[i]);
    }
    while (atomic_load(&producers[0].put) < ITEMS / 4 || atomic_load(&producers[2].put) < MANY)
        nap();
    nats_relay_set(relay, outages[_i].mode);
    usleep(OUTAGE_US);
    nats_relay_set(relay, RELAY_FORWARDS);
    for (size_t i = 0; i < COUNT_OF(producers); i++) {
        thread_join(threads[i]);
        assert_status(WEIR_OK, producers[i].status);
        ck_assert_uint_eq(atomic_load(&producers[i].put), ITEMS);
    }
    assert_status(WEIR_OK, weir_nats_destroy(single));
    assert_status(WEIR_OK, weir_nats_destroy(many));
    take_each_once(outages[_i].name, COUNT_OF(producers) * ITEMS);
}
END_TEST

static void assert_all_disconnected(weir_nats *nats) {
    weir_nats_counts counts;
    struct item *item = new_item(2);
    void *items[2] = {item, item};
    size_t put = 9;
    assert_status(WEIR_DISCONNECTED, weir_nats_put(nats, item, 0));
    assert_status(WEIR_DISCONNECTED, weir_nats_put(nats, item, weir_deadline_after(50 * MILLISECONDS)));
    assert_names(nats, "no connection");
    assert_names(nats, strrchr(relay_url, '/') + 1);
    assert_status(WEIR_DISCONNECTED, weir_nats_put_many(nats, items, 2, &put, 0));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_DISCONNECTED, weir_nats_close(nats, 0));
    assert_status(WEIR_DISCONNECTED, weir_nats_count(nats, &counts));
    assert_status(WEIR_DISCONNECTED, weir_nats_join(nats, weir_deadline_after(50 * MILLISECONDS)));
    free(item);
}

/* Waits until a put finds no connection: libnats notices a lost one a moment later. */
static void wait_for_disconnect(weir_nats *nats) {
    struct item *item = new_item(3);
    weir_status status;
    do
        status = weir_nats_put(nats, item, 0);
    while (status == WEIR_UNCERTAIN);
    assert_status(WEIR_DISCONNECTED, status);
    free(item);
}

/* Waits until one item is stored. */
static void wait_for_first(weir_nats *nats) {
    weir_deadline hang = hang_limit();
    while (counts_of(nats).unfinished == 0 && now() < hang)
        nap();
    ck_assert_uint_eq(counts_of(nats).unfinished, 1);
}

START_TEST (a_put_without_an_answer_is_uncertain_and_one_without_a_connection_is_not) {
    weir_nats_config config = config_for("statuses", through_relay());
    struct item *item = new_item(1);
    void *items[2] = {item, item};
    weir_nats_counts counts;
    size_t put = 9;
    config.timeout = SHORT_TIMEOUT_MS * MILLISECONDS;
    weir_nats *nats = open_with(&config), *direct = open_handle("statuses", shared.url);
    nats_relay_set(relay, RELAY_HOLDS_ANSWERS);
    assert_status(WEIR_UNCERTAIN, weir_nats_put(nats, item, 0));
    assert_names(nats, "no answer");
    assert_names(nats, strrchr(relay_url, '/') + 1);
    wait_for_first(direct);
    assert_status(WEIR_UNCERTAIN, weir_nats_put_many(nats, items, 2, &put, 0));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_TIMEDOUT, weir_nats_count(nats, &counts));
    assert_status(WEIR_DISCONNECTED, weir_nats_join(nats, weir_deadline_after(50 * MILLISECONDS)));
    nats_relay_set(relay, RELAY_CUTS);
    wait_for_disconnect(nats);
    uint64_t stored = counts_of(direct).unfinished;
    assert_all_disconnected(nats);
    nats_relay_set(relay, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_put(nats, item, hang_limit()));
    ck_assert_uint_ge(counts_of(direct).unfinished, stored + 1); /* uncertain puts may be there too */
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    assert_status(WEIR_OK, weir_nats_destroy(direct));
}
END_TEST

/* The answer to the first put comes while the second one, which is not answered, waits. */
START_TEST (a_late_answer_is_not_that_of_the_next_put) {
    weir_nats_config config = config_for("late_answer", through_relay());
    struct item *item = new_item(1);
    config.timeout = SHORT_TIMEOUT_MS * MILLISECONDS;
    weir_nats *nats = open_with(&config), *direct = open_handle("late_answer", shared.url);
    nats_relay_set(relay, RELAY_HOLDS_ANSWERS);
    assert_status(WEIR_UNCERTAIN, weir_nats_put(nats, item, 0));
    wait_for_first(direct);
    nats_relay_set(relay, RELAY_HOLDS_PUTS);
    for (size_t i = 0; i < 3; i++)
        assert_status(WEIR_UNCERTAIN, weir_nats_put(nats, item, 0));
    wait_for_first(direct);
    nats_relay_set(relay, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_put(nats, item, hang_limit()));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    assert_status(WEIR_OK, weir_nats_destroy(direct));
}
END_TEST

/* The answers to many puts come on another connection than these. Without them, the call would wait for its timeout. */
START_TEST (the_first_burst_is_answered) {
    weir_nats_config config = config_for("first_burst", through_relay());
    void *items[] = {new_item(1), new_item(2)};
    size_t put = 0;
    config.timeout = 2 * TEST_SECONDS * SECONDS;
    nats_relay_set(relay, RELAY_DELAYS);
    weir_nats *nats = open_with(&config);
    weir_deadline limit = hang_limit();
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, COUNT_OF(items), &put, 0));
    ck_assert_msg(now() < limit, "without answers");
    ck_assert_uint_eq(put, COUNT_OF(items));
    nats_relay_set(relay, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

/* ---- the two connections of a handle at different servers ---- */

static atomic_bool apart;       /* each connection has one of the urls, in turn */
static struct nats_server leaf; /* without JetStream: it passes everything on to `shared`, through a relay */
static struct nats_relay *between;

/* Takes the place of the function of libnats. */
natsStatus natsOptions_SetServers(natsOptions *options, const char **urls, int count) {
    static atomic_uint turn;
    void *address = dlsym(RTLD_NEXT, "natsOptions_SetServers");
    natsStatus (*of_libnats)(natsOptions *, const char **, int);
    memcpy(&of_libnats, &address, sizeof of_libnats);
    if (!atomic_load(&apart) || count < 2) /* libnats copies what is set */
        return of_libnats(options, urls, count);
    return of_libnats(options, &urls[atomic_fetch_add(&turn, 1) % (unsigned)count], 1);
}

/* Writes a file of the folder, after which JetStream is reached through a leaf. Stores the option that names it. */
static void write_config(char *option, size_t size, const char *name, const char *leafnodes, int port) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(option, size, "-c %s", path);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "default_js_domain: { \"$G\": \"\" }\nleafnodes { ");
    fprintf(file, leafnodes, port);
    fprintf(file, " }\n");
    fclose(file);
}

static void start_leaf_and_server(void) {
    static char of_server[300], of_leaf[300];
    int port = nats_free_port();
    nats_make_folder(folder, sizeof folder);
    write_config(of_server, sizeof of_server, "server.conf", "listen: \"127.0.0.1:%d\"", port);
    shared = (struct nats_server){.options = of_server};
    nats_server_start(&shared, folder);
    between = nats_relay_start(port);
    write_config(of_leaf, sizeof of_leaf, "leaf.conf", "remotes: [{ url: \"nats://127.0.0.1:%d\" }]",
                 nats_relay_port(between));
    leaf = (struct nats_server){.options = of_leaf, .plain = true};
    nats_server_start(&leaf, folder);
    relay = nats_relay_start(leaf.port);
}

static void end_leaf_and_server(void) {
    nats_relay_end(relay);
    nats_server_kill(&leaf);
    nats_relay_end(between);
    end_server();
}

/* Opens a handle with its connection for answers at the leaf, behind `relay`, and the other one at the server. */
static weir_nats *open_apart(const char *name) {
    char urls[160];
    snprintf(urls, sizeof urls, "%s,%s", through_relay(), shared.url);
    weir_nats_config config = config_for(name, urls);
    config.timeout = 2 * TEST_SECONDS * SECONDS;
    atomic_store(&apart, true);
    weir_nats *nats = open_with(&config);
    atomic_store(&apart, false);
    return nats;
}

/* Without the answers, the call would wait for its timeout. */
static void put_burst(weir_nats *nats) {
    void *items[] = {new_item(1), new_item(2)};
    size_t put = 0;
    weir_deadline limit = hang_limit();
    assert_status(WEIR_OK, weir_nats_put_many(nats, items, COUNT_OF(items), &put, 0));
    ck_assert_msg(now() < limit, "without answers");
    ck_assert_uint_eq(put, COUNT_OF(items));
}

/* The server that stores the items hears later of the subscription to their answers. */
START_TEST (the_first_burst_is_answered_at_another_server) {
    weir_nats_destroy(open_apart("apart")); /* makes the queue */
    nats_relay_set(between, RELAY_DELAYS);
    weir_nats *nats = open_apart("apart");
    put_burst(nats);
    nats_relay_set(between, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (the_first_burst_of_a_new_connection_is_answered_at_another_server) {
    weir_nats *nats = open_apart("again");
    put_burst(nats);
    size_t before = nats_relay_connections(relay);
    nats_relay_set(relay, RELAY_CUTS);
    nats_relay_set(between, RELAY_DELAYS);
    nats_relay_set(relay, RELAY_FORWARDS);
    while (nats_relay_connections(relay) == before)
        nap();
    if (_i == 1)
        usleep(200000); /* most runs see it connected; the outcome is the same */
    put_burst(nats);
    nats_relay_set(between, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

enum { LARGE_BYTES = 500000, LARGE_ITEMS = 40 };

static char *large_item(void) {
    char *item = malloc(LARGE_BYTES + 1);
    memset(item, 'x', LARGE_BYTES);
    item[LARGE_BYTES] = '\0';
    return item;
}

/* More bytes than the buffers of the system take: the send itself blocks. */
START_TEST (a_send_that_blocks_ends) {
    weir_nats_config config = {.urls = through_relay(), .name = "large", .capacity = WEIR_UNBOUNDED};
    void *items[LARGE_ITEMS];
    size_t put = 9;
    config.timeout = SHORT_TIMEOUT_MS * MILLISECONDS;
    weir_nats *nats = open_with(&config);
    for (size_t i = 0; i < LARGE_ITEMS; i++)
        items[i] = large_item();
    nats_relay_set(relay, RELAY_HOLDS);
    assert_status(WEIR_UNCERTAIN, weir_nats_put_many(nats, items, LARGE_ITEMS, &put, 0));
    ck_assert_uint_eq(put, 0);
    for (size_t i = 0; i < LARGE_ITEMS; i++) {
        weir_status status = weir_nats_put(nats, items[i], 0);
        ck_assert_msg(status == WEIR_UNCERTAIN || status == WEIR_DISCONNECTED, "%s", weir_strerror(status));
    }
    nats_relay_set(relay, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_put(nats, items[0], hang_limit()));
    for (size_t i = 1; i < LARGE_ITEMS; i++)
        free(items[i]);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
}
END_TEST

START_TEST (a_destroy_in_a_partition_ends) {
    weir_nats_config config = config_for("destroyed", through_relay());
    config.timeout = SHORT_TIMEOUT_MS * MILLISECONDS;
    weir_nats *nats = open_with(&config);
    weir_queue *queue = NULL;
    assert_status(WEIR_OK, weir_nats_queue_open(&queue, &config));
    nats_relay_set(relay, RELAY_HOLDS);
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- partitions: gets ---- */

START_TEST (a_get_waits_out_a_partition) {
    const char *name = _i == 0 ? "held_get" : "cut_get";
    weir_queue *queue = open_queue(name, through_relay());
    weir_nats *direct = open_handle(name, shared.url);
    void *item = NULL;
    assert_status(WEIR_OK, weir_nats_put(direct, new_item(1), hang_limit()));
    take(queue, 1, 1);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_nats_join(direct, hang_limit())); /* the acknowledgement has arrived */
    nats_relay_set(relay, _i == 0 ? RELAY_HOLDS : RELAY_CUTS);
    assert_status(WEIR_OK, weir_nats_put(direct, new_item(2), hang_limit()));
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, weir_deadline_after(300 * MILLISECONDS)));
    nats_relay_set(relay, RELAY_FORWARDS);
    struct item *second = get_item(queue);
    ck_assert_uint_eq(second->number, 2);
    free(second);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_nats_join(direct, hang_limit()));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    assert_status(WEIR_OK, weir_nats_destroy(direct));
}
END_TEST

/* Takes items by both queues, each at its first attempt. */
static void take_all_by(weir_queue *a, weir_queue *b, size_t count) {
    weir_deadline hang = hang_limit();
    for (size_t tries = 0, taken = 0; taken < count; tries++) {
        weir_queue *from = tries % 2 == 0 ? a : b;
        void *item;
        ck_assert_msg(now() < hang, "%zu of %zu items", taken, count);
        if (weir_queue_get_until(from, &item, weir_deadline_after(20 * MILLISECONDS)) != WEIR_OK)
            continue;
        ck_assert_uint_eq(((struct item *)item)->attempt, 1);
        free(item);
        assert_status(WEIR_OK, weir_queue_task_done(from));
        taken++;
    }
}

/*
 * A worker is behind a partition for longer than ack_wait: its item goes to another worker. Its late acknowledgement
 * comes after that of the other worker (0), or before it (1).
 */
START_TEST (the_item_of_a_worker_behind_a_partition_goes_to_another) {
    const char *name = _i == 0 ? "late_after" : "late_before";
    weir_queue *lost = open_queue(name, through_relay()), *other = NULL;
    weir_nats *direct = open_handle(name, shared.url);
    assert_status(WEIR_OK, weir_nats_put(direct, new_item(1), hang_limit()));
    take(lost, 1, 1);
    nats_relay_set(relay, RELAY_HOLDS);
    other = open_queue(name, shared.url);
    struct item *again = get_item(other);
    ck_assert_uint_eq(again->number, 1);
    ck_assert_uint_ge(again->attempt, 2); /* the second delivery may have gone to the first worker too */
    free(again);
    assert_status(WEIR_OK, weir_queue_task_done(lost));
    if (_i == 0) {
        assert_status(WEIR_OK, weir_queue_task_done(other));
        assert_status(WEIR_OK, weir_nats_join(direct, hang_limit()));
    }
    nats_relay_set(relay, RELAY_FORWARDS);
    assert_status(WEIR_OK, weir_nats_join(direct, hang_limit()));
    if (_i == 1)
        assert_status(WEIR_OK, weir_queue_task_done(other));
    for (size_t i = 2; i < 2 + MANY; i++)
        assert_status(WEIR_OK, weir_nats_put(direct, new_item(i), hang_limit()));
    take_all_by(lost, other, MANY);
    assert_status(WEIR_OK, weir_nats_join(direct, hang_limit()));
    assert_status(WEIR_OK, weir_queue_destroy(lost));
    assert_status(WEIR_OK, weir_queue_destroy(other));
    assert_status(WEIR_OK, weir_nats_destroy(direct));
}
END_TEST

/* ---- TLS ---- */

static char certificates[160];

/* Makes a CA, and certificates that it signs: of 127.0.0.1, of another server, of a client. Returns whether it did. */
static bool make_certificates(void) {
    static const char script[] =
        "mkdir -p '%s' && cd '%s' && exec >log 2>&1 && kind='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'\n"
        "sign() {\n"
        "    openssl req $kind -subj /CN=$1 -keyout $1.key -out $1.csr && echo subjectAltName=$2 >$1.ext &&\n"
        "    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $1.ext -out "
        "$1.pem\n"
        "}\n"
        "for ca in ca other; do openssl req -x509 $kind -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem || exit 1; "
        "done\n"
        "sign server IP:127.0.0.1 && sign elsewhere DNS:elsewhere.example && sign client DNS:client\n";
    char commands[2048];
    snprintf(certificates, sizeof certificates, "%s/certificates", folder);
    snprintf(commands, sizeof commands, script, certificates, certificates);
    return system(commands) == 0;
}

static const char *file(const char *name) {
    static char names[8][200];
    static size_t next;
    char *to = names[next++ % COUNT_OF(names)];
    snprintf(to, sizeof names[0], "%s/%s", certificates, name);
    return to;
}

static struct nats_server secure;

/* Starts a server with a certificate of this name. */
static void start_secure(const char *name, bool verifies) {
    static char options[1024];
    snprintf(options, sizeof options, "--tls --tlscert %s/%s.pem --tlskey %s/%s.key %s%s%s", certificates, name,
             certificates, name, verifies ? "--tlsverify --tlscacert " : "", verifies ? certificates : "",
             verifies ? "/ca.pem" : "");
    secure = (struct nats_server){.options = options};
    nats_server_start(&secure, folder);
}

static void assert_open(weir_status wanted, const weir_nats_config *config, const char *why) {
    char reason[512] = "";
    weir_nats *nats;
    weir_status status = try_open(&nats, config, reason, sizeof reason);
    ck_assert_msg(status == wanted, "\"%s\" instead of \"%s\": %s", weir_strerror(status), weir_strerror(wanted),
                  reason);
    if (wanted != WEIR_OK) {
        ck_assert_msg(strstr(reason, "127.0.0.1:") != NULL, "no server in \"%s\"", reason);
        ck_assert_msg(strstr(reason, why) != NULL, "\"%s\" is not in \"%s\"", why, reason);
    }
    ck_assert_ptr_null(strstr(reason, "secret"));
    weir_nats_destroy(nats);
}

START_TEST (a_server_must_have_a_certificate_of_the_right_signer) {
    start_secure("server", false);
    weir_nats_config config = config_for("signer", secure.url);
    config.ca_file = file("ca.pem");
    assert_open(WEIR_OK, &config, "");
    config.ca_file = file("other.pem");
    assert_open(WEIR_TLS, &config, "certificate");
    config.ca_file = NULL; /* the server requires TLS, and is checked by the signers of the system */
    assert_open(WEIR_TLS, &config, "certificate");
    nats_server_kill(&secure);
}
END_TEST

START_TEST (a_server_must_have_a_certificate_of_its_name) {
    start_secure("elsewhere", false);
    weir_nats_config config = config_for("names", secure.url);
    config.ca_file = file("ca.pem");
    assert_open(WEIR_TLS, &config, "elsewhere");
    nats_server_kill(&secure);
}
END_TEST

START_TEST (a_client_must_have_a_certificate_if_the_server_verifies) {
    start_secure("server", true);
    weir_nats_config config = config_for("clients", secure.url);
    config.ca_file = file("ca.pem");
    assert_open(WEIR_TLS, &config, "another certificate");
    config.certificate_file = file("client.pem");
    config.private_key_file = file("client.key");
    assert_open(WEIR_OK, &config, "");
    config.private_key_file = file("server.key");
    assert_open(WEIR_TLS, &config, "");
    nats_server_kill(&secure);
}
END_TEST

START_TEST (a_server_without_tls_is_refused_if_tls_is_wanted) {
    weir_nats_config config = config_for("plain", shared.url);
    config.ca_file = file("ca.pem");
    config.user = "ann";
    config.password = "secret";
    assert_open(WEIR_TLS, &config, "no TLS");
}
END_TEST

START_TEST (items_cross_a_connection_with_tls) {
    start_secure("server", false);
    weir_nats_config config = config_for("crossing", secure.url);
    weir_queue *queue = NULL;
    config.ca_file = file("ca.pem");
    assert_status(WEIR_OK, weir_nats_queue_open(&queue, &config));
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_queue_put(queue, new_item(i)));
    for (size_t i = 0; i < ITEMS; i++) {
        take(queue, i, 1);
        assert_status(WEIR_OK, weir_queue_task_done(queue));
    }
    assert_status(WEIR_OK, weir_queue_join_until(queue, hang_limit()));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    nats_server_kill(&secure);
}
END_TEST

static void start_with_certificates(void) {
    start_server();
    if (!make_certificates()) {
        end_server();
        ck_abort_msg("openssl makes no certificates");
    }
}

/* ---- credentials ---- */

START_TEST (a_wrong_token_is_refused_and_no_secret_is_told) {
    struct nats_server server = {.options = "--auth right-secret"};
    char url[128];
    nats_server_start(&server, folder);
    weir_nats_config config = config_for("tokens", server.url);
    assert_open(WEIR_AUTH, &config, "uthorization");
    config.token = "wrong-secret";
    assert_open(WEIR_AUTH, &config, "uthorization");
    config.token = "right-secret";
    assert_open(WEIR_OK, &config, "");
    config.token = NULL;
    snprintf(url, sizeof url, "nats://wrong-secret@127.0.0.1:%d", server.port);
    config.urls = url;
    assert_open(WEIR_AUTH, &config, "uthorization");
    nats_server_kill(&server);
}
END_TEST

START_TEST (credentials_that_cannot_be_read_are_told_without_the_secret) {
    weir_nats_config config = config_for("credentials", shared.url);
    char name[200];
    config.credentials = "/nonexistent/user.creds";
    assert_open(WEIR_AUTH, &config, "user.creds");
    snprintf(name, sizeof name, "%s/broken.creds", folder);
    FILE *broken = fopen(name, "w");
    fputs("a secret that is no seed\n", broken);
    fclose(broken);
    config.credentials = name;
    assert_open(WEIR_AUTH, &config, "broken.creds");
}
END_TEST

/* ---- killed programs ---- */

/* Puts numbers until it is killed, and tells each that is acknowledged. */
static int run_producer(char **arguments) {
    weir_nats_config config = config_for(arguments[3], arguments[2]);
    weir_nats *nats = NULL;
    if (weir_nats_open(&nats, &config) != WEIR_OK)
        return 1;
    for (uint32_t i = 0;; i++) {
        if (weir_nats_put(nats, new_item(i), WEIR_NEVER) != WEIR_OK || write(STDOUT_FILENO, &i, sizeof i) != sizeof i)
            return 1;
    }
}

/* Takes items until it is killed. Settles each second one, and tells the numbers of those that it begins. */
static int run_worker(char **arguments) {
    weir_nats_config config = config_for(arguments[3], arguments[2]);
    weir_queue *queue = NULL;
    void *item;
    config.window = MANY;
    if (weir_nats_queue_open(&queue, &config) != WEIR_OK)
        return 1;
    while (weir_queue_get(queue, &item) == WEIR_OK) {
        uint32_t taken = (uint32_t)((struct item *)item)->number;
        if (taken % 2 == 0 && weir_queue_item_done(queue, item) != WEIR_OK)
            return 1;
        if (write(STDOUT_FILENO, &taken, sizeof taken) != sizeof taken)
            return 1;
        usleep(2000); /* the kill comes after some acknowledgements */
    }
    return 1;
}

static pid_t start_program(const char *what, const char *queue, int *output) {
    const char *arguments[] = {"test_nats_faults", what, shared.url, queue, NULL};
    return start_self(arguments, output);
}

/* Reads what a program tells, at most `most` numbers, or until its end. Returns how many it read. */
static size_t read_numbers(int output, uint32_t *numbers, size_t most) {
    size_t count = 0;
    while (count < most && read(output, &numbers[count], sizeof *numbers) == sizeof *numbers)
        count++;
    return count;
}

enum { TOLD_MOST = 100000, BEFORE_THE_KILL = 100 };

START_TEST (a_killed_producer_loses_no_acknowledged_put) {
    static uint32_t told[TOLD_MOST];
    int output;
    pid_t producer = start_program("producer", "killed_producer", &output);
    ck_assert_uint_eq(read_numbers(output, told, BEFORE_THE_KILL), BEFORE_THE_KILL);
    end_process(producer);
    size_t acked = BEFORE_THE_KILL + read_numbers(output, told, TOLD_MOST);
    weir_nats *nats = open_handle("killed_producer", shared.url);
    uint64_t stored = counts_of(nats).unfinished;
    ck_assert_uint_ge(stored, acked);
    ck_assert_uint_le(stored, acked + 1); /* the put that was under way */
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    take_each_once("killed_producer", (size_t)stored);
    close(output);
}
END_TEST

START_TEST (the_items_of_a_killed_worker_come_again_with_their_attempt) {
    static uint32_t told[TOLD_MOST];
    unsigned attempts[ITEMS] = {0};
    int output;
    size_t again = 0, left = 0;
    weir_nats *nats = open_handle("killed_worker", shared.url);
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_nats_put(nats, new_item(i), hang_limit()));
    pid_t worker = start_program("worker", "killed_worker", &output);
    size_t begun = read_numbers(output, told, MANY);
    end_process(worker);
    begun += read_numbers(output, told + begun, TOLD_MOST - begun);
    weir_queue *queue = open_queue("killed_worker", shared.url);
    while (counts_of(nats).unfinished > 0) {
        void *item;
        if (weir_queue_get_until(queue, &item, weir_deadline_after(50 * MILLISECONDS)) != WEIR_OK)
            continue; /* the server waits for ack_wait, or removes the last one */
        size_t number = ((struct item *)item)->number;
        ck_assert_uint_eq(attempts[number], 0);
        attempts[number] = ((struct item *)item)->attempt;
        free(item);
        assert_status(WEIR_OK, weir_queue_task_done(queue));
    }
    for (size_t i = 0; i < begun; i++) {
        again += attempts[told[i]] > 1;
        left += attempts[told[i]] == 1;
    }
    printf("nats: a killed worker had begun %zu items; %zu of them came again\n", begun, again);
    ck_assert_uint_eq(left, 0);
    ck_assert_uint_ge(again, begun / 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    assert_status(WEIR_OK, weir_nats_destroy(nats));
    close(output);
}
END_TEST

static void add_partitions(Suite *all) {
    TCase *puts_of = add_case(all, "puts"), *apart_puts = add_case(all, "apart"), *gets = add_case(all, "gets");
    tcase_add_unchecked_fixture(puts_of, start_server, end_server);
    tcase_add_checked_fixture(puts_of, start_relay, end_relay);
    tcase_add_unchecked_fixture(gets, start_server, end_server);
    tcase_add_checked_fixture(gets, start_relay, end_relay);
    tcase_add_loop_test(puts_of, puts_wait_out_a_partition_and_are_stored_once, 0, (int)COUNT_OF(outages));
    tcase_add_test(puts_of, a_put_without_an_answer_is_uncertain_and_one_without_a_connection_is_not);
    tcase_add_test(puts_of, a_late_answer_is_not_that_of_the_next_put);
    tcase_add_test(puts_of, the_first_burst_is_answered);
    tcase_add_checked_fixture(apart_puts, start_leaf_and_server, end_leaf_and_server);
    tcase_add_test(apart_puts, the_first_burst_is_answered_at_another_server);
    tcase_add_loop_test(apart_puts, the_first_burst_of_a_new_connection_is_answered_at_another_server, 0, 2);
    tcase_add_test(puts_of, a_send_that_blocks_ends);
    tcase_add_test(puts_of, a_destroy_in_a_partition_ends);
    tcase_add_loop_test(gets, a_get_waits_out_a_partition, 0, 2);
    tcase_add_loop_test(gets, the_item_of_a_worker_behind_a_partition_goes_to_another, 0, 2);
}

static void add_tls(Suite *all) {
    TCase *tls = add_case(all, "tls");
    tcase_add_unchecked_fixture(tls, start_with_certificates, end_server);
    tcase_add_test(tls, a_server_must_have_a_certificate_of_the_right_signer);
    tcase_add_test(tls, a_server_must_have_a_certificate_of_its_name);
    tcase_add_test(tls, a_client_must_have_a_certificate_if_the_server_verifies);
    tcase_add_test(tls, a_server_without_tls_is_refused_if_tls_is_wanted);
    tcase_add_test(tls, items_cross_a_connection_with_tls);
}

static bool openssl_exists(void) {
    return system("command -v openssl >/dev/null 2>&1") == 0;
}

static Suite *suite(void) {
    Suite *all = suite_create("nats_faults");
    add_partitions(all);
    if (openssl_exists())
        add_tls(all);
    TCase *programs = add_case(all, "programs");
    tcase_add_unchecked_fixture(programs, start_server, end_server);
    tcase_add_test(programs, a_wrong_token_is_refused_and_no_secret_is_told);
    tcase_add_test(programs, credentials_that_cannot_be_read_are_told_without_the_secret);
    tcase_add_test(programs, a_killed_producer_loses_no_acknowledged_put);
    tcase_add_test(programs, the_items_of_a_killed_worker_come_again_with_their_attempt);
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
    if (!openssl_exists())
        puts("SKIPPED: TLS: no openssl");
    if (!openssl_exists() && getenv("WEIR_NEED_NATS") != NULL)
        return 1;
    return run_suite(suite());
}
