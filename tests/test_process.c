/*
 * test_process.c - stages in child processes: what crosses, each end of a child, limits, cancels, what is left behind,
 * children that lie, and faults of the system.
 *
 * The program is its own child. An item is a text that says what the function does. A process that lives on is found
 * without a look at the list of processes: it holds the other end of a fifo.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* pipe2, memfd_create, unshare */
#include "pipeline_support.h"
#include "process_support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/message.h"
#include "sync/channel.h"
#include "sync/child.h"
#include "sync/poll.h"

/* A sanitizer makes an exit of its own status of a crash. */
static bool is_caught(int code) {
    return IS_SANITIZED && (code == WEIR_CODE_EXIT(1) || code == WEIR_CODE_EXIT(66));
}

enum { MEGABYTE = 1 << 20 };

/* In the environment: a child holds the fifo once it has said that it is ready. */
#define TELLS_READY "WEIR_TEST_TELLS_READY"

/* In a child: holds the other end of the fifo, and says so with a byte. */
static void hold(const char *path) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, "x", 1) != 1)
        _exit(99);
}

/* ---- functions of the system that fail, and the children that live ---- */

enum fault { NO_FAULT, MEMORY, MAP, SOCKETS, PIPE, SPAWN, SEND, SEND_TO_NONE, NO_PIDFD, CLOSED_PIDFD, NO_STOP, POLL };

static atomic_int failing;      /* an enum fault */
static atomic_int failing_from; /* calls that succeed first; the others fail */
static atomic_int failing_to;   /* calls that fail then; negative: all */

static bool fails(enum fault kind) {
    if (atomic_load(&failing) != (int)kind || atomic_fetch_sub(&failing_from, 1) > 0)
        return false;
    int left = atomic_load(&failing_to);
    return left < 0 || (left > 0 && atomic_fetch_sub(&failing_to, 1) > 0);
}

static void fail_calls(enum fault kind, int from, int count) {
    atomic_store(&failing_from, from);
    atomic_store(&failing_to, count);
    atomic_store(&failing, (int)kind);
}

int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags) {
    bool failed = fails(MEMORY);
    errno = EMFILE;
    return failed ? -1 : __real_memfd_create(name, flags);
}

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    bool failed = flags == MAP_SHARED && fails(MAP);
    errno = ENOMEM;
    return failed ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
}

int __real_socketpair(int domain, int type, int protocol, int ends[2]);
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]);
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]) {
    bool failed = fails(SOCKETS);
    errno = ENFILE;
    return failed ? -1 : __real_socketpair(domain, type, protocol, ends);
}

static atomic_int pipes; /* that were made */

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags) {
    bool failed = fails(PIPE);
    atomic_fetch_add(&pipes, 1);
    errno = ENFILE;
    return failed ? -1 : __real_pipe2(ends, flags);
}

ssize_t __real_send(int socket, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int socket, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int socket, const void *bytes, size_t size, int flags) {
    bool none = fails(SEND_TO_NONE), failed = none || fails(SEND);
    errno = none ? EPIPE : ENOBUFS;
    ssize_t sent = failed ? -1 : __real_send(socket, bytes, size, flags);
    if (sent >= (ssize_t)sizeof(weir__head) && ((const weir__head *)bytes)->number == 0 && getenv(TELLS_READY) != NULL)
        hold(getenv("WEIR_TEST_FIFO"));
    return sent;
}

/* In the environment: a child cannot be bound to its parent with its group. */
#define NO_GROUP "WEIR_TEST_NO_GROUP"

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    if (command == F_SETOWN && (int)argument < 0 && getenv(NO_GROUP) != NULL) {
        errno = EPERM;
        return -1;
    }
    return __real_fcntl(fd, command, argument);
}

int __real_weir_task_stop_fd(weir_task *task);
int __wrap_weir_task_stop_fd(weir_task *task);
int __wrap_weir_task_stop_fd(weir_task *task) {
    return atomic_load(&failing) == NO_STOP ? 1000 : __real_weir_task_stop_fd(task); /* not open */
}

int __real_weir__child_spawn(pid_t *pid, const weir__child_options *options);
int __wrap_weir__child_spawn(pid_t *pid, const weir__child_options *options);
int __wrap_weir__child_spawn(pid_t *pid, const weir__child_options *options) {
    return fails(SPAWN) ? EAGAIN : __real_weir__child_spawn(pid, options);
}

enum { MOST_CHILDREN = 64 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int living[MOST_CHILDREN]; /* numbers of the children that are not reaped, negative once killed; 0: free */
static atomic_uint starts;

static void replace_living(int old, int new) {
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < MOST_CHILDREN; i++)
        if (living[i] == old || (old != 0 && living[i] == -old)) {
            living[i] = new;
            break;
        }
    pthread_mutex_unlock(&mutex);
}

int __real_weir__child_start(weir__child *child, const weir__child_options *options);
int __wrap_weir__child_start(weir__child *child, const weir__child_options *options);
int __wrap_weir__child_start(weir__child *child, const weir__child_options *options) {
    int error = __real_weir__child_start(child, options);
    if (error != 0)
        return error;
    atomic_fetch_add(&starts, 1);
    replace_living(0, child->pid);
    int kind = atomic_load(&failing);
    if ((kind == NO_PIDFD || kind == CLOSED_PIDFD) && child->ended >= 0) {
        close(child->ended);
        child->ended = kind == NO_PIDFD ? -1 : 1000; /* not open, and not the next one to be opened */
    }
    return 0;
}

/* How the end of a child is found: by its descriptor, without one, and though another part has closed it. */
static const enum fault without_end[] = {NO_FAULT, NO_PIDFD, CLOSED_PIDFD};

static atomic_uint rests; /* waits of an attempt for nothing but a time */

weir__polled __real_weir__poll(int fd, short events, int stop, uint64_t deadline);
weir__polled __wrap_weir__poll(int fd, short events, int stop, uint64_t deadline);
weir__polled __wrap_weir__poll(int fd, short events, int stop, uint64_t deadline) {
    if (fd == -1 && stop >= 0)
        atomic_fetch_add(&rests, 1);
    return __real_weir__poll(fd, events, stop, deadline);
}

/* After a kill, another part of the program closes the descriptor, and the child takes some more looks to end. */
static atomic_bool closes_at_kill;
static atomic_int looks_to_end, bad_polls;

void __real_weir__child_kill(const weir__child *child);
void __wrap_weir__child_kill(const weir__child *child);
void __wrap_weir__child_kill(const weir__child *child) {
    __real_weir__child_kill(child);
    if (atomic_exchange(&closes_at_kill, false) && child->ended >= 0) {
        close(child->ended);
        ((weir__child *)child)->ended = 1000; /* not open */
        atomic_store(&looks_to_end, 4);
    }
}

bool __real_weir__child_has_ended(const weir__child *child);
bool __wrap_weir__child_has_ended(const weir__child *child);
bool __wrap_weir__child_has_ended(const weir__child *child) {
    if (atomic_load(&looks_to_end) > 0 && atomic_fetch_sub(&looks_to_end, 1) > 0)
        return false;
    return __real_weir__child_has_ended(child);
}

static atomic_uint polls, refused_polls;

bool __real_weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline);
bool __wrap_weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline);
bool __wrap_weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline) {
    bool refused = count > 0 && atomic_load(&failing) == POLL; /* as under a limit for descriptors */
    atomic_fetch_add(&polls, 1);
    atomic_fetch_add(&refused_polls, refused);
    atomic_fetch_add(&bad_polls, count > 0 && polled[0].fd == 1000);
    for (unsigned i = 0; refused && i < count; i++)
        polled[i].revents = 0;
    return refused ? false : __real_weir__stream_poll(polled, count, deadline);
}

weir__child_end __real_weir__child_reap(weir__child *child);
weir__child_end __wrap_weir__child_reap(weir__child *child);
weir__child_end __wrap_weir__child_reap(weir__child *child) {
    replace_living(child->pid, 0);
    return __real_weir__child_reap(child);
}

/* Sends the signal to one of the children that live. Returns whether there is one. */
static bool kill_any(uint64_t choice, int signal) {
    int places[MOST_CHILDREN], count = 0;
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < MOST_CHILDREN; i++)
        if (living[i] > 0)
            places[count++] = i;
    if (count > 0) {
        int *pid = &living[places[choice % (unsigned)count]];
        kill(*pid, signal);
        *pid = -*pid;
    }
    pthread_mutex_unlock(&mutex);
    return count > 0;
}

/* ---- in a child ---- */

static void print(weir_process_payload *out, const char *format, long value) {
    out->size += (size_t)snprintf((char *)out->data + out->size, out->room - out->size, format, value);
}

/* Should the test fail, it ends later. */
static void hang(void) {
    alarm(2 * TEST_SECONDS);
    for (;;)
        pause();
}

static void list_descriptors(weir_process_payload *out) {
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            print(out, "%ld ", fd);
}

static void print_target(int fd, weir_process_payload *out) {
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(path, out->data, out->room);
    out->size = size > 0 ? (size_t)size : 0;
}

/* Lists the descriptors of a program that the child runs. */
static void list_inherited(weir_process_payload *out) {
    char line[16];
    FILE *list = popen("ls /proc/self/fd", "r");
    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        print(out, "%ld ", strtol(line, NULL, 10));
    if (list != NULL)
        pclose(list);
}

static void allocate_all(void) {
    static char *volatile memory; /* otherwise a compiler may leave the allocation out */
    for (;;) {
        memory = malloc(MEGABYTE);
        if (memory == NULL)
            abort();
        memset(memory, 1, MEGABYTE);
    }
}

static void write_much(void) {
    FILE *file = tmpfile();
    for (int i = 0; file != NULL && i < MEGABYTE; i++)
        fputs("0123456789", file);
}

static void print_limits(weir_process_payload *out) {
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    print(out, "core %ld", (long)limit.rlim_max);
    getrlimit(RLIMIT_NOFILE, &limit);
    print(out, " files %ld", (long)limit.rlim_max);
    print(out, " nice %ld", getpriority(PRIO_PROCESS, 0));
    FILE *score = fopen("/proc/self/oom_score_adj", "r");
    long value = 0;
    if (score != NULL && fscanf(score, "%ld", &value) == 1 && value != 0)
        print(out, " oom %ld", value);
    if (score != NULL)
        fclose(score);
}

