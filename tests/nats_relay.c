/*
 * nats_relay.c - Implements the relay: a thread, which forwards the bytes of up to PAIRS connections.
 *
 * Each direction of a connection has a buffer, which is read to when it is empty. In a mode that holds, no socket is
 * read: the bytes stay in the buffers of the system, so that their sizes bound what the program can send.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for memmem */
#include "nats_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 32, BYTES = 64 << 10, FIRST_OF_PAIRS = 2, DELAY_MS = 500, TURN_MS = 10 };

struct direction {
    int from, to;
    size_t begin, end; /* of the bytes that are read and not written */
    uint64_t due;      /* ms; with RELAY_DELAYS, they move on from then */
    char bytes[BYTES];
};

struct pair {
    bool used;
    struct direction up, down; /* to the server, to the program */
};

struct nats_relay {
    int listener, port, server_port;
    int wake[2];
    pthread_t thread;
    atomic_int wanted, mode; /* -1 is the end */
    atomic_size_t connections;
    struct pair pairs[PAIRS];
};

static void die(const char *what) {
    fprintf(stderr, "nats_relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void end_pair(struct pair *pair) {
    if (pair->used) {
        close(pair->up.from);
        close(pair->up.to);
    }
    pair->used = false;
}

static void end_pairs(struct nats_relay *relay) {
    for (size_t i = 0; i < PAIRS; i++)
        end_pair(&relay->pairs[i]);
}

static struct pair *unused_pair(struct nats_relay *relay) {
    for (size_t i = 0; i < PAIRS; i++) {
        if (!relay->pairs[i].used)
            return &relay->pairs[i];
    }
    return NULL;
}

static void accept_one(struct nats_relay *relay, bool cuts) {
    struct sockaddr_in address = loopback(relay->server_port);
    struct pair *pair = cuts ? NULL : unused_pair(relay);
    int program = accept(relay->listener, NULL, NULL);
    int server = program < 0 || pair == NULL ? -1 : socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        close(program);
        close(server);
        return;
    }
    pair->used = true;
    pair->up.from = pair->down.to = program;
    pair->up.to = pair->down.from = server;
    pair->up.begin = pair->up.end = pair->down.begin = pair->down.end = 0;
    pair->up.due = pair->down.due = 0;
    atomic_fetch_add(&relay->connections, 1);
}

static void watch(struct direction *direction, bool moves, struct pollfd *entry) {
    bool full = direction->begin < direction->end;
    *entry = (struct pollfd){.fd = -1};
    if (moves)
        *entry = (struct pollfd){.fd = full ? direction->to : direction->from, .events = full ? POLLOUT : POLLIN};
}

static bool contains(const struct direction *direction, const char *text) {
    return memmem(direction->bytes, direction->end, text, strlen(text)) != NULL;
}

/* Moves bytes one step. Returns false if the connection has ended. */
static bool move(struct direction *direction, const struct pollfd *entry) {
    ssize_t count;
    if (entry->fd < 0 || entry->revents == 0)
        return true;
    if (direction->begin < direction->end) {
        count = send(direction->to, direction->bytes + direction->begin, direction->end - direction->begin,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
        direction->begin += count > 0 ? (size_t)count : 0;
    } else {
        count = recv(direction->from, direction->bytes, BYTES, MSG_DONTWAIT);
        direction->begin = 0;
        direction->end = count > 0 ? (size_t)count : 0;
        if (contains(direction, "SUB ") || contains(direction, "LS+ "))
            direction->due = now_ms() + DELAY_MS;
    }
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

static void move_all(struct nats_relay *relay, struct pollfd *entries) {
    for (size_t i = 0; i < PAIRS; i++) {
        struct pair *pair = &relay->pairs[i];
        struct pollfd *of_pair = &entries[FIRST_OF_PAIRS + 2 * i];
        if (pair->used && (!move(&pair->up, &of_pair[0]) || !move(&pair->down, &of_pair[1])))
            end_pair(pair);
    }
}

static void wait_for_bytes(struct nats_relay *relay, int mode, struct pollfd *entries) {
    bool delays = mode == RELAY_DELAYS, moves = delays || mode == RELAY_FORWARDS;
    bool listens = moves || mode == RELAY_CUTS;
    entries[0] = (struct pollfd){.fd = relay->wake[0], .events = POLLIN};
    entries[1] = (struct pollfd){.fd = listens ? relay->listener : -1, .events = POLLIN};
    for (size_t i = 0; i < PAIRS; i++) {
        struct pair *pair = &relay->pairs[i];
        bool up = (moves || mode == RELAY_HOLDS_ANSWERS) && !(delays && now_ms() < pair->up.due);
        bool down = moves || mode == RELAY_HOLDS_PUTS;
        watch(&pair->up, pair->used && up, &entries[FIRST_OF_PAIRS + 2 * i]);
        watch(&pair->down, pair->used && down, &entries[FIRST_OF_PAIRS + 2 * i + 1]);
    }
    if (poll(entries, FIRST_OF_PAIRS + 2 * PAIRS, delays ? TURN_MS : -1) < 0 && errno != EINTR)
        die("poll");
}

static void *run(void *arg) {
    struct nats_relay *relay = arg;
    struct pollfd entries[FIRST_OF_PAIRS + 2 * PAIRS];
    int mode;
    while ((mode = atomic_load(&relay->wanted)) >= 0) {
        char byte;
        if (mode == RELAY_CUTS)
            end_pairs(relay);
        atomic_store(&relay->mode, mode);
        wait_for_bytes(relay, mode, entries);
        if (entries[0].revents != 0 && read(relay->wake[0], &byte, 1) != 1)
            die("read");
        if (entries[0].revents != 0)
            continue; /* in the new mode, nothing of this may move */
        move_all(relay, entries);
        if (entries[1].revents != 0)
            accept_one(relay, mode == RELAY_CUTS);
    }
    end_pairs(relay);
    return NULL;
}

static void change(struct nats_relay *relay, int mode) {
    atomic_store(&relay->wanted, mode);
    if (write(relay->wake[1], "", 1) != 1)
        die("write");
}

struct nats_relay *nats_relay_start(int port) {
    struct nats_relay *relay = calloc(1, sizeof *relay);
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (relay == NULL || pipe(relay->wake) != 0)
        die("pipe");
    relay->server_port = port;
    relay->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(relay->listener, (struct sockaddr *)&address, size) != 0 || listen(relay->listener, PAIRS) != 0 ||
        getsockname(relay->listener, (struct sockaddr *)&address, &size) != 0)
        die("bind");
    relay->port = ntohs(address.sin_port);
    if (pthread_create(&relay->thread, NULL, run, relay) != 0)
        die("thread");
    return relay;
}

void nats_relay_end(struct nats_relay *relay) {
    change(relay, -1);
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    close(relay->wake[0]);
    close(relay->wake[1]);
    free(relay);
}

int nats_relay_port(const struct nats_relay *relay) {
    return relay->port;
}

void nats_relay_set(struct nats_relay *relay, enum nats_relay_mode mode) {
    change(relay, (int)mode);
    while (atomic_load(&relay->mode) != (int)mode)
        usleep(1000);
}

size_t nats_relay_connections(struct nats_relay *relay) {
    return atomic_load(&relay->connections);
}
