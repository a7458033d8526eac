/*
 * weir.hpp - weir in C++17: queues and pipelines that own their items, stages and tasks from lambdas.
 *
 * A layer of headers alone over the C library (weir.h). Items are std::unique_ptr<T>. A stage is any callable; its
 * parameter is the stage's item, and its result the item of the next stage:
 *
 *     weir_stage_options parse = {}, sum = {};
 *     parse.threads.count = 4;
 *     parse.errors.on_error = WEIR_SKIP;
 *     sum.threads.width = 1;                                // one call at a time
 *     long total = 0;
 *     weir::pipeline pipeline;
 *     pipeline.add("parse", [](std::string &line) { return std::make_unique<long>(std::stol(line)); }, parse);
 *     pipeline.add("sum", [&total](long &number) { total += number; }, sum);
 *     pipeline.start();
 *     for (std::string line; std::getline(std::cin, line);)
 *         pipeline.put(std::make_unique<std::string>(line));
 *     weir::report report;
 *     pipeline.finish(WEIR_NEVER, report);
 *     std::cerr << weir::to_string(report);                 // each std::invalid_argument, with its what()
 *
 * The following holds for every call here, unless its comment says otherwise:
 *
 *   Statuses   WEIR_INVALID, WEIR_NOMEM, WEIR_DEADLOCK, WEIR_NOTHREAD and WEIR_INITFAILED are thrown, as weir::error.
 *              All other statuses are outcomes, which the call returns. Calls of C++ itself may throw std::bad_alloc.
 *   Ownership  A put that returns WEIR_OK takes the item: the caller's pointer is NULL then. After any other status or
 *              an exception, the caller still owns the item. Items that nothing receives are deleted. A NULL pointer is
 *              no item: a put refuses it (WEIR_INVALID), and as a result it stands for none.
 *   Exceptions No exception of a stage's function or a task passes through the C library. It makes the attempt or the
 *              task fail, with its what() as the message and one of these codes: that of weir::failure or
 *              std::system_error, WEIR_CODE(status) of weir::error, WEIR_CODE(WEIR_NOMEM) of std::bad_alloc, and
 *              WEIR_CODE(WEIR_FAILED) of any other. The end of a thread (pthread_exit) is no exception: it unwinds the
 *              function and continues. An exception that leaves another callback, a destructor included, ends in
 *              std::terminate.
 *   Types      The functions name the types of their parameters, `auto` is not enough. Types that do not fit together
 *              are a compile error, or WEIR_INVALID of connect, connect_dead, start, put, submit and feed.
 *   Blocking, threads, memory: as those of the C call of the same name. `handle` returns the C object, for all calls
 *              that have no counterpart here.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_HPP
#define WEIR_HPP

#include <weir.h>
#include <weir/error.hpp>
#include <weir/queue.hpp>
#include <weir/stage.hpp>
#include <weir/pipeline.hpp>
#include <weir/executor.hpp>

#endif /* WEIR_HPP */
