// SPDX-License-Identifier: Apache-2.0
#include "rules/strokes.h"

#include "base/buf.h"
#include "base/rand.h"
#include "rules/fold.h"
#include "rules/point_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { TEXTS = 30000, TEXT_MAX = 20 };

/* The text with its strokes as what they are read as. */
static void expect(const char *text, const char *read)
{
    struct strokes strokes = strokes_in(str_of(text), POINT_SIGNS | POINT_STROKE);
    struct stroke stroke;
    struct buf out;
    size_t at = 0;
    buf_init(&out, MEM_OTHER, SIZE_MAX);
    while (strokes_next(&strokes, &stroke)) {
        buf_add(&out, text + at, stroke.start - at);
        buf_add_byte(&out, (uint8_t)stroke.letter);
        at = stroke.end;
    }
    buf_add_str(&out, str_of(text + at));
    if (!str_eq(buf_str(&out), str_of(read))) {
        print_error("%s: %.*s, not %s\n", text, STR_ARG(buf_str(&out)), read);
    }
    assert_true(str_eq(buf_str(&out), str_of(read)));
    buf_done(&out);
}

static void a_capital_i_amid_small_letters_is_an_l(void **state)
{
    (void)state;
    expect("paypaI", "paypal");
    expect("PayPaI now", "PayPal now");
    expect("heIIo", "hello");
    expect("BIack and SIut", "Black and Slut");
    expect("AIways", "Always");
    expect("Ioser, IoI", "loser, lol");
    expect("IIama", "llama");
    expect("paypa1I", "paypa1l"); // digits that may be letters stand between
    expect("p@IS", "p@lS");
    expect("\xD1\x80\xD0\xB0I", "\xD1\x80\xD0\xB0l");   // behind a small one of any script
    expect("paypa\xE2\x80\x8BI", "paypa\xE2\x80\x8Bl"); // what is not seen parts nothing
    expect("a\xCC\x81I\xE2\x80\x8BI", "a\xCC\x81l\xE2\x80\x8Bl");
    expect("paypa\xEF\xBC\xA9 paypa\xF0\x9D\x90\x88", "paypal paypal"); // full-width, bold
}

static void a_capital_i_as_people_write_it_is_an_i(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "I",
        "I am",
        "I'm",
        "It is",
        "If In Is",
        "FAIL",
        "FALL",
        "AI",
        "III",
        "Henry VIII",
        "IMHO",
        "IIIrd",
        "Illegal",
        "OpenAI",
        "BING",
        "a I b",
        "5I",
        "\xE4\xBD\xA0I",
        "paypa\xC3\x8D",
        "\xE2\x92\xBB\xE2\x92\xB6\xE2\x92\xBE\xE2\x93\x81", // FAIL in circles
        "\xC4\xB0yi",
        "",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        expect(texts[i], texts[i]);
    }
}

static void a_bar_where_a_word_ends_may_be_a_letter(void **state)
{
    (void)state;
    expect("paypa|", "paypa1");
    expect("ba|| he||o ||ama", "ba11 he11o 11ama");
    expect("paypa\xEF\xBD\x9C!", "paypa1!");
    expect("n0|", "n01");
    expect("\xD0\xB0|", "\xD0\xB0"
                        "1");
    expect("a|$", "a1$");
}

static void a_bar_elsewhere_is_a_sign(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a|b", "a | b", "| a |", "|oser", "10|", "||", ":|", "|", "x ||| y", "1|2", "a|1",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        expect(texts[i], texts[i]);
    }
}

static void what_is_no_utf8_is_passed(void **state)
{
    (void)state;
    expect("a\xFFI\xC3", "a\xFFl\xC3");
    expect("a\xE2\x82I\xA9\xA9\xA9\xA9\xA9|", "a\xE2\x82l\xA9\xA9\xA9\xA9\xA9"
                                              "1");
}

/* Each text as it is, with each capital I small, and with a blank on both sides of each bar. */
static void a_text_without_them_is_folded_as_ever(void **state)
{
    (void)state;
    static const char letters[] = "IIII||||aeltAFL01$! .";
    struct rand rand;
    struct buf folded[2];
    uint32_t with = 0;
    rand_init(&rand, 11);
    for (int i = 0; i < TEXTS; i++) {
        struct str strokes[2];
        char text[2][TEXT_MAX];
        const size_t len = rand_below(&rand, TEXT_MAX);
        for (size_t at = 0; at < len; at++) {
            text[0][at] = letters[rand_below(&rand, sizeof(letters) - 1)];
            text[1][at] = text[0][at];
            if (text[0][at] == 'I') {
                text[1][at] = 'i';
            }
        }
        for (size_t which = 0; which < 2; which++) {
            buf_init(&folded[which], MEM_OTHER, fold_bytes_max(TEXT_MAX));
            fold_text((struct str){.at = text[which], .len = len}, &folded[which]);
        }
        const struct str usual = fold_usual(buf_str(&folded[0]), &strokes[0]);
        assert_true(str_eq(usual, fold_usual(buf_str(&folded[1]), &strokes[1])));
        assert_true(str_eq(fold_loosest(buf_str(&folded[0])), fold_loosest(buf_str(&folded[1]))));
        const bool has_bar = memchr(text[0], '|', len) != NULL;
        assert_true(has_bar || strokes[1].len == 0);
        with += strokes[0].len > 0;
        buf_done(&folded[0]);
        buf_done(&folded[1]);
    }
    assert_in_range(with, TEXTS / 10, TEXTS - TEXTS / 10); // both kinds were met
}

static void the_flags_of_a_text_say_what_is_looked_for(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        uint32_t flags;
    } texts[] = {{STR("aI"), 0}, {STR("a|"), POINT_SIGNS}, {STR("a\xEF\xBC\xA9"), POINT_STROKE}};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct stroke stroke;
        struct strokes strokes = strokes_in(texts[i].text, texts[i].flags);
        assert_true(strokes_next(&strokes, &stroke));
        assert_int_equal(stroke.start, 1);
        assert_int_equal(stroke.end, texts[i].text.len);
        assert_false(strokes_next(&strokes, &stroke));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capital_i_amid_small_letters_is_an_l),
        cmocka_unit_test(a_capital_i_as_people_write_it_is_an_i),
        cmocka_unit_test(a_bar_where_a_word_ends_may_be_a_letter),
        cmocka_unit_test(a_bar_elsewhere_is_a_sign),
        cmocka_unit_test(what_is_no_utf8_is_passed),
        cmocka_unit_test(a_text_without_them_is_folded_as_ever),
        cmocka_unit_test(the_flags_of_a_text_say_what_is_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
