/*
 * stress.c - many threads, every form of put and get, at random: stress [SECONDS [SEED]].
 *
 * Each round creates a queue, runs producers and consumers on it, and ends it in one of several ways. Then each item
 * must be accounted for exactly once: consumed, dropped, or kept by the producer that could not put it. A consumer
 * gets the items of each producer in order. Other rounds start and stop groups of workers. The printed seed
 * reproduces the rounds, but not the interleaving.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 6, MOST_EACH = 400, BATCH = 9, HANG_SECONDS = 60 };

enum ending { CLOSES, DRAINED, DISCARDED, DRAINED_AND_DISCARDED, ENDINGS };

struct item {
    size_t producer, number;
    atomic_uint consumed, dropped, kept;
};

static struct item items[MOST_THREADS][MOST_EACH];

/* One round. */
static struct {
    uint64_t seed; /* seeds this round */
    size_t capacity, producers, consumers, each;
    enum ending ending;
    weir_queue *queue;
    atomic_size_t closes;    /* sentinels not put yet */
    atomic_size_t producing; /* running producers */
    atomic_bool over;
    atomic_size_t joins, samples;
} round_;

static void fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    fputs("stress: ", stderr);
    vfprintf(stderr, format, rest);
    va_end(rest);
    fprintf(stderr, "\nround seed %" PRIu64 ": capacity %zu, %zu producers of %zu, %zu consumers, ending %d\n",
            round_.seed, round_.capacity, round_.producers, round_.each, round_.consumers, (int)round_.ending);
    _exit(EXIT_FAILURE);
}

static void hung(int signal) {
    static const char text[] = "stress: hangs\n";
    (void)signal;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EXIT_FAILURE);
}

/* ---- chance ---- */

