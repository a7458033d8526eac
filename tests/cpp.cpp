/*
 * cpp.cpp - for cpp.sh: weir.hpp. Each scene also checks that every item was deleted once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.hpp>

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr weir_deadline PATIENCE = WEIR_NEVER;

void check(bool holds, const char *what, int line) {
    if (holds)
        return;
    std::printf("FAIL: line %d: %s\n", line, what);
    std::fflush(stdout);
    std::_Exit(1);
}
#define CHECK(condition) check(condition, #condition, __LINE__)

/* An item; `live` counts how many there are. */
struct number {
    explicit number(long of) : value(of) {
        live++;
    }
    number(const number &other) : value(other.value) {
        live++;
    }
    number &operator=(const number &) = delete;
    ~number() {
        check(value != DELETED, "deleted twice", __LINE__);
        value = DELETED;
        live--;
    }
    static constexpr long DELETED = 0x7ead7ead;
    long value;
    static std::atomic<long> live;
};
std::atomic<long> number::live;

std::unique_ptr<number> make(long value) {
    return std::make_unique<number>(value);
}

/* Returns the status of the weir::error that `function` throws, or WEIR_OK. */
template <class F> weir_status thrown_by(F function) {
    try {
        function();
    } catch (const weir::error &caught) {
        return caught.status();
    }
    return WEIR_OK;
}

weir_stage_options skipping() {
    weir_stage_options options = {};
    options.errors.on_error = WEIR_SKIP;
    return options;
}

/* ---- queues ---- */

void put_takes_the_item_or_leaves_it() {
    weir::queue<number> queue(1, "q");
    auto item = make(1), other = make(2);
    CHECK(queue.put(std::move(item)) == WEIR_OK && item == nullptr);
    CHECK(queue.try_put(std::move(other)) == WEIR_FULL && other != nullptr);
    CHECK(queue.put_until(std::move(other), 0) == WEIR_TIMEDOUT && other->value == 2);
    CHECK(thrown_by([&] { queue.put(nullptr); }) == WEIR_INVALID);
    CHECK(std::strcmp(weir_queue_name(queue.handle()), "q") == 0 && queue.size() == 1);
    queue.shutdown(WEIR_DRAIN);
    CHECK(queue.put(std::move(other)) == WEIR_CLOSED && other->value == 2);
    CHECK(queue.close() == WEIR_CLOSED);
}

void get_returns_items_and_then_null() {
    weir::queue<number> queue(4);
    std::unique_ptr<number> item = make(7);
    CHECK(queue.try_get(item) == WEIR_EMPTY && item->value == 7);
    CHECK(queue.get_until(item, 0) == WEIR_TIMEDOUT && item->value == 7);
    queue.put(make(1));
    queue.put(make(2));
    CHECK(queue.get()->value == 1);
    CHECK(queue.try_get(item) == WEIR_OK && item->value == 2);
    queue.task_done();
    CHECK(queue.join(0) == WEIR_TIMEDOUT);
    queue.task_done();
    CHECK(queue.join() == WEIR_OK);
    CHECK(thrown_by([&] { queue.task_done(); }) == WEIR_INVALID);
    queue.put(make(3));
    queue.shutdown(WEIR_DISCARD);
    CHECK(queue.get() == nullptr && queue.join() == WEIR_DISCARDED);
}

void loop_settles_each_item() {
    weir::queue<number> queue(WEIR_UNBOUNDED);
    long sum = 0;
    for (long i = 1; i <= 10; i++)
        queue.put(make(i));
    queue.close();
    for (auto &item : queue) {
        if (item->value == 4)
            break;
        sum += item->value;
    }
    CHECK(sum == 6 && weir_queue_unfinished(queue.handle()) == 7);
    std::vector<std::unique_ptr<number>> kept;
    for (auto &item : queue)
        kept.push_back(std::move(item));
    CHECK(kept.size() == 6 && kept[5]->value == 10 && queue.join() == WEIR_OK);
}

void queue_deletes_what_is_left() {
    weir::queue<number> queue(4);
    queue.put(make(1));
    queue.put(make(2));
}

/* ---- pipelines ---- */

std::unique_ptr<number> twice(number &item) {
    return make(2 * item.value);
}

