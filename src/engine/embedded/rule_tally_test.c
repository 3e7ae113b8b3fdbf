// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/rule_tally.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct rule_tally tally;
static const struct judgement dry = {.dry_hits = 1U << HOUSE_RULE_LINKS};

static void expect(const char *stream, const char *counts)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, 1024);
    rule_tally_write(&tally, str_of(stream), &out);
    assert_true(str_eq(buf_str(&out), str_of(counts)));
    buf_done(&out);
}

static void each_stream_has_its_counts(void **state)
{
    (void)state;
    const struct judgement refused = {
        .outcome = OUTCOME_REFUSE, .rule = STR("links"), .broken = 1U << HOUSE_RULE_LINKS};
    rule_tally_init(&tally);
    rule_tally_count(&tally, STR("a"), &refused);
    rule_tally_count(&tally, STR("a"), &dry);
    rule_tally_count(&tally, STR("b"), &(struct judgement){.outcome = OUTCOME_ALLOW});
    expect("a", "{\"links\":{\"hits\":1,\"dry_run\":1}}");
    expect("b", "{}");
    assert_int_equal(tally.streams.count, 1); // who breaks nothing costs nothing
    assert_int_equal(metric_value(&tally.metrics.counts[HOUSE_RULE_LINKS][RULE_EFFECT_REFUSE]), 1);
    assert_int_equal(metric_value(&tally.metrics.counts[HOUSE_RULE_LINKS][RULE_EFFECT_DRY_RUN]), 1);
    rule_tally_done(&tally);
}

static void the_longest_unhit_is_forgotten(void **state)
{
    (void)state;
    char name[16];
    rule_tally_init(&tally);
    rule_tally_count(&tally, STR("first"), &dry);
    rule_tally_count(&tally, STR("second"), &dry);
    rule_tally_count(&tally, STR("first"), &dry);
    for (int i = 2; i < RULE_TALLY_STREAMS_MAX + 1; i++) {
        const int len = snprintf(name, sizeof(name), "s%d", i);
        rule_tally_count(&tally, (struct str){.at = name, .len = (size_t)len}, &dry);
    }
    assert_int_equal(tally.streams.count, RULE_TALLY_STREAMS_MAX);
    expect("first", "{\"links\":{\"hits\":0,\"dry_run\":2}}");
    expect("second", "{}");
    rule_tally_done(&tally);
}

static void without_memory_it_counts_later(void **state)
{
    (void)state;
    rule_tally_init(&tally);
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_after(n);
        rule_tally_count(&tally, STR("a"), &dry);
        mem_fail_after(0);
        expect("a", "{}");
    }
    rule_tally_count(&tally, STR("a"), &dry);
    expect("a", "{\"links\":{\"hits\":0,\"dry_run\":1}}");
    rule_tally_done(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stream_has_its_counts),
        cmocka_unit_test(the_longest_unhit_is_forgotten),
        cmocka_unit_test(without_memory_it_counts_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
