/*
 * border.h - no exceptions here. See lib/sync/border.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_BORDER_H
#define WEIR_SYNC_BORDER_H

static inline void weir__border(void) {
}

#endif /* WEIR_SYNC_BORDER_H */
