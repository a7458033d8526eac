/*
 * attend.h - Declares the time between the start of a command and its end: its outputs, its deadline, a cancel.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_COMMAND_ATTEND_H
#define WEIR_COMMAND_ATTEND_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/command.h>

#include "command/output.h"
#include "sync/child.h"

enum { WEIR__COMMAND_READ = 1 << 16 }; /* bytes of one read: what a pipe holds */

typedef struct weir__attended {
    weir_task *task; /* may be NULL */
    weir__child child;
    int stop;               /* descriptor of the end of the task; -1: none */
    int outputs[2];         /* descriptors of its outputs; -1 once at its end, or if the caller's is used */
    weir__output output[2]; /* standard output and standard error */
    uint64_t grace, linger; /* ns */
    uint64_t signal_at;     /* when its group gets the next signal */
    uint64_t ended_at;      /* when its end was seen, or it was given up */
    uint64_t over_at;       /* when its outputs are given up; UINT64_MAX while it runs */
    uint64_t look_every;    /* ns between two looks for what has no descriptor; UINT64_MAX: nothing */
    bool wanted;            /* the caller gets its standard output */
    bool terminated;        /* it got SIGTERM */
    bool killed;            /* it got SIGKILL */
    bool timed_out, cancelled, stragglers, goes_on;
    struct pollfd polled[4];         /* the outputs, its end, the end of the task */
    char buffer[WEIR__COMMAND_READ]; /* for its start, then for reads */
} weir__attended;

/* Blocks until the command has ended or is given up, and its outputs are at their end or given up. */
void weir__attend(weir__attended *attended);

#endif /* WEIR_COMMAND_ATTEND_H */
