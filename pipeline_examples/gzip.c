/*
 * gzip.c - compresses standard input on all processors, into one member that `gzip -d` reads.
 *
 *     read (source) -> compress (a thread for each processor, ordered) -> write (1 thread)
 *
 * As in pigz, each block is compressed alone, with the 32 KB before it as its dictionary. at_end writes the trailer.
 * The blocks are a ring, and end in input order. max_items leaves two of them out of the pipeline. So when the source
 * comes to a block again, this block has ended, and so has the next one, which has it as dictionary.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>
#include <zlib.h>

enum { DICTIONARY = 32 * 1024, BLOCK = 128 * 1024, COMPRESSED = BLOCK + BLOCK / 64 };
struct block {
    const struct block *before; /* its end is the dictionary; NULL: the first block */
    uLong length, size, crc;    /* bytes of the input, compressed; of the input */
    unsigned char in[BLOCK], out[COMPRESSED];
};
struct ring {
    size_t size, count; /* of the blocks, of those read */
    struct block *blocks, *before;
};
struct trailer {
    uLong crc, length;
};

static int read_block(weir_task *task, void *none, void *arg) {
    struct ring *ring = arg;
    struct block *block = &ring->blocks[ring->count++ % ring->size];
    block->before = ring->before;
    ring->before = block;
    block->length = fread(block->in, 1, BLOCK, stdin);
    if (ferror(stdin))
        return weir_task_fail(task, errno, "standard input: %s", strerror(errno));
    weir_task_emit(task, block); /* the last one may be empty */
    return (void)none, feof(stdin) ? WEIR_END : 0;
}

static weir_status begin_deflate(void *arg, void **state) { /* in each thread, which keeps it for all its blocks */
    z_stream *z = *state = calloc(1, sizeof *z);
    if (z != NULL && deflateInit2(z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK)
        return WEIR_OK;
    free(z);
    return (void)arg, WEIR_NOMEM;
}

static void end_deflate(void *z) {
    deflateEnd(z);
    free(z);
}

static int compress_block(weir_task *task, void *item, void *state) {
    struct block *block = item;
    z_stream *z = state;
    int code = deflateReset(z);
    if (code == Z_OK && block->before != NULL)
        code = deflateSetDictionary(z, block->before->in + BLOCK - DICTIONARY, DICTIONARY);
    z->next_in = block->in;
    z->avail_in = (uInt)block->length;
    z->next_out = block->out;
    z->avail_out = COMPRESSED;
    block->crc = crc32(0, block->in, z->avail_in);
    if (code == Z_OK && block->length > 0)
        code = deflate(z, Z_SYNC_FLUSH);
    if (code != Z_OK || z->avail_out == 0)
        return weir_task_fail(task, code, "zlib: %s", zError(code));
    block->size = COMPRESSED - z->avail_out;
    weir_task_emit(task, block);
    return 0;
}

static int write_block(weir_task *task, void *item, void *arg) {
    const struct block *block = item;
    struct trailer *trailer = arg;
    if (fwrite(block->out, 1, block->size, stdout) != block->size)
        return weir_task_fail(task, errno, "standard output: %s", strerror(errno));
    trailer->crc = crc32_combine(trailer->crc, block->crc, (z_off_t)block->length);
    trailer->length += block->length;
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

int main(void) {
    static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    struct trailer trailer = {0, 0};
    const size_t threads = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    struct ring ring = {.size = 4 * threads + 2, .blocks = calloc(4 * threads + 2, sizeof *ring.blocks)};
    weir_stage_options reads = {.name = "read", .work.source = read_block, .work.arg = &ring};
    weir_stage_options compresses = {.name = "compress",
                                     .work = {.run = compress_block, .init = begin_deflate, .fini = end_deflate}};
    weir_stage_options writes = {
        .name = "write", .work.run = write_block, .work.at_end = write_trailer, .work.arg = &trailer};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    compresses.threads.count = threads;
    compresses.output.ordered = true;
    fwrite(header, 1, sizeof header, stdout); /* the next write reports an error */
    weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = ring.size - 2});
    weir_pipeline_add(pipeline, NULL, &reads);
    weir_pipeline_add(pipeline, NULL, &compresses);
    weir_pipeline_add(pipeline, NULL, &writes);
    if (ring.blocks == NULL || weir_pipeline_start(pipeline) != WEIR_OK)
        fprintf(stderr, "gzip: %s\n", ring.blocks == NULL ? "no memory" : weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (report != NULL && report->kept_errors > 0)
        fprintf(stderr, "gzip: %s\n", report->errors[0].message);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    free(ring.blocks);
    return status == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
