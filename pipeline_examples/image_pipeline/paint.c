/*
 * paint.c - paints clouds, cells and a gradient, with grain on top.
 *
 * The expensive layers are made at an eighth of the size and enlarged. The grain is one tile, repeated. Without
 * grain, a JPEG of the picture would be much smaller than one of a photograph.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "paint.h"

enum { WIDTH = 3072, HEIGHT = 2304, SCALE = 8, TILE = 256 };

/* Splitmix64. */
uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int random_between(uint64_t *state, int min, int max) {
    return min + (int)(random_next(state) % (uint64_t)(max - min + 1));
}

static int random_seed(uint64_t *state) {
    return random_between(state, 0, INT32_MAX - 1);
}

/* Makes three bands of clouds around 0. */
static int paint_clouds(VipsImage *scope, int width, int height, uint64_t *random, VipsImage **clouds) {
    VipsImage **t = (VipsImage **)vips_object_local_array(VIPS_OBJECT(scope), 4);
    int cell = random_between(random, 12, 60);
    for (int band = 0; band < 3; band++) {
        if (vips_perlin(&t[band], width, height, "cell_size", cell, "seed", random_seed(random), NULL) != 0)
            return -1;
    }
    return vips_bandjoin(t, &t[3], 3, NULL) != 0 ? -1
                                                 : vips_linear1(t[3], clouds, random_between(random, 40, 90), 0, NULL);
}

/* Makes three bands from 60 to at most 180, each with a slope of its own. */
static int paint_gradient(VipsImage *scope, int width, int height, uint64_t *random, VipsImage **gradient) {
    VipsImage **t = (VipsImage **)vips_object_local_array(VIPS_OBJECT(scope), 3);
    double slopes[6]; /* of each band, horizontal and vertical */
    for (int i = 0; i < 6; i++)
        slopes[i] = random_between(random, 0, 60) / (double)(i % 2 == 0 ? width : height);
    t[0] = vips_image_new_matrix_from_array(2, 3, slopes, 6);
    if (t[0] == NULL || vips_xyz(&t[1], width, height, NULL) != 0)
        return -1;
    return vips_recomb(t[1], &t[2], t[0], NULL) != 0 ? -1 : vips_linear1(t[2], gradient, 1, 60, NULL);
}

static int paint_layers(VipsImage *scope, int width, int height, uint64_t *random, VipsImage **layers) {
    VipsImage **t = (VipsImage **)vips_object_local_array(VIPS_OBJECT(scope), 5);
    if (paint_clouds(scope, width, height, random, &t[0]) != 0 ||
        paint_gradient(scope, width, height, random, &t[1]) != 0)
        return -1;
    int cell = random_between(random, 15, 50), seed = random_seed(random);
    if (vips_worley(&t[2], width, height, "cell_size", cell, "seed", seed, NULL) != 0)
        return -1;
    double strength = random_between(random, 20, 60) / (double)cell; /* distances in a cell go up to about its size */
    return vips_linear1(t[2], &t[3], strength, 0, NULL) != 0 || vips_add(t[0], t[1], &t[4], NULL) != 0 ||
                   vips_add(t[4], t[3], layers, NULL) != 0
               ? -1
               : 0;
}

/* Makes grain in integers, so that adding it needs no floating-point arithmetic. */
static int make_grain(VipsImage *scope, uint64_t *random, VipsImage **grain) {
    VipsImage **t = (VipsImage **)vips_object_local_array(VIPS_OBJECT(scope), 3);
    int seed = random_seed(random), sigma = random_between(random, 2, 6);
    if (vips_gaussnoise(&t[0], TILE, TILE, "sigma", (double)sigma, "mean", 0.0, "seed", seed, NULL) != 0 ||
        vips_cast_char(t[0], &t[1], NULL) != 0)
        return -1;
    t[2] = vips_image_copy_memory(t[1]);
    return t[2] == NULL ? -1 : vips_replicate(t[2], grain, WIDTH / TILE, HEIGHT / TILE, NULL);
}

static int paint(VipsImage *scope, uint64_t *random, VipsImage **picture) {
    VipsImage **t = (VipsImage **)vips_object_local_array(VIPS_OBJECT(scope), 7);
    if (paint_layers(scope, WIDTH / SCALE, HEIGHT / SCALE, random, &t[0]) != 0 ||
        vips_cast_uchar(t[0], &t[1], NULL) != 0)
        return -1;
    t[2] = vips_image_copy_memory(t[1]); /* without it, enlarging paints each neighbourhood again */
    return t[2] == NULL || vips_resize(t[2], &t[3], SCALE, NULL) != 0 || make_grain(scope, random, &t[4]) != 0 ||
                   vips_add(t[3], t[4], &t[5], NULL) != 0 || vips_cast_uchar(t[5], &t[6], NULL) != 0 ||
                   vips_copy(t[6], picture, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) != 0
               ? -1
               : 0;
}

VipsImage *paint_picture(uint64_t seed) {
    VipsImage *scope = vips_image_new(), *picture = NULL, *painted = NULL; /* the scope frees the steps */
    if (paint(scope, &seed, &picture) == 0) {
        painted = vips_image_copy_memory(picture);
        g_object_unref(picture);
    }
    g_object_unref(scope);
    return painted;
}
