/*
 * source.c - Implements sources.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/source.h"

#include "executor/bundle.h"
#include "executor/task.h"
#include "sync/prefetch.h"

/* Times are in ticks of 2^20 ns: about a millisecond. They wrap around after seven weeks. */
enum { TICK_BITS = 20, PATIENCE = 96 };

static uint32_t tick(void) {
    uint32_t now = (uint32_t)(weir__clock_now() >> TICK_BITS);
    return now == 0 ? 1 : now;
}

/* ---- the list of a band ---- */

static void queue_source(weir__bands *bands, weir__source *source) {
    source->next = NULL;
    source->before = bands->list[source->band].last;
    if (source->before == NULL)
        bands->list[source->band].first = source;
    else
        source->before->next = source;
    bands->list[source->band].last = source;
}

static void unqueue_source(weir__bands *bands, weir__source *source) {
    if (source->before == NULL)
        bands->list[source->band].first = source->next;
    else
        source->before->next = source->next;
    if (source->next == NULL)
        bands->list[source->band].last = source->before;
    else
        source->next->before = source->before;
}

/* ---- the tasks of a source ---- */

/* Times are noted once priorities are in use. */
void weir__source_note(weir__bands *bands, weir__task *task) {
    if (!bands->several && task->source->band != WEIR__BAND_NORMAL) {
        bands->several = true;
        bands->measured = tick();
    }
    task->since = bands->several ? tick() : 0;
}

/* Appends an element: a task or a bundle. */
static void append(weir__bands *bands, weir__task *task) {
    weir__source *source = task->source;
    weir__source_note(bands, task);
    task->where = WEIR__TASK_LISTED;
    task->next = NULL;
    task->before = source->last;
    if (source->last == NULL) {
        source->first = task;
        queue_source(bands, source);
    } else {
        source->last->next = task;
    }
    source->last = task;
}

void weir__source_append(weir__bands *bands, weir__task *task) {
    append(bands, task);
    bands->listed++;
}

/* Returns the bundle at the end of the source, if a further task may be added to it; NULL: it may not. */
static weir__bundle *open_bundle(const weir__bands *bands, const weir__source *source) {
    weir__bundle *last = (weir__bundle *)source->last;
    if (last == NULL || !last->head.bundled || last->to == last->room)
        return NULL;
    return !bands->several || last->head.since == tick() ? last : NULL; /* its tasks have one age */
}

bool weir__source_append_pair(weir__bands *bands, weir__source *source, weir_executor_func *func, void *arg) {
    weir__bundle *bundle = open_bundle(bands, source);
    if (bundle == NULL && bands->spare == NULL)
        return false;
    if (bundle == NULL) {
        bundle = weir__bundle_take(bands, source);
        append(bands, &bundle->head);
    }
    weir__bundle_add(bundle, func, arg);
    bands->listed++;
    return true;
}

void weir__source_requeue(weir__bands *bands, weir__task *task) {
    weir__source *source = task->source;
    task->where = WEIR__TASK_LISTED;
    task->before = NULL;
    task->next = source->first;
    if (source->first == NULL) {
        source->last = task;
        queue_source(bands, source);
    } else {
        source->first->before = task;
    }
    source->first = task;
    bands->listed += weir__listed_size(task);
}

/* Removes an element. */
static void unlink_task(weir__bands *bands, weir__task *task) {
    weir__source *source = task->source;
    weir__assert(task->where == WEIR__TASK_LISTED); /* X1 */
    if (task->before == NULL)
        source->first = task->next;
    else
        task->before->next = task->next;
    if (task->next == NULL)
        source->last = task->before;
    else
        task->next->before = task->before;
    if (source->first == NULL)
        unqueue_source(bands, source);
    task->where = WEIR__TASK_OUT;
}

void weir__source_remove(weir__bands *bands, weir__task *task) {
    unlink_task(bands, task);
    bands->listed -= weir__listed_size(task);
}

bool weir__source_remove_pair(weir__bands *bands, weir__source *source, weir_executor_func *func, const void *arg) {
    weir__task *task = source->last;
    while (task != NULL && !(task->bundled && weir__bundle_remove((weir__bundle *)task, func, arg)))
        task = task->before;
    if (task == NULL)
        return false;
    bands->listed--;
    if (weir__listed_size(task) > 0)
        return true;
    unlink_task(bands, task);
    weir__bundle_keep(bands, (weir__bundle *)task);
    return true;
}

/* ---- the next source ---- */

