/*
 * What the pipeline uses of weir, for cffi. "..." is what the C compiler finds in weir's own headers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
/* clang-format off */

/* ---- status ---- */

typedef int... weir_status;
#define WEIR_OK ...
#define WEIR_CLOSED ...
#define WEIR_TIMEDOUT ...
#define WEIR_NOMEM ...
#define WEIR_INVALID ...
#define WEIR_BUSY ...
#define WEIR_NOTHREAD ...
#define WEIR_CANCELLED ...
#define WEIR_FAILED ...
#define WEIR_END ...
#define WEIR_ITEM_DONE ...
#define WEIR_ITEM_DROPPED ...
#define WEIR_ITEM_DEAD ...
#define WEIR_ITEM_FAILED ...

const char *weir_strerror(weir_status status);

/* ---- deadlines ---- */

typedef uint64_t weir_deadline;

weir_deadline weir_deadline_after(uint64_t nanoseconds);

/* ---- the queue of dead letters ---- */

typedef ... weir_queue;
typedef void weir_drop_func(void *item, void *arg);

typedef struct {
    size_t capacity;
    weir_drop_func *drop;
    ...;
} weir_queue_options;

typedef struct {
    void *item;
    const char *stage;
    int code;
    const char *message;
    unsigned attempts;
    ...;
} weir_dead_letter;

weir_status weir_queue_create_with(weir_queue **queue, const weir_queue_options *options);
weir_status weir_queue_destroy(weir_queue *queue);
weir_status weir_queue_get_until(weir_queue *queue, void **item, weir_deadline deadline);
void weir_dead_letter_free(weir_dead_letter *letter);

/* ---- stages ---- */

typedef ... weir_task;
typedef ... weir_stage;
typedef int weir_task_func(weir_task *task, void *item, void *state);
typedef int weir_batch_func(weir_task *task, void *const *items, size_t count, void *state);
typedef uint64_t weir_key_func(const void *item, void *arg);
typedef void *weir_copy_func(void *item, void *arg);
typedef bool weir_retry_func(int code, void *arg);
typedef int... weir_fan_out;
typedef int... weir_on_error;

typedef struct {
    unsigned attempts;
    uint64_t backoff;
    uint64_t max_backoff;
    weir_retry_func *when;
    ...;
} weir_retry;

typedef struct {
    size_t items;
    uint64_t wait;
    ...;
} weir_batch;

typedef struct {
    weir_task_func *run;
    weir_batch_func *run_batch;
    weir_task_func *source;
    void *arg;
    ...;
} weir_stage_work;

typedef struct {
    size_t count, max, width;
    ...;
} weir_stage_threads;

typedef struct {
    size_t capacity;
    weir_drop_func *drop;
    ...;
} weir_stage_input;

typedef struct {
    bool ordered;
    weir_fan_out fan_out;
    weir_key_func *route;
    weir_copy_func *copy;
    weir_queue *results;
    ...;
} weir_stage_output;

typedef struct {
    double rate;
    size_t burst;
    weir_key_func *key;
    size_t per_key;
    double key_rate;
    ...;
} weir_stage_limits;

typedef struct {
    weir_on_error on_error;
    weir_retry retry;
    uint64_t attempt_time;
    weir_queue *dead;
    ...;
} weir_stage_errors;

typedef struct {
    const char *name;
    weir_stage_work work;
    weir_stage_threads threads;
    weir_stage_input input;
    weir_stage_output output;
    weir_stage_limits limits;
    weir_stage_errors errors;
    weir_batch batch;
    ...;
} weir_stage_options;

#define WEIR_ROUND_ROBIN ...
#define WEIR_BY_KEY ...
#define WEIR_BY_CHOICE ...
#define WEIR_TO_ALL ...
#define WEIR_FAIL_FAST ...
#define WEIR_SKIP ...

void weir_task_emit(weir_task *task, void *result);
bool weir_task_cancelled(weir_task *task);
weir_status weir_task_feed(weir_task *task, weir_stage *stage, void *item);

/* ---- the report ---- */

typedef struct {
    uint64_t in, done, failed, dead, dropped, live;
    ...;
} weir_counts;

