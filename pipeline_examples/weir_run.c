/*
 * weir_run.c - runs a command for each argument, several at once, as GNU parallel does: weir_command_run in a stage.
 *
 *     arguments or lines -> run (N threads; attempts) -> print (one thread)
 *
 * The outputs of a job are kept until it has ended and are written whole. A failed job is an item like any other, so
 * that --keep-order also holds for it. The first Ctrl-C lets running jobs end, the second one kills them. The exit
 * status is the number of failed jobs; 101 if more than 100 have failed.
 *
 *     $ weir_run -j2 --timeout 10 --joblog log -- convert {} {.}.png ::: a.jpg b.jpg
 *     weir-run: 2 jobs done, 0 failed, 0 skipped, 0 attempts repeated, 0.4 s
 *
 * In each word of the command {} is the argument, {.} without its extension, {/} its last component, {//} its folder,
 * {/.} the last component without extension, {#} the number of the job. Without any of them, the argument is the last
 * word. Without :::, each line of standard input is an argument; with -0 they end with a zero byte.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* getopt_long */
#include <weir.h>

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FAILURE = 255, MOST_FAILED = 100, NO_SUCH_COMMAND = 127, MOST_JOBS = 1 << 30 };
static const size_t most_output = (size_t)1 << 28; /* bytes of each output of a job */

struct job {
    size_t number; /* from 1 */
    char *arg, **words;
    double started; /* seconds of the epoch */
    weir_command_result result;
    int code;
};

struct jobs {
    unsigned threads, attempts;
    double timeout; /* seconds; 0: none */
    bool keep_order, resume;
    bool hangs_up; /* SIGHUP is not ignored */
    const char *log_name;
    char **command, **args; /* args: NULL if standard input has them */
    int delimiter;
    FILE *log;
    char *is_done; /* by number; from the log */
    size_t known;  /* numbers in is_done */
    size_t number; /* of the last job that the source has seen */
    size_t done, failed, skipped;
};

/* ---- jobs ---- */

static void free_job(void *item, void *unused) {
    struct job *job = item;
    (void)unused;
    for (char **word = job->words; word != NULL && *word != NULL; word++)
        free(*word);
    free(job->words);
    free(job->arg);
    weir_command_result_free(&job->result);
    free(job);
}

/* Writes what stands for the replacement string at the beginning of `text`. Returns its length; 0: there is none. */
static size_t replace(const char *text, const struct job *job, FILE *to) {
    const char *slash = strrchr(job->arg, '/'), *base = slash != NULL ? slash + 1 : job->arg, *dot = strrchr(base, '.');
    int length = (int)strlen(job->arg), stem = dot != NULL ? (int)(dot - job->arg) : length;
    int skipped = (int)(base - job->arg);
    if (strncmp(text, "{}", 2) == 0)
        return fputs(job->arg, to) < 0 ? 0 : 2;
    if (strncmp(text, "{.}", 3) == 0)
        return fprintf(to, "%.*s", stem, job->arg) < 0 ? 0 : 3;
    if (strncmp(text, "{/}", 3) == 0)
        return fputs(base, to) < 0 ? 0 : 3;
    if (strncmp(text, "{#}", 3) == 0)
        return fprintf(to, "%zu", job->number) < 0 ? 0 : 3;
    if (strncmp(text, "{/.}", 4) == 0)
        return fprintf(to, "%.*s", stem - skipped, base) < 0 ? 0 : 4;
    if (strncmp(text, "{//}", 4) == 0)
        return fprintf(to, "%.*s", skipped > 1 ? skipped - 1 : 1, slash != NULL ? job->arg : ".") < 0 ? 0 : 4;
    return 0;
}

/* Returns a word of the command for this job, and whether it had a replacement string; NULL if out of memory. */
static char *expand(const char *word, const struct job *job, bool *replaced) {
    char *text = NULL;
    size_t size, length;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    for (; *word != '\0'; word += length > 0 ? length : 1) {
        length = *word == '{' ? replace(word, job, to) : 0;
        *replaced = *replaced || length > 0;
        if (length == 0)
            fputc(*word, to);
    }
    return fclose(to) == 0 ? text : NULL;
}

