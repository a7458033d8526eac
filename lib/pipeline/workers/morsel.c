/*
 * morsel.c - Implements morsels.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/workers/morsel.h"

#include "closable_queue/requeue.h"
#include "closable_queue/settle.h"
#include "pipeline/call/plain.h"
#include "pipeline/call/run.h"
#include "pipeline/call/source.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/lane_clock.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/pause.h"
#include "pipeline/workers/in_turn.h"
#include "pipeline/workers/shift.h"

enum {
    SLICE = 96 * 1000,  /* N4: maximum ns of a morsel, including the stages to which its results pass */
    BEHIND = 32 * 1000, /* N4: maximum ns of a morsel in its own stage */
    LONG = 2,           /* N4: times as long is the morsel of a source, or one out of many queued items */
    MANY = 8,           /* N4: of so many queued items, a long morsel takes one at most */
    GRAIN = 1200,       /* minimum ns of an item that is worth waking a thread for */
    SHARED = 3000,      /* the same for several items together, which the lane's own thread would soon run */
    QUICK = 4000,       /* ns of a morsel; of the quicker ones, every eighth is timed */
    CLAIM = 1000,       /* N6: ns of work that is begun together */
    NEAR = 8,           /* a cost that differs by less than one part in so many is the same */
    SLOW = 50 * 1000,   /* N5: ns of a call; a quicker call does not sleep */
    SLEEPS = 3          /* N5: number of sleeping calls, less the others, that marks the stage as blocking */
};

/* ---- sizes ---- */

/* Returns the ns that an item takes in this stage and in those to which its result may pass (N9); 0 if unknown. */
static uint64_t cost_onward(const weir_stage *stage) {
    uint64_t sum = 0;
    for (; stage != NULL; stage = stage->shift.next) {
        uint32_t cost = weir__u32_load_relaxed(&stage->shift.cost);
        if (cost == 0)
            return 0;
        sum += cost;
    }
    return sum;
}

bool weir__morsel_is_heavy(const weir_stage *stage, size_t items) {
    uint64_t cost = cost_onward(stage);
    items = items < stage->shift.most ? items : stage->shift.most;
    return cost == 0 || cost >= GRAIN || items * cost >= SHARED;
}

/* N4. Returns the size of a slice of `times` the usual length, in items; 1 if the cost of an item is unknown. */
static size_t size_of_slice(uint64_t cost, uint64_t times) {
    if (cost == 0 || cost >= times * SLICE)
        return 1;
    return times * SLICE / cost < WEIR__MORSEL ? (size_t)(times * SLICE / cost) : WEIR__MORSEL;
}

/* N4. As weir__morsel_most, for `times` the usual length. */
static size_t size_of_own(const weir_stage *stage, size_t times) {
    uint32_t cost = weir__u32_load_relaxed(&stage->shift.cost);
    return cost > BEHIND / 2 ? 1 : cost == 0 ? WEIR__MORSEL : times * BEHIND / cost;
}

size_t weir__morsel_most(const weir_stage *stage) {
    return size_of_own(stage, 1);
}

bool weir__morsel_may_pass(const weir_stage *stage, size_t items) {
    return items == 1 || items * cost_onward(stage) <= LONG * SLICE;
}

/* N4. Returns how many queued items take as long as a morsel may, or `times` as long. */
static size_t size_of_queued(const weir_stage *stage, uint64_t cost, size_t times) {
    size_t size = size_of_slice(cost, times), own = size_of_own(stage, times);
    return size < own ? size : own;
}

/* N4. Returns the number of items to take, out of `queued` ones. */
static size_t size_of_morsel(const weir_stage *stage, size_t queued) {
    uint64_t cost = cost_onward(stage);
    if (weir__u32_load_relaxed(&stage->shift.blocks) != 0 || stage->options.limits.in_flight != 0)
        return 1; /* Z3 */
    size_t size = size_of_queued(stage, cost, 1), longer = size_of_queued(stage, cost, LONG);
    longer = queued / MANY < longer ? queued / MANY : longer;
    size = size < longer ? longer : size;
    bool shares = queued > 1 && queued * cost >= SHARED && weir__shift_has_free_lane(stage);
    size_t share = shares && weir__crew_has_seat(stage->crew) ? (queued + 1) / 2 : size;
    return size < share ? size : share;
}

/* ---- what calls take ---- */

