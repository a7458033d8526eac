/*
 * weir_peer.c - weir's queue as a driver of the benchmark; driver.h says what a driver is.
 *
 * In the queue workloads, items move one at a time, and each is settled (weir_queue_task_done). The pipeline consists
 * of worker groups; its producer and consumer put and get several items at once, as the workers do.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include <weir.h>

#include "machine.h"

typedef weir_queue queue;
#include "workloads.h"

static inline void check(weir_status status, const char *what) {
    if (status != WEIR_OK)
        fail("%s: %s", what, weir_strerror(status));
}

static inline queue *queue_new(size_t capacity) {
    queue *self;
    check(weir_queue_create(&self, capacity), "create");
    return self;
}

static inline void queue_free(queue *self) {
    check(weir_queue_destroy(self), "destroy");
}

static inline void queue_put(queue *self, void *item) {
    check(weir_queue_put(self, item), "put");
}

static inline void *queue_get(queue *self) {
    void *item;
    return weir_queue_get(self, &item) == WEIR_OK ? item : NULL;
}

static inline void queue_done(queue *self) {
    check(weir_queue_task_done(self), "task_done");
}

static inline void queue_close(queue *self, size_t consumers) {
    for (size_t i = 0; i < consumers; i++)
        check(weir_queue_close(self), "close");
}

/* ---- the pipeline ---- */

enum { AT_ONCE = 32 };

static void *feed(void *raw) {
    struct party *self = raw;
    void *items[AT_ONCE];
    for (size_t i = self->from, count, put; i < self->to; i += count) {
        count = self->to - i < AT_ONCE ? self->to - i : AT_ONCE;
        for (size_t k = 0; k < count; k++)
            items[k] = item_of(i + k);
        check(weir_queue_put_many(self->out, items, count, &put), "put_many");
    }
    return NULL;
}

static void *collect(void *raw) {
    struct party *self = raw;
    void *items[AT_ONCE];
    size_t got;
    while (weir_queue_get_many(self->in, items, AT_ONCE, &got) == WEIR_OK) {
        for (size_t i = 0; i < got; i++)
            self->sum += (uintptr_t)items[i];
        self->count += got;
        check(weir_queue_tasks_done(self->in, got), "tasks_done");
    }
    return NULL;
}

static void *work(void *item, void *arg) {
    (void)arg;
    if (args.steps > 0)
        keep(churn((uintptr_t)item, args.steps));
    return item;
}

static void run_groups(void) {
    queue *queues[STAGES + 1];
    weir_threads *stages[STAGES];
    struct party *feeder = new_parties(1), *collector = new_parties(1);
    for (int i = 0; i <= STAGES; i++)
        queues[i] = queue_new(args.capacity);
    struct reading from = read_now();

    for (int i = 0; i < STAGES; i++)
        check(weir_start_threads(&stages[i], args.threads[i], work, NULL, queues[i], queues[i + 1]), "start");
    start_takers(collector, 1, queues[STAGES], NULL, collect);
    start_producers(feeder, 1, queues[0], feed);
    join(feeder, 1);
    for (int i = 0; i < STAGES; i++)
        check(weir_stop_threads(queues[i], stages[i]), "stop");
    queue_close(queues[STAGES], 1);
    join(collector, 1);
    struct reading to = read_now();

    check_items(collector->sum, collector->count);
    for (int i = 0; i <= STAGES; i++)
        queue_free(queues[i]);
    free(feeder);
    free(collector);
    print_result(from, to, args.items);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {
        {"queue", run_queue}, {"pingpong", run_pingpong}, {"pipeline", run_groups}, {"idle", run_idle}, {NULL, NULL}};
    static const struct driver self = {"weir_peer", NULL, workloads};
    if (argc == 2 && strcmp(argv[1], "limits") == 0) {
        print_limits();
        return 0;
    }
    return driver_main(argc, argv, &self);
}
