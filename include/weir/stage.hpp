/*
 * weir/stage.hpp - the functions of stages, from callables of C++. See weir.hpp.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STAGE_HPP
#define WEIR_STAGE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <weir/error.hpp>
#include <weir/pipeline.h>

namespace weir {

/* The current call of a stage's function, with results Out. Valid until the function returns. */
template <class Out> class task {
public:
    explicit task(weir_task *handle) noexcept : handle_(handle) {
    }
    /* Passes a result on. Blocks while its destination is full. */
    void emit(std::unique_ptr<Out> result) {
        if (result != nullptr)
            weir_task_emit(handle_, result.release());
    }
    /* In a source: passes a result on as an item of its own, of which the pipeline's `settled` is told with `ticket`. */
    void submit(std::unique_ptr<Out> result, void *ticket) {
        if (result != nullptr)
            detail::must(detail::hand_over(result, [&](void *raw) { return weir_task_submit(handle_, raw, ticket); }));
    }
    unsigned attempt() const noexcept {
        return weir_task_attempt(handle_);
    }
    bool cancelled() const noexcept {
        return weir_task_cancelled(handle_);
    }
    bool finishing() const noexcept {
        return weir_task_finishing(handle_);
    }
    /* Returns WEIR_OK, WEIR_CLOSED, WEIR_CANCELLED or WEIR_TIMEDOUT. */
    weir_status poll(int fd, short events, weir_deadline deadline = WEIR_NEVER) {
        return detail::outcome(weir_task_poll(handle_, fd, events, deadline));
    }
    weir_task *handle() const noexcept {
        return handle_;
    }

private:
    weir_task *handle_;
};

/* The items of one call, a range of T &. Valid until the function returns. */
template <class T> class batch {
public:
    batch(weir_task *handle, void *const *items, size_t count, std::vector<bool> &failed) noexcept
        : handle_(handle), items_(items), count_(count), failed_(&failed) {
    }
    /*
     * Fails one item alone, which must be unchanged: weir_task_fail_item. The others are done if the function returns.
     * Throws WEIR_INVALID if `index` is not below size().
     */
    void fail(size_t index, int code, const std::string &what) {
        if (failed_->empty())
            failed_->resize(count_);
        detail::must(weir_task_fail_item(handle_, index, code, "%s", what.c_str()));
        (*failed_)[index] = true;
    }
    struct iterator {
        void *const *at;
        T &operator*() const noexcept {
            return *static_cast<T *>(*at);
        }
        iterator &operator++() noexcept {
            ++at;
            return *this;
        }
        bool operator!=(iterator other) const noexcept {
            return at != other.at;
        }
    };
    iterator begin() const noexcept {
        return {items_};
    }
    iterator end() const noexcept {
        return {items_ + count_};
    }
    T &operator[](size_t index) const noexcept {
        return *static_cast<T *>(items_[index]);
    }
    size_t size() const noexcept {
        return count_;
    }

private:
    weir_task *handle_;
    void *const *items_;
    size_t count_;
    std::vector<bool> *failed_; /* by index; empty: none */
};

/* A dead letter, the item of a stage that connect_dead names. It owns the item, a T, until `take`. */
template <class T> struct letter : weir_dead_letter {
    letter() = delete; /* the pipeline makes them */
    letter(const letter &) = delete;
    letter &operator=(const letter &) = delete;
    ~letter() {
        delete static_cast<T *>(item);
    }
    T &get() const noexcept {
        return *static_cast<T *>(item);
    }
    /* The letter has no item any more. */
    std::unique_ptr<T> take() noexcept {
        return std::unique_ptr<T>(static_cast<T *>(std::exchange(item, nullptr)));
    }
    static void operator delete(void *of) {
        weir_dead_letter_free(static_cast<weir_dead_letter *>(of));
    }
};

