/*
 * crew.c - Creates, staffs and destroys crews.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/crew.h"

#include <string.h>

#include "crew/monitor.h"
#include "crew/seats.h"

enum { USUAL_SPARE = 256 };                                                /* threads beside the seats */
static const uint64_t usual_idle_time = UINT64_C(10) * 1000 * 1000 * 1000; /* ns */
static const uint64_t usual_tick = 1000 * 1000;                            /* ns */

static void set_defaults(weir__crew_options *options) {
    if (options->size == 0)
        options->size = weir__processors();
    if (options->most == 0)
        options->most = options->size <= SIZE_MAX - USUAL_SPARE ? options->size + USUAL_SPARE : SIZE_MAX;
    if (options->idle_time == 0)
        options->idle_time = usual_idle_time;
    if (options->tick == 0)
        options->tick = usual_tick;
}

weir_status weir__crew_create(weir__crew **created, const weir__crew_options *options) {
    weir__crew *crew = weir__alloc(sizeof *crew);
    if (crew == NULL)
        return WEIR_NOMEM;
    crew->options = *options;
    crew->main = weir__hand_run;
    crew->at_exit = weir__hand_end;
    set_defaults(&crew->options);
    const char *name = options->name == NULL ? "weir" : options->name;
    memcpy(crew->name, name, strnlen(name, sizeof crew->name - 1));
    crew->options.name = crew->name;
    *created = crew;
    return WEIR_OK;
}

/* Blocks until a thread has run init, or none is left that will. */
static weir_status await_init_locked(weir__crew *crew) {
    while (!crew->ready_init && crew->threads > 0)
        weir__park_wait(&crew->changed, &crew->lock, WEIR_NEVER, NULL);
    if (crew->ready_init)
        return WEIR_OK;
    return crew->init_status != WEIR_OK ? crew->init_status : WEIR_NOTHREAD;
}

weir_status weir__crew_staff(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    crew->least = 1;
    weir_status status = crew->threads > 0 ? WEIR_OK : weir__seats_start_locked(crew);
    if (status == WEIR_OK)
        status = await_init_locked(crew);
    if (status == WEIR_OK && !weir__monitor_start_locked(crew))
        status = WEIR_NOTHREAD;
    if (status != WEIR_OK)
        crew->least = 0;
    weir__lock_release(&crew->lock);
    return status;
}

void weir__crew_end(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    weir__assert(weir__u32_load_relaxed(&crew->queued) == 0); /* every job has left */
    crew->ending = true;
    weir__park_release_all(&crew->idlers, &crew->lock);
    weir__lock_acquire(&crew->lock);
    weir__park_release_all(&crew->monitor_park, &crew->lock);
    weir__lock_acquire(&crew->lock);
    while (crew->threads + crew->leaving > 0) /* C5 */
        weir__park_wait(&crew->changed, &crew->lock, WEIR_NEVER, NULL);
    weir__lock_release(&crew->lock);
    weir__monitor_join(crew);
    weir__hands_join(crew, true);
}

void weir__crew_free(weir__crew *crew) {
    weir__free(crew);
}

void weir__crew_destroy(weir__crew *crew) {
    weir__crew_end(crew);
    weir__crew_free(crew);
}

size_t weir__crew_size(const weir__crew *crew) {
    return crew->options.size;
}

size_t weir__crew_threads(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    size_t threads = crew->threads;
    weir__lock_release(&crew->lock);
    return threads;
}

void weir__crew_call(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    (void)weir__seats_call_release(crew);
}

bool weir__crew_has_seat(const weir__crew *crew) {
    return weir__u32_load_relaxed(&crew->active) < crew->options.size;
}
