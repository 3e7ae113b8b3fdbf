// SPDX-License-Identifier: Apache-2.0
#include "wire/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The definition, written as plainly as possible, to compare with. */
static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

static void every_code_point_is_told_apart(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x120000; point++) {
        char bytes[4];
        const struct str text = {.at = bytes, .len = encode(point, bytes)};
        const bool expected = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
        uint32_t found = 0;
        assert_int_equal(utf8_is_valid(text), expected);
        assert_int_equal(utf8_next(text, &found), expected ? text.len : 0);
        assert_int_equal(found, expected ? point : 0);
    }
}

/* Every two bytes: valid only when they are two ASCII ones or the shortest form of one point. */
static void every_pair_of_bytes_is_judged(void **state)
{
    (void)state;
    for (uint32_t pair = 0; pair < 0x10000; pair++) {
        const char bytes[2] = {(char)(pair >> 8), (char)(pair & 0xFF)};
        const uint32_t a = pair >> 8, b = pair & 0xFF;
        const bool expected =
            (a < 0x80 && b < 0x80) || (a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF);
        assert_int_equal(utf8_is_valid((struct str){.at = bytes, .len = 2}), expected);
    }
}

static void overlong_and_cut_forms_are_refused(void **state)
{
    static const char *const texts[] = {
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xE2\x82",
        "\xF0\x9F\x98",
        "\x80",
        "\xFE",
        "\xFF",
        "\xF8\x88\x80\x80\x80",
        "a\xE2\x82z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(utf8_is_valid(str_of(texts[i])));
    }
}

static void it_breaks_at_the_first_wrong_byte(void **state)
{
    (void)state;
    enum utf8_state broken = utf8_run(UTF8_WHOLE, STR("ok \xED\xA0"));
    assert_int_equal(broken, UTF8_BROKEN);
    assert_int_equal(utf8_step(broken, 'a'), UTF8_BROKEN);
    assert_int_equal(utf8_run(UTF8_WHOLE, STR("ok \xED")), UTF8_AFTER_ED);
}

static void points_are_counted(void **state)
{
    (void)state;
    assert_int_equal(utf8_count(STR("")), 0);
    assert_int_equal(utf8_count(STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_told_apart),
        cmocka_unit_test(every_pair_of_bytes_is_judged),
        cmocka_unit_test(overlong_and_cut_forms_are_refused),
        cmocka_unit_test(it_breaks_at_the_first_wrong_byte),
        cmocka_unit_test(points_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
