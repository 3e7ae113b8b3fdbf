// SPDX-License-Identifier: Apache-2.0
/* What the hub makes of acts of moderation: hello's facts, early copies, notices. */
#include "hub/hub.h"

#include "hub/heart.h"
#include "hub/pursuit.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BYTES = 200 };

static void hello_says_slow_mode_modes_and_pins(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    fake_engine_commit_sized(&world->engine, EVENT_COMMENT, 0, BYTES);
    const uint64_t seq = fake_engine_head(&world->engine);
    struct fake_reader *first = world_join(world, 0, &live);
    world_rest(world);
    assert_non_null(strstr(first->prover.first_signal, "\"slow\":0,\"modes\":[],\"pins\":[]"));
    fake_engine_set(&world->engine, "\"slow\":30,\"modes\":[\"unique\"],\"shield\":false", 0);
    fake_engine_pin(&world->engine, seq, 0);
    world_pass(world, 1000);
    struct fake_reader *late = world_join(world, 1, &live);
    world_rest(world);
    assert_non_null(strstr(late->prover.first_signal,
                           "\"slow\":30,\"modes\":[\"unique\"],\"pins\":["
                           "{\"type\":\"comment\",\"stream\":"));
    fake_engine_retract_seq(&world->engine, seq, 0);
    world_pass(world, 1000);
    struct fake_reader *last = world_join(world, 2, &live);
    world_rest(world);
    assert_non_null(strstr(last->prover.first_signal, "\"pins\":[{\"type\":\"removed\""));
}

/* What comes between the answer of the watch and that of the first read is in neither. */
static void what_is_removed_while_a_stream_opens_is_no_pin_of_hello(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    fake_engine_commit_sized(&world->engine, EVENT_COMMENT, 0, BYTES);
    const uint64_t seq = fake_engine_head(&world->engine);
    fake_engine_pin(&world->engine, seq, 0);
    struct fake_reader *first = world_join(world, 0, &live);
    world->engine.stalls = true;
    world_turn(world);
    while (fake_engine_step(&world->engine)) { // the watch
        world_turn(world);
    }
    assert_int_equal(world->engine.loose_count, 1); // the read
    fake_engine_retract_seq(&world->engine, seq, 0);
    fake_engine_set(&world->engine, "\"slow\":7,\"modes\":[]", 0);
    world->engine.stalls = false;
    world_rest(world);
    assert_non_null(strstr(first->prover.first_signal, "\"slow\":7"));
    assert_non_null(strstr(first->prover.first_signal, "\"pins\":[{\"type\":\"removed\""));
}

static void an_act_waits_for_no_window(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    world_pass(world, 1000);
    world_commit_many(world, 1);
    world_turn(world);
    world->now_ms += 10;
    world_commit_many(world, 1);
    world_turn(world);
    world->now_ms += 10;
    world_commit_many(world, 3);
    world_turn(world);
    assert_int_equal(reader->prover.events, 2); // they gather
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_turn(world);
    assert_int_equal(reader->prover.events, 6);
}

