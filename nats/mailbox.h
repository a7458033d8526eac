/*
 * mailbox.h - subscriptions to the answers of single puts, one for each that is under way.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_MAILBOX_H
#define WEIR_NATS_MAILBOX_H

#include "handle.h"

struct weir__nats_mailbox {
    struct weir__nats_mailbox *next; /* in the list of those that are unused; under the lock */
    natsSubscription *answers;
    unsigned number;
    uint64_t connects; /* of the handle, when it was taken */
};

/* Takes an unused mailbox, or makes one. The caller returns it. */
natsStatus weir__nats_mailbox_take(weir_nats *nats, struct weir__nats_mailbox **mailbox);
void weir__nats_mailbox_give(weir_nats *nats, struct weir__nats_mailbox *mailbox);

/* Makes the reply subject for a put with this token. */
void weir__nats_mailbox_reply(const weir_nats *nats, const struct weir__nats_mailbox *mailbox, uint64_t token,
                              char reply[SUBJECT_BYTES]);

/*
 * Blocks until the answer with this token has arrived, or until the deadline. Returns NATS_OK and sets `*answer`, which the
 * caller then owns; NATS_TIMEOUT; NATS_CONNECTION_DISCONNECTED soon after the connection was lost; or another status of
 * libnats.
 */
natsStatus weir__nats_mailbox_wait(weir_nats *nats, struct weir__nats_mailbox *mailbox, uint64_t token,
                                   weir_deadline deadline, natsMsg **answer);

/* Frees all; none is in use. The connection must still exist. */
void weir__nats_mailboxes_free(weir_nats *nats);

#endif /* WEIR_NATS_MAILBOX_H */
