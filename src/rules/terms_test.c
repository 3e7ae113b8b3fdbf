// SPDX-License-Identifier: Apache-2.0
#include "rules/terms.h"

#include "base/buf.h"
#include "base/mem.h"
#include "rules/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct terms *make(const struct term *list, uint32_t count)
{
    struct terms *terms = NULL;
    uint32_t bad = 0;
    assert_int_equal(terms_new(list, count, &terms, &bad), ERR_OK);
    assert_int_equal(terms_count(terms), count);
    return terms;
}

static struct term_hit judge(const struct terms *terms, const char *text)
{
    struct buf folded;
    buf_init(&folded, MEM_OTHER, fold_bytes_max(strlen(text)));
    fold_text(str_of(text), &folded);
    assert_true(buf_ok(&folded));
    const struct term_hit hit = terms_judge(terms, buf_str(&folded));
    buf_done(&folded);
    return hit;
}

static void expect(const struct terms *terms, const char *text, const char *term)
{
    const struct term_hit hit = judge(terms, text);
    const struct str wanted = str_of(term);
    if (!str_eq(hit.term, wanted)) {
        print_error("%s: found \"%.*s\", not \"%.*s\"\n", text, STR_ARG(hit.term), STR_ARG(wanted));
    }
    assert_true(str_eq(hit.term, wanted));
    assert_int_equal(hit.outcome != OUTCOME_ALLOW, wanted.len > 0);
}

static void every_pattern_is_found_wherever_it_ends(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("hers"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("his"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("she"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("he"), TERM_SUBSTRING, OUTCOME_REFUSE},
    };
    struct terms *terms = make(list, COUNT(list));
    expect(terms, "this", "his");
    expect(terms, "ashen", "she");
    expect(terms, "ahem", "he");
    expect(terms, "sh is shis", "his");
    expect(terms, "h s e i", "");
    terms_unref(terms);
}

static void a_word_stands_alone(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("ass"), TERM_WORD, OUTCOME_REFUSE},
        {STR("c++"), TERM_WORD, OUTCOME_REFUSE},
        {STR("buy now"), TERM_WORD, OUTCOME_REFUSE},
        {STR("\xE7\xAC\xA8"), TERM_WORD, OUTCOME_REFUSE}, // an ideograph
    };
    struct terms *terms = make(list, COUNT(list));
    expect(terms, "what an ASS!", "ass");
    expect(terms, "ass", "ass");
    expect(terms, "(a$$)", "ass");
    expect(terms, "class", "");
    expect(terms, "assets", "");
    expect(terms,
           "\xC3\xA9"
           "ass", // e with an accent is a letter
           "");
    expect(terms,
           "\xF0\x9F\x98\x80"
           "ass",
           "ass");
    expect(terms, "i like c++11", "c++");
    expect(terms, "so BUY   NOW.", "buy now");
    expect(terms, "\xE4\xBD\xA0\xE7\xAC\xA8\xE4\xBD\xA0", "\xE7\xAC\xA8");
    expect(terms,
           "\xE0\xB8\x81"
           "ass\xE3\x81\x82",
           "ass"); // Thai, kana
    expect(terms,
           "\xE1\x9E\x80"
           "ass\xF0\xA0\x80\x80",
           "ass"); // Khmer, a rare ideograph
    expect(terms,
           "\xEF\xA8\x8E"
           "ass",
           "ass");                        // a compatibility ideograph
    expect(terms, "ass\xE0\xA4\xBF", ""); // a vowel sign belongs to what it stands on
    expect(terms, "ass\xD9\xA3", "");     // an Arabic digit
    terms_unref(terms);
}

static void without_memory_there_are_none(void **state)
{
    (void)state;
    static const struct term list[] = {{STR("slur"), TERM_WORD, OUTCOME_REFUSE}};
    struct terms *terms = NULL;
    uint32_t bad = 0;
    for (uint64_t n = 1; terms == NULL; n++) {
        mem_fail_after(n);
        const enum err err = terms_new(list, 1, &terms, &bad);
        mem_fail_after(0);
        assert_int_equal(err, terms == NULL ? ERR_NOMEM : ERR_OK);
    }
    terms_unref(terms);
}

