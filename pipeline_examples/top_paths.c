/*
 * top_paths.c - the ten paths that an access log names most often, with their requests and bytes.
 *
 *     read (source, chunks) -> count (a thread for each processor) -> merge
 *
 * Items are chunks of whole lines. Each thread of count folds its chunks into a map of its own, which at_end emits. Chunks
 * are used again, so that their memory does not go back to the system and come again at each read.
 *
 *     $ top_paths <access.log
 *        20417     2040681 /index.html
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* memrchr */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>

enum { CHUNK = 1 << 20, LONGEST = 1 << 16, AHEAD = 8, TOP = 10 };

static weir_queue *spare; /* chunks to be used again */

struct chunk {
    size_t length;
    char text[LONGEST + CHUNK + 1];
};
struct rest { /* the beginning of a line at the end of a chunk */
    size_t length;
    char text[LONGEST];
};
struct entry {
    unsigned long long requests, bytes;
    size_t length;
    char path[]; /* of `length` bytes */
};
struct slot {
    uint64_t hash;       /* of the path: slots compare and move without a look at their entries */
    struct entry *entry; /* NULL: unused */
};
struct map { /* a hash table with open addressing, at most half full */
    size_t used, size;
    struct slot *slots;
};

/* ---- the map ---- */

static uint64_t hash_of(const char *path, size_t length) {
    uint64_t hash = length, word;
    for (size_t step; length > 0; path += step, length -= step) {
        step = length < sizeof word ? length : sizeof word;
        word = 0;
        memcpy(&word, path, step);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

static struct slot *slot_of(const struct map *map, uint64_t hash, const char *path, size_t length) {
    for (uint64_t i = hash;; i++) {
        struct slot *slot = &map->slots[i & (map->size - 1)];
        if (slot->entry == NULL ||
            (slot->hash == hash && slot->entry->length == length && memcmp(slot->entry->path, path, length) == 0))
            return slot;
    }
}

/* Makes room for another entry. */
static bool grow(struct map *map) {
    if (2 * map->used < map->size)
        return true;
    struct map bigger = {map->used, map->size > 0 ? 2 * map->size : 1024, NULL};
    if ((bigger.slots = calloc(bigger.size, sizeof *bigger.slots)) == NULL)
        return false;
    for (const struct slot *slot = map->slots; slot < map->slots + map->size; slot++)
        if (slot->entry != NULL)
            *slot_of(&bigger, slot->hash, slot->entry->path, slot->entry->length) = *slot;
    free(map->slots);
    *map = bigger;
    return true;
}

static bool count(struct map *map, const char *path, size_t length, unsigned long long bytes) {
    uint64_t hash = hash_of(path, length);
    if (!grow(map))
        return false;
    struct slot *slot = slot_of(map, hash, path, length);
    if (slot->entry == NULL) {
        struct entry *entry = malloc(sizeof *entry + length);
        if (entry == NULL)
            return false;
        *entry = (struct entry){0, 0, length};
        memcpy(entry->path, path, length);
        *slot = (struct slot){hash, entry};
        map->used++;
    }
    slot->entry->requests++;
    slot->entry->bytes += bytes;
    return true;
}

static void free_map(void *map, void *arg) {
    (void)arg;
    for (size_t i = 0; i < ((struct map *)map)->size; i++)
        free(((struct map *)map)->slots[i].entry);
    free(((struct map *)map)->slots);
    free(map);
}

/* ---- the stages ---- */

static int read_chunk(weir_task *task, void *none, void *arg) {
    struct rest *rest = arg;
    void *item;
    (void)none;
    if (weir_queue_try_get(spare, &item) != WEIR_OK && (item = malloc(sizeof(struct chunk))) == NULL)
        return weir_task_fail(task, ENOMEM, "no memory");
    struct chunk *chunk = item;
    memcpy(chunk->text, rest->text, rest->length);
    size_t length = rest->length + fread(chunk->text + rest->length, 1, CHUNK, stdin);
    const char *last = feof(stdin) ? NULL : memrchr(chunk->text, '\n', length);
    chunk->length = last == NULL ? length : (size_t)(last + 1 - chunk->text);
    chunk->text[length] = '\0';
    rest->length = length - chunk->length < LONGEST ? length - chunk->length : LONGEST;
    memcpy(rest->text, chunk->text + chunk->length, rest->length);
    if (ferror(stdin)) {
        free(chunk);
        return weir_task_fail(task, errno, "standard input: %s", strerror(errno));
    }
    weir_task_emit(task, chunk);
    return feof(stdin) ? WEIR_END : 0;
}

/* A line is: ADDRESS - - [TIME] "METHOD PATH VERSION" STATUS BYTES. Any other line is left out. */
static bool count_line(struct map *map, const char *line, const char *end) {
    const char *quote = memchr(line, '"', (size_t)(end - line));
    const char *path = quote == NULL ? NULL : memchr(quote, ' ', (size_t)(end - quote));
    const char *after = path == NULL ? NULL : memchr(path + 1, ' ', (size_t)(end - path - 1));
    const char *digit = after == NULL ? end : (const char *)memrchr(line, ' ', (size_t)(end - line)) + 1;
    if (digit == end || *digit < '0' || *digit > '9')
        return true;
    unsigned long long bytes = 0;
    for (; digit < end && *digit >= '0' && *digit <= '9'; digit++)
        bytes = 10 * bytes + (unsigned)(*digit - '0');
    return count(map, path + 1, (size_t)(after - path - 1), bytes);
}

static int count_chunk(weir_task *task, void *item, void *map) {
    struct chunk *chunk = item;
    const char *end = chunk->text + chunk->length, *next;
    for (const char *line = chunk->text; line < end; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line));
        next = next == NULL ? end : next;
        if (!count_line(map, line, next))
            return weir_task_fail(task, ENOMEM, "no memory");
    }
    if (weir_queue_try_put(spare, chunk) != WEIR_OK)
        free(chunk);
    return 0;
}

