/*
 * send.c - Implements sending, and the reading of answers.
 *
 * A put's reply subject ends with its token, and so does its identity (put.c). Answers come mostly in the order of the
 * puts, so the list of puts without an answer is searched from its front.
 *
 * An answer is an object of JSON: {"stream":"S","seq":5,"duplicate":true}, or with an "error" that has an "err_code" and a
 * "description"; or without a body, from a server that has no leader for the stream.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "send.h"

#include "clock.h"
#include "connect.h"
#include "identity.h"
#include "mailbox.h"
#include "room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNAVAILABLE = 503, IN_PROCESS = 10158 }; /* codes of the server */

static uint64_t number_after(const char *text, const char *name) {
    const char *at = strstr(text, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

static void copy_description(const char *text, char *to, size_t size) {
    const char *at = strstr(text, "\"description\":\"");
    int length = 0;
    if (at != NULL) {
        at += strlen("\"description\":\"");
        length = (int)strcspn(at, "\"");
    }
    snprintf(to, size, "%.*s", length, at == NULL ? "" : at);
}

/* A server that loses its leadership, ends, or still works at the same put, does not tell whether it is stored. */
static bool is_not_final(uint64_t code, uint64_t class, const char *description) {
    return (code == 0 && class == UNAVAILABLE) || code == IN_PROCESS || strstr(description, "store is closed") != NULL;
}

static enum weir__nats_answer read_error(const char *text, struct weir__nats_put *put) {
    uint64_t code = number_after(text, "\"err_code\":");
    copy_description(text, put->text, sizeof put->text);
    if (is_not_final(code, number_after(text, "\"code\":"), put->text))
        return ANSWER_LATER;
    switch (code) {
        case JSStreamStoreFailedErr:
            return strstr(put->text, "maximum messages exceeded") != NULL ? ANSWER_FULL : ANSWER_REFUSED;
        case JSClusterNotAvailErr:
        case JSClusterNotLeaderErr:
            return ANSWER_LATER;
        case JSStreamMessageExceedsMaximumErr:
            return ANSWER_TOO_LARGE;
        default:
            return ANSWER_REFUSED;
    }
}

static enum weir__nats_answer read_answer(natsMsg *message, struct weir__nats_put *put) {
    const char *text = natsMsg_GetData(message);
    if (natsMsg_GetDataLength(message) == 0 || text == NULL)
        return ANSWER_LATER;
    if (strstr(text, "\"error\"") != NULL)
        return read_error(text, put);
    put->sequence = number_after(text, "\"seq\":");
    return put->sequence == 0 ? ANSWER_LATER : ANSWER_STORED; /* 0: an attempt with this identity is under way */
}

/* A put that is answered after the news of a new leader may be among its first messages, which may be lost (put.c). */
static void take_answer_locked(weir_nats *nats, struct weir__nats_put *put, natsMsg *message) {
    put->answer = read_answer(message, put);
    if (put->answer != ANSWER_STORED)
        return;
    weir__nats_room_stored_locked(nats, put->sequence);
    put->stored = true;
    if (put->elections != nats->elections)
        put->answer = ANSWER_LATER;
}

static void unlist_locked(weir_nats *nats, struct weir__nats_put *put) {
    struct weir__nats_put **link = &nats->first;
    while (*link != put)
        link = &(*link)->next;
    *link = put->next;
    if (nats->last == &put->next)
        nats->last = link;
    put->listed = false;
    if (--put->call->open == 0)
        pthread_cond_signal(&put->call->answered);
}

static void answered(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *handle) {
    weir_nats *nats = handle;
    const char *dot = strrchr(natsMsg_GetSubject(message), '.');
    uint64_t token = dot == NULL ? 0 : strtoull(dot + 1, NULL, 10);
    (void)connection;
    (void)subscription;
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_put *put = nats->first;
    while (put != NULL && put->token != token)
        put = put->next;
    if (put != NULL) {
        take_answer_locked(nats, put, message);
        unlist_locked(nats, put);
    }
    pthread_mutex_unlock(&nats->lock);
    natsMsg_Destroy(message);
}

weir_status weir__nats_send_start(weir_nats *nats) {
    char subject[SUBJECT_BYTES];
    snprintf(subject, sizeof subject, "%s.put.*", nats->inbox);
    natsStatus status = weir__nats_subscribe(nats, &nats->answers, nats->prompt, subject, NULL, answered);
    if (status == NATS_OK)
        status = weir__nats_room_watch_leaders(nats);
    if (status != NATS_OK)
        return WEIR_NOMEM;
    /* Bursts use the other connection (room.c). If this one is lost now, libnats subscribes when it is made again. */
    natsConnection_FlushTimeout(nats->prompt, weir__nats_milliseconds(nats->config.timeout));
    return WEIR_OK;
}

bool weir__nats_call_init(struct weir__nats_call *call) {
    call->open = 0;
    return weir__nats_cond_init(&call->answered);
}

void weir__nats_call_destroy(struct weir__nats_call *call) {
    pthread_cond_destroy(&call->answered);
}

static void list(weir_nats *nats, struct weir__nats_put *put) {
    pthread_mutex_lock(&nats->lock);
    put->answer = ANSWER_NONE;
    if (!put->listed) {
        put->listed = true;
        put->next = NULL;
        *nats->last = put;
        nats->last = &put->next;
        put->call->open++;
    }
    pthread_mutex_unlock(&nats->lock);
}

static void identify(weir_nats *nats, struct weir__nats_put *put) {
    pthread_mutex_lock(&nats->lock);
    if (put->token == 0)
        put->token = ++nats->tokens;
    if (!put->sent || put->stored) /* one that is repeated without an answer may be among the first messages too */
        put->elections = nats->elections;
    pthread_mutex_unlock(&nats->lock);
}

static natsStatus make_message(const weir_nats *nats, const struct weir__nats_put *put, const char *reply,
                               natsMsg **message) {
    char identity[SUBJECT_BYTES];
    snprintf(identity, sizeof identity, "%s.%" PRIu64, nats->inbox, put->token);
    if (put->size > INT32_MAX)
        return NATS_MAX_PAYLOAD;
    natsStatus status = natsMsg_Create(message, put->subject, reply, put->bytes, (int)put->size);
    if (status == NATS_OK)
        status = natsMsgHeader_Set(*message, weir__nats_identity_header(nats),
                                   put->same_id == NULL ? identity : put->same_id);
    if (status == NATS_OK && nats->config.replicas > 1 && put->sent)
        status = natsMsgHeader_Set(*message, "Weir-Again", "1");
    if (status == NATS_OK && put->header != NULL)
        status = natsMsgHeader_Set(*message, put->header, put->value);
    return status;
}

static enum weir__nats_answer answer_of(natsStatus status) {
    switch (status) {
        case NATS_MAX_PAYLOAD:
            return ANSWER_TOO_LARGE;
        case NATS_NO_MEMORY:
            return ANSWER_NO_MEMORY;
        default:
            return ANSWER_LATER;
    }
}

static void read_reply(weir_nats *nats, struct weir__nats_put *put, natsMsg *reply) {
    pthread_mutex_lock(&nats->lock);
    take_answer_locked(nats, put, reply);
    pthread_mutex_unlock(&nats->lock);
}

/* Publishes the put on a connection. */
static natsStatus publish(weir_nats *nats, natsConnection *connection, struct weir__nats_put *put, const char *reply) {
    natsMsg *message = NULL;
    natsStatus status = make_message(nats, put, reply, &message);
    if (status == NATS_OK)
        status = natsConnection_PublishMsg(connection, message);
    natsMsg_Destroy(message);
    put->sent = put->sent || (status != NATS_MAX_PAYLOAD && status != NATS_NO_MEMORY);
    return status;
}

void weir__nats_ask(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline) {
    struct weir__nats_mailbox *mailbox = NULL;
    char reply[SUBJECT_BYTES];
    natsMsg *answer = NULL;
    identify(nats, put);
    natsStatus status = weir__nats_mailbox_take(nats, &mailbox);
    if (status != NATS_OK) {
        put->answer = answer_of(status);
        return;
    }
    weir__nats_mailbox_reply(nats, mailbox, put->token, reply);
    status = publish(nats, nats->prompt, put, reply);
    if (status == NATS_OK)
        status = weir__nats_mailbox_wait(nats, mailbox, put->token, deadline, &answer);
    weir__nats_mailbox_give(nats, mailbox);
    if (status == NATS_OK)
        read_reply(nats, put, answer);
    else
        put->answer = answer_of(status);
    natsMsg_Destroy(answer);
}

void weir__nats_send(weir_nats *nats, struct weir__nats_put *put) {
    char reply[SUBJECT_BYTES];
    identify(nats, put);
    list(nats, put);
    snprintf(reply, sizeof reply, "%s.put.%" PRIu64, nats->inbox, put->token);
    natsStatus status = publish(nats, nats->bulk, put, reply);
    if (status == NATS_OK)
        return;
    pthread_mutex_lock(&nats->lock);
    if (put->listed) {
        put->answer = answer_of(status);
        unlist_locked(nats, put);
    }
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_await(weir_nats *nats, struct weir__nats_call *call, weir_deadline deadline) {
    pthread_mutex_lock(&nats->lock);
    while (call->open > 0 && weir__nats_now() < deadline)
        weir__nats_cond_wait(&call->answered, &nats->lock, deadline);
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_withdraw(weir_nats *nats, struct weir__nats_put *put) {
    pthread_mutex_lock(&nats->lock);
    if (put->listed)
        unlist_locked(nats, put);
    pthread_mutex_unlock(&nats->lock);
}
