// SPDX-License-Identifier: Apache-2.0
/* When what a stream gathers leaves: flush.h. */
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_lone_event_leaves_in_its_turn_and_a_busy_stream_gathers(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    world_pass(world, 1000);
    world_commit_many(world, 1);
    world_turn(world);
    assert_int_equal(reader->prover.events, 1);
    world->now_ms += 10;
    world_commit_many(world, 1);
    world_turn(world);
    assert_int_equal(reader->prover.events, 2); // two do not make a busy stream
    world->now_ms += 10;
    world_commit_many(world, 3);
    world_turn(world);
    assert_int_equal(reader->prover.events, 2);
    assert_int_equal(world->wish_ms, world->now_ms + 30);
    world->now_ms += 30;
    world_turn(world);
    assert_int_equal(reader->prover.events, 5);
}

static void what_gathers_leaves_when_it_is_hurried(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    world_pass(world, 1000);
    for (int i = 0; i < 2; i++) {
        world->now_ms += 10;
        world_commit_many(world, 1);
        world_turn(world);
    }
    world_commit_many(world, 3);
    world_turn(world);
    assert_int_equal(reader->prover.events, 2);
    hub_hurry(world->hub);
    world_turn(world);
    assert_int_equal(reader->prover.events, 5);
    world_commit_many(world, 3);
    world_turn(world);
    assert_int_equal(reader->prover.events, 8);
}

static void what_gathers_does_not_outgrow_its_ring(void **state)
{
    enum { COMMENTS = 200 };
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    world_pass(world, 1000);
    for (uint32_t i = 0; i < COMMENTS; i++) { // within a window, and more than the ring holds
        world_commit_many(world, 1);
        world_turn(world);
    }
    assert_in_range(reader->prover.events, COMMENTS / 2, COMMENTS - 1); // it does gather
    world_pass(world, 50);
    assert_int_equal(reader->prover.events, COMMENTS);
    assert_int_equal(reader->prover.gaps, 0);
}

/* Acts wait for no window, and take none from the comments behind them. */
static void many_acts_do_not_hold_up_what_follows(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    world_pass(world, 1000);
    for (uint32_t i = 0; i < 40; i++) {
        fake_engine_commit(&world->engine, EVENT_PIN, world->now_ms);
        world_turn(world);
        assert_int_equal(reader->prover.events, i + 1);
    }
    world_commit_many(world, 1);
    world_turn(world);
    assert_int_equal(reader->prover.events, 40);
    world->now_ms += 50;
    world_turn(world);
    assert_int_equal(reader->prover.events, 41);
}

/* Comments at the window's own pace, one of them late: those behind it are not late for ever. */
static void a_late_event_does_not_hold_up_those_behind_it(void **state)
{
    enum { WINDOW_MS = 50, LATE_MS = 40 };
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    for (uint32_t i = 0; i < 10; i++) {
        const int late_ms = i == 4 ? LATE_MS : 0;
        world_pass(world, WINDOW_MS + late_ms - (i == 5 ? LATE_MS : 0));
        world_commit_many(world, 1);
        world_turn(world);
        assert_int_equal(reader->prover.events, i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        CASE(a_lone_event_leaves_in_its_turn_and_a_busy_stream_gathers),
        CASE(what_gathers_leaves_when_it_is_hurried),
        CASE(what_gathers_does_not_outgrow_its_ring),
        CASE(many_acts_do_not_hold_up_what_follows),
        CASE(a_late_event_does_not_hold_up_those_behind_it),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
