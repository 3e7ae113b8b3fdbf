// SPDX-License-Identifier: Apache-2.0
#include "rules/comment_text.h"

#include "rules/token_name.h"
#include "rules/user_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct text_limits *const usual = &comment_text_limits_usual;

#define MARKS_4 "\xCC\x81\xCC\x82\xCC\x83\xCC\x84"

/* As many points as bytes, so that the bytes are what is over. */
static const struct text_limits many_points = {
    .points = 5000, .bytes = 2000, .lines = 20, .marks = 8};

static void expect_kept(struct str text, struct str kept)
{
    const char *why = NULL;
    struct buf out;
    buf_init(&out, MEM_OTHER, usual->bytes);
    assert_int_equal(comment_text_keep(text, usual, &out, &why), TEXT_OK);
    assert_true(str_eq(buf_str(&out), kept));
    assert_true(buf_ok(&out));
    assert_null(why);
    buf_done(&out);
}

static void expect_fault(struct str text, enum text_fault fault)
{
    const char *why = NULL;
    struct buf out;
    buf_init(&out, MEM_OTHER, usual->bytes);
    assert_int_equal(comment_text_keep(text, usual, &out, &why), fault);
    assert_int_equal(out.len, 0);
    assert_non_null(why);
    buf_done(&out);
}

/* `piece` so many times. */
static struct str repeated(struct buf *scratch, const char *piece, size_t count)
{
    buf_reset(scratch);
    for (size_t i = 0; i < count; i++) {
        buf_add_str(scratch, str_of(piece));
    }
    return buf_str(scratch);
}

static void it_is_kept_as_sent_but_for_its_ends(void **state)
{
    (void)state;
    expect_kept(STR("hello"), STR("hello"));
    expect_kept(STR(" \t\r\n hello  world \n"), STR("hello  world"));
    expect_kept(STR("\xE3\x80\x80\xC2\xA0\xE2\x80\x83hi\xE2\x80\xA8\xC2\x85"), STR("hi"));
    expect_kept(STR("a\tb"), STR("a\tb"));
    expect_kept(STR("<b>&amp;\\\""), STR("<b>&amp;\\\""));
    expect_kept(STR("e\xCC\x81"), STR("e\xCC\x81")); // not normalised
}

static void line_ends_become_lf(void **state)
{
    (void)state;
    expect_kept(STR("a\r\nb\rc\nd\r\r\ne"), STR("a\nb\nc\nd\n\ne"));
}

static void nothing_left_is_empty(void **state)
{
    (void)state;
    expect_fault(STR(""), TEXT_EMPTY);
    expect_fault(STR_NONE, TEXT_EMPTY);
    expect_fault(STR(" \r\n\t\xE3\x80\x80\xC2\x85"), TEXT_EMPTY);
}

static void broken_utf8_is_told(void **state)
{
    (void)state;
    expect_fault(STR("a\xFF"), TEXT_BAD_UTF8);
    expect_fault(STR("\xED\xA0\x80"), TEXT_BAD_UTF8);
    expect_fault(STR("   \xE2\x82"), TEXT_BAD_UTF8);
}

static void controls_are_refused(void **state)
{
    (void)state;
    expect_fault(STR("a\0b"), TEXT_BAD);
    expect_fault(STR("\x1B[31m"), TEXT_BAD);
    expect_fault(STR("a\x7F"
                     "b"),
                 TEXT_BAD);
    expect_fault(STR("a\xC2\x85"
                     "b"),
                 TEXT_BAD); // C1
    expect_fault(STR("a\vb"), TEXT_BAD);
    expect_fault(STR("a\fb"), TEXT_BAD);
}

static void length_is_bounded_after_trimming(void **state)
{
    struct buf scratch;

    (void)state;
    buf_init(&scratch, MEM_OTHER, 1 << 16);
    const struct str most = repeated(&scratch, "x", usual->points);
    expect_kept(most, most);
    expect_fault(repeated(&scratch, "x", usual->points + 1), TEXT_TOO_LONG);
    const struct str wide = repeated(&scratch, "\xF0\x9F\x98\x80", usual->points);
    expect_kept(wide, wide); // 500 of 4 bytes: 2,000
    expect_fault(repeated(&scratch, "\xF0\x9F\x98\x80", usual->points + 1), TEXT_TOO_LONG);
    (void)repeated(&scratch, " ", 5000);
    buf_add_byte(&scratch, 'x');
    expect_kept(buf_str(&scratch), STR("x"));
    buf_done(&scratch);
}

static void bytes_are_bounded_where_points_are_not(void **state)
{
    const char *why = NULL;
    struct buf scratch, out;

    (void)state;
    buf_init(&scratch, MEM_OTHER, 1 << 16);
    buf_init(&out, MEM_OTHER, usual->bytes);
    assert_int_equal(
        comment_text_keep(repeated(&scratch, "x", usual->bytes), &many_points, &out, &why),
        TEXT_OK);
    buf_reset(&out);
    assert_int_equal(
        comment_text_keep(repeated(&scratch, "x", usual->bytes + 1), &many_points, &out, &why),
        TEXT_TOO_LONG);
    buf_done(&out);
    buf_done(&scratch);
}

