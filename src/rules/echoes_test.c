// SPDX-License-Identifier: Apache-2.0
#include "rules/echoes.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const struct echoes *echoes, uint64_t likeness, uint64_t user,
                   struct echo expected)
{
    const struct echo echo = echoes_find(echoes, likeness, user);
    assert_int_equal(echo.by_user_ms, expected.by_user_ms);
    assert_int_equal(echo.by_stream_ms, expected.by_stream_ms);
}

static void the_newest_of_the_same_is_found_by_user_and_by_anybody(void **state)
{
    (void)state;
    struct echoes echoes;
    echoes_init(&echoes);
    expect(&echoes, 7, 1, ECHO_NONE);
    assert_int_equal(echoes_add(&echoes, 7, 1, 100), ERR_OK);
    assert_int_equal(echoes_add(&echoes, 8, 1, 200), ERR_OK);
    assert_int_equal(echoes_add(&echoes, 7, 2, 300), ERR_OK);
    expect(&echoes, 7, 1, (struct echo){.by_user_ms = 100, .by_stream_ms = 300});
    expect(&echoes, 7, 2, (struct echo){.by_user_ms = 300, .by_stream_ms = 300});
    expect(&echoes, 7, 3, (struct echo){.by_user_ms = INT64_MIN, .by_stream_ms = 300});
    expect(&echoes, 9, 1, ECHO_NONE);
    echoes_done(&echoes);
    echoes_done(&echoes);
}

static void texts_too_short_to_say_have_no_echo(void **state)
{
    (void)state;
    struct echoes echoes;
    echoes_init(&echoes);
    assert_int_equal(echoes_add(&echoes, 0, 1, 100), ERR_OK);
    assert_int_equal(echoes.count, 0);
    expect(&echoes, 0, 1, ECHO_NONE);
    echoes_done(&echoes);
}

static void only_so_many_are_kept_and_they_are_the_newest(void **state)
{
    (void)state;
    struct echoes echoes;
    echoes_init(&echoes);
    for (uint64_t i = 1; i <= ECHOES_MAX + 10; i++) {
        assert_int_equal(echoes_add(&echoes, i, i, (int64_t)i), ERR_OK);
        expect(&echoes, i, i, (struct echo){.by_user_ms = (int64_t)i, .by_stream_ms = (int64_t)i});
        expect(&echoes, 1, 0,
               i <= ECHOES_MAX ? (struct echo){.by_user_ms = INT64_MIN, .by_stream_ms = 1}
                               : ECHO_NONE);
    }
    assert_int_equal(echoes.count, ECHOES_MAX);
    assert_int_equal(echoes.cap, ECHOES_MAX);
    expect(&echoes, 10, 10, ECHO_NONE);
    expect(&echoes, 11, 11, (struct echo){.by_user_ms = 11, .by_stream_ms = 11});
    echoes_done(&echoes);
}

static void without_memory_nothing_is_remembered_and_nothing_breaks(void **state)
{
    (void)state;
    for (uint64_t fails = 1; fails <= 3; fails++) {
        struct echoes echoes;
        echoes_init(&echoes);
        mem_fail_after(fails);
        assert_int_equal(echoes_add(&echoes, 7, 1, 100), ERR_NOMEM);
        mem_fail_after(0);
        expect(&echoes, 7, 1, ECHO_NONE);
        assert_int_equal(echoes_add(&echoes, 7, 1, 100), ERR_OK);
        expect(&echoes, 7, 1, (struct echo){.by_user_ms = 100, .by_stream_ms = 100});
        echoes_done(&echoes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_of_the_same_is_found_by_user_and_by_anybody),
        cmocka_unit_test(texts_too_short_to_say_have_no_echo),
        cmocka_unit_test(only_so_many_are_kept_and_they_are_the_newest),
        cmocka_unit_test(without_memory_nothing_is_remembered_and_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
