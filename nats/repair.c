/*
 * repair.c - Implements the search for messages that were passed over.
 *
 * With several replicas of 2.9.10, a change of the leader may leave messages in the copy of one server only. They are
 * delivered to no program, because the consumer is on another server: seven to thirty of 6,000 items in half of the runs
 * with ten kills. Some of them were acknowledged, others never delivered.
 *
 * A message of the stream is such a one if its lane has delivered all that it knows, or is acknowledged beyond it, at two
 * looks, seconds apart. It is put to the queue again, with an identity from its place, and a header, which raises its
 * attempt number. Once that is answered it is removed, unless its place has another message by then, because the leader has
 * changed. So an item that was acknowledged comes twice.
 *
 * If a message that was put again is passed over again, the copies of two servers number it differently: the consumer had it
 * acknowledged under another number. Then the leader of the stream is asked to step down before anything is moved again; once
 * a minute at most, since each change of the leader may leave further messages.
 *
 * Sentinels must stay behind such messages. So if there is a sentinel, its holder repairs, and puts the sentinel again
 * behind what it has moved. Another program that repairs looks for a sentinel before each message, and stops at one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "repair.h"

#include "clock.h"
#include "held.h"
#include "identity.h"
#include "put.h"
#include "sentinel.h"
#include "stream.h"

#include <stdio.h>
#include <string.h>

#define LOOK_AFTER (2 * WEIR_SECOND)
#define STEP_AFTER (60 * WEIR_SECOND)

enum { LOOKED_AT = 2000 }; /* messages of one look */

/* Returns whether a place still has the message of this identity: a leader that has changed may number them differently. */
static bool is_at(weir_nats *nats, uint64_t place, const char *identity) {
    char found[SUBJECT_BYTES] = "";
    natsMsg *message = NULL;
    jsErrCode code = 0;
    if (js_GetMsg(&message, nats->js, nats->stream, place, NULL, &code) == NATS_OK)
        weir__nats_derive(found, "again", nats->stream, message, place);
    natsMsg_Destroy(message);
    return strcmp(found, identity) == 0;
}

/* Puts a message again, with its place in its identity, and removes it. Returns whether it did. */
static bool move(weir_nats *nats, natsMsg *message, uint64_t place) {
    char identity[SUBJECT_BYTES];
    jsErrCode code = 0;
    weir_nats_message bytes = {natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), 0, 0};
    weir__nats_derive(identity, "again", nats->stream, message, place);
    return weir__nats_put_again(nats, natsMsg_GetSubject(message), &bytes, "Weir-Again", identity) == WEIR_OK &&
           is_at(nats, place, identity) && js_DeleteMsg(nats->js, nats->stream, place, NULL, &code) == NATS_OK;
}

static void step_down(weir_nats *nats) {
    char subject[NAME_BYTES + 48];
    natsMsg *answer = NULL;
    snprintf(subject, sizeof subject, "$JS.API.STREAM.LEADER.STEPDOWN.%s", nats->stream);
    natsConnection_RequestString(&answer, nats->prompt, subject, "", weir__nats_milliseconds(nats->config.timeout));
    natsMsg_Destroy(answer);
}

static bool was_moved(natsMsg *message) {
    const char *identity = weir__nats_identity(message);
    return identity != NULL && strncmp(identity, "again.", strlen("again.")) == 0;
}

/* Moves a message, or has the leader step down because it was moved before. Returns whether it moved it. */
static bool move_or_step_down(weir_nats *nats, uint64_t place) {
    natsMsg *message = NULL;
    jsErrCode code = 0;
    bool moved = false;
    if (js_GetMsg(&message, nats->js, nats->stream, place, NULL, &code) != NATS_OK)
        return false;
    if (!was_moved(message) || (nats->stepped != 0 && weir__nats_now() < nats->stepped + STEP_AFTER)) {
        moved = move(nats, message, place);
    } else {
        nats->stepped = weir__nats_now();
        step_down(nats);
    }
    natsMsg_Destroy(message);
    return moved;
}

/* Returns up to which sequence a lane can have messages that it will not deliver; 0 if that cannot be told. */
static uint64_t look_at_lane(weir_nats *nats, size_t index, uint64_t last) {
    struct weir__nats_lane_state lane;
    if (weir__nats_lane_state(nats, index, &lane) != WEIR_OK)
        return 0;
    return lane.waiting == 0 && lane.in_work == 0 ? last : lane.floor;
}

