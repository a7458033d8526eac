/*
 * bundle.c - Implements bundles.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/bundle.h"

#include <string.h>

enum { MOST_SPARE = 4 * WEIR__POOL / WEIR__PAIRS }; /* of an executor */

weir__bundle *weir__bundle_new(size_t room) {
    weir__bundle *bundle = weir__alloc(sizeof *bundle + room * sizeof bundle->pairs[0]);
    if (bundle == NULL)
        return NULL;
    bundle->head.bundled = true;
    bundle->room = room;
    return bundle;
}

weir__bundle *weir__bundle_take(weir__bands *bands, weir__source *source) {
    weir__bundle *bundle = bands->spare;
    bands->spare = (weir__bundle *)bundle->head.next;
    bands->spares--;
    bundle->head.source = source;
    return bundle;
}

void weir__bundle_keep(weir__bands *bands, weir__bundle *bundle) {
    bundle->from = bundle->to = 0;
    bundle->head.next = (weir__task *)bands->spare;
    bands->spare = bundle;
    bands->spares++;
}

void weir__bundle_give(weir__bands *bands, weir__bundle *bundle, weir__bundle **over) {
    if (bands->spares < MOST_SPARE && bundle->room == WEIR__PAIRS) {
        weir__bundle_keep(bands, bundle);
        return;
    }
    bundle->head.next = (weir__task *)*over;
    *over = bundle;
}

void weir__bundles_free(weir__bundle *list) {
    while (list != NULL) {
        weir__bundle *next = (weir__bundle *)list->head.next;
        weir__free(list);
        list = next;
    }
}

void weir__bundle_add(weir__bundle *bundle, weir_executor_func *func, void *arg) {
    weir__assert(bundle->to < bundle->room);
    bundle->pairs[bundle->to++] = (weir__pair){.func = func, .arg = arg};
}

void weir__bundle_add_first(weir__bundle *bundle, weir_executor_func *func, void *arg) {
    if (bundle->to == 0)
        bundle->from = bundle->to = bundle->room;
    weir__assert(bundle->from > 0);
    bundle->pairs[--bundle->from] = (weir__pair){.func = func, .arg = arg};
}

bool weir__bundle_remove(weir__bundle *bundle, weir_executor_func *func, const void *arg) {
    size_t at = bundle->to;
    while (at > bundle->from && (bundle->pairs[at - 1].func != func || bundle->pairs[at - 1].arg != arg))
        at--;
    if (at == bundle->from)
        return false;
    memmove(&bundle->pairs[at - 1], &bundle->pairs[at], (bundle->to - at) * sizeof bundle->pairs[0]);
    bundle->to--;
    return true;
}
