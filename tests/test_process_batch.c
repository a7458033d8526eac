/*
 * test_process_batch.c - batches of items to one child: each item has its own result, failure, blame and deadline, whatever
 * becomes of the child.
 *
 * The program is its own child. An item is a text that says what the function does. Each call of the function leaves a
 * byte in a file: so a test sees that the function has run once for each item.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* setitimer */
#include "pipeline_support.h"
#include "process_support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/keeper.h"
#include "process/message.h"
#include "sync/channel.h"
#include "sync/child.h"

enum { MEGABYTE = 1 << 20, BATCH = 10 };

/* Names in the environment of children. */
#define CALLS "WEIR_TEST_CALLS" /* a file that gets a byte for each call of the function */
#define DOOR "WEIR_TEST_DOOR"   /* a file: its size lets items through */
#define LIE "WEIR_TEST_LIE"

/* ---- memory that fails ---- */

static atomic_size_t failing_size; /* the next allocation of at least this size fails; 0: none */

void *__real_weir__alloc(size_t size);
void *__wrap_weir__alloc(size_t size);
void *__wrap_weir__alloc(size_t size) {
    size_t least = atomic_load(&failing_size);
    if (least == 0 || size < least)
        return __real_weir__alloc(size);
    atomic_store(&failing_size, 0);
    return NULL;
}

/* ---- in a child ---- */

static void leave_byte(const char *name) {
    const char *path = getenv(name);
    int fd = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    if (path != NULL && write(fd, "c", 1) != 1)
        _exit(99);
    close(fd);
}

static void wait_for_bytes(const char *name, long count) {
    struct stat status;
    while (stat(getenv(name), &status) == 0 && status.st_size < count)
        usleep(1000);
}

static void answer_text(weir_process_payload *out, const char *text) {
    out->size = strlen(text);
    memcpy(out->data, text, out->size);
}

static void sleep_for(long milliseconds) {
    usleep((useconds_t)milliseconds * 1000);
}

/* Does what the word says. Returns the code of the function. */
static int act(const char *word, long number, weir_process_payload *out) {
    char text[32];
    if (strcmp(word, "signal") == 0)
        raise((int)number);
    else if (strcmp(word, "exit") == 0)
        exit((int)number);
    else if (strcmp(word, "fail") == 0)
        return weir_process_fail((int)number, "reason %ld", number);
    else if (strcmp(word, "size") == 0)
        out->size = (size_t)number;
    else if (strcmp(word, "sleep") == 0)
        sleep_for(number);
    else if (strcmp(word, "gate") == 0)
        wait_for_bytes(DOOR, number);
    else if (strcmp(word, "hang") == 0)
        sleep_for(2000 * (long)TEST_SECONDS);
    else if (strcmp(word, "pid") == 0) {
        snprintf(text, sizeof text, "%ld", (long)getpid());
        answer_text(out, text);
    } else if (strcmp(word, "large") == 0) {
        out->size = out->room;
        memset(out->data, 'l', out->room);
    }
    return 0;
}

static int obey(const void *in, size_t size, weir_process_payload *out, void *unused) {
    char word[32];
    long number = 0;
    (void)unused;
    leave_byte(CALLS);
    if (((uintptr_t)in | (uintptr_t)out->data) % 16 != 0)
        return weir_process_fail(16, "not aligned");
    char *text = calloc(1, size + 1);
    memcpy(text, in, size);
    int found = sscanf(text, "do %31[a-z]:%ld", word, &number);
    if (found <= 0) {
        out->size = size;
        memcpy(out->data, in, size);
    }
    free(text);
    return found > 0 ? act(word, number, out) : 0;
}

/* This child dies after a random time, wherever it is then. */
static weir_status init_doomed(void *arg, void **state) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const struct itimerval timer = {.it_value = {.tv_usec = 1 + (now.tv_nsec / 1000 + getpid()) % 3000}};
    *state = arg;
    setitimer(ITIMER_REAL, &timer, NULL);
    return WEIR_OK;
}

static weir_status init_slowly(void *arg, void **state) {
    *state = arg;
    sleep_for(500);
    return WEIR_OK;
}

static const weir_process_entry table[] = {
    {.name = "slow", .func = obey, .init = init_slowly},
    {.name = "obey", .func = obey},
    {.name = "doomed", .func = obey, .init = init_doomed},
    {.name = "liar", .func = obey},
    {.name = NULL},
};

/* ---- a child that answers batches, and may lie about one thing ---- */

