// SPDX-License-Identifier: Apache-2.0
#include "wire/json_slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(struct str found, const char *wanted)
{
    assert_true(str_eq(found, str_of(wanted)));
}

static void a_value_ends_where_it_ends(void **state)
{
    (void)state;
    expect(json_slice_value(STR("{\"a\":[1,{\"b\":\"}]\"}]},x")), "{\"a\":[1,{\"b\":\"}]\"}]}");
    expect(json_slice_value(STR("\"a\\\"b\",c")), "\"a\\\"b\"");
    expect(json_slice_value(STR("-12.5e3,c")), "-12.5e3");
    expect(json_slice_value(STR("true}")), "true");
    expect(json_slice_value(STR("17")), "17");
    expect(json_slice_value(STR("{\"a\":1")), "");
    expect(json_slice_value(STR("\"a\\")), "");
    expect(json_slice_value(STR("")), "");
}

static void a_member_is_found_among_its_like(void **state)
{
    const struct str members =
        STR("\"id\":\"01J\",\"at\":17,\"user\":{\"name\":\",\\\"id\\\":\\\"u9\\\"\",\"id\":\"u7\"},"
            "\"text\":\"x\"");

    (void)state;
    expect(json_slice_member(members, STR("id")), "\"01J\"");
    expect(json_slice_member(members, STR("at")), "17");
    expect(json_slice_member(members, STR("text")), "\"x\"");
    expect(json_slice_member(members, STR("nobody")), "");
    const struct str user = json_slice_member(members, STR("user"));
    expect(json_slice_member(json_slice_members(user), STR("id")), "\"u7\"");
    expect(json_slice_members(STR("17")), "");
}

static void what_is_no_json_has_no_members(void **state)
{
    static const char *const texts[] = {
        "", "\"", "\"a\"", "\"a\":", "a:1", "\"a\":{", ",", "\"a\"1"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect(json_slice_member(str_of(texts[i]), STR("a")), "");
    }
}

static void a_string_says_the_same_however_it_is_escaped(void **state)
{
    (void)state;
    assert_true(json_slice_says(STR("\"u9\""), STR("u9")));
    assert_true(json_slice_says(STR("\"\\u0075\\u0039\""), STR("u9")));
    assert_true(json_slice_says(STR("\"\\\"\\\\\\/\\n\\t\\b\\f\\r\""), STR("\"\\/\n\t\b\f\r")));
    assert_true(json_slice_says(STR("\"\\u00e9\\u20AC\\ud83d\\ude00\""), STR("é€😀")));
    assert_true(json_slice_says(STR("\"é\""), STR("é")));
    assert_true(json_slice_says(STR("\"\""), STR("")));
    assert_false(json_slice_says(STR("\"u9\""), STR("u")));
    assert_false(json_slice_says(STR("\"u\""), STR("u9")));
    assert_false(json_slice_says(STR("\"\\u00\""), STR("u")));
    assert_false(json_slice_says(STR("\"\\x\""), STR("x")));
    assert_false(json_slice_says(STR("\"\\"), STR("x")));
    assert_false(json_slice_says(STR(""), STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_ends_where_it_ends),
        cmocka_unit_test(a_member_is_found_among_its_like),
        cmocka_unit_test(what_is_no_json_has_no_members),
        cmocka_unit_test(a_string_says_the_same_however_it_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
