// SPDX-License-Identifier: Apache-2.0
/* P8 of slow readers, by twins. Both sockets stall alike, and what is spared them is told alike. */
#include "hub/twins_test.h"

#include "hub/heart.h"
#include "hub/pursuit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BYTES = 200, MANY = 300 };

static int begin(void **state)
{
    return twins_begin(state, (struct hub_options){.ring_bytes_max = 4096}, 5);
}

static uint64_t number(const struct world *world, const char *name)
{
    const char *at = strstr(world->readers[0].prover.last_gap, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static bool is_slow_gap(const struct world *world)
{
    return strstr(world->readers[0].prover.last_gap, "\"slow reader\"") != NULL;
}

/* The same in both, though the log of one was asked for more. */
static void say(struct twins *twins, uint32_t count)
{
    const uint64_t seed = rand_below(&twins->rand, 1000);
    for (int i = 0; i < 2; i++) {
        struct world *world = twins->of[i];
        rand_init(&world->engine.rand, seed);
        for (uint32_t n = 0; n < count; n++) {
            fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
        }
    }
}

static void pass(const struct twins *twins, int64_t ms)
{
    world_pass(twins->of[0], ms);
    world_pass(twins->of[1], ms);
}

static void allow(const struct twins *twins, uint32_t bytes)
{
    fake_reader_allow(&twins->of[0]->readers[0], bytes);
    fake_reader_allow(&twins->of[1]->readers[0], bytes);
}

static void join(const struct twins *twins, enum lane lane)
{
    struct join join = world_plain(0);
    join.user = TWINS_AUTHOR;
    join.lane = (uint8_t)lane;
    for (int i = 0; i < 2; i++) {
        (void)world_join(twins->of[i], 0, &join);
        world_rest(twins->of[i]);
    }
}

/* They have a few, which are shadowed in the first of them; then their sockets take nothing. */
static void stall(struct twins *twins, enum lane lane)
{
    join(twins, lane);
    twins->of[0]->engine.shadowed_user = TWINS_AUTHOR;
    say(twins, 8);
    pass(twins, 20000);
    for (int i = 0; i < 2; i++) {
        twins->of[i]->readers[0].room = 10; // ends within a frame, which it is sent to its end
    }
    say(twins, 4);
    pass(twins, 20000);
    const struct viewer *viewer = &twins->of[0]->readers[0].viewer;
    assert_true(viewer->blocked && viewer->catchup != NULL && viewer->catchup->is_apart);
    assert_int_equal(twins->of[1]->readers[0].viewer.mode, VIEWER_LIVE);
}

static void retract(const struct twins *twins, uint32_t from, uint32_t end)
{
    for (int i = 0; i < 2; i++) {
        struct world *world = twins->of[i];
        for (uint32_t n = from; n < end; n++) {
            fake_engine_retract_seq(&world->engine, world->engine.log[n]->seq, world->now_ms);
        }
    }
}

static void who_is_shadowed_is_spared_what_others_are(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    say(twins, MANY);
    pass(twins, 1000);
    retract(twins, 30, 40);
    pass(twins, 1000);
    allow(twins, UINT32_MAX);
    pass(twins, 1000);
    twins_assert_same(twins, 0);
    assert_true(is_slow_gap(twins->of[0]));
    assert_int_equal(number(twins->of[0], "\"carried\":"), 10);
    assert_int_equal(number(twins->of[0], "\"removed\":"), 10);
    assert_int_equal(number(twins->of[0], "\"shed\":"), MANY + 3 - 10);
    assert_int_equal(twins->of[0]->readers[0].prover.gap_got, 10);
    say(twins, 5);
    pass(twins, 1000);
    twins_assert_same(twins, 0);
    assert_int_equal(twins->of[0]->readers[0].prover.gaps, 1);
}

/* One whose ring still holds what it waits for. */
static void who_keeps_up_is_spared_nothing(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    say(twins, 4);
    pass(twins, 1000);
    allow(twins, UINT32_MAX);
    pass(twins, 1000);
    twins_assert_same(twins, 0);
    assert_int_equal(twins->of[0]->readers[0].prover.gaps, 0);
    for (int i = 0; i < MANY; i++) { // never blocked
        say(twins, 3);
        pass(twins, 100);
        twins_assert_same(twins, 0);
    }
    assert_int_equal(twins->of[0]->readers[0].prover.gaps, 0);
}

/* Not all in one piece, and never blocked for long. */
static void who_reads_slowly_but_keeps_up_is_spared_nothing(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    for (int i = 0; i < MANY; i++) {
        say(twins, 3);
        allow(twins, 900 + (uint32_t)rand_below(&twins->rand, 100));
        pass(twins, 100);
    }
    assert_int_equal(twins->of[0]->readers[0].prover.gaps, 0);
    allow(twins, UINT32_MAX);
    pass(twins, 100);
    twins_assert_same(twins, 0);
    assert_int_equal(twins->of[0]->readers[0].prover.gaps, 0);
}

/* It left the ring while its socket was full. */
static void the_first_that_is_shadowed_finds_it_stalled(void **state)
{
    struct twins *twins = *state;
    join(twins, LANE_FULL);
    for (int i = 0; i < 2; i++) {
        twins->of[i]->readers[0].room = 10;
    }
    say(twins, 1);
    pass(twins, 1000);
    say(twins, 40);
    pass(twins, 1000);
    twins->of[0]->engine.shadowed_user = TWINS_AUTHOR;
    say(twins, 8);
    pass(twins, 1000);
    assert_int_equal(twins->of[0]->readers[0].viewer.mode, VIEWER_CATCHUP);
    allow(twins, UINT32_MAX);
    pass(twins, 1000);
    twins_assert_same(twins, 0);
    assert_true(is_slow_gap(twins->of[0]));
    assert_int_equal(number(twins->of[0], "\"shed\":"), 48);
}

/* More waits than a ring holds of what the lane carries. */
static void in_lane(struct twins *twins, enum lane lane, int seconds)
{
    stall(twins, lane);
    for (int i = 0; i < seconds; i++) {
        say(twins, 6);
        pass(twins, 1000);
    }
    pass(twins, 20000);
    allow(twins, UINT32_MAX);
    pass(twins, 1000);
    twins_assert_same(twins, 0);
    assert_true(is_slow_gap(twins->of[0]));
    say(twins, 8);
    pass(twins, 20000);
    twins_assert_same(twins, 0);
}

static void in_readable_too(void **state)
{
    in_lane(*state, LANE_READABLE, 40);
}

static void in_digest_too(void **state)
{
    in_lane(*state, LANE_DIGEST, 60);
}

static void a_removal_meanwhile_is_counted(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    say(twins, MANY);
    pass(twins, 1000);
    struct world *world = twins->of[0];
    fake_reader_allow(&world->readers[0], UINT32_MAX);
    world_turn(world); // it asks for the acts
    assert_int_equal(world->engine.loose_count, 1);
    assert_true(fake_engine_step(&world->engine));
    fake_engine_retract_seq(&world->engine, world->engine.log[50]->seq, world->now_ms);
    world_rest(world);
    assert_true(is_slow_gap(world));
    assert_int_equal(number(world, "\"removed\":"), 1);
    assert_int_equal(world->readers[0].prover.last,
                     fake_engine_head_of(&world->engine, TWINS_AUTHOR));
}

static void a_store_that_fails_is_asked_again(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    say(twins, MANY);
    pass(twins, 1000);
    struct world *world = twins->of[0];
    world->engine.fails = true;
    fake_reader_allow(&world->readers[0], UINT32_MAX);
    world_pass(world, 5000);
    assert_int_equal(world->readers[0].prover.gaps, 0);
    world->engine.fails = false;
    world_pass(world, 5000);
    assert_int_equal(world->readers[0].prover.gaps, 1);
    assert_int_equal(number(world, "\"shed\":"), MANY + 3);
}

static void more_acts_than_are_remembered_begin_it_anew(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    for (int i = 0; i < 2; i++) {
        for (uint32_t n = 0; n < STREAM_ACTS_MAX + 1; n++) {
            fake_engine_commit(&twins->of[i]->engine, EVENT_PIN, twins->of[i]->now_ms);
        }
    }
    say(twins, 20);
    pass(twins, 1000);
    allow(twins, UINT32_MAX);
    pass(twins, 1000);
    twins_assert_same(twins, 0);
    assert_int_equal(twins->of[0]->readers[0].prover.hellos, 2);
    assert_true(twins->of[0]->readers[0].prover.resynced);
}

/* Both begin anew where they stand; neither page nor copies of acts tell them apart. */
static void a_change_of_lane_amid_a_stall_is_told_alike(void **state)
{
    struct twins *twins = *state;
    stall(twins, LANE_FULL);
    for (int i = 0; i < 2; i++) {
        struct world *world = twins->of[i];
        fake_engine_commit(&world->engine, EVENT_PIN, world->now_ms);
        fake_engine_commit(&world->engine, EVENT_PIN, world->now_ms);
        world_pass(world, 1000);
        fake_reader_change_lane(&world->readers[0], LANE_READABLE);
    }
    say(twins, 4);
    pass(twins, 1000);
    allow(twins, UINT32_MAX);
    pass(twins, 20000);
    twins_assert_same(twins, 0);
    assert_int_equal(twins->of[0]->readers[0].prover.hellos, 2);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, twins_end)
    const struct CMUnitTest tests[] = {
        EACH(who_is_shadowed_is_spared_what_others_are),
        EACH(who_keeps_up_is_spared_nothing),
        EACH(who_reads_slowly_but_keeps_up_is_spared_nothing),
        EACH(the_first_that_is_shadowed_finds_it_stalled),
        EACH(in_readable_too),
        EACH(in_digest_too),
        EACH(a_removal_meanwhile_is_counted),
        EACH(a_store_that_fails_is_asked_again),
        EACH(more_acts_than_are_remembered_begin_it_anew),
        EACH(a_change_of_lane_amid_a_stall_is_told_alike),
    };
#undef EACH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
