/*
 * image_pipeline_damage.c - for test_image_pipeline.c: damaged pictures, refused or kept.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"

START_TEST (damaged_pictures_are_kept_when_asked_for_and_named) {
    size_t size;
    char *data = read_file(photo(1), &size);
    make_folder(in_root("damaged"));
    copy_file(photo(2), in_root("damaged/whole.jpg"));
    write_file(in_root("damaged/cut.jpg"), data, size / 2);
    write_file(in_root("damaged/no-picture.jpg"), data, 2);
    struct result refused = run_thumbs("--from", in_root("damaged"), "--to", in_root("damaged-1"), NULL);
    expect_counts(&refused, 1, 2);
    expect_text(refused.out, "\nnoted        0\n");
    struct result kept = run_thumbs("--from", in_root("damaged"), "--to", in_root("damaged-2"), "--keep-damaged", NULL);
    expect_counts(&kept, 2, 1);
    expect_text(kept.err,
                "weir-thumbs: cut.jpg: note: damaged, and its thumbnail was made anyway: VipsJpeg: Premature end");
    expect_text(kept.err, "weir-thumbs: no-picture.jpg: resize: VipsJpeg: ");
    expect_text(kept.out, "\nnoted        1 (profile ignored 0, damaged 1)\n");
    expect_whole(in_root("damaged-2/cut.jpg"));
    free(data);
    result_free(&refused), result_free(&kept);
}
END_TEST

/* libtiff tells damage as a warning, as it tells of fields that it does not know. */
START_TEST (a_tiff_with_damaged_pixels_is_refused_and_one_with_an_unknown_field_is_not) {
    static const char field[] = {0x0e, 0x01, 0x02, 0x00}; /* ImageDescription, a text */
    static const char unknown[] = {(char)0xfe, (char)0xfd, 0x02, 0x00};
    make_folder(in_root("warned"));
    size_t size;
    write_picture(in_root("warned.tif[compression=jpeg]"), 400, 100);
    char *data = read_file(in_root("warned.tif"), &size);
    memset(data + size / 4, 0, size / 2);
    write_file(in_root("warned/damaged.tif"), data, size);
    free(data);
    write_described(in_root("warned.tif"), 400, 300);
    data = read_file(in_root("warned.tif"), &size);
    size_t place = size - sizeof field;
    while (place > 0 && memcmp(data + place, field, sizeof field) != 0)
        place--;
    ck_assert_uint_gt(place, 0);
    memcpy(data + place, unknown, sizeof unknown);
    write_file(in_root("warned/unknown.tif"), data, size);
    free(data);
    struct result result = run_thumbs("--from", in_root("warned"), "--to", in_root("warned-out"), NULL);
    expect_counts(&result, 1, 1);
    expect_text(result.err, "weir-thumbs: damaged.tif: resize: ");
    expect_text(result.err, "Corrupt JPEG data");
    expect_whole(in_root("warned-out/unknown.tif.jpg"));
    result_free(&result);
    result =
        run_thumbs("--from", in_root("warned"), "--to", in_root("warned-out"), "--overwrite", "--keep-damaged", NULL);
    expect_counts(&result, 2, 0);
    expect_text(result.out, "\nnoted        1 (profile ignored 0, damaged 1)\n");
    result_free(&result);
}
END_TEST

void add_damage_tests(TCase *cases) {
    tcase_add_test(cases, damaged_pictures_are_kept_when_asked_for_and_named);
    tcase_add_test(cases, a_tiff_with_damaged_pixels_is_refused_and_one_with_an_unknown_field_is_not);
}
