/*
 * growth.c - prints the cost of one of N things against N: `make bench-growth`.
 *
 * Each row is processor time of the process, in nanoseconds for one thing, the minimum of several runs. Therefore
 * neither other programs nor blocking count. The growth is the cost at the largest N, divided by the smallest cost at
 * any N.
 *
 * A row is flat if its growth is at most 1.5. It is logarithmic if its growth is at most the ratio of the logarithms
 * of the numbers. The system's cost of a blocked thread rises with their number, because the kernel finds them in a
 * table of a fixed size (Linux 6.18: 16 lists for a process on two processors). Rows that start or wake one thread
 * for each thing are therefore compared with plain threads: either their growth or their cost at the largest N may be
 * twice that of these.
 *
 * Any other growth is reported, and the program fails.
 *
 *     growth [key=value ...]       most=10000 runs=3 only=PART-OF-A-NAME
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FEWEST = 10, SMALL_STACK = 32768, AT_A_TIME = 2000 };

static void must(weir_status status) {
    if (status != WEIR_OK) {
        fprintf(stderr, "growth: %s\n", weir_strerror(status));
        exit(2);
    }
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL)
        must(WEIR_NOMEM);
    return memory;
}

/* ---- processor time ---- */

static double begun;

static double used(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void begin(void) {
    begun = used();
}

/* Returns nanoseconds since begin, divided by `count`. */
static double end(size_t count) {
    return (used() - begun) / (double)count;
}

static void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
}

/* Waits until all started threads block, so that their start does not count in the next measurement. */
static void let_fall_asleep(void) {
    double before;
    do {
        before = used();
        for (int i = 0; i < 20; i++)
            nap();
    } while (used() - before > 1e6);
}

/* ---- plain threads, for what the system itself takes ---- */

struct sleeper {
    pthread_t thread;
    sem_t wake;
    sem_t *answer;
    atomic_bool over;
};

static void *answer_each_wake(void *raw) {
    struct sleeper *self = raw;
    while (sem_wait(&self->wake) == 0 && !self->over)
        sem_post(self->answer);
    return NULL;
}

static void start_small(pthread_t *thread, void *(*run)(void *), void *arg) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    if (pthread_create(thread, &attributes, run, arg) != 0)
        must(WEIR_NOTHREAD);
    pthread_attr_destroy(&attributes);
}

static void start_sleepers(struct sleeper *sleepers, size_t count, sem_t *answer) {
    for (size_t i = 0; i < count; i++) {
        sem_init(&sleepers[i].wake, 0, 0);
        sleepers[i].answer = answer;
        start_small(&sleepers[i].thread, answer_each_wake, &sleepers[i]);
    }
}

static void end_sleepers(struct sleeper *sleepers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sleepers[i].over = true;
        sem_post(&sleepers[i].wake);
        pthread_join(sleepers[i].thread, NULL);
    }
}

static double plain_threads(size_t count, bool of_a_wake) {
    struct sleeper *sleepers = allocate(count, sizeof *sleepers);
    double cost = 0;
    sem_t answer;
    sem_init(&answer, 0, 0);
    begin();
    start_sleepers(sleepers, count, &answer);
    let_fall_asleep();
    if (of_a_wake) {
        begin();
        for (size_t i = 0; i < AT_A_TIME; i++) {
            sem_post(&sleepers[i % count].wake);
            while (sem_wait(&answer) != 0)
                continue;
        }
        cost = end(AT_A_TIME);
    } else {
        for (size_t i = 0; i < count; i++) {
            sem_post(&sleepers[i].wake);
            while (sem_wait(&answer) != 0)
                continue;
        }
    }
    end_sleepers(sleepers, count);
    cost = of_a_wake ? cost : end(count);
    free(sleepers);
    return cost;
}

static double plain_thread(size_t count) {
    return plain_threads(count, false);
}

static double plain_wake(size_t count) {
    return plain_threads(count, true);
}

/* ---- workers and groups ---- */

static void *hand_on(void *item, void *unused) {
    (void)unused;
    return item;
}

static const weir_worker_options small = {.func = hand_on, .stack_size = SMALL_STACK};