static void wait_for_starts(long count) {
    struct stat status;
    while (stat(getenv("WEIR_TEST_FILE"), &status) == 0 && status.st_size < count)
        usleep(1000);
}

/* What the words before a colon do with what follows. Returns 0 or a code. */
static int act(const char *word, const char *rest, weir_process_payload *out) {
    long number = strtol(rest, NULL, 10);
    if (strcmp(word, "signal") == 0)
        raise((int)number);
    else if (strcmp(word, "exit") == 0)
        exit((int)number);
    else if (strcmp(word, "abort") == 0)
        abort();
    else if (strcmp(word, "fail") == 0)
        return weir_process_fail((int)number, "reason %ld", number);
    else if (strcmp(word, "long") == 0)
        return weir_process_fail(4, "%0300d", 0);
    else if (strcmp(word, "say") == 0)
        (void)fputs("said", stderr);
    else if (strcmp(word, "input") == 0)
        print(out, "%ld", read(0, &number, 1));
    else if (strcmp(word, "silent") == 0)
        return (int)number;
    else if (strcmp(word, "forget") == 0)
        return weir_process_fail(7, NULL);
    else if (strcmp(word, "size") == 0)
        out->size = (size_t)number;
    else if (strcmp(word, "room") == 0)
        print(out, "%ld", (long)out->room);
    else if (strcmp(word, "pid") == 0)
        print(out, "%ld", getpid());
    else if (strcmp(word, "descriptors") == 0)
        list_descriptors(out);
    else if (strcmp(word, "target") == 0)
        print_target((int)number, out);
    else if (strcmp(word, "inherited") == 0)
        list_inherited(out);
    else if (strcmp(word, "limits") == 0)
        print_limits(out);
    else if (strcmp(word, "hang") == 0) {
        hold(rest);
        hang();
    } else if (strcmp(word, "starts") == 0)
        wait_for_starts(number);
    else if (strcmp(word, "spin") == 0)
        for (;;)
            ;
    else if (strcmp(word, "helper") == 0 && fork() == 0) {
        hold(rest);
        hang();
    } else if (strcmp(word, "allocate") == 0)
        allocate_all();
    else if (strcmp(word, "write") == 0)
        write_much();
    else if (strcmp(word, "shrink") == 0)
        print(out, "%ld", ftruncate(WEIR__CHILD_MEMORY, 0) == 0 || ftruncate(WEIR__CHILD_MEMORY, (off_t)1 << 30) == 0);
    else if (strcmp(word, "close") == 0)
        for (int fd = 3; fd < 1024; fd++)
            close(fd);
    else if (strcmp(word, "mute") == 0)
        close(WEIR__CHILD_SOCKET);
    else if (strcmp(word, "mask") == 0) {
        sigset_t mask;
        sigprocmask(SIG_BLOCK, NULL, &mask);
        print(out, "%ld", sigismember(&mask, SIGTERM));
    }
    if (strcmp(word, "close") == 0)
        hang();
    return 0;
}

/* The function: does what the text says, or returns the bytes. */
static int obey(const void *in, size_t size, weir_process_payload *out, void *unused) {
    char word[32], rest[128];
    (void)unused;
    if (((uintptr_t)in | (uintptr_t)out->data) % 16 != 0)
        return weir_process_fail(16, "not aligned");
    char *text = calloc(1, size + 1);
    memcpy(text, in, size);
    int found = size < sizeof rest ? sscanf(text, "do %31[a-z]:%127s", word, rest) : 0;
    if (found == 0) {
        out->size = size;
        memcpy(out->data, in, size < out->room ? size : out->room);
    }
    if (size > WEIR_PROCESS_MESSAGE && text[0] == '!')
        *(char *)(uintptr_t)in = '?'; /* it is read-only */
    free(text);
    return found > 0 ? act(word, found == 2 ? rest : "", out) : 0;
}

/* Returns how many starts the file of the environment has seen, this one included. */
static long count_start(void) {
    int fd = open(getenv("WEIR_TEST_FILE"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    bool written = write(fd, "s", 1) == 1;
    long count = (long)lseek(fd, 0, SEEK_CUR); /* the end of what it has appended */
    close(fd);
    return written ? count : 0;
}

static int made;

static weir_status init_state(void *arg, void **state) {
    *state = &made;
    made = 41 + (arg == &made);
    return WEIR_OK;
}

static int print_state(const void *in, size_t size, weir_process_payload *out, void *state) {
    (void)in;
    (void)size;
    print(out, "%ld", *(int *)state);
    return 0;
}

static void note_fini(void *state) {
    if (state == &made)
        (void)count_start();
}

static weir_status init_fails_silently(void *arg, void **state) {
    (void)arg;
    (void)state;
    return WEIR_INVALID;
}

static weir_status init_of_another_user(void *arg, void **state) {
    *state = arg;
    return setresgid(1, 1, 1) == 0 && setresuid(1, 1, 1) == 0 ? WEIR_OK : WEIR_FAILED;
}

/* Its helper has the rights that the child drops. */
static weir_status init_of_another_user_with_a_helper(void *arg, void **state) {
    if (fork() == 0) {
        hold(getenv("WEIR_TEST_FIFO"));
        hang();
    }
    return init_of_another_user(arg, state);
}

static weir_status init_slowly(void *arg, void **state) {
    *state = arg;
    usleep(300 * 1000);
    return WEIR_OK;
}

static weir_status init_never(void *arg, void **state) {
    (void)state;
    (void)arg;
    hold(getenv("WEIR_TEST_FIFO"));
    hang();
    return WEIR_OK;
}

static weir_status init_dies(void *arg, void **state) {
    *state = arg;
    if (count_start() < 4)
        raise(SIGKILL);
    return WEIR_OK;
}

static weir_status init_dies_always(void *arg, void **state) {
    *state = arg;
    exit(9);
}

/* Only the first child becomes ready. */
static weir_status init_dies_later(void *arg, void **state) {
    *state = arg;
    if (count_start() > 1)
        exit(9);
    return WEIR_OK;
}

static void fini_never(void *state) {
    (void)state;
    hang();
}

static const weir_process_entry table[] = {
    {.name = "obey", .func = obey},
    {.name = "state", .func = print_state, .init = init_state, .fini = note_fini, .arg = &made},
    {.name = "bare", .func = print_state, .fini = note_fini, .arg = &made},
    {.name = "fails", .func = obey, .init = init_fails},
    {.name = "silent", .func = obey, .init = init_fails_silently},
    {.name = "slow", .func = obey, .init = init_slowly},
    {.name = "user", .func = obey, .init = init_of_another_user},
    {.name = "helped", .func = obey, .init = init_of_another_user_with_a_helper},
    {.name = "never", .func = obey, .init = init_never},
    {.name = "dies", .func = obey, .init = init_dies},
    {.name = "dies-always", .func = obey, .init = init_dies_always},
    {.name = "dies-later", .func = obey, .init = init_dies_later},
    {.name = "stays", .func = obey, .fini = fini_never},
    {.name = "liar", .func = obey},
    {.name = NULL},
};

/* ---- a child that speaks the language of weir, and may lie about one thing ---- */

enum lie {
    HONEST,
    WRONG_NUMBER,
    SIZE_ABOVE_SENT,
    SIZE_BELOW_SENT,
    HALF_A_HEAD,
    REASON_IN_MEMORY,
    REASON_TOO_LONG,
    MEMORY_WITHOUT_PAYLOAD,
    MEMORY_ABOVE_PAYLOAD,
    MEMORY_AND_BYTES,
    MESSAGE_TOO_LONG,
    READY_WITH_NUMBER,
    READY_TOO_SHORT,
    LIES,
    DIES_UNBEGUN, /* these are no lies */
    DIES_AFTER_ANSWER,
    ANSWERS_UNBEGUN,
    ANSWERS_TWICE,
    SPOILS_PAGE,
    IGNORES_END
};

static void tell(const void *message, size_t size) {
    if (__real_send(WEIR__CHILD_SOCKET, message, size, MSG_NOSIGNAL) < 0)
        _exit(98);
}

static weir__message said[2]; /* the second is for what is longer than one */

static void answer_as(enum lie lie, const weir__head *asked) {
    weir__head *head = &said->head;
    size_t follow = 5;
    *head = (weir__head){.number = asked->number, .size = 5};
    memcpy(said->bytes, "hello", 5);
    if (lie == WRONG_NUMBER)
        head->number++;
    if (lie == SIZE_ABOVE_SENT)
        head->size++;
    if (lie == SIZE_BELOW_SENT)
        head->size--;
    if (lie == REASON_IN_MEMORY || lie == REASON_TOO_LONG)
        head->code = 3;
    if (lie == REASON_TOO_LONG)
        head->size = follow = WEIR__REASON;
    if (lie == REASON_IN_MEMORY || lie == MEMORY_WITHOUT_PAYLOAD || lie == MEMORY_ABOVE_PAYLOAD ||
        lie == MEMORY_AND_BYTES)
        head->in_memory = 1;
    if (head->in_memory != 0 && lie != MEMORY_AND_BYTES)
        follow = 0;
    if (lie == MEMORY_WITHOUT_PAYLOAD)
        head->size = 0;
    if (lie == MEMORY_ABOVE_PAYLOAD)
        head->size = MEGABYTE + 1;
    if (lie == HALF_A_HEAD) /* right, were it the size of the bytes behind the head */
        head->size = sizeof *head / 2 - sizeof *head;
    if (lie == MESSAGE_TOO_LONG)
        head->size = follow = WEIR_PROCESS_MESSAGE + 1;
    tell(said, lie == HALF_A_HEAD ? sizeof *head / 2 : sizeof *head + follow);
}

/* Overwrites all that the page has for a child, which must be as at the start of the first one. */
static void spoil(weir__page *page) {
    static const weir__confined wrong = {.memory = 1, .cpu_time = 1, .files = 1, .file_size = 1, .nice = 19};
    if (page->span != MEGABYTE / WEIR__PAGE + 1 || page->payload != MEGABYTE || page->limits.files != 100)
        _exit(96);
    page->span = 0;
    page->payload = UINT64_MAX;
    page->limits = wrong;
}

static void be_liar(void) {
    static weir__message question;
    weir__shared shared;
    size_t size;
    enum lie lie = (enum lie)atoi(getenv("WEIR_TEST_LIE"));
    const weir__head ready = {.number = lie == READY_WITH_NUMBER};
    if (!weir__shared_attach(&shared) || !weir__channel_bind("liar"))
        _exit(97);
    if (lie == SPOILS_PAGE)
        spoil((weir__page *)(void *)shared.bytes);
    tell(&ready, lie == READY_TOO_SHORT ? sizeof ready / 2 : sizeof ready);
    while (weir__channel_receive(WEIR__CHILD_SOCKET, &question, sizeof question, &size, true) == WEIR__RECEIVED) {
        if (lie == DIES_UNBEGUN)
            raise(SIGTERM);
        weir__u32 *begun = &((weir__page *)(void *)shared.bytes)->begun;
        if (lie != ANSWERS_UNBEGUN)
            weir__u32_store_release(begun, question.head.number);
        answer_as(lie == ANSWERS_UNBEGUN ? WRONG_NUMBER : lie, &question.head);
        if (lie == ANSWERS_TWICE) {
            weir__u32_store_release(begun, question.head.number + 1);
            answer_as(lie, &question.head);
            hold(getenv("WEIR_TEST_FIFO"));
        }
        if (lie == DIES_AFTER_ANSWER)
            raise(SIGKILL);
    }
    if (lie == IGNORES_END)
        hang();
    _exit(0);
}

/* ---- support ---- */

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* An item, and what became of it. */
struct job {
    const char *text;
    size_t size;
    char *result; /* NULL if there is none */
    size_t result_size;
    atomic_uint ended; /* how often */
    int code;
    char message[256];
    unsigned attempts;
};

static atomic_uint encodes; /* attempts */
static atomic_long shared;  /* bytes of shared memory at the encoding of a job "weigh"; -1: the system does not tell */

static long shared_memory(void) {
    char line[128];
    long kilobytes = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "RssShmem: %ld", &kilobytes);
    if (file != NULL)
        fclose(file);
    return kilobytes < 0 ? -1 : kilobytes * 1024;
}

static int encode_job(weir_task *task, const void *item, weir_process_payload *to, void *arg) {
    const struct job *job = item;
    (void)arg;
    atomic_fetch_add(&encodes, 1);
    if ((uintptr_t)to->data % 16 != 0 || to->size != 0)
        return weir_task_fail(task, 16, "not aligned, or not empty");
    if (strcmp(job->text, "late") == 0)
        sleep_until(weir_task_deadline(task));
    if (strcmp(job->text, "weigh") == 0)
        atomic_store(&shared, shared_memory());
    if (strcmp(job->text, "refused") == 0)
        return weir_task_fail(task, 66, "encode refuses");
    to->size = job->size;
    if (job->size <= to->room)
        memcpy(to->data, job->text, job->size);
    return 0;
}

static int decode_job(weir_task *task, void *item, const void *from, size_t size, void *arg) {
    struct job *job = item;
    (void)arg;
    if ((uintptr_t)from % 16 != 0)
        return weir_task_fail(task, 16, "not aligned");
    if (size == 10 && memcmp(from, "indigested", 10) == 0)
        return weir_task_fail(task, 77, "decode refuses");
    job->result = malloc(size + 1);
    memcpy(job->result, from, size);
    job->result[size] = '\0';
    job->result_size = size;
    atomic_fetch_add(&job->ended, 1);
    return 0;
}

static struct job job_of(const char *text) {
    return (struct job){.text = text, .size = strlen(text)};
}

static weir_process process_of(const char *function) {
    return (weir_process){.function = function, .encode = encode_job, .decode = decode_job};
}

/* Of one run. */
struct run {
    weir_process process;
    weir_stage_options options;
    weir_pipeline *pipeline;
    weir_queue *dead;
};

static void run_begin(struct run *run) {
    weir_stage_options *options = &run->options;
    run->dead = new_queue(WEIR_UNBOUNDED);
    run->pipeline = new_pipeline(NULL);
    options->work.run = weir_process_run;
    use_process(options, &run->process);
    options->threads.count = options->threads.count != 0 ? options->threads.count : 1;
    options->errors.on_error = WEIR_SKIP;
    options->errors.dead = run->dead;
    add_stage(run->pipeline, *options);
}

static void run_start(struct run *run) {
    run_begin(run);
    start_pipeline(run->pipeline);
}

static void note_letter(const weir_dead_letter *letter) {
    struct job *job = letter->item;
    job->code = letter->code;
    job->attempts = letter->attempts;
    snprintf(job->message, sizeof job->message, "%s", letter->message);
    atomic_fetch_add(&job->ended, 1);
}

static void run_end(struct run *run, weir_status wanted) {
    finish_and_destroy(run->pipeline, wanted);
    read_letters(run->dead, note_letter);
    assert_status(WEIR_OK, weir_queue_destroy(run->dead));
}

/* Runs the jobs, and checks that each ends once and that nothing is left. */
static void run_jobs(weir_process process, weir_stage_options options, struct job *jobs, size_t count) {
    struct run run = {.process = process, .options = options};
    int before = open_descriptors();
    run_start(&run);
    for (size_t i = 0; i < count; i++)
        assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &jobs[i]));
    run_end(&run, WEIR_OK);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(atomic_load(&jobs[i].ended) == 1, "job %zu has ended %u times", i, atomic_load(&jobs[i].ended));
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
}

