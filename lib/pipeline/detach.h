/*
 * detach.h - Detaches items from their calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DETACH_H
#define WEIR_PIPELINE_DETACH_H

#include "pipeline/stage.h"

/*
 * Ends a call that has a slot, after its function has returned `code`. If it has detached its item, and the operation is
 * not finished, the item is the operation's. Otherwise the call is completed. Returns as weir__complete; false also for
 * an item that is the operation's.
 */
bool weir__detach_end(weir__lane *lane, weir__envelope *envelope, int code);

/*
 * The function has ended the thread in a call with a slot. Returns false if the item is still the lane's. Otherwise it
 * is the operation's, or is requeued.
 */
bool weir__detach_exit(weir__lane *lane, weir__envelope *envelope);

#endif /* WEIR_PIPELINE_DETACH_H */
