/*
 * tbb.cpp - oneTBB's parallel_pipeline as a driver of the benchmark.
 *
 * It runs on its own threads, one for each processor, whatever `w` says; `cap` is the number of live tokens.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <oneapi/tbb/parallel_pipeline.h>

#define _Noreturn [[noreturn]]
#define _Alignas(size) alignas(size)
extern "C" {
#include "../driver.h"
}

namespace {

uintptr_t work(uintptr_t item) {
    if (args.steps > 0)
        keep(churn(item, args.steps));
    return item;
}

void run(tbb::filter_mode last, bool in_order) {
    size_t put = 0, count = 0;
    uint64_t sum = 0;
    auto source = [&](tbb::flow_control &flow) -> uintptr_t {
        if (put < args.items)
            return ++put;
        flow.stop();
        return 0;
    };
    auto sink = [&](uintptr_t item) {
        sum += item;
        if (++count != item && in_order)
            fail("item %zu came as the number %zu", static_cast<size_t>(item), count);
    };
    reading from = read_now();
    auto stage = tbb::make_filter<uintptr_t, uintptr_t>(tbb::filter_mode::parallel, &work);
    auto first = tbb::make_filter<void, uintptr_t>(tbb::filter_mode::serial_in_order, source);
    tbb::parallel_pipeline(args.capacity,
                           first & stage & stage & stage & tbb::make_filter<uintptr_t, void>(last, sink));
    reading to = read_now();
    check_items(sum, count);
    print_result(from, to, args.items);
}

void run_pipeline() {
    run(tbb::filter_mode::serial_out_of_order, false);
}

void run_ordered() {
    run(tbb::filter_mode::serial_in_order, true);
}

} // namespace

int main(int argc, char **argv) {
    static const driver self = {"tbb", nullptr, nullptr, nullptr, run_pipeline, run_ordered, nullptr};
    return driver_main(argc, argv, &self);
}
