/*
 * thumbnail.c - decodes, shrinks, converts and encodes one picture, with libvips.
 *
 * Pictures are untrusted. Only JPEG, PNG and WebP are accepted, by content and not by name. The header must not give
 * more pixels than the limit; that is checked before any pixel is decoded.
 *
 * A damaged picture is refused. A warning of its decoder counts as damage, because libjpeg fills lost data with grey.
 * libvips checks for warnings before it decodes some more rows, so it never checks after the last rows: a tenth of a
 * small thumbnail. When it frees a decoder that has warned, it logs how often, in the thread that frees it. That log
 * is checked too.
 *
 * The thumbnail is in sRGB and has no profile. A picture is converted if it has a profile that fits, or if it is
 * CMYK. Any other picture is assumed to be in sRGB, as in browsers. A profile that does not fit is ignored.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "thumbnail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>

#include "cost.h"
#include "guard.h"
#include "png_text.h"
#include "profile.h"
#include "stages.h"

/* Warnings that libvips logged in this thread about the current picture. */
static _Thread_local struct {
    bool profile_is_refused; /* by libpng, which hides it from libvips, or by libvips */
    bool decoder_has_warned; /* the pixels may not be those of the picture */
    char first[160];         /* the first other warning; "" if none */
} logged;

static void take_warning(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer unused) {
    (void)domain, (void)level, (void)unused;
    if (strncmp(message, "iCCP: ", 6) == 0 || strncmp(message, "profile ", 8) == 0)
        logged.profile_is_refused = true;
    else if (strncmp(message, "read gave ", 10) == 0)
        logged.decoder_has_warned = true;
    else if (logged.first[0] == '\0')
        snprintf(logged.first, sizeof logged.first, "%s", message);
}

const char *thumbnail_warning(void) {
    return logged.first;
}

void thumbnail_open(void) {
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, take_warning, NULL);
}

/* Returns the name of a format that is not accepted. libvips has one loader for all formats of ImageMagick. */
static const char *format_of(const struct photo *photo, const char *loader) {
    static const struct {
        const char *loader, *name;
    } formats[] = {{"Gif", "GIF"},   {"Nsgif", "GIF"},      {"Svg", "SVG"},     {"Tiff", "TIFF"},   {"Pdf", "PDF"},
                   {"Heif", "HEIF"}, {"Jp2k", "JPEG 2000"}, {"Jxl", "JPEG XL"}, {"Rad", "Radiance"}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strncmp(loader + sizeof "VipsForeignLoad" - 1, formats[i].loader, strlen(formats[i].loader)) == 0)
            return formats[i].name;
    }
    return photo->image_size > 2 && memcmp(photo->image, "BM", 2) == 0 ? "BMP" : "another format";
}

/* libvips has loaders for many formats, from SVG and PDF to all those of ImageMagick; photographs need three. */
static int check_format(weir_task *task, const struct photo *photo) {
    static const char *const allowed[] = {"VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer",
                                          "VipsForeignLoadWebpBuffer"};
    const char *loader = vips_foreign_find_load_buffer(photo->image, photo->image_size);
    if (loader == NULL)
        return weir_task_fail(task, FAILED, "not an image");
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (strcmp(loader, allowed[i]) == 0)
            return 0;
    }
    return weir_task_fail(task, FAILED, "not JPEG, PNG or WebP but %s", format_of(photo, loader));
}

const char *thumbnail_format(const struct photo *photo) {
    if (photo->image_size > 1 && memcmp(photo->image, "\xff\xd8", 2) == 0)
        return "JPEG";
    return photo->image_size > 1 && memcmp(photo->image, "\x89P", 2) == 0 ? "PNG" : "WebP";
}

/* Fields of the header. */
struct header {
    int width, height;
    bool is_cmyk, is_interlaced;
    enum profile profile;
    uint64_t cost; /* bytes */
};

static int read_header(const struct photo *photo, const struct options *options, struct header *header) {
    VipsImage *picture = vips_image_new_from_buffer(photo->image, photo->image_size, "", NULL); /* decodes no pixels */
    if (picture == NULL)
        return LIBVIPS_KNOWS;
    *header = (struct header){.width = vips_image_get_width(picture),
                              .height = vips_image_get_height(picture),
                              .is_cmyk = vips_image_get_interpretation(picture) == VIPS_INTERPRETATION_CMYK,
                              .is_interlaced = cost_is_interlaced(picture),
                              .profile = profile_of(picture),
                              .cost = cost_of(picture, thumbnail_format(photo), options)};
    if (header->profile == PROFILE_NONE && logged.profile_is_refused)
        header->profile = PROFILE_UNFIT;
    g_object_unref(picture);
    return 0;
}