/* It takes no more while five comments come. */
static void fall_behind(struct world *world, struct fake_reader *reader)
{
    fake_reader_allow(reader, 10);
    for (int i = 0; i < 5; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
}

static void who_was_blocked_is_sent_acts_ahead_of_comments(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    fall_behind(world, reader);
    world_pass(world, 1000);
    assert_true(reader->viewer.blocked);
    const uint64_t before = reader->prover.events;
    fake_engine_retract_seq(&world->engine, fake_engine_head(&world->engine), world->now_ms);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_pass(world, 1000);
    assert_int_equal(reader->prover.earlies, 0);
    fake_reader_allow(reader, UINT32_MAX);
    world_rest(world);
    assert_int_equal(reader->prover.earlies, 2);
    assert_int_equal(reader->prover.early_after, before);
    assert_int_equal(reader->prover.last, fake_engine_head(&world->engine)); // and in order
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
}

static void copies_are_sent_once(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    fall_behind(world, reader);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_pass(world, 1000);
    fake_reader_allow(reader, 150); // the copy, and the beginning of a comment
    world_rest(world);
    assert_int_equal(reader->prover.earlies, 1);
    fake_reader_allow(reader, 150);
    world_rest(world);
    fake_reader_allow(reader, UINT32_MAX);
    world_rest(world);
    assert_int_equal(reader->prover.earlies, 1);
    assert_int_equal(reader->prover.last, fake_engine_head(&world->engine));
}

static void who_has_nothing_waiting_gets_an_act_once(void **state)
{
    struct world *world = *state;
    struct fake_reader *reader = world_reader(world);
    fake_reader_allow(reader, 10);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_pass(world, 1000);
    fake_reader_allow(reader, UINT32_MAX);
    world_rest(world);
    assert_int_equal(reader->prover.earlies, 0);
    assert_int_equal(reader->prover.events, 1);
}

static void a_notice_is_for_its_user_and_moderators(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(0);
    struct fake_reader *anybody = world_join(world, 0, &join);
    join.user = 1;
    struct fake_reader *author = world_join(world, 1, &join);
    join.user = 2;
    struct fake_reader *other = world_join(world, 2, &join);
    join.moderates = true;
    struct fake_reader *moderator = world_join(world, 3, &join);
    world_rest(world);
    world_pass(world, 1000);
    fake_engine_notice(&world->engine, &(struct fake_notice){.user = 1, .to_moderators = true});
    world_rest(world);
    assert_int_equal(anybody->prover.notices, 0);
    assert_int_equal(author->prover.notices, 1);
    assert_int_equal(other->prover.notices, 0);
    assert_int_equal(moderator->prover.notices, 1);
    assert_int_equal(author->viewer.mode, VIEWER_LIVE);
    fake_engine_notice(&world->engine, &(struct fake_notice){.user = 1});
    world_rest(world);
    assert_int_equal(author->prover.notices, 2);
    assert_int_equal(moderator->prover.notices, 1);
    world_commit_many(world, 2);
    world_pass(world, 1000);
    assert_int_equal(author->prover.events, 2);
}

/* It comes between who asks and hello: behind that it is told, once. */
static void who_opens_only_now_is_told_what_is_theirs(void **state)
{
    struct world *world = *state;
    struct join live = world_plain(0);
    (void)world_join(world, 0, &live); // so that the stream is followed
    world_rest(world);
    live.user = 1;
    struct fake_reader *author = world_join(world, 1, &live);
    struct fake_reader *leaver = world_join(world, 2, &live);
    live.user = 2;
    struct fake_reader *other = world_join(world, 3, &live);
    for (int i = 0; i < CATCHUP_NOTICES_MAX + 1; i++) {
        fake_engine_notice(&world->engine, &(struct fake_notice){.user = 1});
    }
    while (fake_home_open_one(&world->home)) {
    }
    assert_false(author->is_open);
    fake_reader_leave(leaver);
    world_rest(world);
    assert_non_null(strstr(author->prover.first_signal, "\"type\":\"hello\""));
    assert_int_equal(author->prover.notices, CATCHUP_NOTICES_MAX);
    assert_int_equal(other->prover.notices, 0);
    assert_int_equal(author->viewer.mode, VIEWER_LIVE);
}

static void a_shadowed_comment_is_its_authors_alone(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(50);
    struct fake_reader *anybody = world_join(world, 0, &join);
    join.user = 1;
    struct fake_reader *author = world_join(world, 1, &join);
    world_rest(world);
    world_commit_many(world, 3);
    world_pass(world, 1000);
    const uint64_t hellos = author->prover.hellos;
    uint64_t shown = author->prover.events, hidden = 0;
    assert_int_equal(author->viewer.mode, VIEWER_LIVE);
    world->engine.shadowed_user = 1;
    for (int i = 0; i < 10; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
        hidden += (world->engine.log[world->engine.count - 1]->flags & EVENT_FLAG_SHADOW) != 0;
    }
    world_pass(world, 1000);
    assert_true(hidden > 0);
    assert_int_equal(author->prover.events, shown + 10);
    assert_int_equal(anybody->prover.events, shown + 10 - hidden);
    assert_int_equal(author->prover.hellos, hellos);
    assert_int_equal(author->prover.gaps, 0);
    struct fake_reader *again = world_join(world, 2, &join); // on another screen
    world_rest(world);
    assert_int_equal(again->prover.events, 13);
}

static void a_poll_that_waits_has_the_first_that_is_its_authors_alone(void **state)
{
    struct world *world = *state;
    const struct event *newest = NULL;
    struct fake_reader *author = NULL;
    world->engine.shadowed_user = 1;
    do {
        struct join join = world_after(fake_engine_head(&world->engine), 50);
        join.encoding = NULL;
        join.limit = 50;
        join.lane = LANE_READABLE;
        join.user = 1;
        author = world_join(world, 0, &join);
        world_pass(world, 1000);
        assert_true(author->joined); // it waits
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
        newest = world->engine.log[world->engine.count - 1];
        world_pass(world, 1000);
        assert_int_equal(author->prover.collects, 1);
    } while ((newest->flags & EVENT_FLAG_SHADOW) == 0);
    assert_int_equal(author->viewer.last_seq, newest->seq);
}

/* So many that the first read at opening finds nothing else. */
static void an_author_who_comes_behind_much_that_is_hidden_has_their_own(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 3);
    world->engine.shadowed_user = FAKE_USERS + 1; // who writes what is short
    fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 10);
    const uint64_t theirs = fake_engine_head_of(&world->engine, READ_VIEW_ALL);
    struct join join = world_after(theirs, 500);
    join.user = FAKE_USERS + 1;
    for (int i = 0; i < 2 * STREAM_PRIME_EVENTS; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 10);
    }
    struct fake_reader *author = world_join(world, 0, &join);
    world_rest(world);
    assert_int_equal(author->prover.events, 2 * STREAM_PRIME_EVENTS);
}

