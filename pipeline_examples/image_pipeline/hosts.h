/*
 * hosts.h - which servers answer, and which are paused or given up.
 *
 * A host that fails many times in a row is paused, and then tried by one picture. If that succeeds, the host goes on;
 * else the next pause is twice as long. After as many tries as a picture has retries the host is given up. Only a
 * missing answer, and the statuses 429 and 503, are failures of a host: any other answer shows that it lives.
 *
 * Pictures of a paused host are parked before they enter the pipeline, so that those of other hosts go on. So are those
 * of a host that has many in the pipeline. Those of a host that is given up are not started. Pictures in the pipeline put
 * their attempt off. None that come from a queue are parked: they go back to its end, so that others can be taken.
 *
 * Any thread may call any function, but parked pictures belong to the main thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_HOSTS_H
#define IMAGE_PIPELINE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photo.h"

struct hosts;
struct host;

enum host_answer {
    HOST_GO,   /* a request may begin; host_end must follow host_begin */
    HOST_WAIT, /* the host is paused */
    HOST_GONE  /* the host is given up */
};

enum host_outcome {
    HOST_ANSWERED,
    HOST_FAILED,
    HOST_UNKNOWN /* the transfer failed for a reason that may not be the host's */
};

/*
 * Without tries no host is paused or given up. No more than `most_inside` pictures of a host are in the pipeline before
 * their download is over; 0: no limit. Returns NULL if memory is exhausted.
 */
struct hosts *hosts_create(unsigned tries, size_t most_inside);
void hosts_destroy(struct hosts *hosts);

/* Returns the host of the URL. Returns NULL if memory is exhausted, or `hosts` is NULL. */
struct host *hosts_find(struct hosts *hosts, const char *url);

/* Returns a key that URLs of the same host have in common; 0 if memory is exhausted. */
uint64_t hosts_key(struct hosts *hosts, const char *url);

/* Returns the host's name and port as in the first URL with it. */
const char *host_name(const struct host *host);

/*
 * Asks whether a request may begin, and begins none: host_begin may answer otherwise later. Sets `*delay` for HOST_WAIT:
 * ns until the next question. NULL may always begin.
 */
enum host_answer host_look(struct host *host, uint64_t *delay);

/*
 * Asks whether a request may begin. Sets `*delay` for HOST_WAIT: ns until the next question. For HOST_GO sets `*trial`
 * to the number of the try if this request tries the paused host, else to 0. NULL may always begin.
 */
enum host_answer host_begin(struct host *host, uint64_t *delay, uint64_t *trial);

/*
 * Ends a request that has begun, with the number from host_begin; 0 for one behind a redirect. `retry_after` is the
 * delay in ns that the host asks for, 0 if none. Once the host is paused, only an answer or the try itself changes its
 * state. If the host is paused or given up by this, prints a message with `reason`. Returns whether it is given up.
 * NULL does nothing.
 */
bool host_end(struct host *host, uint64_t trial, enum host_outcome outcome, uint64_t retry_after, const char *reason);

/*
 * Returns whether the photo's host is paused or given up, or has as many photos inside as may be, and takes the photo
 * then. Otherwise admits it: hosts_leave must follow.
 */
bool hosts_park(struct hosts *hosts, struct photo *photo);

/* Notes that the download of a photo is over, whatever came of it. Does nothing for one that was not admitted. */
void hosts_leave(struct photo *photo);

/* Returns a parked photo that may ask its host, and admits it; NULL if there is none now. */
struct photo *hosts_unpark(struct hosts *hosts);

/* Returns whether photos are parked for a host that is not given up. */
bool hosts_have_parked(struct hosts *hosts);

/* Returns whether pictures were to come from hosts, and all of these are given up. */
bool hosts_are_gone(struct hosts *hosts);

#endif /* IMAGE_PIPELINE_HOSTS_H */
