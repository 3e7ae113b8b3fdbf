// SPDX-License-Identifier: Apache-2.0
#include "rules/term_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct terms *file(const char *text)
{
    struct terms *terms = NULL;
    struct term_list_fault fault = {""};
    assert_int_equal(term_list_read_file(str_of(text), &terms, &fault), ERR_OK);
    return terms;
}

static void expect_fault(enum err (*read)(struct str, struct terms **, struct term_list_fault *),
                         const char *text, const char *why)
{
    struct terms *terms = NULL;
    struct term_list_fault fault = {""};
    assert_int_equal(read(str_of(text), &terms, &fault), ERR_PROTO);
    assert_string_equal(fault.text, why);
    assert_null(terms);
}

static void expect_term(const struct terms *terms, uint32_t index, const struct term *expected)
{
    const struct term term = terms_at(terms, index);
    assert_true(str_eq(term.text, expected->text));
    assert_int_equal(term.match, expected->match);
    assert_int_equal(term.action, expected->action);
}

static void a_file_has_a_term_a_line(void **state)
{
    (void)state;
    struct terms *terms = file("\xEF\xBB\xBF# ours\r\n"
                               "\n"
                               "  slur \r\n"
                               "buy now\tsubstring\n"
                               "scam\tword\tshadow\n"
                               "maybe\t\thold\t\n"
                               "scunthorpe\tallow");
    assert_int_equal(terms_count(terms), 5);
    expect_term(terms, 0, &(struct term){STR("slur"), TERM_WORD, OUTCOME_REFUSE});
    expect_term(terms, 1, &(struct term){STR("buy now"), TERM_SUBSTRING, OUTCOME_REFUSE});
    expect_term(terms, 2, &(struct term){STR("scam"), TERM_WORD, OUTCOME_SHADOW});
    expect_term(terms, 3, &(struct term){STR("maybe"), TERM_WORD, OUTCOME_HOLD});
    expect_term(terms, 4, &(struct term){STR("scunthorpe"), TERM_ALLOW, OUTCOME_REFUSE});
    terms_unref(terms);
    assert_null(file("# nothing\n\n"));
    assert_null(file(""));
}

static void bad_lines_are_named_and_nothing_is_kept(void **state)
{
    (void)state;
    expect_fault(term_list_read_file, "fine\n\nx\tregex\n",
                 "line 3: the second column should be word, substring or allow");
    expect_fault(term_list_read_file, "x\tword\tban",
                 "line 1: the third column should be refuse, "
                 "hold or shadow");
    expect_fault(term_list_read_file, "x\tword\thold\tmore", "line 1: has more than three columns");
    expect_fault(term_list_read_file, "\tword", "line 1: has no term");
    expect_fault(term_list_read_file, "a\n\xFF\n", "line 2: is not UTF-8");
    expect_fault(term_list_read_file, "a\n\xE2\x80\x8B\n",
                 "line 2: nothing is left of the term when it is folded");
    expect_fault(term_list_read_file, "a\tb\na\tb\n\na\tb\nc\na\tb\na\tb\na\tb\na\tb\n",
                 "line 1: the second column should be word, substring or allow; also 2, 4, 6, 7 "
                 "and 2 more");
}

static void an_act_has_the_whole_list(void **state)
{
    (void)state;
    struct terms *terms = NULL;
    struct term_list_fault fault;
    struct buf out;
    static const struct str text =
        STR("[{\"text\":\"a \\\"b\\\"\",\"match\":\"word\",\"action\":\"refuse\"},"
            "{\"text\":\"c\",\"match\":\"substring\",\"action\":\"hold\"},"
            "{\"text\":\"d\",\"match\":\"allow\"}]");
    assert_int_equal(term_list_read_json(text, &terms, &fault), ERR_OK);
    buf_init(&out, MEM_OTHER, 1024);
    term_list_write(&out, terms);
    assert_true(str_eq(buf_str(&out), text));
    terms_unref(terms);

    terms = NULL;
    assert_int_equal(term_list_read_json(STR("[{\"text\":\"a\",\"match\":null}]"), &terms, &fault),
                     ERR_OK);
    expect_term(terms, 0, &(struct term){STR("a"), TERM_WORD, OUTCOME_REFUSE});
    terms_unref(terms);
    assert_int_equal(term_list_read_json(STR("[]"), &terms, &fault), ERR_OK);
    assert_null(terms);
    buf_reset(&out);
    term_list_write(&out, NULL);
    assert_true(str_eq(buf_str(&out), STR("[]")));
    buf_done(&out);
}

static void bad_terms_of_an_act_are_counted_from_one(void **state)
{
    (void)state;
    expect_fault(term_list_read_json, "{}", "should be an array of terms");
    expect_fault(term_list_read_json, "[{\"text\":\"a\"},7]",
                 "term 2: should be an object with `text`, a string");
    expect_fault(term_list_read_json, "[{\"text\":\"a\",\"match\":\"regex\"}]",
                 "term 1: `match` should be word, substring or allow");
    expect_fault(term_list_read_json, "[{\"text\":\"a\",\"action\":3}]",
                 "term 1: `action` should be refuse, hold or shadow");
    expect_fault(term_list_read_json, "[{\"text\":\"\"},{}]", "term 1: `text` is empty; also 2");
}

static void a_list_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct buf text;
    struct terms *terms = NULL;
    struct term_list_fault fault;
    buf_init(&text, MEM_OTHER, TERM_LIST_FILE_BYTES_MAX);
    for (int i = 0; i <= TERMS_MAX; i++) {
        buf_addf(&text, "t%d\n", i);
    }
    assert_int_equal(term_list_read_file(buf_str(&text), &terms, &fault), ERR_LIMIT);
    assert_string_equal(fault.text,
                        "line 50001: the list is too long; 50000 terms and 1048576 bytes at most");
    assert_null(terms);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_a_term_a_line),
        cmocka_unit_test(bad_lines_are_named_and_nothing_is_kept),
        cmocka_unit_test(an_act_has_the_whole_list),
        cmocka_unit_test(bad_terms_of_an_act_are_counted_from_one),
        cmocka_unit_test(a_list_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
