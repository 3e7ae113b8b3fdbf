// SPDX-License-Identifier: Apache-2.0
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 1000, ITEM_BYTES = 184 };

static void items_are_apart_zeroed_and_given_back(void **state)
{
    static uint8_t *items[ITEMS];
    const uint64_t before = mem_held_bytes(MEM_CONN);
    struct pool pool;
    (void)state;
    pool_init(&pool, MEM_CONN, ITEM_BYTES);
    for (int round = 0; round < 3; round++) {
        for (int i = round == 0 ? 0 : 1; i < ITEMS; i += round == 0 ? 1 : 2) {
            items[i] = pool_new(&pool);
            assert_non_null(items[i]);
            for (int at = 0; at < ITEM_BYTES; at++) {
                assert_int_equal(items[i][at], 0);
            }
            memset(items[i], i % 255 + 1, ITEM_BYTES);
        }
        for (int i = 0; i < ITEMS; i++) {
            assert_int_equal(items[i][0], i % 255 + 1);
            assert_int_equal(items[i][ITEM_BYTES - 1], i % 255 + 1);
        }
        for (int i = 1; i < ITEMS; i += 2) {
            pool_free(&pool, items[i]);
        }
    }
    assert_int_equal(pool.count, ITEMS / 2);
    for (int i = 0; i < ITEMS; i += 2) {
        pool_free(&pool, items[i]);
    }
    pool_free(&pool, NULL);
    assert_int_equal(pool.count, 0);
    assert_int_equal(mem_held_bytes(MEM_CONN), before);
}

static void an_item_costs_little_more_than_its_size(void **state)
{
    static void *items[ITEMS];
    const uint64_t before = mem_held_bytes(MEM_CONN);
    struct pool pool;
    (void)state;
    pool_init(&pool, MEM_CONN, ITEM_BYTES);
    for (int i = 0; i < ITEMS; i++) {
        items[i] = pool_new(&pool);
    }
    assert_true(mem_held_bytes(MEM_CONN) - before <= (uint64_t)ITEMS * ITEM_BYTES * 9 / 8);
    for (int i = 0; i < ITEMS; i++) {
        pool_free(&pool, items[i]);
    }
}

static void want_of_memory_is_a_null(void **state)
{
    struct pool pool;
    (void)state;
    pool_init(&pool, MEM_CONN, ITEM_BYTES);
    mem_fail_after(1);
    assert_null(pool_new(&pool));
    void *item = pool_new(&pool);
    assert_non_null(item);
    pool_free(&pool, item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_apart_zeroed_and_given_back),
        cmocka_unit_test(an_item_costs_little_more_than_its_size),
        cmocka_unit_test(want_of_memory_is_a_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
