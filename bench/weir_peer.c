/*
 * weir_peer.c - weir as one driver in a league of queues: WORKLOAD key=value ..., one result line on stdout.
 *
 *     weir_peer queue p=4 c=4 cap=1024 n=1000000      p producers and c consumers on one queue
 *     weir_peer pingpong n=100000                     one item to and fro through two queues of capacity 1
 *     weir_peer pipeline w=3,4,5 cap=64 work=1000     three worker groups; work in nanoseconds an item and stage
 *     weir_peer idle                                  CPU seconds of 12 waiting consumers in one second
 *     weir_peer calibrate                             steps of the work loop in a microsecond
 *
 * Further keys: ipu=STEPS, the work loop's steps in a microsecond, so that all drivers of a run do the same work.
 * The line has items_per_s, wall_s, cpu_s and ctxsw (context switches). Exit status: 0; 77: a workload it does not
 * know; else a failure. Every consumer settles every item (weir_queue_task_done), and every run checks that the items
 * that came out are those that went in.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static struct {
    size_t producers, consumers, capacity, items;
    unsigned long work; /* ns */
    size_t threads[3];
    double steps_per_us;
} args = {1, 1, 1024, 100000, 0, {3, 4, 5}, 0};

static void fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    fputs("weir_peer: ", stderr);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    exit(1);
}

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK)
        fail("%s: %s", what, weir_strerror(status));
}

/* ---- measuring ---- */

struct reading {
    double wall, cpu;
    long switches;
};

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static struct reading read_now(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (struct reading){seconds_now(), seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                            usage.ru_nvcsw + usage.ru_nivcsw};
}

static void print_result(const char *workload, struct reading from, struct reading to, size_t items) {
    double wall = to.wall - from.wall;
    printf("weir_peer %s items_per_s=%.1f wall_s=%.6f cpu_s=%.6f ctxsw=%ld\n", workload, (double)items / wall, wall,
           to.cpu - from.cpu, to.switches - from.switches);
}

/* ---- work: a chain of dependent shifts (G. Marsaglia, "Xorshift RNGs", 2003) ---- */

static unsigned long steps;
static _Atomic uint64_t sink;

