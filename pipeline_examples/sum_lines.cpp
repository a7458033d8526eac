/*
 * sum_lines.cpp - adds up the numbers at the beginning of lines, such as those of `du -a`: weir.hpp.
 *
 *     lines -> parse (3 threads, in order) -> sum (one call at a time)
 *
 * It shows stages from lambdas, items that are std::unique_ptr, and exceptions that become failures: a line without a
 * number is an error in the report, on standard error.
 *
 * usage: sum_lines [OFFSET] <LINES, which adds OFFSET to each number
 *
 * c++ -std=c++17 -O2 -o sum_lines sum_lines.cpp $(pkg-config --cflags --libs weir)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.hpp>

#include <iostream>
#include <string>

int main(int argc, char **argv) try {
    long offset = argc > 1 ? std::stol(argv[1]) : 0, sum = 0;
    weir_stage_options parse = {}, add = {};
    parse.threads.count = 3;
    parse.output.ordered = true;
    parse.errors.on_error = WEIR_SKIP;
    parse.errors.retry.attempts = 2;
    add.threads.width = 1;
    weir::pipeline pipeline;
    auto number_of = [offset](std::string &line) { /* std::stol throws */
                                                   return std::make_unique<long>(std::stol(line) + offset);
    };
    pipeline.add("parse", number_of, parse);
    pipeline.add(
        "sum", [&sum](long &number) { sum += number; }, add);
    pipeline.start();
    for (std::string line; std::getline(std::cin, line);)
        pipeline.put(std::make_unique<std::string>(line));
    weir::report report;
    weir_status status = pipeline.finish(WEIR_NEVER, report);
    std::cout << sum << " " << weir_strerror(status) << "\n";
    std::cerr << weir::to_string(report);
    return status != WEIR_OK;
} catch (const std::exception &error) {
    std::cerr << error.what() << "\n";
    return 1;
}
