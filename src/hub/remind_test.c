// SPDX-License-Identifier: Apache-2.0
/* Who comes back is told of a warning in force; the prover looks whom a notice is for. */
#include "hub/remind.h"

#include "hub/heart.h"
#include "hub/herald.h"
#include "hub/viewer.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EVE = 3, ANN = 2, LIKE_EVE = 5 }; // the fake engine cannot tell odd ones apart

static struct join as(uint64_t user)
{
    struct join join = world_plain(10);
    join.user = user;
    return join;
}

static void recognize(struct fake_reader *reader, uint64_t user)
{
    reader->truth.view = reader->prover.join.user = user;
    assert_int_equal(viewer_recognize(&reader->viewer, user, false), ERR_OK);
}

static void who_is_warned_is_told_whenever_they_come(void **state)
{
    struct world *world = *state;
    struct join join = as(EVE);
    world->engine.warned_user = EVE;
    world_commit_many(world, 20);
    struct fake_reader *first = world_join(world, 0, &join);
    join.lane = LANE_DIGEST;
    struct fake_reader *second = world_join(world, 1, &join);
    world_pass(world, 5000);
    assert_int_equal(first->prover.notices, 1);
    assert_int_equal(second->prover.notices, 1);
    assert_int_equal(first->viewer.mode, VIEWER_LIVE);
    assert_int_equal(first->prover.last, fake_engine_head(&world->engine));
    fake_reader_leave(first);
    join.lane = LANE_FULL;
    first = world_join(world, 0, &join);
    world_pass(world, 1000);
    assert_int_equal(first->prover.notices, 1);
    world->engine.warned_user = 0; // acknowledged
    fake_reader_leave(first);
    first = world_join(world, 0, &join);
    world_pass(world, 1000);
    assert_int_equal(first->prover.notices, 0);
    assert_int_equal(world->engine.warnings, 3);
}

static void nobody_else_is_told_or_asked_for(void **state)
{
    struct world *world = *state;
    const struct join anybody = world_plain(10), ann = as(ANN), alike = as(LIKE_EVE);
    struct join poll = as(EVE);
    poll.encoding = NULL;
    world->engine.warned_user = EVE;
    (void)world_join(world, 0, &anybody);
    (void)world_join(world, 1, &ann);
    (void)world_join(world, 3, &poll); // its answer's writer tells it
    world_pass(world, 1000);
    assert_int_equal(world->engine.warnings, 0);
    (void)world_join(world, 2, &alike);
    world_pass(world, 1000);
    assert_int_equal(world->engine.warnings, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world->readers[i].prover.notices, 0);
        assert_int_equal(world->readers[i].viewer.mode, VIEWER_LIVE);
    }
}

static void who_says_later_who_they_are_is_told_then(void **state)
{
    struct world *world = *state;
    struct join sparse = world_plain(0);
    sparse.lane = LANE_CONTROL;
    struct fake_reader *live = world_reader(world);
    struct fake_reader *waiting = world_join(world, 1, &sparse);
    world_pass(world, 1000);
    world->engine.warned_user = EVE;
    recognize(live, EVE);
    recognize(waiting, EVE);
    struct fake_reader *opening = world_join(world, 2, &sparse);
    recognize(opening, EVE);
    world_pass(world, 1000);
    assert_int_equal(live->prover.notices, 1);
    assert_int_equal(waiting->prover.notices, 1);
    assert_int_equal(opening->prover.notices, 1);
    recognize(live, ANN);
    world_commit_many(world, 5);
    world_pass(world, 1000);
    assert_int_equal(live->prover.notices, 1);
    assert_int_equal(live->viewer.mode, VIEWER_LIVE);
    assert_int_equal(live->prover.last, fake_engine_head(&world->engine));
}