static uint64_t churn(uint64_t x, unsigned long count) {
    for (unsigned long i = 0; i < count; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

static double calibrate(void) {
    enum { STEPS = 100000, TRIES = 40 };
    double best = 1e9;
    for (uint64_t try = 0; try < TRIES; try++) {
        double from = seconds_now();
        sink = churn(88172645463325252u + try, STEPS);
        double took = seconds_now() - from;
        best = took < best ? took : best;
    }
    return STEPS / (best * 1e6);
}

/* ---- items are the numbers 1 to n ---- */

static void *item_of(size_t number) {
    return (void *)(uintptr_t)number;
}

struct party {
    _Alignas(128) pthread_t thread;
    weir_queue *in, *out;
    size_t from, to; /* producers: the items to put */
    uint64_t sum;    /* consumers: of the items that came */
    size_t count;
};

static void *produce(void *raw) {
    struct party *self = raw;
    for (size_t i = self->from; i < self->to; i++)
        check(weir_queue_put(self->out, item_of(i)), "put");
    return NULL;
}

static void *consume(void *raw) {
    struct party *self = raw;
    uint64_t sum = 0;
    size_t count = 0;
    void *item;
    while (weir_queue_get(self->in, &item) == WEIR_OK) {
        sum += (uintptr_t)item;
        count++;
        check(weir_queue_task_done(self->in), "task_done");
    }
    self->sum = sum;
    self->count = count;
    return NULL;
}

static void *echo(void *raw) {
    struct party *self = raw;
    void *item;
    while (weir_queue_get(self->in, &item) == WEIR_OK) {
        check(weir_queue_put(self->out, item), "put");
        check(weir_queue_task_done(self->in), "task_done");
        self->count++;
    }
    return NULL;
}

static weir_queue *new_queue(size_t capacity) {
    weir_queue *queue;
    check(weir_queue_create(&queue, capacity), "create");
    return queue;
}

static struct party *new_parties(size_t count) {
    struct party *parties = aligned_alloc(_Alignof(struct party), count * sizeof *parties);
    if (parties == NULL)
        fail("out of memory");
    memset(parties, 0, count * sizeof *parties);
    return parties;
}

static void start(struct party *party, void *(*run)(void *)) {
    if (pthread_create(&party->thread, NULL, run, party) != 0)
        fail("no thread");
}

static void start_producers(struct party *producers, size_t count, weir_queue *queue) {
    for (size_t i = 0; i < count; i++) {
        producers[i].out = queue;
        producers[i].from = 1 + args.items * i / count;
        producers[i].to = 1 + args.items * (i + 1) / count;
        start(&producers[i], produce);
    }
}

static void join(const struct party *parties, size_t count) {
    for (size_t i = 0; i < count; i++)
        pthread_join(parties[i].thread, NULL);
}

static void check_items(uint64_t sum, size_t count) {
    uint64_t n = args.items;
    if (count != n || sum != n * (n + 1) / 2)
        fail("%zu items with the sum %llu came out of %zu", count, (unsigned long long)sum, args.items);
}

/* ---- workloads ---- */

static void run_queue(void) {
    weir_queue *queue = new_queue(args.capacity);
    struct party *producers = new_parties(args.producers), *consumers = new_parties(args.consumers);
    struct reading from = read_now();

    for (size_t i = 0; i < args.consumers; i++) {
        consumers[i].in = queue;
        start(&consumers[i], consume);
    }
    start_producers(producers, args.producers, queue);
    join(producers, args.producers);
    for (size_t i = 0; i < args.consumers; i++)
        check(weir_queue_close(queue), "close");
    join(consumers, args.consumers);
    struct reading to = read_now();

    uint64_t sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < args.consumers; i++) {
        sum += consumers[i].sum;
        count += consumers[i].count;
    }
    check_items(sum, count);
    check(weir_queue_destroy(queue), "destroy");
    free(producers);
    free(consumers);
    print_result("queue", from, to, args.items);
}

static void run_pingpong(void) {
    weir_queue *there = new_queue(1), *back = new_queue(1);
    struct party *partner = new_parties(1);
    partner->in = there;
    partner->out = back;
    uint64_t sum = 0;
    struct reading from = read_now();

    start(partner, echo);
    for (size_t i = 1; i <= args.items; i++) {
        void *item;
        check(weir_queue_put(there, item_of(i)), "put");
        check(weir_queue_get(back, &item), "get");
        check(weir_queue_task_done(back), "task_done");
        sum += (uintptr_t)item;
    }
    check(weir_queue_close(there), "close");
    join(partner, 1);
    struct reading to = read_now();

    check_items(sum, partner->count);
    check(weir_queue_destroy(there), "destroy");
    check(weir_queue_destroy(back), "destroy");
    free(partner);
    print_result("pingpong", from, to, args.items);
}

static void *work(void *item, void *arg) {
    (void)arg;
    if (steps > 0) {
        static _Thread_local uint64_t kept;
        kept ^= churn((uintptr_t)item, steps);
        if (kept == 1) /* never, but the compiler cannot know */
            sink = kept;
    }
    return item;
}

static void run_pipeline(void) {
    weir_queue *queues[4];
    weir_threads *stages[3];
    struct party *feeder = new_parties(1), *collector = new_parties(1);
    if (args.work > 0)
        steps =
            (unsigned long)((args.steps_per_us > 0 ? args.steps_per_us : calibrate()) * (double)args.work / 1e3 + 0.5);
    for (int i = 0; i < 4; i++)
        queues[i] = new_queue(args.capacity);
    struct reading from = read_now();

    for (int i = 0; i < 3; i++)
        check(weir_start_threads(&stages[i], args.threads[i], work, NULL, queues[i], queues[i + 1]), "start");
    collector->in = queues[3];
    start(collector, consume);
    start_producers(feeder, 1, queues[0]);
    join(feeder, 1);
    for (int i = 0; i < 3; i++)
        check(weir_stop_threads(queues[i], stages[i]), "stop");
    check(weir_queue_close(queues[3]), "close");
    join(collector, 1);
    struct reading to = read_now();

    check_items(collector->sum, collector->count);
    for (int i = 0; i < 4; i++)
        check(weir_queue_destroy(queues[i]), "destroy");
    free(feeder);
    free(collector);
    print_result("pipeline", from, to, args.items);
}

static void run_idle(void) {
    enum { IDLERS = 12 };
    weir_queue *queue = new_queue(args.capacity);
    struct party *idlers = new_parties(IDLERS);
    for (int i = 0; i < IDLERS; i++) {
        idlers[i].in = queue;
        start(&idlers[i], consume);
    }
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    struct reading from = read_now();
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    struct reading to = read_now();
    check(weir_queue_shutdown(queue, WEIR_DRAIN), "shutdown");
    join(idlers, IDLERS);
    check(weir_queue_destroy(queue), "destroy");
    free(idlers);
    print_result("idle", from, to, 0);
}

/* ---- the command line ---- */

static size_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0')
        fail("not a number: %s", text);
    return value;
}

static bool is_key(const char *word, const char *key) {
    size_t length = strlen(key);
    return strncmp(word, key, length) == 0 && word[length] == '=';
}

static void parse(const char *word) {
    const char *equals = strchr(word, '=');
    if (equals == NULL)
        fail("not key=value: %s", word);
    const char *value = equals + 1;
    if (is_key(word, "p"))
        args.producers = number(value);
    else if (is_key(word, "c"))
        args.consumers = number(value);
    else if (is_key(word, "cap"))
        args.capacity = number(value);
    else if (is_key(word, "n"))
        args.items = number(value);
    else if (is_key(word, "work"))
        args.work = number(value);
    else if (is_key(word, "ipu"))
        args.steps_per_us = strtod(value, NULL);
    else if (!is_key(word, "w") ||
             sscanf(value, "%zu,%zu,%zu", &args.threads[0], &args.threads[1], &args.threads[2]) != 3)
        fail("unknown key or bad value: %s", word);
}

static const struct workload {
    const char *name;
    void (*run)(void);
} workloads[] = {
    {"queue", run_queue},
    {"pingpong", run_pingpong},
    {"pipeline", run_pipeline},
    {"idle", run_idle},
};

int main(int argc, char **argv) {
    if (argc < 2)
        fail("usage: weir_peer queue|pingpong|pipeline|idle|calibrate [key=value ...]");
    if (strcmp(argv[1], "calibrate") == 0) {
        printf("%.3f\n", calibrate());
        return 0;
    }
    for (int i = 2; i < argc; i++)
        parse(argv[i]);
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        if (strcmp(argv[1], workloads[i].name) == 0) {
            workloads[i].run();
            return 0;
        }
    }
    return 77;
}
