/*
 * cursor.c - Implements the cursor: a consumer's loop that settles each item before it takes the next.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/closable_queue.h>

enum { BETWEEN = 0, HOLDING = 1, AT_END = 2 };

static weir_status let_go(weir_queue_cursor *cursor) {
    if (cursor->state != HOLDING)
        return WEIR_OK;
    cursor->state = BETWEEN;
    return weir_queue_task_done(cursor->queue);
}

weir_status weir_queue_cursor_next(weir_queue_cursor *cursor, void **item) {
    if (cursor == NULL || cursor->queue == NULL || item == NULL)
        return WEIR_INVALID;
    weir_status status = let_go(cursor);
    if (status != WEIR_OK)
        return status;
    if (cursor->state == AT_END)
        return WEIR_CLOSED;
    status = weir_queue_get(cursor->queue, item);
    cursor->state = status == WEIR_OK ? HOLDING : AT_END;
    return status;
}

weir_status weir_queue_cursor_end(weir_queue_cursor *cursor) {
    if (cursor == NULL || cursor->queue == NULL)
        return WEIR_INVALID;
    weir_status status = let_go(cursor);
    cursor->state = AT_END;
    return status;
}
