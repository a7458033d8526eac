/*
 * envelope.c - Implements envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "item/envelope.h"

#include <string.h>

weir__envelope *weir__envelope_new(weir__flight *flight, weir__account *account, void *item) {
    weir__envelope *envelope = weir__pool_take(&flight->pool, weir__cache_of(account));
    if (envelope == NULL)
        return NULL;
    memset(envelope, 0, sizeof *envelope);
    envelope->item = item;
    return envelope;
}

void weir__envelope_free(weir__flight *flight, weir__account *account, weir__envelope *envelope) {
    weir__pool_give(&flight->pool, weir__cache_of(account), envelope);
}

bool weir__envelope_share(weir__flight *flight, weir__account *account, weir__envelope *envelope) {
    if (envelope->pieces == NULL)
        envelope->pieces = weir__pieces_new(flight, account, envelope->weight);
    return envelope->pieces != NULL;
}

bool weir__envelope_ticket(weir__flight *flight, weir__account *account, weir__envelope *envelope,
                           const weir__ticket *ticket) {
    if (!weir__envelope_share(flight, account, envelope))
        return false;
    envelope->pieces->ticketed = true;
    envelope->pieces->ticket = *ticket;
    return true;
}

void weir__envelope_abandon(weir__flight *flight, weir__account *account, weir__envelope *envelope) {
    if (envelope->pieces != NULL)
        weir__pieces_free(flight, account, envelope->pieces);
    weir__envelope_free(flight, account, envelope);
}

static bool adopt(weir__flight *flight, weir__account *account, weir__pieces *combined, weir__envelope *envelope) {
    if (!weir__envelope_share(flight, account, envelope))
        return false;
    weir__pieces_adopt(combined, envelope->pieces);
    return true;
}

weir__pieces *weir__envelope_combine(weir__flight *flight, weir__account *account, weir__envelope *batch) {
    weir__pieces *combined = weir__pieces_combine(flight, account, weir__batch_count(batch));
    if (combined == NULL)
        return NULL;
    bool complete = adopt(flight, account, combined, batch);
    for (weir__envelope *at = batch->list.first; complete && at != NULL; at = at->next)
        complete = adopt(flight, account, combined, at);
    if (complete)
        return combined;
    weir__pieces_end(flight, account, combined, WEIR__DONE);
    return NULL;
}

void weir__envelope_end(weir__flight *flight, weir__account *account, weir__envelope *envelope, weir__verdict verdict) {
    if (envelope->pieces != NULL)
        weir__pieces_end(flight, account, envelope->pieces, verdict);
    else
        weir__roots_end(flight, account, (weir__load){1, envelope->weight}, verdict);
    weir__envelope_free(flight, account, envelope);
}

void weir__envelopes_end(weir__flight *flight, weir__account *account, weir__envelope **envelopes, size_t count,
                         weir__verdict verdict) {
    weir__load roots = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (envelopes[i]->pieces != NULL) {
            weir__pieces_end(flight, account, envelopes[i]->pieces, verdict);
        } else {
            roots.items++;
            roots.bytes += envelopes[i]->weight;
        }
        weir__envelope_free(flight, account, envelopes[i]);
    }
    if (roots.items > 0)
        weir__roots_end(flight, account, roots, verdict);
}
