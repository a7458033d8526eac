/*
 * etl.c - CSV lines (id,name,amount) from standard input into SQLite: batches, and bad lines as letters to a stage.
 *
 *     read (source) -> check -> write, into the table `rows`
 *                        '--------'--- letters ---> reject, into the table `rejects`
 *
 * Each batch is a transaction. It waits a minute for a locked database (busy_timeout) and is then given up; "an outage"
 * in weir_patterns(7) waits on, and keeps the order. After Ctrl-C, the lines that the source has emitted are stored, and
 * the exit status is 0. Standard error gets the report: the rows are the done items of write, and the rejects those of
 * reject.
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

static const char schema[] = "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                             "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name, amount REAL NOT NULL);"
                             "CREATE TABLE IF NOT EXISTS rejects (line, stage, code, why);";
static sqlite3 *rows, *rejects; /* connections: one for each stage that writes */
static sqlite3_stmt *insert;

static ssize_t read_when_ready(void *task, char *text, size_t size) {
    weir_task_poll(task, STDIN_FILENO, POLLIN, WEIR_NEVER);
    return weir_task_cancelled(task) ? 0 : read(STDIN_FILENO, text, size); /* 0, the end: Ctrl-C */
}

static int read_lines(weir_task *task, void *none, void *arg) { /* called once, for all of them */
    FILE *input = fopencookie(task, "r", (cookie_io_functions_t){.read = read_when_ready});
    char *line = NULL; /* so getline allocates each */
    size_t room = 0;
    for (; input != NULL && getline(&line, &room, input) > 0 && !weir_task_cancelled(task); line = NULL)
        weir_task_submit(task, line, line);
    int code = input != NULL && feof(input) ? WEIR_END : weir_task_fail(task, errno, "input: %s", strerror(errno));
    free(line);
    if (input != NULL)
        fclose(input);
    return (void)none, (void)arg, code;
}

static void settle(void *line, weir_outcome outcome) { /* called when its row or its letter is stored, or dropped */
    (void)outcome;
    free(line);
}

static int check(weir_task *task, void *line, void *arg) {
    int name = 0, end = 0;
    ((char *)line)[strcspn(line, "\r\n")] = '\0';
    sscanf(line, "%*d,%n", &name);
    const char *amount = strchr((char *)line + name, ',');
    const char *why = name == 0 ? "bad id" : amount == NULL ? "no amount" : "bad amount";
    if (name == 0 || amount == NULL || sscanf(amount, ",%*f%n", &end) != 0 || end == 0 || amount[end] != '\0')
        return weir_task_fail(task, EINVAL, "%s: %s", why, (char *)line + name);
    weir_task_emit(task, line);
    return (void)arg, 0;
}

static int store(weir_task *task, void *const *lines, size_t count, void *arg) {
    int code = sqlite3_exec(rows, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; i < count && !sqlite3_get_autocommit(rows); i++) { /* some errors end the transaction */
        const char *id = lines[i], *name = strchr(id, ',') + 1, *amount = strchr(name, ',') + 1;
        sqlite3_bind_text(insert, 1, id, (int)(name - id - 1), SQLITE_STATIC); /* SQLite converts it */
        sqlite3_bind_text(insert, 2, name, (int)(amount - name - 1), SQLITE_STATIC);
        sqlite3_bind_double(insert, 3, strtod(amount, NULL));
        if (sqlite3_step(insert) != SQLITE_DONE)
            weir_task_fail_item(task, i, sqlite3_errcode(rows), "%s", sqlite3_errmsg(rows));
        sqlite3_reset(insert);
    }
    if (code != SQLITE_OK || (code = sqlite3_exec(rows, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK) {
        weir_task_fail(task, code, "%s", sqlite3_errmsg(rows));
        sqlite3_exec(rows, "ROLLBACK", NULL, NULL, NULL);
    }
    return (void)arg, code;
}

static int reject(weir_task *task, void *const *letters, size_t count, void *arg) {
    sqlite3_str *values = sqlite3_str_new(rejects);
    for (size_t i = 0; i < count; i++) {
        const weir_dead_letter *letter = letters[i];
        sqlite3_str_appendf(values, "%s (%Q, %Q, %d, %Q)", i == 0 ? "INSERT INTO rejects VALUES" : ",", letter->item,
                            letter->stage, letter->code, letter->message);
    }
    char *sql = sqlite3_str_finish(values);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(rejects, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        weir_dead_letter_free(letters[i]);
    return (void)arg, code == SQLITE_OK ? 0 : weir_task_fail(task, code, "%s", sqlite3_errmsg(rejects));
}

static void drop_letter(void *letter, void *arg) {
    (void)arg;
    weir_dead_letter_free(letter);
}

int main(int argc, char **argv) {
    static const int signals[] = {SIGINT, SIGTERM};
    const weir_batch batch = {.items = 500, .wait = 100 * WEIR_MILLISECOND};
    weir_stage_options stages[] = {
        {.name = "read", .work.source = read_lines},
        {.name = "check", .work.run = check, .output.ordered = true, .errors.on_error = WEIR_SKIP},
        {.name = "write", .work.run_batch = store, .batch = batch, .threads.count = 1, .errors.on_error = WEIR_SKIP},
        {.name = "reject", .work.run_batch = reject, .batch = batch, .threads.count = 1, .input.drop = drop_letter}};
    weir_stage *added[4] = {NULL};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    sigset_t set;
    if (argc != 2)
        return fprintf(stderr, "usage: etl DATABASE <LINES\n"), 2;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (sqlite3_open(argv[1], &rows) != SQLITE_OK || sqlite3_exec(rows, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(rows, "INSERT INTO rows VALUES (?, ?, ?)", -1, &insert, NULL) != SQLITE_OK ||
        sqlite3_open(argv[1], &rejects) != SQLITE_OK || sqlite3_exec(rejects, schema, NULL, NULL, NULL) != SQLITE_OK)
        return fprintf(stderr, "etl: %s: %s\n", argv[1], sqlite3_errmsg(rejects != NULL ? rejects : rows)), 1;
    stages[2].input.capacity = stages[3].input.capacity = 2 * batch.items;
    weir_pipeline_create(&pipeline, &(weir_pipeline_options){.settled = settle});
    for (int i = 0; i < 4; i++)
        weir_pipeline_add(pipeline, &added[i], &stages[i]);
    weir_pipeline_connect_dead(pipeline, added[1], added[3]); /* the letters of check, and those of write, to reject */
    weir_pipeline_connect_dead(pipeline, added[2], added[3]);
    if (weir_pipeline_start(pipeline) != WEIR_OK || weir_pipeline_end_on(pipeline, signals, 2, WEIR_NEVER) != WEIR_OK)
        fprintf(stderr, "etl: %s\n", weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    weir_report_print(report, WEIR_TABLE, stderr);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    sqlite3_finalize(insert);
    sqlite3_close(rows);
    sqlite3_close(rejects);
    return status != WEIR_OK;
}