/* Every form of a function, in one chain. */
void functions_of_every_form() {
    std::vector<std::unique_ptr<number>> kept;
    weir_stage_options batches = {}, single = {}, ordered = {};
    batches.batch.items = 3;
    single.threads.width = 1;
    ordered.output.ordered = true;
    weir::pipeline pipeline;
    auto offset = make(1);
    pipeline.add("pointer", twice);
    pipeline.add(
        "move-only capture",
        [offset = std::move(offset)](number &item) -> number & {
            item.value += offset->value;
            return item;
        },
        ordered);
    pipeline.add("filter",
                 [](std::unique_ptr<number> item) { return item->value % 3 == 0 ? nullptr : std::move(item); });
    pipeline.add("several", [](weir::task<number> &task, const number &item) {
        task.emit(make(item.value));
        task.emit(make(-1000 * static_cast<long>(task.attempt())));
    });
    pipeline.add(
        "batch",
        [](weir::task<number> &task, weir::batch<number> items) {
            long sum = 0;
            for (number &item : items)
                sum += item.value;
            task.emit(make(sum + static_cast<long>(items.size())));
        },
        batches);
    pipeline.add(
        "keep", [&kept](std::unique_ptr<number> item) { kept.push_back(std::move(item)); }, single);
    pipeline.start();
    for (long i = 0; i < 300; i++)
        CHECK(pipeline.put(make(i)) == WEIR_OK);
    CHECK(pipeline.finish() == WEIR_OK);
    long sum = 0, expected = 0;
    for (const auto &item : kept)
        sum += item->value;
    for (long i = 0; i < 300; i++)
        expected += (2 * i + 1) % 3 == 0 ? 0 : 2 * i + 1 - 1000 + 2;
    CHECK(sum == expected);
}

void source_ends_with_null_or_false() {
    std::atomic<long> sum{0};
    weir_stage_options again = skipping();
    weir::pipeline pipeline;
    long i = 0;
    weir_stage *counts = pipeline.add(
        "counts",
        [&i]() -> std::unique_ptr<number> {
            if (i++ == 5)
                throw std::runtime_error("five");
            return i > 10 ? nullptr : make(i);
        },
        again);
    weir_stage *emits = pipeline.add("emits", [left = 3](weir::task<number> &task) mutable {
        task.emit(make(100));
        return !task.cancelled() && --left > 0;
    });
    weir_stage *adds = pipeline.add("adds", [&sum](number &item) { sum += item.value; });
    pipeline.connect(counts, adds);
    pipeline.connect(emits, adds);
    pipeline.start();
    CHECK(pipeline.wait() == WEIR_OK);
    CHECK(pipeline.pause() == WEIR_OK && pipeline.pause(adds) == WEIR_OK);
    CHECK(pipeline.set_rate(adds, 1e6, 2) == WEIR_OK && pipeline.report()->stages[2].limit == 1e6);
    CHECK(pipeline.set_rate(adds, 0) == WEIR_OK);
    CHECK(thrown_by([&] { (void)pipeline.set_threads(adds, 1, 1); }) == WEIR_INVALID); /* a fixed number */
    pipeline.resume(adds);
    CHECK(pipeline.wait_idle() == WEIR_OK && sum == 55 - 6 + 300);
    pipeline.resume();
    weir::report report;
    CHECK(pipeline.finish(PATIENCE, report) == WEIR_OK && sum == 55 - 6 + 300);
    CHECK(report->error_count == 1 && std::strcmp(report->errors[0].message, "five") == 0);
}

struct expectation {
    const char *message;
    int code;
};

void throw_number(long which) {
    switch (which) {
        case 0:
            throw std::invalid_argument("no number");
        case 1:
            throw weir::failure(404, "not found");
        case 2:
            throw weir::error(WEIR_CLOSED, "over");
        case 3:
            throw std::system_error(ENOENT, std::generic_category(), "open");
        case 4:
            throw std::bad_alloc();
        case 5:
            throw 5;
        default:
            throw weir::failure(0, std::string(1000, 'x') + "%s");
    }
}

