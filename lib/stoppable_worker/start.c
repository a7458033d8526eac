/*
 * start.c - Implements starting and joining groups, and single workers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stoppable_worker/start.h"

#include "closable_queue/share.h"
#include "closable_queue/users.h"
#include "stoppable_worker/group.h"
#include "stoppable_worker/prefetch.h"
#include "stoppable_worker/worker.h"

static bool is_usable(const weir_worker_options *options) {
    if (options == NULL || options->func == NULL)
        return false;
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return true;
}

static void prepare(weir_worker *worker, weir__group *group, const weir_worker_options *options) {
    worker->group = group;
    worker->most = 1;
    for (size_t i = 0; i < WEIR__BATCH; i++)
        weir__ptr_store_relaxed(&worker->batch[i], WEIR__EMPTY);
    worker->hold = (weir__hold){.slots = worker->batch, .count = WEIR__BATCH};
    weir__gang_add(&group->gang, &worker->member, options->name == NULL ? "weir" : options->name, options->stack_size);
}

/* Creates a group that starts with `count` workers, with memory for `most`. */
static weir__group *create(size_t count, size_t most, const weir_worker_options *options, weir_queue *in,
                           weir_queue *out) {
    weir__group *group = weir__alloc(sizeof *group + most * sizeof group->workers[0]);
    if (group == NULL)
        return NULL;
    group->gang = (weir__gang){
        .trade = weir__worker_trade(),
        .arg = options->arg,
        .init = options->init,
        .fini = options->fini,
        .first = (char *)&group->workers[0].member,
        .stride = sizeof group->workers[0],
    };
    group->func = options->func;
    group->in = in;
    group->out = out;
    weir__u64_store_relaxed(&group->team.mark, UINT64_MAX);
    for (size_t i = 0; i < most; i++) {
        prepare(&group->workers[i], group, options);
        if (i < count && !weir__prefetch_equip(&group->workers[i])) {
            weir__group_free(group);
            return NULL;
        }
    }
    return group;
}

/* Registers with both queues. Returns false, with no effect, if one of them is being destroyed. */
static bool use_queues(const weir__group *group) {
    if (!weir__queue_use(group->in))
        return false;
    if (group->out == NULL || weir__queue_use(group->out))
        return true;
    weir__queue_release(group->in);
    return false;
}

static void release_queues(const weir__group *group) {
    weir__queue_release(group->in);
    if (group->out != NULL)
        weir__queue_release(group->out);
}

/* Starts the threads and sends them to work. After a failure no thread is left. */
static weir_status launch(weir__group *group, size_t count) {
    if (!use_queues(group))
        return WEIR_CLOSED;
    weir_status status = weir__gang_start(&group->gang, count);
    if (status != WEIR_OK) {
        release_queues(group);
        return status;
    }
    weir__queue_attach(group->in, count);
    for (size_t i = 0; i < count; i++)
        group->workers[i].attached = true; /* before the gate opens */
    weir__gang_open(&group->gang);
    return WEIR_OK;
}

/* W3. */
static void make_elastic(weir__group *group, size_t count) {
    group->gang.grows = true;
    group->team.elastic = true;
    weir__u32_store_relaxed(&group->team.wanted, (uint32_t)count);
    weir__u32_store_relaxed(&group->team.alive, (uint32_t)count);
}

weir_status weir__group_start(weir__group **result, size_t count, const weir_worker_options *options,
                              const weir__group_extra *extra, weir_queue *in, weir_queue *out) {
    size_t most = extra != NULL && extra->most > count ? extra->most : count;
    if (in == NULL || count == 0 || !is_usable(options))
        return WEIR_INVALID;
    if (most > (SIZE_MAX - WEIR__CHUNK - sizeof(weir__group)) / sizeof(weir_worker))
        return WEIR_INVALID;
    weir__group *group = create(count, most, options, in, out);
    if (group == NULL)
        return WEIR_NOMEM;
    if (extra != NULL)
        group->extra = *extra;
    if (most > count)
        make_elastic(group, count);
    *result = group;
    weir_status status = launch(group, count);
    if (status != WEIR_OK) {
        *result = NULL;
        weir__group_free(group);
    }
    return status;
}

bool weir__group_join_until(weir__group *group, weir_deadline deadline) {
    if (group->gang.grows)
        weir__gang_seal(&group->gang); /* until then, the growing thread changes the number of joined workers */
    size_t before = group->gang.joined;
    bool all = weir__gang_join_until(&group->gang, deadline);
    if (all && before < group->gang.joined)
        release_queues(group);
    return all;
}

void weir__group_join(weir__group *group) {
    (void)weir__group_join_until(group, WEIR_NEVER);
}

bool weir__worker_is_joined(const weir_worker *worker) {
    return worker->member.joined != 0;
}

void weir__group_free(weir__group *group) {
    weir__assert(group->gang.joined == 0 || group->gang.joined == group->gang.started);
    for (size_t i = 0; i < group->gang.count; i++)
        weir__free(group->workers[i].returned); /* of workers that never ran */
    weir__free(group);
}

bool weir__group_is_self(const weir__group *group) {
    const weir_worker *self = weir__worker_self();
    return self != NULL && self->group == group;
}

weir_status weir_worker_start(weir_worker **worker, const weir_worker_options *options, weir_queue *in,
                              weir_queue *out) {
    weir__group *group;
    if (worker == NULL)
        return WEIR_INVALID;
    weir_status status = weir__group_start(&group, 1, options, NULL, in, out);
    if (status == WEIR_OK)
        *worker = &group->workers[0];
    return status;
}

weir_status weir_worker_join(weir_worker *worker) {
    if (worker == NULL)
        return WEIR_INVALID;
    weir__group *group = worker->group;
    if (weir__group_is_self(group))
        return WEIR_DEADLOCK;
    weir__group_join(group);
    weir_status status = (weir_status)weir__u32_load_relaxed(&group->lost_result);
    weir__group_free(group);
    return status;
}