static void lines_are_bounded(void **state)
{
    struct buf scratch;

    (void)state;
    buf_init(&scratch, MEM_OTHER, 1 << 12);
    (void)repeated(&scratch, "a\r\n", usual->lines - 1);
    buf_add_byte(&scratch, 'z');
    const char *why = NULL;
    struct buf out;
    buf_init(&out, MEM_OTHER, usual->bytes);
    assert_int_equal(comment_text_keep(buf_str(&scratch), usual, &out, &why), TEXT_OK);
    buf_done(&out);
    (void)repeated(&scratch, "a\r", usual->lines);
    buf_add_byte(&scratch, 'z');
    expect_fault(buf_str(&scratch), TEXT_TOO_LONG);
    buf_done(&scratch);
}

static void marks_do_not_pile_up(void **state)
{
    (void)state;
    expect_kept(STR("e" MARKS_4 MARKS_4), STR("e" MARKS_4 MARKS_4));
    expect_fault(STR("e" MARKS_4 MARKS_4 "\xCC\x81"), TEXT_BAD);
    expect_fault(STR(MARKS_4 MARKS_4 "\xCC\x81"), TEXT_BAD); // on no base at all
    expect_kept(STR("e" MARKS_4 MARKS_4 "e" MARKS_4), STR("e" MARKS_4 MARKS_4 "e" MARKS_4));
    /* A zero width joiner does not begin a new base. */
    expect_fault(STR("e" MARKS_4 MARKS_4 "\xE2\x80\x8D" MARKS_4), TEXT_BAD);
    /* Scripts and emoji that need marks have room: Devanagari, Thai, a family, a kiss. */
    expect_kept(STR("\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7\xE0\xA4\xBF"),
                STR("\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7\xE0\xA4\xBF"));
    expect_kept(STR("\xE0\xB8\x97\xE0\xB8\xB5\xE0\xB9\x88"),
                STR("\xE0\xB8\x97\xE0\xB8\xB5\xE0\xB9\x88"));
    expect_kept(
        STR("\xF0\x9F\x91\xA9\xE2\x80\x8D\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x91\xA9"),
        STR("\xF0\x9F\x91\xA9\xE2\x80\x8D\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x91\xA9"));
}

static void cids_and_sessions_are_plain(void **state)
{
    char name[TOKEN_NAME_LEN_MAX + 1];

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_true(token_name_is_valid(STR("c-81f_Z")));
    assert_true(token_name_is_valid((struct str){.at = name, .len = TOKEN_NAME_LEN_MAX}));
    assert_false(token_name_is_valid((struct str){.at = name, .len = TOKEN_NAME_LEN_MAX + 1}));
    assert_false(token_name_is_valid(STR("")));
    assert_false(token_name_is_valid(STR("a b")));
    assert_false(token_name_is_valid(STR("a.b")));
    assert_false(token_name_is_valid(STR("a\0b")));
    assert_false(token_name_is_valid(STR("\xC3\xA4")));
}

static void names_are_one_line(void **state)
{
    struct buf scratch;

    (void)state;
    buf_init(&scratch, MEM_OTHER, 1 << 12);
    assert_true(user_name_is_valid(STR("Ann")));
    assert_true(user_name_is_valid(STR("\xE5\xB1\xB1\xE7\x94\xB0 \xF0\x9F\x8E\x89")));
    assert_true(user_name_is_valid(repeated(&scratch, "\xC3\xA4", USER_NAME_POINTS_MAX)));
    assert_false(user_name_is_valid(repeated(&scratch, "\xC3\xA4", USER_NAME_POINTS_MAX + 1)));
    assert_false(user_name_is_valid(STR("")));
    assert_false(user_name_is_valid(STR(" \xC2\xA0 ")));
    assert_false(user_name_is_valid(STR("a\nb")));
    assert_false(user_name_is_valid(STR("a\tb")));
    assert_false(user_name_is_valid(STR("a\0b")));
    assert_false(user_name_is_valid(STR("a\xE2\x80\xA8"
                                        "b")));
    assert_false(user_name_is_valid(STR("a\xFF")));
    buf_done(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_kept_as_sent_but_for_its_ends),
        cmocka_unit_test(line_ends_become_lf),
        cmocka_unit_test(nothing_left_is_empty),
        cmocka_unit_test(broken_utf8_is_told),
        cmocka_unit_test(controls_are_refused),
        cmocka_unit_test(length_is_bounded_after_trimming),
        cmocka_unit_test(bytes_are_bounded_where_points_are_not),
        cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(marks_do_not_pile_up),
        cmocka_unit_test(cids_and_sessions_are_plain),
        cmocka_unit_test(names_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
