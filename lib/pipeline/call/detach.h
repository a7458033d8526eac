/*
 * detach.h - Detaches items from their calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_DETACH_H
#define WEIR_PIPELINE_CALL_DETACH_H

#include "pipeline/state/stage.h"

/*
 * Gives the lane's slot up, after the function of the call has returned `*code`. If the call has detached its item, and
 * the operation is not finished, returns false: the item is the operation's. Otherwise the caller must complete the call
 * with `*code`, which is the operation's if it is finished.
 */
bool weir__detach_return(weir__lane *lane, weir__envelope *envelope, int *code);

/*
 * The function has ended the thread in a call with a slot. Returns false if the item is still the lane's. Otherwise it
 * is the operation's, or is requeued.
 */
bool weir__detach_exit(weir__lane *lane, weir__envelope *envelope);

#endif /* WEIR_PIPELINE_CALL_DETACH_H */
