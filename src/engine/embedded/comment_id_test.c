// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/comment_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t KEY = 0x5eed5eed5eed5eed;
static const int64_t AT_MS = INT64_C(1763700000123);

static struct str text_of(const struct comment_id *id)
{
    return (struct str){.at = id->text, .len = COMMENT_ID_LEN};
}

static void assert_returns(uint64_t row, int64_t at_ms)
{
    struct comment_id id;
    uint64_t found = 0;
    int64_t found_at_ms = 0;
    comment_id_write(KEY, row, at_ms, &id);
    assert_int_equal(strlen(id.text), COMMENT_ID_LEN);
    assert_int_equal(comment_id_parse(KEY, text_of(&id), &found, &found_at_ms), ERR_OK);
    assert_int_equal(found, row);
    assert_int_equal(found_at_ms, at_ms);
}

static void an_id_leads_back_to_its_row(void **state)
{
    (void)state;
    for (uint64_t row = 1; row < 5000; row++) {
        assert_returns(row, AT_MS + (int64_t)row);
    }
    for (unsigned bit = 0; bit < 48; bit++) {
        assert_returns(UINT64_C(1) << bit, AT_MS);
    }
    assert_returns(COMMENT_ID_ROW_MAX, (INT64_C(1) << 48) - 1);
    assert_returns(1, 0);
}

static void a_changed_character_is_refused(void **state)
{
    (void)state;
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct comment_id id;
    comment_id_write(KEY, 4711, AT_MS, &id);
    for (size_t place = 0; place < COMMENT_ID_LEN; place++) {
        for (size_t digit = 0; digits[digit] != '\0'; digit++) {
            struct comment_id changed = id;
            uint64_t row = 0;
            int64_t at_ms = 0;
            changed.text[place] = digits[digit];
            const enum err wanted = digits[digit] == id.text[place] ? ERR_OK : ERR_PROTO;
            assert_int_equal(comment_id_parse(KEY, text_of(&changed), &row, &at_ms), wanted);
        }
    }
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "01J",
        "01JD0000000000000000000000",
        "01jd000000000000000000000u",
        "01JD000000000000000000000000",
        "81JD0000000000000000000000",
        "01JD\n00000000000000000000",
    };
    uint64_t row = 0;
    int64_t at_ms = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(comment_id_parse(KEY, str_of(texts[i]), &row, &at_ms), ERR_PROTO);
    }
    struct comment_id id;
    comment_id_write(KEY, 7, AT_MS, &id);
    assert_int_equal(comment_id_parse(KEY + 1, text_of(&id), &row, &at_ms), ERR_PROTO);
    id.text[3] = '\0';
    assert_int_equal(comment_id_parse(KEY, text_of(&id), &row, &at_ms), ERR_PROTO);
}

static void ids_sort_by_time(void **state)
{
    (void)state;
    struct comment_id before;
    comment_id_write(KEY, 1000, AT_MS, &before);
    for (int64_t ms = 1; ms < 4000; ms++) {
        struct comment_id after;
        comment_id_write(KEY, (uint64_t)(5000 - ms), AT_MS + ms, &after);
        assert_true(strcmp(before.text, after.text) < 0);
        before = after;
    }
}

/* Neighbouring rows differ in about half of the 80 scrambled bits: 16 characters of 5. */
static void neighbours_do_not_look_alike(void **state)
{
    (void)state;
    unsigned same = 0;
    for (uint64_t row = 1; row <= 1000; row++) {
        struct comment_id one;
        struct comment_id next;
        comment_id_write(KEY, row, AT_MS, &one);
        comment_id_write(KEY, row + 1, AT_MS, &next);
        for (size_t i = 10; i < COMMENT_ID_LEN; i++) {
            same += one.text[i] == next.text[i];
        }
    }
    assert_in_range(same, 300, 700); // 16,000 characters, one in 32 by chance
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_leads_back_to_its_row),
        cmocka_unit_test(a_changed_character_is_refused),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(ids_sort_by_time),
        cmocka_unit_test(neighbours_do_not_look_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
