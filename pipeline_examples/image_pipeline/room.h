/*
 * room.h - the memory of the pictures and thumbnails in flight.
 *
 * A download takes memory before the bytes come, and the photo holds it until it is freed or counted anew.
 *
 * Invariants:
 *   1  What all photos hold is at most the limit, except for what one of them has taken while it was `over`. Thumbnails
 *      larger than their picture come on top.
 *   2  A photo becomes `over` only while no more than the limit is in use. It never waits again until its download
 *      ends. So one download always goes on, or what is in use leaves by itself: through resizes and uploads.
 *   3  Only the head of the line takes memory, except for `over`. Downloads that have begun stand before those that have
 *      not.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ROOM_H
#define IMAGE_PIPELINE_ROOM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/deadline.h>
#include <weir/pipeline.h>

#include "photo.h"

struct room_wait;

struct room {
    uint64_t limit; /* constant */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t used;            /* guarded by the lock, like the next two */
    struct room_wait *line;   /* head of those that wait */
    const struct photo *over; /* the photo that may exceed the limit; NULL if none */
};

enum room_answer { ROOM_TAKEN, ROOM_CANCELLED, ROOM_LATE };

void room_open(struct room *room, uint64_t limit);
void room_close(struct room *room);

/*
 * Takes `bytes` for a photo that holds none, whose download has not begun. Blocks until they fit, also with 0 bytes.
 * Returns false, with nothing taken, if the pipeline is cancelled first.
 */
bool room_begin(struct room *room, weir_task *task, struct photo *photo, uint64_t bytes);

/*
 * Takes `bytes` more for a photo whose download has begun. Blocks until they fit, or the deadline; sets `*has_waited` if
 * they did not fit at once. Takes nothing unless the answer is ROOM_TAKEN.
 */
enum room_answer room_grow(struct room *room, weir_task *task, struct photo *photo, uint64_t bytes,
                           weir_deadline deadline, bool *has_waited);

/* Ends the download of the photo, if it has one, and counts what it holds now in place of what it has taken. */
void room_count(struct room *room, struct photo *photo);

#endif /* IMAGE_PIPELINE_ROOM_H */
