/*
 * test_park.c - blocking and waking, rule by rule (P1 to P5 of park/park.h).
 *
 * Linked with the library's internals and with --wrap for weir__futex_wait and weir__futex_wake: `before_sleep` and
 * `before_wake` run where another thread could interleave, which makes these races deterministic.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdlib.h>

#include "park/park.h"

static void (*before_sleep)(void);
static void (*before_wake)(const weir__u32 *word, uint32_t count);
static bool never_in_time; /* every sleep reports a passed deadline */
static atomic_size_t wakes;

bool __real_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);
bool __wrap_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);
void __real_weir__futex_wake(const weir__u32 *word, uint32_t count);
void __wrap_weir__futex_wake(const weir__u32 *word, uint32_t count);

bool __wrap_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    if (before_sleep != NULL)
        before_sleep();
    bool in_time = __real_weir__futex_wait(word, value, deadline);
    return in_time && !never_in_time;
}

void __wrap_weir__futex_wake(const weir__u32 *word, uint32_t count) {
    atomic_fetch_add(&wakes, 1);
    if (before_wake != NULL)
        before_wake(word, count);
    __real_weir__futex_wake(word, count);
}

static weir__lock lock;
static weir__park park;

static void reset(void) {
    before_sleep = NULL;
    before_wake = NULL;
    never_in_time = false;
    atomic_store(&wakes, 0);
    lock = (weir__lock){0};
    park = (weir__park){0};
}

static uint32_t word_of(const weir__park *of) {
    return weir__u32_load_relaxed(&of->word);
}

static bool has_token(void) {
    return (word_of(&park) & WEIR__PARK_TOKEN) != 0;
}

/* ---- a thread that parks once ---- */

struct parked {
    pthread_t thread;
    atomic_int number;
    atomic_bool returned;
    uint64_t deadline;
    bool token, in_time;
};

static void *park_once(void *raw) {
    struct parked *parked = raw;
    atomic_store(&parked->number, thread_number());
    weir__lock_acquire(&lock);
    parked->in_time = weir__park_wait(&park, &lock, parked->deadline, &parked->token);
    weir__lock_release(&lock);
    atomic_store(&parked->returned, true);
    return NULL;
}

static void parked_start(struct parked *parked) {
    *parked = (struct parked){.deadline = UINT64_MAX};
    thread_start(&parked->thread, park_once, parked);
    while (atomic_load(&parked->number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&parked->number), &parked->returned));
}

static void wait_for_sleepers(uint32_t wanted) {
    for (uint32_t sleepers = UINT32_MAX; sleepers != wanted; nap()) {
        weir__lock_acquire(&lock);
        sleepers = park.sleepers;
        weir__lock_release(&lock);
    }
}

static void wake_one(void) {
    weir__lock_acquire(&lock);
    weir__park_release_one(&park, &lock);
}

static void wake_all(void) {
    weir__lock_acquire(&lock);
    weir__park_release_all(&park, &lock);
}

/* ---- P1 ---- */

START_TEST (p1_a_sleeper_is_counted_and_the_lock_is_free_meanwhile) {
    struct parked parked;
    reset();
    parked_start(&parked);
    weir__lock_acquire(&lock); /* hangs if the sleeper holds it */
    ck_assert_uint_eq(park.sleepers, 1);
    weir__lock_release(&lock);
    wake_one();
    thread_join(parked.thread);
    ck_assert_uint_eq(park.sleepers, 0);
}
END_TEST

START_TEST (p1_a_sleeper_is_counted_until_it_has_the_lock_again) {
    struct parked parked;
    reset();
    parked_start(&parked);
    weir__lock_acquire(&lock);
    ck_assert(weir__park_wake_one(&park));
    weir__park_signal(&park, 1);
    ck_assert(wait_until_asleep(atomic_load(&parked.number), &parked.returned)); /* now blocked on the lock */
    ck_assert_uint_eq(park.sleepers, 1);
    weir__lock_release(&lock);
    thread_join(parked.thread);
    ck_assert_uint_eq(park.sleepers, 0);
}
END_TEST

/* ---- P2 ---- */

