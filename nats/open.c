/*
 * open.c - Implements the life of a handle.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "clock.h"
#include "connect.h"
#include "held.h"
#include "open.h"
#include "reason.h"
#include "send.h"
#include "settings.h"
#include "stream.h"
#include "tick.h"

#include <stdio.h>
#include <stdlib.h>

static weir_status make_locks(weir_nats *nats) {
    if (pthread_mutex_init(&nats->lock, NULL) != 0)
        return WEIR_NOMEM;
    if (pthread_mutex_init(&nats->takes, NULL) != 0)
        goto destroy_lock;
    if (!weir__nats_cond_init(&nats->changed))
        goto destroy_takes;
    return WEIR_OK;
destroy_takes:
    pthread_mutex_destroy(&nats->takes);
destroy_lock:
    pthread_mutex_destroy(&nats->lock);
    return WEIR_NOMEM;
}

static void free_handle(weir_nats *nats) {
    pthread_cond_destroy(&nats->changed);
    pthread_mutex_destroy(&nats->takes);
    pthread_mutex_destroy(&nats->lock);
    weir_queue_destroy(nats->arrived);
    weir__nats_settings_free(nats);
    free(nats->lanes);
    free(nats);
}

/* The name of an inbox is unique in the world; identities of puts are made from it. */
static weir_status make_inbox(weir_nats *nats) {
    natsInbox *inbox = NULL;
    if (natsInbox_Create(&inbox) != NATS_OK)
        return WEIR_NOMEM;
    snprintf(nats->inbox, sizeof nats->inbox, "%s", (const char *)inbox);
    natsInbox_Destroy(inbox);
    return WEIR_OK;
}

static weir_status set_up(weir_nats *nats, const weir_nats_config *config) {
    weir_status status = weir__nats_settings(nats, config);
    if (status == WEIR_OK)
        status = weir__nats_lanes(nats);
    if (status == WEIR_OK)
        status = make_inbox(nats);
    if (status == WEIR_OK)
        status = weir_queue_create(&nats->arrived, WEIR_UNBOUNDED);
    if (status == WEIR_OK)
        status = weir__nats_connect(nats);
    if (status == WEIR_OK)
        status = weir__nats_streams(nats);
    if (status == WEIR_OK)
        status = weir__nats_send_start(nats);
    if (status == WEIR_OK)
        status = weir__nats_tick_start(nats);
    return status;
}

static void tell(const weir_nats_config *config, weir_status status, const char *message) {
    if (config->message != NULL && config->message_size > 0)
        snprintf(config->message, config->message_size, "%s",
                 message == NULL || *message == '\0' ? weir_strerror(status) : message);
}

weir_status weir_nats_open(weir_nats **nats, const weir_nats_config *config) {
    if (nats == NULL || config == NULL)
        return WEIR_INVALID;
    weir_nats *made = calloc(1, sizeof *made);
    if (made == NULL || make_locks(made) != WEIR_OK) {
        free(made);
        tell(config, WEIR_NOMEM, NULL);
        return WEIR_NOMEM;
    }
    made->last = &made->first;
    weir_status status = set_up(made, config);
    if (status != WEIR_OK) {
        tell(config, status, made->message);
        weir__nats_disconnect(made);
        free_handle(made);
        return status == WEIR_EMPTY ? WEIR_FAILED : status;
    }
    *nats = made;
    return WEIR_OK;
}

static bool in_use_locked(const weir_nats *nats) {
    bool used = nats->takers > 0;
    for (const struct weir__nats_held *held = nats->held; held != NULL; held = held->next)
        used = used || !held->dropped;
    return used;
}

/* Sets `stopped`, and blocks until the subscription has ended and the calls of other threads have returned. */
static void stop(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    while (nats->subscribed)
        pthread_cond_wait(&nats->changed, &nats->lock);
    nats->stopped = true;
    pthread_cond_broadcast(&nats->changed);
    while (nats->calls > 0)
        pthread_cond_wait(&nats->changed, &nats->lock);
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_end(weir_nats *nats) {
    stop(nats);
    weir__nats_tick_join(nats);
    weir__nats_disconnect(nats);
    while (nats->held != NULL)
        weir__nats_forget(nats->held);
    free_handle(nats);
}

weir_status weir_nats_destroy(weir_nats *nats) {
    if (nats == NULL)
        return WEIR_OK;
    pthread_mutex_lock(&nats->lock);
    bool used = in_use_locked(nats);
    pthread_mutex_unlock(&nats->lock);
    if (used)
        return WEIR_BUSY;
    weir__nats_end(nats);
    return WEIR_OK;
}

weir_status weir_nats_message_copy(weir_nats *nats, char *buffer, size_t size) {
    if (nats == NULL || buffer == NULL || size == 0)
        return WEIR_INVALID;
    pthread_mutex_lock(&nats->lock);
    snprintf(buffer, size, "%s", nats->message);
    pthread_mutex_unlock(&nats->lock);
    return WEIR_OK;
}
