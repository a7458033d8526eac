/*
 * own_tell.c - Implements the tell to a thread that sleeps in the program's wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/own_tell.h"

void weir__own_tell(weir_stage *stage) {
    if (weir__waits_itself(stage))
        weir__bell_tell(&stage->bell);
}
