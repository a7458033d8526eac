/*
 * plain.h - Runs the calls of a plain pipeline: its items have no envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PLAIN_H
#define WEIR_PIPELINE_PLAIN_H

/* The function of a stage's group of workers: runs an item. */
void *weir__run_plain(void *item, void *lane);

#endif /* WEIR_PIPELINE_PLAIN_H */
