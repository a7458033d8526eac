/*
 * encode.c - calls the encoders of libvips.
 *
 * libvips may have the operation for a format without an encoder behind it, so a small picture is written at the start.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "encode.h"

#include "terminal.h"
#include "vips_text.h"

static int encode_jpeg(VipsImage *picture, const struct recipe *recipe, struct thumbnail *made) {
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0); /* background for transparent areas */
    int error = vips_jpegsave_buffer(picture, &made->bytes, &made->size, "Q", recipe->quality, "strip", TRUE,
                                     "optimize_coding", TRUE, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    return error;
}

bool encode_picture(VipsImage *picture, const struct recipe *recipe, struct thumbnail *made) {
    switch (recipe->format) {
        case FORMAT_WEBP:
            return vips_webpsave_buffer(picture, &made->bytes, &made->size, "Q", recipe->quality, "strip", TRUE,
                                        NULL) == 0;
        case FORMAT_AVIF:
            return vips_heifsave_buffer(picture, &made->bytes, &made->size, "Q", recipe->quality, "strip", TRUE,
                                        "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, NULL) == 0;
        case FORMAT_PNG:
            return vips_pngsave_buffer(picture, &made->bytes, &made->size, "strip", TRUE, NULL) == 0;
        default:
            return encode_jpeg(picture, recipe, made) == 0;
    }
}

bool encode_check(const struct recipe *recipe) {
    enum { SIDE = 16, REASON = 256 };
    VipsImage *picture = NULL;
    struct thumbnail thumbnail = {.bytes = NULL};
    bool ok = vips_black(&picture, SIDE, SIDE, "bands", 3, NULL) == 0 && encode_picture(picture, recipe, &thumbnail);
    if (picture != NULL)
        g_object_unref(picture);
    g_free(thumbnail.bytes);
    if (!ok) {
        char reason[REASON];
        vips_text_take(reason, sizeof reason);
        terminal_say("--format: this libvips cannot write %s: %s", format_title(recipe->format), reason);
    }
    return ok;
}
