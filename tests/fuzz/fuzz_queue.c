/*
 * fuzz_queue.c - runs any sequence of calls on two queues and compares each call with the contract (model.h).
 *
 * A single thread makes all calls, and none that would block. The input is text, one letter for each call: a small
 * letter addresses the first queue, a capital letter the second. Other characters between calls are ignored.
 *
 *     nV  create, see below         x  destroy
 *     p   put                       c  close
 *     y   try_put                   d  shutdown, WEIR_DRAIN
 *     u   put_until, passed         k  shutdown, WEIR_DISCARD
 *     mV  put_many of V             j  join
 *     g   get                       b  join_until, passed
 *     r   try_get                   v  cursor_next
 *     i   get_until, passed         e  cursor_end
 *     hV  get_many of up to V       a  another cursor
 *     t   task_done                 zV misuse number V
 *     wV  tasks_done of V           oV try_get_many of up to V
 *     fV  try_put_many of V         qV get_many_until of up to V, passed
 *     lV  put_many_until of V, passed
 *
 * V is the value of the next character, counted from '0': a digit is itself, ':' 10, 'A' 17, '/' 255. For n it is the
 * capacity: '0' and '?' select refused ones, ':' to '=' 63, 64, 65 and 130, '>' WEIR_UNBOUNDED. Add 16 (the letters
 * '@' to 'O') for a drop function, 32 ('P' to '_') for one that passes the items to the other queue, 48 ('`' to 'o')
 * for one that makes calls itself. Add 64 for a name, 128 for a reserved member that is set. "n3ppctgk" is: capacity
 * 3, put, put, close, task_done, get, discard.
 *
 * Built with -fsanitize=fuzzer, or with replay.c. A difference is printed on standard error, followed by abort.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "fuzz_queue.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* The rest of the input. */
struct input {
    const uint8_t *at;
    size_t left;
};

enum drop_mode { DROP_NOT = 0, DROP_RECORD = 1, DROP_HAND_ON = 2, DROP_CALL = 3 };
enum cursor_state { BETWEEN, HOLDING, AT_END };

/* A queue and its model. */
struct subject {
    weir_queue *queue; /* NULL: destroyed, or not created yet */
    struct model model;
    const char *name;
    enum drop_mode mode;
    bool dropping;   /* the drop function may be called */
    bool destroying; /* no other call on this queue is allowed */
    weir_queue_cursor cursor;
    enum cursor_state cursor_state;
    struct subject *other;
};

static struct subject subjects[2] = {{.other = &subjects[1]}, {.other = &subjects[0]}};

bool fuzz_is_traced;
static size_t calls; /* made for this input */
static const char *last_call = "nothing";

static void fail(const char *what, size_t is, size_t wanted) {
    fprintf(stderr, "call %zu, %s: %s is %zu and has to be %zu\n", calls, last_call, what, is, wanted);
    abort();
}

static void equal(const char *what, size_t is, size_t wanted) {
    if (is != wanted)
        fail(what, is, wanted);
}

/* Compares addresses as numbers, so that a failure prints them. */
static void same(const char *what, const void *is, const void *wanted) {
    equal(what, (size_t)(uintptr_t)is, (size_t)(uintptr_t)wanted);
}

/* `waits` is the status that the call returns instead of blocking. */
static void status_is(weir_status is, int wanted, weir_status waits) {
    equal("the status", (size_t)is, wanted == WOULD_WAIT ? (size_t)waits : (size_t)wanted);
}

static void called(const struct subject *subject, const char *name) {
    calls++;
    last_call = name;
    if (fuzz_is_traced)
        printf("%4zu: %s(%c)\n", calls, name, subject == subjects ? 'a' : 'A');
}

static size_t next_value(struct input *input) {
    if (input->left == 0)
        return 0;
    input->left--;
    return (uint8_t)(*input->at++ - '0');
}

/* ---- items ---- */

static char addresses[1 << 16];
static size_t items_made;

/* Returns a new item; some are NULL. */
static void *new_item(void) {
    size_t n = items_made++;
    return n % 7 == 3 ? NULL : &addresses[n % sizeof addresses];
}

/* An address that no call returns; it marks outputs that must stay unchanged. */
static char nothing_object;
static void *const nothing = &nothing_object;

/* ---- dropping ---- */

static void hand_on(struct subject *to, void *item) {
    if (to->queue == NULL || to->destroying || to->dropping || model_room(&to->model) == 0)
        return;
    status_is(weir_queue_try_put(to->queue, item), model_put(&to->model, item), WEIR_FULL);
}

