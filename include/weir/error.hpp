/*
 * weir/error.hpp - statuses and exceptions in C++, in both directions. See weir.hpp.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ERROR_HPP
#define WEIR_ERROR_HPP

#include <chrono>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include <weir/deadline.h>
#include <weir/status.h>

namespace weir {

/* ---- errors ---- */

/* A status of weir. what() is the message of the pipeline or future, or the sentence of weir_strerror. */
class error : public std::runtime_error {
public:
    explicit error(weir_status status) : error(status, weir_strerror(status)) {
    }
    error(weir_status status, const std::string &what) : std::runtime_error(what), status_(status) {
    }
    weir_status status() const noexcept {
        return status_;
    }

private:
    weir_status status_;
};

/* Thrown by a stage's function or a task: fails with a code of the program, such as 404, and a message. */
class failure : public std::runtime_error {
public:
    failure(int code, const std::string &what) : std::runtime_error(what), code_(code) {
    }
    int code() const noexcept {
        return code_;
    }

private:
    int code_;
};

/* Returns the deadline that lies `time` from now, WEIR_NEVER from a century on. */
template <class Rep, class Period> weir_deadline after(std::chrono::duration<Rep, Period> time) {
    double seconds = std::chrono::duration<double>(time).count();
    if (seconds >= 3e9)
        return WEIR_NEVER;
    auto exact = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    return weir_deadline_after(seconds > 0 ? static_cast<uint64_t>(exact) : 0);
}

namespace detail {

/* Returns an outcome. Throws a status that is none. */
inline weir_status outcome(weir_status status, const char *why = "") {
    switch (status) {
        case WEIR_INVALID:
        case WEIR_NOMEM:
        case WEIR_DEADLOCK:
        case WEIR_NOTHREAD:
        case WEIR_INITFAILED:
            throw error(status, *why != '\0' ? why : weir_strerror(status));
        default:
            return status;
    }
}

/* Throws unless the status is WEIR_OK. */
inline void must(weir_status status, const char *why = "") {
    if (outcome(status, why) != WEIR_OK)
        throw error(status);
}

/* Puts an item by `put`, a call of C. The receiver may delete the item before `put` returns. */
template <class Pointer, class Put> weir_status hand_over(Pointer &item, Put put) {
    if (item == nullptr)
        throw error(WEIR_INVALID, "the item is NULL");
    weir_status status = put(item.get());
    if (status == WEIR_OK)
        (void)item.release();
    return status;
}

/* In a handler: calls `tell` with the code and the message of the exception. */
template <class Tell> int describe(Tell tell) {
    try {
        throw;
    } catch (const failure &caught) {
        return tell(caught.code(), caught.what());
    } catch (const error &caught) {
        return tell(WEIR_CODE(caught.status()), caught.what());
    } catch (const std::system_error &caught) {
        return tell(caught.code().value(), caught.what());
    } catch (const std::bad_alloc &caught) {
        return tell(WEIR_CODE(WEIR_NOMEM), caught.what());
    } catch (const std::exception &caught) {
        return tell(WEIR_CODE(WEIR_FAILED), caught.what());
    } catch (...) {
        return tell(WEIR_CODE(WEIR_FAILED), "an exception that is no std::exception");
    }
}

/*
 * Returns the result of `function`, or that of `failed` if it throws. The end of the thread, which unwinds the stack too,
 * is no exception of C++: it has no std::exception_ptr, and continues.
 */
template <class Function, class Failed> auto guarded(Function function, Failed failed) -> decltype(function()) {
    try {
        return function();
    } catch (...) {
        if (std::current_exception() == nullptr)
            throw;
        return failed();
    }
}

} // namespace detail

} // namespace weir

#endif /* WEIR_ERROR_HPP */
