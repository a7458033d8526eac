/*
 * thumbnail.c - decodes, shrinks and converts one picture, with libvips.
 *
 * Pictures are untrusted. Only a few formats are accepted, by content and not by name. The header must not give more
 * pixels than the limit; that is checked before any pixel is decoded. Of several pages the first one is decoded.
 *
 * Of several sizes, the largest one is decoded, and kept to make those of half its size and less.
 *
 * A damaged picture is refused. A warning of its decoder counts as damage, because libjpeg fills lost data with grey.
 * libvips checks for warnings before it decodes some more rows, so it never checks after the last rows: a tenth of a
 * small thumbnail. When it frees a decoder that has warned, it logs how often, in the thread that frees it. That log
 * is checked too. libtiff logs the warnings of libjpeg, in any thread, and libvips ignores them, as it must ignore those
 * of unknown fields.
 *
 * The thumbnail is in sRGB and has no profile. A picture is converted if it has a profile that fits, or if it is
 * CMYK. Any other picture is assumed to be in sRGB, as in browsers. A profile that does not fit is ignored.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "thumbnail.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>

#include "cost.h"
#include "encode.h"
#include "guard.h"
#include "profile.h"

/* Warnings that libvips logged in this thread about the current picture. */
static _Thread_local struct {
    bool profile_is_refused; /* by libpng, which hides it from libvips, or by libvips */
    bool decoder_has_warned; /* the pixels may not be those of the picture */
    char first[160];         /* the first other warning; "" if none */
} logged;

static bool begins(const char *message, const char *start) {
    return strncmp(message, start, strlen(start)) == 0;
}

/* Decoded one at a time, because the threads of libvips give the warnings. */
static pthread_mutex_t one_tiff = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool tiff_is_damaged;

static void take_warning(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer unused) {
    (void)domain, (void)level, (void)unused;
    bool is_of_profile = begins(message, "iCCP: ") || begins(message, "profile ");
    bool is_of_vips = begins(message, "read gave "); /* the reason is in the messages of libvips */
    bool is_of_jpeg = begins(message, "Corrupt JPEG data") || begins(message, "Premature end of JPEG");
    logged.profile_is_refused |= is_of_profile;
    logged.decoder_has_warned |= is_of_vips;
    if (is_of_jpeg)
        atomic_store(&tiff_is_damaged, true);
    else if (!is_of_profile && !is_of_vips && logged.first[0] == '\0')
        snprintf(logged.first, sizeof logged.first, "%s", message);
}

const char *thumbnail_warning(void) {
    return logged.first;
}

void thumbnail_open(void) {
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, take_warning, NULL);
}

/* The formats that are accepted. A loader may be absent from libvips. */
static const struct {
    const char *loader, *name;
} accepted[] = {{"JpegBuffer", "JPEG"}, {"PngBuffer", "PNG"},   {"WebpBuffer", "WebP"},
                {"NsgifBuffer", "GIF"}, {"TiffBuffer", "TIFF"}, {"HeifBuffer", "HEIC"}};

/* Returns whether the loader is the one with this name, or begins with it. */
static bool is_loader(const char *loader, const char *name) {
    static const char prefix[] = "VipsForeignLoad";
    return strncmp(loader, prefix, sizeof prefix - 1) == 0 &&
           strncmp(loader + sizeof prefix - 1, name, strlen(name)) == 0;
}

/* Returns the name of a format that is not accepted. libvips has one loader for all formats of ImageMagick. */
static const char *format_of(const struct photo *photo, const char *loader) {
    static const struct {
        const char *loader, *name;
    } formats[] = {{"Svg", "SVG"}, {"Pdf", "PDF"}, {"Jp2k", "JPEG 2000"}, {"Jxl", "JPEG XL"}, {"Rad", "Radiance"}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (is_loader(loader, formats[i].loader))
            return formats[i].name;
    }
    return photo->image_size > 2 && memcmp(photo->image, "BM", 2) == 0 ? "BMP" : "another format";
}

/* libvips has loaders for many formats, from SVG and PDF to all those of ImageMagick; photographs need few. */
static int check_format(struct maker *maker, const struct photo *photo) {
    const char *loader = vips_foreign_find_load_buffer(photo->image, photo->image_size);
    if (loader == NULL)
        return maker_fail(maker, "not an image");
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        if (is_loader(loader, accepted[i].loader))
            return 0;
    }
    return maker_fail(maker, "not JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC but %s", format_of(photo, loader));
}