/* The log has nothing older than the first that everybody is shown, but much that is hidden. */
static void an_author_whose_first_are_older_than_what_is_held_has_them(void **state)
{
    enum { THEIRS = STREAM_PRIME_EVENTS + 10 };
    struct world *world = *state;
    world->engine.shadowed_user = FAKE_USERS + 1; // who writes what is short
    for (int i = 0; i < THEIRS; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 10);
    }
    fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    struct join join = world_plain(50); // a backfill for which the hub looks for older ones
    struct fake_reader *anybody = world_join(world, 0, &join);
    world_rest(world);
    assert_int_equal(anybody->prover.events, 1);
    join = world_after(0, 50);
    join.user = FAKE_USERS + 1;
    struct fake_reader *author = world_join(world, 1, &join);
    world_rest(world);
    assert_int_equal(author->prover.events, THEIRS + 1);
}

/* What the first read ended behind is read with what stands before it. */
static void what_is_hidden_before_the_first_that_was_read_is_held(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 3);
    world->engine.shadowed_user = FAKE_USERS + 1; // who writes what is short
    for (int i = 0; i < 4; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 10);
    }
    for (int i = 0; i < STREAM_PRIME_EVENTS; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    struct join join = world_after(world->engine.log[4]->seq, 50);
    join.user = FAKE_USERS + 1;
    struct fake_reader *author = world_join(world, 0, &join);
    world_rest(world);
    assert_int_equal(author->prover.events, STREAM_PRIME_EVENTS + 2);
    assert_int_equal(world->engine.reads, 2); // for whoever comes
}

/* Up to where there is something, and nobody but its author is shown it. */
static uint64_t commit_hidden(struct world *world)
{
    world->engine.shadowed_user = 1;
    do {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    } while ((world->engine.log[world->engine.count - 1]->flags & EVENT_FLAG_SHADOW) == 0);
    world->engine.shadowed_user = 0;
    return fake_engine_head_of(&world->engine, READ_VIEW_ALL);
}

