/*
 * stress_kills.h - children of a stage that are killed at random moments.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_STRESS_KILLS_H
#define WEIR_TESTS_STRESS_KILLS_H

#include <weir.h>

/* What the children run, for the table of weir_process_main. */
weir_process_func kills_work;
weir_worker_init kills_init;

/*
 * Kills so many children of a stage at random moments while it runs items, and prints what became of the items. Exits with
 * a message if an item was lost, came out twice, or failed although its child was not killed in it, or if a child or a
 * descriptor is left. Does nothing where no child can be run.
 */
void kill_children(unsigned long kills, uint64_t seed);

#endif /* WEIR_TESTS_STRESS_KILLS_H */