/* The answer finds them gone, or somebody else. */
static void who_is_gone_when_the_answer_comes_is_not_told(void **state)
{
    struct world *world = *state;
    const struct join join = as(EVE);
    world->engine.warned_user = EVE;
    struct fake_reader *gone = world_join(world, 0, &join);
    struct fake_reader *other = world_join(world, 1, &join);
    while (world->engine.warnings < 2) {
        (void)fake_engine_step(&world->engine);
        world_turn(world);
    }
    fake_reader_leave(gone);
    recognize(other, LIKE_EVE);
    world_pass(world, 1000);
    assert_int_equal(other->prover.notices, 0);
    assert_int_equal(other->viewer.mode, VIEWER_LIVE);
}

static void who_cannot_be_told_goes_on(void **state)
{
    struct world *world = *state;
    const struct join join = as(EVE);
    (void)world_reader(world); // so that the stream is open
    world->engine.warned_user = EVE;
    world->engine.fails = true;
    struct fake_reader *reader = world_join(world, 1, &join);
    world_rest(world);
    world->engine.fails = false;
    world_commit_many(world, 5);
    world_pass(world, 5000);
    assert_int_equal(reader->prover.notices, 0);
    assert_int_equal(metric_value(&world->hub->tally.notices_lost), 1);
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
    assert_int_equal(reader->prover.last, fake_engine_head(&world->engine));
}

static void who_is_slow_is_told_when_there_is_room(void **state)
{
    struct world *world = *state;
    const struct join join = as(EVE);
    world->engine.warned_user = EVE;
    world->readers[0].room = 10;
    struct fake_reader *reader = world_join(world, 0, &join);
    world_pass(world, 1000);
    assert_true(reader->viewer.blocked);
    assert_int_equal(reader->prover.notices, 0);
    fake_reader_allow(reader, UINT32_MAX);
    world_pass(world, 1000);
    assert_int_equal(reader->prover.notices, 1);
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
}

/* Of many only so many are told at once: behind the end of one it is asked which are left. */
static void who_is_told_that_one_is_over_is_told_what_is_left(void **state)
{
    struct world *world = *state;
    const struct join join = as(EVE), ann = as(ANN);
    const struct fake_notice over = {.user = EVE, .ends_warning = true};
    const struct fake_notice everywhere = {.user = EVE, .ends_warning = true, .is_of_all = true};
    world->engine.warned_user = EVE;
    struct fake_reader *live = world_join(world, 0, &join);
    struct fake_reader *other = world_join(world, 1, &ann);
    world_pass(world, 1000);
    assert_int_equal(live->prover.notices, 1);
    fake_engine_notice(&world->engine, &over);
    world_pass(world, 1000);
    assert_int_equal(live->prover.notices, 3);
    world->engine.warned_user = 0; // the last one ends
    fake_engine_notice(&world->engine, &everywhere);
    world_pass(world, 1000);
    assert_int_equal(live->prover.notices, 4);
    assert_non_null(strstr(live->prover.last_signal, "\"type\":\"unwarned\",\"stream\":\"demo\""));
    assert_int_equal(world->engine.warnings, 2);
    assert_int_equal(live->viewer.mode, VIEWER_LIVE);
    assert_int_equal(other->prover.notices, 0);
}

/* While its connection opens, and while it was asked before that ended. */
static void who_comes_as_one_ends_is_told_of_it_behind_hello(void **state)
{
    struct world *world = *state;
    const struct join join = as(EVE);
    const struct fake_notice everywhere = {.user = EVE, .ends_warning = true, .is_of_all = true};
    (void)world_reader(world); // so that the stream is open
    world->engine.warned_user = EVE;
    struct fake_reader *opening = world_join(world, 1, &join);
    fake_engine_notice(&world->engine, &everywhere);
    world_pass(world, 1000);
    assert_int_equal(opening->prover.hellos, 1);
    assert_int_equal(opening->prover.notices, 2);
    struct fake_reader *asked = world_join(world, 2, &join);
    const uint32_t before = world->engine.warnings;
    while (world->engine.warnings == before) {
        (void)fake_engine_step(&world->engine);
        world_turn(world);
    }
    world->engine.warned_user = 0;
    fake_engine_notice(&world->engine, &everywhere);
    world_pass(world, 1000);
    assert_non_null(strstr(asked->prover.last_signal, "unwarned"));
    assert_int_equal(asked->viewer.mode, VIEWER_LIVE);
}