static const weir_stage_options no_options;

static void assert_result(weir_process process, const char *text, const char *wanted) {
    struct job job = job_of(text);
    run_jobs(process, no_options, &job, 1);
    ck_assert_msg(job.result != NULL, "%s: %s", text, job.message);
    ck_assert_str_eq(job.result, wanted);
    free(job.result);
}

static void assert_code(weir_process process, weir_stage_options options, const char *text, int code,
                        const char *message) {
    struct job job = job_of(text);
    run_jobs(process, options, &job, 1);
    ck_assert_msg(job.code == code, "%s: %d instead of %d: %s", text, job.code, code, job.message);
    ck_assert_str_eq(job.message, message);
}

static void assert_failure(const char *text, int code, const char *message) {
    assert_code(process_of("obey"), no_options, text, code, message);
}

/* A fifo in a folder of its own, and a file for the count of starts, both in the environment of children. */
struct place {
    char folder[32], fifo[64], file[64];
    int reading;
};

static struct place new_place(void) {
    struct place place = {.folder = "/tmp/weir-process-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(place.folder));
    snprintf(place.fifo, sizeof place.fifo, "%s/fifo", place.folder);
    snprintf(place.file, sizeof place.file, "%s/file", place.folder);
    ck_assert_int_eq(mkfifo(place.fifo, 0600), 0);
    place.reading = open(place.fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(place.reading, 0);
    setenv("WEIR_TEST_FILE", place.file, 1);
    setenv("WEIR_TEST_FIFO", place.fifo, 1);
    return place;
}

/* Waits until that many processes have said that they hold the fifo. Since then there is a writer: reads may block. */
static void wait_for_holders(const struct place *place, int count) {
    char c;
    for (int got = 0; got < count;) {
        ssize_t size = read(place->reading, &c, 1);
        got += size == 1;
        if (size != 1)
            nap();
    }
    fcntl(place->reading, F_SETFL, 0);
}

/* Returns once no process holds the fifo. */
static void wait_for_none(const struct place *place) {
    char c;
    ck_assert_int_eq(read(place->reading, &c, 1), 0);
}

static long starts_noted(const struct place *place) {
    struct stat status;
    return stat(place->file, &status) == 0 ? (long)status.st_size : 0;
}

static void remove_place(struct place *place) {
    close(place->reading);
    unlink(place->fifo);
    unlink(place->file);
    rmdir(place->folder);
}

/* ---- what crosses ---- */

START_TEST (bytes_cross_and_come_back) {
    assert_result(process_of("obey"), "hello", "hello");
    assert_result(process_of("obey"), "", "");
}
END_TEST

static struct job job_of_size(size_t size, int byte) {
    char *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, byte, size);
    bytes[size] = '\0';
    return (struct job){.text = bytes, .size = size};
}

START_TEST (all_sizes_cross) {
    static const size_t sizes[] = {
        1,       WEIR_PROCESS_MESSAGE - 1, WEIR_PROCESS_MESSAGE, WEIR_PROCESS_MESSAGE + 1, WEIR__PAGE, MEGABYTE - 1,
        MEGABYTE};
    struct job jobs[COUNT_OF(sizes)];
    weir_process process = process_of("obey");
    process.payload = MEGABYTE;
    process.most_items = _i == 0 ? 0 : 1; /* a new child for each */
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        jobs[i] = job_of_size(sizes[i], 'a' + (int)i);
    run_jobs(process, no_options, jobs, COUNT_OF(sizes));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        ck_assert_msg(jobs[i].result != NULL, "%s", jobs[i].message);
        ck_assert_uint_eq(jobs[i].result_size, sizes[i]);
        ck_assert_int_eq(memcmp(jobs[i].result, jobs[i].text, sizes[i]), 0);
        free(jobs[i].result);
        free((char *)jobs[i].text);
    }
}
END_TEST

