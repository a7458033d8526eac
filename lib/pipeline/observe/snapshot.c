/*
 * snapshot.c - Makes reports.
 *
 * S3: for each stage, and for the whole pipeline, the retired count is read before the entered count, and the live
 * count is the difference. So in every report in = live + done + failed + dead + dropped, and live is never negative.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "crew/crew.h"
#include "pipeline/observe/children.h"
#include "pipeline/observe/elastic.h"
#include "pipeline/observe/stall.h"
#include "pipeline/state/has_turn.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"
#include "report/bottleneck.h"
#include "report/report.h"

/* State of the run when a report is made. */
struct instant {
    uint64_t now, elapsed;
    bool launched;            /* the start has succeeded: workers are not freed before the pipeline */
    weir__histogram_sum *sum; /* latencies of the stage that is read */
};

static void set_over(weir_counts *counts, const uint64_t over[WEIR__VERDICTS]) {
    counts->done = over[WEIR__DONE];
    counts->failed = over[WEIR__FAILED];
    counts->dead = over[WEIR__DEAD];
    counts->dropped = over[WEIR__DROPPED];
}

static void set_in(weir_counts *counts, uint64_t in) {
    counts->in = in;
    counts->live = in - counts->done - counts->failed - counts->dead - counts->dropped;
}

/* ---- a stage ---- */

static void count_over(const weir_stage *stage, uint64_t over[WEIR__VERDICTS]) {
    for (size_t v = 0; v < WEIR__VERDICTS; v++) {
        over[v] = weir__u64_load_acquire(&stage->counts[v]);
        for (size_t i = 0; i < stage->options.threads.max; i++)
            over[v] += weir__u64_load_acquire(&stage->lanes[i].counts[v]);
    }
}

static uint64_t count_produced(const weir_stage *stage) {
    uint64_t produced = 0;
    for (size_t i = 0; i < stage->options.threads.max; i++)
        produced += weir__u64_load_acquire(&stage->lanes[i].produced);
    return produced;
}

static uint64_t count_fed(const weir_stage *stage) {
    uint64_t fed = 0;
    for (size_t i = 0; i < stage->options.threads.max; i++)
        fed += weir__u64_load_acquire(&stage->lanes[i].fed);
    return fed;
}

static uint64_t count_failed_calls(const weir_stage *stage) {
    uint64_t failed = 0;
    for (size_t i = 0; i < stage->options.threads.max; i++)
        failed += weir__u64_load_acquire(&stage->lanes[i].failed_calls);
    return failed;
}

static void count_stage(const weir_stage *stage, weir_counts *counts) {
    uint64_t over[WEIR__VERDICTS];
    count_over(stage, over);
    if (weir__stage_is_source(stage)) {
        set_over(counts, over);
        set_in(counts, count_produced(stage) + count_failed_calls(stage));
        return;
    }
    uint64_t refused = 0; /* entered and retired at once */
    for (size_t v = 0; v < WEIR__VERDICTS; v++) {
        uint64_t so = weir__u64_load_acquire(&stage->refused[v]);
        over[v] += so;
        refused += so;
    }
    set_over(counts, over);
    uint64_t in = weir__queue_tail(stage->queue) + refused;
    if (stage->options.work.at_end != NULL)
        in += count_produced(stage) + count_failed_calls(stage);
    set_in(counts, in);
}

/* ---- its times ---- */

