// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_seed_replays(void **state)
{
    (void)state;
    struct rand a, b, c;
    rand_init(&a, 7);
    rand_init(&b, 7);
    rand_init(&c, 8);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        const uint64_t value = rand_next(&a);
        assert_true(value == rand_next(&b));
        differs = differs || value != rand_next(&c);
    }
    assert_true(differs);
}

static void test_below_is_even_and_below(void **state)
{
    (void)state;
    struct rand rand;
    unsigned counts[10] = {0};
    rand_init(&rand, 1);
    for (int i = 0; i < 100000; i++) {
        counts[rand_below(&rand, 10)]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(counts[i], 9500, 10500); // 5 standard deviations are 474
    }
    assert_int_equal(rand_below(&rand, 1), 0);
}

static void test_hash_tells_parts_and_keys_apart(void **state)
{
    (void)state;
    const struct str split_late[] = {STR("ab"), STR("c")};
    const struct str split_early[] = {STR("a"), STR("bc")};
    assert_true(hash_parts(1, split_late, 2) == hash_parts(1, split_late, 2));
    assert_false(hash_parts(1, split_late, 2) == hash_parts(1, split_early, 2));
    assert_false(hash_parts(1, split_late, 2) == hash_parts(2, split_late, 2));
    assert_true(hash_str(5, STR("x")) == hash_bytes(5, "x", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_replays),
        cmocka_unit_test(test_below_is_even_and_below),
        cmocka_unit_test(test_hash_tells_parts_and_keys_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