static int emit_map(weir_task *task, void *state) {
    struct map *map = malloc(sizeof *map);
    if (map == NULL)
        return weir_task_fail(task, ENOMEM, "no memory");
    *map = *(struct map *)state;
    *(struct map *)state = (struct map){0, 0, NULL};
    weir_task_emit(task, map);
    return 0;
}

/* Adds each entry to the entry of the same path in the total, or moves it there. */
static int merge(weir_task *task, void *item, void *total) {
    struct map *map = item, *sum = total;
    for (struct slot *slot = map->slots; slot < map->slots + map->size; slot++) {
        if (slot->entry == NULL)
            continue;
        if (!grow(sum))
            return weir_task_fail(task, ENOMEM, "no memory");
        struct slot *same = slot_of(sum, slot->hash, slot->entry->path, slot->entry->length);
        if (same->entry == NULL) {
            *same = *slot;
            slot->entry = NULL;
            sum->used++;
        } else {
            same->entry->requests += slot->entry->requests;
            same->entry->bytes += slot->entry->bytes;
        }
    }
    free_map(map, NULL);
    return 0;
}

static weir_status begin_map(void *arg, void **map) {
    (void)arg;
    return (*map = calloc(1, sizeof(struct map))) == NULL ? WEIR_NOMEM : WEIR_OK;
}

static void end_map(void *map) {
    free_map(map, NULL);
}

static void drop_chunk(void *chunk, void *arg) {
    (void)arg;
    free(chunk);
}

/* Whether the entry comes before the other one: by its requests, and then by its path. */
static bool before(const struct entry *entry, const struct entry *other) {
    if (other == NULL || entry->requests != other->requests)
        return other == NULL || entry->requests > other->requests;
    size_t shorter = entry->length < other->length ? entry->length : other->length;
    int order = memcmp(entry->path, other->path, shorter);
    return order != 0 ? order < 0 : entry->length < other->length;
}

static void print_top(const struct map *map) {
    const struct entry *top[TOP + 1] = {NULL};
    for (size_t i = 0; i < map->size; i++) {
        size_t place = TOP;
        for (; map->slots[i].entry != NULL && place > 0 && before(map->slots[i].entry, top[place - 1]); place--)
            top[place] = top[place - 1];
        top[place] = map->slots[i].entry;
    }
    for (size_t i = 0; i < TOP && top[i] != NULL; i++)
        printf("%8llu %12llu %.*s\n", top[i]->requests, top[i]->bytes, (int)top[i]->length, top[i]->path);
}

int main(void) {
    static struct rest rest;
    struct map *total = calloc(1, sizeof *total);
    size_t processors = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    weir_stage_options reads = {.name = "read", .work.source = read_chunk, .work.arg = &rest};
    weir_stage_options counts = {.name = "count",
                                 .work.run = count_chunk,
                                 .work.at_end = emit_map,
                                 .work.init = begin_map,
                                 .work.fini = end_map,
                                 .threads.count = processors,
                                 .input.capacity = AHEAD,
                                 .input.drop = drop_chunk};
    weir_stage_options merges = {
        .name = "merge", .work.run = merge, .work.arg = total, .threads.width = 1, .input.drop = free_map};
    weir_queue_options keeps = {.capacity = 2 * AHEAD, .drop = drop_chunk};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    weir_status status = weir_queue_create_with(&spare, &keeps);
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &reads);
    weir_pipeline_add(pipeline, NULL, &counts);
    weir_pipeline_add(pipeline, NULL, &merges);
    if (total == NULL || status != WEIR_OK || weir_pipeline_start(pipeline) != WEIR_OK)
        fprintf(stderr, "top_paths: %s\n",
                total == NULL || status != WEIR_OK ? "no memory" : weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    bool failed = weir_pipeline_finish(pipeline, WEIR_NEVER, &report) != WEIR_OK;
    if (failed && report != NULL && report->kept_errors > 0)
        fprintf(stderr, "top_paths: %s\n", report->errors[0].message);
    if (!failed)
        print_top(total);
    if (total != NULL)
        free_map(total, NULL);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    weir_queue_destroy(spare);
    return failed || fflush(stdout) != 0;
}