enum lie {
    HONEST,
    DONE_BEYOND,      /* the answers behind the true ones are empty memory */
    SIZE_BEYOND,      /* of the first answer */
    REASON_TOO_LONG,  /* of the first answer */
    WAITS_UNANSWERED, /* says that it waits, and has answered nothing */
    WRONG_NUMBER,     /* in the message */
    BEGUN_BEYOND,     /* and dies */
    BEGUN_LATER,      /* has begun in the future, and hangs */
    HANGS_AFTER_ALL,  /* no lie: it has answered, and says nothing */
    DIES_BETWEEN,     /* no lie: after an answer, before it begins the next item */
    LIES,
    FILLS_ALL /* its answers leave no room for further answers, and it says that all items are done */
};

static void tell(uint32_t number, uint32_t count) {
    const weir__head head = {.number = number, .count = count};
    if (weir__channel_send(WEIR__CHILD_SOCKET, &head, sizeof head) != 0)
        _exit(98);
}

/* Writes an answer of five bytes for each item, and lies about the first. */
static void answer_as(enum lie lie, weir__page *page, const weir__head *asked, unsigned char *results) {
    for (uint32_t i = 0; i < asked->count; i++) {
        weir__head head = {.size = 5};
        if (i == 0 && lie == SIZE_BEYOND)
            head.size = UINT64_MAX - sizeof head;
        if (i == 0 && lie == REASON_TOO_LONG)
            head = (weir__head){.size = WEIR__REASON, .code = 1};
        weir__u32_store_relaxed(&page->begun_at, UINT32_MAX / 2);
        weir__u32_store_release(&page->begun, asked->number + i + (lie == BEGUN_BEYOND ? 1000 : 0));
        if (lie == BEGUN_BEYOND)
            raise(SIGKILL);
        if (lie == BEGUN_LATER)
            sleep_for(2000 * (long)TEST_SECONDS);
        memcpy(results, &head, sizeof head);
        memcpy(results + sizeof head, "hello", 5);
        results += weir__room_for(5);
        if (lie != WAITS_UNANSWERED && lie != DONE_BEYOND)
            weir__u32_store_release(&page->done, asked->number + i);
        if (lie == DIES_BETWEEN)
            raise(SIGKILL);
    }
    if (lie == DONE_BEYOND)
        weir__u32_store_release(&page->done, asked->number + 100000);
}

/* Writes answers as large as may be up to the end of the results. */
static void fill_all(weir__page *page, const weir__head *asked, unsigned char *results) {
    size_t left = (size_t)page->span * WEIR__PAGE;
    while (left >= sizeof(weir__head)) {
        weir__head head = {.size = left - sizeof head < page->payload ? left - sizeof head : page->payload};
        memcpy(results, &head, sizeof head);
        results += weir__room_for((size_t)head.size);
        left -= weir__room_for((size_t)head.size);
    }
    weir__u32_store_release(&page->begun, asked->number + asked->count - 1);
    weir__u32_store_release(&page->done, asked->number + asked->count - 1);
}

static _Noreturn void be_liar(void) {
    static weir__message question;
    weir__shared shared;
    size_t size;
    enum lie lie = (enum lie)atoi(getenv(LIE));
    const weir__head ready = {.number = 0};
    if (!weir__shared_attach(&shared) || !weir__channel_bind("liar"))
        _exit(97);
    weir__page *page = (weir__page *)(void *)shared.bytes;
    unsigned char *results = shared.bytes + WEIR__PAGE + (size_t)page->span * WEIR__PAGE;
    weir__channel_send(WEIR__CHILD_SOCKET, &ready, sizeof ready);
    while (weir__channel_receive(WEIR__CHILD_SOCKET, &question, sizeof question, &size, true) == WEIR__RECEIVED) {
        if (lie == FILLS_ALL)
            fill_all(page, &question.head, results);
        else
            answer_as(lie, page, &question.head, results);
        if (lie == HANGS_AFTER_ALL)
            sleep_for(2000 * (long)TEST_SECONDS);
        tell(question.head.number + (lie == WRONG_NUMBER), 1);
    }
    _exit(0);
}

/* ---- support ---- */

struct job {
    char text[32];
    size_t size;     /* of what crosses, if it is more than the text */
    char result[32]; /* its begin */
    size_t result_size;
    atomic_uint done, dead, dropped;
    int code;
    char message[256];
    unsigned attempts;
};

static atomic_uint encodes, decodes;
static atomic_bool may_decode = true;

static int encode_job(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    const struct job *job = item;
    (void)unused;
    atomic_fetch_add(&encodes, 1);
    if (strcmp(job->text, "refused") == 0)
        return weir_task_fail(task, 66, "encode refuses");
    to->size = job->size > strlen(job->text) ? job->size : strlen(job->text);
    if (to->size <= to->room) {
        memset(to->data, 'x', to->size);
        memcpy(to->data, job->text, strlen(job->text));
    }
    return 0;
}

