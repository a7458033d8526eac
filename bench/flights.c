/*
 * flights.c - thousands of requests at a time to a server that answers late, on one thread.
 *
 *     flights server MILLISECONDS             listens at PORTS ports, which it prints; answers each request so much later
 *     flights weir REQUESTS PORT...           a stage with operations that sleeps in epoll_wait(2) (work.wait)
 *     flights ceiling REQUESTS PORT...        the same loop and system calls without weir: what the machine allows
 *     flights cancel REQUESTS PORT...         the same as weir, but cancels all requests once they are sent; the server must
 *                                             answer later. The seconds are those from the cancel until all is over
 *     flights end REQUESTS PORT...            the same as cancel, without the closes
 *     flights close REQUESTS PORT...          the closes: the same loop and system calls without weir
 *
 * A client prints the seconds, the processor time in seconds, and the peak of its memory in KiB. A request is a connection:
 * connect, send, receive, close. Its peers in bench/peers/programs do the same.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* accept4 */
#include <weir.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peak.h"

enum { PORTS = 4, LENGTH = 64 /* of a request, and of an answer */, FDS = 1 << 16 };

static int loop;

static _Noreturn void stop(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void) {
    return weir_deadline_after(0);
}

static void open_loop(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (loop < 0)
        stop("epoll_create1");
}

static void watch(int fd, uint32_t events, void *what) {
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) != 0)
        stop("epoll_ctl");
}

static int milliseconds_until(uint64_t deadline) {
    uint64_t now = now_ns(), left = deadline > now ? (deadline - now - 1) / 1000000 + 1 : 0;
    return deadline == UINT64_MAX ? -1 : left < INT_MAX ? (int)left : INT_MAX;
}

static struct sockaddr_in address_of(unsigned port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* ---- the server ---- */

static struct peer { /* a connection, or a listening socket */
    int fd;
    bool listens;
} peers[FDS];

static struct due {
    uint64_t at;
    int fd;
} dues[FDS]; /* a ring: each delay is the same, so the first is the next */
static size_t first_due, due_count;

static void answer_due(void) {
    static const char answer[LENGTH] = "answer";
    uint64_t now = now_ns();
    for (; due_count > 0 && dues[first_due].at <= now; due_count--) {
        if (write(dues[first_due].fd, answer, sizeof answer) != sizeof answer)
            perror("flights server: write");
        first_due = (first_due + 1) % FDS;
    }
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        if (fd >= FDS)
            stop("flights server: descriptors");
        peers[fd] = (struct peer){.fd = fd};
        watch(fd, EPOLLIN, &peers[fd]);
    }
}

static void serve(const struct peer *peer, uint64_t delay) {
    char request[LENGTH];
    if (peer->listens)
        accept_all(peer->fd);
    else if (read(peer->fd, request, sizeof request) != sizeof request)
        close(peer->fd); /* the client has closed */
    else
        dues[(first_due + due_count++) % FDS] = (struct due){now_ns() + delay, peer->fd};
}

static void listen_at_all(void) {
    for (int i = 0; i < PORTS; i++) {
        struct sockaddr_in address = address_of(0);
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || fd >= FDS || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 4096) != 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) != 0)
            stop("flights server: listen");
        peers[fd] = (struct peer){.fd = fd, .listens = true};
        watch(fd, EPOLLIN, &peers[fd]);
        printf("%d%c", ntohs(address.sin_port), i + 1 < PORTS ? ' ' : '\n');
    }
    (void)fflush(stdout);
}

static _Noreturn void run_server(uint64_t delay) {
    struct epoll_event events[256];
    listen_at_all();
    for (;;) {
        int count = epoll_wait(loop, events, 256, milliseconds_until(due_count > 0 ? dues[first_due].at : UINT64_MAX));
        for (int i = 0; i < count; i++)
            serve(events[i].data.ptr, delay);
        answer_due();
    }
}

/* ---- a client's requests ---- */

struct request {
    int fd;
    bool sent;
    weir_operation operation;
    unsigned port;
};

static struct request *requests;
static size_t request_count, ended;
static atomic_size_t sent;
static uint64_t from; /* the time that counts */

