// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/posters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_is_remembered_by_its_last(void **state)
{
    struct posters posters;
    (void)state;
    posters_init(&posters);
    assert_true(posters_last(&posters, 7) == INT64_MIN);
    assert_int_equal(posters_note(&posters, 7, 100), ERR_OK);
    assert_int_equal(posters_note(&posters, 0, 50), ERR_OK);
    assert_int_equal(posters_note(&posters, 7, 90), ERR_OK); // late news
    assert_int_equal(posters_last(&posters, 7), 100);
    assert_int_equal(posters_last(&posters, 0), 50);
    assert_int_equal(posters_note(&posters, 7, 110), ERR_OK);
    assert_int_equal(posters_last(&posters, 7), 110);
    assert_true(posters_last(&posters, 8) == INT64_MIN);
    posters_done(&posters);
}

static void who_has_a_place_is_known(void **state)
{
    struct posters posters;
    (void)state;
    posters_init(&posters);
    assert_false(posters_is_placed(&posters, 7));
    assert_int_equal(posters_note(&posters, 7, 100), ERR_OK);
    assert_false(posters_is_placed(&posters, 7));
    assert_int_equal(posters_place(&posters, 7), ERR_OK);
    assert_true(posters_is_placed(&posters, 7));
    assert_int_equal(posters_last(&posters, 7), 100);
    assert_int_equal(posters_place(&posters, 8), ERR_OK); // and is not slowed by it
    assert_true(posters_is_placed(&posters, 8));
    assert_true(posters_last(&posters, 8) == INT64_MIN);
    posters_done(&posters);
}

static void a_full_one_forgets_the_longest_silent(void **state)
{
    struct posters posters;
    (void)state;
    posters_init(&posters);
    for (uint64_t i = 1; i <= POSTERS_MAX; i++) {
        assert_int_equal(posters_note(&posters, i * 0x9e3779b97f4a7c15U, (int64_t)i), ERR_OK);
    }
    assert_int_equal(posters.count, POSTERS_MAX);
    for (uint64_t i = 1; i <= POSTERS_MAX; i++) {
        assert_int_equal(posters_last(&posters, i * 0x9e3779b97f4a7c15U), i);
    }
    assert_int_equal(posters_note(&posters, 1, POSTERS_MAX + 1), ERR_OK);
    assert_int_equal(posters.count, POSTERS_MAX / 2 + 1);
    assert_true(posters_last(&posters, 0x9e3779b97f4a7c15U) == INT64_MIN);
    assert_int_equal(posters_last(&posters, POSTERS_MAX * 0x9e3779b97f4a7c15U), POSTERS_MAX);
    posters_done(&posters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_remembered_by_its_last),
        cmocka_unit_test(who_has_a_place_is_known),
        cmocka_unit_test(a_full_one_forgets_the_longest_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
