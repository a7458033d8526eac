/*
 * keeper.h - Declares the keeper: a thread's child, from its start to its end, and the messages to and from it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PROCESS_KEEPER_H
#define WEIR_PROCESS_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/future.h>
#include <weir/process.h>

#include "process/message.h"
#include "sync/channel.h"
#include "sync/child.h"
#include "sync/confine.h"

#define WEIR__TO_END WEIR_SECOND /* in which an idle child ends in order */

typedef enum weir__child_state {
    WEIR__CHILD_NONE,     /* there is none */
    WEIR__CHILD_STARTING, /* it has not said that it is ready */
    WEIR__CHILD_READY,
    WEIR__CHILD_ENDING /* its input has ended */
} weir__child_state;

/* Of one thread. */
typedef struct weir__keeper {
    const weir_process *options;
    size_t room;           /* bytes that may cross in one direction */
    weir__shared shared;   /* kept from child to child */
    bool haunted;          /* a child that goes on after SIGKILL has that memory too: the next one gets another */
    weir__page *page;      /* its first part (R1) */
    size_t span;           /* bytes of the part of questions, and of that of results */
    weir__confined limits; /* of a child */
    weir__child_state state;
    weir__child child;     /* valid unless there is none */
    weir__channel channel; /* to it */
    uint32_t number;       /* of the last question, or of its first item */
    uint32_t next_number;  /* of the next question */
    size_t answers;        /* of this child */
    uint64_t ends_by;      /* deadline of a child that is ending */
    unsigned unready;      /* starts in a row that have made no child ready */
    unsigned hopeless;     /* of them, the last ones that have failed with `last_code` */
    int last_code;
    weir_stage *served;       /* the stage that counts this thread (pipeline/observe/children.h); NULL: none */
    weir_task *task;          /* of the call in progress; NULL: none, or `self` */
    weir_future *self;        /* of the call in progress, of an executor; NULL: none, or `task` */
    int stop;                 /* descriptor of the end of the pipeline; -1: none */
    char why[WEIR__REASON];   /* the last failure */
    weir_child_counts counts; /* not yet told to the stage */
    void *round;              /* of batches (batch.c); NULL before the first; freed with the keeper */
    size_t received;          /* bytes of the last message from a child */
    weir__message question;   /* kept until it is answered, whatever another child says */
    weir__message answer;     /* the last message from a child */
} weir__keeper;

/* What the keeper has heard. */
typedef enum weir__heard {
    WEIR__HEARD_MESSAGE,
    WEIR__HEARD_END, /* of the child, or of its side of the channel */
    WEIR__HEARD_CANCEL,
    WEIR__HEARD_NOTHING /* until the deadline */
} weir__heard;

/* Begins a call of a stage. Returns false if there is no keeper, or nothing to decode with. */
bool weir__keeper_begin(weir__keeper *keeper, weir_task *task);

/* Starts a child. Returns 0 or an errno. */
int weir__keeper_start(weir__keeper *keeper);

/* Notes whether the last start has made a child ready, for the stage of the call in progress. */
void weir__keeper_serve(weir__keeper *keeper, bool serves);

/* Blocks until the child says something or ends, the pipeline is cancelled, or the deadline passes. */
weir__heard weir__keeper_listen(weir__keeper *keeper, uint64_t deadline);

/* Whether nothing has come since the last answer: what comes before a question answers nothing. */
bool weir__keeper_is_silent(weir__keeper *keeper);

/*
 * Sends the question, with a number of its own for each item. Its head and bytes are filled but for the number. Returns 0,
 * -1 if the child is gone, or an errno.
 */
int weir__keeper_ask(weir__keeper *keeper);

/* Whether the last message is the answer to question `number`, and has the size that it says. */
bool weir__keeper_is_answer(const weir__keeper *keeper, uint32_t number);

/* Whether the child has begun the last question. Final once the child has ended. */
bool weir__keeper_has_begun(const weir__keeper *keeper);

/* Kills the child and reaps it, or leaves it if it goes on. Returns the code of its end, and writes the reason. */
int weir__keeper_end(weir__keeper *keeper);

/* The same for a child that has ended by itself, and counts that, or that has closed its side of the channel. */
int weir__keeper_ended(weir__keeper *keeper);

/* Lets a child that is ready end in order, until the deadline. Does not block. */
void weir__keeper_retire(weir__keeper *keeper, uint64_t deadline);

/* Ends the child in order if it is ready, and kills it at the deadline or at a cancel. Does nothing if there is none. */
void weir__keeper_dismiss(weir__keeper *keeper, uint64_t deadline);

/* Writes the reason of a failure. Returns the code. */
int weir__keeper_fail(weir__keeper *keeper, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Releases shared memory that a large item and its result have taken, after a call that was answered. Not for batches. */
void weir__keeper_give_back(const weir__keeper *keeper);

/* The parts of the shared memory. */
unsigned char *weir__keeper_questions(const weir__keeper *keeper);
unsigned char *weir__keeper_results(const weir__keeper *keeper);

/* Whether a single item or result may be larger than a message. */
bool weir__keeper_is_roomy(const weir__keeper *keeper);

/* Whether the call in progress must end. */
bool weir__keeper_is_cancelled(const weir__keeper *keeper);

#endif /* WEIR_PROCESS_KEEPER_H */
