// SPDX-License-Identifier: Apache-2.0
/* What who moderates is told and nobody else: who did it, and notices of acts. The prover looks for
 * `by` in every frame, where it has to be and where it must not. */
#include "hub/staff.h"

#include "hub/hub.h"
#include "hub/viewer.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { BYTES = 200, NOTICES_PER_S = 3 };

static int begin(void **state)
{
    return world_begin_with(
        state, (struct hub_options){.ring_bytes_max = 4096, .notices_per_s = NOTICES_PER_S});
}

static struct join as_moderator(uint64_t user)
{
    struct join join = world_plain(0);
    join.user = user;
    join.moderates = true;
    return join;
}

/* Acts of every way to be told: live, early, after a hole, in a digest. */
static void acts_say_who_did_them_to_who_moderates(void **state)
{
    struct world *world = *state;
    const struct join plain = world_plain(0);
    struct join join = as_moderator(1);
    struct fake_reader *anybody = world_join(world, 0, &plain);
    struct fake_reader *moderator = world_join(world, 1, &join);
    join.user = 2;
    join.lane = LANE_DIGEST;
    struct fake_reader *digest = world_join(world, 2, &join);
    world_rest(world);
    fake_reader_allow(moderator, 10);
    for (int i = 0; i < 5; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_pass(world, 1000);
    fake_engine_retract_seq(&world->engine, fake_engine_head(&world->engine), world->now_ms);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_pass(world, 1000);
    fake_reader_allow(moderator, UINT32_MAX);
    world_pass(world, 5000);
    assert_int_equal(moderator->prover.earlies, 2);
    assert_int_equal(moderator->prover.events, 7);
    assert_int_equal(anybody->prover.events, 7);
    assert_int_equal(digest->prover.earlies, 2);
    assert_true(digest->prover.digests >= 1);
    assert_int_equal(anybody->viewer.mode, VIEWER_LIVE);
    assert_true(staff_is(moderator->viewer.catchup));
}

static void who_moderates_is_shown_what_is_shadowed_of_theirs(void **state)
{
    struct world *world = *state;
    const struct join plain = world_plain(0);
    const struct join join = as_moderator(1);
    struct fake_reader *anybody = world_join(world, 0, &plain);
    struct fake_reader *moderator = world_join(world, 1, &join);
    world_rest(world);
    world->engine.shadowed_user = 1;
    while (fake_engine_head_of(&world->engine, 1) == fake_engine_head(&world->engine)) {
        fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    }
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_pass(world, 1000);
    assert_int_equal(moderator->prover.events, anybody->prover.events + 1);
}

/* It was sent to nobody yet: it waits in a page that the socket does not take. */
static void who_moderates_no_more_is_sent_none_of_what_waits(void **state)
{
    struct world *world = *state;
    const struct join join = as_moderator(1);
    struct fake_reader *reader = world_join(world, 0, &join);
    world_rest(world);
    fake_reader_allow(reader, 10);
    fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    world_pass(world, 1000);
    assert_true(reader->viewer.blocked);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    fake_engine_set(&world->engine, "\"slow\":6", world->now_ms);
    world_pass(world, 1000);
    fake_reader_allow(reader, 20); // a page of two copies is begun
    world_pass(world, 1000);
    fake_engine_notice(&world->engine, &(struct fake_notice){.to_moderators = true});
    world_pass(world, 1000);
    assert_true(reader->viewer.blocked && reader->prover.earlies == 1);
    assert_int_equal(reader->viewer.catchup->page.count, 3);
    assert_int_equal(viewer_recognize(&reader->viewer, 1, false), ERR_OK);
    reader->prover.join.moderates = false;
    assert_int_equal(reader->viewer.catchup->page.count, 2);
    fake_reader_allow(reader, UINT32_MAX);
    fake_engine_set(&world->engine, "\"slow\":7", world->now_ms);
    fake_engine_notice(&world->engine, &(struct fake_notice){.to_moderators = true});
    world_pass(world, 1000);
    assert_int_equal(reader->prover.notices, 0);
    assert_int_equal(reader->prover.last, fake_engine_head(&world->engine));
    assert_int_equal(viewer_recognize(&reader->viewer, 1, true), ERR_OK);
    reader->prover.join.moderates = true;
    fake_engine_notice(&world->engine, &(struct fake_notice){.to_moderators = true});
    world_pass(world, 1000);
    assert_int_equal(reader->prover.notices, 1);
}

static void who_comes_to_moderate_is_told_from_then_on(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(0);
    join.user = 1;
    struct fake_reader *reader = world_join(world, 0, &join);
    world_rest(world);
    world_pass(world, 1000);
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_pass(world, 1000);
    assert_int_equal(viewer_recognize(&reader->viewer, 1, true), ERR_OK);
    reader->prover.join.moderates = true;
    fake_engine_set(&world->engine, "\"slow\":6", world->now_ms);
    fake_engine_notice(&world->engine, &(struct fake_notice){.to_moderators = true});
    world_pass(world, 1000);
    assert_int_equal(reader->prover.events, 2);
    assert_int_equal(reader->prover.notices, 1);
}

/* Without an event to go with: at once. */
static void a_notice_does_not_wait_for_an_event(void **state)
{
    struct world *world = *state;
    const struct join join = as_moderator(1);
    struct fake_reader *reader = world_join(world, 0, &join);
    world_rest(world);
    world_pass(world, 1000);
    fake_engine_notice(&world->engine, &(struct fake_notice){.to_moderators = true});
    world_rest(world);
    assert_int_equal(reader->prover.notices, 1);
}

static void nobody_is_told_what_is_hidden_from_them(void **state)
{
    struct world *world = *state;
    const struct join one = as_moderator(1), two = as_moderator(2);
    struct fake_reader *first = world_join(world, 0, &one);
    struct fake_reader *second = world_join(world, 1, &two);
    world_rest(world);
    const struct fake_notice told = {.to_moderators = true, .hidden_from = 1};
    fake_engine_notice(&world->engine, &told);
    world_rest(world);
    assert_int_equal(first->prover.notices, 0);
    assert_int_equal(second->prover.notices, 1);
}

static void of_many_by_rules_the_number_is_told(void **state)
{
    struct world *world = *state;
    const struct join join = as_moderator(1);
    struct join author = world_plain(0);
    author.user = 2;
    struct fake_reader *moderator = world_join(world, 0, &join);
    struct fake_reader *other = world_join(world, 1, &author);
    world_rest(world);
    const struct fake_notice told = {.user = 2, .to_moderators = true, .is_routine = true};
    for (int i = 0; i < 10; i++) {
        fake_engine_notice(&world->engine, &told);
    }
    world_rest(world);
    assert_int_equal(moderator->prover.notices, NOTICES_PER_S);
    assert_int_equal(other->prover.notices, 10); // theirs they are always told
    fake_engine_notice(&world->engine, &(struct fake_notice){.to_moderators = true});
    world_rest(world);
    assert_int_equal(moderator->prover.notices, NOTICES_PER_S + 1); // by a moderator
    assert_true(world->wish_ms <= world->now_ms + 1000);
    world_pass(world, 1000);
    assert_int_equal(moderator->prover.notices, NOTICES_PER_S + 2);
    assert_int_equal(moderator->prover.hushed, 10 - NOTICES_PER_S);
    assert_int_equal(metric_value(&world->hub->tally.notices_hushed), 10 - NOTICES_PER_S);
    fake_engine_notice(&world->engine, &told);
    world_pass(world, 2000);
    assert_int_equal(moderator->prover.notices, NOTICES_PER_S + 3);
    assert_int_equal(moderator->prover.hushed, 10 - NOTICES_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, world_end)
        EACH(acts_say_who_did_them_to_who_moderates),
        EACH(who_moderates_is_shown_what_is_shadowed_of_theirs),
        EACH(who_moderates_no_more_is_sent_none_of_what_waits),
        EACH(who_comes_to_moderate_is_told_from_then_on),
        EACH(a_notice_does_not_wait_for_an_event),
        EACH(nobody_is_told_what_is_hidden_from_them),
        EACH(of_many_by_rules_the_number_is_told),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
