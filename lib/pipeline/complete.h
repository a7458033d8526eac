/*
 * complete.h - Implements the end of a call: it is completed once, with a code.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_COMPLETE_H
#define WEIR_PIPELINE_COMPLETE_H

#include "pipeline/stage.h"

/*
 * Completes a call that has returned `code`: sends the results and retires the item, or each item of the
 * batch; or lets it back off; or gives it up. `lane` is the calling thread's. Returns false if the item backs off, and
 * so keeps the place of its key.
 */
bool weir__complete(weir__lane *lane, weir_task *task, int code);

/* Completes a call that was never made, for want of memory: the attempt has failed. Returns as weir__complete. */
bool weir__fail_uncalled(weir__lane *lane, weir_task *task, weir__envelope *envelope);

/* Completes a call that will never return: drops and fails what it has in hand. */
void weir__complete_abandoned(weir__lane *lane, weir_task *task);

#endif /* WEIR_PIPELINE_COMPLETE_H */
