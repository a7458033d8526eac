/*
 * target.h - checks what the destination has under the name of a thumbnail.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TARGET_H
#define IMAGE_PIPELINE_TARGET_H

#include "mark.h"
#include "stages.h"
#include "transfer.h"

/* Belongs to one worker, like its transfers. */
struct target {
    struct transfer transfer;
    struct curl_slist *headers;       /* of a signed request; else NULL */
    unsigned char start[MARK_WITHIN]; /* first bytes of the existing file */
    size_t size;                      /* number of bytes in `start` */
};

enum target_state {
    TARGET_NOTHING, /* no file of that name */
    TARGET_SAME,    /* the thumbnail of the same picture */
    TARGET_OTHER,   /* the thumbnail of another picture */
    TARGET_FOREIGN, /* a file that weir-thumbs did not make */
    TARGET_UNKNOWN  /* the server gives no usable answer */
};

/* `target` must not move until it is closed. Returns false in the cases of transfer_open. */
bool target_open(struct target *target, struct work *work);
void target_close(struct target *target);

/*
 * Checks what has the name of this photo's thumbnail. Returns 0 and sets `*state`. Fails the task if memory is
 * exhausted, at a transient error, or if the host is paused or given up.
 */
int target_look(struct target *target, weir_task *task, const struct work *work, struct photo *photo,
                enum target_state *state);

/* Fails the task because of `state`. */
int target_refuse(weir_task *task, enum target_state state, const struct photo *photo);

#endif /* IMAGE_PIPELINE_TARGET_H */
