/*
 * park.c - Implements sleeping in a park, and waking in parks that have berths. See park.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "park/park.h"

static void join_ring_locked(weir__park *park, weir__berth *berth) {
    weir__berth *first = park->berths;
    if (first == NULL) {
        park->berths = berth->next = berth->before = berth;
        return;
    }
    berth->next = first;
    berth->before = first->before;
    first->before->next = berth;
    first->before = berth;
}

static void leave_ring_locked(weir__park *park, weir__berth *berth) {
    weir__assert(berth->before->next == berth && berth->next->before == berth); /* P6 */
    if (park->berths == berth)
        park->berths = berth->next == berth ? NULL : berth->next;
    berth->before->next = berth->next;
    berth->next->before = berth->before;
}

bool weir__sleep(weir__u32 *word, uint32_t value, uint64_t deadline) {
    weir__callouts_tell(WEIR__SLEEPS);
    bool in_time = weir__futex_wait(word, value, deadline);
    weir__callouts_tell(WEIR__GOES_ON);
    return in_time;
}

/* Adds a thread to the berth's sleepers, or with UINT32_MAX removes one. */
static void count_locked(weir__park *park, weir__berth *berth, uint32_t more) {
    uint32_t before = weir__u32_load_relaxed(&berth->sleepers), after = before + more;
    weir__u32_store_relaxed(&berth->sleepers, after);
    park->in_berths += more;
    weir__assert(more == 1 || before > 0); /* P1 */
    if (before == 0)
        join_ring_locked(park, berth);
    else if (after == 0)
        leave_ring_locked(park, berth);
    weir__assert((park->berths == NULL) == (park->in_berths == 0)); /* P6 */
}

/* Returns the previous value. */
static uint32_t clear_token(weir__u32 *word) {
    uint32_t value = weir__u32_load_relaxed(word);
    weir__u32_store_relaxed(word, value & ~(uint32_t)WEIR__PARK_TOKEN);
    return value;
}

bool weir__park_wait_in(weir__park *park, weir__berth *berth, weir__lock *lock, uint64_t deadline, bool *token) {
    weir__u32 *word = berth == NULL ? &park->word : &berth->word;
    uint32_t value = clear_token(&park->word); /* P4 */
    if (berth != NULL) {
        value = clear_token(&berth->word);
        count_locked(park, berth, 1);
    }
    park->sleepers++;
    weir__assert(weir__lock_is_held(lock) && park->in_berths <= park->sleepers); /* P1, P6 */
    weir__lock_release(lock);

    bool in_time = weir__sleep(word, value & ~(uint32_t)WEIR__PARK_TOKEN, deadline);

    weir__lock_acquire(lock);
    weir__assert(park->sleepers > 0); /* P1 */
    park->sleepers--;
    if (berth != NULL) {
        (void)clear_token(&berth->word);
        count_locked(park, berth, UINT32_MAX);
    }
    value = clear_token(&park->word);
    if (token != NULL)
        *token = (value & WEIR__PARK_TOKEN) != 0;
    weir__assert(park->in_berths <= park->sleepers); /* P6 */
    return in_time;
}

bool weir__park_wait(weir__park *park, weir__lock *lock, uint64_t deadline, bool *token) {
    return weir__park_wait_in(park, NULL, lock, deadline, token);
}

/* Counts a wake and sets `token`: WEIR__PARK_TOKEN or 0. */
static void count_wake(weir__u32 *word, uint32_t token) {
    weir__u32_store_relaxed(word, (weir__u32_load_relaxed(word) + WEIR__PARK_COUNT) | token);
}

const weir__u32 *weir__park_choose(weir__park *park) {
    weir__assert(park->sleepers > 0 && (weir__u32_peek(&park->word) & WEIR__PARK_TOKEN) == 0); /* P3 */
    bool own = park->in_berths == 0 || (park->sleepers > park->in_berths && !park->berth_is_next);
    park->berth_is_next = own;
    count_wake(&park->word, WEIR__PARK_TOKEN); /* the park's own sleepers may wake spuriously */
    if (own)
        return &park->word;
    weir__berth *berth = park->berths;
    weir__assert(weir__u32_peek(&berth->sleepers) > 0); /* P6 */
    park->berths = berth->next;
    count_wake(&berth->word, 0);
    return &berth->word;
}

void weir__park_wake_berths(weir__park *park) {
    weir__berth *berth = park->berths;
    do {
        weir__assert(weir__u32_peek(&berth->sleepers) > 0); /* P6 */
        count_wake(&berth->word, 0);
        weir__futex_wake(&berth->word, WEIR__EVERYONE);
        berth = berth->next;
    } while (berth != park->berths);
}

void weir__berth_release_one(weir__berth *berth, weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* P6 */
    bool wake =
        weir__u32_load_relaxed(&berth->sleepers) > 0 && (weir__u32_load_relaxed(&berth->word) & WEIR__PARK_TOKEN) == 0;
    if (wake)
        count_wake(&berth->word, WEIR__PARK_TOKEN);
    weir__lock_release(lock);
    if (wake)
        weir__futex_wake(&berth->word, 1);
}

void weir__berth_release_all(weir__berth *berth, weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* P6 */
    bool wake = weir__u32_load_relaxed(&berth->sleepers) > 0;
    count_wake(&berth->word, 0);
    weir__lock_release(lock);
    if (wake)
        weir__futex_wake(&berth->word, WEIR__EVERYONE);
}