static void what_is_hidden_is_found(void **state)
{
    (void)state;
    static const struct term list[] = {{STR("Idiot"), TERM_WORD, OUTCOME_REFUSE}};
    struct terms *terms = make(list, COUNT(list));
    expect(terms, "1d10t", "Idiot");
    expect(terms, "!D!0T", "Idiot");
    expect(terms, "id\xE2\x80\x8Biot", "Idiot");
    expect(terms, "\xD1\x96\xD4\x81i\xD0\xBE\xD1\x82", "Idiot"); // all but one Cyrillic
    expect(terms,
           "i\xCC\xB7"
           "d\xCC\xB7"
           "iot",
           "Idiot");
    expect(terms,
           "\xD0\x86"
           "d\xCE\x99"
           "ot",
           "Idiot"); // bare strokes
    terms_unref(terms);
}

static void what_is_allowed_shields_what_lies_inside(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("ass"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("assassin"), TERM_ALLOW, OUTCOME_ALLOW},
        {STR("class"), TERM_ALLOW, OUTCOME_ALLOW},
    };
    struct terms *terms = make(list, COUNT(list));
    expect(terms, "assassin", "");
    expect(terms, "an assassin of class", "");
    expect(terms, "assass", "ass");
    expect(terms, "class ass", "ass");
    expect(terms, "first class and pass", "ass");
    expect(terms, "passassin", "");
    expect(terms, "cl4$$", ""); // in each reading
    terms_unref(terms);
}

static void the_strictest_wins(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("spam"), TERM_WORD, OUTCOME_HOLD},
        {STR("scam"), TERM_WORD, OUTCOME_SHADOW},
        {STR("slur"), TERM_WORD, OUTCOME_REFUSE},
        {STR("slur"), TERM_SUBSTRING, OUTCOME_HOLD},
    };
    struct terms *terms = make(list, COUNT(list));
    assert_int_equal(judge(terms, "spam and spam").outcome, OUTCOME_HOLD);
    assert_int_equal(judge(terms, "spam scam spam").outcome, OUTCOME_SHADOW);
    assert_int_equal(judge(terms, "spam slur scam").outcome, OUTCOME_REFUSE);
    assert_int_equal(judge(terms, "slurs").outcome, OUTCOME_HOLD);
    assert_int_equal(judge(terms, "nothing").outcome, OUTCOME_ALLOW);
    assert_int_equal(terms_judge(NULL, STR("slur")).outcome, OUTCOME_ALLOW);
    terms_unref(terms);
}

static void what_cannot_be_a_term_is_named(void **state)
{
    (void)state;
    char text[TERM_BYTES_MAX + 1];
    memset(text, 'a', sizeof(text));
    struct term list[] = {
        {STR("fine"), TERM_WORD, OUTCOME_REFUSE},
        {STR("\xE2\x80\x8B"), TERM_WORD, OUTCOME_REFUSE}, // nothing that is seen
    };
    struct terms *terms = NULL;
    uint32_t bad = 0;
    assert_int_equal(terms_new(list, 2, &terms, &bad), ERR_PROTO);
    assert_int_equal(bad, 1);
    list[0].text = (struct str){.at = text, .len = sizeof(text)};
    assert_int_equal(terms_new(list, 2, &terms, &bad), ERR_PROTO);
    assert_int_equal(bad, 0);
    assert_int_equal(terms_new(list, TERMS_MAX + 1, &terms, &bad), ERR_LIMIT);
    assert_null(terms);
}

static void a_list_says_what_it_was_made_of(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("Zebra"), TERM_SUBSTRING, OUTCOME_SHADOW},
        {STR("Apple"), TERM_ALLOW, OUTCOME_REFUSE},
    };
    struct terms *terms = make(list, COUNT(list));
    struct terms *same = terms_ref(terms);
    terms_unref(terms);
    assert_true(str_eq(terms_at(same, 0).text, STR("Zebra")));
    assert_int_equal(terms_at(same, 0).action, OUTCOME_SHADOW);
    assert_true(str_eq(terms_at(same, 1).text, STR("Apple")));
    assert_int_equal(terms_at(same, 1).match, TERM_ALLOW);
    assert_int_equal(terms_count(NULL), 0);
    assert_int_equal(terms_bytes(NULL), 0);
    assert_null(terms_ref(NULL));
    terms_unref(same);
    terms_unref(NULL);
}

