/*
 * run.h - Runs the calls of a stage: the functions of its group of workers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_H
#define WEIR_PIPELINE_RUN_H

/* Runs an item that travels in an envelope. */
void *weir__run(void *envelope, void *lane);

#endif /* WEIR_PIPELINE_RUN_H */
