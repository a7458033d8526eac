/*
 * ordered.c - several threads, with results in input order.
 *
 *     standard input -> checksum (4 threads, ordered) -> print (on the crew, one call at a time)
 *
 * It prints each line after its CRC-32. A long line takes longer than a short one, so the short lines after it are
 * ready first. Their results wait for their turn, while the threads continue with other lines. Without `.ordered`
 * below, lines come out in completion order.
 *
 *     $ printf '123456789\nweir\n' | ordered
 *     cbf43926 123456789
 *     93848e0c weir
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct line {
    uint32_t crc;
    size_t length;
    char *text; /* from getline, with its newline */
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "ordered: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static void free_line(void *item, void *arg) {
    struct line *line = item;
    (void)arg;
    free(line->text);
    free(line);
}

/* Runs in four threads. Works bit by bit; a table would be faster. */
static void *checksum(void *item, void *arg) {
    struct line *line = item;
    uint32_t crc = UINT32_MAX;
    (void)arg;
    for (size_t i = 0; i < line->length && line->text[i] != '\n'; i++) {
        crc ^= (unsigned char)line->text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    line->crc = ~crc;
    return line; /* the item itself is the result */
}

static void *print(void *item, void *arg) {
    const struct line *line = item;
    printf("%08lx %s", (unsigned long)line->crc, line->text);
    free_line(item, arg);
    return NULL;
}

/* Returns NULL at the end of the file. */
static struct line *read_line(FILE *file) {
    struct line *line = malloc(sizeof *line);
    size_t room = 0;
    if (line == NULL)
        check(WEIR_NOMEM, "read a line");
    line->text = NULL;
    ssize_t length = getline(&line->text, &room, file);
    if (length < 0) {
        free_line(line, NULL);
        return NULL;
    }
    line->length = (size_t)length;
    return line;
}

int main(void) {
    const weir_stage_options stages[] = {
        {.name = "checksum",
         .work.func = checksum,
         .threads.count = 4,
         .output.ordered = true,
         .input.drop = free_line},
        {.name = "print", .work.func = print, .threads.width = 1, .input.drop = free_line},
    };
    weir_pipeline *pipeline;
    struct line *line;

    check(weir_pipeline_create(&pipeline, NULL), "create a pipeline");
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        check(weir_pipeline_add(pipeline, NULL, &stages[i]), "add a stage");
    check(weir_pipeline_start(pipeline), "start");
    while ((line = read_line(stdin)) != NULL)
        check(weir_pipeline_put(pipeline, line), "put a line");
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    check(weir_pipeline_destroy(pipeline), "destroy the pipeline");
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
