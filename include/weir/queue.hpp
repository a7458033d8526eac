/*
 * weir/queue.hpp - a weir_queue that owns its items. See weir.hpp.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_QUEUE_HPP
#define WEIR_QUEUE_HPP

#include <cstddef>
#include <exception>
#include <memory>

#include <weir/closable_queue.h>
#include <weir/error.hpp>
#include <weir/pipeline.h>

namespace weir {

/*
 * A weir_queue of std::unique_ptr<T, Delete>. It must outlive the pipelines that use it. Its destructor deletes the
 * items that are left; if other threads still use the queue, it calls std::terminate.
 *
 *     for (auto &item : queue)                     // until the queue is closed; settles each item
 *         use(*item);
 */
template <class T, class Delete = std::default_delete<T>> class queue {
public:
    using pointer = std::unique_ptr<T, Delete>;

    explicit queue(size_t capacity, const char *name = nullptr) {
        weir_queue_options options = {};
        options.capacity = capacity;
        options.name = name;
        options.drop = [](void *item, void *) { Delete()(static_cast<T *>(item)); };
        detail::must(weir_queue_create_with(&handle_, &options));
    }
    queue(const queue &) = delete;
    queue &operator=(const queue &) = delete;
    ~queue() {
        if (weir_queue_destroy(handle_) != WEIR_OK)
            std::terminate();
    }

    /* Put the item and return WEIR_OK. Otherwise WEIR_CLOSED, WEIR_FULL or WEIR_TIMEDOUT. */
    weir_status put(pointer &&item) {
        return detail::outcome(detail::hand_over(item, [&](void *raw) { return weir_queue_put(handle_, raw); }));
    }
    weir_status try_put(pointer &&item) {
        return detail::outcome(detail::hand_over(item, [&](void *raw) { return weir_queue_try_put(handle_, raw); }));
    }
    weir_status put_until(pointer &&item, weir_deadline deadline) {
        return detail::outcome(
            detail::hand_over(item, [&](void *raw) { return weir_queue_put_until(handle_, raw, deadline); }));
    }

    /* Blocks for the next item and returns it; NULL if the queue is closed. The caller calls task_done after its use. */
    pointer get() {
        pointer item;
        (void)get_until(item, WEIR_NEVER);
        return item;
    }
    /* Store the next item and return WEIR_OK. Otherwise WEIR_CLOSED, WEIR_EMPTY or WEIR_TIMEDOUT; `item` is unchanged. */
    weir_status try_get(pointer &item) {
        void *raw = nullptr;
        return take(item, raw, weir_queue_try_get(handle_, &raw));
    }
    weir_status get_until(pointer &item, weir_deadline deadline) {
        void *raw = nullptr;
        return take(item, raw, weir_queue_get_until(handle_, &raw, deadline));
    }

    void task_done() {
        detail::must(weir_queue_task_done(handle_));
    }
    /* Returns WEIR_OK, WEIR_DISCARDED or WEIR_TIMEDOUT. */
    weir_status join(weir_deadline deadline = WEIR_NEVER) {
        return detail::outcome(weir_queue_join_until(handle_, deadline));
    }
    /* Returns WEIR_OK or WEIR_CLOSED. */
    weir_status close() {
        return detail::outcome(weir_queue_close(handle_));
    }
    void shutdown(weir_shutdown_mode mode) {
        detail::must(weir_queue_shutdown(handle_, mode));
    }
    size_t size() const noexcept {
        return weir_queue_size(handle_);
    }
    weir_queue *handle() const noexcept {
        return handle_;
    }

    /* An input iterator for one loop of one thread: it settles the last item at the next step, or at its end. */
    class iterator {
    public:
        explicit iterator(weir_queue *queue) : cursor_(WEIR_QUEUE_CURSOR(queue)) {
            ++*this;
        }
        iterator(const iterator &) = delete;
        iterator &operator=(const iterator &) = delete;
        ~iterator() {
            item_.reset();
            (void)weir_queue_cursor_end(&cursor_);
        }
        pointer &operator*() noexcept {
            return item_;
        }
        iterator &operator++() {
            void *raw = nullptr;
            item_.reset();
            more_ = detail::outcome(weir_queue_cursor_next(&cursor_, &raw)) == WEIR_OK;
            item_.reset(static_cast<T *>(raw));
            return *this;
        }
        bool operator!=(std::nullptr_t) const noexcept {
            return more_;
        }

    private:
        weir_queue_cursor cursor_;
        pointer item_;
        bool more_ = false;
    };
    iterator begin() {
        return iterator(handle_);
    }
    std::nullptr_t end() const noexcept {
        return nullptr;
    }

private:
    static weir_status take(pointer &item, void *&raw, weir_status status) {
        if (detail::outcome(status) == WEIR_OK)
            item.reset(static_cast<T *>(raw));
        return status;
    }

    weir_queue *handle_ = nullptr;
};

/* Frees a dead letter and its item. */
template <class T> struct letter_delete {
    void operator()(weir_dead_letter *letter) const {
        delete static_cast<T *>(letter->item);
        weir_dead_letter_free(letter);
    }
};

/* A queue for the option `dead` of a stage with items T. A reader that keeps letter->item sets it to NULL. */
template <class T> using dead_letters = queue<weir_dead_letter, letter_delete<T>>;

} // namespace weir

#endif /* WEIR_QUEUE_HPP */