/* Each exception fails its item, with its message and its code; the letter has the item. */
void exceptions_become_failures() {
    const expectation expected[] = {
        {"no number", WEIR_CODE(WEIR_FAILED)}, {"not found", 404},
        {"over", WEIR_CODE(WEIR_CLOSED)},      {"open: No such file or directory", ENOENT},
        {"", WEIR_CODE(WEIR_NOMEM)},           {"an exception that is no std::exception", WEIR_CODE(WEIR_FAILED)},
        {"xxx", WEIR_CODE(WEIR_FAILED)},
    };
    weir::dead_letters<number> letters(WEIR_UNBOUNDED);
    weir_stage_options options = skipping();
    options.errors.dead = letters.handle();
    options.output.ordered = true;
    weir::pipeline pipeline;
    pipeline.add(
        "throws", [](number &item) { throw_number(item.value); }, options);
    pipeline.start();
    for (long i = 0; i < 7; i++)
        pipeline.put(make(i));
    weir::report report;
    CHECK(pipeline.finish(PATIENCE, report) == WEIR_OK);
    CHECK(report->counts.dead == 7 && report->error_count == 7);
    CHECK(weir::to_string(report).find("not found") != std::string::npos);
    CHECK(weir::to_string(report, WEIR_DOT).find("digraph") != std::string::npos);
    size_t count = 0;
    for (auto &letter : letters) {
        long i = static_cast<number *>(letter->item)->value;
        CHECK(letter->code == expected[i].code);
        CHECK(std::strncmp(letter->message, expected[i].message, std::strlen(expected[i].message)) == 0);
        count++;
    }
    CHECK(count == 7);
}

void item_is_unchanged_for_the_next_attempt() {
    std::atomic<long> sum{0};
    weir_stage_options options = {};
    options.errors.retry.attempts = 3;
    options.errors.retry.backoff = 1000;
    weir::pipeline pipeline;
    pipeline.add(
        "third time",
        [](weir::task<number> &task, number &item) {
            if (task.attempt() < 3)
                throw std::runtime_error("not yet");
            task.emit(make(item.value));
        },
        options);
    pipeline.add("sum", [&sum](number &item) { sum += item.value; });
    pipeline.start();
    for (long i = 0; i < 20; i++)
        pipeline.put(make(i));
    CHECK(pipeline.finish() == WEIR_OK && sum == 190);
}

/* The function owns the item that it fails with: the pipeline deletes the others, and not this one. */
void owned_item_is_lost_with_its_exception() {
    for (int round = 0; round < 2; round++) {
        weir_stage_options options = skipping();
        options.output.ordered = round == 1;
        weir::pipeline pipeline;
        pipeline.add(
            "throws",
            [](weir::task<number> &task, std::unique_ptr<number> item) {
                long value = item->value;
                item.reset();
                task.emit(make(value)); /* may have the address of the item */
                if (value % 2 == 1)
                    throw std::runtime_error("odd");
            },
            options);
        pipeline.add("sink", [](number &) {});
        pipeline.start();
        for (long i = 0; i < 500; i++)
            pipeline.put(make(i));
        weir::report report;
        CHECK(pipeline.finish(PATIENCE, report) == WEIR_OK);
        CHECK(report->stages[0].counts.failed == 250 && report->stages[0].counts.done == 250);
    }
}

void first_failure_ends_the_run() {
    for (int round = 0; round < 20; round++) {
        weir::pipeline pipeline;
        pipeline.add("owns", [](std::unique_ptr<number> item) {
            if (item->value == 50)
                throw std::runtime_error("fifty");
            return item;
        });
        pipeline.add("sink", [](number &) {});
        pipeline.start();
        weir_status status = WEIR_OK;
        for (long i = 0; i < 200 && status == WEIR_OK; i++) {
            auto item = make(i);
            status = pipeline.put(std::move(item));
            CHECK((status == WEIR_OK) == (item == nullptr));
        }
        weir::report report;
        CHECK(pipeline.finish(PATIENCE, report) == WEIR_FAILED);
        CHECK(report->errors[0].fatal && std::strcmp(report->errors[0].message, "fifty") == 0);
    }
}

/* A batch that fails belongs to the pipeline again, all of it. */
void batch_fails_as_a_whole() {
    weir::dead_letters<number> letters(WEIR_UNBOUNDED);
    weir_stage_options options = skipping();
    options.batch.items = 5;
    options.errors.dead = letters.handle();
    weir::pipeline pipeline;
    pipeline.add(
        "throws", [](weir::batch<number>) { throw std::runtime_error("all"); }, options);
    pipeline.start();
    for (long i = 0; i < 12; i++)
        pipeline.put(make(i));
    CHECK(pipeline.finish() == WEIR_OK && letters.size() == 12);
}