static void begin_request(struct request *request) {
    struct sockaddr_in address = address_of(request->port);
    static const struct linger none = {.l_onoff = 1, .l_linger = 0}; /* closes by a reset: no port stays in use */
    request->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request->fd < 0 || setsockopt(request->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none) != 0)
        stop("flights: socket");
    if (connect(request->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        stop("flights: connect");
    watch(request->fd, EPOLLIN | EPOLLOUT | EPOLLET, request);
}

/* Returns whether the request has its answer. */
static bool go_on(struct request *request, uint32_t events) {
    static const char text[LENGTH] = "request";
    char answer[LENGTH];
    if (!request->sent && (events & EPOLLOUT)) {
        if (write(request->fd, text, sizeof text) != sizeof text)
            stop("flights: write");
        request->sent = true;
        atomic_fetch_add_explicit(&sent, 1, memory_order_relaxed);
    }
    if (!(events & EPOLLIN))
        return false;
    if (read(request->fd, answer, sizeof answer) != sizeof answer)
        stop("flights: read");
    close(request->fd);
    ended++;
    return true;
}

/* ---- the clients ---- */

static void look_at_requests(int milliseconds) {
    struct epoll_event events[256];
    int count = epoll_wait(loop, events, 256, milliseconds);
    for (int i = 0; i < count; i++)
        (void)go_on(events[i].data.ptr, events[i].events);
}

static void begin_all(void) {
    for (size_t i = 0; i < request_count; i++) {
        begin_request(&requests[i]);
        if (i % 64 == 63)
            look_at_requests(0);
    }
}

static void run_ceiling(void) {
    begin_all();
    while (ended < request_count)
        look_at_requests(-1);
}

static void run_close(void) {
    begin_all();
    while (atomic_load(&sent) < request_count)
        look_at_requests(-1);
    from = now_ns();
    for (size_t i = 0; i < request_count; i++)
        close(requests[i].fd);
}

static weir_pipeline *pipeline;
static int bell = -1;

static void must(weir_status status) {
    if (status == WEIR_OK)
        return;
    (void)fprintf(stderr, "flights: %s\n", weir_strerror(status));
    exit(EXIT_FAILURE);
}

static int begin(weir_task *task, void *item, void *unused) {
    struct request *request = item;
    (void)unused;
    must(weir_task_detach(task, &request->operation));
    begin_request(request);
    return WEIR_PENDING;
}

static void wait_in_loop(int fd, weir_deadline deadline, void *unused) {
    struct epoll_event events[256];
    (void)unused;
    if (bell != fd)
        watch(fd, EPOLLIN, NULL);
    bell = fd;
    int count = epoll_wait(loop, events, 256, milliseconds_until(deadline));
    for (int i = 0; i < count; i++) {
        struct request *request = events[i].data.ptr;
        if (request != NULL && go_on(request, events[i].events))
            must(weir_operation_finish(pipeline, request->operation, 0));
    }
}

/* The requests by their operations, for the abort: a table with gaps, in which an operation is near its hash. */
static struct request *by_operation[FDS];
static bool closes;

static size_t hash_of(weir_operation operation) {
    return (size_t)((operation * UINT64_C(0x9e3779b97f4a7c15)) >> 48) % FDS;
}

static int begin_for_cancel(weir_task *task, void *item, void *unused) {
    struct request *request = item;
    int code = begin(task, item, unused);
    size_t at = hash_of(request->operation);
    while (by_operation[at] != NULL)
        at = (at + 1) % FDS;
    by_operation[at] = request;
    return code;
}

static void end_request(weir_operation operation, weir_abort_reason why, void *unused) {
    size_t at = hash_of(operation);
    (void)why;
    (void)unused;
    while (by_operation[at]->operation != operation)
        at = (at + 1) % FDS;
    if (closes)
        close(by_operation[at]->fd);
    must(weir_operation_finish(pipeline, operation, ECANCELED));
}

static void start_and_put(bool cancels) {
    const weir_stage_options stage = {.name = "request",
                                      .work = {.run = cancels ? begin_for_cancel : begin,
                                               .abort = cancels ? end_request : NULL,
                                               .wait = wait_in_loop},
                                      .threads.count = 1,
                                      .input.capacity = request_count,
                                      .limits.in_flight = request_count};
    const weir_pipeline_options options = {.grace = 10 * WEIR_SECOND};
    must(weir_pipeline_create(&pipeline, &options));
    must(weir_pipeline_add(pipeline, NULL, &stage));
    must(weir_pipeline_start(pipeline));
    for (size_t i = 0; i < request_count; i++)
        must(weir_pipeline_put(pipeline, &requests[i]));
}

static void run_weir(void) {
    start_and_put(false);
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    must(weir_pipeline_destroy(pipeline));
}

static void run_end(void) {
    if (request_count > FDS / 2)
        stop("flights: too many requests");
    start_and_put(true);
    while (atomic_load(&sent) < request_count)
        usleep(1000);
    from = now_ns();
    must(weir_pipeline_cancel(pipeline));
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    if (status != WEIR_CANCELLED || ended > 0) {
        (void)fprintf(stderr, "flights: %s, %zu answers\n", weir_strerror(status), ended);
        exit(EXIT_FAILURE);
    }
    must(weir_pipeline_destroy(pipeline));
}

static void run_cancel(void) {
    closes = true;
    run_end();
}

static double seconds_of(const struct timeval *time) {
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/*
 * Makes the table of descriptors large enough, while the process has one thread. A process with several ones waits for
 * tens of milliseconds, a grace period of the kernel, each time that the table doubles.
 */
static void grow_table(size_t descriptors) {
    int last = fcntl(loop, F_DUPFD_CLOEXEC, (int)descriptors);
    if (last < 0)
        stop("flights: descriptors");
    close(last);
}

static void run_client(void (*run)(void), char **words, int count) {
    struct rusage used;
    request_count = strtoul(words[0], NULL, 10);
    grow_table(request_count + 64);
    requests = calloc(request_count + 1, sizeof *requests);
    if (requests == NULL)
        stop("flights: calloc");
    for (size_t i = 0; i < request_count; i++)
        requests[i].port = (unsigned)strtoul(words[1 + i % (size_t)(count - 1)], NULL, 10);
    from = now_ns();
    run();
    double took = (double)(now_ns() - from) / 1e9;
    (void)getrusage(RUSAGE_SELF, &used);
    printf("%.3f %.3f %ld\n", took, seconds_of(&used.ru_utime) + seconds_of(&used.ru_stime), peak_kib());
    free(requests);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } clients[] = {
        {"weir", run_weir}, {"ceiling", run_ceiling}, {"cancel", run_cancel}, {"end", run_end}, {"close", run_close}};
    open_loop();
    if (argc == 3 && strcmp(argv[1], "server") == 0)
        run_server((uint64_t)strtoul(argv[2], NULL, 10) * 1000000);
    for (size_t i = 0; argc >= 4 && i < sizeof clients / sizeof *clients; i++) {
        if (strcmp(argv[1], clients[i].name) == 0) {
            run_client(clients[i].run, argv + 2, argc - 2);
            return EXIT_SUCCESS;
        }
    }
    return EXIT_FAILURE;
}