/* G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003. */
static uint64_t next_random(uint64_t *state) {
    uint64_t x = *state == 0 ? UINT64_C(0x9E3779B97F4A7C15) : *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static size_t below(uint64_t *chance, size_t n) {
    return (size_t)(next_random(chance) >> 11) % n;
}

static uint64_t chance_of_thread(size_t thread) {
    uint64_t state = round_.seed + (thread + 1) * UINT64_C(0x9E3779B97F4A7C15);
    next_random(&state);
    return state;
}

static weir_deadline short_deadline(uint64_t *chance) {
    return below(chance, 4) == 0 ? 0 : weir_deadline_after(below(chance, 200000));
}

/* ---- producers ---- */

/* Puts up to `count` items by a random form of put; `*put` is the number put. */
static weir_status put_somehow(uint64_t *chance, void **batch, size_t count, size_t *put) {
    weir_status status;
    switch (below(chance, 4)) {
        case 0:
            status = weir_queue_put(round_.queue, batch[0]);
            break;
        case 1:
            status = weir_queue_try_put(round_.queue, batch[0]);
            break;
        case 2:
            status = weir_queue_put_until(round_.queue, batch[0], short_deadline(chance));
            break;
        default:
            return weir_queue_put_many(round_.queue, batch, count, put);
    }
    *put = status == WEIR_OK;
    return status;
}

/* Sometimes puts a sentinel between the items. The last one is kept for the end, so that all items are consumed. */
static void close_sometimes(uint64_t *chance) {
    if (below(chance, 100) != 0)
        return;
    size_t left = atomic_load(&round_.closes);
    if (left > 1 && atomic_compare_exchange_strong(&round_.closes, &left, left - 1)) {
        weir_status status = weir_queue_close(round_.queue);
        if (status != WEIR_OK && status != WEIR_CLOSED)
            fail("close: %s", weir_strerror(status));
    }
}

static void *produce(void *raw) {
    struct item *mine = raw;
    uint64_t chance = chance_of_thread(mine->producer);
    for (size_t n = 0; n < round_.each;) {
        void *batch[BATCH];
        size_t put, count = 1 + below(&chance, BATCH);
        count = count < round_.each - n ? count : round_.each - n;
        for (size_t i = 0; i < count; i++)
            batch[i] = &mine[n + i];
        weir_status status = put_somehow(&chance, batch, count, &put);
        n += put;
        if (status == WEIR_CLOSED && round_.ending != CLOSES) {
            for (; n < round_.each; n++)
                atomic_fetch_add(&mine[n].kept, 1);
        } else if (status == WEIR_FULL || status == WEIR_TIMEDOUT) {
            if (below(&chance, 16) == 0)
                atomic_fetch_add(&mine[n++].kept, 1); /* give up */
            else
                sched_yield();
        } else if (status != WEIR_OK) {
            fail("a put: %s", weir_strerror(status));
        }
        close_sometimes(&chance);
    }
    atomic_fetch_sub(&round_.producing, 1);
    return NULL;
}

/* ---- consumers ---- */

struct consumer {
    size_t number;
    size_t next[MOST_THREADS];
    uint64_t chance;
    size_t owed;
};

static void consume_one(struct consumer *consumer, void *raw) {
    struct item *item = raw;
    if (item->number < consumer->next[item->producer])
        fail("item %zu of producer %zu came after item %zu", item->number, item->producer,
             consumer->next[item->producer] - 1);
    consumer->next[item->producer] = item->number + 1;
    atomic_fetch_add(&item->consumed, 1);
}

static void settle(struct consumer *consumer, size_t count) {
    weir_status status = count == 1 ? weir_queue_task_done(round_.queue) : weir_queue_tasks_done(round_.queue, count);
    if (status != WEIR_OK)
        fail("settling %zu: %s", count, weir_strerror(status));
    consumer->owed -= count;
}

static weir_status get_somehow(struct consumer *consumer, void **batch, size_t *got) {
    uint64_t *chance = &consumer->chance;
    weir_status status;
    switch (below(chance, 4)) {
        case 0:
            status = weir_queue_get(round_.queue, &batch[0]);
            break;
        case 1:
            status = weir_queue_try_get(round_.queue, &batch[0]);
            break;
        case 2:
            status = weir_queue_get_until(round_.queue, &batch[0], short_deadline(chance));
            break;
        default:
            status = weir_queue_get_many(round_.queue, batch, 1 + below(chance, BATCH), got);
            if ((status == WEIR_OK) != (*got > 0))
                fail("get_many: %s with %zu items", weir_strerror(status), *got);
            return status;
    }
    *got = status == WEIR_OK;
    return status;
}

static void consume_in_batches(struct consumer *consumer) {
    for (;;) {
        void *batch[BATCH];
        size_t got;
        weir_status status = get_somehow(consumer, batch, &got);
        for (size_t i = 0; i < got; i++)
            consume_one(consumer, batch[i]);
        consumer->owed += got;
        if (status == WEIR_CLOSED)
            break;
        if (status == WEIR_EMPTY || status == WEIR_TIMEDOUT)
            sched_yield();
        else if (status != WEIR_OK)
            fail("a get: %s", weir_strerror(status));
        if (consumer->owed > 0 && below(&consumer->chance, 3) != 0)
            settle(consumer, 1 + below(&consumer->chance, consumer->owed));
    }
    if (consumer->owed > 0)
        settle(consumer, consumer->owed);
}

static void consume_by_cursor(struct consumer *consumer) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(round_.queue);
    weir_status status;
    void *item;
    while ((status = weir_queue_cursor_next(&cursor, &item)) == WEIR_OK)
        consume_one(consumer, item);
    if (status != WEIR_CLOSED || weir_queue_cursor_end(&cursor) != WEIR_OK)
        fail("a cursor: %s", weir_strerror(status));
}

static void *consume(void *raw) {
    struct consumer *consumer = raw;
    consumer->chance = chance_of_thread(MOST_THREADS + consumer->number);
    if (below(&consumer->chance, 4) == 0)
        consume_by_cursor(consumer);
    else
        consume_in_batches(consumer);
    return NULL;
}

/* ---- a thread that joins and reads the counts ---- */

static void *watch(void *raw) {
    uint64_t chance = chance_of_thread(99);
    (void)raw;
    while (!atomic_load(&round_.over)) {
        size_t inside = weir_queue_size(round_.queue), unfinished = weir_queue_unfinished(round_.queue);
        if (round_.capacity != WEIR_UNBOUNDED && inside > round_.capacity)
            fail("%zu are inside", inside);
        if (unfinished > round_.producers * round_.each + round_.consumers)
            fail("%zu are unfinished", unfinished);
        weir_status status = weir_queue_join_until(round_.queue, short_deadline(&chance));
        if (status != WEIR_OK && status != WEIR_TIMEDOUT && status != WEIR_DISCARDED)
            fail("join: %s", weir_strerror(status));
        atomic_fetch_add(&round_.joins, status != WEIR_TIMEDOUT);
        atomic_fetch_add(&round_.samples, 1);
    }
    return NULL;
}

