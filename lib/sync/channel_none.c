/*
 * channel_none.c - Implements the channel for systems without sealed memory and signals of pipes: it cannot be opened.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/channel.h"

#include <errno.h>

int weir__shared_create(weir__shared *shared, size_t size) {
    (void)size;
    *shared = (weir__shared){.fd = -1};
    return ENOSYS;
}

void weir__shared_destroy(weir__shared *shared) {
    (void)shared;
}

bool weir__shared_attach(weir__shared *shared) {
    (void)shared;
    return false;
}

void weir__shared_give_back(const weir__shared *shared, size_t first, size_t count) {
    (void)shared;
    (void)first;
    (void)count;
}

void weir__shared_protect(weir__shared *shared, size_t first, size_t count) {
    (void)shared;
    (void)first;
    (void)count;
}

int weir__channel_open(weir__channel *channel, int theirs[2]) {
    *channel = (weir__channel){-1, -1};
    theirs[0] = theirs[1] = -1;
    return ENOSYS;
}

void weir__channel_close(weir__channel *channel) {
    (void)channel;
}

void weir__channel_end_input(const weir__channel *channel) {
    (void)channel;
}

int weir__channel_send(int socket, const void *message, size_t size) {
    (void)socket;
    (void)message;
    (void)size;
    return -1;
}

bool weir__channel_notify(int socket, const void *message, size_t size, bool blocks) {
    (void)socket;
    (void)message;
    (void)size;
    (void)blocks;
    return false;
}

weir__received weir__channel_receive(int socket, void *to, size_t room, size_t *size, bool blocks) {
    (void)socket;
    (void)to;
    (void)room;
    (void)size;
    (void)blocks;
    return WEIR__RECEIVED_END;
}

bool weir__channel_bind(const char *name) {
    (void)name;
    return false;
}

void weir__channel_bind_user(void) {
}