static void the_longest_list_is_found_whole_and_as_small_as_stated(void **state)
{
    (void)state;
    enum { TEXT_MAX = 16 };
    struct term *list = mem_new(MEM_OTHER, TERMS_MAX * sizeof(*list));
    char *texts = mem_new(MEM_OTHER, (size_t)TERMS_MAX * TEXT_MAX);
    assert_non_null(list);
    assert_non_null(texts);
    for (uint32_t i = 0; i < TERMS_MAX; i++) {
        char *text = texts + (size_t)i * TEXT_MAX;
        const int len = snprintf(text, TEXT_MAX, "%cword%u", 'a' + (int)(i % 26), i * 7919);
        list[i] = (struct term){
            .text = {.at = text, .len = (size_t)len}, .match = TERM_WORD, .action = OUTCOME_REFUSE};
    }
    struct terms *terms = make(list, TERMS_MAX);
    for (uint32_t i = 0; i < TERMS_MAX; i++) {
        assert_true(str_eq(terms_judge(terms, list[i].text).term, list[i].text));
    }
    assert_true(terms_bytes(terms) < 6 * 1024 * 1024);
    terms_unref(terms);
    mem_free(MEM_OTHER, texts);
    mem_free(MEM_OTHER, list);
}

static void letters_that_are_spelled_out_are_read_joined(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("fuck"), TERM_WORD, OUTCOME_REFUSE},
        {STR("ass"), TERM_WORD, OUTCOME_REFUSE},
        {STR("shit"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("no"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("1488"), TERM_WORD, OUTCOME_REFUSE},
        {STR("gold"), TERM_WORD, OUTCOME_REFUSE},
        {STR("golden"), TERM_ALLOW, OUTCOME_REFUSE},
        {STR("kill"), TERM_WORD, OUTCOME_REFUSE},
        {STR("k.i.l.l.s"), TERM_ALLOW, OUTCOME_REFUSE},
        {STR("bil"), TERM_SUBSTRING, OUTCOME_REFUSE},
    };
    struct terms *terms = make(list, COUNT(list));
    static const struct {
        const char *text, *term;
    } found[] = {
        {"f u c k", "fuck"},        {"oh f.u.c.k. you", "fuck"},
        {"F-U-C-K", "fuck"},        {"f * u * c * k", "fuck"},
        {"you a f u c k", "fuck"},  {"a s s", "ass"},
        {"an a.s.s indeed", "ass"}, {"b u l l s h i t", "shit"},
        {"5 h 1 7", "shit"},        {"1 4 8 8", "1488"},
        {"g o l d", "gold"},        {"k i l l", "kill"},
        {"b i 1 x", "bil"},         {"\xD1\x84 f \xCF\x85 c k", "fuck"}, // upsilon
    };
    static const char *const innocent[] = {
        "f uck",
        "g a s s y",
        "p a s s w o r d",
        "a b c d e f g",
        "n o",
        "a n o b",
        "1 2 3 4 5 6 7 8",
        "g o l d e n",
        "k.i.l.l.s",
        "a. b. c.",
        "u.s.a. is a place",
        "f, u and c, k",
        "is it a or b?",
        "x y z",
        "4 8 8",
    };
    for (size_t i = 0; i < COUNT(found); i++) {
        expect(terms, found[i].text, found[i].term);
    }
    for (size_t i = 0; i < COUNT(innocent); i++) {
        expect(terms, innocent[i], "");
    }
    terms_unref(terms);
}

static void a_capital_i_or_a_bar_is_found_where_an_l_is_read(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("paypal"), TERM_WORD, OUTCOME_REFUSE}, {STR("fall"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("loser"), TERM_WORD, OUTCOME_REFUSE},  {STR("slut"), TERM_WORD, OUTCOME_REFUSE},
        {STR("killer"), TERM_WORD, OUTCOME_REFUSE}, {STR("nazi"), TERM_WORD, OUTCOME_REFUSE},
        {STR("lice"), TERM_WORD, OUTCOME_REFUSE},   {STR("hello"), TERM_WORD, OUTCOME_REFUSE},
        {STR("al"), TERM_WORD, OUTCOME_REFUSE},     {STR("dick"), TERM_WORD, OUTCOME_REFUSE},
        {STR("ass"), TERM_WORD, OUTCOME_REFUSE},
    };
    static const struct {
        const char *text, *term;
    } found[] = {
        {"paypaI", "paypal"},
        {"send PayPaI!", "paypal"},
        {"paypa|", "paypal"},
        {"P@ypaI", "paypal"},
        {"p\xD0\xB0ypaI", "paypal"},
        {"pay\xE2\x80\x8BpaI", "paypal"},
        {"faII", "fall"},
        {"waterfaIIs", "fall"},
        {"fa||", "fall"},
        {"FaIl", "fall"},
        {"Ioser", "loser"},
        {"SIut", "slut"},
        {"k1IIer", "killer"},
        {"kiIIer", "killer"},
        {"naz|", "nazi"},
        {"NazI", "nazi"},
        {"he||o", "hello"},
        {"heI|o", "hello"},
        {"dIck", "dick"},
        {"D1ck", "dick"},
        {"a$$|", "ass"},
        {"\xD0\xB0ss|", "ass"}, // as before there were strokes
    };
    static const char *const innocent[] = {
        "fail",   "FAIL",   "Fail",   "failing", "AI",      "A.I.",   "I",     "I os er", "SI ut",
        "payPAI", "paypai", "PAYPAI", "PAYPAI|", "paypa |", "paypa!", "kiIer", "It",      "ICE",
    };
    struct terms *terms = make(list, COUNT(list));
    for (size_t i = 0; i < COUNT(found); i++) {
        expect(terms, found[i].text, found[i].term);
    }
    for (size_t i = 0; i < COUNT(innocent); i++) {
        expect(terms, innocent[i], "");
    }
    terms_unref(terms);
}

