/*
 * stream.c - Implements the streams and consumers of a queue.
 *
 * Stream WEIR_NAME has the subjects weir.NAME.>: a work queue, from which an acknowledged message is removed. Consumer
 * lane_N delivers the items of one lane, and consumer close the sentinels, one at a time. With a key, a lane has one
 * item in work at a time. Stream WEIR_NAME_DEAD has the dead letters.
 *
 * A server with one replica enforces the bound. With several, each replica checks it by itself when it applies a put, and
 * they disagree: acknowledged puts were lost. So the programs keep the bound (room.c).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stream.h"

#include "clock.h"
#include "connect.h"
#include "reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_PULLS = 512, AGAIN_MS = 200 };

#define DUPLICATES (INT64_C(120) * 1000000000)

weir_status weir__nats_lanes(weir_nats *nats) {
    size_t lanes = nats->config.lanes;
    nats->lanes = calloc(lanes + 1, sizeof *nats->lanes);
    if (nats->lanes == NULL)
        return WEIR_NOMEM;
    nats->lane_count = lanes + 1;
    for (size_t i = 0; i < lanes; i++) {
        struct weir__nats_lane *lane = &nats->lanes[i];
        snprintf(lane->consumer, sizeof lane->consumer, "lane_%zu", i);
        snprintf(lane->subject, sizeof lane->subject, "weir.%s.item.%zu", nats->config.name, i);
        lane->most = nats->config.key == NULL ? nats->config.window : 1;
    }
    struct weir__nats_lane *sentinels = &nats->lanes[lanes];
    snprintf(sentinels->consumer, sizeof sentinels->consumer, "close");
    snprintf(sentinels->subject, sizeof sentinels->subject, "weir.%s.close", nats->config.name);
    sentinels->most = 1;
    return WEIR_OK;
}

static int64_t server_bound(const weir_nats_config *config) {
    return config->replicas > 1 || config->capacity == WEIR_UNBOUNDED ? -1 : (int64_t)config->capacity;
}

/* Keeps what the program must agree on with the others; it is the stream's description. */
static void describe(const weir_nats_config *config, char *text, size_t size) {
    char capacity[24] = "unbounded";
    if (config->capacity != WEIR_UNBOUNDED)
        snprintf(capacity, sizeof capacity, "%zu", config->capacity);
    snprintf(text, size, "weir: capacity %s, replicas %u, %s %u", capacity, config->replicas,
             config->key == NULL ? "unordered" : "lanes", config->lanes);
}

/* Returns whether the answer means that the server is not ready yet. */
static bool try_again(natsStatus status, jsErrCode code) {
    if (status == NATS_NO_RESPONDERS) /* libnats gives it a code of its own */
        return true;
    switch (code) {
        case JSClusterNotAvailErr:
        case JSClusterNoPeersErr:
        case JSClusterNotAssignedErr:
        case JSClusterNotLeaderErr:
        case JSInsufficientResourcesErr:
        case JSStreamOfflineErr:
        case JSStreamSubjectOverlapErr: /* nats-server 2.9: while another program adds the same stream */
            return true;
        default:
            return code == 0 && status == NATS_TIMEOUT;
    }
}

/* Returns the name of a setting that another tool has changed, with which items would get lost or stay; NULL: none. */
static const char *changed_setting(const jsStreamConfig *found, const jsStreamConfig *wanted) {
    if (found->Retention != wanted->Retention)
        return "retention";
    if (wanted->Retention != js_WorkQueuePolicy)
        return NULL; /* dead letters may be limited */
    if (found->Discard != wanted->Discard)
        return "discard";
    if (found->MaxMsgs != wanted->MaxMsgs)
        return "max_msgs";
    return found->MaxAge != 0 ? "max_age" : NULL;
}

static weir_status compare(weir_nats *nats, const jsStreamInfo *info, const jsStreamConfig *wanted) {
    const char *found = info->Config->Description == NULL ? "" : info->Config->Description;
    const char *changed = changed_setting(info->Config, wanted);
    if (strcmp(found, wanted->Description) == 0 && changed == NULL)
        return WEIR_OK;
    if (strcmp(found, wanted->Description) == 0)
        return weir__nats_fail(nats, WEIR_INVALID, "the stream %s exists with another %s", wanted->Name, changed);
    return weir__nats_fail(nats, WEIR_INVALID, "the queue exists with \"%s\" instead of \"%s\"", found,
                           wanted->Description);
}

