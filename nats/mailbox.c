/*
 * mailbox.c - Implements mailboxes.
 *
 * The thread that waits takes the answer from the thread of libnats that reads the connection. A request of libnats has
 * one more thread between them, which costs a context switch for each put.
 *
 * An answer that comes after its put was given up stays in the mailbox. Its token differs from that of the next put,
 * which skips it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "mailbox.h"

#include "clock.h"
#include "connect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AFTER (100 * WEIR__NATS_MILLISECOND) /* whether the connection is lost */

static natsStatus make(weir_nats *nats, struct weir__nats_mailbox *mailbox) {
    char subject[SUBJECT_BYTES];
    snprintf(subject, sizeof subject, "%s.ask.%u.*", nats->inbox, mailbox->number);
    natsStatus status = natsConnection_SubscribeSync(&mailbox->answers, nats->prompt, subject);
    if (status == NATS_OK)
        natsSubscription_SetPendingLimits(mailbox->answers, -1, -1);
    return status;
}

natsStatus weir__nats_mailbox_take(weir_nats *nats, struct weir__nats_mailbox **mailbox) {
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_mailbox *taken = nats->mailboxes;
    unsigned number = nats->mailbox_count;
    if (taken != NULL)
        nats->mailboxes = taken->next;
    else
        nats->mailbox_count++;
    uint64_t connects = nats->connects;
    pthread_mutex_unlock(&nats->lock);
    if (taken == NULL) {
        taken = calloc(1, sizeof *taken);
        if (taken == NULL)
            return NATS_NO_MEMORY;
        taken->number = number;
        natsStatus status = make(nats, taken);
        if (status != NATS_OK) {
            free(taken);
            return status;
        }
    }
    taken->connects = connects;
    *mailbox = taken;
    return NATS_OK;
}

void weir__nats_mailbox_give(weir_nats *nats, struct weir__nats_mailbox *mailbox) {
    pthread_mutex_lock(&nats->lock);
    mailbox->next = nats->mailboxes;
    nats->mailboxes = mailbox;
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_mailbox_reply(const weir_nats *nats, const struct weir__nats_mailbox *mailbox, uint64_t token,
                              char reply[SUBJECT_BYTES]) {
    snprintf(reply, SUBJECT_BYTES, "%s.ask.%u.%" PRIu64, nats->inbox, mailbox->number, token);
}

static uint64_t token_of(natsMsg *answer) {
    const char *dot = strrchr(natsMsg_GetSubject(answer), '.');
    return dot == NULL ? 0 : strtoull(dot + 1, NULL, 10);
}

/* Returns whether the connection was lost since the mailbox was taken. */
static bool is_lost(weir_nats *nats, const struct weir__nats_mailbox *mailbox) {
    pthread_mutex_lock(&nats->lock);
    bool again = nats->connects != mailbox->connects;
    pthread_mutex_unlock(&nats->lock);
    return again || !weir__nats_connected(nats->prompt);
}

natsStatus weir__nats_mailbox_wait(weir_nats *nats, struct weir__nats_mailbox *mailbox, uint64_t token,
                                   weir_deadline deadline, natsMsg **answer) {
    for (uint64_t time = weir__nats_now(); time < deadline; time = weir__nats_now()) {
        natsMsg *message = NULL;
        uint64_t left = weir__nats_sooner(deadline - time, LOOK_AFTER);
        natsStatus status = natsSubscription_NextMsg(&message, mailbox->answers, weir__nats_milliseconds(left));
        if (status == NATS_OK && token_of(message) == token) {
            *answer = message;
            return NATS_OK;
        }
        if (status == NATS_OK)
            natsMsg_Destroy(message);
        else if (status != NATS_TIMEOUT)
            return status;
        else if (is_lost(nats, mailbox))
            return NATS_CONNECTION_DISCONNECTED;
    }
    return NATS_TIMEOUT;
}

void weir__nats_mailboxes_free(weir_nats *nats) {
    while (nats->mailboxes != NULL) {
        struct weir__nats_mailbox *mailbox = nats->mailboxes;
        nats->mailboxes = mailbox->next;
        natsSubscription_Destroy(mailbox->answers);
        free(mailbox);
    }
}
