// SPDX-License-Identifier: Apache-2.0
#include "rules/text_traits.h"

#include "rules/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Without `folded`, whose bytes are gone. */
static struct traits traits_of(const char *text)
{
    struct buf folded;
    struct traits traits;
    buf_init(&folded, MEM_OTHER, fold_bytes_max(strlen(text)));
    text_traits_find(str_of(text), &folded, &traits);
    assert_true(buf_ok(&folded));
    assert_true(str_eq(traits.folded, buf_str(&folded)));
    buf_done(&folded);
    traits.folded = STR_NONE;
    return traits;
}

static void expect_trait(const char *text, uint32_t trait, bool is_there)
{
    if (((traits_of(text).bits & trait) != 0) != is_there) {
        fail_msg("\"%s\": %s", text, is_there ? "not found" : "found");
    }
}

static void links_are_found(void **state)
{
    (void)state;
    static const char *const links[] = {
        "https://example.com/x",
        "see http://10.0.0.1/a",
        "HTTPS://EXAMPLE.SO",
        "hxxp://example.com",
        "custom+scheme://x",
        "www.example",
        "example.com",
        "look at Example.COM!",
        "(example.net).",
        "sub.example.co.uk",
        "a@example.com",
        "t.me/joinchat",
        "discord.gg/abc",
        "bit.ly/x?y",
        "foo.co.in",
        "example.com:8080",
        "bit.ly:80",
        "prize.sbs",
        "prize.cfd now",
        "prize.today/x",
        "1.2.3.4/path",
        "-example.com-",
        "a...b example.org",
        "example{dot}com",
        "example <dot> org",
        "1.2.3.4:80",
        "\xD0\xBF\xD1\x80\xD0\xB8\xD0\xBC\xD0\xB5\xD1\x80.\xD1\x80\xD1\x84",
        "ex\xE2\x80\x8B"
        "ample.c\xE2\x80\x8Bom",
        "example\xEF\xBC\x8E"
        "com",
        "example\xE3\x80\x82"
        "com",
        "example.c0m",
        "example.\xD1\x81\xD0\xBE\xD0\xBC",
        "example dot com",
        "example DOT com now",
        "example[.]com",
        "example (dot) com",
        "example(dot)net",
        "example . com",
        "example .com",
        "xn--e1afmkfd.xn--p1ai",
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        expect_trait(links[i], TRAIT_LINK, true);
    }
}

static void what_only_has_dots_is_no_link(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "hello",
        "ok.so what",
        "wait.no",
        "e.g. this",
        "1.5 and 2.0",
        "3:0",
        "12:30",
        "...com",
        "well...yes",
        "readme.md",
        "main.py and a.sh",
        "the dot com bubble",
        "dot net developers",
        "c.o.m",
        "10.0.0.1",
        "http:// is the start",
        "://x",
        "and/or",
        "t.me/",
        "t.me/ x",
        "t.me//",
        "1.2.3.4.5/x",
        "1.2.3/x",
        "www.",
        "a:// b",
        "see:// ",
        "dot com",
        "example (dot com",
        "example(dot]co",
        "anecdote com",
        "lol . so",
        "--.com",
        ".com",
        "dotcom",
        "Dr.Who",
        "see you.today",
        "no.life",
        "bit.Iy/x", // with an i, to whoever asks for it
        "see prize.sb|",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        expect_trait(others[i], TRAIT_LINK, false);
    }
}

static void emotes_alone_are_told(void **state)
{
    (void)state;
    expect_trait(":wave:", TRAIT_EMOTE_ONLY, true);
    expect_trait(" :wave: :Kappa_2:\n:+1:", TRAIT_EMOTE_ONLY, true);
    expect_trait("\xF0\x9F\x98\x80\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD", TRAIT_EMOTE_ONLY, true);
    expect_trait("\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", TRAIT_EMOTE_ONLY, true);
    expect_trait("\xF0\x9F\x87\xB3\xF0\x9F\x87\xB4 \xE2\x9D\xA4\xEF\xB8\x8F", TRAIT_EMOTE_ONLY,
                 true);
    expect_trait("7\xEF\xB8\x8F\xE2\x83\xA3", TRAIT_EMOTE_ONLY, true);
    expect_trait("#\xE2\x83\xA3*\xE2\x83\xA3", TRAIT_EMOTE_ONLY, true);
    expect_trait("#", TRAIT_EMOTE_ONLY, false);
    expect_trait("7\xEF\xB8\x8F", TRAIT_EMOTE_ONLY, false);
    expect_trait("\xC2\xA9", TRAIT_EMOTE_ONLY, false); // a sign, not a picture
    expect_trait(":unfinished", TRAIT_EMOTE_ONLY, false);
    expect_trait(":aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:",
                 TRAIT_EMOTE_ONLY, false);
    expect_trait("", TRAIT_EMOTE_ONLY, false);
    expect_trait("hi :wave:", TRAIT_EMOTE_ONLY, false);
    expect_trait("\xF0\x9F\x98\x80!", TRAIT_EMOTE_ONLY, false);
    expect_trait("::", TRAIT_EMOTE_ONLY, false);
    expect_trait(":not an emote:", TRAIT_EMOTE_ONLY, false);
    expect_trait("7", TRAIT_EMOTE_ONLY, false);
    expect_trait("\xEF\xB8\x8F", TRAIT_EMOTE_ONLY, false);
}

