/*
 * options.c - Checks the options of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/options.h"

#include <inttypes.h>
#include <string.h>

#include "pipeline/state/refuse.h"
#include "report/figure.h"

/* ---- their size ---- */

/*
 * Sizes of the structs in the first release. A release that adds a member keeps its offset here, under a name of its
 * own: a program of the first release sets no `size`.
 */
enum { FIRST_STAGE = sizeof(weir_stage_options), FIRST_PIPELINE = sizeof(weir_pipeline_options) };

struct sizes {
    size_t known, first; /* the struct's size in this library, and in the first release */
};

/*
 * Copies a struct of options that begins with its size in the program. Members that the program does not know become 0.
 * Refuses a size below that of the first release, and a set member that this library does not know.
 */
static weir_status take(const weir_pipeline *pipeline, const char *stage, const char *call, struct sizes sizes,
                        void *to, const void *from) {
    size_t size;
    memcpy(&size, from, sizeof size);
    size = size == 0 ? sizes.first : size;
    if (size < sizes.first)
        return weir__refuse(pipeline, WEIR_INVALID, stage, "%s: size is %zu, and must be 0 or at least %zu", call, size,
                            sizes.first);
    for (size_t i = sizes.known; i < size; i++) {
        if (((const char *)from)[i] != 0)
            return weir__refuse(pipeline, WEIR_INVALID, stage,
                                "%s: size is %zu, and a member is set behind the %zu bytes that this library knows",
                                call, size, sizes.known);
    }
    memset(to, 0, sizes.known);
    memcpy(to, from, size < sizes.known ? size : sizes.known);
    return WEIR_OK;
}

weir_status weir__options_take(const weir_pipeline *pipeline, weir_stage_options *to, const weir_stage_options *from) {
    static const struct sizes sizes = {.known = sizeof *to, .first = FIRST_STAGE};
    if (from == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "add: options is NULL, and a stage needs a name");
    return take(pipeline, from->name, "add", sizes, to, from);
}

weir_status weir__options_take_of_pipeline(weir_pipeline_options *to, const weir_pipeline_options *from) {
    static const struct sizes sizes = {.known = sizeof *to, .first = FIRST_PIPELINE};
    static const weir_pipeline_options none;
    return take(NULL, NULL, "create", sizes, to, from == NULL ? &none : from);
}

/* ---- the members of a stage ---- */

#define RESERVED(array) (array), sizeof(array) / sizeof(void *)

static weir_status check_reserved(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const struct {
        const char *name;
        void *const *reserved;
        size_t count;
    } structs[] = {
        {"work", RESERVED(options->work.reserved)},          {"threads", RESERVED(options->threads.reserved)},
        {"input", RESERVED(options->input.reserved)},        {"output", RESERVED(options->output.reserved)},
        {"limits", RESERVED(options->limits.reserved)},      {"errors", RESERVED(options->errors.reserved)},
        {"retry", RESERVED(options->errors.retry.reserved)}, {"batch", RESERVED(options->batch.reserved)}};
    for (size_t i = 0; i < sizeof structs / sizeof structs[0]; i++) {
        for (size_t k = 0; k < structs[i].count; k++) {
            if (structs[i].reserved[k] != NULL)
                return weir__refuse(pipeline, WEIR_INVALID, options->name, "%s.reserved[%zu] is not NULL",
                                    structs[i].name, k);
        }
    }
    return WEIR_OK;
}

static weir_status check_functions(const weir_pipeline *pipeline, const weir_stage_options *options) {
    int set = (options->work.func != NULL) + (options->work.run != NULL) + (options->work.run_batch != NULL) +
              (options->work.source != NULL);
    if (set != 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "%d of func, run, run_batch and source are set: exactly one must be set", set);
    return WEIR_OK;
}

