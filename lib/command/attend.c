/*
 * attend.c - Implements the time between the start of a command and its end.
 *
 * One poll waits for all: both outputs, the end of the command, and the end of the task. Each turn reads each output
 * once, so that a flood of output delays neither the deadline nor a cancel. The end of the command is the end of its
 * process, or is given up if it goes on after SIGKILL. At its end, all that it has left in its outputs is read. They
 * may stay open for ever, kept by a process that it has started; after `linger` they are given up.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "command/attend.h"

#include "sync/clock.h"
#include "sync/stream.h"

enum { OUT, ERR, ENDED, STOP, POLLED };

/* Time between two looks if the system has no descriptor for the end of a child, or of the task: at first, at most. */
static const uint64_t look_first = WEIR_MILLISECOND, look_at_most = 20 * WEIR_MILLISECOND;

/* Time after SIGKILL in which a large process may be taken apart on a busy machine. */
static const uint64_t to_die = 5 * WEIR_SECOND;

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static bool is_over(const weir__attended *attended) {
    return attended->over_at != UINT64_MAX;
}

/* Returns the number of bytes read. */
static size_t read_once(weir__attended *attended, int which) {
    ptrdiff_t got = weir__stream_read(attended->outputs[which], attended->buffer, sizeof attended->buffer);
    if (got > 0)
        weir__output_add(&attended->output[which], attended->buffer, (size_t)got);
    if (got == 0)
        weir__stream_close(&attended->outputs[which]);
    return got > 0 ? (size_t)got : 0;
}

static void read_output(weir__attended *attended, int which) {
    if (attended->polled[which].revents != 0)
        (void)read_once(attended, which);
}

/* Reads what the command has left, and looks for the end behind it. No more: another process may write on. */
static void read_rest(weir__attended *attended, int which) {
    if (attended->outputs[which] < 0)
        return;
    size_t rest = weir__stream_left(attended->outputs[which]) + 1, got = 1;
    for (; rest > 0 && got > 0; rest -= got < rest ? got : rest)
        got = read_once(attended, which);
}

static void look_for_end(weir__attended *attended) {
    short told = attended->polled[ENDED].revents;
    if ((told & POLLNVAL) != 0)
        attended->child.ended = -1; /* another part of the program has closed it */
    if (is_over(attended) || (told == 0 && attended->child.ended >= 0) || !weir__child_has_ended(&attended->child))
        return;
    attended->ended_at = weir__clock_now();
    read_rest(attended, OUT);
    read_rest(attended, ERR);
    attended->over_at = weir_deadline_after(attended->linger);
    if (attended->over_at == UINT64_MAX)
        attended->over_at--;
}

static void look_for_cancel(weir__attended *attended) {
    if ((attended->polled[STOP].revents & (POLLIN | POLLNVAL)) == POLLNVAL)
        attended->stop = -1; /* another part of the program has closed it */
    if (attended->cancelled || !weir_task_cancelled(attended->task))
        return;
    if (is_over(attended)) {
        attended->over_at = 0;
        return;
    }
    attended->cancelled = true;
    if (!attended->terminated)
        attended->signal_at = 0;
}

static void send_signal(weir__attended *attended) {
    if (is_over(attended) || weir__clock_now() < attended->signal_at)
        return;
    if (attended->killed) {
        attended->goes_on = true;
        attended->ended_at = weir__clock_now();
        attended->over_at = 0;
        return;
    }
    if (attended->terminated) {
        weir__child_kill(&attended->child);
        attended->killed = true;
        attended->signal_at = weir_deadline_after(to_die);
        return;
    }
    attended->timed_out = !attended->cancelled;
    weir__child_terminate(&attended->child);
    attended->terminated = true;
    attended->signal_at = weir_deadline_after(attended->grace);
}

/* Returns the time of the next look for what no descriptor tells. */
static uint64_t next_look(weir__attended *attended, uint64_t until) {
    until = earlier(until, weir_deadline_after(attended->look_every));
    attended->look_every = earlier(attended->look_every * 2, look_at_most);
    return until;
}

/* Blocks until anything may have happened. */
static void turn(weir__attended *attended) {
    struct pollfd *polled = attended->polled;
    uint64_t until = is_over(attended) ? attended->over_at : attended->signal_at;
    polled[OUT] = (struct pollfd){.fd = attended->outputs[OUT], .events = POLLIN};
    polled[ERR] = (struct pollfd){.fd = attended->outputs[ERR], .events = POLLIN};
    polled[ENDED] = (struct pollfd){.fd = is_over(attended) ? -1 : attended->child.ended, .events = POLLIN};
    polled[STOP] = (struct pollfd){.fd = attended->cancelled ? -1 : attended->stop, .events = POLLIN};
    if ((polled[ENDED].fd < 0 && !is_over(attended)) ||
        (attended->task != NULL && !attended->cancelled && polled[STOP].fd < 0))
        until = next_look(attended, until);
    if (weir__stream_poll(polled, POLLED, until))
        return;
    (void)weir__stream_poll(NULL, 0, next_look(attended, until));
    polled[OUT].revents = polled[ERR].revents = polled[ENDED].revents = POLLIN; /* each is asked, without a block */
}

void weir__attend(weir__attended *attended) {
    attended->over_at = UINT64_MAX;
    attended->stop = weir_task_stop_fd(attended->task);
    attended->look_every = look_first;
    do {
        turn(attended);
        read_output(attended, OUT);
        read_output(attended, ERR);
        look_for_end(attended);
        look_for_cancel(attended);
        send_signal(attended);
        attended->stragglers = attended->outputs[OUT] >= 0 || attended->outputs[ERR] >= 0;
    } while (!is_over(attended) || (attended->stragglers && weir__clock_now() < attended->over_at));
}