/* The second run keeps all. */
START_TEST (a_large_item_leaves_little_memory) {
    enum { LARGE = 32 * MEGABYTE, KEPT = 4 * MEGABYTE };
    weir_process process = process_of("obey");
    process.payload = LARGE;
    process.kept = _i == 0 ? KEPT : 0;
    struct job jobs[] = {job_of_size(LARGE, 'a'), job_of("weigh"), job_of_size(LARGE, 'b')};
    run_jobs(process, no_options, jobs, COUNT_OF(jobs));
    ck_assert(_i == 0 ? atomic_load(&shared) <= 2 * KEPT + MEGABYTE : atomic_load(&shared) >= LARGE);
    for (size_t i = 0; i < COUNT_OF(jobs); i += 2) {
        ck_assert_uint_eq(jobs[i].result_size, LARGE);
        ck_assert_int_eq(memcmp(jobs[i].result, jobs[i].text, LARGE), 0);
        free((char *)jobs[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        free(jobs[i].result);
}
END_TEST

START_TEST (what_exceeds_the_room_fails) {
    weir_process process = process_of("obey");
    for (int i = 0; i < 2; i++) {
        char wanted[128];
        size_t room = i == 0 ? WEIR_PROCESS_MESSAGE : 3 * WEIR_PROCESS_MESSAGE;
        process.payload = i == 0 ? 1 : room;
        struct job job = job_of_size(room + 1, 'x');
        run_jobs(process, no_options, &job, 1);
        ck_assert_int_eq(job.code, WEIR_CODE(WEIR_INVALID));
        snprintf(wanted, sizeof wanted, "obey: an item of %zu bytes, and there is room for %zu", room + 1, room);
        ck_assert_str_eq(job.message, wanted);
        free((char *)job.text);
        snprintf(wanted, sizeof wanted, "its result has 1000000 bytes, and there is room for %zu", room);
        assert_code(process, no_options, "do size:1000000", WEIR_CODE(WEIR_INVALID), wanted);
        snprintf(wanted, sizeof wanted, "%zu", room);
        assert_result(process, "do room:", wanted);
    }
}
END_TEST

START_TEST (no_child_changes_what_its_parent_reads) {
    weir_process process = process_of("obey");
    struct job job = job_of_size(WEIR_PROCESS_MESSAGE + 1, '!');
    process.payload = MEGABYTE;
    assert_result(process, "do shrink:", "0");
    run_jobs(process, no_options, &job, 1);
    ck_assert(is_caught(job.code) || job.code == WEIR_CODE_SIGNAL(SIGSEGV));
    free((char *)job.text);
}
END_TEST

START_TEST (codes_and_reasons_are_those_of_the_functions) {
    assert_failure("refused", 66, "encode refuses");
    assert_failure("indigested", 77, "decode refuses");
    assert_failure("do fail:5", 5, "reason 5");
    assert_failure("do fail:-9", -9, "reason -9");
    assert_failure("do fail:0", WEIR_CODE(WEIR_FAILED), "reason 0");
    assert_failure("do silent:8", 8, "");
    assert_failure("do forget:", 7, "");
    char reason[256];
    memset(reason, '0', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    assert_failure("do long:", 4, reason);
}
END_TEST

START_TEST (a_child_makes_its_state_and_unmakes_it) {
    struct place place = new_place();
    assert_result(process_of("state"), "", "42");
    ck_assert_int_eq(starts_noted(&place), 1);
    assert_result(process_of("bare"), "", "0");
    ck_assert_int_eq(starts_noted(&place), 2);
    remove_place(&place);
}
END_TEST

/* The children are ready, and have had no item. */
START_TEST (an_idle_child_unmakes_its_state) {
    struct place place = new_place();
    struct run run = {.process = process_of("state")};
    run.options.threads.count = 2;
    setenv(TELLS_READY, "1", 1);
    run_start(&run);
    wait_for_holders(&place, 2);
    run_end(&run, WEIR_OK);
    unsetenv(TELLS_READY);
    ck_assert_int_eq(starts_noted(&place), 2);
    assert_no_children();
    remove_place(&place);
}
END_TEST

START_TEST (an_init_that_fails_in_the_child_is_the_reason) {
    assert_code(process_of("fails"), no_options, "", WEIR_CODE(WEIR_NOMEM), "fails: init: no model");
    assert_code(process_of("silent"), no_options, "", WEIR_CODE(WEIR_INVALID), "silent: init: failed");
}
END_TEST

/* ---- ends of a child ---- */

START_TEST (a_crash_is_the_code_of_its_attempt_alone) {
    static const struct {
        const char *text, *message;
        int code;
    } ends[] = {
        {"do signal:11", "obey: killed by SIGSEGV", WEIR_CODE_SIGNAL(SIGSEGV)},
        {"do signal:9", "obey: killed by SIGKILL", WEIR_CODE_SIGNAL(SIGKILL)},
        {"do signal:7", "obey: killed by SIGBUS", WEIR_CODE_SIGNAL(SIGBUS)},
        {"do signal:8", "obey: killed by SIGFPE", WEIR_CODE_SIGNAL(SIGFPE)},
        {"do signal:4", "obey: killed by SIGILL", WEIR_CODE_SIGNAL(SIGILL)},
        {"do signal:15", "obey: killed by SIGTERM", WEIR_CODE_SIGNAL(SIGTERM)},
        {"do signal:13", "obey: killed by SIGPIPE", WEIR_CODE_SIGNAL(SIGPIPE)},
        {"do abort:", "obey: killed by SIGABRT", WEIR_CODE_SIGNAL(SIGABRT)},
        {"do exit:0", "obey: exit status 0", WEIR_CODE_EXIT(0)},
        {"do exit:3", "obey: exit status 3", WEIR_CODE_EXIT(3)},
        {"do close:", "obey: killed by SIGKILL", WEIR_CODE_SIGNAL(SIGKILL)},
        {"do mute:", "obey: exit status 125", WEIR_CODE_EXIT(125)}, /* it cannot answer, and serves no further item */
    };
    struct job jobs[2 * COUNT_OF(ends)];
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        jobs[2 * i] = job_of(ends[i].text);
        jobs[2 * i + 1] = job_of("innocent");
    }
    fail_calls(without_end[_i], 0, 0);
    run_jobs(process_of("obey"), no_options, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        ck_assert_msg(is_caught(jobs[2 * i].code) || jobs[2 * i].code == ends[i].code, "%s: %d, %s", ends[i].text,
                      jobs[2 * i].code, jobs[2 * i].message);
        if (!is_caught(jobs[2 * i].code))
            ck_assert_str_eq(jobs[2 * i].message, ends[i].message);
        ck_assert_msg(jobs[2 * i + 1].result != NULL, "after %s: %s", ends[i].text, jobs[2 * i + 1].message);
        free(jobs[2 * i + 1].result);
    }
}
END_TEST

START_TEST (another_child_makes_the_next_attempt) {
    struct job job = job_of("do signal:9");
    weir_stage_options options = {.name = "stage"};
    options.errors.retry.attempts = 3;
    atomic_store(&starts, 0);
    run_jobs(process_of("obey"), options, &job, 1);
    ck_assert_uint_eq(job.attempts, 3);
    ck_assert_uint_eq(atomic_load(&starts), 4); /* the last is ready for a next item */
    ck_assert_str_eq(job.message, "obey: killed by SIGKILL");
}
END_TEST

START_TEST (a_hang_ends_at_the_deadline) {
    struct place place = new_place();
    struct job jobs[2] = {job_of(""), job_of("innocent")};
    char text[128];
    weir_stage_options options = {.name = "stage"};
    fail_calls(without_end[_i], 0, 0);
    snprintf(text, sizeof text, "do hang:%s", place.fifo);
    jobs[0] = job_of(text);
    options.errors.attempt_time = 200 * MILLISECONDS;
    options.errors.retry.attempts = 5;
    run_jobs(process_of("obey"), options, jobs, 2);
    ck_assert_int_eq(jobs[0].code, WEIR_CODE(WEIR_TIMEDOUT));
    ck_assert_uint_eq(jobs[0].attempts, 5);
    ck_assert_msg(jobs[1].result != NULL, "%s", jobs[1].message);
    free(jobs[1].result);
    fcntl(place.reading, F_SETFL, 0);
    char bytes[128];
    while (read(place.reading, bytes, sizeof bytes) > 0) /* no process holds it */
        ;
    remove_place(&place);
}
END_TEST

/* It was not sent; the child that makes the next result is the first one. */
START_TEST (an_item_that_is_late_costs_no_child) {
    struct job jobs[2] = {job_of("late"), job_of("hello")};
    weir_stage_options options = {.name = "stage"};
    struct run run = {.process = process_of("state"), .options = options};
    struct place place = new_place();
    run.options.errors.attempt_time = 200 * MILLISECONDS;
    run.options.errors.retry.attempts = 5;
    setenv(TELLS_READY, "1", 1);
    atomic_store(&starts, 0);
    run_start(&run);
    wait_for_holders(&place, 1);
    for (int i = 0; i < 2; i++)
        assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &jobs[i]));
    run_end(&run, WEIR_OK);
    unsetenv(TELLS_READY);
    ck_assert_int_eq(jobs[0].code, WEIR_CODE(WEIR_TIMEDOUT));
    ck_assert_str_eq(jobs[0].message, "state: not sent at the deadline");
    ck_assert_uint_eq(atomic_load(&starts), 1);
    ck_assert_msg(jobs[1].result != NULL, "%s", jobs[1].message);
    free(jobs[1].result);
    remove_place(&place);
}
END_TEST

START_TEST (a_stopped_child_ends_at_the_deadline) {
    weir_stage_options options = {.name = "stage"};
    struct job job = job_of("do signal:19");
    options.errors.attempt_time = 100 * MILLISECONDS;
    options.errors.retry.attempts = 3;
    run_jobs(process_of("obey"), options, &job, 1);
    ck_assert_int_eq(job.code, WEIR_CODE(WEIR_TIMEDOUT));
}
END_TEST

START_TEST (a_child_is_replaced_after_most_items) {
    struct job jobs[6];
    weir_process process = process_of("obey");
    process.most_items = 2;
    atomic_store(&starts, 0);
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        jobs[i] = job_of("do pid:");
    run_jobs(process, no_options, jobs, COUNT_OF(jobs));
    for (size_t i = 1; i < COUNT_OF(jobs); i++)
        ck_assert((strcmp(jobs[i].result, jobs[i - 1].result) == 0) == (i % 2 == 1));
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        free(jobs[i].result);
    ck_assert_uint_eq(atomic_load(&starts), 3);
}
END_TEST

START_TEST (a_lost_exit_status_is_said) {
    signal(SIGCHLD, SIG_IGN);
    assert_failure("do exit:3", WEIR_CODE(WEIR_FAILED), "obey: its exit status was taken by another wait");
    signal(SIGCHLD, SIG_DFL);
}
END_TEST

/* ---- starts ---- */

START_TEST (a_slow_start_is_waited_for_over_attempts) {
    struct job job = job_of("hello");
    weir_stage_options options = {.name = "stage"};
    options.errors.attempt_time = 20 * MILLISECONDS;
    options.errors.retry.attempts = 200;
    options.errors.retry.backoff = 5 * MILLISECONDS;
    options.errors.retry.max_backoff = 10 * MILLISECONDS;
    run_jobs(process_of("slow"), options, &job, 1);
    ck_assert_msg(job.result != NULL, "%s", job.message);
    free(job.result);
    options.errors.retry.attempts = 1;
    options.errors.retry.backoff = options.errors.retry.max_backoff = 0;
    assert_code(process_of("slow"), options, "hello", WEIR_CODE(WEIR_TIMEDOUT), "slow: not ready at the deadline");
}
END_TEST

START_TEST (a_start_that_dies_costs_no_attempt) {
    struct place place = new_place();
    assert_result(process_of("dies"), "hello", "hello");
    ck_assert_int_eq(starts_noted(&place), 4);
    atomic_store(&starts, 0);
    assert_code(process_of("dies-always"), no_options, "hello", WEIR_CODE_EXIT(9), "dies-always: exit status 9");
    ck_assert_uint_eq(atomic_load(&starts), 5);
    remove_place(&place);
}
END_TEST

/* Each item waits for one start, after a back-off for the failure before. */
START_TEST (an_init_that_always_fails_starts_few_processes) {
    struct job jobs[4];
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        jobs[i] = job_of("hello");
    atomic_store(&starts, 0);
    atomic_store(&rests, 0);
    run_jobs(process_of("fails"), no_options, jobs, COUNT_OF(jobs));
    ck_assert_uint_eq(atomic_load(&starts), COUNT_OF(jobs));
    ck_assert_uint_eq(atomic_load(&rests), COUNT_OF(jobs) - 1);
}
END_TEST

/* ---- counts, and the end of a run without hope ---- */

/* Each end of a child is counted by its cause. */
START_TEST (a_report_counts_children) {
    static const char *const texts[] = {
        "do signal:9", "do exit:3", "do exit:4", "a", "do write:", "do hang:", "b", "c", "d"};
    struct place place = new_place();
    struct job jobs[COUNT_OF(texts)];
    struct run run = {.process = process_of("obey")};
    char hang_text[128];
    snprintf(hang_text, sizeof hang_text, "do hang:%s", place.fifo);
    run.process.limits.file_size = 100000; /* above what an exit writes in a coverage build */
    run.process.most_items = 3;
    run.options.errors.attempt_time = 2 * SECONDS;
    run_start(&run);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        jobs[i] = job_of(strcmp(texts[i], "do hang:") == 0 ? hang_text : texts[i]);
        assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &jobs[i]));
    }
    weir_report *report = finish_pipeline(run.pipeline, WEIR_OK);
    const weir_child_counts counts = report->stages[0].children;
    weir_report_free(report);
    run_end(&run, WEIR_OK);
    ck_assert_uint_eq(counts.signal, 1);
    ck_assert_uint_eq(counts.exit, 2);
    ck_assert_uint_eq(counts.limit, 1);
    ck_assert_uint_eq(counts.late, 1);
    ck_assert_uint_eq(counts.replaced, 1);
    ck_assert_uint_ge(counts.started, 6);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        free(jobs[i].result);
    remove_place(&place);
}
END_TEST

