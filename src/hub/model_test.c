// SPDX-License-Identifier: Apache-2.0
#include "hub/model_test.h"

#include "base/must.h"
#include "hub/fake_reader_test.h"
#include "hub/heart.h"
#include "hub/pursuit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STEPS = 400, READERS = 24, HUBS = 2, TTL_MS = 30000 };

struct world {
    struct rand rand;
    struct fake_engine engine;
    struct fake_home homes[HUBS];
    struct hub *hubs[HUBS];
    struct fake_reader readers[READERS];
    int64_t now_ms;
    bool memory_fails, lost_memory;
    bool rides; // most read what is compressed, all of it
    uint32_t closed;
};

static uint64_t below(struct world *world, uint64_t limit)
{
    return rand_below(&world->rand, limit);
}

static void world_begin(struct world *world, uint64_t seed)
{
    *world = (struct world){.now_ms = 1000000};
    rand_init(&world->rand, seed);
    fake_engine_init(&world->engine, seed + 1);
    world->memory_fails = seed % 4 == 3;
    world->rides = seed % 8 == 4;
    for (int i = 0; i < HUBS; i++) {
        fake_home_init(&world->homes[i]);
        const struct hub_options options = {
            .port = &world->engine.port,
            .home = &world->homes[i].home,
            .seed = seed,
            .resume_max = 40 + (uint32_t)below(world, 60),
            .merge_ms = 50,
            .merge_max_ms = 200,
            .readable_per_s = FAKE_READABLE_PER_S,
            .presence_ttl_ms = TTL_MS,
            .presence_beat_ms = 10000,
            .ring_bytes_max = 300 + below(world, 30000),
            .compress_viewers = world->rides ? 1 : (uint32_t)below(world, 6),
            .rings_bytes_max = below(world, 2) == 0 ? 0 : 1 + below(world, 40000),
        };
        assert_int_equal(hub_new(&options, &world->hubs[i]), ERR_OK);
    }
    for (int i = 0; i < HUBS; i++) {
        hub_meet(world->hubs[i], world->hubs, HUBS);
    }
    const uint64_t history = below(world, 300);
    for (uint64_t i = 0; i < history; i++) {
        fake_engine_commit(&world->engine, below(world, 12) == 0 ? EVENT_PIN : EVENT_COMMENT, 0);
    }
}

static void maybe_fail(struct world *world)
{
    mem_fail_after(world->memory_fails && below(world, 3) == 0 ? 1 + below(world, 6) : 0);
}

static int64_t turn(struct world *world, int i)
{
    maybe_fail(world);
    const int64_t next_ms = hub_turn(world->hubs[i], world->now_ms);
    mem_fail_after(0);
    hub_check(world->hubs[i]);
    return next_ms;
}

static void open_letters(struct world *world, int i, uint64_t most)
{
    for (uint64_t n = 0; n < most; n++) {
        maybe_fail(world);
        const bool opened = fake_home_open_one(&world->homes[i]);
        mem_fail_after(0);
        if (!opened) {
            return;
        }
    }
}

static struct cursor random_cursor(struct world *world)
{
    struct cursor cursor = {.epoch = world->engine.port.epoch};
    const uint64_t head = fake_engine_head(&world->engine);
    switch (below(world, 8)) {
    case 0:
        cursor.epoch = (struct epoch){.text = "old1"};
        cursor.seq = below(world, 100);
        break;
    case 1:
        cursor.seq = head + 1 + below(world, 5000);
        break;
    case 2:
        cursor.epoch = (struct epoch){.text = ""};
        break;
    case 3: // be it hidden from who comes with it
        cursor.seq = fake_engine_head_of(&world->engine, READ_VIEW_ALL);
        break;
    case 4:
        cursor.seq = head > 20 ? head - below(world, 20) : 0;
        break;
    default:
        cursor.seq = head == 0 ? 0 : below(world, head);
        break;
    }
    return cursor;
}