START_TEST (p2_a_wake_between_the_release_and_the_sleep_is_not_lost) {
    bool token = false;
    reset();
    before_sleep = wake_one;
    weir__lock_acquire(&lock);
    ck_assert(weir__park_wait(&park, &lock, hang_limit(), &token));
    weir__lock_release(&lock);
    ck_assert(token);
}
END_TEST

START_TEST (p2_a_wake_for_all_between_the_release_and_the_sleep_is_not_lost) {
    bool token = true;
    reset();
    before_sleep = wake_all;
    weir__lock_acquire(&lock);
    ck_assert(weir__park_wait(&park, &lock, hang_limit(), &token));
    weir__lock_release(&lock);
    ck_assert(!token);
}
END_TEST

/* Another thread takes the token in between: the word must still differ from the value before. */
static void wake_and_take_token(void) {
    before_sleep = NULL;
    wake_one();
    weir__lock_acquire(&lock);
    weir__park_wait(&park, &lock, 0, NULL);
    weir__lock_release(&lock);
}

START_TEST (p2_a_token_that_another_took_still_changed_the_word) {
    reset();
    before_sleep = wake_and_take_token;
    weir__lock_acquire(&lock);
    ck_assert(weir__park_wait(&park, &lock, hang_limit(), NULL));
    weir__lock_release(&lock);
}
END_TEST

START_TEST (waking_without_sleepers_makes_no_futex_call) {
    reset();
    wake_one();
    ck_assert(!has_token());
    wake_all();
    ck_assert_uint_eq(atomic_load(&wakes), 0);
}
END_TEST

START_TEST (a_wake_for_all_wakes_all_and_gives_no_token) {
    struct parked parked[3];
    reset();
    for (size_t i = 0; i < COUNT_OF(parked); i++)
        parked_start(&parked[i]);
    wake_all();
    for (size_t i = 0; i < COUNT_OF(parked); i++)
        thread_join(parked[i].thread);
    for (size_t i = 0; i < COUNT_OF(parked); i++) {
        ck_assert(!parked[i].token);
        ck_assert(parked[i].in_time);
    }
    ck_assert_uint_eq(park.sleepers, 0);
}
END_TEST

/* ---- P3 ---- */

START_TEST (p3_one_wake_for_one_is_under_way_at_a_time) {
    struct parked parked[2];
    reset();
    parked_start(&parked[0]);
    parked_start(&parked[1]);
    weir__lock_acquire(&lock);
    ck_assert(weir__park_wake_one(&park));
    ck_assert(!weir__park_wake_one(&park));
    ck_assert(!weir__park_wake_one(&park));
    ck_assert(has_token());
    weir__lock_release(&lock);
    weir__park_signal(&park, 1);
    wait_for_sleepers(1);
    ck_assert(!has_token());

    while (!atomic_load(&parked[0].returned) && !atomic_load(&parked[1].returned))
        nap(); /* the woken thread is counted out before it returns */
    size_t woken = atomic_load(&parked[1].returned) ? 1 : 0;
    size_t asleep = 1 - woken;
    thread_join(parked[woken].thread);
    ck_assert(parked[woken].token);
    ck_assert(wait_until_asleep(atomic_load(&parked[asleep].number), &parked[asleep].returned));
    wake_one(); /* the token was taken: another wake wakes another thread */
    thread_join(parked[asleep].thread);
    ck_assert(parked[asleep].token);
}
END_TEST

START_TEST (p3_a_thread_past_its_deadline_takes_the_token_too) {
    bool token = false;
    reset();
    before_sleep = wake_one;
    never_in_time = true;
    weir__lock_acquire(&lock);
    ck_assert(!weir__park_wait(&park, &lock, hang_limit(), &token));
    weir__lock_release(&lock);
    ck_assert(token);
    ck_assert(!has_token());
}
END_TEST

START_TEST (a_wake_for_all_keeps_the_token_of_a_wake_under_way) {
    reset();
    park.sleepers = 1;
    ck_assert(weir__park_wake_one(&park));
    ck_assert(weir__park_wake_all(&park));
    ck_assert(has_token());
}
END_TEST

/* ---- P4 ---- */

