/*
 * room.c - Implements the bound that the programs keep, and the wait for room.
 *
 * From the state of the stream a program keeps `messages` and `last_sequence`. Each answer to a put of its own tells how
 * many puts all programs have made since: newest - last_sequence. So at most
 *
 *     messages + (newest - last_sequence) + flying
 *
 * items are in the queue, without those that other programs put at this moment, one each. While that is below the capacity
 * a put is admitted without a question to the server. Items that were acknowledged since are unknown: at the bound, the
 * program asks again.
 *
 * It asks also before the first burst on each connection `prompt`, of an unbounded queue too. The bursts go to the server
 * of `bulk`, which may be another one. The leader of the stream answers the question, and so knows what `prompt` has
 * subscribed to before: the answers to the bursts.
 *
 * A waiter subscribes to the acknowledgements of all programs, in one group with the other waiters, so that each
 * acknowledgement wakes one program. The server removes the item shortly after, so the waiter tries again after 1, 2, 4 ...
 * ms. That is also the way on if another program got the room, or an acknowledgement was sent to a waiter that had gone.
 *
 * After the news of a new leader, after a put without an answer, and after a lost connection, no put is admitted for a
 * while (put.c). A server tells its news before it takes puts as the leader.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "room.h"

#include "clock.h"
#include "connect.h"
#include "stream.h"

#include <stdio.h>

#define FIRST_PAUSE WEIR__NATS_MILLISECOND
#define LAST_PAUSE (128 * WEIR__NATS_MILLISECOND)
#define REST_AFTER (2 * WEIR_SECOND)
#define QUIET (3 * WEIR_SECOND / 2)

static uint64_t room_locked(const weir_nats *nats) {
    if (!nats->known || weir__nats_now() < nats->quiet_until)
        return 0;
    if (nats->config.capacity == WEIR_UNBOUNDED)
        return UINT64_MAX;
    uint64_t inside = nats->messages + (nats->newest - nats->last_sequence) + nats->flying;
    return inside < nats->config.capacity ? nats->config.capacity - inside : 0;
}

static size_t admit(weir_nats *nats, size_t wanted) {
    pthread_mutex_lock(&nats->lock);
    uint64_t room = room_locked(nats);
    size_t admitted = room < wanted ? (size_t)room : wanted;
    nats->flying += admitted;
    pthread_mutex_unlock(&nats->lock);
    return admitted;
}

static weir_status refresh(weir_nats *nats) {
    struct weir__nats_state state;
    weir_status status = weir__nats_state(nats, nats->stream, &state);
    if (status != WEIR_OK)
        return status;
    pthread_mutex_lock(&nats->lock);
    nats->messages = state.messages;
    nats->last_sequence = state.last;
    if (nats->newest < state.last)
        nats->newest = state.last;
    nats->known = true;
    pthread_mutex_unlock(&nats->lock);
    return WEIR_OK;
}

weir_status weir__nats_room_admit(weir_nats *nats, size_t wanted, size_t *admitted) {
    *admitted = admit(nats, wanted);
    if (*admitted > 0 || weir__nats_room_is_quiet(nats))
        return WEIR_OK;
    weir_status status = refresh(nats);
    if (status == WEIR_OK)
        *admitted = admit(nats, wanted);
    return status;
}

void weir__nats_room_forget(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    nats->known = false;
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_room_quiet(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    nats->quiet_until = weir_deadline_after(QUIET);
    pthread_mutex_unlock(&nats->lock);
}

bool weir__nats_room_is_quiet(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool is = weir__nats_now() < nats->quiet_until;
    pthread_mutex_unlock(&nats->lock);
    return is;
}

void weir__nats_room_elected(weir_nats *nats) {
    if (nats->config.replicas == 1)
        return;
    pthread_mutex_lock(&nats->lock);
    nats->elections++;
    nats->quiet_until = weir_deadline_after(QUIET);
    pthread_mutex_unlock(&nats->lock);
}

static void elected(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *handle) {
    (void)connection;
    (void)subscription;
    weir__nats_room_elected(handle);
    natsMsg_Destroy(message);
}

natsStatus weir__nats_room_watch_leaders(weir_nats *nats) {
    char subject[SUBJECT_BYTES];
    if (nats->config.replicas == 1)
        return NATS_OK;
    snprintf(subject, sizeof subject, "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.%s", nats->stream);
    return weir__nats_subscribe(nats, &nats->elected, nats->prompt, subject, NULL, elected);
}

void weir__nats_room_replace(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    nats->flying++;
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_room_leave(weir_nats *nats, size_t count) {
    pthread_mutex_lock(&nats->lock);
    nats->flying -= count;
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_room_stored_locked(weir_nats *nats, uint64_t sequence) {
    if (nats->newest < sequence)
        nats->newest = sequence;
}

static void tell(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    void (*changed)(void *) = nats->tell;
    void *target = nats->told;
    pthread_mutex_unlock(&nats->lock);
    if (changed != NULL)
        changed(target);
}

void weir__nats_room_tell(weir_nats *nats, void (*changed)(void *target), void *target) {
    pthread_mutex_lock(&nats->lock);
    nats->tell = changed;
    nats->told = target;
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_room_look(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool lately = weir__nats_now() < nats->waited + REST_AFTER;
    pthread_mutex_unlock(&nats->lock);
    if (lately)
        tell(nats);
}

static void acknowledged(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *handle) {
    weir_nats *nats = handle;
    (void)connection;
    (void)subscription;
    natsMsg_Destroy(message);
    pthread_mutex_lock(&nats->lock);
    nats->freed++;
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
    tell(nats);
}

bool weir__nats_room_watch(weir_nats *nats) {
    char subject[SUBJECT_BYTES];
    natsSubscription *acks = NULL;
    pthread_mutex_lock(&nats->lock);
    bool watched = nats->acks != NULL || nats->watching;
    nats->watching = nats->watching || !watched;
    if (nats->waited == 0)
        pthread_cond_broadcast(&nats->changed); /* the tick may sleep without an end */
    nats->waited = weir__nats_now();
    pthread_mutex_unlock(&nats->lock);
    if (watched)
        return false;
    snprintf(subject, sizeof subject, "$JS.ACK.%s.>", nats->stream);
    weir__nats_subscribe(nats, &acks, nats->prompt, subject, "weir", acknowledged);
    pthread_mutex_lock(&nats->lock);
    nats->acks = acks;
    nats->watching = false;
    nats->waited = weir__nats_now();
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
    return acks != NULL;
}

