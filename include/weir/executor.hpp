/*
 * weir/executor.hpp - a weir_executor for callables of C++, and their futures. See weir.hpp.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_HPP
#define WEIR_EXECUTOR_HPP

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <weir/error.hpp>
#include <weir/executor.h>
#include <weir/future.h>

namespace weir {

namespace detail {

/* What a task has left for its future. */
template <class R> struct result_of {
    std::optional<R> value;
    std::exception_ptr error;
};
template <> struct result_of<void> { std::exception_ptr error; };

/* A submitted callable. It may take its weir_future *. */
template <class F> struct job {
    static auto call(F &function, weir_future *self) {
        if constexpr (std::is_invocable_v<F &, weir_future *>)
            return function(self);
        else
            return function();
    }
    using result = decltype(call(std::declval<F &>(), nullptr));

    static int run(weir_future *self, void *arg, void **) {
        auto *mine = static_cast<job *>(arg);
        auto body = [=] {
            if constexpr (std::is_void_v<result>)
                call(mine->function, self);
            else
                mine->left->value.emplace(call(mine->function, self));
            return 0;
        };
        return guarded(body, [=] {
            mine->left->error = std::current_exception();
            return describe([=](int code, const char *what) { return weir_executor_error(self, code, "%s", what); });
        });
    }

    F function;
    std::shared_ptr<result_of<result>> left;
};

} // namespace detail

/*
 * The future of a task: a reference to a weir_future. Its destructor neither waits nor cancels.
 *
 * get blocks until the task has ended, and returns its value, once. It rethrows the exception of the task. It throws
 * weir::error with WEIR_CANCELLED if the task was cancelled, WEIR_EMPTY if the value was taken, WEIR_UNFINISHED if the
 * task ended its thread, WEIR_TIMEDOUT if it did not begin by its deadline.
 */
template <class R> class future {
public:
    future() noexcept = default;
    future(weir_future *handle, std::shared_ptr<detail::result_of<R>> left) noexcept
        : handle_(handle), left_(std::move(left)) {
    }

    R get() {
        weir_status status = detail::outcome(weir_future_get(handle(), nullptr));
        if (status == WEIR_FAILED)
            rethrow();
        detail::must(status);
        if constexpr (!std::is_void_v<R>) {
            if (!left_->value.has_value())
                throw error(WEIR_EMPTY);
            R value = std::move(*left_->value);
            left_->value.reset();
            return value;
        }
    }
    /* Blocks until the task has ended, or until `deadline`. Returns whether the task has ended. */
    bool wait(weir_deadline deadline = WEIR_NEVER) const {
        return detail::outcome(weir_future_get_until(handle(), nullptr, deadline)) != WEIR_TIMEDOUT;
    }
    /* Returns whether the task will never run. If it runs, it can see the request (weir_future_cancelled). */
    bool cancel() {
        return detail::outcome(weir_future_cancel(handle())) == WEIR_OK;
    }
    weir_future *handle() const noexcept {
        return handle_.get();
    }

private:
    struct release {
        void operator()(weir_future *handle) const noexcept {
            weir_future_release(handle);
        }
    };

    [[noreturn]] void rethrow() const {
        if (left_->error != nullptr)
            std::rethrow_exception(left_->error);
        int status = WEIR_CODE(WEIR_OK) - weir_future_code(handle());
        throw error(static_cast<weir_status>(status), weir_future_message(handle()));
    }

    std::unique_ptr<weir_future, release> handle_;
    std::shared_ptr<detail::result_of<R>> left_;
};

/*
 * A weir_executor. Its destructor blocks until all tasks have ended, pending and delayed ones included; periodic tasks
 * end. A task must not destroy its executor: std::terminate is called then.
 */
class executor {
public:
    explicit executor(const weir_executor_options &options = {}) {
        detail::must(weir_executor_create(&handle_, &options));
    }
    executor(const executor &) = delete;
    executor &operator=(const executor &) = delete;
    ~executor() {
        (void)weir_executor_shutdown(handle_, true, false, WEIR_NEVER, nullptr, nullptr);
        if (weir_executor_destroy(handle_) != WEIR_OK)
            std::terminate();
    }

    /*
     * Runs `function`, a callable without parameters or with its own weir_future *, once or as the options say. Throws
     * every status but WEIR_OK: WEIR_CLOSED, WEIR_FULL and WEIR_TIMEDOUT too. `drop` of the options must be NULL.
     */
    template <class F> auto submit(F function, const weir_submit_options &options = {}) {
        using job = detail::job<F>;
        using result = typename job::result;
        if (options.drop != nullptr)
            throw error(WEIR_INVALID, "drop must be NULL");
        auto left = std::make_shared<detail::result_of<result>>();
        auto task = std::make_unique<job>(job{std::move(function), left});
        weir_future *raw = nullptr;
        detail::must(weir_executor_submit_with(handle_, job::run, task.get(), &options, &raw));
        future<result> made(raw, std::move(left));
        free_at_end(raw, task.release());
        return made;
    }
    weir_executor *handle() const noexcept {
        return handle_;
    }

private:
    /* Without memory for the callback, cancels the task; if it runs already, waits for its end. */
    template <class Job> static void free_at_end(weir_future *handle, Job *task) {
        auto callback = [](weir_future *, void *arg) { delete static_cast<Job *>(arg); };
        if (weir_future_on_end(handle, callback, task) == WEIR_OK)
            return;
        bool cancelled = weir_future_cancel(handle) == WEIR_OK;
        detail::outcome(weir_future_get(handle, nullptr));
        delete task;
        if (cancelled)
            throw error(WEIR_NOMEM);
    }

    weir_executor *handle_ = nullptr;
};

} // namespace weir

#endif /* WEIR_EXECUTOR_HPP */
