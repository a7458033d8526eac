/*
 * keeper.c - Implements the keeper of a child.
 *
 * One poll waits for all: a message, the end of the child, and the end of the pipeline. A message is looked for first
 * (R3). A child that closes its side of the channel and goes on is killed, which counts as no end of its own: the system
 * closes that side of a process that dies only after its exit status is determined. A child that goes on after SIGKILL, in
 * a call of the system that does not end, is left.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "process/keeper.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/observe/children.h"
#include "sync/clock.h"
#include "sync/stream.h"

enum { SOCKET, ENDED, STOP, POLLED };

/* Time between two looks if the system has no descriptor for the end of a child, or of the pipeline: at first, at most. */
static const uint64_t look_first = WEIR_MILLISECOND, look_at_most = 20 * WEIR_MILLISECOND;

/* Time after SIGKILL in which a large process may be taken apart on a busy machine. */
static const uint64_t to_die = 5 * WEIR_SECOND;

/* Time from the close of its channel in which a child that dies has ended. */
static const uint64_t to_follow = 100 * WEIR_MILLISECOND;

int weir__keeper_fail(weir__keeper *keeper, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(keeper->why, sizeof keeper->why, format, arguments);
    va_end(arguments);
    return code;
}

unsigned char *weir__keeper_questions(const weir__keeper *keeper) {
    return keeper->shared.bytes + WEIR__PAGE;
}

unsigned char *weir__keeper_results(const weir__keeper *keeper) {
    return keeper->shared.bytes + WEIR__PAGE + keeper->span;
}

bool weir__keeper_is_roomy(const weir__keeper *keeper) {
    return keeper->room > WEIR_PROCESS_MESSAGE;
}

bool weir__keeper_is_cancelled(const weir__keeper *keeper) {
    return keeper->self != NULL ? weir_future_cancelled(keeper->self) : weir_task_cancelled(keeper->task);
}

bool weir__keeper_begin(weir__keeper *keeper, weir_task *task) {
    if (keeper == NULL || keeper->options->decode == NULL)
        return false;
    keeper->task = task;
    if (keeper->stop < 0)
        keeper->stop = weir_task_stop_fd(task);
    return true;
}

/* Releases what a single item has taken of a part beyond what is kept for the next ones, in whole pages. */
static void give_back(const weir__keeper *keeper, const weir__head *head, const unsigned char *part) {
    size_t kept = keeper->options->kept;
    if (kept == 0 || kept >= keeper->span - WEIR__PAGE)
        return;
    if (head->in_memory == 0 || head->count != 0 || head->size <= kept)
        return;
    kept += (WEIR__PAGE - kept % WEIR__PAGE) % WEIR__PAGE;
    weir__shared_give_back(&keeper->shared, (size_t)(part - keeper->shared.bytes) + kept, keeper->span - kept);
}

void weir__keeper_give_back(const weir__keeper *keeper) {
    give_back(keeper, &keeper->question.head, weir__keeper_questions(keeper));
    if (weir__keeper_is_answer(keeper, keeper->number))
        give_back(keeper, &keeper->answer.head, weir__keeper_results(keeper));
}

/* ---- start ---- */

/* Makes a standard stream of the child; an output that the program has closed is /dev/null. Returns 0 or an errno. */
static int open_stream(int stream, int *fd) {
    if (stream > 0 && weir__stream_passes(stream) && weir__stream_copy(stream, fd) == 0)
        return 0;
    return stream == 0 ? weir__stream_of(NULL, 0, fd) : weir__stream_null(fd);
}

static int open_streams(int streams[3]) {
    int error = 0;
    for (int i = 0; i < 3 && error == 0; i++)
        error = open_stream(i, &streams[i]);
    return error;
}

static int spawn(weir__keeper *keeper, int theirs[2]) {
    const char *const argv[] = {"/proc/self/exe", WEIR__PROCESS_MODE, keeper->options->function, NULL};
    const int more[] = {theirs[0], keeper->shared.fd, theirs[1]};
    weir__child_options options = {.argv = argv, .streams = {-1, -1, -1}, .more = more, .more_count = 3};
    int error = open_streams(options.streams);
    if (error == 0)
        error = weir__child_start(&keeper->child, &options);
    for (int i = 0; i < 3; i++)
        weir__stream_close(&options.streams[i]);
    return error;
}

/* Gets memory that a former child does not have, with the same questions. Returns 0 or an errno. */
static int renew_memory(weir__keeper *keeper) {
    weir__shared fresh;
    int error = weir__shared_create(&fresh, keeper->shared.size);
    if (error != 0)
        return error;
    memcpy(fresh.bytes + WEIR__PAGE, weir__keeper_questions(keeper), keeper->span);
    weir__shared_destroy(&keeper->shared);
    keeper->shared = fresh;
    keeper->page = (weir__page *)(void *)fresh.bytes;
    keeper->haunted = false;
    return 0;
}

