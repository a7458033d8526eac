/*
 * etl.c - CSV lines (id,name,amount) from standard input into SQLite: batches, and bad lines as letters to a stage.
 *
 *     read (source) -> check -> write, into the table `rows`
 *                        '--------'--- letters ---> reject, into the table `rejects`
 *
 * Each batch is a transaction. After Ctrl-C, the lines that the source has emitted are stored, and the exit status is 0.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* fopencookie */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>

enum { BATCH = 500 };
static const char schema[] = "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                             "CREATE TABLE IF NOT EXISTS rejects (line, stage, why);"
                             "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name,"
                             "                                 amount REAL CHECK (typeof(amount) = 'real'));";
struct table { /* the argument of the stage that writes it, with a connection of its own */
    const char *stage, *sql;
    void (*bind)(sqlite3_stmt *insert, const void *item);
    weir_drop_func *free;
    weir_on_error on_error;
    sqlite3 *database;
    sqlite3_stmt *insert;
};

static ssize_t read_when_ready(void *task, char *text, size_t size) {
    weir_status status = weir_task_poll(task, STDIN_FILENO, POLLIN, WEIR_NEVER);
    bool ending = status == WEIR_CLOSED || status == WEIR_CANCELLED; /* Ctrl-C */
    return ending ? 0 : read(STDIN_FILENO, text, size);
}

static int read_lines(weir_task *task, void *none, void *arg) { /* called once, for all of them */
    FILE *input = fopencookie(task, "r", (cookie_io_functions_t){.read = read_when_ready});
    char *line = none;
    size_t room = 0;
    ssize_t length;
    while (input != NULL && (length = getline(&line, &room, input)) > 0 && !weir_task_cancelled(task)) {
        if (memchr(line, '\0', (size_t)length) != NULL)
            line[0] = '\0'; /* no row: a reject */
        weir_task_emit(task, line);
        line = arg; /* NULL, so that getline allocates the next one */
    }
    int code = input != NULL && feof(input) ? WEIR_END : weir_task_fail(task, errno, "input: %s", strerror(errno));
    free(line);
    if (input != NULL)
        fclose(input);
    return code;
}

static int check(weir_task *task, void *line, void *arg) {
    double amount;
    int end = 0;
    ((char *)line)[strcspn(line, "\r\n")] = '\0';
    if (sscanf(line, "%*d,%*[^,],%lf%n", &amount, &end) != 1 || ((char *)line)[end] != '\0')
        return weir_task_fail(task, EINVAL, "not id,name,amount");
    weir_task_emit(task, line);
    return (void)arg, 0;
}

static int write_batch(weir_task *task, void *const *items, size_t count, void *arg) {
    struct table *table = arg;
    bool refused[BATCH] = {false};
    int code = sqlite3_exec(table->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        table->bind(table->insert, items[i]);
        sqlite3_step(table->insert);
        code = sqlite3_reset(table->insert);
        refused[i] = code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH;
        if (refused[i] && weir_task_fail_item(task, i, code, "%s", sqlite3_errmsg(table->database)) == WEIR_OK)
            code = SQLITE_OK; /* the other items are not affected */
    }
    if (code != SQLITE_OK || (code = sqlite3_exec(table->database, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK) {
        weir_task_fail(task, code, "%s", sqlite3_errmsg(table->database));
        sqlite3_exec(table->database, "ROLLBACK", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        if (!refused[i])
            table->free(items[i], NULL);
    return code;
}

static void bind_line(sqlite3_stmt *insert, const void *line) { /* SQLite converts the texts to numbers */
    const char *name = strchr(line, ',') + 1, *amount = strchr(name, ',') + 1;
    sqlite3_bind_text(insert, 1, line, (int)(name - (const char *)line - 1), SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, name, (int)(amount - name - 1), SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, amount, -1, SQLITE_STATIC);
}

static void bind_letter(sqlite3_stmt *insert, const void *item) {
    const weir_dead_letter *letter = item;
    sqlite3_bind_text(insert, 1, letter->item, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, letter->stage, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, letter->message, -1, SQLITE_STATIC);
}

static void free_line(void *line, void *arg) {
    (void)arg;
    free(line);
}

static void free_letter(void *letter, void *arg) {
    free_line(((weir_dead_letter *)letter)->item, arg);
    weir_dead_letter_free(letter);
}

/* Opens the table, and adds the stage that writes it. */
static weir_stage *add_table(weir_pipeline *pipeline, struct table *table, const char *name) {
    weir_stage *stage = NULL;
    weir_stage_options options = {.name = table->stage, .work.run_batch = write_batch, .work.arg = table};
    options.threads.count = 1;
    options.input.capacity = 2 * BATCH;
    options.input.drop = table->free;
    options.errors.on_error = table->on_error;
    options.batch = (weir_batch){.items = BATCH, .wait = 100 * WEIR_MILLISECOND};
    weir_pipeline_add(pipeline, &stage, &options);
    if (sqlite3_open(name, &table->database) == SQLITE_OK &&
        sqlite3_exec(table->database, schema, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(table->database, table->sql, -1, &table->insert, NULL) == SQLITE_OK)
        return stage;
    fprintf(stderr, "etl: %s: %s\n", name, sqlite3_errmsg(table->database));
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
    static const int signals[] = {SIGINT, SIGTERM};
    struct table rows = {"write", "INSERT INTO rows VALUES (?, ?, ?)", bind_line, free_line, WEIR_SKIP, NULL, NULL};
    struct table rejects = {
        "reject", "INSERT INTO rejects VALUES (?, ?, ?)", bind_letter, free_letter, WEIR_FAIL_FAST, NULL, NULL};
    weir_stage_options reads = {.name = "read", .work.source = read_lines, .threads.count = 1};
    weir_stage_options checks = {.name = "check", .work.run = check, .output.ordered = true, .input.drop = free_line};
    weir_stage *checker = NULL;
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    sigset_t set;
    if (argc != 2)
        return fprintf(stderr, "usage: etl DATABASE <LINES\n"), 2;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    checks.errors.on_error = WEIR_SKIP;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &reads);
    weir_pipeline_add(pipeline, &checker, &checks);
    weir_stage *write = add_table(pipeline, &rows, argv[1]), *reject = add_table(pipeline, &rejects, argv[1]);
    weir_pipeline_connect_dead(pipeline, checker, reject);
    weir_pipeline_connect_dead(pipeline, write, reject);
    if (weir_pipeline_start(pipeline) != WEIR_OK || weir_pipeline_end_on(pipeline, signals, 2, WEIR_NEVER) != WEIR_OK) {
        fprintf(stderr, "etl: %s\n", weir_pipeline_message(pipeline));
        weir_pipeline_cancel(pipeline);
    }
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (report != NULL && report->kept_errors > 0 && status != WEIR_OK)
        fprintf(stderr, "etl: %s\n", report->errors[0].message);
    if (report != NULL)
        printf("%ju rows, %ju rejects\n", report->stages[2].counts.done, report->stages[3].counts.done);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    sqlite3_finalize(rows.insert);
    sqlite3_finalize(rejects.insert);
    sqlite3_close(rows.database);
    sqlite3_close(rejects.database);
    return status != WEIR_OK;
}
