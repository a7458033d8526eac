/*
 * metrics.c - answers GET and HEAD of /metrics.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "terminal.h"

enum { MAX_CONNECTIONS = 16, SECONDS = 10 /* without data, after which a connection is closed */ };

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

/* ---- where ---- */

/* Parses a numeric address; "" is loopback. */
static bool read_address(const char *text, uint16_t port, union address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, *text == '\0' ? "127.0.0.1" : text, &address->four.sin_addr) == 1) {
        address->four.sin_family = AF_INET;
        address->four.sin_port = htons(port);
        return true;
    }
    address->six.sin6_family = AF_INET6;
    address->six.sin6_port = htons(port);
    return inet_pton(AF_INET6, text, &address->six.sin6_addr) == 1;
}

static bool read_place(const char *place, union address *address) {
    char host[INET6_ADDRSTRLEN] = "";
    const char *colon = strrchr(place, ':'), *port = colon == NULL ? place : colon + 1;
    size_t length = colon == NULL ? 0 : (size_t)(colon - place);
    bool is_bracketed = length > 1 && place[0] == '[' && place[length - 1] == ']';
    uint64_t number;
    length -= is_bracketed ? 2 : 0;
    if (length >= sizeof host || !numbers_read(port, 0, UINT16_MAX, &number))
        return false;
    memcpy(host, place + is_bracketed, length);
    return is_bracketed == (strchr(host, ':') != NULL) && read_address(host, (uint16_t)number, address);
}

bool metrics_is_place(const char *place) {
    union address address;
    return read_place(place, &address);
}

/* ---- answers ---- */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, char *text, size_t size,
                             enum MHD_ResponseMemoryMode mode) {
    struct MHD_Response *response = MHD_create_response_from_buffer(size, text, mode);
    if (response == NULL) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_line(struct MHD_Connection *connection, unsigned status, const char *line) {
    char text[64];
    int length = snprintf(text, sizeof text, "%s\n", line);
    return reply(connection, status, text, (size_t)length, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result reply_report(struct MHD_Connection *connection, weir_pipeline *pipeline) {
    weir_report *report;
    char *text;
    size_t size;
    weir_status status = weir_pipeline_report(pipeline, &report);
    if (status == WEIR_OK) {
        status = weir_report_text(report, WEIR_PROMETHEUS, &text, &size);
        weir_report_free(report);
    }
    if (status != WEIR_OK)
        return reply_line(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, weir_strerror(status));
    return reply(connection, MHD_HTTP_OK, text, size, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result serve(void *metrics, struct MHD_Connection *connection, const char *path, const char *method,
                             const char *version, const char *data, size_t *size, void **request) {
    (void)version, (void)data, (void)size, (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return reply_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only");
    if (strcmp(path, "/metrics") != 0)
        return reply_line(connection, MHD_HTTP_NOT_FOUND, "only /metrics is here");
    return reply_report(connection, ((struct metrics *)metrics)->pipeline);
}

/* ---- life ---- */

static void say_url(const union address *address, unsigned port) {
    char host[INET6_ADDRSTRLEN] = "";
    bool is_six = address->any.sa_family == AF_INET6;
    inet_ntop(address->any.sa_family,
              is_six ? (const void *)&address->six.sin6_addr : (const void *)&address->four.sin_addr, host,
              sizeof host);
    terminal_say("metrics: http://%s%s%s:%u/metrics", is_six ? "[" : "", host, is_six ? "]" : "", port);
}

bool metrics_start(struct metrics *metrics, const char *place, weir_pipeline *pipeline) {
    union address address;
    *metrics = (struct metrics){.pipeline = pipeline};
    if (place == NULL)
        return true;
    if (!read_place(place, &address))
        return false;
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD;
    flags |= address.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    errno = 0;
    metrics->daemon = MHD_start_daemon(flags, 0, NULL, NULL, serve, metrics, MHD_OPTION_SOCK_ADDR, &address.any,
                                       MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
                                       MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS, MHD_OPTION_END);
    if (metrics->daemon == NULL) {
        terminal_say("--metrics: cannot listen at '%s': %s", place, strerror(errno));
        return false;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(metrics->daemon, MHD_DAEMON_INFO_BIND_PORT);
    say_url(&address, info == NULL ? 0 : info->port);
    return true;
}

void metrics_stop(struct metrics *metrics) {
    if (metrics->daemon != NULL)
        MHD_stop_daemon(metrics->daemon);
    metrics->daemon = NULL;
}
