/*
 * flight.h - Accounts for the items in flight in a pipeline, and for their memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_FLIGHT_H
#define WEIR_ITEM_FLIGHT_H

#include "base/pool.h"
#include "item/admission.h"
#include "item/verdict.h"

/* Account of a whole pipeline. Zero-initialised, except for the limits of the admission. */
typedef struct weir__flight {
    _Alignas(WEIR__APART) weir__u64 roots[WEIR__VERDICTS]; /* roots ended by threads without an account */
    _Alignas(WEIR__APART) weir__admission admission;
    _Alignas(WEIR__APART) weir__pool pool; /* cells of envelopes, of counts of pieces, and of entries of keys */
    void (*tell)(struct weir__flight *flight, void *ticket, weir__verdict verdict); /* constant; of ended roots (E5) */
} weir__flight;

/* Account of one worker; only its thread writes it. Calls take NULL from a thread without an account. */
typedef struct weir__account {
    weir__cache cache;
    weir__u64 roots[WEIR__VERDICTS]; /* roots ended by this thread; others read them */
} weir__account;

static inline weir__cache *weir__cache_of(weir__account *account) {
    return account == NULL ? NULL : &account->cache;
}

#endif /* WEIR_ITEM_FLIGHT_H */
