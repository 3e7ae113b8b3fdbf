// SPDX-License-Identifier: Apache-2.0
/* What gaps and digests say of what is removed. The prover holds each number against the log. */
#include "hub/hub.h"

#include "base/mem.h"
#include "hub/heart.h"
#include "hub/pursuit.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BYTES = 200, MANY = 300 };

static uint64_t number(const char *json, const char *name)
{
    const char *at = strstr(json, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static void assert_gap(const struct fake_reader *reader, uint64_t carried, uint64_t shed,
                       uint64_t removed)
{
    const char *gap = reader->prover.last_gap;
    assert_int_equal(reader->prover.gaps, 1);
    assert_int_equal(number(gap, "\"carried\":"), carried);
    assert_int_equal(number(gap, "\"shed\":"), shed);
    assert_int_equal(number(gap, "\"removed\":"), removed);
}

static uint64_t seq_at(const struct world *world, uint32_t i)
{
    return world->engine.log[i]->seq;
}

static uint64_t count_of_user(const struct world *world, uint64_t user, uint32_t from, uint32_t end)
{
    uint64_t count = 0;
    for (uint32_t i = from; i < end; i++) {
        count += world->engine.log[i]->user_hash == user;
    }
    return count;
}

static void remove_user(struct world *world, const char *user)
{
    const struct removal removal = {
        .of = REMOVAL_USER, .user = str_of(user), .upto = fake_engine_head(&world->engine)};
    fake_engine_remove(&world->engine, &removal, world->now_ms);
}

/* It has the first few, and its socket takes nothing more. */
static struct fake_reader *stall(struct world *world, uint32_t first)
{
    struct fake_reader *slow = world_reader(world);
    world_commit_many(world, first);
    world_pass(world, 1000);
    slow->room = 10; // ends within a frame, which it is sent to its end
    world_commit_many(world, 1);
    world_pass(world, 1000);
    assert_true(slow->viewer.blocked);
    return slow;
}

static void say_many(struct world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_pass(world, 1000);
}

static void a_slow_reader_is_told_what_is_removed(void **state)
{
    struct world *world = *state;
    struct fake_reader *slow = stall(world, 5);
    say_many(world, 80);
    fake_engine_retract_seq(&world->engine, seq_at(world, 2), world->now_ms); // it has that one
    for (uint32_t i = 20; i < 30; i++) {
        fake_engine_retract_seq(&world->engine, seq_at(world, i), world->now_ms);
    }
    world_pass(world, 1000);
    const uint64_t reads = world->engine.reads;
    fake_reader_allow(slow, UINT32_MAX);
    world_rest(world);
    assert_gap(slow, 11, 80 - 10, 10);
    assert_int_equal(world->engine.reads, reads);
    assert_int_equal(slow->viewer.mode, VIEWER_LIVE);
}

/* Who wrote what is behind the tail is not known here. */
static void beyond_memory_the_log_is_asked(void **state)
{
    struct world *world = *state;
    struct fake_reader *slow = stall(world, 5);
    say_many(world, MANY);
    remove_user(world, "u2");
    world_pass(world, 1000);
    const uint64_t removed = count_of_user(world, 2, 6, MANY + 6);
    assert_in_range(removed, 20, MANY / 2);
    fake_reader_allow(slow, UINT32_MAX);
    world_rest(world);
    assert_gap(slow, 1, MANY - removed, removed);
    say_many(world, 1);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
}

static void what_is_removed_while_the_log_counts_is_removed(void **state)
{
    struct world *world = *state;
    struct fake_reader *slow = stall(world, 5);
    say_many(world, MANY);
    remove_user(world, "u2");
    world_pass(world, 1000);
    const uint64_t removed =
        count_of_user(world, 2, 6, MANY + 6) + count_of_user(world, 1, 6, MANY + 6);
    fake_reader_allow(slow, UINT32_MAX);
    world_turn(world); // it asks
    assert_int_equal(world->engine.loose_count, 1);
    assert_true(fake_engine_step(&world->engine)); // the log has counted, and not answered yet
    assert_int_equal(slow->prover.gaps, 0);
    remove_user(world, "u1");
    world_rest(world);
    assert_gap(slow, 1, MANY - removed, removed);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine)); // both acts
}