static bool begins_with(const struct photo *photo, size_t place, const char *bytes) {
    size_t size = strlen(bytes);
    return photo->image_size >= place + size && memcmp(photo->image + place, bytes, size) == 0;
}

const char *thumbnail_format(const struct photo *photo) {
    static const struct {
        size_t place;
        const char *bytes, *name;
    } starts[] = {{0, "\xff\xd8", "JPEG"}, {0, "\x89P", "PNG"}, {0, "GIF8", "GIF"}, {0, "II", "TIFF"},
                  {0, "MM", "TIFF"},       {8, "avif", "AVIF"}, {4, "ftyp", "HEIC"}};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (begins_with(photo, starts[i].place, starts[i].bytes))
            return starts[i].name;
    }
    return "WebP";
}

/* Fields of the header. */
struct header {
    int width, height;
    bool is_cmyk, is_interlaced;
    enum profile profile;
    uint64_t cost; /* bytes */
};

static int read_header(const struct photo *photo, const struct recipe *recipe, struct header *header) {
    VipsImage *picture = vips_image_new_from_buffer(photo->image, photo->image_size, "", NULL); /* decodes no pixels */
    if (picture == NULL)
        return LIBVIPS_KNOWS;
    *header = (struct header){.width = vips_image_get_width(picture),
                              .height = vips_image_get_height(picture),
                              .is_cmyk = vips_image_get_interpretation(picture) == VIPS_INTERPRETATION_CMYK,
                              .is_interlaced = cost_is_interlaced(picture),
                              .profile = profile_of(picture),
                              .cost = cost_of(picture, thumbnail_format(photo), recipe)};
    if (header->profile == PROFILE_NONE && logged.profile_is_refused)
        header->profile = PROFILE_UNFIT;
    g_object_unref(picture);
    return 0;
}

static int check_size(struct maker *maker, const struct header *header) {
    uint64_t most = maker->recipe->max_pixels;
    if ((uint64_t)header->width * (uint64_t)header->height <= most)
        return 0;
    return maker_fail(maker, "%d x %d is more than %" PRIu64 " pixels", header->width, header->height, most);
}

/* Returns options for the loader, as a string: libvips 8.14 ignores the fail_on argument of vips_thumbnail_buffer. */
static const char *load_options(enum thumbnail_damage damage) {
    return damage == THUMBNAIL_REFUSE_DAMAGED ? "[fail_on=warning]" : "[fail_on=none]";
}

/* The thumbnails of one picture. */
struct decode {
    struct photo *photo;
    const struct recipe *recipe;
    const struct header *header;
    enum thumbnail_damage damage;
    struct guard guard;
};

/*
 * Returns a source that can end the decode. Returns NULL if the decoder needs the whole file at once, if libvips can end
 * the decode between rows, which costs less, or if memory is exhausted.
 */
static VipsSource *source_of(struct decode *decode) {
    const char *format = thumbnail_format(decode->photo);
    bool is_needed = decode->header->is_interlaced && (strcmp(format, "JPEG") == 0 || strcmp(format, "PNG") == 0);
    return is_needed ? guard_source(&decode->guard) : NULL;
}

static VipsInteresting interest_of(const struct recipe *recipe) {
    return recipe->crop == CROP_CENTRE      ? VIPS_INTERESTING_CENTRE
           : recipe->crop == CROP_ATTENTION ? VIPS_INTERESTING_ATTENTION
                                            : VIPS_INTERESTING_NONE;
}