/* Checks the priority, which only a stage on the crew has. */
static weir_status check_priority(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->threads.priority > WEIR_LOW)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "priority is %d, and must be a value of weir_priority", (int)options->threads.priority);
    if (options->threads.priority == WEIR_NORMAL)
        return WEIR_OK;
    const char *why = options->threads.count != 0    ? "threads.count"
                      : options->threads.max != 0    ? "threads.max"
                      : options->work.init != NULL   ? "init"
                      : options->work.fini != NULL   ? "fini"
                      : options->work.at_end != NULL ? "at_end"
                                                     : NULL;
    if (why == NULL)
        return WEIR_OK;
    return weir__refuse(pipeline, WEIR_INVALID, options->name,
                        "priority is %s and %s is set: only a stage on the crew has a priority",
                        options->threads.priority == WEIR_HIGH ? "WEIR_HIGH" : "WEIR_LOW", why);
}

static weir_status check_threads(const weir_pipeline *pipeline, const weir_stage_options *options) {
    size_t least = options->threads.count != 0 ? options->threads.count : 1;
    if (options->threads.max != 0 && options->threads.max < least)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "threads.max is %zu, and must be 0 or at least threads.count, which is %zu",
                            options->threads.max, least);
    if (options->threads.max > UINT32_MAX)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "threads.max is %zu, and must be at most %" PRIu32,
                            options->threads.max, UINT32_MAX);
    if (options->work.source != NULL && options->threads.max > least)
        return weir__refuse(
            pipeline, WEIR_INVALID, options->name,
            "threads.max is %zu, and must be 0 or equal to threads.count for a source, which has no input",
            options->threads.max);
    return WEIR_OK;
}

static weir_status check_source(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->work.source == NULL)
        return WEIR_OK;
    if (options->limits.per_key != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "per_key is %zu, and must be 0 for a source, which has no input", options->limits.per_key);
    if (options->output.ordered)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "ordered is true, and must be false for a source, which has no input");
    if (options->errors.dead != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "dead is not NULL, and must be NULL for a source, which has no input");
    if (options->work.at_end != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "at_end is set, and must be NULL for a source, which has no input");
    if (options->input.capacity != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "capacity is %s, and must be 0 for a source, which has no input queue",
                            options->input.capacity == WEIR_UNBOUNDED
                                ? "WEIR_UNBOUNDED"
                                : weir__figure_count(options->input.capacity).text);
    return WEIR_OK;
}

static weir_status check_func(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->work.func == NULL)
        return WEIR_OK;
    if (options->errors.retry.attempts > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.attempts is %u, and a func cannot fail: use run", options->errors.retry.attempts);
    if (options->errors.dead != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "dead is not NULL, and a func cannot fail: use run");
    return WEIR_OK;
}

static weir_status check_numbers(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->limits.per_key != 0 && options->limits.key == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "per_key is %zu, and key is NULL",
                            options->limits.per_key);
    if (options->output.fan_out > WEIR_TO_ALL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "fan_out is %d, and must be a value of weir_fan_out",
                            (int)options->output.fan_out);
    if (options->errors.on_error > WEIR_SKIP)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "on_error is %d, and must be a value of weir_on_error", (int)options->errors.on_error);
    return WEIR_OK;
}

/*
 * Checks that the members of retry have an effect: further attempts, and a delay that max_backoff limits. One attempt is
 * a choice that a program may offer, with the other members set.
 */
static weir_status check_retry(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const weir_retry *retry = &options->errors.retry;
    bool goes_on = options->work.source != NULL && options->errors.on_error == WEIR_SKIP;
    if (retry->attempts == 0 && retry->backoff != 0 && !goes_on)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.backoff is %s, and retry.attempts is 0: a retry needs at least 2 attempts",
                            weir__figure_time(retry->backoff).text);
    if (retry->attempts == 0 && retry->when != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.when is set, and retry.attempts is 0: a retry needs at least 2 attempts");
    if (retry->max_backoff != 0 && retry->backoff == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "retry.max_backoff is %s, and retry.backoff is 0",
                            weir__figure_time(retry->max_backoff).text);
    return WEIR_OK;
}

