/*
 * test_status.c - the status codes, their sentences, and the version.
 *
 * Built with -DPACKAGE_VERSION="..." or a config.h, it also compares the version with the package's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "support.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <weir/version.h>

enum { CODES = 20 };

START_TEST (codes_are_the_documented_numbers) {
    ck_assert_int_eq(WEIR_OK, 0);
    ck_assert_int_eq(WEIR_CLOSED, 1);
    ck_assert_int_eq(WEIR_FULL, 2);
    ck_assert_int_eq(WEIR_EMPTY, 3);
    ck_assert_int_eq(WEIR_TIMEDOUT, 4);
    ck_assert_int_eq(WEIR_INVALID, 5);
    ck_assert_int_eq(WEIR_NOMEM, 6);
    ck_assert_int_eq(WEIR_BUSY, 7);
    ck_assert_int_eq(WEIR_DEADLOCK, 8);
    ck_assert_int_eq(WEIR_DISCARDED, 9);
    ck_assert_int_eq(WEIR_NOTHREAD, 10);
    ck_assert_int_eq(WEIR_INITFAILED, 11);
    ck_assert_int_eq(WEIR_UNFINISHED, 12);
    ck_assert_int_eq(WEIR_CANCELLED, 13);
    ck_assert_int_eq(WEIR_FAILED, 14);
    ck_assert_int_eq(WEIR_DISCONNECTED, 15);
    ck_assert_int_eq(WEIR_TOO_LARGE, 16);
    ck_assert_int_eq(WEIR_AUTH, 17);
    ck_assert_int_eq(WEIR_TLS, 18);
    ck_assert_int_eq(WEIR_UNCERTAIN, 19);
}
END_TEST

START_TEST (every_code_has_a_sentence_without_a_full_stop) {
    for (int code = 0; code < CODES; code++) {
        const char *sentence = weir_strerror((weir_status)code);
        ck_assert_ptr_nonnull(sentence);
        size_t length = strlen(sentence);
        ck_assert_uint_gt(length, 3);
        ck_assert_int_ne(sentence[length - 1], '.');
        ck_assert_str_ne(sentence, "unknown status");
        ck_assert_ptr_null(strchr(sentence, '\n'));
    }
}
END_TEST

START_TEST (no_two_codes_share_a_sentence) {
    for (int a = 0; a < CODES; a++) {
        for (int b = 0; b < a; b++)
            ck_assert_str_ne(weir_strerror((weir_status)a), weir_strerror((weir_status)b));
    }
}
END_TEST

START_TEST (a_number_that_is_no_code_is_unknown) {
    static const int none[] = {CODES, CODES + 1, 1000, -1, -2, -CODES, INT_MAX, INT_MIN};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        ck_assert_str_eq(weir_strerror((weir_status)none[i]), "unknown status");
}
END_TEST

START_TEST (the_status_of_a_code_is_found) {
    for (int status = 1; status < CODES; status++)
        ck_assert_int_eq(weir_code_status(WEIR_CODE(status)), status);
    static const int others[] = {0, -1, 1, 5, INT_MAX, INT_MIN, WEIR_CODE(0), WEIR_CODE(-1), WEIR_CODE(CODES)};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        ck_assert_int_eq(weir_code_status(others[i]), WEIR_OK);
}
END_TEST

START_TEST (the_sentence_is_static) {
    for (int code = -1; code <= CODES; code++)
        ck_assert_ptr_eq(weir_strerror((weir_status)code), weir_strerror((weir_status)code));
}
END_TEST

START_TEST (library_and_headers_have_one_version) {
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", WEIR_VERSION_MAJOR, WEIR_VERSION_MINOR, WEIR_VERSION_PATCH);
    ck_assert_str_eq(WEIR_VERSION, numbers);
    ck_assert_str_eq(weir_version(), WEIR_VERSION);
    ck_assert_ptr_eq(weir_version(), weir_version());
}
END_TEST

#ifdef PACKAGE_VERSION
START_TEST (the_package_has_the_same_version) {
    ck_assert_str_eq(weir_version(), PACKAGE_VERSION);
}
END_TEST
#endif

static Suite *status_suite(void) {
    Suite *suite = suite_create("status");
    TCase *codes = add_case(suite, "codes");
    tcase_add_test(codes, codes_are_the_documented_numbers);
    tcase_add_test(codes, every_code_has_a_sentence_without_a_full_stop);
    tcase_add_test(codes, no_two_codes_share_a_sentence);
    tcase_add_test(codes, a_number_that_is_no_code_is_unknown);
    tcase_add_test(codes, the_status_of_a_code_is_found);
    tcase_add_test(codes, the_sentence_is_static);
    TCase *version = add_case(suite, "version");
    tcase_add_test(version, library_and_headers_have_one_version);
#ifdef PACKAGE_VERSION
    tcase_add_test(version, the_package_has_the_same_version);
#endif
    return suite;
}

int main(void) {
    return run_suite(status_suite());
}
