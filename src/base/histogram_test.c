// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static unsigned step_of_one(uint64_t value)
{
    struct histogram histogram = {0};
    histogram_add(&histogram, value);
    for (unsigned i = 0; i < HISTOGRAM_STEPS; i++) {
        if (histogram.counts[i] == 1) {
            return i;
        }
    }
    fail();
    return 0;
}

static void test_every_value_counts_in_the_first_step_it_does_not_pass(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 5000; value++) {
        const unsigned step = step_of_one(value);
        assert_true(value <= histogram_step_top(step));
        assert_true(value < 2 || value > histogram_step_top(step - 1));
    }
    assert_int_equal(step_of_one(UINT64_MAX), HISTOGRAM_STEPS - 1);
    assert_int_equal(step_of_one(UINT64_C(1) << 45), HISTOGRAM_STEPS - 1);
}

static void test_steps_are_never_wider_than_a_quarter(void **state)
{
    (void)state;
    for (unsigned step = 9; step < HISTOGRAM_STEPS; step++) {
        const uint64_t low = histogram_step_top(step - 1) + 1;
        assert_true(histogram_step_top(step) - low < low / 4 + 1);
    }
}

static void test_quantiles(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    for (uint64_t value = 1; value <= 1000; value++) {
        histogram_add(&histogram, value);
    }
    assert_in_range(histogram_quantile(&histogram, 0.5), 500, 625);
    assert_in_range(histogram_quantile(&histogram, 0.99), 990, 1240);
    assert_int_equal(histogram_quantile(&histogram, 0), 1);
    assert_int_equal(histogram.sum, 500500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value_counts_in_the_first_step_it_does_not_pass),
        cmocka_unit_test(test_steps_are_never_wider_than_a_quarter),
        cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