/* ---- a round with producers and consumers ---- */

static void drop(void *raw, void *arg) {
    struct item *item = raw;
    (void)arg;
    atomic_fetch_add(&item->dropped, 1);
    (void)weir_queue_size(round_.queue); /* a drop function may call weir */
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg) {
    if (pthread_create(thread, NULL, run, arg) != 0)
        fail("no thread");
}

static void reset_items(void) {
    for (size_t p = 0; p < MOST_THREADS; p++) {
        for (size_t n = 0; n < MOST_EACH; n++) {
            struct item *item = &items[p][n];
            item->producer = p;
            item->number = n;
            atomic_store(&item->consumed, 0);
            atomic_store(&item->dropped, 0);
            atomic_store(&item->kept, 0);
        }
    }
}

static size_t random_capacity(uint64_t *chance) {
    static const size_t capacities[] = {1, 1, 2, 3, 5, 16, 64, 1000, WEIR_UNBOUNDED, WEIR_UNBOUNDED};
    return capacities[below(chance, sizeof capacities / sizeof capacities[0])];
}

static void begin_round(uint64_t seed) {
    uint64_t chance = seed;
    memset(&round_, 0, sizeof round_);
    round_.seed = seed;
    next_random(&chance);
    round_.capacity = random_capacity(&chance);
    round_.producers = 1 + below(&chance, MOST_THREADS);
    round_.consumers = 1 + below(&chance, MOST_THREADS);
    round_.each = 1 + below(&chance, MOST_EACH);
    round_.ending = (enum ending)below(&chance, ENDINGS);
    atomic_store(&round_.closes, round_.consumers);
    atomic_store(&round_.producing, round_.producers);
    reset_items();
    const weir_queue_options options = {.capacity = round_.capacity, .name = "stress", .drop = drop};
    if (weir_queue_create_with(&round_.queue, &options) != WEIR_OK)
        fail("no queue");
}

static void shut_down(weir_shutdown_mode mode) {
    if (weir_queue_shutdown(round_.queue, mode) != WEIR_OK)
        fail("no shutdown");
}

/* Ends the queue while the producers run, or after them. */
static void end_queue(uint64_t *chance) {
    if (round_.ending == CLOSES) {
        while (atomic_load(&round_.producing) > 0)
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        for (size_t left = atomic_exchange(&round_.closes, 0); left > 0; left--) {
            if (weir_queue_close(round_.queue) != WEIR_OK)
                fail("no close");
        }
        return;
    }
    nanosleep(&(struct timespec){.tv_nsec = (long)below(chance, 3000000)}, NULL);
    shut_down(round_.ending == DISCARDED ? WEIR_DISCARD : WEIR_DRAIN);
    if (round_.ending == DRAINED_AND_DISCARDED)
        shut_down(WEIR_DISCARD);
}

/* After a drain, every consumer may have exited on a sentinel: takes the items that are left. */
static void take_what_is_left(void) {
    struct consumer last = {.number = 50};
    void *item;
    weir_status status;
    while ((status = weir_queue_try_get(round_.queue, &item)) == WEIR_OK || weir_queue_size(round_.queue) > 0) {
        if (status != WEIR_OK)
            continue; /* a sentinel */
        atomic_fetch_add(&((struct item *)item)->consumed, 1);
        last.owed = 1;
        settle(&last, 1);
    }
}

static void check_accounts(void) {
    for (size_t p = 0; p < round_.producers; p++) {
        for (size_t n = 0; n < round_.each; n++) {
            struct item *item = &items[p][n];
            unsigned consumed = atomic_load(&item->consumed), dropped = atomic_load(&item->dropped);
            unsigned kept = atomic_load(&item->kept);
            if (consumed + dropped + kept != 1)
                fail("item %zu of producer %zu: consumed %u times, dropped %u times, kept %u times", n, p, consumed,
                     dropped, kept);
            if (dropped > 0 && round_.ending < DISCARDED)
                fail("item %zu of producer %zu was dropped", n, p);
        }
    }
}

