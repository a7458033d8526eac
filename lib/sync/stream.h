/*
 * stream.h - Declares the descriptors that become the standard streams of a child process.
 *
 * Each descriptor made here is above 2 and closed on exec. A dup2 onto a standard stream therefore closes no other
 * source, and no child inherits one by accident. No call is a cancellation point.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_STREAM_H
#define WEIR_SYNC_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Stores in `*fd` a file without a name that holds the bytes, to be read from its start; for no bytes /dev/null, if
 * there is one. Returns 0 or an errno.
 */
int weir__stream_of(const void *bytes, size_t size, int *fd);

/* Stores in `*fd` /dev/null, to be read or written. Returns 0 or an errno. */
int weir__stream_null(int *fd);

/* Stores a pipe; a read from `*reading` does not block. Returns 0 or an errno. */
int weir__stream_pipe(int *reading, int *writing);

/* Stores in `*copy` a duplicate of a descriptor of the program. Returns 0 or an errno. */
int weir__stream_copy(int fd, int *copy);

/*
 * Whether the program has this standard stream, and passes it on to programs that it runs. A descriptor of weir may
 * have the number of a closed stream for a moment (lift.h); all of them are closed on exec.
 */
bool weir__stream_passes(int stream);

/* Returns the number of bytes read; 0 at the end or on an error; -1 if nothing can be read yet. */
ptrdiff_t weir__stream_read(int fd, void *to, size_t size);

/* Returns the number of bytes that a read takes without a wait; 0 if the system does not tell. */
size_t weir__stream_left(int fd);

/* Closes the descriptor and sets it to -1; -1 does nothing. */
void weir__stream_close(int *fd);

/*
 * Blocks until a descriptor is ready, or until the deadline of weir__clock_now. May return early. Returns false at once
 * if the system refuses to look: as under a limit for descriptors (RLIMIT_NOFILE) below `count`, so never for none.
 */
bool weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline);

#endif /* WEIR_SYNC_STREAM_H */
