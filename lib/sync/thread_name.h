/*
 * thread_name.h - Declares the name that debuggers and ps show for a thread.
 *
 * thread_name_np.c sets it; thread_name_none.c is for systems without such a call. The build selects one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_NAME_H
#define WEIR_SYNC_THREAD_NAME_H

/* Names the calling thread; at most 15 bytes are kept. */
void weir__thread_set_name(const char *name);

#endif /* WEIR_SYNC_THREAD_NAME_H */