static void check_end(void) {
    weir_status status = weir_queue_join_until(round_.queue, 0);
    bool may_discard = round_.ending == DISCARDED || round_.ending == DRAINED_AND_DISCARDED;
    if (status != WEIR_OK && !(may_discard && status == WEIR_DISCARDED))
        fail("the last join: %s; %zu inside, %zu unfinished", weir_strerror(status), weir_queue_size(round_.queue),
             weir_queue_unfinished(round_.queue));
    if (weir_queue_size(round_.queue) != 0 || weir_queue_unfinished(round_.queue) != 0)
        fail("%zu are left inside, %zu unfinished", weir_queue_size(round_.queue), weir_queue_unfinished(round_.queue));
    if (weir_queue_destroy(round_.queue) != WEIR_OK)
        fail("destroy");
}

static void run_round(uint64_t seed) {
    pthread_t producers[MOST_THREADS], consumers[MOST_THREADS], watcher;
    struct consumer states[MOST_THREADS] = {{0}};
    begin_round(seed);
    uint64_t chance = chance_of_thread(100);
    start(&watcher, watch, NULL);
    for (size_t i = 0; i < round_.consumers; i++) {
        states[i].number = i;
        start(&consumers[i], consume, &states[i]);
    }
    for (size_t i = 0; i < round_.producers; i++)
        start(&producers[i], produce, items[i]);
    end_queue(&chance);
    for (size_t i = 0; i < round_.producers; i++)
        pthread_join(producers[i], NULL);
    for (size_t i = 0; i < round_.consumers; i++)
        pthread_join(consumers[i], NULL);
    take_what_is_left();
    atomic_store(&round_.over, true);
    pthread_join(watcher, NULL);
    check_accounts();
    check_end();
}

/* ---- a round with groups of workers ---- */

static weir_queue *results;

static void *work(void *item, void *arg) {
    (void)arg;
    return item;
}

static void put_all(weir_queue *queue, uint64_t *chance, size_t first, size_t end) {
    for (size_t n = first; n < end; n++) {
        if (weir_queue_put(queue, &items[0][n]) != WEIR_OK)
            fail("a put to workers");
        if (below(chance, 8) == 0)
            sched_yield();
    }
}

static void *put_to_workers(void *raw) {
    uint64_t chance = chance_of_thread(7);
    put_all(raw, &chance, 0, round_.each);
    return NULL;
}

static weir_threads *start_group(uint64_t *chance) {
    weir_threads *threads;
    if (weir_start_threads(&threads, 1 + below(chance, 4), work, NULL, round_.queue, results) != WEIR_OK)
        fail("no workers");
    return threads;
}

static void run_workers_round(uint64_t seed) {
    pthread_t producer;
    begin_round(seed);
    uint64_t chance = chance_of_thread(101);
    if (weir_queue_create(&results, WEIR_UNBOUNDED) != WEIR_OK)
        fail("no queue");
    start(&producer, put_to_workers, round_.queue);
    weir_threads *group = start_group(&chance);
    for (size_t changes = below(&chance, 6); changes > 0; changes--) {
        weir_threads *next = start_group(&chance);
        nanosleep(&(struct timespec){.tv_nsec = (long)below(&chance, 300000)}, NULL);
        if (weir_stop_threads(round_.queue, group) != WEIR_OK)
            fail("a group in the midst did not stop well");
        group = next;
    }
    pthread_join(producer, NULL);
    if (weir_stop_threads(round_.queue, group) != WEIR_OK || weir_queue_unfinished(round_.queue) != 0)
        fail("the last group left %zu", weir_queue_unfinished(round_.queue));
    if (weir_queue_size(results) != round_.each)
        fail("%zu results of %zu", weir_queue_size(results), round_.each);
    for (void *item; weir_queue_try_get(results, &item) == WEIR_OK;)
        atomic_fetch_add(&((struct item *)item)->consumed, 1);
    round_.producers = 1;
    round_.ending = CLOSES;
    check_accounts();
    check_end();
    weir_queue_destroy(results);
}

static double seconds_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
    const double end = seconds_now() + seconds;
    size_t rounds = 0;
    if (!(seconds > 0) || argc > 3) {
        fputs("usage: stress [SECONDS [SEED]]\n", stderr);
        return 2;
    }
    printf("stress: %g seconds, seed %" PRIu64 "\n", seconds, seed);
    fflush(stdout);
    signal(SIGALRM, hung);
    for (uint64_t chance = seed; seconds_now() < end; rounds++) {
        alarm(HANG_SECONDS);
        uint64_t round_seed = next_random(&chance);
        if (rounds % 8 == 7)
            run_workers_round(round_seed);
        else
            run_round(round_seed);
    }
    printf("stress: %zu rounds\n", rounds);
    return EXIT_SUCCESS;
}
