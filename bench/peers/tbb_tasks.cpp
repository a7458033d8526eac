/*
 * tbb_tasks.cpp - oneTBB's task_group as a driver of the benchmark. A thread that waits for a group runs its tasks, so
 * the `threads` of the pool include the submitter, and one more for each other submitter.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>

#include <vector>

#define _Noreturn [[noreturn]]
#define _Alignas(size) alignas(size)
extern "C" {
#include "../rounds.h"
}

namespace {

void tasks_round(const party *self) {
    tbb::task_group group;
    for (size_t i = self->from; i < self->to; i++)
        group.run([] {});
    group.wait();
}

void fanout_round(const party *self) {
    std::vector<uint64_t> results(self->to - self->from);
    tbb::task_group group;
    for (size_t i = 0; i < results.size(); i++)
        group.run([&results, self, i] { results[i] = self->from + i; });
    group.wait();
    uint64_t sum = 0;
    for (uint64_t result : results)
        sum += result;
    check_round(self, sum, 1);
}

uint64_t sum_of_children(uint64_t number) {
    uint64_t results[CHILDREN];
    tbb::task_group group;
    for (uint64_t &result : results)
        group.run([&result, number] { result = number; });
    group.wait();
    uint64_t sum = 0;
    for (uint64_t result : results)
        sum += result;
    return sum;
}

void nested_round(const party *self) {
    std::vector<uint64_t> results(self->to - self->from);
    tbb::task_group group;
    for (size_t i = 0; i < results.size(); i++)
        group.run([&results, self, i] { results[i] = sum_of_children(self->from + i); });
    group.wait();
    uint64_t sum = 0;
    for (uint64_t result : results)
        sum += result;
    check_round(self, sum, CHILDREN);
}

void run(round_func *round, size_t submitters, size_t tasks) {
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, args.pool);
    run_rounds(round, submitters, tasks);
}

void run_tasks() {
    run(tasks_round, args.producers, 1);
}

void run_fanout() {
    run(fanout_round, 1, 1);
}

void run_nested() {
    run(nested_round, 1, 1 + CHILDREN);
}

} // namespace

int main(int argc, char **argv) {
    static const workload workloads[] = {
        {"tasks", run_tasks}, {"fanout", run_fanout}, {"nested", run_nested}, {nullptr, nullptr}};
    static const driver self = {"tbb_tasks", nullptr, workloads};
    return driver_main(argc, argv, &self);
}
