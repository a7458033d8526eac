/*
 * batch.c - Implements the function of a stage that sends several items to its child at once.
 *
 * The items of a call are packed into the shared memory, as many as have room there: a round. The child is asked for the
 * items of the round that are not settled, until all are. An answer settles its item, and so does blame: for a child that
 * has died, hung or answered nonsense while the item was in work (R4, R7). The items behind it have not begun, and the next
 * child is asked for them. Failures are those of single items (weir_task_fail_item), so the call itself succeeds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/process.h>

#include <string.h>

#include "pipeline/call/fail_item.h"
#include "process/attempt.h"
#include "process/cross.h"
#include "sync/border.h"
#include "sync/clock.h"
#include "sync/memory.h"

enum { MOST_PACKED = 256 };

typedef struct weir__packed {
    size_t index;    /* in the items of the call */
    uint32_t offset; /* in the part of questions */
} weir__packed;

typedef struct weir__round {
    weir__keeper *keeper;
    void *const *items;
    uint64_t limit;   /* ns that an item may be in work; UINT64_MAX: no limit */
    uint32_t packed;  /* items of the round */
    uint32_t settled; /* of them, the first ones */
    uint32_t asked;   /* of them, those that were settled before the last question */
    uint32_t count;   /* items of the last question */
    size_t read;      /* bytes of the part of results that were read since */
    uint32_t seen;    /* the item that was in work at the last look */
    uint64_t since;   /* when it began, or was first seen in work */
    uint32_t working; /* the last item that was seen in work; UINT32_MAX: none */
    uint64_t worked;  /* when it was first seen */
    weir__packed places[MOST_PACKED];
} weir__round;

/* ---- settling ---- */

/* Fails an item of the call with a code, whose reason is in the keeper, or is the program's own. */
static void fail_item(const weir__keeper *keeper, size_t index, int code) {
    if (keeper->why[0] != '\0')
        (void)weir_task_fail_item(keeper->task, index, code, "%s", keeper->why);
    else
        weir__fail_item_as_task(keeper->task, index, code);
}

/* Fails the next item in the same way. */
static void settle_failed(weir__round *round, int code) {
    fail_item(round->keeper, round->places[round->settled++].index, code);
}

/* Settles the next item by its result. */
static void settle_by(weir__round *round, const void *bytes, size_t size) {
    weir__keeper *keeper = round->keeper;
    const weir_process *options = keeper->options;
    void *item = round->items[round->places[round->settled].index];
    keeper->why[0] = '\0';
    int code = options->decode(keeper->task, item, bytes, size, options->arg);
    weir__border();
    if (code != 0)
        settle_failed(round, code);
    else
        weir__item_consume(keeper->task, round->places[round->settled++].index);
}

/* Takes the answer of the next item. Returns false if it makes no sense. */
static bool take_answer(weir__round *round) {
    weir__keeper *keeper = round->keeper;
    const unsigned char *at = weir__keeper_results(keeper) + round->read;
    size_t left = keeper->span - round->read;
    weir__head head;
    if (left < sizeof head)
        return false;
    memcpy(&head, at, sizeof head); /* R1 */
    at += sizeof head;
    left -= sizeof head;
    if (head.size > left || head.size > keeper->room || (head.code != 0 && head.size >= WEIR__REASON))
        return false;
    size_t size = (size_t)head.size;
    round->read += weir__room_for(size);
    keeper->answers++;
    if (head.code != 0) {
        settle_failed(round, weir__cross_reason(keeper, head.code, at, size));
        return true;
    }
    if (size <= WEIR_PROCESS_MESSAGE)
        at = memcpy(keeper->answer.bytes, at, size); /* small results do not change any more */
    settle_by(round, at, size);
    return true;
}

/* Returns which item has a number of the page, or one behind the last. */
static uint32_t item_of(const weir__round *round, const weir__u32 *number) {
    uint32_t after = weir__u32_load_acquire(number) - round->keeper->number; /* pairs with the store in serve.c */
    return after < round->count ? round->asked + after : round->packed;
}

/* Takes the answers that have come, up to a cancel. Returns false if one makes no sense. */
static bool take_answers(weir__round *round) {
    uint32_t done = item_of(round, &round->keeper->page->done);
    while (done < round->packed && round->settled <= done && !weir__keeper_is_cancelled(round->keeper)) {
        if (!take_answer(round))
            return false;
    }
    return true;
}

/* Whether a number of the page has come to the next item. */
static bool has_reached_next(const weir__round *round, const weir__u32 *number) {
    uint32_t item = item_of(round, number);
    return item < round->packed && item >= round->settled;
}

/* Whether the next item is in work. Final once the child has ended, and its answers are taken. */
static bool is_in_work(const weir__round *round) {
    return has_reached_next(round, &round->keeper->page->begun);
}

