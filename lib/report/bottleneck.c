/*
 * bottleneck.c - Finds and names the bottleneck of a pipeline.
 *
 * A starved stage waits for one upstream. A stage that blocks for room waits for one downstream, and a source that
 * blocks for a limit waits for all of them. In the rest of its time a stage holds the others up: it is busy, or waits for its
 * rate, for a reader outside the pipeline, or in a call of its function. A stage that does so all the time is saturated.
 * The chain of waits leads to it, so it has the greatest share of such time.
 *
 * If no stage is saturated, the stages wait for something outside: for a limit on what is in flight, if callers wait for
 * that, otherwise for the input, if the entrance is starved.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/bottleneck.h"

#include "report/report.h"

static const double saturated = 0.75; /* the rest may be the start, the end, and chance */
static const double idle = 0.01;
static const double weight = 3; /* (1 - saturated) of something outside counts as `saturated` of a stage */

static const double mostly = 0.5; /* of the time in which there was no input, the entrance was paused */

/* Enough to hold up a stage with idle threads. */
static const double keys_often = 0.5, threads_left = 0.1;

/* What may be the bottleneck. */
struct claim {
    weir_bottleneck kind;
    const weir_stage_report *stage;
    double time;  /* of the stage's threads */
    double taken; /* share of the time in which it holds others up */
    double share; /* what part of that is of this kind */
};

static double share_of(double part, double whole) {
    return !(whole > 0) || part <= 0 ? 0 : part < whole ? part / whole : 1;
}

/*
 * Returns the time that the stage's threads would have existed if they had not ended before the run. A stage that has
 * ended holds no other up.
 */
static double time_of(const weir_stage_report *stage, uint64_t elapsed) {
    double all = weir__report_time(stage), least = (double)elapsed;
    if (!weir__report_is_elastic(stage))
        least *= (double)stage->threads;
    return all > least ? all : least;
}

/* Adds a part of the stage's time to its claim. The greatest part gives the claim its kind. */
static void add(struct claim *claim, weir_bottleneck kind, uint64_t part) {
    double share = share_of((double)part, claim->time);
    claim->taken += share;
    if (share <= claim->share)
        return;
    claim->kind = kind;
    claim->share = share;
}

/* Items wait for their keys, although threads are starved. */
static void add_keys(struct claim *claim, uint64_t waited, uint64_t elapsed) {
    double keys = share_of((double)waited, (double)elapsed);
    if (keys < keys_often || share_of((double)claim->stage->starved, claim->time) < threads_left)
        return;
    claim->kind = WEIR_BOTTLENECK_KEYS;
    claim->taken = claim->taken > keys ? claim->taken : keys;
    claim->share = keys;
}

static struct claim claim_of(const weir_stage_report *stage, const weir__strain *strain, uint64_t elapsed) {
    struct claim claim = {.stage = stage, .time = time_of(stage, elapsed)};
    if (stage->capacity == 0) { /* a source */
        add(&claim, WEIR_BOTTLENECK_INPUT, stage->busy + strain->calls);
    } else {
        add(&claim, WEIR_BOTTLENECK_STAGE, stage->busy);
        add(&claim, WEIR_BOTTLENECK_CALLS, strain->calls);
    }
    add(&claim, WEIR_BOTTLENECK_RATE, strain->rate);
    add(&claim, WEIR_BOTTLENECK_RESULTS, strain->results);
    add(&claim, WEIR_BOTTLENECK_LETTERS, strain->letters);
    add(&claim, WEIR_BOTTLENECK_OPERATIONS, strain->operations);
    add(&claim, WEIR_BOTTLENECK_PAUSED, stage->paused_time);
    add_keys(&claim, strain->keys, elapsed);
    return claim;
}

/* A crew has fewer seats than its stages have lanes: they may take all seats, and each seems to be starved. */
static struct claim claim_of_crew(const weir_report *draft, size_t seats) {
    struct claim claim = {.kind = WEIR_BOTTLENECK_STAGE};
    double used = 0;
    for (size_t i = 0; i < draft->stage_count; i++) {
        const weir_stage_report *stage = &draft->stages[i];
        if (!stage->on_crew || stage->blocks) /* a call that sleeps has no seat */
            continue;
        used += (double)stage->busy;
        if (claim.stage == NULL || stage->busy > claim.stage->busy)
            claim.stage = stage;
    }
    if (claim.stage == NULL)
        return claim;
    if (claim.stage->capacity == 0)
        claim.kind = WEIR_BOTTLENECK_INPUT;
    claim.taken = share_of(used, (double)seats * (double)draft->elapsed);
    claim.share = share_of((double)claim.stage->busy, time_of(claim.stage, draft->elapsed));
    return claim;
}