static int decode_job(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    struct job *job = item;
    (void)unused;
    atomic_fetch_add(&decodes, 1);
    while (!atomic_load(&may_decode))
        usleep(1000);
    if ((uintptr_t)from % 16 != 0)
        return weir_task_fail(task, 16, "not aligned");
    if (size >= 10 && memcmp(from, "indigested", 10) == 0)
        return weir_task_fail(task, 77, "decode refuses");
    if (strcmp(job->text, "leave") == 0)
        pthread_exit(NULL);
    if (strcmp(job->text, "open") == 0)
        leave_byte(DOOR);
    memcpy(job->result, from, size < sizeof job->result ? size : sizeof job->result - 1);
    job->result_size = size;
    atomic_fetch_add(&job->done, 1);
    weir_task_emit(task, job);
    return 0;
}

static void drop_job(void *item, void *unused) {
    (void)unused;
    atomic_fetch_add(&((struct job *)item)->dropped, 1);
}

static struct job job_of(const char *text) {
    struct job job = {.size = 0};
    snprintf(job.text, sizeof job.text, "%s", text);
    return job;
}

static void fill(struct job *jobs, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        jobs[i] = job_of(text);
}

struct run {
    weir_process process;
    weir_stage_options options;
    weir_pipeline *pipeline;
    weir_queue *dead, *results;
};

static struct run run_of(const char *function) {
    struct run run = {.process = {.function = function, .encode = encode_job, .decode = decode_job}};
    run.options.batch.items = BATCH;
    run.options.threads.count = 1;
    return run;
}

static void run_begin(struct run *run) {
    weir_stage_options *options = &run->options;
    run->dead = new_queue(WEIR_UNBOUNDED);
    run->results = new_queue(WEIR_UNBOUNDED);
    run->pipeline = new_pipeline(NULL);
    options->work.run_batch = weir_process_run_batch;
    use_process(options, &run->process);
    options->input.drop = drop_job;
    options->output.results = run->results;
    options->errors.on_error = WEIR_SKIP;
    options->errors.dead = run->dead;
}

static void run_add(struct run *run) {
    add_stage(run->pipeline, run->options);
    start_pipeline(run->pipeline);
}

static void run_start(struct run *run) {
    run_begin(run);
    run_add(run);
}

static void note_letter(const weir_dead_letter *letter) {
    struct job *job = letter->item;
    job->code = letter->code;
    job->attempts = letter->attempts;
    snprintf(job->message, sizeof job->message, "%s", letter->message);
    atomic_fetch_add(&job->dead, 1);
}

/* Ends the run. The results must be those jobs that are done, in the order of the array if there is one child. */
static void run_end(struct run *run, struct job *jobs, size_t count, weir_status wanted) {
    void *item, *last = NULL;
    size_t results = 0, done = 0;
    finish_and_destroy(run->pipeline, wanted);
    read_letters(run->dead, note_letter);
    while (weir_queue_get(run->results, &item) == WEIR_OK) {
        ck_assert(run->options.threads.count > 1 || run->options.errors.retry.attempts > 1 || item > last);
        last = item;
        results++;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned ended = atomic_load(&jobs[i].done) + atomic_load(&jobs[i].dead) + atomic_load(&jobs[i].dropped);
        ck_assert_msg(ended == 1, "job %zu has ended %u times", i, ended);
        done += atomic_load(&jobs[i].done);
    }
    ck_assert(wanted != WEIR_OK || results == done);
    assert_status(WEIR_OK, weir_queue_destroy(run->dead));
    assert_status(WEIR_OK, weir_queue_destroy(run->results));
    assert_no_children();
}

static void put_jobs(const struct run *run, struct job *jobs, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_status(WEIR_OK, weir_pipeline_put(run->pipeline, &jobs[i]));
}

static void run_jobs_until(struct run *run, struct job *jobs, size_t count, weir_status wanted) {
    run_start(run);
    put_jobs(run, jobs, count);
    run_end(run, jobs, count, wanted);
}

static void run_jobs(struct run *run, struct job *jobs, size_t count) {
    run_jobs_until(run, jobs, count, WEIR_OK);
}

static void assert_done(const struct job *job) {
    ck_assert_msg(atomic_load(&job->done) == 1, "%s: %d, %s", job->text, job->code, job->message);
}

static void assert_dead(const struct job *job, int code, const char *message) {
    ck_assert_msg(atomic_load(&job->dead) == 1 && job->code == code, "%s: %d: %s", job->text, job->code, job->message);
    ck_assert_str_eq(job->message, message);
}

/* A file that counts the calls of the function. */
static char calls_path[32];