static void capitals_are_counted_among_letters_that_have_them(void **state)
{
    (void)state;
    assert_int_equal(traits_of("SHOUTING ALL DAY").caps_percent, 100);
    assert_int_equal(traits_of("HALF of THEM ok").caps_percent, 66);
    assert_int_equal(traits_of("quiet as a mouse").caps_percent, 0);
    assert_int_equal(traits_of("OK GG WP").caps_percent, 0); // too few to say
    assert_int_equal(traits_of("\xD0\x9F\xD0\xA0\xD0\x98\xD0\x92\xD0\x95\xD0\xA2 \xD0\x9F\xD0\xA0"
                               "\xD0\x98")
                         .caps_percent,
                     100);
    assert_int_equal(traits_of(":LOUDEMOTENAME: quiet as it is").caps_percent, 0);
    assert_int_equal(traits_of("1234567890 !!!!!!!!!!").caps_percent, 0);
}

static void the_most_marks_on_a_base_are_counted(void **state)
{
    (void)state;
    assert_int_equal(traits_of("plain").marks_most, 0);
    assert_int_equal(traits_of("a\xCC\x81 b\xCC\x81\xCC\x82\xCC\x83 c\xCC\x81").marks_most, 3);
    assert_int_equal(traits_of("\xCC\x81").marks_most, 1);
}

static void expect_alike(const char *a, const char *b, bool are)
{
    const uint64_t left = traits_of(a).likeness;
    const uint64_t right = traits_of(b).likeness;
    assert_int_not_equal(left, 0);
    assert_int_equal(left == right, are);
}

static void texts_people_would_call_the_same_are_alike(void **state)
{
    (void)state;
    expect_alike("Buy followers now", "buy followers NOW!!!", true);
    expect_alike("Buy followers now", "b u y  f0ll0wers,nooooow", true);
    expect_alike("Buy followers now", "\xD0\x92uy f\xD0\xBEllowers now", true);
    expect_alike("Buy followers now", "Buy followers later", false);
    expect_alike("AvaiIabIe here", "AVAIIABIE HERE", true); // a capital I is an i
    expect_alike("AvaiIabIe here", "available here", false);
    expect_alike("\xE4\xBD\xA0\xE5\xA5\xBD\xE5\x90\x97\xEF\xBC\x9F",
                 "\xE4\xBD\xA0\xE5\xA5\xBD\xE5\x90\x97", true);
    char lines[2][1200]; // who begins alike for so long is alike
    for (size_t i = 0; i < sizeof(lines[0]) - 1; i++) {
        lines[0][i] = lines[1][i] = (char)('a' + i % 26);
    }
    lines[0][sizeof(lines[0]) - 1] = lines[1][sizeof(lines[1]) - 1] = '\0';
    lines[1][1000] = '9';
    expect_alike(lines[0], lines[1], true);
    lines[1][100] = '9';
    expect_alike(lines[0], lines[1], false);
    assert_int_equal(traits_of("gg").likeness, 0);
    assert_int_equal(traits_of("LOOOOOOOOOOOOL").likeness, 0);
    assert_int_equal(traits_of("!!!!!!!!!!!!").likeness, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_found),
        cmocka_unit_test(what_only_has_dots_is_no_link),
        cmocka_unit_test(emotes_alone_are_told),
        cmocka_unit_test(capitals_are_counted_among_letters_that_have_them),
        cmocka_unit_test(the_most_marks_on_a_base_are_counted),
        cmocka_unit_test(texts_people_would_call_the_same_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
