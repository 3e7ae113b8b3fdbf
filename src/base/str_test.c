// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_compares(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_true(str_eq(STR_NONE, STR("")));
    assert_true(str_eq_nocase(STR("Content-LENGTH"), STR("content-length")));
    assert_false(str_eq_nocase(STR("a@"), STR("a`"))); // 0x20 apart and no letters
    assert_true(str_has_prefix(STR("Bearer x"), STR("Bearer ")));
    assert_false(str_has_prefix(STR("Bear"), STR("Bearer ")));
    assert_true(str_has_prefix(STR_NONE, STR("")));
}

static void test_cuts_at_the_first(void **state)
{
    (void)state;
    struct str rest = STR("a=b=c");
    assert_true(str_eq(str_cut(rest, '=', &rest), STR("a")));
    assert_true(str_eq(rest, STR("b=c")));
    assert_true(str_eq(str_cut(rest, '=', &rest), STR("b")));
    assert_true(str_eq(str_cut(rest, '=', &rest), STR("c")));
    assert_int_equal(rest.len, 0);
    assert_int_equal(str_cut(rest, '=', &rest).len, 0);
}

static void test_trims_blanks_only(void **state)
{
    (void)state;
    assert_true(str_eq(str_trim(STR(" \t a b\t ")), STR("a b")));
    assert_true(str_eq(str_trim(STR("\na")), STR("\na")));
    assert_int_equal(str_trim(STR(" \t ")).len, 0);
}

static void test_reads_numbers_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1e3",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "501"};

    uint64_t value = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(str_to_u64(str_of(bad[i]), 500, &value));
        assert_int_equal(value, 7);
    }
    assert_true(str_to_u64(STR("0500"), 500, &value));
    assert_int_equal(value, 500);
    assert_true(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compares),
        cmocka_unit_test(test_cuts_at_the_first),
        cmocka_unit_test(test_trims_blanks_only),
        cmocka_unit_test(test_reads_numbers_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
