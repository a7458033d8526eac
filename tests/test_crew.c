/*
 * test_crew.c - tests the crew: the threads that stages and executors share.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <unistd.h>

#include "crew/shared.h"
#include "support.h"

enum { ROUNDS = 20000 };

/* A job with a count of pieces of work: each slice takes one, or sleeps, or ends its thread. */
struct counter {
    weir__job job; /* first member */
    weir__u32 left, done, running, most_running;
    weir__u32 width;
    useconds_t sleep;
    weir__u32 exits; /* slices that end their thread */
    weir__u32 stalled;
};

static void note_most(struct counter *counter, uint32_t running) {
    if (running > weir__u32_load_relaxed(&counter->most_running))
        weir__u32_store_relaxed(&counter->most_running, running);
}

static bool take(weir__u32 *left) {
    uint32_t count = weir__u32_load_acquire(left);
    while (count > 0) {
        if (weir__u32_swap_acquire(left, count, count - 1))
            return true;
        count = weir__u32_load_acquire(left);
    }
    return false;
}

static void run(weir__job *job, weir__hand *hand) {
    struct counter *counter = (struct counter *)job;
    note_most(counter, weir__u32_add_acquire_release(&counter->running, 1) + 1);
    if (take(&counter->exits))
        pthread_exit(NULL);
    while (take(&counter->left)) {
        if (weir__u32_load_acquire(&counter->left) > 0)
            weir__job_ready(job);
        if (counter->sleep != 0)
            usleep(counter->sleep);
        if (weir__hand_has_stalled(hand))
            weir__u32_add_acquire_release(&counter->stalled, 1);
        weir__u32_add_acquire_release(&counter->done, 1);
        if (weir__hand_should_yield(hand))
            break;
    }
    if (weir__hand_has_stalled(hand))
        weir__u32_add_acquire_release(&counter->stalled, 1);
    weir__u32_add_acquire_release(&counter->running, UINT32_MAX);
    if (weir__u32_load_acquire(&counter->left) > 0)
        weir__job_ready_next(job, hand);
}

static void exited(weir__job *job, weir__hand *hand) {
    (void)hand;
    struct counter *counter = (struct counter *)job;
    weir__u32_add_acquire_release(&counter->running, UINT32_MAX);
    weir__u32_add_acquire_release(&counter->done, 1);
    weir__job_ready(job);
}

static void prepare(struct counter *counter, weir__crew *crew) {
    *counter = (struct counter){.job = {.run = run, .exited = exited, .crew = crew, .band = WEIR__BAND_NORMAL}};
}

static void await(const weir__u32 *count, uint32_t wanted) {
    while (weir__u32_load_acquire(count) < wanted)
        usleep(200);
}

enum { GO_ON, STOP, STOPPED };

/* A job that makes another one next in its thread, over and over. */
struct partner {
    weir__job job; /* first member */
    weir__job *other;
    weir__u32 *order;
};

static void run_partner(weir__job *job, weir__hand *hand) {
    struct partner *partner = (struct partner *)job;
    if (weir__u32_load_acquire(partner->order) == GO_ON)
        weir__job_ready_next(partner->other, hand);
    else
        weir__u32_store_release(partner->order, STOPPED);
}

static weir__crew *new_crew(size_t size) {
    weir__crew *crew = NULL;
    const weir__crew_options options = {.name = "test", .size = size, .idle_time = 20 * 1000 * 1000};
    ck_assert_int_eq(weir__crew_create(&crew, &options), WEIR_OK);
    ck_assert_int_eq(weir__crew_staff(crew), WEIR_OK);
    return crew;
}

START_TEST (every_readiness_is_followed_by_a_slice) {
    weir__crew *crew = new_crew(2);
    struct counter counter;
    prepare(&counter, crew);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        weir__u32_add_acquire_release(&counter.left, 1);
        ck_assert(weir__job_ready(&counter.job));
        if (i % 7 == 0)
            while (weir__u32_load_acquire(&counter.done) < i)
                ;
    }
    await(&counter.done, ROUNDS);
    weir__job_leave(&counter.job);
    ck_assert_uint_eq(weir__u32_load_acquire(&counter.running), 0);
    /* on a busy machine a thread may sleep for a lock so long that another one has its seat */
    ck_assert_uint_le(weir__u32_load_relaxed(&counter.most_running), 2 + weir__u32_load_acquire(&counter.stalled));
    weir__crew_destroy(crew);
}
END_TEST

