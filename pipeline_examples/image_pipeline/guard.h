/*
 * guard.h - ends a decode that takes too long, or is cancelled.
 *
 * libvips can be stopped between rows, and a decoder only where it asks for more of the file. libjpeg reads all scans of
 * a progressive picture before the first row, and libpng all passes of an interlaced one, so both places are guarded. No
 * place is in a decode of WebP, AVIF or HEIC, which has the whole file from the start, nor between two reads: a picture
 * of a thousand scans takes 0.3 s there.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_GUARD_H
#define IMAGE_PIPELINE_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <vips/vips.h>

#include <weir/pipeline.h>

#include "maker.h"
#include "photo.h"

struct guard {
    const struct maker *maker;
    const struct photo *photo;
    weir_deadline deadline;
    atomic_bool is_late; /* the decode has been ended by the deadline */
    size_t place;        /* of the next read; used by one thread of libvips at a time */
};

/* Returns a new reference to a source of the photo's bytes. The guard must outlive the source. NULL on failure. */
VipsSource *guard_source(struct guard *guard);

/* Guards the evaluation of the picture. The guard must outlive the evaluation. */
void guard_watch(struct guard *guard, VipsImage *picture);

#endif /* IMAGE_PIPELINE_GUARD_H */
