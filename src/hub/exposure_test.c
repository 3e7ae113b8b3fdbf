// SPDX-License-Identifier: Apache-2.0
#include "hub/exposure.h"

#include "hub/heart.h"
#include "hub/hub.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { S = 1000 };

static uint64_t say(struct world *world)
{
    fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    world_rest(world);
    return fake_engine_head(&world->engine);
}

static struct reach_call remove_it(struct world *world, uint64_t seq)
{
    fake_engine_retract_seq(&world->engine, seq, world->now_ms);
    world_rest(world);
    return world_reach(world, fake_engine_head(&world->engine));
}

static void it_is_viewers_times_seconds(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct fake_reader *first = world_join(world, 0, &live);
    world_rest(world);
    world_pass(world, 7 * S);
    const uint64_t seq = say(world);
    world_pass(world, 2 * S); // one viewer
    (void)world_join(world, 1, &live);
    (void)world_join(world, 2, &live);
    world_rest(world);
    world_pass(world, 10 * S); // three
    fake_reader_leave(first);
    world_rest(world);
    world_pass(world, 5 * S); // two
    const struct reach_call reach = remove_it(world, seq);
    assert_true(reach.known);
    assert_int_equal(reach.figures.comments, 1);
    assert_int_equal(reach.figures.exposure_ms, (2 + 30 + 10) * S);
    assert_int_equal(metric_value(&world->hub->tally.exposure), 42 * S);
    const struct reach_call again = remove_it(world, say(world));
    assert_int_equal(again.figures.exposure_ms, 0);
}

/* Many came long ago: marks are few, and the error is a small part. */
static void it_is_near_however_many_there_were(void **state)
{
    enum { COMMENTS = 600, EACH_MS = 1500 };
    struct world *world = *state;
    const struct join live = world_plain(0);
    uint64_t seqs[COMMENTS];
    (void)world_join(world, 0, &live);
    world_rest(world);
    for (int i = 0; i < COMMENTS; i++) {
        seqs[i] = say(world);
        world_pass(world, EACH_MS);
    }
    const struct stream *stream =
        map_entry(map_find(&world->hub->streams, STR("demo")), struct stream, node);
    assert_true(stream->exposure.count <= EXPOSURE_MARKS_MAX);
    for (int i = 0; i < COMMENTS; i += 97) {
        const uint64_t is = (uint64_t)(COMMENTS - i) * EACH_MS;
        const uint64_t told = remove_it(world, seqs[i]).figures.exposure_ms;
        assert_in_range(told, is - is / 10 - S, is + is / 10 + S);
    }
}

static void of_all_it_is_the_sum(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    (void)world_join(world, 0, &live);
    world_rest(world);
    (void)say(world);
    world_pass(world, 2 * S);
    const uint64_t gone = say(world);
    world_pass(world, 2 * S);
    (void)remove_it(world, gone); // it is not lost twice
    world_pass(world, S);
    const struct removal all = {.of = REMOVAL_ALL, .upto = fake_engine_head(&world->engine)};
    fake_engine_remove(&world->engine, &all, world->now_ms);
    world_rest(world);
    const struct reach_call reach = world_reach(world, fake_engine_head(&world->engine));
    assert_int_equal(reach.figures.comments, 1);
    assert_int_equal(reach.figures.exposure_ms, 5 * S);
    assert_false(reach.figures.is_partly_exposed); // from the log's beginning
}

/* Between its events stand those of others. */
static void of_an_act_that_is_split_it_is_the_sum(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    uint64_t seqs[2];
    (void)world_join(world, 0, &live);
    world_rest(world);
    for (int i = 0; i < 2; i++) {
        seqs[i] = say(world);
        world_pass(world, 2 * S);
    }
    world->engine.one_act = true;
    assert_int_equal(remove_it(world, seqs[0]).figures.exposure_ms, 4 * S);
    world->engine.one_act = false;
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_rest(world);
    world->engine.one_act = true;
    const struct reach_call reach = remove_it(world, seqs[1]);
    assert_int_equal(reach.figures.comments, 2);
    assert_int_equal(reach.figures.exposure_ms, 6 * S);
}

/* Who began to watch late knows nothing of what was before. */
static void it_says_where_there_may_be_more(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    const uint64_t older = say(world);
    const uint64_t old = say(world);
    (void)world_join(world, 0, &live);
    world_rest(world);
    assert_true(remove_it(world, older).figures.is_partly_exposed); // the first event it heard
    const uint64_t seq = say(world);
    assert_false(remove_it(world, seq).figures.is_partly_exposed);
    assert_true(remove_it(world, old).figures.is_partly_exposed);
    const struct removal all = {.of = REMOVAL_ALL, .upto = fake_engine_head(&world->engine)};
    fake_engine_remove(&world->engine, &all, world->now_ms);
    world_rest(world);
    const struct reach_call reach = world_reach(world, fake_engine_head(&world->engine));
    assert_true(reach.figures.is_partly_exposed);
}

static void of_a_user_it_is_whole_as_long_as_memory_has_all(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    const struct removal removal = {.of = REMOVAL_USER, .user = STR("u1"), .upto = SEQ_MAX};
    (void)world_join(world, 0, &live);
    world_rest(world);
    (void)say(world);
    fake_engine_remove(&world->engine, &removal, world->now_ms);
    world_rest(world);
    uint64_t act = fake_engine_head(&world->engine);
    assert_false(world_reach(world, act).figures.is_partly_exposed);
    world_commit_many(world, WORLD_RESUME_MAX + 1); // more than the tail holds
    fake_engine_remove(&world->engine, &removal, world->now_ms);
    world_rest(world);
    act = fake_engine_head(&world->engine);
    assert_true(world_reach(world, act).figures.is_partly_exposed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)
        EACH(it_is_viewers_times_seconds),
        EACH(it_is_near_however_many_there_were),
        EACH(of_all_it_is_the_sum),
        EACH(of_an_act_that_is_split_it_is_the_sum),
        EACH(it_says_where_there_may_be_more),
        EACH(of_a_user_it_is_whole_as_long_as_memory_has_all),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
