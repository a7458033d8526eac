/*
 * channel_linux.c - Implements the channel by a socket pair of whole messages, a sealed memfd and a pipe.
 *
 * The memory is sealed: if a child could make it shorter, the parent would get SIGBUS. The lifeline is a pipe that no
 * process writes to. When its last writer ends, the kernel signals the owner of each description of the other end:
 * of one the child, of a second one its process group. It does so if the user that has named it may send the signal;
 * in a user namespace, that is its own user alone. A signal at the parent's death (PR_SET_PDEATHSIG) would come
 * when the thread ends that has started the child.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS, F_SETSIG, pipe2, MADV_REMOVE */

#include "sync/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/lift.h"
#include "sync/signals.h"
#include "sync/thread.h"

static void close_one(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- memory ---- */

/* Maps the descriptor. Returns 0 or an errno. */
static int map(weir__shared *shared) {
    void *bytes = mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->fd, 0);
    if (bytes == MAP_FAILED)
        return errno;
    shared->bytes = bytes;
    return 0;
}

/* Returns 0 or an errno: EFBIG above the limit of this process for files, without the signal of that limit. */
static int fill(int fd, off_t length) {
    weir__held_signal held;
    weir__signal_hold(&held, SIGXFSZ);
    int error = ftruncate(fd, length) != 0 ? errno : 0;
    weir__signal_release(&held);
    return error;
}