/* Writes what a child reads at its start: the last one may have overwritten it. */
static void write_page(const weir__keeper *keeper) {
    weir__page *page = keeper->page;
    page->span = (uint32_t)(keeper->span / WEIR__PAGE);
    page->payload = weir__keeper_is_roomy(keeper) ? keeper->room : 0;
    page->limits = keeper->limits;
    weir__u32_store_release(&page->begun, 0);
}

int weir__keeper_start(weir__keeper *keeper) {
    int theirs[2], error = keeper->haunted ? renew_memory(keeper) : 0;
    keeper->unready++;
    if (error == 0)
        error = weir__channel_open(&keeper->channel, theirs);
    if (error != 0)
        return error;
    write_page(keeper);
    error = spawn(keeper, theirs);
    weir__stream_close(&theirs[0]);
    weir__stream_close(&theirs[1]);
    if (error != 0) {
        weir__channel_close(&keeper->channel);
        return error;
    }
    keeper->state = WEIR__CHILD_STARTING;
    keeper->counts.started++;
    keeper->answers = 0;
    return 0;
}

void weir__keeper_serve(weir__keeper *keeper, bool serves) {
    weir_stage *stage = keeper->task != NULL ? keeper->task->stage : keeper->served;
    if (stage == NULL || serves == (keeper->served != NULL))
        return;
    weir__children_serve(stage, serves);
    keeper->served = serves ? stage : NULL;
}

/* ---- messages ---- */

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Returns the time of the next look for what no descriptor tells. */
static uint64_t next_look(uint64_t deadline, uint64_t *look_every) {
    deadline = earlier(deadline, weir_deadline_after(*look_every));
    *look_every = earlier(*look_every * 2, look_at_most);
    return deadline;
}

/* Blocks until anything may have happened. Returns whether the child has ended. */
static bool turn(weir__keeper *keeper, struct pollfd polled[POLLED], uint64_t deadline, uint64_t *look_every) {
    polled[SOCKET] = (struct pollfd){.fd = keeper->channel.socket, .events = POLLIN};
    polled[ENDED] = (struct pollfd){.fd = keeper->child.ended, .events = POLLIN};
    polled[STOP] = (struct pollfd){.fd = keeper->stop, .events = POLLIN};
    bool calls = keeper->task != NULL || keeper->self != NULL;
    if (keeper->child.ended < 0 || (keeper->stop < 0 && calls))
        deadline = next_look(deadline, look_every);
    bool looked = weir__stream_poll(polled, POLLED, deadline);
    if (!looked)
        (void)weir__stream_poll(NULL, 0, next_look(deadline, look_every));
    if ((polled[ENDED].revents & POLLNVAL) != 0)
        keeper->child.ended = -1; /* another part of the program has closed it */
    if ((polled[STOP].revents & (POLLIN | POLLNVAL)) == POLLNVAL)
        keeper->stop = -1; /* the same */
    return looked && keeper->child.ended >= 0 ? polled[ENDED].revents != 0 : weir__child_has_ended(&keeper->child);
}

/* Takes what has come without a block. */
static weir__received receive(weir__keeper *keeper) {
    return weir__channel_receive(keeper->channel.socket, &keeper->answer, sizeof keeper->answer, &keeper->received,
                                 false);
}

weir__heard weir__keeper_listen(weir__keeper *keeper, uint64_t deadline) {
    struct pollfd polled[POLLED];
    uint64_t look_every = look_first;
    for (;;) {
        bool has_ended = turn(keeper, polled, deadline, &look_every);
        weir__received received = receive(keeper);
        if (received == WEIR__RECEIVED)
            return WEIR__HEARD_MESSAGE; /* R3 */
        if (received == WEIR__RECEIVED_END || has_ended)
            return WEIR__HEARD_END;
        if ((polled[STOP].revents & POLLIN) != 0 || weir__keeper_is_cancelled(keeper))
            return WEIR__HEARD_CANCEL;
        if (weir__clock_now() >= deadline)
            return WEIR__HEARD_NOTHING;
    }
}

bool weir__keeper_is_silent(weir__keeper *keeper) {
    return receive(keeper) == WEIR__RECEIVED_NONE;
}

int weir__keeper_ask(weir__keeper *keeper) {
    weir__head *head = &keeper->question.head;
    uint32_t first = keeper->next_number, count = head->count > 0 ? head->count : 1;
    if (first == 0 || first + count < first)
        first = 1; /* 0 is the number of no item */
    head->number = keeper->number = first;
    keeper->next_number = first + count;
    size_t follow = head->in_memory ? 0 : (size_t)head->size;
    return weir__channel_send(keeper->channel.socket, &keeper->question, sizeof *head + follow);
}