START_TEST (p4_falling_asleep_clears_the_token) {
    bool token = true;
    reset();
    park.sleepers = 1; /* as with a sleeper, and a wakeup under way for it */
    ck_assert(weir__park_wake_one(&park));
    weir__lock_acquire(&lock);
    ck_assert(!weir__park_wait(&park, &lock, 0, &token));
    ck_assert(!token);
    ck_assert(!has_token());
    ck_assert_uint_eq(park.sleepers, 1);
    ck_assert(weir__park_wake_one(&park));
    weir__lock_release(&lock);
}
END_TEST

/* ---- P5 ---- */

static bool lock_was_free;
static uint32_t signalled;

static void look_at_lock(const weir__u32 *word, uint32_t count) {
    (void)word;
    signalled = count;
    lock_was_free = weir__u32_load_relaxed(&lock.state) == WEIR__LOCK_FREE;
}

START_TEST (p5_the_lock_is_released_before_the_wake) {
    reset();
    before_wake = look_at_lock;
    for (int all = 0; all < 2; all++) {
        lock_was_free = false;
        park.sleepers = 1;
        weir__lock_acquire(&lock);
        if (all)
            weir__park_release_all(&park, &lock);
        else
            weir__park_release_one(&park, &lock);
        ck_assert(lock_was_free);
        ck_assert_uint_eq(signalled, all ? WEIR__EVERYONE : 1);
    }
}
END_TEST

struct whole {
    weir__lock lock;
    weir__park park;
};
static struct whole *whole;

static void free_whole(const weir__u32 *word, uint32_t count) {
    (void)word;
    (void)count;
    free(whole);
    whole = NULL;
}

START_TEST (p5_the_park_may_be_freed_before_the_wake) {
    reset();
    for (int all = 0; all < 2; all++) { /* checked by AddressSanitizer */
        whole = calloc(1, sizeof *whole);
        ck_assert_ptr_nonnull(whole);
        whole->park.sleepers = 1;
        before_wake = free_whole;
        weir__lock_acquire(&whole->lock);
        if (all)
            weir__park_release_all(&whole->park, &whole->lock);
        else
            weir__park_release_one(&whole->park, &whole->lock);
        ck_assert_ptr_null(whole);
    }
}
END_TEST

/* ---- deadlines ---- */

START_TEST (a_deadline_is_not_early) {
    reset();
    for (int i = 0; i < 5; i++) {
        weir_deadline deadline = now() + 5 * MILLISECONDS;
        weir__lock_acquire(&lock);
        while (weir__park_wait(&park, &lock, deadline, NULL))
            continue;
        weir__lock_release(&lock);
        ck_assert_uint_ge(now(), deadline);
    }
    ck_assert_uint_eq(park.sleepers, 0);
}
END_TEST

static Suite *park_suite(void) {
    Suite *suite = suite_create("park");
    TCase *rules = add_case(suite, "rules");
    tcase_add_test(rules, p1_a_sleeper_is_counted_and_the_lock_is_free_meanwhile);
    tcase_add_test(rules, p1_a_sleeper_is_counted_until_it_has_the_lock_again);
    tcase_add_test(rules, p2_a_wake_between_the_release_and_the_sleep_is_not_lost);
    tcase_add_test(rules, p2_a_wake_for_all_between_the_release_and_the_sleep_is_not_lost);
    tcase_add_test(rules, p2_a_token_that_another_took_still_changed_the_word);
    tcase_add_test(rules, waking_without_sleepers_makes_no_futex_call);
    tcase_add_test(rules, a_wake_for_all_wakes_all_and_gives_no_token);
    tcase_add_test(rules, p3_one_wake_for_one_is_under_way_at_a_time);
    tcase_add_test(rules, p3_a_thread_past_its_deadline_takes_the_token_too);
    tcase_add_test(rules, a_wake_for_all_keeps_the_token_of_a_wake_under_way);
    tcase_add_test(rules, p4_falling_asleep_clears_the_token);
    tcase_add_test(rules, p5_the_lock_is_released_before_the_wake);
    tcase_add_test(rules, p5_the_park_may_be_freed_before_the_wake);
    tcase_add_test(rules, a_deadline_is_not_early);
    return suite;
}

int main(void) {
    return run_suite(park_suite());
}
