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
 * changed. So an item that was acknowledged comes twice. JetStream removes by number, on no condition: if the leader changes
 * between the last look at the place and the removal, a round trip later, it may remove another message.
 *
 * If a message that was put again is passed over again, the copies of two servers number it differently: the consumer had it
 * acknowledged under another number. Then the leader of the stream is asked to step down before anything is moved again; once
 * a minute at most, since each change of the leader may leave further messages.
 *
 * Sentinels must stay behind such messages. So if there is a sentinel, its holder repairs, in this order: it puts the
 * messages again, and the sentinel behind them; it ends the old sentinel; it removes the old messages. If it dies at any
 * point, a message is before each sentinel that must wait for it; the next holder repairs again, and items come once more.
 * A sentinel that was put behind stays then, too: the end of the old one removes it.
 *
 * With one replica, a server that was killed has messages again too, which its consumer had acknowledged. No other copy
 * numbers them differently, and the bound of the server may leave no room to put them again. So once their lane is idle
 * its consumer is made anew, and delivers them. If a program dies between, another one makes the consumer.
 *
 * Without a sentinel, any program that takes repairs, message by message. It looks for a sentinel before it puts one again,
 * and before it removes the old one, and stops at a sentinel. Two that work at the same messages would put each of them
 * twice: the one that finds a message removed by the other stops until its next look.
 *
 * After an election nothing is repaired for a while, as nothing else is put then (put.c).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "repair.h"

#include "clock.h"
#include "held.h"
#include "identity.h"
#include "put.h"
#include "room.h"
#include "sentinel.h"
#include "stream.h"

#include <stdio.h>
#include <string.h>

#define LOOK_AFTER (2 * WEIR_SECOND)
#define STEP_AFTER (60 * WEIR_SECOND)

enum { LOOKED_AT = 2000, COPIES_MOST = 256 }; /* messages of one look, and those that are removed together */
enum { LANES_OF_A_LOOK = 4 };                 /* with one replica */

/* A message that was put again, and must be removed at its old place. */
struct copy {
    uint64_t place;
    char identity[SUBJECT_BYTES]; /* of the new one */
};

/* One look. */
struct repair {
    struct weir__nats_state begin;
    uint64_t sentinel; /* that this program holds; 0: none */
    uint64_t stepped;  /* when the leader had stepped down last */
    size_t count;
    struct copy copies[COPIES_MOST];
};

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

/* Puts a message again, with its place in its identity. Returns whether it did. */
static bool copy(weir_nats *nats, struct repair *repair, natsMsg *message, uint64_t place) {
    struct copy *made = &repair->copies[repair->count];
    weir_nats_message bytes = {natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), 0, 0};
    weir__nats_derive(made->identity, "again", nats->stream, message, place);
    made->place = place;
    bool put = weir__nats_put_again(nats, natsMsg_GetSubject(message), &bytes, "Weir-Again", made->identity) == WEIR_OK;
    repair->count += put;
    return put;
}