/* Who was shadowed and is not any more, or reads as somebody else now, has such a cursor. */
static void a_cursor_at_what_is_hidden_is_of_this_life(void **state)
{
    struct world *world = *state;
    const enum lane lanes[] = {LANE_FULL, LANE_READABLE};
    struct fake_reader *readers[2];
    world_commit_many(world, 3);
    const uint64_t hidden = commit_hidden(world);
    for (int i = 0; i < 2; i++) {
        struct join join = world_after(hidden, 50);
        join.lane = lanes[i];
        readers[i] = world_join(world, i, &join);
    }
    const struct join ahead = world_after(hidden + 1, 50);
    struct fake_reader *stranger = world_join(world, 2, &ahead);
    world_pass(world, 2000); // another second: a sparse lane has room
    world_commit_many(world, 2);
    world_pass(world, 3000);
    for (int i = 0; i < 2; i++) {
        assert_true(readers[i]->prover.resumed && !readers[i]->prover.resynced);
        assert_int_equal(readers[i]->prover.hello_seq, hidden);
        assert_int_equal(readers[i]->prover.hello_latest, hidden);
        assert_int_equal(readers[i]->prover.events, 2);
        assert_int_equal(readers[i]->viewer.mode, VIEWER_LIVE);
    }
    assert_true(stranger->prover.resynced);
}

/* What it is told that has no place, as who watches, does not put it back. */
static void who_stands_at_what_is_hidden_goes_on_there_in_another_lane(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 3);
    const uint64_t hidden = commit_hidden(world);
    for (int i = 0; i < 3; i++) {
        struct join join = i < 2 ? world_after(hidden, 50) : world_plain(50);
        join.identity = (uint64_t)i + 1;
        join.moderates = i == 1; // and reads apart
        join.user = i == 1 ? 7 : 0;
        (void)world_join(world, i, &join);
        world_pass(world, 2000);
    }
    assert_int_equal(world->readers[0].viewer.mode, VIEWER_LIVE);
    assert_int_equal(world->readers[1].viewer.mode, VIEWER_CATCHUP);
    assert_true(world->readers[0].prover.presences > 0);
    for (int i = 0; i < 2; i++) {
        fake_reader_change_lane(&world->readers[i], LANE_CONTROL);
    }
    world_rest(world);
    world_commit_many(world, 2);
    world_pass(world, 40000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(world->readers[i].prover.hellos, 2);
        assert_int_equal(world->readers[i].prover.hello_seq, hidden);
        assert_true(world->readers[i].prover.last > hidden);
    }
}

/* Who is shown all but that, and had it as somebody else. */
static struct fake_reader *join_at_hidden(struct world *world, int i, uint64_t user)
{
    struct join join = world_after(fake_engine_head_of(&world->engine, READ_VIEW_ALL), 50);
    join.user = user;
    join.identity = (uint64_t)i + 1;
    return world_join(world, i, &join);
}

static void who_stands_at_what_is_hidden_is_told_a_notice_and_goes_on(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 3);
    const uint64_t hidden = commit_hidden(world);
    struct fake_reader *reader = join_at_hidden(world, 0, 7);
    world_rest(world);
    fake_engine_notice(&world->engine, &(struct fake_notice){.user = 7});
    world_pass(world, 1000);
    assert_int_equal(reader->prover.notices, 1);
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
    assert_int_equal(reader->viewer.last_seq, hidden);
    fake_reader_change_lane(reader, LANE_READABLE);
    world_rest(world);
    fake_reader_change_lane(reader, LANE_FULL);
    world_rest(world);
    assert_int_equal(reader->prover.hellos, 3);
    assert_int_equal(reader->prover.hello_seq, hidden);
    world_commit_many(world, 1);
    world_pass(world, 1000);
    assert_int_equal(reader->prover.last, fake_engine_head(&world->engine));
}

/* It is somebody else until it says who it is, and its socket has taken nothing yet. */
static void who_turns_out_to_be_its_author_is_told_nothing_again(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 3);
    (void)commit_hidden(world);
    const uint64_t hidden = commit_hidden(world);
    world->readers[0].room = 0;
    struct fake_reader *author = join_at_hidden(world, 0, 0);
    world_rest(world);
    assert_int_equal(author->viewer.mode, VIEWER_CATCHUP);
    author->truth.view = author->prover.join.user = 1;
    assert_int_equal(viewer_recognize(&author->viewer, 1, false), ERR_OK);
    fake_reader_allow(author, UINT32_MAX);
    world_pass(world, 1000);
    assert_int_equal(author->prover.events, 0);
    assert_int_equal(author->prover.last, hidden);
    world_commit_many(world, 1);
    world_pass(world, 1000);
    assert_int_equal(author->prover.events, 1);
}