enum { ENCODINGS = 8 };
static const struct encoding *const encodings[ENCODINGS] = {NULL,
                                                            NULL,
                                                            &prover_encoding,
                                                            &prover_encoding_other,
                                                            &prover_encoding_gzip,
                                                            &prover_encoding_gzip,
                                                            &prover_encoding_messages,
                                                            &prover_encoding_messages};

static void join_one(struct world *world, struct fake_reader *reader)
{
    struct join join = {.stream = STR("demo"),
                        .encoding = encodings[below(world, ENCODINGS)],
                        .has_cursor = below(world, 3) > 0,
                        .tail = (uint32_t)below(world, 80),
                        .lane = below(world, 2) == 0 ? LANE_FULL : (uint8_t)below(world, LANES),
                        .limit = 1 + (uint32_t)below(world, 60),
                        .identity = below(world, 3) == 0 ? 0 : 1 + below(world, 10),
                        .name = below(world, 2) == 0 ? STR("Ann") : STR_NONE,
                        .user = below(world, 2) == 0 ? 0 : 1 + below(world, FAKE_USERS),
                        .moderates = below(world, 16) == 0};
    if (join.encoding != NULL && below(world, 4) == 0) {
        join.identity = IDENTITY_SOLE;
    }
    if (world->rides && below(world, 4) > 0) {
        join.encoding = &prover_encoding_gzip;
        join.lane = LANE_FULL;
    }
    if (join.has_cursor) {
        join.cursor = random_cursor(world);
    }
    reader->room = below(world, 2) == 0 ? UINT32_MAX : (uint32_t)below(world, 2000);
    maybe_fail(world);
    fake_reader_join(reader, world->hubs[below(world, HUBS)], &world->engine, &join);
    mem_fail_after(0);
}

/* The same user, with a token that says otherwise. */
static void change_role(struct fake_reader *reader)
{
    struct join *join = &reader->prover.join;
    if (viewer_recognize(&reader->viewer, join->user, !join->moderates) == ERR_OK) {
        join->moderates = !join->moderates;
        reader->truth.log.lacks_staff = true; // what was begun before says less
    }
}

static void touch_reader(struct world *world)
{
    struct fake_reader *reader = &world->readers[below(world, READERS)];
    if (!reader->joined) {
        join_one(world, reader);
    } else if (below(world, 6) == 0) {
        fake_reader_leave(reader);
    } else if (below(world, 6) == 0) {
        maybe_fail(world);
        fake_reader_change_lane(reader, (enum lane)below(world, LANES));
        mem_fail_after(0);
    } else if (below(world, 8) == 0) {
        fake_reader_say_own(reader);
    } else if (below(world, 12) == 0) {
        change_role(reader);
    } else if (below(world, 8) == 0) {
        viewer_beats(reader->hub, &reader->viewer, below(world, 2) == 0);
    } else {
        fake_reader_allow(reader, below(world, 5) == 0 ? UINT32_MAX : (uint32_t)below(world, 1500));
    }
}

