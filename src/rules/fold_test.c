// SPDX-License-Identifier: Apache-2.0
#include "rules/fold.h"
#include "rules/look_alike.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct str fold_into(struct buf *out, const char *text)
{
    buf_reset(out);
    fold_text(str_of(text), out);
    assert_true(buf_ok(out));
    return buf_str(out);
}

static void expect(const char *text, const char *folded)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, fold_bytes_max(strlen(text)));
    const struct str got = fold_into(&out, text);
    if (!str_eq(got, str_of(folded))) {
        print_error("%s: %.*s, not %s\n", text, STR_ARG(got), folded);
    }
    assert_true(str_eq(got, str_of(folded)));
    buf_done(&out);
}

static void plain_text_is_small_letters_and_single_spaces(void **state)
{
    (void)state;
    expect("Hello  World", "hello world");
    expect(" \t lines\r\nand\ttabs \n", "lines and tabs");
    expect("", "");
    expect("a\x01"
           "b\x7F",
           "ab");
    expect("Stra\xC3\x9F"
           "e",
           "strasse\x1Fstrabe"); // sharp s is ss, and looks like b
}

static void any_white_space_is_one_space(void **state)
{
    (void)state;
    expect("a\xE3\x80\x80\xC2\xA0\xE2\x80\x83"
           "b",
           "a b");                              // ideographic, no-break and em space
    expect("\xE3\x80\x80 a \xE2\xA0\x80", "a"); // and the blank of Braille
}

static void letters_of_any_script_are_small(void **state)
{
    (void)state;
    expect("\xD0\x96\xD0\xB6\xD0\xAE", "\xD0\xB6\xD0\xB6\xD1\x8E"); // Cyrillic
    expect("\xD0\x99\xD0\xB9", "\xD0\xB8\xD0\xB8");                 // its short i
    expect("\xCE\xA3\xCF\x82\xCF\x83", "\xCF\x83\xCF\x83\xCF\x83\x1Foso");
    expect("\xD5\x94\xD6\x84", "\xD6\x84\xD6\x84"); // Armenian
}

static void what_is_not_seen_is_dropped(void **state)
{
    (void)state;
    expect("f\xE2\x80\x8Bo\xE2\x80\x8D\xEF\xBB\xBFo", "foo"); // zero-width space, joiner, mark
    expect("\xE2\x80\xAE"
           "bar\xE2\x80\xAC",
           "bar"); // right-to-left override
    expect("so\xC2\xAD"
           "ft",
           "soft"); // soft hyphen
    expect("z\xCC\x81\xCC\x82\xCC\x83"
           "algo\xE2\x83\x9D",
           "zalgo"); // marks, an enclosing circle
    expect("a\xE3\x85\xA4"
           "b",
           "ab");                 // Hangul filler
    expect("x\xEF\xB8\x8F", "x"); // a variation selector
}

static void compatibility_forms_are_the_letters_they_are(void **state)
{
    (void)state;
    expect("\xEF\xBC\xA6\xEF\xBD\x95\xEF\xBD\x8C\xEF\xBD\x8C", "full"); // fullwidth
    expect("\xF0\x9D\x90\x9B\xF0\x9D\x93\xB8\xE2\x93\x9B\xF0\x9D\x95\x95", "bold");
    expect("\xEF\xAC\x81ne", "fine"); // the ligature fi
    expect("caf\xC3\xA9", "cafe");
}

static void what_looks_like_a_letter_is_read_as_one_beside_the_plain_reading(void **state)
{
    (void)state;
    expect("fr\xD0\xB5\xD0\xB5", "fr\xD0\xB5\xD0\xB5\x1F"
                                 "free"); // Cyrillic ie
    expect("\xCE\x97\xCE\x95y", "\xCE\xB7\xCE\xB5y\x1F"
                                "hey"); // capital eta looks like H
    expect("\xF0\x9F\x85\xB0\xF0\x9F\x85\xB1", "\xF0\x9F\x85\xB0\xF0\x9F\x85\xB1\x1F"
                                               "ab");
    expect("pa\xD0\x86", "pa\xD1\x96\x1F"
                         "pai\x1F"
                         "pal"); // a bare stroke, capital Cyrillic I, is i and l
    expect("\xE4\xBD\xA0\xE5\xA5\xBD", "\xE4\xBD\xA0\xE5\xA5\xBD"); // nothing looks so
}

static void digits_and_signs_are_letters_in_words_alone(void **state)
{
    (void)state;
    expect("fr33 m0n3y", "fr33 m0n3y\x1F"
                         "free money");
    expect("$h!t a$$", "$h!t a$$\x1Fshit ass");
    expect("1488 101 $5 455", "1488 101 $5 455");
    expect("goal!!!", "goal!!!");
    expect("he11o", "he11o\x1Fheiio\x1Fhello");
}

