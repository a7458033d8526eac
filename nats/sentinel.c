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
#include "stream.h"

#include <stdio.h>
#include <string.h>

enum { PAUSE_MS = 50, OLDER_MOST = 100 };

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
    if (weir__nats_find(nats, subject, state->first, &item) != WEIR_OK)
        return true;
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
    if (sequence == 0 || weir__nats_state(nats, nats->stream, &state) != WEIR_OK)
        return;
    if (state.first < sequence && has_item_before(nats, sequence, &state))
        return;
    struct weir__nats_held *sentinel = take_sentinel(nats, sequence);
    if (sentinel != NULL)
        nats->deliver(nats->target, sentinel);
}

/* Returns whether the server has no message with this number. */
static bool is_removed(weir_nats *nats, uint64_t sequence) {
    natsMsg *message = NULL;
    jsErrCode code = 0;
    natsStatus status = js_GetMsg(&message, nats->js, nats->stream, sequence, NULL, &code);
    natsMsg_Destroy(message);
    return status == NATS_NOT_FOUND || code == JSNoMessageFoundErr;
}

static bool has_identity(weir_nats *nats, uint64_t place, const char *identity) {
    natsMsg *message = NULL;
    jsErrCode code = 0;
    const char *own = NULL;
    bool same = js_GetMsg(&message, nats->js, nats->stream, place, NULL, &code) == NATS_OK &&
                (own = weir__nats_identity(message)) != NULL && strcmp(own, identity) == 0;
    natsMsg_Destroy(message);
    return same;
}

static const char *identity_of(const struct weir__nats_held *held) {
    return weir__nats_identity(held->message);
}

/* Sets `*place` to that of the next sentinel behind it in the leader's copy. Returns false if there is none. */
static bool next_sentinel(weir_nats *nats, uint64_t *place) {
    const char *subject = nats->lanes[nats->lane_count - 1].subject;
    return weir__nats_find(nats, subject, *place + 1, place) == WEIR_OK && *place != 0;
}

/* Returns the place of the sentinel in the leader's copy; 0: unknown. */
static uint64_t place_of(weir_nats *nats, const struct weir__nats_held *held) {
    const char *identity = identity_of(held);
    uint64_t place = 0;
    if (identity == NULL || has_identity(nats, held->sequence, identity))
        return held->sequence;
    for (int i = 0; i < OLDER_MOST && next_sentinel(nats, &place); i++) {
        if (has_identity(nats, place, identity))
            return place;
    }
    return 0;
}

/*
 * Removes an ended sentinel, and those before its place, from the copies that still have them. Not one behind it, which a
 * source may still have to take.
 */
static void remove_ended(weir_nats *nats, const struct weir__nats_held *ended, uint64_t own) {
    const char *identity = identity_of(ended);
    uint64_t place = 0;
    jsErrCode code = 0;
    for (int i = 0; i < OLDER_MOST && next_sentinel(nats, &place); i++) {
        if (place < own || (identity == NULL ? place == own : has_identity(nats, place, identity)))
            js_DeleteMsg(nats->js, nats->stream, place, NULL, &code);
    }
}

/* Removes the same sentinel at other places: with replicas, one whose answer was lost is put again. */
static void remove_copies(weir_nats *nats, const struct weir__nats_held *held, uint64_t own) {
    const char *identity = identity_of(held);
    uint64_t place = 0;
    jsErrCode code = 0;
    for (int i = 0; identity != NULL && i < OLDER_MOST && next_sentinel(nats, &place); i++) {
        if (place != own && has_identity(nats, place, identity))
            js_DeleteMsg(nats->js, nats->stream, place, NULL, &code);
    }
}

bool weir__nats_sentinel_end(struct weir__nats_held *held) {
    weir_nats *nats = held->nats;
    natsMsg *answer = NULL;
    if (!weir__nats_connected(nats->prompt)) {
        nats_Sleep(PAUSE_MS);
        return false;
    }
    uint64_t place = place_of(nats, held); /* before the server removes it */
    if (nats->config.replicas > 1)
        remove_copies(nats, held, place);
    natsStatus status = natsConnection_RequestString(&answer, nats->prompt, held->reply, "+ACK",
                                                     weir__nats_milliseconds(nats->config.timeout));
    natsMsg_Destroy(answer);
    if (status != NATS_OK && !is_removed(nats, held->sequence)) {
        nats_Sleep(PAUSE_MS);
        return false;
    }
    remove_ended(nats, held, place);
    weir__nats_forget(held);
    return true;
}
