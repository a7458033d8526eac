/*
 * park.c - falling asleep in a park.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "park/park.h"

bool weir__park_wait(weir__park *park, weir__lock *lock, uint64_t deadline, bool *token) {
    uint32_t asleep_while = weir__u32_load_relaxed(&park->word) & ~(uint32_t)WEIR__PARK_TOKEN; /* P4 */
    weir__u32_store_relaxed(&park->word, asleep_while);
    park->sleepers++;
    weir__lock_release(lock);

    bool in_time = weir__futex_wait(&park->word, asleep_while, deadline);

    weir__lock_acquire(lock);
    park->sleepers--;
    uint32_t word = weir__u32_load_relaxed(&park->word);
    weir__u32_store_relaxed(&park->word, word & ~(uint32_t)WEIR__PARK_TOKEN);
    if (token != NULL)
        *token = (word & WEIR__PARK_TOKEN) != 0;
    return in_time;
}