/* Puts one item and waits for its result, repeatedly. */
static double one_at_a_time(weir_queue *in, weir_queue *out) {
    void *item;
    begin();
    for (int i = 0; i < AT_A_TIME; i++) {
        must(weir_queue_put(in, &item));
        must(weir_queue_get(out, &item));
        must(weir_queue_task_done(out));
    }
    return end(AT_A_TIME);
}

static weir_queue *new_queue(size_t capacity) {
    weir_queue *queue;
    must(weir_queue_create(&queue, capacity));
    return queue;
}

static double item_among_workers(size_t count) {
    weir_queue *in = new_queue(64), *out = new_queue(64);
    weir_threads *threads;
    must(weir_start_threads_with(&threads, count, &small, in, out));
    let_fall_asleep();
    double cost = one_at_a_time(in, out);
    must(weir_stop_threads(in, threads));
    must(weir_queue_destroy(in));
    must(weir_queue_destroy(out));
    return cost;
}

static double start_and_stop_of_a_worker(size_t count) {
    weir_queue *in = new_queue(64);
    weir_threads *threads;
    begin();
    must(weir_start_threads_with(&threads, count, &small, in, NULL));
    must(weir_stop_threads(in, threads));
    double cost = end(count);
    must(weir_queue_destroy(in));
    return cost;
}

static double groups(size_t count, bool of_an_item) {
    weir_queue *in = new_queue(64), *out = new_queue(64);
    weir_threads **threads = allocate(count, sizeof *threads);
    double cost = 0;
    begin();
    for (size_t i = 0; i < count; i++)
        must(weir_start_threads_with(&threads[i], 1, &small, in, out));
    if (of_an_item) {
        let_fall_asleep();
        cost = one_at_a_time(in, out);
    }
    for (size_t i = 0; i < count; i++)
        must(weir_stop_threads(in, threads[i]));
    cost = of_an_item ? cost : end(count);
    free(threads);
    must(weir_queue_destroy(in));
    must(weir_queue_destroy(out));
    return cost;
}

static double item_among_groups(size_t count) {
    return groups(count, true);
}

static double start_and_stop_of_a_group(size_t count) {
    return groups(count, false);
}

/* ---- stages ---- */

static weir_pipeline *new_pipeline(size_t max_items) {
    weir_pipeline *pipeline;
    must(weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = max_items, .max_errors = 1}));
    return pipeline;
}

static weir_stage *add(weir_pipeline *pipeline, weir_stage_options options) {
    weir_stage *stage;
    options.threads.stack_size = SMALL_STACK;
    options.threads.count = options.threads.count != 0 ? options.threads.count : 1;
    must(weir_pipeline_add(pipeline, &stage, &options));
    return stage;
}

static int emit(weir_task *task, void *item, void *unused) {
    (void)unused;
    weir_task_emit(task, item);
    return 0;
}

static void finish(weir_pipeline *pipeline) {
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    must(weir_pipeline_destroy(pipeline));
}

static weir_pipeline *new_chain(size_t count, weir_queue *results) {
    weir_pipeline *pipeline = new_pipeline(0);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "stage %zu", i);
        add(pipeline,
            (weir_stage_options){.name = name, .work.run = emit, .output.results = i + 1 == count ? results : NULL});
    }
    must(weir_pipeline_start(pipeline));
    return pipeline;
}

static double stage_of_a_chain(size_t count) {
    begin();
    finish(new_chain(count, NULL));
    return end(count);
}

static void put_and_get(weir_pipeline *pipeline, weir_queue *results, size_t count) {
    void *item;
    for (size_t i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, NULL));
    for (size_t i = 0; i < count; i++)
        must(weir_queue_get(results, &item));
}

static double item_in_a_stage(size_t count) {
    enum { ITEMS = 16 };
    weir_queue *results = new_queue(ITEMS);
    weir_pipeline *pipeline = new_chain(count, results);
    put_and_get(pipeline, results, ITEMS); /* each stage has its memory then */
    let_fall_asleep();
    begin();
    put_and_get(pipeline, results, ITEMS);
    double cost = end(ITEMS * count);
    finish(pipeline);
    must(weir_queue_destroy(results));
    return cost;
}

