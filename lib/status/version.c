/*
 * version.c - the version of the library that is loaded.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/version.h>

const char *weir_version(void) {
    return WEIR_VERSION;
}
