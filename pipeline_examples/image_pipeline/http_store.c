/*
 * http_store.c - the store role: receives files.
 *
 * A file is written under a temporary name and renamed when it is complete. So readers of the folder see a thumbnail
 * whole or not at all. The temporary name is hidden, and no PUT can name a hidden file. If a write fails, the rest of
 * the body is read and discarded, because libmicrohttpd allows an answer only before or after a body.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "http_roles.h"
#include "part.h"

enum { TRIES = 100 };

static const size_t max_body = (size_t)256 << 20; /* bytes */

struct http_upload {
    int folder, file;  /* file: -1 when closed */
    int to;            /* the folder of its name, which may be `folder`; -1 if it cannot be opened */
    const char *named; /* its name in that folder */
    int error;         /* errno of the first failure; 0 if none */
    size_t size;
    bool is_conditional;            /* fails if the file exists (If-None-Match: *) */
    char temporary[PART_NAME_SIZE]; /* "" when the file has been renamed, or was never made */
    char name[];
};

/* Counts up until a name is free: another machine may have a process of the same number. */
static bool create_temporary(struct http_server *server, struct http_upload *upload) {
    for (int i = 0; i < TRIES; i++) {
        upload->file = part_create(server->folder, atomic_fetch_add(&server->uploads, 1), upload->temporary);
        if (upload->file >= 0)
            return true;
        upload->error = errno;
        upload->temporary[0] = '\0';
        if (errno != EEXIST)
            return false;
    }
    return false;
}

static bool is_too_large(struct MHD_Connection *connection) {
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL && strtoull(length, NULL, 10) > max_body;
}

struct http_upload *http_store_begin(struct http_server *server, struct MHD_Connection *connection, const char *name,
                                     enum MHD_Result *result) {
    if (is_too_large(connection)) {
        *result = http_reply(connection, MHD_HTTP_CONTENT_TOO_LARGE, "too large");
        return NULL;
    }
    size_t size = strlen(name) + 1;
    struct http_upload *upload = calloc(1, sizeof *upload + size);
    if (upload == NULL) {
        *result = http_reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
        return NULL;
    }
    memcpy(upload->name, name, size);
    upload->folder = server->folder;
    upload->file = -1;
    upload->to = folder_open_below(server->folder, upload->name, true, &upload->named);
    upload->error = upload->to < 0 ? errno : 0;
    const char *condition = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    upload->is_conditional = condition != NULL && strcmp(condition, "*") == 0;
    if (upload->to >= 0 && create_temporary(server, upload))
        upload->error = 0;
    return upload;
}

void http_store_write(struct http_upload *upload, const char *data, size_t size) {
    if (upload->error == 0 && size > max_body - upload->size)
        upload->error = EFBIG;
    while (upload->error == 0 && size > 0) {
        ssize_t written = write(upload->file, data, size);
        if (written < 0 && errno != EINTR) {
            upload->error = errno;
        } else if (written > 0) {
            data += written;
            size -= (size_t)written;
            upload->size += (size_t)written;
        }
    }
}

static bool is_there(const struct http_upload *upload) {
    struct stat status;
    return fstatat(upload->to, upload->named, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Moves the file to its name unless that exists. http_store_end removes the temporary name. */
static void put_if_new(struct http_upload *upload) {
    if (linkat(upload->folder, upload->temporary, upload->to, upload->named, 0) == 0)
        return;
    upload->error = errno;
    if (errno == EEXIST || is_there(upload)) {
        upload->error = EEXIST;
    } else if (renameat(upload->folder, upload->temporary, upload->to, upload->named) == 0) {
        upload->temporary[0] = '\0'; /* a file system without hard links */
        upload->error = 0;
    }
}

/* Moves the file to its name. Returns whether a file of that name existed before. */
static bool put_in_place(struct http_upload *upload) {
    bool was_there = is_there(upload);
    if (renameat(upload->folder, upload->temporary, upload->to, upload->named) == 0)
        upload->temporary[0] = '\0';
    else
        upload->error = errno;
    return was_there;
}

/* Some file systems tell errors of a write at a close only. The copy of the descriptor keeps the file locked. */
static void flush(struct http_upload *upload) {
    int copy = fcntl(upload->file, F_DUPFD_CLOEXEC, 0);
    if (close(upload->file) != 0 && upload->error == 0)
        upload->error = errno;
    upload->file = copy;
}

enum MHD_Result http_store_finish(struct http_upload *upload, struct MHD_Connection *connection) {
    bool was_there = false;
    if (upload->file >= 0)
        flush(upload);
    if (upload->error == 0 && upload->is_conditional)
        put_if_new(upload);
    else if (upload->error == 0)
        was_there = put_in_place(upload);
    switch (upload->error) {
        case 0:
            return http_reply(connection, was_there ? MHD_HTTP_NO_CONTENT : MHD_HTTP_CREATED, "");
        case EEXIST:
            return http_reply(connection, MHD_HTTP_PRECONDITION_FAILED, "already exists");
        case ENOSPC:
        case EDQUOT:
            return http_reply(connection, MHD_HTTP_INSUFFICIENT_STORAGE, strerror(upload->error));
        case EACCES:
        case EPERM:
        case EROFS:
            return http_reply(connection, MHD_HTTP_FORBIDDEN, strerror(upload->error));
        case ENOENT: /* the folder has been removed */
            return http_reply(connection, MHD_HTTP_NOT_FOUND, strerror(upload->error));
        case EFBIG:
            return http_reply(connection, MHD_HTTP_CONTENT_TOO_LARGE, strerror(upload->error));
        default:
            return http_reply(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, strerror(upload->error));
    }
}

void http_store_end(struct http_upload *upload) {
    if (upload == NULL)
        return;
    if (upload->file >= 0)
        close(upload->file);
    if (upload->temporary[0] != '\0')
        unlinkat(upload->folder, upload->temporary, 0);
    if (upload->to >= 0 && upload->to != upload->folder)
        close(upload->to);
    free(upload);
}