static double stage_of_a_report(size_t count) {
    weir_pipeline *pipeline = new_chain(count, NULL);
    weir_report *report;
    let_fall_asleep();
    begin();
    for (int i = 0; i < 10; i++) {
        must(weir_pipeline_report(pipeline, &report));
        weir_report_free(report);
    }
    double cost = end(10 * count);
    finish(pipeline);
    return cost;
}

static double successor(size_t count) {
    weir_pipeline *pipeline = new_pipeline(0);
    begin();
    weir_stage *from = add(pipeline, (weir_stage_options){.name = "from", .work.run = emit});
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "stage %zu", i);
        must(
            weir_pipeline_connect(pipeline, from, add(pipeline, (weir_stage_options){.name = name, .work.run = emit})));
    }
    must(weir_pipeline_start(pipeline));
    finish(pipeline);
    return end(count);
}

/* ---- attempts ---- */

static int fail_until_last(weir_task *task, void *item, void *attempts) {
    (void)item;
    return weir_task_attempt(task) < (size_t)(uintptr_t)attempts;
}

static double attempt(size_t count) {
    weir_pipeline *pipeline = new_pipeline(0);
    add(pipeline, (weir_stage_options){.name = "fails",
                                       .work.run = fail_until_last,
                                       .work.arg = (void *)(uintptr_t)count,
                                       .errors.retry = {.attempts = (unsigned)count}});
    must(weir_pipeline_start(pipeline));
    begin();
    for (size_t i = 0; i < 100000 / count; i++)
        must(weir_pipeline_put(pipeline, NULL));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    double cost = end(100000 / count * count);
    must(weir_pipeline_destroy(pipeline));
    return cost;
}

static double retries_in_flight(size_t count) {
    weir_pipeline *pipeline = new_pipeline(0);
    add(pipeline, (weir_stage_options){.name = "fails",
                                       .work.run = fail_until_last,
                                       .work.arg = (void *)(uintptr_t)10,
                                       .input.capacity = count,
                                       .errors.retry = {.attempts = 10}});
    must(weir_pipeline_start(pipeline));
    begin();
    for (size_t i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, NULL));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    double cost = end(10 * count);
    must(weir_pipeline_destroy(pipeline));
    return cost;
}

/* Puts all items in back-off at once, in any order of their times. */
static double backoff_with(size_t count, weir_key_func *key) {
    weir_pipeline *pipeline = new_pipeline(count);
    add(pipeline, (weir_stage_options){.name = "fails",
                                       .work.run = fail_until_last,
                                       .work.arg = (void *)(uintptr_t)2,
                                       .limits.key = key,
                                       .limits.per_key = key == NULL ? 0 : 1,
                                       .errors.retry = {.attempts = 2, .backoff = 100 * UINT64_C(1000000)}});
    must(weir_pipeline_start(pipeline));
    begin();
    for (size_t i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, (void *)(uintptr_t)i));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    double cost = end(count);
    must(weir_pipeline_destroy(pipeline));
    return cost;
}

static double backoff(size_t count) {
    return backoff_with(count, NULL);
}

/* ---- keys ---- */

static uint64_t number_as_key(const void *item, void *unused) {
    (void)unused;
    return (uintptr_t)item;
}

static uint64_t high_bits_as_key(const void *item, void *unused) {
    (void)unused;
    return (uint64_t)(uintptr_t)item << 48;
}

static double key(size_t count) {
    return backoff_with(count, number_as_key);
}

static double key_in_high_bits(size_t count) {
    return backoff_with(count, high_bits_as_key);
}

/* ---- pipelines ---- */

static double pipelines(size_t count, bool end_on) {
    weir_pipeline **all = allocate(count, sizeof *all);
    begin();
    for (size_t i = 0; i < count; i++) {
        all[i] = new_pipeline(0);
        add(all[i], (weir_stage_options){.name = "only", .work.run = emit});
        must(weir_pipeline_start(all[i]));
        if (end_on)
            must(weir_pipeline_end_on(all[i], (const int[]){SIGUSR1}, 1, 0));
        must(weir_pipeline_put(all[i], NULL));
    }
    for (size_t i = 0; i < count; i++)
        finish(all[i]);
    double cost = end(count);
    free(all);
    return cost;
}

