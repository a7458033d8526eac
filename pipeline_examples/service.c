/*
 * service.c - a service for lines over TCP: each is looked at, appended to a file, and answered once it is on the disk.
 *
 *     clients:  serve (source, 16 connections) --submit--.
 *     work:                                              '-> look -> append (batches)
 *
 * The answer is the line behind "done " or "failed ". Lines with the refused
 * word fail; SIGHUP reads its file again. SIGTERM or Ctrl-C ends the service: all lines that were taken are answered.
 * "GET /metrics" is answered as by a web server. A 17th client waits.
 *
 *     $ service lines.txt word.txt
 *     port 40123
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* fopencookie */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <weir.h>

enum { CONNECTIONS = 16, BATCH = 500, LONGEST = 4096 };

struct connection {
    weir_task *task; /* that reads from it */
    int socket;
    atomic_uint references; /* the reader, and each line in flight */
};
struct line { /* item and ticket; settled frees it */
    struct connection *connection;
    char text[];
};

static weir_pipeline *work;
static int listener, file;
static char refused[64]; /* a word; changed while nothing is in flight */

static void stop_with(const char *what, const char *why) {
    fprintf(stderr, "service: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

/* ---- work ---- */

static int look(weir_task *task, void *item, void *arg) {
    (void)arg;
    if (refused[0] != '\0' && strstr(((struct line *)item)->text, refused) != NULL)
        return weir_task_fail(task, 1, "a refused word");
    weir_task_emit(task, item);
    return 0;
}

static int append(weir_task *task, void *const *items, size_t count, void *arg) {
    struct iovec parts[BATCH];
    size_t length = 0;
    off_t end = lseek(file, 0, SEEK_END);
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        struct line *line = items[i];
        parts[i] = (struct iovec){line->text, strlen(line->text)};
        length += parts[i].iov_len;
    }
    errno = ENOSPC; /* if only a part is written */
    if (writev(file, parts, (int)count) == (ssize_t)length && fdatasync(file) == 0)
        return 0;
    int error = errno;
    fprintf(stderr, "service: cannot append: %s\n", strerror(error));
    return weir_task_fail(task, error, "cannot append%s", ftruncate(file, end) == 0 ? "" : ", and a part is written");
}

static void release(struct connection *connection) {
    if (atomic_fetch_sub(&connection->references, 1) == 1) {
        close(connection->socket);
        free(connection);
    }
}

/* A client that does not read its answers is cut off, so that it holds up no other one. */
static void settled(void *ticket, weir_outcome outcome) {
    struct line *line = ticket;
    char answer[LONGEST + 8];
    int length = snprintf(answer, sizeof answer, "%s %s", outcome == WEIR_ITEM_DONE ? "done" : "failed", line->text);
    if (send(line->connection->socket, answer, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
        shutdown(line->connection->socket, SHUT_RDWR);
    release(line->connection);
    free(line);
}

/* ---- clients ---- */

static ssize_t read_when_ready(void *cookie, char *text, size_t size) {
    struct connection *connection = cookie;
    weir_status status = weir_task_poll(connection->task, connection->socket, POLLIN, WEIR_NEVER);
    return status == WEIR_OK ? recv(connection->socket, text, size, 0) : 0; /* 0 ends the input */
}

static bool submit(struct connection *connection, const char *text) {
    struct line *line = malloc(sizeof *line + strlen(text) + 1);
    if (line == NULL)
        return false;
    line->connection = connection;
    strcpy(line->text, text);
    atomic_fetch_add(&connection->references, 1);
    if (weir_pipeline_submit(work, line, line) == WEIR_OK)
        return true;
    settled(line, WEIR_ITEM_FAILED);
    return false;
}

static bool send_metrics(const struct connection *connection) {
    weir_report *report = NULL;
    char *text = NULL;
    weir_pipeline_report(work, &report);
    if (weir_report_text(report, WEIR_PROMETHEUS, &text, NULL) == WEIR_OK)
        dprintf(connection->socket, "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n%s", text);
    weir_report_free(report);
    free(text);
    return false;
}

static int serve(weir_task *task, void *none, void *arg) { /* one client; called again and again, in each thread */
    char text[LONGEST];
    bool more = weir_task_poll(task, listener, POLLIN, WEIR_NEVER) == WEIR_OK;
    struct connection *connection = calloc(1, sizeof *connection);
    /* It is the end, or another thread has the client, or accept fails: without a wait, that would be a busy loop. */
    if (!more || connection == NULL || (connection->socket = accept(listener, NULL, NULL)) < 0)
        return free(connection), weir_task_poll(task, -1, 0, weir_deadline_after(10 * WEIR_MILLISECOND)), 0;
    connection->task = task;
    connection->references = 1;
    FILE *input = fopencookie(connection, "r", (cookie_io_functions_t){.read = read_when_ready});
    while (more && input != NULL && fgets(text, sizeof text, input) != NULL && strchr(text, '\n') != NULL)
        more = strncmp(text, "GET ", 4) == 0 ? send_metrics(connection) : submit(connection, text);
    if (input != NULL)
        fclose(input);
    release(connection);
    return (void)none, (void)arg, 0;
}

/* ---- main ---- */

/* Reads the refused word while nothing is in flight: submits block meanwhile. */
static void load_word(const char *name) {
    weir_pipeline_pause(work, NULL);
    if (weir_pipeline_wait_idle(work, WEIR_NEVER) == WEIR_OK) {
        FILE *input = fopen(name, "r");
        if (input == NULL || fscanf(input, "%63s", refused) != 1)
            refused[0] = '\0';
        if (input != NULL)
            fclose(input);
    }
    weir_pipeline_resume(work, NULL);
}

static weir_pipeline *start(const weir_pipeline_options *options, const weir_stage_options *stages, size_t count) {
    weir_pipeline *pipeline = NULL;
    weir_pipeline_create(&pipeline, options);
    for (size_t i = 0; i < count; i++)
        weir_pipeline_add(pipeline, NULL, &stages[i]);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        stop_with(options->name, weir_pipeline_message(pipeline));
    return pipeline;
}

static void listen_at(struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)address, size) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)address, &size) != 0)
        stop_with("socket", strerror(errno));
    printf("port %d\n", ntohs(address->sin_port));
    fflush(stdout);
}

