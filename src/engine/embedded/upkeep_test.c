// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/upkeep.h"

#include "engine/embedded/ordering_rig_test.h"
#include "engine/embedded/store_number_test.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAYS = 30 };
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define START_MS (INT64_C(400) * DAY_MS)

static const struct embedded_rules rules = {.evidence_days = DAYS, .held_max = 10};

static struct ordering_rig rig;
static struct upkeep upkeep;

static struct moment after(int64_t ms)
{
    return (struct moment){.mono_ms = START_MS + ms, .wall_ms = START_MS + ms};
}

static int set_up(void **state)
{
    (void)state;
    ordering_rig_open(&rig, &rules, after(0));
    upkeep_init(&upkeep, &rig.ordering);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ordering_rig_close(&rig);
    return 0;
}

static void step(struct moment now)
{
    rig.now = now;
    const struct outlet outlet = ordering_rig_outlet(&rig);
    assert_int_equal(upkeep_step(&upkeep, &outlet, now), ERR_OK);
}

static void post_and_delete(struct moment now)
{
    const struct submit submit = ordering_rig_comment("demo", "ann");
    rig.now = now;
    ordering_rig_begin(&rig);
    const uint64_t seq = ordering_rig_post(&rig, &submit);
    const struct act_call call = {
        .stream = STR("demo"),
        .act =
            {.what = ACT_DELETE, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1},
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_MODERATOR}};
    assert_int_equal(ordering_rig_act(&rig, &call).end, ACT_DONE);
    ordering_rig_commit(&rig);
}

static int64_t texts_kept(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM evidence");
}

static void a_removed_text_is_kept_so_many_days_and_no_longer(void **state)
{
    (void)state;
    post_and_delete(after(0));
    post_and_delete(after(DAY_MS));
    step(after(DAY_MS));
    step(after(DAYS * DAY_MS - 1));
    assert_int_equal(texts_kept(), 2);
    assert_false(upkeep.has_erased);
    step(after(DAYS * DAY_MS + 60000)); // it is looked for once a minute
    assert_int_equal(texts_kept(), 1);
    assert_true(upkeep.has_erased); // so that the WAL is emptied, too
    assert_int_equal(upkeep.erased, 1);
    step(after((DAYS + 1) * DAY_MS + 60000));
    assert_int_equal(texts_kept(), 0);
    assert_int_equal(upkeep.erased, 2);
}

static void many_are_erased_in_pieces_that_follow_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < UPKEEP_ERASED + 1; i++) {
        post_and_delete(after(i));
    }
    const struct moment then = after((DAYS + 1) * DAY_MS);
    step(then);
    assert_int_equal(texts_kept(), 1);
    assert_true(upkeep_is_due(&upkeep, then));
    step(then);
    assert_int_equal(texts_kept(), 0);
}

/* Rejected and with a place, so that they are known as long as the log: there may be many. */
static void what_was_rejected_is_gone_through_in_stretches(void **state)
{
    (void)state;
    post_and_delete(after(0));
    assert_int_equal(
        store_exec(&rig.store,
                   "WITH RECURSIVE many(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM many WHERE "
                   "i < 1000 + 1200) INSERT INTO held SELECT i, 1, 3, 1, 1, 1, 0, 1, 0, 'ann', "
                   "'', '', CASE i WHEN 2200 THEN 'words' ELSE '' END, 0 FROM many"),
        ERR_OK);
    const struct moment then = after((DAYS + 1) * DAY_MS);
    step(then);
    assert_int_equal(upkeep.erased, 1);
    assert_true(upkeep_is_due(&upkeep, then)); // 1,024 were looked at
    step(then);
    assert_int_equal(upkeep.erased, 2);
    assert_false(upkeep_is_due(&upkeep, then));
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM held"), 1201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_removed_text_is_kept_so_many_days_and_no_longer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_are_erased_in_pieces_that_follow_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_rejected_is_gone_through_in_stretches, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
