/*
 * digest.c - SHA-256 through GLib, on which libvips depends.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "digest.h"

#include <glib.h>
#include <string.h>

void digest_write(char *hex, size_t digits, const char *first, size_t first_size, const char *second,
                  size_t second_size) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)first, (gssize)first_size);
    g_checksum_update(sum, (const guchar *)second, (gssize)second_size);
    memcpy(hex, g_checksum_get_string(sum), digits);
    hex[digits] = '\0';
    g_checksum_free(sum);
}
