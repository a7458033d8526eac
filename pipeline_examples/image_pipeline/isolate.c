/*
 * isolate.c - a child process makes the thumbnails of one picture at a time.
 *
 * A child cannot wait for the memory that all decodes share. The program takes a small amount before it asks. If the
 * decode needs more, the child says how much instead, the program takes that, and asks again.
 *
 * A child that decodes for too long ends itself: first where libvips looks at the clock, and then by an alarm, whatever
 * the decoder does. The deadline of the stage is for a child that does not even start; it includes the wait for memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "isolate.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

#include "crossing.h"
#include "library.h"
#include "machine.h"
#include "making.h"
#include "thumbnail.h"
#include "vips_text.h"

static const uint64_t MOST_AT_FIRST = 16 << 20, LEAST_AT_FIRST = 1 << 20,
                      OWN_MEMORY = 512 << 20 /* of a child besides the decode */;

enum { LATER = 2 /* seconds from the deadline to the alarm */, MOST_ITEMS = 1000, ROOM = 64 << 20, START_LIMIT = 60 };
enum { KEPT_ROOM = 4 << 20 }; /* of a child between pictures */

/* A sanitizer takes more memory than any limit allows. */
#if defined(__SANITIZE_ADDRESS__)
enum { IS_SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif
#else
enum { IS_SANITIZED = 0 };
#endif

static const char entry_name[] = "decoder";

/* ---- in a child ---- */

static weir_status open_child(void *unused, void **state) {
    (void)unused, (void)state;
    machine_limit_arenas(1);  /* one thread decodes at a time */
    signal(SIGALRM, SIG_DFL); /* the program may ignore it, as it was started */
    if (library_open(LIBRARY_ONE))
        return WEIR_OK;
    char reason[256];
    vips_text_take(reason, sizeof reason);
    weir_process_fail(FAILED, "cannot initialize libvips: %s", reason);
    return WEIR_INITFAILED;
}

static void close_child(void *unused) {
    (void)unused;
    library_close();
}

static int make_in_child(struct maker *maker, struct photo *photo, weir_process_payload *out) {
    if (!photo_make_room(photo, maker->recipe->size_count))
        return weir_process_fail(FAILED, "out of memory");
    alarm((unsigned)maker->recipe->resize_limit + LATER);
    int code = making_run(maker, photo);
    alarm(0);
    if (code == 0 || code == NEEDS_MEMORY)
        crossing_answer(out, code == NEEDS_MEMORY ? maker->needed : 0, photo);
    return code == NEEDS_MEMORY ? 0 : code;
}

static int decode_in_child(const void *in, size_t size, weir_process_payload *out, void *unused) {
    (void)unused;
    struct photo photo = {.label = NULL};
    struct question_head head;
    if (!crossing_read_question(in, size, &head, &photo))
        return weir_process_fail(FAILED, "a question of %zu bytes", size);
    struct maker maker = {.recipe = &head.recipe, .granted = head.granted};
    int code = make_in_child(&maker, &photo, out);
    photo.image = NULL; /* lies in the question */
    photo_drop(&photo, NULL);
    return code;
}

const weir_process_entry isolate_entry = {
    .name = entry_name, .func = decode_in_child, .init = open_child, .fini = close_child};

/* ---- in the program ---- */

/* A thread of the stage. */
struct isolated {
    void *keeper;
    struct work *work;
};

static int ask(weir_task *task, const void *item, weir_process_payload *to, void *argument) {
    (void)task;
    const struct work *work = argument;
    const struct photo *photo = item;
    crossing_ask(to, &(struct question_head){.recipe = work->options->recipe, .granted = photo->granted}, photo);
    return 0;
}

static int take_answer(weir_task *task, void *item, const void *from, size_t size, void *argument) {
    const struct work *work = argument;
    struct photo *photo = item;
    uint64_t needed;
    if (!crossing_read_answer(from, size, work->options->recipe.size_count, photo, &needed))
        return weir_task_fail(task, FAILED, "%s: its answer makes no sense, or memory is exhausted", entry_name);
    if (needed == 0)
        return 0;
    if (needed <= photo->granted || needed > work->memory.limit)
        return weir_task_fail(task, FAILED, "%s: its answer makes no sense", entry_name);
    photo->granted = needed;
    return NEEDS_MEMORY;
}

/* Asks the child of this thread while photo->granted bytes of the memory are taken, and those of the picture's copy. */
static int ask_within_memory(struct isolated *isolated, weir_task *task, struct photo *photo) {
    struct budget *memory = &isolated->work->memory;
    uint64_t left = memory->limit - photo->granted;
    uint64_t taken =
        photo->granted + (photo->image_size < left ? photo->image_size : left); /* alone if it is so large */
    if (!budget_take(memory, task, taken))
        return weir_task_fail(task, FAILED, "cancelled");
    int code = weir_process_run(task, photo, isolated->keeper); /* may change photo->granted */
    budget_return(memory, taken);
    return code;
}

/*
 * Returns what a picture may take before its header is known, beside its copy: if the copy is not too large, all threads
 * can take both at a time.
 */
static uint64_t first_grant(const struct options *options, uint64_t copy) {
    uint64_t share = options->recipe.memory / options->resizes;
    uint64_t grant = share > copy ? share - copy : 0;
    return grant > MOST_AT_FIRST ? MOST_AT_FIRST : grant < LEAST_AT_FIRST ? LEAST_AT_FIRST : grant;
}

static int resize_isolated(weir_task *task, void *item, void *state) {
    struct isolated *isolated = state;
    struct photo *photo = item;
    const struct recipe *recipe = &isolated->work->options->recipe;
    photo_prepare(photo);
    photo->granted = first_grant(isolated->work->options, photo->image_size);
    int code = ask_within_memory(isolated, task, photo);
    if (code == NEEDS_MEMORY)
        code = ask_within_memory(isolated, task, photo);
    if (code == WEIR_CODE_SIGNAL(SIGALRM))
        code = weir_task_fail(task, FAILED, THUMBNAIL_LATE, recipe->resize_limit);
    return resize_end(task, isolated->work, photo, code);
}

static weir_status begin_isolated(void *argument, void **state) {
    struct isolated *isolated = malloc(sizeof *isolated);
    if (isolated == NULL)
        return WEIR_NOMEM;
    isolated->work = argument;
    weir_status status = weir_process_init(&isolated->work->decoder, &isolated->keeper);
    if (status != WEIR_OK)
        atomic_store(&isolated->work->has_no_decoder, true);
    if (status != WEIR_OK)
        free(isolated);
    else
        *state = isolated;
    return status;
}

static void end_isolated(void *state) {
    struct isolated *isolated = state;
    weir_process_fini(isolated->keeper);
    free(isolated);
}

void isolate_set_up(weir_stage_options *stage, struct work *work) {
    const struct options *options = work->options;
    work->decoder = (weir_process){.function = entry_name,
                                   .encode = ask,
                                   .decode = take_answer,
                                   .arg = work,
                                   .payload = sizeof(struct question_head) +
                                              (options->max_bytes > ROOM ? options->max_bytes : (size_t)ROOM),
                                   .most_items = MOST_ITEMS,
                                   .kept = KEPT_ROOM,
                                   .limits.memory = IS_SANITIZED ? 0 : options->recipe.memory + OWN_MEMORY};
    stage->work.run = resize_isolated;
    stage->work.init = begin_isolated;
    stage->work.fini = end_isolated;
    stage->errors.attempt_time =
        (options->recipe.resize_limit + START_LIMIT) * (options->resizes + 1) * (uint64_t)WEIR_SECOND;
}
