/*
 * life.c - Conway's game of life, with each generation fanned out and in.
 *
 * The world is a square; its opposite edges touch. Each generation is cut into stripes of rows, and each stripe is a
 * task. All stripes read the old generation and write their own rows of the new one. weir_executor_map returns when
 * all have ended; then the two generations change places. The world begins with the R-pentomino in its middle. The
 * program prints the world if SIZE is 64 or less, and (the times vary):
 *
 *     generation 1103: 116 cells live
 *     time: 0.902 s sequential, 0.466 s on the executor, ratio 1.9
 *
 * cc -O2 life.c -o life $(pkg-config --cflags --libs weir)
 *
 * usage: life [SIZE [GENERATIONS]]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STRIPES = 8, SMALLEST = 8, LARGEST = 4096, LARGEST_SHOWN = 64 };

/* Each cell is 0 or 1. */
struct world {
    size_t size;
    unsigned char *old, *new;
};

struct stripe {
    const struct world *world;
    size_t first, end; /* rows */
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "life: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static struct world create(size_t size) {
    static const char *const pattern[] = {" ##", "## ", " # "};
    struct world world = {size, calloc(size, size), calloc(size, size)};
    if (world.old == NULL || world.new == NULL)
        check(WEIR_NOMEM, "create a world");
    for (size_t y = 0; y < 3; y++)
        for (size_t x = 0; x < 3; x++)
            world.old[(size / 2 + y) * size + size / 2 + x] = pattern[y][x] == '#';
    return world;
}

static void make_row(const struct world *world, size_t y) {
    size_t size = world->size;
    const unsigned char *above = world->old + (y + size - 1) % size * size, *row = world->old + y * size,
                        *below = world->old + (y + 1) % size * size;
    for (size_t x = 0; x < size; x++) {
        size_t left = x == 0 ? size - 1 : x - 1, right = x == size - 1 ? 0 : x + 1;
        int neighbours =
            above[left] + above[x] + above[right] + row[left] + row[right] + below[left] + below[x] + below[right];
        world->new[y * size + x] = neighbours == 3 || (neighbours == 2 && row[x]);
    }
}

/* The task. */
static int make_stripe(weir_future *self, void *arg, void **value) {
    const struct stripe *stripe = arg;
    (void)self, (void)value;
    for (size_t y = stripe->first; y < stripe->end; y++)
        make_row(stripe->world, y);
    return 0;
}

static void swap(struct world *world) {
    unsigned char *old = world->old;
    world->old = world->new;
    world->new = old;
}

static void run_sequentially(struct world *world, unsigned long generations) {
    for (unsigned long i = 0; i < generations; i++) {
        for (size_t y = 0; y < world->size; y++)
            make_row(world, y);
        swap(world);
    }
}

static void run_at_once(struct world *world, unsigned long generations) {
    struct stripe stripes[STRIPES];
    const weir_map_options options = {.in_flight = STRIPES, .arg_size = sizeof stripes[0]}; /* all at once */
    weir_executor *executor;
    for (size_t i = 0; i < STRIPES; i++)
        stripes[i] = (struct stripe){world, world->size * i / STRIPES, world->size * (i + 1) / STRIPES};
    check(weir_executor_create(&executor, NULL), "create"); /* a thread for each processor */
    for (unsigned long i = 0; i < generations; i++) {
        check(weir_executor_map(executor, make_stripe, stripes, STRIPES, &options, NULL, NULL), "map");
        swap(world);
    }
    check(weir_executor_destroy(executor), "destroy");
}

static void print(const struct world *world, unsigned long generation) {
    size_t live = 0;
    for (size_t i = 0; i < world->size * world->size; i++) {
        live += world->old[i];
        if (world->size <= LARGEST_SHOWN) {
            putchar(world->old[i] ? '#' : '.');
            if ((i + 1) % world->size == 0)
                putchar('\n');
        }
    }
    printf("generation %lu: %zu cells live\n", generation, live);
}

int main(int argc, char **argv) {
    size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 512;
    unsigned long generations = argc > 2 ? strtoul(argv[2], NULL, 10) : 1103;
    if (size < SMALLEST || size > LARGEST) {
        fprintf(stderr, "usage: life [SIZE [GENERATIONS]], SIZE from %d to %d\n", SMALLEST, LARGEST);
        return 2;
    }
    struct world sequential = create(size), at_once = create(size);
    double start = now();
    run_sequentially(&sequential, generations);
    double middle = now();
    run_at_once(&at_once, generations);
    double end = now();
    print(&at_once, generations);
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.2f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    int different = memcmp(sequential.old, at_once.old, size * size);
    free(sequential.old);
    free(sequential.new);
    free(at_once.old);
    free(at_once.new);
    return different == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
