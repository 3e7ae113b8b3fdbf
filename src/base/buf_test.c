// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_holds(const struct buf *buf, const char *text)
{
    assert_true(buf_ok(buf));
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(buf->bytes, text, buf->len);
}

static void test_writes_what_it_is_given(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, MEM_OTHER, 200);
    buf_add_str(&buf, STR("a="));
    buf_add_u64(&buf, 0);
    buf_add_byte(&buf, ',');
    buf_add_u64(&buf, UINT64_MAX);
    buf_add_byte(&buf, ',');
    buf_add_i64(&buf, INT64_MIN);
    buf_add_byte(&buf, ',');
    buf_add_i64(&buf, 42);
    buf_addf(&buf, " %s %03d", "x", 7);
    assert_holds(&buf, "a=0,18446744073709551615,-9223372036854775808,42 x 007");
    buf_done(&buf);
    assert_null(buf.bytes);
}

static void test_past_its_bound_it_keeps_what_it_had(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, MEM_OTHER, 5);
    buf_add_str(&buf, STR("12345"));
    assert_true(buf_ok(&buf));
    buf_add_byte(&buf, '6');
    assert_false(buf_ok(&buf));
    buf_add(&buf, NULL, 0);
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 5);
    buf_reset(&buf);
    buf_add_str(&buf, STR("again"));
    assert_holds(&buf, "again");
    buf_done(&buf);
}

static void test_no_memory_is_remembered(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, MEM_OTHER, 1000);
    mem_fail_after(1);
    buf_add_str(&buf, STR("lost"));
    mem_fail_after(0);
    buf_add_str(&buf, STR("late"));
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
}

static void test_drops_from_the_front(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, MEM_OTHER, 100);
    buf_add_str(&buf, STR("headtail"));
    buf_drop(&buf, 0);
    buf_drop(&buf, 4);
    assert_holds(&buf, "tail");
    buf_drop(&buf, 4);
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
}

static void test_over_the_callers_bytes_it_needs_no_memory(void **state)
{
    (void)state;
    char bytes[8];
    struct buf buf;
    buf_init_over(&buf, bytes, sizeof(bytes));
    mem_fail_after(1);
    buf_add_str(&buf, STR("12345678"));
    assert_int_equal(buf_err(&buf), ERR_OK);
    assert_ptr_equal(buf.bytes, bytes);
    buf_add_byte(&buf, '9');
    assert_int_equal(buf_err(&buf), ERR_LIMIT);
    assert_true(mem_fail_is_due());
    mem_fail_after(0);
    assert_true(str_eq(buf_str(&buf), STR("12345678")));
}

static void test_a_bound_and_want_of_memory_are_told_apart(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, MEM_OTHER, 100);
    mem_fail_after(1);
    buf_add_byte(&buf, 'a');
    assert_int_equal(buf_err(&buf), ERR_NOMEM);
    buf_reset(&buf);
    assert_int_equal(buf_err(&buf), ERR_OK);
    for (int i = 0; i < 101; i++) {
        buf_add_byte(&buf, 'a');
    }
    assert_int_equal(buf_err(&buf), ERR_LIMIT);
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_the_callers_bytes_it_needs_no_memory),
        cmocka_unit_test(test_a_bound_and_want_of_memory_are_told_apart),
        cmocka_unit_test(test_writes_what_it_is_given),
        cmocka_unit_test(test_past_its_bound_it_keeps_what_it_had),
        cmocka_unit_test(test_no_memory_is_remembered),
        cmocka_unit_test(test_drops_from_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
