/*
 * attempt.h - Declares an attempt: a conversation with a child, and another one as long as no item is to blame (R4).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PROCESS_ATTEMPT_H
#define WEIR_PROCESS_ATTEMPT_H

#include "process/keeper.h"

typedef enum weir__step {
    WEIR__STEP_DONE,   /* what was wanted has been reached: at last, an answer */
    WEIR__STEP_FAILED, /* the attempt has failed */
    WEIR__STEP_AGAIN,  /* the item has not begun: another child gets it */
    WEIR__STEP_LATER   /* the same, after a back-off, which a start that has failed causes anyway */
} weir__step;

/* Asks a child that is ready, and listens to it. Sets `*code`, with its reason in the keeper, unless it is done. */
typedef weir__step weir__conversation(weir__keeper *keeper, uint64_t deadline, void *arg, int *code);

/* Converses until there is an answer. Returns 0, or the code with which the attempt fails; the reason is in the keeper. */
int weir__attempt(weir__keeper *keeper, uint64_t deadline, weir__conversation *converse, void *arg);

/* Returns the code of an attempt that makes no batch; the question is made. */
int weir__attempt_single(weir__keeper *keeper, uint64_t deadline);

/* Sends the question to a child that is ready. Returns WEIR__STEP_DONE if it is sent. */
weir__step weir__attempt_ask(weir__keeper *keeper, uint64_t deadline, int *code);

/* A cancel, a deadline, and an answer that makes no sense. They write the reason; the first and the last end the child. */
weir__step weir__attempt_cancelled(weir__keeper *keeper, int *code);
weir__step weir__attempt_late(weir__keeper *keeper, int *code, const char *what);
void weir__attempt_senseless(weir__keeper *keeper, int *code);

/*
 * Ends a child that has answered often enough, and replaces one that is gone, without waiting for either. After a start
 * that has failed, the next attempt starts one. Tells the stage of its children, and ends the run if no child has become
 * ready for long. Releases the memory of a large item.
 */
void weir__attempt_renew(weir__keeper *keeper);

#endif /* WEIR_PROCESS_ATTEMPT_H */