namespace detail {

template <class...> struct list {};

/* The result and the parameters of a callable. */
template <class F, class = void> struct signature { static constexpr bool known = false; };
template <class R, class... P> struct types {
    static constexpr bool known = true;
    using result = R;
    using parameters = list<P...>;
};
template <class R, class... P> struct signature<R (*)(P...), void> : types<R, P...> {};
template <class R, class... P> struct signature<R (*)(P...) noexcept, void> : types<R, P...> {};
template <class C, class R, class... P> struct signature<R (C::*)(P...), void> : types<R, P...> {};
template <class C, class R, class... P> struct signature<R (C::*)(P...) const, void> : types<R, P...> {};
template <class C, class R, class... P> struct signature<R (C::*)(P...) noexcept, void> : types<R, P...> {};
template <class C, class R, class... P> struct signature<R (C::*)(P...) const noexcept, void> : types<R, P...> {};
template <class F> struct signature<F, std::void_t<decltype(&F::operator())>> : signature<decltype(&F::operator())> {};

enum class takes { nothing, reference, ownership, batch };

/* What a stage's function takes: by its last parameter. */
template <class P> struct input {
    static_assert(sizeof(P) == 0, "the function of a stage takes T &, std::unique_ptr<T> or weir::batch<T>");
};
template <class T> struct input<T &> {
    static constexpr takes how = takes::reference;
    using item = std::remove_const_t<T>;
};
template <class T> struct input<std::unique_ptr<T>> {
    static constexpr takes how = takes::ownership;
    using item = T;
};
template <class T> struct input<std::unique_ptr<T> &> { /* a function could move from it, and then fail */
    static_assert(sizeof(T) == 0, "take T & if the pipeline owns the item, std::unique_ptr<T> if the function does");
};
template <class T> struct input<batch<T>> {
    static constexpr takes how = takes::batch;
    using item = T;
};
template <> struct input<void> {
    static constexpr takes how = takes::nothing;
    using item = void;
};

/* What a stage's function passes on: its result, or what its task emits. */
template <class R> struct output {
    static_assert(std::is_void_v<R> || std::is_reference_v<R>,
                  "the function of a stage returns void, std::unique_ptr<T> or its own item as T &; with a task, void");
    using item = std::conditional_t<std::is_void_v<R>, void, std::remove_const_t<std::remove_reference_t<R>>>;
};
template <class T> struct output<std::unique_ptr<T>> { using item = T; };

template <class R, class P> struct shape;
template <class R> struct shape<R, list<>> {
    static_assert(!std::is_void_v<R> && !std::is_reference_v<R>, "a source returns std::unique_ptr<T>");
    using in = input<void>;
    using out = typename output<R>::item;
    static constexpr bool with_task = false;
};
template <class R, class P> struct shape<R, list<P>> {
    using in = input<P>;
    using out = typename output<R>::item;
    static constexpr bool with_task = false;
};
template <class R, class Out> struct shape<R, list<task<Out> &>> {
    static_assert(std::is_same_v<R, bool>, "a source with a task returns bool: whether to call it again");
    using in = input<void>;
    using out = Out;
    static constexpr bool with_task = true;
};
template <class R, class Out, class P> struct shape<R, list<task<Out> &, P>> {
    static_assert(std::is_void_v<R>, "a function with a task emits its results, and returns void");
    using in = input<P>;
    using out = Out;
    static constexpr bool with_task = true;
};

/*
 * An item that a function of `stage` owned when it threw or ended its thread: it is deleted already. The next call of
 * the stage's drop function in this thread, not nested in another one, is for this item.
 */
struct lost_item {
    void *stage;
    std::uintptr_t address;
};
inline lost_item &lost() noexcept {
    static thread_local lost_item of_thread;
    return of_thread;
}

/* While it lives, an exception loses the item. The address is volatile for compilers that warn of its use after delete. */
class at_risk {
public:
    at_risk(void *stage, void *item) noexcept : stage_(stage), address_(reinterpret_cast<std::uintptr_t>(item)) {
    }
    at_risk(const at_risk &) = delete;
    at_risk &operator=(const at_risk &) = delete;
    ~at_risk() {
        if (stage_ != nullptr)
            lost() = lost_item{stage_, address_};
    }
    void saved() noexcept {
        stage_ = nullptr;
    }

private:
    void *stage_;
    const volatile std::uintptr_t address_;
};

/* A stage's function without its type. The types are those of the items, void for none. */
struct stage_base {
    stage_base(const std::type_info &in_type, const std::type_info &out_type, const std::type_info &letter_type)
        : in(in_type), out(out_type), letter(letter_type) {
    }
    stage_base(const stage_base &) = delete;
    stage_base &operator=(const stage_base &) = delete;
    virtual ~stage_base() = default;

