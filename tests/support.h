/*
 * support.h - what the test programs share: items, calls that are made in another thread, and waiting until such a call
 * really sleeps.
 *
 * A second thread only records. The test joins it, and then asserts.
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

/* How long something may take that is certain to happen: never a measure of speed, only of having hung. */
enum { HANG_SECONDS = 20, TEST_SECONDS = 30 };

#define MILLISECONDS UINT64_C(1000000)
#define SECONDS UINT64_C(1000000000)

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Fails the test, and says what the call returned, when that is not `wanted`. */
#define assert_status(wanted, call)                                                                                    \
    do {                                                                                                               \
        weir_status status_ = (call);                                                                                  \
        ck_assert_msg(status_ == (wanted), "%s: \"%s\" instead of \"%s\"", #call, weir_strerror(status_),              \
                      weir_strerror(wanted));                                                                          \
    } while (0)

/* Runs a suite, as check's environment variables say; returns main's exit status. */
int run_suite(Suite *suite);

/* A test case of the suite, with a time limit that only a hang reaches. */
TCase *add_case(Suite *suite, const char *name);

/* ---- items ---- */

enum { NUMBERS = 1 << 20 };

/* Items that are numbers: the address of the n-th of NUMBERS bytes. */
void *number(size_t n);
size_t number_of(const void *item);

/* Takes one item and settles it. */
size_t take_number(weir_queue *queue);

/* Takes and settles the numbers from `first` up to and without `end`; fails the test when they are others. */
void take_numbers(weir_queue *queue, size_t first, size_t end);

weir_queue *new_queue(size_t capacity);

/* Puts the numbers from `first` up to and without `end`. */
void put_numbers(weir_queue *queue, size_t first, size_t end);

/* ---- a drop function that records ---- */

struct drops {
    atomic_size_t count;
    void *items[4096];
    pthread_t thread; /* of the first */
};

/* A weir_drop_func; the argument is a struct drops. */
void record_drop(void *item, void *drops);

/* A queue whose drop function records. */
weir_queue *new_dropping_queue(size_t capacity, struct drops *drops);

/* ---- threads ---- */

/* Fails the test when there is no thread to be had. */
void thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
void thread_join(pthread_t thread);

/* How many threads the process has now; 0: the system does not tell. */
size_t threads_now(void);

/* The same when no thread is about to end. A sanitizer may have one of its own, which begins with the first of ours. */
size_t threads_at_rest(void);

/* Waits until the process has `wanted` threads: one that was joined may still be seen for a moment. */
bool wait_for_threads(size_t wanted);

/* The calling thread, as wait_until_asleep knows it. */
int thread_number(void);

/*
 * Waits until the thread sleeps and goes on sleeping. `*returned`, if not NULL, ends the wait with false when it comes
 * true. False also when the thread has not fallen asleep within HANG_SECONDS.
 */
bool wait_until_asleep(int thread, const atomic_bool *returned);

/* Waits until the thread has been awake since its sleep began: a signal does that. False: not in HANG_SECONDS. */
struct sleep {
    int thread;
    bool known;
    unsigned long long switches;
};
struct sleep sleep_of(int thread);
bool wait_until_disturbed(const struct sleep *sleep);

/* A call that is made in a thread of its own. */
struct call {
    /* What the call is given. */
    weir_queue *queue;
    void *item;
    void **items;
    size_t count;
    weir_deadline deadline;
    weir_shutdown_mode mode;
    weir_threads *threads;
    weir_worker *worker;
    /* What it has come to. */
    weir_status status;
    void *got;
    size_t moved;
    weir_deadline returned_at;
    /* The thread. */
    void (*make)(struct call *call);
    pthread_t thread;
    atomic_int number; /* 0: not there yet */
    atomic_bool returned;
};

/* The calls. */
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

/* Starts the call and waits until it sleeps; fails the test when it returns instead. */
void call_start_asleep(struct call *call, void (*make)(struct call *call));

/* Whether the call still sleeps, having had time to wake if it was woken. */
bool call_is_asleep(struct call *call);

/* Waits until the call has returned, and returns its status. */
weir_status call_finish(struct call *call);

/* Waits until at least `count` of the calls have returned; false: they have not within HANG_SECONDS. */
bool calls_wait_returned(struct call *calls, size_t all, size_t count);
size_t calls_returned(struct call *calls, size_t all);

/* ---- a gate that threads wait at ---- */

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

/* How many threads wait at the gate, and how many have passed it. */
size_t gate_waiting(struct gate *gate);
size_t gate_passed(struct gate *gate);

/* Waits until `count` threads wait at the gate; fails the test when they do not come. */
void gate_wait_for(struct gate *gate, size_t count);

/* Worker functions: the item is the result; the argument of the second is a struct gate, which has to be passed. */
void *hand_back(void *item, void *arg);
void *hand_back_at_gate(void *item, void *gate);

/* The init of a worker or a stage: its state is the argument. */
weir_status init_with_arg(void *arg, void **state);

/* Sleeps a moment, between two looks at something. */
void nap(void);

/* Waits until the monotonic clock has reached the deadline. */
void sleep_until(weir_deadline deadline);

/* Until when to wait for something that is certain to happen. */
weir_deadline hang_limit(void);

weir_deadline now(void);

/* A line of numbers that look random, and are the same for the same seed. */
uint64_t random_next(uint64_t *state);

#endif /* WEIR_TESTS_SUPPORT_H */
