// SPDX-License-Identifier: Apache-2.0
#include "wire/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void segments_are_decoded(void **state)
{
    static const struct {
        const char *text, *meant;
    } pairs[] = {
        {"", ""},           {"demo", "demo"},       {"a%20b", "a b"}, {"a+b", "a+b"},
        {"%64emo", "demo"}, {"%c3%A4", "\xC3\xA4"}, {"%2F", "/"},     {"%252F", "%2F"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct buf out;
        buf_init(&out, MEM_OTHER, 64);
        assert_int_equal(url_decode(str_of(pairs[i].text), &out), ERR_OK);
        assert_true(str_eq(buf_str(&out), str_of(pairs[i].meant)));
        buf_done(&out);
    }
}

static void wrong_escapes_are_refused(void **state)
{
    static const char *const texts[] = {"%",   "%4",  "%4g",    "%g4",       "%%41",  "a%",
                                        "%ff", "%c3", "%c3%28", "%ed%a0%80", "%c0%80"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf out;
        buf_init(&out, MEM_OTHER, 64);
        assert_int_equal(url_decode(str_of(texts[i]), &out), ERR_PROTO);
        buf_done(&out);
    }
}

static void expect_param(const char *query, const char *name, const char *value)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, 64);
    assert_int_equal(url_param(str_of(query), name, &out), ERR_OK);
    assert_true(str_eq(buf_str(&out), str_of(value)));
    buf_done(&out);
}

static void expect_param_err(const char *query, const char *name, enum err err)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, 8);
    assert_int_equal(url_param(str_of(query), name, &out), err);
    buf_done(&out);
}

static void parameters_are_found(void **state)
{
    (void)state;
    expect_param("after=k3f9.12&tail=5", "after", "k3f9.12");
    expect_param("after=k3f9.12&tail=5", "tail", "5");
    expect_param("a=1&&b=2&", "b", "2");
    expect_param("name=Ann+Lee%2B", "name", "Ann Lee+");
    expect_param("flag&x=1", "flag", "");
    expect_param("flag=&x=1", "flag", "");
    expect_param("a=b=c", "a", "b=c");
    expect_param("%61fter=7", "after", "7");
    expect_param_err("", "a", ERR_NOT_FOUND);
    expect_param_err("ab=1", "a", ERR_NOT_FOUND);
    expect_param_err("a=1", "ab", ERR_NOT_FOUND);
    expect_param_err("A=1", "a", ERR_NOT_FOUND);
}

static void what_is_ambiguous_or_broken_is_refused(void **state)
{
    (void)state;
    expect_param_err("a=1&a=1", "a", ERR_PROTO);
    expect_param_err("a=1&%61=2", "a", ERR_PROTO);
    expect_param_err("a=%zz", "a", ERR_PROTO);
    expect_param_err("a=%", "a", ERR_PROTO);
    expect_param_err("a=123456789", "a", ERR_LIMIT);
}

static void what_is_written_is_read(void **state)
{
    struct buf spelled, meant;

    (void)state;
    buf_init(&spelled, MEM_OTHER, 64);
    buf_init(&meant, MEM_OTHER, 64);
    url_write(&spelled, STR("k3f9.12 &/\xC3\xA4"));
    assert_true(str_eq(buf_str(&spelled), STR("k3f9.12%20%26%2F%C3%A4")));
    assert_int_equal(url_decode(buf_str(&spelled), &meant), ERR_OK);
    assert_true(str_eq(buf_str(&meant), STR("k3f9.12 &/\xC3\xA4")));
    buf_done(&spelled);
    buf_done(&meant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_decoded),
        cmocka_unit_test(wrong_escapes_are_refused),
        cmocka_unit_test(parameters_are_found),
        cmocka_unit_test(what_is_ambiguous_or_broken_is_refused),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
