// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct pair {
    const char *bytes, *standard, *url;
};

/* RFC 4648 section 10, and one with both special digits. */
static const struct pair pairs[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xFB\xEF\xFF", "++//", "--__"},
};

static void check_pair(enum base64_kind kind, struct str bytes, struct str text)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, 64);
    base64_write(&out, kind, bytes);
    assert_true(str_eq(buf_str(&out), text));
    buf_reset(&out);
    assert_int_equal(base64_read(&out, kind, text), ERR_OK);
    assert_true(str_eq(buf_str(&out), bytes));
    buf_done(&out);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        check_pair(BASE64_STANDARD, str_of(pairs[i].bytes), str_of(pairs[i].standard));
        check_pair(BASE64_URL, str_of(pairs[i].bytes), str_of(pairs[i].url));
    }
}

static void what_is_not_exact_is_refused(void **state)
{
    static const struct {
        enum base64_kind kind;
        const char *text;
    } wrong[] = {
        {BASE64_STANDARD, "Zg"},    {BASE64_STANDARD, "Zg="},    {BASE64_STANDARD, "Zh=="},
        {BASE64_STANDARD, "Zg==="}, {BASE64_STANDARD, "Z==="},   {BASE64_STANDARD, "===="},
        {BASE64_STANDARD, "--__"},  {BASE64_STANDARD, "Zm9v\n"}, {BASE64_STANDARD, "Zg==Zg=="},
        {BASE64_URL, "Zg=="},       {BASE64_URL, "Z"},           {BASE64_URL, "Zh"},
        {BASE64_URL, "++//"},       {BASE64_URL, "Zm 9v"},       {BASE64_URL, "Zm9vZ"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct buf out;
        buf_init(&out, MEM_OTHER, 64);
        assert_int_equal(base64_read(&out, wrong[i].kind, str_of(wrong[i].text)), ERR_PROTO);
        buf_done(&out);
    }
}

static void a_full_buffer_is_told(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, MEM_OTHER, 2);
    assert_int_equal(base64_read(&out, BASE64_URL, STR("Zm9v")), ERR_NOMEM);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_not_exact_is_refused),
        cmocka_unit_test(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