/*
 * Takes what a child that has ended has answered, and keeps the reason of its end. Returns false if an answer makes no
 * sense, and fails its item.
 */
static bool take_last_answers(weir__round *round) {
    weir__keeper *keeper = round->keeper;
    char why[WEIR__REASON];
    memcpy(why, keeper->why, sizeof why);
    if (take_answers(round)) {
        memcpy(keeper->why, why, sizeof why);
        return true;
    }
    settle_failed(round, weir__keeper_fail(keeper, WEIR_CODE(WEIR_FAILED), "%s: its answer makes no sense",
                                           keeper->options->function));
    return false;
}

/* The child has ended with this code. Takes what it has answered, and blames the item that was in work. */
static void settle_end(weir__round *round, int code) {
    if (take_last_answers(round) && is_in_work(round))
        settle_failed(round, code);
}

/* ---- time ---- */

/* Returns when the item in work began, as the child says (R1), but not before `earliest`. */
static uint64_t begin_of(const weir__round *round, uint64_t earliest) {
    uint64_t now = weir__clock_now();
    if (!is_in_work(round))
        return now;
    uint32_t claimed = weir__u32_load_relaxed(&round->keeper->page->begun_at);
    uint64_t ago = (uint64_t)((uint32_t)(now / WEIR_MILLISECOND) - claimed) * WEIR_MILLISECOND;
    return ago < now - earliest ? now - ago : earliest;
}

/* Returns the time by which the next item must be answered. A child cannot move it while it is the same item. */
static uint64_t due(weir__round *round) {
    if (round->seen != round->settled) {
        round->since = begin_of(round, round->since);
        round->seen = round->settled;
    }
    return round->limit < UINT64_MAX - round->since ? round->since + round->limit : WEIR_NEVER;
}

/*
 * Whether the end of the next item is told at once, unless it is answered already. The child tells of answers when it
 * begins another item, and only if it has not told for WEIR__TELL_EVERY. It last told before this item.
 */
static bool is_told_at_once(const weir__round *round, uint64_t now) {
    return round->working == round->settled && now - round->worked >= WEIR__TELL_EVERY &&
           !has_reached_next(round, &round->keeper->page->done);
}

/*
 * Returns the time of the next look at the answers, unless a message comes before: those of which the child does not tell
 * would wait for the end of the item behind them. While no item is in work, which is short unless the child stands still,
 * the looks become rare.
 */
static uint64_t next_look(weir__round *round) {
    uint64_t late = due(round), now = weir__clock_now(), pause = WEIR__TELL_EVERY;
    if (!is_in_work(round)) {
        round->working = UINT32_MAX;
        pause = now - round->since > pause ? now - round->since : pause;
    } else if (round->working != round->settled) {
        round->working = round->settled;
        round->worked = now;
    } else if (is_told_at_once(round, now)) {
        return late;
    }
    return now + pause < late ? now + pause : late;
}

/* ---- a conversation ---- */

static void make_question(weir__round *round) {
    const weir__keeper *keeper = round->keeper;
    size_t most = keeper->options->most_items, left = most > keeper->answers ? most - keeper->answers : SIZE_MAX;
    round->asked = round->settled;
    round->count = round->packed - round->settled;
    if (round->count > left)
        round->count = (uint32_t)left; /* then the child is replaced */
    round->read = 0;
    round->keeper->question.head =
        (weir__head){.in_memory = 1, .count = round->count, .offset = round->places[round->settled].offset};
}

/* Returns whether this message says that the child has answered, and waits for the next question if `*waits`. */
static bool is_told(const weir__round *round, bool *waits) {
    const weir__keeper *keeper = round->keeper;
    *waits = keeper->answer.head.count != 0;
    return weir__keeper_is_answer(keeper, keeper->number) && keeper->answer.head.size == 0 &&
           keeper->answer.head.code == 0;
}

/* Returns what follows from the end of the child: it has settled an item, or begun none. */
static weir__step step_of(const weir__round *round) {
    return round->settled > round->asked ? WEIR__STEP_DONE : WEIR__STEP_AGAIN;
}

/* Takes what a message tells. Returns WEIR__STEP_LATER if there is more to come. */
static weir__step hear(weir__round *round, int *code) {
    bool waits, sensible = is_told(round, &waits) && take_answers(round);
    if (sensible && (!waits || round->settled > round->asked || weir__keeper_is_cancelled(round->keeper)))
        return waits ? WEIR__STEP_DONE : WEIR__STEP_LATER;
    weir__attempt_senseless(round->keeper, code);
    settle_end(round, *code);
    return step_of(round);
}

/*
 * The child has not answered the next item in time. An item that it has begun since is not to blame: the next child gets
 * it.
 */
