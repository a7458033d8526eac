/*
 * room.c - waits in line, and looks for a cancel ten times a second.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "room.h"

#include <time.h>

enum { SECOND = 1000000000 };

static const uint64_t LOOK_EVERY = 100 * WEIR_MILLISECOND;

/* On the stack of the thread that waits. */
struct room_wait {
    struct room_wait *next;
    struct photo *photo;
    uint64_t bytes;
    bool has_begun; /* the download */
};

void room_open(struct room *room, uint64_t limit) {
    *room = (struct room){.limit = limit};
    pthread_mutex_init(&room->lock, NULL);
    pthread_cond_init(&room->changed, NULL);
}

void room_close(struct room *room) {
    pthread_cond_destroy(&room->changed);
    pthread_mutex_destroy(&room->lock);
}

/* Waits for a change, or for a tenth of a second. */
static void wait_locked(struct room *room) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)LOOK_EVERY;
    if (until.tv_nsec >= SECOND) {
        until.tv_sec++;
        until.tv_nsec -= SECOND;
    }
    pthread_cond_timedwait(&room->changed, &room->lock, &until);
}

static void join_line(struct room *room, struct room_wait *wait) {
    struct room_wait **place = &room->line;
    while (*place != NULL && ((*place)->has_begun || !wait->has_begun))
        place = &(*place)->next;
    wait->next = *place;
    *place = wait;
}

static void leave_line(struct room *room, const struct room_wait *wait) {
    struct room_wait **place = &room->line;
    while (*place != wait)
        place = &(*place)->next;
    *place = wait->next;
    pthread_cond_broadcast(&room->changed);
}

/* Takes the bytes if they fit, or if the photo may exceed the limit. */
static bool try_locked(struct room *room, const struct room_wait *wait) {
    bool fits = room->used <= room->limit && wait->bytes <= room->limit - room->used;
    bool may_exceed = room->over == wait->photo || (room->over == NULL && room->used <= room->limit);
    if (!may_exceed && !fits)
        return false;
    if (!fits)
        room->over = wait->photo;
    room->used += wait->bytes;
    wait->photo->held += wait->bytes;
    return true;
}

/* Takes the bytes at the head of the line. */
static enum room_answer wait_for_turn(struct room *room, weir_task *task, struct room_wait *wait,
                                      weir_deadline deadline) {
    enum room_answer answer = ROOM_TAKEN;
    join_line(room, wait);
    while (answer == ROOM_TAKEN && !(room->line == wait && try_locked(room, wait))) {
        wait_locked(room);
        if (weir_task_cancelled(task))
            answer = ROOM_CANCELLED;
        else if (weir_deadline_after(0) >= deadline)
            answer = ROOM_LATE;
    }
    if (answer == ROOM_LATE && room->line == wait && try_locked(room, wait))
        answer = ROOM_TAKEN; /* room at the deadline counts */
    leave_line(room, wait);
    return answer;
}

static enum room_answer take(struct room *room, weir_task *task, struct room_wait *wait, weir_deadline deadline,
                             bool *has_waited) {
    enum room_answer answer = ROOM_TAKEN;
    pthread_mutex_lock(&room->lock);
    wait->photo->room = room;
    bool is_next = room->line == NULL || room->over == wait->photo;
    if (!is_next || !try_locked(room, wait)) {
        *has_waited = true;
        answer = wait_for_turn(room, task, wait, deadline);
    }
    pthread_mutex_unlock(&room->lock);
    return answer;
}

bool room_begin(struct room *room, weir_task *task, struct photo *photo, uint64_t bytes) {
    bool has_waited;
    struct room_wait wait = {.photo = photo, .bytes = bytes};
    return take(room, task, &wait, WEIR_NEVER, &has_waited) == ROOM_TAKEN;
}

enum room_answer room_grow(struct room *room, weir_task *task, struct photo *photo, uint64_t bytes,
                           weir_deadline deadline, bool *has_waited) {
    struct room_wait wait = {.photo = photo, .bytes = bytes, .has_begun = true};
    return take(room, task, &wait, deadline, has_waited);
}

void room_count(struct room *room, struct photo *photo) {
    uint64_t held = photo->image_size;
    for (size_t i = 0; i < photo->thumbnail_count; i++)
        held += photo->thumbnails[i].size;
    pthread_mutex_lock(&room->lock);
    if (room->over == photo)
        room->over = NULL;
    room->used = room->used - photo->held + held;
    photo->held = held;
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->lock);
}
