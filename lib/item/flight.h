/*
 * flight.h - The account of what is in flight in a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_FLIGHT_H
#define WEIR_ITEM_FLIGHT_H

#include "base/pool.h"
#include "item/admission.h"
#include "item/verdict.h"

/* Of a whole pipeline. Zero is valid, but for the limits of the admission. */
typedef struct weir__flight {
    _Alignas(WEIR__APART) weir__u64 roots[WEIR__VERDICTS]; /* ended by threads without an account */
    _Alignas(WEIR__APART) weir__admission admission;
    _Alignas(WEIR__APART) weir__pool pool; /* cells for envelopes, pieces and entries of keys */
} weir__flight;

/* A worker's own part, which only its thread writes. NULL stands for a thread without one. */
typedef struct weir__account {
    weir__cache cache;
    weir__u64 roots[WEIR__VERDICTS]; /* ended by this thread; others read it */
} weir__account;

static inline weir__cache *weir__cache_of(weir__account *account) {
    return account == NULL ? NULL : &account->cache;
}

#endif /* WEIR_ITEM_FLIGHT_H */