static struct claim claim_of_stages(const weir_report *draft, const weir__strains *strains) {
    struct claim greatest = claim_of_crew(draft, strains->seats);
    for (size_t i = 0; i < draft->stage_count; i++) {
        struct claim claim = claim_of(&draft->stages[i], &strains->stages[i], draft->elapsed);
        if (claim.taken >= greatest.taken)
            greatest = claim;
    }
    return greatest;
}

static struct claim claim_of_limits(const weir_report *draft, const weir__strains *strains) {
    bool of_items = strains->items > strains->bytes;
    double share = share_of((double)(of_items ? strains->items : strains->bytes), (double)draft->elapsed);
    return (struct claim){
        .kind = of_items ? WEIR_BOTTLENECK_ITEMS : WEIR_BOTTLENECK_BYTES, .taken = share, .share = share};
}

/* If the stage with the greatest claim is not starved, it does not lack input. */
static struct claim claim_of_puts(const weir_report *draft, const weir__strains *strains,
                                  const weir_stage_report *stage) {
    const weir_stage_report *entrance = strains->entrance;
    if (entrance == NULL || stage == NULL)
        return (struct claim){.kind = WEIR_BOTTLENECK_NONE};
    double first = share_of((double)entrance->starved, time_of(entrance, draft->elapsed));
    double own = share_of((double)stage->starved, time_of(stage, draft->elapsed));
    double paused = share_of((double)strains->paused, (double)draft->elapsed);
    struct claim claim = {.kind = WEIR_BOTTLENECK_INPUT, .taken = first < own ? first : own, .share = first};
    if (paused >= mostly * first) {
        claim.kind = WEIR_BOTTLENECK_PAUSED;
        claim.share = paused;
    }
    return claim;
}

static struct claim choose(const weir_report *draft, const weir__strains *strains) {
    struct claim stage = claim_of_stages(draft, strains), limit = claim_of_limits(draft, strains);
    struct claim puts = claim_of_puts(draft, strains, stage.stage);
    if (stage.taken >= saturated)
        return stage;
    if (stage.taken < idle && limit.taken < idle)
        return (struct claim){.kind = WEIR_BOTTLENECK_NONE};
    if (weight * limit.taken > stage.taken)
        return limit;
    return weight * puts.taken > stage.taken ? puts : stage;
}

void weir__report_find_bottleneck(weir_report *draft, const weir__strains *strains) {
    struct claim claim = choose(draft, strains);
    draft->bottleneck_kind = claim.kind;
    draft->bottleneck = claim.stage;
    draft->bottleneck_share = claim.share;
}

weir__bottleneck_words weir__report_words(const weir_report *report) {
    static const weir__bottleneck_words words[] = {
        [WEIR_BOTTLENECK_NONE] = {"none", ", the pipeline is idle", false},
        [WEIR_BOTTLENECK_STAGE] = {"", ", its threads are busy ", true},
        [WEIR_BOTTLENECK_CALLS] = {"", ", its function waits in calls of weir ", true},
        [WEIR_BOTTLENECK_INPUT] = {"the input from ", ", its calls take ", true},
        [WEIR_BOTTLENECK_RATE] = {"the rate limit of ", ", its threads wait for that ", true},
        [WEIR_BOTTLENECK_KEYS] = {"the key limit of ", ", items wait for that ", true},
        [WEIR_BOTTLENECK_RESULTS] = {"the results queue of ", ", its threads wait for room there ", true},
        [WEIR_BOTTLENECK_LETTERS] = {"the dead-letter queue of ", ", its threads wait for room there ", true},
        [WEIR_BOTTLENECK_BYTES] = {"the memory budget (max_bytes)", ", items wait for that ", true},
        [WEIR_BOTTLENECK_PAUSED] = {"the paused stage ", ", its threads wait for the resume ", true},
        [WEIR_BOTTLENECK_OPERATIONS] = {"the operations (in_flight) of ", ", its threads wait for one to end ", true},
        [WEIR_BOTTLENECK_ITEMS] = {"the limit of items in flight (max_items)", ", items wait for that ", true},
    };
    size_t kind = (size_t)report->bottleneck_kind;
    if (kind == WEIR_BOTTLENECK_PAUSED && report->bottleneck == NULL)
        return (weir__bottleneck_words){"the entrance", ", it was paused ", true};
    if (kind == WEIR_BOTTLENECK_INPUT && report->bottleneck == NULL)
        return (weir__bottleneck_words){"the input", ", the first stage is starved ", true};
    return kind < sizeof words / sizeof words[0] ? words[kind] : (weir__bottleneck_words){"unknown", "", false};
}
