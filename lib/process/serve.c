/*
 * serve.c - Implements the work of a child: it becomes ready, and answers questions until its input ends.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "process/serve.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "process/message.h"
#include "sync/border.h"
#include "sync/channel.h"
#include "sync/clock.h"
#include "sync/memory.h"

enum { EXIT_OK = 0, EXIT_NO_PARENT = 125 };

typedef struct weir__server {
    const weir_process_entry *entry;
    void *state;
    weir__shared shared;
    weir__page *page;
    const unsigned char *questions; /* the parts of the shared memory */
    unsigned char *results;
    size_t span;                    /* bytes of each */
    size_t room;                    /* bytes that a result may have */
    weir__message question, answer; /* the question stays in place while the function reads it */
} weir__server;

/* Of the call in progress; "" if it has given none. */
static char reason[WEIR__REASON];

int weir_process_fail(int code, const char *format, ...) {
    reason[0] = '\0';
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(reason, sizeof reason, format, arguments);
        va_end(arguments);
    }
    return code != 0 ? code : WEIR_CODE(WEIR_FAILED);
}

const weir_process_entry *weir__entry_of(const weir_process_entry *table, const char *name) {
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* Whether an item or a result may be larger than a message. */
static bool is_roomy(const weir__server *server) {
    return server->room > WEIR_PROCESS_MESSAGE;
}

/* ---- answers ---- */

/* Sends the answer; with a code, its bytes are the reason. Without a parent the process ends. */
static void answer(weir__server *server, uint32_t number, int code) {
    weir__head *head = &server->answer.head;
    head->number = number;
    head->code = code;
    if (code != 0) {
        head->in_memory = 0;
        head->size = strlen(reason);
        memcpy(server->answer.bytes, reason, (size_t)head->size);
    }
    size_t size = sizeof *head + (head->in_memory ? 0 : (size_t)head->size);
    if (weir__channel_send(WEIR__CHILD_SOCKET, &server->answer, size) != 0)
        weir__exit_process(EXIT_NO_PARENT, false);
}

static int call(weir__server *server, const void *in, size_t size, weir_process_payload *out) {
    int code = server->entry->func(in, size, out, server->state);
    weir__border();
    return code;
}

/* Returns the code of a function that has returned 0. */
static int check(const weir__server *server, const weir_process_payload *out) {
    return out->size <= server->room
               ? 0
               : weir_process_fail(WEIR_CODE(WEIR_INVALID), "its result has %zu bytes, and there is room for %zu",
                                   out->size, server->room);
}

/* Makes the answer of a result. Returns the code. */
static int hand_in(weir__server *server, const weir_process_payload *out) {
    weir__head *head = &server->answer.head;
    int code = check(server, out);
    if (code != 0)
        return code;
    head->size = out->size;
    head->in_memory = out->size > WEIR_PROCESS_MESSAGE;
    if (!head->in_memory && is_roomy(server))
        memcpy(server->answer.bytes, server->results, out->size);
    return 0;
}

static void work(weir__server *server) {
    const weir__head *asked = &server->question.head;
    const void *in = asked->in_memory ? server->questions : server->question.bytes;
    unsigned char *made = is_roomy(server) ? server->results : server->answer.bytes;
    weir_process_payload out = {.data = made, .room = server->room};
    reason[0] = '\0';
    weir__u32_store_release(&server->page->begun, asked->number); /* R4; pairs with the load in keeper.c */
    int code = call(server, in, (size_t)asked->size, &out);
    answer(server, asked->number, code != 0 ? code : hand_in(server, &out));
}

/* ---- batches ---- */

/* Tells the parent that items are answered. One message that waits to be read is enough (message.h). */
static void tell(uint32_t number, bool waits) {
    const weir__head told = {.number = number, .count = waits};
    if (!weir__channel_notify(WEIR__CHILD_SOCKET, &told, sizeof told, waits))
        weir__exit_process(EXIT_NO_PARENT, false);
}

/* Calls the function for an item of a batch, and answers at `to`. Returns the bytes of the answer. */
static size_t answer_item(weir__server *server, const unsigned char *from, uint32_t number, unsigned char *to) {
    const weir__head *item = (const void *)from;
    weir__head head = {.number = number};
    weir_process_payload out = {.data = to + sizeof head, .room = server->room};
    reason[0] = '\0';
    weir__u32_store_release(&server->page->begun, number); /* R4; pairs with the load in batch.c */
    head.code = call(server, from + sizeof *item, (size_t)item->size, &out);
    if (head.code == 0)
        head.code = check(server, &out);
    head.size = head.code == 0 ? out.size : strlen(reason);
    if (head.code != 0)
        memcpy(to + sizeof head, reason, (size_t)head.size);
    memcpy(to, &head, sizeof head);
    weir__u32_store_release(&server->page->done, number); /* R7; pairs with the load in batch.c */
    return weir__room_for((size_t)head.size);
}

/* Answers the items of a batch, as many as have room for their results. Tells the parent at times. */
static void work_off(weir__server *server) {
    const weir__head asked = server->question.head;
    const unsigned char *from = server->questions + asked.offset;
    size_t most = server->span - weir__room_for(server->room), at = 0;
    uint64_t told = 0;
    for (uint32_t i = 0; i < asked.count && at <= most; i++) {
        uint64_t now = weir__clock_now();
        if (i > 0 && now - told >= WEIR__TELL_EVERY)
            tell(asked.number, false);
        if (i == 0 || now - told >= WEIR__TELL_EVERY)
            told = now;
        weir__u32_store_relaxed(&server->page->begun_at, (uint32_t)(now / WEIR_MILLISECOND));
        at += answer_item(server, from, asked.number + i, server->results + at);
        from += weir__room_for((size_t)((const weir__head *)(const void *)from)->size);
    }
    tell(asked.number, true);
}

/* ---- the life of a child ---- */

static bool attach(weir__server *server) {
    if (!weir__shared_attach(&server->shared) || server->shared.size < WEIR__PAGE)
        return false;
    server->page = (weir__page *)(void *)server->shared.bytes;
    size_t span = (size_t)server->page->span * WEIR__PAGE;
    if (server->shared.size != WEIR__PAGE + 2 * span)
        return false;                                        /* a program started by hand, with other files there */
    weir__shared_protect(&server->shared, WEIR__PAGE, span); /* R2 */
    server->questions = server->shared.bytes + WEIR__PAGE;
    server->results = server->shared.bytes + WEIR__PAGE + span;
    server->span = span;
    server->room = server->page->payload > 0 ? (size_t)server->page->payload : WEIR_PROCESS_MESSAGE;
    return true;
}

/* Returns 0, or the code of an init that has failed. */
static int call_init(weir__server *server) {
    weir_status status = WEIR_OK;
    server->state = server->entry->arg;
    if (server->entry->init != NULL) {
        status = server->entry->init(server->entry->arg, &server->state);
        weir__border();
    }
    weir__channel_bind_user(); /* the init may have entered another one */
    return status == WEIR_OK ? 0 : WEIR_CODE(status);
}

static void call_fini(weir__server *server) {
    if (server->entry->fini != NULL) {
        server->entry->fini(server->state);
        weir__border();
    }
}

_Noreturn void weir__serve(const weir_process_entry *table, const char *function) {
    weir__server *server = weir__alloc(sizeof *server);
    size_t size;
    if (server == NULL || !attach(server))
        weir__exit_process(EXIT_NO_PARENT, false);
    weir__close_others(WEIR__CHILD_LAST);
    if (!weir__channel_bind(function))
        weir__exit_process(EXIT_NO_PARENT, false);
    server->entry = weir__entry_of(table, function);
    weir__confine(&server->page->limits);
    int code =
        server->entry != NULL ? call_init(server) : weir_process_fail(WEIR_CODE(WEIR_INVALID), "no such function");
    answer(server, 0, code);
    while (code == 0 && weir__channel_receive(WEIR__CHILD_SOCKET, &server->question, sizeof server->question, &size,
                                              true) == WEIR__RECEIVED) {
        if (server->question.head.count > 0)
            work_off(server);
        else
            work(server);
    }
    if (code == 0)
        call_fini(server);
    weir__exit_process(EXIT_OK, true);
}
