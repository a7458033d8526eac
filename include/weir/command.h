/*
 * weir/command.h - a command that runs in a child process, for an item of a stage.
 *
 *     int convert(weir_task *task, void *item, void *state) {
 *         const char *const argv[] = {"convert", item, "-resize", "50%", "png:-", NULL};
 *         const weir_command command = {.argv = argv, .most_output = 1 << 24, .timeout = 10 * WEIR_SECOND};
 *         weir_command_result result;
 *         int code = weir_command_run(task, &command, &result);
 *         if (code == 0)
 *             weir_task_emit(task, picture_of(result.out.text, result.out.kept));
 *         weir_command_result_free(&result);
 *         return code;                           // "convert: killed by SIGSEGV" is the message of the letter
 *     }
 *
 * The command is one process of the system with its arguments; no shell reads them. It has a process group of its own:
 * Ctrl-C in a terminal does not reach it. Processes that it has started and that stay in this group end with it: they
 * get SIGKILL once it has ended and its output is read. A process that has left the group, as by setsid(2), lives on.
 * If this program ends during the call, as by SIGKILL, the command goes on, unlike a child of weir/process.h: bound it
 * by limits.cpu_time, or begin it with timeout(1).
 *
 * A command needs a thread that waits for it: give the stage threads of its own (weir_stage_options.threads), as many as
 * commands may run at once. Their signal mask and the descriptors of the program do not reach the command.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_COMMAND_H
#define WEIR_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/export.h>
#include <weir/pipeline.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Codes of weir_command_run: the command was killed by signal number `signal`; it could not be run, with `error` of
 * errno. Neither is an exit status, and neither is a code of weir. Constant expressions.
 */
#define WEIR_CODE_SIGNAL(signal) (-2000 - (signal))
#define WEIR_CODE_NOT_RUN(error) (-3000 - (error))

/*
 * The limits of a child process, over its whole life: a command, or a child of a stage (weir/process.h). They are in force
 * before the program or the init begins, and its own children inherit them. 0 sets none. None exceeds the hard limit of
 * this process. A child with limits makes no core file.
 */
typedef struct weir_process_limits {
    uint64_t memory;    /* bytes of data (RLIMIT_DATA); above it malloc returns NULL in the child */
    uint64_t cpu_time;  /* ns of processor time, rounded up to seconds (RLIMIT_CPU); then it gets SIGXCPU */
    uint64_t files;     /* descriptors (RLIMIT_NOFILE) */
    uint64_t file_size; /* bytes of a file that it writes (RLIMIT_FSIZE); then it gets SIGXFSZ */
    int oom_score_adj;  /* 1 to 1000: the kernel kills it before others when memory runs out, the earlier the greater;
                           0: as this process. Linux only */
    void *reserved[2];  /* must be NULL */
} weir_process_limits;

/* What to run. Zero members select the defaults. The caller owns all that it points to; it must not change meanwhile. */
typedef struct weir_command {
    const char *const *argv;    /* program, found by PATH of this process, and its arguments; NULL after the last one */
    const char *const *env;     /* "NAME=value" each, NULL after the last one; NULL: the environment of this process */
    const char *directory;      /* it starts there; NULL: the current one. ENOSYS where that cannot be: not on Linux */
    const void *input;          /* bytes of its standard input, which need not be read; NULL with size 0: none */
    size_t input_size;          /* number of these bytes */
    size_t most_output;         /* bytes kept of each output; the rest is read, counted and dropped; 0: 65536 */
    int out_fd;                 /* its standard output goes to this descriptor and is not kept; 0: it is kept */
    int err_fd;                 /* its standard error, in the same way */
    uint64_t timeout;           /* ns from its start until its process group gets SIGTERM; 0: no limit */
    uint64_t grace;             /* ns from SIGTERM until its process group gets SIGKILL; 0: one second */
    uint64_t linger;            /* ns after its end in which other processes may close its outputs; 0: 100 ms */
    int nice;                   /* added to its niceness, as far as the system permits */
    weir_process_limits limits; /* of the command */
    void *reserved[4];          /* must be NULL */
} weir_command;

