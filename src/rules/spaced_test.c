// SPDX-License-Identifier: Apache-2.0
#include "rules/spaced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* All runs of the text, with | between. */
static void expect(const char *text, const char *runs)
{
    struct spaced run;
    char got[256] = "";
    size_t len = 0;
    for (size_t at = 0; spaced_next(str_of(text), &at, &run);) {
        assert_true(len + run.len + 2 < sizeof(got));
        assert_int_equal(run.count, spaced_count(run.joined, run.len));
        if (len > 0) {
            got[len++] = '|';
        }
        memcpy(got + len, run.joined, run.len);
        len += run.len;
        got[len] = '\0';
    }
    assert_string_equal(got, runs);
}

static void single_letters_in_a_row_are_a_run(void **state)
{
    (void)state;
    expect("f u c k", "fuck");
    expect("f.u.c.k", "fuck");
    expect("f-u-c-k", "fuck");
    expect("f _ u _ c _ k", "fuck");
    expect("go f u c k off", "fuck");
    expect("(f)(u)(c)(k)!!!", "fuck");
    expect("5 h 1 t", "5h1t");
    expect("f\xE2\x99\xA5u\xE2\x99\xA5"
           "c",
           "fuc"); // hearts between
    expect("\xE6\xB3\x95 \xE8\xBD\xAE \xE5\x8A\x9F",
           "\xE6\xB3\x95\xE8\xBD\xAE\xE5\x8A\x9F"); // ideographs
    expect("\xD1\x85 \xD1\x83 \xD0\xB9", "\xD1\x85\xD1\x83\xD0\xB9");
    expect("\xE0\xA4\x95\xE0\xA5\x80 \xE0\xA4\x95 \xE0\xA4\x96",
           "\xE0\xA4\x95\xE0\xA5\x80\xE0\xA4\x95\xE0\xA4\x96"); // a letter with its vowel sign
}

static void words_and_fewer_letters_are_none(void **state)
{
    (void)state;
    expect("", "");
    expect("a b", "");
    expect("this is a word", "");
    expect("i saw a b movie", "");
    expect("f uck", "");
    expect("fu ck", "");
    expect("f u ck", "");
    expect("\xE6\xB3\x95\xE8\xBD\xAE\xE5\x8A\x9F", ""); // a word as it is written
    expect("a, or b, or c", "");
}

static void a_word_or_a_wide_gap_ends_a_run(void **state)
{
    (void)state;
    expect("a b c word d e f", "abc|def");
    expect("a b c .... d e f", "abc|def");
    expect("a b c ... d e f", "abc|def");
    expect("a b c . d e f", "abcdef");
}

static void a_long_run_is_cut_and_goes_on(void **state)
{
    (void)state;
    enum { LETTERS = SPACED_BYTES_MAX + 10 };
    static char text[2 * LETTERS];
    struct spaced run;
    size_t at = 0;
    for (size_t i = 0; i < LETTERS; i++) {
        text[2 * i] = (char)('a' + i % 26);
        text[2 * i + 1] = ' ';
    }
    const struct str reading = {.at = text, .len = sizeof(text)};
    assert_true(spaced_next(reading, &at, &run));
    assert_int_equal(run.len, SPACED_BYTES_MAX);
    assert_true(spaced_next(reading, &at, &run));
    assert_int_equal(run.len, 10);
    assert_int_equal(run.start, 2 * SPACED_BYTES_MAX);
    assert_false(spaced_next(reading, &at, &run));
}

static void letters_are_found_where_they_stand(void **state)
{
    (void)state;
    const struct str reading = STR("x. f . u - c k");
    struct spaced run;
    size_t at = 0;
    assert_true(spaced_next(reading, &at, &run));
    assert_memory_equal(run.joined, "xfuck", 5);
    size_t from = 1;
    size_t to = 4; // fuc
    spaced_place(reading, &run, &from, &to);
    assert_int_equal(from, 3);
    assert_int_equal(to, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_letters_in_a_row_are_a_run),
        cmocka_unit_test(words_and_fewer_letters_are_none),
        cmocka_unit_test(a_word_or_a_wide_gap_ends_a_run),
        cmocka_unit_test(a_long_run_is_cut_and_goes_on),
        cmocka_unit_test(letters_are_found_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
