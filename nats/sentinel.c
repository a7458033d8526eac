/*
 * sentinel.c - Implements the wait of a sentinel, and its end.
 *
 * A sentinel is held, without an acknowledgement, until no item is before it in the stream. If this program dies before,
 * another one gets it. The consumer delivers one sentinel at a time, so there is one holder.
 *
 * Mostly that is so once the sentinel is the first message of the stream. But a server that was killed has messages again
 * that were acknowledged shortly before, sentinels too, and the copies of two servers may then number a message differently.
 * So what counts is whether there is an item up to the sentinel's place. A sentinel before it has had its end, because the
 * consumer had it acknowledged: it is removed with this one. So is one with the same identity, which is this one under
 * another number.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sentinel.h"

#include "clock.h"
#include "connect.h"
#include "held.h"
#include "identity.h"
#include "reason.h"
#include "stream.h"

#include <stdio.h>
#include <string.h>

enum { OLDER_MOST = 100 };

void weir__nats_sentinel_arrived(struct weir__nats_held *held) {
    weir_nats *nats = held->nats;
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *older = nats->sentinel;
    if (held->sequence == nats->passed)
        older = held;
    else
        nats->sentinel = held;
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
    if (older != NULL)
        weir__nats_forget(older); /* it was delivered again */
}

/* Puts the next question off, for longer each time. */
static void back_off(weir_nats *nats) {
    nats->waits.until = weir_deadline_after(weir__nats_back_off(&nats->waits.pause));
}

/* Returns whether there is an item up to a place. It is asked for once the stream rests: an answer has the bytes of the item. */
static bool has_item_before(weir_nats *nats, uint64_t sequence, const struct weir__nats_state *state) {
    char subject[SUBJECT_BYTES];
    uint64_t item = 0;
    bool rests = state->first == nats->waits.first && state->messages == nats->waits.messages;
    if (!rests || nats->waits.asked) {
        nats->waits.asked = rests;
        nats->waits.first = state->first;
        nats->waits.messages = state->messages;
        return true;
    }
    snprintf(subject, sizeof subject, "weir.%s.item.>", nats->config.name);
    if (weir__nats_find(nats, subject, state->first, &item) != WEIR_OK) {
        back_off(nats);
        return true;
    }
    nats->waits.pause = 0;
    nats->waits.asked = true;
    return item != 0 && item <= sequence;
}

/* Takes the sentinel from its place of waiting, if it is still this one and a taker is left. */
static struct weir__nats_held *take_sentinel(weir_nats *nats, uint64_t sequence) {
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *sentinel = nats->sentinel;
    if (sentinel != NULL && sentinel->sequence == sequence && nats->takers > 0) {
        nats->sentinel = NULL;
        nats->passed = sequence;
    } else {
        sentinel = NULL;
    }
    pthread_mutex_unlock(&nats->lock);
    return sentinel;
}

void weir__nats_sentinel_pass(weir_nats *nats) {
    struct weir__nats_state state;
    pthread_mutex_lock(&nats->lock);
    uint64_t sequence = nats->sentinel == NULL ? 0 : nats->sentinel->sequence;
    pthread_mutex_unlock(&nats->lock);
    if (sequence == 0 || weir__nats_now() < nats->waits.until)
        return;
    if (weir__nats_state(nats, nats->stream, &state) != WEIR_OK) {
        back_off(nats);
        return;
    }
    if (state.first < sequence && has_item_before(nats, sequence, &state))
        return;
    struct weir__nats_held *sentinel = take_sentinel(nats, sequence);
    if (sentinel != NULL)
        nats->deliver(nats->target, sentinel);
}

/*
 * Returns WEIR_OK if the message at a place has this identity, or the other one, which may be NULL; WEIR_EMPTY if not; or the
 * status of a question without an answer.
 */
static weir_status has_identity(weir_nats *nats, uint64_t place, const char *identity, const char *other) {
    natsMsg *message = NULL;
    jsErrCode code = 0;
    natsStatus status = js_GetMsg(&message, nats->js, nats->stream, place, NULL, &code);
    const char *own = status == NATS_OK ? weir__nats_identity(message) : NULL;
    bool same = own != NULL && (strcmp(own, identity) == 0 || (other != NULL && strcmp(own, other) == 0));
    natsMsg_Destroy(message);
    if (status == NATS_OK)
        return same ? WEIR_OK : WEIR_EMPTY;
    return weir__nats_fail_as(nats, status, code, "cannot look at the sentinel of a close",
                              weir__nats_api("STREAM.MSG.GET", nats->stream, NULL).subject);
}

static const char *identity_of(const struct weir__nats_held *held) {
    return weir__nats_identity(held->message);
}

/* Sets `*place` to that of the next sentinel behind it in the leader's copy. Returns WEIR_EMPTY if there is none. */
static weir_status next_sentinel(weir_nats *nats, uint64_t *place) {
    const char *subject = nats->lanes[nats->lane_count - 1].subject;
    weir_status status = weir__nats_find(nats, subject, *place + 1, place);
    return status == WEIR_OK && *place == 0 ? WEIR_EMPTY : status;
}