static void what_may_be_an_l_is_read_so_behind_all_usual_readings(void **state)
{
    (void)state;
    expect("PayPaI", "paypai\x1Epaypal");
    expect("It fell", "it fell");
    expect("k1IIs", "k1iis\x1Fkiiis\x1Fkliis\x1Ek1lls\x1Fkills\x1Fkllls");
    expect("ba|", "ba|\x1E"
                  "ba1\x1F"
                  "bai\x1F"
                  "bal");
    struct str with_strokes;
    assert_true(str_eq(fold_usual(STR("ai\x1F"
                                      "bi\x1E"
                                      "al"),
                                  &with_strokes),
                       STR("ai\x1F"
                           "bi")));
    assert_true(str_eq(with_strokes, STR("al")));
    assert_true(str_eq(fold_loosest(STR("ai\x1E"
                                        "al\x1F"
                                        "bl")),
                       STR("ai")));
}

static void letters_of_their_own_script_stay_whole(void **state)
{
    (void)state;
    expect("\xEA\xB0\x80", "\xEA\xB0\x80");                         // ga
    expect("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xAB", "\xEA\xB0\x84"); // g, a, n: gan
    expect("\xE3\x81\x8B\xE3\x82\x99", "\xE3\x81\x8C");             // ka, voiced: ga
    expect("\xEF\xBE\x8A\xEF\xBE\x9F", "\xE3\x83\x91");             // half-width pa
    expect("\xE1\xAC\x95\xE1\xAC\xB6", "\xE1\xAC\x95\xE1\xAC\xB6"); // Balinese
    expect("\xEA\xA2\x92\xEA\xA2\xB6", "\xEA\xA2\x92\xEA\xA2\xB6"); // Saurashtra
    expect("\xF0\x91\x80\x95\xF0\x91\x80\xBA", "\xF0\x91\x80\x95\xF0\x91\x80\xBA"); // Brahmi
    expect("\xE3\x82\xAB\xE3\x90\x80\xF0\x9F\x9A\x80\xF0\x9F\xA4\xA3",
           "\xE3\x82\xAB\xE3\x90\x80\xF0\x9F\x9A\x80\xF0\x9F\xA4\xA3");
    expect("\xE0\xA4\x95\xE0\xA4\xBF", "\xE0\xA4\x95\xE0\xA4\xBF"); // ki in Devanagari
}

static void what_would_swell_stays_as_it_is(void **state)
{
    (void)state;
    expect("\xEF\xB7\xBA", "\xEF\xB7\xBA"); // eighteen characters to NFKC
}

static void no_utf8_is_left_out(void **state)
{
    (void)state;
    expect("a\xFF\xC3"
           "b",
           "ab");
}

static void the_parts_of_a_folded_text_are_found(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, MEM_OTHER, 1024);
    struct str rest = fold_into(&out, "w1n");
    const struct str folded = rest;
    struct str reading;
    assert_true(fold_next(&rest, &reading) && str_eq(reading, STR("w1n")));
    assert_true(fold_next(&rest, &reading) && str_eq(reading, STR("win")));
    assert_true(fold_next(&rest, &reading) && str_eq(reading, STR("wln")));
    assert_false(fold_next(&rest, &reading));
    assert_true(str_eq(fold_loosest(folded), STR("win")));
    assert_true(str_eq(fold_loosest(STR("plain")), STR("plain")));
    buf_done(&out);
}

static void a_buf_without_room_fails_and_nothing_else(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, MEM_OTHER, 3);
    fold_text(STR("l0ng\xC3\xA9r than three"), &out);
    assert_false(buf_ok(&out));
    buf_done(&out);
    for (size_t most = 0; most < 24; most++) { // wherever it is full
        buf_init(&out, MEM_OTHER, most);
        fold_text(STR("c\xC3\xA9 w1n"), &out);
        assert_int_equal(buf_ok(&out), most >= 20);
        buf_done(&out);
    }
}

static void every_look_alike_is_found_and_nothing_ascii_is_one(void **state)
{
    (void)state;
    uint32_t found = 0;
    for (uint32_t point = 0; point < 0x20000; point++) {
        const char letter = look_alike_letter(point);
        const bool is_letter = letter == '1' || (letter >= 'a' && letter <= 'z');
        assert_true(letter == '\0' || (is_letter && point >= 0x80));
        found += letter != '\0';
    }
    assert_true(found > 500); // all of a table that is searched by halves, so it is in order
    assert_int_equal(look_alike_letter(0x0430), 'a');
    assert_int_equal(look_alike_letter(0x1042C), 'o');
    assert_int_equal(look_alike_letter(0xA1), 'i');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_small_letters_and_single_spaces),
        cmocka_unit_test(any_white_space_is_one_space),
        cmocka_unit_test(letters_of_any_script_are_small),
        cmocka_unit_test(what_is_not_seen_is_dropped),
        cmocka_unit_test(compatibility_forms_are_the_letters_they_are),
        cmocka_unit_test(what_looks_like_a_letter_is_read_as_one_beside_the_plain_reading),
        cmocka_unit_test(digits_and_signs_are_letters_in_words_alone),
        cmocka_unit_test(what_may_be_an_l_is_read_so_behind_all_usual_readings),
        cmocka_unit_test(letters_of_their_own_script_stay_whole),
        cmocka_unit_test(what_would_swell_stays_as_it_is),
        cmocka_unit_test(no_utf8_is_left_out),
        cmocka_unit_test(the_parts_of_a_folded_text_are_found),
        cmocka_unit_test(a_buf_without_room_fails_and_nothing_else),
        cmocka_unit_test(every_look_alike_is_found_and_nothing_ascii_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