static void count_calls(void) {
    strcpy(calls_path, "/tmp/weir-calls-XXXXXX");
    int fd = mkstemp(calls_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    setenv(CALLS, calls_path, 1);
}

static size_t calls_counted(void) {
    struct stat status;
    ck_assert_int_eq(stat(calls_path, &status), 0);
    unlink(calls_path);
    unsetenv(CALLS);
    return (size_t)status.st_size;
}

/* ---- a kill that comes late ---- */

static atomic_bool kill_is_slow, kill_fails; /* the next one */
static atomic_int unkillable;                /* the child that was not killed */
static atomic_int failing_memories;          /* the next ones */

int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags) {
    bool failed = atomic_load(&failing_memories) > 0 && atomic_fetch_sub(&failing_memories, 1) > 0;
    errno = EMFILE;
    return failed ? -1 : __real_memfd_create(name, flags);
}

void __real_weir__child_kill(const weir__child *child);
void __wrap_weir__child_kill(const weir__child *child);
void __wrap_weir__child_kill(const weir__child *child) {
    bool slow = atomic_exchange(&kill_is_slow, false);
    if (atomic_exchange(&kill_fails, false)) {
        atomic_store(&unkillable, child->pid);
        return;
    }
    if (slow) {
        leave_byte(DOOR);
        wait_for_bytes(CALLS, 2);
    }
    __real_weir__child_kill(child);
    if (slow)
        leave_byte(DOOR);
}

/* ---- a child that always has said something ---- */

static atomic_bool flooded;

weir__heard __real_weir__keeper_listen(weir__keeper *keeper, uint64_t deadline);
weir__heard __wrap_weir__keeper_listen(weir__keeper *keeper, uint64_t deadline);
weir__heard __wrap_weir__keeper_listen(weir__keeper *keeper, uint64_t deadline) {
    weir__heard heard = __real_weir__keeper_listen(keeper, deadline);
    if ((heard != WEIR__HEARD_NOTHING && heard != WEIR__HEARD_CANCEL) || !atomic_load(&flooded))
        return heard; /* a message that has come is heard before a cancel (R3) */
    keeper->answer.head = (weir__head){.number = keeper->number};
    keeper->received = sizeof keeper->answer.head;
    return WEIR__HEARD_MESSAGE;
}

/* ---- what crosses ---- */

START_TEST (a_batch_crosses_in_order) {
    enum { ITEMS = 5 * 1000 };
    static struct job jobs[ITEMS];
    struct run run = run_of("obey");
    run.options.batch.items = (size_t[]){1, 7, 1000, 5000}[_i];
    fill(jobs, ITEMS, "");
    for (size_t i = 0; i < ITEMS; i++)
        snprintf(jobs[i].text, sizeof jobs[i].text, "%zu", i);
    run_jobs(&run, jobs, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_done(&jobs[i]);
        ck_assert_str_eq(jobs[i].result, jobs[i].text);
    }
}
END_TEST

/* Items and results of all sizes, which need several questions. */
START_TEST (items_and_results_of_all_sizes_cross) {
    static const size_t sizes[] = {0, 1, 16, 17, WEIR_PROCESS_MESSAGE, WEIR_PROCESS_MESSAGE + 1, 100000, MEGABYTE};
    struct job jobs[4 * COUNT_OF(sizes)];
    struct run run = run_of("obey");
    run.process.payload = MEGABYTE;
    run.options.batch.items = COUNT_OF(jobs);
    count_calls();
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        jobs[i] = job_of(i % 4 == 3 ? "do large:" : "");
        jobs[i].size = i % 4 == 3 ? 0 : sizes[i / 4];
    }
    run_jobs(&run, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        assert_done(&jobs[i]);
        ck_assert_uint_eq(jobs[i].result_size, i % 4 == 3 ? MEGABYTE : sizes[i / 4]);
    }
    ck_assert_uint_eq(calls_counted(), COUNT_OF(jobs));
}
END_TEST