/* Returns whether this program may repair: it holds the sentinel, or there is none. */
static bool may_repair(weir_nats *nats, uint64_t *sentinel) {
    struct weir__nats_lane_state lane;
    pthread_mutex_lock(&nats->lock);
    bool taking = nats->takers > 0;
    *sentinel = nats->sentinel == NULL ? 0 : nats->sentinel->sequence;
    pthread_mutex_unlock(&nats->lock);
    if (!taking || *sentinel != 0)
        return taking;
    return weir__nats_lane_state(nats, nats->lane_count - 1, &lane) == WEIR_OK && lane.waiting + lane.in_work == 0;
}

/* Puts the sentinel that this program holds behind what was moved. */
static void move_sentinel(weir_nats *nats, uint64_t sequence) {
    static const weir_nats_message empty = {"", 0, 0, 0};
    char identity[SUBJECT_BYTES];
    pthread_mutex_lock(&nats->lock);
    bool holds = nats->sentinel != NULL && nats->sentinel->sequence == sequence;
    if (holds)
        weir__nats_derive(identity, "again", nats->stream, nats->sentinel->message, sequence);
    pthread_mutex_unlock(&nats->lock);
    if (!holds)
        return;
    if (weir__nats_put_again(nats, nats->lanes[nats->lane_count - 1].subject, &empty, "Weir-Ctl", identity) != WEIR_OK)
        return;
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *sentinel = nats->sentinel;
    bool same = sentinel != NULL && sentinel->sequence == sequence;
    if (same)
        nats->sentinel = NULL;
    pthread_mutex_unlock(&nats->lock);
    if (same && !weir__nats_sentinel_end(sentinel))
        weir__nats_forget(sentinel); /* it is delivered again */
}

/* Returns whether a sentinel was put behind the place `last`. */
static bool sentinel_came(weir_nats *nats, uint64_t last) {
    uint64_t place = 0;
    const char *subject = nats->lanes[nats->lane_count - 1].subject;
    return weir__nats_find(nats, subject, last + 1, &place) != WEIR_OK || place != 0;
}

/*
 * Moves what is suspect of a lane, from the first message of the stream on. Stops at a sentinel that has come since the stream
 * told its state, unless this program holds one, and at a message for which the leader steps down. Returns how many it moved.
 */
static size_t move_lane(weir_nats *nats, const struct weir__nats_lane *lane, const struct weir__nats_state *begin,
                        bool holds, uint64_t stepped) {
    size_t moved = 0;
    uint64_t place = begin->first - 1;
    for (size_t tries = 0; place < lane->suspect && tries < LOOKED_AT && nats->stepped == stepped; tries++) {
        if (weir__nats_find(nats, lane->subject, place + 1, &place) != WEIR_OK || place == 0 || place > lane->suspect)
            break;
        if (!holds && sentinel_came(nats, begin->last))
            break;
        moved += move_or_step_down(nats, place);
    }
    return moved;
}

static void look(weir_nats *nats) {
    struct weir__nats_state state;
    uint64_t sentinel = 0, stepped = nats->stepped; /* after a step-down, no lane is moved until the next look */
    size_t moved = 0;
    if (weir__nats_state(nats, nats->stream, &state) != WEIR_OK || state.messages == 0 || !may_repair(nats, &sentinel))
        state.last = 0;
    for (size_t i = 0; i + 1 < nats->lane_count; i++) {
        struct weir__nats_lane *lane = &nats->lanes[i];
        uint64_t next = state.last == 0 ? 0 : look_at_lane(nats, i, state.last);
        lane->suspect = lane->suspect < next ? lane->suspect : next;
        moved += lane->suspect == 0 ? 0 : move_lane(nats, lane, &state, sentinel != 0, stepped);
        lane->suspect = next;
    }
    if (moved > 0 && sentinel != 0)
        move_sentinel(nats, sentinel);
}

void weir__nats_repair(weir_nats *nats) {
    if (nats->config.replicas == 1 || weir__nats_now() < nats->looked + LOOK_AFTER)
        return;
    nats->looked = weir__nats_now();
    look(nats);
}
