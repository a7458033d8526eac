/*
 * tbb.cpp - oneTBB's parallel_pipeline as a driver of the benchmark.
 *
 * It runs on its own threads, one for each processor, whatever `w` says; `cap` is the number of live tokens. Its source
 * and its sink are filters in every workload.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <oneapi/tbb/parallel_pipeline.h>

#include <ctime>
#include <vector>

#define _Noreturn [[noreturn]]
#define _Alignas(size) alignas(size)
extern "C" {
#include "../driver.h"
}

namespace {

using step = uintptr_t (*)(uintptr_t);

constexpr size_t burst = 20, slow_one_of = 500;

uintptr_t work(uintptr_t item) {
    if (args.steps > 0)
        keep(churn(item, args.steps));
    return item;
}

uintptr_t sleep_ms(uintptr_t item) {
    const timespec one = {0, 1000000};
    nanosleep(&one, nullptr);
    return item;
}

/* ---- source, three filters, sink ---- */

struct result {
    reading from, to;
};

template <typename Before, typename After>
result run(step middle, tbb::filter_mode last, bool in_order, Before before, After after) {
    size_t put = 0, count = 0;
    uint64_t sum = 0;
    auto source = [&](tbb::flow_control &flow) -> uintptr_t {
        if (put < args.items) {
            before(put);
            return ++put;
        }
        flow.stop();
        return 0;
    };
    auto sink = [&](uintptr_t item) {
        sum += item;
        if (++count != item && in_order)
            fail("item %zu came as the number %zu", static_cast<size_t>(item), count);
        after(item);
    };
    reading from = read_now();
    auto stage = tbb::make_filter<uintptr_t, uintptr_t>(tbb::filter_mode::parallel, &work);
    auto second = tbb::make_filter<uintptr_t, uintptr_t>(tbb::filter_mode::parallel, middle);
    auto first = tbb::make_filter<void, uintptr_t>(tbb::filter_mode::serial_in_order, source);
    tbb::parallel_pipeline(args.capacity,
                           first & stage & second & stage & tbb::make_filter<uintptr_t, void>(last, sink));
    reading to = read_now();
    check_items(sum, count);
    return {from, to};
}

void run_through(step middle, tbb::filter_mode last, bool in_order) {
    result got = run(
        middle, last, in_order, [](size_t) {}, [](uintptr_t) {});
    print_result(got.from, got.to, args.items);
}

void run_pipeline() {
    run_through(work, tbb::filter_mode::serial_out_of_order, false);
}

void run_ordered() {
    run_through(work, tbb::filter_mode::serial_in_order, true);
}

void run_sleeper() {
    run_through(sleep_ms, tbb::filter_mode::serial_out_of_order, false);
}

/* ---- slow items among quick ones ---- */

bool is_slow(uintptr_t item) {
    return args.slow && item % slow_one_of == slow_one_of / 2;
}

uintptr_t work_unevenly(uintptr_t item) {
    keep(churn(item, is_slow(item) ? 500 * args.steps : args.steps));
    return item;
}

uint64_t now_ns() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

void run_skew() {
    args.steps = static_cast<unsigned long>(args.per_us * 10);
    std::vector<uint64_t> due_at(args.items), took(args.items), others;
    uint64_t due = now_ns();
    auto before = [&](size_t put) {
        if (put % burst == 0) {
            timespec until = {static_cast<time_t>(due / 1000000000), static_cast<long>(due % 1000000000)};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
        }
        due_at[put] = due;
        if (put % burst == burst - 1)
            due += 1000000;
    };
    auto after = [&](uintptr_t item) { took[item - 1] = now_ns() - due_at[item - 1]; };
    result got = run(work_unevenly, tbb::filter_mode::serial_out_of_order, false, before, after);
    for (size_t i = 0; i < args.items; i++)
        if (!is_slow(i + 1))
            others.push_back(took[i]);
    print_latencies(got.from, got.to, args.items, others.data(), others.size());
}

} // namespace

int main(int argc, char **argv) {
    static const workload workloads[] = {
        {"pipeline", run_pipeline}, {"ordered", run_ordered}, {"stages", run_pipeline}, {"stages_ordered", run_ordered},
        {"sleeper", run_sleeper},   {"skew", run_skew},       {nullptr, nullptr}};
    static const driver self = {"tbb", nullptr, workloads};
    return driver_main(argc, argv, &self);
}
