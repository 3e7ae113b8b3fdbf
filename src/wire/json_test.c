// SPDX-License-Identifier: Apache-2.0
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum err parse(struct str text)
{
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    const enum err err = json_parse(text, &root, &fault);
    assert_int_equal(err != ERR_OK, fault.detail[0] != '\0');
    json_free(root);
    return err;
}

static void members_are_found_by_type(void **state)
{
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    struct str text;
    int64_t number = 7;
    bool flag = false;

    (void)state;
    assert_int_equal(json_parse(STR("{\"s\":\"a\\u0000b\",\"n\":-12,\"t\":true,\"a\":[1,\"x\"],"
                                    "\"o\":{},\"r\":1.5,\"z\":null}"),
                                &root, &fault),
                     ERR_OK);
    assert_true(json_get_str(json_member(root, "s"), &text));
    assert_true(str_eq(text, (struct str){.at = "a\0b", .len = 3}));
    assert_true(json_get_i64(json_member(root, "n"), &number));
    assert_int_equal(number, -12);
    assert_true(json_get_bool(json_member(root, "t"), &flag));
    assert_true(flag);
    assert_int_equal(json_length(json_member(root, "a")), 2);
    assert_true(json_get_str(json_at(json_member(root, "a"), 1), &text));
    assert_null(json_at(json_member(root, "a"), 2));
    assert_int_equal(json_kind(json_member(root, "o")), JSON_KIND_OBJECT);
    assert_int_equal(json_kind(json_member(root, "r")), JSON_KIND_REAL);
    double real = 0;
    assert_true(json_get_f64(json_member(root, "r"), &real));
    assert_true(real > 1.4 && real < 1.6);
    assert_true(json_get_f64(json_member(root, "n"), &real));
    assert_false(json_get_f64(json_member(root, "s"), &real));
    assert_int_equal(json_kind(json_member(root, "z")), JSON_KIND_NULL);
    assert_null(json_member(root, "absent"));
    assert_false(json_get_i64(json_member(root, "s"), &number));
    assert_false(json_get_str(NULL, &text));
    assert_false(json_get_bool(json_member(root, "z"), &flag));
    assert_int_equal(json_length(root), 0);
    json_free(root);
}

static void what_is_not_strict_json_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "01",
        "+1",
        "NaN",
        "Infinity",
        "1e999",
        "99999999999999999999",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\xFF\"",
        "\"\xC0\x80\"",
        "\"\xED\xA0\x80\"",
        "\"tab\there\"",
        "\"line\nhere\"",
        "\"\\x41\"",
        "\"open",
        "// a\n{}",
        "\xEF\xBB\xBF{}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(str_of(texts[i])), ERR_PROTO);
    }
    assert_int_equal(parse((struct str){.at = "{}\0", .len = 3}), ERR_PROTO);
}

static void any_value_may_be_the_root(void **state)
{
    static const char *const texts[] = {
        "1", "\"a\"", "null", " [] ", "-0", "1.5e3", "\"\\ud83d\\ude00\"", "9223372036854775807"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(str_of(texts[i])), ERR_OK);
    }
}

