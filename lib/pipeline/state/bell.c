/*
 * bell.c - Implements bells.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/bell.h"

enum { AWAKE, TOLD, ASLEEP, RUNG, RINGS };

bool weir__bell_open(weir__bell *bell) {
    bell->fd = weir__event_descriptor(&bell->event);
    return bell->fd >= 0;
}

void weir__bell_close(weir__bell *bell) {
    weir__event_close(&bell->event);
}

static void ring(weir__bell *bell) {
    weir__event_ring(&bell->event);
    (void)weir__u32_swap_acquire_release(&bell->word, RUNG, RINGS); /* unless the thread has woken */
}

void weir__bell_tell(weir__bell *bell) {
    uint32_t word = weir__u32_or_acquire_release(&bell->word, 0);
    while (word == AWAKE || word == ASLEEP) {
        uint32_t told = word == AWAKE ? TOLD : RUNG;
        if (weir__u32_swap_acquire_release(&bell->word, word, told)) {
            if (told == RUNG)
                ring(bell);
            return;
        }
        word = weir__u32_or_acquire_release(&bell->word, 0);
    }
}

bool weir__bell_rings(const weir__bell *bell) {
    return weir__u32_load_relaxed(&bell->word) == RINGS;
}

bool weir__bell_begin_sleep(weir__bell *bell) {
    if (weir__u32_swap_acquire_release(&bell->word, AWAKE, ASLEEP))
        return true;
    (void)weir__u32_exchange_acquire_release(&bell->word, AWAKE);
    return false;
}

void weir__bell_end_sleep(weir__bell *bell) {
    uint32_t word = weir__u32_exchange_acquire_release(&bell->word, AWAKE);
    bell->owed += word == RUNG || word == RINGS;
    if (bell->owed > 0)
        bell->owed -= weir__event_quiet(&bell->event);
}
