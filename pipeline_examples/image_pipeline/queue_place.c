/*
 * queue_place.c - splits the URL of a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "queue_place.h"

#include <string.h>

#include "terminal.h"

static bool is_name(const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(name);
    return length > 0 && length < QUEUE_NAME_SIZE && strspn(name, allowed) == length;
}

/* Returns the host of the last server; NULL if the text begins as no URL of a queue does. */
static const char *last_host(const char *text) {
    if (strncmp(text, "nats://", 7) != 0 && strncmp(text, "tls://", 6) != 0)
        return NULL;
    const char *host = text;
    for (const char *next = text; (next = strstr(next, "://")) != NULL;)
        host = next += strlen("://");
    return host;
}

bool queue_place_read(struct queue_place *place, const char *text) {
    const char *host = last_host(text), *slash = host == NULL ? NULL : strchr(host, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - text);
    if (slash == host || length == 0 || *(slash + 1) == '\0') {
        terminal_say("--queue needs nats://HOST[:PORT]/NAME; --capacity sets the capacity of the stages");
    } else if (!is_name(slash + 1)) {
        terminal_say("--queue: '%s' is not a name of 1 to %d letters, digits, - and _", slash + 1, QUEUE_NAME_SIZE - 1);
    } else if (length >= sizeof place->servers) {
        terminal_say("--queue: the URL is longer than %d bytes", QUEUE_SERVERS_SIZE - 1);
    } else {
        memcpy(place->servers, text, length);
        place->servers[length] = '\0';
        strcpy(place->name, slash + 1);
        return true;
    }
    return false;
}
