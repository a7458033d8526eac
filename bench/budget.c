/*
 * budget.c - memory in flight under a byte budget: images of 1 to 100 MB through a pipeline with max_bytes of 64 MB.
 *
 *     budget [IMAGES [BUDGET-MB]]
 *
 * A source emits images that have a size but no pixels yet. Four threads load them: they allocate the memory and
 * write every page of it. Two threads shrink them to a tenth, and one reads the result. The weight of an image counts
 * from before it is loaded until the last of it is freed.
 *
 * Every 2 ms, one line goes to stdout: milliseconds since the start, resident memory of the process above its value
 * at the start, and bytes in flight by the pipeline's report. Both are in MB. At the end, a line with the peak of
 * each goes to stderr. The exit status is 1 if resident memory exceeded its bound by more than the slack of 8 MB. The
 * bound is the budget, or the heaviest image if that is heavier.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MEGA = 1000000, LIGHTEST = 1, HEAVIEST = 100, PAGE = 4096, SLACK = 8 };

struct image {
    size_t bytes; /* that it has once loaded */
    unsigned char *pixels;
};

static size_t images = 200, budget = 64;
static uint64_t lot = 88172645463325252u; /* used by the source's only thread */
static size_t named;
static _Atomic uint64_t checksum;
static atomic_bool over;
static double peak_resident, peak_in_flight;

static void stop(const char *what) {
    fprintf(stderr, "budget: %s\n", what);
    exit(1);
}

static void drop_image(void *item, void *arg) {
    struct image *image = item;
    (void)arg;
    free(image->pixels);
    free(image);
}

static uint64_t weigh(const void *item, void *arg) {
    (void)arg;
    return ((const struct image *)item)->bytes;
}

/* G. Marsaglia, "Xorshift RNGs", 2003. */
static size_t next_size(void) {
    lot ^= lot << 13;
    lot ^= lot >> 7;
    lot ^= lot << 17;
    return (LIGHTEST + (size_t)(lot % (HEAVIEST - LIGHTEST + 1))) * MEGA;
}

static int name_image(weir_task *task, void *item, void *arg) {
    (void)item;
    (void)arg;
    if (named++ == images)
        return WEIR_END;
    struct image *image = calloc(1, sizeof *image);
    if (image == NULL)
        return weir_task_fail(task, 1, "no memory for an image");
    image->bytes = next_size();
    weir_task_emit(task, image);
    return 0;
}

static int load(weir_task *task, void *item, void *arg) {
    struct image *image = item;
    (void)arg;
    image->pixels = malloc(image->bytes);
    if (image->pixels == NULL)
        return weir_task_fail(task, 1, "no memory for %zu bytes", image->bytes);
    memset(image->pixels, (int)(image->bytes % 251), image->bytes);
    weir_task_emit(task, image);
    return 0;
}

/* Keeps a tenth of the pixels. The rest is freed, but the image still counts with its full weight. */
static void *shrink(void *item, void *arg) {
    struct image *image = item;
    size_t bytes = image->bytes / 10;
    (void)arg;
    for (size_t i = 0; i < bytes; i++)
        image->pixels[i] = image->pixels[10 * i];
    unsigned char *smaller = realloc(image->pixels, bytes);
    image->pixels = smaller != NULL ? smaller : image->pixels;
    image->bytes = bytes;
    return image;
}

static void *look(void *item, void *arg) {
    struct image *image = item;
    uint64_t sum = 0;
    for (size_t i = 0; i < image->bytes; i += PAGE)
        sum += image->pixels[i];
    atomic_fetch_add(&checksum, sum);
    drop_image(image, arg);
    return NULL;
}

/* Returns the resident memory of the process in MB. */
static double resident(void) {
    unsigned long all, here;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &all, &here) != 2)
        stop("the system does not tell how much memory is resident");
    fclose(file);
    return (double)here * (double)sysconf(_SC_PAGESIZE) / MEGA;
}

static double in_flight(weir_pipeline *pipeline) {
    weir_report *report;
    if (weir_pipeline_report(pipeline, &report) != WEIR_OK)
        stop("no report");
    double bytes = (double)report->bytes / MEGA;
    weir_report_free(report);
    return bytes;
}

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void *sample(void *raw) {
    double from = milliseconds(), before = resident();
    while (!atomic_load(&over)) {
        double memory = resident() - before, flying = in_flight(raw);
        printf("%.1f\t%.1f\t%.1f\n", milliseconds() - from, memory, flying);
        peak_resident = memory > peak_resident ? memory : peak_resident;
        peak_in_flight = flying > peak_in_flight ? flying : peak_in_flight;
        nanosleep(&(struct timespec){.tv_nsec = 2 * MEGA}, NULL);
    }
    return NULL;
}

static weir_pipeline *new_pipeline(void) {
    weir_pipeline *pipeline;
    const weir_pipeline_options limits = {.max_bytes = budget * MEGA, .weigh = weigh};
    if (weir_pipeline_create(&pipeline, &limits) != WEIR_OK)
        stop("no pipeline");
    weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = "name", .work.source = name_image});
    weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){.name = "load", .work.run = load, .threads.count = 4, .input.drop = drop_image});
    weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){.name = "shrink", .work.func = shrink, .threads.count = 2, .input.drop = drop_image});
    weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){.name = "look", .work.func = look, .threads.width = 1, .input.drop = drop_image});
    return pipeline;
}

static void run(void) {
    weir_pipeline *pipeline = new_pipeline();
    pthread_t sampler;
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        stop(weir_pipeline_message(pipeline));
    if (pthread_create(&sampler, NULL, sample, pipeline) != 0)
        stop("no thread");
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    atomic_store(&over, true);
    pthread_join(sampler, NULL);
    weir_pipeline_destroy(pipeline);
    if (status != WEIR_OK)
        stop(weir_strerror(status));
}

int main(int argc, char **argv) {
    images = argc > 1 ? strtoul(argv[1], NULL, 10) : images;
    budget = argc > 2 ? strtoul(argv[2], NULL, 10) : budget;
    mallopt(M_MMAP_THRESHOLD, MEGA); /* freed memory goes back to the system, so the figures show it */
    run();
    double bound = (double)(budget > HEAVIEST ? budget : HEAVIEST) + SLACK;
    fprintf(stderr,
            "%zu images, budget %zu MB, heaviest %d MB: peak %.1f MB in flight, %.1f MB resident (bound %.0f)\n",
            images, budget, HEAVIEST, peak_in_flight, peak_resident, bound);
    return peak_resident <= bound ? 0 : 1;
}
