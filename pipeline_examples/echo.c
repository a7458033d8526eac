/*
 * echo.c - sends each line to an echo service, 1,000 at a time on one thread, and prints what comes back, in order.
 *
 *     echo (operations, in a loop over epoll) -> print
 *
 * The one thread of `echo` is the loop: it sleeps in epoll_wait(2) (work.wait). Its function opens a connection and
 * detaches the line; the loop finishes the operation once the answer is there. The
 * service is a part of the same loop: 10 ms after it has a thousand lines, or the last ones, it answers.
 *
 *     $ seq 2500 | echo >/dev/null
 *     at a time: 1000
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <weir.h>

enum { AT_A_TIME = 1000, LENGTH = 1000 /* of a line, at most */ };

/* ---- the loop: descriptors and timers; only the thread of the stage uses it ---- */

struct watch {
    int fd;
    void (*happen)(struct watch *watch);
};

static int loop, bell; /* of epoll; of the library */

static int watch(struct watch *watch, uint32_t events) {
    return epoll_ctl(loop, EPOLL_CTL_ADD, watch->fd, &(struct epoll_event){.events = events, .data.ptr = watch});
}

/* Makes a timer, which is set by the second. It happens once for each time that it is set. */
static int make_timer(struct watch *timer) {
    timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return timer->fd < 0 ? -1 : watch(timer, EPOLLIN | EPOLLET);
}

static void set_timer(const struct watch *timer, long ns) {
    (void)timerfd_settime(timer->fd, 0, &(struct itimerspec){.it_value.tv_nsec = ns}, NULL);
}

/* The library's descriptor has no watch of its own: the wait returns, and that is all. */
static int watch_bell(int fd) {
    bell = fd;
    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
}

/* The milliseconds from now until a deadline, rounded up; -1: without end. */
static int time_until(weir_deadline deadline) {
    weir_deadline now = weir_deadline_after(0);
    weir_deadline left = deadline > now ? (deadline - now - 1) / WEIR_MILLISECOND + 1 : 0;
    return deadline == WEIR_NEVER ? -1 : left < INT_MAX ? (int)left : INT_MAX;
}

static void wait_in_loop(int fd, weir_deadline deadline, void *unused) {
    struct epoll_event events[64];
    (void)unused;
    if (bell != fd && watch_bell(fd) != 0)
        abort();
    int count = epoll_wait(loop, events, 64, time_until(deadline));
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        if (watch != NULL)
            watch->happen(watch);
    }
}

/* ---- the stages ---- */

struct line { /* an item, with its connection */
    struct watch client, server;
    weir_operation operation;
    struct line *next; /* of those that the service holds */
    size_t length;
    char text[LENGTH]; /* may contain NUL */
};

static weir_pipeline *pipeline;
static struct line *held; /* lines that are not answered */
static size_t held_count;
static bool last;            /* the service need not wait for more */
static struct watch answers; /* a timer */

/* The line has come back: a short one comes in one piece. */
static void end_operation(struct watch *client) {
    struct line *line = (struct line *)client; /* its first member */
    char answer[LENGTH];
    ssize_t got = read(client->fd, answer, sizeof answer);
    weir_operation operation = line->operation;
    close(client->fd);
    if (got != (ssize_t)line->length || memcmp(answer, line->text, (size_t)got) != 0) {
        weir_operation_fail(pipeline, operation, EPROTO, "the answer has %zd bytes", got);
        return;
    }
    weir_operation_emit(pipeline, operation, line);
    weir_operation_finish(pipeline, operation, 0);
}

static void hold(struct watch *server) {
    struct line *line = (struct line *)((char *)server - offsetof(struct line, server));
    line->next = held;
    held = line;
    if (++held_count == AT_A_TIME || last)
        set_timer(&answers, 10 * WEIR_MILLISECOND);
}

static void answer_all(struct watch *timer) {
    char text[LENGTH];
    (void)timer;
    for (struct line *line = held, *next; line != NULL; line = next) {
        next = line->next; /* once it is answered, the line belongs to its operation alone */
        ssize_t got = read(line->server.fd, text, sizeof text);
        if (got > 0 && write(line->server.fd, text, (size_t)got) != got)
            perror("echo: write");
        close(line->server.fd);
    }
    held = NULL;
    held_count = 0;
}

static void answer_soon(void) {
    last = true;
    set_timer(&answers, 10 * WEIR_MILLISECOND);
}

/* Called in the thread of the loop: the operations end by their answers. */
static void hurry(weir_operation operation, weir_abort_reason why, void *unused) {
    (void)operation;
    (void)why;
    (void)unused;
    answer_soon();
}

/* No line: there are no more. */
static int begin(weir_task *task, void *item, void *unused) {
    struct line *line = item;
    int pair[2];
    (void)unused;
    if (line == NULL) {
        answer_soon();
        return 0;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return weir_task_fail(task, errno, "socketpair: %s", strerror(errno));
    line->client = (struct watch){.fd = pair[0], .happen = end_operation};
    line->server = (struct watch){.fd = pair[1], .happen = hold};
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

/* ---- the pipeline ---- */

static bool start(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* two for each operation */
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    loop = epoll_create1(EPOLL_CLOEXEC);
    answers.happen = answer_all;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL,
                      &(weir_stage_options){.name = "echo",
                                            .work = {.run = begin, .wait = wait_in_loop, .abort = hurry},
                                            .threads.count = 1,
                                            .input.drop = drop,
                                            .output.ordered = true,
                                            .limits.in_flight = AT_A_TIME});
    weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){.name = "print", .work.func = print, .threads.width = 1, .input.drop = drop});
    return make_timer(&answers) == 0 && weir_pipeline_start(pipeline) == WEIR_OK;
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
    weir_report *report = NULL;
    struct line *line = NULL;
    if (!start())
        return 1;
    while ((line = read_line()) != NULL && weir_pipeline_put(pipeline, line) == WEIR_OK)
        ;
    free(line);
    (void)weir_pipeline_put(pipeline, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (report != NULL)
        fprintf(stderr, "at a time: %zu\n", report->stages[0].detached_peak);
    if (status != WEIR_OK && report != NULL)
        weir_report_print(report, WEIR_TABLE, stderr);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return status == WEIR_OK ? 0 : 1;
}
