/*
 * http_roles.h - internals of the server, shared by http_server.c, http_origin.c and http_store.c only.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_HTTP_ROLES_H
#define IMAGE_PIPELINE_HTTP_ROLES_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>

#include "http_server.h"

struct http_server {
    enum http_role role; /* constant while it runs, like all members but the last */
    int folder;          /* descriptor */
    char token[33], url[80];
    struct MHD_Daemon *daemon;
    atomic_uint uploads; /* numbers the temporary files */
};

/* Answers with a line of plain text; "" gives an empty body. */
enum MHD_Result http_reply(struct MHD_Connection *connection, unsigned status, const char *text);

/* Answers GET or HEAD of the file `name`. */
enum MHD_Result http_origin_serve(const struct http_server *server, struct MHD_Connection *connection,
                                  const char *name);

/* One PUT. libmicrohttpd delivers the body in pieces. */
struct http_upload;

/* Begins an upload. If it returns NULL, `*result` is the value to return to libmicrohttpd. */
struct http_upload *http_store_begin(struct http_server *server, struct MHD_Connection *connection, const char *name,
                                     enum MHD_Result *result);

/* Writes one piece of the body. */
void http_store_write(struct http_upload *upload, const char *data, size_t size);

/* Called after the last piece: moves the file to its name and answers. */
enum MHD_Result http_store_finish(struct http_upload *upload, struct MHD_Connection *connection);

/* Frees the upload, complete or not. NULL does nothing. */
void http_store_end(struct http_upload *upload);

#endif /* IMAGE_PIPELINE_HTTP_ROLES_H */
