/*
 * queue_place.c - splits the URL of a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "queue_place.h"

#include <string.h>

#include "terminal.h"

static bool is_name(const char *name, size_t length) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
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

/* Reads what follows the name: nothing, or the replicas. */
static bool read_replicas(unsigned *replicas, const char *query) {
    static const char *const values[] = {"", "?replicas=1", "?replicas=3", "?replicas=5"};
    static const unsigned numbers[] = {0, 1, 3, 5};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (strcmp(query, values[i]) == 0) {
            *replicas = numbers[i];
            return true;
        }
    }
    return false;
}

bool queue_place_read(struct queue_place *place, const char *text) {
    const char *host = last_host(text), *slash = host == NULL ? NULL : strchr(host, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - text);
    const char *name = slash == NULL ? "" : slash + 1;
    size_t name_length = strcspn(name, "?");
    if (slash == host || length == 0 || *name == '\0') {
        terminal_say("--queue needs nats://HOST[:PORT]/NAME; --capacity sets the capacity of the stages");
    } else if (!is_name(name, name_length)) {
        terminal_say("--queue: '%.*s' is not a name of 1 to %d letters, digits, - and _", (int)name_length, name,
                     QUEUE_NAME_SIZE - 1);
    } else if (!read_replicas(&place->replicas, name + name_length)) {
        terminal_say("--queue: only ?replicas=1, 3 or 5 may follow the name");
    } else if (length >= sizeof place->servers) {
        terminal_say("--queue: the URL is longer than %d bytes", QUEUE_SERVERS_SIZE - 1);
    } else {
        memcpy(place->servers, text, length);
        place->servers[length] = '\0';
        memcpy(place->name, name, name_length);
        place->name[name_length] = '\0';
        return true;
    }
    return false;
}
