/*
 * locks.c - scenarios of the lock that is released by a plain store (lib/lock/lock.h).
 *
 * In other scenarios the locks are released by an exchange, so that there are fewer schedules. "sched --barrier"
 * makes every release a store.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "lock/lock.h"
#include "scenarios.h"

static weir__lock *lock;
static uint64_t *count;

static void use_lock(void) {
    weir__lock_acquire(lock);
    sched_plain_write(count, sched_plain_read(count) + 1);
    weir__lock_release(lock);
}

static void use_twice(void *unused) {
    (void)unused;
    use_lock();
    use_lock();
}

static void use_once(void *unused) {
    (void)unused;
    use_lock();
}

static void begin(void) {
    sched_barrier(true);
    lock = sched_scratch(sizeof *lock);
    count = sched_scratch(sizeof *count);
    *lock = (weir__lock){{0}};
    sched_plain_write(count, 0);
}

static void end(uint64_t uses) {
    uint64_t used = sched_plain_read(count);
    sched_check(used == uses, "%d uses of %d", (int)used, (int)uses);
}

/* Checks that no sleeper is counted: at most `bits` are set. */
static void check_that_none_is_left(uint32_t bits) {
    uint32_t word = weir__u32_load_relaxed(&weir__lock_sleepers);
    sched_check((word & ~bits) == 0, "a sleeper is left: %u", (unsigned)word);
}

void scenario_lock_is_given_back(void) {
    begin();
    int other = sched_spawn(use_twice, NULL);
    use_twice(NULL);
    sched_join(other);
    end(4);
    check_that_none_is_left(0);
}

void scenario_lock_has_two_sleepers(void) {
    begin();
    int one = sched_spawn(use_once, NULL), two = sched_spawn(use_once, NULL);
    use_lock();
    sched_join(one);
    sched_join(two);
    end(3);
    check_that_none_is_left(0);
}

static weir__lock *another;

static void use_another(void *unused) {
    (void)unused;
    weir__lock_acquire(another);
    weir__lock_release(another);
}

static void two_sleepers_of_two_locks(void) {
    another = sched_scratch(sizeof *another);
    *another = (weir__lock){{0}};
    weir__lock_acquire(another);
    weir__lock_acquire(lock);
    int one = sched_spawn(use_another, NULL), two = sched_spawn(use_once, NULL);
    weir__lock_release(lock);
    weir__lock_release(another);
    sched_join(one);
    sched_join(two);
    end(1);
}

/* The barrier made for one sleeper counts for sleepers of other locks too, but not before it is made. */
void scenario_two_locks_have_sleepers(void) {
    begin();
    two_sleepers_of_two_locks();
}

static void end_refused(void) {
    check_that_none_is_left(WEIR__LOCK_REFUSED);
    sched_fail_barrier(false);
    weir__u32_store_relaxed(&weir__lock_sleepers, 0);
}

/* The system refuses the barrier from one moment on. */
void scenario_lock_without_barrier(void) {
    begin();
    sched_fail_barrier(true);
    int other = sched_spawn(use_twice, NULL);
    use_twice(NULL);
    sched_join(other);
    end(4);
    end_refused();
}

static void ask_for_barrier(void *unused) {
    (void)unused;
    sched_barrier_comes();
}

void scenario_two_locks_are_refused(void) {
    begin();
    sched_fail_barrier(true);
    two_sleepers_of_two_locks();
    end_refused();
}

/* Threads use a lock before the library has requested the barrier, and while it does. */
void scenario_lock_before_barrier(void) {
    begin();
    sched_barrier_is_to_come();
    int one = sched_spawn(use_once, NULL), two = sched_spawn(ask_for_barrier, NULL);
    use_lock();
    sched_join(one);
    sched_join(two);
    end(2);
    check_that_none_is_left(0);
}

/* The same, but the system refuses the barrier. */
void scenario_lock_before_refusal(void) {
    begin();
    sched_barrier_is_to_come();
    sched_fail_barrier(true);
    int one = sched_spawn(use_once, NULL), two = sched_spawn(ask_for_barrier, NULL);
    use_lock();
    sched_join(one);
    sched_join(two);
    end(2);
    end_refused();
}

/* Some sleepers have had their barrier made, another one has not. */
static void refuse(void *unused) {
    (void)unused;
    sched_fail_barrier(true);
    use_lock();
}

void scenario_lock_until_refusal(void) {
    begin();
    another = sched_scratch(sizeof *another);
    *another = (weir__lock){{0}};
    weir__lock_acquire(another);
    int one = sched_spawn(use_another, NULL), two = sched_spawn(refuse, NULL);
    use_lock();
    weir__lock_release(another);
    sched_join(one);
    sched_join(two);
    end(2);
    check_that_none_is_left(WEIR__LOCK_REFUSED | WEIR__LOCK_SEEN);
    sched_fail_barrier(false);
    weir__u32_store_relaxed(&weir__lock_sleepers, 0);
}
