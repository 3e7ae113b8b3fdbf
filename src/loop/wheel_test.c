// SPDX-License-Identifier: Apache-2.0
#include "loop/wheel.h"

#include "base/mem.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TIMERS = 300, STEPS = 30000, HORIZON_MS = 3 * WHEEL_TICK_MS * WHEEL_SLOTS };

/* What each timer should do, kept the simple way. */
struct kept {
    struct timer timer;
    bool armed;
    int64_t at_ms;
};

static struct wheel *wheel;
static struct kept kept[TIMERS];
static int64_t now_ms;
static unsigned fired_count;

static void on_fire(struct timer *timer)
{
    struct kept *own = (struct kept *)(void *)timer;
    assert_true(own->armed);
    assert_true(own->at_ms <= now_ms);
    own->armed = false;
    fired_count++;
}

static int setup(void **state)
{
    (void)state;
    wheel = mem_new(MEM_OTHER, sizeof(*wheel));
    now_ms = 1000003;
    wheel_init(wheel, now_ms);
    return wheel == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    mem_free(MEM_OTHER, wheel);
    return 0;
}

static void arm(struct kept *own, int64_t at_ms)
{
    own->timer.fire = on_fire;
    own->at_ms = at_ms;
    own->armed = true;
    wheel_arm(wheel, &own->timer, at_ms);
}

static void check_against_the_model(void)
{
    unsigned armed = 0;
    int64_t soonest_ms = INT64_MAX;
    for (int i = 0; i < TIMERS; i++) {
        if (kept[i].armed) {
            armed++;
            soonest_ms = kept[i].at_ms < soonest_ms ? kept[i].at_ms : soonest_ms;
            assert_true(kept[i].at_ms > now_ms - WHEEL_TICK_MS); // else it should have fired
        }
    }
    assert_int_equal(wheel->armed, armed);
    const int64_t next_ms = wheel_next_ms(wheel);
    assert_true(armed == 0 ? next_ms == INT64_MAX : next_ms > now_ms);
    /* Never later than the soonest is due, but for the tick it is rounded up to. */
    assert_true(armed == 0 || next_ms < soonest_ms + 2 * WHEEL_TICK_MS);
}

static void test_agrees_with_a_naive_model(void **state)
{
    (void)state;
    struct rand rand;
    rand_init(&rand, 11);
    for (int step = 0; step < STEPS; step++) {
        struct kept *own = &kept[rand_below(&rand, TIMERS)];
        switch (rand_below(&rand, 4)) {
        case 0:
        case 1:
            arm(own, now_ms + (int64_t)rand_below(&rand, rand_below(&rand, 2) ? 300 : HORIZON_MS));
            break;
        case 2:
            wheel_cancel(wheel, &own->timer);
            own->armed = false;
            break;
        default:
            now_ms += (int64_t)rand_below(&rand, rand_below(&rand, 50) == 0 ? HORIZON_MS : 40);
            break;
        }
        wheel_turn(wheel, now_ms);
        check_against_the_model();
    }
    assert_true(fired_count > STEPS / 10);
}

static struct timer other;

static void arm_again(struct timer *timer)
{
    fired_count++;
    wheel_cancel(wheel, &other); // due in this very turn, and not any more
    if (fired_count < 3) {
        wheel_arm(wheel, timer, now_ms); // for now: not in this turn, or it would never end
    }
}

static void test_a_timer_may_arm_itself_and_cancel_others_while_it_fires(void **state)
{
    (void)state;
    struct timer timer = {.fire = arm_again};
    fired_count = 0;
    other = (struct timer){.fire = arm_again};
    wheel_arm(wheel, &timer, now_ms);
    wheel_arm(wheel, &other, now_ms);
    for (unsigned turn = 1; turn <= 4; turn++) {
        now_ms += WHEEL_TICK_MS;
        wheel_turn(wheel, now_ms);
        assert_int_equal(fired_count, turn < 3 ? turn : 3);
    }
    assert_int_equal(wheel->armed, 0);
    assert_true(wheel_next_ms(wheel) == INT64_MAX);
}

static void test_time_that_stands_still_fires_nothing_twice(void **state)
{
    (void)state;
    fired_count = 0;
    arm(&kept[0], now_ms + 5);
    wheel_turn(wheel, now_ms);
    assert_int_equal(fired_count, 0);
    now_ms += 5 + WHEEL_TICK_MS;
    wheel_turn(wheel, now_ms);
    wheel_turn(wheel, now_ms);
    wheel_turn(wheel, now_ms - 3);
    assert_int_equal(fired_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_agrees_with_a_naive_model, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_timer_may_arm_itself_and_cancel_others_while_it_fires, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_that_stands_still_fires_nothing_twice, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
