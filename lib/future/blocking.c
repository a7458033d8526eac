/*
 * blocking.c - Implements waits on threads of a crew. See blocking.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/blocking.h"

#include "crew/crew.h"

bool weir__blocking_begin(void) {
    weir__hand *hand = weir__hand_of_thread(NULL);
    if (hand == NULL || weir__hand_block(hand))
        return true;
    weir__hand_unblock(hand);
    return false;
}

void weir__blocking_end(void) {
    weir__hand *hand = weir__hand_of_thread(NULL);
    if (hand != NULL)
        weir__hand_unblock(hand);
}
