/*
 * attempt.c - Implements an attempt: it goes on until there is an answer, or a reason why not. A child that dies before it
 * has begun the item is no such reason (R4).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "process/attempt.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/observe/children.h"
#include "pipeline/outcome/outcome.h"
#include "sync/clock.h"
#include "sync/poll.h"

enum {
    TRIES = 5,        /* of an attempt */
    MOST_UNREADY = 20 /* starts in a row that have made no child ready, with the same code: then the run fails */
};

static const uint64_t back_off = 10 * WEIR_MILLISECOND; /* after the first failure; doubled */

static weir__step fail(int *code, int with) {
    *code = with;
    return WEIR__STEP_FAILED;
}

static weir__step fail_cancelled(weir__keeper *keeper, int *code) {
    return fail(
        code, weir__keeper_fail(keeper, WEIR_CODE(WEIR_CANCELLED), "%s: ended by a cancel", keeper->options->function));
}

weir__step weir__attempt_cancelled(weir__keeper *keeper, int *code) {
    if (keeper->state != WEIR__CHILD_NONE)
        (void)weir__keeper_end(keeper);
    return fail_cancelled(keeper, code);
}

/* The same before the question is sent. The cancel of one future leaves the child to the next call of its thread. */
static weir__step cancelled_before(weir__keeper *keeper, int *code) {
    return keeper->self != NULL ? fail_cancelled(keeper, code) : weir__attempt_cancelled(keeper, code);
}

weir__step weir__attempt_late(weir__keeper *keeper, int *code, const char *what) {
    return fail(code, weir__keeper_fail(keeper, WEIR_CODE(WEIR_TIMEDOUT), "%s: %s at the deadline",
                                        keeper->options->function, what));
}

/* The child has said that its init has failed. */
static weir__step fail_init(weir__keeper *keeper, int *code) {
    const weir__head head = keeper->answer.head;
    char text[WEIR__REASON];
    memcpy(text, keeper->answer.bytes, (size_t)head.size);
    text[head.size] = '\0';
    (void)weir__keeper_end(keeper);
    return fail(code, weir__keeper_fail(keeper, head.code, "%s: init: %.160s", keeper->options->function,
                                        text[0] != '\0' ? text : "failed"));
}

void weir__attempt_senseless(weir__keeper *keeper, int *code) {
    (void)weir__keeper_end(keeper);
    *code =
        weir__keeper_fail(keeper, WEIR_CODE(WEIR_FAILED), "%s: its answer makes no sense", keeper->options->function);
}

/* Starts a child if there is none, and waits until it is ready. Returns WEIR__STEP_DONE if it is. */
static weir__step wait_for_ready(weir__keeper *keeper, uint64_t deadline, int *code) {
    const char *name = keeper->options->function;
    int error = keeper->state == WEIR__CHILD_NONE ? weir__keeper_start(keeper) : 0;
    if (error != 0) {
        *code = weir__keeper_fail(keeper, WEIR_CODE_NOT_RUN(error), "%s: cannot be run: %s", name, strerror(error));
        return WEIR__STEP_AGAIN;
    }
    switch (weir__keeper_listen(keeper, deadline)) {
        case WEIR__HEARD_END:
            *code = weir__keeper_ended(keeper);
            return WEIR__STEP_AGAIN;
        case WEIR__HEARD_CANCEL:
            return cancelled_before(keeper, code);
        case WEIR__HEARD_NOTHING: /* it goes on starting */
            return weir__attempt_late(keeper, code, "not ready");
        case WEIR__HEARD_MESSAGE:
            break;
    }
    if (!weir__keeper_is_answer(keeper, 0)) {
        weir__attempt_senseless(keeper, code);
        return WEIR__STEP_AGAIN;
    }
    if (keeper->answer.head.code != 0)
        return fail_init(keeper, code);
    keeper->state = WEIR__CHILD_READY;
    keeper->unready = keeper->hopeless = 0;
    weir__keeper_serve(keeper, true);
    return WEIR__STEP_DONE;
}

/* The same. Counts starts that fail in the same way: children that are killed from outside die in various ways. */
static weir__step get_ready(weir__keeper *keeper, uint64_t deadline, int *code) {
    weir__step step = wait_for_ready(keeper, deadline, code);
    if (step == WEIR__STEP_DONE || keeper->state != WEIR__CHILD_NONE)
        return step;
    keeper->hopeless = *code == keeper->last_code ? keeper->hopeless + 1 : 1;
    keeper->last_code = *code;
    weir__keeper_serve(keeper, false);
    return step;
}

/* Whether the item is to blame (R4) for the end of its child, which begins nothing more. */
static weir__step blame(const weir__keeper *keeper) {
    return weir__keeper_has_begun(keeper) ? WEIR__STEP_FAILED : WEIR__STEP_AGAIN;
}