/* More of those than a ring holds. */
static void who_stands_at_what_is_hidden_misses_counts_of_viewers_and_stays(void **state)
{
    struct world *world = *state;
    const struct join plain = world_plain(0);
    world_commit_many(world, 3);
    const uint64_t hidden = commit_hidden(world);
    struct fake_reader *reader = join_at_hidden(world, 0, 0);
    world_rest(world);
    reader->room = 10; // ends within a frame, which it is sent to its end
    for (uint64_t i = 0; i < 200; i++) {
        struct join join = plain;
        join.identity = 2 + i;
        struct fake_reader *other = world_join(world, 1, &join);
        world_pass(world, 1100);
        fake_reader_leave(other);
        world_pass(world, 1100);
    }
    assert_true(reader->viewer.blocked);
    assert_true(reader->viewer.cursor < reader->viewer.channel->ring.tail);
    fake_reader_allow(reader, UINT32_MAX);
    world_pass(world, 1000);
    assert_int_equal(reader->viewer.last_seq, hidden);
    fake_reader_change_lane(reader, LANE_FULL);
    world_pass(world, 1000);
    assert_int_equal(reader->prover.hello_seq, hidden);
}

static void answered(struct call *call)
{
    (void)call;
}

static struct figures_call figures_of(struct world *world, uint64_t view)
{
    struct figures_call figures = {
        .call.home = &world->home.home, .call.done = answered, .stream = STR("demo"), .view = view};
    hub_figures(world->hub, &figures);
    world_rest(world);
    return figures;
}

/* Who is shadowed finds the numbers they would find if everybody had been sent theirs. */
static void figures_do_not_tell_who_is_shadowed(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(0);
    for (int i = 0; i < 3; i++) {
        (void)world_join(world, i, &join);
    }
    join.user = 1;
    (void)world_join(world, 3, &join);
    world_rest(world);
    world->engine.shadowed_user = 1;
    uint64_t hidden = 0, shown = 0;
    while (hidden == 0 || shown == 0) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
        world_pass(world, 100);
        const struct event *newest = world->engine.log[world->engine.count - 1];
        hidden += (newest->flags & EVENT_FLAG_SHADOW) != 0;
        shown += (newest->flags & EVENT_FLAG_SHADOW) == 0;
    }
    const struct figures_call all = figures_of(world, 0), other = figures_of(world, 2);
    const struct figures_call own = figures_of(world, 1);
    assert_int_equal(all.events, shown);
    assert_int_equal(all.deliveries, 4 * shown + hidden);
    assert_int_equal(other.events, all.events);
    assert_int_equal(other.deliveries, all.deliveries);
    assert_int_equal(own.events, shown + hidden);
    assert_int_equal(own.deliveries, 4 * (shown + hidden));
    assert_int_equal(own.on_time, own.on_time_of);
    assert_true(own.rate_in > all.rate_in);
    assert_true(own.rate_out > 4 * own.rate_in - 0.01 && own.rate_out < 4 * own.rate_in + 0.01);
}

/* An early copy is for a socket that does not take what waits: one sent for another reason would
 * tell a shadowed author that they read apart. */
static void acts_come_to_who_is_shadowed_as_to_all(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(0);
    struct fake_reader *anybody = world_join(world, 0, &join);
    join.user = 1;
    struct fake_reader *author = world_join(world, 1, &join);
    join.lane = LANE_READABLE;
    struct fake_reader *sparse = world_join(world, 2, &join);
    world_rest(world);
    world->engine.shadowed_user = 1;
    for (int i = 0; i < 20; i++) {
        for (int k = 0; k < 3; k++) { // they gather
            fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
            world_pass(world, 1);
        }
        fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
        world_pass(world, i % 2 == 0 ? 1 : 1000);
    }
    world_pass(world, 1000);
    assert_true(author->viewer.catchup != NULL && author->viewer.catchup->is_apart);
    assert_int_equal(anybody->prover.earlies, 0);
    assert_int_equal(author->prover.earlies, 0);
    assert_int_equal(sparse->prover.earlies, 0);
    assert_int_equal(author->prover.last, fake_engine_head_of(&world->engine, 1));
    fake_reader_allow(author, 10);
    for (int i = 0; i < 3; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
        world_pass(world, 1000);
    }
    fake_engine_set(&world->engine, "\"slow\":6", world->now_ms);
    world_pass(world, 1000);
    fake_reader_allow(author, UINT32_MAX);
    world_pass(world, 1000);
    assert_int_equal(author->prover.earlies, 1); // it was blocked
}

