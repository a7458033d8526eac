/*
 * exceptions.cpp - for exceptions.sh: an exception leaves one function of the program, the word on the command line says
 * which. It must go no further: std::terminate is called in the thread and on the stack of the throw, nothing is
 * unwound, nothing is lost, and calls that report work there.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <pthread.h>
#include <unwind.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

namespace {

enum { ITEMS = 3, PATIENCE = 20 };

weir_queue *queue, *out;
weir_pipeline *pipeline;
std::size_t unfinished;          /* of the queue when it throws; SIZE_MAX: not looked at */
std::atomic<std::uint64_t> came; /* items into the pipeline, at least */
pthread_t thrower;               /* the thread */
void *thrown_from, *called_from; /* return addresses: into the function that throws, into main */
bool in_main, unwound;
std::atomic<bool> thrown;

void *item() {
    static int target;
    return &target;
}

void check(bool holds, const char *what) {
    if (holds)
        return;
    std::printf("FAIL: %s\n", what);
    std::fflush(stdout);
    std::_Exit(1);
}

void must(weir_status status) {
    check(status == WEIR_OK, weir_strerror(status));
}

/* Whether the address is one of the stack's return addresses. */
bool trace_has(void *address) {
    struct search {
        void *address;
        bool found;
    } search = {address, false};
    auto look = [](struct _Unwind_Context *context, void *raw) {
        auto *wanted = static_cast<struct search *>(raw);
        if (_Unwind_GetIP(context) == reinterpret_cast<_Unwind_Ptr>(wanted->address))
            wanted->found = true;
        return _URC_NO_REASON;
    };
    _Unwind_Backtrace(look, &search);
    return search.found;
}

struct guard {
    ~guard() {
        unwound = true;
    }
};

/* ---- what is right when std::terminate is called ---- */

void check_exception() {
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const std::runtime_error &error) {
        check(std::strcmp(error.what(), "thrown") == 0, "it is another exception");
    }
}

void check_pipeline() {
    weir_report *report;
    must(weir_pipeline_report(pipeline, &report));
    const weir_counts &counts = report->counts;
    check(counts.in >= came, "items that came are not counted");
    check(counts.in == counts.done + counts.failed + counts.dead + counts.dropped + counts.live, "an item is lost");
    check(report->stage_count > 0, "the report has no stages");
    weir_report_free(report);
}

[[noreturn]] void terminated() {
    check(thrown && pthread_equal(pthread_self(), thrower) != 0, "another thread terminates");
    check(!unwound, "the function that throws is unwound");
    check(trace_has(thrown_from), "the function that throws is not on the stack");
    check(!in_main || trace_has(called_from), "main is not on the stack");
    check_exception();
    if (pipeline != nullptr)
        check_pipeline();
    if (queue != nullptr && unfinished != SIZE_MAX)
        check(weir_queue_unfinished(queue) == unfinished, "items of the queue are lost");
    std::_Exit(0);
}

/* ---- functions that throw ---- */

/* In one thread: the others stay where they are. */
__attribute__((noinline)) void raise_it() {
    while (thrown.exchange(true))
        std::this_thread::yield();
    thrown_from = __builtin_return_address(0);
    thrower = pthread_self();
    throw std::runtime_error("thrown");
}

/* The caller's frame has something to unwind. */
__attribute__((noinline)) void raise() {
    guard local;
    raise_it();
    asm volatile("" ::: "memory"); /* no tail call */
}

void *throw_worker(void *, void *) {
    raise();
    return nullptr;
}

weir_status throw_init(void *, void **) {
    raise();
    return WEIR_OK;
}

void throw_fini(void *) {
    raise();
}

void throw_drop(void *, void *) {
    raise();
}

int throw_task(weir_task *, void *, void *) {
    raise();
    return 0;
}

int throw_batch(weir_task *, void *const *, std::size_t, void *) {
    raise();
    return 0;
}

std::uint64_t throw_number(const void *, void *) {
    raise();
    return 0;
}

void *throw_copy(void *, void *) {
    raise();
    return nullptr;
}

#ifdef __linux__
int throw_encode(weir_task *, const void *, weir_process_payload *, void *) {
    raise();
    return 0;
}

int throw_decode(weir_task *, void *, const void *, std::size_t, void *) {
    raise();
    return 0;
}
#endif

#ifdef __linux__
int throw_take(weir_future *, void *, const void *, std::size_t, void **, void *) {
    raise();
    return 0;
}
#endif

bool throw_when(int, void *) {
    raise();
    return false;
}

void throw_callback(weir_future *, void *) {
    raise();
}

/* ---- functions that do not ---- */

void *pass_on(void *got, void *) {
    return got;
}

