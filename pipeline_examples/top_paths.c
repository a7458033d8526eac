/*
 * top_paths.c - the ten paths that an access log names most often, with their requests and bytes.
 *
 *     read (source, chunks) -> count (a thread for each processor) -> merge
 *
 * Items are chunks of whole lines. Each thread of count folds its chunks into a map of its own. Its at_end emits
 * the entries of the map.
 *
 *     $ top_paths <access.log
 *        20417     2040681 /index.html
 *
 * cc -O2 top_paths.c -o top_paths $(pkg-config --cflags --libs weir glib-2.0)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>

enum { CHUNK = 1 << 20, LONGEST = 1 << 16, AHEAD = 8, TOP = 10 };

struct chunk {
    size_t length;
    char text[CHUNK + LONGEST + 1];
};
struct entry { /* of a map, by its path */
    unsigned long long requests, bytes;
    char path[];
};

static int read_chunk(weir_task *task, void *none, void *arg) {
    struct chunk *chunk = malloc(sizeof *chunk);
    if (chunk == NULL)
        return weir_task_fail(task, ENOMEM, "no memory");
    chunk->length = fread(chunk->text, 1, CHUNK, stdin);
    char *rest = fgets(chunk->text + chunk->length, LONGEST, stdin); /* of the last line */
    chunk->length += rest == NULL ? 0 : strlen(rest);
    if (ferror(stdin)) {
        free(chunk);
        return weir_task_fail(task, errno, "standard input: %s", strerror(errno));
    }
    weir_task_emit(task, chunk);
    return (void)none, (void)arg, feof(stdin) ? WEIR_END : 0;
}

static void add(GHashTable *map, const char *path, unsigned long long requests, unsigned long long bytes) {
    struct entry *entry = g_hash_table_lookup(map, path);
    if (entry == NULL) {
        entry = g_malloc0(sizeof *entry + strlen(path) + 1);
        g_hash_table_insert(map, strcpy(entry->path, path), entry);
    }
    entry->requests += requests;
    entry->bytes += bytes;
}

/* A line is: ADDRESS - - [TIME] "METHOD PATH VERSION" STATUS BYTES. Any other line is left out. */
static void count_line(GHashTable *map, char *line) {
    char *quote = strchr(line, '"'), *path = quote == NULL ? NULL : strchr(quote, ' ');
    char *after = path == NULL ? NULL : strchr(path + 1, ' '), *bytes = after == NULL ? NULL : strrchr(after, ' ') + 1;
    if (bytes == NULL || !g_ascii_isdigit(*bytes) || memchr(quote + 1, '"', (size_t)(path - quote - 1)) != NULL)
        return;
    *after = '\0';
    add(map, path + 1, 1, strtoull(bytes, NULL, 10));
}

static int count_chunk(weir_task *task, void *item, void *map) {
    struct chunk *chunk = item;
    char *line = chunk->text, *end = line + chunk->length, *next;
    for (*end = '\n'; line < end; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line) + 1);
        *next = '\0';
        count_line(map, line);
    }
    free(chunk);
    return (void)task, 0;
}

static weir_status begin_map(void *arg, void **map) {
    *map = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    return (void)arg, WEIR_OK;
}

static int emit_entries(weir_task *task, void *map) {
    GList *entries = g_hash_table_get_values(map);
    g_hash_table_steal_all(map);
    weir_task_emit(task, entries);
    return 0;
}

static void end_map(void *map) {
    g_hash_table_unref(map);
}

static void *merge(void *entries, void *total) {
    for (const GList *each = entries; each != NULL; each = each->next) {
        const struct entry *entry = each->data;
        add(total, entry->path, entry->requests, entry->bytes);
    }
    g_list_free_full(entries, g_free);
    return NULL;
}

static void drop_entries(void *entries, void *arg) {
    (void)arg;
    g_list_free_full(entries, g_free);
}

static void drop_chunk(void *chunk, void *arg) {
    (void)arg;
    free(chunk);
}

/* The order of the output: by requests, and then by path. */
static int compare(const void *a, const void *b) {
    const struct entry *one = a, *other = b;
    if (one->requests != other->requests)
        return one->requests > other->requests ? -1 : 1;
    return strcmp(one->path, other->path);
}

static void print_top(GHashTable *map) {
    GList *entries = g_list_sort(g_hash_table_get_values(map), compare), *each = entries;
    for (size_t i = 0; i < TOP && each != NULL; i++, each = each->next) {
        const struct entry *entry = each->data;
        printf("%8llu %12llu %s\n", entry->requests, entry->bytes, entry->path);
    }
    g_list_free(entries);
}

int main(void) {
    void *total;
    weir_stage_options counts = {.name = "count", .work.run = count_chunk, .work.at_end = emit_entries};
    weir_stage_options merges = {.name = "merge", .work.func = merge, .threads.width = 1, .input.drop = drop_entries};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    counts.work.init = begin_map;
    counts.work.fini = end_map;
    counts.threads.count = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    counts.input.capacity = AHEAD;
    counts.input.drop = drop_chunk;
    begin_map(NULL, &total);
    merges.work.arg = total;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = "read", .work.source = read_chunk});
    weir_pipeline_add(pipeline, NULL, &counts);
    weir_pipeline_add(pipeline, NULL, &merges);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        fprintf(stderr, "top_paths: %s\n", weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    bool failed = weir_pipeline_finish(pipeline, WEIR_NEVER, &report) != WEIR_OK;
    if (failed && report != NULL && report->kept_errors > 0)
        fprintf(stderr, "top_paths: %s\n", report->errors[0].message);
    if (!failed)
        print_top(total);
    g_hash_table_unref(total);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return failed || fflush(stdout) != 0 || ferror(stdout);
}
