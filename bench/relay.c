/*
 * relay.c - a network with a round-trip time, for the benchmark of weir-thumbs.
 *
 *     relay PORT MILLISECONDS
 *
 * Listens on 127.0.0.1, on a port that the system picks and that is printed, and passes connections on to PORT of
 * 127.0.0.1. Each byte arrives half a round trip later. The first bytes of a connection wait for a whole one more: the
 * handshake of TCP, which takes no time here. The bandwidth is not limited. Ends with standard input.
 *
 * Each direction of a connection has two threads, with a queue between them: one reads pieces, and the other one writes
 * each when it is due.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <weir/closable_queue.h>

enum { PIECE = 64 * 1024, PIECES = 64, MOST_MILLISECONDS = 10000, STACK = 256 * 1024 };

struct piece {
    struct timespec due;
    size_t size;
    char data[];
};

struct connection {
    int client, server;
    atomic_int threads; /* those that have not ended */
};

struct direction {
    struct connection *connection;
    int from, to;
    long delay, first_delay; /* milliseconds; the second one in addition, for the first piece */
    weir_queue *pieces;
};

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void *allocate(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL)
        fail("relay");
    return memory;
}

static struct timespec after(long milliseconds) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static void end(struct connection *connection) {
    if (atomic_fetch_sub(&connection->threads, 1) > 1)
        return;
    close(connection->client);
    close(connection->server);
    free(connection);
}

static void *read_pieces(void *argument) {
    struct direction *direction = argument;
    struct connection *connection = direction->connection;
    for (;;) {
        struct piece *piece = allocate(sizeof *piece + PIECE);
        ssize_t got = recv(direction->from, piece->data, PIECE, 0);
        piece->size = got > 0 ? (size_t)got : 0;
        piece->due = after(direction->delay + direction->first_delay);
        direction->first_delay = 0;
        weir_queue_put(direction->pieces, piece);
        if (got <= 0)
            break;
    }
    end(connection); /* the direction belongs to the other thread */
    return NULL;
}

/* Returns false for the last piece, which is empty. */
static bool write_piece(int to, const struct piece *piece) {
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &piece->due, NULL);
    for (size_t sent = 0; sent < piece->size;) {
        ssize_t count = send(to, piece->data + sent, piece->size - sent, MSG_NOSIGNAL);
        if (count <= 0)
            break; /* the receiver has gone */
        sent += (size_t)count;
    }
    return piece->size > 0;
}

static void *write_pieces(void *argument) {
    struct direction *direction = argument;
    void *piece;
    bool has_more = true;
    while (has_more && weir_queue_get(direction->pieces, &piece) == WEIR_OK) {
        has_more = write_piece(direction->to, piece);
        free(piece);
    }
    shutdown(direction->to, SHUT_WR);
    weir_queue_destroy(direction->pieces);
    end(direction->connection);
    free(direction);
    return NULL;
}

static void start_thread(void *(*function)(void *), struct direction *direction) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    if (pthread_create(&thread, &attributes, function, direction) != 0)
        fail("relay: pthread_create");
    pthread_attr_destroy(&attributes);
}

static void start_direction(struct connection *connection, int from, int to, long delay, long first_delay) {
    struct direction *direction = allocate(sizeof *direction);
    *direction = (struct direction){
        .connection = connection, .from = from, .to = to, .delay = delay, .first_delay = first_delay};
    if (weir_queue_create(&direction->pieces, PIECES) != WEIR_OK)
        fail("relay: queue");
    start_thread(read_pieces, direction);
    start_thread(write_pieces, direction);
}

static int listen_locally(struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (listener < 0 || bind(listener, (struct sockaddr *)address, size) != 0 || listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)address, &size) != 0)
        fail("relay: listen");
    return listener;
}

static void pass_on(int client, const struct sockaddr_in *target, long round_trip) {
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || connect(server, (const struct sockaddr *)target, sizeof *target) != 0)
        fail("relay: connect");
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct connection *connection = allocate(sizeof *connection);
    *connection = (struct connection){.client = client, .server = server};
    atomic_init(&connection->threads, 4);
    start_direction(connection, client, server, round_trip / 2, round_trip);
    start_direction(connection, server, client, round_trip - round_trip / 2, 0);
}

static void *end_with_input(void *unused) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    (void)unused;
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv) {
    long port = argc == 3 ? atol(argv[1]) : 0, round_trip = argc == 3 ? atol(argv[2]) : -1;
    if (port < 1 || port > UINT16_MAX || round_trip < 0 || round_trip > MOST_MILLISECONDS) {
        fputs("usage: relay PORT MILLISECONDS\n", stderr);
        return 2;
    }
    struct sockaddr_in address,
        target = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_locally(&address);
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    start_thread(end_with_input, NULL);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0)
            pass_on(client, &target, round_trip);
    }
}
