/*
 * process.c - Implements the functions of a stage in child processes.
 *
 * An attempt encodes its item before it looks for a child, so that the start of one changes nothing that the encoding
 * reads. Then it goes on until there is an answer, or a reason why not: a child that dies before it has begun the item
 * is no such reason (R4).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/process.h>

#include <string.h>

#include "process/keeper.h"
#include "process/serve.h"
#include "sync/border.h"
#include "sync/clock.h"
#include "sync/memory.h"
#include "sync/poll.h"

enum { TRIES = 5 };

static const uint64_t back_off = 10 * WEIR_MILLISECOND; /* after the first failure; doubled */
static const uint64_t to_end = WEIR_SECOND;             /* in which an idle child ends in order */

/* Of weir_process_main; NULL before. Written once, before the program has threads. */
static const weir_process_entry *table;

void weir_process_main(int argc, char **argv, const weir_process_entry *entries) {
    table = entries;
    if (argc == 3 && strcmp(argv[1], WEIR__PROCESS_MODE) == 0)
        weir__serve(entries, argv[2]);
}

/* ---- an attempt ---- */

typedef enum weir__step {
    STEP_DONE,   /* what was wanted has been reached: at last, an answer */
    STEP_FAILED, /* the attempt has failed */
    STEP_AGAIN,  /* the item has not begun: another child gets it */
    STEP_LATER   /* the same, after a back-off, which a start that has failed causes anyway */
} weir__step;

static weir__step fail(int *code, int with) {
    *code = with;
    return STEP_FAILED;
}

static weir__step fail_cancelled(weir__keeper *keeper, int *code) {
    if (keeper->state != WEIR__CHILD_NONE)
        (void)weir__keeper_end(keeper);
    return fail(
        code, weir__keeper_fail(keeper, WEIR_CODE(WEIR_CANCELLED), "%s: ended by a cancel", keeper->options->function));
}

