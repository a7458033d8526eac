/*
 * gzip.c - compresses standard input on all processors, into one member that `gzip -d` reads.
 *
 *     read (source) -> compress (a thread for each processor, ordered) -> write (1 thread)
 *
 * As in pigz, each block is compressed alone, with the 32 KB before it as its dictionary. at_end writes the trailer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>
#include <zlib.h>

enum { DICTIONARY = 32 * 1024, BLOCK = 128 * 1024, COMPRESSED = BLOCK + BLOCK / 64 };
struct block {
    size_t before, length, size; /* bytes of the dictionary, of the input, compressed */
    uLong crc;
    unsigned char in[DICTIONARY + BLOCK], out[COMPRESSED];
};
struct end { /* of the input so far: the dictionary of the next block */
    size_t length;
    unsigned char bytes[DICTIONARY];
};
struct trailer {
    uLong crc, length;
};

static int read_block(weir_task *task, void *none, void *arg) {
    struct end *end = arg;
    struct block *block = malloc(sizeof *block);
    (void)none;
    if (block == NULL)
        return weir_task_fail(task, ENOMEM, "no memory");
    memcpy(block->in, end->bytes, block->before = end->length);
    block->length = fread(block->in + block->before, 1, BLOCK, stdin);
    end->length = block->length < DICTIONARY ? block->length : DICTIONARY;
    memcpy(end->bytes, block->in + block->before + block->length - end->length, end->length);
    if (ferror(stdin)) {
        free(block);
        return weir_task_fail(task, errno, "standard input: %s", strerror(errno));
    }
    weir_task_emit(task, block); /* the last one may be empty */
    return feof(stdin) ? WEIR_END : 0;
}

static weir_status begin_deflate(void *arg, void **state) { /* in each thread, which keeps it for all its blocks */
    z_stream *z = calloc(1, sizeof *z);
    (void)arg;
    *state = z;
    if (z != NULL && deflateInit2(z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK)
        return WEIR_OK;
    free(z);
    return WEIR_NOMEM;
}

static void end_deflate(void *z) {
    deflateEnd(z);
    free(z);
}

static int compress_block(weir_task *task, void *item, void *state) {
    struct block *block = item;
    z_stream *z = state;
    int code = deflateReset(z);
    if (code == Z_OK && block->before > 0)
        code = deflateSetDictionary(z, block->in, (uInt)block->before);
    z->next_in = block->in + block->before;
    z->avail_in = (uInt)block->length;
    z->next_out = block->out;
    z->avail_out = COMPRESSED;
    block->crc = crc32(0, z->next_in, z->avail_in);
    if (code == Z_OK && block->length > 0)
        code = deflate(z, Z_SYNC_FLUSH);
    if (code != Z_OK || z->avail_out == 0)
        return weir_task_fail(task, code, "zlib: %s", zError(code));
    block->size = COMPRESSED - z->avail_out;
    weir_task_emit(task, block);
    return 0;
}

static int write_block(weir_task *task, void *item, void *arg) {
    struct block *block = item;
    struct trailer *trailer = arg;
    if (fwrite(block->out, 1, block->size, stdout) != block->size)
        return weir_task_fail(task, errno, "standard output: %s", strerror(errno));
    trailer->crc = crc32_combine(trailer->crc, block->crc, (z_off_t)block->length);
    trailer->length += block->length;
    free(block);
    return 0;
}

static int write_trailer(weir_task *task, void *arg) {
    const struct trailer *trailer = arg;
    unsigned char bytes[10] = {3, 0}; /* an empty last block */
    for (int i = 0; i < 4; i++) {
        bytes[2 + i] = (unsigned char)(trailer->crc >> 8 * i);
        bytes[6 + i] = (unsigned char)(trailer->length >> 8 * i);
    }
    if (fwrite(bytes, 1, sizeof bytes, stdout) != sizeof bytes || fflush(stdout) != 0)
        return weir_task_fail(task, errno, "standard output: %s", strerror(errno));
    return 0;
}

static void drop(void *block, void *arg) {
    (void)arg;
    free(block);
}

int main(void) {
    static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    static struct end end;
    struct trailer trailer = {0, 0};
    const size_t threads = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    weir_stage_options reads = {.name = "read", .work.source = read_block, .work.arg = &end};
    weir_stage_options compresses = {
        .name = "compress", .work.run = compress_block, .output.ordered = true, .input.drop = drop};
    weir_stage_options writes = {
        .name = "write", .work.run = write_block, .work.at_end = write_trailer, .input.drop = drop};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
#ifdef M_TRIM_THRESHOLD /* keeps freed blocks, which glibc would return to the system, for a tenth of the time */
    mallopt(M_MMAP_THRESHOLD, 1 << 24);
    mallopt(M_TRIM_THRESHOLD, 1 << 26);
#endif
    compresses.work.init = begin_deflate;
    compresses.work.fini = end_deflate;
    compresses.threads.count = threads;
    compresses.input.capacity = writes.input.capacity = 2 * threads;
    writes.work.arg = &trailer;
    fwrite(header, 1, sizeof header, stdout); /* the next write reports an error */
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &reads);
    weir_pipeline_add(pipeline, NULL, &compresses);
    weir_pipeline_add(pipeline, NULL, &writes);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        fprintf(stderr, "gzip: %s\n", weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (report != NULL && report->kept_errors > 0)
        fprintf(stderr, "gzip: %s\n", report->errors[0].message);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return status == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
