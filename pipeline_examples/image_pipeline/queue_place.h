/*
 * queue_place.h - where a queue is that several programs share: nats://HOST[:PORT]/NAME[?replicas=N].
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_QUEUE_PLACE_H
#define IMAGE_PIPELINE_QUEUE_PLACE_H

#include <stdbool.h>

enum { QUEUE_SERVERS_SIZE = 1024, QUEUE_NAME_SIZE = 57 };

struct queue_place {
    char servers[QUEUE_SERVERS_SIZE]; /* URLs with commas between them; "" if there is no queue */
    char name[QUEUE_NAME_SIZE];
    unsigned replicas; /* servers with a copy of each entry; 0: not given */
};

/*
 * Reads the value of --queue. All programs must give the same number of replicas, so it is a part of what they share.
 * Several servers of a cluster have commas between them: nats://one:4222,two:4222/NAME?replicas=3. On
 * failure prints a message, which does not quote the value since it may have a password, and returns false.
 */
bool queue_place_read(struct queue_place *place, const char *text);

#endif /* IMAGE_PIPELINE_QUEUE_PLACE_H */
