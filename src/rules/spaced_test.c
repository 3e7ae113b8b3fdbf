// SPDX-License-Identifier: Apache-2.0
#include "rules/spaced.h"

#include "base/rand.h"

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

/* ---- texts at random, as it is defined ---- */

enum { CHARACTERS_MAX = 60 };

struct drawn {
    char text[4 * CHARACTERS_MAX];
    size_t len;
    bool is_letter[CHARACTERS_MAX]; // of characters, marks with their letters
    size_t count;
};

static void draw(struct rand *rand, size_t count, struct drawn *ret)
{
    static const struct {
        const char *bytes;
        bool is_letter;
    } kinds[] = {{"f", true},
                 {"7", true},
                 {"Z", true},
                 {"u\xCC\x81", true},
                 {"\xD0\xB9", true},
                 {"\xE6\xB3\x95", true},
                 {" ", false},
                 {".", false},
                 {"@", false},
                 {"[", false},
                 {"\xE2\x99\xA5", false},
                 {"/", false}};
    *ret = (struct drawn){.count = count};
    const uint64_t ascii_only = rand_below(rand, 2); // eight at a time, or one by one
    for (size_t i = 0; i < count; i++) {
        uint64_t kind = rand_below(rand, 3) == 0 ? rand_below(rand, 6) : 6 + rand_below(rand, 6);
        while (ascii_only != 0 && (kinds[kind].bytes[0] & 0x80) != 0) {
            kind--;
        }
        kind -= ascii_only != 0 && kind == 3;
        const size_t len = strlen(kinds[kind].bytes);
        memcpy(ret->text + ret->len, kinds[kind].bytes, len);
        ret->len += len;
        ret->is_letter[i] = kinds[kind].is_letter;
    }
}

static bool stands_alone(const struct drawn *drawn, size_t at)
{
    return drawn->is_letter[at] && (at == 0 || !drawn->is_letter[at - 1]) &&
           (at + 1 == drawn->count || !drawn->is_letter[at + 1]);
}

static bool holds_run(const struct drawn *drawn)
{
    uint32_t alone = 0;
    size_t gap = 0;
    for (size_t i = 0; i < drawn->count; i++) {
        if (!drawn->is_letter[i]) {
            gap++;
            continue;
        }
        const bool goes_on = alone > 0 && gap <= SPACED_GAP_MAX;
        alone = stands_alone(drawn, i) ? (goes_on ? alone : 0) + 1 : 0;
        gap = 0;
        if (alone == SPACED_LEAST) {
            return true;
        }
    }
    return false;
}

static void random_texts_hold_what_is_defined(void **state)
{
    (void)state;
    struct rand rand;
    rand_init(&rand, 7);
    size_t held = 0;
    enum { TEXTS = 100000 };
    for (int i = 0; i < TEXTS; i++) {
        struct drawn drawn;
        struct spaced run;
        size_t at = 0;
        draw(&rand, rand_below(&rand, CHARACTERS_MAX + 1), &drawn);
        const bool holds = holds_run(&drawn);
        const struct str text = {.at = drawn.text, .len = drawn.len};
        assert_int_equal(spaced_next(text, &at, &run), holds);
        held += holds;
    }
    assert_in_range(held, TEXTS / 10, TEXTS * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_letters_in_a_row_are_a_run),
        cmocka_unit_test(words_and_fewer_letters_are_none),
        cmocka_unit_test(a_word_or_a_wide_gap_ends_a_run),
        cmocka_unit_test(a_long_run_is_cut_and_goes_on),
        cmocka_unit_test(letters_are_found_where_they_stand),
        cmocka_unit_test(random_texts_hold_what_is_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
