/*
 * sum_lines.cpp - adds up the numbers at the beginning of lines, as of `du -a`: weir.hpp.
 *
 *     lines -> parse (3 threads, in order) -> sum (one call at a time)
 *
 * It shows stages from lambdas, items that are std::unique_ptr, and exceptions that become failures: a line without a
 * number is an error in the report, on standard error. It prints the sum, and the largest line.
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

struct entry {
    long number;
    std::string line;
};

int main(int argc, char **argv) try {
    long offset = argc > 1 ? std::stol(argv[1]) : 0, sum = 0;
    entry largest = {0, ""};
    weir_stage_options parse = {}, add = {};
    parse.threads = 3;
    parse.ordered = true;
    parse.on_error = WEIR_SKIP;
    parse.retry.attempts = 2;
    add.width = 1;
    weir::pipeline pipeline;
    pipeline.add(
        "parse",
        [offset](std::string &line) { /* std::stol throws */
                                      return std::make_unique<entry>(entry{std::stol(line) + offset, line});
        },
        parse);
    pipeline.add(
        "sum",
        [&](std::unique_ptr<entry> item) {
            sum += item->number;
            if (item->number > largest.number)
                largest = std::move(*item);
        },
        add);
    pipeline.start();
    for (std::string line; std::getline(std::cin, line);)
        pipeline.put(std::make_unique<std::string>(line));
    weir::report report;
    weir_status status = pipeline.finish(WEIR_NEVER, report);
    std::cout << sum << "\n" << largest.line << "\n";
    std::cerr << weir::to_string(report);
    return status != WEIR_OK;
} catch (const std::exception &error) {
    std::cerr << error.what() << "\n";
    return 1;
}
