// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/removers.h"

#include "engine/embedded/comments_rig_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MANY = 40 };

static void expect(struct comments_rig *rig, uint64_t seq, const uint64_t *acts, uint32_t count)
{
    struct removers removers;
    struct store_row row;
    assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, seq, &row), ERR_OK);
    row.user = STR("ann");
    assert_int_equal(removers_find(&rig->store, &row, &removers), ERR_OK);
    assert_int_equal(removers.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(removers.acts[i], acts[i]);
    }
    removers_done(&removers);
}

static void remove_by(struct comments_rig *rig, uint64_t act, uint64_t seq)
{
    const struct removals_by by = comments_rig_by(rig, act);
    enum comment_state was = 0;
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
}

static void sweep_by(struct comments_rig *rig, uint64_t act, struct str user)
{
    const struct removals_by by = comments_rig_by(rig, act);
    assert_int_equal(removals_sweep(&by, user, rig->next_n - 1), ERR_OK);
}

static void nothing_removes_what_is_visible(void **state)
{
    struct comments_rig *rig = *state;
    expect(rig, comments_rig_post(rig, 0, "ann", "hello"), NULL, 0);
}

static void the_newest_is_first_whichever_way_it_came(void **state)
{
    static const uint64_t acts[] = {11, 9, 8, 7, 5};
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    remove_by(rig, 7, seq);
    remove_by(rig, 5, seq);
    remove_by(rig, 11, seq);
    sweep_by(rig, 8, STR("ann"));
    sweep_by(rig, 9, STR_NONE);
    sweep_by(rig, 10, STR("bob")); // another's
    expect(rig, seq, acts, sizeof(acts) / sizeof(acts[0]));
}

static void what_was_restored_is_removed_by_later_acts_alone(void **state)
{
    static const uint64_t acts[] = {9};
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    sweep_by(rig, 7, STR("ann"));
    remove_by(rig, 6, seq);
    const struct removals_by restore = comments_rig_by(rig, 8);
    assert_int_equal(removals_lift_all(&restore, seq, &rig->out), ERR_OK);
    expect(rig, seq, NULL, 0);
    sweep_by(rig, 9, STR("ann"));
    expect(rig, seq, acts, 1);
}

static void all_of_many_are_found(void **state)
{
    struct comments_rig *rig = *state;
    uint64_t acts[MANY];
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    for (uint64_t i = 0; i < MANY; i++) {
        acts[MANY - 1 - i] = i + 1;
        remove_by(rig, i + 1, seq);
    }
    expect(rig, seq, acts, MANY);
}

/* Whatever it asks for cannot be had, in turn: nothing is found, and nothing leaks. */
static enum err find_at(struct comments_rig *rig, const struct comments_rig_break *at)
{
    struct removers removers;
    struct store_row row;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    remove_by(rig, 7, seq);
    sweep_by(rig, 8, STR("ann"));
    assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, seq, &row), ERR_OK);
    row.user = STR("ann");
    store_breaks_arm(at->breaks, &rig->store, at->what, at->n);
    const enum err err = removers_find(&rig->store, &row, &removers);
    if (err == ERR_OK) {
        removers_done(&removers);
    }
    return err;
}

static void a_failure_is_told(void **state)
{
    comments_rig_break_all(state, find_at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(nothing_removes_what_is_visible),
        COMMENTS_RIG_TEST(the_newest_is_first_whichever_way_it_came),
        COMMENTS_RIG_TEST(what_was_restored_is_removed_by_later_acts_alone),
        COMMENTS_RIG_TEST(all_of_many_are_found),
        COMMENTS_RIG_TEST(a_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
