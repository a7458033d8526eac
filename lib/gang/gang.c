/*
 * gang.c - Implements gangs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "gang/gang.h"

#include <stdio.h>
#include <string.h>

#include "sync/border.h"

static weir__member *member_at(const weir__gang *gang, size_t number) {
    return (weir__member *)(void *)(gang->first + number * gang->stride);
}

/* ---- a member's thread ---- */

/* Reports the result of this thread's init to the starter. */
static void report(weir__member *member, bool failed) {
    weir__gang *gang = member->gang;
    member->reported = true;
    weir__lock_acquire(&gang->lock);
    bool last = ++gang->reports == gang->started; /* only the last report wakes the starter */
    weir__assert(gang->reports <= gang->started); /* C1 */
    gang->init_failed = gang->init_failed || failed;
    if (last)
        weir__park_release_all(&gang->at_reports, &gang->lock);
    else
        weir__lock_release(&gang->lock);
}

static void initialise(weir__member *member) {
    weir__gang *gang = member->gang;
    member->state = gang->arg;
    member->initialised = gang->init == NULL || gang->init(gang->arg, &member->state) == WEIR_OK;
    weir__border();
    if (!member->reported)
        report(member, !member->initialised);
}

/* Blocks until the gate opens. Returns true if it opens to work, false if it opens to exit. */
static bool pass_gate(weir__gang *gang) {
    weir__lock_acquire(&gang->lock);
    while (gang->gate == WEIR__GATE_SHUT)
        weir__park_wait(&gang->at_gate, &gang->lock, WEIR_NEVER, NULL);
    bool to_work = gang->gate == WEIR__GATE_TO_WORK;
    weir__lock_release(&gang->lock);
    return to_work;
}

static void run_member(void *raw) {
    weir__member *member = raw;
    member->gang->trade->enter(member);
    initialise(member);
    if (pass_gate(member->gang) && member->initialised)
        member->gang->trade->work(member);
}

/* C2. */
static void end_member(void *raw) {
    weir__member *member = raw;
    weir__gang *gang = member->gang;
    if (!member->reported) /* init ended the thread */
        report(member, true);
    gang->trade->leave(member);
    if (member->initialised && gang->fini != NULL) {
        gang->fini(member->state);
        weir__border();
    }
    if (gang->grows)
        weir__u32_store_release(&member->ended, 1); /* pairs with the acquire of weir__gang_reap */
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

void weir__gang_add(weir__gang *gang, weir__member *member, const char *name, size_t stack_size) {
    member->gang = gang;
    member->thread.main = run_member;
    member->thread.at_exit = end_member;
    member->thread.arg = member;
    member->thread.stack_size = stack_size;
    name_thread(member->thread.name, name, gang->count);
    weir__assert(member_at(gang, gang->count) == member);
    gang->count++;
}

/* Creates threads until one fails. Returns the number of threads created. */
static size_t create_threads(weir__gang *gang) {
    size_t created = 0;
    while (created < gang->started && weir__thread_start(&member_at(gang, created)->thread))
        created++;
    return created;
}

/* Blocks until every thread has reported. Returns true if every init succeeded. */
static bool wait_for_reports(weir__gang *gang) {
    weir__lock_acquire(&gang->lock);
    while (gang->reports < gang->started)
        weir__park_wait(&gang->at_reports, &gang->lock, WEIR_NEVER, NULL);
    bool well = !gang->init_failed;
    weir__lock_release(&gang->lock);
    return well;
}

static void open_gate(weir__gang *gang, enum weir__gate to) {
    weir__lock_acquire(&gang->lock);
    weir__assert(gang->gate == WEIR__GATE_SHUT); /* C1 */
    gang->gate = to;
    weir__park_release_all(&gang->at_gate, &gang->lock);
}

static void dismiss(weir__gang *gang, size_t created) {
    open_gate(gang, WEIR__GATE_TO_EXIT);
    for (size_t i = 0; i < created; i++)
        weir__thread_join(&member_at(gang, i)->thread);
}

weir_status weir__gang_start(weir__gang *gang, size_t count) {
    weir_status status = WEIR_OK;
    gang->started = count;
    size_t created = create_threads(gang);
    if (created < count)
        status = WEIR_NOTHREAD;
    else if (gang->init != NULL && !wait_for_reports(gang))
        status = WEIR_INITFAILED;
    if (status != WEIR_OK)
        dismiss(gang, created);
    return status;
}

void weir__gang_open(weir__gang *gang) {
    open_gate(gang, WEIR__GATE_TO_WORK);
}

/* ---- growth ---- */

bool weir__gang_begin_growth(weir__gang *gang) {
    weir__lock_acquire(&gang->lock);
    weir__assert(!gang->adding); /* C3: one thread at a time */
    gang->adding = !gang->sealed;
    bool adding = gang->adding;
    weir__lock_release(&gang->lock);
    return adding;
}

void weir__gang_end_growth(weir__gang *gang) {
    weir__lock_acquire(&gang->lock);
    gang->adding = false;
    weir__park_release_all(&gang->at_reports, &gang->lock);
}

size_t weir__gang_reap(weir__gang *gang) {
    for (size_t i = 0; i < gang->started; i++) {
        weir__member *member = member_at(gang, i);
        if (member->joined == 0 && weir__u32_load_acquire(&member->ended) != 0 &&
            weir__thread_join_until(&member->thread, 0)) {
            member->joined = 1;
            gang->joined++;
        }
    }
    return gang->started - gang->joined;
}

weir__member *weir__gang_place(const weir__gang *gang) {
    for (size_t i = 0; gang->joined > 0 && i < gang->started; i++) {
        if (member_at(gang, i)->joined != 0)
            return member_at(gang, i);
    }
    return gang->started < gang->count ? member_at(gang, gang->started) : NULL;
}

bool weir__gang_add_thread(weir__gang *gang, weir__member *member) {
    bool used = member->joined != 0;
    weir__assert(used || member == member_at(gang, gang->started)); /* C4 */
    member->reported = true;                                        /* C3: to no starter */
    member->initialised = false;
    member->joined = 0;
    weir__u32_store_relaxed(&member->ended, 0);
    if (!weir__thread_start(&member->thread)) {
        member->joined = used;
        return false;
    }
    gang->started += !used;
    gang->joined -= used;
    return true;
}

void weir__gang_seal(weir__gang *gang) {
    weir__lock_acquire(&gang->lock);
    gang->sealed = true;
    while (gang->adding)
        weir__park_wait(&gang->at_reports, &gang->lock, WEIR_NEVER, NULL);
    weir__lock_release(&gang->lock);
}

/* ---- the end ---- */

bool weir__gang_join_until(weir__gang *gang, weir_deadline deadline) {
    size_t joined = 0;
    for (size_t i = 0; i < gang->started; i++) {
        weir__member *member = member_at(gang, i);
        member->joined = member->joined != 0 || weir__thread_join_until(&member->thread, deadline);
        joined += member->joined;
    }
    weir__assert(gang->joined <= joined);
    gang->joined = joined;
    return joined == gang->started;
}

weir__member *weir__gang_self(const weir__trade *trade) {
    const weir__thread *self = weir__thread_self();
    weir__member *member = self != NULL && self->main == run_member ? self->arg : NULL;
    return member != NULL && member->gang->trade == trade ? member : NULL;
}
