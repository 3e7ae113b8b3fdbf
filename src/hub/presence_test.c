// SPDX-License-Identifier: Apache-2.0
#include "hub/presence.h"

#include "base/must.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int begin_small(void **state)
{
    return world_begin_with(state, (struct hub_options){.ring_bytes_max = 4096, .people_max = 3});
}

static void answered(struct call *call)
{
    call->done = NULL;
}

static struct presence_call ask_from(struct world *world, uint64_t address, uint64_t identity,
                                     bool hidden)
{
    struct presence_call call = {.call.home = &world->home.home,
                                 .call.done = answered,
                                 .stream = STR("demo"),
                                 .identity = identity,
                                 .address = address,
                                 .hidden = hidden,
                                 .name = identity == 0 ? STR_NONE : STR("Bo")};
    hub_presence(world->hub, &call);
    world_rest(world);
    must(call.call.done == NULL);
    presence_call_done(&call);
    return call;
}

static struct presence_call ask(struct world *world, uint64_t identity, bool hidden)
{
    return ask_from(world, 0, identity, hidden);
}

static void one_user_on_three_screens_is_one_viewer(void **state)
{
    struct world *world = *state;
    struct join one = world_plain(0), other = world_plain(0);
    one.identity = 11;
    one.name = STR("Ann");
    other.identity = 12;
    struct fake_reader *first = world_join(world, 0, &one);
    (void)world_join(world, 1, &one);
    (void)world_join(world, 2, &one);
    (void)world_join(world, 3, &other);
    world_rest(world);
    world_pass(world, 1000);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    assert_int_equal(first->prover.viewers_told, 2);
    fake_reader_leave(&world->readers[1]);
    fake_reader_leave(&world->readers[2]);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    viewer_beats(world->hub, &world->readers[3].viewer, false);
    world_pass(world, 1000);
    assert_int_equal(ask(world, 0, false).viewers, 1);
    assert_int_equal(first->prover.viewers_told, 1);
    assert_int_equal(ask(world, 0, false).roster_count, 0); // given back already
}

static void soles_are_counted_one_by_one(void **state)
{
    struct world *world = *state;
    struct join sole = world_plain(0);
    sole.identity = IDENTITY_SOLE;
    (void)world_join(world, 0, &sole);
    (void)world_join(world, 1, &sole);
    (void)world_join(world, 2, &sole);
    world_rest(world);
    assert_int_equal(ask(world, 0, false).viewers, 3);
    assert_int_equal(world->hub->people, 0); // it costs nothing
    viewer_beats(world->hub, &world->readers[1].viewer, false);
    world_rest(world);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    viewer_beats(world->hub, &world->readers[1].viewer, true);
    fake_reader_leave(&world->readers[2]);
    world_rest(world);
    assert_int_equal(ask(world, 0, false).viewers, 2);
}

/* What asks next must not find it twice. */
static void a_sole_that_beats_is_somebody(void **state)
{
    struct world *world = *state;
    struct join sole = world_plain(0);
    sole.identity = IDENTITY_SOLE;
    struct fake_reader *reader = world_join(world, 0, &sole);
    world_rest(world);
    viewer_identify(world->hub, &reader->viewer, 31);
    const struct presence_call beat = ask(world, 31, true);
    assert_int_equal(beat.viewers, 1);
    assert_int_equal(beat.hidden_count, 1);
    assert_int_equal(world->hub->people, 1);
    fake_reader_leave(reader);
    world_pass(world, WORLD_TTL_MS);
    assert_int_equal(ask(world, 0, false).viewers, 0);
}

static void a_beat_lasts_for_its_ttl(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, 21, false).viewers, 1);
    const struct presence_call hidden = ask(world, 22, true);
    assert_int_equal(hidden.viewers, 2);
    assert_int_equal(hidden.hidden_count, 1);
    assert_int_equal(hidden.watching, 1);
    assert_int_equal(hidden.next_ms, 10000);
    assert_int_equal(ask(world, 21, true).hidden_count, 2);
    assert_int_equal(ask(world, 21, false).hidden_count, 1);
    world_pass(world, WORLD_TTL_MS - 1);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    world_pass(world, 1);
    assert_int_equal(ask(world, 0, false).viewers, 0);
}