START_TEST (jobs_that_follow_each_other_let_others_have_their_turn) {
    weir__crew *crew = new_crew(1);
    struct partner partners[2];
    struct counter counter;
    weir__u32 order;
    weir__u32_store_relaxed(&order, GO_ON);
    prepare(&counter, crew);
    for (int i = 0; i < 2; i++)
        partners[i] = (struct partner){.job = {.run = run_partner, .crew = crew, .band = WEIR__BAND_NORMAL},
                                       .other = &partners[1 - i].job,
                                       .order = &order};
    ck_assert(weir__job_ready(&partners[0].job));
    for (uint32_t i = 1; i <= 20; i++) {
        weir__u32_add_acquire_release(&counter.left, 1);
        ck_assert(weir__job_ready(&counter.job));
        await(&counter.done, i);
    }
    weir__u32_store_release(&order, STOP);
    await(&order, STOPPED); /* a job that leaves must not be made ready */
    weir__job_leave(&counter.job);
    for (int i = 0; i < 2; i++)
        weir__job_leave(&partners[i].job);
    weir__crew_destroy(crew);
}
END_TEST

/* Sleeps until it is told to return, in a function of the program: the crew does not know. */
static void sleep_until_told(weir__job *job, weir__hand *hand) {
    struct counter *counter = (struct counter *)job;
    if (!take(&counter->left))
        return;
    weir__job_ready(job);
    weir__u32_add_acquire_release(&counter->running, 1);
    while (weir__u32_load_acquire(&counter->width) == 0)
        usleep(20 * 1000);
    if (weir__hand_has_stalled(hand))
        weir__u32_add_acquire_release(&counter->stalled, 1);
    weir__u32_add_acquire_release(&counter->done, 1);
}

START_TEST (jobs_that_sleep_are_made_up_for) {
    weir__crew *crew = new_crew(2);
    struct counter sleeper, quick;
    prepare(&sleeper, crew);
    prepare(&quick, crew);
    sleeper.job.run = sleep_until_told;
    weir__u32_store_release(&sleeper.left, 2);
    ck_assert(weir__job_ready(&sleeper.job));
    while (weir__u32_load_acquire(&sleeper.running) < 2)
        usleep(100);
    weir__u32_store_release(&quick.left, 1);
    ck_assert(weir__job_ready(&quick.job));
    await(&quick.done, 1);
    ck_assert_uint_eq(weir__u32_load_acquire(&sleeper.done), 0); /* while both threads sleep */
    weir__u32_store_release(&sleeper.width, 1);
    await(&sleeper.done, 2);
    ck_assert_uint_ge(weir__u32_load_acquire(&sleeper.stalled), 1);
    weir__job_leave(&sleeper.job);
    weir__job_leave(&quick.job);
    weir__crew_destroy(crew);
}
END_TEST

START_TEST (a_thread_that_is_ended_is_replaced) {
    weir__crew *crew = new_crew(1);
    struct counter counter;
    prepare(&counter, crew);
    weir__u32_store_release(&counter.exits, 5);
    weir__u32_store_release(&counter.left, 10);
    ck_assert(weir__job_ready(&counter.job));
    await(&counter.done, 15);
    weir__job_leave(&counter.job);
    weir__crew_destroy(crew);
}
END_TEST

START_TEST (idle_threads_end_and_are_started_again) {
    weir__crew *crew = new_crew(4);
    struct counter counter;
    prepare(&counter, crew);
    for (int round = 1; round <= 3 || weir__u32_load_relaxed(&counter.most_running) < 2; round++) {
        counter.sleep = 30 * 1000;
        weir__u32_store_release(&counter.left, 4);
        ck_assert(weir__job_ready(&counter.job));
        await(&counter.done, (uint32_t)(4 * round));
        while (weir__crew_threads(crew) > 1)
            usleep(1000);
    }
    weir__job_leave(&counter.job);
    weir__crew_destroy(crew);
}
END_TEST

static void block(weir__job *job, weir__hand *hand) {
    struct counter *counter = (struct counter *)job;
    if (!take(&counter->left))
        return;
    if (weir__hand_block(hand)) {
        while (weir__u32_load_acquire(&counter->width) == 0)
            usleep(100);
        weir__hand_unblock(hand);
    }
    weir__u32_add_acquire_release(&counter->done, 1);
}