static void depth_is_bounded(void **state)
{
    char text[2 * (JSON_DEPTH_MAX + 1)];
    const size_t deepest = JSON_DEPTH_MAX;

    (void)state;
    memset(text, '[', deepest);
    memset(text + deepest, ']', deepest);
    assert_int_equal(parse((struct str){.at = text, .len = 2 * deepest}), ERR_OK);
    memset(text, '[', deepest + 1);
    memset(text + deepest + 1, ']', deepest + 1);
    assert_int_equal(parse((struct str){.at = text, .len = 2 * (deepest + 1)}), ERR_PROTO);
    /* Brackets in a string are no depth. */
    assert_int_equal(parse(STR("\"[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"")), ERR_OK);
}

static void keys_are_bounded_over_all_objects(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, MEM_OTHER, 4096);
    for (uint32_t keys = JSON_KEYS_MAX; keys <= JSON_KEYS_MAX + 1; keys++) {
        buf_reset(&text);
        buf_add_byte(&text, '[');
        for (uint32_t i = 0; i < keys; i++) {
            buf_addf(&text, "%s{\"k%u\":\":\"}", i == 0 ? "" : ",", i);
        }
        buf_add_byte(&text, ']');
        assert_int_equal(parse(buf_str(&text)), keys == JSON_KEYS_MAX ? ERR_OK : ERR_PROTO);
    }
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    assert_int_equal(json_parse_with(buf_str(&text), 1000, &root, &fault), ERR_OK);
    json_free(root);
    buf_done(&text);
}

static void a_fault_says_where(void **state)
{
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};

    (void)state;
    assert_int_equal(json_parse(STR("{\n  \"a\": tru\n}"), &root, &fault), ERR_PROTO);
    assert_null(root);
    assert_non_null(strstr(fault.detail, "line 2 column"));
}

static void written_text_is_one_line_of_json(void **state)
{
    static const struct {
        struct str text, json;
    } pairs[] = {
        {STR(""), STR("\"\"")},
        {STR("hello"), STR("\"hello\"")},
        {STR("a\"b\\c"), STR("\"a\\\"b\\\\c\"")},
        {STR("\r\n\t\0\x1F\x7F"), STR("\"\\r\\n\\t\\u0000\\u001f\\u007f\"")},
        {STR("\xE2\x80\xA8\xE2\x80\xA9"), STR("\"\\u2028\\u2029\"")},
        {STR("\xF0\x9F\x98\x80\xC3\xA4"), STR("\"\xF0\x9F\x98\x80\xC3\xA4\"")},
        {STR("a\xFFz"), STR("\"a\xEF\xBF\xBDz\"")},
        {STR("\xE2\x82"), STR("\"\xEF\xBF\xBD\xEF\xBF\xBD\"")},
        {STR("</script>"), STR("\"</script>\"")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct buf out;
        buf_init(&out, MEM_OTHER, 256);
        json_write_str(&out, pairs[i].text);
        assert_true(str_eq(buf_str(&out), pairs[i].json));
        assert_int_equal(parse(buf_str(&out)), ERR_OK);
        buf_done(&out);
    }
}

static void members_are_joined_by_commas(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, MEM_OTHER, 256);
    buf_add_byte(&out, '{');
    json_write_member_str(&out, "s", STR("x"));
    json_write_member_u64(&out, "u", UINT64_MAX);
    json_write_member_i64(&out, "i", -5);
    json_write_name(&out, "o");
    buf_add_byte(&out, '{');
    json_write_member_bool(&out, "b", true);
    buf_add_str(&out, STR("}}"));
    assert_true(
        str_eq(buf_str(&out),
               STR("{\"s\":\"x\",\"u\":18446744073709551615,\"i\":-5,\"o\":{\"b\":true}}")));
    buf_done(&out);
}

static void a_value_may_outlive_its_tree(void **state)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct str text;

    (void)state;
    assert_int_equal(json_parse(STR("{\"a\":{\"b\":\"c\"}}"), &root, &fault), ERR_OK);
    struct json *kept = json_share(json_member(root, "a"));
    json_free(root);
    assert_true(json_get_str(json_member(kept, "b"), &text));
    assert_true(str_eq(text, STR("c")));
    json_free(kept);
}

static void assert_written(struct str text, struct str expected)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct buf out;
    buf_init(&out, MEM_OTHER, 256);
    assert_int_equal(json_parse(text, &root, &fault), ERR_OK);
    json_write_value(&out, root);
    assert_true(str_eq(buf_str(&out), expected));
    buf_done(&out);
    json_free(root);
}

static void a_value_is_written_as_it_was_read(void **state)
{
    const struct str text =
        STR("{\"b\":[1,-2,\"x\\n\",null,true,false],\"a\":{},\"r\":1.5,\"e\":[]}");
    (void)state;
    assert_written(text, text);
    assert_written(STR("[-0.0]"), STR("[0]")); // RFC 8785, section 3.2.2.3
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_type),
        cmocka_unit_test(what_is_not_strict_json_is_refused),
        cmocka_unit_test(any_value_may_be_the_root),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(keys_are_bounded_over_all_objects),
        cmocka_unit_test(a_fault_says_where),
        cmocka_unit_test(written_text_is_one_line_of_json),
        cmocka_unit_test(members_are_joined_by_commas),
        cmocka_unit_test(a_value_may_outlive_its_tree),
        cmocka_unit_test(a_value_is_written_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
