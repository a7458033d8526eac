/*
 * image_pipeline_server.h - for test_image_pipeline.c: an HTTP server that misbehaves on request, and a real one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SERVER_H
#define IMAGE_PIPELINE_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    int port;
};

/*
 * Starts a server, in a process of its own, whose answer depends on the first component of the path:
 *
 *   /file/...      200 and `file`                    /slow/...      the same, after a tenth of a second
 *   /redirect/...  302 to /file/...                  /endless/...   200 and bytes that never end
 *   /hang/...      nothing, for ever                 /short/...     200 and half of the bytes that were announced
 *   /taken/...     200 and `file`; for a PUT 412, if it has the condition that nothing is there, and 201
 *   /look-NNN/...  the same, but for status NNN, of 0 no answer, the first time that each URL is asked for
 *   /simple/...    404; for a PUT with that condition 501, and without 201
 *   /full/...      200 and `file`; for a PUT as /simple/
 *   /once-NNN/...  the first time that each URL is asked for status NNN, of 200 with half of `file`, of 0 nothing, for
 *                  ever; and then 200 and `file`; for a PUT 201
 *   /later-N/...   the same for status 503, with Retry-After: N
 *   /NNN/...       status NNN and a line of text, also for PUT
 */
struct server server_start(const char *file);

/* Starts one again on the port of one that was stopped. It knows what was asked for before. */
struct server server_start_again(const char *file, const struct server *stopped);

/* The file with the heads of all requests that server_start's server has got, and of some the start of the body. */
const char *server_log(const struct server *server);

/* Whether there is anything in it: for wait_until. */
bool server_was_asked(const void *server);

/*
 * Starts nginx as origin and store: GET and PUT of what is in ROOT/nginx/www. Requests are logged to ROOT/nginx/log, as
 * "PUT 201". pid 0: there is no nginx, or none that starts with what this needs, and a message says so. When the
 * environment has WEIR_NEED_NGINX, that fails the test instead.
 */
struct server nginx_start(void);

void server_stop(struct server *server);

#endif /* IMAGE_PIPELINE_SERVER_H */
