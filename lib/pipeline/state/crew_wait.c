/*
 * crew_wait.c - Implements waits of lanes on a crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/crew_wait.h"

#include "closable_queue/alert.h"
#include "closable_queue/settle.h"

void weir__crew_settle(weir__lane *lane) {
    size_t owed = lane->served.owed;
    lane->served.owed = 0;
    if (owed > 0)
        weir__queue_settle(lane->stage->queue, owed);
}

void weir__crew_withdraw(weir__lane *lane) {
    uint32_t promised = weir__u32_exchange_acquire(&lane->served.promised, 0);
    if (promised > 0)
        weir__queue_withdraw(lane->stage->shift.target, promised);
}

void weir__crew_wait_begin(weir__lane *lane) {
    weir__crew_settle(lane);
    weir__crew_withdraw(lane);
    (void)weir__hand_block(weir__crew_hand(lane));
}

void weir__crew_wait_end(weir__lane *lane) {
    weir__hand_unblock(weir__crew_hand(lane));
}

void weir__crew_look(weir_stage *stage) {
    if (stage->crew != NULL && stage->shift.job.run != NULL)
        (void)weir__job_ready(&stage->shift.job);
}
