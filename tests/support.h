/*
 * support.h - shared by the test programs: items, calls made in another thread, and waiting until such a call blocks.
 *
 * The second thread only records. The test joins it, then asserts.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SUPPORT_H
#define WEIR_TESTS_SUPPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <check.h>
#include <weir.h>

/* Limits for events that are certain to happen. They detect hangs and never measure speed. */
enum { HANG_SECONDS = 20, TEST_SECONDS = 30 };

#define MILLISECONDS UINT64_C(1000000)
#define SECONDS UINT64_C(1000000000)

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Fails the test, and prints the returned status, unless the call returns `wanted`. */
#define assert_status(wanted, call)                                                                                    \
    do {                                                                                                               \
        weir_status status_ = (call);                                                                                  \
        ck_assert_msg(status_ == (wanted), "%s: \"%s\" instead of \"%s\"", #call, weir_strerror(status_),              \
                      weir_strerror(wanted));                                                                          \
    } while (0)

/* Runs a suite, configured by Check's environment variables; returns main's exit status. */
int run_suite(Suite *suite);

/* Adds a test case to the suite, with a time limit that only a hang reaches. */
TCase *add_case(Suite *suite, const char *name);

/* ---- items ---- */

enum { NUMBERS = 1 << 20 };

/* Converts between numbers and items: the item is the address of the n-th of NUMBERS bytes. */
void *number(size_t n);
size_t number_of(const void *item);

/* Takes one item and settles it; returns its number. */
size_t take_number(weir_queue *queue);

/* Takes and settles the numbers from `first` up to but excluding `end`; fails the test if others come. */
void take_numbers(weir_queue *queue, size_t first, size_t end);

weir_queue *new_queue(size_t capacity);

/* Puts the numbers from `first` up to but excluding `end`. */
void put_numbers(weir_queue *queue, size_t first, size_t end);

/* ---- a drop function that records ---- */

struct drops {
    atomic_size_t count;
    void *items[4096];
    pthread_t thread; /* of the first drop */
};

/* A weir_drop_func; the argument is a struct drops. */
void record_drop(void *item, void *drops);

/* Returns a queue with record_drop as its drop function. */
weir_queue *new_dropping_queue(size_t capacity, struct drops *drops);

/* ---- threads ---- */

/* Starts a thread; fails the test if that is impossible. */
void thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
void thread_join(pthread_t thread);

/* Returns the number of threads of the process; 0 if the system does not report it. */
size_t threads_now(void);

/* Like threads_now, but with no thread about to exit. A sanitizer may add one of its own together with the first. */
size_t threads_at_rest(void);

/* Waits until the process has `wanted` threads: a joined thread may stay visible for a moment. */
bool wait_for_threads(size_t wanted);

/* Returns the calling thread's number, for wait_until_asleep. */
int thread_number(void);

/*
 * Waits until the thread blocks and stays blocked. If `returned` is not NULL and `*returned` becomes true, returns
 * false. Also returns false if the thread has not blocked within HANG_SECONDS.
 */
bool wait_until_asleep(int thread, const atomic_bool *returned);

/*
 * wait_until_disturbed waits until the thread has woken since sleep_of, for example by a signal. It returns false
 * after HANG_SECONDS.
 */
struct sleep {
    int thread;
    bool known;
    unsigned long long switches;
};
struct sleep sleep_of(int thread);
bool wait_until_disturbed(const struct sleep *sleep);

/* A call made in its own thread. As the first member of a larger struct, it serves calls with other arguments. */
struct call {
    /* Arguments. */
    weir_queue *queue;
    void *item;
    void **items;
    size_t count;
    weir_deadline deadline;
    weir_shutdown_mode mode;
    weir_threads *threads;
    weir_worker *worker;
    /* Results. */
    weir_status status;
    void *got;
    size_t moved;
    weir_deadline returned_at;
    /* The thread. */
    void (*make)(struct call *call);
    pthread_t thread;
    atomic_int number; /* 0: not started yet */
    atomic_bool returned;
};

/* The calls, for call_start. */
void make_put(struct call *call);
void make_put_until(struct call *call);
void make_put_many(struct call *call);
void make_put_many_until(struct call *call);
void make_close(struct call *call);
void make_get(struct call *call);
void make_get_until(struct call *call);
void make_get_many(struct call *call);
void make_get_many_until(struct call *call);
void make_join(struct call *call);
void make_join_until(struct call *call);
void make_shutdown(struct call *call);
void make_stop(struct call *call);
void make_worker_join(struct call *call);

void call_start(struct call *call, void (*make)(struct call *call));

/* Starts the call and waits until it blocks; fails the test if it returns instead. */
void call_start_asleep(struct call *call, void (*make)(struct call *call));

/* Returns whether the call is still blocked, after enough time for a woken call to return. */
bool call_is_asleep(struct call *call);

/* Waits until the call has returned; returns its status. */
weir_status call_finish(struct call *call);

/* Waits until at least `count` of the calls have returned; returns false after HANG_SECONDS. */
bool calls_wait_returned(struct call *calls, size_t all, size_t count);
size_t calls_returned(struct call *calls, size_t all);

/* ---- a gate that blocks threads ---- */

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool open;
    size_t waiting, passed;
};

#define GATE                                                                                                           \
    { .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER }

void gate_pass(struct gate *gate);
void gate_open(struct gate *gate);

/* Return the number of threads blocked at the gate, and the number that passed it. */
size_t gate_waiting(struct gate *gate);
size_t gate_passed(struct gate *gate);

/* Waits until `count` threads block at the gate; fails the test if they do not. */
void gate_wait_for(struct gate *gate, size_t count);

/*
 * Worker functions that return the item as result. The argument of the second is a struct gate, which it passes
 * first.
 */
void *hand_back(void *item, void *arg);
void *hand_back_at_gate(void *item, void *gate);

/* An init for a worker or a stage: the state is its argument. */
weir_status init_with_arg(void *arg, void **state);

/* Sleeps briefly, for polling loops. */
void nap(void);

/* Sleeps until the monotonic clock reaches the deadline. */
void sleep_until(weir_deadline deadline);

/* Returns the deadline for events that are certain to happen. */
weir_deadline hang_limit(void);

weir_deadline now(void);

/* Returns the next pseudo-random number; the same seed gives the same sequence. */
uint64_t random_next(uint64_t *state);

#endif /* WEIR_TESTS_SUPPORT_H */