static void a_store_that_fails_is_asked_again(void **state)
{
    struct world *world = *state;
    struct fake_reader *slow = stall(world, 5);
    say_many(world, MANY);
    remove_user(world, "u2");
    world_pass(world, 1000);
    world->engine.fails = true;
    fake_reader_allow(slow, UINT32_MAX);
    world_pass(world, 5000);
    assert_int_equal(slow->prover.gaps, 0);
    world->engine.fails = false;
    world_pass(world, 5000);
    assert_gap(slow, 1, MANY - count_of_user(world, 2, 6, MANY + 6),
               count_of_user(world, 2, 6, MANY + 6));
}

/* What comes while the hub is behind is gone before it can be read. */
static void lose_unread(struct world *world, uint32_t shown, uint32_t shadowed)
{
    fake_engine_lose_watch(&world->engine);
    world_commit_many(world, shown);
    world->engine.shadowed_user = FAKE_USERS + 1; // who writes what is short
    for (uint32_t i = 0; i < shadowed; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 1);
    }
    fake_engine_expire(&world->engine, FAKE_EVENTS_MAX);
    world->engine.shadowed_user = 0;
    world_pass(world, 100);
}

static void what_retention_took_unread_is_the_newest_all_the_same(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 11);
    const struct fake_reader *live = world_reader(world);
    struct join join = world_plain(10);
    join.lane = LANE_READABLE;
    const struct fake_reader *sparse = world_join(world, 3, &join);
    world_pass(world, 5000);
    lose_unread(world, 2, 0);
    assert_int_equal(live->prover.expired, 1);
    assert_int_equal(sparse->prover.expired, 1);
    join.lane = LANE_FULL;
    assert_int_equal(live->viewer.mode, VIEWER_LIVE);
    const uint64_t newest = fake_engine_head(&world->engine);
    const struct fake_reader *late = world_join(world, 1, &join);
    world_pass(world, 100);
    assert_int_equal(late->prover.hello_latest, newest);
    join = world_after(newest, 10);
    const struct fake_reader *back = world_join(world, 2, &join);
    world_pass(world, 100);
    assert_true(back->prover.resumed && !back->prover.resynced);
    world_commit_many(world, 1);
    world_pass(world, 100);
    assert_int_equal(live->prover.events, 1);
    assert_int_equal(late->prover.events, 1);
    assert_int_equal(back->prover.events, 1);
    assert_int_equal(live->prover.gaps + late->prover.gaps + back->prover.gaps, 1);
}

/* Its author stands there, and everybody else at the last that they were shown. */
static void what_retention_took_unread_may_be_shadowed(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 11);
    const struct fake_reader *live = world_reader(world);
    const uint64_t shown = fake_engine_head(&world->engine);
    lose_unread(world, 0, 2);
    struct join join = world_plain(10);
    const struct fake_reader *late = world_join(world, 1, &join);
    world_pass(world, 100);
    assert_int_equal(late->prover.hello_latest, shown);
    join = world_after(fake_engine_head_of(&world->engine, READ_VIEW_ALL), 10);
    join.user = FAKE_USERS + 1;
    struct fake_reader *author = world_join(world, 2, &join);
    join = world_after(world->engine.log[3]->seq, 10);
    const struct fake_reader *back = world_join(world, 3, &join);
    world_pass(world, 100);
    assert_true(author->prover.resumed && !author->prover.resynced);
    fake_reader_leave(author);
    assert_int_equal(back->viewer.mode, VIEWER_LIVE);
    assert_int_equal(live->prover.gaps + late->prover.gaps, 0);
    world_commit_many(world, 1);
    world_pass(world, 100);
    assert_int_equal(live->prover.events, 1);
    assert_int_equal(back->prover.last, live->prover.last);
}

/* Of whom one stands at what is hidden from it, behind the newest that it is shown. */
static void what_retention_took_unread_begins_where_each_stands(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 11);
    world->engine.shadowed_user = FAKE_USERS + 1; // who writes what is short
    fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 1);
    const struct fake_reader *live = world_reader(world);
    const struct join join = world_after(fake_engine_head_of(&world->engine, READ_VIEW_ALL), 10);
    const struct fake_reader *beyond = world_join(world, 1, &join);
    world_pass(world, 100);
    assert_int_equal(beyond->viewer.mode, VIEWER_LIVE);
    lose_unread(world, 2, 0);
    assert_int_equal(live->prover.expired, 1);
    assert_int_equal(beyond->prover.expired, 1);
    world_commit_many(world, 1);
    world_pass(world, 100);
    assert_int_equal(live->prover.last, fake_engine_head(&world->engine));
    assert_int_equal(beyond->prover.last, live->prover.last);
    assert_int_equal(beyond->viewer.mode, VIEWER_LIVE);
}

