/*
 * http_server.h - an HTTP server inside the program, for one folder: an origin that serves its files, or a store that
 * takes files into it.
 *
 * It listens on 127.0.0.1, on a port that the system picks, and answers only below a path that starts with a random
 * token: other users of the machine can connect, but neither read the pictures nor put files into the folder.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_HTTP_SERVER_H
#define IMAGE_PIPELINE_HTTP_SERVER_H

#include <stddef.h>

struct http_server;

enum http_role {
    HTTP_ORIGIN, /* GET and HEAD of the files in the folder */
    HTTP_STORE   /* PUT of files into it too, and no GET of what links lead to */
};

/* NULL: a message was printed. */
struct http_server *http_server_start(const char *folder, enum http_role role);

/* What is in the folder is below this URL, which ends in '/'. */
const char *http_server_url(const struct http_server *server);

/* Ends every connection, removes what was not uploaded completely, and frees the server. NULL does nothing. */
void http_server_stop(struct http_server *server);

#endif /* IMAGE_PIPELINE_HTTP_SERVER_H */
