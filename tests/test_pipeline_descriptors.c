/*
 * test_pipeline_descriptors.c - the descriptors that tell functions to return: when they are created, their numbers,
 * and when they become readable.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static const uint64_t long_grace = HANG_SECONDS * SECONDS;

static bool is_readable(int fd) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Leaves room for `room` more descriptors, 0 or 1; returns the previous limit. */
static struct rlimit limit_descriptors(int room) {
    struct rlimit before, now;
    int next = dup(0);
    ck_assert_int_gt(next, 2);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)next + (rlim_t)room;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

/* Returns whether it is an eventfd (1), or both ends of a pipe (2). */
static bool is_one(int made) {
    return made == 1 || made == 2;
}

static weir_pipeline *running(weir_stage_options first) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    first.name = "first";
    add_stage(pipeline, first);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    return pipeline;
}

/* ---- when they are created ---- */

enum { PIPELINES = 10000 };

START_TEST (ten_thousand_pipelines_need_none) {
    static weir_pipeline *pipelines[PIPELINES];
    const struct rlimit before = limit_descriptors(1);
    for (int i = 0; i < PIPELINES; i++)
        pipelines[i] = new_pipeline(&(weir_pipeline_options){.max_errors = 1});
    int own = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_ge(own, 0);
    close(own);
    for (int i = 0; i < PIPELINES; i++)
        destroy_pipeline(pipelines[i]);
}
END_TEST

