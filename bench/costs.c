/*
 * costs.c - prints the costs of weir's queues, workers and pipelines in memory and time, without the cost of moving
 * items: `make bench-costs`.
 *
 * Bytes are those that the library requests from the allocator, counted by __wrap_aligned_alloc, __wrap_free and the
 * same for chunks, which the linker substitutes. Times are medians, with minimum and maximum. Before a measurement
 * that wakes threads, the threads get time to block.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 50, STAGE = 12 };

static weir_queue *new_queue(size_t capacity);

static void must(weir_status status) {
    if (status != WEIR_OK) {
        fprintf(stderr, "costs: %s\n", weir_strerror(status));
        exit(1);
    }
}

/* ---- memory ---- */

static atomic_size_t bytes_taken, blocks_taken, blocks_freed;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
void *__real_weir__chunk_alloc(size_t size);
void *__wrap_weir__chunk_alloc(size_t size);
void __real_weir__chunk_free(void *chunk);
void __wrap_weir__chunk_free(void *chunk);

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    bytes_taken += size;
    blocks_taken++;
    return __real_aligned_alloc(alignment, size);
}

void *__wrap_weir__chunk_alloc(size_t size) {
    bytes_taken += size;
    blocks_taken++;
    return __real_weir__chunk_alloc(size);
}

void __wrap_weir__chunk_free(void *chunk) {
    blocks_freed += chunk != NULL;
    __real_weir__chunk_free(chunk);
}

void __wrap_free(void *memory) {
    blocks_freed += memory != NULL;
    __real_free(memory);
}

static void account_anew(void) {
    bytes_taken = blocks_taken = blocks_freed = 0;
}

/* Returns the bytes allocated since account_anew; nothing may have been freed since. */
static size_t bytes_kept(void) {
    if (blocks_freed != 0) {
        fputs("costs: something was freed, so the sum of what was taken says nothing\n", stderr);
        exit(1);
    }
    return bytes_taken;
}

static size_t queue_bytes(size_t capacity) {
    account_anew();
    weir_queue *queue = new_queue(capacity);
    size_t bytes = bytes_kept();
    must(weir_queue_destroy(queue));
    return bytes;
}

static void *same(void *item, void *arg) {
    (void)arg;
    return item;
}

static weir_threads *new_group(weir_queue *in, size_t count) {
    weir_threads *group;
    must(weir_start_threads(&group, count, same, NULL, in, NULL));
    return group;
}

static void fall_asleep(void) {
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Returns the exact resident memory of the process in bytes; 0 if the system does not report it. */
static size_t resident(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    size_t kilobytes = 0;
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Rss: %zu", &kilobytes) != 1)
        continue;
    fclose(file);
    return kilobytes * 1024;
}

static size_t group_bytes(size_t count, size_t *grown) {
    weir_queue *in = new_queue(STAGE);
    account_anew();
    size_t before = resident();
    weir_threads *group = new_group(in, count);
    fall_asleep();
    *grown = resident() - before;
    size_t bytes = bytes_kept();
    must(weir_stop_threads(in, group));
    must(weir_queue_destroy(in));
    return bytes;
}

static size_t stack_bytes(void) {
    pthread_attr_t attributes;
    size_t size = 0;
    pthread_attr_init(&attributes);
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
    return size;
}

static void print_memory(void) {
    enum { FEW = 1024, MANY = 65536 };
    size_t few = queue_bytes(FEW), many = queue_bytes(MANY), grown, ignored;
    /* The group of 1 leaves its stack and all touched code resident, so 11 workers of the stage are new. */
    size_t one = group_bytes(1, &ignored), stage = group_bytes(STAGE, &grown);
    puts("bytes, as asked for");
    printf("  %-42s %10zu\n", "queue of capacity 1", queue_bytes(1));
    printf("  %-42s %10zu\n", "queue of capacity 1024", few);
    printf("  %-42s %10zu\n", "queue without a bound, empty", queue_bytes(WEIR_UNBOUNDED));
    printf("  %-42s %10.2f\n", "slot", (double)(many - few) / (MANY - FEW));
    printf("  %-42s %10zu\n", "group of 1", one);
    printf("  %-42s %10.2f\n", "each further worker", (double)(stage - one) / (STAGE - 1));
    printf("  %-42s %10zu\n", "a worker's stack, virtual memory", stack_bytes());
    if (grown > 0)
        printf("  %-42s %10zu\n", "a waiting worker's resident memory, all in", grown / (STAGE - 1));
}

/* ---- time ---- */

static double microseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *text, double *samples, size_t count) {
    qsort(samples, count, sizeof *samples, ascending);
    printf("  %-42s %10.2f  %.2f..%.2f\n", text, (samples[(count - 1) / 2] + samples[count / 2]) / 2, samples[0],
           samples[count - 1]);
}

static weir_queue *new_queue(size_t capacity) {
    weir_queue *queue;
    must(weir_queue_create(&queue, capacity));
    return queue;
}

static void time_queue(const char *text, size_t capacity) {
    enum { AT_ONCE = 100 };
    double samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        double from = microseconds_now();
        for (int k = 0; k < AT_ONCE; k++)
            must(weir_queue_destroy(new_queue(capacity)));
        samples[i] = (microseconds_now() - from) / AT_ONCE;
    }
    print_times(text, samples, SAMPLES);
}

static void *nothing(void *arg) {
    return arg;
}