/* A kept output. */
typedef struct weir_command_output {
    char *text;     /* its first bytes and a terminating zero; owned by the result; NULL if no byte came */
    size_t kept;    /* bytes of `text`, without the zero */
    uint64_t total; /* bytes that the command has written */
} weir_command_output;

/* What became of a command. */
typedef struct weir_command_result {
    bool has_run;            /* false: it could not be run */
    bool timed_out;          /* its timeout or the task's deadline came before its end */
    bool cancelled;          /* the task was cancelled before its end */
    bool goes_on;            /* it has not ended after SIGKILL, and was given up */
    bool stragglers;         /* other processes held an output open after its end: bytes may be missing */
    int exit_status;         /* 0 to 255; -1 if it has not exited by itself */
    int signal;              /* number of the signal that has killed it; 0: none */
    weir_command_output out; /* standard output */
    weir_command_output err; /* standard error */
    uint64_t time;           /* ns from its start until its end was seen */
    uint64_t cpu_time;       /* ns of processor time of it and of its children that it has waited for */
    char message[256];       /* what went wrong, as for weir_task_fail, with the last line of standard error after an
                                exit status; "" if nothing */
    void *reserved[4];       /* NULL */
} weir_command_result;

/*
 * Runs a command and blocks until it has ended. `task` is the caller's call of a stage, or NULL anywhere else. A call
 * that fails gives its message to weir_task_fail, so that the function returns the code as its own.
 *
 * At `timeout`, at weir_task_deadline and at a cancel (weir_task_cancelled; in a source also at a finish) the process
 * group gets SIGTERM and SIGCONT, and SIGKILL after `grace`. A command that has not ended five seconds later is
 * given up: this process may not kill it, as a program that runs for another user, or the kernel cannot. It goes on, and its
 * exit status is not taken. If the cancel or the deadline came before, the command is
 * not started. The end is that of the command itself: a process that it leaves behind with its outputs open delays
 * the call by `linger`. weir_pipeline_finish waits for a command that a cancel ends, as long as its `grace` and a second
 * more, if the `grace` of the pipeline ends before.
 *
 * The command has no descriptors but its three standard streams. On systems other than Linux without
 * posix_spawn_file_actions_addclosefrom_np it also has what the program has opened without O_CLOEXEC. The signal mask
 * is that of weir_signals_original; SIGPIPE, SIGTERM, SIGCHLD, SIGXCPU and SIGXFSZ are not ignored.
 *
 * The program must not ignore SIGCHLD and must not wait for any child (waitpid with -1), or the exit status may be
 * lost. The call itself waits for its own child only.
 *
 * `*result` is filled after each call, successful or not, and is freed by weir_command_result_free. NULL discards it: a
 * standard output that would be kept is then /dev/null, if the system has it. Some programs look for that, as grep
 * does, and no process left behind is waited for that has only this output open.
 * After any return no descriptor is left, and the process has ended and is reaped, unless `goes_on`: then it
 * is not reaped, and once it ends it is a zombie until this process ends. Thread-safe; no cancellation point.
 *
 * Returns 0 if the exit status is 0, otherwise
 *   1 to 255                      the exit status
 *   WEIR_CODE_SIGNAL(signal)      if a signal has killed it
 *   WEIR_CODE_NOT_RUN(error)      if it could not be run, as for a program that does not exist
 *   WEIR_CODE(WEIR_TIMEDOUT)      if timed_out, regardless of its exit status
 *   WEIR_CODE(WEIR_CANCELLED)     if cancelled, regardless of its exit status
 *   WEIR_CODE(WEIR_BUSY)          if goes_on, regardless of timed_out and cancelled
 *   WEIR_CODE(WEIR_NOMEM)         if there is no memory for its output, which is cut, or for the call
 *   WEIR_CODE(WEIR_FAILED)        if another part of the program has taken its exit status
 *   WEIR_CODE(WEIR_INVALID)       if `command` or `argv` is NULL, or without a program, `input` is NULL with a size,
 *                                 oom_score_adj is not from 0 to 1000, or a reserved member is not NULL
 */
WEIR_API int weir_command_run(weir_task *task, const weir_command *command, weir_command_result *result);

/* Frees the outputs of a result and empties it. NULL and an empty result do nothing. Never blocks. */
WEIR_API void weir_command_result_free(weir_command_result *result);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_COMMAND_H */