/* Makes calls from a drop function. The queue is shut down. */
static void call_in_drop(struct subject *subject, void *item) {
    void *got = nothing;
    status_is(weir_queue_put(subject->queue, item), WEIR_CLOSED, WEIR_OK);
    status_is(weir_queue_close(subject->queue), WEIR_CLOSED, WEIR_OK);
    status_is(weir_queue_get(subject->queue, &got), WEIR_CLOSED, WEIR_OK);
    status_is(weir_queue_shutdown(subject->queue, WEIR_DRAIN), WEIR_OK, WEIR_OK);
    same("the item of a get in a drop function", got, nothing);
}

static void drop(void *item, void *raw) {
    struct subject *subject = raw;
    void *wanted = nothing;
    equal("whether items may be dropped", subject->dropping, true);
    equal("whether an item is left to be dropped", model_take_for_drop(&subject->model, &wanted), true);
    same("the dropped item", item, wanted);
    if (subject->mode == DROP_HAND_ON)
        hand_on(subject->other, item);
    if (subject->mode == DROP_CALL)
        call_in_drop(subject, item);
}

/* After a discard or a destroy, checks that every item was dropped, or forgotten without a drop function. */
static void nothing_is_left(struct subject *subject) {
    void *item;
    while (model_take_for_drop(&subject->model, &item))
        equal("items that were not dropped", subject->mode != DROP_NOT, false);
}

/* ---- the life of a queue ---- */

static void destroy(struct subject *subject) {
    subject->dropping = subject->destroying = true;
    status_is(weir_queue_destroy(subject->queue), WEIR_OK, WEIR_OK);
    subject->dropping = subject->destroying = false;
    nothing_is_left(subject);
    subject->queue = NULL;
}

static size_t capacity_of(size_t value) {
    static const size_t large[] = {63, 64, 65, 130, WEIR_UNBOUNDED, SIZE_MAX - 1};
    value %= 16;
    return value < 10 ? value : large[value - 10];
}

static void call_create(struct subject *subject, struct input *input) {
    size_t value = next_value(input);
    enum drop_mode mode = (enum drop_mode)(value / 16 % 4);
    bool named = value & 64, reserved = value & 128;
    weir_queue *const untouched = (weir_queue *)nothing;
    weir_queue *queue = untouched;
    weir_queue_options options = {.capacity = capacity_of(value), .drop_arg = subject};

    if (subject->queue != NULL)
        destroy(subject);
    options.name = named ? "fuzzed" : NULL;
    options.drop = mode == DROP_NOT ? NULL : drop;
    options.reserved[value % 4] = reserved ? subject : NULL;
    bool refused = options.capacity == 0 || options.capacity == SIZE_MAX - 1 || reserved;
    status_is(weir_queue_create_with(&queue, &options), refused ? WEIR_INVALID : WEIR_OK, WEIR_OK);
    if (refused) {
        same("the queue that was refused", queue, untouched);
        return;
    }
    subject->queue = queue;
    subject->name = named ? "fuzzed" : "";
    subject->mode = mode;
    subject->cursor = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    subject->cursor_state = BETWEEN;
    model_create(&subject->model, options.capacity);
}

static void call_destroy(struct subject *subject, struct input *input) {
    (void)input;
    destroy(subject);
}

static void shut_down(struct subject *subject, weir_shutdown_mode mode) {
    size_t left = subject->model.count;
    model_shutdown(&subject->model, mode);
    subject->dropping = mode == WEIR_DISCARD;
    status_is(weir_queue_shutdown(subject->queue, mode), WEIR_OK, WEIR_OK);
    subject->dropping = false;
    if (mode == WEIR_DISCARD) {
        nothing_is_left(subject);
        model_settle(&subject->model, left);
    }
}

static void call_drain(struct subject *subject, struct input *input) {
    (void)input;
    shut_down(subject, WEIR_DRAIN);
}

static void call_discard(struct subject *subject, struct input *input) {
    (void)input;
    shut_down(subject, WEIR_DISCARD);
}

/* ---- put ---- */

/* Returns whether the model has room for what an unbounded queue accepts. */
static bool model_can_hold(const struct subject *subject, size_t count) {
    return subject->model.capacity != WEIR_UNBOUNDED || model_room(&subject->model) >= count;
}

static bool put_waits(const struct subject *subject, size_t count) {
    return model_room(&subject->model) < count && !subject->model.closed;
}

static void call_put(struct subject *subject, struct input *input) {
    (void)input;
    void *item = new_item();
    if (!put_waits(subject, 1))
        status_is(weir_queue_put(subject->queue, item), model_put(&subject->model, item), WEIR_OK);
}

