/*
 * stress_kills.c - implements stress_kills.h.
 *
 * A child is stopped first and killed then, so that it stands still while the killer notes which item may fail by this kill:
 * the item that the child is in, or has been in if its answer may not have come. All other items must be done. An item that
 * the child has been asked for and has not begun is at the threshold: from outside, the few instructions between weir's
 * mark of the begin and the function's own cannot be told from the time before, and in these it may fail. So some such
 * items may fail, a tenth of them at most.
 *
 * The children write what they are in to memory that they share with this process: a file without a name, which they open
 * through /proc.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* memfd_create */
#include "stress_kills.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__

enum { THREADS = 3, SPARE = 1000, LONGEST_WAIT = 600 /* us */ };
static const size_t most_items = (size_t)1 << 26;
static const char map_name[] = "WEIR_STRESS_KILLS";

/* A child, as it tells about itself. Items count from 1. */
struct life {
    atomic_int pid;
    atomic_uint thread; /* that asks it, from 1; 0: it has had no item */
    atomic_size_t in;   /* the item that it is in; 0: none */
    atomic_size_t last; /* the item that it has left last */
};

struct map {
    size_t most; /* lives */
    atomic_size_t born;
    struct life lives[];
};

struct question {
    size_t item;
    unsigned thread;
};

/* The ends that an item has had, and those that it may have. */
enum { DONE = 1, FAILED = 2, AGAIN = 4, MAY_FAIL = 8, MUST_FAIL = 16, THRESHOLD = 32 };

static struct map *map;
static atomic_uchar *items;
static atomic_uint threads;
static atomic_size_t asked[THREADS + 1];   /* by thread: the item of its call; 0: none */
static size_t inside, after, before, idle; /* kills */
static atomic_bool over;

static _Noreturn void give_up(const char *what) {
    (void)fprintf(stderr, "stress_children: kills: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint64_t next(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* ---- in a child ---- */

weir_status kills_init(void *arg, void **state) {
    const char *name = getenv(map_name);
    int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
    struct map *shared = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *map, PROT_READ, MAP_SHARED, fd, 0);
    (void)arg;
    if (shared == MAP_FAILED)
        return WEIR_INVALID;
    shared = mmap(NULL, sizeof *map + shared->most * sizeof *map->lives, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        return WEIR_NOMEM;
    size_t number = atomic_fetch_add(&shared->born, 1);
    if (number >= shared->most)
        return WEIR_INVALID;
    struct life *self = &shared->lives[number];
    atomic_store(&self->pid, getpid());
    *state = self;
    return WEIR_OK;
}

/* Takes up to 0.1 ms. */
int kills_work(const void *in, size_t size, weir_process_payload *out, void *state) {
    const struct question *question = in;
    struct life *self = state;
    (void)size;
    atomic_store(&self->thread, question->thread);
    atomic_store(&self->in, question->item);
    uint64_t seed = question->item, until = weir_deadline_after(next(&seed) % (WEIR_MILLISECOND / 10));
    while (weir_deadline_after(0) < until)
        ;
    memcpy(out->data, &question->item, sizeof question->item);
    out->size = sizeof question->item;
    atomic_store(&self->last, question->item);
    atomic_store(&self->in, 0);
    return 0;
}

/* ---- the stage ---- */

static _Thread_local unsigned this_thread;

static int encode(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    const struct question question = {.item = (size_t)(uintptr_t)item, .thread = this_thread};
    (void)task;
    (void)unused;
    memcpy(to->data, &question, sizeof question);
    to->size = sizeof question;
    return 0;
}

static void note_end(size_t item, unsigned char end) {
    if (atomic_fetch_or(&items[item], end) & (DONE | FAILED))
        atomic_fetch_or(&items[item], AGAIN);
}

static int decode(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    (void)task;
    (void)unused;
    if (size != sizeof(size_t) || memcmp(from, &(size_t){(size_t)(uintptr_t)item}, size) != 0)
        give_up("an answer is another item's");
    note_end((size_t)(uintptr_t)item, DONE);
    return 0;
}

static int run(weir_task *task, void *item, void *keeper) {
    if (this_thread == 0)
        this_thread = atomic_fetch_add(&threads, 1) + 1;
    atomic_store(&asked[this_thread], (size_t)(uintptr_t)item);
    int code = weir_process_run(task, item, keeper);
    atomic_store(&asked[this_thread], 0);
    if (code != 0 && code != WEIR_CODE_SIGNAL(SIGKILL))
        give_up("an item has failed without a kill");
    return code;
}

static void note_failure(void *item, void *unused) {
    (void)unused;
    note_end((size_t)(uintptr_t)item, FAILED);
}

/* ---- the killer ---- */

/* Notes which item may fail by the kill of a child that has stopped. */
static void note_kill(const struct life *life) {
    size_t in = atomic_load(&life->in), its = atomic_load(&asked[atomic_load(&life->thread)]);
    if (in != 0) {
        atomic_fetch_or(&items[in], MAY_FAIL | MUST_FAIL);
        inside++;
    } else if (its != 0 && its == atomic_load(&life->last)) {
        atomic_fetch_or(&items[its], MAY_FAIL);
        after++;
    } else if (its != 0) {
        atomic_fetch_or(&items[its], THRESHOLD);
        before++;
    } else {
        idle++;
    }
}

/* No other process can have the number: the child ends by this kill only. */
static void kill_child(const struct life *life) {
    siginfo_t info = {.si_code = 0};
    pid_t pid = atomic_load(&life->pid);
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0 ||
        kill(pid, SIGSTOP) != 0 || waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT) != 0 ||
        info.si_code != CLD_STOPPED)
        give_up("a child has died by itself");
    note_kill(life);
    kill(pid, SIGKILL);
}