/* It is weir that kills it. */
START_TEST (a_child_that_closes_its_socket_is_not_counted_as_a_crash) {
    struct job job = job_of("do close:");
    struct run run = {.process = process_of("obey")};
    run_start(&run);
    assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &job));
    weir_report *report = finish_pipeline(run.pipeline, WEIR_OK);
    const weir_child_counts counts = report->stages[0].children;
    weir_report_free(report);
    run_end(&run, WEIR_OK);
    ck_assert_int_eq(job.code, WEIR_CODE_SIGNAL(SIGKILL));
    ck_assert_uint_eq(counts.signal + counts.exit + counts.limit + counts.late, 0);
}
END_TEST

/* A poll of a closed descriptor returns at once: to repeat it would keep a processor busy until the child has ended. */
START_TEST (a_descriptor_that_is_closed_after_a_kill_is_polled_once) {
    atomic_store(&bad_polls, 0);
    atomic_store(&closes_at_kill, true);
    assert_failure("do close:", WEIR_CODE_SIGNAL(SIGKILL), "obey: killed by SIGKILL");
    ck_assert(!atomic_load(&closes_at_kill));
    ck_assert_int_le(atomic_load(&looks_to_end), 0);
    ck_assert_int_eq(atomic_load(&bad_polls), 1);
    assert_no_children();
}
END_TEST

/* Though errors are skipped, and there are always further items. */
START_TEST (a_function_that_never_starts_fails_the_run) {
    static struct job jobs[100];
    struct run run = {.process = process_of(_i == 0 ? "dies-always" : "fails")};
    size_t count = 0;
    atomic_store(&starts, 0);
    run_start(&run);
    while (count < COUNT_OF(jobs)) {
        jobs[count] = job_of("x");
        if (weir_pipeline_put(run.pipeline, &jobs[count]) != WEIR_OK)
            break;
        count++;
    }
    weir_report *report = finish_pipeline(run.pipeline, WEIR_FAILED);
    bool told = false;
    for (size_t i = 0; i < report->kept_errors; i++)
        told =
            told || (report->errors[i].fatal &&
                     strcmp(report->errors[i].message,
                            _i == 0 ? "no child has become ready in 20 starts; the last: dies-always: exit status 9"
                                    : "no child has become ready in 20 starts; the last: fails: init: no model") == 0);
    ck_assert(told);
    weir_report_free(report);
    run_end(&run, WEIR_FAILED);
    ck_assert_uint_le(atomic_load(&starts), 25);
    assert_no_children();
}
END_TEST

/* The child of one thread works while all starts of the other one fail. */
START_TEST (a_function_that_starts_in_one_thread_does_not_fail_the_run) {
    struct job jobs[12];
    struct place place = new_place();
    size_t done = 0;
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        jobs[i] = job_of("do starts:27");
    run_jobs(process_of("dies-later"), (weir_stage_options){.threads.count = 2}, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        ck_assert(jobs[i].code == 0 || jobs[i].code == WEIR_CODE_EXIT(9));
        done += jobs[i].code == 0;
        free(jobs[i].result);
    }
    ck_assert_uint_ge(done, 1);
    remove_place(&place);
}
END_TEST

/* ---- cancels and the end ---- */

START_TEST (a_cancel_ends_hung_children) {
    struct place place = new_place();
    struct run run = {.process = process_of("obey")};
    char text[128];
    int before = open_descriptors();
    snprintf(text, sizeof text, "do hang:%s", place.fifo);
    struct job jobs[2] = {job_of(text), job_of(text)};
    run.options.threads.count = 2;
    fail_calls(without_end[_i], 0, 0);
    run_start(&run);
    for (int i = 0; i < 2; i++)
        assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &jobs[i]));
    wait_for_holders(&place, 2);
    assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    run_end(&run, WEIR_CANCELLED);
    assert_no_children();
    wait_for_none(&place);
    ck_assert_int_eq(open_descriptors(), before);
    remove_place(&place);
}
END_TEST

START_TEST (a_child_that_is_not_ready_is_killed) {
    struct place place = new_place();
    struct run run = {.process = process_of("never")};
    struct job job = job_of("hello");
    run_start(&run);
    if (_i == 1)
        assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &job));
    wait_for_holders(&place, 1);
    if (_i == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    run_end(&run, _i == 1 ? WEIR_CANCELLED : WEIR_OK);
    assert_no_children();
    wait_for_none(&place);
    remove_place(&place);
}
END_TEST

START_TEST (a_child_that_does_not_end_is_killed) {
    assert_result(process_of("stays"), "hello", "hello");
}
END_TEST

START_TEST (helpers_of_a_child_end_with_it) {
    struct place place = new_place();
    char text[128];
    snprintf(text, sizeof text, "do helper:%s", place.fifo);
    struct job job = job_of(text);
    struct run run = {.process = process_of("obey")};
    run_start(&run);
    assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &job));
    wait_for_holders(&place, 1);
    run_end(&run, WEIR_OK);
    free(job.result);
    wait_for_none(&place);
    remove_place(&place);
}
END_TEST

/* A process of the test that runs a pipeline, with a child that hangs, or with one that has a helper. */
static _Noreturn void be_parent(const char *function, const char *text) {
    struct run run = {.process = process_of(function)};
    struct job job = job_of(text);
    run_start(&run);
    assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &job));
    hang();
    _exit(0);
}

START_TEST (children_end_with_their_parent) {
    static const char *const texts[] = {"do hang:%s", "do helper:%s"};
    struct place place = new_place();
    char text[128];
    snprintf(text, sizeof text, _i == 0 ? texts[0] : texts[1], place.fifo);
    pid_t parent = fork();
    if (parent == 0)
        be_parent("obey", text);
    wait_for_holders(&place, 1);
    kill(parent, SIGKILL);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    wait_for_none(&place);
    remove_place(&place);
}
END_TEST

/* Like be_parent, in a user namespace, as its root. Exits if there can be none. */
static _Noreturn void be_parent_in_namespace(const char *text, int unshared, int mapped) {
    char c;
    if (unshare(CLONE_NEWUSER) != 0 || write(unshared, "x", 1) != 1 || read(mapped, &c, 1) != 1)
        _exit(77);
    if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
        _exit(77);
    be_parent("user", text);
}

/* Writes a map of users or groups of the process. Returns false if the system refuses. */
static bool map_ids(pid_t pid, const char *kind) {
    static const char map[] = "0 100000 65536";
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s_map", (long)pid, kind);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, map, sizeof map - 1) == (ssize_t)sizeof map - 1;
    close(fd);
    return written;
}