/* The failed items are the pipeline's again, the others are deleted. */
void item_fails_alone() {
    weir::dead_letters<number> letters(WEIR_UNBOUNDED);
    weir_stage_options options = skipping();
    options.batch.items = 5;
    options.errors.retry.attempts = 2;
    options.errors.dead = letters.handle();
    weir::pipeline pipeline;
    pipeline.add(
        "odd ones fail",
        [](weir::batch<number> items) {
            for (size_t i = 0; i < items.size(); i++) {
                if (items[i].value % 2 != 0)
                    items.fail(i, static_cast<int>(items[i].value), "odd");
            }
            CHECK(thrown_by([&] { items.fail(items.size(), 1, "none"); }) == WEIR_INVALID);
        },
        options);
    pipeline.start();
    for (long i = 0; i < 20; i++)
        CHECK(pipeline.put(make(i)) == WEIR_OK);
    CHECK(pipeline.finish() == WEIR_OK && letters.size() == 10);
    for (auto &letter : letters)
        CHECK(letter->code % 2 == 1 && letter->attempts == 2 && std::strcmp(letter->message, "odd") == 0);
}

/* Letters go to a stage, in batches, which takes the items out of some. Without a connect, the others are a chain. */
void letters_are_items_of_a_stage() {
    weir_stage_options tries = skipping(), batches = {}, single = {};
    tries.errors.retry.attempts = 2;
    batches.batch.items = 3;
    single.threads.width = 1;
    std::vector<std::unique_ptr<number>> kept;
    long told = 0;
    std::atomic<long> passed{0};
    weir::pipeline pipeline;
    weir_stage *fails = pipeline.add(
        "fails",
        [](number &item) -> number & {
            if (item.value % 3 == 0)
                throw weir::failure(33, "three");
            return item;
        },
        tries);
    single.batch = batches.batch;
    weir_stage *dead = pipeline.add(
        "letters",
        [&](weir::batch<weir::letter<number>> letters) {
            for (auto &letter : letters) {
                CHECK(letter.code == 33 && letter.attempts == 2 && std::strcmp(letter.message, "three") == 0);
                told++;
                if (letter.get().value % 2 == 0)
                    kept.push_back(letter.take());
            }
        },
        single);
    pipeline.add("passed", [&passed](std::unique_ptr<number>) { passed++; });
    pipeline.connect_dead(fails, dead);
    pipeline.start();
    for (long i = 0; i < 30; i++)
        CHECK(pipeline.put(make(i)) == WEIR_OK);
    CHECK(pipeline.finish() == WEIR_OK);
    CHECK(told == 10 && kept.size() == 5 && passed == 20);
}

void letters_fit_their_stage() {
    weir::pipeline pipeline;
    weir_stage *owns = pipeline.add("owns", [](std::unique_ptr<number>) {});
    weir_stage *refers = pipeline.add("refers", [](number &) {});
    weir_stage *letters = pipeline.add("letters", [](std::unique_ptr<weir::letter<number>>) {});
    weir_stage *others = pipeline.add("others", [](weir::letter<std::string> &) {});
    CHECK(thrown_by([&] { pipeline.connect_dead(owns, letters); }) == WEIR_INVALID);
    CHECK(thrown_by([&] { pipeline.connect_dead(refers, others); }) == WEIR_INVALID);
    CHECK(thrown_by([&] { pipeline.connect_dead(refers, owns); }) == WEIR_INVALID);
    pipeline.connect_dead(refers, letters);
}

/* A number leads to its halves, down to 1: a tree. The leaves arrive. */
void fed_items_come_back() {
    std::atomic<long> leaves{0};
    weir_stage *halve = nullptr;
    weir::pipeline pipeline;
    halve = pipeline.add("halve", [](number &item) -> number & { return item; });
    weir_stage *part = pipeline.add("part", [&](weir::task<number> &task, std::unique_ptr<number> item) {
        if (item->value == 1) {
            leaves++;
            return;
        }
        auto half = make(item->value / 2);
        CHECK(pipeline.feed(task, halve, std::move(half)) == WEIR_OK && half == nullptr);
        CHECK(pipeline.feed(task, halve, make(item->value - item->value / 2)) == WEIR_OK);
        CHECK(thrown_by([&] { pipeline.feed(task, halve, std::make_unique<long>(1)); }) == WEIR_INVALID);
        CHECK(thrown_by([&] { pipeline.feed(task, halve, std::unique_ptr<number>()); }) == WEIR_INVALID);
    });
    pipeline.connect(halve, part);
    pipeline.connect_back(part, halve);
    pipeline.start();
    CHECK(pipeline.put(make(500)) == WEIR_OK && pipeline.wait_idle(PATIENCE) == WEIR_OK && leaves == 500);
    CHECK(pipeline.put(make(300)) == WEIR_OK && pipeline.finish() == WEIR_OK && leaves == 800);
}