/* Times of a morsel. */
struct timing {
    uint64_t from, blocked, used; /* readings when the morsel began; 0: not timed, or not read */
    uint64_t waited;              /* reading of the part of `blocked` that was spent in waits of the functions */
    uint64_t sleeps_before;       /* number of times that the thread had slept; read with `used` */
    bool sleeps;                  /* the thread has given up its seat for the morsel (N5) */
};

static void learn_cost(weir_stage *stage, uint64_t took, size_t items) {
    uint64_t now = took / items + 1, before = weir__u32_load_relaxed(&stage->shift.cost);
    now = now < UINT32_MAX ? now : UINT32_MAX;
    if (before != 0 && now > 8 * before)
        now = 8 * before; /* the thread may have been preempted */
    bool differs = now + before / NEAR < before || now > before + before / NEAR;
    if (differs) /* otherwise the line stays in the caches of all processors */
        weir__u32_store_relaxed(&stage->shift.cost, (uint32_t)(before == 0 ? now : (3 * before + now) / 4));
    if (took <= SLOW && weir__u32_load_relaxed(&stage->shift.blocks) != 0)
        weir__u32_store_relaxed(&stage->shift.blocks, 0); /* N5: quick calls do not sleep */
}

/*
 * N5. Counts a call as sleeping only if the thread has slept: a thread that used little processor time without sleeping
 * was preempted. With `told`, the functions have waited in calls of the library, which reports show elsewhere.
 */
static void learn_sleep(weir_stage *stage, uint64_t took, const struct timing *timing, bool told) {
    uint64_t used = weir__thread_used(weir__thread_self()) - timing->used, sleeps = weir__thread_sleep_count();
    bool slept = used * 4 < took && (sleeps != timing->sleeps_before || sleeps == UINT64_MAX);
    uint32_t before = weir__u32_load_relaxed(&stage->shift.sleepy);
    if (slept && before < SLEEPS)
        weir__u32_store_relaxed(&stage->shift.sleepy, before + 1);
    if (!slept && before > 0)
        weir__u32_store_relaxed(&stage->shift.sleepy, before - 1);
    if (slept && before + 1 >= SLEEPS) {
        weir__u32_store_relaxed(&stage->shift.blocks, 1);
        if (!told)
            weir__u32_store_relaxed(&stage->shift.has_blocked, 1);
    }
    if (!slept && before <= 1)
        weir__u32_store_relaxed(&stage->shift.blocks, 0);
}

static bool is_timed(weir__lane *lane, size_t items) {
    uint32_t cost = weir__u32_load_relaxed(&lane->stage->shift.cost);
    if (cost == 0 || (uint64_t)cost * items > QUICK || ++lane->served.untimed % 8 == 0)
        return true;
    weir__count(&lane->worked, cost * items);
    return false;
}

static struct timing begin(weir__lane *lane, size_t items) {
    struct timing timing = {.sleeps = weir__u32_load_relaxed(&lane->stage->shift.blocks) != 0};
    if (timing.sleeps)
        (void)weir__hand_block(weir__crew_hand(lane));
    if (!is_timed(lane, items))
        return timing;
    timing.from = weir__lane_now(lane);
    timing.blocked = weir__stopwatch_read(&lane->blocked, timing.from);
    timing.waited = weir__stopwatch_read(&lane->by_cause[WEIR__IN_FUNCTION], timing.from);
    if (weir__u32_load_relaxed(&lane->stage->shift.cost) > SLOW) {
        timing.used = weir__thread_used(weir__thread_self());
        timing.sleeps_before = weir__thread_sleep_count();
    }
    return timing;
}

static void end(weir__lane *lane, const struct timing *timing, size_t items) {
    weir_stage *stage = lane->stage;
    if (timing->sleeps)
        weir__hand_unblock(weir__crew_hand(lane));
    if (weir__hand_has_stalled(weir__crew_hand(lane)))
        weir__u32_store_relaxed(&stage->shift.blocks, 1);
    if (timing->from == 0 || items == 0)
        return;
    uint64_t now = weir__lane_now(lane), all = now - timing->from;
    uint64_t blocked = weir__stopwatch_read(&lane->blocked, now) - timing->blocked;
    uint64_t waited = weir__stopwatch_read(&lane->by_cause[WEIR__IN_FUNCTION], now) - timing->waited;
    uint64_t worked = all > blocked ? all - blocked : 0, took = worked + waited;
    weir__count(&lane->worked, worked);
    learn_cost(stage, took, items); /* N4: the waits of a function count in the cost of its item, too */
    if (timing->used != 0 && took > SLOW)
        learn_sleep(stage, took, timing, waited > 0);
}