/* Root outside: other users cannot map several. Its init makes the child one that its parent's user may not signal. */
START_TEST (a_child_of_another_user_ends_with_its_parent) {
    static const char *const texts[] = {"do hang:%s", "do helper:%s"};
    struct place place = new_place();
    int unshared[2], mapped[2];
    char text[128], c;
    struct stat program;
    snprintf(text, sizeof text, _i == 0 ? texts[0] : texts[1], place.fifo);
    ck_assert(chmod(place.folder, 0711) == 0 && chmod(place.fifo, 0666) == 0);
    ck_assert(__real_pipe2(unshared, O_CLOEXEC) == 0 && __real_pipe2(mapped, O_CLOEXEC) == 0);
    pid_t parent = fork();
    if (parent == 0)
        be_parent_in_namespace(text, unshared[1], mapped[0]);
    close(unshared[1]);
    if (stat("/proc/self/exe", &program) == 0 && (program.st_mode & S_IXOTH) != 0 && read(unshared[0], &c, 1) == 1 &&
        map_ids(parent, "uid") && map_ids(parent, "gid")) {
        ck_assert_int_eq(write(mapped[1], "x", 1), 1);
        wait_for_holders(&place, 1);
        kill(parent, SIGKILL);
        wait_for_none(&place);
    }
    kill(parent, SIGKILL);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    close(unshared[0]);
    close(mapped[0]);
    close(mapped[1]);
    remove_place(&place);
}
END_TEST

/* As root. The child may not signal its helper, whose user stays root. */
START_TEST (a_helper_of_root_ends_with_the_parent_of_another_user) {
    struct place place = new_place();
    char text[128];
    snprintf(text, sizeof text, "do hang:%s", place.fifo);
    ck_assert(chmod(place.folder, 0711) == 0 && chmod(place.fifo, 0666) == 0);
    pid_t parent = getuid() == 0 ? fork() : -1;
    if (parent == 0)
        be_parent("helped", text);
    if (parent > 0) {
        wait_for_holders(&place, 2);
        kill(parent, SIGKILL);
        ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
        wait_for_none(&place);
    }
    remove_place(&place);
}
END_TEST

/* ---- what a child has ---- */

START_TEST (a_child_inherits_nothing) {
    int careless = dup2(0, 50);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_result(process_of("obey"), "do descriptors:", "0 1 2 3 4 5 6 ");
    assert_result(process_of("obey"), "do inherited:", "0 1 2 3 "); /* the last is the folder */
    assert_result(process_of("obey"), "do mask:", "0");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(careless);
}
END_TEST

START_TEST (the_outputs_of_a_child_are_those_of_the_program) {
    int ends[2], saved = fcntl(2, F_DUPFD_CLOEXEC, 20);
    char said_by_child[8] = "";
    ck_assert_int_eq(__real_pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], 2);
    struct job jobs[2] = {job_of("do say:"), job_of("do input:")};
    run_jobs(process_of("obey"), no_options, jobs, 2);
    dup2(saved, 2);
    close(saved);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], said_by_child, sizeof said_by_child - 1), 4);
    close(ends[0]);
    ck_assert_str_eq(said_by_child, "said");
    ck_assert_str_eq(jobs[1].result, "0"); /* standard input is empty */
    free(jobs[0].result);
    free(jobs[1].result);
}
END_TEST

/* What a program ignores, a program that it starts ignores too. */
START_TEST (the_signals_of_limits_are_not_ignored) {
    static const int signals[] = {SIGXFSZ, SIGXCPU};
    weir_process process = process_of("obey");
    for (size_t i = 0; i < COUNT_OF(signals); i++)
        signal(signals[i], SIG_IGN);
    process.limits = (weir_process_limits){.file_size = 10000};
    assert_code(process, no_options, "do write:", WEIR_CODE_SIGNAL(SIGXFSZ), "obey: killed by SIGXFSZ");
    process.limits = (weir_process_limits){.cpu_time = 1};
    assert_code(process, no_options, "do spin:", WEIR_CODE_SIGNAL(SIGXCPU), "obey: killed by SIGXCPU");
    for (size_t i = 0; i < COUNT_OF(signals); i++)
        signal(signals[i], SIG_DFL);
}
END_TEST

START_TEST (limits_hold_in_a_child) {
    weir_process process = process_of("obey");
    char wanted[128];
    process.limits.files = 20;
    process.nice = 3;
    process.limits.oom_score_adj = 432;
    int nicer = getpriority(PRIO_PROCESS, 0) + 3;
    snprintf(wanted, sizeof wanted, "core 0 files 20 nice %d oom 432", nicer < 19 ? nicer : 19);
    assert_result(process, "do limits:", wanted);
    struct rlimit before, lower;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    lower = (struct rlimit){.rlim_cur = 500, .rlim_max = 500};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lower), 0);
    process = process_of("obey");
    process.limits.files = 600; /* not above the hard limit, though root may raise that */
    snprintf(wanted, sizeof wanted, "core 0 files 500 nice %d", getpriority(PRIO_PROCESS, 0));
    assert_result(process, "do limits:", wanted);
    (void)setrlimit(RLIMIT_NOFILE, &before);
    process.limits = (weir_process_limits){.file_size = 10000};
    assert_code(process, no_options, "do write:", WEIR_CODE_SIGNAL(SIGXFSZ), "obey: killed by SIGXFSZ");
    process.limits = (weir_process_limits){.cpu_time = 1};
    assert_code(process, no_options, "do spin:", WEIR_CODE_SIGNAL(SIGXCPU), "obey: killed by SIGXCPU");
    process.limits = (weir_process_limits){.memory = 64 * MEGABYTE};
    if (!IS_SANITIZED)
        assert_code(process, no_options, "do allocate:", WEIR_CODE_SIGNAL(SIGABRT), "obey: killed by SIGABRT");
}
END_TEST

/* ---- children that lie ---- */

static void be_child_that(enum lie lie) {
    char text[16];
    snprintf(text, sizeof text, "%d", (int)lie);
    setenv("WEIR_TEST_LIE", text, 1);
}

static weir_process liar_with(size_t payload) {
    weir_process process = process_of("liar");
    process.payload = payload;
    return process;
}

START_TEST (a_lie_fails_its_attempt) {
    enum lie lie = (enum lie)_i;
    be_child_that(lie);
    weir_process process = liar_with(lie == MEMORY_WITHOUT_PAYLOAD ? 0 : MEGABYTE);
    if (lie == HONEST)
        assert_result(process, "x", "hello");
    else
        assert_code(process, no_options, "x", WEIR_CODE(WEIR_FAILED), "liar: its answer makes no sense");
}
END_TEST

START_TEST (an_item_that_was_not_begun_is_not_blamed) {
    be_child_that(DIES_UNBEGUN);
    atomic_store(&starts, 0);
    assert_code(liar_with(0), no_options, "x", WEIR_CODE_SIGNAL(SIGTERM), "liar: killed by SIGTERM");
    ck_assert_uint_eq(atomic_load(&starts), 6); /* five times, and one for the next item */
}
END_TEST

START_TEST (an_answer_counts_though_its_child_has_died) {
    struct job jobs[50];
    be_child_that(DIES_AFTER_ANSWER);
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        jobs[i] = job_of("x");
    run_jobs(liar_with(0), no_options, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        ck_assert_msg(jobs[i].result != NULL, "%s", jobs[i].message);
        free(jobs[i].result);
    }
}
END_TEST

START_TEST (a_second_answer_is_none_to_the_next_question) {
    struct place place = new_place();
    struct job jobs[2] = {job_of("x"), job_of("x")};
    struct run run = {.process = liar_with(0)};
    be_child_that(ANSWERS_TWICE);
    run_start(&run);
    assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &jobs[0]));
    wait_for_holders(&place, 1); /* its second answer has come */
    assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &jobs[1]));
    run_end(&run, WEIR_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(jobs[i].result != NULL, "%d: %s", i, jobs[i].message);
        ck_assert_str_eq(jobs[i].result, "hello");
        free(jobs[i].result);
    }
    assert_no_children();
    remove_place(&place);
}
END_TEST

START_TEST (a_senseless_answer_without_a_begin_blames_no_item) {
    be_child_that(ANSWERS_UNBEGUN);
    atomic_store(&starts, 0);
    assert_code(liar_with(0), no_options, "x", WEIR_CODE(WEIR_FAILED), "liar: its answer makes no sense");
    ck_assert_uint_eq(atomic_load(&starts), 6); /* five times, and one for the next item */
}
END_TEST

/* The items are in shared memory, and each child has two. */
START_TEST (no_child_changes_what_its_parent_believes) {
    struct job jobs[6];
    weir_process process = liar_with(MEGABYTE);
    process.limits.files = 100;
    process.most_items = 2;
    be_child_that(SPOILS_PAGE);
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        jobs[i] = job_of_size(MEGABYTE, 'x');
    run_jobs(process, no_options, jobs, COUNT_OF(jobs));
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        ck_assert_msg(jobs[i].result != NULL, "%s", jobs[i].message);
        free(jobs[i].result);
        free((char *)jobs[i].text);
    }
}
END_TEST

START_TEST (a_child_that_ignores_the_end_is_killed) {
    be_child_that(IGNORES_END);
    assert_result(liar_with(0), "x", "hello");
}
END_TEST

/* ---- kills at random moments ---- */

enum { KILLS = 200, KILLED_ITEMS = 20000, KILLED_THREADS = 3 };

static atomic_bool over;
static atomic_uint kills;

static void *kill_often(void *raw) {
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGBUS};
    size_t count = IS_SANITIZED ? 2 : COUNT_OF(signals); /* a sanitizer takes its time with the others */
    uint64_t *seed = raw;
    while (!atomic_load(&over) && atomic_load(&kills) < KILLS) {
        usleep((useconds_t)(random_next(seed) % 2000));
        if (kill_any(random_next(seed), signals[random_next(seed) % count]))
            atomic_fetch_add(&kills, 1);
    }
    return NULL;
}

/* Puts items until all kills are done. */
static size_t put_while_killed(struct run *run, struct job *jobs) {
    size_t count = 0;
    while (count < KILLED_ITEMS && atomic_load(&kills) < KILLS) {
        jobs[count] = count % 50 == 0 ? job_of_size(100000, 'x') : job_of("hello");
        assert_status(WEIR_OK, weir_pipeline_put(run->pipeline, &jobs[count++]));
    }
    return count;
}