/* Formats a rate without the locale's decimal point. */
static weir__figure rate_as_text(double rate) {
    return rate != rate ? weir__figure_word("NaN") : weir__figure_rate(rate < 0 ? -rate : rate);
}

/* Refuses a number that is no rate. `member` is the option's name. */
static weir_status check_number_of_rate(const weir_pipeline *pipeline, const char *stage, const char *member,
                                        double rate) {
    if (!(rate >= 0) || rate > 1e9)
        return weir__refuse(pipeline, WEIR_INVALID, stage, "%s must be between 0 and 1e9 per second, and is %s%s",
                            member, rate < 0 ? "-" : "", rate_as_text(rate).text);
    return WEIR_OK;
}

weir_status weir__check_rate(const weir_pipeline *pipeline, const char *stage, double rate, size_t burst) {
    weir_status status = check_number_of_rate(pipeline, stage, "rate", rate);
    if (status != WEIR_OK)
        return status;
    if (burst != 0 && rate == 0)
        return weir__refuse(pipeline, WEIR_INVALID, stage, "burst is %s, and rate is 0",
                            weir__figure_count(burst).text);
    return WEIR_OK;
}

/* Checks the rate, and that burst and key have an effect. */
static weir_status check_limits(const weir_pipeline *pipeline, const weir_stage_options *options) {
    weir_status status = weir__check_rate(pipeline, options->name, options->limits.rate, options->limits.burst);
    if (status == WEIR_OK)
        status = check_number_of_rate(pipeline, options->name, "key_rate", options->limits.key_rate);
    if (status != WEIR_OK)
        return status;
    if (options->limits.key != NULL && options->limits.per_key == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "key is set, and per_key is 0");
    if (options->limits.key_rate > 0 && options->limits.per_key == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "key_rate is %s, and per_key is 0",
                            weir__figure_rate(options->limits.key_rate).text);
    return WEIR_OK;
}

/* Checks that operations have a function that may detach, and abort an operation. */
static weir_status check_operations(const weir_pipeline *pipeline, const weir_stage_options *options) {
    size_t in_flight = options->limits.in_flight;
    if (in_flight != 0 && options->work.run == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "in_flight is %zu, and run is NULL: only run may detach", in_flight);
    if (in_flight >= WEIR__SLOTS)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "in_flight is %zu, and must be below %d", in_flight,
                            WEIR__SLOTS);
    if (options->work.abort != NULL && in_flight == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "abort is set, and in_flight is 0");
    if (options->work.wait != NULL && in_flight == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "wait is set, and in_flight is 0");
    if (options->work.wait != NULL && (options->threads.count != 1 || options->threads.max > 1))
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "wait is set, and %s is %zu, and must be 1: one thread sleeps there",
                            options->threads.count != 1 ? "threads.count" : "threads.max",
                            options->threads.count != 1 ? options->threads.count : options->threads.max);
    if (options->errors.stall_time != 0 && options->work.wait == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "stall_time is %s, and wait is NULL",
                            weir__figure_time(options->errors.stall_time).text);
    if (options->errors.on_stall != NULL && options->errors.stall_time == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "on_stall is set, and stall_time is 0");
    return WEIR_OK;
}

const char *weir__fan_out_name(weir_fan_out how) {
    static const char *const names[] = {"WEIR_ROUND_ROBIN", "WEIR_BY_KEY", "WEIR_BY_CHOICE", "WEIR_TO_ALL"};
    return names[how];
}

bool weir__has_route(const weir_stage_options *options) {
    return options->output.fan_out == WEIR_BY_KEY || options->output.fan_out == WEIR_BY_CHOICE;
}

/* Checks that route and copy have an effect if the stage has several successors. */
static weir_status check_distribution(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->output.route != NULL && !weir__has_route(options))
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "route is set, and fan_out is %s: only WEIR_BY_KEY and WEIR_BY_CHOICE use it",
                            weir__fan_out_name(options->output.fan_out));
    if (options->output.copy != NULL && options->output.fan_out != WEIR_TO_ALL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "copy is set, and fan_out is %s: only WEIR_TO_ALL uses it",
                            weir__fan_out_name(options->output.fan_out));
    return WEIR_OK;
}

