/*
 * weir/export.h - marks public declarations. The other headers include it; it declares no function.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

/* The library is built with hidden visibility. The shared object exports the declarations marked WEIR_API. */
#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif

#endif /* WEIR_EXPORT_H */