/* ---- places and items ---- */

/* Measures for how long the lanes of a stage find no room. */
static void note_room(weir_stage *stage, bool room) {
    uint64_t since = weir__u64_load_relaxed(&stage->shift.full_since);
    if (room == (since == 0))
        return;
    uint64_t now = weir__clock_now(), from = since;
    bool noted = weir__u64_swap_weak_acquire_release(&stage->shift.full_since, &since, room ? 0 : now);
    if (room && noted)
        weir__count_shared(&stage->shift.full, now > from ? now - from : 0);
}

/* Whether the places in the next queue are those of results that wait for their turn: a call holds the stage up. */
static bool is_held_by_turns(const weir_stage *stage) {
    return weir__turns_are_kept(&stage->turns) && weir_queue_size(stage->shift.target) == 0;
}

size_t weir__morsel_promise(weir__lane *lane, size_t most) {
    weir_queue *target = lane->stage->shift.target;
    if (target == NULL)
        return most;
    size_t count = weir__queue_promise(target, most, &lane->stage->shift.room);
    note_room(lane->stage, count > 0 || is_held_by_turns(lane->stage));
    weir__u32_store_release(&lane->served.promised, (uint32_t)count);
    return count;
}

/* Withdraws the promises for items that the queue did not have, unless the monitor has withdrawn all promises (N3). */
static void withdraw_rest(weir__lane *lane, size_t promised, size_t count) {
    weir_queue *target = lane->stage->shift.target;
    if (target == NULL || count == promised)
        return;
    if (weir__u32_swap_acquire_release(&lane->served.promised, (uint32_t)promised, (uint32_t)count))
        weir__queue_withdraw(target, promised - count);
}

/* ---- the items that are not begun (N6) ---- */

enum { SPAN_BITS = 8, SPAN_MASK = (1 << SPAN_BITS) - 1 };
_Static_assert((int)WEIR__MORSEL <= (int)SPAN_MASK, "the word of a span has room for a morsel");

static uint64_t span_of(uint64_t morsel, size_t next, size_t end) {
    return morsel << 2 * SPAN_BITS | end << SPAN_BITS | next;
}

static size_t next_of(uint64_t span) {
    return span & SPAN_MASK;
}

static size_t end_of(uint64_t span) {
    return span >> SPAN_BITS & SPAN_MASK;
}

/* Makes the first items of the lane's slots a new morsel. */
static void open_span(weir__lane *lane, size_t count) {
    weir__served *served = &lane->served;
    uint64_t morsel = (weir__u64_load_relaxed(&served->span) >> 2 * SPAN_BITS) + 1;
    served->count = count;
    weir__u64_store_release(&served->span, span_of(morsel, 0, count));
}

void weir__morsel_receive(weir__lane *lane, const weir__lane *from, size_t count) {
    lane->served.passed = true;
    lane->fresh = from->fresh;
    lane->clock = from->clock;
    open_span(lane, count);
}

static void keep(weir__lane *lane, void **items, size_t count) {
    for (size_t i = 0; i < count; i++)
        weir__ptr_store_relaxed(weir__served_slot(&lane->served, i), items[i]);
    open_span(lane, count);
}

/* Begins up to `most` items: sets `at` and `end` to their range. Returns false if no item is left. */
static bool begin_items(weir__lane *lane, size_t most) {
    weir__served *served = &lane->served;
    uint64_t span = weir__u64_load_relaxed(&served->span);
    size_t count;
    do {
        size_t left = end_of(span) - next_of(span);
        count = left < most ? left : most;
        served->at = next_of(span);
        served->end = served->at + count;
    } while (count > 0 && !weir__u64_swap_weak_acquire_release(&served->span, &span, span + count));
    return count > 0;
}

/*
 * Takes all items that are not begun out of the lane, into `rest`. Copies the items before the swap that makes them its
 * own. Returns their number; entries of `rest` beyond it are copies of a failed swap. Swaps even if no item seems to be
 * left, because the load may be out of date.
 */
static size_t take_rest(weir__lane *lane, weir__slot *rest) {
    weir__u64 *word = &lane->served.span;
    uint64_t span = weir__u64_load_acquire(word);
    size_t next, end;
    do {
        next = next_of(span);
        end = end_of(span);
        for (size_t i = next; i < end; i++)
            weir__ptr_store_relaxed(&rest[i - next], weir__ptr_load_relaxed(weir__served_slot(&lane->served, i)));
    } while (!weir__u64_swap_weak_acquire_release(word, &span, span_of(span >> 2 * SPAN_BITS, next, next)));
    return end - next;
}

