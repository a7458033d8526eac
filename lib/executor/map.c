/*
 * map.c - Implements weir_executor_map.
 *
 * A map has a window of slots, each with a task. In the order of the array, it waits for the oldest one. As completed,
 * each future tells its slot of its end (future.h, F4), and the slots that were told are a list under the map's lock.
 *
 * The map lies on the stack of its caller. If a task that the thread runs meanwhile ends the thread, that task and the
 * map end before the stack is unwound.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/kind.h"
#include "executor/run.h"
#include "executor/state.h"
#include "future/blocking.h"
#include "future/get.h"
#include "sync/border.h"
#include "sync/callout.h"

struct slot {
    weir__watcher watcher; /* first member */
    weir_future *future;   /* NULL: the slot is free */
    size_t index;
    struct map *map;
    struct slot *next; /* among those told, under the lock; or among the free */
};

struct map {
    weir_executor *executor;
    weir_executor_func *func;
    const void *args;
    size_t count;
    weir_map_options options;
    weir_map_func *each;
    void *each_arg;
    size_t submitted, passed;
    bool failed, cancelled; /* without `each`: a task has failed, was cancelled */
    struct slot *slots;     /* `options.in_flight` of them; in order, element i is in slot i % in_flight */
    struct slot *free;      /* as completed */
    weir_status status;     /* of run_map */
    weir__worker *worker;   /* the calling thread's; NULL: it is none of the executor */
    weir__task *caller;     /* the task that the worker runs */
    weir__callout *inside;  /* what the thread is inside */

    weir__lock lock;
    weir__park park;
    struct slot *told, *last_told; /* under the lock */
};

static void tell_map(weir__watcher *watcher, weir_future_state how) {
    struct slot *slot = (struct slot *)watcher;
    struct map *map = slot->map;
    (void)how;
    slot->next = NULL;
    weir__lock_acquire(&map->lock);
    if (map->told == NULL)
        map->told = slot;
    else
        map->last_told->next = slot;
    map->last_told = slot;
    weir__park_release_all(&map->park, &map->lock);
}

static bool is_late(const struct map *map) {
    return map->options.deadline != WEIR_NEVER && weir__clock_now() >= map->options.deadline;
}

/* ---- submitting ---- */

/* Returns the arg of the next task: an element, or its address. */
static void *next_arg(const struct map *map) {
    if (map->options.arg_size == 0)
        return ((void *const *)map->args)[map->submitted];
    return (void *)((uintptr_t)map->args + map->submitted * map->options.arg_size);
}

static weir_status submit_into(struct map *map, struct slot *slot) {
    const weir_submit_options options = {
        .drop = map->options.drop, .drop_arg = map->options.drop_arg, .submit_deadline = map->options.deadline};
    weir_status status = weir_executor_submit_with(map->executor, map->func, next_arg(map), &options, &slot->future);
    if (status != WEIR_OK)
        return status;
    slot->map = map;
    slot->index = map->submitted++;
    slot->watcher.tell = tell_map;
    if (map->options.as_completed && !weir__future_watch(slot->future, &slot->watcher))
        tell_map(&slot->watcher, WEIR_FUTURE_DONE);
    return WEIR_OK;
}

static struct slot *take_free(struct map *map) {
    struct slot *slot = map->free;
    if (!map->options.as_completed)
        return &map->slots[map->submitted % map->options.in_flight];
    map->free = slot->next;
    return slot;
}

static void give_free(struct map *map, struct slot *slot) {
    slot->future = NULL;
    slot->next = map->free;
    map->free = slot;
}

static weir_status fill_window(struct map *map) {
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && map->submitted < map->count && map->submitted - map->passed < map->options.in_flight)
        status = is_late(map) ? WEIR_TIMEDOUT : submit_into(map, take_free(map));
    return status;
}

/* ---- waiting ---- */

static struct slot *take_told_locked(struct map *map) {
    struct slot *slot = map->told;
    if (slot != NULL)
        map->told = slot->next;
    return slot;
}

static struct slot *take_told(struct map *map) {
    weir__lock_acquire(&map->lock);
    struct slot *slot = take_told_locked(map);
    weir__lock_release(&map->lock);
    return slot;
}

/* Runs a task of the window that has not begun, if this is a thread of the executor. */
static bool help_window(struct map *map) {
    if (map->options.deadline != WEIR_NEVER || map->worker == NULL)
        return false;
    for (size_t i = 0; i < map->options.in_flight; i++) {
        if (map->slots[i].future != NULL && weir__task_kind.help(map->slots[i].future))
            return true;
    }
    return false;
}

