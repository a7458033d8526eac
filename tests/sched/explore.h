/*
 * explore.h - declares the search: depth-first with a budget, random, or a replay.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_EXPLORE_H
#define WEIR_TESTS_SCHED_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum explore_how { EXPLORE_ALL, EXPLORE_RANDOM, EXPLORE_REPLAY };

/* Decides among `count` ways, 2 to 32. Way 0 is the default. Bit k of `costs` says that way k costs one. */
int explore_choose(int count, uint32_t costs);

/* Records a decision. A random search takes `way`; the others take what their list says, or way 0. */
int explore_prefer(int count, uint32_t costs, int way);

/* While the run is calm, each decision takes way 0 and is not recorded. A run begins without calm. */
void explore_calm(bool calm);
bool explore_is_calm(void);

/* The first returns true if decisions are random; the second returns a random number for making them. */
bool explore_is_random(void);
uint64_t explore_random_number(void);

/* Each of these starts a search. */
void explore_all(int budget);
void explore_random(uint64_t seed, int budget);
void explore_replay(const char *schedule);

/* Must be called before each run. Returns false if there is no further schedule. */
bool explore_next(void);

/* Returns the present schedule as text, in a buffer of explore.c. */
const char *explore_schedule(void);

#endif /* WEIR_TESTS_SCHED_EXPLORE_H */
