/*
 * fan.c - fan-out by key and fan-in: counts how often each word occurs on standard input.
 *
 *                            +-> shard 0 -+
 *     lines -> split (2) ----+-> shard 1 -+--> merge
 *                 by word    +-> shard 2 -+
 *
 * Equal words go to the same shard. A shard has one call at a time, so it counts in a table of its own without a lock.
 * It emits the entry of a word when it first sees that word, so merge collects each word once. After finish has
 * returned, no call runs, and main reads the counts. It prints them, the most frequent first:
 *
 *     $ echo 'to be or not to be' | fan
 *     2 be
 *     2 to
 *     1 not
 *     1 or
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 3, BUCKETS = 1024 };

struct entry {
    struct entry *in_bucket; /* next in the bucket */
    struct entry *in_list;
    unsigned long count;
    char *word;
};

/* Used by its shard only: one call at a time. */
struct table {
    struct entry *buckets[BUCKETS];
};

/* Used by the merging stage only: one call at a time. */
struct list {
    struct entry *first;
    size_t length;
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "fan: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static void free_text(void *item, void *arg) {
    (void)arg;
    free(item);
}

/* FNV-1a. */
static uint64_t key_of(const void *word, void *arg) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    (void)arg;
    for (const unsigned char *at = word; *at != '\0'; at++)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return hash;
}

/* Takes one line and emits any number of words. */
static int split(weir_task *task, void *line, void *arg) {
    static const char blanks[] = " \t\r\n";
    char *place;
    (void)arg;
    for (char *at = strtok_r(line, blanks, &place); at != NULL; at = strtok_r(NULL, blanks, &place)) {
        char *word = strdup(at);
        if (word == NULL)
            return weir_task_fail(task, 1, "no memory for a word");
        weir_task_emit(task, word);
    }
    free(line);
    return 0;
}

/* Takes a word, and emits an entry for it if the word is new. */
static int count(weir_task *task, void *word, void *arg) {
    struct table *table = arg;
    struct entry **bucket = &table->buckets[key_of(word, NULL) % BUCKETS];
    for (struct entry *entry = *bucket; entry != NULL; entry = entry->in_bucket) {
        if (strcmp(entry->word, word) == 0) {
            entry->count++;
            free(word);
            return 0;
        }
    }
    struct entry *entry = malloc(sizeof *entry);
    if (entry == NULL)
        return weir_task_fail(task, 1, "no memory for an entry");
    *entry = (struct entry){.in_bucket = *bucket, .count = 1, .word = word};
    *bucket = entry;
    weir_task_emit(task, entry); /* the count will grow, but merge does not read it */
    return 0;
}

static void *merge(void *item, void *arg) {
    struct entry *entry = item;
    struct list *list = arg;
    entry->in_list = list->first;
    list->first = entry;
    list->length++;
    return NULL;
}

static void declare(weir_pipeline *pipeline, struct table *tables, struct list *list) {
    static const char *const names[SHARDS] = {"shard-0", "shard-1", "shard-2"};
    const weir_stage_options splitting = {.name = "split",
                                          .work.run = split,
                                          .threads.count = 2,
                                          .input.drop = free_text,
                                          .output.fan_out = WEIR_BY_KEY,
                                          .output.route = key_of};
    const weir_stage_options merging = {.name = "merge", .work.func = merge, .work.arg = list, .threads.width = 1};
    weir_stage *splitter, *shard, *merger;

    check(weir_pipeline_add(pipeline, &splitter, &splitting), "add split");
    check(weir_pipeline_add(pipeline, &merger, &merging), "add merge");
    for (int i = 0; i < SHARDS; i++) {
        const weir_stage_options counting = {
            .name = names[i], .work.run = count, .work.arg = &tables[i], .threads.width = 1, .input.drop = free_text};
        check(weir_pipeline_add(pipeline, &shard, &counting), "add a shard");
        check(weir_pipeline_connect(pipeline, splitter, shard), "connect split");
        check(weir_pipeline_connect(pipeline, shard, merger), "connect a shard");
    }
}

static void put_lines(weir_pipeline *pipeline, FILE *file) {
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) >= 0) {
        check(weir_pipeline_put(pipeline, line), "put a line");
        line = NULL; /* the pipeline owns it */
        room = 0;
    }
    free(line);
}

static int compare(const void *a, const void *b) {
    const struct entry *left = *(struct entry *const *)a, *right = *(struct entry *const *)b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return strcmp(left->word, right->word);
}

/* Prints and frees the entries. */
static void print(const struct list *list) {
    struct entry **sorted = malloc((list->length + 1) * sizeof *sorted);
    size_t length = 0;
    if (sorted == NULL)
        check(WEIR_NOMEM, "sort");
    for (struct entry *entry = list->first; entry != NULL; entry = entry->in_list)
        sorted[length++] = entry;
    qsort(sorted, length, sizeof *sorted, compare);
    for (size_t i = 0; i < length; i++) {
        printf("%lu %s\n", sorted[i]->count, sorted[i]->word);
        free(sorted[i]->word);
        free(sorted[i]);
    }
    free(sorted);
}

int main(void) {
    static struct table tables[SHARDS];
    struct list list = {0};
    weir_pipeline *pipeline;

    check(weir_pipeline_create(&pipeline, NULL), "create a pipeline");
    declare(pipeline, tables, &list);
    check(weir_pipeline_start(pipeline), "start");
    put_lines(pipeline, stdin);
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    check(weir_pipeline_destroy(pipeline), "destroy the pipeline");
    print(&list);
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
