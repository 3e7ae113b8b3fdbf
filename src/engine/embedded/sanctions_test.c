// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/sanctions.h"

#include "engine/embedded/store_memory_test.h"
#include "engine/embedded/store_sanctions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { HOUR_MS = 3600 * 1000 };

static struct store store;
static const struct sanctions_now start = {.mono_ms = 1000, .wall_ms = 100 * HOUR_MS};
static const struct store_sanction timeout = {.act = 7,
                                              .user = STR("eve"),
                                              .stream = 1,
                                              .what = ACT_TIMEOUT,
                                              .until_ms = 100 * HOUR_MS + 10000};

static int set_up(void **state)
{
    (void)state;
    store_memory_begin(&store, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_memory_drop(&store);
    return 0;
}

static int64_t left_ms(const struct sanctions *sanctions, int64_t mono_ms)
{
    return sanctions_find(sanctions, 1, STR("eve"), mono_ms).timeout_left_ms;
}

/* After a batch that failed, say: the wall's clock may have been set meanwhile. */
static void what_is_read_again_runs_on_by_our_own_clock(void **state)
{
    static const int64_t steps_ms[] = {HOUR_MS, -HOUR_MS, 0};
    (void)state;
    struct sanctions sanctions;
    sanctions_init(&sanctions, 1);
    assert_int_equal(sanctions_add(&sanctions, &store, &timeout, start), ERR_OK);
    for (size_t i = 0; i < sizeof(steps_ms) / sizeof(steps_ms[0]); i++) {
        const struct sanctions_now now = {.mono_ms = 4000,
                                          .wall_ms = start.wall_ms + 3000 + steps_ms[i]};
        assert_int_equal(sanctions_load(&sanctions, &store, now), ERR_OK);
        assert_int_equal(left_ms(&sanctions, now.mono_ms), 7000);
    }
    assert_int_equal(sanctions_sweep(&sanctions, &store, 12000), ERR_OK); // it is over
    assert_int_equal(sanctions.count, 0);
    sanctions_done(&sanctions);
}

static void over_a_restart_it_runs_by_the_walls(void **state)
{
    (void)state;
    struct sanctions before, sanctions;
    const struct sanctions_now now = {.mono_ms = 50, .wall_ms = start.wall_ms + 4000};
    sanctions_init(&before, 1);
    assert_int_equal(sanctions_add(&before, &store, &timeout, start), ERR_OK);
    sanctions_done(&before);
    sanctions_init(&sanctions, 1);
    assert_int_equal(sanctions_load(&sanctions, &store, now), ERR_OK);
    assert_int_equal(left_ms(&sanctions, now.mono_ms), 6000);
    sanctions_done(&sanctions);
}

/* Each of their connections asks, however many are banned. */
static void whose_warnings_are_told_is_found_without_a_look_at_others(void **state)
{
    enum { BANNED = 1000 };
    const struct store_sanction like = {.user = STR("eve"), .stream = 1};
    struct store_sanction found;
    sqlite3_stmt *walk = NULL;
    (void)state;
    for (uint64_t act = 1; act <= BANNED; act++) {
        const struct store_sanction ban = {
            .act = act, .user = STR("eve"), .stream = 1, .what = ACT_BAN};
        assert_int_equal(store_sanctions_add(&store, &ban), ERR_OK);
    }
    const struct store_sanction warning = {
        .act = BANNED + 1, .user = STR("eve"), .stream = 1, .what = ACT_WARN, .words = STR("kind")};
    assert_int_equal(store_sanctions_add(&store, &warning), ERR_OK);
    assert_int_equal(store_sanctions_warnings(&store, &like, &walk), ERR_OK);
    assert_int_equal(store_sanctions_next(&store, walk, &found), ERR_OK);
    assert_int_equal(found.act, BANNED + 1);
    assert_true(sqlite3_stmt_status(walk, SQLITE_STMTSTATUS_VM_STEP, 0) < BANNED / 2);
    assert_int_equal(store_sanctions_next(&store, walk, &found), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_read_again_runs_on_by_our_own_clock),
        TEST(whose_warnings_are_told_is_found_without_a_look_at_others),
        TEST(over_a_restart_it_runs_by_the_walls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
