/*
 * resize.c - the middle stage: makes the thumbnails of a picture, in memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <vips/vips.h>

#include "making.h"
#include "mark.h"
#include "stages.h"

void resize_fini(void *state) {
    (void)state;
    vips_thread_shutdown();
}

static int add_marks(weir_task *task, struct photo *photo, const struct work *work) {
    char mark[MARK_SIZE];
    enum format format = work->options->recipe.format;
    source_mark(mark, &work->ends.source, photo);
    for (size_t i = 0; i < photo->thumbnail_count; i++) {
        struct thumbnail *thumbnail = &photo->thumbnails[i];
        if (!mark_put(&thumbnail->bytes, &thumbnail->size, format, mark))
            return weir_task_fail(task, FAILED, "libvips made no %s", format_title(format));
    }
    return 0;
}

int resize_end(weir_task *task, struct work *work, struct photo *photo, int code) {
    const struct recipe *recipe = &work->options->recipe;
    photo_forget_image(photo);
    if (code == 0)
        code = add_marks(task, photo, work);
    room_count(&work->room, photo);
    if (code == 0 && recipe->size_count > 1 && !photo_select(photo, recipe->sizes, recipe->size_count, 0))
        code = weir_task_fail(task, FAILED, "out of memory");
    if (code == 0)
        weir_task_emit(task, photo);
    return code;
}

int resize_photo(weir_task *task, void *item, void *state) {
    struct work *work = state;
    struct photo *photo = item;
    struct maker maker = {.recipe = &work->options->recipe, .task = task, .budget = &work->memory};
    photo_prepare(photo);
    int code = photo_make_room(photo, maker.recipe->size_count) ? making_run(&maker, photo)
                                                                : weir_task_fail(task, FAILED, "out of memory");
    return resize_end(task, work, photo, code);
}