START_TEST (a_run_makes_none_that_is_not_asked_for) {
    int before = open_descriptors();
    weir_pipeline *pipeline = running((weir_stage_options){.work.func = hand_back, .input.drop = thing_drop});
    put_things(pipeline, 5);
    ck_assert_int_eq(open_descriptors(), before);
    if (_i == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report_free(finish_pipeline(pipeline, _i == 1 ? WEIR_CANCELLED : WEIR_OK));
    ck_assert_int_eq(open_descriptors(), before);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

struct asking {
    weir_pipeline *pipeline;
    struct gate *gate;
    int fd;
};

static void *ask(void *raw) {
    struct asking *asking = raw;
    gate_pass(asking->gate);
    asking->fd = weir_pipeline_cancel_fd(asking->pipeline);
    return NULL;
}

START_TEST (it_is_made_once_for_all_that_ask_and_closed_with_the_pipeline) {
    enum { ASKING = 8 };
    struct gate gate = GATE;
    struct asking asking[ASKING];
    pthread_t threads[ASKING];
    int before = open_descriptors();
    weir_pipeline *pipeline = new_pipeline(NULL);
    for (int i = 0; i < ASKING; i++) {
        asking[i] = (struct asking){.pipeline = pipeline, .gate = &gate};
        thread_start(&threads[i], ask, &asking[i]);
    }
    gate_wait_for(&gate, ASKING);
    gate_open(&gate);
    for (int i = 0; i < ASKING; i++)
        thread_join(threads[i]);
    for (int i = 0; i < ASKING; i++)
        ck_assert_int_eq(asking[i].fd, weir_pipeline_cancel_fd(pipeline));
    ck_assert(is_one(open_descriptors() - before));
    ck_assert_int_eq(fcntl(asking[0].fd, F_GETFD), FD_CLOEXEC);
    ck_assert(!is_readable(asking[0].fd));
    destroy_pipeline(pipeline);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST (without_any_left_there_is_none_and_a_cancel_all_the_same) {
    weir_pipeline *pipeline = running((weir_stage_options){.work.func = hand_back, .input.drop = thing_drop});
    int before = open_descriptors();
    const struct rlimit limit = limit_descriptors(0);
    int none = weir_pipeline_cancel_fd(pipeline);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(none, -1);
    ck_assert_int_eq(open_descriptors(), before);
    put_things(pipeline, 5);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    int fd = weir_pipeline_cancel_fd(pipeline);
    ck_assert_int_ge(fd, 0); /* descriptors are available again */
    ck_assert(is_readable(fd));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* A stage on the crew waits for room in its results queue, and so does the program. */
START_TEST (a_stage_and_a_descriptor_wait_for_room_in_one_queue) {
    enum { RESULTS = 4 };
    weir_queue *results;
    void *item;
    weir_stage_options options = {.name = "s", .work.run = run_pass_on, .input.drop = thing_drop};
    options.threads.width = 1;
    options.errors.retry.attempts = _i == 0 ? 0 : 2; /* the second has envelopes */
    assert_status(WEIR_OK, weir_queue_create_with(&results, &(weir_queue_options){.capacity = 1, .drop = thing_drop}));
    options.output.results = results;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, RESULTS);
    let_them_err();
    int fd = weir_queue_put_fd(results);
    ck_assert(!is_readable(fd));
    for (int i = 0; i < RESULTS; i++) {
        assert_status(WEIR_OK, weir_queue_get_until(results, &item, hang_limit()));
        thing_consume(item);
        assert_status(WEIR_OK, weir_queue_task_done(results));
        let_them_err();
    }
    for (weir_deadline limit = hang_limit(); !is_readable(fd); nap())
        ck_assert_uint_lt(now(), limit);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_destroy(results));
    assert_things_ended();
}
END_TEST

/* ---- their numbers ---- */

/* Models a daemon that has closed its standard streams and later writes to them. */
START_TEST (it_is_no_standard_stream) {
    enum { STREAMS = 3, ASIDE = 100 };
    weir_pipeline *pipeline = new_pipeline(NULL);
    for (int i = 0; i < STREAMS; i++)
        ck_assert_int_ge(fcntl(i, F_DUPFD, ASIDE), ASIDE + i);
    for (int i = 0; i < STREAMS; i++) {
        if (_i >> i & 1)
            close(i);
    }
    int before = open_descriptors(), fd = weir_pipeline_cancel_fd(pipeline), made = open_descriptors() - before;
    bool standard = false;
    for (int i = 0; i < STREAMS; i++)
        standard = standard || ((_i >> i & 1) && write(i, "line\n", 5) == 5);
    bool readable = is_readable(fd);
    for (int i = 0; i < STREAMS; i++) {
        dup2(ASIDE + i, i);
        close(ASIDE + i);
    }
    ck_assert_int_ge(fd, STREAMS);
    ck_assert(is_one(made));
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert(!standard);
    ck_assert(!readable);
    destroy_pipeline(pipeline);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST (without_any_left_above_the_standard_streams_there_is_none) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    int aside = fcntl(0, F_DUPFD, 100);
    /*
     * Its number is that of the closed stream, with no other descriptor free, or with one for the other end of a
     * pipe.
     */
    const struct rlimit before = limit_descriptors(_i);
    close(0);
    int fd = weir_pipeline_cancel_fd(pipeline);
    setrlimit(RLIMIT_NOFILE, &before);
    bool left = fcntl(0, F_GETFD) >= 0;
    dup2(aside, 0);
    close(aside);
    ck_assert(fd == -1 || (_i == 1 && fd > 2));
    ck_assert(!left);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- when they become readable ---- */

struct listening {
    atomic_int inside, told;
    bool of_the_pipeline; /* uses the cancel_fd, which in a source reports the end too */
    int pipe[2];          /* polled by the source */
};

static int fd_for(const struct listening *listening, weir_task *task) {
    return listening->of_the_pipeline ? weir_pipeline_cancel_fd(weir_task_pipeline(task)) : weir_task_stop_fd(task);
}

/* Ends only with a byte that it has read, no longer inside then, or once it is told: another thread may read the byte. */
static int listen_to(weir_task *task, void *item, void *raw) {
    struct listening *listening = raw;
    struct pollfd polled[2] = {{listening->pipe[0], POLLIN, 0}, {fd_for(listening, task), POLLIN, 0}};
    char byte;
    (void)item;
    atomic_fetch_add(&listening->inside, 1);
    while (poll(polled, 2, HANG_SECONDS * 1000) > 0) {
        bool has_read = (polled[0].revents & POLLIN) && read(listening->pipe[0], &byte, 1) == 1;
        if (!has_read && !(polled[1].revents & POLLIN))
            continue;
        atomic_fetch_sub(&listening->inside, 1);
        if (has_read)
            weir_task_emit(task, thing_new());
        else
            atomic_fetch_add(&listening->told, weir_task_cancelled(task));
        return 0;
    }
    return weir_task_fail(task, 1, "nobody has told it");
}

/* However the run ends, the source is told at once, and all its results are completed. */
START_TEST (a_source_in_a_poll_is_told_that_the_pipeline_is_finishing) {
    struct listening listening = {.of_the_pipeline = _i % 2 == 1};
    ck_assert_int_eq(pipe(listening.pipe), 0);
    ck_assert_int_eq(fcntl(listening.pipe[0], F_SETFL, O_NONBLOCK), 0);
    weir_pipeline *pipeline =
        running((weir_stage_options){.work.source = listen_to, .work.arg = &listening, .threads.count = 2});
    ck_assert_int_eq(write(listening.pipe[1], "xxx", 3), 3);
    while (things_consumed() < 3 || atomic_load(&listening.inside) < 2)
        nap();
    int cancel_fd = weir_pipeline_cancel_fd(pipeline); /* requested outside a source's thread */
    if (_i / 2 == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, _i / 2 == 1 ? WEIR_CANCELLED : WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 3);
    ck_assert_uint_eq(report->counts.dropped, 0);
    ck_assert_uint_eq(report->error_count, 0);
    weir_report_free(report);
    ck_assert_int_eq(atomic_load(&listening.told), 2);
    ck_assert_int_eq(is_readable(cancel_fd), _i / 2 == 1);
    destroy_pipeline(pipeline);
    close(listening.pipe[0]);
    close(listening.pipe[1]);
}
END_TEST

static weir_status keep_fd(void *raw, void **state) {
    atomic_store((atomic_int *)raw, weir_pipeline_cancel_fd(NULL));
    *state = raw;
    return WEIR_OK;
}

static int say_fd(weir_task *task, void *item, void *raw) {
    int fd = weir_task_stop_fd(task);
    thing_consume(item);
    if (fd != weir_pipeline_cancel_fd(weir_task_pipeline(task)))
        return weir_task_fail(task, 1, "another one");
    atomic_store((atomic_int *)raw, fd);
    return 0;
}

/* In-flight items are completed, so only sources are told of a graceful end. */
START_TEST (a_stage_that_is_no_source_is_told_of_a_cancel_alone) {
    atomic_int fd = 0;
    weir_pipeline *pipeline = running((weir_stage_options){.work.run = say_fd, .work.init = keep_fd, .work.arg = &fd});
    ck_assert_int_eq(atomic_load(&fd), -1);
    put_things(pipeline, 2);
    weir_report_free(finish_pipeline(pipeline, WEIR_OK));
    ck_assert_int_eq(atomic_load(&fd), weir_pipeline_cancel_fd(pipeline));
    ck_assert(!is_readable(atomic_load(&fd)));
    destroy_pipeline(pipeline);
}
END_TEST

static int note_stop_fd(weir_task *task, void *item, void *raw) {
    (void)item;
    atomic_store((atomic_int *)raw, weir_task_stop_fd(task));
    return WEIR_END;
}

START_TEST (a_descriptor_requested_late_is_readable_at_once) {
    atomic_int fd = -1;
    weir_pipeline *pipeline = running((weir_stage_options){.work.source = note_stop_fd, .work.arg = &fd});
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    ck_assert(!is_readable(atomic_load(&fd)));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    ck_assert(is_readable(atomic_load(&fd)));
    int cancel_fd = weir_pipeline_cancel_fd(pipeline);
    ck_assert_int_ne(cancel_fd, atomic_load(&fd));
    ck_assert(is_readable(cancel_fd));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
}
END_TEST

/* ---- weir_task_poll ---- */

struct polling {
    int fd;
    weir_deadline deadline;
    uint64_t timeout; /* unless 0, instead of the deadline: from the call on */
    short events;
    atomic_uint calls;
    atomic_int status;
    bool cancelled; /* what weir_task_cancelled said after the poll */
};

static int poll_once(weir_task *task, struct polling *polling) {
    atomic_fetch_add(&polling->calls, 1);
    weir_deadline deadline = polling->timeout ? weir_deadline_after(polling->timeout) : polling->deadline;
    weir_status status = weir_task_poll(task, polling->fd, polling->events, deadline);
    polling->cancelled = weir_task_cancelled(task);
    atomic_store(&polling->status, (int)status);
    return polling->cancelled ? weir_task_fail(task, 1, "told") : 0;
}

static int poll_as_source(weir_task *task, void *item, void *polling) {
    (void)item;
    int code = poll_once(task, polling);
    return code != 0 ? code : WEIR_END;
}

static int poll_as_stage(weir_task *task, void *item, void *polling) {
    int code = poll_once(task, polling);
    if (code == 0)
        thing_consume(item);
    return code;
}

/* On a thread of its own or on the crew, in a source or for an item. */
static weir_pipeline *start_polling(struct polling *polling, bool source, bool crew) {
    weir_stage_options options = {.name = "polls", .work.arg = polling, .input.drop = thing_drop};
    options.threads.count = !crew;
    options.threads.width = crew;
    if (source)
        options.work.source = poll_as_source;
    else
        options.work.run = poll_as_stage;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, options);
    if (source)
        add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    if (!source)
        put_things(pipeline, 1);
    return pipeline;
}

static void end_polling(struct polling *polling, weir_pipeline *pipeline, weir_status expected) {
    wait_for_count(&polling->calls, 1);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(expected, (weir_status)atomic_load(&polling->status));
    ck_assert(!polling->cancelled);
    ck_assert_uint_eq(atomic_load(&polling->calls), 1);
    assert_things_ended();
}

/* What is ready at once is seen in any run; a finish does not reach a stage that is no source. */
START_TEST (a_poll_sees_what_is_ready) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct polling polling = {.fd = ends[0], .events = POLLIN, .deadline = WEIR_NEVER};
    if (_i == 0)
        ck_assert_int_eq(write(ends[1], "x", 1), 1);
    else if (_i == 1)
        close(ends[1]); /* a hangup */
    else
        polling = (struct polling){.fd = ends[1], .events = POLLOUT, .deadline = 0};
    end_polling(&polling, start_polling(&polling, false, false), WEIR_OK);
    close(ends[0]);
    if (_i != 1)
        close(ends[1]);
}
END_TEST

static void *write_when_it_blocks(void *raw) {
    struct listening *listening = raw;
    while (atomic_load(&listening->inside) == 0)
        nap();
    for (int i = 0; i < 20; i++)
        nap();
    ck_assert_int_eq(write(listening->pipe[1], "x", 1), 1);
    return NULL;
}

START_TEST (a_poll_waits_until_it_is_ready) {
    struct listening writer = {.inside = 1};
    ck_assert_int_eq(pipe(writer.pipe), 0);
    struct polling polling = {.fd = writer.pipe[0], .events = POLLIN, .deadline = hang_limit()};
    weir_pipeline *pipeline = start_polling(&polling, false, _i == 1);
    pthread_t thread;
    thread_start(&thread, write_when_it_blocks, &writer);
    end_polling(&polling, pipeline, WEIR_OK);
    thread_join(thread);
    close(writer.pipe[0]);
    close(writer.pipe[1]);
}
END_TEST

START_TEST (a_poll_ends_at_its_deadline) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    uint64_t from = now();
    struct polling polling = {.fd = _i < 2 ? ends[0] : -1, .events = POLLIN};
    polling.deadline = _i % 2 == 0 ? 0 : weir_deadline_after(30 * MILLISECONDS);
    end_polling(&polling, start_polling(&polling, false, _i == 3), WEIR_TIMEDOUT);
    ck_assert_uint_ge(now() - from, _i % 2 == 0 ? 0 : 30 * MILLISECONDS);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* The system refuses a poll of more descriptors than the process may have. */
static int poll_with_one_descriptor(weir_task *task, void *item, void *raw) {
    struct rlimit before, low;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 1;
    setrlimit(RLIMIT_NOFILE, &low);
    int code = poll_once(task, raw);
    setrlimit(RLIMIT_NOFILE, &before);
    thing_consume(item);
    return code;
}

START_TEST (a_poll_that_the_system_refuses_is_out_of_memory) {
    struct polling polling = {.fd = 0, .events = POLLIN, .deadline = WEIR_NEVER};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "polls", .work.run = poll_with_one_descriptor, .work.arg = &polling});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    end_polling(&polling, pipeline, WEIR_NOMEM);
}
END_TEST