typedef struct {
    const char *name;
    weir_counts counts;
    uint64_t retried, overdue;
    size_t threads, capacity, depth, peak, waiting, backing_off;
    uint64_t busy, starved, blocked;
    uint64_t p50, p90, p99, max;
    double rate;
    ...;
} weir_stage_report;

typedef struct {
    const char *stage;
    int code;
    const char *message;
    unsigned attempts;
    uint64_t at;
    bool fatal;
    ...;
} weir_error;

typedef int... weir_run_state;

typedef struct {
    const char *name;
    weir_run_state state;
    weir_status outcome;
    uint64_t elapsed;
    weir_counts counts;
    uint64_t retried;
    size_t stage_count;
    const weir_stage_report *stages;
    uint64_t error_count;
    size_t kept_errors;
    const weir_error *errors;
    size_t latest_count;
    const weir_error *latest;
    ...;
} weir_report;

typedef int... weir_report_format;
#define WEIR_TABLE ...
#define WEIR_PROMETHEUS ...
#define WEIR_DOT ...

weir_status weir_report_text(const weir_report *report, weir_report_format format, char **text, size_t *size);
void weir_report_free(weir_report *report);
void free(void *memory);

/* ---- the pipeline ---- */

typedef ... weir_pipeline;
typedef int... weir_outcome;
typedef void weir_settled_func(void *ticket, weir_outcome outcome);

typedef struct {
    const char *name;
    size_t max_items;
    size_t max_errors;
    uint64_t grace;
    weir_settled_func *settled;
    ...;
} weir_pipeline_options;

weir_status weir_pipeline_create(weir_pipeline **pipeline, const weir_pipeline_options *options);
weir_status weir_pipeline_add(weir_pipeline *pipeline, weir_stage **stage, const weir_stage_options *options);
weir_status weir_pipeline_connect(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);
weir_status weir_pipeline_connect_back(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);
weir_status weir_pipeline_connect_dead(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);
weir_status weir_pipeline_start(weir_pipeline *pipeline);
const char *weir_pipeline_message(const weir_pipeline *pipeline);
weir_status weir_pipeline_put_many_until(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put,
                                         weir_deadline deadline);
weir_status weir_pipeline_wait(weir_pipeline *pipeline, weir_deadline deadline);
weir_status weir_pipeline_wait_idle(weir_pipeline *pipeline, weir_deadline deadline);
weir_status weir_pipeline_pause(weir_pipeline *pipeline, weir_stage *stage);
weir_status weir_pipeline_resume(weir_pipeline *pipeline, weir_stage *stage);
weir_status weir_pipeline_set_rate(weir_pipeline *pipeline, weir_stage *stage, double rate, size_t burst);
weir_status weir_pipeline_set_threads(weir_pipeline *pipeline, weir_stage *stage, size_t threads, size_t max_threads);
weir_status weir_pipeline_finish(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report);
weir_status weir_pipeline_cancel(weir_pipeline *pipeline);
weir_status weir_pipeline_destroy(weir_pipeline *pipeline);
weir_status weir_pipeline_report(weir_pipeline *pipeline, weir_report **report);

/* ---- of _weir.c, and functions in Python ---- */

int weir_python_fail(weir_task *task, int code, const char *message);
weir_status weir_python_fail_item(weir_task *task, size_t index, int code, const char *message);
weir_status weir_python_submit(weir_pipeline *pipeline, void *item, void *ticket, weir_deadline deadline,
                               bool *accepted);
bool weir_python_may_retry(int code, void *arg);
void weir_python_drop_letter(void *letter, void *arg);

extern "Python" int weir_python_run(weir_task *task, void *item, void *state);
extern "Python" int weir_python_run_batch(weir_task *task, void *const *items, size_t count, void *state);
extern "Python" int weir_python_source(weir_task *task, void *item, void *state);
extern "Python" uint64_t weir_python_key(const void *item, void *arg);
extern "Python" uint64_t weir_python_route(const void *item, void *arg);
extern "Python" void weir_python_settled(void *ticket, weir_outcome outcome);