static uint64_t minus(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

static uint64_t since(uint64_t now, uint64_t time) {
    return time != 0 && now > time ? now - time : 0;
}

/*
 * Returns the figure, but never less than an earlier report showed. A report may have counted a running wait for longer
 * than its thread measured it.
 */
static uint64_t tell(weir__u64 *told, uint64_t figure) {
    uint64_t before = weir__u64_load_acquire(told);
    while (figure > before && !weir__u64_swap_weak_acquire_release(told, &before, figure))
        ;
    return figure > before ? figure : before;
}

/* Returns how long the lane has had a thread. The last one may have begun after `now`. */
static uint64_t present_until(const weir__lane *lane, uint64_t now) {
    if (lane->worker == NULL) { /* on a crew, a lane lasts as long as the run of its stage */
        uint64_t started = weir__u64_load_acquire(&lane->started), ended = weir__u64_load_acquire(&lane->ended);
        return since(ended != 0 ? ended : now, started);
    }
    uint64_t all = weir__stopwatch_read(&lane->present, now);
    return all < WEIR__RUNNING / 2 ? all : 0;
}

/* Returns the time without a call. On a crew it is what is left of `rest` without the time in calls. */
static uint64_t starved_of(const weir__lane *lane, uint64_t rest) {
    uint64_t worked = weir__u64_load_relaxed(&lane->worked);
    if (lane->worker != NULL)
        return weir__stopwatch_look(lane->waits);
    return minus(rest, worked);
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Returns how long the lanes of a stage on a crew have found no room: those that were not in a call waited for it. */
static uint64_t full_until(const weir_stage *stage, uint64_t now) {
    uint64_t full = weir__u64_load_acquire(&stage->shift.full);
    return full + since(now, weir__u64_load_acquire(&stage->shift.full_since));
}

/* Returns the part of `rest` in which a lane on a crew, without a thread, waited for a resume; `waited` with one. */
static uint64_t paused_idle(const weir__lane *lane, uint64_t rest, uint64_t waited) {
    return lane->worker != NULL ? 0 : least(rest, minus(weir__stopwatch_look(&lane->stage->gate.passed), waited));
}

/* Adds what the lane blocked for. `full`: ns for which it found no room. */
static void add_strain(const weir__lane *lane, weir__strain *strain, uint64_t full) {
    uint64_t blocked[WEIR__CAUSES];
    for (size_t i = 0; i < WEIR__CAUSES; i++)
        blocked[i] = weir__stopwatch_look(&lane->by_cause[i]);
    strain->rate += blocked[WEIR__FOR_RATE];
    strain->calls += blocked[WEIR__IN_FUNCTION] + blocked[WEIR__FOR_RETRY];
    strain->results += blocked[WEIR__FOR_RESULTS] + (lane->stage->successor_count == 0 ? full : 0);
    strain->letters += blocked[WEIR__FOR_LETTERS];
    strain->operations += blocked[WEIR__FOR_OPERATIONS];
}

/*
 * Adds the times of a lane. Adds nothing before the start has succeeded: a failed start frees the worker. Returns for how
 * long a lane on a crew has found no room.
 */
static uint64_t add_times(weir__lane *lane, const struct instant *instant, weir_stage_report *report) {
    if (!instant->launched)
        return 0;
    uint64_t all = present_until(lane, instant->now);
    uint64_t waited = weir__stopwatch_look(&lane->by_cause[WEIR__FOR_RESUME]);
    uint64_t blocked = weir__stopwatch_look(&lane->blocked);
    uint64_t rest = starved_of(lane, minus(all, blocked)), idle = paused_idle(lane, rest, waited);
    uint64_t full = least(rest - idle, full_until(lane->stage, instant->now));
    uint64_t paused = tell(&lane->paused_told, waited + idle);
    blocked = tell(&lane->blocked_told, minus(blocked, waited) + full);
    uint64_t starved = tell(&lane->starved_told, rest - idle - full);
    report->starved += starved;
    report->blocked += blocked;
    report->paused_time += paused;
    report->busy += minus(all, starved + blocked + paused);
    return full;
}

/*
 * Returns the time at which the worker entered a function of the program. Returns 0 if it is in no function, or waits for
 * the pipeline.
 */
static uint64_t inside_since(const weir__lane *lane) {
    if (weir__u64_load_acquire(&lane->started) == 0)
        return 0;
    if (weir__stopwatch_runs(&lane->blocked) && !weir__stopwatch_runs(&lane->by_cause[WEIR__IN_FUNCTION]))
        return 0;
    return weir__u64_load_acquire(&lane->visit.since);
}

/* A thread in the wait of a stage that waits itself has no item. */
static bool is_working(const weir__lane *lane) {
    return !weir__stopwatch_runs(&lane->blocked) && inside_since(lane) != 0 &&
           weir__u32_load_relaxed(&lane->stage->stalls.waits) == 0;
}

/*
 * Whether the lane's attempt is overdue. A waiting attempt is not overdue; afterwards the wait does not count (due_at
 * in timing.c).
 */
static bool is_overdue(const weir__lane *lane, uint64_t now) {
    return !weir__stopwatch_runs(&lane->blocked) && since(now, weir__u64_load_relaxed(&lane->due)) > 0;
}

/*
 * Returns the number of overdue attempts: those counted, and the present one. The counter is read first, so an attempt
 * that ends meanwhile is not counted twice. An attempt that has just ended, or waits, may be missed; then the figure of
 * an earlier report holds.
 */
static uint64_t count_overdue(weir__lane *lane, uint64_t now) {
    uint64_t counted = weir__u64_load_acquire(&lane->overdue);
    return tell(&lane->overdue_told, counted + is_overdue(lane, now));
}

static void add_lane(weir__lane *lane, const struct instant *instant, weir_stage_report *report, weir__strain *strain) {
    if (weir__u64_load_acquire(&lane->started) == 0)
        return;
    add_strain(lane, strain, add_times(lane, instant, report));
    weir__histogram_add(instant->sum, &lane->latencies);
    report->running += weir__u64_load_acquire(&lane->ended) == 0 && is_working(lane);
    report->retried += weir__u64_load_relaxed(&lane->retried);
    report->overdue += count_overdue(lane, instant->now);
}

static void set_latencies(const weir__histogram_sum *sum, weir_stage_report *report) {
    report->timed_calls = sum->total;
    report->p50 = weir__histogram_percentile(sum, 50);
    report->p90 = weir__histogram_percentile(sum, 90);
    report->p99 = weir__histogram_percentile(sum, 99);
    report->max = sum->longest;
}

/* Before the start has succeeded, an elastic stage has its least number of threads. */
static void look_at_threads(weir_stage *stage, const struct instant *instant, weir_stage_report *report) {
    report->threads = stage->options.threads.count;
    report->max_threads = stage->options.threads.max;
    report->on_crew = stage->on_crew;
    report->blocks = weir__u32_load_relaxed(&stage->shift.has_blocked) != 0;
    report->paused = weir__stage_is_paused(stage);
    report->limit = weir__rate_limit(&stage->rate);
    if (!weir__stage_is_elastic(stage) || !instant->launched)
        return;
    report->threads = weir__elastic_threads(stage);
    report->max_threads = weir__most_of(weir__u64_load_acquire(&stage->limits));
    report->change = weir__elastic_change(stage, &report->changed);
}

/* Returns how many operations of a list take longer than attempt_time. The lock is held. */
static uint64_t count_late_locked(const weir_stage *stage, const weir__operation *slot, uint64_t now) {
    uint64_t limit = stage->options.errors.attempt_time, count = 0;
    for (; limit != 0 && slot != NULL && since(now, slot->begun) > limit; slot = slot->next)
        count += !slot->counted;
    return count;
}

static void set_operation_latencies(weir__histogram_sum *sum, const weir__operations *operations,
                                    weir_stage_report *report) {
    memset(sum, 0, sizeof *sum);
    weir__histogram_add(sum, operations->latencies);
    report->operations = sum->total;
    report->operation_p50 = weir__histogram_percentile(sum, 50);
    report->operation_p90 = weir__histogram_percentile(sum, 90);
    report->operation_p99 = weir__histogram_percentile(sum, 99);
    report->operation_max = sum->longest;
}

static void look_at_operations(weir_stage *stage, weir__histogram_sum *sum, weir_stage_report *report) {
    weir__operations *operations = &stage->operations;
    if (operations->latencies == NULL)
        return;
    weir__lock_acquire(&operations->lock);
    uint64_t now = weir__clock_now();
    report->in_flight = stage->options.limits.in_flight;
    report->detached = operations->detached;
    report->detached_peak = operations->peak;
    report->overdue += operations->overdue;
    report->overdue += count_late_locked(stage, operations->pending.first, now);
    report->overdue += count_late_locked(stage, operations->late.first, now);
    weir__lock_release(&operations->lock);
    set_operation_latencies(sum, operations, report);
}

static void look_at_stage(weir_stage *stage, const struct instant *instant, weir_stage_report *report,
                          weir__strain *strain) {
    *report = (weir_stage_report){.name = stage->name};
    *strain = (weir__strain){.keys = weir__stopwatch_look(&stage->keyed.held_up)};
    weir__stall_report(stage, report);
    look_at_threads(stage, instant, report);
    memset(instant->sum, 0, sizeof *instant->sum);
    if (stage->lanes == NULL) /* the queue may be missing too */
        return;
    count_stage(stage, &report->counts);
    for (size_t i = 0; i < stage->options.threads.max; i++)
        add_lane(&stage->lanes[i], instant, report, strain);
    report->children = weir__children_counted(stage);
    set_latencies(instant->sum, report);
    look_at_operations(stage, instant->sum, report);
    if (!weir__stage_is_source(stage)) {
        report->capacity = stage->options.input.capacity;
        report->depth = weir_queue_size(stage->queue) + weir__turns_returned(&stage->turns);
        report->peak = (size_t)weir__u64_load_relaxed(&stage->peak);
        report->peak = report->peak > report->depth ? report->peak : report->depth;
    }
    report->backing_off = (size_t)weir__u64_load_relaxed(&stage->backing_off);
    report->waiting =
        weir__turns_are_kept(&stage->turns) ? weir__turn_waiting(stage) : weir__reorder_count(&stage->reorder);
    report->rate = instant->elapsed > 0 ? (double)report->counts.done * 1e9 / (double)instant->elapsed : 0;
}

/* ---- the whole ---- */

/* Adds up the counts of the roots of a plain pipeline. There, each root is one item in one stage at a time (E1). */
static void count_plain(const weir_pipeline *pipeline, const weir_stage_report *stages, weir_counts *counts) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        const weir_counts *theirs = &stages[stage->number].counts;
        counts->failed += theirs->failed;
        if (weir__stage_is_source(stage) && stage->lanes != NULL)
            counts->failed -= count_failed_calls(stage); /* no item has entered the pipeline by these */
        counts->dropped += theirs->dropped;
        if (stage->successor_count == 0)
            counts->done += theirs->done;
    }
}