/* The pipeline's settled is told of each item once, by its ticket, from puts and from a source. */
void submitted_items_are_told() {
    struct outcomes {
        std::atomic<long> of[4];
    } outcomes = {};
    weir_pipeline_options telling = {};
    telling.settled = [](void *ticket, weir_outcome outcome) { static_cast<struct outcomes *>(ticket)->of[outcome]++; };
    auto third_fails = [](number &item) {
        if (item.value % 3 == 0)
            throw std::runtime_error("three");
    };
    {
        weir::pipeline pipeline(telling);
        pipeline.add("fails", third_fails, skipping());
        pipeline.start();
        for (long i = 0; i < 30; i++)
            CHECK(pipeline.submit(make(i), &outcomes) == WEIR_OK);
        CHECK(pipeline.submit_until(make(1), &outcomes, PATIENCE) == WEIR_OK);
        CHECK(pipeline.finish() == WEIR_OK);
        auto late = make(1);
        CHECK(pipeline.submit(std::move(late), &outcomes) == WEIR_CLOSED && late != nullptr);
    }
    CHECK(outcomes.of[WEIR_ITEM_DONE] == 21 && outcomes.of[WEIR_ITEM_FAILED] == 10);
    weir::pipeline pipeline(telling);
    pipeline.add("source", [&outcomes, left = 30L](weir::task<number> &task) mutable {
        task.submit(make(--left), &outcomes);
        return left > 0;
    });
    pipeline.add("fails", third_fails, skipping());
    pipeline.start();
    CHECK(pipeline.wait(PATIENCE) == WEIR_OK && pipeline.finish() == WEIR_OK);
    CHECK(outcomes.of[WEIR_ITEM_DONE] == 41 && outcomes.of[WEIR_ITEM_FAILED] == 20);
}

/* pthread_exit is no exception: the function is unwound, and the run fails as in C. */
void end_of_a_thread_is_no_exception() {
    for (int round = 0; round < 4; round++) {
        std::atomic<bool> unwound{false};
        struct guard {
            std::atomic<bool> &unwound;
            ~guard() {
                unwound = true;
            }
        };
        weir_stage_options options = skipping();
        options.threads.count = round < 2 ? 1 : 0;
        weir::pipeline pipeline;
        if (round % 2 == 0) {
            pipeline.add(
                "exits",
                [&unwound](number &) {
                    guard local{unwound};
                    pthread_exit(nullptr);
                },
                options);
        } else {
            pipeline.add(
                "exits",
                [&unwound](std::unique_ptr<number>) {
                    guard local{unwound};
                    pthread_exit(nullptr);
                },
                options);
        }
        pipeline.start();
        pipeline.put(make(1));
        while (!unwound)
            std::this_thread::yield();
        weir::report report;
        CHECK(pipeline.finish(PATIENCE, report) == WEIR_FAILED);
        CHECK(report->errors[0].code == WEIR_CODE(WEIR_UNFINISHED));
    }
}

/* Items in flight are deleted; the function that runs is waited for. */
void destructor_cancels() {
    std::atomic<bool> inside{false};
    bool returned = false;
    {
        weir_stage_options options = {};
        options.threads.count = 1;
        weir_pipeline_options impatient = {};
        impatient.grace = 1;
        weir::pipeline pipeline(impatient);
        pipeline.add(
            "waits",
            [&](weir::task<number> &task, std::unique_ptr<number> item) {
                inside = true;
                CHECK(task.poll(-1, 0) == WEIR_CANCELLED && item->value == 0);
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                returned = true;
            },
            options);
        pipeline.start();
        for (long i = 0; i < 10; i++)
            pipeline.put(make(i));
        while (!inside)
            std::this_thread::yield();
    }
    CHECK(returned);
}

