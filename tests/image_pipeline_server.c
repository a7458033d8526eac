/*
 * image_pipeline_server.c - for test_image_pipeline.c: a server that misbehaves on request.
 *
 * Each connection has a process of its own and serves one request.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "image_pipeline_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image_pipeline_run.h"

static void send_all(int connection, const char *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(connection, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            _exit(0);
        data += sent;
        size -= (size_t)sent;
    }
}

static void send_head(int connection, int status, const char *headers) {
    char head[256];
    int length = snprintf(head, sizeof head, "HTTP/1.1 %d Test\r\nConnection: close\r\n%s\r\n", status, headers);
    send_all(connection, head, (size_t)length);
}

static void send_part(int connection, int status, const char *file, size_t divide_by, const char *more) {
    size_t size;
    char *data = read_file(file, &size), head[128];
    snprintf(head, sizeof head, "Content-Length: %zu\r\n%s", size, more);
    send_head(connection, status, head);
    send_all(connection, data, size / divide_by);
}

static void send_file(int connection, const char *file, size_t divide_by) {
    send_part(connection, 200, file, divide_by, "");
}

static void send_without_end(int connection) {
    static const char data[4096];
    send_head(connection, 200, "");
    for (;;)
        send_all(connection, data, sizeof data);
}

static void trickle(int connection) {
    static const char data[100];
    send_head(connection, 200, "");
    for (;;) {
        send_all(connection, data, sizeof data);
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

/* Reads up to the empty line, or until the buffer is full. */
static void read_head(int connection, char *head, size_t size) {
    size_t used = 0;
    head[0] = '\0';
    while (strstr(head, "\r\n\r\n") == NULL && used < size - 1) {
        ssize_t got = recv(connection, head + used, size - 1 - used, 0);
        if (got <= 0)
            _exit(0);
        used += (size_t)got;
        head[used] = '\0';
    }
}

/* Reads the rest of the body, so that close does not reset the connection before the client reads the answer. */
static void finish(int connection) {
    char rest[4096];
    shutdown(connection, SHUT_WR);
    while (recv(connection, rest, sizeof rest, 0) > 0)
        continue;
    _exit(0);
}

const char *server_log(const struct server *server) {
    return in_root("server-%d.log", server->port);
}

bool server_was_asked(const void *server) {
    return file_size(server_log(server)) > 0;
}

/* Appends each head with a single write. */
static void log_head(const char *path, const char *head) {
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || write(file, head, strlen(head)) < 0)
        _exit(1);
    close(file);
}

/* Returns whether the request's first line is in the log exactly once: its first occurrence. */
static bool is_first(const char *head, const char *log) {
    char *all = read_file(log, NULL), line[1024];
    size_t count = 0;
    snprintf(line, sizeof line, "%.*s\r\n", (int)strcspn(head, "\r"), head);
    for (const char *found = all; (found = strstr(found, line)) != NULL; found++)
        count++;
    free(all);
    return count == 1;
}

/* Fails the first request, with `more` in the head, and answers the next one normally. */
static void answer_at_last(int connection, const char *head, const char *file, const char *log, int status,
                           const char *more) {
    bool first = is_first(head, log), is_get = strncmp(head, "GET ", 4) == 0;
    if (first && status == 0)
        pause();
    if (is_get && (!first || status == 200))
        send_file(connection, file, first ? 2 : 1);
    else
        send_head(connection, first ? status : 201, first ? more : "Content-Length: 0\r\n");
}

static void answer_later(int connection, const char *head, const char *file, const char *log, int seconds) {
    char more[64];
    snprintf(more, sizeof more, "Retry-After: %d\r\nContent-Length: 0\r\n", seconds);
    answer_at_last(connection, head, file, log, 503, more);
}

/* Returns the store's status; 200 sends `file`, 0 sends nothing. */
static int status_of_store(const char *head, const char *kind, const char *log) {
    bool fails_first = strncmp(kind, "look-", 5) == 0;
    if (strncmp(head, "GET ", 4) == 0)
        return fails_first && is_first(head, log) ? atoi(kind + 5) : strcmp(kind, "simple") == 0 ? 404 : 200;
    if (strstr(head, "If-None-Match: *") == NULL)
        return 201;
    return fails_first || strcmp(kind, "taken") == 0 ? 412 : 501;
}