static void count_roots(const weir_pipeline *pipeline, weir_counts *counts) {
    uint64_t over[WEIR__VERDICTS];
    for (size_t v = 0; v < WEIR__VERDICTS; v++) {
        over[v] = weir__u64_load_acquire(&pipeline->flight.roots[v]);
        for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
            for (size_t i = 0; stage->lanes != NULL && i < stage->options.threads.max; i++)
                over[v] += weir__u64_load_acquire(&stage->lanes[i].account.roots[v]);
        }
    }
    set_over(counts, over);
}

/* Returns the number of items that have entered the pipeline: put, emitted by sources and at_end, and fed. */
static uint64_t count_in(const weir_pipeline *pipeline) {
    uint64_t in = 0;
    if (pipeline->entrance != NULL && pipeline->entrance->queue != NULL)
        in = weir__queue_tail(pipeline->entrance->queue);
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->lanes == NULL)
            continue;
        if (weir__stage_is_source(stage) || stage->options.work.at_end != NULL)
            in += count_produced(stage);
        in += count_fed(stage);
    }
    return in;
}

/* ---- the draft ---- */

enum { VISITORS = 8 }; /* maximum number of threads other than workers in a report */

/* Parts of a report before the copy. */
struct draft {
    weir_report report;
    weir_stage_report *stages;
    weir__strain *strains;
    weir_edge *edges;
    weir_late_worker *late;
    size_t late_room;
    weir_error *errors;
    weir__histogram_sum *sum;
};

