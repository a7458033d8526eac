/*
 * test_futex.c - blocking on a word. Linked with the library's internals; the same for every futex implementation.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sync/sync.h"

/* A thread that blocks once on a word. */
struct sleeper {
    weir__u32 *word;
    uint32_t value;
    pthread_t thread;
    atomic_int number;
    atomic_bool returned;
};

static void *sleep_once(void *raw) {
    struct sleeper *sleeper = raw;
    atomic_store(&sleeper->number, thread_number());
    weir__futex_wait(sleeper->word, sleeper->value, UINT64_MAX);
    atomic_store(&sleeper->returned, true);
    return NULL;
}

static void sleeper_start(struct sleeper *sleeper, weir__u32 *word) {
    sleeper->word = word;
    sleeper->value = weir__u32_load_relaxed(word);
    atomic_store(&sleeper->number, 0);
    atomic_store(&sleeper->returned, false);
    thread_start(&sleeper->thread, sleep_once, sleeper);
    while (atomic_load(&sleeper->number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&sleeper->number), &sleeper->returned));
}

static size_t count_returned(struct sleeper *sleepers, size_t all) {
    size_t count = 0;
    for (size_t i = 0; i < all; i++)
        count += atomic_load(&sleepers[i].returned);
    return count;
}

/* Waits until `count` have returned and all others are still blocked. */
static bool settles_at(struct sleeper *sleepers, size_t all, size_t count) {
    for (weir_deadline limit = hang_limit(); count_returned(sleepers, all) < count; nap()) {
        if (now() > limit)
            return false;
    }
    for (size_t i = 0; i < all; i++) {
        if (!atomic_load(&sleepers[i].returned))
            (void)wait_until_asleep(atomic_load(&sleepers[i].number), &sleepers[i].returned);
    }
    return count_returned(sleepers, all) == count;
}

START_TEST (another_value_returns_at_once) {
    weir__u32 word = {0};
    weir__u32_store_relaxed(&word, 7);
    ck_assert(weir__futex_wait(&word, 8, UINT64_MAX));
    ck_assert(weir__futex_wait(&word, 0, UINT64_MAX));
    ck_assert(weir__futex_wait(&word, UINT32_MAX, UINT64_MAX));
    ck_assert(weir__futex_wait(&word, 8, 0));
}
END_TEST

START_TEST (a_past_deadline_is_reported) {
    weir__u32 word = {0};
    ck_assert(!weir__futex_wait(&word, 0, 0));
    ck_assert(!weir__futex_wait(&word, 0, 1));
    ck_assert(!weir__futex_wait(&word, 0, now()));
    weir__u32_store_relaxed(&word, UINT32_MAX);
    ck_assert(!weir__futex_wait(&word, UINT32_MAX, 0));
}
END_TEST

START_TEST (a_deadline_is_not_early) {
    weir__u32 word = {0};
    for (int i = 0; i < 5; i++) {
        weir_deadline deadline = now() + 5 * MILLISECONDS;
        while (weir__futex_wait(&word, 0, deadline))
            continue;
        ck_assert_uint_ge(now(), deadline);
    }
}
END_TEST

static void *sleep_very_long(void *raw) {
    struct sleeper *sleeper = raw;
    atomic_store(&sleeper->number, thread_number());
    bool in_time = weir__futex_wait(sleeper->word, sleeper->value, UINT64_MAX - 1);
    atomic_store(&sleeper->returned, true);
    return in_time ? sleeper : NULL;
}

START_TEST (the_last_deadline_but_one_is_slept_for) {
    weir__u32 word = {0};
    struct sleeper sleeper = {.word = &word};
    thread_start(&sleeper.thread, sleep_very_long, &sleeper);
    while (atomic_load(&sleeper.number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&sleeper.number), &sleeper.returned));
    weir__futex_wake(&word, 1);
    void *in_time;
    pthread_join(sleeper.thread, &in_time);
    ck_assert_ptr_nonnull(in_time);
}
END_TEST

enum { SLEEPERS = 5 };

