/*
 * source.c - Implements a stage that takes items from the queue, and what becomes of them.
 *
 * Items arrive in `arrived`, a queue of weir. The source submits each with its held item as the ticket; weir tells
 * `settle` when all that came of it has ended. A source that has ended takes nothing more, although its pipeline may run on
 * for long: what is not settled then.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "clock.h"
#include "held.h"
#include "pull.h"
#include "put.h"
#include "sentinel.h"
#include "take.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static void deliver(void *target, struct weir__nats_held *held) {
    weir_nats *nats = target;
    if (weir_queue_put(nats->arrived, held) != WEIR_OK)
        weir__nats_nak(held, 0);
}

/* A thread of the stage. */
struct source {
    weir_nats *nats;
    bool takes;
};

static weir_status take(struct source *source) {
    weir_nats *nats = source->nats;
    if (weir_queue_get_fd(nats->arrived) < 0)
        return weir_init_fail(WEIR_NOMEM, "no descriptor for the source");
    weir_status status = weir__nats_take(nats, deliver, nats);
    source->takes = status == WEIR_OK;
    if (status == WEIR_OK)
        return WEIR_OK;
    char reason[MESSAGE_BYTES];
    weir_nats_message_copy(nats, reason, sizeof reason);
    return weir_init_fail(status, "%s", reason);
}

static weir_status begin(void *arg, void **state) {
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return weir_init_fail(WEIR_NOMEM, "out of memory for a source");
    source->nats = arg;
    weir_status status = take(source);
    if (status != WEIR_OK) {
        free(source);
        return status;
    }
    *state = source;
    return WEIR_OK;
}

static void take_no_more(struct source *source) {
    weir_nats *nats = source->nats;
    void *entry;
    bool took = source->takes;
    source->takes = false;
    if (!took || !weir__nats_take_no_more(nats))
        return;
    while (weir_queue_try_get(nats->arrived, &entry) == WEIR_OK)
        weir__nats_dropped(entry);
}

static void end(void *state) {
    take_no_more(state);
    free(state);
}

static void settle(void *ticket, weir_outcome outcome) {
    struct weir__nats_held *held = ticket;
    switch (outcome) {
        case WEIR_ITEM_DONE:
        case WEIR_ITEM_DEAD:
            weir__nats_ack(held);
            break;
        case WEIR_ITEM_DROPPED:
            weir__nats_dropped(held);
            break;
        case WEIR_ITEM_FAILED:
        default:
            weir__nats_failed(held);
            break;
    }
}

/* Nothing but the server's answer tells that this source is the one that ends. */
static int end_by(weir_task *task, struct source *source, struct weir__nats_held *sentinel) {
    uint64_t pause = 0;
    while (!weir__nats_sentinel_end(sentinel)) {
        weir_task_poll(task, -1, 0, weir_deadline_after(weir__nats_back_off(&pause)));
        if (weir_task_cancelled(task)) {
            weir__nats_dropped(sentinel);
            return 0;
        }
    }
    take_no_more(source);
    return WEIR_END;
}

static int take_one(weir_task *task, struct source *source, struct weir__nats_held *held) {
    weir_nats *nats = source->nats;
    if (held->sentinel)
        return end_by(task, source, held);
    void *item = NULL;
    if (weir__nats_decode(held, &item) != WEIR_OK)
        return 0;
    if (weir_task_submit(task, item, held) != WEIR_OK) {
        if (nats->config.drop != NULL)
            nats->config.drop(item, nats->config.arg);
        weir__nats_dropped(held);
        return weir_task_fail(task, EINVAL, "the options of the pipeline lack what weir_nats_source has set");
    }
    return 0;
}

static int run(weir_task *task, void *unused, void *state) {
    struct source *source = state;
    weir_nats *nats = source->nats;
    void *entry;
    (void)unused;
    while (weir_queue_try_get(nats->arrived, &entry) == WEIR_EMPTY) {
        weir_status status = weir_task_poll(task, weir_queue_get_fd(nats->arrived), POLLIN, WEIR_NEVER);
        if (status != WEIR_OK)
            return weir_task_fail(task, WEIR_CODE(status), "%s", weir_strerror(status));
    }
    return take_one(task, source, entry);
}

weir_status weir_nats_source(weir_nats *nats, weir_stage_options *stage, weir_pipeline_options *options) {
    if (nats == NULL || stage == NULL || options == NULL || (options->settled != NULL && options->settled != settle))
        return WEIR_INVALID;
    stage->work.source = run;
    stage->work.arg = nats;
    stage->work.init = begin;
    stage->work.fini = end;
    if (stage->threads.count == 0)
        stage->threads.count = 1;
    options->settled = settle;
    return WEIR_OK;
}
