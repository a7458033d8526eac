/*
 * echo.c - sends each line to an echo service, 1,000 at a time on one thread, and prints what comes back, in order.
 *
 *     echo (operations, in a loop over epoll) -> print
 *
 * The function of `echo` opens a connection and detaches its line. A loop, which has a thread of its own, finishes the
 * operation once the answer is there. The service is a part of the loop: it answers when it has a thousand lines, or no
 * more will come.
 *
 *     $ seq 2500 | echo >/dev/null
 *     at a time: 1000
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weir.h>

enum { AT_A_TIME = 1000, LENGTH = 1000 /* of a line, at most */ };

struct end { /* of a connection */
    int fd;
    bool serves;
};
struct line { /* an item, with its connection */
    struct end client, server;
    weir_operation operation;
    size_t length;
    char text[LENGTH]; /* may contain NUL */
};

static weir_pipeline *pipeline;
static int loop;                    /* of epoll */
static struct end main_thread;      /* says that no more lines will come, and then that no operation is left */
static unsigned said;               /* how often it has said something */
static struct end *held[AT_A_TIME]; /* ends of the service with a line that is not answered */
static size_t held_count;

static int watch(struct end *end, uint32_t events) {
    return epoll_ctl(loop, EPOLL_CTL_ADD, end->fd, &(struct epoll_event){.events = events, .data.ptr = end});
}

/* ---- the stages ---- */

/* After the second watch the item is the operation's: it may be finished before this returns. */
static int begin(weir_task *task, void *item, void *unused) {
    struct line *line = item;
    int pair[2];
    (void)unused;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return weir_task_fail(task, errno, "socketpair: %s", strerror(errno));
    line->client = (struct end){.fd = pair[0], .serves = false};
    line->server = (struct end){.fd = pair[1], .serves = true};
    errno = EIO; /* unless a call says why it failed, such as a detach, or a write of a part */
    if (weir_task_detach(task, &line->operation) == WEIR_OK &&
        write(pair[0], line->text, line->length) == (ssize_t)line->length && watch(&line->client, EPOLLIN) == 0 &&
        watch(&line->server, EPOLLIN | EPOLLONESHOT) == 0)
        return WEIR_PENDING;
    int error = errno;
    close(pair[0]);
    close(pair[1]);
    return weir_task_fail(task, error, "cannot begin: %s", strerror(error));
}

static void drop(void *line, void *unused) {
    (void)unused;
    free(line);
}

static void *print(void *item, void *unused) {
    struct line *line = item;
    fwrite(line->text, 1, line->length, stdout);
    drop(line, unused);
    return NULL;
}

/* ---- the loop ---- */

/* The line has come back: a short one comes in one piece. */
static void end_operation(struct line *line) {
    char answer[LENGTH];
    ssize_t got = read(line->client.fd, answer, sizeof answer);
    weir_operation operation = line->operation;
    close(line->client.fd);
    if (got != (ssize_t)line->length || memcmp(answer, line->text, (size_t)got) != 0) {
        weir_operation_fail(pipeline, operation, EPROTO, "the answer has %zd bytes", got);
        return;
    }
    weir_operation_emit(pipeline, operation, line);
    weir_operation_finish(pipeline, operation, 0);
}

static void answer(const struct end *server) {
    char text[LENGTH];
    ssize_t got = read(server->fd, text, sizeof text);
    if (got > 0 && write(server->fd, text, (size_t)got) != got)
        perror("echo: write");
    close(server->fd);
}

static void happen(struct end *end) {
    uint64_t words = 0;
    if (end == &main_thread && read(end->fd, &words, sizeof words) == sizeof words)
        said += (unsigned)words;
    else if (end->serves)
        held[held_count++] = end;
    else if (end != &main_thread)
        end_operation((struct line *)end); /* its first member */
    if (held_count == AT_A_TIME || said > 0)
        while (held_count > 0)
            answer(held[--held_count]);
}

static void *run_loop(void *unused) {
    struct epoll_event events[64];
    while (said < 2) {
        int count = epoll_wait(loop, events, 64, -1);
        for (int i = 0; i < count; i++)
            happen(events[i].data.ptr);
    }
    return unused;
}

static void say_to_loop(void) {
    if (write(main_thread.fd, &(uint64_t){1}, sizeof(uint64_t)) != sizeof(uint64_t))
        abort();
}

/* ---- the pipeline ---- */

static bool start(pthread_t *thread) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* two for each operation */
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    loop = epoll_create1(EPOLL_CLOEXEC);
    main_thread.fd = eventfd(0, EFD_CLOEXEC);
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL,
                      &(weir_stage_options){.name = "echo",
                                            .work.run = begin,
                                            .threads.count = 1,
                                            .input.drop = drop,
                                            .output.ordered = true,
                                            .limits.in_flight = AT_A_TIME});
    weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){.name = "print", .work.func = print, .threads.width = 1, .input.drop = drop});
    return watch(&main_thread, EPOLLIN) == 0 && pthread_create(thread, NULL, run_loop, NULL) == 0 &&
           weir_pipeline_start(pipeline) == WEIR_OK;
}

/* Returns the next line, or a part of a long one. Returns NULL at the end of the input, or if there is no memory. */
static struct line *read_line(void) {
    struct line *line = calloc(1, sizeof *line);
    int c = 0;
    while (line != NULL && line->length < LENGTH && c != '\n' && (c = getchar()) != EOF)
        line->text[line->length++] = (char)c;
    if (line != NULL && line->length > 0)
        return line;
    free(line);
    return NULL;
}

int main(void) {
    pthread_t thread;
    weir_report *report = NULL;
    struct line *line = NULL;
    if (!start(&thread))
        return 1;
    while ((line = read_line()) != NULL && weir_pipeline_put(pipeline, line) == WEIR_OK)
        ;
    free(line);
    say_to_loop();
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    say_to_loop();
    pthread_join(thread, NULL);
    if (report != NULL)
        fprintf(stderr, "at a time: %zu\n", report->stages[0].detached_peak);
    if (status != WEIR_OK && report != NULL)
        weir_report_print(report, WEIR_TABLE, stderr);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return status == WEIR_OK ? 0 : 1;
}