/* Moves the children that have had an item from those that were born since to the living ones. Returns their number. */
static size_t find_living(struct life **living, size_t count, size_t *seen) {
    while (count < THREADS && *seen < atomic_load(&map->born) && atomic_load(&map->lives[*seen].thread) != 0)
        living[count++] = &map->lives[(*seen)++];
    return count;
}

struct killer {
    unsigned long kills;
    uint64_t seed;
};

static void *kill_all(void *raw) {
    struct killer *killer = raw;
    struct life *living[THREADS];
    size_t count = 0, seen = 0;
    for (unsigned long left = killer->kills; left > 0;) {
        usleep((useconds_t)(next(&killer->seed) % LONGEST_WAIT));
        count = find_living(living, count, &seen);
        if (count == 0)
            continue;
        size_t chosen = (size_t)(next(&killer->seed) % count);
        kill_child(living[chosen]);
        living[chosen] = living[--count];
        left--;
    }
    atomic_store(&over, true);
    return NULL;
}

/* ---- a run ---- */

/* Makes the memory of the children, and tells them where to find it. Returns its descriptor. */
static int share_map(size_t lives) {
    char name[64];
    size_t size = sizeof *map + lives * sizeof *map->lives;
    int fd = memfd_create("stress_kills", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        give_up("no memory to share");
    map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)snprintf(name, sizeof name, "/proc/%ld/fd/%d", (long)getpid(), fd);
    if (map == MAP_FAILED || setenv(map_name, name, 1) != 0)
        give_up("no memory to share");
    map->most = lives;
    return fd;
}

static void put_items(weir_pipeline *pipeline, size_t *count) {
    while (!atomic_load(&over)) {
        if (*count + 1 >= most_items)
            give_up("too few kills for so many items");
        if (weir_pipeline_put(pipeline, (void *)(uintptr_t)(*count + 1)) != WEIR_OK)
            give_up("no put");
        ++*count;
    }
}

static void run_items(struct killer *killer, size_t *count) {
    static const weir_process process = {.function = "kills", .encode = encode, .decode = decode};
    weir_pipeline *pipeline = NULL;
    pthread_t thread;
    const weir_stage_options stage = {
        .name = "kills",
        .work = {.run = run, .init = weir_process_init, .fini = weir_process_fini, .arg = (void *)&process},
        .threads.count = THREADS,
        .input.drop = note_failure,
        .errors.on_error = WEIR_SKIP};
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &stage);
    if (weir_pipeline_start(pipeline) != WEIR_OK || pthread_create(&thread, NULL, kill_all, killer) != 0)
        give_up("no pipeline");
    put_items(pipeline, count);
    pthread_join(thread, NULL);
    if (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_OK)
        give_up("the pipeline has failed");
    weir_pipeline_destroy(pipeline);
}

static size_t count_items(size_t count, unsigned mask, unsigned value) {
    size_t found = 0;
    for (size_t i = 1; i <= count; i++)
        found += (atomic_load(&items[i]) & mask) == value;
    return found;
}

void kill_children(unsigned long kills, uint64_t seed) {
    struct killer killer = {kills, seed};
    size_t lives = kills + SPARE, count = 0;
    int fd = share_map(lives);
    items = calloc(most_items, sizeof *items);
    if (items == NULL)
        give_up("out of memory");
    run_items(&killer, &count);
    size_t lost = count_items(count, DONE | FAILED, 0);
    size_t twice = count_items(count, AGAIN, AGAIN) + count_items(count, MUST_FAIL | DONE, MUST_FAIL | DONE);
    size_t blamed = count_items(count, FAILED | MAY_FAIL | THRESHOLD, FAILED);
    size_t failed = count_items(count, FAILED, FAILED);
    size_t threshold = count_items(count, FAILED | MAY_FAIL | THRESHOLD, FAILED | THRESHOLD);
    if (threshold > 2 + before / 10)
        blamed += threshold;
    printf("%lu children killed: %zu in an item, %zu after it, %zu before it, %zu idle\n", kills, inside, after, before,
           idle);
    printf("%zu items: %zu failed, %zu of them at the threshold, %zu lost, %zu twice, %zu wrongly blamed\n", count,
           failed, threshold, lost, twice, blamed);
    munmap(map, sizeof *map + lives * sizeof *map->lives);
    close(fd);
    free(items);
    if (lost + twice + blamed > 0)
        give_up("an item has not ended as it must");
}

#else

int kills_work(const void *in, size_t size, weir_process_payload *out, void *state) {
    (void)in, (void)size, (void)out, (void)state;
    return 0;
}

weir_status kills_init(void *arg, void **state) {
    *state = arg;
    return WEIR_OK;
}

void kill_children(unsigned long kills, uint64_t seed) {
    (void)kills, (void)seed;
}

#endif