/* What is told to somebody alone comes first; an act that waits with comments is no later by it. */
static void a_notice_brings_no_copy_of_an_act(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(0);
    join.user = 1;
    struct fake_reader *reader = world_join(world, 0, &join);
    world_pass(world, 1000);
    for (int i = 0; i < 3; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    fake_engine_notice(&world->engine, &(struct fake_notice){.user = 1});
    world_pass(world, 1000);
    assert_int_equal(reader->prover.notices, 1);
    assert_int_equal(reader->prover.events, 4);
    assert_int_equal(reader->prover.earlies, 0);
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
}

static int begin_that_cuts(void **state)
{
    return world_begin_with(state,
                            (struct hub_options){.ring_bytes_max = 4096, .reach_cut_ms = 5000});
}

static void each_act_says_how_far_it_got_and_who_was_cut(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    (void)world_join(world, 0, &live);
    struct fake_reader *late = world_join(world, 1, &live);
    struct fake_reader *stuck = world_join(world, 2, &live);
    world_pass(world, 1000);
    fake_reader_allow(late, 10);
    fake_reader_allow(stuck, 10);
    for (int i = 0; i < 3; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_pass(world, 1000);
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    const uint64_t act = fake_engine_head(&world->engine);
    world_rest(world);
    struct reach_call reach = world_reach(world, act);
    assert_true(reach.known);
    assert_int_equal(reach.figures.viewers, 3);
    assert_int_equal(reach.figures.applied, 1);
    world_pass(world, 2000);
    fake_reader_allow(late, UINT32_MAX);
    world_rest(world);
    assert_int_equal(late->prover.earlies, 1);
    reach = world_reach(world, act); // early, and in order: once
    assert_int_equal(reach.figures.applied, 2);
    assert_int_equal(reach.figures.cut, 0);
    assert_true(reach.figures.p50_ms < 1000 && reach.figures.p95_ms >= 2000);
    world_pass(world, 3500);
    reach = world_reach(world, act);
    assert_int_equal(reach.figures.applied, 2);
    assert_int_equal(reach.figures.cut, 1);
    assert_true(stuck->was_cut && !late->was_cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)
        EACH(hello_says_slow_mode_modes_and_pins),
        EACH(what_is_removed_while_a_stream_opens_is_no_pin_of_hello),
        EACH(an_act_waits_for_no_window),
        EACH(who_was_blocked_is_sent_acts_ahead_of_comments),
        EACH(copies_are_sent_once),
        EACH(who_has_nothing_waiting_gets_an_act_once),
        EACH(a_notice_is_for_its_user_and_moderators),
        EACH(who_opens_only_now_is_told_what_is_theirs),
        EACH(a_shadowed_comment_is_its_authors_alone),
        EACH(an_author_who_comes_behind_much_that_is_hidden_has_their_own),
        EACH(an_author_whose_first_are_older_than_what_is_held_has_them),
        EACH(what_is_hidden_before_the_first_that_was_read_is_held),
        EACH(a_poll_that_waits_has_the_first_that_is_its_authors_alone),
        EACH(a_cursor_at_what_is_hidden_is_of_this_life),
        EACH(who_stands_at_what_is_hidden_goes_on_there_in_another_lane),
        EACH(who_stands_at_what_is_hidden_is_told_a_notice_and_goes_on),
        EACH(who_turns_out_to_be_its_author_is_told_nothing_again),
        EACH(who_stands_at_what_is_hidden_misses_counts_of_viewers_and_stays),
        EACH(figures_do_not_tell_who_is_shadowed),
        EACH(acts_come_to_who_is_shadowed_as_to_all),
        EACH(a_notice_brings_no_copy_of_an_act),
#undef EACH
        cmocka_unit_test_setup_teardown(each_act_says_how_far_it_got_and_who_was_cut,
                                        begin_that_cuts, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