int main(int argc, char **argv) {
    const weir_stage_options serves = {.name = "serve", .work.source = serve, .threads.count = CONNECTIONS};
    const weir_stage_options works[] = {{.name = "look", .work.run = look, .errors.on_error = WEIR_SKIP},
                                        {.name = "append",
                                         .work.run_batch = append,
                                         .batch = {.items = BATCH, .wait = 10 * WEIR_MILLISECOND},
                                         .threads.count = 1,
                                         .errors.on_error = WEIR_SKIP}};
    weir_report *report = NULL;
    sigset_t signals;
    int signal;
    if (argc != 3)
        stop_with("usage", "service FILE WORD-FILE");
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL); /* of a client that is gone */
    if ((file = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
        stop_with(argv[1], strerror(errno));
    work = start(&(weir_pipeline_options){.name = "work", .settled = settled}, works, 2);
    load_word(argv[2]);
    listen_at(&(struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}});
    weir_pipeline *clients = start(&(weir_pipeline_options){.name = "clients"}, &serves, 1);
    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP)
        load_word(argv[2]);
    bool failed = weir_pipeline_finish(clients, WEIR_NEVER, NULL) != WEIR_OK; /* no client submits any more */
    failed |= weir_pipeline_finish(work, WEIR_NEVER, &report) != WEIR_OK || report->stages[1].counts.failed > 0;
    if (report != NULL)
        printf("%ju lines, %ju of them failed\n", report->counts.in, report->counts.failed);
    weir_report_free(report);
    weir_pipeline_destroy(clients);
    weir_pipeline_destroy(work);
    return failed;
}
