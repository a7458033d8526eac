/*
 * pending.c - Implements the slots of operations.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/pending.h"

#include "base/mix.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/own_tell.h"

/* ---- the slots of a pipeline ---- */

static uint64_t slots_of(const weir_pipeline *pipeline) {
    uint64_t count = 0;
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        count += stage->options.limits.in_flight;
    return count;
}

/*
 * The first generation is pseudo-random for each pipeline. So a call refuses the number of another pipeline's
 * operation, unless the 40 bits of the generation in it agree.
 */
static uint64_t first_generation(const weir_pipeline *pipeline) {
    return weir__mix(pipeline->born ^ (uintptr_t)pipeline) | 1;
}

static weir_status prepare_stage(weir_stage *stage, weir__operation *slots) {
    weir__operations *operations = &stage->operations;
    if (!weir__stage_detaches(stage))
        return WEIR_OK;
    operations->latencies = weir__alloc(sizeof *operations->latencies);
    if (operations->latencies == NULL)
        return weir__refuse_memory(stage->pipeline, WEIR_NOMEM, stage->name, "in_flight: the latencies of operations",
                                   1, sizeof *operations->latencies);
    operations->slots = slots;
    for (size_t i = stage->options.limits.in_flight; i-- > 0;) {
        slots[i].stage = stage;
        slots[i].generation = first_generation(stage->pipeline);
        slots[i].next = operations->unused;
        operations->unused = &slots[i];
    }
    return WEIR_OK;
}

weir_status weir__pending_prepare(weir_pipeline *pipeline) {
    uint64_t count = slots_of(pipeline);
    if (count == 0)
        return WEIR_OK;
    if (count >= WEIR__SLOTS)
        return weir__refuse(pipeline, WEIR_INVALID, NULL,
                            "start: in_flight of all stages together is %llu, and must be below %d",
                            (unsigned long long)count, WEIR__SLOTS);
    weir__operation *slots = weir__alloc((size_t)count * sizeof *slots);
    if (slots == NULL)
        return weir__refuse_memory(pipeline, WEIR_NOMEM, NULL, "start: in_flight of all stages together", count,
                                   sizeof *slots);
    pipeline->slots = slots;
    pipeline->slot_count = (size_t)count;
    weir_status status = WEIR_OK;
    for (weir_stage *stage = pipeline->first; status == WEIR_OK && stage != NULL; stage = stage->next) {
        status = prepare_stage(stage, slots);
        slots += stage->options.limits.in_flight;
    }
    return status;
}

void weir__pending_free(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        weir__free(stage->operations.latencies);
    weir__free(pipeline->slots);
}

/* ---- the numbers of operations ---- */

weir_operation weir__pending_number(const weir__operation *slot) {
    return slot->generation * WEIR__SLOTS + (weir_operation)(slot - slot->stage->pipeline->slots);
}

static bool is_under_way(const weir__operation *slot) {
    return slot->progress == WEIR__SLOT_INSIDE || slot->progress == WEIR__SLOT_PENDING;
}

weir__operation *weir__pending_find(const weir_pipeline *pipeline, weir_operation operation) {
    size_t at = (size_t)(operation % WEIR__SLOTS);
    if (at >= pipeline->slot_count)
        return NULL;
    weir__operation *slot = &pipeline->slots[at];
    weir__lock *lock = &slot->stage->operations.lock;
    weir__lock_acquire(lock);
    if (weir__pending_number(slot) == operation && is_under_way(slot))
        return slot;
    weir__lock_release(lock);
    return NULL;
}

/* ---- slots for calls ---- */

weir__operation *weir__pending_take(weir__operations *operations) {
    weir__operation *slot = operations->unused;
    if (slot == NULL)
        return NULL;
    weir__assert(slot->progress == WEIR__SLOT_UNUSED);
    operations->unused = slot->next;
    slot->progress = WEIR__SLOT_TAKEN;
    return slot;
}

/* The caller wakes a lane, and tells the stage. */
static void make_unused(weir__operation *slot) {
    weir__operations *operations = &slot->stage->operations;
    weir__assert(slot->progress != WEIR__SLOT_UNUSED && weir__lock_is_held(&operations->lock));
    slot->progress = WEIR__SLOT_UNUSED;
    do
        slot->generation++;
    while (weir__pending_number(slot) == 0);
    slot->answer = (weir__answer){.code = 0};
    slot->next = operations->unused;
    operations->unused = slot;
}

