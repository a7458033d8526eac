/*
 * weir/export.h - how a public name is declared. Included by the other headers; there is nothing here to call.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

/* The library is built with hidden visibility; what is declared WEIR_API is what the shared object exports. */
#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif

#endif /* WEIR_EXPORT_H */
