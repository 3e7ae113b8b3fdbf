// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/windows.h"

#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_memory_test.h"
#include "engine/embedded/store_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIMIT = 10, WINDOW_MS = 10000, NOW_WALL_MS = 1000000, NOW_MONO_MS = 50 };

static struct store store;
static uint64_t next_n;

static void add(const char *user, int64_t at_ms, enum event_kind kind)
{
    const struct store_row row = {.n = next_n,
                                  .stream = 1,
                                  .seq = next_n,
                                  .prev = next_n - 1,
                                  .at_ms = at_ms,
                                  .kind = (uint8_t)kind,
                                  .user = str_of(user),
                                  .body = STR("\"text\":\"hello\"")};
    assert_int_equal(store_begin_write(&store), ERR_OK);
    assert_int_equal(store_rows_add(&store, &row), ERR_OK);
    assert_int_equal(store_commit(&store), ERR_OK);
    next_n++;
}

static int set_up(void **state)
{
    (void)state;
    next_n = 1;
    store_memory_open(&store, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(&store);
    return 0;
}

static const struct windows_moment now = {.mono_ms = NOW_MONO_MS, .wall_ms = NOW_WALL_MS};

static uint32_t remaining(const struct limits *users, const char *user)
{
    const struct limit_answer answer = limits_ask(users, str_of(user), 1, NOW_MONO_MS);
    return answer.allowed ? answer.remaining + 1 : 0;
}

static struct limits *new_users(void)
{
    struct limits *users = NULL;
    const struct limit limit = {.count = LIMIT, .window_ms = WINDOW_MS};
    assert_int_equal(limits_new(limit, 1, &users), ERR_OK);
    return users;
}

static void expect(const char *user, uint32_t left)
{
    struct limits *users = new_users();
    assert_int_equal(windows_restore(&store, users, WINDOW_MS, now), ERR_OK);
    assert_int_equal(remaining(users, user), left);
    limits_free(users);
}

static void comments_inside_the_window_are_counted_again(void **state)
{
    (void)state;
    expect("ann", LIMIT); // an empty log
    add("ann", NOW_WALL_MS - WINDOW_MS, EVENT_COMMENT);
    expect("ann", LIMIT); // just outside
    add("ann", NOW_WALL_MS - 20, EVENT_COMMENT);
    add("ben", NOW_WALL_MS - 15, EVENT_COMMENT);
    add("", NOW_WALL_MS - 12, EVENT_STREAM);
    add("ann", NOW_WALL_MS - 10, EVENT_COMMENT);
    expect("ann", LIMIT - 2);
    expect("ben", LIMIT - 1);
    expect("", LIMIT); // an act is nobody's comment
}

static void a_row_from_the_future_counts_as_of_now(void **state)
{
    (void)state;
    add("ann", NOW_WALL_MS + 3600000, EVENT_COMMENT);
    add("ann", NOW_WALL_MS - 10, EVENT_COMMENT); // of a stream whose clock was set back
    expect("ann", LIMIT - 2);
}

static void a_damaged_row_is_passed_over(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        add("ann", NOW_WALL_MS - 30 + i, EVENT_COMMENT);
    }
    assert_int_equal(store_exec(&store, "UPDATE log SET body = 'x' WHERE n = 2"), ERR_OK);
    expect("ann", LIMIT - 2);
}

static void wherever_it_breaks_off_it_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        add("ann", NOW_WALL_MS - 30 + i, EVENT_COMMENT);
    }
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n++) {
            struct limits *users = new_users();
            struct store_breaks breaks;
            store_breaks_arm(&breaks, &store, what, n);
            const enum err err = windows_restore(&store, users, WINDOW_MS, now);
            has_broken = store_breaks_disarm(&breaks, &store);
            if (err == ERR_OK) {
                assert_int_equal(remaining(users, "ann"), LIMIT - 4);
            } else {
                assert_true(has_broken);
                assert_int_equal(err, ERR_SYS);
            }
            limits_free(users);
            store_close(&store); // so that its statements are made anew
            assert_int_equal(set_up(NULL), 0);
            for (int i = 0; i < 4; i++) {
                add("ann", NOW_WALL_MS - 30 + i, EVENT_COMMENT);
            }
        }
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(comments_inside_the_window_are_counted_again),
        TEST(a_row_from_the_future_counts_as_of_now),
        TEST(a_damaged_row_is_passed_over),
        TEST(wherever_it_breaks_off_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
