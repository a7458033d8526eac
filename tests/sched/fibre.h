/*
 * fibre.h - declares fibres: threads of control that are switched explicitly.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_FIBRE_H
#define WEIR_TESTS_SCHED_FIBRE_H

/* Fibre 0 is the explorer's own. The others have stacks of their own and start in `entry` with their number. */
void fibre_prepare(int fibre, void (*entry)(int fibre));

/* Continues fibre `to`. Returns when another fibre switches back. */
void fibre_switch(int from, int to);

#endif /* WEIR_TESTS_SCHED_FIBRE_H */
