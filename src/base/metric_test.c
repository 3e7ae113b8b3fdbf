// SPDX-License-Identifier: Apache-2.0
#include "base/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 * 1024 };

static char text[TEXT_MAX];

static const char *scrape(void)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, TEXT_MAX - 1);
    metric_write(&out);
    assert_true(buf_ok(&out));
    memcpy(text, out.bytes == NULL ? (const uint8_t *)"" : out.bytes, out.len);
    text[out.len] = '\0';
    buf_done(&out);
    return text;
}

static void test_same_name_and_labels_are_summed(void **state)
{
    (void)state;
    struct metric metrics[] = {
        {.name = "roar_b", .help = "Second.", .kind = METRIC_GAUGE},
        {.name = "roar_a", .labels = "kind=\"x\"", .help = "First.", .kind = METRIC_COUNTER},
        {.name = "roar_a", .labels = "kind=\"y\"", .help = "First.", .kind = METRIC_COUNTER},
        {.name = "roar_a", .labels = "kind=\"x\"", .help = "First.", .kind = METRIC_COUNTER},
    };
    for (size_t i = 0; i < 4; i++) {
        metric_add(&metrics[i]);
    }
    metric_set(&metrics[0], -5);
    metric_count(&metrics[1], 2);
    metric_count(&metrics[3], 3);
    assert_string_equal(scrape(), "# HELP roar_a First.\n# TYPE roar_a counter\n"
                                  "roar_a{kind=\"x\"} 5\nroar_a{kind=\"y\"} 0\n"
                                  "# HELP roar_b Second.\n# TYPE roar_b gauge\nroar_b -5\n");
    for (size_t i = 0; i < 4; i++) {
        metric_remove(&metrics[i]);
        metric_remove(&metrics[i]); // twice is legal
    }
    assert_string_equal(scrape(), "");
}

static void test_histograms_are_cumulative(void **state)
{
    (void)state;
    static struct histogram counts[2];

    struct metric metrics[2];
    for (size_t i = 0; i < 2; i++) {
        metrics[i] = (struct metric){.name = "roar_h_ms",
                                     .help = "How long.",
                                     .kind = METRIC_HISTOGRAM,
                                     .histogram = &counts[i]};
        metric_add(&metrics[i]);
    }
    metric_observe(&metrics[0], 1);
    metric_observe(&metrics[1], 3);
    metric_observe(&metrics[1], 100);
    const char *got = scrape();
    assert_non_null(strstr(got, "# TYPE roar_h_ms histogram\nroar_h_ms_bucket{le=\"1\"} 1\n"
                                "roar_h_ms_bucket{le=\"3\"} 2\n"));
    assert_non_null(strstr(got, "{le=\"63\"} 2\nroar_h_ms_bucket{le=\"127\"} 3\n"));
    assert_non_null(strstr(got, "{le=\"+Inf\"} 3\nroar_h_ms_sum 104\nroar_h_ms_count 3\n"));
    assert_int_equal(metric_value(&metrics[1]), 2);
    metric_remove(&metrics[0]);
    metric_remove(&metrics[1]);
}

static void test_no_memory_fails_the_answer(void **state)
{
    (void)state;
    struct metric metric = {.name = "roar_c", .help = "C.", .kind = METRIC_COUNTER};
    struct buf out;
    metric_add(&metric);
    buf_init(&out, MEM_OTHER, 1000);
    mem_fail_after(1);
    metric_write(&out);
    mem_fail_after(0);
    assert_false(buf_ok(&out));
    buf_done(&out);
    metric_remove(&metric);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_name_and_labels_are_summed),
        cmocka_unit_test(test_histograms_are_cumulative),
        cmocka_unit_test(test_no_memory_fails_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
