// SPDX-License-Identifier: Apache-2.0
#include "serve/rota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CROWD = 10 * ROTA_DUE_MAX, AGAIN_MS = 1000 };

static int64_t now_ms;
static uint32_t due_count;
static struct sweep_entry *last_due;
static int64_t last_ms;
static struct rota rota;
static struct wheel wheel;
static bool plans_again;

static int64_t now_of(void *user)
{
    (void)user;
    return now_ms;
}

static void on_due(struct sweep_entry *entry, int64_t at_ms)
{
    assert_true(at_ms >= entry->due_ms);
    due_count++;
    last_due = entry;
    last_ms = at_ms;
    if (plans_again) {
        rota_plan(&rota, entry, at_ms + AGAIN_MS);
    }
}

static void begin(void)
{
    const struct rota_options options = {.wheel = &wheel, .now_ms = now_of, .due = on_due};
    now_ms = 1000;
    due_count = 0;
    plans_again = false;
    wheel_init(&wheel, now_ms);
    rota_init(&rota, &options);
}

/* As a loop does: it sleeps until the wheel wants to be turned. */
static void run_to(int64_t until_ms)
{
    while (wheel_next_ms(&wheel) <= until_ms) {
        now_ms = wheel_next_ms(&wheel) > now_ms ? wheel_next_ms(&wheel) : now_ms;
        wheel_turn(&wheel, now_ms);
    }
    now_ms = until_ms;
    wheel_turn(&wheel, now_ms);
}

static void each_comes_due_at_its_time(void **state)
{
    struct sweep_entry late = {0}, soon = {0};
    (void)state;
    begin();
    rota_plan(&rota, &late, 5000);
    rota_plan(&rota, &soon, 3010); // behind one planned before it
    run_to(3009);
    assert_int_equal(due_count, 0);
    run_to(3010 + 2 * ROTA_SLOT_MS);
    assert_ptr_equal(last_due, &soon);
    assert_int_equal(due_count, 1);
    run_to(5000 + 2 * ROTA_SLOT_MS);
    assert_ptr_equal(last_due, &late);
    assert_int_equal(due_count, 2);
    assert_int_equal(wheel.armed, 0); // nobody is left: nothing wakes
    run_to(100000);
    rota_plan(&rota, &soon, 0); // overdue already
    run_to(100000 + 3 * ROTA_SLOT_MS);
    assert_int_equal(due_count, 3);
    rota_done(&rota);
}

static void a_plan_is_changed_or_dropped(void **state)
{
    struct sweep_entry a = {0}, b = {0};
    (void)state;
    begin();
    rota_plan(&rota, &a, 2000);
    rota_plan(&rota, &b, 2000);
    rota_plan(&rota, &a, 4000);
    sweep_remove(&b);
    run_to(3900);
    assert_int_equal(due_count, 0);
    run_to(4100);
    assert_int_equal(due_count, 1);
    rota_plan(&rota, &a, now_ms + 10 * ROTA_MS); // further than it reaches
    run_to(now_ms + ROTA_MS + 2 * ROTA_SLOT_MS);
    assert_int_equal(due_count, 2);
    rota_done(&rota);
}

/* Whoever is due at one time comes in a wave, in order, and is apart from then on. */
static void a_crowd_is_spread(void **state)
{
    struct sweep_entry *crowd = calloc(CROWD, sizeof(*crowd));
    (void)state;
    assert_non_null(crowd);
    begin();
    for (int i = 0; i < CROWD; i++) {
        rota_plan(&rota, &crowd[i], 2000);
    }
    plans_again = true;
    for (int round = 0; round < 3; round++) {
        uint32_t before = due_count;
        while (due_count < (uint32_t)(round + 1) * CROWD) {
            run_to(now_ms + ROTA_SLOT_MS);
            assert_true(due_count - before <= 2 * ROTA_DUE_MAX);
            before = due_count;
        }
        assert_ptr_equal(last_due, &crowd[CROWD - 1]);
        assert_true(last_ms <= 2000 + round * (AGAIN_MS + 2 * ROTA_SLOT_MS) +
                                   (CROWD / ROTA_DUE_MAX + 3) * ROTA_SLOT_MS);
    }
    plans_again = false;
    run_to(now_ms + 2000);
    rota_done(&rota);
    free(crowd);
}

/* What the owner asks for is the most at a time, and how many it was is seen. */
static void a_slice_holds_what_it_is_asked_to(void **state)
{
    enum { MOST = 15, ALL = 200 };
    static struct histogram counts;
    struct metric seen = {.kind = METRIC_HISTOGRAM, .histogram = &counts};
    const struct rota_options options = {
        .wheel = &wheel, .due_max = MOST, .seen = &seen, .now_ms = now_of, .due = on_due};
    struct sweep_entry entries[ALL] = {{.due_ms = 0}};
    (void)state;
    begin();
    rota_init(&rota, &options);
    plans_again = true; // none comes twice before all came
    for (int i = 0; i < ALL; i++) {
        rota_plan(&rota, &entries[i], 2000);
    }
    now_ms = 3600 * 1000; // however late
    while (due_count < ALL) {
        const uint32_t before = due_count;
        wheel_turn(&wheel, now_ms);
        assert_ptr_equal(last_due, &entries[due_count - 1]);
        assert_true(due_count > before && due_count - before <= MOST);
        now_ms = wheel_next_ms(&wheel);
    }
    assert_int_equal(metric_value(&seen), ALL / MOST + 1);
    run_to(3600 * 1000 + AGAIN_MS - ROTA_SLOT_MS); // an hour was missed: each comes once for it
    assert_int_equal(due_count, ALL);
    plans_again = false;
    run_to(now_ms + 2 * AGAIN_MS);
    assert_int_equal(due_count, 2 * ALL);
    assert_true(histogram_quantile(&counts, 1) <= MOST);
    rota_done(&rota);
}

/* It slept, or the loop stood still: nobody is forgotten, and none comes twice. */
static void who_is_late_works_off_what_is_due(void **state)
{
    struct sweep_entry entries[100] = {{.due_ms = 0}};
    (void)state;
    begin();
    for (int i = 0; i < 100; i++) {
        rota_plan(&rota, &entries[i], 1000 + 200 * i);
    }
    now_ms = 3600 * 1000;
    wheel_turn(&wheel, now_ms);
    assert_int_equal(due_count, 100);
    assert_ptr_equal(last_due, &entries[99]);
    rota_done(&rota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_due_at_its_time),
        cmocka_unit_test(a_plan_is_changed_or_dropped),
        cmocka_unit_test(a_crowd_is_spread),
        cmocka_unit_test(a_slice_holds_what_it_is_asked_to),
        cmocka_unit_test(who_is_late_works_off_what_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