/* Leaves the alert if the queue is empty. Returns whether the alert is left. */
static bool leave_alert(weir_stage *stage) {
    return weir_queue_size(stage->queue) == 0 && weir__queue_alert_item(stage->queue, &stage->shift.items);
}

/* A lane without an item waits for no room. */
static weir__found found_nothing(weir_stage *stage) {
    note_room(stage, true);
    return WEIR__EMPTY_QUEUE;
}

/* Takes items. Leaves the alert if the queue is empty. */
static weir__found take(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    lane->fresh = false;
    weir_status status = WEIR_EMPTY;
    for (bool tried = false; status == WEIR_EMPTY; tried = true) {
        void **items = lane->served.taken;
        size_t count, most = size_of_morsel(stage, weir_queue_size(stage->queue));
        /* If tried, another lane was quicker, or a put is about to fill the slot (Q2) and holds the alerts' lock. */
        bool none = tried ? weir__queue_alert_item(stage->queue, &stage->shift.items) : leave_alert(stage);
        if (none && !weir__turns_has_returned(&stage->turns))
            return found_nothing(stage);
        if ((most = weir__morsel_promise(lane, most)) == 0 && !weir__turns_has_returned(&stage->turns))
            return WEIR__NO_ROOM;
        status = weir__in_turn_take(lane, items, most, &count);
        keep(lane, items, count);
        if (count < most)
            withdraw_rest(lane, most, count);
    }
    return status == WEIR_OK ? WEIR__RAN : status == WEIR_FULL ? WEIR__NO_ROOM : WEIR__AT_END;
}

/* N8. Lets another thread run the queued items, even if no seat is free: one may soon be. */
static void share_rest(weir_stage *stage) {
    if (!weir__shift_has_free_lane(stage) || leave_alert(stage))
        return;
    if (weir__morsel_is_heavy(stage, weir_queue_size(stage->queue)))
        (void)weir__job_ready(&stage->shift.job);
}

/* ---- running ---- */

/* Returns the number of calls that take about a microsecond together. */
static size_t size_of_part(const weir_stage *stage) {
    uint32_t cost = weir__u32_load_relaxed(&stage->shift.cost);
    return cost == 0 || cost >= CLAIM ? 1 : CLAIM / cost;
}

/* U3. If the stage is paused, requeues the items that are not begun. If out of memory, they wait in the lane. */
static void look_at_gate(weir__lane *lane) {
    if (weir__stage_is_paused(lane->stage) && !weir__shift_is_over(lane->stage))
        weir__morsel_rescue(lane);
}

static void run_items(weir__lane *lane) {
    weir__served *served = &lane->served;
    size_t most = lane->stage->pipeline->plain ? size_of_part(lane->stage) : 1;
    look_at_gate(lane);
    while (begin_items(lane, most)) {
        weir__hand_begin_part(weir__crew_hand(lane)); /* N8 */
        if (lane->stage->pipeline->plain)
            served->owed += weir__plain_calls(lane);
        while (served->at < served->end)
            served->owed +=
                weir__run(weir__ptr_load_relaxed(weir__served_slot(served, served->at++)), lane) != WEIR__KEPT;
        look_at_gate(lane);
    }
}

/* Calls a source several times. */
static weir__found run_source(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    lane->fresh = false;
    size_t most;
    if (weir__is_told_to_return(stage))
        return WEIR__AT_END;
    if ((most = weir__morsel_promise(lane, size_of_slice(cost_onward(stage), LONG))) == 0)
        return WEIR__NO_ROOM;
    if (weir__shift_has_free_lane(stage) && weir__morsel_is_heavy(stage, 1))
        (void)weir__job_ready(&stage->shift.job);
    struct timing timing = begin(lane, most);
    size_t calls = weir__source_run(lane, most, weir__rate_limits(&stage->rate) ? 1 : size_of_part(stage));
    end(lane, &timing, calls);
    return WEIR__RAN;
}

/*
 * N6. If another thread has taken items from the morsel, waits until they are requeued, ahead of later ones.
 */
static void await_rescue(weir__lane *lane) {
    weir__served *served = &lane->served;
    if (end_of(weir__u64_load_relaxed(&served->span)) == served->count)
        return;
    weir__lock_acquire(&served->out_lock);
    weir__lock_release(&served->out_lock);
}