static bool prepare(const weir_pipeline *pipeline, struct draft *draft) {
    size_t threads = 0;
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        threads += stage->options.threads.max;
    draft->stages = weir__alloc((pipeline->stage_count + 1) * sizeof *draft->stages);
    draft->strains = weir__alloc((pipeline->stage_count + 1) * sizeof *draft->strains);
    draft->edges = weir__alloc((pipeline->edge_count + pipeline->stage_count + 1) * sizeof *draft->edges);
    draft->late_room = threads + pipeline->stage_count + VISITORS;
    draft->late = weir__alloc(draft->late_room * sizeof *draft->late);
    draft->sum = weir__alloc(sizeof *draft->sum);
    return draft->stages != NULL && draft->strains != NULL && draft->edges != NULL && draft->late != NULL &&
           draft->sum != NULL;
}

static void discard(struct draft *draft) {
    weir__free(draft->stages);
    weir__free(draft->strains);
    weir__free(draft->edges);
    weir__free(draft->late);
    weir__free(draft->sum);
}

static void add_edges(const weir_pipeline *pipeline, struct draft *draft) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        for (size_t i = 0; i < stage->successor_count; i++)
            draft->edges[draft->report.edge_count++] = (weir_edge){stage->number, stage->successors[i]->number, false};
        if (stage->dead_to != NULL)
            draft->edges[draft->report.edge_count++] = (weir_edge){stage->number, stage->dead_to->number, true};
    }
}