static void what_retention_took_of_the_hole_is_told_apart(void **state)
{
    struct world *world = *state;
    struct fake_reader *slow = stall(world, 5);
    say_many(world, MANY);
    remove_user(world, "u2");
    world_pass(world, 1000);
    fake_engine_expire(&world->engine, 100);
    fake_reader_allow(slow, UINT32_MAX);
    world_rest(world);
    assert_int_equal(slow->prover.expired, 1);
    assert_int_equal(slow->prover.gaps, 2);
    assert_int_equal(number(slow->prover.last_gap, "\"from\":"), seq_at(world, 100));
    assert_int_equal(number(slow->prover.last_gap, "\"removed\":"),
                     count_of_user(world, 2, 100, MANY + 6));
    assert_int_equal(slow->prover.gap_got, 1);
}

static void who_comes_back_late_is_told_what_is_removed(void **state)
{
    struct world *world = *state;
    world_commit_many(world, MANY);
    remove_user(world, "u3");
    const uint64_t removed = count_of_user(world, 3, 0, MANY);
    const struct join resume = world_after(0, 0);
    struct fake_reader *reader = world_join(world, 0, &resume);
    world_rest(world);
    assert_gap(reader, 1, MANY - removed, removed);
}

/* Memory fails what is about to tell the hole. */
static void find_hole_in_vain(struct world *world, const struct fake_reader *reader)
{
    const struct catchup *catchup = reader->viewer.catchup;
    while (list_is_empty(&world->hub->resting)) {
        mem_fail_after(catchup->hole_upto > 0 ? 1 : 0);
        world_turn(world);
        mem_fail_after(0);
        (void)fake_engine_step(&world->engine);
    }
}

/* When memory is back there is none: what stood behind it was removed, and is no backfill. */
static void a_hole_that_was_not_told_is_looked_for_anew(void **state)
{
    struct world *world = *state;
    struct fake_reader *slow = stall(world, 60);
    const uint64_t gaps = slow->prover.gaps;
    uint64_t seqs[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        fake_engine_commit(&world->engine, i == 0 ? EVENT_PIN : EVENT_COMMENT, world->now_ms);
        seqs[i] = fake_engine_head(&world->engine);
    }
    world_pass(world, 1000);
    fake_reader_change_lane(slow, LANE_FULL);
    find_hole_in_vain(world, slow);
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = seqs, .count = MANY};
    fake_engine_remove(&world->engine, &removal, world->now_ms);
    fake_reader_allow(slow, UINT32_MAX);
    world_pass(world, 5000);
    assert_int_equal(slow->prover.hellos, 2);
    assert_int_equal(slow->prover.gaps, gaps);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
}

/* A digest gathers; what of it is removed before it is told was not spared. */
static void what_waits_in_a_lane_is_counted_anew(void **state)
{
    struct world *world = *state;
    struct join join = world_plain(0);
    join.lane = LANE_DIGEST;
    struct fake_reader *reader = world_join(world, 0, &join);
    world_rest(world);
    world->now_ms += EVENT_DIGEST_MS - world->now_ms % EVENT_DIGEST_MS;
    world_commit_many(world, 40);
    world_turn(world);
    assert_int_equal(reader->prover.digests, 0);
    for (uint32_t i = 30; i < 40; i++) {
        fake_engine_retract_seq(&world->engine, seq_at(world, i), world->now_ms);
    }
    world_pass(world, 2 * EVENT_DIGEST_MS);
    assert_int_equal(reader->prover.digests, 1);
    assert_true(reader->prover.digest_removed > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_slow_reader_is_told_what_is_removed),
        CASE(beyond_memory_the_log_is_asked),
        CASE(what_is_removed_while_the_log_counts_is_removed),
        CASE(a_store_that_fails_is_asked_again),
        CASE(what_retention_took_of_the_hole_is_told_apart),
        CASE(what_retention_took_unread_begins_where_each_stands),
        CASE(what_retention_took_unread_is_the_newest_all_the_same),
        CASE(what_retention_took_unread_may_be_shadowed),
        CASE(who_comes_back_late_is_told_what_is_removed),
        CASE(a_hole_that_was_not_told_is_looked_for_anew),
        CASE(what_waits_in_a_lane_is_counted_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