    const std::type_info &in, &out, &letter;
    weir_stage *handle = nullptr;
    bool has_input = false; /* a source, or connected */
    bool gets_letters = false;
};

/* The dead letters of a stage; void if it can have none: a function has owned the item, or no function took one. */
template <class In, takes how> struct letters_of {
    using type = std::conditional_t<how == takes::ownership || how == takes::nothing, void, letter<In>>;
};

/* A stage's function, and its callbacks in C. */
template <class F> class stage_of final : public stage_base {
    static_assert(signature<F>::known, "the function of a stage has one operator(), and names its parameters' types");
    using result = typename signature<F>::result;
    using shape_of = shape<result, typename signature<F>::parameters>;
    using in_item = typename shape_of::in::item;
    using out_item = typename shape_of::out;
    static constexpr takes how = shape_of::in::how;
    static_assert(!std::is_reference_v<result> ||
                      (how == takes::reference && std::is_same_v<std::remove_reference_t<result>, in_item>),
                  "the function of a stage returns no reference but that to its item");

public:
    explicit stage_of(F function)
        : stage_base(typeid(in_item), typeid(out_item), typeid(typename letters_of<in_item, how>::type)),
          function_(std::move(function)) {
        has_input = how == takes::nothing;
    }

    void declare(weir_stage_options &options) {
        if (options.work.func || options.work.run || options.work.run_batch || options.work.source ||
            options.work.arg || options.work.init || options.work.fini || options.work.at_end || options.input.drop)
            throw error(WEIR_INVALID, "func, run, run_batch, source, arg, init, fini, at_end and drop must be NULL");
        if (how == takes::ownership && (options.errors.retry.attempts > 1 || options.errors.dead != nullptr))
            throw error(WEIR_INVALID, "a function that takes ownership of its item leaves none for retries or dead "
                                      "letters; take a reference");
        options.work.arg = this;
        if constexpr (how == takes::batch)
            options.work.run_batch = run_batch;
        else if constexpr (how == takes::nothing)
            options.work.source = run_source;
        else
            options.work.run = run;
        if constexpr (how != takes::nothing)
            options.input.drop = drop_item;
        if constexpr (std::is_copy_constructible_v<out_item>) {
            if (options.output.fan_out == WEIR_TO_ALL && options.output.copy == nullptr)
                options.output.copy = copy;
        }
    }

private:
    template <class Body> static int attempt(weir_task *raw, Body body) {
        return guarded(body, [raw] {
            return describe([raw](int code, const char *what) { return weir_task_fail(raw, code, "%s", what); });
        });
    }

    /* Calls the function, and returns its result. */
    template <class... Item> decltype(auto) call(weir_task *raw, Item &&...item) {
        if constexpr (shape_of::with_task) {
            task<out_item> current(raw);
            return function_(current, std::forward<Item>(item)...);
        } else {
            return function_(std::forward<Item>(item)...);
        }
    }

    static int run(weir_task *raw, void *item, void *self) {
        return attempt(raw, [=] { return static_cast<stage_of *>(self)->process(raw, static_cast<in_item *>(item)); });
    }

    /* The item is deleted once its function has returned, before an emit that may block. */
    int process(weir_task *raw, in_item *item) {
        if constexpr (how == takes::ownership) {
            at_risk guard(this, item);
            auto owned = [&] { return call(raw, std::unique_ptr<in_item>(item)); };
            pass_on(raw, owned, [&guard] { guard.saved(); });
        } else if constexpr (std::is_reference_v<result>) {
            (void)call(raw, *item);
            weir_task_emit(raw, item);
        } else {
            pass_on(
                raw, [=] { return call(raw, *item); }, [item] { delete item; });
        }
        return 0;
    }

    /* Calls the function, then `consumed`, and emits the result. */
    template <class Call, class Consumed> static void pass_on(weir_task *raw, Call call_it, Consumed consumed) {
        if constexpr (std::is_void_v<result>) {
            call_it();
            consumed();
        } else {
            result made = call_it();
            consumed();
            task<out_item>(raw).emit(std::move(made));
        }
    }

    static int run_batch(weir_task *raw, void *const *items, size_t count, void *self) {
        return attempt(raw, [=] {
            std::vector<bool> failed;
            batch<in_item> all(raw, items, count, failed);
            auto consumed = [&all, &failed] {
                for (size_t i = 0; i < all.size(); i++) {
                    if (failed.empty() || !failed[i])
                        delete &all[i];
                }
            };
            auto *stage = static_cast<stage_of *>(self);
            pass_on(
                raw, [&] { return stage->call(raw, batch<in_item>(all)); }, consumed);
            return 0;
        });
    }

    static int run_source(weir_task *raw, void *, void *self) {
        return attempt(raw, [=] {
            auto *stage = static_cast<stage_of *>(self);
            if constexpr (shape_of::with_task) {
                return stage->call(raw) ? 0 : WEIR_END;
            } else {
                result made = stage->call(raw);
                bool more = made != nullptr;
                task<out_item>(raw).emit(std::move(made));
                return more ? 0 : WEIR_END;
            }
        });
    }

    static void drop_item(void *item, void *self) {
        lost_item before = std::exchange(lost(), lost_item{nullptr, 0});
        if (before.stage == self && before.address == reinterpret_cast<std::uintptr_t>(item))
            return;
        delete static_cast<in_item *>(item);
        lost() = before;
    }

    static void *copy(void *item, void *) {
        return guarded([=]() -> void * { return new out_item(*static_cast<out_item *>(item)); },
                       []() -> void * { return nullptr; });
    }

    F function_;
};

} // namespace detail

} // namespace weir

#endif /* WEIR_STAGE_HPP */
