/*
 * shared.c - Shares a crew between all pipelines of the process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/shared.h"

#include "lock/lock.h"

static struct {
    weir__lock lock;
    weir__crew *crew; /* NULL: no reference is left */
    size_t references;
} shared;

weir_status weir__crew_share(weir__crew **crew) {
    const weir__crew_options options = {.name = "weir-crew"};
    weir__lock_acquire(&shared.lock);
    weir_status status = shared.crew != NULL ? WEIR_OK : weir__crew_create(&shared.crew, &options);
    if (status == WEIR_OK)
        shared.references++;
    *crew = shared.crew;
    weir__lock_release(&shared.lock);
    if (status != WEIR_OK)
        return status;
    status = weir__crew_staff(*crew);
    if (status != WEIR_OK)
        weir__crew_unshare(*crew);
    return status;
}

void weir__crew_unshare(weir__crew *crew) {
    weir__lock_acquire(&shared.lock);
    weir__assert(shared.crew == crew && shared.references > 0);
    bool last = --shared.references == 0;
    if (last)
        shared.crew = NULL;
    weir__lock_release(&shared.lock);
    if (last)
        weir__crew_destroy(crew);
}