void weir__nats_room_wait(weir_nats *nats, uint64_t *pause, weir_deadline deadline) {
    if (weir__nats_room_watch(nats) && *pause == 0)
        return;
    *pause = *pause == 0 ? FIRST_PAUSE : *pause >= LAST_PAUSE ? LAST_PAUSE : 2 * *pause;
    weir_deadline until = weir__nats_sooner(weir_deadline_after(*pause), deadline);
    pthread_mutex_lock(&nats->lock);
    uint64_t seen = nats->freed;
    while (nats->freed == seen && !nats->stopped && weir__nats_now() < until)
        weir__nats_cond_wait(&nats->changed, &nats->lock, until);
    if (nats->freed != seen)
        *pause = FIRST_PAUSE / 2;
    pthread_mutex_unlock(&nats->lock);
}

bool weir__nats_room_wait_quiet(weir_nats *nats, weir_deadline deadline) {
    pthread_mutex_lock(&nats->lock);
    bool quiet = weir__nats_now() < nats->quiet_until;
    weir_deadline until = weir__nats_sooner(nats->quiet_until, deadline);
    while (quiet && !nats->stopped && weir__nats_now() < until)
        weir__nats_cond_wait(&nats->changed, &nats->lock, until);
    pthread_mutex_unlock(&nats->lock);
    return quiet;
}

/* A waiter that sleeps since then, because this thread was held up or the process was stopped, watches again. */
void weir__nats_room_rest(weir_nats *nats) {
    natsSubscription *acks = NULL;
    pthread_mutex_lock(&nats->lock);
    bool rests = nats->waited != 0 && nats->waited + REST_AFTER < weir__nats_now();
    if (rests) {
        acks = nats->acks;
        nats->acks = NULL;
        nats->waited = 0;
    }
    pthread_mutex_unlock(&nats->lock);
    natsSubscription_Destroy(acks);
    if (rests)
        tell(nats);
}
