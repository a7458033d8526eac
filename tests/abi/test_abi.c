/*
 * test_abi.c - checks the ABI: the numbers, sizes, offsets and types on which compiled programs, and bindings without
 * a C compiler, rely.
 *
 * Nearly all checks run at compile time, for 64-bit and for 32-bit systems. What is compiled into existing programs
 * must not change; HACKING.md has the rules for permitted changes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <weir.h>

/* ---- enumerator values, which never change ---- */

#define NUMBER(name, value) _Static_assert((name) == (value), #name " has been another number")
NUMBER(WEIR_OK, 0);
NUMBER(WEIR_CLOSED, 1);
NUMBER(WEIR_FULL, 2);
NUMBER(WEIR_EMPTY, 3);
NUMBER(WEIR_TIMEDOUT, 4);
NUMBER(WEIR_INVALID, 5);
NUMBER(WEIR_NOMEM, 6);
NUMBER(WEIR_BUSY, 7);
NUMBER(WEIR_DEADLOCK, 8);
NUMBER(WEIR_DISCARDED, 9);
NUMBER(WEIR_NOTHREAD, 10);
NUMBER(WEIR_INITFAILED, 11);
NUMBER(WEIR_UNFINISHED, 12);
NUMBER(WEIR_DRAIN, 0);
NUMBER(WEIR_DISCARD, 1);
NUMBER(sizeof(weir_status), 4);
NUMBER(sizeof(weir_shutdown_mode), 4);

/* ---- constants and scalar types ---- */

#define IS_A(type, value) _Static_assert(_Generic((value), type : 1, default : 0), #value " has been a " #type)
NUMBER(WEIR_NEVER, UINT64_C(0xffffffffffffffff));
NUMBER(WEIR_UNBOUNDED, SIZE_MAX);
IS_A(uint64_t, WEIR_NEVER);
IS_A(size_t, WEIR_UNBOUNDED);
IS_A(uint64_t, (weir_deadline)0);
NUMBER(sizeof(weir_deadline), 8);
IS_A(uint64_t *, (weir_deadline *)0);

/* ---- structs: the offset of each member, on 64-bit and on 32-bit systems ---- */

#define IS_64 (sizeof(void *) == 8)
_Static_assert(IS_64 || sizeof(void *) == 4, "the numbers below are for 64-bit and for 32-bit systems");
_Static_assert(sizeof(size_t) == sizeof(void *), "the numbers below are for flat memory");

#define SIZE(type, lp64, ilp32) NUMBER(sizeof(type), IS_64 ? (lp64) : (ilp32))
#define PLACE(type, member, lp64, ilp32) NUMBER(offsetof(type, member), IS_64 ? (lp64) : (ilp32))
#define MEMBER(type, member) (((type *)0)->member)

SIZE(weir_queue_options, 64, 32);
PLACE(weir_queue_options, capacity, 0, 0);
PLACE(weir_queue_options, name, 8, 4);
PLACE(weir_queue_options, drop, 16, 8);
PLACE(weir_queue_options, drop_arg, 24, 12);
PLACE(weir_queue_options, reserved, 32, 16);
IS_A(size_t, MEMBER(weir_queue_options, capacity));
IS_A(const char *, MEMBER(weir_queue_options, name));
IS_A(weir_drop_func *, MEMBER(weir_queue_options, drop));
IS_A(void *, MEMBER(weir_queue_options, drop_arg));
IS_A(void **, MEMBER(weir_queue_options, reserved));

SIZE(weir_queue_cursor, 16, 8);
PLACE(weir_queue_cursor, queue, 0, 0);
PLACE(weir_queue_cursor, state, 8, 4);
IS_A(weir_queue *, MEMBER(weir_queue_cursor, queue));
IS_A(int, MEMBER(weir_queue_cursor, state));

SIZE(weir_worker_options, 80, 40);
PLACE(weir_worker_options, func, 0, 0);
PLACE(weir_worker_options, arg, 8, 4);
PLACE(weir_worker_options, name, 16, 8);
PLACE(weir_worker_options, stack_size, 24, 12);
PLACE(weir_worker_options, init, 32, 16);
PLACE(weir_worker_options, fini, 40, 20);
PLACE(weir_worker_options, reserved, 48, 24);
IS_A(weir_worker_func *, MEMBER(weir_worker_options, func));
IS_A(void *, MEMBER(weir_worker_options, arg));
IS_A(const char *, MEMBER(weir_worker_options, name));
IS_A(size_t, MEMBER(weir_worker_options, stack_size));
IS_A(weir_worker_init *, MEMBER(weir_worker_options, init));
IS_A(weir_worker_fini *, MEMBER(weir_worker_options, fini));
IS_A(void **, MEMBER(weir_worker_options, reserved));