static double pipeline(size_t count) {
    return pipelines(count, false);
}

static double pipeline_with_end_on(size_t count) {
    return pipelines(count, true);
}

/* ---- items in flight ---- */

static double item_in_a_queue(size_t count) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    void *item;
    begin();
    for (size_t round = 0; round < 100000 / count; round++) {
        for (size_t i = 0; i < count; i++)
            must(weir_queue_put(queue, &item));
        for (size_t i = 0; i < count; i++)
            must(weir_queue_get(queue, &item));
        must(weir_queue_tasks_done(queue, count));
    }
    double cost = end(100000 / count * count);
    must(weir_queue_destroy(queue));
    return cost;
}

static atomic_bool gate_is_open;

static int pass_gate(weir_task *task, void *item, void *first_only) {
    while (!gate_is_open && (first_only == NULL || item == NULL))
        nap();
    weir_task_emit(task, item);
    return 0;
}

/* All items are in flight before the first one passes the gate. */
static double in_flight(size_t count, bool ordered, bool cancelled) {
    weir_pipeline *pipeline = new_pipeline(count);
    gate_is_open = false;
    add(pipeline, (weir_stage_options){.name = "gate",
                                       .work.run = pass_gate,
                                       .work.arg = ordered ? pipeline : NULL,
                                       .threads.count = 2,
                                       .input.capacity = count,
                                       .output.ordered = ordered});
    must(weir_pipeline_start(pipeline));
    begin();
    for (size_t i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, (void *)(uintptr_t)i));
    for (int i = 0; ordered && i < 20; i++)
        nap();
    if (cancelled)
        must(weir_pipeline_cancel(pipeline));
    gate_is_open = true;
    (void)weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    double cost = end(count);
    must(weir_pipeline_destroy(pipeline));
    return cost;
}

static double item_in_flight(size_t count) {
    return in_flight(count, false, false);
}

static double item_ahead_of_its_turn(size_t count) {
    return in_flight(count, true, false);
}

static double item_cancelled(size_t count) {
    return in_flight(count, false, true);
}

/* ---- callers that wait ---- */

struct caller {
    pthread_t thread;
    weir_pipeline *pipeline;
};

static void *put_one(void *raw) {
    must(weir_pipeline_put(((struct caller *)raw)->pipeline, NULL));
    return NULL;
}

static double caller_at_a_limit(size_t count) {
    weir_pipeline *pipeline = new_pipeline(1);
    struct caller *callers = allocate(count, sizeof *callers);
    gate_is_open = false;
    add(pipeline, (weir_stage_options){.name = "gate", .work.run = pass_gate});
    must(weir_pipeline_start(pipeline));
    must(weir_pipeline_put(pipeline, NULL));
    for (size_t i = 0; i < count; i++) {
        callers[i].pipeline = pipeline;
        start_small(&callers[i].thread, put_one, &callers[i]);
    }
    let_fall_asleep();
    begin();
    for (size_t i = 0; i < AT_A_TIME; i++) /* each joins and leaves the waiters */
        if (weir_pipeline_put_until(pipeline, NULL, 0) != WEIR_TIMEDOUT)
            must(WEIR_INVALID);
    double line = end(AT_A_TIME);
    gate_is_open = true;
    begin();
    for (size_t i = 0; i < count; i++)
        pthread_join(callers[i].thread, NULL);
    double cost = end(count);
    free(callers);
    finish(pipeline);
    return cost + line;
}

/* ---- rows ---- */

/* Kind of row that a row is compared with. */
enum like { NOTHING, THREAD, WAKE, KINDS };

