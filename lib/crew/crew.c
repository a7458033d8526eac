/*
 * crew.c - Implements crews.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/crew.h"

#include <stdio.h>
#include <string.h>

#include "sync/border.h"

static weir__member *member_at(const weir__crew *crew, size_t number) {
    return (weir__member *)(void *)(crew->first + number * crew->stride);
}

/* ---- a member's thread ---- */

/* Reports the result of this thread's init to the starter. */
static void report(weir__member *member, bool failed) {
    weir__crew *crew = member->crew;
    member->reported = true;
    weir__lock_acquire(&crew->lock);
    bool last = ++crew->reports == crew->count; /* only the last report wakes the starter */
    weir__assert(crew->reports <= crew->count); /* C1 */
    crew->init_failed = crew->init_failed || failed;
    if (last)
        weir__park_release_all(&crew->at_reports, &crew->lock);
    else
        weir__lock_release(&crew->lock);
}

static void initialise(weir__member *member) {
    weir__crew *crew = member->crew;
    member->state = crew->arg;
    member->initialised = crew->init == NULL || crew->init(crew->arg, &member->state) == WEIR_OK;
    weir__border();
    report(member, !member->initialised);
}

/* Blocks until the gate opens. Returns true if it opens to work, false if it opens to exit. */
static bool pass_gate(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    while (crew->gate == WEIR__GATE_SHUT)
        weir__park_wait(&crew->at_gate, &crew->lock, WEIR_NEVER, NULL);
    bool to_work = crew->gate == WEIR__GATE_TO_WORK;
    weir__lock_release(&crew->lock);
    return to_work;
}

static void run_member(void *raw) {
    weir__member *member = raw;
    member->crew->trade->enter(member);
    initialise(member);
    if (pass_gate(member->crew))
        member->crew->trade->work(member);
}

/* C2. */
static void end_member(void *raw) {
    weir__member *member = raw;
    weir__crew *crew = member->crew;
    if (!member->reported) /* init ended the thread */
        report(member, true);
    crew->trade->leave(member);
    if (member->initialised && crew->fini != NULL) {
        crew->fini(member->state);
        weir__border();
    }
}

/* ---- the start ---- */

/* Formats a thread's name, such as "resize-3". A long base is truncated; the number is kept. */
static void name_thread(char name[WEIR__THREAD_NAME], const char *base, size_t number) {
    char suffix[WEIR__THREAD_NAME];
    size_t length = (size_t)snprintf(suffix, sizeof suffix, "-%u", (unsigned)(number % 100000));
    size_t kept = strnlen(base, WEIR__THREAD_NAME - 1 - length);
    memcpy(name, base, kept);
    memcpy(name + kept, suffix, length + 1);
}

void weir__crew_add(weir__crew *crew, weir__member *member, const char *name, size_t stack_size) {
    member->crew = crew;
    member->thread.main = run_member;
    member->thread.at_exit = end_member;
    member->thread.arg = member;
    member->thread.stack_size = stack_size;
    name_thread(member->thread.name, name, crew->count);
    weir__assert(member_at(crew, crew->count) == member);
    crew->count++;
}

/* Creates threads until one fails. Returns the number of threads created. */
static size_t create_threads(weir__crew *crew) {
    size_t created = 0;
    while (created < crew->count && weir__thread_start(&member_at(crew, created)->thread))
        created++;
    return created;
}

/* Blocks until every thread has reported. Returns true if every init succeeded. */
static bool wait_for_reports(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    while (crew->reports < crew->count)
        weir__park_wait(&crew->at_reports, &crew->lock, WEIR_NEVER, NULL);
    bool well = !crew->init_failed;
    weir__lock_release(&crew->lock);
    return well;
}

static void open_gate(weir__crew *crew, enum weir__gate to) {
    weir__lock_acquire(&crew->lock);
    weir__assert(crew->gate == WEIR__GATE_SHUT); /* C1 */
    crew->gate = to;
    weir__park_release_all(&crew->at_gate, &crew->lock);
}

static void dismiss(weir__crew *crew, size_t created) {
    open_gate(crew, WEIR__GATE_TO_EXIT);
    for (size_t i = 0; i < created; i++)
        weir__thread_join(&member_at(crew, i)->thread);
}

weir_status weir__crew_start(weir__crew *crew) {
    weir_status status = WEIR_OK;
    size_t created = create_threads(crew);
    if (created < crew->count)
        status = WEIR_NOTHREAD;
    else if (crew->init != NULL && !wait_for_reports(crew))
        status = WEIR_INITFAILED;
    if (status != WEIR_OK)
        dismiss(crew, created);
    return status;
}

void weir__crew_open(weir__crew *crew) {
    open_gate(crew, WEIR__GATE_TO_WORK);
}

/* ---- the end ---- */

bool weir__crew_join_until(weir__crew *crew, weir_deadline deadline) {
    size_t joined = 0;
    for (size_t i = 0; i < crew->count; i++) {
        weir__member *member = member_at(crew, i);
        member->joined = member->joined != 0 || weir__thread_join_until(&member->thread, deadline);
        joined += member->joined;
    }
    weir__assert(crew->joined <= joined);
    crew->joined = joined;
    return joined == crew->count;
}

weir__member *weir__crew_self(const weir__trade *trade) {
    const weir__thread *self = weir__thread_self();
    weir__member *member = self != NULL && self->main == run_member ? self->arg : NULL;
    return member != NULL && member->crew->trade == trade ? member : NULL;
}
