/*
 * weir/pipeline.hpp - a weir_pipeline with callables of C++ as stages, and its report. See weir.hpp.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_HPP
#define WEIR_PIPELINE_HPP

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <weir/error.hpp>
#include <weir/pipeline.h>
#include <weir/report.h>
#include <weir/stage.hpp>

namespace weir {

/* ---- reports ---- */

struct report_delete {
    void operator()(weir_report *report) const noexcept {
        weir_report_free(report);
    }
};
using report = std::unique_ptr<weir_report, report_delete>;

/* Returns what weir_report_print writes. */
inline std::string to_string(const report &of, weir_report_format format = WEIR_TABLE) {
    char *text = nullptr;
    size_t size = 0;
    detail::must(weir_report_text(of.get(), format, &text, &size));
    std::unique_ptr<char, void (*)(void *)> owner(text, std::free);
    return std::string(text, size);
}

/* ---- pipelines ---- */

/*
 * A weir_pipeline. Its destructor cancels a run that is not finished, and blocks until the functions have returned. A
 * stage of the pipeline must not destroy it: std::terminate is called then.
 */
class pipeline {
public:
    explicit pipeline(const weir_pipeline_options &options = {}) {
        weir_status status = weir_pipeline_create(&handle_, &options);
        detail::must(status, status == WEIR_OK ? "" : weir_pipeline_message(nullptr));
    }
    pipeline(const pipeline &) = delete;
    pipeline &operator=(const pipeline &) = delete;
    ~pipeline() {
        weir_status status;
        while ((status = weir_pipeline_destroy(handle_)) == WEIR_BUSY)
            continue;
        if (status != WEIR_OK)
            std::terminate();
    }

    /*
     * Adds a stage, and returns it for connect. `function` is moved to the pipeline and lives as long. Several threads
     * call it at the same time, unless the options allow one. It takes one of:
     *
     *   T &                  the item, which the pipeline owns: it is deleted when the function returns. After an
     *                        exception it must be unchanged, for the next attempt or the dead letter
     *   std::unique_ptr<T>   the item, which the function owns: no retries and no dead letters
     *   weir::batch<T>       several items, as T &; needs options.batch
     *   nothing              a source, which is called again until it returns NULL or false
     *
     * and returns void, or a std::unique_ptr<U> that is the result, or its own T &, which is passed on. With a first
     * parameter weir::task<U> & it emits any number of results, and returns void; a source returns bool.
     *
     * In the options, func, run, run_batch, source, arg, init, fini, at_end and drop must be NULL; `copy` is made from U's
     * copy constructor, if WEIR_TO_ALL needs it; the `arg` of route, key, weigh and when has no meaning.
     */
    template <class F> weir_stage *add(const char *name, F function, weir_stage_options options = {}) {
        auto stage = std::make_unique<detail::stage_of<F>>(std::move(function));
        options.name = name;
        stage->declare(options);
        stages_.push_back(std::move(stage)); /* a refused stage makes start fail */
        must(weir_pipeline_add(handle_, &stages_.back()->handle, &options));
        return stages_.back()->handle;
    }

    void connect(weir_stage *from, weir_stage *to) {
        check_types(find(from), find(to));
        must(weir_pipeline_connect(handle_, from, to));
        find(to).has_input = true;
        connected_ = true;
    }

    /* Allows a function of stage `from` to `feed` items to stage `to`, upstream of it. */
    void connect_back(weir_stage *from, weir_stage *to) {
        must(weir_pipeline_connect_back(handle_, from, to));
    }
    /*
     * Sends the dead letters of stage `from`, which takes T & or weir::batch<T>, to stage `to`. The item of `to`
     * is weir::letter<T>.
     */
    void connect_dead(weir_stage *from, weir_stage *to) {
        if (find(from).letter == typeid(void))
            throw error(WEIR_INVALID, "a stage that takes ownership of its item, or takes none, has no dead letters");
        if (find(from).letter != find(to).in)
            throw error(WEIR_INVALID, "a stage that gets dead letters takes weir::letter of the items");
        must(weir_pipeline_connect_dead(handle_, from, to));
        find(to).has_input = find(to).gets_letters = true;
    }

    void start() {
        if (!connected_)
            check_chain();
        for (const auto &stage : stages_) {
            if (!stage->has_input)
                entry_ = &stage->in;
        }
        must(weir_pipeline_start(handle_));
    }

    /* Put the item into the entry stage and return WEIR_OK. Otherwise WEIR_CLOSED or WEIR_TIMEDOUT. */
    template <class T> weir_status put(std::unique_ptr<T> &&item) {
        return put_by(item, [&](void *raw) { return weir_pipeline_put(handle_, raw); });
    }
    template <class T> weir_status put_until(std::unique_ptr<T> &&item, weir_deadline deadline) {
        return put_by(item, [&](void *raw) { return weir_pipeline_put_until(handle_, raw, deadline); });
    }

