/*
 * command.c - Implements the run of a command: its streams, its start, and the account of its end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/command.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command/attend.h"
#include "command/limits.h"
#include "command/output.h"
#include "pipeline/waits/grace.h"
#include "sync/child.h"
#include "sync/clock.h"
#include "sync/memory.h"
#include "sync/stream.h"

static const size_t most_output = 65536;
static const uint64_t grace = WEIR_SECOND, linger = 100 * WEIR_MILLISECOND;

/* Time after `grace` and `linger` in which a cancelled call returns, unless its command goes on. */
static const uint64_t to_return = WEIR_SECOND;

/* ---- what went wrong ---- */

static const char *name_of(const weir_command *command) {
    const char *slash = strrchr(command->argv[0], '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : command->argv[0];
}

/* Writes the message of the result. Returns the code. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static int
fail(weir_command_result *result, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(result->message, sizeof result->message, format, arguments);
    va_end(arguments);
    return code;
}

static int fail_to_run(weir_command_result *result, const weir_command *command, int error) {
    return fail(result, WEIR_CODE_NOT_RUN(error), "%.80s: cannot be run: %s", name_of(command), strerror(error));
}

static int fail_by_signal(weir_command_result *result, const char *name) {
    char signal[WEIR__SIGNAL_NAME];
    weir__signal_name(result->signal, signal);
    return fail(result, WEIR_CODE_SIGNAL(result->signal), "%.80s: killed by %s", name, signal);
}

static int fail_by_status(weir_command_result *result, const char *name, const weir__output *err) {
    char line[WEIR__LAST_LINE];
    weir__output_last_line(err, line);
    return fail(result, result->exit_status, "%.60s: exit status %d%s%s", name, result->exit_status,
                line[0] != '\0' ? ": " : "", line);
}

/* Returns the code of a command that has run. */
static int judge(weir_command_result *result, const weir_command *command, const weir__attended *attended, bool known) {
    const char *name = name_of(command);
    if (result->goes_on)
        return fail(result, WEIR_CODE(WEIR_BUSY), "%.80s: goes on after SIGKILL", name);
    if (result->cancelled)
        return fail(result, WEIR_CODE(WEIR_CANCELLED), "%.80s: ended by a cancel", name);
    if (result->timed_out)
        return fail(result, WEIR_CODE(WEIR_TIMEDOUT), "%.80s: ended at its timeout", name);
    if (!known)
        return fail(result, WEIR_CODE(WEIR_FAILED), "%.80s: its exit status was taken by another wait", name);
    if (result->signal != 0)
        return fail_by_signal(result, name);
    if (result->exit_status != 0)
        return fail_by_status(result, name, &attended->output[1]);
    if (attended->output[0].lost || attended->output[1].lost)
        return fail(result, WEIR_CODE(WEIR_NOMEM), "%.80s: no memory for its output", name);
    return 0;
}

/* ---- the streams ---- */

/*
 * Makes one output: the caller's descriptor, a pipe, or /dev/null if it is not wanted and that exists. Returns 0 or an
 * errno.
 */
static int open_output(int given, bool wanted, int *ours, int *theirs) {
    *ours = -1;
    if (given != 0)
        return weir__stream_copy(given, theirs);
    return !wanted && weir__stream_null(theirs) == 0 ? 0 : weir__stream_pipe(ours, theirs);
}

static void close_streams(int streams[3]) {
    for (int i = 0; i < 3; i++)
        weir__stream_close(&streams[i]);
}

/* Makes the streams of the command, and what is read from them. Returns 0 or an errno; the caller closes them. */
static int open_streams(weir__attended *attended, const weir_command *command, int streams[3]) {
    int error = weir__stream_of(command->input, command->input_size, &streams[0]);
    if (error == 0)
        error = open_output(command->out_fd, attended->wanted, &attended->outputs[0], &streams[1]);
    return error == 0 ? open_output(command->err_fd, true, &attended->outputs[1], &streams[2]) : error;
}

/* Returns 0 or an errno. */
static int start(weir__attended *attended, const weir_command *command, const int streams[3]) {
    weir__child_options options = {.argv = command->argv, .env = command->env, .directory = command->directory};
    const weir__confined limits = weir__limits_of(&command->limits, command->nice);
    for (int i = 0; i < 3; i++)
        options.streams[i] = streams[i];
    options.room = attended->buffer;
    options.limits = weir__is_confined(&limits) ? &limits : NULL;
    return weir__child_start(&attended->child, &options);
}

/* ---- the run ---- */

/* Returns UINT64_MAX instead of an overflow. */
static uint64_t sum(uint64_t a, uint64_t b) {
    return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

static uint64_t or_default(uint64_t value, uint64_t otherwise) {
    return value != 0 ? value : otherwise;
}

static void prepare(weir__attended *attended, weir_task *task, const weir_command *command) {
    uint64_t due = weir_task_deadline(task);
    uint64_t until = command->timeout != 0 ? weir_deadline_after(command->timeout) : WEIR_NEVER;
    size_t most = command->most_output != 0 ? command->most_output : most_output;
    attended->task = task;
    attended->signal_at = until < due ? until : due;
    attended->grace = or_default(command->grace, grace);
    attended->linger = or_default(command->linger, linger);
    attended->outputs[0] = attended->outputs[1] = -1;
    for (int i = 0; i < 2; i++)
        attended->output[i].most = most < SIZE_MAX / 2 ? most : SIZE_MAX / 2 - 1;
}

/* Returns the code of a command that need not start any more, or 0. */
static int judge_early(weir_command_result *result, const weir_command *command, const weir__attended *attended) {
    result->cancelled = weir_task_cancelled(attended->task);
    result->timed_out = !result->cancelled && attended->signal_at <= weir__clock_now();
    if (result->cancelled)
        return fail(result, WEIR_CODE(WEIR_CANCELLED), "%.80s: not started after a cancel", name_of(command));
    if (result->timed_out)
        return fail(result, WEIR_CODE(WEIR_TIMEDOUT), "%.80s: not started after its deadline", name_of(command));
    return 0;
}

/* Waits until the command has ended, and says what became of it. */
static int attend(weir__attended *attended, uint64_t begun, const weir_command *command, weir_command_result *result) {
    weir__attend(attended);
    result->time = attended->ended_at - begun;
    weir__child_end end = attended->goes_on ? weir__child_leave(&attended->child) : weir__child_reap(&attended->child);
    weir__stream_close(&attended->outputs[0]);
    weir__stream_close(&attended->outputs[1]);
    result->has_run = true;
    result->timed_out = attended->timed_out;
    result->cancelled = attended->cancelled;
    result->goes_on = attended->goes_on;
    result->stragglers = attended->stragglers;
    result->exit_status = end.known && end.signal == 0 ? end.status : -1;
    result->signal = end.signal;
    result->cpu_time = end.used;
    result->out = attended->output[0].kept;
    result->err = attended->output[1].kept;
    return judge(result, command, attended, end.known);
}

static int run(weir__attended *attended, const weir_command *command, weir_command_result *result) {
    uint64_t begun = weir__clock_now();
    int streams[3] = {-1, -1, -1}, code = judge_early(result, command, attended);
    int error = code == 0 ? open_streams(attended, command, streams) : 0;
    if (code == 0 && error == 0)
        code = judge_early(result, command, attended); /* a large input takes long */
    if (code == 0 && error == 0)
        error = start(attended, command, streams);
    close_streams(streams);
    if (code == 0 && error == 0)
        return attend(attended, begun, command, result);
    weir__stream_close(&attended->outputs[0]);
    weir__stream_close(&attended->outputs[1]);
    return error != 0 ? fail_to_run(result, command, error) : code;
}

static bool has_reserved(const weir_command *command) {
    for (size_t i = 0; i < sizeof command->reserved / sizeof command->reserved[0]; i++) {
        if (command->reserved[i] != NULL)
            return true;
    }
    return false;
}

static bool is_valid(const weir_command *command) {
    return command != NULL && command->argv != NULL && command->argv[0] != NULL && command->argv[0][0] != '\0' &&
           (command->input != NULL || command->input_size == 0) && !has_reserved(command) &&
           weir__limits_are_valid(&command->limits);
}

/* Does everything but telling the task. */
static int run_checked(weir_task *task, const weir_command *command, weir_command_result *result, bool wanted) {
    if (!is_valid(command))
        return fail(
            result, WEIR_CODE(WEIR_INVALID),
            "a command needs a program; input has its bytes, oom_score_adj is from 0 to 1000, reserved is NULL");
    weir__attended *attended = weir__alloc(sizeof *attended);
    if (attended == NULL)
        return fail(result, WEIR_CODE(WEIR_NOMEM), "%.80s: no memory to run it", name_of(command));
    prepare(attended, task, command);
    attended->wanted = wanted;
    weir__grace_begin(task, sum(attended->grace, sum(attended->linger, to_return)));
    int code = run(attended, command, result);
    weir__grace_end(task);
    weir__free(attended);
    return code;
}

int weir_command_run(weir_task *task, const weir_command *command, weir_command_result *result) {
    weir_command_result unwanted, *filled = result != NULL ? result : &unwanted;
    *filled = (weir_command_result){.exit_status = -1};
    int code = run_checked(task, command, filled, result != NULL);
    if (code != 0)
        (void)weir_task_fail(task, code, "%s", filled->message);
    if (result == NULL)
        weir_command_result_free(&unwanted);
    return code;
}

void weir_command_result_free(weir_command_result *result) {
    if (result == NULL)
        return;
    weir__free(result->out.text);
    weir__free(result->err.text);
    *result = (weir_command_result){.exit_status = -1};
}