/* ---- functions ---- */

#define CALL(function, result, ...)                                                                                    \
    _Static_assert(_Generic(&(function), result(*)(__VA_ARGS__) : 1, default : 0),                                     \
                   #function " has been another function")
CALL(weir_deadline_after, weir_deadline, uint64_t);
CALL(weir_queue_capacity, size_t, const weir_queue *);
CALL(weir_queue_close, weir_status, weir_queue *);
CALL(weir_queue_create, weir_status, weir_queue **, size_t);
CALL(weir_queue_create_with, weir_status, weir_queue **, const weir_queue_options *);
CALL(weir_queue_cursor_end, weir_status, weir_queue_cursor *);
CALL(weir_queue_cursor_next, weir_status, weir_queue_cursor *, void **);
CALL(weir_queue_destroy, weir_status, weir_queue *);
CALL(weir_queue_get, weir_status, weir_queue *, void **);
CALL(weir_queue_get_many, weir_status, weir_queue *, void **, size_t, size_t *);
CALL(weir_queue_get_many_until, weir_status, weir_queue *, void **, size_t, size_t *, weir_deadline);
CALL(weir_queue_get_until, weir_status, weir_queue *, void **, weir_deadline);
CALL(weir_queue_join, weir_status, weir_queue *);
CALL(weir_queue_join_until, weir_status, weir_queue *, weir_deadline);
CALL(weir_queue_name, const char *, const weir_queue *);
CALL(weir_queue_put, weir_status, weir_queue *, void *);
CALL(weir_queue_put_many, weir_status, weir_queue *, void *const *, size_t, size_t *);
CALL(weir_queue_put_many_until, weir_status, weir_queue *, void *const *, size_t, size_t *, weir_deadline);
CALL(weir_queue_put_until, weir_status, weir_queue *, void *, weir_deadline);
CALL(weir_queue_shutdown, weir_status, weir_queue *, weir_shutdown_mode);
CALL(weir_queue_size, size_t, const weir_queue *);
CALL(weir_queue_task_done, weir_status, weir_queue *);
CALL(weir_queue_tasks_done, weir_status, weir_queue *, size_t);
CALL(weir_queue_try_get, weir_status, weir_queue *, void **);
CALL(weir_queue_try_get_many, weir_status, weir_queue *, void **, size_t, size_t *);
CALL(weir_queue_try_put, weir_status, weir_queue *, void *);
CALL(weir_queue_try_put_many, weir_status, weir_queue *, void *const *, size_t, size_t *);
CALL(weir_queue_unfinished, size_t, const weir_queue *);
CALL(weir_start_threads, weir_status, weir_threads **, size_t, weir_worker_func *, void *, weir_queue *, weir_queue *);
CALL(weir_start_threads_with, weir_status, weir_threads **, size_t, const weir_worker_options *, weir_queue *,
     weir_queue *);
CALL(weir_stop_threads, weir_status, weir_queue *, weir_threads *);
CALL(weir_code_status, weir_status, int);
CALL(weir_strerror, const char *, weir_status);
CALL(weir_version, const char *, void);
CALL(weir_worker_join, weir_status, weir_worker *);
CALL(weir_worker_start, weir_status, weir_worker **, const weir_worker_options *, weir_queue *, weir_queue *);

/* ---- the library called without its headers' structs: numbers and bytes, as in a binding ---- */

static int failures;

static void expect(int holds, const char *what) {
    if (!holds) {
        printf("FAIL: %s\n", what);
        failures++;
    }
}

enum { WORD = sizeof(void *) };

/* Memory for the largest struct, and the words that follow it. */
union memory {
    uintptr_t words[16];
    weir_queue_options queue_options;
    weir_worker_options worker_options;
    weir_queue_cursor cursor;
};

static int dropped;

static void drop(void *item, void *arg) {
    dropped += item == &failures && arg == &dropped;
}

static void a_queue_is_created_from_words(void) {
    weir_queue *queue = NULL;
    union memory memory;
    memset(&memory, 0xff, sizeof memory); /* bytes behind the struct are ignored */
    memset(&memory, 0, 8 * WORD);
    memory.words[0] = 3;
    memory.words[1] = (uintptr_t) "words";
    memory.words[2] = (uintptr_t)drop;
    memory.words[3] = (uintptr_t)&dropped;
    for (size_t reserved = 4; reserved < 8; reserved++) {
        memory.words[reserved] = 1;
        expect(weir_queue_create_with(&queue, &memory.queue_options) == 5,
               "each reserved word of a queue is looked at");
        memory.words[reserved] = 0;
    }
    expect(weir_queue_create_with(&queue, &memory.queue_options) == 0, "a queue is created from words");
    expect(weir_queue_capacity(queue) == 3, "the capacity is word 0");
    expect(strcmp(weir_queue_name(queue), "words") == 0, "the name is word 1");
    expect(weir_queue_put(queue, &failures) == 0 && weir_queue_destroy(queue) == 0, "put and destroy");
    expect(dropped == 1, "the drop function is word 2 and its argument word 3");
}

static void a_cursor_is_two_words(void) {
    weir_queue *queue = NULL;
    void *item = NULL;
    union memory memory;
    expect(weir_queue_create(&queue, SIZE_MAX) == 0, "no bound is SIZE_MAX");
    expect(weir_queue_put(queue, &failures) == 0, "put");
    memset(&memory, 0xff, sizeof memory);
    memset(&memory, 0, 2 * WORD);
    memory.words[0] = (uintptr_t)queue;
    expect(weir_queue_cursor_next(&memory.cursor, &item) == 0 && item == &failures, "a cursor begins with state 0");
    expect(weir_queue_cursor_end(&memory.cursor) == 0 && weir_queue_unfinished(queue) == 0, "and settles");
    expect(memory.words[2] == UINTPTR_MAX, "a cursor ends after two words");
    expect(weir_queue_get_until(queue, &item, 0) == 4, "the deadline 0 has passed");
    expect(weir_queue_shutdown(queue, (weir_shutdown_mode)1) == 0 && weir_queue_put(queue, NULL) == 1, "discard is 1");
    expect(weir_queue_destroy(queue) == 0, "destroy");
}

static int inits, finis;
static char state;

static weir_status init(void *arg, void **result) {
    inits += arg == &inits;
    *result = &state;
    return WEIR_OK;
}

static void fini(void *result) {
    finis += result == &state;
}

static void *work(void *item, void *result) {
    return result == &state ? item : NULL;
}

static void a_worker_is_started_from_words(void) {
    weir_queue *in = NULL, *out = NULL;
    weir_worker *worker = NULL;
    void *item = NULL;
    union memory memory;
    expect(weir_queue_create(&in, 2) == 0 && weir_queue_create(&out, 2) == 0, "two queues");
    memset(&memory, 0xff, sizeof memory);
    memset(&memory, 0, 10 * WORD);
    memory.words[0] = (uintptr_t)work;
    memory.words[1] = (uintptr_t)&inits;
    memory.words[2] = (uintptr_t) "words";
    memory.words[3] = 1 << 20;
    memory.words[4] = (uintptr_t)init;
    memory.words[5] = (uintptr_t)fini;
    for (size_t reserved = 6; reserved < 10; reserved++) {
        memory.words[reserved] = 1;
        expect(weir_worker_start(&worker, &memory.worker_options, in, out) == 5,
               "each reserved word of a worker is looked at");
        memory.words[reserved] = 0;
    }
    expect(weir_worker_start(&worker, &memory.worker_options, in, out) == 0, "a worker is started from words");
    expect(weir_queue_put(in, &failures) == 0 && weir_queue_close(in) == 0, "put and close");
    expect(weir_worker_join(worker) == 0, "the worker is joined");
    expect(weir_queue_get(out, &item) == 0 && item == &failures, "the function is word 0");
    expect(inits == 1 && finis == 1, "init is word 4 and its argument word 1, fini is word 5");
    expect(weir_queue_destroy(in) == 0 && weir_queue_destroy(out) == 0, "destroy");
}

int main(void) {
    a_queue_is_created_from_words();
    a_cursor_is_two_words();
    a_worker_is_started_from_words();
    return failures == 0 ? 0 : 1;
}
