// SPDX-License-Identifier: Apache-2.0
#include "wire/toml.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Each pair as "table.key@line:column=value;". */
static bool note(void *user, const struct toml_pair *pair)
{
    struct buf *out = user;
    buf_addf(out, "%.*s.%.*s@%u:%u/%u:%u=", STR_ARG(pair->table), STR_ARG(pair->key), pair->line,
             pair->column, pair->value_line, pair->value_column);
    switch (pair->kind) {
    case TOML_STRING:
        buf_addf(out, "'%.*s';", STR_ARG(pair->text));
        break;
    case TOML_INTEGER:
        buf_add_i64(out, pair->number);
        buf_add_byte(out, ';');
        break;
    case TOML_BOOL:
        buf_addf(out, "%d;", pair->flag);
        break;
    case TOML_ARRAY:
        for (uint32_t i = 0; i < pair->item_count; i++) {
            buf_addf(out, "<%.*s>", STR_ARG(pair->items[i]));
        }
        buf_add_byte(out, ';');
        break;
    }
    return !str_eq(pair->key, STR("stop"));
}

static enum err read_into(struct str text, struct buf *out, struct toml_fault *fault)
{
    const struct toml_reader reader = {.pair = note, .user = out};
    buf_init(out, MEM_OTHER, 4096);
    return toml_read(text, &reader, fault);
}

static void assert_reads(const char *text, const char *wanted)
{
    struct buf out;
    struct toml_fault fault;
    assert_int_equal(read_into(str_of(text), &out, &fault), ERR_OK);
    buf_add_byte(&out, '\0');
    assert_string_equal((const char *)out.bytes, wanted);
    buf_done(&out);
}

static void test_reads_what_a_settings_file_holds(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("# nothing", "");
    assert_reads("\r\n\n  a = 1 # one\r\nb=true\n", ".a@3:3/3:7=1;.b@4:1/4:3=1;");
    assert_reads(
        "[ limits ]\npost_user = \"5/10s\"\n[http]\norigins = [\n  'a', # first\n\"b\",\n]\n",
        "limits.post_user@2:1/2:13='5/10s';http.origins@4:1/4:11=<a><b>;");
    assert_reads("a = -1_000\nb = 0\nc = false\nd = []\ne = ['', '']\n",
                 ".a@1:1/1:5=-1000;.b@2:1/2:5=0;.c@3:1/3:5=0;.d@4:1/4:5=;.e@5:1/5:5=<><>;");
    assert_reads("a = \"\\\"\\\\\\t\\u00e9\\U0001F600\"\nb = 'C:\\x'",
                 ".a@1:1/1:5='\"\\\t\xc3\xa9\xf0\x9f\x98\x80';.b@2:1/2:5='C:\\x';");
}

static void test_refuses_by_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
    } rows[] = {
        {"a", 1, 2},
        {"a = ", 1, 5},
        {"a = 1 2", 1, 7},
        {"a = 1.5", 1, 6},
        {"a = 01", 1, 7},
        {"a = \"x", 1, 7},
        {"a = \"x\ny\"", 1, 7},
        {"a = \"\\q\"", 1, 7},
        {"\n\n[a", 3, 3},
        {"[a.b]\n", 1, 3},
        {"a.b = 1", 1, 2},
        {"[]", 1, 2},
        {"a = [1]", 1, 6},
        {"a = [\"x\" \"y\"]", 1, 10},
        {"a = [\n\"x\"", 2, 4},
        {"a = truely", 1, 5},
        {"a = \"\"\"x\"\"\"", 1, 6},
        {"a = \"\\ud800\"", 1, 12},
        {"= 1", 1, 1},
        {"a = 99999999999999999999", 1, 25},
        {"\xff", 1, 1},
        {"a = '\x01'", 1, 6},
        {"# \x01", 1, 3},
        {"a = +", 1, 6},
        {"a = 1__0", 1, 7},
        {"a = 2026-01-01", 1, 9},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;
        struct toml_fault fault = {0};
        assert_int_equal(read_into(str_of(rows[i].text), &out, &fault), ERR_PROTO);
        if (fault.line != rows[i].line || fault.column != rows[i].column) {
            fail_msg("%s: %u:%u %s", rows[i].text, fault.line, fault.column, fault.why);
        }
        assert_non_null(fault.why);
        buf_done(&out);
    }
}

static void test_is_bounded_and_may_be_stopped(void **state)
{
    (void)state;
    static char text[TOML_TEXT_MAX + 16];

    struct buf out;
    struct toml_fault fault;
    memset(text, 'x', sizeof(text));
    static const char head[] = {'a', ' ', '=', ' ', '"'};
    memcpy(text, head, sizeof(head));
    text[sizeof(text) - 1] = '"';
    assert_int_equal(read_into((struct str){.at = text, .len = sizeof(text)}, &out, &fault),
                     ERR_PROTO);
    buf_done(&out);
    assert_int_equal(read_into((struct str){.at = text + 8, .len = TOML_NAME_MAX}, &out, &fault),
                     ERR_PROTO);
    buf_done(&out);
    assert_int_equal(read_into(STR("stop = 1\nmore = 2"), &out, &fault), ERR_CLOSED);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_settings_file_holds),
        cmocka_unit_test(test_refuses_by_place),
        cmocka_unit_test(test_is_bounded_and_may_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