START_TEST (a_poll_refuses_what_is_not_open) {
    struct polling polling = {.fd = dup(0), .events = POLLIN, .deadline = WEIR_NEVER};
    close(polling.fd);
    end_polling(&polling, start_polling(&polling, false, false), WEIR_INVALID);
    assert_status(WEIR_INVALID, weir_task_poll(NULL, 0, POLLIN, 0));
}
END_TEST

/* A source that is finished, a source that is cancelled, a stage that is: the finish completes items in flight. */
START_TEST (a_poll_ends_with_the_pipeline) {
    bool source = _i % 3 < 2, cancels = _i % 3 > 0;
    bool crew = _i / 3 & 1, without_descriptors = _i / 3 & 2, sleeps = _i / 3 & 4;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct polling polling = {.fd = sleeps ? -1 : ends[0], .events = POLLIN, .deadline = WEIR_NEVER};
    struct rlimit limit;
    if (without_descriptors)
        limit = limit_descriptors(0);
    weir_pipeline *pipeline = start_polling(&polling, source, crew);
    wait_for_count(&polling.calls, 1);
    if (cancels)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, cancels ? WEIR_CANCELLED : WEIR_OK);
    if (without_descriptors)
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_status(cancels ? WEIR_CANCELLED : WEIR_CLOSED, (weir_status)atomic_load(&polling.status));
    ck_assert(polling.cancelled);
    ck_assert_uint_eq(report->error_count, 0); /* told to return */
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static uint64_t blocked_in_poll(bool crew) {
    struct polling polling = {.fd = -1, .timeout = 50 * MILLISECONDS};
    weir_pipeline *pipeline = start_polling(&polling, false, crew);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    uint64_t blocked = report->stages[0].blocked;
    weir_report_free(report);
    destroy_pipeline(pipeline);
    return blocked;
}