static void step(struct world *world)
{
    const uint64_t what = below(world, 12);
    switch (world->rides && what > 8 ? 0 : what) { // they stand still often, amid what is sent
    case 0:
    case 1:
    case 2:
        touch_reader(world);
        break;
    case 3:
    case 4: {
        const uint64_t burst = below(world, 20) == 0 ? 60 : 1 + below(world, 4);
        for (uint64_t i = 0; i < burst && world->engine.count < FAKE_EVENTS_MAX; i++) {
            const enum event_kind kind = below(world, 15) == 0   ? EVENT_PIN
                                         : below(world, 40) == 0 ? EVENT_STREAM
                                                                 : EVENT_COMMENT;
            fake_engine_commit(&world->engine, kind, world->now_ms);
        }
        const struct event *last = world->engine.log[world->engine.count - 1];
        if (below(world, 12) == 0 && last->kind == EVENT_COMMENT &&
            (last->flags & EVENT_FLAG_SHADOW) == 0 && world->engine.count < FAKE_EVENTS_MAX) {
            fake_engine_pin(&world->engine, last->seq, world->now_ms);
        }
        if (below(world, 8) == 0) {
            const struct fake_notice told = {.user = below(world, FAKE_USERS + 1),
                                             .to_moderators = below(world, 2) == 0};
            fake_engine_notice(&world->engine, &told);
        }
        break;
    }
    case 5:
        if (below(world, 3) == 0 && world->engine.count < FAKE_EVENTS_MAX) {
            if (below(world, 3) > 0 || !fake_engine_restore(&world->engine, world->now_ms)) {
                fake_engine_retract(&world->engine, world->now_ms);
            }
        }
        world->now_ms += (int64_t)below(world, below(world, 6) == 0 ? 4000 : 120);
        break;
    case 6:
        if (below(world, 6) == 0) {
            fake_engine_lose_watch(&world->engine);
        } else if (below(world, 6) == 0) {
            world->engine.shadowed_user = below(world, 2) * (1 + below(world, FAKE_USERS));
        } else if (below(world, 20) == 0) {
            world->engine.stands_still_ms = world->now_ms + (int64_t)below(world, 20000);
        } else if (below(world, 30) == 0) {
            fake_engine_expire(&world->engine, (uint32_t)below(world, 60));
        } else if (below(world, 40) == 0) {
            world->now_ms += 15000;
        } else if (below(world, 10) == 0) {
            world->engine.fails = !world->engine.fails;
        } else if (below(world, 20) == 0) {
            world->engine.watch_fails = world->engine.watch_fails == ERR_OK ? ERR_SYS : ERR_OK;
        }
        break;
    default:
        for (uint64_t i = below(world, 6); i > 0 && fake_engine_step(&world->engine); i--) {
        }
        break;
    }
    const int i = (int)below(world, HUBS);
    open_letters(world, i, below(world, 12));
    (void)turn(world, i);
}

/* Lets everything come to rest: no letter, no call, no wish of a hub within the time given. */
static void settle(struct world *world, int64_t for_ms)
{
    const int64_t until_ms = world->now_ms + for_ms;
    bool busy = true;
    for (int rounds = 0; busy || world->now_ms < until_ms; rounds++) {
        must(rounds < 200000);
        busy = false;
        int64_t next_ms = until_ms;
        while (fake_engine_step(&world->engine)) {
            busy = true;
        }
        for (int i = 0; i < HUBS; i++) {
            busy = busy || world->homes[i].first != NULL;
            open_letters(world, i, UINT64_MAX);
            const int64_t wish_ms = turn(world, i);
            next_ms = wish_ms < next_ms ? wish_ms : next_ms;
            busy = busy || wish_ms <= world->now_ms;
        }
        busy = busy || world->engine.loose_count + world->engine.ordered_count > 0;
        if (!busy && world->now_ms < until_ms) {
            world->now_ms = next_ms;
            busy = true;
        }
    }
}

static void check_end(struct world *world)
{
    const uint64_t head = fake_engine_head(&world->engine);
    for (int i = 0; i < READERS; i++) {
        struct fake_reader *reader = &world->readers[i];
        if (!reader->joined) {
            continue;
        }
        assert_true(reader->is_open);
        const uint64_t view = reader->truth.view;
        const uint64_t came_at =
            reader->prover.join.has_cursor ? reader->prover.join.cursor.seq : 0;
        const bool is_apart = reader->viewer.catchup != NULL && reader->viewer.catchup->is_apart;
        if (reader->prover.join.encoding != NULL) {
            const uint64_t last = reader->prover.last;
            const bool is_beyond = last == came_at && last > head; // and nothing came behind that
            assert_true(reader->viewer.mode == VIEWER_LIVE || is_apart || is_beyond);
            assert_true(last == fake_engine_head_of(&world->engine, view) || is_beyond ||
                        (!is_apart && last == head));
            assert_false(reader->prover.changes);
            assert_int_equal(reader->prover.gap_got, reader->prover.gap_carried);
            assert_int_equal(reader->prover.len, 0);
        } else {
            assert_true(reader->viewer.last_seq == head ||
                        (reader->viewer.last_seq == came_at && came_at > head) ||
                        reader->viewer.last_seq == fake_engine_head_of(&world->engine, view));
        }
    }
}

static void answered(struct call *call)
{
    call->done = NULL;
}

