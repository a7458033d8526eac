/*
 * start.c - Implements starting a group's threads together and joining them (W1 of group.h), and single workers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stoppable_worker/start.h"

#include "closable_queue/share.h"
#include "closable_queue/users.h"
#include "stoppable_worker/group.h"
#include "stoppable_worker/worker.h"

#include <stdio.h>
#include <string.h>

static bool is_usable(const weir_worker_options *options) {
    if (options == NULL || options->func == NULL)
        return false;
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return true;
}

/* Formats a thread's name, such as "resize-3". A long base is truncated, the number is not. */
static void name_thread(char name[WEIR__THREAD_NAME], const char *base, size_t number) {
    char suffix[WEIR__THREAD_NAME];
    size_t length = (size_t)snprintf(suffix, sizeof suffix, "-%u", (unsigned)(number % 100000));
    size_t kept = strnlen(base, WEIR__THREAD_NAME - 1 - length);
    memcpy(name, base, kept);
    memcpy(name + kept, suffix, length + 1);
}

/* Initialises a worker. Returns false if there is no memory for the list nodes of the items that it may requeue. */
static bool prepare(weir_worker *worker, weir__group *group, const weir_worker_options *options) {
    worker->group = group;
    worker->most = 1;
    for (size_t i = 0; i < WEIR__BATCH; i++)
        weir__ptr_store_relaxed(&worker->batch[i], WEIR__EMPTY);
    worker->hold = (weir__hold){.slots = worker->batch, .count = WEIR__BATCH};
    worker->thread.main = weir__worker_main;
    worker->thread.at_exit = weir__worker_at_exit;
    worker->thread.arg = worker;
    worker->thread.stack_size = options->stack_size;
    name_thread(worker->thread.name, options->name == NULL ? "weir" : options->name, (size_t)(worker - group->workers));
    worker->returned = weir__alloc(sizeof *worker->returned + WEIR__BATCH * sizeof worker->returned->places[0]);
    return worker->returned != NULL;
}

static weir__group *create(size_t count, const weir_worker_options *options, weir_queue *in, weir_queue *out) {
    weir__group *group = weir__alloc(sizeof *group + count * sizeof group->workers[0]);
    if (group == NULL)
        return NULL;
    group->func = options->func;
    group->arg = options->arg;
    group->init = options->init;
    group->fini = options->fini;
    group->in = in;
    group->out = out;
    weir__u64_store_relaxed(&group->team.mark, UINT64_MAX);
    while (group->count < count) {
        if (!prepare(&group->workers[group->count++], group, options)) {
            weir__group_free(group);
            return NULL;
        }
    }
    return group;
}

/* Creates threads until one fails. Returns the number of threads created. */
static size_t create_threads(weir__group *group) {
    size_t created = 0;
    while (created < group->count && weir__thread_start(&group->workers[created].thread))
        created++;
    return created;
}

/* Blocks until every thread has reported. Returns true if every init succeeded. */
static bool wait_for_reports(weir__group *group) {
    weir__lock_acquire(&group->lock);
    while (group->reports < group->count)
        weir__park_wait(&group->at_reports, &group->lock, WEIR_NEVER, NULL);
    bool well = !group->init_failed;
    weir__lock_release(&group->lock);
    return well;
}

static void open_gate(weir__group *group, enum weir__gate to) {
    weir__lock_acquire(&group->lock);
    weir__assert(group->gate == WEIR__GATE_SHUT);
    group->gate = to;
    weir__park_release_all(&group->at_gate, &group->lock);
}

static void join_first(weir__group *group, size_t count) {
    for (size_t i = 0; i < count; i++)
        weir__thread_join(&group->workers[i].thread);
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

/* Creates the threads and opens the gate. After a failure no thread is left. */
static weir_status launch(weir__group *group) {
    weir_status status = WEIR_OK;
    if (!use_queues(group))
        return WEIR_CLOSED;
    size_t created = create_threads(group);
    if (created < group->count)
        status = WEIR_NOTHREAD;
    else if (group->init != NULL && !wait_for_reports(group))
        status = WEIR_INITFAILED;
    if (status == WEIR_OK)
        weir__queue_attach(group->in, group->count);
    open_gate(group, status == WEIR_OK ? WEIR__GATE_TO_WORK : WEIR__GATE_TO_EXIT);
    if (status != WEIR_OK) {
        join_first(group, created);
        release_queues(group);
    }
    return status;
}

weir_status weir__group_start(weir__group **result, size_t count, const weir_worker_options *options,
                              weir__leave *leave, weir_queue *in, weir_queue *out) {
    if (in == NULL || count == 0 || !is_usable(options))
        return WEIR_INVALID;
    if (count > (SIZE_MAX - WEIR__CHUNK - sizeof(weir__group)) / sizeof(weir_worker))
        return WEIR_INVALID;
    weir__group *group = create(count, options, in, out);
    if (group == NULL)
        return WEIR_NOMEM;
    group->leave = leave;
    weir_status status = launch(group);
    if (status == WEIR_OK)
        *result = group;
    else
        weir__group_free(group);
    return status;
}

bool weir__group_join_until(weir__group *group, weir_deadline deadline) {
    size_t joined = 0, before = group->joined;
    for (size_t i = 0; i < group->count; i++) {
        weir_worker *worker = &group->workers[i];
        worker->joined = worker->joined != 0 || weir__thread_join_until(&worker->thread, deadline);
        joined += worker->joined;
    }
    group->joined = joined;
    weir__assert(before <= joined);
    if (joined == group->count && before < joined) {
        weir__queue_detach(group->in, group->count);
        release_queues(group);
    }
    return joined == group->count;
}

void weir__group_join(weir__group *group) {
    (void)weir__group_join_until(group, WEIR_NEVER);
}

bool weir__worker_is_joined(const weir_worker *worker) {
    return worker->joined != 0;
}

void weir__group_free(weir__group *group) {
    weir__assert(group->joined == 0 || group->joined == group->count);
    for (size_t i = 0; i < group->count; i++)
        weir__free(group->workers[i].returned); /* of workers that never ran */
    weir__free(group);
}

weir_worker *weir__worker_self(void) {
    const weir__thread *self = weir__thread_self();
    return self != NULL && self->main == weir__worker_main ? self->arg : NULL;
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
    weir_status status = weir__u32_load_relaxed(&group->lost_result) ? WEIR_NOMEM : WEIR_OK;
    weir__group_free(group);
    return status;
}