START_TEST (kills_at_random_moments_lose_nothing) {
    const char *given = getenv("WEIR_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)now();
    struct job *jobs = calloc(KILLED_ITEMS, sizeof *jobs);
    struct run run = {.process = process_of("obey")};
    int before = open_descriptors();
    pthread_t killer;
    printf("kills: WEIR_TEST_SEED=%llu\n", (unsigned long long)seed);
    run.process.payload = MEGABYTE;
    run.process.most_items = 20;
    run.options.threads.count = KILLED_THREADS;
    run.options.errors.retry.attempts = 100;
    run.options.output.ordered = true;
    atomic_store(&over, false);
    atomic_store(&kills, 0);
    atomic_store(&starts, 0);
    atomic_store(&encodes, 0);
    run_start(&run);
    thread_start(&killer, kill_often, &seed);
    size_t count = put_while_killed(&run, jobs);
    run_end(&run, WEIR_OK);
    atomic_store(&over, true);
    thread_join(killer);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(atomic_load(&jobs[i].ended) == 1 && jobs[i].result != NULL, "item %zu: %u times, %s", i,
                      atomic_load(&jobs[i].ended), jobs[i].message);
        ck_assert(jobs[i].result_size == jobs[i].size && memcmp(jobs[i].result, jobs[i].text, jobs[i].size) == 0);
        free(jobs[i].result);
        if (jobs[i].size == 100000)
            free((char *)jobs[i].text);
    }
    unsigned lost = atomic_load(&encodes) - (unsigned)count;
    printf("kills: %u, of children for %zu items, %u starts, %u attempts lost\n", atomic_load(&kills), count,
           atomic_load(&starts), lost);
    free(jobs);
    ck_assert_uint_gt(atomic_load(&kills), 0);
    ck_assert_uint_le(lost, atomic_load(&kills));
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
}
END_TEST

/* ---- refusals and faults ---- */

static void assert_refused(weir_process process, weir_status status, const char *reason) {
    struct run run = {.process = process};
    int before = open_descriptors();
    run_begin(&run);
    assert_status(status, weir_pipeline_start(run.pipeline));
    ck_assert_msg(strstr(weir_pipeline_message(run.pipeline), reason) != NULL, "%s",
                  weir_pipeline_message(run.pipeline));
    destroy_pipeline(run.pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(run.dead));
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
}

START_TEST (options_of_no_use_are_refused) {
    weir_process process = process_of("obey");
    assert_refused(process_of(NULL), WEIR_INITFAILED, "needs function, encode and decode");
    process.encode = NULL;
    assert_refused(process, WEIR_INITFAILED, "needs function, encode and decode");
    process = process_of("obey");
    process.decode = NULL;
    assert_refused(process, WEIR_INITFAILED, "needs function, encode and decode");
    assert_refused(process_of("unknown"), WEIR_INITFAILED, "no such function");
    process = process_of("obey");
    process.payload = SIZE_MAX;
    assert_refused(process, WEIR_INITFAILED, "payload is too large");
    process.payload = SIZE_MAX / 2 - 8 * (size_t)WEIR__PAGE;
    if (sizeof(size_t) >= sizeof(off_t))
        assert_refused(process, WEIR_INITFAILED, "File too large");
    for (size_t i = 0; i < COUNT_OF(process.reserved) + COUNT_OF(process.limits.reserved); i++) {
        process = process_of("obey");
        *(i < COUNT_OF(process.reserved) ? &process.reserved[i]
                                         : &process.limits.reserved[i - COUNT_OF(process.reserved)]) = &process;
        assert_refused(process, WEIR_INITFAILED, "reserved must be NULL");
    }
    void *keeper;
    ck_assert_int_eq(weir_process_init(NULL, &keeper), WEIR_INVALID);
    ck_assert_int_eq(weir_process_run(NULL, NULL, NULL), WEIR_CODE(WEIR_INVALID));
    weir_process_fini(NULL);
    weir_process_main(1, NULL, NULL); /* as in a program that has no call of it */
    assert_refused(process_of("obey"), WEIR_INITFAILED, "weir_process_main must be called first");
    weir_process_main(1, NULL, table);
}
END_TEST

START_TEST (what_fails_in_the_system_is_the_reason_of_a_start) {
    static const struct {
        enum fault kind;
        const char *reason;
    } faults[] = {{MEMORY, "Too many open files"},
                  {MAP, "Cannot allocate memory"},
                  {SOCKETS, "Too many open files in system"},
                  {PIPE, "Too many open files in system"},
                  {SPAWN, "Resource temporarily unavailable"}};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        fail_calls(faults[i].kind, 0, -1);
        assert_refused(process_of("obey"), WEIR_INITFAILED, faults[i].reason);
    }
    fail_calls(NO_FAULT, 0, 0);
}
END_TEST

/* In the program's own thread, which does not block the signal of that limit. */
START_TEST (memory_above_the_limit_for_files_is_not_shared) {
    struct rlimit before, low;
    weir_process process = process_of("obey");
    void *keeper = NULL;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = 1000;
    int is_limited = setrlimit(RLIMIT_FSIZE, &low); /* and no assertion: it adds to a file */
    weir_status status = weir_process_init(&process, &keeper);
    int is_ended = setrlimit(RLIMIT_FSIZE, &before);
    ck_assert(is_limited == 0 && is_ended == 0);
    assert_status(WEIR_INITFAILED, status);
}
END_TEST

/* Returns how many pipes the start of a child makes. */
static int pipes_of_start(void) {
    int before = atomic_load(&pipes);
    fail_calls(NO_FAULT, 0, 0);
    assert_result(process_of("obey"), "hello", "hello");
    return atomic_load(&pipes) - before;
}

/* The first child dies, and the next ones cannot be started, twice or for ever. */
START_TEST (what_fails_in_the_system_for_a_moment_costs_no_attempt) {
    static const struct {
        enum fault kind;
        int error;
        const char *message;
    } faults[] = {{SOCKETS, ENFILE, "obey: cannot be run: Too many open files in system"},
                  {PIPE, ENFILE, "obey: cannot be run: Too many open files in system"},
                  {SPAWN, EAGAIN, "obey: cannot be run: Resource temporarily unavailable"}};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct job jobs[2] = {job_of("do signal:9"), job_of("hello")};
        int of_first = faults[i].kind == PIPE ? pipes_of_start() : 1;
        fail_calls(faults[i].kind, of_first, 3);
        run_jobs(process_of("obey"), no_options, jobs, 2);
        ck_assert_msg(jobs[1].result != NULL, "%s", jobs[1].message);
        free(jobs[1].result);
        jobs[0] = job_of("do signal:9");
        jobs[1] = job_of("hello");
        fail_calls(faults[i].kind, of_first, -1);
        run_jobs(process_of("obey"), no_options, jobs, 2);
        ck_assert_int_eq(jobs[1].code, WEIR_CODE_NOT_RUN(faults[i].error));
        ck_assert_str_eq(jobs[1].message, faults[i].message);
    }
    fail_calls(SEND, 0, 3);
    assert_result(process_of("obey"), "hello", "hello");
    fail_calls(SEND, 0, -1);
    assert_failure("hello", WEIR_CODE_NOT_RUN(ENOBUFS), "obey: cannot be asked: No buffer space available");
    fail_calls(SEND_TO_NONE, 0, 1); /* it ended just before, and the item goes to the next one */
    atomic_store(&starts, 0);
    assert_result(process_of("obey"), "hello", "hello");
    ck_assert_uint_eq(atomic_load(&starts), 2);
    fail_calls(NO_FAULT, 0, 0);
}
END_TEST

START_TEST (a_closed_descriptor_of_the_end_is_no_cancel) {
    fail_calls(NO_STOP, 0, 0);
    assert_result(process_of("slow"), "hello", "hello");
}
END_TEST

START_TEST (a_child_is_heard_though_the_system_refuses_to_poll) {
    struct job jobs[2] = {job_of("do signal:9"), job_of("hello")};
    atomic_store(&polls, 0);
    fail_calls(POLL, 0, 0);
    run_jobs(process_of("slow"), no_options, jobs, 2);
    fail_calls(NO_FAULT, 0, 0);
    ck_assert_int_eq(jobs[0].code, WEIR_CODE_SIGNAL(SIGKILL));
    ck_assert_msg(jobs[1].result != NULL, "%s", jobs[1].message);
    ck_assert_uint_gt(atomic_load(&refused_polls), 0);
    ck_assert_uint_lt(atomic_load(&polls), 10000); /* it does not spin */
    free(jobs[1].result);
}
END_TEST

START_TEST (a_child_whose_group_cannot_be_bound_does_not_serve) {
    setenv(NO_GROUP, "1", 1);
    assert_failure("hello", WEIR_CODE_EXIT(125), "obey: exit status 125");
    unsetenv(NO_GROUP);
}
END_TEST

/* Starts this program as a child would be, with that file at the place of the memory. Returns its wait status. */
static int run_by_hand(int memory) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int copy = fcntl(memory, F_DUPFD, WEIR__CHILD_LAST + 1);
        for (int fd = WEIR__CHILD_SOCKET; fd <= WEIR__CHILD_LAST; fd++)
            close(fd);
        if (copy >= 0)
            dup2(copy, WEIR__CHILD_MEMORY);
        alarm(TEST_SECONDS);
        execl("/proc/self/exe", "weir", WEIR__PROCESS_MODE, "obey", (char *)NULL);
        _exit(99);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* Without a socket, or with other files at the places of the memory, it serves nothing, and does not crash. */
START_TEST (a_child_that_is_started_by_hand_ends) {
    static const off_t sizes[] = {0, 1, WEIR__PAGE - 1, WEIR__PAGE, WEIR__PAGE + 1, 3 * WEIR__PAGE};
    FILE *file = tmpfile();
    int ends[2], status = run_by_hand(-1);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 125);
    ck_assert_int_eq(pipe(ends), 0);
    status = run_by_hand(ends[0]);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 125);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        ck_assert_int_eq(ftruncate(fileno(file), sizes[i]), 0);
        status = run_by_hand(fileno(file));
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 125, "%d with %ld bytes", status, (long)sizes[i]);
    }
    close(ends[0]);
    close(ends[1]);
    fclose(file);
}
END_TEST

