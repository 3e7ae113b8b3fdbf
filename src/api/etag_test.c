// SPDX-License-Identifier: Apache-2.0
#include "api/etag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void other_bytes_have_another_tag(void **state)
{
    (void)state;
    char one[ETAG_LEN + 1], same[ETAG_LEN + 1], other[ETAG_LEN + 1];
    etag_write(one, STR("{\"a\":1}"));
    etag_write(same, STR("{\"a\":1}"));
    etag_write(other, STR("{\"a\":2}"));
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), ETAG_LEN);
    assert_int_equal(one[0], '"');
    assert_int_equal(one[ETAG_LEN - 1], '"');
}

static void a_tag_is_found_in_the_list(void **state)
{
    (void)state;
    const struct str tag = STR("\"abc\"");
    assert_true(etag_is_named(STR("\"abc\""), tag));
    assert_true(etag_is_named(STR("\"x\", W/\"abc\""), tag));
    assert_true(etag_is_named(STR(" * "), tag));
    assert_false(etag_is_named(STR_NONE, tag));
    assert_false(etag_is_named(STR("abc"), tag));
    assert_false(etag_is_named(STR("\"abcd\", \"ab\""), tag));
    assert_false(etag_is_named(STR(",,"), tag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_bytes_have_another_tag),
        cmocka_unit_test(a_tag_is_found_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
