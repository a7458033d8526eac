/*
 * image_pipeline_damage.c - for test_image_pipeline.c: damaged pictures, refused or kept.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "image_pipeline_expect.h"

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

void add_damage_tests(TCase *cases) {
    tcase_add_test(cases, damaged_pictures_are_kept_when_asked_for_and_named);
}
