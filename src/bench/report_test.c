// SPDX-License-Identifier: Apache-2.0
/* The numbers that are told: delays, medians and their intervals. */
#include "bench/report.h"

#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_quantiles_are_within_three_percent(void **state)
{
    (void)state;
    static struct latency latency;
    for (uint64_t us = 1; us <= 100000; us++) {
        latency_add(&latency, us);
    }
    assert_float_equal(latency_quantile_ms(&latency, 0.5), 50, 1.6);
    assert_float_equal(latency_quantile_ms(&latency, 0.99), 99, 3.2);
    assert_float_equal(latency_quantile_ms(&latency, 1), 100, 0.001);
    assert_int_equal(latency.total, 100000);
}

static void test_every_delay_has_a_step(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct latency latency = {.total = 0};
        const uint64_t us = UINT64_C(1) << bit;
        latency_add(&latency, us);
        const double told_us = latency_quantile_ms(&latency, 1) * 1000;
        assert_true(bit >= 40 || (told_us >= (double)us && told_us <= (double)us * 1.04 + 1));
    }
}

static void test_nine_pairs_have_an_interval(void **state)
{
    (void)state;
    double values[] = {9, 1, 8, 2, 7, 3, 6, 4, 5};
    const struct report_median median = report_median(values, 9);
    assert_float_equal(median.median, 5, 0);
    assert_float_equal(median.low, 2, 0);
    assert_float_equal(median.high, 8, 0);
}

static void test_few_pairs_have_only_their_range(void **state)
{
    (void)state;
    double values[] = {3, 1, 2, 4};
    const struct report_median median = report_median(values, 4);
    assert_float_equal(median.median, 2.5, 0);
    assert_float_equal(median.low, 1, 0);
    assert_float_equal(median.high, 4, 0);
    assert_float_equal(report_median(NULL, 0).median, 0, 0);
}

static void test_one_fault_is_not_clean(void **state)
{
    (void)state;
    static struct report report;
    const struct plan plan = {.viewers = 1, .streams = 1, .transports = 7};
    bool is_clean = true;
    struct buf text;
    struct json *root = NULL;
    struct json_fault fault;
    assert_true(report_is_clean(&report));
    score_fault(&report.score, FAULT_LOST, 2, "a \"word\" of it");
    assert_false(report_is_clean(&report));
    buf_init(&text, MEM_OTHER, 64 * 1024);
    report_write_json(&report, &plan, &text);
    assert_int_equal(json_parse_with(buf_str(&text), 1000, &root, &fault), ERR_OK);
    assert_true(json_get_bool(json_member(root, "clean"), &is_clean));
    assert_false(is_clean);
    json_free(root);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_within_three_percent),
        cmocka_unit_test(test_every_delay_has_a_step),
        cmocka_unit_test(test_nine_pairs_have_an_interval),
        cmocka_unit_test(test_few_pairs_have_only_their_range),
        cmocka_unit_test(test_one_fault_is_not_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
