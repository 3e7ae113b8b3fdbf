// SPDX-License-Identifier: Apache-2.0
#include "wire/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_cursor_is_read_and_written(void **state)
{
    static const char *const texts[] = {
        "0", "17", "k3f9.0", "k3f9.4072", "a.9007199254740991", "0123456789abcdef.1"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cursor cursor;
        struct buf out;
        buf_init(&out, MEM_OTHER, 64);
        assert_int_equal(cursor_parse(str_of(texts[i]), &cursor), ERR_OK);
        cursor_write(&out, &cursor);
        assert_true(str_eq(buf_str(&out), str_of(texts[i])));
        buf_done(&out);
    }
}

static void its_parts_are_kept(void **state)
{
    struct cursor cursor;

    (void)state;
    assert_int_equal(cursor_parse(STR("k3f9.4072"), &cursor), ERR_OK);
    assert_string_equal(cursor.epoch.text, "k3f9");
    assert_int_equal(cursor.seq, 4072);
    assert_int_equal(cursor_parse(STR("12"), &cursor), ERR_OK);
    assert_string_equal(cursor.epoch.text, "");
    assert_int_equal(cursor.seq, 12);
}

static void what_is_no_cursor_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        ".1",
        "k3f9.",
        "k3f9",
        "K3F9.1",
        "k3f9.-1",
        "k3f9.1 ",
        " 1",
        "+1",
        "1.2.3",
        "k-f.1",
        "9007199254740992",
        "a.9007199254740992",
        "01",
        "a.007",
        "1e3",
        "0x10",
        "k3f9..1",
        "0123456789abcdef0.1",
        "99999999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cursor cursor = {.seq = 77};
        assert_int_equal(cursor_parse(str_of(texts[i]), &cursor), ERR_PROTO);
        assert_int_equal(cursor.seq, 77);
    }
    struct cursor cursor;
    assert_int_equal(cursor_parse((struct str){.at = "1\0", .len = 2}, &cursor), ERR_PROTO);
}

static void epochs_are_compared_whole(void **state)
{
    struct epoch a, b;

    (void)state;
    assert_int_equal(epoch_parse(STR("k3f9"), &a), ERR_OK);
    assert_int_equal(epoch_parse(STR("k3f9"), &b), ERR_OK);
    assert_true(epoch_eq(&a, &b));
    assert_int_equal(epoch_parse(STR("k3f"), &b), ERR_OK);
    assert_false(epoch_eq(&a, &b));
}

static void stream_names_are_as_promised(void **state)
{
    static const char *const good[] = {"demo", "a", "0", "A.b_c~d-e", "x."};
    static const char *const bad[] = {"",    ".a",  "-a",   "_a",       "~a",
                                      "a b", "a/b", "a%20", "\xC3\xA4", "a\n"};
    char name[STREAM_NAME_LEN_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(stream_name_is_valid(str_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(stream_name_is_valid(str_of(bad[i])));
    }
    memset(name, 'a', sizeof(name));
    assert_true(stream_name_is_valid((struct str){.at = name, .len = STREAM_NAME_LEN_MAX}));
    assert_false(stream_name_is_valid((struct str){.at = name, .len = STREAM_NAME_LEN_MAX + 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_is_read_and_written), cmocka_unit_test(its_parts_are_kept),
        cmocka_unit_test(what_is_no_cursor_is_refused), cmocka_unit_test(epochs_are_compared_whole),
        cmocka_unit_test(stream_names_are_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
