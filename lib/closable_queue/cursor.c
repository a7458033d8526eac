/*
 * cursor.c - Implements the cursor: a consumer's loop that settles each item before it takes the next.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port_settle.h"

/* A cursor of a queue with a port holds an item if its state is the number of the delivery, negated. */
enum { BETWEEN = 0, HOLDING = 1, AT_END = 2 };

static weir_status let_go(weir_queue_cursor *cursor) {
    int state = cursor->state;
    if (state == BETWEEN || state == AT_END)
        return WEIR_OK;
    cursor->state = BETWEEN;
    if (state == HOLDING)
        return weir_queue_task_done(cursor->queue);
    weir__port_settle_kept(cursor->queue, -state);
    return WEIR_OK;
}

static weir_status take(weir_queue_cursor *cursor, void **item) {
    int number = -HOLDING;
    weir_status status = cursor->queue->port == NULL ? weir_queue_get(cursor->queue, item)
                                                     : weir__port_get_kept(cursor->queue, item, &number);
    cursor->state = status == WEIR_OK ? -number : AT_END;
    return status;
}

weir_status weir_queue_cursor_next(weir_queue_cursor *cursor, void **item) {
    if (cursor == NULL || cursor->queue == NULL || item == NULL)
        return WEIR_INVALID;
    weir_status status = let_go(cursor);
    if (status != WEIR_OK)
        return status;
    if (cursor->state == AT_END)
        return WEIR_CLOSED;
    return take(cursor, item);
}

weir_status weir_queue_cursor_end(weir_queue_cursor *cursor) {
    if (cursor == NULL || cursor->queue == NULL)
        return WEIR_INVALID;
    weir_status status = let_go(cursor);
    cursor->state = AT_END;
    return status;
}