/* Adding a stream that exists with the same config has no effect. */
static weir_status add_stream(weir_nats *nats, jsStreamConfig *config, uint64_t until) {
    for (;;) {
        jsStreamInfo *info = NULL;
        jsErrCode code = 0;
        struct weir__nats_api api = weir__nats_api("STREAM.INFO", config->Name, NULL);
        natsStatus status = js_GetStreamInfo(&info, nats->js, config->Name, NULL, &code);
        if (status != NATS_OK && weir__nats_status(status, code) == WEIR_EMPTY) {
            api = weir__nats_api("STREAM.CREATE", config->Name, NULL);
            status = js_AddStream(&info, nats->js, config, NULL, &code);
        }
        if (status == NATS_OK) {
            weir_status result = compare(nats, info, config);
            jsStreamInfo_Destroy(info);
            return result;
        }
        if (!try_again(status, code) || weir__nats_is_refused(nats, api.subject) || weir__nats_now() > until)
            return weir__nats_fail_as(nats, status, code, "cannot create the stream", api.subject);
        nats_Sleep(AGAIN_MS);
    }
}

static weir_status add_items(weir_nats *nats, const char *description, uint64_t until) {
    char subject[SUBJECT_BYTES];
    const char *subjects[1] = {subject};
    jsStreamConfig config;
    snprintf(subject, sizeof subject, "weir.%s.>", nats->config.name);
    jsStreamConfig_Init(&config);
    config.Name = nats->stream;
    config.Description = description;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Retention = js_WorkQueuePolicy;
    config.Discard = js_DiscardNew;
    config.Duplicates = DUPLICATES;
    config.MaxMsgs = server_bound(&nats->config);
    config.Replicas = nats->config.replicas;
    return add_stream(nats, &config, until);
}

static weir_status add_dead(weir_nats *nats, const char *description, uint64_t until) {
    char subject[SUBJECT_BYTES];
    const char *subjects[1] = {subject};
    jsStreamConfig config;
    snprintf(subject, sizeof subject, "weir_dead.%s", nats->config.name);
    jsStreamConfig_Init(&config);
    config.Name = nats->dead;
    config.Description = description;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Duplicates = DUPLICATES;
    config.Replicas = nats->config.replicas;
    return add_stream(nats, &config, until);
}

static void fill_consumer(const weir_nats *nats, size_t index, jsConsumerConfig *config) {
    const struct weir__nats_lane *lane = &nats->lanes[index];
    bool alone = nats->config.key != NULL || index + 1 == nats->lane_count;
    jsConsumerConfig_Init(config);
    config->Durable = lane->consumer;
    config->AckPolicy = js_AckExplicit;
    config->AckWait = (int64_t)nats->config.ack_wait;
    config->MaxDeliver = -1;
    config->FilterSubject = lane->subject;
    config->MaxAckPending = alone ? 1 : -1;
    config->MaxWaiting = WAITING_PULLS;
}

/* Sets `*ack_wait` to that of a consumer that exists. */
static weir_status add_consumer(weir_nats *nats, size_t index, uint64_t *ack_wait, uint64_t until) {
    jsConsumerConfig config;
    fill_consumer(nats, index, &config);
    for (;;) {
        jsConsumerInfo *info = NULL;
        jsErrCode code = 0;
        struct weir__nats_api api = weir__nats_api("CONSUMER.INFO", nats->stream, config.Durable);
        natsStatus status = js_GetConsumerInfo(&info, nats->js, nats->stream, config.Durable, NULL, &code);
        if (status != NATS_OK && (status == NATS_NOT_FOUND || code == JSConsumerNotFoundErr)) {
            api = weir__nats_api("CONSUMER.DURABLE.CREATE", nats->stream, config.Durable);
            status = js_AddConsumer(&info, nats->js, nats->stream, &config, NULL, &code);
        }
        if (status == NATS_OK) {
            *ack_wait = (uint64_t)info->Config->AckWait;
            jsConsumerInfo_Destroy(info);
            return WEIR_OK;
        }
        if (!try_again(status, code) || weir__nats_is_refused(nats, api.subject) || weir__nats_now() > until)
            return weir__nats_fail_as(nats, status, code, "cannot create the consumer", api.subject);
        nats_Sleep(AGAIN_MS);
    }
}

weir_status weir__nats_streams(weir_nats *nats) {
    char description[96];
    uint64_t until = weir_deadline_after(nats->config.timeout);
    describe(&nats->config, description, sizeof description);
    weir_status status = add_items(nats, description, until);
    if (status == WEIR_OK)
        status = add_dead(nats, description, until);
    for (size_t i = 0; i < nats->lane_count && status == WEIR_OK; i++)
        status = add_consumer(nats, i, &nats->config.ack_wait, until);
    return status;
}