/* Removes the messages that were put again. Returns false if one of them was not there. */
static bool remove_old(weir_nats *nats, struct repair *repair) {
    bool all = true;
    for (size_t i = 0; i < repair->count; i++) {
        const struct copy *made = &repair->copies[i];
        jsErrCode code = 0;
        all = is_at(nats, made->place, made->identity) &&
              js_DeleteMsg(nats->js, nats->stream, made->place, NULL, &code) == NATS_OK && all;
    }
    repair->count = 0;
    return all;
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

/* Puts a message again, or has the leader step down because that was done before. Returns whether it put it. */
static bool copy_or_step_down(weir_nats *nats, struct repair *repair, uint64_t place) {
    natsMsg *message = NULL;
    jsErrCode code = 0;
    bool copied = false;
    if (js_GetMsg(&message, nats->js, nats->stream, place, NULL, &code) != NATS_OK)
        return false;
    if (!was_moved(message) || (nats->stepped != 0 && weir__nats_now() < nats->stepped + STEP_AFTER)) {
        copied = copy(nats, repair, message, place);
    } else {
        nats->stepped = weir__nats_now();
        step_down(nats);
    }
    natsMsg_Destroy(message);
    return copied;
}

/*
 * Returns up to which sequence a lane can have messages that it will not deliver; 0 if that cannot be told. A lane without
 * an answer ends the look: the next ones would have none either, and the destroy waits for the look.
 */
static uint64_t look_at_lane(weir_nats *nats, size_t index, uint64_t *last) {
    struct weir__nats_lane_state lane;
    weir_status status =
        *last == 0 || weir__nats_stopped(nats) ? WEIR_CLOSED : weir__nats_lane_state(nats, index, &lane);
    if (status != WEIR_OK && status != WEIR_EMPTY)
        *last = 0;
    if (status != WEIR_OK)
        return 0;
    return lane.waiting == 0 && lane.in_work == 0 ? *last : lane.floor;
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

/* Puts the sentinel that this program holds behind what was put again, and ends the old one. Returns whether it did. */
static bool move_sentinel(weir_nats *nats, uint64_t sequence) {
    static const weir_nats_message empty = {"", 0, 0, 0};
    char identity[SUBJECT_BYTES];
    pthread_mutex_lock(&nats->lock);
    bool holds = nats->sentinel != NULL && nats->sentinel->sequence == sequence;
    if (holds)
        weir__nats_derive(identity, "again", nats->stream, nats->sentinel->message, sequence);
    pthread_mutex_unlock(&nats->lock);
    if (!holds)
        return false;
    if (weir__nats_put_again(nats, nats->lanes[nats->lane_count - 1].subject, &empty, "Weir-Ctl", identity) != WEIR_OK)
        return false;
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *sentinel = nats->sentinel;
    bool same = sentinel != NULL && sentinel->sequence == sequence;
    if (same)
        nats->sentinel = NULL;
    pthread_mutex_unlock(&nats->lock);
    bool ended = same && weir__nats_sentinel_moved(sentinel);
    if (same && !ended)
        weir__nats_forget(sentinel); /* it is delivered again */
    return ended;
}

/* Returns whether a sentinel was put behind the place `last`. */
static bool sentinel_came(weir_nats *nats, uint64_t last) {
    uint64_t place = 0;
    const char *subject = nats->lanes[nats->lane_count - 1].subject;
    return weir__nats_find(nats, subject, last + 1, &place) != WEIR_OK || place != 0;
}

/* Moves one message. Returns whether the look goes on. */
static bool move(weir_nats *nats, struct repair *repair, uint64_t place) {
    if (weir__nats_room_is_quiet(nats))
        return false;
    if (repair->sentinel != 0) {
        copy_or_step_down(nats, repair, place);
        return repair->count < COPIES_MOST;
    }
    if (sentinel_came(nats, repair->begin.last))
        return false;
    if (!copy_or_step_down(nats, repair, place))
        return true;
    if (!sentinel_came(nats, repair->begin.last))
        return remove_old(nats, repair);
    repair->count = 0;
    return false;
}

/* Moves what is suspect of a lane, from the first message of the stream on. Stops at one for which the leader steps down. */
static void move_lane(weir_nats *nats, struct repair *repair, const struct weir__nats_lane *lane) {
    uint64_t place = repair->begin.first - 1;
    bool goes_on = repair->count < COPIES_MOST;
    for (size_t tries = 0; goes_on && place < lane->suspect && tries < LOOKED_AT; tries++) {
        if (weir__nats_find(nats, lane->subject, place + 1, &place) != WEIR_OK || place == 0 || place > lane->suspect)
            break;
        goes_on = move(nats, repair, place) && nats->stepped == repair->stepped;
    }
}

static void look(weir_nats *nats) {
    struct repair repair = {.stepped = nats->stepped}; /* after a step-down, no lane is moved until the next look */
    struct weir__nats_state *state = &repair.begin;
    weir_status status = weir__nats_state(nats, nats->stream, state);
    uint64_t last = status == WEIR_OK ? state->last : 0;
    if (status != WEIR_OK || state->messages == 0 || !may_repair(nats, &repair.sentinel))
        last = 0;
    for (size_t i = 0; i + 1 < nats->lane_count; i++) {
        struct weir__nats_lane *lane = &nats->lanes[i];
        uint64_t next = look_at_lane(nats, i, &last);
        lane->suspect = lane->suspect < next ? lane->suspect : next;
        if (lane->suspect != 0 && nats->stepped == repair.stepped)
            move_lane(nats, &repair, lane);
        lane->suspect = next;
    }
    if (repair.count > 0 && move_sentinel(nats, repair.sentinel))
        remove_old(nats, &repair);
}

/* Returns whether the first message of a lane was there at the last look too. */
static bool is_left(weir_nats *nats, const struct weir__nats_lane *lane, uint64_t first) {
    uint64_t place = 0;
    return weir__nats_find(nats, lane->subject, first, &place) == WEIR_OK && place != 0 && place <= lane->suspect;
}

/* Makes the consumer of a lane anew, if it was idle at two looks beside a message. Returns whether the server answers. */
static bool look_at_lane_alone(weir_nats *nats, size_t index, const struct weir__nats_state *state) {
    struct weir__nats_lane *lane = &nats->lanes[index];
    struct weir__nats_lane_state now;
    weir_status status = weir__nats_lane_state(nats, index, &now);
    bool idle = status == WEIR_OK && now.waiting == 0 && now.in_work == 0;
    if (status == WEIR_EMPTY || (idle && lane->suspect != 0 && is_left(nats, lane, state->first)))
        status = weir__nats_lane_renew(nats, index);
    lane->suspect = idle ? state->last : 0;
    return status == WEIR_OK;
}

/* The same with one replica, for a few lanes. The next look begins behind them. */
static void look_alone(weir_nats *nats) {
    struct weir__nats_state state;
    pthread_mutex_lock(&nats->lock);
    bool taking = nats->takers > 0;
    pthread_mutex_unlock(&nats->lock);
    if (!taking || weir__nats_state(nats, nats->stream, &state) != WEIR_OK)
        return;
    size_t lanes = nats->lane_count - 1;
    bool goes_on = state.messages > 0;
    for (size_t i = 0; i < lanes && !goes_on; i++)
        nats->lanes[i].suspect = 0;
    for (size_t i = 0; i < lanes && i < LANES_OF_A_LOOK && goes_on; i++) {
        goes_on = look_at_lane_alone(nats, nats->turn, &state) && !weir__nats_stopped(nats);
        nats->turn = (nats->turn + 1) % lanes;
    }
}

void weir__nats_repair(weir_nats *nats) {
    if (weir__nats_now() < nats->looked + LOOK_AFTER || weir__nats_room_is_quiet(nats))
        return;
    nats->looked = weir__nats_now();
    if (nats->config.replicas == 1)
        look_alone(nats);
    else
        look(nats);
}
