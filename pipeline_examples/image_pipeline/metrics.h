/*
 * metrics.h - a server inside the program that gives the pipeline's report to Prometheus.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_METRICS_H
#define IMAGE_PIPELINE_METRICS_H

#include <stdbool.h>

#include <weir/pipeline.h>

struct MHD_Daemon;

struct metrics {
    struct MHD_Daemon *daemon; /* NULL: there is no server */
    weir_pipeline *pipeline;
};

/* Returns whether `place` is ADDRESS:PORT, [ADDRESS]:PORT, :PORT or PORT, with a numeric address. */
bool metrics_is_place(const char *place);

/*
 * Serves /metrics at `place`, on 127.0.0.1 if it has no address; port 0 lets the system choose. Prints the URL. NULL
 * starts no server. On failure prints a message and returns false. `metrics` must not move until metrics_stop, which
 * must be called before the pipeline is destroyed.
 */
bool metrics_start(struct metrics *metrics, const char *place, weir_pipeline *pipeline);
void metrics_stop(struct metrics *metrics);

#endif /* IMAGE_PIPELINE_METRICS_H */