static void check_presence(struct world *world)
{
    bool present[16] = {false};
    uint32_t count = 0;
    for (int i = 0; i < READERS; i++) {
        struct fake_reader *reader = &world->readers[i];
        const uint64_t identity = reader->prover.join.identity;
        if (!reader->joined || reader->prover.join.encoding == NULL || !reader->viewer.counted) {
            continue;
        }
        if (identity == IDENTITY_SOLE) {
            count++;
        } else if (identity != 0 && !present[identity]) {
            present[identity] = true;
            count++;
        }
    }
    struct presence_call call = {
        .call.home = &world->homes[0].home, .call.done = answered, .stream = STR("demo")};
    hub_presence(world->hubs[0], &call);
    settle(world, 0);
    assert_null(call.call.done);
    assert_int_equal(call.viewers, count);
    assert_int_equal(call.hidden_count, 0);
    assert_true(call.roster_count <= count);
    presence_call_done(&call);
    for (int i = 0; i < READERS && !world->lost_memory; i++) { // a signal may be lost with it
        const struct fake_reader *reader = &world->readers[i];
        if (reader->joined && reader->prover.join.encoding != NULL &&
            reader->prover.presences > 0) {
            assert_int_equal(reader->prover.viewers_told, count);
        }
    }
}

/* Summed over the hubs, wherever one asks. */
static void check_figures(struct world *world)
{
    uint32_t sse = 0, polls = 0;
    for (int i = 0; i < READERS; i++) {
        const struct fake_reader *reader = &world->readers[i];
        sse += reader->joined && reader->prover.join.encoding != NULL;
        polls += reader->joined && reader->prover.join.encoding == NULL;
    }
    struct figures_call figures = {
        .call.home = &world->homes[1].home, .call.done = answered, .stream = STR("demo")};
    struct busiest_call busiest = {.call.home = &world->homes[1].home, .call.done = answered};
    hub_figures(world->hubs[1], &figures);
    hub_busiest(world->hubs[1], &busiest);
    settle(world, 0);
    assert_null(figures.call.done);
    assert_null(busiest.call.done);
    assert_int_equal(figures.viewers_sse, sse);
    assert_int_equal(figures.viewers_poll, polls);
    assert_int_equal(figures.viewers_slow, 0);
    if (sse + polls > 0) {
        assert_int_equal(busiest.count, 1);
        assert_int_equal(busiest.streams[0].viewers, sse + polls);
    }
}

static uint64_t ridden_bytes; // of all histories so far, compressed

static void note_closed(void *user)
{
    ((struct world *)user)->closed++;
}

static void world_end(struct world *world)
{
    for (int i = 0; i < READERS; i++) {
        fake_reader_leave(&world->readers[i]);
    }
    for (int i = 0; i < HUBS; i++) {
        hub_close(world->hubs[i], note_closed, world);
    }
    settle(world, 5000);
    assert_int_equal(world->closed, HUBS);
    for (int i = 0; i < HUBS; i++) {
        ridden_bytes += (uint64_t)metric_value(&world->hubs[i]->tally.ridden_sent);
        hub_free(world->hubs[i]);
    }
    fake_engine_done(&world->engine);
}

uint64_t model_ridden_bytes(void)
{
    return ridden_bytes;
}

void model_history(uint64_t seed)
{
    static struct world world;
    uint64_t before = 0, after = 0;
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        before += mem_held_bytes((enum mem_kind)kind);
    }
    world_begin(&world, seed);
    for (int i = 0; i < STEPS; i++) {
        step(&world);
    }
    world.lost_memory = world.memory_fails;
    world.memory_fails = false;
    world.engine.fails = false;
    world.engine.watch_fails = ERR_OK;
    for (int i = 0; i < READERS; i++) {
        fake_reader_allow(&world.readers[i], UINT32_MAX);
    }
    settle(&world, TTL_MS + 5000);
    check_end(&world);
    check_presence(&world);
    check_figures(&world);
    world_end(&world);
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        after += mem_held_bytes((enum mem_kind)kind);
    }
    assert_int_equal(before, after);
}