/* Of `many` strangers, and of who reads here two, the newer one last. */
static void end_warnings(struct world *world, uint32_t many, bool is_of_all)
{
    static struct notice *notices[UINT8_MAX];
    static const uint64_t readers[] = {EVE, ANN, EVE, ANN};
    struct map_node *node = map_find(&world->hub->streams, STR("demo"));
    char json[100];
    assert_in_range(many, 4, UINT8_MAX);
    for (uint32_t i = 0; i < many; i++) {
        const uint64_t user = i < many - 4 ? 1000 + i : readers[i + 4 - many];
        snprintf(json, sizeof(json), "%s\"for\":%u,\"moderators\":0,\"n\":%u}",
                 is_of_all ? "" : "{\"type\":\"unwarned\",\"stream\":\"demo\",", (unsigned)user,
                 (unsigned)i);
        notices[i] = notice_new(str_of(json));
        assert_non_null(notices[i]);
        notices[i]->user_hash = user;
        notices[i]->ends_warning = true;
        notices[i]->is_of_all = is_of_all;
    }
    herald_take(map_entry(node, struct stream, node), notices, many);
    for (uint32_t i = 0; i < many; i++) {
        notice_unref(notices[i]);
    }
}

static void of_thousands_each_viewer_is_looked_at_once(void **state)
{
    enum { MANY = 200, WALKS = 4 };
    struct world *world = *state;
    const struct join join = as(EVE), ann = as(ANN);
    struct fake_reader *eve = world_join(world, 0, &join);
    struct fake_reader *other = world_join(world, 1, &ann);
    (void)world_join(world, 2, &ann);
    world_pass(world, 1000);
    for (uint32_t round = 1; round <= 2; round++) {
        const uint64_t before = fake_reader_users_asked();
        end_warnings(world, MANY, round == 2);
        assert_in_range(fake_reader_users_asked() - before, 3, 3 * WALKS);
        world_pass(world, 1000);
        assert_int_equal(eve->prover.notices, 2 * round);
        assert_int_equal(other->prover.notices, 2 * round);
        assert_non_null(strstr(eve->prover.last_signal, "\"n\":198"));
        assert_int_equal(eve->viewer.mode, VIEWER_LIVE);
    }
    assert_int_equal(metric_value(&world->hub->tally.notices_lost), 0);
}

/* One walk for each is better than that nobody is told. */
static void without_memory_for_that_they_are_told_all_the_same(void **state)
{
    struct world *world = *state;
    const struct join join = as(EVE);
    struct fake_reader *eve = world_join(world, 0, &join);
    world_pass(world, 1000);
    const uint64_t before = eve->prover.notices;
    mem_fail_after(4 + 1); // behind those of the notices themselves
    end_warnings(world, 4, false);
    assert_false(mem_fail_is_due());
    world_pass(world, 1000);
    assert_int_equal(eve->prover.notices, before + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_warned_is_told_whenever_they_come),
        TEST(nobody_else_is_told_or_asked_for),
        TEST(who_says_later_who_they_are_is_told_then),
        TEST(who_is_gone_when_the_answer_comes_is_not_told),
        TEST(who_cannot_be_told_goes_on),
        TEST(who_is_slow_is_told_when_there_is_room),
        TEST(who_is_told_that_one_is_over_is_told_what_is_left),
        TEST(who_comes_as_one_ends_is_told_of_it_behind_hello),
        TEST(of_thousands_each_viewer_is_looked_at_once),
        TEST(without_memory_for_that_they_are_told_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
