// SPDX-License-Identifier: Apache-2.0
#include "wire/accept_encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool takes_gzip(const char *value)
{
    return accept_encoding_takes(str_of(value), STR("gzip"));
}

static void what_is_named_is_taken(void **state)
{
    (void)state;
    assert_true(takes_gzip("gzip"));
    assert_true(takes_gzip("gzip, deflate, br, zstd"));
    assert_true(takes_gzip("br , GZip"));
    assert_true(takes_gzip("deflate;q=1,gzip;q=0.001"));
    assert_true(takes_gzip("gzip ; Q=1.000"));
    assert_true(takes_gzip("*"));
    assert_true(takes_gzip("br, *;q=0.5"));
    assert_false(takes_gzip(""));
    assert_false(takes_gzip("identity"));
    assert_false(takes_gzip("x-gzip, gzipped"));
}

static void a_weight_of_zero_refuses(void **state)
{
    (void)state;
    assert_false(takes_gzip("gzip;q=0"));
    assert_false(takes_gzip("gzip; q=0.000"));
    assert_false(takes_gzip("gzip;q=0, *"));
    assert_false(takes_gzip("*, gzip;q=0"));
    assert_false(takes_gzip("*;q=0"));
    assert_false(takes_gzip("deflate, *;q=0.0"));
}

static void what_is_malformed_is_refused(void **state)
{
    (void)state;
    assert_false(takes_gzip("gzip;q="));
    assert_false(takes_gzip("gzip;q=x"));
    assert_false(takes_gzip("gzip;q=15"));
    assert_false(takes_gzip("gzip;q=0.0001"));
    assert_false(takes_gzip(",,;;,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_named_is_taken),
        cmocka_unit_test(a_weight_of_zero_refuses),
        cmocka_unit_test(what_is_malformed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