/* Makes the words of the job's command. Returns false if out of memory. */
static bool make_words(struct job *job, char *const *command) {
    size_t count = 0;
    bool replaced = false;
    while (command[count] != NULL)
        count++;
    job->words = calloc(count + 2, sizeof *job->words);
    if (job->words == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if ((job->words[i] = expand(command[i], job, &replaced)) == NULL)
            return false;
    return replaced || (job->words[count] = strdup(job->arg)) != NULL;
}

/* Takes over the argument. Returns NULL if out of memory. */
static struct job *new_job(const struct jobs *jobs, char *arg) {
    struct job *job = arg != NULL ? calloc(1, sizeof *job) : NULL;
    if (job == NULL) {
        free(arg);
        return NULL;
    }
    job->number = jobs->number;
    job->arg = arg;
    if (make_words(job, jobs->command))
        return job;
    free_job(job, NULL);
    return NULL;
}

/* ---- source ---- */

/* Returns the next line of standard input; NULL if none. Reads no byte ahead, so that the poll tells of each line. */
static char *read_line(weir_task *task, int delimiter) {
    char *line = NULL;
    size_t room = 0;
    if (weir_task_poll(task, STDIN_FILENO, POLLIN, WEIR_NEVER) != WEIR_OK)
        return NULL;
    ssize_t length = getdelim(&line, &room, delimiter, stdin);
    if (length > 0 && line[length - 1] == (char)delimiter)
        line[length - 1] = '\0';
    if (length > 0)
        return line;
    free(line);
    return NULL;
}

/* Stores the next argument; NULL at the end, or once no more are wanted. Returns 0 or the code of a failure. */
static int next_arg(weir_task *task, struct jobs *jobs, char **arg) {
    bool at_end = jobs->args != NULL && *jobs->args == NULL;
    *arg = at_end ? NULL : jobs->args != NULL ? strdup(*jobs->args++) : read_line(task, jobs->delimiter);
    if (*arg != NULL || at_end || weir_task_cancelled(task))
        return 0;
    if (jobs->args != NULL)
        return weir_task_fail(task, 1, "no memory");
    return feof(stdin) ? 0 : weir_task_fail(task, 1, "standard input cannot be read");
}

static int next_job(weir_task *task, void *none, void *raw) {
    struct jobs *jobs = raw;
    char *arg;
    (void)none;
    int code = next_arg(task, jobs, &arg);
    if (code != 0 || arg == NULL)
        return code != 0 ? code : WEIR_END;
    jobs->number++;
    if (jobs->number < jobs->known && jobs->is_done[jobs->number]) {
        jobs->skipped++;
        free(arg);
        return 0;
    }
    struct job *job = new_job(jobs, arg);
    if (job == NULL)
        return weir_task_fail(task, 1, "no memory");
    weir_task_emit(task, job);
    return 0;
}

/* ---- run ---- */

/* A failed job is tried again, and passes on as it is after its last attempt. */
static int run_job(weir_task *task, void *item, void *raw) {
    const struct jobs *jobs = raw;
    struct job *job = item;
    const weir_command command = {.argv = (const char *const *)job->words,
                                  .most_output = most_output,
                                  .timeout = (uint64_t)(jobs->timeout * 1e9)};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    job->started = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    weir_command_result_free(&job->result);
    job->code = weir_command_run(task, &command, &job->result);
    if (job->result.cancelled || (job->code != 0 && weir_task_attempt(task) < jobs->attempts))
        return job->code;
    weir_task_emit(task, job);
    return 0;
}

/* ---- print ---- */

/* The columns of GNU parallel: Seq Host Starttime JobRuntime Send Receive Exitval Signal Command. */
static void write_log(FILE *log, const struct job *job, bool failed) {
    int status = job->result.has_run ? job->result.exit_status : NO_SUCH_COMMAND;
    if (failed && status == 0 && job->result.signal == 0)
        status = -1; /* it has ended well after its time, or its output is cut: a resumed run repeats it */
    (void)fprintf(log, "%zu\t:\t%.3f\t%10.3f\t0\t%ju\t%d\t%d\t", job->number, job->started,
                  (double)job->result.time / 1e9, (uintmax_t)job->result.out.total, status, job->result.signal);
    for (char *const *word = job->words; *word != NULL; word++) {
        for (const char *c = *word; *c != '\0'; c++)
            (void)fputc(*c == '\n' || *c == '\t' ? ' ' : *c, log);
        (void)fputc(word[1] != NULL ? ' ' : '\n', log);
    }
    (void)fflush(log);
}

static bool write_output(const weir_command_output *output, FILE *to) {
    return fwrite(output->text != NULL ? output->text : "", 1, output->kept, to) == output->kept && fflush(to) == 0;
}

static int print_job(weir_task *task, void *item, void *raw) {
    struct jobs *jobs = raw;
    struct job *job = item;
    const weir_command_result *result = &job->result;
    bool cut = result->out.total > result->out.kept || result->err.total > result->err.kept;
    bool written = write_output(&result->out, stdout) && write_output(&result->err, stderr);
    if (!written)
        return weir_task_fail(task, 1, "job %zu: its output cannot be written", job->number);
    if (job->code != 0 || cut)
        (void)fprintf(stderr, "weir-run: job %zu: %s\n", job->number, cut ? "more output than kept" : result->message);
    jobs->failed += job->code != 0 || cut;
    jobs->done += job->code == 0 && !cut;
    if (jobs->log != NULL)
        write_log(jobs->log, job, job->code != 0 || cut);
    free_job(job, NULL);
    return 0;
}

/* ---- the log ---- */

/* Remembers the jobs that the log has with exit status 0, and whether it is cut. Returns false if out of memory. */
static bool read_log(struct jobs *jobs, FILE *log, bool *cut) {
    char *line = NULL;
    size_t room = 0, number;
    ssize_t length;
    int status, signal;
    bool enough = true;
    while (enough && (length = getline(&line, &room, log)) > 0) {
        *cut = line[length - 1] != '\n';
        if (sscanf(line, "%zu\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%d\t%d", &number, &status, &signal) != 3 ||
            number > MOST_JOBS)
            continue;
        if (number >= jobs->known) {
            char *more = realloc(jobs->is_done, number * 2 + 1);
            if ((enough = more != NULL)) {
                memset(more + jobs->known, 0, number * 2 + 1 - jobs->known);
                jobs->is_done = more;
                jobs->known = number * 2 + 1;
            }
        }
        if (enough)
            jobs->is_done[number] = status == 0 && signal == 0;
    }
    free(line);
    return enough;
}

/* Opens the log, at its end if the run is resumed. Returns false, after a message, if that fails. */
static bool open_log(struct jobs *jobs) {
    FILE *before = jobs->resume ? fopen(jobs->log_name, "r") : NULL;
    bool cut = false, fine = before == NULL || read_log(jobs, before, &cut);
    if (before != NULL)
        (void)fclose(before);
    jobs->log = fine ? fopen(jobs->log_name, jobs->resume ? "a" : "w") : NULL;
    if (jobs->log != NULL && before == NULL)
        (void)fputs("Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n", jobs->log);
    if (jobs->log != NULL && cut)
        (void)fputc('\n', jobs->log); /* the last run was ended while it wrote a line */
    if (jobs->log == NULL)
        perror(jobs->log_name);
    return jobs->log != NULL;
}

/* ---- the run ---- */

static void say(const struct jobs *jobs, const weir_report *report) {
    for (size_t i = 0; i < report->kept_errors; i++)
        if (report->errors[i].fatal)
            (void)fprintf(stderr, "weir-run: %s\n", report->errors[i].message);
    (void)fprintf(stderr, "weir-run: %zu jobs done, %zu failed, %zu skipped, %ju attempts repeated, %.1f s\n",
                  jobs->done, jobs->failed, jobs->skipped, (uintmax_t)report->retried, (double)report->elapsed / 1e9);
}

static int run(struct jobs *jobs) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const size_t waited = jobs->hangs_up ? 3 : 2;
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    weir_stage_options source = {.name = "args", .work.source = next_job, .work.arg = jobs, .threads.count = 1};
    weir_stage_options runs = {.name = "run", .work.run = run_job, .work.arg = jobs, .threads.count = jobs->threads};
    weir_stage_options prints = {
        .name = "print", .work.run = print_job, .work.arg = jobs, .threads.count = 1, .input.drop = free_job};
    weir_stage *stages[3] = {NULL};
    runs.output.ordered = jobs->keep_order;
    runs.input.capacity = 1; /* jobs that wait run even after Ctrl-C */
    runs.input.drop = free_job;
    runs.errors.retry.attempts = jobs->attempts;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, &stages[0], &source);
    weir_pipeline_add(pipeline, &stages[1], &runs);
    weir_pipeline_add(pipeline, &stages[2], &prints);
    weir_pipeline_connect(pipeline, stages[0], stages[1]);
    weir_pipeline_connect(pipeline, stages[1], stages[2]);
    if (weir_pipeline_start(pipeline) != WEIR_OK ||
        weir_pipeline_end_on(pipeline, signals, waited, WEIR_NEVER) != WEIR_OK) {
        (void)fprintf(stderr, "weir-run: %s\n", weir_pipeline_message(pipeline));
        weir_pipeline_cancel(pipeline);
    } else if (isatty(STDERR_FILENO)) {
        weir_pipeline_show(pipeline, stderr, 0);
    }
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    int stopped = report != NULL && report->signal != 0 ? 128 + report->signal : 0;
    if (report != NULL)
        say(jobs, report);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    if (stopped != 0 || status != WEIR_OK)
        return stopped != 0 ? stopped : FAILURE;
    return jobs->failed <= MOST_FAILED ? (int)jobs->failed : MOST_FAILED + 1;
}

