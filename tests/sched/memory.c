/*
 * memory.c - implements atomic locations under three memory models, and happens-before.
 *
 * A location is the list of its stores, numbered in their order. Each store carries what its thread released with it:
 * the thread's vector clock, and its view. A view has, for each location, the oldest store that may still be seen. A
 * load with acquire takes both over. Under WEAK, a load may see any store that is not older than its thread's view.
 * These are C11's release/acquire and relaxed atomics, except that stores to one location are ordered as they are
 * made, and that there is no load buffering (J. Kang et al., "A Promising Semantics for Relaxed-Memory Concurrency",
 * POPL 2017, without promises). Apart from load buffering, this is weaker than arm64. A read-modify-write always sees
 * the newest store, and passes on what that store released (release sequence). A relaxed store releases nothing.
 *
 * Under TSO, a store may wait in its thread's buffer, with all later stores of the thread behind it. It waits until
 * the thread's next read-modify-write or system call. The thread itself sees it (P. Sewell et al., "x86-TSO", CACM
 * 2010).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "explore.h"
#include "machine.h"
#include "sync/assert.h"
#include "sync/atomic.h"

enum { KEPT = 6, BUFFERED = 8 };

struct message {
    uint64_t value;
    struct vector clock;
    struct view view;
};

struct location {
    char *at;
    size_t size;
    unsigned newest; /* number of the newest store; the first is 0 */
    uint32_t last_access[SCHED_THREADS];
    struct message messages[KEPT]; /* store n is in messages[n % KEPT] */
};

struct buffered {
    struct location *location;
    uint64_t value;
    struct vector clock;
};

struct known {
    struct vector clock;
    struct view view;
    struct buffered buffer[BUFFERED];
    int buffered;
};

static struct location locations[LOCATIONS];
static int location_count;
static struct known known[SCHED_THREADS];
static struct {
    unsigned run;
    int location;
} by_grain[ARENA_SIZE / ARENA_GRAIN]; /* the location at each arena address */

void memory_begin(void) {
    location_count = 0;
    memset(&known[0].clock, 0, sizeof known[0].clock);
    known[0].view.count = 0;
    known[0].clock.of[0] = 1;
    known[0].buffered = 0;
}

const struct vector *memory_clock(void) {
    return &known[machine.self].clock;
}

/* Returns the thread's last release. The clocks of threads that have seen it have this value or a later one. */
struct sched_stamp sched_stamp(void) {
    int self = machine.self;
    return (struct sched_stamp){.thread = self, .epoch = known[self].clock.of[self] - 1};
}

bool sched_has_seen(struct sched_stamp stamp) {
    return stamp.thread == machine.self || memory_clock()->of[stamp.thread] >= stamp.epoch;
}

static void join_vector(struct vector *to, const struct vector *from) {
    for (int i = 0; i < SCHED_THREADS; i++) {
        if (from->of[i] > to->of[i])
            to->of[i] = from->of[i];
    }
}

static void join_view(struct view *to, const struct view *from) {
    if (machine.model != MODEL_WEAK)
        return;
    int both = from->count < to->count ? from->count : to->count;
    for (int i = 0; i < both; i += VIEW_STEP) {
        for (int k = i; k < i + VIEW_STEP; k++)
            to->of[k] = from->of[k] > to->of[k] ? from->of[k] : to->of[k];
    }
    if (from->count > both) {
        memcpy(&to->of[both], &from->of[both], (size_t)(from->count - both) * sizeof from->of[0]);
        to->count = from->count;
    }
}

static uint16_t in_view(const struct view *view, const struct location *location) {
    int number = (int)(location - locations);
    return number < view->count ? view->of[number] : 0;
}

static void set_in_view(struct view *view, const struct location *location, unsigned store) {
    int number = (int)(location - locations);
    for (; view->count <= number; view->count += VIEW_STEP)
        memset(&view->of[view->count], 0, VIEW_STEP * sizeof view->of[0]);
    view->of[number] = (uint16_t)store;
}

static void copy_view(struct view *to, const struct view *from) {
    to->count = 0;
    join_view(to, from);
}

void memory_spawn(int child) {
    struct known *self = &known[machine.self];
    known[child].clock = self->clock;
    copy_view(&known[child].view, &self->view);
    known[child].buffered = 0;
    known[child].clock.of[child] = 1;
    self->clock.of[machine.self]++;
}

void memory_see_thread(int thread) {
    struct known *self = &known[machine.self];
    join_vector(&self->clock, &known[thread].clock);
    join_view(&self->view, &known[thread].view);
}

