// SPDX-License-Identifier: Apache-2.0
#include "serve/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { INTERVAL_MS = 100 };

static int64_t now_ms;
static int due_count;
static struct sweep_entry *last_due;
static struct sweep sweep;
static struct wheel wheel;
static bool adds_again;

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
    if (adds_again) {
        sweep_add(&sweep, entry);
    }
}

static void begin(void)
{
    const struct sweep_options options = {
        .wheel = &wheel, .interval_ms = INTERVAL_MS, .now_ms = now_of, .due = on_due};
    now_ms = 1000;
    due_count = 0;
    adds_again = false;
    wheel_init(&wheel, now_ms);
    sweep_init(&sweep, &options);
}

static void go_to(int64_t ms)
{
    now_ms = ms;
    wheel_turn(&wheel, ms);
}

static void each_comes_due_once(void **state)
{
    struct sweep_entry a = {0}, b = {0};
    (void)state;
    begin();
    sweep_add(&sweep, &a);
    go_to(1050);
    sweep_add(&sweep, &b);
    go_to(1095);
    assert_int_equal(due_count, 0);
    go_to(1112);
    assert_int_equal(due_count, 1);
    assert_ptr_equal(last_due, &a);
    go_to(1170);
    assert_int_equal(due_count, 2);
    assert_ptr_equal(last_due, &b);
    go_to(2000);
    assert_int_equal(due_count, 2);
    assert_int_equal(wheel.armed, 0);
    sweep_done(&sweep);
}

static void who_is_added_again_starts_anew(void **state)
{
    struct sweep_entry a = {0}, b = {0};
    (void)state;
    begin();
    sweep_add(&sweep, &a);
    go_to(1090);
    sweep_add(&sweep, &a);
    sweep_add(&sweep, &b);
    go_to(1150);
    assert_int_equal(due_count, 0);
    sweep_remove(&a);
    sweep_remove(&a); // again is legal
    go_to(1210);
    assert_int_equal(due_count, 1);
    assert_ptr_equal(last_due, &b);
    sweep_done(&sweep);
}

static void one_may_come_again_and_again(void **state)
{
    struct sweep_entry a = {0};
    (void)state;
    begin();
    adds_again = true;
    sweep_add(&sweep, &a);
    for (int64_t ms = 1000; ms <= 2100; ms += 10) {
        go_to(ms);
    }
    assert_in_range(due_count, 9, 10);
    sweep_remove(&a);
    sweep_done(&sweep);
    assert_int_equal(wheel.armed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_due_once),
        cmocka_unit_test(who_is_added_again_starts_anew),
        cmocka_unit_test(one_may_come_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
