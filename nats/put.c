/*
 * put.c - Implements the puts of single items and of sentinels.
 *
 * An attempt without a definite answer is repeated with the same identity, which a server with one replica stores once
 * within two minutes. An attempt that was refused because the queue is full gets a new identity: a server may keep the
 * identity of a put that it has not stored, and then takes the next attempt for a repetition.
 *
 * With replicas the server is told no identity. Each copy of 2.9.10 looks for repetitions by itself, in a table that a new
 * start of the copy loses: one copy stored a repetition, another did not, and they numbered all later messages differently.
 * Acknowledged items came again without an end then. So a put may be stored twice; the later message has a header that
 * raises its attempt number. The identity is in a header of ours: it tells which sentinels are the same.
 *
 * Nor is a put repeated before the stream has a leader. A leader that is stopped, as by a partition, and goes on writes to
 * its log what it was sent since, until it learns of its successor. 2.9.10 keeps these entries in the place of the first
 * ones of the successor, which are lost once that server leads again: 33, 4 and 7 acknowledged puts in three runs of five
 * stops, when each put was repeated each second. If nothing is repeated, and the first messages of the successor are the
 * unanswered ones of all programs, both have the same in that place. So a program that repeats a put begins no other one
 * for as long as others may take to repeat theirs: without, one of five stops lost a put. Nor does a program that hears of
 * a new leader, or that has been without a connection. A put that it began before, and that is answered after, may be
 * among the first messages: it is put again behind them. So is one that was repeated: the stopped server has the unanswered
 * puts of several threads in another order. Without, one of 19,198 acknowledged puts in four stops was lost: the stopped
 * server had another put under its number, still led the consumer when it went on, and delivered that one; its
 * acknowledgement removed the other one from the copies that had it. Not so a sentinel that has ended a source meanwhile: its
 * copy would end another one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "put.h"

#include "buffer.h"
#include "clock.h"
#include "connect.h"
#include "reason.h"
#include "room.h"
#include "send.h"
#include "stream.h"

#include <string.h>

#define RESEND (1 * WEIR_SECOND)
#define LATER (100 * WEIR__NATS_MILLISECOND)

weir_status weir__nats_enter(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool stopped = nats->stopped;
    if (!stopped)
        nats->calls++;
    pthread_mutex_unlock(&nats->lock);
    return stopped ? WEIR_CLOSED : WEIR_OK;
}

void weir__nats_leave(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    if (--nats->calls == 0 && nats->stopped)
        pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_put_begin(struct weir__nats_put *put, const char *subject, const void *bytes, size_t size) {
    *put = (struct weir__nats_put){.subject = subject, .bytes = bytes, .size = size};
}

const char *weir__nats_subject(const weir_nats *nats, const void *item) {
    if (nats->config.key == NULL)
        return nats->lanes[0].subject;
    uint64_t key = nats->config.key(item, nats->config.arg) * UINT64_C(0x9e3779b97f4a7c15);
    return nats->lanes[(key >> 32) % nats->config.lanes].subject;
}

/* Blocks for a while, until the connection is made again, or until the deadline. */
static void pause_until(weir_nats *nats, weir_deadline deadline) {
    weir_deadline until = weir__nats_sooner(weir_deadline_after(LATER), deadline);
    pthread_mutex_lock(&nats->lock);
    while (!nats->stopped && weir__nats_now() < until)
        weir__nats_cond_wait(&nats->changed, &nats->lock, until);
    pthread_mutex_unlock(&nats->lock);
}

bool weir__nats_stopped(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool is = nats->stopped;
    pthread_mutex_unlock(&nats->lock);
    return is;
}

/*
 * The bound is the programs' if there are replicas. A put that was sent may be in the queue already. One that takes the place
 * of a message was admitted by its caller, and waits like the others after an election.
 */