static void presence_is_told_at_most_once_a_second(void **state)
{
    struct world *world = *state;
    struct join one = world_plain(0);
    one.identity = 1;
    const struct fake_reader *first = world_join(world, 0, &one);
    world_rest(world);
    const uint64_t before = first->prover.presences;
    for (uint64_t i = 0; i < 40; i++) {
        (void)ask(world, 100 + i, false);
        world_pass(world, 50);
    }
    assert_true(first->prover.presences - before >= 2 && first->prover.presences - before <= 3);
    world_pass(world, 1000);
    assert_int_equal(first->prover.viewers_told, 41);
}

/* Who beats holds no connection: without a bound, names made up cost memory for a TTL each. */
static void those_who_only_beat_have_a_bound(void **state)
{
    struct world *world = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(ask(world, i, false).beat, BEAT_TAKEN);
    }
    const struct presence_call one_more = ask(world, 4, false);
    assert_int_equal(one_more.beat, BEAT_FULL);
    assert_int_equal(one_more.viewers, 3);
    assert_int_equal(ask(world, 3, true).beat, BEAT_TAKEN); // who is counted goes on
    struct join open = world_plain(0), poll = world_plain(0);
    open.identity = 5;
    poll.identity = 6;
    poll.encoding = NULL;
    (void)world_join(world, 0, &open);
    (void)world_join(world, 1, &poll);
    world_pass(world, 100);
    assert_int_equal(ask(world, 0, false).viewers, 4); // a connection is bounded elsewhere
    world_pass(world, WORLD_TTL_MS);
    assert_int_equal(ask(world, 4, false).beat, BEAT_TAKEN);
}

static int begin_with_addresses(void **state)
{
    return world_begin_with(state,
                            (struct hub_options){.ring_bytes_max = 4096, .people_address_max = 2});
}

static void poll_from(struct world *world, int reader, uint64_t address, uint64_t identity)
{
    struct join poll = world_plain(0);
    poll.identity = identity;
    poll.address = address;
    poll.encoding = NULL;
    (void)world_join(world, reader, &poll);
    world_rest(world);
}

static void an_address_makes_up_so_many(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask_from(world, 7, 1, false).beat, BEAT_TAKEN);
    poll_from(world, 0, 7, 2);
    assert_int_equal(ask_from(world, 7, 3, false).beat, BEAT_FULL_ADDRESS);
    poll_from(world, 1, 7, 4);
    assert_int_equal(ask(world, 0, false).viewers, 2);              // nor by a poll
    assert_int_equal(ask_from(world, 7, 1, true).beat, BEAT_TAKEN); // who is counted goes on
    assert_int_equal(ask_from(world, 8, 3, false).beat, BEAT_TAKEN);
    assert_int_equal(ask(world, 5, false).beat, BEAT_TAKEN); // of a trusted one, as many as beat
    world_pass(world, WORLD_TTL_MS);
    assert_int_equal(world->hub->sources.count, 0);
    assert_int_equal(ask_from(world, 7, 3, false).beat, BEAT_TAKEN);
}

/* Else who connects, beats and goes would be counted by nobody. */
static void who_is_connected_counts_from_its_first_beat_on(void **state)
{
    struct world *world = *state;
    struct join open = world_plain(0);
    for (uint64_t i = 0; i < 3; i++) {
        open.identity = 1 + i;
        (void)world_join(world, (int)i, &open);
    }
    world_rest(world);
    assert_int_equal(ask_from(world, 7, 1, false).beat, BEAT_TAKEN);
    assert_int_equal(ask_from(world, 7, 2, false).beat, BEAT_TAKEN);
    assert_int_equal(ask_from(world, 7, 3, false).beat, BEAT_FULL_ADDRESS);
    assert_int_equal(ask(world, 0, false).viewers, 3); // its connection still counts
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_user_on_three_screens_is_one_viewer),
        CASE(soles_are_counted_one_by_one),
        CASE(a_sole_that_beats_is_somebody),
        CASE(a_beat_lasts_for_its_ttl),
        CASE(presence_is_told_at_most_once_a_second),
        cmocka_unit_test_setup_teardown(those_who_only_beat_have_a_bound, begin_small, world_end),
        cmocka_unit_test_setup_teardown(an_address_makes_up_so_many, begin_with_addresses,
                                        world_end),
        cmocka_unit_test_setup_teardown(who_is_connected_counts_from_its_first_beat_on,
                                        begin_with_addresses, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