void results_are_copied_for_several_successors() {
    std::atomic<long> sum{0};
    weir_stage_options all = {}, out = {};
    weir::queue<number> results(WEIR_UNBOUNDED);
    all.output.fan_out = WEIR_TO_ALL;
    out.output.results = results.handle();
    weir::pipeline pipeline;
    weir_stage *from = pipeline.add(
        "from", [](number &item) -> number & { return item; }, all);
    weir_stage *left = pipeline.add("left", [&sum](number &item) { sum += item.value; });
    weir_stage *right = pipeline.add("right", twice, out);
    pipeline.connect(from, left);
    pipeline.connect(from, right);
    pipeline.start();
    for (long i = 0; i < 10; i++)
        pipeline.put_until(make(i), PATIENCE);
    CHECK(pipeline.finish() == WEIR_OK && sum == 45);
    for (auto &result : results)
        sum += result->value;
    CHECK(sum == 45 + 90);
}

/* Types are checked where they are erased, and options that the wrapper needs. */
void what_does_not_fit_is_refused() {
    weir::pipeline pipeline;
    weir_stage_options bad = {};
    auto add = [&](weir_stage_options &options) {
        return thrown_by([&] {
            pipeline.add(
                "bad", [](std::unique_ptr<number>) {}, options);
        });
    };
    bad.work.arg = &bad;
    CHECK(add(bad) == WEIR_INVALID);
    bad = {};
    bad.errors.retry.attempts = 2;
    CHECK(add(bad) == WEIR_INVALID);
    weir_stage *first = pipeline.add("first", twice);
    weir_stage *text = pipeline.add("text", [](std::string &) {});
    CHECK(thrown_by([&] { pipeline.connect(first, text); }) == WEIR_INVALID);
    CHECK(thrown_by([&] { pipeline.connect(first, nullptr); }) == WEIR_INVALID);
    CHECK(thrown_by([&] { pipeline.start(); }) == WEIR_INVALID);
    auto item = make(1);
    CHECK(thrown_by([&] { pipeline.put(std::move(item)); }) == WEIR_INVALID && item->value == 1);
    CHECK(thrown_by([&] { pipeline.cancel(); }) == WEIR_INVALID);

    weir::pipeline other;
    other.add("same", twice);
    CHECK(thrown_by([&] { other.put(std::move(item)); }) == WEIR_INVALID && item->value == 1);
    try {
        other.add("same", twice);
        CHECK(false);
    } catch (const weir::error &refused) {
        CHECK(std::string(refused.what()).find("same") != std::string::npos);
    }
    weir::pipeline third;
    third.add("only", twice);
    third.start();
    auto wrong = std::make_unique<std::string>("text");
    CHECK(thrown_by([&] { third.put(std::move(wrong)); }) == WEIR_INVALID && *wrong == "text");
    CHECK(third.report()->stage_count == 1);
    third.cancel();
    CHECK(third.put(std::move(item)) == WEIR_CLOSED && item != nullptr);
    CHECK(third.finish() == WEIR_CANCELLED);
}

/* ---- executors ---- */

void future_has_the_value() {
    weir::executor executor;
    auto value = executor.submit([item = make(3)] { return make(item->value + 1); });
    auto nothing = executor.submit([] {});
    auto own = executor.submit([](weir_future *self) { return weir_future_cancelled(self); });
    CHECK(value.wait() && value.get()->value == 4);
    nothing.get();
    CHECK(!own.get());
    CHECK(thrown_by([&] { own.get(); }) == WEIR_EMPTY);
    CHECK(thrown_by([&] { weir::future<int>().get(); }) == WEIR_INVALID);
    auto nested = executor.submit([&executor] { return executor.submit([] { return 5; }).get() + 1; });
    CHECK(nested.get() == 6);
}

void future_rethrows() {
    weir::executor executor;
    auto failed = executor.submit([]() -> int { throw std::out_of_range("far"); });
    try {
        failed.get();
        CHECK(false);
    } catch (const std::out_of_range &caught) {
        CHECK(std::strcmp(caught.what(), "far") == 0);
    }
    CHECK(weir_future_code(failed.handle()) == WEIR_CODE(WEIR_FAILED));
    CHECK(std::strcmp(weir_future_message(failed.handle()), "far") == 0);
    auto coded = executor.submit([] { throw weir::failure(404, "not found"); });
    CHECK(coded.wait() && weir_future_code(coded.handle()) == 404);
    auto seen = executor.submit([] { throw weir::error(WEIR_CANCELLED); });
    CHECK(thrown_by([&] { seen.get(); }) == WEIR_CANCELLED);
}