static void call_try_put(struct subject *subject, struct input *input) {
    (void)input;
    void *item = new_item();
    if (model_can_hold(subject, 1))
        status_is(weir_queue_try_put(subject->queue, item), model_put(&subject->model, item), WEIR_FULL);
}

static weir_deadline passed(void) {
    switch (calls % 3) {
        case 0:
            return 0;
        case 1:
            return 1;
        default:
            return weir_deadline_after(0);
    }
}

static void call_put_until(struct subject *subject, struct input *input) {
    (void)input;
    void *item = new_item();
    if (model_can_hold(subject, 1))
        status_is(weir_queue_put_until(subject->queue, item, passed()), model_put(&subject->model, item),
                  WEIR_TIMEDOUT);
}

static void call_put_many(struct subject *subject, struct input *input) {
    void *items[UINT8_MAX];
    size_t count = next_value(input), put = SIZE_MAX, wanted;
    if (put_waits(subject, count))
        return;
    for (size_t i = 0; i < count; i++)
        items[i] = new_item();
    weir_status status = weir_queue_put_many(subject->queue, count == 0 ? NULL : items, count, &put);
    status_is(status, model_put_many(&subject->model, items, count, &wanted), WEIR_OK);
    equal("how many were put", put, wanted);
}

/* Puts as many items as fit without blocking. */
static void put_many_that_fit(struct subject *subject, size_t count, bool tries) {
    void *items[UINT8_MAX];
    size_t put = SIZE_MAX, wanted;
    if (!model_can_hold(subject, count))
        return;
    for (size_t i = 0; i < count; i++)
        items[i] = new_item();
    weir_status status = tries ? weir_queue_try_put_many(subject->queue, items, count, &put)
                               : weir_queue_put_many_until(subject->queue, items, count, &put, passed());
    status_is(status, model_put_many(&subject->model, items, count, &wanted), tries ? WEIR_FULL : WEIR_TIMEDOUT);
    equal("how many were put", put, wanted);
}

static void call_try_put_many(struct subject *subject, struct input *input) {
    put_many_that_fit(subject, next_value(input), true);
}

static void call_put_many_until(struct subject *subject, struct input *input) {
    put_many_that_fit(subject, next_value(input), false);
}

static void call_close(struct subject *subject, struct input *input) {
    (void)input;
    if (!put_waits(subject, 1))
        status_is(weir_queue_close(subject->queue), model_close(&subject->model), WEIR_OK);
}

/* ---- get ---- */

static void call_get(struct subject *subject, struct input *input) {
    void *item = nothing, *wanted = nothing;
    (void)input;
    if (model_get_waits(&subject->model))
        return;
    status_is(weir_queue_get(subject->queue, &item), model_get(&subject->model, &wanted), WEIR_OK);
    same("the item", item, wanted);
}

static void call_try_get(struct subject *subject, struct input *input) {
    void *item = nothing, *wanted = nothing;
    (void)input;
    status_is(weir_queue_try_get(subject->queue, &item), model_get(&subject->model, &wanted), WEIR_EMPTY);
    same("the item", item, wanted);
}

static void call_get_until(struct subject *subject, struct input *input) {
    void *item = nothing, *wanted = nothing;
    (void)input;
    status_is(weir_queue_get_until(subject->queue, &item, passed()), model_get(&subject->model, &wanted),
              WEIR_TIMEDOUT);
    same("the item", item, wanted);
}

enum how { WAITING, TRYING, PASSED };

static weir_status get_many(weir_queue *queue, void **items, size_t max, size_t *got, enum how how) {
    switch (how) {
        case WAITING:
            return weir_queue_get_many(queue, items, max, got);
        case TRYING:
            return weir_queue_try_get_many(queue, items, max, got);
        default:
            return weir_queue_get_many_until(queue, items, max, got, passed());
    }
}

static void get_many_as(struct subject *subject, size_t max, enum how how) {
    static const weir_status waits[] = {WEIR_OK, WEIR_EMPTY, WEIR_TIMEDOUT};
    void *items[UINT8_MAX], *wanted[UINT8_MAX];
    size_t got = SIZE_MAX, wanted_got;
    if (how == WAITING && model_get_waits(&subject->model))
        return;
    for (size_t i = 0; i < UINT8_MAX; i++)
        items[i] = wanted[i] = nothing;
    weir_status status = get_many(subject->queue, items, max, &got, how);
    status_is(status, model_get_many(&subject->model, wanted, max, &wanted_got), waits[how]);
    equal("how many were got", got, wanted_got);
    for (size_t i = 0; i < UINT8_MAX; i++)
        same("an item of a batch", items[i], wanted[i]);
}