/* Sets up decoding, at a smaller scale if the format can, and rotation as in the camera. Decodes no pixels yet. */
static VipsImage *shrink(struct decode *decode, const struct box *box) {
    VipsImage *small = NULL;
    VipsInteresting interest = interest_of(decode->recipe);
    const struct photo *photo = decode->photo;
    const char *load = load_options(decode->damage);
    VipsSource *source = source_of(decode);
    int error = source != NULL
                    ? vips_thumbnail_source(source, &small, box->width, "height", box->height, "size", VIPS_SIZE_DOWN,
                                            "crop", interest, "option_string", load, NULL)
                    : vips_thumbnail_buffer(photo->image, photo->image_size, &small, box->width, "height", box->height,
                                            "size", VIPS_SIZE_DOWN, "crop", interest, "option_string", load, NULL);
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

static VipsImage *shrink_rgb(struct decode *decode, const struct box *box) {
    VipsImage *small = shrink(decode, box);
    if (small != NULL && decode->header->profile == PROFILE_FITS)
        return convert(small, decode->photo);
    if (decode->header->profile == PROFILE_UNFIT)
        decode->photo->notes |= PHOTO_PROFILE_IGNORED;
    return small;
}

/* Returns the factor for the decoder: as in vips_thumbnail, libvips still halves the decoder's output. */
static int decoder_shrink(const struct header *header, enum crop crop, const struct box *box) {
    int longer = header->width > header->height ? header->width : header->height;
    int shorter = header->width > header->height ? header->height : header->width;
    int side = box->width > box->height ? box->width : box->height; /* covers every rotation */
    int factor = (crop == CROP_NONE ? longer : shorter) / side;
    return factor >= 16 ? 8 : factor >= 8 ? 4 : factor >= 4 ? 2 : 1;
}

static VipsImage *load_cmyk(struct decode *decode, const struct box *box) {
    VipsSource *source = source_of(decode);
    const char *load = load_options(decode->damage);
    bool can_shrink = strcmp(thumbnail_format(decode->photo), "JPEG") == 0;
    int factor = can_shrink ? decoder_shrink(decode->header, decode->recipe->crop, box) : 1;
    const char *shrink_option = can_shrink ? "shrink" : NULL; /* ends the list of options */
    if (source == NULL)
        return vips_image_new_from_buffer(decode->photo->image, decode->photo->image_size, load, "access",
                                          VIPS_ACCESS_SEQUENTIAL, shrink_option, factor, NULL);
    VipsImage *picture =
        vips_image_new_from_source(source, load, "access", VIPS_ACCESS_SEQUENTIAL, shrink_option, factor, NULL);
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

/* Takes a picture and returns it shrunk into the box; NULL if libvips fails. */
static VipsImage *shrink_decoded(VipsImage *picture, const struct recipe *recipe, const struct box *box) {
    VipsImage *small = NULL;
    int error = vips_thumbnail_image(picture, &small, box->width, "height", box->height, "size", VIPS_SIZE_DOWN, "crop",
                                     interest_of(recipe), NULL);
    g_object_unref(picture);
    return error == 0 ? small : NULL;
}

/*
 * Converts CMYK before shrinking, by the picture's profile or by libvips's own. vips_thumbnail does that too, but
 * libvips 8.14 always uses its own profile, and other versions fail if the picture's profile is broken.
 */
static VipsImage *shrink_cmyk(struct decode *decode, const struct box *box) {
    VipsImage *picture = load_cmyk(decode, box);
    if (picture != NULL && decode->header->profile == PROFILE_FITS)
        picture = convert(picture, decode->photo);
    if (decode->header->profile == PROFILE_UNFIT)
        decode->photo->notes |= PHOTO_PROFILE_IGNORED;
    if (picture != NULL && vips_image_get_interpretation(picture) == VIPS_INTERPRETATION_CMYK)
        picture = forget_profile(picture);
    return picture == NULL ? NULL : shrink_decoded(picture, decode->recipe, box);
}

/* ---- several sizes ---- */

/* Takes a picture and returns a copy that is decoded already, without a profile; NULL if libvips fails. */
static VipsImage *keep(struct decode *decode, VipsImage *picture) {
    guard_watch(&decode->guard, picture);
    VipsImage *kept = vips_image_copy_memory(picture);
    g_object_unref(picture);
    return kept == NULL ? NULL : forget_profile(kept);
}

/*
 * Returns whether the thumbnail for `box` may be made from that for `larger`: it is at most half as large, so that the
 * picture is not softened twice, and a crop has the same part of the picture.
 */
static bool is_covered(const struct box *box, const struct box *larger, enum crop crop) {
    bool is_half = (box->width == ANY_SIDE ? larger->width == ANY_SIDE : box->width <= larger->width / 2) &&
                   (box->height == ANY_SIDE ? larger->height == ANY_SIDE : box->height <= larger->height / 2);
    return is_half && (crop == CROP_NONE || box->width * larger->height == box->height * larger->width);
}

/* Returns the thumbnail of a size, still to be encoded. `base` has that of an earlier size, or NULL, and gets another. */
static VipsImage *make_size(struct decode *decode, size_t number, VipsImage **base, const struct box **base_box) {
    const struct recipe *recipe = decode->recipe;
    const struct box *box = &recipe->sizes[number];
    if (*base != NULL && is_covered(box, *base_box, recipe->crop))
        return shrink_decoded(g_object_ref(*base), recipe, box);
    VipsImage *small = decode->header->is_cmyk ? shrink_cmyk(decode, box) : shrink_rgb(decode, box);
    if (small == NULL || recipe->size_count == 1)
        return small;
    small = keep(decode, small);
    if (*base != NULL)
        g_object_unref(*base);
    *base = small == NULL ? NULL : g_object_ref(small);
    *base_box = box;
    return small;
}

/* Makes all thumbnails, once the header is known. */
static int make(struct decode *decode) {
    VipsImage *base = NULL;
    const struct box *base_box = NULL;
    bool ok = true;
    for (size_t i = 0; i < decode->recipe->size_count && ok; i++) {
        VipsImage *small = make_size(decode, i, &base, &base_box);
        ok = small != NULL;
        if (ok) {
            guard_watch(&decode->guard, small);
            ok = encode_picture(small, decode->recipe, &decode->photo->thumbnails[i]);
            g_object_unref(small); /* frees the decoder too */
        }
    }
    if (base != NULL)
        g_object_unref(base);
    return ok ? 0 : LIBVIPS_KNOWS;
}

/* ---- limits ---- */

static void forget(struct photo *photo) {
    for (size_t i = 0; i < photo->thumbnail_count; i++) {
        g_free(photo->thumbnails[i].bytes);
        photo->thumbnails[i] = (struct thumbnail){.bytes = NULL};
    }
}

/* Makes all thumbnails of a TIFF, and notes whether libjpeg has warned. */
static int make_tiff(struct decode *decode) {
    pthread_mutex_lock(&one_tiff);
    atomic_store(&tiff_is_damaged, false);
    decode->guard.deadline = weir_deadline_after(decode->recipe->resize_limit * WEIR_SECOND);
    int code = make(decode);
    if (atomic_load(&tiff_is_damaged)) {
        logged.decoder_has_warned = true;
        snprintf(logged.first, sizeof logged.first, "Corrupt JPEG data");
    }
    pthread_mutex_unlock(&one_tiff);
    return code;
}

/* Makes the thumbnails within the time for that. A decode that was ended may have made some of the part before. */
static int make_in_time(struct maker *maker, struct photo *photo, const struct header *header,
                        enum thumbnail_damage damage) {
    uint64_t limit = maker->recipe->resize_limit;
    struct decode decode = {
        .photo = photo,
        .recipe = maker->recipe,
        .header = header,
        .damage = damage,
        .guard = {.maker = maker, .photo = photo, .deadline = weir_deadline_after(limit * WEIR_SECOND)}};
    int code = strcmp(thumbnail_format(photo), "TIFF") == 0 ? make_tiff(&decode) : make(&decode);
    if (!atomic_load(&decode.guard.is_late))
        return code;
    return maker_fail(maker, THUMBNAIL_LATE, limit);
}

/* Waits until the decode fits into the memory, and makes the thumbnails. */
static int make_within_memory(struct maker *maker, struct photo *photo, const struct header *header,
                              enum thumbnail_damage damage) {
    enum { MIB = 1 << 20 };
    uint64_t limit = maker->recipe->memory;
    if (header->cost > limit)
        return maker_fail(maker, "needs about %" PRIu64 " MiB to decode, and --memory is %" PRIu64 " MiB",
                          header->cost / MIB + 1, limit / MIB);
    maker->needed = header->cost;
    int code = maker_take_memory(maker);
    if (code != 0)
        return code;
    code = make_in_time(maker, photo, header, damage);
    maker_return_memory(maker);
    return code == 0 && maker_is_cancelled(maker) ? maker_fail(maker, "cancelled") : code; /* may be incomplete */
}

int thumbnail_make(struct maker *maker, struct photo *photo, enum thumbnail_damage damage) {
    struct header header;
    photo->notes = 0;
    logged.profile_is_refused = logged.decoder_has_warned = false;
    logged.first[0] = '\0';
    int code = check_format(maker, photo);
    if (code == 0)
        code = read_header(photo, maker->recipe, &header);
    if (code == 0)
        code = check_size(maker, &header);
    if (code == 0)
        code = make_within_memory(maker, photo, &header, damage);
    if (code == 0 && logged.decoder_has_warned && damage == THUMBNAIL_REFUSE_DAMAGED)
        code = LIBVIPS_KNOWS;
    if (code != 0)
        forget(photo);
    return code;
}
