/*
 * target.h - looks at what is in the place of a thumbnail already.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TARGET_H
#define IMAGE_PIPELINE_TARGET_H

#include "mark.h"
#include "stages.h"
#include "transfer.h"

/* A worker's own, as its transfers are. */
struct target {
    struct transfer transfer;
    unsigned char start[MARK_WITHIN]; /* of what is there */
    size_t size;                      /* bytes of it that are in `start` */
};

enum target_state {
    TARGET_NOTHING, /* nothing is there */
    TARGET_SAME,    /* the thumbnail of the same picture */
    TARGET_OTHER,   /* the thumbnail of another picture */
    TARGET_FOREIGN, /* what weir-thumbs has not made */
    TARGET_UNKNOWN  /* it cannot be looked at */
};

/* `target` must stay where it is until it is closed. False: as transfer_open. */
bool target_open(struct target *target, const struct work *work);
void target_close(struct target *target);

/*
 * Looks what is in the place of this photo's thumbnail. Returns 0, and tells it in `*state`; or fails the task, if there
 * is no memory, or for a reason that may pass.
 */
int target_look(struct target *target, weir_task *task, const struct work *work, const struct photo *photo,
                enum target_state *state);

/* Fails the task because of what is in the way. */
int target_refuse(weir_task *task, enum target_state state, const struct photo *photo);

#endif /* IMAGE_PIPELINE_TARGET_H */
