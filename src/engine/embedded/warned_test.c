// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/warned.h"

#include "base/hash.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/store_memory_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { KEY = 7 };

static struct warned warned;
static struct store store;
static const struct sanctions_now now = {.mono_ms = 1000, .wall_ms = 5000};

static int set_up(void **state)
{
    (void)state;
    warned_init(&warned, KEY);
    store_memory_begin(&store, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_memory_drop(&store);
    warned_done(&warned);
    return 0;
}

/* That one may be, and that the name is known, go together. */
static bool is_warned(const char *user)
{
    char name[ACT_USER_BYTES_MAX];
    const uint64_t hash = hash_str(KEY, str_of(user));
    const struct str found = warned_name(&warned, hash, name);
    assert_int_equal(warned_may_be(&warned, hash), found.len > 0);
    assert_true(found.len == 0 || str_eq(found, str_of(user)));
    return found.len > 0;
}

static void each_warning_counts(void **state)
{
    (void)state;
    assert_false(is_warned("eve"));
    assert_int_equal(warned_add(&warned, STR("eve")), ERR_OK);
    assert_int_equal(warned_add(&warned, STR("eve")), ERR_OK);
    assert_int_equal(warned_add(&warned, STR("ann")), ERR_OK);
    warned_remove(&warned, STR("eve"));
    assert_true(is_warned("eve"));
    assert_true(is_warned("ann"));
    assert_false(is_warned("bob"));
    warned_remove(&warned, STR("eve"));
    assert_false(is_warned("eve"));
    assert_true(is_warned("ann")); // what is left is given back at the end
}

/* However many are under a warning, nobody else costs a question. */
static void who_shares_a_mark_is_not_asked_for(void **state)
{
    const uint64_t eve = hash_str(KEY, STR("eve"));
    (void)state;
    assert_int_equal(warned_add(&warned, STR("eve")), ERR_OK);
    assert_true(warned_may_be(&warned, eve));
    assert_false(warned_may_be(&warned, eve + WARNED_MARKS));
    warned_remove(&warned, STR("eve"));
    assert_false(warned_may_be(&warned, eve));
}

static void it_is_the_mirror_of_sanctions(void **state)
{
    const struct store_sanction before = {
        .act = 1, .user = STR("ann"), .stream = 1, .what = ACT_WARN, .words = STR("be kind")};
    const struct store_sanction warning = {
        .act = 2, .user = STR("eve"), .stream = 0, .what = ACT_WARN, .words = STR("be kind")};
    const struct store_sanction ban = {.act = 3, .user = STR("bob"), .stream = 1, .what = ACT_BAN};
    struct sanctions sanctions;
    (void)state;
    sanctions_init(&sanctions, 1);
    assert_int_equal(sanctions_add(&sanctions, &store, &before, now), ERR_OK);
    assert_false(is_warned("ann"));
    assert_int_equal(sanctions_mirror(&sanctions, &warned), ERR_OK);
    assert_true(is_warned("ann"));
    assert_int_equal(sanctions_add(&sanctions, &store, &warning, now), ERR_OK);
    assert_int_equal(sanctions_add(&sanctions, &store, &ban, now), ERR_OK);
    assert_true(is_warned("eve"));
    assert_false(is_warned("bob"));
    assert_int_equal(sanctions_load(&sanctions, &store, now), ERR_OK); // a batch failed, say
    assert_true(is_warned("ann") && is_warned("eve"));
    assert_int_equal(sanctions_lift(&sanctions, &store, &warning), ERR_OK);
    assert_false(is_warned("eve"));
    sanctions_done(&sanctions);
    assert_false(is_warned("ann"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_warning_counts),
        TEST(who_shares_a_mark_is_not_asked_for),
        TEST(it_is_the_mirror_of_sanctions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