/* Names a question without an answer. */
static weir_status unanswered(weir_nats *nats, natsStatus status, jsErrCode code, const char *subject) {
    weir_status result = weir__nats_fail_as(nats, status, code, "cannot ask for the state of the queue", subject);
    if (result == WEIR_AUTH)
        return result;
    return try_again(status, code) ? WEIR_TIMEDOUT : result == WEIR_EMPTY ? WEIR_FAILED : result;
}

weir_status weir__nats_state(weir_nats *nats, const char *stream, struct weir__nats_state *state) {
    jsStreamInfo *info = NULL;
    jsErrCode code = 0;
    if (!weir__nats_connected(nats->prompt))
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
    natsStatus status = js_GetStreamInfo(&info, nats->js, stream, NULL, &code);
    if (status != NATS_OK)
        return unanswered(nats, status, code, weir__nats_api("STREAM.INFO", stream, NULL).subject);
    state->messages = info->State.Msgs;
    state->first = info->State.FirstSeq;
    state->last = info->State.LastSeq;
    jsStreamInfo_Destroy(info);
    return WEIR_OK;
}

bool weir__nats_has_leader(weir_nats *nats, weir_deadline deadline) {
    jsStreamInfo *info = NULL;
    jsOptions options;
    jsErrCode code = 0;
    uint64_t now = weir__nats_now();
    jsOptions_Init(&options);
    options.Wait = weir__nats_milliseconds(now < deadline ? deadline - now : 1);
    natsStatus status = js_GetStreamInfo(&info, nats->js, nats->stream, &options, &code);
    jsStreamInfo_Destroy(info);
    return status == NATS_OK;
}

bool weir__nats_is_removed(weir_nats *nats, uint64_t sequence) {
    natsMsg *message = NULL;
    jsErrCode code = 0;
    natsStatus status = js_GetMsg(&message, nats->js, nats->stream, sequence, NULL, &code);
    natsMsg_Destroy(message);
    return status == NATS_NOT_FOUND || code == JSNoMessageFoundErr;
}

static bool read_sequence(const char *text, uint64_t *sequence) {
    const char *at = strstr(text, "\"seq\":"), *code = strstr(text, "\"err_code\":");
    *sequence = at == NULL ? 0 : strtoull(at + strlen("\"seq\":"), NULL, 10);
    return at != NULL || (code != NULL && strtol(code + strlen("\"err_code\":"), NULL, 10) == JSNoMessageFoundErr);
}

weir_status weir__nats_find(weir_nats *nats, const char *subject, uint64_t from, uint64_t *sequence) {
    char api[NAME_BYTES + 32], body[SUBJECT_BYTES + 64];
    natsMsg *answer = NULL;
    if (!weir__nats_connected(nats->prompt))
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
    snprintf(api, sizeof api, "$JS.API.STREAM.MSG.GET.%s", nats->stream);
    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 ",\"next_by_subj\":\"%s\"}", from == 0 ? 1 : from, subject);
    natsStatus status =
        natsConnection_RequestString(&answer, nats->prompt, api, body, weir__nats_milliseconds(nats->config.timeout));
    if (status != NATS_OK)
        return unanswered(nats, status, 0, api);
    bool told = natsMsg_GetData(answer) != NULL && read_sequence(natsMsg_GetData(answer), sequence);
    natsMsg_Destroy(answer);
    return told ? WEIR_OK : weir__nats_fail(nats, WEIR_FAILED, "the server does not tell where a message is");
}

weir_status weir__nats_lane_state(weir_nats *nats, size_t index, struct weir__nats_lane_state *state) {
    jsConsumerInfo *info = NULL;
    jsErrCode code = 0;
    if (!weir__nats_connected(nats->prompt))
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "no connection");
    const char *consumer = nats->lanes[index].consumer;
    natsStatus status = js_GetConsumerInfo(&info, nats->js, nats->stream, consumer, NULL, &code);
    if (code == JSConsumerNotFoundErr)
        return WEIR_EMPTY;
    if (status != NATS_OK)
        return unanswered(nats, status, code, weir__nats_api("CONSUMER.INFO", nats->stream, consumer).subject);
    state->waiting = info->NumPending;
    state->in_work = (uint64_t)info->NumAckPending;
    state->floor = info->AckFloor.Stream;
    jsConsumerInfo_Destroy(info);
    return WEIR_OK;
}

weir_status weir__nats_lane_renew(weir_nats *nats, size_t index) {
    jsErrCode code = 0;
    uint64_t ack_wait; /* that of the handle stays: other threads read it */
    js_DeleteConsumer(nats->js, nats->stream, nats->lanes[index].consumer, NULL, &code);
    return add_consumer(nats, index, &ack_wait, weir_deadline_after(nats->config.timeout));
}