/* Whether the stage's threads must end. */
static bool is_to_end(const weir_stage *stage) {
    return weir__is_cancelled(stage->pipeline) || weir__u32_load_acquire(&stage->closing) != 0;
}

static weir_place place_of(const weir__visit *visit) {
    return (weir_place)weir__u32_load_relaxed(&visit->where);
}

/*
 * Adds the workers with an overdue attempt. If a stage's threads must end, adds all its workers that are still inside a
 * function.
 */
static void add_late(const weir_pipeline *pipeline, uint64_t now, struct draft *draft) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        for (size_t i = 0; stage->lanes != NULL && i < stage->options.threads.max; i++) {
            const weir__lane *lane = &stage->lanes[i];
            uint64_t begun = inside_since(lane);
            if (begun == 0 || !(is_to_end(stage) || is_overdue(lane, now)))
                continue;
            draft->late[draft->report.late_count++] = (weir_late_worker){stage->name, lane->number, since(now, begun),
                                                                         is_to_end(stage), place_of(&lane->visit)};
        }
    }
}

/* Returns the time at which the oldest operation of a stage began; 0: there is none. */
static uint64_t oldest_operation(weir_stage *stage) {
    weir__operations *operations = &stage->operations;
    weir__lock_acquire(&operations->lock);
    const weir__operation *first = operations->pending.first, *late = operations->late.first;
    uint64_t begun = first != NULL ? first->begun : 0;
    if (late != NULL && (first == NULL || late->begun < begun))
        begun = late->begun;
    weir__lock_release(&operations->lock);
    return begun;
}

/* Adds each stage if its oldest operation is overdue, or keeps the run from its end. */
static void add_operations(const weir_pipeline *pipeline, uint64_t now, struct draft *draft) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        uint64_t limit = stage->options.errors.attempt_time;
        uint64_t begun = stage->options.limits.in_flight == 0 ? 0 : oldest_operation(stage), took = since(now, begun);
        if (begun == 0 || !(is_to_end(stage) || (limit != 0 && took > limit)))
            continue;
        draft->late[draft->report.late_count++] =
            (weir_late_worker){stage->name, SIZE_MAX, took, is_to_end(stage), WEIR_IN_OPERATION};
    }
}

/*
 * Whether an end waits for the visit's thread. A cancel waits for drop functions. Once the run is over, its end waits
 * for the view. An end lists a thread at its exit only while it waits for that thread. The lock is held.
 */
static bool is_waited_for_locked(const weir_pipeline *pipeline, const weir__visit *visit) {
    return pipeline->state == WEIR_RUN_CANCELLED || pipeline->state == WEIR_RUN_OVER || place_of(visit) == WEIR_AT_EXIT;
}

/* V3. Adds the listed visits of threads that an end waits for. */
static void add_visits(weir_pipeline *pipeline, uint64_t now, struct draft *draft) {
    weir__lock_acquire(&pipeline->lock);
    for (const weir__visit *visit = pipeline->visits; visit != NULL; visit = visit->next) {
        uint64_t begun = weir__u64_load_acquire(&visit->since);
        const weir_stage *stage = weir__ptr_load_relaxed(&visit->stage);
        if (begun == 0 || !is_waited_for_locked(pipeline, visit) || draft->report.late_count == draft->late_room)
            continue;
        draft->late[draft->report.late_count++] =
            (weir_late_worker){stage == NULL ? "" : stage->name, SIZE_MAX, since(now, begun), true, place_of(visit)};
    }
    weir__lock_release(&pipeline->lock);
}