/* ---- the command line ---- */

static void usage(void) {
    (void)fputs(
        "usage: weir_run [-j N] [-0] [--retries N] [--timeout SECONDS] [--joblog FILE] [--resume] [--keep-order]\n"
        "                [--] COMMAND [WORD...] [::: ARGUMENT...]\n",
        stderr);
    exit(FAILURE);
}

static unsigned positive(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value == 0 || value > 100000)
        usage();
    return (unsigned)value;
}

static double seconds(const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0' || !(value > 0 && value < 1e9))
        usage();
    return value;
}

static void read_options(struct jobs *jobs, int argc, char **argv) {
    static const struct option options[] = {
        {"jobs", required_argument, NULL, 'j'},    {"null", no_argument, NULL, '0'},
        {"retries", required_argument, NULL, 'r'}, {"timeout", required_argument, NULL, 't'},
        {"joblog", required_argument, NULL, 'l'},  {"resume", no_argument, NULL, 'c'},
        {"keep-order", no_argument, NULL, 'k'},    {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "+j:0k", options, NULL)) != -1) {
        switch (option) {
            case 'j':
                jobs->threads = positive(optarg);
                break;
            case '0':
                jobs->delimiter = '\0';
                break;
            case 'r':
                jobs->attempts = positive(optarg);
                break;
            case 't':
                jobs->timeout = seconds(optarg);
                break;
            case 'l':
                jobs->log_name = optarg;
                break;
            case 'c':
                jobs->resume = true;
                break;
            case 'k':
                jobs->keep_order = true;
                break;
            default:
                usage();
        }
    }
    jobs->command = argv + optind;
    for (char **word = jobs->command; *word != NULL && jobs->args == NULL; word++) {
        if (strcmp(*word, ":::") == 0) {
            *word = NULL;
            jobs->args = word + 1;
            break;
        }
    }
    if (jobs->command[0] == NULL || (jobs->resume && jobs->log_name == NULL))
        usage();
}

int main(int argc, char **argv) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct jobs jobs = {.threads = processors > 0 ? (unsigned)processors : 1, .attempts = 1, .delimiter = '\n'};
    struct sigaction hangup;
    sigset_t set;
    jobs.hangs_up = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN; /* nohup ignores it */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    if (jobs.hangs_up)
        sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* an error of the write instead */
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    read_options(&jobs, argc, argv);
    if (jobs.log_name != NULL && !open_log(&jobs))
        return FAILURE;
    int status = run(&jobs);
    if (jobs.log != NULL && fclose(jobs.log) != 0)
        perror(jobs.log_name);
    free(jobs.is_done);
    return status;
}
