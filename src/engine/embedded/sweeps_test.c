// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/sweeps.h"

#include "engine/embedded/comments_rig_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { ACT_MAX = 8, WAITING = 5000, STEPS_MAX = 200 };

static void sweep(struct comments_rig *rig, uint64_t act, int64_t stream, struct str user)
{
    struct removals_by by = comments_rig_by(rig, act);
    by.stream = stream;
    assert_int_equal(removals_sweep(&by, user, rig->next_n - 1), ERR_OK);
}

static void one_piece(struct comments_rig *rig)
{
    bool is_done = false;
    assert_int_equal(removals_piece(&rig->store, 5000, &rig->out, &is_done), ERR_OK);
}

static void post_all(struct comments_rig *rig)
{
    for (int i = 0; i < 4; i++) {
        (void)comments_rig_post(rig, 0, "ann", "one");
        (void)comments_rig_post(rig, 0, "bob", "two");
        (void)comments_rig_post(rig, 0, "", "of nobody");
        (void)comments_rig_post(rig, 1, "ann", "three");
    }
}

/* Of every kind: of one user and of many, of a stream and of all, lifted, and of a delete that is
 * being lifted; some have reached rows, some have not. */
static void let_sweeps_wait(struct comments_rig *rig)
{
    const int64_t demo = rig->streams[0].id;
    enum comment_state was = 0;
    post_all(rig);
    sweep(rig, 1, demo, STR("ann"));
    sweep(rig, 1, demo, STR("bob"));
    one_piece(rig); // the oldest act's has reached everything
    post_all(rig);
    sweep(rig, 2, 0, STR("ann"));
    sweep(rig, 3, demo, STR("bob"));
    sweep(rig, 3, demo, STR("nobody else"));
    post_all(rig);
    sweep(rig, 4, demo, STR_NONE);
    sweep(rig, 5, rig->streams[1].id, STR_NONE);
    const struct removals_by by = comments_rig_by(rig, 6);
    assert_int_equal(removals_remove(&by, 2, &was), ERR_OK);
    assert_int_equal(removals_remove(&by, 1, &was), ERR_OK);
    assert_int_equal(sqlite3_exec(rig->store.db,
                                  "UPDATE sweeps SET lifted = 1 WHERE act IN (1, 3);"
                                  "INSERT INTO sweeps VALUES (6, '', 0, 0, 0, 1)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
}

static void expect_the_same(struct comments_rig *rig, const struct sweeps *all,
                            const struct sweeps *on, const struct store_row *row)
{
    enum comment_state by_all = 0;
    enum comment_state by_on = 0;
    for (uint64_t act = 0; act < ACT_MAX; act++) {
        assert_int_equal(sweeps_judge(all, row, act), sweeps_judge(on, row, act));
        assert_int_equal(sweeps_names(all, act, row), sweeps_names(on, act, row));
    }
    assert_int_equal(sweeps_newest(all, row), sweeps_newest(on, row));
    assert_int_equal(removals_standing(&rig->store, all, row, &by_all), ERR_OK);
    assert_int_equal(removals_standing(&rig->store, on, row, &by_on), ERR_OK);
    assert_int_equal(by_all, by_on);
}

static void what_can_be_about_a_row_judges_it_as_all_there_is_does(void **state)
{
    struct comments_rig *rig = *state;
    struct sweeps all;
    uint32_t states[COMMENT_SHADOWED + 1] = {0};
    let_sweeps_wait(rig);
    assert_int_equal(sweeps_load(&rig->store, &all), ERR_OK);
    assert_int_equal(all.count, 8);
    for (int stream = 0; stream < 2; stream++) {
        for (uint64_t seq = 1; seq <= rig->seq[stream]; seq++) {
            struct store_row row;
            struct sweeps on;
            enum comment_state now = 0;
            assert_int_equal(store_rows_at(&rig->store, rig->streams[stream].id, seq, &row),
                             ERR_OK);
            assert_int_equal(sweeps_load_on(&rig->store, &row, &on), ERR_OK);
            expect_the_same(rig, &all, &on, &row);
            assert_int_equal(removals_standing(&rig->store, &on, &row, &now), ERR_OK);
            states[now]++;
            sweeps_done(&on);
        }
    }
    sweeps_done(&all);
    assert_true(states[COMMENT_VISIBLE] + states[COMMENT_DELETED] == rig->seq[0] + rig->seq[1]);
    assert_true(states[COMMENT_DELETED] > 0);
}

/* A delete of thousands asks for each of its comments. */
static void a_row_is_judged_at_the_same_cost_however_many_are_purged(void **state)
{
    struct comments_rig *rig = *state;
    struct store_row row;
    struct sweeps on;
    char user[32];
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "hello");
    for (int i = 0; i < WAITING; i++) {
        const int len = snprintf(user, sizeof(user), "raider-%d", i);
        sweep(rig, 7, rig->streams[0].id, (struct str){.at = user, .len = (size_t)len});
    }
    assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, seq, &row), ERR_OK);
    assert_int_equal(sweeps_load_on(&rig->store, &row, &on), ERR_OK);
    assert_int_equal(on.count, 0);
    sweeps_done(&on);
    sqlite3_stmt *query = rig->store.queries[STORE_SWEEPS_ON];
    assert_true(sqlite3_stmt_status(query, SQLITE_STMTSTATUS_VM_STEP, 0) < STEPS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(what_can_be_about_a_row_judges_it_as_all_there_is_does),
        COMMENTS_RIG_TEST(a_row_is_judged_at_the_same_cost_however_many_are_purged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
