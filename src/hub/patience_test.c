// SPDX-License-Identifier: Apache-2.0
#include "hub/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX_MS = 1000 };

/* Looks as often as it is told to, up to that moment. */
static void look_until(struct patience *patience, int64_t until_ms)
{
    while (patience_next_ms(patience) <= until_ms) {
        patience_look(patience, patience_next_ms(patience));
    }
}

static void silence_is_noticed_in_time(void **state)
{
    struct patience patience = {0};
    (void)state;
    assert_int_equal(patience_next_ms(&patience), INT64_MAX);
    assert_false(patience_is_out(&patience, MAX_MS));
    patience_sent(&patience, 5000);
    look_until(&patience, 5999);
    assert_false(patience_is_out(&patience, MAX_MS));
    look_until(&patience, 6000);
    assert_true(patience_is_out(&patience, MAX_MS));
    assert_false(patience_is_out(&patience, 0)); // never
    patience_back(&patience);
    assert_false(patience_is_out(&patience, MAX_MS));
}

static void a_long_queue_is_no_silence(void **state)
{
    struct patience patience = {0};
    (void)state;
    for (int i = 0; i < 100; i++) {
        patience_sent(&patience, 0);
    }
    for (int i = 0; i < 99; i++) {
        look_until(&patience, (i + 1) * INT64_C(750));
        patience_back(&patience);
        assert_false(patience_is_out(&patience, MAX_MS));
    }
    look_until(&patience, 100 * INT64_C(750) + MAX_MS);
    assert_true(patience_is_out(&patience, MAX_MS));
}

static void who_slept_has_heard_nothing(void **state)
{
    struct patience patience = {0};
    (void)state;
    patience_sent(&patience, 0);
    patience_look(&patience, 3600 * 1000);
    assert_false(patience_is_out(&patience, MAX_MS));
    look_until(&patience, 3600 * 1000 + MAX_MS);
    assert_true(patience_is_out(&patience, MAX_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_noticed_in_time),
        cmocka_unit_test(a_long_queue_is_no_silence),
        cmocka_unit_test(who_slept_has_heard_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