/* A task that never runs is deleted with what it has captured. */
void cancelled_task_never_runs() {
    std::atomic<bool> open{false}, ran{false};
    weir_executor_options options = {};
    options.threads = 1;
    options.capacity = 1;
    options.when_full = WEIR_REFUSE;
    weir::executor executor(options);
    std::atomic<bool> inside{false};
    auto first = executor.submit([&] {
        inside = true;
        while (!open)
            std::this_thread::yield();
    });
    while (!inside)
        std::this_thread::yield();
    auto second = executor.submit([&ran, item = make(1)] { ran = item != nullptr; });
    CHECK(thrown_by([&] { executor.submit([item = make(2)] {}); }) == WEIR_FULL && number::live == 1);
    CHECK(!second.wait(weir::after(std::chrono::milliseconds(1))));
    CHECK(second.cancel() && number::live == 0);
    CHECK(!first.cancel());
    open = true;
    first.get();
    CHECK(thrown_by([&] { second.get(); }) == WEIR_CANCELLED && !ran);
    CHECK(weir_executor_shutdown(executor.handle(), true, false, WEIR_NEVER, nullptr, nullptr) == WEIR_OK);
    CHECK(thrown_by([&] { executor.submit([item = make(3)] {}); }) == WEIR_CLOSED);
}

void destructor_runs_what_is_pending() {
    std::atomic<int> ran{0};
    {
        weir::executor executor;
        for (int i = 0; i < 100; i++)
            (void)executor.submit([&ran, item = make(i)] { ran++; });
        weir_submit_options periodic = {};
        periodic.period = 1000;
        auto runs = executor.submit(
            [&ran, item = make(1)] {
                if (ran++ == 200)
                    throw std::runtime_error("enough");
                return 1;
            },
            periodic);
        try {
            runs.get();
            CHECK(false);
        } catch (const std::runtime_error &caught) {
            CHECK(std::strcmp(caught.what(), "enough") == 0);
        }
        periodic.drop = [](void *, void *) {};
        CHECK(thrown_by([&] { executor.submit([] {}, periodic); }) == WEIR_INVALID);
    }
    CHECK(ran >= 200);
}

void task_that_ends_its_thread_is_unfinished() {
    weir::executor executor;
    auto future = executor.submit([item = make(1)] { pthread_exit(nullptr); });
    CHECK(thrown_by([&] { future.get(); }) == WEIR_UNFINISHED);
}

void deadlines_saturate() {
    using hours = std::chrono::duration<double, std::ratio<3600>>;
    CHECK(weir::after(hours(1e9)) == WEIR_NEVER && weir::after(std::chrono::hours::max()) == WEIR_NEVER);
    CHECK(weir::after(std::chrono::seconds(-5)) <= weir_deadline_after(0));
    CHECK(weir::after(std::chrono::hours(1)) > weir_deadline_after(0));
}

} // namespace

int main() {
    void (*const scenes[])() = {
        put_takes_the_item_or_leaves_it,
        get_returns_items_and_then_null,
        loop_settles_each_item,
        queue_deletes_what_is_left,
        functions_of_every_form,
        source_ends_with_null_or_false,
        exceptions_become_failures,
        item_is_unchanged_for_the_next_attempt,
        owned_item_is_lost_with_its_exception,
        first_failure_ends_the_run,
        batch_fails_as_a_whole,
        item_fails_alone,
        letters_are_items_of_a_stage,
        letters_fit_their_stage,
        fed_items_come_back,
        submitted_items_are_told,
        end_of_a_thread_is_no_exception,
        destructor_cancels,
        results_are_copied_for_several_successors,
        what_does_not_fit_is_refused,
        future_has_the_value,
        future_rethrows,
        cancelled_task_never_runs,
        destructor_runs_what_is_pending,
        task_that_ends_its_thread_is_unfinished,
        deadlines_saturate,
    };
    int count = 0;
    for (auto scene : scenes) {
        scene();
        count++;
        if (number::live != 0)
            std::printf("after scene %d\n", count);
        CHECK(number::live == 0);
    }
    std::printf("%d scenes\n", count);
    return 0;
}
