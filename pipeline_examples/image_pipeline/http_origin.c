/*
 * http_origin.c - the origin role: serves files.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "http_roles.h"

static enum MHD_Result reply_error(struct MHD_Connection *connection, int error) {
    unsigned status = error == ENOENT || error == ENOTDIR ? MHD_HTTP_NOT_FOUND
                      : error == EACCES || error == EPERM ? MHD_HTTP_FORBIDDEN
                                                          : MHD_HTTP_INTERNAL_SERVER_ERROR;
    return http_reply(connection, status, strerror(error));
}

/* Opens a file. Returns its descriptor, or -1 with errno set. */
static int open_file(const struct http_server *server, const char *path) {
    const char *name;
    int links = server->role == HTTP_STORE ? O_NOFOLLOW : 0;
    int folder = folder_open_below(server->folder, path, false, &name);
    if (folder < 0)
        return -1;
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | links); /* opening a FIFO must not block */
    int error = errno;
    if (folder != server->folder)
        close(folder);
    errno = error;
    return file;
}

enum MHD_Result http_origin_serve(const struct http_server *server, struct MHD_Connection *connection,
                                  const char *name) {
    int file = open_file(server, name);
    if (file < 0)
        return reply_error(connection, errno);
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(file);
        return http_reply(connection, MHD_HTTP_FORBIDDEN, "not a regular file");
    }
    struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)status.st_size, file);
    if (response == NULL) {
        close(file);
        return MHD_NO;
    }
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response); /* closes the file after sending */
    return result;
}