/* No item is left to be begun. */
static void end_items(weir__lane *lane) {
    await_rescue(lane);
    weir__in_turn_begin(lane, end_of(weir__u64_load_relaxed(&lane->served.span)));
}

weir__found weir__morsel_run(weir__lane *lane) {
    if (weir__stage_is_paused(lane->stage) && !lane->served.passed && !weir__shift_is_over(lane->stage))
        return WEIR__SHUT; /* U3 */
    if (weir__stage_is_source(lane->stage))
        return run_source(lane);
    if (!lane->served.passed) {
        weir__found found = take(lane);
        if (found != WEIR__RAN)
            return found;
        share_rest(lane->stage);
    }
    lane->served.passed = false;
    struct timing timing = begin(lane, lane->served.count);
    run_items(lane);
    end(lane, &timing, lane->served.count);
    end_items(lane);
    return WEIR__RAN;
}

void weir__morsel_end(weir__lane *lane) {
    if (weir__turns_are_kept(&lane->stage->turns))
        weir__in_turn_end(lane);
    else if (weir__u32_load_relaxed(&lane->served.made) > 0)
        weir__outbox_send(lane);
    if (weir__u32_load_relaxed(&lane->served.promised) > 0)
        weir__crew_withdraw(lane);
    weir__crew_settle(lane);
}

bool weir__morsel_may_follow(const weir__lane *lane) {
    weir_stage *stage = lane->stage;
    return weir__stage_is_source(stage) ? !weir__is_told_to_return(stage)
                                        : !leave_alert(stage) || weir__turns_has_returned(&stage->turns);
}

/* Returns room for the items of a morsel: too many for the stack of the monitor. NULL: there is no memory. */
static weir__slot *new_rest(void) {
    return weir__alloc(WEIR__MORSEL * sizeof(weir__slot));
}

/* Requeues the items that are not begun. */
static void give_back(weir__lane *lane) {
    weir__returned *returned = weir__alloc(sizeof *returned + WEIR__MORSEL * sizeof returned->places[0]);
    weir__slot *rest = new_rest();
    if (returned == NULL || rest == NULL) {
        weir__free(returned);
        weir__free(rest);
        return;
    }
    weir__lock_acquire(&lane->served.out_lock);
    size_t count = take_rest(lane, rest);
    weir__queue_give_back(lane->stage->queue, rest, count, returned, 0);
    weir__lock_release(&lane->served.out_lock);
    weir__free(rest);
}

/* O9. The same, if they have positions. If the stage is over, the lane drops them. */
static void give_back_in_turn(weir__lane *lane) {
    if (weir__shift_is_over(lane->stage))
        return; /* N2: a release may have looked for returned items */
    weir__returned_group *group = weir__alloc(sizeof *group + WEIR__MORSEL * sizeof group->items[0]);
    weir__slot *rest = new_rest();
    if (group == NULL || rest == NULL) {
        weir__free(group);
        weir__free(rest);
        return;
    }
    weir__lock_acquire(&lane->served.out_lock);
    group->end = take_rest(lane, rest);
    for (size_t i = 0; i < group->end; i++)
        group->items[i] = weir__ptr_load_relaxed(&rest[i]);
    if (group->end > 0)
        weir__in_turn_return(lane, end_of(weir__u64_load_relaxed(&lane->served.span)), group);
    else
        weir__free(group);
    weir__lock_release(&lane->served.out_lock);
    weir__free(rest);
}

void weir__morsel_rescue(weir__lane *lane) {
    weir__crew_withdraw(lane); /* N3: so the lane's results may have to wait for room */
    if (weir__stage_is_source(lane->stage))
        return;
    if (weir__turns_are_kept(&lane->stage->turns))
        give_back_in_turn(lane);
    else
        give_back(lane);
}

static void drop_item(weir__lane *lane, void *item) {
    weir_stage *stage = lane->stage;
    if (!stage->pipeline->plain) {
        weir__retire_dropped(stage, lane, item); /* which settles the item: the lane does not hold it */
        return;
    }
    weir__drop_item(stage, item);
    weir__count_retired(stage, lane, WEIR__DROPPED, 1);
    weir__queue_settle(stage->queue, 1);
}

void weir__morsel_abandon(weir__lane *lane) {
    weir__served *served = &lane->served;
    do {
        while (served->at < served->end)
            drop_item(lane, weir__ptr_load_relaxed(weir__served_slot(served, served->at++)));
    } while (begin_items(lane, 1));
    end_items(lane);
    weir__crew_withdraw(lane);
}