static void call_get_many(struct subject *subject, struct input *input) {
    get_many_as(subject, next_value(input), WAITING);
}

static void call_try_get_many(struct subject *subject, struct input *input) {
    get_many_as(subject, next_value(input), TRYING);
}

static void call_get_many_until(struct subject *subject, struct input *input) {
    get_many_as(subject, next_value(input), PASSED);
}

/* ---- settling ---- */

static void call_task_done(struct subject *subject, struct input *input) {
    (void)input;
    status_is(weir_queue_task_done(subject->queue), model_tasks_done(&subject->model, 1), WEIR_OK);
}

/* Values from 127 on select counts that are far too large; doubled, some of them overflow to small ones. */
static void call_tasks_done(struct subject *subject, struct input *input) {
    size_t count = next_value(input);
    if (count >= 127)
        count = count == 127 ? SIZE_MAX / 2 + 1 : SIZE_MAX - (count - 128);
    status_is(weir_queue_tasks_done(subject->queue, count), model_tasks_done(&subject->model, count), WEIR_OK);
}

static void call_join(struct subject *subject, struct input *input) {
    int wanted = model_join(&subject->model);
    (void)input;
    if (wanted != WOULD_WAIT)
        status_is(weir_queue_join(subject->queue), wanted, WEIR_OK);
}

static void call_join_until(struct subject *subject, struct input *input) {
    (void)input;
    status_is(weir_queue_join_until(subject->queue, passed()), model_join(&subject->model), WEIR_TIMEDOUT);
}

/* ---- the cursor ---- */

/* Settles the cursor's item. */
static int let_go(struct subject *subject) {
    if (subject->cursor_state != HOLDING)
        return WEIR_OK;
    subject->cursor_state = BETWEEN;
    return model_tasks_done(&subject->model, 1);
}

static int model_cursor_next(struct subject *subject, void **item) {
    int status = let_go(subject);
    if (status != WEIR_OK)
        return status;
    if (subject->cursor_state == AT_END)
        return WEIR_CLOSED;
    status = model_get(&subject->model, item);
    subject->cursor_state = status == WEIR_OK ? HOLDING : AT_END;
    return status;
}

static void call_cursor_next(struct subject *subject, struct input *input) {
    void *item = nothing, *wanted = nothing;
    (void)input;
    bool is_settled_already = subject->cursor_state == HOLDING && subject->model.unfinished == 0;
    if (subject->cursor_state != AT_END && !is_settled_already && model_get_waits(&subject->model))
        return;
    weir_status status = weir_queue_cursor_next(&subject->cursor, &item);
    status_is(status, model_cursor_next(subject, &wanted), WEIR_OK);
    same("the cursor's item", item, wanted);
}

static void call_cursor_end(struct subject *subject, struct input *input) {
    (void)input;
    weir_status status = weir_queue_cursor_end(&subject->cursor);
    status_is(status, let_go(subject), WEIR_OK);
    subject->cursor_state = AT_END;
}

static void call_cursor_anew(struct subject *subject, struct input *input) {
    (void)input;
    subject->cursor = (weir_queue_cursor)WEIR_QUEUE_CURSOR(subject->queue);
    subject->cursor_state = BETWEEN;
}

/* ---- misuse ---- */

static weir_status misuse_put(weir_queue *queue, size_t number) {
    size_t put = 7;
    void *items[1] = {NULL};
    weir_status status;
    switch (number) {
        case 0:
            return weir_queue_put(NULL, nothing);
        case 1:
            return weir_queue_try_put(NULL, nothing);
        case 2:
            return weir_queue_put_until(NULL, nothing, 0);
        case 3:
            return weir_queue_put_many(queue, items, 1, NULL);
        case 4:
            status = weir_queue_put_many(NULL, items, 1, &put);
            break;
        default:
            status = weir_queue_put_many(queue, NULL, 1, &put);
            break;
    }
    equal("how many a misused put_many has put", put, 0);
    return status;
}

static weir_status misuse_get(weir_queue *queue, size_t number) {
    void *item = nothing;
    size_t got = 7;
    weir_status status;
    switch (number) {
        case 0:
            return weir_queue_get(queue, NULL);
        case 1:
            return weir_queue_try_get(queue, NULL);
        case 2:
            return weir_queue_get_until(queue, NULL, 0);
        case 3:
            return weir_queue_get_many(queue, &item, 1, NULL);
        case 4:
            status = weir_queue_get_many(queue, NULL, 1, &got);
            break;
        default:
            status = weir_queue_get_many(queue, &item, 0, &got);
            break;
    }
    equal("how many a misused get_many has got", got, 0);
    same("the item of a misused get_many", item, nothing);
    return status;
}

