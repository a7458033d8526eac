/*
 * thread_name.h - the name that debuggers and ps show for a thread. thread_name_np.c where the system has one to set,
 * thread_name_none.c elsewhere; the build chooses.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_NAME_H
#define WEIR_SYNC_THREAD_NAME_H

/* Names the calling thread; at most 15 bytes are kept. */
void weir__thread_set_name(const char *name);

#endif /* WEIR_SYNC_THREAD_NAME_H */
