/*
 * http_server.c - starts and stops libmicrohttpd, and dispatches requests.
 *
 * Each connection has a thread. There are as many connections as workers in the stages that connect, and each thread
 * may block on the disk without delaying the others.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "http_roles.h"
#include "part.h"
#include "terminal.h"
#include "url.h"

enum { MAX_CONNECTIONS = 1024, NAME_SIZE = 3 * 4096 };

enum MHD_Result http_reply(struct MHD_Connection *connection, unsigned status, const char *text) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Replaces libmicrohttpd's decoding of the path, which cannot tell an encoded '/' or 0 from a literal one. */
static size_t leave_encoded(void *unused, struct MHD_Connection *connection, char *text) {
    (void)unused, (void)connection;
    return strlen(text);
}

/* Extracts the file name from "/TOKEN/NAME". Returns false if the token is wrong or the name not plain. */
static bool read_path(const struct http_server *server, const char *path, char name[NAME_SIZE]) {
    size_t token = strlen(server->token);
    if (path[0] != '/' || strncmp(path + 1, server->token, token) != 0 || path[1 + token] != '/')
        return false;
    const char *encoded = path + 1 + token + 1;
    return strlen(encoded) < NAME_SIZE && url_decode(encoded, strlen(encoded), name) && url_is_plain_path(name);
}

/* Handles the first call for a request, which has its head but not its body. */
static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection, const char *path,
                             const char *method, void **request) {
    char name[NAME_SIZE];
    if (!read_path(server, path, name))
        return http_reply(connection, MHD_HTTP_NOT_FOUND, "no such file");
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return http_origin_serve(server, connection, name);
    if (server->role == HTTP_ORIGIN || strcmp(method, MHD_HTTP_METHOD_PUT) != 0)
        return http_reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                          server->role == HTTP_ORIGIN ? "GET and HEAD only" : "GET, HEAD and PUT only");
    enum MHD_Result result = MHD_YES;
    *request = http_store_begin(server, connection, name, &result);
    return result;
}

static enum MHD_Result serve(void *argument, struct MHD_Connection *connection, const char *path, const char *method,
                             const char *version, const char *data, size_t *size, void **request) {
    (void)version;
    if (*request == NULL)
        return begin(argument, connection, path, method, request);
    if (*size == 0)
        return http_store_finish(*request, connection);
    http_store_write(*request, data, *size);
    *size = 0;
    return MHD_YES;
}

static void end(void *argument, struct MHD_Connection *connection, void **request,
                enum MHD_RequestTerminationCode reason) {
    (void)argument, (void)connection, (void)reason;
    http_store_end(*request);
    *request = NULL;
}

static bool make_token(struct http_server *server) {
    unsigned char random[16];
    if (getentropy(random, sizeof random) != 0)
        return false;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(server->token + 2 * i, 3, "%02x", random[i]);
    return true;
}

static bool listen_locally(struct http_server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->daemon =
        MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL,
                         serve, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED,
                         end, server, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned)MAX_CONNECTIONS, MHD_OPTION_END);
    if (server->daemon == NULL)
        return false;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL || info->port == 0)
        return false;
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/%s/", (unsigned)info->port, server->token);
    return true;
}

struct http_server *http_server_start(const char *folder, enum http_role role) {
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        terminal_say("out of memory");
        return NULL;
    }
    server->role = role;
    server->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (server->folder >= 0 && role == HTTP_STORE)
        part_remove_leftovers(server->folder);
    if (server->folder < 0)
        terminal_say("%s: %s", folder, strerror(errno));
    else if (!make_token(server) || !listen_locally(server))
        terminal_say("cannot start an HTTP server on 127.0.0.1: %s", strerror(errno));
    else
        return server;
    http_server_stop(server);
    return NULL;
}

const char *http_server_url(const struct http_server *server) {
    return server->url;
}

void http_server_stop(struct http_server *server) {
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    if (server->folder >= 0)
        close(server->folder);
    free(server);
}
