/*
 * lift.h - Keeps descriptors above the standard streams.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_LIFT_H
#define WEIR_SYNC_LIFT_H

enum { WEIR__LAST_STANDARD = 2 };

/*
 * Returns the descriptor, or a copy of it above the standard streams that is closed on exec. On failure, closes it,
 * returns -1 and sets errno. -1 stays -1. No cancellation point.
 */
int weir__lift(int fd);

/* The same with a descriptor above `last`. */
int weir__lift_above(int fd, int last);

#endif /* WEIR_SYNC_LIFT_H */
