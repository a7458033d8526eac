/*
 * version.c - Implements weir_version: the version of the loaded library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/version.h>

const char *weir_version(void) {
    return WEIR_VERSION;
}
