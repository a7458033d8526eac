/*
 * weir/version.h - the version of weir.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_VERSION_H
#define WEIR_VERSION_H

#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the headers that the program was compiled with. */
#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0
#define WEIR_VERSION "0.1.0"

/*
 * Returns the version of the library that the program runs with, as "MAJOR.MINOR.PATCH". The string is static: never
 * NULL, never freed. Thread-safe.
 */
WEIR_API const char *weir_version(void);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_VERSION_H */