#ifdef __linux__
int encode_none(weir_task *, const void *, weir_process_payload *, void *) {
    return 0;
}
#endif

/* The function of a child process. */
int answer(const void *, std::size_t, weir_process_payload *, void *) {
    return 0;
}

const weir_process_entry table[] = {{"answer", answer, nullptr, nullptr, nullptr},
                                    {nullptr, nullptr, nullptr, nullptr, nullptr}};

int fail(weir_task *, void *, void *) {
    return 1;
}

int produce(weir_task *task, void *, void *) {
    weir_task_emit(task, item());
    return WEIR_END;
}

std::atomic<bool> open_gate, inside;

void *wait_inside(void *got, void *) {
    inside = true;
    while (!open_gate)
        std::this_thread::yield();
    return got;
}

weir_status no_state(void *, void **) {
    return WEIR_OK;
}

/* ---- queues and workers ---- */

void make_queue(weir_queue **made, weir_drop_func *drop) {
    weir_queue_options options = weir_queue_options();
    options.capacity = 8;
    options.drop = drop;
    must(weir_queue_create_with(made, &options));
}

void fill_queue(weir_drop_func *drop) {
    make_queue(&queue, drop);
    for (int i = 0; i < ITEMS; i++)
        must(weir_queue_put(queue, item()));
    unfinished = ITEMS;
}

void work(weir_worker_func *func, weir_worker_init *init, weir_worker_fini *fini) {
    weir_threads *threads;
    weir_worker_options options = weir_worker_options();
    options.func = func;
    options.init = init;
    options.fini = fini;
    must(weir_start_threads_with(&threads, 1, &options, queue, out));
    weir_stop_threads(queue, threads);
}

void discard() {
    in_main = true;
    fill_queue(throw_drop);
    weir_queue_shutdown(queue, WEIR_DISCARD);
}

void destroy() {
    in_main = true;
    fill_queue(throw_drop);
    unfinished = SIZE_MAX;
    weir_queue_destroy(queue);
}

void result() {
    fill_queue(nullptr);
    make_queue(&out, throw_drop);
    weir_queue_shutdown(out, WEIR_DRAIN);
    work(pass_on, nullptr, nullptr);
}

void worker() {
    fill_queue(nullptr);
    work(throw_worker, nullptr, nullptr);
}

void worker_init() {
    fill_queue(nullptr);
    work(pass_on, throw_init, nullptr);
}

void worker_fini() {
    fill_queue(nullptr);
    unfinished = 0;
    work(pass_on, no_state, throw_fini);
}

/* ---- pipelines ---- */

weir_stage_options named(const char *name) {
    weir_stage_options options = weir_stage_options();
    options.name = name;
    return options;
}

weir_stage *add(const weir_stage_options &options) {
    weir_stage *stage;
    must(weir_pipeline_add(pipeline, &stage, &options));
    return stage;
}

void start() {
    weir_status status = weir_pipeline_start(pipeline);
    if (status != WEIR_OK)
        std::printf("%s\n", weir_pipeline_message(pipeline));
    must(status);
}

void put_and_finish() {
    for (; came < ITEMS; came++)
        must(weir_pipeline_put(pipeline, item()));
    weir_pipeline_finish(pipeline, weir_deadline_after(PATIENCE * WEIR_SECOND), nullptr);
}

/* A finish may come before the first call of a source. */
void wait_for_source() {
    weir_pipeline_wait(pipeline, weir_deadline_after(PATIENCE * WEIR_SECOND));
}

/* One stage with these options. */
void run_stage(const weir_stage_options &options) {
    must(weir_pipeline_create(&pipeline, nullptr));
    add(options);
    start();
    if (options.work.source != nullptr)
        wait_for_source();
    else
        put_and_finish();
}

void stage_func() {
    weir_stage_options options = named("throws");
    options.work.func = throw_worker;
    run_stage(options);
}

void stage_run() {
    weir_stage_options options = named("throws");
    options.work.run = throw_task;
    run_stage(options);
}

void stage_func_ordered() {
    weir_stage_options options = named("throws");
    options.work.func = throw_worker;
    options.output.ordered = true;
    options.threads.count = 2;
    run_stage(options);
}

void stage_batch() {
    weir_stage_options options = named("throws");
    options.work.run_batch = throw_batch;
    options.batch.items = ITEMS;
    run_stage(options);
}

#ifdef __linux__
void run_in_process(weir_process_encode *encode, weir_process_decode *decode) {
    static weir_process process = weir_process();
    weir_stage_options options = named("throws");
    process.function = "answer";
    process.encode = encode;
    process.decode = decode;
    options.work.run = weir_process_run;
    options.work.init = weir_process_init;
    options.work.fini = weir_process_fini;
    options.work.arg = &process;
    run_stage(options);
}

