// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_counts_what_is_held(void **state)
{
    (void)state;
    const uint64_t before = mem_held_bytes(MEM_RING);
    uint8_t *memory = mem_new(MEM_RING, 1000);
    assert_non_null(memory);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(memory[i], 0);
    }
    assert_true(mem_held_bytes(MEM_RING) >= before + 1000);
    memset(memory, 7, 1000);
    memory = mem_resize(MEM_RING, memory, 5000);
    assert_non_null(memory);
    assert_int_equal(memory[999], 7);
    assert_true(mem_held_bytes(MEM_RING) >= before + 5000);
    mem_free(MEM_RING, memory);
    mem_free(MEM_RING, NULL);
    assert_int_equal(mem_held_bytes(MEM_RING), before);
}

static void test_fails_when_told(void **state)
{
    (void)state;
    const uint64_t before = mem_refused(MEM_OTHER), before_of_rings = mem_refused(MEM_RING);
    mem_fail_after(2);
    void *first = mem_new(MEM_OTHER, 8);
    assert_non_null(first);
    assert_null(mem_resize(MEM_OTHER, first, 16));
    void *third = mem_new(MEM_OTHER, 8);
    assert_non_null(third);
    mem_free(MEM_OTHER, first);
    mem_free(MEM_OTHER, third);
    assert_int_equal(mem_refused(MEM_OTHER), before + 1);
    mem_fail_after(1);
    assert_null(mem_new_aligned(MEM_OTHER, 64, 64));
    mem_fail_after(1);
    assert_null(mem_copy_text(MEM_OTHER, "abc", 3));
    mem_note_refused(MEM_OTHER);
    assert_int_equal(mem_refused(MEM_OTHER), before + 4);
    assert_int_equal(mem_refused(MEM_RING), before_of_rings);
}

static void test_copies_text_with_an_end(void **state)
{
    (void)state;
    char *copy = mem_copy_text(MEM_OTHER, "abcdef", 3);
    assert_string_equal(copy, "abc");
    mem_free(MEM_OTHER, copy);
    copy = mem_copy_text(MEM_OTHER, NULL, 0);
    assert_string_equal(copy, "");
    mem_free(MEM_OTHER, copy);
}

static void test_every_kind_has_a_name(void **state)
{
    (void)state;
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        assert_non_null(mem_kind_name((enum mem_kind)kind));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_what_is_held),
        cmocka_unit_test(test_fails_when_told),
        cmocka_unit_test(test_copies_text_with_an_end),
        cmocka_unit_test(test_every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
