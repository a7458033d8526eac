/*
 * channel.h - Declares what a process and its child have in common: a socket, shared memory, and the child's lifeline.
 *
 * A message is there whole or not at all. The child has the three at fixed numbers. No call is a cancellation point.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHANNEL_H
#define WEIR_SYNC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Their numbers in a child. */
enum { WEIR__CHILD_SOCKET = 3, WEIR__CHILD_MEMORY = 4, WEIR__CHILD_LIFELINE = 5, WEIR__CHILD_LAST = 5 };

/* ---- memory ---- */

typedef struct weir__shared {
    int fd; /* above WEIR__CHILD_LAST and closed on exec */
    unsigned char *bytes;
    size_t size;
} weir__shared;

/* Creates zeroed memory of a size that no process can change any more. Returns 0 or an errno. */
int weir__shared_create(weir__shared *shared, size_t size);
void weir__shared_destroy(weir__shared *shared);

/* In a child: maps the memory of its parent. Returns whether that is possible. */
bool weir__shared_attach(weir__shared *shared);

/* Releases the memory of these bytes to the system: they become zero. Both numbers are multiples of the size of a page. */
void weir__shared_give_back(const weir__shared *shared, size_t first, size_t count);

/* Makes bytes read-only in this process. Both numbers are multiples of the size of a page. */
void weir__shared_protect(weir__shared *shared, size_t first, size_t count);

/* ---- messages ---- */

/* The parent's ends, -1 if closed. */
typedef struct weir__channel {
    int socket;
    int lifeline; /* never written; its close kills the child */
} weir__channel;

/* Opens a channel. Stores the ends for the child: its socket and its lifeline. Returns 0 or an errno. */
int weir__channel_open(weir__channel *channel, int theirs[2]);
void weir__channel_close(weir__channel *channel);

/* Lets the other side receive the end of its input, also if another process has a copy of the socket. */
void weir__channel_end_input(const weir__channel *channel);

typedef enum weir__received {
    WEIR__RECEIVED,      /* a message */
    WEIR__RECEIVED_NONE, /* nothing yet */
    WEIR__RECEIVED_END   /* the other side is closed */
} weir__received;

/* Sends a message. Returns 0; -1 if the other side is closed; or an errno. Does not block. */
int weir__channel_send(int socket, const void *message, size_t size);

/*
 * Sends a message, and blocks until there is room for it if `blocks`. Otherwise it is left out if there is none: the other
 * side has messages to read. Returns false if the other side is closed, or the system refuses.
 */
bool weir__channel_notify(int socket, const void *message, size_t size, bool blocks);

/* Takes a message, and stores its size, which exceeds `room` if it is cut. Blocks if `blocks`. */
weir__received weir__channel_receive(int socket, void *to, size_t room, size_t *size, bool blocks);

/* ---- in a child ---- */

/*
 * Binds this process and its group to the parent: the kernel kills them when the parent's end of the lifeline closes.
 * Keeps the three descriptors from programs that the child runs. Returns whether the parent is there, and the binding is
 * possible: it needs /proc.
 */
bool weir__channel_bind(const char *name);

/*
 * Binds this process and its group for the user that it runs for now, too, if that is another one, and ends them if the
 * parent has ended. Called once, after the init.
 */
void weir__channel_bind_user(void);

#endif /* WEIR_SYNC_CHANNEL_H */
