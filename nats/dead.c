/*
 * dead.c - Implements dead letters: messages of a stream of their own, with the bytes of the item.
 *
 * Headers of a letter: Weir-Subject, to put it back, and Weir-Attempts. Its identity comes from the item and its place
 * in the queue. So a program that dies between the letter and the acknowledgement of the item leaves one letter; with
 * replicas, perhaps two (put.c).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "dead.h"

#include "clock.h"
#include "connect.h"
#include "held.h"
#include "identity.h"
#include "put.h"
#include "reason.h"
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

static natsStatus make_letter(const struct weir__nats_held *held, natsMsg **letter) {
    char subject[SUBJECT_BYTES], attempts[16], identity[SUBJECT_BYTES];
    snprintf(subject, sizeof subject, "weir_dead.%s", held->nats->config.name);
    snprintf(attempts, sizeof attempts, "%u", held->attempt - 1);
    weir__nats_derive(identity, "dead", held->nats->stream, held->message, held->sequence);
    natsStatus status =
        natsMsg_Create(letter, subject, NULL, natsMsg_GetData(held->message), natsMsg_GetDataLength(held->message));
    if (status == NATS_OK)
        status = natsMsgHeader_Set(*letter, "Weir-Subject", natsMsg_GetSubject(held->message));
    if (status == NATS_OK)
        status = natsMsgHeader_Set(*letter, "Weir-Attempts", attempts);
    if (status == NATS_OK)
        status = natsMsgHeader_Set(*letter, weir__nats_identity_header(held->nats), identity);
    return status;
}

void weir__nats_bury(struct weir__nats_held *held) {
    natsMsg *letter = NULL;
    jsErrCode code = 0;
    natsStatus status = make_letter(held, &letter);
    if (status == NATS_OK)
        status = js_PublishMsg(NULL, held->nats->js, letter, NULL, &code);
    if (status == NATS_OK) {
        weir__nats_ack(held);
    } else {
        weir__nats_fail_as(held->nats, status, code, "cannot keep a dead letter", natsMsg_GetSubject(letter));
        weir__nats_nak(held, held->nats->config.retry_delay);
    }
    natsMsg_Destroy(letter);
}

/* Reads the message of a letter. Returns WEIR_EMPTY if it does not exist. */
static weir_status get(weir_nats *nats, uint64_t number, natsMsg **letter) {
    jsErrCode code = 0;
    if (!weir__nats_connected(nats->prompt))
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
    natsStatus status = js_GetMsg(letter, nats->js, nats->dead, number, NULL, &code);
    if (status == NATS_OK)
        return WEIR_OK;
    return weir__nats_fail_as(nats, status, code, "cannot read a dead letter",
                              weir__nats_api("STREAM.MSG.GET", nats->dead, NULL).subject);
}

static weir_status decode(weir_nats *nats, natsMsg *letter, uint64_t number, void **item, unsigned *attempts) {
    const char *text = NULL, *bytes = natsMsg_GetData(letter);
    natsMsgHeader_Get(letter, "Weir-Attempts", &text);
    unsigned made = text == NULL ? 0 : (unsigned)strtoul(text, NULL, 10);
    weir_nats_message message = {bytes == NULL ? "" : bytes, (size_t)natsMsg_GetDataLength(letter), made, number};
    weir_status status = nats->config.decode(&message, item, nats->config.arg);
    if (status == WEIR_OK)
        *attempts = made;
    return status;
}

static weir_status read_next(weir_nats *nats, uint64_t after, uint64_t *number, void **item, unsigned *attempts) {
    struct weir__nats_state state;
    weir_status status = weir__nats_state(nats, nats->dead, &state);
    if (status != WEIR_OK)
        return status;
    natsMsg *letter = NULL;
    uint64_t next = after < state.first ? state.first : after + 1;
    for (status = WEIR_EMPTY; state.messages > 0 && next <= state.last && status == WEIR_EMPTY; next++)
        status = get(nats, next, &letter);
    if (status != WEIR_OK)
        return status;
    status = decode(nats, letter, next - 1, item, attempts);
    natsMsg_Destroy(letter);
    if (status == WEIR_OK)
        *number = next - 1;
    return status;
}

weir_status weir_nats_dead_read(weir_nats *nats, uint64_t after, uint64_t *number, void **item, unsigned *attempts) {
    if (nats == NULL || number == NULL || item == NULL || attempts == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = read_next(nats, after, number, item, attempts);
    weir__nats_leave(nats);
    return status;
}

static weir_status delete (weir_nats *nats, uint64_t number) {
    jsErrCode code = 0;
    if (!weir__nats_connected(nats->prompt))
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
    natsStatus status = js_DeleteMsg(nats->js, nats->dead, number, NULL, &code);
    if (status == NATS_OK)
        return WEIR_OK;
    if (code == JSSequenceNotFoundErr || code == JSNoMessageFoundErr || code == JSStreamMsgDeleteFailed)
        return WEIR_EMPTY;
    return weir__nats_fail_as(nats, status, code, "cannot remove a dead letter",
                              weir__nats_api("STREAM.MSG.DELETE", nats->dead, NULL).subject);
}

weir_status weir_nats_dead_remove(weir_nats *nats, uint64_t number) {
    if (nats == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = delete (nats, number);
    weir__nats_leave(nats);
    return status;
}

static weir_status put_back(weir_nats *nats, uint64_t number, weir_deadline deadline) {
    char identity[SUBJECT_BYTES];
    const char *subject = nats->lanes[0].subject;
    natsMsg *letter = NULL;
    weir_status status = get(nats, number, &letter);
    if (status != WEIR_OK)
        return status;
    weir__nats_derive(identity, "back", nats->dead, letter, number);
    natsMsgHeader_Get(letter, "Weir-Subject", &subject);
    weir_nats_message message = {natsMsg_GetData(letter), (size_t)natsMsg_GetDataLength(letter), 0, 0};
    status = weir__nats_put_message(nats, subject, &message, NULL, identity, deadline);
    natsMsg_Destroy(letter);
    if (status != WEIR_OK)
        return status;
    delete (nats, number); /* if it fails, the letter stays, and the item is in the queue too */
    return WEIR_OK;
}

weir_status weir_nats_dead_put_back(weir_nats *nats, uint64_t number, weir_deadline deadline) {
    if (nats == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = put_back(nats, number, deadline);
    weir__nats_leave(nats);
    return status;
}
