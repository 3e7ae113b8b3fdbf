// SPDX-License-Identifier: Apache-2.0
#include "hub/redact.h"

#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { BYTES = 200, EACH = 6, ROW = 4 };

static struct stream *stream_of(const struct world *world)
{
    return map_entry(map_find(&world->hub->streams, STR("demo")), struct stream, node);
}

/* One is read here, so that the tail holds what follows. */
static struct stream *begin(struct world *world)
{
    const struct join live = world_plain(0);
    (void)world_join(world, 0, &live);
    world_rest(world);
    for (int i = 0; i < EACH * FAKE_USERS; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_rest(world);
    return stream_of(world);
}

static uint32_t texts(const struct stream *stream)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < stream->tail.count; i++) {
        count += stream->tail.events[stream->tail.start + i]->kind == EVENT_COMMENT;
    }
    return count;
}

static struct event *retract(uint64_t seq, uint64_t prev, const char *body, const char *staff)
{
    struct event *event = event_new_with_staff(str_of(body), str_of(staff));
    assert_non_null(event);
    event->kind = EVENT_RETRACT;
    event->seq = seq;
    event->prev = prev;
    return event;
}

/* How many of these took effect in one go, the first of them and all. */
static uint32_t apply(struct stream *stream, struct event *events[ROW])
{
    uint32_t count = 0;
    assert_int_equal(redact_apply(stream, events, ROW, &count), ERR_OK);
    assert_int_equal(stream->retracted, events[count - 1]->seq);
    for (uint32_t i = 0; i < ROW; i++) {
        event_unref(events[i]);
    }
    return count;
}

#define OF(user) "\"user_id\":\"" user "\",\"upto\":9007199254740991"

static void retracts_in_a_row_take_effect_in_one_go(void **state)
{
    struct stream *stream = begin(*state);
    const uint64_t at = stream->newest + 1;
    assert_int_equal(texts(stream), EACH * FAKE_USERS);
    struct event *events[ROW] = {retract(at, at - 1, OF("u1"), "\"act\":\"a7\""),
                                 retract(at + 1, at, OF("u2"), "\"act\":\"a7\""),
                                 retract(at + 2, at + 1, OF("u3"), "\"act\":\"a7\""),
                                 retract(at + 3, at + 2, OF("u4"), "\"act\":\"a7\"")};
    assert_int_equal(apply(stream, events), ROW);
    assert_int_equal(texts(stream), 0);
    assert_int_equal(stream->exposure.lost.comments, EACH * FAKE_USERS);
}

static void those_of_another_act_are_another_go(void **state)
{
    struct stream *stream = begin(*state);
    const uint64_t at = stream->newest + 1;
    struct event *events[ROW] = {retract(at, at - 1, OF("u1"), "\"act\":\"a7\""),
                                 retract(at + 1, at, OF("u2"), "\"act\":\"a7\""),
                                 retract(at + 2, at + 1, OF("u3"), "\"act\":\"a8\""),
                                 retract(at + 3, at + 2, OF("u4"), "\"act\":\"a8\"")};
    assert_int_equal(apply(stream, events), 2);
    assert_in_range(texts(stream), 1, EACH * FAKE_USERS - 1);
}

/* Retention took what stood there. */
static void those_behind_a_hole_are_another_go(void **state)
{
    struct stream *stream = begin(*state);
    const uint64_t at = stream->newest + 1;
    struct event *events[ROW] = {
        retract(at, at - 1, OF("u1"), ""), retract(at + 1, at, OF("u2"), ""),
        retract(at + 9, at + 8, OF("u3"), ""), retract(at + 10, at + 9, OF("u4"), "")};
    assert_int_equal(apply(stream, events), 2);
}

static void those_that_name_places_and_those_that_name_users_do_not_mix(void **state)
{
    struct stream *stream = begin(*state);
    const uint64_t at = stream->newest + 1;
    struct event *events[ROW] = {
        retract(at, at - 1, "\"seqs\":[2]", ""), retract(at + 1, at, "\"seqs\":[1,3]", ""),
        retract(at + 2, at + 1, OF("u3"), ""), retract(at + 3, at + 2, OF("u4"), "")};
    assert_int_equal(apply(stream, events), 2);
}

static void one_that_names_nothing_stands_alone(void **state)
{
    struct stream *stream = begin(*state);
    const uint64_t at = stream->newest + 1;
    struct event *events[ROW] = {
        retract(at, at - 1, OF("u1"), ""), retract(at + 1, at, "\"what\":1", ""),
        retract(at + 2, at + 1, OF("u3"), ""), retract(at + 3, at + 2, OF("u4"), "")};
    assert_int_equal(apply(stream, events), 1);
    struct event *rest[ROW] = {
        retract(at + 1, at, "\"what\":1", ""), retract(at + 2, at + 1, OF("u3"), ""),
        retract(at + 3, at + 2, OF("u4"), ""), retract(at + 4, at + 3, OF("u2"), "")};
    assert_int_equal(apply(stream, rest), 1);
}

/* What came between them is there still, and who reads is told each. */
static void a_purge_of_all_who_wrote_leaves_what_they_write_then(void **state)
{
    static const struct str users[FAKE_USERS] = {STR("u1"), STR("u2"), STR("u3"), STR("u4")};
    struct world *world = *state;
    struct stream *stream = begin(world);
    const uint64_t before = world->readers[0].prover.events;
    fake_engine_purge(&world->engine, users, FAKE_USERS, world->now_ms);
    for (int i = 0; i < EACH; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_pass(world, 1000);
    assert_int_equal(texts(stream), EACH);
    assert_int_equal(world->readers[0].prover.events, before + FAKE_USERS + EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ROW_TEST(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)
        ROW_TEST(retracts_in_a_row_take_effect_in_one_go),
        ROW_TEST(those_of_another_act_are_another_go),
        ROW_TEST(those_behind_a_hole_are_another_go),
        ROW_TEST(those_that_name_places_and_those_that_name_users_do_not_mix),
        ROW_TEST(one_that_names_nothing_stands_alone),
        ROW_TEST(a_purge_of_all_who_wrote_leaves_what_they_write_then),
#undef ROW_TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