START_TEST (a_thread_that_blocks_leaves_its_seat) {
    weir__crew *crew = new_crew(1);
    struct counter blocker, quick;
    prepare(&blocker, crew);
    prepare(&quick, crew);
    blocker.job.run = block;
    weir__u32_store_release(&blocker.left, 1);
    ck_assert(weir__job_ready(&blocker.job));
    weir__u32_store_release(&quick.left, 100);
    ck_assert(weir__job_ready(&quick.job));
    await(&quick.done, 100);
    ck_assert_uint_eq(weir__u32_load_acquire(&blocker.done), 0);
    weir__u32_store_release(&blocker.width, 1);
    await(&blocker.done, 1);
    weir__job_leave(&blocker.job);
    weir__job_leave(&quick.job);
    weir__crew_destroy(crew);
}
END_TEST

START_TEST (the_shared_crew_is_shared) {
    weir__crew *first = NULL, *second = NULL;
    ck_assert_int_eq(weir__crew_share(&first), WEIR_OK);
    ck_assert_int_eq(weir__crew_share(&second), WEIR_OK);
    ck_assert_ptr_eq(first, second);
    ck_assert_uint_ge(weir__crew_size(first), 1);
    weir__crew_unshare(first);
    weir__crew_unshare(second);
}
END_TEST

/* ---- the number of threads ---- */

enum { PIPELINES = 50, STAGES = 5, ITEMS_EACH = 4, LOOKS = 30, ALLOWED = 4 };

static atomic_bool released;
static atomic_size_t spinning;

/* Computes until it is released: such a call keeps its processor, and calls for no further thread. */
static void *spin_until_released(void *item, void *unused) {
    (void)unused;
    atomic_fetch_add(&spinning, 1);
    while (!atomic_load(&released))
        continue;
    return item;
}

static weir_pipeline *start_pipeline(void) {
    static const char *const names[STAGES] = {"a", "b", "c", "d", "e"};
    weir_pipeline *pipeline;
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, NULL));
    for (size_t i = 0; i < STAGES; i++) {
        const weir_stage_options stage = {.name = names[i], .work.func = spin_until_released};
        assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage));
    }
    assert_status(WEIR_OK, weir_pipeline_start(pipeline));
    return pipeline;
}

/* Returns the most threads that the process has at several times. */
static size_t most_threads(void) {
    size_t most = 0;
    for (size_t look = 0; look < LOOKS; look++) {
        size_t count = threads_now();
        most = count > most ? count : most;
        nap();
    }
    return most;
}

START_TEST (pipelines_share_about_as_many_threads_as_processors) {
    size_t before = threads_at_rest(), processors = weir__processors();
    weir_pipeline *pipelines[PIPELINES];
    atomic_store(&released, false);
    atomic_store(&spinning, 0);
    for (size_t i = 0; i < PIPELINES; i++)
        pipelines[i] = start_pipeline();
    size_t idle = most_threads();
    for (size_t i = 0; i < PIPELINES * ITEMS_EACH; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipelines[i % PIPELINES], number(i)));
    while (atomic_load(&spinning) < processors)
        nap();
    size_t busy = most_threads();
    atomic_store(&released, true);
    for (size_t i = 0; i < PIPELINES; i++) {
        assert_status(WEIR_OK, weir_pipeline_finish(pipelines[i], hang_limit(), NULL));
        assert_status(WEIR_OK, weir_pipeline_destroy(pipelines[i]));
    }
    ck_assert_uint_eq(atomic_load(&spinning), PIPELINES * ITEMS_EACH * STAGES);
    ck_assert_uint_le(idle, before + processors + ALLOWED);
    ck_assert_uint_le(busy, before + processors + ALLOWED);
    ck_assert(busy >= before + processors || before == 0);
}
END_TEST

static Suite *crew_suite(void) {
    Suite *suite = suite_create("crew");
    TCase *rules = add_case(suite, "rules");
    tcase_add_test(rules, every_readiness_is_followed_by_a_slice);
    tcase_add_test(rules, jobs_that_follow_each_other_let_others_have_their_turn);
    tcase_add_test(rules, jobs_that_sleep_are_made_up_for);
    tcase_add_test(rules, a_thread_that_is_ended_is_replaced);
    tcase_add_test(rules, idle_threads_end_and_are_started_again);
    tcase_add_test(rules, a_thread_that_blocks_leaves_its_seat);
    tcase_add_test(rules, the_shared_crew_is_shared);
    tcase_add_test(add_case(suite, "threads"), pipelines_share_about_as_many_threads_as_processors);
    return suite;
}

int main(void) {
    return run_suite(crew_suite());
}
