/*
 * explore.h - deciding: depth-first with a budget, at random, or by replaying.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_EXPLORE_H
#define WEIR_TESTS_SCHED_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum explore_how { EXPLORE_ALL, EXPLORE_RANDOM, EXPLORE_REPLAY };

/* A decision among `count` ways, 2 to 32; way 0 is the default. Bit k of `costs` says that way k costs one. */
int explore_choose(int count, uint32_t costs);

/* Records a decision that is made elsewhere when the search is random: `way` if it is given, else that of the list. */
int explore_prefer(int count, uint32_t costs, int way);

/* While it is calm each decision takes way 0, and is not recorded. A run begins without calm. */
void explore_calm(bool calm);
bool explore_is_calm(void);

/* Whether decisions are made at random, and a random number for making them. */
bool explore_is_random(void);
uint64_t explore_random_number(void);

/* Starts a search. */
void explore_all(int budget);
void explore_random(uint64_t seed, int budget);
void explore_replay(const char *schedule);

/* To be called before each run; false: there is no further schedule. */
bool explore_next(void);

/* The present schedule as text; the buffer is explore's. */
const char *explore_schedule(void);

#endif /* WEIR_TESTS_SCHED_EXPLORE_H */