static int check_size(weir_task *task, const struct header *header, uint64_t max_pixels) {
    if ((uint64_t)header->width * (uint64_t)header->height <= max_pixels)
        return 0;
    return weir_task_fail(task, FAILED, "%d x %d is more than %ju pixels", header->width, header->height,
                          (uintmax_t)max_pixels);
}

/* Returns options for the loader, as a string: libvips 8.14 ignores the fail_on argument of vips_thumbnail_buffer. */
static const char *load_options(enum thumbnail_damage damage) {
    return damage == THUMBNAIL_REFUSE_DAMAGED ? "[fail_on=warning]" : "[fail_on=none]";
}

/* One decode. */
struct decode {
    struct photo *photo;
    const struct options *options;
    const struct header *header;
    enum thumbnail_damage damage;
    struct guard guard;
};

/*
 * Returns a source that can end the decode. Returns NULL if the decoder needs the whole file at once, if libvips can end
 * the decode between rows, which costs less, or if memory is exhausted.
 */
static VipsSource *source_of(struct decode *decode) {
    bool is_needed = decode->header->is_interlaced && strcmp(thumbnail_format(decode->photo), "WebP") != 0;
    return is_needed ? guard_source(&decode->guard) : NULL;
}

static VipsInteresting interest_of(const struct options *options) {
    return options->crop == CROP_CENTRE      ? VIPS_INTERESTING_CENTRE
           : options->crop == CROP_ATTENTION ? VIPS_INTERESTING_ATTENTION
                                             : VIPS_INTERESTING_NONE;
}

/* Sets up decoding, at a smaller scale if the format can, and rotation as in the camera. Decodes no pixels yet. */
static VipsImage *shrink(struct decode *decode) {
    VipsImage *small = NULL;
    const struct options *options = decode->options;
    const struct photo *photo = decode->photo;
    const char *load = load_options(decode->damage);
    VipsSource *source = source_of(decode);
    int error =
        source != NULL
            ? vips_thumbnail_source(source, &small, options->width, "height", options->height, "size", VIPS_SIZE_DOWN,
                                    "crop", interest_of(options), "option_string", load, NULL)
            : vips_thumbnail_buffer(photo->image, photo->image_size, &small, options->width, "height", options->height,
                                    "size", VIPS_SIZE_DOWN, "crop", interest_of(options), "option_string", load, NULL);
    if (source != NULL)
        g_object_unref(source);
    return error == 0 ? small : NULL;
}

/* Takes the picture and returns it in sRGB. A profile may fit by its header and still be broken. */
static VipsImage *convert(VipsImage *picture, struct photo *photo) {
    VipsImage *converted = NULL;
    logged.profile_is_refused = false;
    int error = vips_icc_transform(picture, &converted, "srgb", "embedded", TRUE, "depth", 8, NULL);
    if (error != 0 || logged.profile_is_refused)
        photo->notes |= PHOTO_PROFILE_IGNORED;
    if (error != 0)
        return picture;
    g_object_unref(picture);
    return converted;
}

static VipsImage *shrink_rgb(struct decode *decode) {
    VipsImage *small = shrink(decode);
    if (small != NULL && decode->header->profile == PROFILE_FITS)
        return convert(small, decode->photo);
    if (decode->header->profile == PROFILE_UNFIT)
        decode->photo->notes |= PHOTO_PROFILE_IGNORED;
    return small;
}

/* Returns the factor for the decoder: as in vips_thumbnail, libvips still halves the decoder's output. */
static int decoder_shrink(const struct header *header, const struct options *options) {
    int longer = header->width > header->height ? header->width : header->height;
    int shorter = header->width > header->height ? header->height : header->width;
    int box = options->width > options->height ? options->width : options->height; /* covers every rotation */
    int factor = (options->crop == CROP_NONE ? longer : shorter) / box;
    return factor >= 16 ? 8 : factor >= 8 ? 4 : factor >= 4 ? 2 : 1;
}

static VipsImage *load_cmyk(struct decode *decode) {
    VipsSource *source = source_of(decode);
    const char *load = load_options(decode->damage);
    int factor = decoder_shrink(decode->header, decode->options);
    if (source == NULL)
        return vips_image_new_from_buffer(decode->photo->image, decode->photo->image_size, load, "access",
                                          VIPS_ACCESS_SEQUENTIAL, "shrink", factor, NULL);
    VipsImage *picture =
        vips_image_new_from_source(source, load, "access", VIPS_ACCESS_SEQUENTIAL, "shrink", factor, NULL);
    g_object_unref(source);
    return picture;
}