/* The time in it is blocked time, not busy time. On a busy machine part of it may pass before the poll: try again. */
START_TEST (a_poll_counts_as_blocked) {
    weir_deadline limit = hang_limit();
    while (blocked_in_poll(_i == 1) < 30 * MILLISECONDS)
        ck_assert_msg(now() < limit, "the time in a poll was never blocked time");
}
END_TEST

static Suite *descriptors_suite(void) {
    Suite *suite = suite_create("descriptors of pipelines");
    TCase *made = add_things_case(suite, "made");
    tcase_add_test(made, ten_thousand_pipelines_need_none);
    tcase_add_loop_test(made, a_run_makes_none_that_is_not_asked_for, 0, 2);
    tcase_add_test(made, it_is_made_once_for_all_that_ask_and_closed_with_the_pipeline);
    tcase_add_test(made, without_any_left_there_is_none_and_a_cancel_all_the_same);
    tcase_add_loop_test(made, a_stage_and_a_descriptor_wait_for_room_in_one_queue, 0, 2);
    TCase *place = add_things_case(suite, "place");
    tcase_add_loop_test(place, it_is_no_standard_stream, 0, 8);
    tcase_add_loop_test(place, without_any_left_above_the_standard_streams_there_is_none, 0, 2);
    TCase *readable = add_things_case(suite, "readable");
    tcase_add_loop_test(readable, a_source_in_a_poll_is_told_that_the_pipeline_is_finishing, 0, 4);
    tcase_add_test(readable, a_stage_that_is_no_source_is_told_of_a_cancel_alone);
    tcase_add_test(readable, a_descriptor_requested_late_is_readable_at_once);
    TCase *polls = add_things_case(suite, "poll");
    tcase_add_loop_test(polls, a_poll_sees_what_is_ready, 0, 3);
    tcase_add_loop_test(polls, a_poll_waits_until_it_is_ready, 0, 2);
    tcase_add_loop_test(polls, a_poll_ends_at_its_deadline, 0, 4);
    tcase_add_test(polls, a_poll_that_the_system_refuses_is_out_of_memory);
    tcase_add_test(polls, a_poll_refuses_what_is_not_open);
    tcase_add_loop_test(polls, a_poll_ends_with_the_pipeline, 0, 24);
    tcase_add_loop_test(polls, a_poll_counts_as_blocked, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(descriptors_suite());
}