/* The peer has closed its side with a message that it has not received: the system reports that first. */
START_TEST (a_message_is_received_from_a_side_that_is_closed) {
    weir__channel channel;
    int theirs[2];
    char byte;
    size_t size = 0;
    ck_assert_int_eq(weir__channel_open(&channel, theirs), 0);
    ck_assert_int_eq(weir__channel_send(theirs[0], "x", 1), 0);
    ck_assert_int_eq(weir__channel_send(channel.socket, "y", 1), 0);
    close(theirs[0]);
    close(theirs[1]);
    ck_assert_int_eq(weir__channel_receive(channel.socket, &byte, 1, &size, false), WEIR__RECEIVED);
    ck_assert_int_eq(byte, 'x');
    ck_assert_int_eq(weir__channel_receive(channel.socket, &byte, 1, &size, false), WEIR__RECEIVED_END);
    weir__channel_close(&channel);
}
END_TEST

/* With room for `room` more descriptors. */
static void run_within(int room) {
    struct rlimit before, limit;
    struct run run = {.process = process_of("obey")};
    int next = dup(0);
    close(next);
    run_begin(&run);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)next + (rlim_t)room;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct job job = job_of("hello");
    bool started = weir_pipeline_start(run.pipeline) == WEIR_OK;
    if (started)
        assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, &job));
    if (started)
        run_end(&run, WEIR_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (started) {
        ck_assert_msg(job.result != NULL || job.code == WEIR_CODE_NOT_RUN(EMFILE), "%s", job.message);
        free(job.result);
        return;
    }
    ck_assert_msg(strstr(weir_pipeline_message(run.pipeline), "Too many open files") != NULL, "%s",
                  weir_pipeline_message(run.pipeline));
    destroy_pipeline(run.pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(run.dead));
}

START_TEST (without_descriptors_nothing_is_left) {
    int before = open_descriptors();
    for (int room = 0; room < 20; room++)
        run_within(room);
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
}
END_TEST

START_TEST (closed_standard_streams_do_no_harm) {
    int saved[3];
    struct job job = job_of("do descriptors:");
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    run_jobs(process_of("obey"), no_options, &job, 1);
    bool closed = fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0;
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    ck_assert(closed);
    ck_assert_msg(job.result != NULL, "%s", job.message);
    ck_assert_str_eq(job.result, "0 1 2 3 4 5 6 ");
    free(job.result);
}
END_TEST

/* As another thread that starts a child has it for a moment, while these streams are closed: a descriptor of weir. */
START_TEST (a_child_has_no_descriptor_of_another_start_as_its_output) {
    int saved[3];
    struct job jobs[2] = {job_of("do target:1"), job_of("do target:2")};
    int other = memfd_create("weir", MFD_CLOEXEC);
    for (int fd = 1; fd < 3; fd++) {
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
        dup3(other, fd, O_CLOEXEC);
    }
    run_jobs(process_of("obey"), no_options, jobs, 2);
    for (int fd = 1; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    for (int fd = 1; fd < 3; fd++) {
        ck_assert_msg(jobs[fd - 1].result != NULL, "%s", jobs[fd - 1].message);
        ck_assert_str_eq(jobs[fd - 1].result, "/dev/null");
        free(jobs[fd - 1].result);
    }
    close(other);
}
END_TEST

/* ---- a program that is replaced while it runs ---- */

/* Whether this system runs children. */
static bool runs_children(void) {
    weir_process process = process_of("obey");
    struct job job = job_of("hello");
    try_child(&process, &job);
    bool has = job.result != NULL;
    free(job.result);
    return has;
}

/* In a copy of this program: replaces its own file, and still has children. */
static int run_replaced(const char *path) {
    FILE *file = unlink(path) == 0 ? fopen(path, "w") : NULL;
    if (file == NULL || fclose(file) != 0)
        return 3;
    return runs_children() ? 0 : 4;
}

START_TEST (a_replaced_program_runs_its_own_children) {
    struct place place = new_place();
    char command[512];
    snprintf(command, sizeof command, "cp /proc/%ld/exe %s && chmod +x %s && exec %s --replaced %s", (long)getpid(),
             place.file, place.file, place.file, place.file);
    ck_assert_int_eq(system(command), 0);
    remove_place(&place);
}
END_TEST

/* ---- the suite ---- */

/* A fault of one test is none of the next, which may run in the same process. */
static void end_faults(void) {
    fail_calls(NO_FAULT, 0, 0);
}

static TCase *add_clean_case(Suite *suite, const char *name) {
    TCase *tcase = add_case(suite, name);
    tcase_add_checked_fixture(tcase, end_faults, end_faults);
    return tcase;
}

static Suite *process_suite(void) {
    Suite *suite = suite_create("processes");
    TCase *crossing = add_clean_case(suite, "crossing");
    tcase_add_test(crossing, bytes_cross_and_come_back);
    tcase_add_loop_test(crossing, all_sizes_cross, 0, 2);
    tcase_add_loop_test(crossing, a_large_item_leaves_little_memory, 0, 2);
    tcase_add_test(crossing, what_exceeds_the_room_fails);
    tcase_add_test(crossing, no_child_changes_what_its_parent_reads);
    tcase_add_test(crossing, codes_and_reasons_are_those_of_the_functions);
    tcase_add_test(crossing, a_child_makes_its_state_and_unmakes_it);
    tcase_add_test(crossing, an_idle_child_unmakes_its_state);
    tcase_add_test(crossing, an_init_that_fails_in_the_child_is_the_reason);
    TCase *ends = add_clean_case(suite, "ends");
    tcase_add_loop_test(ends, a_crash_is_the_code_of_its_attempt_alone, 0, COUNT_OF(without_end));
    tcase_add_test(ends, another_child_makes_the_next_attempt);
    tcase_add_loop_test(ends, a_hang_ends_at_the_deadline, 0, COUNT_OF(without_end));
    tcase_add_test(ends, an_item_that_is_late_costs_no_child);
    tcase_add_test(ends, a_stopped_child_ends_at_the_deadline);
    tcase_add_test(ends, a_child_is_replaced_after_most_items);
    tcase_add_test(ends, a_lost_exit_status_is_said);
    TCase *begins = add_clean_case(suite, "starts");
    tcase_add_test(begins, a_slow_start_is_waited_for_over_attempts);
    tcase_add_test(begins, an_init_that_always_fails_starts_few_processes);
    tcase_add_test(begins, a_start_that_dies_costs_no_attempt);
    tcase_add_test(begins, a_report_counts_children);
    tcase_add_test(begins, a_child_that_closes_its_socket_is_not_counted_as_a_crash);
    tcase_add_test(begins, a_descriptor_that_is_closed_after_a_kill_is_polled_once);
    tcase_add_loop_test(begins, a_function_that_never_starts_fails_the_run, 0, 2);
    tcase_add_test(begins, a_function_that_starts_in_one_thread_does_not_fail_the_run);
    TCase *cancels = add_clean_case(suite, "cancels");
    tcase_add_loop_test(cancels, a_cancel_ends_hung_children, 0, COUNT_OF(without_end));
    tcase_add_loop_test(cancels, a_child_that_is_not_ready_is_killed, 0, 2);
    tcase_add_test(cancels, a_child_that_does_not_end_is_killed);
    tcase_add_test(cancels, helpers_of_a_child_end_with_it);
    tcase_add_loop_test(cancels, children_end_with_their_parent, 0, 2);
    tcase_add_loop_test(cancels, a_child_of_another_user_ends_with_its_parent, 0, 2);
    tcase_add_test(cancels, a_helper_of_root_ends_with_the_parent_of_another_user);
    TCase *given = add_clean_case(suite, "given");
    tcase_add_test(given, a_child_inherits_nothing);
    tcase_add_test(given, the_outputs_of_a_child_are_those_of_the_program);
    tcase_add_test(given, limits_hold_in_a_child);
    tcase_add_test(given, the_signals_of_limits_are_not_ignored);
    TCase *lies = add_clean_case(suite, "lies");
    tcase_add_loop_test(lies, a_lie_fails_its_attempt, HONEST, LIES);
    tcase_add_test(lies, an_item_that_was_not_begun_is_not_blamed);
    tcase_add_test(lies, an_answer_counts_though_its_child_has_died);
    tcase_add_test(lies, a_second_answer_is_none_to_the_next_question);
    tcase_add_test(lies, a_senseless_answer_without_a_begin_blames_no_item);
    tcase_add_test(lies, no_child_changes_what_its_parent_believes);
    tcase_add_test(lies, a_child_that_ignores_the_end_is_killed);
    TCase *kill_case = add_clean_case(suite, "kills");
    tcase_add_test(kill_case, kills_at_random_moments_lose_nothing);
    TCase *faults = add_clean_case(suite, "faults");
    tcase_add_test(faults, options_of_no_use_are_refused);
    tcase_add_test(faults, what_fails_in_the_system_is_the_reason_of_a_start);
    tcase_add_test(faults, memory_above_the_limit_for_files_is_not_shared);
    tcase_add_test(faults, what_fails_in_the_system_for_a_moment_costs_no_attempt);
    tcase_add_test(faults, a_closed_descriptor_of_the_end_is_no_cancel);
    tcase_add_test(faults, a_child_is_heard_though_the_system_refuses_to_poll);
    tcase_add_test(faults, a_child_whose_group_cannot_be_bound_does_not_serve);
    tcase_add_test(faults, a_child_that_is_started_by_hand_ends);
    tcase_add_test(faults, a_message_is_received_from_a_side_that_is_closed);
    tcase_add_test(faults, without_descriptors_nothing_is_left);
    tcase_add_test(faults, closed_standard_streams_do_no_harm);
    tcase_add_test(faults, a_child_has_no_descriptor_of_another_start_as_its_output);
    tcase_add_test(faults, a_replaced_program_runs_its_own_children);
    return suite;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], WEIR__PROCESS_MODE) == 0 && strcmp(argv[2], "liar") == 0)
        be_liar();
    weir_process_main(argc, argv, table);
    if (argc == 3 && strcmp(argv[1], "--replaced") == 0)
        return run_replaced(argv[2]);
    if (runs_children())
        return run_suite(process_suite());
    printf("SKIPPED: no child processes\n");
    return 77;
}
