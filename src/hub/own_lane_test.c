// SPDX-License-Identifier: Apache-2.0
/* P8 in sparse lanes, by twins. What they are told, and when, is the same. */
#include "hub/twins_test.h"

#include "hub/heart.h"
#include "hub/pursuit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { BYTES = 400, STEPS = 1500, POLL = 3 };

static int begin(void **state)
{
    return twins_begin(state, (struct hub_options){.ring_bytes_max = 64 * 1024}, 11);
}

/* At the newest, and then from where the one before ended. */
static uint64_t place_of_poll(const struct world *world)
{
    return world->readers[POLL].is_open ? world->readers[POLL].viewer.last_seq
                                        : fake_engine_head_of(&world->engine, TWINS_AUTHOR);
}

static void assert_same(const struct twins *twins)
{
    const struct fake_reader *one = &twins->of[0]->readers[POLL];
    const struct fake_reader *other = &twins->of[1]->readers[POLL];
    for (int i = 0; i <= POLL; i++) {
        twins_assert_same(twins, i);
    }
    assert_int_equal(one->joined, other->joined);
    assert_int_equal(place_of_poll(twins->of[0]), place_of_poll(twins->of[1]));
}

/* What is done to both. */
struct deed {
    uint64_t what, more;
    int64_t pass_ms;
};

static void poll_again(struct world *world, enum lane lane)
{
    struct join join = world_after(place_of_poll(world), 50);
    join.encoding = NULL;
    join.limit = 50;
    join.lane = lane;
    join.user = TWINS_AUTHOR;
    if (!world->readers[POLL].joined) {
        (void)world_join(world, POLL, &join);
    }
}

static void come_back(struct world *world, int i, bool with_cursor)
{
    struct fake_reader *reader = &world->readers[i];
    struct join join = with_cursor ? world_after(reader->prover.last, 50) : world_plain(3);
    join.user = TWINS_AUTHOR;
    join.lane = reader->prover.join.lane;
    fake_reader_leave(reader);
    (void)world_join(world, i, &join);
}

static void do_it(struct world *world, const struct deed *deed)
{
    switch (deed->what) {
    case 0:
        fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
        break;
    case 1:
        come_back(world, (int)(deed->more % POLL), deed->more % 2 == 0);
        break;
    case 2:
        poll_again(world, (enum lane)(LANE_READABLE + deed->more % 3));
        break;
    default:
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
        break;
    }
    world_pass(world, deed->pass_ms);
}

static void join_all(struct twins *twins)
{
    const enum lane lanes[] = {LANE_READABLE, LANE_DIGEST, LANE_CONTROL};
    for (int i = 0; i < POLL; i++) {
        struct join join = world_after(0, 50);
        join.user = TWINS_AUTHOR;
        join.lane = lanes[i];
        (void)world_join(twins->of[0], i, &join);
        (void)world_join(twins->of[1], i, &join);
    }
    world_rest(twins->of[0]);
    world_rest(twins->of[1]);
}

static void what_is_an_authors_alone_comes_when_it_would(void **state)
{
    struct twins *twins = *state;
    join_all(twins);
    twins->of[0]->engine.shadowed_user = TWINS_AUTHOR;
    for (int i = 0; i < STEPS; i++) {
        const struct deed deed = {.what = rand_below(&twins->rand, 12),
                                  .more = rand_below(&twins->rand, 12),
                                  .pass_ms = (int64_t)rand_below(
                                      &twins->rand, rand_below(&twins->rand, 4) == 0 ? 6000 : 60)};
        do_it(twins->of[0], &deed);
        do_it(twins->of[1], &deed);
        assert_same(twins);
    }
    for (int i = 0; i < POLL; i++) {
        const struct viewer *viewer = &twins->of[0]->readers[i].viewer;
        assert_true(viewer->catchup != NULL && viewer->catchup->is_apart);
        assert_int_equal(twins->of[1]->readers[i].viewer.mode, VIEWER_LIVE);
    }
}

