// SPDX-License-Identifier: Apache-2.0
#include "api/newcomers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct limit two_a_second = {.count = 2, .window_ms = 1000};

static int set_up(void **state)
{
    struct newcomers *newcomers = NULL;
    assert_int_equal(newcomers_new(7, &newcomers), ERR_OK);
    *state = newcomers;
    return 0;
}

static int tear_down(void **state)
{
    newcomers_free(*state);
    newcomers_free(NULL);
    return 0;
}

static enum err take(struct newcomers *newcomers, const char *address, int64_t mono_ms)
{
    uint32_t retry_ms = 0;
    return newcomers_take(newcomers, two_a_second, str_of(address), mono_ms, &retry_ms);
}

static void an_address_has_so_many_in_a_window(void **state)
{
    struct newcomers *newcomers = *state;
    uint32_t retry_ms = 0;
    assert_int_equal(take(newcomers, "192.0.2.1", 0), ERR_OK);
    assert_int_equal(take(newcomers, "192.0.2.1", 300), ERR_OK);
    assert_int_equal(newcomers_take(newcomers, two_a_second, STR("192.0.2.1"), 400, &retry_ms),
                     ERR_LIMIT);
    assert_int_equal(retry_ms, 600);
    assert_int_equal(take(newcomers, "192.0.2.2", 400), ERR_OK);
    assert_int_equal(take(newcomers, "192.0.2.1", 1000), ERR_OK);
}

static void a_reload_counts_what_was_before(void **state)
{
    struct newcomers *newcomers = *state;
    const struct limit one = {.count = 1, .window_ms = 1000}, off = {0};
    uint32_t retry_ms = 0;
    assert_int_equal(take(newcomers, "192.0.2.1", 0), ERR_OK);
    assert_int_equal(newcomers_take(newcomers, one, STR("192.0.2.1"), 1, &retry_ms), ERR_LIMIT);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(newcomers_take(newcomers, off, STR("192.0.2.1"), 1, &retry_ms), ERR_OK);
    }
}

static void addresses_are_bounded_until_their_window_has_passed(void **state)
{
    struct newcomers *newcomers = *state;
    for (int i = 0; i < NEWCOMERS_ADDRESSES_MAX; i++) {
        char address[24];
        (void)snprintf(address, sizeof(address), "%d", i);
        assert_int_equal(take(newcomers, address, 0), ERR_OK);
    }
    assert_int_equal(take(newcomers, "one more", 999), ERR_NOMEM);
    assert_int_equal(take(newcomers, "one more", 1000), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_has_so_many_in_a_window),
        TEST(a_reload_counts_what_was_before),
        TEST(addresses_are_bounded_until_their_window_has_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