bool weir__keeper_is_answer(const weir__keeper *keeper, uint32_t number) {
    const weir__head *head = &keeper->answer.head;
    size_t received = keeper->received;
    if (received < sizeof *head || received > sizeof keeper->answer || head->number != number)
        return false;
    if (head->code != 0 && (head->in_memory != 0 || head->size >= WEIR__REASON))
        return false;
    if (head->in_memory != 0)
        return received == sizeof *head && weir__keeper_is_roomy(keeper) && head->size <= keeper->room;
    return head->size == received - sizeof *head;
}

bool weir__keeper_has_begun(const weir__keeper *keeper) {
    return weir__u32_load_acquire(&keeper->page->begun) == keeper->number; /* R4; pairs with the store in serve.c */
}

/* ---- end ---- */

/* Blocks until the child has ended, or for some nanoseconds. Returns whether it has ended. */
static bool await_end(const weir__keeper *keeper, uint64_t most) {
    const uint64_t deadline = weir_deadline_after(most);
    uint64_t look_every = look_first;
    struct pollfd ended = {.fd = keeper->child.ended, .events = POLLIN};
    while (!weir__child_has_ended(&keeper->child)) {
        if (weir__clock_now() >= deadline)
            return false;
        if (ended.revents != 0)
            ended.fd = -1; /* another part of the program has closed it */
        if (ended.fd < 0 || !weir__stream_poll(&ended, 1, deadline))
            (void)weir__stream_poll(NULL, 0, next_look(deadline, &look_every));
    }
    return true;
}

/* Writes the reason of an end. Returns its code. */
static int describe(weir__keeper *keeper, const weir__child_end *end) {
    const char *name = keeper->options->function;
    char signal[WEIR__SIGNAL_NAME];
    if (!end->known)
        return weir__keeper_fail(keeper, WEIR_CODE(WEIR_FAILED), "%s: its exit status was taken by another wait", name);
    if (end->signal == 0)
        return weir__keeper_fail(keeper, WEIR_CODE_EXIT(end->status), "%s: exit status %d", name, end->status);
    weir__signal_name(end->signal, signal);
    return weir__keeper_fail(keeper, WEIR_CODE_SIGNAL(end->signal), "%s: killed by %s", name, signal);
}

int weir__keeper_end(weir__keeper *keeper) {
    weir__child_kill(&keeper->child);
    bool ended = await_end(keeper, to_die);
    weir__child_end end = ended ? weir__child_reap(&keeper->child) : weir__child_leave(&keeper->child);
    weir__channel_close(&keeper->channel);
    keeper->state = WEIR__CHILD_NONE;
    if (ended)
        return describe(keeper, &end);
    keeper->haunted = true;
    return weir__keeper_fail(keeper, WEIR_CODE(WEIR_BUSY), "%s: goes on after SIGKILL", keeper->options->function);
}

int weir__keeper_ended(weir__keeper *keeper) {
    bool by_itself = await_end(keeper, to_follow);
    int code = weir__keeper_end(keeper);
    if (!by_itself)
        return code;
    bool by_signal = code > WEIR_CODE_NOT_RUN(0) && code < WEIR_CODE_SIGNAL(0);
    if (by_signal && weir__signal_is_of_limit(WEIR_CODE_SIGNAL(0) - code))
        keeper->counts.limit++;
    else if (by_signal)
        keeper->counts.signal++;
    else if (code <= WEIR_CODE_EXIT(0))
        keeper->counts.exit++;
    return code;
}

void weir__keeper_retire(weir__keeper *keeper, uint64_t deadline) {
    weir__channel_end_input(&keeper->channel);
    keeper->state = WEIR__CHILD_ENDING;
    keeper->ends_by = deadline;
}

/* Whether a child that has had no question has said that it is ready. */
static bool has_become_ready(weir__keeper *keeper) {
    return weir__keeper_listen(keeper, 0) == WEIR__HEARD_MESSAGE && weir__keeper_is_answer(keeper, 0) &&
           keeper->answer.head.code == 0;
}

void weir__keeper_dismiss(weir__keeper *keeper, uint64_t deadline) {
    if (keeper->state == WEIR__CHILD_NONE)
        return;
    if (keeper->state == WEIR__CHILD_STARTING && has_become_ready(keeper))
        keeper->state = WEIR__CHILD_READY;
    if (keeper->state == WEIR__CHILD_READY)
        weir__keeper_retire(keeper, deadline);
    if (keeper->state == WEIR__CHILD_ENDING)
        (void)weir__keeper_listen(keeper, earlier(keeper->ends_by, deadline));
    (void)weir__keeper_end(keeper);
}