/* Returns since when the first task of the band has waited, in ticks before `now`. */
static uint32_t age(const weir__bands *bands, enum weir__band band, uint32_t now) {
    uint32_t since = bands->list[band].first->first->since;
    return now - (since == 0 ? bands->measured : since);
}

/*
 * Returns the next source to take from: of the highest band, or of a lower one that has waited for PATIENCE longer than
 * all above it. So the tasks that begin before an earlier one of a lower band are later by no more than that.
 */
static weir__source *choose(const weir__bands *bands) {
    enum weir__band next = WEIR__BAND_HIGH;
    while (bands->list[next].first == NULL)
        next++;
    uint32_t now = 0, longest = 0;
    for (enum weir__band band = next + 1; band < WEIR__BANDS; band++) {
        if (bands->list[band].first == NULL)
            continue;
        if (now == 0) {
            now = tick();
            longest = age(bands, next, now);
        }
        uint32_t waited = age(bands, band, now);
        if (waited >= longest + PATIENCE)
            next = band;
        if (waited > longest)
            longest = waited;
    }
    return bands->list[next].first;
}

bool weir__source_yields(weir__bands *bands) {
    uint32_t now = tick(), since = bands->passed;
    bool yields = true;
    if (bands->listed > 0) {
        enum weir__band band = choose(bands)->band;
        uint32_t patience = band == WEIR__BAND_HIGH ? PATIENCE : 0;
        bool lower = band == WEIR__BAND_LOW && age(bands, band, now) < PATIENCE;
        yields = lower || (since != 0 && now - since >= patience);
    }
    bands->passed = yields ? 0 : since != 0 ? since : now;
    return yields;
}

/* Takes up to `most` tasks of the first bundle of a source. Returns their number. */
static size_t take_pairs(weir__bands *bands, weir__bundle *bundle, weir__entry *entries, size_t most,
                         weir__bundle **over) {
    size_t size = weir__bundle_size(bundle), count = size < most ? size : most;
    for (size_t i = 0; i < count; i++) {
        const weir__pair *pair = &bundle->pairs[bundle->from + i];
        entries[i].arg = pair->arg;
        entries[i].of = bundle->head.source;
        weir__ptr_store_relaxed(&entries[i].token, (void *)(uintptr_t)pair->func);
    }
    bundle->from += count;
    if (count == size) {
        unlink_task(bands, &bundle->head);
        weir__bundle_give(bands, bundle, over);
    }
    return count;
}

/*
 * Takes up to `most` tasks, which are not in bundles, of the front of a source. Returns their number. It writes to none
 * of their neighbours: another thread has written to each last, and the lock is held.
 */
static size_t take_tasks(weir__bands *bands, weir__source *source, weir__entry *entries, size_t most) {
    size_t taken = 0;
    weir__task *task = source->first;
    for (; taken < most && task != NULL && !task->bundled; task = task->next) {
        weir__prefetch(task);
        weir__assert(task->where == WEIR__TASK_LISTED); /* X1 */
        task->where = WEIR__TASK_OUT;
        entries[taken].of = NULL;
        weir__ptr_store_relaxed(&entries[taken++].token, task);
    }
    source->first = task;
    if (task != NULL) {
        task->before = NULL;
        return taken;
    }
    source->last = NULL;
    unqueue_source(bands, source);
    return taken;
}

/* Takes tasks of the source, in its order. Returns their number. */
static size_t take_of(weir__bands *bands, weir__source *source, weir__take *take) {
    size_t taken = 0, runs = 0;
    bool in_run = false;
    while (taken < take->most && source->first != NULL) {
        weir__task *first = source->first;
        weir__entry *entries = take->entries + taken;
        if (!first->bundled) {
            taken += take_tasks(bands, source, entries, take->most - taken);
            in_run = false;
            continue;
        }
        if ((runs > 0 && first->since != take->since) || (!in_run && taken > 0 && runs == take->runs))
            break;
        runs += !in_run;
        in_run = true;
        take->since = first->since;
        taken += take_pairs(bands, (weir__bundle *)first, entries, take->most - taken, &take->over);
    }
    return taken;
}

size_t weir__source_take(weir__bands *bands, weir__take *take) {
    if (bands->listed == 0)
        return 0;
    weir__source *source = choose(bands);
    take->band = source->band;
    size_t taken = take_of(bands, source, take);
    bands->listed -= taken;
    if (source->first != NULL && source->next != NULL) {
        unqueue_source(bands, source);
        queue_source(bands, source);
    }
    return taken;
}
