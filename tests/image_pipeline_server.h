/*
 * image_pipeline_server.h - for test_image_pipeline.c: an HTTP server that misbehaves on request, and nginx.
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
 * Starts a server in its own process. The first component of the path selects the answer:
 *
 *   /file/...      200 and `file`                    /slow/...      the same, after a tenth of a second
 *   /redirect/...  302 to /file/...                  /endless/...   200 and an endless body
 *   /trickle/...   200 and an endless body, 1000 bytes a second
 *   /proxied/...   203 and `file`                    /gzip/...      200 and `file`, as compressed by gzip
 *   /moved/...     301 to http://127.0.0.1/elsewhere /xml/...       403 and a reason in XML
 *   /to-PORT/...   302 to http://127.0.0.1:PORT/file/a.jpg
 *   /hang/...      no answer                         /short/...     200 and half of the announced body
 *   /taken/...     200 and `file`; PUT: 412 with If-None-Match: *, else 201
 *   /look-NNN/...  the same, except that the first GET of each URL returns status NNN; 0: no answer
 *   /simple/...    404; PUT: 501 with If-None-Match: *, else 201
 *   /full/...      200 and `file`; PUT: as for /simple/
 *   /once-NNN/...  the first request for each URL: status NNN; 200: with half of `file`; 0: no answer, ever.
 *                  Later requests: 200 and `file`; PUT: 201
 *   /later-N/...   the same with status 503 and Retry-After: N
 *   /NNN/...       status NNN and a line of text, also for PUT
 */
struct server server_start(const char *file);

/* Starts a server on the port of a stopped one, with the same log. */
struct server server_start_again(const char *file, const struct server *stopped);

/* Returns the path of the log: the heads of all requests to server_start's server, some with the start of the body. */
const char *server_log(const struct server *server);

/* Returns whether the log has an entry; a condition for wait_until. */
bool server_was_asked(const void *server);

/*
 * Starts nginx as origin and store: GET and PUT below ROOT/nginx/www. Requests are logged to ROOT/nginx/log, as "PUT
 * 201". If no usable nginx is found, prints a message and returns pid 0; with WEIR_NEED_NGINX in the environment, it
 * fails the test instead.
 */
struct server nginx_start(void);

void server_stop(struct server *server);

#endif /* IMAGE_PIPELINE_SERVER_H */
