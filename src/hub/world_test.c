// SPDX-License-Identifier: Apache-2.0
#include "hub/world_test.h"

#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TURNS_MAX = 100000 };

int world_begin_with(void **state, struct hub_options options)
{
    struct world *world = calloc(1, sizeof(*world));
    must(world != NULL);
    world->now_ms = 1000000;
    fake_engine_init(&world->engine, 7);
    fake_home_init(&world->home);
    options.port = &world->engine.port;
    options.home = &world->home.home;
    options.seed = 7;
    options.resume_max = WORLD_RESUME_MAX;
    options.merge_ms = 50;
    options.merge_max_ms = 200;
    options.readable_per_s = FAKE_READABLE_PER_S;
    options.presence_ttl_ms = WORLD_TTL_MS;
    options.presence_beat_ms = 10000;
    assert_int_equal(hub_new(&options, &world->hub), ERR_OK);
    world->raw.hub = world->hub;
    for (int i = 0; i < 4; i++) {
        world->readers[i].room = UINT32_MAX;
    }
    *state = world;
    return 0;
}

int world_begin(void **state)
{
    return world_begin_with(state, (struct hub_options){.ring_bytes_max = 4096});
}

void world_turn(struct world *world)
{
    while (fake_home_open_one(&world->home)) {
    }
    world->wish_ms = hub_turn(world->hub, world->now_ms);
    hub_check(world->hub);
}

void world_rest(struct world *world)
{
    uint32_t turns = 0;
    do {
        while (fake_engine_step(&world->engine)) {
        }
        world_turn(world);
        assert_true(++turns < TURNS_MAX); // else it goes round and gets nowhere
    } while (world->home.first != NULL || world->engine.loose_count > 0 ||
             world->engine.ordered_count > 0 || world->wish_ms <= world->now_ms);
}

void world_pass(struct world *world, int64_t ms)
{
    const int64_t until_ms = world->now_ms + ms;
    world_rest(world);
    while (world->wish_ms <= until_ms) {
        world->now_ms = world->wish_ms;
        world_rest(world);
    }
    world->now_ms = until_ms;
    world_rest(world);
}

static void note(void *user)
{
    *(bool *)user = true;
}

int world_end(void **state)
{
    struct world *world = *state;
    bool closed = false;
    for (int i = 0; i < 4; i++) {
        fake_reader_leave(&world->readers[i]);
    }
    viewer_leave(world->hub, &world->raw.viewer);
    hub_close(world->hub, note, &closed);
    world_pass(world, 2000);
    assert_true(closed);
    hub_free(world->hub);
    fake_engine_done(&world->engine);
    free(world);
    return 0;
}

struct fake_reader *world_join(struct world *world, int i, const struct join *join)
{
    fake_reader_join(&world->readers[i], world->hub, &world->engine, join);
    return &world->readers[i];
}

struct fake_reader *world_reader(struct world *world)
{
    const struct join live = world_plain(0);
    struct fake_reader *reader = world_join(world, 0, &live);
    world_rest(world);
    return reader;
}

struct join world_plain(uint32_t tail)
{
    return (struct join){.stream = STR("demo"), .encoding = &prover_encoding, .tail = tail};
}

struct join world_after(uint64_t seq, uint32_t tail)
{
    struct join join = world_plain(tail);
    join.has_cursor = true;
    join.cursor = (struct cursor){.epoch.text = "k3f9", .seq = seq};
    return join;
}

void world_commit_many(struct world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    }
}

static void answered(struct call *call)
{
    call->done = NULL;
}

struct reach_call world_reach(struct world *world, uint64_t seq)
{
    const struct event *event = world->engine.log[fake_engine_index(&world->engine, seq)];
    struct reach_call call = {
        .call.home = &world->home.home, .call.done = answered, .act = event_act(event)};
    hub_reach(world->hub, &call);
    world_rest(world);
    assert_null(call.call.done);
    return call;
}