static weir_status await_told(struct map *map, struct slot **slot) {
    bool in_time = true;
    do
        *slot = take_told(map);
    while (*slot == NULL && help_window(map));
    if (*slot != NULL)
        return WEIR_OK;
    if (!weir__blocking_begin())
        return WEIR_DEADLOCK;
    weir__lock_acquire(&map->lock);
    while ((*slot = take_told_locked(map)) == NULL && in_time)
        in_time = weir__park_wait(&map->park, &map->lock, map->options.deadline, NULL);
    weir__lock_release(&map->lock);
    weir__blocking_end();
    return *slot == NULL ? WEIR_TIMEDOUT : WEIR_OK;
}

/* Waits for the next slot to pass on. */
static weir_status await_next(struct map *map, struct slot **slot) {
    if (map->options.as_completed) {
        weir_status status = await_told(map, slot);
        return status == WEIR_OK ? weir__future_wait((*slot)->future, WEIR_NEVER) : status; /* F4: it ends now */
    }
    *slot = &map->slots[map->passed % map->options.in_flight];
    return weir__future_wait((*slot)->future, map->options.deadline);
}

/* ---- the map ---- */

static bool pass_on(struct map *map, struct slot *slot) {
    bool more = true;
    if (map->each == NULL) {
        weir_future_state how = weir_future_state_of(slot->future);
        map->failed |= how == WEIR_FUTURE_FAILED;
        map->cancelled |= how == WEIR_FUTURE_CANCELLED;
    } else {
        int before = weir__uncancellable_begin();
        more = map->each(slot->index, slot->future, map->each_arg);
        weir__border();
        weir__uncancellable_end(before);
    }
    weir_future_release(slot->future);
    give_free(map, slot);
    map->passed++;
    return more;
}

static weir_status run_map(struct map *map) {
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && map->passed < map->count) {
        struct slot *slot;
        status = is_late(map) ? WEIR_TIMEDOUT : fill_window(map);
        if (status == WEIR_OK)
            status = await_next(map, &slot);
        if (status == WEIR_OK && !pass_on(map, slot))
            status = WEIR_CANCELLED;
    }
    if (status == WEIR_OK && map->failed)
        return WEIR_FAILED;
    return status == WEIR_OK && map->cancelled ? WEIR_CANCELLED : status;
}

static void call_run_map(void *raw) {
    struct map *map = raw;
    map->status = run_map(map);
}

/* Cancels what has not begun, and waits for the rest. */
static void end_map(struct map *map) {
    for (size_t i = 0; i < map->options.in_flight; i++) {
        if (map->slots[i].future != NULL)
            (void)weir_future_cancel(map->slots[i].future);
    }
    for (size_t i = 0; i < map->options.in_flight; i++) {
        weir_future *future = map->slots[i].future;
        if (future == NULL)
            continue;
        while (weir__future_wait(future, WEIR_NEVER) == WEIR_DEADLOCK)
            weir__yield(); /* it runs on another thread, which will end */
        weir_future_release(future);
    }
}

/* The thread ends in a task that it runs for the map, or in `each`. */
static void abandon_map(void *raw) {
    struct map *map = raw;
    weir__callout_unwind_to(map->inside);
    if (map->worker != NULL)
        weir__run_abandon(map->worker, map->caller);
    end_map(map);
    weir__free(map->slots);
}

static bool is_valid(const weir_map_options *options, size_t count) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return count == 0 || options->arg_size <= SIZE_MAX / count;
}

/* Sets the defaults, and what is known of the calling thread. */
static void prepare(struct map *map) {
    weir_map_options *options = &map->options;
    if (options->in_flight == 0)
        options->in_flight = 2 * map->executor->size;
    if (options->in_flight > map->count)
        options->in_flight = map->count;
    if (options->deadline == 0)
        options->deadline = WEIR_NEVER;
    map->inside = *weir__thread_callouts();
    map->worker = weir__worker_of_thread(map->executor);
    map->caller = map->worker == NULL ? NULL : map->worker->current;
}

weir_status weir_executor_map(weir_executor *executor, weir_executor_func *func, const void *args, size_t count,
                              const weir_map_options *options, weir_map_func *each, void *each_arg) {
    const weir_map_options none = {0};
    options = options == NULL ? &none : options;
    if (executor == NULL || func == NULL || (args == NULL && count > 0) || !is_valid(options, count))
        return WEIR_INVALID;
    struct map map = {.executor = executor,
                      .func = func,
                      .args = args,
                      .count = count,
                      .options = *options,
                      .each = each,
                      .each_arg = each_arg};
    if (count == 0)
        return WEIR_OK;
    prepare(&map);
    if (map.options.in_flight > SIZE_MAX / 2 / sizeof *map.slots)
        return WEIR_NOMEM;
    map.slots = weir__alloc(map.options.in_flight * sizeof *map.slots);
    if (map.slots == NULL)
        return WEIR_NOMEM;
    for (size_t i = map.options.in_flight; i-- > 0;)
        give_free(&map, &map.slots[i]);
    weir__thread_guard(call_run_map, abandon_map, &map);
    end_map(&map);
    weir__free(map.slots);
    return map.status;
}