static weir_status misuse_rest(weir_queue *queue, size_t number) {
    weir_queue_cursor nowhere = WEIR_QUEUE_CURSOR(NULL);
    weir_queue_cursor begin = WEIR_QUEUE_CURSOR(queue);
    void *item = nothing;
    switch (number) {
        case 0:
            return weir_queue_create(NULL, 1);
        case 1:
            return weir_queue_shutdown(queue, (weir_shutdown_mode)2);
        case 2:
            return weir_queue_shutdown(NULL, WEIR_DISCARD);
        case 3:
            return weir_queue_close(NULL);
        case 4:
            return weir_queue_tasks_done(NULL, 0);
        case 5:
            return weir_queue_join(NULL);
        case 6:
            return weir_queue_cursor_next(&nowhere, &item);
        case 7:
            return weir_queue_cursor_next(&begin, NULL);
        case 8:
            return weir_queue_cursor_next(NULL, &item);
        default:
            return weir_queue_cursor_end(&nowhere);
    }
}

/* Each misuse must return WEIR_INVALID and change nothing. */
static void call_misuse(struct subject *subject, struct input *input) {
    size_t number = next_value(input) % 22;
    if (number < 6)
        status_is(misuse_put(subject->queue, number), WEIR_INVALID, WEIR_OK);
    else if (number < 12)
        status_is(misuse_get(subject->queue, number - 6), WEIR_INVALID, WEIR_OK);
    else
        status_is(misuse_rest(subject->queue, number - 12), WEIR_INVALID, WEIR_OK);
}

/* ---- the whole ---- */

typedef void call_func(struct subject *subject, struct input *input);

/* Indexed by letter; 1 is 'a'. */
static const struct {
    const char *name;
    call_func *make;
} table[32] = {
    ['a' - 96] = {"another cursor", call_cursor_anew},
    ['b' - 96] = {"join_until", call_join_until},
    ['c' - 96] = {"close", call_close},
    ['d' - 96] = {"shutdown, drain", call_drain},
    ['e' - 96] = {"cursor_end", call_cursor_end},
    ['f' - 96] = {"try_put_many", call_try_put_many},
    ['g' - 96] = {"get", call_get},
    ['h' - 96] = {"get_many", call_get_many},
    ['i' - 96] = {"get_until", call_get_until},
    ['j' - 96] = {"join", call_join},
    ['k' - 96] = {"shutdown, discard", call_discard},
    ['l' - 96] = {"put_many_until", call_put_many_until},
    ['m' - 96] = {"put_many", call_put_many},
    ['n' - 96] = {"create", call_create},
    ['o' - 96] = {"try_get_many", call_try_get_many},
    ['p' - 96] = {"put", call_put},
    ['q' - 96] = {"get_many_until", call_get_many_until},
    ['r' - 96] = {"try_get", call_try_get},
    ['t' - 96] = {"task_done", call_task_done},
    ['u' - 96] = {"put_until", call_put_until},
    ['v' - 96] = {"cursor_next", call_cursor_next},
    ['w' - 96] = {"tasks_done", call_tasks_done},
    ['x' - 96] = {"destroy", call_destroy},
    ['y' - 96] = {"try_put", call_try_put},
    ['z' - 96] = {"misuse", call_misuse},
};

/* Compares what the queue reports with the model. */
static void look_at(struct subject *subject) {
    struct model *model = &subject->model;
    if (subject->queue == NULL)
        return;
    equal("unfinished", weir_queue_unfinished(subject->queue), model->unfinished);
    equal("the size", weir_queue_size(subject->queue), model->count);
    equal("the capacity", weir_queue_capacity(subject->queue), model->capacity);
    equal("whether the name is the one given", strcmp(weir_queue_name(subject->queue), subject->name) == 0, true);
}

static void make_call(struct input *input) {
    uint8_t letter = *input->at++;
    input->left--;
    struct subject *subject = &subjects[letter & 32 ? 0 : 1];
    call_func *make = table[letter & 31].make;
    if (make == NULL || (subject->queue == NULL && make != call_create))
        return;
    called(subject, table[letter & 31].name);
    make(subject, input);
    look_at(&subjects[0]);
    look_at(&subjects[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {data, size};
    calls = items_made = 0;
    while (input.left > 0)
        make_call(&input);
    for (size_t i = 0; i < 2; i++) {
        if (subjects[i].queue != NULL)
            destroy(&subjects[i]);
    }
    return 0;
}
