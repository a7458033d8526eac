/*
 * strings.c - Implements items that are strings from malloc.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "strings.h"

#include <stdlib.h>
#include <string.h>

static weir_status encode(const void *item, weir_nats_buffer *buffer, void *arg) {
    (void)arg;
    return item == NULL ? WEIR_INVALID : weir_nats_buffer_add(buffer, item, strlen((const char *)item));
}

static weir_status decode(const weir_nats_message *message, void **item, void *arg) {
    (void)arg;
    char *string = malloc(message->size + 1);
    if (string == NULL)
        return WEIR_NOMEM;
    memcpy(string, message->bytes, message->size);
    string[message->size] = '\0';
    *item = string;
    return WEIR_OK;
}

static void drop(void *item, void *arg) {
    (void)arg;
    free(item);
}

void weir__nats_strings(weir_nats_config *config) {
    if (config->encode != NULL)
        return;
    config->encode = encode;
    config->decode = decode;
    if (config->drop == NULL)
        config->drop = drop;
}