static void a_letter_and_a_digit_are_no_word_of_two_letters(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("al"), TERM_WORD, OUTCOME_REFUSE},    {STR("ss"), TERM_WORD, OUTCOME_REFUSE},
        {STR("bs"), TERM_WORD, OUTCOME_REFUSE},    {STR("t1"), TERM_WORD, OUTCOME_REFUSE},
        {STR("c5"), TERM_WORD, OUTCOME_REFUSE},    {STR("code"), TERM_WORD, OUTCOME_REFUSE},
        {STR("eb"), TERM_SUBSTRING, OUTCOME_HOLD}, {STR("ass"), TERM_WORD, OUTCOME_REFUSE},
    };
    struct terms *terms = make(list, COUNT(list));
    expect(terms, "a1", "");
    expect(terms, "in 5s or 8s", "");
    expect(terms, "in 5S, not a1l", "");
    expect(terms, "a| or A1", "al"); // a bar is no digit
    expect(terms, "$s", "ss");
    expect(terms, "ss in 5s", "ss");
    expect(terms, "T1 won", "t1"); // a term that is written with a digit
    expect(terms, "C5", "c5");
    expect(terms, "c0de", "code");
    expect(terms, "a55", "ass");
    expect(terms, "3b", "eb");
    terms_unref(terms);
}

static void what_is_allowed_is_so_with_a_capital_i(void **state)
{
    (void)state;
    static const struct term list[] = {
        {STR("lnk"), TERM_SUBSTRING, OUTCOME_REFUSE}, {STR("pal"), TERM_SUBSTRING, OUTCOME_REFUSE},
        {STR("BeInk"), TERM_ALLOW, OUTCOME_ALLOW},    {STR("paypal"), TERM_ALLOW, OUTCOME_ALLOW},
        {STR("mcpail"), TERM_ALLOW, OUTCOME_ALLOW},
    };
    struct terms *terms = make(list, COUNT(list));
    expect(terms, "ReInk", "lnk");
    expect(terms, "BeInk", ""); // as it is spelled
    expect(terms, "BeInk ReInk", "lnk");
    expect(terms, "paypaI", ""); // as it is read
    expect(terms, "xpaI", "pal");
    expect(terms, "McPaIl", "");
    expect(terms, "mcpaIl|", "");
    terms_unref(terms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pattern_is_found_wherever_it_ends),
        cmocka_unit_test(a_word_stands_alone),
        cmocka_unit_test(without_memory_there_are_none),
        cmocka_unit_test(what_is_hidden_is_found),
        cmocka_unit_test(what_is_allowed_shields_what_lies_inside),
        cmocka_unit_test(the_strictest_wins),
        cmocka_unit_test(what_cannot_be_a_term_is_named),
        cmocka_unit_test(a_list_says_what_it_was_made_of),
        cmocka_unit_test(the_longest_list_is_found_whole_and_as_small_as_stated),
        cmocka_unit_test(letters_that_are_spelled_out_are_read_joined),
        cmocka_unit_test(a_capital_i_or_a_bar_is_found_where_an_l_is_read),
        cmocka_unit_test(a_letter_and_a_digit_are_no_word_of_two_letters),
        cmocka_unit_test(what_is_allowed_is_so_with_a_capital_i),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