static weir__step fail_late(weir__keeper *keeper, int *code, const char *what) {
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

/* Ends a child that has said what makes no sense, and writes so. */
static void end_senseless(weir__keeper *keeper, int *code) {
    (void)weir__keeper_end(keeper);
    *code =
        weir__keeper_fail(keeper, WEIR_CODE(WEIR_FAILED), "%s: its answer makes no sense", keeper->options->function);
}

/* Starts a child if there is none, and waits until it is ready. Returns STEP_DONE if it is. */
static weir__step get_ready(weir__keeper *keeper, uint64_t deadline, int *code) {
    const char *name = keeper->options->function;
    int error = keeper->state == WEIR__CHILD_NONE ? weir__keeper_start(keeper) : 0;
    if (error != 0) {
        *code = weir__keeper_fail(keeper, WEIR_CODE_NOT_RUN(error), "%s: cannot be run: %s", name, strerror(error));
        return STEP_AGAIN;
    }
    switch (weir__keeper_listen(keeper, deadline)) {
        case WEIR__HEARD_END:
            *code = weir__keeper_end(keeper);
            return STEP_AGAIN;
        case WEIR__HEARD_CANCEL:
            return fail_cancelled(keeper, code);
        case WEIR__HEARD_NOTHING: /* it goes on starting */
            return fail_late(keeper, code, "not ready");
        case WEIR__HEARD_MESSAGE:
            break;
    }
    if (!weir__keeper_is_answer(keeper, 0)) {
        end_senseless(keeper, code);
        return STEP_AGAIN;
    }
    if (keeper->answer.head.code != 0)
        return fail_init(keeper, code);
    keeper->state = WEIR__CHILD_READY;
    keeper->unready = 0;
    return STEP_DONE;
}

/* Whether the item is to blame (R4) for the end of its child, which begins nothing more. */
static weir__step blame(const weir__keeper *keeper) {
    return weir__keeper_has_begun(keeper) ? STEP_FAILED : STEP_AGAIN;
}

/* Sends the question to a child that is ready. Returns STEP_DONE if it is sent. */
static weir__step ask(weir__keeper *keeper, uint64_t deadline, int *code) {
    const char *name = keeper->options->function;
    if (weir__clock_now() >= deadline)
        return fail_late(keeper, code, "not sent");
    if (!weir__keeper_is_silent(keeper)) {
        end_senseless(keeper, code);
        return STEP_AGAIN;
    }
    int error = weir__keeper_ask(keeper);
    if (error == 0)
        return STEP_DONE;
    *code = weir__keeper_end(keeper);
    if (error < 0)
        return STEP_AGAIN;
    *code = weir__keeper_fail(keeper, WEIR_CODE_NOT_RUN(error), "%s: cannot be asked: %s", name, strerror(error));
    return STEP_LATER;
}

/* Asks the child once, and waits for its answer. */
static weir__step converse(weir__keeper *keeper, uint64_t deadline, int *code) {
    weir__step step = keeper->state == WEIR__CHILD_READY ? STEP_DONE : get_ready(keeper, deadline, code);
    if (step == STEP_DONE)
        step = ask(keeper, deadline, code);
    if (step != STEP_DONE)
        return step;
    switch (weir__keeper_listen(keeper, deadline)) {
        case WEIR__HEARD_END:
            *code = weir__keeper_end(keeper);
            return blame(keeper);
        case WEIR__HEARD_CANCEL:
            return fail_cancelled(keeper, code);
        case WEIR__HEARD_NOTHING:
            (void)weir__keeper_end(keeper);
            return fail_late(keeper, code, "killed");
        case WEIR__HEARD_MESSAGE:
            break;
    }
    if (!weir__keeper_is_answer(keeper, keeper->number)) {
        end_senseless(keeper, code);
        return blame(keeper);
    }
    keeper->answers++;
    return STEP_DONE;
}

/* Blocks for the back-off after the given number of failures, at most until the deadline or a cancel. */
static void rest(const weir__keeper *keeper, unsigned failures, uint64_t deadline) {
    uint64_t until = weir_deadline_after(back_off << ((failures < TRIES ? failures : TRIES) - 1));
    (void)weir__poll(-1, 0, keeper->stop, until < deadline ? until : deadline);
}

/* Gets an answer to the question. Returns 0, or the code with which the attempt fails; the reason is in `why`. */
static int attempt(weir__keeper *keeper) {
    uint64_t deadline = weir_task_deadline(keeper->task);
    int code = 0;
    if (keeper->state == WEIR__CHILD_ENDING)
        weir__keeper_dismiss(keeper, deadline);
    for (unsigned failures = 1;; failures++) {
        if (keeper->state == WEIR__CHILD_NONE && keeper->unready > 0)
            rest(keeper, keeper->unready, deadline);
        if (weir_task_cancelled(keeper->task)) {
            (void)fail_cancelled(keeper, &code);
            return code;
        }
        weir__step step = converse(keeper, deadline, &code);
        if (step == STEP_DONE)
            return 0;
        if (step == STEP_FAILED || failures == TRIES)
            return code;
        if (step == STEP_LATER)
            rest(keeper, failures, deadline);
    }
}

/* ---- what crosses ---- */

/* Makes the question. Returns 0 or a code. */
static int encode(weir__keeper *keeper, const void *item) {
    weir__message *question = &keeper->question;
    unsigned char *shared = weir__keeper_question(keeper), *bytes = shared != NULL ? shared : question->bytes;
    weir_process_payload to = {.data = bytes, .room = keeper->room};
    int code = keeper->options->encode(keeper->task, item, &to, keeper->options->arg);
    weir__border();
    if (code != 0)
        return code;
    if (to.size > keeper->room)
        return weir_task_fail(keeper->task, WEIR_CODE(WEIR_INVALID),
                              "%s: an item of %zu bytes, and there is room for %zu", keeper->options->function, to.size,
                              keeper->room);
    question->head = (weir__head){.size = to.size, .in_memory = to.size > WEIR_PROCESS_MESSAGE};
    if (shared != NULL && question->head.in_memory == 0)
        memcpy(question->bytes, shared, to.size);
    return 0;
}

/* Takes the answer. Returns the code of the attempt. */
static int decode(weir__keeper *keeper, void *item) {
    const weir__head head = keeper->answer.head;
    const unsigned char *bytes = head.in_memory != 0 ? weir__keeper_result(keeper) : keeper->answer.bytes;
    if (head.code != 0 && head.size == 0)
        return head.code;
    if (head.code != 0)
        return weir_task_fail(keeper->task, head.code, "%.*s", (int)head.size, (const char *)bytes);
    int code = keeper->options->decode(keeper->task, item, bytes, (size_t)head.size, keeper->options->arg);
    weir__border();
    return code;
}

static uint64_t end_limit(void) {
    return weir_deadline_after(to_end);
}

/*
 * Ends a child that has answered often enough, and replaces one that is gone, without waiting for either. After a start
 * that has failed, the next attempt starts one.
 */
static void renew(weir__keeper *keeper) {
    size_t most = keeper->options->most_items;
    if (weir_task_cancelled(keeper->task))
        return;
    if (most != 0 && keeper->answers >= most)
        weir__keeper_retire(keeper, end_limit());
    if (keeper->state == WEIR__CHILD_NONE && keeper->unready == 0)
        (void)weir__keeper_start(keeper);
}

int weir_process_run(weir_task *task, void *item, void *state) {
    weir__keeper *keeper = state;
    if (keeper == NULL)
        return WEIR_CODE(WEIR_INVALID);
    keeper->task = task;
    if (keeper->stop < 0)
        keeper->stop = weir_task_stop_fd(task);
    int code = encode(keeper, item);
    if (code == 0) {
        code = attempt(keeper);
        code = code != 0 ? weir_task_fail(task, code, "%s", keeper->why) : decode(keeper, item);
        renew(keeper);
    }
    keeper->task = NULL;
    return code;
}

/* ---- a thread's keeper ---- */

static const char *refusal(const weir_process *process) {
    if (table == NULL)
        return "weir_process_main must be called first in main";
    if (process == NULL || process->function == NULL || process->encode == NULL || process->decode == NULL)
        return "a stage in processes needs function, encode and decode";
    if (weir__entry_of(table, process->function) == NULL)
        return "the table of weir_process_main has no such function";
    if (process->payload > (SIZE_MAX - 3 * (size_t)WEIR__PAGE) / 2)
        return "payload is too large";
    for (size_t i = 0; i < sizeof process->reserved / sizeof process->reserved[0]; i++)
        if (process->reserved[i] != NULL)
            return "reserved must be NULL";
    return process->limits.reserved[0] != NULL || process->limits.reserved[1] != NULL ? "reserved must be NULL" : NULL;
}

/* Creates the shared memory. Returns 0 or an errno. */
static int share(weir__keeper *keeper) {
    const weir_process *process = keeper->options;
    size_t payload = process->payload > WEIR_PROCESS_MESSAGE ? process->payload : 0;
    keeper->room = payload != 0 ? payload : WEIR_PROCESS_MESSAGE;
    keeper->span = WEIR__PAGE * (payload / WEIR__PAGE + (payload % WEIR__PAGE != 0));
    keeper->limits = (weir__confined){.memory = process->limits.memory,
                                      .cpu_time = process->limits.cpu_time / WEIR_SECOND +
                                                  (process->limits.cpu_time % WEIR_SECOND != 0),
                                      .files = process->limits.files,
                                      .file_size = process->limits.file_size,
                                      .nice = process->nice};
    int error = weir__shared_create(&keeper->shared, WEIR__PAGE + 2 * keeper->span);
    keeper->page = error == 0 ? (weir__page *)(void *)keeper->shared.bytes : NULL;
    return error;
}

static int begin(weir__keeper *keeper) {
    int error = share(keeper);
    if (error != 0)
        return error;
    error = weir__keeper_start(keeper);
    if (error != 0)
        weir__shared_destroy(&keeper->shared);
    return error;
}

weir_status weir_process_init(void *arg, void **state) {
    const weir_process *process = arg;
    const char *why = refusal(process);
    if (why != NULL)
        return weir_init_fail(WEIR_INVALID, "%s", why);
    weir__keeper *keeper = weir__alloc(sizeof *keeper);
    if (keeper == NULL)
        return WEIR_NOMEM;
    keeper->options = process;
    keeper->stop = -1;
    int error = begin(keeper);
    if (error != 0) {
        weir__free(keeper);
        return weir_init_fail(WEIR_INITFAILED, "%s: cannot be run: %s", process->function, strerror(error));
    }
    *state = keeper;
    return WEIR_OK;
}

void weir_process_fini(void *state) {
    weir__keeper *keeper = state;
    if (keeper == NULL)
        return;
    weir__keeper_dismiss(keeper, end_limit());
    weir__shared_destroy(&keeper->shared);
    weir__free(keeper);
}