static weir_status admit(weir_nats *nats, struct weir__nats_put *put) {
    size_t admitted = 0;
    if (nats->config.replicas == 1)
        return WEIR_OK;
    if (put->sent && !put->admitted) { /* by a burst */
        weir__nats_room_replace(nats);
        put->admitted = true;
    }
    if (put->admitted)
        return put->sent || !weir__nats_room_is_quiet(nats) ? WEIR_OK : WEIR_FULL;
    weir_status status = weir__nats_room_admit(nats, 1, &admitted);
    put->admitted = admitted == 1;
    return status == WEIR_OK && !put->admitted ? WEIR_FULL : status;
}

static void leave_room(weir_nats *nats, struct weir__nats_put *put) {
    if (put->admitted)
        weir__nats_room_leave(nats, 1);
    put->admitted = false;
}

/* Returns whether the put is a sentinel that was stored, and has had its end. One that was lost is beyond the last place. */
static bool has_ended(weir_nats *nats, const struct weir__nats_put *put) {
    struct weir__nats_state state;
    return put->stored && put->header != NULL && strcmp(put->header, "Weir-Ctl") == 0 &&
           weir__nats_is_removed(nats, put->sequence) && weir__nats_state(nats, nats->stream, &state) == WEIR_OK &&
           state.last >= put->sequence;
}

/*
 * Returns whether a put may be sent, perhaps again. With replicas, one without an answer waits for a leader: a stopped server
 * would take each further message for its own once it goes on.
 */
static bool may_send(weir_nats *nats, const struct weir__nats_put *put, weir_deadline patience) {
    if (nats->config.replicas == 1 || !put->sent)
        return true;
    if (put->stored) /* among the first messages of a new leader: again behind them */
        return !weir__nats_room_is_quiet(nats);
    weir__nats_room_quiet(nats); /* also while it waits for the leader */
    if (!weir__nats_has_leader(nats, weir__nats_sooner(weir_deadline_after(RESEND), patience)))
        return false;
    weir__nats_room_quiet(nats);
    return true;
}

/* Makes one attempt. Returns WEIR_OK, WEIR_FULL, WEIR_DISCONNECTED and WEIR_TIMEDOUT for a further one, or the end. */
static weir_status attempt(weir_nats *nats, struct weir__nats_put *put, weir_deadline patience) {
    if (!weir__nats_connected(nats->prompt)) {
        if (nats->config.replicas > 1)
            weir__nats_room_quiet(nats); /* the news of a new leader may not come */
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
    }
    weir_status status = admit(nats, put);
    if (status != WEIR_OK)
        return status;
    if (!may_send(nats, put, patience))
        return WEIR_TIMEDOUT;
    if (has_ended(nats, put))
        return WEIR_OK;
    weir__nats_ask(nats, put, weir__nats_sooner(weir_deadline_after(RESEND), patience));
    switch (put->answer) {
        case ANSWER_STORED:
            return WEIR_OK;
        case ANSWER_FULL:
            leave_room(nats, put);
            put->token = 0;
            put->sent = false;
            return WEIR_FULL;
        case ANSWER_TOO_LARGE:
            return weir__nats_fail(nats, WEIR_TOO_LARGE, "an item of %zu bytes is too large: the server takes %lld",
                                   put->size, (long long)natsConnection_GetMaxPayload(nats->prompt));
        case ANSWER_NO_MEMORY:
            return weir__nats_fail(nats, WEIR_NOMEM, "out of memory for an item of %zu bytes", put->size);
        case ANSWER_REFUSED:
            return weir__nats_fail(nats, WEIR_FAILED, "the server refuses an item: %s", put->text);
        default:
            return weir__nats_is_refused(nats, put->subject) ? WEIR_AUTH : WEIR_TIMEDOUT;
    }
}

static bool is_final(weir_status status) {
    return status != WEIR_FULL && status != WEIR_DISCONNECTED && status != WEIR_TIMEDOUT;
}

/* Names the end of a put that has no room, no connection or no answer. */
static weir_status give_up(weir_nats *nats, const struct weir__nats_put *put, weir_status last, bool tried_once) {
    if (put->stored)
        return WEIR_OK;
    if (put->sent)
        return weir__nats_fail(nats, WEIR_UNCERTAIN, "no answer to a put: the item may be in the queue");
    if (weir__nats_stopped(nats))
        return WEIR_CLOSED;
    if (last == WEIR_FULL)
        return tried_once ? WEIR_FULL : weir__nats_fail(nats, WEIR_TIMEDOUT, "the queue is full");
    return WEIR_DISCONNECTED;
}