weir__step weir__attempt_ask(weir__keeper *keeper, uint64_t deadline, int *code) {
    const char *name = keeper->options->function;
    if (weir__clock_now() >= deadline)
        return weir__attempt_late(keeper, code, "not sent");
    if (!weir__keeper_is_silent(keeper)) {
        weir__attempt_senseless(keeper, code);
        return WEIR__STEP_AGAIN;
    }
    int error = weir__keeper_ask(keeper);
    if (error == 0)
        return WEIR__STEP_DONE;
    *code = weir__keeper_ended(keeper);
    if (error < 0)
        return WEIR__STEP_AGAIN;
    *code = weir__keeper_fail(keeper, WEIR_CODE_NOT_RUN(error), "%s: cannot be asked: %s", name, strerror(error));
    return WEIR__STEP_LATER;
}

/* Asks the child once, and waits for its answer. */
static weir__step converse_once(weir__keeper *keeper, uint64_t deadline, void *unused, int *code) {
    weir__step step = weir__attempt_ask(keeper, deadline, code);
    (void)unused;
    if (step != WEIR__STEP_DONE)
        return step;
    switch (weir__keeper_listen(keeper, deadline)) {
        case WEIR__HEARD_END:
            *code = weir__keeper_ended(keeper);
            return blame(keeper);
        case WEIR__HEARD_CANCEL:
            return weir__attempt_cancelled(keeper, code);
        case WEIR__HEARD_NOTHING:
            (void)weir__keeper_end(keeper);
            keeper->counts.late++;
            return weir__attempt_late(keeper, code, "killed");
        case WEIR__HEARD_MESSAGE:
            break;
    }
    if (!weir__keeper_is_answer(keeper, keeper->number)) {
        weir__attempt_senseless(keeper, code);
        return blame(keeper);
    }
    keeper->answers++;
    return WEIR__STEP_DONE;
}

/* Blocks for the back-off after the given number of failures, at most until the deadline or a cancel. */
static void rest(const weir__keeper *keeper, unsigned failures, uint64_t deadline) {
    uint64_t until = weir_deadline_after(back_off << ((failures < TRIES ? failures : TRIES) - 1));
    (void)weir__poll(-1, 0, keeper->stop, until < deadline ? until : deadline);
}

int weir__attempt(weir__keeper *keeper, uint64_t deadline, weir__conversation *converse, void *arg) {
    int code = 0;
    if (keeper->state == WEIR__CHILD_ENDING)
        weir__keeper_dismiss(keeper, deadline);
    for (unsigned failures = 1;; failures++) {
        if (keeper->state == WEIR__CHILD_NONE && keeper->unready > 0)
            rest(keeper, keeper->unready, deadline);
        if (weir__keeper_is_cancelled(keeper)) {
            (void)cancelled_before(keeper, &code);
            return code;
        }
        weir__step step = keeper->state == WEIR__CHILD_READY ? WEIR__STEP_DONE : get_ready(keeper, deadline, &code);
        if (step == WEIR__STEP_DONE)
            step = converse(keeper, deadline, arg, &code);
        if (step == WEIR__STEP_DONE)
            return 0;
        if (step == WEIR__STEP_FAILED || failures == TRIES)
            return code;
        if (step == WEIR__STEP_LATER)
            rest(keeper, failures, deadline);
    }
}

int weir__attempt_single(weir__keeper *keeper, uint64_t deadline) {
    return weir__attempt(keeper, deadline, converse_once, NULL);
}

/* ---- the next child ---- */

/* Tells the stage of its children. Ends the run if none of any thread becomes ready: no item can be done. */
static void tell_stage(weir__keeper *keeper) {
    char why[2 * WEIR__REASON];
    if (keeper->task == NULL)
        return;
    weir__children_add(keeper->task, &keeper->counts);
    keeper->counts = (weir_child_counts){.started = 0};
    if (keeper->hopeless < MOST_UNREADY || weir__children_are_served(keeper->task->stage) ||
        weir__keeper_is_cancelled(keeper))
        return;
    (void)snprintf(why, sizeof why, "no child has become ready in %d starts; the last: %s", MOST_UNREADY, keeper->why);
    weir__fail_hopeless(keeper->task, WEIR_CODE(WEIR_INITFAILED), why);
}

static void renew(weir__keeper *keeper) {
    size_t most = keeper->options->most_items;
    if (weir__keeper_is_cancelled(keeper))
        return;
    if (most != 0 && keeper->answers >= most && keeper->state == WEIR__CHILD_READY) {
        weir__keeper_retire(keeper, weir_deadline_after(WEIR__TO_END));
        keeper->counts.replaced++;
    }
    if (keeper->state == WEIR__CHILD_NONE && keeper->unready == 0)
        (void)weir__keeper_start(keeper);
}

void weir__attempt_renew(weir__keeper *keeper) {
    weir__keeper_give_back(keeper);
    renew(keeper);
    tell_stage(keeper);
}
