// SPDX-License-Identifier: Apache-2.0
/* What a viewer may be sent of a comment that was removed, and when. */
#include "bench/deletions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void acts_are_of_ever_newer_comments(void **state)
{
    static struct deletions deletions;
    (void)state;
    assert_int_equal(deletions_add(&deletions, 0, 1), 0);
    assert_int_equal(deletions_add(&deletions, 10, 1), 1);
    assert_int_equal(deletions_add(&deletions, 10, 2), 0);
    assert_int_equal(deletions_add(&deletions, 9, 2), 0);
    assert_int_equal(deletions_add(&deletions, 12, 2), 2);
    assert_int_equal(deletions_count(&deletions), 2);
    assert_int_equal(deletions_count(NULL), 0);
    for (uint64_t seq = 13; deletions_count(&deletions) < DELETIONS_MAX; seq++) {
        assert_int_not_equal(deletions_add(&deletions, seq, 3), 0);
    }
    assert_int_equal(deletions_add(&deletions, 1000000, 4), 0);
}

static void an_act_is_timed_once_a_viewer(void **state)
{
    static struct deletions deletions;
    struct deletions_sight sight = {.told = 0};
    int64_t asked_us = 0;
    (void)state;
    (void)deletions_add(&deletions, 10, 100);
    (void)deletions_add(&deletions, 20, 200);
    deletions_open(&sight, 50);
    assert_false(deletions_told(NULL, &sight, 10, &asked_us));
    assert_false(deletions_told(&deletions, &sight, 11, &asked_us));
    assert_true(deletions_told(&deletions, &sight, 10, &asked_us));
    assert_int_equal(asked_us, 100);
    assert_false(deletions_told(&deletions, &sight, 10, &asked_us)); // at its place, after a copy
    assert_true(deletions_told(&deletions, &sight, 20, &asked_us));
    assert_int_equal(asked_us, 200);
    deletions_open(&sight, 300);
    assert_false(deletions_told(&deletions, &sight, 20, &asked_us));
}

static void no_text_after_its_act(void **state)
{
    static struct deletions deletions;
    struct deletions_sight sight = {.told = 0};
    int64_t asked_us = 0;
    (void)state;
    (void)deletions_add(&deletions, 10, 100);
    deletions_open(&sight, 50);
    assert_int_equal(deletions_judge(NULL, &sight, 10, 110), DELETIONS_FINE);
    assert_int_equal(deletions_judge(&deletions, &sight, 9, 110), DELETIONS_FINE);
    assert_int_equal(deletions_judge(&deletions, &sight, 10, 110), DELETIONS_FINE);
    (void)deletions_told(&deletions, &sight, 10, &asked_us);
    assert_int_equal(deletions_judge(&deletions, &sight, 10, 110), DELETIONS_WRONG);
    assert_int_equal(deletions_judge(&deletions, &sight, 11, 110), DELETIONS_FINE);
}

static void no_text_in_a_connection_begun_after_the_answer(void **state)
{
    static struct deletions deletions;
    struct deletions_sight before = {.told = 0}, after = {.told = 0};
    (void)state;
    (void)deletions_add(&deletions, 10, 100);
    deletions_open(&before, 120);
    assert_int_equal(deletions_judge(&deletions, &before, 10, 125), DELETIONS_FINE);
    deletions_answered(&deletions, 1, 130);
    deletions_open(&after, 131);
    assert_int_equal(deletions_judge(&deletions, &before, 10, 129), DELETIONS_FINE);
    assert_int_equal(deletions_judge(&deletions, &before, 10, 135), DELETIONS_LATE);
    assert_int_equal(deletions_judge(&deletions, &after, 10, 135), DELETIONS_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_are_of_ever_newer_comments),
        cmocka_unit_test(an_act_is_timed_once_a_viewer),
        cmocka_unit_test(no_text_after_its_act),
        cmocka_unit_test(no_text_in_a_connection_begun_after_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
