/*
 * rows.c - rows into SQLite: several producers, and one writer that commits in batches.
 *
 *     make (source, 3 threads) -> write (1 thread, batches of up to 40 rows)
 *
 * SQLite has one writer at a time, and each commit waits for the disk. The writing stage has one thread with a
 * connection of its own, and makes one transaction of each batch. The other way opens a connection for each row.
 * FOLDER gets batches.db and singly.db, with the same rows. It prints (the times vary):
 *
 *     batches.db: 120 rows, ids 1 to 120, each once
 *     singly.db: 120 rows, ids 1 to 120, each once
 *     time: 1.204 s sequential, 0.021 s in batches, ratio 57.3
 *
 * cc -O2 rows.c -o rows $(pkg-config --cflags --libs weir sqlite3)
 *
 * usage: rows FOLDER
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 120, PRODUCERS = 3, BATCH = 40 };

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "rows: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Returns NULL if the database cannot be opened. */
static sqlite3 *open_database(const char *name) {
    sqlite3 *database;
    if (sqlite3_open(name, &database) == SQLITE_OK)
        return database;
    sqlite3_close(database);
    return NULL;
}

/* A new table. No id is refused, so that a row written twice is found. */
static void create_table(const char *name) {
    sqlite3 *database = open_database(name);
    if (database == NULL || sqlite3_exec(database, "DROP TABLE IF EXISTS rows; CREATE TABLE rows (id, square)", NULL,
                                         NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "rows: cannot write %s\n", name);
        exit(EXIT_FAILURE);
    }
    sqlite3_close(database);
}

/* Returns an SQLite code. */
static int insert(sqlite3 *database, intptr_t id) {
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, "INSERT INTO rows VALUES (?1, ?1 * ?1)", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_step(statement);
        code = sqlite3_finalize(statement);
    }
    return code;
}

/* ---- the pipeline ---- */

/* Called in three threads, until it returns WEIR_END. An id fits into the item itself. */
static int make(weir_task *task, void *unused, void *arg) {
    atomic_intptr_t *last = arg;
    intptr_t id = atomic_fetch_add(last, 1) + 1;
    (void)unused;
    if (id > ROWS)
        return WEIR_END;
    weir_task_emit(task, (void *)id);
    return 0;
}

/* The state of the writing thread is its connection. */
static weir_status open_connection(void *name, void **database) {
    *database = open_database(name);
    return *database == NULL ? WEIR_FAILED : WEIR_OK;
}

static void close_connection(void *database) {
    sqlite3_close(database);
}

/* All rows of the batch are written, or none. An error ends the run; to try on, see "an outage" in weir_patterns(7). */
static int write_batch(weir_task *task, void *const *items, size_t count, void *database) {
    int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = insert(database, (intptr_t)items[i]);
    if (code == SQLITE_OK)
        code = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return 0;
    weir_task_fail(task, code, "%s", sqlite3_errmsg(database));
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

static void write_in_batches(char *name) {
    atomic_intptr_t last = 0;
    const weir_stage_options making = {
        .name = "make", .work.source = make, .work.arg = &last, .threads.count = PRODUCERS};
    const weir_stage_options writing = {
        .name = "write",
        .work.run_batch = write_batch,
        .batch = {.items = BATCH, .wait = 100 * WEIR_MILLISECOND},
        .work.init = open_connection,
        .work.fini = close_connection,
        .work.arg = name,
    };
    weir_pipeline *pipeline;
    weir_report *report;
    check(weir_pipeline_create(&pipeline, NULL), "create a pipeline");
    check(weir_pipeline_add(pipeline, NULL, &making), "add make");
    check(weir_pipeline_add(pipeline, NULL, &writing), "add write");
    weir_status started = weir_pipeline_start(pipeline);
    check(started, weir_pipeline_message(pipeline));
    check(weir_pipeline_wait(pipeline, WEIR_NEVER), "wait for the sources");
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (status != WEIR_OK)
        weir_report_print(report, WEIR_TABLE, stderr);
    weir_report_free(report);
    check(status, "finish");
    check(weir_pipeline_destroy(pipeline), "destroy the pipeline");
}

/* ---- the other way ---- */

static void write_singly(const char *name) {
    for (intptr_t id = 1; id <= ROWS; id++) {
        sqlite3 *database = open_database(name);
        if (database == NULL || insert(database, id) != SQLITE_OK) {
            fprintf(stderr, "rows: cannot write %s\n", name);
            exit(EXIT_FAILURE);
        }
        sqlite3_close(database);
    }
}

/* Prints what the database has. Returns whether that is right. */
static int verify(const char *name) {
    sqlite3 *database = open_database(name);
    sqlite3_stmt *statement;
    int values[4] = {0};
    if (database == NULL ||
        sqlite3_prepare_v2(database, "SELECT count(*), min(id), max(id), count(DISTINCT id) FROM rows", -1, &statement,
                           NULL) != SQLITE_OK)
        return 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < 4; i++)
            values[i] = sqlite3_column_int(statement, i);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    int once = values[0] == values[3];
    printf("%d rows, ids %d to %d, %s\n", values[0], values[1], values[2], once ? "each once" : "some twice");
    return once && values[0] == ROWS && values[1] == 1 && values[2] == ROWS;
}

int main(int argc, char **argv) {
    char batches[4096], singly[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: rows FOLDER\n");
        return 2;
    }
    snprintf(batches, sizeof batches, "%s/batches.db", argv[1]);
    snprintf(singly, sizeof singly, "%s/singly.db", argv[1]);
    create_table(batches);
    create_table(singly);
    double start = now();
    write_singly(singly);
    double middle = now();
    write_in_batches(batches);
    double end = now();
    printf("batches.db: ");
    int right = verify(batches);
    printf("singly.db: ");
    right &= verify(singly);
    printf("time: %.3f s sequential, %.3f s in batches, ratio %.1f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
