/*
 * bridges.c - work that blocks, for an event loop on one thread, and threads that block, for work of that loop.
 *
 *     main (waits for each promise) -> loop (operations, in poll) -> executor (reads files)
 *
 * A loop must not block, so it has files read on an executor. It polls the descriptor of each read's future beside those
 * of its own (asyncio: run_in_executor). Main is outside the loop and may block. It puts a request into the pipeline,
 * and waits for the promise in the request, which the loop sets (asyncio: run_coroutine_threadsafe).
 *
 *     $ bridges LICENSE none
 *     LICENSE: 21 lines
 *     none: No such file or directory
 *
 * cc -O2 bridges.c -o bridges $(pkg-config --cflags --libs weir)
 *
 * usage: bridges FILE...
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir.h>

enum { AT_A_TIME = 100 };

struct request {
    const char *name;
    long lines;
    weir_future *promise; /* main waits for it */
    weir_operation operation;
    weir_future *read; /* on the executor */
};

static weir_pipeline *pipeline;
static weir_executor *executor;

/* The loop: only its thread uses these. The first descriptor is the library's. */
static struct pollfd polled[1 + AT_A_TIME];
static struct request *reading[1 + AT_A_TIME];
static nfds_t count = 1;

/* Runs on the executor, and blocks. */
static int count_lines(weir_future *self, void *item, void **value) {
    struct request *request = item;
    FILE *file = fopen(request->name, "r");
    if (file == NULL)
        return weir_executor_error(self, errno, "%s", strerror(errno));
    for (int c; (c = getc(file)) != EOF;)
        request->lines += c == '\n';
    fclose(file);
    *value = NULL;
    return 0;
}

/* Begins an operation, in the loop. A code other than WEIR_PENDING ends it. */
static int begin(weir_task *task, void *item, void *unused) {
    struct request *request = item;
    (void)unused;
    if (weir_task_detach(task, &request->operation) != WEIR_OK ||
        weir_executor_submit(executor, count_lines, request, &request->read) != WEIR_OK)
        return weir_task_fail(task, EAGAIN, "cannot begin");
    int fd = weir_future_fd(request->read);
    if (fd < 0) {
        weir_future_get(request->read, NULL); /* until then it uses the request */
        weir_future_release(request->read);
        return weir_task_fail(task, EMFILE, "no descriptor");
    }
    polled[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    reading[count++] = request;
    return WEIR_PENDING;
}

/* The file is read: sets the promise, and finishes the operation. Main owns the request, so that 0 consumes it. */
static void answer(struct request *request) {
    weir_future *read = request->read;
    if (weir_future_get(read, NULL) == WEIR_OK) /* it has ended, so this does not block */
        weir_future_set(request->promise, &request->lines);
    else
        weir_future_fail(request->promise, weir_future_code(read), "%s", weir_future_message(read));
    weir_future_release(read);
    weir_operation_finish(pipeline, request->operation, 0);
}

/* The thread of the stage sleeps here, in the place of the library. */
static void wait_in_loop(int fd, weir_deadline deadline, void *unused) {
    weir_deadline now = weir_deadline_after(0);
    weir_deadline left = deadline > now ? (deadline - now - 1) / WEIR_MILLISECOND + 1 : 0;
    (void)unused;
    polled[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    poll(polled, count, deadline == WEIR_NEVER ? -1 : left < INT_MAX ? (int)left : INT_MAX);
    for (nfds_t i = count; --i > 0;) {
        struct request *request = reading[i];
        if (polled[i].revents == 0)
            continue;
        polled[i] = polled[--count];
        reading[i] = reading[count];
        answer(request);
    }
}

/* The operation could not begin. */
static void give_up(void *item, void *unused) {
    (void)unused;
    weir_future_fail(((struct request *)item)->promise, EAGAIN, "cannot be read now");
}

static void print(struct request *request) {
    void *lines;
    if (weir_future_get(request->promise, &lines) == WEIR_OK) /* blocks until the loop has set it */
        printf("%s: %ld lines\n", request->name, *(long *)lines);
    else
        printf("%s: %s\n", request->name, weir_future_message(request->promise));
    weir_future_release(request->promise);
}

int main(int argc, char **argv) {
    const weir_stage_options loop = {.name = "loop",
                                     .work = {.run = begin, .wait = wait_in_loop},
                                     .threads.count = 1,
                                     .input.drop = give_up,
                                     .limits.in_flight = AT_A_TIME,
                                     .errors.on_error = WEIR_SKIP};
    struct request *requests = calloc((size_t)argc, sizeof *requests);
    if (requests == NULL || weir_executor_create(&executor, NULL) != WEIR_OK ||
        weir_pipeline_create(&pipeline, NULL) != WEIR_OK || weir_pipeline_add(pipeline, NULL, &loop) != WEIR_OK ||
        weir_pipeline_start(pipeline) != WEIR_OK)
        return EXIT_FAILURE;
    for (int i = 1; i < argc; i++) {
        requests[i].name = argv[i];
        if (weir_future_create(&requests[i].promise, NULL, NULL) != WEIR_OK ||
            weir_pipeline_put(pipeline, &requests[i]) != WEIR_OK)
            return EXIT_FAILURE;
    }
    for (int i = 1; i < argc; i++)
        print(&requests[i]);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    weir_pipeline_destroy(pipeline);
    weir_executor_destroy(executor);
    free(requests);
    return status == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