/* Takes the picture and returns a copy without a profile; NULL if libvips fails. */
static VipsImage *forget_profile(VipsImage *picture) {
    VipsImage *copy = NULL;
    if (vips_copy(picture, &copy, NULL) == 0)
        vips_image_remove(copy, VIPS_META_ICC_NAME);
    g_object_unref(picture);
    return copy;
}

/*
 * Converts CMYK before shrinking, by the picture's profile or by libvips's own. vips_thumbnail does that too, but
 * libvips 8.14 always uses its own profile, and other versions fail if the picture's profile is broken.
 */
static VipsImage *shrink_cmyk(struct decode *decode) {
    const struct options *options = decode->options;
    VipsImage *picture = load_cmyk(decode), *small = NULL;
    if (picture != NULL && decode->header->profile == PROFILE_FITS)
        picture = convert(picture, decode->photo);
    if (decode->header->profile == PROFILE_UNFIT)
        decode->photo->notes |= PHOTO_PROFILE_IGNORED;
    if (picture != NULL && vips_image_get_interpretation(picture) == VIPS_INTERPRETATION_CMYK)
        picture = forget_profile(picture);
    if (picture == NULL)
        return NULL;
    int error = vips_thumbnail_image(picture, &small, options->width, "height", options->height, "size", VIPS_SIZE_DOWN,
                                     "crop", interest_of(options), NULL);
    g_object_unref(picture);
    return error == 0 ? small : NULL;
}

/* Decodes the pixels and encodes the thumbnail. */
static int encode(struct decode *decode, VipsImage *picture) {
    struct photo *photo = decode->photo;
    guard_watch(&decode->guard, picture);
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0); /* background for transparent areas */
    int error = vips_jpegsave_buffer(picture, &photo->thumbnail, &photo->thumbnail_size, "Q", decode->options->quality,
                                     "strip", TRUE, "optimize_coding", TRUE, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    return error == 0 ? 0 : LIBVIPS_KNOWS;
}

/* Makes the thumbnail, once the header is known. */
static int make(struct decode *decode) {
    VipsImage *small = decode->header->is_cmyk ? shrink_cmyk(decode) : shrink_rgb(decode);
    if (small == NULL)
        return LIBVIPS_KNOWS;
    int code = encode(decode, small);
    g_object_unref(small); /* frees the decoder too */
    return code;
}

/* Makes the thumbnail within the time for that. A decode that was ended may have made one of the part before. */
static int make_in_time(weir_task *task, struct photo *photo, const struct options *options,
                        const struct header *header, enum thumbnail_damage damage) {
    struct decode decode = {
        .photo = photo,
        .options = options,
        .header = header,
        .damage = damage,
        .guard = {.task = task,
                  .photo = photo,
                  .deadline = weir_deadline_after((uint64_t)options->resize_timeout * WEIR_SECOND)}};
    int code = make(&decode);
    if (!atomic_load(&decode.guard.is_late))
        return code;
    photo_forget_thumbnail(photo);
    return weir_task_fail(task, FAILED, "takes longer than %ld s to resize (--resize-timeout)",
                          options->resize_timeout);
}

/* Waits until the decode fits into the memory, and makes the thumbnail. */
static int make_within_memory(weir_task *task, struct photo *photo, struct work *work, const struct header *header,
                              enum thumbnail_damage damage) {
    enum { MIB = 1 << 20 };
    struct budget *memory = &work->memory;
    if (header->cost > memory->limit)
        return weir_task_fail(task, FAILED, "needs about %" PRIu64 " MiB to decode, and --memory is %" PRIu64 " MiB",
                              header->cost / MIB + 1, memory->limit / MIB);
    if (!budget_take(memory, task, header->cost))
        return weir_task_fail(task, FAILED, "cancelled");
    int code = make_in_time(task, photo, work->options, header, damage);
    budget_return(memory, header->cost);
    if (code == 0 && weir_task_cancelled(task)) { /* it may be incomplete */
        photo_forget_thumbnail(photo);
        code = weir_task_fail(task, FAILED, "cancelled");
    }
    return code;
}

int thumbnail_make(weir_task *task, struct photo *photo, struct work *work, enum thumbnail_damage damage) {
    struct header header;
    photo->notes = 0;
    logged.profile_is_refused = logged.decoder_has_warned = false;
    logged.first[0] = '\0';
    int code = check_format(task, photo);
    photo->image_size = png_text_remove(photo->image, photo->image_size);
    if (code == 0)
        code = read_header(photo, work->options, &header);
    if (code == 0)
        code = check_size(task, &header, work->options->max_pixels);
    if (code == 0)
        code = make_within_memory(task, photo, work, &header, damage);
    if (code != 0 || !logged.decoder_has_warned || damage == THUMBNAIL_KEEP_DAMAGED)
        return code;
    photo_forget_thumbnail(photo);
    return LIBVIPS_KNOWS;
}