static const struct row {
    const char *name;
    double (*cost)(size_t count);
    enum like like, is;
} rows[] = {
    {"plain threads: start, wake twice and join one", plain_thread, NOTHING, THREAD},
    {"plain threads: wake one that answers", plain_wake, NOTHING, WAKE},
    {"workers: an item among idle ones", item_among_workers, WAKE, NOTHING},
    {"workers: start and stop one", start_and_stop_of_a_worker, THREAD, NOTHING},
    {"groups on a queue: an item among them", item_among_groups, WAKE, NOTHING},
    {"groups on a queue: start and stop one", start_and_stop_of_a_group, THREAD, NOTHING},
    {"stages: one of a chain, from add to destroy", stage_of_a_chain, THREAD, NOTHING},
    {"stages: an item in one of a chain", item_in_a_stage, WAKE, NOTHING},
    {"stages: one in a report", stage_of_a_report, NOTHING, NOTHING},
    {"stages: one of a fan-out, from add to destroy", successor, THREAD, NOTHING},
    {"attempts: one of an item", attempt, NOTHING, NOTHING},
    {"attempts: one, of items in flight", retries_in_flight, NOTHING, NOTHING},
    {"back-offs: one at the same time", backoff, NOTHING, NOTHING},
    {"pipelines: one, from create to destroy", pipeline, THREAD, NOTHING},
    {"pipelines: one with end_on", pipeline_with_end_on, THREAD, NOTHING},
    {"keys in flight: an item of its own", key, NOTHING, NOTHING},
    {"keys in flight: the same in upper bits", key_in_high_bits, NOTHING, NOTHING},
    {"items: one in an unbounded queue", item_in_a_queue, NOTHING, NOTHING},
    {"items in flight: one", item_in_flight, NOTHING, NOTHING},
    {"items in flight: one ahead of its turn", item_ahead_of_its_turn, NOTHING, NOTHING},
    {"items in flight: one that a cancel drops", item_cancelled, NOTHING, NOTHING},
    {"callers at a limit: one", caller_at_a_limit, THREAD, NOTHING},
};

/* For rows that others are compared with: growth, and cost at the largest N; 0 if not measured. */
static double growth_of[KINDS], cost_of[KINDS];

static size_t most = 10000, runs = 3;
static const char *only = "";

static double least_cost(const struct row *row, size_t count) {
    double least = row->cost(count);
    for (size_t i = 1; i < runs; i++) {
        double cost = row->cost(count);
        least = cost < least ? cost : least;
    }
    return least;
}

/* Returns log(most) / log(FEWEST), for powers of FEWEST. */
static double logarithms(void) {
    double ratio = 0;
    for (size_t n = most; n >= FEWEST; n /= FEWEST)
        ratio++;
    return ratio;
}

/* Prints the verdict and returns whether the row grows. */
static bool judge(const struct row *row, double growth, double last) {
    bool flat = growth <= 1.5, logarithmic = growth <= logarithms();
    bool as_threads = growth <= 2 * growth_of[row->like] || last <= 2 * cost_of[row->like];
    if (row->is != NOTHING) {
        growth_of[row->is] = growth;
        cost_of[row->is] = last;
    }
    printf(" %8.2f  %s\n", growth,
           flat                               ? "flat"
           : logarithmic                      ? "logarithmic"
           : as_threads || row->is != NOTHING ? "as plain threads"
                                              : "GROWS");
    return !flat && !logarithmic && !as_threads && row->is == NOTHING;
}

static bool print_row(const struct row *row) {
    double least = 0, last = 0;
    printf("%-46s", row->name);
    for (size_t n = FEWEST; n <= most; n *= 10) {
        last = least_cost(row, n);
        least = n == FEWEST || last < least ? last : least;
        printf(" %9.0f", last);
        fflush(stdout);
    }
    return judge(row, last / least, last);
}

static void read_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "most=", 5) == 0)
            most = strtoul(argv[i] + 5, NULL, 10);
        else if (strncmp(argv[i], "runs=", 5) == 0)
            runs = strtoul(argv[i] + 5, NULL, 10);
        else if (strncmp(argv[i], "only=", 5) == 0)
            only = argv[i] + 5;
        else
            must(WEIR_INVALID);
    }
    if (most < 10 * FEWEST)
        must(WEIR_INVALID);
}

int main(int argc, char **argv) {
    bool grows = false;
    sigset_t set;
    read_arguments(argc, argv);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1); /* for weir_pipeline_end_on */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    printf("%-46s", "ns of processor time for one, of");
    for (size_t n = FEWEST; n <= most; n *= 10)
        printf(" %9zu", n);
    printf(" %8s\n", "growth");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strstr(rows[i].name, only) != NULL)
            grows = print_row(&rows[i]) || grows;
    }
    return grows;
}
