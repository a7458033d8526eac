/*
 * complete.h - Completes calls. Each call is completed once, with a code.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_COMPLETE_H
#define WEIR_PIPELINE_CALL_COMPLETE_H

#include "pipeline/state/stage.h"

/* Returns the code of a call after its function has returned `code`. 0: success. The stage is no source. */
int weir__code_of_item(weir_task *task, int code);

/*
 * Completes a call that has returned `code`. Its item or batch is retired, with its results sent; or backs off; or is
 * given up. `lane` is the calling thread's. Returns false if the item backs off: the item still counts in the limit of
 * its key.
 */
bool weir__complete(weir__lane *lane, weir_task *task, int code);

/* Fails an attempt for which there was no memory to make the call. Returns as weir__complete. */
bool weir__fail_uncalled(weir__lane *lane, weir_task *task, weir__envelope *envelope);

/*
 * Completes a call that will never return. Drops its item or batch and its unsent results, and retires each item as
 * failed.
 */
void weir__complete_abandoned(weir__lane *lane, weir_task *task);

#endif /* WEIR_PIPELINE_CALL_COMPLETE_H */