START_TEST (as_many_wake_as_are_asked_for) {
    weir__u32 word = {0};
    struct sleeper sleepers[SLEEPERS] = {0};
    for (size_t i = 0; i < SLEEPERS; i++)
        sleeper_start(&sleepers[i], &word);
    ck_assert(settles_at(sleepers, SLEEPERS, 0));
    weir__futex_wake(&word, 1);
    ck_assert(settles_at(sleepers, SLEEPERS, 1));
    weir__futex_wake(&word, 2);
    ck_assert(settles_at(sleepers, SLEEPERS, 3));
    weir__futex_wake(&word, WEIR__EVERYONE);
    ck_assert(settles_at(sleepers, SLEEPERS, SLEEPERS));
    for (size_t i = 0; i < SLEEPERS; i++)
        thread_join(sleepers[i].thread);
}
END_TEST

enum { WORDS = 512 };

START_TEST (a_wake_is_for_its_own_word_only) {
    static weir__u32 words[WORDS];
    struct sleeper sleeper = {0};
    sleeper_start(&sleeper, &words[WORDS / 2]);
    for (size_t i = 0; i < WORDS; i++) {
        if (i != WORDS / 2)
            weir__futex_wake(&words[i], WEIR__EVERYONE);
    }
    ck_assert(settles_at(&sleeper, 1, 0));
    weir__futex_wake(&words[WORDS / 2], 1);
    thread_join(sleeper.thread);
}
END_TEST

START_TEST (sleepers_on_many_words_wake_one_by_one) {
    static weir__u32 words[24]; /* some share a bucket, if the implementation has buckets */
    struct sleeper sleepers[COUNT_OF(words)] = {0};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        sleeper_start(&sleepers[i], &words[i]);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t at = (i * 7) % COUNT_OF(words); /* in a different order */
        weir__futex_wake(&words[at], 1);
        thread_join(sleepers[at].thread);
        ck_assert_uint_eq(count_returned(sleepers, COUNT_OF(words)), i + 1);
    }
}
END_TEST

START_TEST (a_wake_without_sleepers_is_harmless) {
    weir__u32 word = {0};
    weir__futex_wake(&word, 1);
    weir__futex_wake(&word, WEIR__EVERYONE);
    ck_assert(!weir__futex_wait(&word, 0, 0));
}
END_TEST

START_TEST (a_wake_does_not_touch_the_word) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    weir__futex_wake(memory, 1);
    weir__futex_wake(memory, WEIR__EVERYONE);
    munmap(memory, page);
}
END_TEST

enum { TURNS = 3000 };

static void *take_turns(void *raw) {
    weir__u32 *word = raw;
    for (uint32_t turn = 1; turn < 2 * TURNS; turn += 2) {
        while (weir__u32_exchange_acquire(&word[1], turn - 1) != turn) /* word[1] is a copy that the threads spin on */
            sched_yield();
        weir__u32_exchange_release(&word[0], turn);
        weir__futex_wake(&word[0], 1);
    }
    return NULL;
}

START_TEST (a_word_that_is_changed_before_the_wake_is_never_missed) {
    weir__u32 words[2] = {0};
    pthread_t other;
    thread_start(&other, take_turns, words);
    for (uint32_t turn = 1; turn < 2 * TURNS; turn += 2) {
        uint32_t before = weir__u32_load_relaxed(&words[0]);
        weir__u32_exchange_release(&words[1], turn);
        while (weir__u32_load_relaxed(&words[0]) != turn)
            ck_assert_msg(weir__futex_wait(&words[0], before, hang_limit()), "turn %u: the wake was missed", turn);
    }
    thread_join(other);
}
END_TEST

static Suite *futex_suite(void) {
    Suite *suite = suite_create("futex");
    TCase *wait = add_case(suite, "wait");
    tcase_add_test(wait, another_value_returns_at_once);
    tcase_add_test(wait, a_past_deadline_is_reported);
    tcase_add_test(wait, a_deadline_is_not_early);
    tcase_add_test(wait, the_last_deadline_but_one_is_slept_for);
    TCase *wake = add_case(suite, "wake");
    tcase_add_test(wake, as_many_wake_as_are_asked_for);
    tcase_add_test(wake, a_wake_is_for_its_own_word_only);
    tcase_add_test(wake, sleepers_on_many_words_wake_one_by_one);
    tcase_add_test(wake, a_wake_without_sleepers_is_harmless);
    tcase_add_test(wake, a_wake_does_not_touch_the_word);
    tcase_add_test(wake, a_word_that_is_changed_before_the_wake_is_never_missed);
    return suite;
}

int main(void) {
    return run_suite(futex_suite());
}