    /*
     * Put the item, and tell `settled` of the pipeline's options what became of it and its results, with `ticket`. They
     * return the statuses of put.
     */
    template <class T> weir_status submit(std::unique_ptr<T> &&item, void *ticket) {
        return put_by(item, [&](void *raw) { return weir_pipeline_submit(handle_, raw, ticket); });
    }
    template <class T> weir_status submit_until(std::unique_ptr<T> &&item, void *ticket, weir_deadline deadline) {
        return put_by(item, [&](void *raw) { return weir_pipeline_submit_until(handle_, raw, ticket, deadline); });
    }
    /*
     * In the function of a stage: feeds an item to that stage, or to one upstream to which it is connected back. Does
     * not block. Returns WEIR_OK or WEIR_CLOSED.
     */
    template <class Out, class T>
    weir_status feed(const task<Out> &current, weir_stage *stage, std::unique_ptr<T> &&item) {
        if (find(stage).in != typeid(T))
            throw error(WEIR_INVALID, "the stage takes items of another type");
        return detail::outcome(
            detail::hand_over(item, [&](void *raw) { return weir_task_feed(current.handle(), stage, raw); }));
    }

    /* Blocks until the sources have ended. Returns WEIR_OK, WEIR_CLOSED, WEIR_CANCELLED or WEIR_TIMEDOUT. */
    weir_status wait(weir_deadline deadline = WEIR_NEVER) {
        return outcome(weir_pipeline_wait(handle_, deadline));
    }
    /* Blocks until nothing is in flight either. Returns the statuses of wait. */
    weir_status wait_idle(weir_deadline deadline = WEIR_NEVER) {
        return outcome(weir_pipeline_wait_idle(handle_, deadline));
    }
    /* Completes all items and ends the run. Returns WEIR_OK, WEIR_FAILED, WEIR_CANCELLED, WEIR_TIMEDOUT or WEIR_BUSY. */
    weir_status finish(weir_deadline deadline = WEIR_NEVER) {
        return outcome(weir_pipeline_finish(handle_, deadline, nullptr));
    }
    weir_status finish(weir_deadline deadline, weir::report &report) {
        weir_report *raw = nullptr;
        weir_status status = weir_pipeline_finish(handle_, deadline, &raw);
        report.reset(raw);
        return outcome(status);
    }
    /* Pauses a stage, or the entrance. Returns WEIR_OK or WEIR_CLOSED. */
    weir_status pause(weir_stage *stage = nullptr) {
        return outcome(weir_pipeline_pause(handle_, stage));
    }
    void resume(weir_stage *stage = nullptr) {
        must(weir_pipeline_resume(handle_, stage));
    }
    /* Changes the rate of a stage; 0: none. Returns WEIR_OK or WEIR_CLOSED. */
    weir_status set_rate(weir_stage *stage, double rate, std::size_t burst = 0) {
        return outcome(weir_pipeline_set_rate(handle_, stage, rate, burst));
    }
    /* Changes the limits of the number of threads of an elastic stage. Returns WEIR_OK or WEIR_CLOSED. */
    weir_status set_threads(weir_stage *stage, std::size_t threads, std::size_t max_threads) {
        return outcome(weir_pipeline_set_threads(handle_, stage, threads, max_threads));
    }
    void cancel() {
        must(weir_pipeline_cancel(handle_));
    }
    weir::report report() const {
        weir_report *raw = nullptr;
        must(weir_pipeline_report(handle_, &raw));
        return weir::report(raw);
    }
    weir_pipeline *handle() const noexcept {
        return handle_;
    }

private:
    const char *why(weir_status status) const noexcept {
        return status == WEIR_OK ? "" : weir_pipeline_message(handle_);
    }
    weir_status outcome(weir_status status) const {
        return detail::outcome(status, why(status));
    }
    void must(weir_status status) const {
        detail::must(status, why(status));
    }

    template <class T, class Put> weir_status put_by(std::unique_ptr<T> &item, Put put) {
        if (entry_ != nullptr && *entry_ != typeid(T))
            throw error(WEIR_INVALID, "the entry stage takes items of another type");
        return outcome(detail::hand_over(item, put));
    }

    detail::stage_base &find(const weir_stage *handle) const {
        for (const auto &stage : stages_) {
            if (stage->handle == handle)
                return *stage;
        }
        throw error(WEIR_INVALID);
    }
    void check_chain() {
        detail::stage_base *last = nullptr;
        for (const auto &stage : stages_) {
            if (stage->gets_letters)
                continue;
            if (last != nullptr) {
                check_types(*last, *stage);
                stage->has_input = true;
            }
            last = stage.get();
        }
    }
    static void check_types(const detail::stage_base &from, const detail::stage_base &to) {
        if (from.out != to.in)
            throw error(WEIR_INVALID, "a stage takes items of another type than the results of the stage before it");
    }

    weir_pipeline *handle_ = nullptr;
    std::vector<std::unique_ptr<detail::stage_base>> stages_;
    bool connected_ = false;
    const std::type_info *entry_ = nullptr; /* of the items that are put */
};

} // namespace weir

#endif /* WEIR_PIPELINE_HPP */