static void send_line(int connection, int status) {
    send_head(connection, status, "Content-Type: text/plain\r\nContent-Length: 10\r\n");
    send_all(connection, "no reason\n", 10);
}

static void redirect(int connection, int port) {
    char headers[128];
    snprintf(headers, sizeof headers, "Location: http://127.0.0.1:%d/file/a.jpg\r\nContent-Length: 0\r\n", port);
    send_head(connection, 302, headers);
}

static void send_xml(int connection) {
    static const char xml[] =
        "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Not yours</Message></Error>";
    char headers[128];
    snprintf(headers, sizeof headers, "Content-Type: application/xml\r\nContent-Length: %zu\r\n", sizeof xml - 1);
    send_head(connection, 403, headers);
    send_all(connection, xml, sizeof xml - 1);
}

static void answer_as_store(int connection, const char *file, int status) {
    if (status == 200)
        send_file(connection, file, 1);
    else if (status != 0)
        send_line(connection, status);
}

static bool is_store(const char *kind) {
    return strcmp(kind, "taken") == 0 || strncmp(kind, "look-", 5) == 0 || strcmp(kind, "simple") == 0 ||
           strcmp(kind, "full") == 0;
}

static void answer(int connection, const char *file, const char *log) {
    char head[8192], kind[32] = "";
    read_head(connection, head, sizeof head);
    log_head(log, head);
    sscanf(head, "%*s /%31[^/]/", kind);
    if (strcmp(kind, "hang") == 0)
        pause();
    if (strcmp(kind, "slow") == 0)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    if (strcmp(kind, "file") == 0 || strcmp(kind, "slow") == 0)
        send_file(connection, file, 1);
    else if (strcmp(kind, "proxied") == 0)
        send_part(connection, 203, file, 1, "");
    else if (strcmp(kind, "gzip") == 0)
        send_part(connection, 200, file, 1, "Content-Encoding: gzip\r\n");
    else if (strcmp(kind, "short") == 0)
        send_file(connection, file, 2);
    else if (strcmp(kind, "redirect") == 0)
        send_head(connection, 302, "Location: /file/redirected\r\nContent-Length: 0\r\n");
    else if (strcmp(kind, "moved") == 0)
        send_head(connection, 301, "Location: http://127.0.0.1/elsewhere?secret\r\nContent-Length: 0\r\n");
    else if (strncmp(kind, "to-", 3) == 0)
        redirect(connection, atoi(kind + 3));
    else if (strcmp(kind, "xml") == 0)
        send_xml(connection);
    else if (strcmp(kind, "endless") == 0)
        send_without_end(connection);
    else if (strcmp(kind, "trickle") == 0)
        trickle(connection);
    else if (strncmp(kind, "once-", 5) == 0)
        answer_at_last(connection, head, file, log, atoi(kind + 5), "Content-Length: 0\r\n");
    else if (strncmp(kind, "later-", 6) == 0)
        answer_later(connection, head, file, log, atoi(kind + 6));
    else if (is_store(kind))
        answer_as_store(connection, file, status_of_store(head, kind, log));
    else
        send_line(connection, atoi(kind));
    finish(connection);
}

static void serve(int listener, const char *file, const char *log) {
    signal(SIGCHLD, SIG_IGN); /* children are reaped automatically */
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        pid_t parent = getpid(), child = connection < 0 ? -1 : fork();
        if (child == 0) {
            die_with_parent(parent);
            close(listener);
            answer(connection, file, log);
        }
        if (connection >= 0)
            close(connection);
    }
}

/* Port 0 selects a free port and a new log. */
static struct server start_at(const char *file, int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 64), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    pid_t parent = getpid();
    struct server server = {.port = ntohs(address.sin_port)};
    char log[512];
    snprintf(log, sizeof log, "%s", server_log(&server));
    if (port == 0)
        write_text(log, "");
    server.pid = fork();
    ck_assert_int_ge(server.pid, 0);
    if (server.pid == 0) {
        die_with_parent(parent);
        serve(listener, file, log);
    }
    close(listener);
    return server;
}

struct server server_start(const char *file) {
    return start_at(file, 0);
}

struct server server_start_again(const char *file, const struct server *stopped) {
    return start_at(file, stopped->port);
}

void server_stop(struct server *server) {
    kill(server->pid, SIGKILL); /* kills its connections' processes too */
    waitpid(server->pid, NULL, 0);
}