void process_encode() {
    run_in_process(throw_encode, throw_decode);
}

void process_decode() {
    run_in_process(encode_none, throw_decode);
}

void process_batch_decode() {
    static weir_process process = weir_process();
    weir_stage_options options = named("throws");
    process.function = "answer";
    process.encode = encode_none;
    process.decode = throw_decode;
    options.work.run_batch = weir_process_run_batch;
    options.batch.items = ITEMS;
    options.work.init = weir_process_init;
    options.work.fini = weir_process_fini;
    options.work.arg = &process;
    run_stage(options);
}

void process_take() {
    static weir_process process = weir_process();
    weir_executor_options options = weir_executor_options();
    weir_executor *executor = nullptr;
    weir_future *future = nullptr;
    process.function = "answer";
    process.encode = encode_none;
    process.take = throw_take;
    options.threads = 1;
    options.init = weir_process_init;
    options.fini = weir_process_fini;
    options.arg = &process;
    must(weir_executor_create(&executor, &options));
    must(weir_executor_submit(executor, weir_process_call, nullptr, &future));
    weir_future_get(future, nullptr);
}
#endif

void stage_source() {
    weir_stage_options options = named("throws");
    options.work.source = throw_task;
    run_stage(options);
}

void stage_init() {
    weir_stage_options options = named("throws");
    options.work.func = pass_on;
    options.work.init = throw_init;
    run_stage(options);
}

void stage_fini() {
    weir_stage_options options = named("throws");
    options.work.func = pass_on;
    options.work.fini = throw_fini;
    run_stage(options);
}

void stage_weigh() {
    weir_stage_options options = named("throws");
    options.work.run_batch = throw_batch;
    options.batch.bytes = 100;
    options.batch.weigh = throw_number;
    run_stage(options);
}

void stage_key() {
    weir_stage_options options = named("throws");
    options.work.func = pass_on;
    options.limits.key = throw_number;
    options.limits.per_key = 1;
    run_stage(options);
}

void stage_when() {
    weir_stage_options options = named("throws");
    options.work.run = fail;
    options.errors.retry.attempts = 2;
    options.errors.retry.when = throw_when;
    run_stage(options);
}

void stage_drop_failed() {
    weir_stage_options options = named("throws");
    options.work.run = fail;
    options.input.drop = throw_drop;
    run_stage(options);
}

/* The item that is in the queue is dropped in the thread that cancels, or by a worker. */
void drop_at_cancel(bool plain) {
    weir_stage_options options = named("throws");
    options.work.func = wait_inside;
    options.input.drop = throw_drop;
    options.output.ordered = !plain;
    must(weir_pipeline_create(&pipeline, nullptr));
    add(options);
    start();
    for (; came < ITEMS; came++)
        must(weir_pipeline_put(pipeline, item()));
    while (!inside)
        std::this_thread::yield();
    weir_pipeline_cancel(pipeline);
    open_gate = true;
    weir_pipeline_finish(pipeline, weir_deadline_after(PATIENCE * WEIR_SECOND), nullptr);
}

void stage_drop_cancelled() {
    drop_at_cancel(true);
}

void stage_drop_cancelled_ordered() {
    drop_at_cancel(false);
}

/* One stage in front of two. */
void fan_out(const weir_stage_options &options) {
    weir_stage_options left = named("left"), right = named("right");
    left.work.func = right.work.func = pass_on;
    must(weir_pipeline_create(&pipeline, nullptr));
    weir_stage *from = add(options);
    must(weir_pipeline_connect(pipeline, from, add(left)));
    must(weir_pipeline_connect(pipeline, from, add(right)));
    start();
    put_and_finish();
}

void route(weir_fan_out how) {
    weir_stage_options options = named("throws");
    options.work.func = pass_on;
    options.output.fan_out = how;
    options.output.route = throw_number;
    fan_out(options);
}

void stage_route_by_key() {
    route(WEIR_BY_KEY);
}

void stage_route_by_choice() {
    route(WEIR_BY_CHOICE);
}

void stage_copy() {
    weir_stage_options options = named("throws");
    options.work.func = pass_on;
    options.output.fan_out = WEIR_TO_ALL;
    options.output.copy = throw_copy;
    fan_out(options);
}

void weigh(const weir_stage_options &options) {
    weir_pipeline_options weighed = weir_pipeline_options();
    weighed.max_bytes = 100;
    weighed.weigh = throw_number;
    must(weir_pipeline_create(&pipeline, &weighed));
    add(options);
    start();
}

