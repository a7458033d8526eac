/*
 * identity.c - Implements identities, which are derived by the hash FNV-1a (Fowler, Noll, Vo).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t add(uint64_t hash, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
    return hash;
}

const char *weir__nats_identity_header(const weir_nats *nats) {
    return nats->config.replicas == 1 ? "Nats-Msg-Id" : "Weir-Id";
}

const char *weir__nats_identity(natsMsg *message) {
    const char *identity = NULL;
    if (natsMsgHeader_Get(message, "Weir-Id", &identity) == NATS_OK ||
        natsMsgHeader_Get(message, "Nats-Msg-Id", &identity) == NATS_OK)
        return identity;
    return NULL;
}

void weir__nats_derive(char text[SUBJECT_BYTES], const char *kind, const char *stream, natsMsg *message,
                       uint64_t place) {
    const char *own = weir__nats_identity(message);
    uint64_t hash = add(FNV_BASIS, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message));
    if (own != NULL)
        hash = add(hash, own, strlen(own));
    snprintf(text, SUBJECT_BYTES, "%s.%s.%" PRIu64 ".%016" PRIx64, kind, stream, place, hash);
}
