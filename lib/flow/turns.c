/*
 * turns.c - Implements turns.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/turns.h"

enum { SMALLEST_WINDOW = 256, LARGEST_WINDOW = 16384 };

bool weir__turns_prepare(weir__turns *turns, size_t most) {
    turns->size = SMALLEST_WINDOW;
    while (turns->size < most && turns->size < LARGEST_WINDOW)
        turns->size *= 2;
    turns->window = weir__alloc(turns->size * sizeof(weir__turn_slot));
    return turns->window != NULL;
}

void weir__turns_free(weir__turns *turns) {
    weir__free(turns->window);
}

static weir__turn_slot *slot_of(const weir__turns *turns, uint64_t position) {
    return &turns->window[position & (turns->size - 1)];
}

size_t weir__turns_room_locked(const weir__turns *turns) {
    uint64_t used = turns->taken - weir__u64_load_relaxed(&turns->next);
    weir__assert(weir__lock_is_held(&turns->lock) && used <= turns->size); /* O8 */
    return turns->size - (size_t)used;
}

uint64_t weir__turns_assign_locked(weir__turns *turns, size_t count) {
    uint64_t first = turns->taken;
    weir__assert(count <= weir__turns_room_locked(turns)); /* O8 */
    turns->taken += count;
    return first;
}

static void count_returned_locked(weir__turns *turns, size_t more) {
    weir__u32_store_release(&turns->returns, weir__u32_load_relaxed(&turns->returns) + (uint32_t)more);
}

void weir__turns_return_locked(weir__turns *turns, weir__returned_group *group) {
    weir__returned_group **at = &turns->returned;
    while (*at != NULL && (*at)->position < group->position)
        at = &(*at)->next;
    group->next = *at;
    *at = group;
    weir__assert(group->at < group->end); /* O9 */
    count_returned_locked(turns, group->end - group->at);
}

size_t weir__turns_retake_locked(weir__turns *turns, void **items, size_t most, uint64_t *position) {
    weir__returned_group *group = turns->returned;
    if (group == NULL)
        return 0;
    size_t count = group->end - group->at;
    count = count < most ? count : most;
    *position = group->position;
    for (size_t i = 0; i < count; i++)
        items[i] = group->items[group->at++];
    group->position += count;
    count_returned_locked(turns, -count);
    if (group->at < group->end)
        return count;
    turns->returned = group->next;
    weir__free(group);
    return count;
}

bool weir__turns_keep(weir__turns *turns, uint64_t position, const weir__parcel *parcel) {
    weir__lock_acquire(&turns->lock);
    bool waits = weir__u64_load_relaxed(&turns->next) != position;
    for (uint32_t i = 0; waits && i < parcel->count; i++)
        slot_of(turns, position + i)->result = weir__ptr_load_relaxed(&parcel->results[i]);
    if (waits) {
        weir__turn_slot *first = slot_of(turns, position);
        weir__assert(first->items == 0 && parcel->count <= parcel->items); /* O7 */
        first->items = parcel->items;
        first->results = parcel->count;
        first->promised = parcel->promised;
        turns->kept += parcel->count;
    }
    weir__lock_release(&turns->lock);
    return waits;
}

bool weir__turns_follows_locked(const weir__turns *turns, size_t items) {
    return slot_of(turns, weir__u64_load_relaxed(&turns->next) + items)->items != 0;
}

bool weir__turns_end_locked(weir__turns *turns, size_t items) {
    uint64_t next = weir__u64_load_relaxed(&turns->next) + items;
    bool missed = turns->missed;
    weir__assert(weir__lock_is_held(&turns->lock) && next <= turns->taken); /* O6 */
    turns->missed = false;
    weir__u64_store_release(&turns->next, next);
    return missed;
}

bool weir__turns_move_locked(weir__turns *turns, size_t items, size_t most, weir__parcel *parcel) {
    uint64_t at = weir__u64_load_relaxed(&turns->next) + items;
    weir__turn_slot *first = slot_of(turns, at);
    weir__assert(weir__lock_is_held(&turns->lock)); /* O7 */
    if (first->items == 0 || first->results > most)
        return false;
    parcel->items = first->items;
    parcel->count = first->results;
    parcel->promised = first->promised;
    for (uint32_t i = 0; i < parcel->count; i++)
        weir__ptr_store_relaxed(&parcel->results[i], slot_of(turns, at + i)->result);
    first->items = first->results = 0;
    turns->kept -= parcel->count;
    return true;
}

bool weir__turns_end(weir__turns *turns, size_t items, size_t most, weir__parcel *parcel) {
    weir__lock_acquire(&turns->lock);
    bool missed = weir__turns_end_locked(turns, items);
    if (!weir__turns_move_locked(turns, 0, most, parcel))
        parcel->items = 0;
    weir__lock_release(&turns->lock);
    return missed;
}