void pipeline_weigh_put() {
    weir_stage_options options = named("end");
    options.work.func = pass_on;
    in_main = true;
    weigh(options);
    weir_pipeline_put(pipeline, item());
}

void pipeline_weigh_emit() {
    weir_stage_options options = named("produces");
    options.work.source = produce;
    weigh(options);
    wait_for_source();
}

/* ---- futures ---- */

weir_future *new_future(weir_drop_func *drop) {
    weir_future *future;
    in_main = true;
    must(weir_future_create(&future, drop, nullptr));
    return future;
}

void future_callback() {
    weir_future *future = new_future(nullptr);
    must(weir_future_on_end(future, throw_callback, nullptr));
    weir_future_set(future, nullptr);
}

void future_late_callback() {
    weir_future *future = new_future(nullptr);
    must(weir_future_cancel(future));
    weir_future_on_end(future, throw_callback, nullptr);
}

void future_drop() {
    weir_future *future = new_future(throw_drop);
    must(weir_future_set(future, nullptr));
    weir_future_release(future);
}

const struct {
    const char *name;
    void (*run)();
} scenes[] = {
    {"discard", discard},
    {"destroy", destroy},
    {"result", result},
    {"worker", worker},
    {"worker_init", worker_init},
    {"worker_fini", worker_fini},
    {"stage_func", stage_func},
    {"stage_func_ordered", stage_func_ordered},
    {"stage_run", stage_run},
    {"stage_batch", stage_batch},
#ifdef __linux__
    {"process_encode", process_encode},
    {"process_decode", process_decode},
    {"process_batch_decode", process_batch_decode},
    {"process_take", process_take},
#endif
    {"stage_source", stage_source},
    {"stage_init", stage_init},
    {"stage_fini", stage_fini},
    {"stage_weigh", stage_weigh},
    {"stage_key", stage_key},
    {"stage_when", stage_when},
    {"stage_drop_failed", stage_drop_failed},
    {"stage_drop_cancelled", stage_drop_cancelled},
    {"stage_drop_cancelled_ordered", stage_drop_cancelled_ordered},
    {"stage_route_by_key", stage_route_by_key},
    {"stage_route_by_choice", stage_route_by_choice},
    {"stage_copy", stage_copy},
    {"pipeline_weigh_put", pipeline_weigh_put},
    {"pipeline_weigh_emit", pipeline_weigh_emit},
    {"future_callback", future_callback},
    {"future_late_callback", future_late_callback},
    {"future_drop", future_drop},
};

/* ---- what goes on as ever ---- */

void *catch_inside(void *got, void *) {
    try {
        raise();
    } catch (const std::runtime_error &) {
        thrown = false;
    }
    return got;
}

/* An exception that is caught where it was thrown concerns no other thread. */
int run_caught() {
    fill_queue(nullptr);
    work(catch_inside, nullptr, nullptr);
    check(unwound && weir_queue_unfinished(queue) == 0, "what is caught inside does harm");
    must(weir_queue_destroy(queue));
    return 0;
}

void *exit_thread(void *, void *) {
    guard local;
    pthread_exit(nullptr);
}

/* A worker's function ends its thread: its own objects are destroyed, and its item is settled. */
int run_exit() {
    weir_threads *threads;
    fill_queue(nullptr);
    must(weir_start_threads(&threads, 1, exit_thread, nullptr, queue, nullptr));
    check(weir_stop_threads(queue, threads) == WEIR_UNFINISHED, "the stop is not told of an exit");
    check(unwound, "an exit destroys nothing");
    check(weir_queue_unfinished(queue) == ITEMS - 1, "an exit does not settle its item");
    must(weir_queue_destroy(queue));
    return 0;
}

__attribute__((noinline)) void run_scene(void (*scene)()) {
    called_from = __builtin_return_address(0);
    scene();
    asm volatile("" ::: "memory");
}

} /* namespace */

int main(int argc, char **argv) {
    weir_process_main(argc, argv, table);
    const char *name = argc > 1 ? argv[1] : "";
    if (std::strcmp(name, "list") == 0) {
        for (const auto &scene : scenes)
            std::printf("%s\n", scene.name);
        return 0;
    }
    if (std::strcmp(name, "caught") == 0)
        return run_caught();
    if (std::strcmp(name, "exit") == 0)
        return run_exit();
    std::set_terminate(terminated);
    for (const auto &scene : scenes) {
        if (std::strcmp(name, scene.name) != 0)
            continue;
        try {
            run_scene(scene.run);
        } catch (...) {
            check(false, "the exception has passed through the library");
        }
        check(false, "nothing was thrown");
    }
    std::printf("no such scene: %s\n", name);
    return 2;
}