static void settle_late(weir__round *round, int *code) {
    uint32_t next = round->settled;
    (void)weir__keeper_end(round->keeper);
    round->keeper->counts.late++;
    (void)weir__attempt_late(round->keeper, code, "killed");
    if (take_last_answers(round) && round->settled == next && next - round->asked < round->count)
        settle_failed(round, *code);
}

static weir__step settle_cancelled(weir__round *round, int *code) {
    weir__step step = weir__attempt_cancelled(round->keeper, code);
    settle_end(round, *code);
    return step;
}

/* Returns WEIR__STEP_LATER unless a cancel has come or the next item is late, whatever the child goes on saying. */
static weir__step go_on(weir__round *round, int *code) {
    if (weir__keeper_is_cancelled(round->keeper))
        return settle_cancelled(round, code);
    if (take_answers(round) && due(round) > weir__clock_now())
        return WEIR__STEP_LATER;
    settle_late(round, code);
    return WEIR__STEP_DONE;
}

/* Asks for the items that are not settled, and settles those that are answered, or to blame. */
static weir__step converse(weir__keeper *keeper, uint64_t deadline, void *arg, int *code) {
    weir__round *round = arg;
    make_question(round);
    weir__step step = weir__attempt_ask(keeper, deadline, code);
    if (step != WEIR__STEP_DONE)
        return step;
    round->since = weir__clock_now();
    round->seen = round->settled;
    round->working = UINT32_MAX;
    do {
        step = WEIR__STEP_LATER;
        switch (weir__keeper_listen(keeper, next_look(round))) {
            case WEIR__HEARD_END:
                *code = weir__keeper_ended(keeper);
                settle_end(round, *code);
                return step_of(round);
            case WEIR__HEARD_CANCEL:
                return settle_cancelled(round, code);
            case WEIR__HEARD_NOTHING:
                break;
            case WEIR__HEARD_MESSAGE:
                step = hear(round, code);
                break;
        }
        if (step == WEIR__STEP_LATER)
            step = go_on(round, code);
    } while (step == WEIR__STEP_LATER);
    return step;
}

/* ---- a call ---- */

/* Packs items from `index` on, and fails those that cannot be encoded. Returns the index of the first that is left. */
static size_t pack(weir__round *round, size_t index, size_t count) {
    weir__keeper *keeper = round->keeper;
    unsigned char *part = weir__keeper_questions(keeper);
    size_t most = keeper->span - weir__room_for(keeper->room), at = 0, size = 0;
    round->packed = round->settled = 0;
    for (; index < count && round->packed < MOST_PACKED && at <= most; index++) {
        weir__head head = {.size = 0};
        int code = weir__cross_encode(keeper, round->items[index], part + at + sizeof head, &size);
        round->places[round->packed] = (weir__packed){.index = index, .offset = (uint32_t)at};
        if (code != 0) {
            fail_item(keeper, index, code);
            continue;
        }
        head.size = size;
        memcpy(part + at, &head, sizeof head);
        at += weir__room_for(size);
        round->packed++;
    }
    return index;
}

/* Asks until each item of the round is settled. */
static void settle_all(weir__round *round) {
    weir__keeper *keeper = round->keeper;
    while (round->settled < round->packed) {
        int code = weir__attempt(keeper, weir_deadline_after(round->limit), converse, round);
        if (code != 0 && round->settled < round->packed)
            settle_failed(round, code); /* the item that has waited; the next one waits anew */
        weir__attempt_renew(keeper);
    }
}

static uint64_t limit_of(const weir_task *task) {
    uint64_t deadline = weir_task_deadline(task), now = weir__clock_now();
    return deadline == WEIR_NEVER ? UINT64_MAX : deadline > now ? deadline - now : 0;
}

/* Returns the round of the keeper, which is kept from call to call; NULL: there is no memory. */
static weir__round *round_of(weir__keeper *keeper) {
    if (keeper->round == NULL)
        keeper->round = weir__alloc(sizeof(weir__round));
    return keeper->round;
}

int weir_process_run_batch(weir_task *task, void *const *items, size_t count, void *state) {
    weir__keeper *keeper = state;
    if (!weir__keeper_begin(keeper, task))
        return WEIR_CODE(WEIR_INVALID);
    weir__round *round = round_of(keeper);
    if (round == NULL) {
        keeper->task = NULL;
        return weir_task_fail(task, WEIR_CODE(WEIR_NOMEM), "%s: no memory for a batch", keeper->options->function);
    }
    round->keeper = keeper;
    round->items = items;
    round->limit = limit_of(task);
    for (size_t index = 0; index < count;) {
        index = pack(round, index, count);
        settle_all(round);
    }
    keeper->task = NULL;
    return 0;
}