/* Nobody writes but the author: no public event ends their windows. */
static void it_waits_for_no_event_that_everybody_is_told(void **state)
{
    struct twins *twins = *state;
    struct world *world = twins->of[0];
    world->engine.shadowed_user = FAKE_USERS + 1; // who writes what is short
    for (int lane = LANE_READABLE; lane < LANES; lane++) {
        struct join join = world_plain(0);
        join.user = FAKE_USERS + 1;
        join.lane = (uint8_t)lane;
        (void)world_join(world, lane - LANE_READABLE, &join);
    }
    world_rest(world);
    for (int i = 0; i < 8; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 10);
    }
    const uint64_t newest = fake_engine_head_of(&world->engine, FAKE_USERS + 1);
    world_pass(world, LANE_MARK_MS + 1000);
    assert_int_equal(fake_engine_head(&world->engine), 0);
    for (int i = 0; i < POLL; i++) {
        assert_int_equal(world->readers[i].prover.last, newest);
    }
}

/* One window, in which memory begins behind the first of theirs; nobody has read here yet. The
 * author comes back to where it begins. */
static void come_back_amid_a_window(struct twins *twins, uint32_t held)
{
    enum { OWN = 3, BEFORE = 3, AUTHOR = FAKE_USERS + 1 };
    for (int i = 0; i < 2; i++) {
        struct world *world = twins->of[i];
        world->engine.shadowed_user = i == 0 ? AUTHOR : 0;
        world->now_ms += LANE_MARK_MS - world->now_ms % LANE_MARK_MS;
        for (uint32_t k = 0; k < OWN + BEFORE + held; k++) { // theirs are short
            const uint32_t bytes = k < OWN ? 10 : BYTES;
            fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, bytes);
        }
        struct join join = world_after(world->engine.log[OWN + BEFORE]->seq, 50);
        join.user = AUTHOR;
        for (uint8_t lane = LANE_READABLE; lane <= LANE_DIGEST; lane++) {
            join.lane = lane;
            (void)world_join(world, lane, &join);
        }
        world_pass(world, 2 * LANE_MARK_MS);
        for (uint8_t lane = LANE_READABLE; lane <= LANE_DIGEST; lane++) {
            const struct fake_reader *reader = &world->readers[lane];
            assert_int_equal(reader->prover.last, fake_engine_head(&world->engine));
            assert_true(reader->prover.resumed);
        }
    }
    twins_assert_same(twins, LANE_DIGEST);
    assert_true(twins->of[0]->readers[LANE_DIGEST].prover.digests > 0);
    assert_int_equal(twins->of[0]->readers[LANE_READABLE].prover.events,
                     twins->of[1]->readers[LANE_READABLE].prover.events);
}

static void what_memory_can_reach_back_to_takes_its_place(void **state)
{
    struct twins *twins = *state;
    come_back_amid_a_window(twins, STREAM_PRIME_EVENTS);
    const struct fake_reader *reader = &twins->of[0]->readers[LANE_DIGEST];
    assert_true(reader->viewer.catchup != NULL && reader->viewer.catchup->is_apart);
    assert_int_equal(twins->of[0]->engine.reads, 2); // for all who come
    twins_assert_same(twins, LANE_READABLE);
}

/* Nor is anything of theirs known there. */
static void what_stands_before_all_that_memory_holds_takes_its_place(void **state)
{
    struct twins *twins = *state;
    come_back_amid_a_window(twins, WORLD_RESUME_MAX);
    assert_int_equal(twins->of[0]->readers[LANE_DIGEST].viewer.mode, VIEWER_LIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, twins_end)
        EACH(what_is_an_authors_alone_comes_when_it_would),
        EACH(it_waits_for_no_event_that_everybody_is_told),
        EACH(what_memory_can_reach_back_to_takes_its_place),
        EACH(what_stands_before_all_that_memory_holds_takes_its_place),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