static weir_status make(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline, weir_deadline patience,
                        bool once) {
    uint64_t pause = 0;
    bool tried_once = deadline <= weir__nats_now();
    weir_status status = WEIR_OK;
    for (;;) {
        status = weir__nats_now() < patience ? attempt(nats, put, patience) : WEIR_FULL;
        if (is_final(status) || (once && put->stored)) {
            status = put->stored ? WEIR_OK : status;
            break;
        }
        weir_deadline until = put->sent ? patience : deadline;
        if (weir__nats_now() >= until || weir__nats_stopped(nats)) {
            status = give_up(nats, put, status, tried_once);
            break;
        }
        if (status != WEIR_FULL)
            pause_until(nats, until);
        else if (!weir__nats_room_wait_quiet(nats, until))
            weir__nats_room_wait(nats, &pause, until);
    }
    leave_room(nats, put);
    return status;
}

weir_deadline weir__nats_patience(const weir_nats *nats, weir_deadline deadline) {
    return weir__nats_later(deadline, weir_deadline_after(nats->config.timeout));
}

weir_status weir__nats_put_until(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline) {
    return make(nats, put, deadline, weir__nats_patience(nats, deadline), false);
}

weir_status weir__nats_put_within(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline,
                                  weir_deadline patience) {
    return make(nats, put, deadline, patience, false);
}

weir_status weir__nats_put_once(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline,
                                weir_deadline patience) {
    return make(nats, put, deadline, patience, true);
}

static struct weir__nats_put make_put(const char *subject, const weir_nats_message *message, const char *header,
                                      const char *same_id) {
    struct weir__nats_put put;
    weir__nats_put_begin(&put, subject, message->bytes, message->size);
    put.header = header;
    put.value = header == NULL ? NULL : "1";
    put.same_id = same_id;
    return put;
}

weir_status weir__nats_put_message(weir_nats *nats, const char *subject, const weir_nats_message *message,
                                   const char *header, const char *same_id, weir_deadline deadline) {
    struct weir__nats_put put = make_put(subject, message, header, same_id);
    return weir__nats_put_until(nats, &put, deadline);
}

weir_status weir__nats_put_again(weir_nats *nats, const char *subject, const weir_nats_message *message,
                                 const char *header, const char *same_id) {
    struct weir__nats_put put = make_put(subject, message, header, same_id);
    weir__nats_room_replace(nats);
    put.admitted = true;
    return weir__nats_put_until(nats, &put, weir_deadline_after(nats->config.timeout));
}

static weir_status put_item(weir_nats *nats, void *item, weir_deadline deadline) {
    weir_nats_buffer buffer = {NULL, 0, 0};
    weir_status status = nats->config.encode(item, &buffer, nats->config.arg);
    if (status == WEIR_OK) {
        weir_nats_message message = {buffer.bytes, buffer.size, 0, 0};
        status = weir__nats_put_message(nats, weir__nats_subject(nats, item), &message, NULL, NULL, deadline);
    }
    weir__nats_buffer_free(&buffer);
    if (status == WEIR_OK && nats->config.drop != NULL)
        nats->config.drop(item, nats->config.arg);
    return status;
}

weir_status weir_nats_put(weir_nats *nats, void *item, weir_deadline deadline) {
    if (nats == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = put_item(nats, item, deadline);
    weir__nats_leave(nats);
    return status;
}

weir_status weir_nats_close(weir_nats *nats, weir_deadline deadline) {
    static const weir_nats_message empty = {"", 0, 0, 0};
    if (nats == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status =
        weir__nats_put_message(nats, nats->lanes[nats->lane_count - 1].subject, &empty, "Weir-Ctl", NULL, deadline);
    weir__nats_leave(nats);
    return status;
}
