/*
 * test_report_text.c - the numbers and characters of a report.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "report/figure.h"
#include "report/letter.h"
#include "report/out.h"

#define STRANGE WEIR__STRANGE_LETTER

/* ---- figures ---- */

START_TEST (times_have_a_unit_that_suits_them) {
    static const struct {
        uint64_t nanoseconds;
        const char *text;
    } times[] = {{0, "0 ns"},
                 {999, "999 ns"},
                 {1000, "1.0 us"},
                 {1049, "1.0 us"},
                 {1050, "1.1 us"},
                 {99949, "99.9 us"},
                 {99950, "100 us"},
                 {100499, "100 us"},
                 {100500, "101 us"},
                 {999499, "999 us"},
                 {999500, "1.0 ms"},
                 {UINT64_C(59949999999), "59.9 s"},
                 {UINT64_C(59950000000), "1 min 00 s"},
                 {UINT64_C(3599499999999), "59 min 59 s"},
                 {UINT64_C(3599500000000), "1 h 00 min"},
                 {86400 * SECONDS, "1 d 00 h"},
                 {UINT64_MAX, "213503 d 23 h"}};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        ck_assert_str_eq(weir__figure_time(times[i].nanoseconds).text, times[i].text);
    ck_assert_str_eq(weir__figure_seconds(UINT64_MAX).text, "18446744073.709551615");
    ck_assert_str_eq(weir__figure_seconds(5).text, "0.000000005");
}
END_TEST

START_TEST (rates_bytes_and_shares_too) {
    static const struct {
        double rate;
        const char *text;
    } rates[] = {{0, "0/s"},           {0.0004, "0/s"},    {0.25, "0.3/s"},          {99.949, "99.9/s"},
                 {99.95, "100/s"},     {99999, "99999/s"}, {99999.6, "100 k/s"},     {2.5e6, "2.5 M/s"},
                 {99.6e6, "99.6 M/s"}, {-1, "0/s"},        {1e300, "1000000000 M/s"}};
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        ck_assert_str_eq(weir__figure_rate(rates[i].rate).text, rates[i].text);
    ck_assert_str_eq(weir__figure_bytes(0).text, "0 B");
    ck_assert_str_eq(weir__figure_bytes(999).text, "999 B");
    ck_assert_str_eq(weir__figure_bytes(1000).text, "1.0 kB");
    ck_assert_str_eq(weir__figure_bytes(999499).text, "999 kB");
    ck_assert_str_eq(weir__figure_bytes(999500).text, "1.0 MB");
    ck_assert_str_eq(weir__figure_bytes(UINT64_C(999500000)).text, "1.0 GB");
    ck_assert_str_eq(weir__figure_bytes(UINT64_C(999500000000)).text, "1.0 TB");
    ck_assert_str_eq(weir__figure_bytes(1234567).text, "1.2 MB");
    ck_assert_str_eq(weir__figure_bytes(UINT64_MAX).text, "18446744 TB");
    ck_assert_str_eq(weir__figure_share(1, 0).text, "-");
    ck_assert_str_eq(weir__figure_share(0, 7).text, "0%");
    ck_assert_str_eq(weir__figure_share(1, 3).text, "33%");
    ck_assert_str_eq(weir__figure_share(2, 3).text, "67%");
    ck_assert_str_eq(weir__figure_share(UINT64_MAX, 1).text, "100%");
}
END_TEST

/* ---- characters ---- */

/* Bytes, and the characters printed: each byte of invalid UTF-8 becomes a replacement character. */
static const char *const no_utf_8[][2] = {
    {"\xC3", STRANGE},
    {"\xC0\x80", STRANGE STRANGE},
    {"\xE0\x9F\xBF", STRANGE STRANGE STRANGE},
    {"\xED\xA0\x80", STRANGE STRANGE STRANGE},
    {"\xF0\x8F\xBF\xBF", STRANGE STRANGE STRANGE STRANGE},
    {"\xF4\x90\x80\x80", STRANGE STRANGE STRANGE STRANGE},
    {"\xF0\x9F\x98", STRANGE STRANGE STRANGE},
    {"\xF8z", STRANGE "z"},
    {"\xE0\xA0\x80\xF0\x90\x80\x80", "\xE0\xA0\x80\xF0\x90\x80\x80"}, /* the first code points of their length */
    {"\xE2\x82z", STRANGE STRANGE "z"},
    {"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF", "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"},
};

START_TEST (what_is_no_utf_8_is_replaced) {
    const char *string = no_utf_8[_i][0];
    char got[64] = "";
    weir__letter letter;
    size_t count = 0;
    for (; weir__letter_next(&string, &letter); count++)
        strncat(got, letter.bytes, letter.size);
    ck_assert_str_eq(got, no_utf_8[_i][1]);
    ck_assert_uint_eq(count, weir__letter_count(no_utf_8[_i][0]));
    ck_assert_int_eq(*string, 0);
}
END_TEST

START_TEST (control_characters_are_known_and_not_shown) {
    static const char *const controls[] = {"\x01", "\t", "\n", "\x1b", "\x1f", "\x7f", "\xC2\x80", "\xC2\x9F"};
    static const char *const others[] = {" ", "~", "\xC2\xA0", "\xC3\x9F", "\xE2\x82\xAC", "\x80"};
    for (size_t i = 0; i < COUNT_OF(controls) + COUNT_OF(others); i++) {
        bool control = i < COUNT_OF(controls);
        const char *bytes = control ? controls[i] : others[i - COUNT_OF(controls)], *string = bytes;
        weir__letter letter, shown;
        ck_assert(weir__letter_next(&string, &letter));
        ck_assert_int_eq(letter.control, control);
        string = bytes;
        ck_assert(weir__letter_next_shown(&string, &shown));
        ck_assert(!shown.control);
        ck_assert_mem_eq(shown.bytes, control ? STRANGE : letter.bytes, shown.size);
        ck_assert(!weir__letter_next_shown(&string, &shown));
    }
}
END_TEST

/* ---- output ---- */

/* A text without one of its parts would be taken for a whole one. */
START_TEST (a_part_that_cannot_be_formatted_fails_the_output) {
    static const wchar_t not_ascii[] = {0x20AC, 0};
    char *text = NULL;
    size_t size = 7;
    weir__out out;
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C"));
    weir__out_begin_text(&out);
    weir__out_format(&out, "%s", "before");
    weir__out_format(&out, "%ls", not_ascii);
    weir__out_format(&out, "%s", "behind");
    ck_assert_int_ne(weir__out_end_text(&out, &text, &size), WEIR_OK);
    ck_assert_ptr_null(text);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    weir__out_begin(&out, file);
    weir__out_format(&out, "%ls", not_ascii);
    ck_assert_int_eq(weir__out_end(&out), WEIR_CLOSED);
    fclose(file);
}
END_TEST

static Suite *text_suite(void) {
    Suite *suite = suite_create("report text");
    TCase *figures = add_case(suite, "figures");
    tcase_add_test(figures, times_have_a_unit_that_suits_them);
    tcase_add_test(figures, rates_bytes_and_shares_too);
    TCase *letters = add_case(suite, "letters");
    tcase_add_loop_test(letters, what_is_no_utf_8_is_replaced, 0, COUNT_OF(no_utf_8));
    tcase_add_test(letters, control_characters_are_known_and_not_shown);
    TCase *output = add_case(suite, "output");
    tcase_add_test(output, a_part_that_cannot_be_formatted_fails_the_output);
    return suite;
}

int main(void) {
    return run_suite(text_suite());
}