/* Checks where the stage runs. */
static weir_status check_place(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->threads.count != 0 && options->threads.width != 0)
        return weir__refuse(
            pipeline, WEIR_INVALID, options->name,
            "threads.count is %zu and width is %zu: a stage has threads of its own, or a width on the crew",
            options->threads.count, options->threads.width);
    if (options->threads.max != 0 && options->threads.width != 0)
        return weir__refuse(
            pipeline, WEIR_INVALID, options->name,
            "threads.max is %zu and width is %zu: a stage has threads of its own, or a width on the crew",
            options->threads.max, options->threads.width);
    bool has_state = options->work.init != NULL || options->work.fini != NULL || options->work.at_end != NULL;
    if (options->threads.width != 0 && has_state)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "width is %zu and %s is set: it is called in threads of the stage's own",
                            options->threads.width,
                            options->work.init != NULL   ? "init"
                            : options->work.fini != NULL ? "fini"
                                                         : "at_end");
    if (options->threads.count == 0 && options->threads.max == 0 && !has_state && options->threads.stack_size != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "stack_size is %zu and threads.count is 0: only threads of the stage's own have that size",
                            options->threads.stack_size);
    return WEIR_OK;
}

/* Checks a batch stage with `ordered`: its only thread completes each batch before the next. */
static weir_status check_ordered_batch(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (!options->output.ordered)
        return WEIR_OK;
    if (options->threads.count > 1 || options->threads.width > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "%s is %zu, and must be 1 for ordered batches",
                            options->threads.count > 1 ? "threads.count" : "width",
                            options->threads.count > 1 ? options->threads.count : options->threads.width);
    if (options->threads.max > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "threads.max is %zu, and must be 0 or 1 for ordered batches", options->threads.max);
    if (options->errors.retry.attempts > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.attempts is %u, and must be at most 1 for ordered batches",
                            options->errors.retry.attempts);
    if (options->batch.wait != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "batch.wait is %s, and must be 0 for ordered batches",
                            weir__figure_time(options->batch.wait).text);
    return WEIR_OK;
}

/* Checks that a stage without run_batch has no batch options. */
static weir_status check_no_batch(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const weir_batch *batch = &options->batch;
    const char *member = batch->items != 0 ? "items" : batch->bytes != 0 ? "bytes" : "wait";
    uint64_t value = batch->items != 0 ? batch->items : batch->bytes != 0 ? batch->bytes : batch->wait;
    if (value != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.%s is %s, and run_batch is NULL", member,
                            weir__figure_count(value).text);
    if (batch->weigh != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.weigh is set, and run_batch is NULL");
    return WEIR_OK;
}

static weir_status check_batch(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const weir_batch *batch = &options->batch;
    if (options->work.run_batch == NULL)
        return check_no_batch(pipeline, options);
    if (batch->items == 0 && batch->bytes == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "batch.items and batch.bytes are 0: at least one must be set");
    if (batch->bytes != 0 && batch->weigh == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.bytes is %s, and batch.weigh is NULL",
                            weir__figure_count(batch->bytes).text);
    if (batch->bytes == 0 && batch->weigh != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.weigh is set, and batch.bytes is 0");
    if (options->limits.per_key != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "per_key is %zu, and must be 0 with run_batch",
                            options->limits.per_key);
    return check_ordered_batch(pipeline, options);
}

weir_status weir__options_check(const weir_pipeline *pipeline, const weir_stage_options *options) {
    static weir_status (*const checks[])(const weir_pipeline *, const weir_stage_options *) = {
        check_reserved, check_functions, check_place,  check_priority,   check_threads,      check_source, check_func,
        check_numbers,  check_retry,     check_limits, check_operations, check_distribution, check_batch};
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && status == WEIR_OK; i++)
        status = checks[i](pipeline, options);
    return status;
}
