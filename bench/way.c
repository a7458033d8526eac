/*
 * way.c - puts items through one declared stage, one after the other, for way.sh to see which files they enter.
 *
 *     way KIND COUNT
 *
 * The kinds: `plain`, items of a function; `dropped`, items that fail and are given up; `lettered`, the same with a queue
 * for dead letters. Each item finds the worker asleep.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(weir_status status) {
    if (status != WEIR_OK) {
        fprintf(stderr, "way: %s\n", weir_strerror(status));
        exit(1);
    }
}

static void *pass_on(void *item, void *unused) {
    (void)unused;
    return item;
}

static int fail(weir_task *unused, void *item, void *unused_too) {
    (void)unused;
    (void)item;
    (void)unused_too;
    return 1;
}

static void drop(void *unused, void *unused_too) {
    (void)unused;
    (void)unused_too;
}

static void drop_letter(void *letter, void *unused) {
    (void)unused;
    weir_dead_letter_free(letter);
}

/* Blocks until the worker has ended the item and sleeps again. */
static void let_end(weir_queue *nothing) {
    void *item;
    if (weir_queue_get_until(nothing, &item, weir_deadline_after(5 * WEIR_MILLISECOND)) != WEIR_TIMEDOUT)
        exit(1);
}

int main(int count, char **words) {
    weir_stage_options stage = {.name = "stage", .threads.count = 1, .input.drop = drop};
    weir_pipeline *pipeline;
    weir_queue *nothing, *dead;
    if (count != 3) {
        fprintf(stderr, "usage: way plain|dropped|lettered COUNT\n");
        return 2;
    }
    unsigned long items = strtoul(words[2], NULL, 10);
    must(weir_queue_create(&nothing, 1));
    must(weir_queue_create_with(&dead, &(weir_queue_options){.capacity = WEIR_UNBOUNDED, .drop = drop_letter}));
    if (strcmp(words[1], "plain") == 0) {
        stage.work.func = pass_on;
    } else {
        stage.work.run = fail;
        stage.errors.on_error = WEIR_SKIP;
        stage.errors.dead = strcmp(words[1], "lettered") == 0 ? dead : NULL;
    }
    must(weir_pipeline_create(&pipeline, NULL));
    must(weir_pipeline_add(pipeline, NULL, &stage));
    must(weir_pipeline_start(pipeline));
    for (unsigned long i = 0; i < items; i++) {
        must(weir_pipeline_put(pipeline, NULL));
        let_end(nothing);
    }
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    must(weir_pipeline_destroy(pipeline));
    must(weir_queue_destroy(dead));
    must(weir_queue_destroy(nothing));
    return 0;
}
