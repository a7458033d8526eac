/*
 * sink.c - Implements a stage that puts its items to the queue.
 *
 * A put that blocks looks each tenth of a second whether the pipeline is cancelled. It keeps its identity.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "buffer.h"
#include "burst.h"
#include "clock.h"
#include "put.h"

#define LOOK (100 * WEIR__NATS_MILLISECOND)

static bool may_wait(weir_task *task, weir_status status) {
    bool waits =
        status == WEIR_TIMEDOUT || status == WEIR_FULL || status == WEIR_DISCONNECTED || status == WEIR_UNCERTAIN;
    return waits && !weir_task_cancelled(task) && weir__nats_now() < weir_task_deadline(task);
}

static weir_status put_until_end(weir_task *task, weir_nats *nats, struct weir__nats_put *put) {
    weir_status status;
    do {
        weir_deadline look = weir__nats_sooner(weir_deadline_after(LOOK), weir_task_deadline(task));
        status = weir__nats_put_until(nats, put, look);
    } while (may_wait(task, status));
    return status;
}

static weir_status put_bytes(weir_task *task, weir_nats *nats, const char *subject, const weir_nats_buffer *buffer) {
    struct weir__nats_put put;
    weir__nats_put_begin(&put, subject, buffer->bytes, buffer->size);
    return put_until_end(task, nats, &put);
}

static weir_status put_item(weir_task *task, weir_nats *nats, void *item) {
    weir_nats_buffer buffer = {NULL, 0, 0};
    weir_status status = nats->config.encode(item, &buffer, nats->config.arg);
    if (status == WEIR_OK)
        status = put_bytes(task, nats, weir__nats_subject(nats, item), &buffer);
    weir__nats_buffer_free(&buffer);
    if (status == WEIR_OK && nats->config.drop != NULL)
        nats->config.drop(item, nats->config.arg);
    return status;
}

static int fail(weir_task *task, weir_nats *nats, weir_status status) {
    char reason[MESSAGE_BYTES];
    weir_nats_message_copy(nats, reason, sizeof reason);
    return weir_task_fail(task, WEIR_CODE(status), "%s", *reason == '\0' ? weir_strerror(status) : reason);
}

static int run(weir_task *task, void *item, void *state) {
    weir_nats *nats = state;
    if (weir__nats_enter(nats) != WEIR_OK)
        return fail(task, nats, WEIR_CLOSED);
    weir_status status = put_item(task, nats, item);
    weir__nats_leave(nats);
    return status == WEIR_OK ? 0 : fail(task, nats, status);
}

static void fail_item(weir_task *task, weir_nats *nats, size_t place, weir_status status) {
    char reason[MESSAGE_BYTES];
    weir_nats_message_copy(nats, reason, sizeof reason);
    weir_task_fail_item(task, place, WEIR_CODE(status), "%s", *reason == '\0' ? weir_strerror(status) : reason);
}

/* Repeats the puts without an answer together. What the server refuses is put alone later, which tells why. */
static void repeat(weir_task *task, weir_nats *nats, struct weir__nats_burst *burst) {
    weir_status status;
    size_t place;
    do
        place = weir__nats_burst_repeat(nats, burst, &status, weir_deadline_after(LOOK));
    while (place < burst->count && (may_wait(task, status) || !burst->puts[place].sent));
}

/* Puts what was stored during an election again behind it, all within `timeout`. */
static void put_stored_again(weir_nats *nats, struct weir__nats_burst *burst) {
    weir_deadline patience = weir__nats_patience(nats, 0);
    for (size_t i = 0; i < burst->count; i++) {
        struct weir__nats_put *put = &burst->puts[i];
        if (put->stored && put->answer != ANSWER_STORED)
            weir__nats_put_within(nats, put, patience, patience);
    }
}

/* Puts some items from place `at` on. Returns how many have ended. */
static size_t put_some(weir_task *task, weir_nats *nats, struct weir__nats_burst *burst, void *const *items, size_t at,
                       size_t count) {
    size_t sent = weir__nats_burst_send(nats, burst, items + at, count - at);
    if (sent == 0) {
        weir_status status = put_item(task, nats, items[at]);
        if (status != WEIR_OK)
            fail_item(task, nats, at, status);
        return 1;
    }
    repeat(task, nats, burst);
    put_stored_again(nats, burst);
    for (size_t i = 0; i < sent; i++) {
        struct weir__nats_put *put = &burst->puts[i];
        weir_status status = put->stored ? WEIR_OK : put_until_end(task, nats, put);
        if (status != WEIR_OK)
            fail_item(task, nats, at + i, status);
        else if (nats->config.drop != NULL)
            nats->config.drop(items[at + i], nats->config.arg);
    }
    return sent;
}

static int run_batch(weir_task *task, void *const *items, size_t count, void *state) {
    weir_nats *nats = state;
    if (weir__nats_enter(nats) != WEIR_OK)
        return fail(task, nats, WEIR_CLOSED);
    struct weir__nats_burst *burst = weir__nats_burst_create();
    for (size_t at = 0; burst != NULL && at < count;)
        at += put_some(task, nats, burst, items, at, count);
    weir__nats_leave(nats);
    if (burst == NULL)
        return weir_task_fail(task, WEIR_CODE(WEIR_NOMEM), "out of memory for a batch");
    weir__nats_burst_destroy(burst);
    return 0;
}

weir_status weir_nats_sink(weir_nats *nats, weir_stage_options *stage) {
    if (nats == NULL || stage == NULL)
        return WEIR_INVALID;
    if (stage->batch.items > 0)
        stage->work.run_batch = run_batch;
    else
        stage->work.run = run;
    stage->work.arg = nats;
    return WEIR_OK;
}