/* Reads the state of the run. `launched` is set under the same lock, after all workers were created. */
static struct instant look_at_run(weir_pipeline *pipeline, struct draft *draft) {
    struct instant instant = {.sum = draft->sum};
    weir_report *report = &draft->report;
    weir__lock_acquire(&pipeline->lock);
    report->state = pipeline->state;
    report->outcome = pipeline->outcome;
    report->signal = (int)weir__u64_load_relaxed(&pipeline->signal);
    instant.launched = pipeline->launched;
    instant.now = pipeline->state == WEIR_RUN_OVER ? pipeline->over : weir__clock_now();
    weir__lock_release(&pipeline->lock);
    report->name = pipeline->name;
    report->elapsed = instant.elapsed = since(instant.now, pipeline->started);
    return instant;
}

static void look(weir_pipeline *pipeline, struct draft *draft) {
    weir_report *report = &draft->report;
    const struct instant instant = look_at_run(pipeline, draft);
    if (!pipeline->plain)
        count_roots(pipeline, &report->counts); /* before the entered count is read */
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        look_at_stage(stage, &instant, &draft->stages[stage->number], &draft->strains[stage->number]);
        report->retried += draft->stages[stage->number].retried;
    }
    if (pipeline->plain)
        count_plain(pipeline, draft->stages, &report->counts);
    set_in(&report->counts, count_in(pipeline));
    report->max_items = pipeline->flight.admission.max_items != UINT64_MAX ? pipeline->flight.admission.max_items : 0;
    report->max_bytes = pipeline->options.max_bytes;
    report->paused = weir__u32_load_relaxed(&pipeline->entry.paused) != 0;
    report->bytes = weir__admission_bytes(&pipeline->flight.admission);
    add_edges(pipeline, draft);
    add_late(pipeline, instant.now, draft);
    add_operations(pipeline, weir__clock_now(), draft);
    add_visits(pipeline, weir__clock_now(), draft); /* some visits begin after the run is over */
}

/*
 * Copies the report, with the errors. Their lock is held, because the list may grow. Under the lock, the copy only
 * allocates memory.
 */
static weir_report *copy_with_errors(weir_pipeline *pipeline, struct draft *draft) {
    weir__errors *errors = &pipeline->errors;
    weir_error latest[WEIR__LATEST];
    weir__lock_acquire(&errors->lock);
    if (draft->report.outcome == WEIR_FAILED)
        weir__errors_mark_locked(errors);
    draft->report.error_count = errors->count;
    draft->report.kept_errors = errors->kept_count;
    draft->report.errors = errors->kept;
    draft->report.latest_count = weir__errors_latest_locked(errors, latest);
    draft->report.latest = latest;
    weir_report *copy = weir__report_copy(&draft->report);
    weir__lock_release(&errors->lock);
    return copy;
}

static void find_bottleneck(const weir_pipeline *pipeline, struct draft *draft) {
    const weir__admission *admission = &pipeline->flight.admission;
    weir__strains strains = {.stages = draft->strains};
    if (pipeline->entrance != NULL)
        strains.entrance = &draft->stages[pipeline->entrance->number];
    strains.paused = weir__stopwatch_look(&pipeline->entry.passed);
    strains.items = weir__stopwatch_look(&admission->held_up[WEIR__OF_ITEMS]);
    strains.bytes = weir__stopwatch_look(&admission->held_up[WEIR__OF_BYTES]);
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        strains.seats = stage->crew != NULL ? weir__crew_size(stage->crew) : strains.seats;
    weir__report_find_bottleneck(&draft->report, &strains);
}

static weir_report *take(weir_pipeline *pipeline, struct draft *draft) {
    look(pipeline, draft);
    draft->report.stage_count = pipeline->stage_count;
    draft->report.stages = draft->stages;
    draft->report.edges = draft->edges;
    draft->report.late = draft->late;
    find_bottleneck(pipeline, draft);
    return copy_with_errors(pipeline, draft);
}

weir_status weir_pipeline_report(weir_pipeline *pipeline, weir_report **report) {
    if (pipeline == NULL)
        return weir__refuse_null("report");
    if (report == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "report: report is NULL");
    struct draft draft = {.stages = NULL};
    weir_report *made = prepare(pipeline, &draft) ? take(pipeline, &draft) : NULL;
    discard(&draft);
    if (made == NULL)
        return weir__refuse(pipeline, WEIR_NOMEM, NULL, "report: cannot allocate the report");
    *report = made;
    return WEIR_OK;
}