static int fill_and_seal(const weir__shared *shared) {
    off_t length = (off_t)shared->size;
    if (length < 0 || (uintmax_t)length != shared->size)
        return EFBIG;
    int error = fill(shared->fd, length);
    if (error == 0 && fcntl(shared->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        error = errno;
    return error;
}

int weir__shared_create(weir__shared *shared, size_t size) {
    int error = 0, before = weir__uncancellable_begin();
    *shared = (weir__shared){.size = size};
    shared->fd = weir__lift_above(memfd_create("weir", MFD_CLOEXEC | MFD_ALLOW_SEALING), WEIR__CHILD_LAST);
    if (shared->fd < 0)
        error = errno;
    if (error == 0)
        error = fill_and_seal(shared);
    if (error == 0)
        error = map(shared);
    if (error != 0)
        close_one(&shared->fd);
    weir__uncancellable_end(before);
    return error;
}

void weir__shared_destroy(weir__shared *shared) {
    int before = weir__uncancellable_begin();
    munmap(shared->bytes, shared->size);
    close_one(&shared->fd);
    weir__uncancellable_end(before);
}

bool weir__shared_attach(weir__shared *shared) {
    struct stat status;
    if (fstat(WEIR__CHILD_MEMORY, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0)
        return false;
    *shared = (weir__shared){.fd = WEIR__CHILD_MEMORY, .size = (size_t)status.st_size};
    return map(shared) == 0;
}

void weir__shared_give_back(const weir__shared *shared, size_t first, size_t count) {
    (void)madvise(shared->bytes + first, count, MADV_REMOVE);
}

void weir__shared_protect(weir__shared *shared, size_t first, size_t count) {
    if (count > 0)
        (void)mprotect(shared->bytes + first, count, PROT_READ);
}

/* ---- messages ---- */

static int lift_both(int *a, int *b) {
    *a = weir__lift_above(*a, WEIR__CHILD_LAST);
    int error = *a < 0 ? errno : 0;
    *b = weir__lift_above(*b, WEIR__CHILD_LAST);
    return *b < 0 ? errno : error;
}

static int open_socket(int *ours, int *theirs) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return errno;
    *ours = ends[0];
    *theirs = ends[1];
    return lift_both(ours, theirs);
}

static int open_lifeline(int *ours, int *theirs) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    *theirs = ends[0];
    *ours = ends[1];
    return lift_both(theirs, ours);
}

int weir__channel_open(weir__channel *channel, int theirs[2]) {
    int before = weir__uncancellable_begin();
    *channel = (weir__channel){-1, -1};
    theirs[0] = theirs[1] = -1;
    int error = open_socket(&channel->socket, &theirs[0]);
    if (error == 0)
        error = open_lifeline(&channel->lifeline, &theirs[1]);
    if (error != 0) {
        close_one(&channel->socket);
        close_one(&channel->lifeline);
        close_one(&theirs[0]);
        close_one(&theirs[1]);
    }
    weir__uncancellable_end(before);
    return error;
}

void weir__channel_close(weir__channel *channel) {
    int before = weir__uncancellable_begin();
    if (channel->socket >= 0)
        (void)shutdown(channel->socket, SHUT_RDWR);
    close_one(&channel->socket);
    close_one(&channel->lifeline);
    weir__uncancellable_end(before);
}

void weir__channel_end_input(const weir__channel *channel) {
    (void)shutdown(channel->socket, SHUT_WR);
}

int weir__channel_send(int socket, const void *message, size_t size) {
    int error = 0, before = weir__uncancellable_begin();
    while (send(socket, message, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        error = errno == EPIPE || errno == ECONNRESET ? -1 : errno;
        if (error != EINTR)
            break;
        error = 0;
    }
    weir__uncancellable_end(before);
    return error;
}

bool weir__channel_notify(int socket, const void *message, size_t size, bool blocks) {
    int before = weir__uncancellable_begin();
    ssize_t sent;
    do
        sent = send(socket, message, size, MSG_NOSIGNAL | (blocks ? 0 : MSG_DONTWAIT));
    while (sent < 0 && errno == EINTR);
    bool fine = sent >= 0 || (!blocks && (errno == EAGAIN || errno == EWOULDBLOCK));
    weir__uncancellable_end(before);
    return fine;
}

weir__received weir__channel_receive(int socket, void *to, size_t room, size_t *size, bool blocks) {
    int before = weir__uncancellable_begin();
    bool reset = false; /* a reset is reported once, and before messages that have come (R3) */
    ssize_t got;
    for (;;) {
        got = recv(socket, to, room, MSG_TRUNC | (blocks ? 0 : MSG_DONTWAIT));
        if (got >= 0 || (errno != EINTR && (errno != ECONNRESET || reset)))
            break;
        reset = reset || errno == ECONNRESET;
    }
    bool none = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    weir__uncancellable_end(before);
    if (got <= 0)
        return none ? WEIR__RECEIVED_NONE : WEIR__RECEIVED_END;
    *size = (size_t)got;
    return WEIR__RECEIVED;
}

/* ---- in a child ---- */

/* Two more descriptions of its lifeline, for the user that it may enter, and its group, once it is bound. */
static int user_end = -1, user_group_end = -1;
static pid_t group;
static uid_t user, effective;

/* Lets the kernel kill `owner`, a process or, if negative, a group, when the lifeline is closed. */
static bool kill_at_close(int lifeline, pid_t owner) {
    return fcntl(lifeline, F_SETOWN, owner) == 0 && fcntl(lifeline, F_SETSIG, SIGKILL) == 0 &&
           fcntl(lifeline, F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
}

/* Returns a new description of the lifeline, or -1. */
static int open_again(void) {
    return open("/proc/self/fd/5", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Whether the lifeline has been closed before it was bound: there was no signal. */
static bool is_closed(void) {
    char byte;
    return read(WEIR__CHILD_LIFELINE, &byte, 1) >= 0 || errno != EAGAIN;
}

bool weir__channel_bind(const char *name) {
    int before = weir__uncancellable_begin();
    bool bound = kill_at_close(WEIR__CHILD_LIFELINE, getpid());
    group = getpgrp();
    user = getuid();
    effective = geteuid();
    int group_end = open_again();
    user_end = open_again(); /* before the init, which may leave /proc */
    user_group_end = open_again();
    bound = bound && user_end >= 0 && user_group_end >= 0 && kill_at_close(group_end, -group);
    bound = bound && !is_closed();
    for (int fd = WEIR__CHILD_SOCKET; fd <= WEIR__CHILD_LAST; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)prctl(PR_SET_NAME, name);
    weir__uncancellable_end(before);
    return bound;
}

void weir__channel_bind_user(void) {
    int before = weir__uncancellable_begin();
    bool same = user == getuid() && effective == geteuid();
    if (same || !kill_at_close(user_end, getpid()))
        close_one(&user_end);
    if (same || !kill_at_close(user_group_end, -group))
        close_one(&user_group_end);
    if (is_closed())
        (void)kill(-group, SIGKILL);
    weir__uncancellable_end(before);
}
