/*
 * helper.c - Claims helper threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/helper.h"

#include "pipeline/state/refuse.h"

bool weir__helper_claim(weir_pipeline *pipeline, bool *has) {
    weir__lock_acquire(&pipeline->lock);
    bool running = pipeline->launched && pipeline->state != WEIR_RUN_OVER;
    bool claimed = running && !pipeline->finishing && !*has;
    if (claimed) {
        *has = true;
        pipeline->claims++;
    }
    weir__lock_release(&pipeline->lock);
    return claimed;
}

void weir__helper_claimed(weir_pipeline *pipeline, bool *has, bool started) {
    weir__lock_acquire(&pipeline->lock);
    *has = started;
    pipeline->claims--;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

weir_status weir__helper_refuse(weir_pipeline *pipeline, const bool *has, const char *call) {
    weir__lock_acquire(&pipeline->lock);
    bool launched = pipeline->launched, called = *has;
    weir__lock_release(&pipeline->lock);
    return weir__refuse(pipeline, WEIR_INVALID, NULL, "%s: %s", call,
                        !launched ? "the pipeline is not started"
                        : called  ? "it was already called for this pipeline"
                                  : "the pipeline is finishing or over");
}
