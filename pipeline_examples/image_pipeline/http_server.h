/*
 * http_server.h - an HTTP server inside the program, for one folder: an origin, which serves the files in it, or a
 * store, which receives files into it.
 *
 * It listens on 127.0.0.1, on a port that the system picks, and answers only below a path that starts with a random
 * token. Other users of the machine can connect, but can neither read the pictures nor put files into the folder.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_HTTP_SERVER_H
#define IMAGE_PIPELINE_HTTP_SERVER_H

#include <stddef.h>

struct http_server;

enum http_role {
    HTTP_ORIGIN, /* GET and HEAD of the files in the folder */
    HTTP_STORE   /* PUT into it too; GET does not follow links */
};

/* Starts a server. On failure prints a message and returns NULL. */
struct http_server *http_server_start(const char *folder, enum http_role role);

/* Returns the URL of the folder, which ends in '/'. */
const char *http_server_url(const struct http_server *server);

/* Ends every connection, removes incomplete uploads, and frees the server. NULL does nothing. */
void http_server_stop(struct http_server *server);

#endif /* IMAGE_PIPELINE_HTTP_SERVER_H */