/* Sets `*place` to that of the next sentinel behind it that has one of these identities. Returns WEIR_EMPTY if there is none. */
static weir_status next_same(weir_nats *nats, const char *identity, const char *other, uint64_t *place) {
    weir_status status = WEIR_EMPTY;
    for (int i = 0; i < OLDER_MOST && status == WEIR_EMPTY; i++) {
        weir_status found = next_sentinel(nats, place);
        if (found != WEIR_OK)
            return found;
        status = has_identity(nats, *place, identity, other);
    }
    return status;
}

/* Sets `*place` to that of the sentinel in the leader's copy; 0: it has none. Fails if the server does not tell. */
static weir_status place_of(weir_nats *nats, const struct weir__nats_held *held, uint64_t *place) {
    const char *identity = identity_of(held);
    *place = held->sequence;
    weir_status status = identity == NULL ? WEIR_OK : has_identity(nats, held->sequence, identity, NULL);
    if (status != WEIR_EMPTY)
        return status;
    *place = 0;
    status = next_same(nats, identity, NULL, place);
    if (status == WEIR_EMPTY)
        *place = 0;
    return status == WEIR_EMPTY ? WEIR_OK : status;
}

static weir_status remove_at(weir_nats *nats, uint64_t place) {
    jsErrCode code = 0;
    natsStatus status = js_DeleteMsg(nats->js, nats->stream, place, NULL, &code);
    if (status == NATS_OK || weir__nats_status(status, code) == WEIR_EMPTY || code == JSSequenceNotFoundErr ||
        code == JSStreamMsgDeleteFailed)
        return WEIR_OK;
    return weir__nats_fail_as(nats, status, code, "cannot remove the sentinel of a close",
                              weir__nats_api("STREAM.MSG.DELETE", nats->stream, NULL).subject);
}

/*
 * Removes an ended sentinel, and those before its place, from the copies that still have them. Not one behind it, which a
 * source may still take.
 */
static void remove_ended(weir_nats *nats, const struct weir__nats_held *ended, uint64_t own) {
    const char *identity = identity_of(ended);
    uint64_t place = 0;
    for (int i = 0; i < OLDER_MOST && next_sentinel(nats, &place) == WEIR_OK; i++) {
        if (place < own || (identity == NULL ? place == own : has_identity(nats, place, identity, NULL) == WEIR_OK))
            remove_at(nats, place);
    }
}

/*
 * Removes the same sentinel at other places: with replicas, one without an answer is put again. So is one that a repair
 * puts behind others, `moved`, and its program may die then. The one at its own place stays until it is acknowledged: if this
 * program dies before, another one gets it.
 */
static weir_status remove_copies(weir_nats *nats, const struct weir__nats_held *held, uint64_t own, const char *moved) {
    const char *identity = identity_of(held);
    uint64_t place = 0;
    weir_status status = identity == NULL || own == 0 ? WEIR_EMPTY : next_same(nats, identity, moved, &place);
    for (; status == WEIR_OK; status = next_same(nats, identity, moved, &place)) {
        if (place != own && remove_at(nats, place) != WEIR_OK)
            return WEIR_FAILED;
    }
    return status == WEIR_EMPTY ? WEIR_OK : status;
}

/* Acknowledges the sentinel. Returns whether the server has removed it. */
static bool acknowledge(weir_nats *nats, const struct weir__nats_held *held) {
    natsMsg *answer = NULL;
    natsStatus status = natsConnection_RequestString(&answer, nats->prompt, held->reply, "+ACK",
                                                     weir__nats_milliseconds(nats->config.timeout));
    natsMsg_Destroy(answer);
    if (status == NATS_OK || weir__nats_is_removed(nats, held->sequence))
        return true;
    weir__nats_fail_as(nats, status, 0, "no answer to the end by a close", NULL);
    return false;
}

static bool end(struct weir__nats_held *held, const char *moved) {
    weir_nats *nats = held->nats;
    uint64_t place; /* before the server removes it */
    if (!weir__nats_connected(nats->prompt)) {
        weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
        return false;
    }
    if (place_of(nats, held, &place) != WEIR_OK ||
        (nats->config.replicas > 1 && remove_copies(nats, held, place, moved) != WEIR_OK) || !acknowledge(nats, held))
        return false;
    remove_ended(nats, held, place);
    weir__nats_forget(held);
    return true;
}

bool weir__nats_sentinel_end(struct weir__nats_held *held) {
    char moved[SUBJECT_BYTES];
    weir__nats_derive(moved, "again", held->nats->stream, held->message, held->sequence);
    return end(held, moved);
}

bool weir__nats_sentinel_moved(struct weir__nats_held *held) {
    return end(held, NULL);
}