/* ---- locations ---- */

static uint64_t read_raw(const void *at, size_t size) {
    uint32_t narrow;
    uint64_t wide;
    if (size == sizeof narrow) {
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static void write_raw(void *at, size_t size, uint64_t value) {
    uint32_t narrow = (uint32_t)value;
    if (size == sizeof narrow)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &value, sizeof value);
}

static struct location *new_location(const void *at, size_t size) {
    if (location_count == LOCATIONS)
        machine_fail("more than %d atomic locations", LOCATIONS);
    struct location *location = &locations[location_count];
    location->at = (char *)at;
    location->size = size;
    location->newest = 0;
    memset(location->last_access, 0, sizeof location->last_access);
    memset(&location->messages[0].clock, 0, sizeof location->messages[0].clock);
    location->messages[0].view.count = 0;
    location->messages[0].value = read_raw(at, size);
    location_count++;
    return location;
}

static struct location *location_at(const void *at, size_t size) {
    if (arena_holds(at)) {
        size_t grain = arena_offset(at) / ARENA_GRAIN;
        if (by_grain[grain].run != machine.run) {
            by_grain[grain].run = machine.run;
            by_grain[grain].location = (int)(new_location(at, size) - locations);
        }
        return &locations[by_grain[grain].location];
    }
    for (int i = 0; i < location_count; i++) {
        if (locations[i].at == at)
            return &locations[i];
    }
    return new_location(at, size);
}

static struct message *message_of(struct location *location, unsigned number) {
    return &location->messages[number % KEPT];
}

static struct location *access(const void *at, size_t size, const char *what) {
    machine_point();
    arena_check_alive(at, what);
    struct location *location = location_at(at, size);
    location->last_access[machine.self] = known[machine.self].clock.of[machine.self];
    return location;
}

static const struct buffered *find_buffered(const struct location *location) {
    const struct known *self = &known[machine.self];
    for (int i = self->buffered - 1; i >= 0; i--) {
        if (self->buffer[i].location == location)
            return &self->buffer[i];
    }
    return NULL;
}

uint64_t memory_newest(const void *at, size_t size) {
    struct location *location = location_at(at, size);
    return message_of(location, location->newest)->value;
}

/* For assertions. */
uint64_t sched_peek(const void *at, size_t size) {
    arena_check_alive(at, "peek at");
    struct location *location = location_at(at, size);
    const struct buffered *own = find_buffered(location);
    location->last_access[machine.self] = known[machine.self].clock.of[machine.self];
    return own != NULL ? own->value : message_of(location, location->newest)->value;
}

/* Checks that every access to an atomic in the freed memory happened before. */
void memory_check_free(const char *from, const char *to) {
    const struct vector *clock = memory_clock();
    for (int i = 0; i < location_count; i++) {
        if (locations[i].at < from || locations[i].at >= to)
            continue;
        for (int t = 0; t < SCHED_THREADS; t++) {
            if (locations[i].last_access[t] > clock->of[t])
                machine_fail("memory is freed while thread %d may still be at offset %d in it", t,
                             (int)(locations[i].at - from));
        }
    }
}

/* ---- loads and stores ---- */

static void acquire(const struct message *message) {
    struct known *self = &known[machine.self];
    join_vector(&self->clock, &message->clock);
    join_view(&self->view, &message->view);
}

/* Appends a store of the calling thread. The caller fills in what it releases. */
static struct message *append(struct location *location, uint64_t value) {
    struct message *message = message_of(location, ++location->newest);
    message->value = value;
    memset(&message->clock, 0, sizeof message->clock);
    if (machine.model == MODEL_WEAK) {
        message->view.count = 0;
        set_in_view(&message->view, location, location->newest);
        set_in_view(&known[machine.self].view, location, location->newest);
    }
    return message;
}

static void release_into(struct message *message) {
    struct known *self = &known[machine.self];
    join_vector(&message->clock, &self->clock);
    join_view(&message->view, &self->view);
    self->clock.of[machine.self]++;
}

static unsigned choose_visible(struct location *location) {
    struct known *self = &known[machine.self];
    unsigned oldest = in_view(&self->view, location);
    if (location->newest >= KEPT && oldest < location->newest - KEPT + 1)
        oldest = location->newest - KEPT + 1;
    int count = (int)(location->newest - oldest) + 1;
    int back = count > 1 ? explore_choose(count, ~UINT32_C(1)) : 0;
    unsigned number = location->newest - (unsigned)back;
    set_in_view(&self->view, location, number);
    return number;
}

uint64_t sched_load(const void *at, size_t size, enum sched_order order) {
    struct location *location = access(at, size, "load of");
    const struct buffered *own = find_buffered(location);
    if (own != NULL)
        return own->value;
    unsigned number = machine.model == MODEL_WEAK ? choose_visible(location) : location->newest;
    const struct message *message = message_of(location, number);
    if (order & SCHED_ACQUIRE)
        acquire(message);
    machine_trace("load  %p -> %llx%s", at, (unsigned long long)message->value,
                  number == location->newest ? "" : " (an older value)");
    return message->value;
}

static void drain_one(struct known *self) {
    struct buffered *first = &self->buffer[0];
    struct message *message = append(first->location, first->value);
    message->clock = first->clock;
    memmove(&self->buffer[0], &self->buffer[1], sizeof self->buffer[0] * (size_t)--self->buffered);
}

void memory_drain(void) {
    struct known *self = &known[machine.self];
    while (self->buffered > 0)
        drain_one(self);
}

/* Acts as a full barrier in each thread: its stores become visible, and it sees the newest ones. */
void memory_barrier_of_all(int threads) {
    for (int t = 0; t < threads; t++) {
        while (known[t].buffered > 0)
            drain_one(&known[t]);
        for (int i = 0; i < location_count && machine.model == MODEL_WEAK; i++)
            set_in_view(&known[t].view, &locations[i], locations[i].newest);
    }
}

/* TSO. Returns true if the store waits in the buffer. */
static bool store_waits(struct location *location, uint64_t value, enum sched_order order) {
    struct known *self = &known[machine.self];
    if (machine.model != MODEL_TSO)
        return false;
    if (self->buffered == 0 && explore_choose(2, 2) == 0)
        return false;
    if (self->buffered == BUFFERED)
        drain_one(self);
    struct buffered *last = &self->buffer[self->buffered++];
    *last = (struct buffered){.location = location, .value = value};
    if (order & SCHED_RELEASE) {
        last->clock = self->clock;
        self->clock.of[machine.self]++;
    }
    return true;
}

void sched_store(void *at, size_t size, uint64_t value, enum sched_order order) {
    struct location *location = access(at, size, "store to");
    machine_trace("store %p <- %llx", at, (unsigned long long)value);
    write_raw(at, size, value); /* at once: a place on a stack may be reused before the buffer is drained */
    if (store_waits(location, value, order))
        return;
    struct message *message = append(location, value);
    if (order & SCHED_RELEASE)
        release_into(message);
}

/*
 * Reads the newest store and appends another one. It carries what the first one released and, with release, what the
 * thread knows.
 */
static void modify(struct location *location, uint64_t value, enum sched_order order) {
    const struct message *before = message_of(location, location->newest);
    if (order & SCHED_ACQUIRE)
        acquire(before);
    struct message *message = append(location, value);
    write_raw(location->at, location->size, value);
    join_vector(&message->clock, &before->clock);
    join_view(&message->view, &before->view);
    if (order & SCHED_RELEASE)
        release_into(message);
}

uint64_t sched_modify(void *at, size_t size, enum sched_rmw how, uint64_t operand, enum sched_order order) {
    struct location *location = access(at, size, "modification of");
    memory_drain();
    uint64_t before = message_of(location, location->newest)->value;
    uint64_t after = how == SCHED_EXCHANGE ? operand
                     : how == SCHED_OR     ? before | operand
                     : how == SCHED_ADD    ? before + operand
                                           : before & operand;
    if (size == sizeof(uint32_t))
        after = (uint32_t)after;
    modify(location, after, order);
    machine_trace("rmw   %p %llx -> %llx", at, (unsigned long long)before, (unsigned long long)after);
    return before;
}

bool sched_swap(void *at, size_t size, uint64_t *expected, uint64_t value, bool weak, enum sched_order order) {
    struct location *location = access(at, size, "swap of");
    memory_drain();
    uint64_t before = message_of(location, location->newest)->value;
    bool fails = before != *expected || (weak && explore_choose(2, 2) == 1);
    machine_trace("swap  %p %llx -> %llx%s", at, (unsigned long long)before, (unsigned long long)value,
                  fails ? " fails" : "");
    if (fails) {
        *expected = before;
        if (order & SCHED_ACQUIRE)
            acquire(message_of(location, location->newest));
        set_in_view(&known[machine.self].view, location, location->newest);
        return false;
    }
    modify(location, value, order);
    return true;
}