START_TEST (what_fails_fails_alone) {
    struct job jobs[] = {job_of("a"), job_of("do fail:5"),       job_of("refused"),  job_of("b"), job_of("indigested"),
                         job_of("c"), job_of("do size:1000000"), job_of("too much"), job_of("d")};
    struct run run = run_of("obey");
    jobs[7].size = WEIR_PROCESS_MESSAGE + 1;
    count_calls();
    run_jobs(&run, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        if (strlen(jobs[i].text) == 1)
            assert_done(&jobs[i]);
    assert_dead(&jobs[1], 5, "reason 5");
    assert_dead(&jobs[2], 66, "encode refuses");
    assert_dead(&jobs[4], 77, "decode refuses");
    assert_dead(&jobs[6], WEIR_CODE(WEIR_INVALID), "its result has 1000000 bytes, and there is room for 16384");
    assert_dead(&jobs[7], WEIR_CODE(WEIR_INVALID), "obey: an item of 16385 bytes, and there is room for 16384");
    ck_assert_uint_eq(calls_counted(), COUNT_OF(jobs) - 2);
}
END_TEST

/* The items that were consumed before are not dropped: each has one end. */
START_TEST (a_decode_that_ends_its_thread_drops_no_consumed_item) {
    struct job jobs[BATCH];
    struct run run = run_of("obey");
    fill(jobs, BATCH, "x");
    jobs[1] = job_of("do fail:5");
    jobs[4] = job_of("leave");
    run_jobs_until(&run, jobs, BATCH, WEIR_FAILED);
    for (size_t i = 0; i < BATCH; i++)
        ck_assert_uint_eq(atomic_load(&jobs[i].done), i < 4 && i != 1);
}
END_TEST

/* ---- ends of a child ---- */

/* The innocents before and behind have one attempt, in which the function runs once. */
START_TEST (only_the_item_in_work_is_blamed) {
    static const struct {
        const char *text, *message;
        int code;
    } ends[] = {{"do signal:9", "obey: killed by SIGKILL", WEIR_CODE_SIGNAL(SIGKILL)},
                {"do exit:3", "obey: exit status 3", WEIR_CODE_EXIT(3)},
                {"do signal:15", "obey: killed by SIGTERM", WEIR_CODE_SIGNAL(SIGTERM)}};
    enum { ITEMS = 2 * BATCH };
    struct job jobs[ITEMS];
    struct run run = run_of("obey");
    run.options.batch.items = ITEMS;
    run.options.errors.retry.attempts = _i == 0 ? 1 : 3;
    count_calls();
    atomic_store(&encodes, 0);
    for (size_t i = 0; i < ITEMS; i++)
        jobs[i] = job_of(i % 5 == 0 || i == 6 ? ends[i % 3].text : "innocent");
    run_jobs(&run, jobs, ITEMS);
    size_t guilty = 0, attempts = run.options.errors.retry.attempts;
    for (size_t i = 0; i < ITEMS; i++) {
        bool blamed = i % 5 == 0 || i == 6;
        guilty += blamed;
        if (!blamed)
            assert_done(&jobs[i]);
        else
            assert_dead(&jobs[i], ends[i % 3].code, ends[i % 3].message);
        ck_assert(!blamed || jobs[i].attempts == attempts);
    }
    ck_assert_uint_eq(calls_counted(), ITEMS - guilty + guilty * attempts);
    ck_assert_uint_eq(atomic_load(&encodes), ITEMS - guilty + guilty * attempts);
}
END_TEST

START_TEST (a_child_is_replaced_within_a_batch) {
    struct job jobs[BATCH];
    struct run run = run_of("obey");
    run.process.most_items = 3;
    fill(jobs, BATCH, "do pid:");
    run_jobs(&run, jobs, BATCH);
    for (size_t i = 1; i < BATCH; i++)
        ck_assert((strcmp(jobs[i].result, jobs[i - 1].result) == 0) == (i % 3 != 0));
}
END_TEST

/* ---- deadlines and cancels ---- */

START_TEST (a_hang_ends_at_the_deadline_of_its_item) {
    struct job jobs[BATCH];
    struct run run = run_of("obey");
    run.options.errors.attempt_time = 3 * SECONDS;
    fill(jobs, BATCH, "innocent");
    jobs[0] = jobs[5] = job_of("do hang:");
    jobs[7] = job_of("do signal:19");
    run_jobs(&run, jobs, BATCH);
    for (size_t i = 0; i < BATCH; i++) {
        if (i == 0 || i == 5 || i == 7)
            assert_dead(&jobs[i], WEIR_CODE(WEIR_TIMEDOUT), "obey: killed at the deadline");
        else
            assert_done(&jobs[i]);
    }
}
END_TEST

/* Between the deadline of the first item and the kill, the child ends it and begins the second one. */
START_TEST (a_late_kill_blames_no_other_item) {
    struct job jobs[] = {job_of("do gate:1"), job_of("do gate:2"), job_of("innocent")};
    char gate[] = "/tmp/weir-gate-XXXXXX";
    struct run run = run_of("obey");
    run.options.batch.items = COUNT_OF(jobs);
    run.options.errors.attempt_time = 3 * SECONDS;
    close(mkstemp(gate));
    setenv(DOOR, gate, 1);
    count_calls();
    atomic_store(&kill_is_slow, true);
    run_jobs(&run, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        assert_done(&jobs[i]);
    ck_assert_uint_eq(calls_counted(), COUNT_OF(jobs) + 1);
    unlink(gate);
}
END_TEST

/* A quick item is decoded while the item behind it is in work, which here waits for that. */
START_TEST (a_result_does_not_wait_for_the_next_item) {
    enum { PAIRS = 5 };
    struct job jobs[2 * PAIRS];
    char gate[] = "/tmp/weir-gate-XXXXXX";
    struct run run = run_of("obey");
    run.options.batch.items = COUNT_OF(jobs);
    run.options.errors.attempt_time = _i == 0 ? 0 : 10 * SECONDS;
    close(mkstemp(gate));
    setenv(DOOR, gate, 1);
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        jobs[i] = job_of("open");
        if (i % 2 == 1)
            snprintf(jobs[i].text, sizeof jobs[i].text, "do gate:%zu", i / 2 + 1);
    }
    run_jobs(&run, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        assert_done(&jobs[i]);
    unlink(gate);
}
END_TEST

/* The next child has memory of its own, with the items that have not begun. It dies once weir leaves it. */
START_TEST (an_unkillable_child_costs_its_item_alone) {
    struct job jobs[] = {job_of("do hang:"), job_of("one"), job_of("two")};
    struct run run = run_of("obey");
    run.options.batch.items = COUNT_OF(jobs);
    run.options.errors.attempt_time = 3 * SECONDS;
    atomic_store(&kill_fails, true);
    run_start(&run);
    atomic_store(&failing_memories, 3); /* the next child gets other memory, and its start is tried again */
    put_jobs(&run, jobs, COUNT_OF(jobs));
    wait_for_count(&jobs[2].done, 1);
    ck_assert_int_eq(atomic_load(&failing_memories), 0);
    ck_assert_int_eq(waitpid(atomic_load(&unkillable), NULL, 0), atomic_load(&unkillable));
    run_end(&run, jobs, COUNT_OF(jobs), WEIR_OK);
    assert_dead(&jobs[0], WEIR_CODE(WEIR_TIMEDOUT), "obey: killed at the deadline");
    ck_assert_str_eq(jobs[1].result, "one");
    ck_assert_str_eq(jobs[2].result, "two");
}
END_TEST

START_TEST (messages_do_not_delay_the_deadline) {
    struct job jobs[] = {job_of("do hang:"), job_of("innocent")};
    struct run run = run_of("obey");
    run.options.errors.attempt_time = 3 * SECONDS;
    atomic_store(&flooded, true);
    run_jobs(&run, jobs, COUNT_OF(jobs));
    atomic_store(&flooded, false);
    assert_dead(&jobs[0], WEIR_CODE(WEIR_TIMEDOUT), "obey: killed at the deadline");
    assert_done(&jobs[1]);
}
END_TEST

/* The child is kept: the items behind the first wait for it anew. */
START_TEST (a_slow_start_costs_an_item_its_attempt_alone) {
    struct job jobs[4 * BATCH];
    struct run run = run_of("slow");
    run.options.batch.items = COUNT_OF(jobs);
    run.options.errors.attempt_time = 200 * MILLISECONDS;
    fill(jobs, COUNT_OF(jobs), "x");
    run_jobs(&run, jobs, COUNT_OF(jobs));
    assert_dead(&jobs[0], WEIR_CODE(WEIR_TIMEDOUT), "slow: not ready at the deadline");
    assert_done(&jobs[COUNT_OF(jobs) - 1]); /* eight seconds later */
}
END_TEST

/* All together they take longer than the limit of one. */
START_TEST (the_deadline_counts_from_the_begin_of_each_item) {
    struct job jobs[2 * BATCH];
    struct run run = run_of("obey");
    run.options.batch.items = COUNT_OF(jobs);
    run.options.errors.attempt_time = 2 * SECONDS;
    fill(jobs, COUNT_OF(jobs), "do sleep:150");
    run_jobs(&run, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        assert_done(&jobs[i]);
}
END_TEST

/* The first results are there before the batch ends, and count in spite of the cancel. */
START_TEST (a_cancel_ends_a_batch) {
    struct job jobs[5];
    struct run run = run_of("obey");
    run.options.batch.items = COUNT_OF(jobs);
    fill(jobs, COUNT_OF(jobs), "first");
    jobs[1] = job_of("do sleep:20");
    jobs[3] = job_of("do hang:");
    run_start(&run);
    put_jobs(&run, jobs, COUNT_OF(jobs));
    wait_for_count(&jobs[1].done, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    run_end(&run, jobs, COUNT_OF(jobs), WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&jobs[0].done), 1);
    ck_assert_uint_eq(atomic_load(&jobs[3].dropped), 1);
    ck_assert_uint_eq(atomic_load(&jobs[4].dropped), 1);
}
END_TEST

/* Without a limit for an attempt nothing else ends it. */
START_TEST (messages_do_not_delay_a_cancel) {
    struct job jobs[] = {job_of("first"), job_of("do hang:")};
    struct run run = run_of("obey");
    run.options.batch.items = COUNT_OF(jobs);
    atomic_store(&flooded, true);
    run_start(&run);
    put_jobs(&run, jobs, COUNT_OF(jobs));
    wait_for_count(&jobs[0].done, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    run_end(&run, jobs, COUNT_OF(jobs), WEIR_CANCELLED);
    atomic_store(&flooded, false);
    ck_assert_uint_eq(atomic_load(&jobs[0].done), 1);
    ck_assert_uint_eq(atomic_load(&jobs[1].dropped), 1);
}
END_TEST

/* All results are there when it comes. */
START_TEST (a_cancel_ends_the_decoding_of_a_batch) {
    struct job jobs[BATCH];
    struct run run = run_of("obey");
    count_calls();
    fill(jobs, BATCH, "x");
    atomic_store(&decodes, 0);
    atomic_store(&may_decode, false);
    run_start(&run);
    put_jobs(&run, jobs, BATCH);
    wait_for_count(&decodes, 1);
    wait_for_bytes(CALLS, BATCH);
    assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    atomic_store(&may_decode, true);
    run_end(&run, jobs, BATCH, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&decodes), 1);
    ck_assert_uint_eq(calls_counted(), BATCH);
}
END_TEST

/* ---- lies ---- */

/* A lie costs its item the attempt at most, never another one, and never the parent. */
START_TEST (lies_about_a_batch_are_found) {
    struct job jobs[BATCH];
    struct run run = run_of("liar");
    char text[16];
    snprintf(text, sizeof text, "%d", _i);
    setenv(LIE, text, 1);
    run.options.errors.attempt_time = _i == BEGUN_LATER || _i == HANGS_AFTER_ALL ? SECONDS : 0;
    fill(jobs, BATCH, "x");
    run_jobs(&run, jobs, BATCH);
    for (size_t i = 0; i < BATCH; i++) {
        if (_i == HONEST)
            ck_assert_str_eq(jobs[i].result, "hello");
        else if (_i == BEGUN_BEYOND)
            assert_dead(&jobs[i], WEIR_CODE_SIGNAL(SIGKILL), "liar: killed by SIGKILL");
        else if (_i == BEGUN_LATER)
            assert_dead(&jobs[i], WEIR_CODE(WEIR_TIMEDOUT), "liar: killed at the deadline");
        else if (_i == WRONG_NUMBER || _i == HANGS_AFTER_ALL || _i == DIES_BETWEEN) /* its answers are there */
            assert_done(&jobs[i]);
        else
            assert_dead(&jobs[i], WEIR_CODE(WEIR_FAILED), "liar: its answer makes no sense");
    }
}
END_TEST

/* Three answers have room. The parent reads no byte behind them. */
START_TEST (an_answer_behind_the_end_of_the_memory_is_none) {
    static const size_t sizes[] = {60000, 60000, 10976};
    struct job jobs[BATCH];
    struct run run = run_of("liar");
    char text[16];
    snprintf(text, sizeof text, "%d", FILLS_ALL);
    setenv(LIE, text, 1);
    run.process.payload = sizes[0];
    fill(jobs, BATCH, "x");
    run_jobs(&run, jobs, BATCH);
    for (size_t i = 0; i < BATCH; i++) {
        if (i % 4 == 3) {
            assert_dead(&jobs[i], WEIR_CODE(WEIR_FAILED), "liar: its answer makes no sense");
            continue;
        }
        assert_done(&jobs[i]);
        ck_assert_uint_eq(jobs[i].result_size, sizes[i % 4]);
    }
}
END_TEST

/* ---- random moments ---- */

START_TEST (children_that_die_at_random_moments_lose_nothing) {
    enum { ITEMS = 5000 };
    static struct job jobs[ITEMS];
    struct run run = run_of("doomed");
    run.options.threads.count = 2;
    run.options.batch.items = 50;
    run.options.errors.retry.attempts = 1000;
    atomic_store(&encodes, 0);
    fill(jobs, ITEMS, "item");
    count_calls();
    run_start(&run);
    put_jobs(&run, jobs, ITEMS);
    weir_report *report = finish_pipeline(run.pipeline, WEIR_OK);
    const weir_child_counts children = report->stages[0].children;
    weir_report_free(report);
    run_end(&run, jobs, ITEMS, WEIR_OK);
    for (size_t i = 0; i < ITEMS; i++)
        assert_done(&jobs[i]);
    size_t calls = calls_counted(), attempts = atomic_load(&encodes),
           deaths = (size_t)(children.signal + children.exit);
    printf("children that die: %zu attempts and %zu calls for %d items\n", attempts, calls, (int)ITEMS);
    ck_assert(calls >= ITEMS && calls <= attempts && attempts - ITEMS <= deaths); /* a death costs one attempt */
}
END_TEST

/* ---- refusals ---- */

START_TEST (calls_of_no_use_are_refused) {
    struct run run = run_of("obey");
    void *keeper = NULL, *item = NULL;
    ck_assert_int_eq(weir_process_run_batch(NULL, &item, 1, NULL), WEIR_CODE(WEIR_INVALID));
    run.process.decode = NULL;
    assert_status(WEIR_INVALID, weir_process_init(&run.process, &keeper));
    ck_assert_ptr_null(keeper);
}
END_TEST

static atomic_uint inits;

/* Once the thread has its keeper, the next large allocation is for the batch. */
static weir_status init_then_fail(void *arg, void **state) {
    weir_status status = weir_process_init(arg, state);
    atomic_fetch_add(&inits, 1);
    atomic_store(&failing_size, 4096);
    return status;
}

START_TEST (without_memory_a_batch_is_retried) {
    struct job jobs[BATCH];
    struct run run = run_of("obey");
    run.options.errors.retry.attempts = 2;
    fill(jobs, BATCH, "hello");
    atomic_store(&inits, 0);
    run_begin(&run);
    run.options.work.init = init_then_fail;
    run_add(&run);
    put_jobs(&run, jobs, BATCH);
    weir_report *report = finish_pipeline(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&inits), 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_str_eq(report->errors[0].message, "obey: no memory for a batch");
    weir_report_free(report);
    run_end(&run, jobs, BATCH, WEIR_OK);
    for (size_t i = 0; i < BATCH; i++)
        assert_done(&jobs[i]);
}
END_TEST

START_TEST (without_memory_there_is_no_keeper) {
    struct run run = run_of("obey");
    void *keeper = NULL;
    atomic_store(&failing_size, sizeof(weir__message));
    assert_status(WEIR_NOMEM, weir_process_init(&run.process, &keeper));
    ck_assert_ptr_null(keeper);
    assert_no_children();
}
END_TEST

static Suite *batch_suite(void) {
    Suite *suite = suite_create("batches in processes");
    TCase *crossing = add_case(suite, "crossing");
    tcase_add_loop_test(crossing, a_batch_crosses_in_order, 0, 4);
    tcase_add_test(crossing, items_and_results_of_all_sizes_cross);
    tcase_add_test(crossing, what_fails_fails_alone);
    tcase_add_test(crossing, a_decode_that_ends_its_thread_drops_no_consumed_item);
    TCase *ends = add_case(suite, "ends");
    tcase_add_loop_test(ends, only_the_item_in_work_is_blamed, 0, 2);
    tcase_add_test(ends, a_child_is_replaced_within_a_batch);
    tcase_add_test(ends, a_hang_ends_at_the_deadline_of_its_item);
    tcase_add_test(ends, a_late_kill_blames_no_other_item);
    tcase_add_loop_test(ends, a_result_does_not_wait_for_the_next_item, 0, 2);
    tcase_add_test(ends, messages_do_not_delay_the_deadline);
    tcase_add_test(ends, messages_do_not_delay_a_cancel);
    tcase_add_test(ends, a_slow_start_costs_an_item_its_attempt_alone);
    tcase_add_test(ends, the_deadline_counts_from_the_begin_of_each_item);
    tcase_add_test(ends, a_cancel_ends_a_batch);
    tcase_add_test(ends, a_cancel_ends_the_decoding_of_a_batch);
    tcase_add_loop_test(ends, lies_about_a_batch_are_found, HONEST, LIES);
    tcase_add_test(ends, an_answer_behind_the_end_of_the_memory_is_none);
    tcase_add_test(ends, children_that_die_at_random_moments_lose_nothing);
    tcase_add_test(ends, calls_of_no_use_are_refused);
    tcase_add_test(ends, without_memory_a_batch_is_retried);
    tcase_add_test(ends, without_memory_there_is_no_keeper);
    TCase *deaths = add_case(suite, "deaths");
    tcase_add_test(deaths, an_unkillable_child_costs_its_item_alone);
    return suite;
}

/* Whether this system runs children. */
static bool runs_children(void) {
    weir_process process = {.function = "obey", .encode = encode_job, .decode = decode_job};
    struct job job = job_of("hello");
    try_child(&process, &job);
    return atomic_load(&job.done) == 1;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], WEIR__PROCESS_MODE) == 0 && strcmp(argv[2], "liar") == 0)
        be_liar();
    weir_process_main(argc, argv, table);
    if (runs_children())
        return run_suite(batch_suite());
    printf("SKIPPED: no child processes\n");
    return 77;
}
