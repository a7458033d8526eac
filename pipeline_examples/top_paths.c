/*
 * top_paths.c - the ten paths that an access log names most often, with their requests and bytes.
 *
 *     read (source, chunks) -> count (a thread for each processor) -> merge
 *
 * Items are chunks of whole lines. Each thread of count folds its chunks into a map of its own, which at_end emits.
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

enum { CHUNK = 1 << 20, LONGEST = 1 << 16, TOP = 10 };

struct chunk {
    size_t length;
    char text[LONGEST + CHUNK + 1];
};
struct rest { /* the beginning of a line at the end of a chunk */
    size_t length;
    char text[LONGEST];
};
struct entry {
    char *path; /* NULL: unused */
    unsigned long long requests, bytes;
};
struct map { /* a hash table with open addressing, at most half full */
    size_t used, size;
    struct entry *entries;
};

/* ---- the map ---- */

static struct entry *slot_of(const struct map *map, const char *path, size_t length) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)path[i]) * 1099511628211u;
    for (hash ^= hash >> 32;; hash++) {
        struct entry *entry = &map->entries[hash & (map->size - 1)];
        if (entry->path == NULL || (strncmp(entry->path, path, length) == 0 && entry->path[length] == '\0'))
            return entry;
    }
}

static bool grow(struct map *map) {
    struct map bigger = {map->used, map->size > 0 ? 2 * map->size : 1024, NULL};
    bigger.entries = calloc(bigger.size, sizeof *bigger.entries);
    if (bigger.entries == NULL)
        return false;
    for (size_t i = 0; i < map->size; i++)
        if (map->entries[i].path != NULL)
            *slot_of(&bigger, map->entries[i].path, strlen(map->entries[i].path)) = map->entries[i];
    free(map->entries);
    *map = bigger;
    return true;
}

static bool add(struct map *map, const char *path, size_t length, unsigned long long requests,
                unsigned long long bytes) {
    if (2 * map->used >= map->size && !grow(map))
        return false;
    struct entry *entry = slot_of(map, path, length);
    if (entry->path == NULL) {
        if ((entry->path = strndup(path, length)) == NULL)
            return false;
        map->used++;
    }
    entry->requests += requests;
    entry->bytes += bytes;
    return true;
}

static void free_map(void *map, void *arg) {
    (void)arg;
    for (size_t i = 0; i < ((struct map *)map)->size; i++)
        free(((struct map *)map)->entries[i].path);
    free(((struct map *)map)->entries);
    free(map);
}

/* ---- the stages ---- */

static int read_chunk(weir_task *task, void *none, void *arg) {
    struct rest *rest = arg;
    struct chunk *chunk = malloc(sizeof *chunk);
    (void)none;
    if (chunk == NULL)
        return weir_task_fail(task, ENOMEM, "no memory");
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
    const char *last = memrchr(line, ' ', (size_t)(end - line)); /* what follows ends with the line, or with a 0 */
    if (after == NULL || last[1] < '0' || last[1] > '9' || memchr(path, '\0', (size_t)(after - path)) != NULL)
        return true;
    return add(map, path + 1, (size_t)(after - path - 1), 1, strtoull(last, NULL, 10));
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

static int merge(weir_task *task, void *item, void *total) {
    struct map *map = item;
    for (const struct entry *entry = map->entries; entry < map->entries + map->size; entry++)
        if (entry->path != NULL && !add(total, entry->path, strlen(entry->path), entry->requests, entry->bytes))
            return weir_task_fail(task, ENOMEM, "no memory");
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

static int compare(const void *a, const void *b) { /* unused entries come last */
    const struct entry *x = a, *y = b;
    if (x->requests != y->requests)
        return x->requests < y->requests ? 1 : -1;
    return x->path == NULL ? 0 : strcmp(x->path, y->path);
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
                                 .input.capacity = 8,
                                 .input.drop = drop_chunk};
    weir_stage_options merges = {
        .name = "merge", .work.run = merge, .work.arg = total, .threads.width = 1, .input.drop = free_map};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &reads);
    weir_pipeline_add(pipeline, NULL, &counts);
    weir_pipeline_add(pipeline, NULL, &merges);
    if (total == NULL || weir_pipeline_start(pipeline) != WEIR_OK)
        fprintf(stderr, "top_paths: %s\n", total == NULL ? "no memory" : weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    bool failed = weir_pipeline_finish(pipeline, WEIR_NEVER, &report) != WEIR_OK;
    if (failed && report != NULL && report->kept_errors > 0)
        fprintf(stderr, "top_paths: %s\n", report->errors[0].message);
    if (!failed && total->used > 0)
        qsort(total->entries, total->size, sizeof *total->entries, compare);
    for (size_t i = 0; !failed && i < total->used && i < TOP; i++)
        printf("%8llu %12llu %s\n", total->entries[i].requests, total->entries[i].bytes, total->entries[i].path);
    if (total != NULL)
        free_map(total, NULL);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return failed || fflush(stdout) != 0;
}
