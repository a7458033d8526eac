/*
 * test_lock.c - the small lock. Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include "lock/lock.h"

static uint32_t state_of(const weir__lock *lock) {
    return weir__u32_load_relaxed(&lock->state);
}

START_TEST (zero_is_a_free_lock) {
    weir__lock lock = {0};
    ck_assert_uint_eq(state_of(&lock), WEIR__LOCK_FREE);
    weir__lock_acquire(&lock);
    ck_assert_uint_eq(state_of(&lock), WEIR__LOCK_HELD);
    weir__lock_release(&lock);
    ck_assert_uint_eq(state_of(&lock), WEIR__LOCK_FREE);
}
END_TEST

enum { THREADS = 4, ROUNDS = 50000 };

struct shared {
    weir__lock lock;
    uint64_t count; /* guarded by the lock */
    uint64_t twin;  /* guarded by the lock; equals count */
    atomic_uint torn;
};

static void *count_up(void *raw) {
    struct shared *shared = raw;
    for (int i = 0; i < ROUNDS; i++) {
        weir__lock_acquire(&shared->lock);
        if (shared->count != shared->twin)
            atomic_fetch_add(&shared->torn, 1);
        shared->count++;
        shared->twin++;
        weir__lock_release(&shared->lock);
    }
    return NULL;
}

START_TEST (one_thread_at_a_time_holds_it) {
    struct shared shared = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], count_up, &shared);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    ck_assert_uint_eq(atomic_load(&shared.torn), 0);
    ck_assert_uint_eq(shared.count, (uint64_t)THREADS * ROUNDS);
    ck_assert_uint_eq(state_of(&shared.lock), WEIR__LOCK_FREE);
}
END_TEST

struct waiter {
    weir__lock *lock;
    atomic_int number;
    atomic_bool returned;
    pthread_t thread;
};

static void *take_once(void *raw) {
    struct waiter *waiter = raw;
    atomic_store(&waiter->number, thread_number());
    weir__lock_acquire(waiter->lock);
    weir__lock_release(waiter->lock);
    atomic_store(&waiter->returned, true);
    return NULL;
}

static void waiter_start(struct waiter *waiter, weir__lock *lock) {
    waiter->lock = lock;
    thread_start(&waiter->thread, take_once, waiter);
    while (atomic_load(&waiter->number) == 0)
        nap();
}

START_TEST (a_thread_that_finds_the_lock_held_blocks_until_its_release) {
    weir__lock lock = {0};
    struct waiter waiter = {0};
    weir__lock_acquire(&lock);
    waiter_start(&waiter, &lock);
    ck_assert(wait_until_asleep(atomic_load(&waiter.number), &waiter.returned));
    ck_assert_uint_eq(state_of(&lock), WEIR__LOCK_CONTENDED);
    weir__lock_release(&lock);
    thread_join(waiter.thread);
    ck_assert_uint_eq(state_of(&lock), WEIR__LOCK_FREE);
}
END_TEST

START_TEST (every_sleeper_gets_it_in_the_end) {
    weir__lock lock = {0};
    struct waiter waiters[THREADS] = {0};
    weir__lock_acquire(&lock);
    for (int i = 0; i < THREADS; i++) {
        waiter_start(&waiters[i], &lock);
        ck_assert(wait_until_asleep(atomic_load(&waiters[i].number), &waiters[i].returned));
    }
    weir__lock_release(&lock);
    for (int i = 0; i < THREADS; i++)
        thread_join(waiters[i].thread);
    ck_assert_uint_eq(state_of(&lock), WEIR__LOCK_FREE);
}
END_TEST

static bool refuses;
static atomic_uint barriers;

bool __real_weir__barrier_of_all(void);
bool __wrap_weir__barrier_of_all(void);

bool __wrap_weir__barrier_of_all(void) {
    atomic_fetch_add(&barriers, 1);
    return !refuses && __real_weir__barrier_of_all();
}

/* Models a sandbox entered while the program runs. */
START_TEST (a_refused_barrier_is_asked_for_once_and_no_sleeper_stays_counted) {
    weir__lock lock = {0};
    struct waiter waiters[THREADS] = {0};
    if (!weir__barrier_works())
        return;
    atomic_store(&barriers, 0);
    refuses = true;
    for (int i = 0; i < THREADS; i++) {
        weir__lock_acquire(&lock);
        waiter_start(&waiters[i], &lock);
        while (state_of(&lock) != WEIR__LOCK_CONTENDED)
            nap();
        ck_assert_uint_eq(weir__u32_load_relaxed(&weir__lock_sleepers), WEIR__LOCK_SLEEPER + WEIR__LOCK_REFUSED);
        weir__lock_release(&lock);
        thread_join(waiters[i].thread);
        ck_assert_uint_eq(weir__u32_load_relaxed(&weir__lock_sleepers), WEIR__LOCK_REFUSED);
        ck_assert_uint_eq(atomic_load(&barriers), 1);
    }
    refuses = false;
    weir__u32_store_relaxed(&weir__lock_sleepers, 0);
}
END_TEST

static Suite *lock_suite(void) {
    Suite *suite = suite_create("lock");
    TCase *lock = add_case(suite, "lock");
    tcase_add_test(lock, zero_is_a_free_lock);
    tcase_add_test(lock, one_thread_at_a_time_holds_it);
    tcase_add_test(lock, a_thread_that_finds_the_lock_held_blocks_until_its_release);
    tcase_add_test(lock, every_sleeper_gets_it_in_the_end);
    tcase_add_test(lock, a_refused_barrier_is_asked_for_once_and_no_sleeper_stays_counted);
    return suite;
}

int main(void) {
    return run_suite(lock_suite());
}