/* Measures the cost of a thread without weir. */
static void time_thread(const char *text) {
    double samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        pthread_t thread;
        double from = microseconds_now();
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            must(WEIR_NOTHREAD);
        pthread_join(thread, NULL);
        samples[i] = microseconds_now() - from;
    }
    print_times(text, samples, SAMPLES);
}

static void time_group(const char *text, size_t count) {
    double samples[SAMPLES];
    weir_queue *in = new_queue(STAGE);
    for (int i = 0; i < SAMPLES; i++) {
        double from = microseconds_now();
        must(weir_stop_threads(in, new_group(in, count)));
        samples[i] = microseconds_now() - from;
    }
    must(weir_queue_destroy(in));
    print_times(text, samples, SAMPLES);
}

static void time_stop(const char *text) {
    double samples[SAMPLES];
    weir_queue *in = new_queue(STAGE);
    for (int i = 0; i < SAMPLES; i++) {
        weir_threads *group = new_group(in, STAGE);
        fall_asleep();
        double from = microseconds_now();
        must(weir_stop_threads(in, group));
        samples[i] = microseconds_now() - from;
    }
    must(weir_queue_destroy(in));
    print_times(text, samples, SAMPLES);
}

/* Stores the time of its get in its item. */
static void *note_time(void *item, void *arg) {
    (void)arg;
    *(double *)item = microseconds_now();
    return NULL;
}

static void time_wake(const char *text) {
    double samples[SAMPLES];
    weir_queue *in = new_queue(1);
    weir_threads *group;
    must(weir_start_threads(&group, 1, note_time, NULL, in, NULL));
    for (int i = 0; i < SAMPLES; i++) {
        double got;
        fall_asleep();
        double from = microseconds_now();
        must(weir_queue_put(in, &got));
        must(weir_queue_join(in));
        samples[i] = got - from;
    }
    must(weir_stop_threads(in, group));
    must(weir_queue_destroy(in));
    print_times(text, samples, SAMPLES);
}

/* Sleeps for its item, in milliseconds. */
static void *sleep_as_told(void *item, void *arg) {
    (void)arg;
    if (item != NULL)
        nanosleep(&(struct timespec){.tv_nsec = 1000000L * (long)(uintptr_t)item}, NULL);
    return NULL;
}

/*
 * Slow items after quick ones, which made the workers' prefetch large. The ideal is two items in sequence per worker.
 */
static void time_slow_items(const char *text) {
    enum { WORKERS = 4, QUICK = 100000, SLOW = 8, MILLISECONDS = 100, RUNS = 5 };
    void *slow[SLOW];
    double samples[RUNS];
    for (int i = 0; i < SLOW; i++)
        slow[i] = (void *)(uintptr_t)MILLISECONDS; /* NOLINT(performance-no-int-to-ptr) */
    for (int run = 0; run < RUNS; run++) {
        weir_queue *in = new_queue(1024);
        weir_threads *group;
        size_t put;
        must(weir_start_threads(&group, WORKERS, sleep_as_told, NULL, in, NULL));
        for (int i = 0; i < QUICK; i++)
            must(weir_queue_put(in, NULL));
        must(weir_queue_join(in));
        double from = microseconds_now();
        must(weir_queue_put_many(in, slow, SLOW, &put));
        must(weir_queue_join(in));
        samples[run] = microseconds_now() - from;
        must(weir_stop_threads(in, group));
        must(weir_queue_destroy(in));
    }
    print_times(text, samples, RUNS);
}

/* Makes three stages of four workers, all blocked because the results are not read. */
static weir_pipeline *new_blocked_pipeline(weir_queue *results) {
    static const char *const names[] = {"first", "second", "third"};
    weir_pipeline *pipeline;
    must(weir_pipeline_create(&pipeline, NULL));
    for (int i = 0; i < 3; i++) {
        const weir_stage_options stage = {.name = names[i],
                                          .work.func = same,
                                          .threads.count = 4,
                                          .input.capacity = 4,
                                          .output.results = i == 2 ? results : NULL};
        must(weir_pipeline_add(pipeline, NULL, &stage));
    }
    must(weir_pipeline_start(pipeline));
    while (weir_pipeline_put_until(pipeline, NULL, weir_deadline_after(20 * WEIR_MILLISECOND)) == WEIR_OK)
        continue;
    return pipeline;
}

static void time_cancel(const char *text) {
    enum { RUNS = 20 };
    double samples[RUNS];
    for (int i = 0; i < RUNS; i++) {
        weir_queue *results = new_queue(1);
        weir_pipeline *pipeline = new_blocked_pipeline(results);
        double from = microseconds_now();
        must(weir_pipeline_cancel(pipeline));
        if (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_CANCELLED)
            must(WEIR_BUSY);
        samples[i] = microseconds_now() - from;
        must(weir_pipeline_destroy(pipeline));
        must(weir_queue_destroy(results));
    }
    print_times(text, samples, RUNS);
}

int main(void) {
    print_memory();
    printf("microseconds: median of %d, least..most\n", SAMPLES);
    time_queue("create and destroy a queue of capacity 1", 1);
    time_queue("create and destroy a queue of 1024", 1024);
    time_thread("create and join a bare thread");
    time_group("start and stop a group of 1", 1);
    time_group("start and stop a group of 12", STAGE);
    time_stop("stop a stage of 12 that sleep");
    time_wake("from a put to the get of a sleeping worker");
    time_cancel("cancel a pipeline of 12 blocked (20 runs)");
    time_slow_items("8 items of 100 ms on 4 workers (5 runs)");
    return 0;
}