void weir__pending_release(weir__operation *slot) {
    weir_stage *stage = slot->stage;
    make_unused(slot);
    weir__park_release_one(&stage->operations.unused_park, &stage->operations.lock);
    weir__own_tell(stage);
}

void weir__pending_end(weir__lane *lane) {
    weir__operation *slot = lane->slot;
    lane->slot = NULL;
    weir__lock_acquire(&lane->stage->operations.lock);
    weir__pending_release(slot);
}

void weir__pending_wake(weir_stage *stage) {
    weir__operations *operations = &stage->operations;
    weir__lock_acquire(&operations->lock);
    weir__park_release_all(&operations->unused_park, &operations->lock);
    weir__own_tell(stage);
}

/* ---- operations after the return of their functions ---- */

static weir__operation_list *list_of(weir__operation *slot) {
    weir__operations *operations = &slot->stage->operations;
    return slot->in_late ? &operations->late : &operations->pending;
}

/*
 * Inserts in the order of `begun`. Searches from the end, because few other operations began during the call of this
 * one.
 */
static void insert_operation(weir__operation_list *list, weir__operation *slot) {
    weir__operation *before = list->last;
    while (before != NULL && before->begun > slot->begun)
        before = before->before;
    slot->before = before;
    slot->next = before != NULL ? before->next : list->first;
    if (before != NULL)
        before->next = slot;
    else
        list->first = slot;
    if (slot->next != NULL)
        slot->next->before = slot;
    else
        list->last = slot;
}

static void take_operation_out(weir__operation_list *list, weir__operation *slot) {
    if (slot->before != NULL)
        slot->before->next = slot->next;
    else
        list->first = slot->next;
    if (slot->next != NULL)
        slot->next->before = slot->before;
    else
        list->last = slot->before;
}

void weir__pending_add(weir__operation *slot, weir__envelope *envelope) {
    weir__operations *operations = &slot->stage->operations;
    weir__assert(slot->progress == WEIR__SLOT_INSIDE);
    slot->progress = WEIR__SLOT_PENDING;
    slot->envelope = envelope;
    slot->asked = slot->in_late = false;
    insert_operation(&operations->pending, slot);
    operations->open++;
}

void weir__pending_finish(weir__operation *slot) {
    weir__assert(slot->progress == WEIR__SLOT_PENDING);
    take_operation_out(list_of(slot), slot);
    slot->progress = WEIR__SLOT_FINISHED;
}

void weir__pending_set_late(weir__operation *slot) {
    weir__assert(slot->progress == WEIR__SLOT_PENDING && !slot->in_late);
    take_operation_out(list_of(slot), slot);
    slot->in_late = true;
    insert_operation(list_of(slot), slot);
}

/*
 * Tells with the lock held: the thread may end the run as soon as it sees the count. The wakes use only the addresses
 * of the parks (P5).
 */
void weir__pending_close(weir__operation *slot) {
    weir_stage *stage = slot->stage;
    weir__operations *operations = &stage->operations;
    weir__lock_acquire(&operations->lock);
    weir__assert(slot->progress == WEIR__SLOT_FINISHED && operations->open > 0); /* Z3, Z4 */
    make_unused(slot);
    bool last = --operations->open == 0;
    const weir__u32 *lane = weir__park_wake_one(&operations->unused_park);
    bool over = last && weir__park_wake_all(&operations->over_park);
    weir__own_tell(stage);
    weir__lock_release(&operations->lock);
    if (lane != NULL)
        weir__futex_wake(lane, 1);
    if (over)
        weir__park_signal(&operations->over_park, WEIR__EVERYONE);
}

/* ---- the end ---- */

static bool await_stage(weir_stage *stage, uint64_t limit) {
    weir__operations *operations = &stage->operations;
    weir__lock_acquire(&operations->lock);
    bool in_time = true;
    while (operations->open > 0 && in_time)
        in_time = weir__park_wait(&operations->over_park, &operations->lock, limit, NULL);
    bool over = operations->open == 0;
    weir__lock_release(&operations->lock);
    return over;
}

bool weir__pending_await(weir_pipeline *pipeline, uint64_t limit) {
    bool over = true;
    for (weir_stage *stage = pipeline->first; over && stage != NULL; stage = stage->next)
        over = !weir__stage_detaches(stage) || await_stage(stage, limit);
    return over;
}
