// SPDX-License-Identifier: Apache-2.0
#include "hub/hub.h"

#include "base/must.h"
#include "hub/encoding.h"
#include "hub/fake_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RESUME_MAX = 100, TTL_MS = 30000, RINGS_SHORT = 48 * 1024 };

struct raw {
    struct viewer viewer; // first
    struct hub *hub;
    char text[4096];
    size_t len;
    bool leaves_at_open;
};

struct world {
    struct fake_engine engine;
    struct fake_home home;
    struct hub *hub;
    int64_t now_ms, wish_ms;
    struct fake_reader readers[4];
    struct raw raw;
};

static int begin_with(void **state, struct hub_options options)
{
    struct world *world = calloc(1, sizeof(*world));
    must(world != NULL);
    world->now_ms = 1000000;
    fake_engine_init(&world->engine, 7);
    fake_home_init(&world->home);
    options.port = &world->engine.port;
    options.home = &world->home.home;
    options.seed = 7;
    options.resume_max = RESUME_MAX;
    options.merge_ms = 50;
    options.merge_max_ms = 200;
    options.presence_ttl_ms = TTL_MS;
    options.presence_beat_ms = 10000;
    assert_int_equal(hub_new(&options, &world->hub), ERR_OK);
    world->raw.hub = world->hub;
    for (int i = 0; i < 4; i++) {
        world->readers[i].room = UINT32_MAX;
    }
    *state = world;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, (struct hub_options){.ring_bytes_max = 4096});
}

static int begin_short_of_rings(void **state)
{
    const struct hub_options bounds = {.ring_bytes_max = 1 << 20, .rings_bytes_max = RINGS_SHORT};
    return begin_with(state, bounds);
}

static int begin_small(void **state)
{
    const struct hub_options bounds = {
        .ring_bytes_max = 4096, .people_max = 3, .streams_idle_max = 2};
    return begin_with(state, bounds);
}

static void turn(struct world *world)
{
    while (fake_home_open_one(&world->home)) {
    }
    world->wish_ms = hub_turn(world->hub, world->now_ms);
    hub_check(world->hub);
}

/* Until nothing more happens at this time. */
static void rest(struct world *world)
{
    do {
        while (fake_engine_step(&world->engine)) {
        }
        turn(world);
    } while (world->home.first != NULL || world->engine.loose_count > 0 ||
             world->engine.ordered_count > 0 || world->wish_ms <= world->now_ms);
}

static void pass(struct world *world, int64_t ms)
{
    const int64_t until_ms = world->now_ms + ms;
    rest(world);
    while (world->wish_ms <= until_ms) {
        world->now_ms = world->wish_ms;
        rest(world);
    }
    world->now_ms = until_ms;
    rest(world);
}

static void note(void *user)
{
    *(bool *)user = true;
}

static int end(void **state)
{
    struct world *world = *state;
    bool closed = false;
    for (int i = 0; i < 4; i++) {
        fake_reader_leave(&world->readers[i]);
    }
    viewer_leave(world->hub, &world->raw.viewer);
    hub_close(world->hub, note, &closed);
    pass(world, 2000);
    assert_true(closed);
    hub_free(world->hub);
    fake_engine_done(&world->engine);
    free(world);
    return 0;
}

static struct fake_reader *join(struct world *world, int i, const struct join *join)
{
    fake_reader_join(&world->readers[i], world->hub, &world->engine, join);
    return &world->readers[i];
}

static struct join plain(uint32_t tail)
{
    return (struct join){.stream = STR("demo"), .encoding = &prover_encoding, .tail = tail};
}

static struct join after(uint64_t seq, uint32_t tail)
{
    struct join join = plain(tail);
    join.has_cursor = true;
    join.cursor = (struct cursor){.epoch.text = "k3f9", .seq = seq};
    return join;
}

static void commit_many(struct world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    }
}

/* ---- the bytes of real encodings ---- */

static void raw_open(struct viewer *viewer)
{
    struct raw *raw = (struct raw *)viewer;
    if (raw->leaves_at_open) {
        viewer_leave(raw->hub, viewer);
    }
}

static size_t raw_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct raw *raw = (struct raw *)viewer;
    must(raw->len + len < sizeof(raw->text) && !raw->leaves_at_open);
    memcpy(raw->text + raw->len, bytes, len);
    raw->len += len;
    return len;
}

static const struct viewer_ops raw_ops = {.open = raw_open, .write = raw_write};

static struct event *commit_text(struct world *world, const char *body)
{
    struct event *event = event_new(str_of(body));
    must(event != NULL);
    event->kind = EVENT_COMMENT;
    event->prev = fake_engine_head(&world->engine);
    event->seq = event->prev + 5;
    world->engine.log[world->engine.count++] = event;
    return event;
}

static void sse_begins_with_retry_and_hello(void **state)
{
    struct world *world = *state;
    struct raw *raw = &world->raw;
    (void)commit_text(world, "\"text\":\"hello\"");
    const struct join sse = {.stream = STR("demo"),
                             .encoding = &encoding_sse,
                             .tail = 50,
                             .identity = 9,
                             .retry_ms = 2731};
    viewer_join(world->hub, &raw->viewer, &raw_ops, &sse);
    pass(world, 1000);
    assert_string_equal(
        raw->text,
        "retry: 2731\n\n"
        "data: "
        "{\"type\":\"hello\",\"stream\":\"demo\",\"epoch\":\"k3f9\",\"seq\":0,\"resumed\":false,"
        "\"tier\":\"push\",\"lane\":\"full\",\"state\":\"live\",\"latest\":5,\"viewers\":1,"
        "\"slow\":0,\"modes\":[],\"pins\":[],\"heartbeat_ms\":10000}\n\n"
        "id: k3f9.5\n"
        "data: {\"type\":\"comment\",\"stream\":\"demo\",\"seq\":5,\"prev\":0,"
        "\"text\":\"hello\"}\n\n"
        "data: {\"type\":\"presence\",\"stream\":\"demo\",\"viewers\":1,\"approx\":false,"
        "\"error_pct\":0,\"watching\":1,\"hidden\":0}\n\n");
}

static void websocket_gets_one_message_a_frame(void **state)
{
    struct world *world = *state;
    struct raw *raw = &world->raw;
    const struct join ws = {.stream = STR("demo"), .encoding = &encoding_ws};
    viewer_join(world->hub, &raw->viewer, &raw_ops, &ws);
    rest(world);
    assert_int_equal((uint8_t)raw->text[0], 0x81);
    assert_int_equal((uint8_t)raw->text[1], 126);
    assert_memory_equal(raw->text + 4, "{\"type\":\"hello\"", 15);
}

static void a_viewer_may_leave_as_it_is_opened(void **state)
{
    struct world *world = *state;
    struct raw *raw = &world->raw;
    raw->leaves_at_open = true;
    const struct join sse = {.stream = STR("demo"), .encoding = &encoding_sse, .identity = 3};
    viewer_join(world->hub, &raw->viewer, &raw_ops, &sse);
    rest(world);
    assert_int_equal(raw->viewer.mode, VIEWER_IDLE);
    assert_int_equal(raw->len, 0);
}

/* ---- live ---- */

static void a_lone_event_leaves_in_its_turn_and_a_busy_stream_gathers(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    struct fake_reader *reader = join(world, 0, &live);
    rest(world);
    pass(world, 1000);
    commit_many(world, 1);
    turn(world);
    assert_int_equal(reader->prover.events, 1);
    world->now_ms += 10;
    commit_many(world, 1);
    turn(world);
    assert_int_equal(reader->prover.events, 2); // two do not make a busy stream
    world->now_ms += 10;
    commit_many(world, 3);
    turn(world);
    assert_int_equal(reader->prover.events, 2);
    assert_int_equal(world->wish_ms, world->now_ms + 30);
    world->now_ms += 30;
    turn(world);
    assert_int_equal(reader->prover.events, 5);
}

/* Comments at the window's own pace, one of them late: those behind it are not late for ever. */
static void a_late_event_does_not_hold_up_those_behind_it(void **state)
{
    enum { WINDOW_MS = 50, LATE_MS = 40 };
    struct world *world = *state;
    const struct join live = plain(0);
    struct fake_reader *reader = join(world, 0, &live);
    rest(world);
    for (uint32_t i = 0; i < 10; i++) {
        const int late_ms = i == 4 ? LATE_MS : 0;
        pass(world, WINDOW_MS + late_ms - (i == 5 ? LATE_MS : 0));
        commit_many(world, 1);
        turn(world);
        assert_int_equal(reader->prover.events, i + 1);
    }
}

static void a_slow_reader_is_told_and_still_gets_the_acts(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    struct fake_reader *slow = join(world, 0, &live), *quick = join(world, 1, &live);
    rest(world);
    slow->room = 10; // ends within a frame
    for (int i = 0; i < 200; i++) {
        fake_engine_commit(&world->engine, i == 50 ? EVENT_PIN : EVENT_COMMENT, world->now_ms);
        pass(world, 60);
    }
    assert_int_equal(quick->prover.events, 200);
    assert_int_equal(quick->prover.gaps, 0);
    assert_int_equal(slow->prover.events, 1);
    fake_reader_allow(slow, UINT32_MAX);
    rest(world);
    assert_int_equal(slow->prover.gaps, 1);
    assert_int_equal(slow->prover.gap_carried, 1);
    assert_int_equal(slow->prover.gap_shed, 198);
    assert_int_equal(slow->prover.events, 2);
    commit_many(world, 1);
    pass(world, 100);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
}

static void an_ended_stream_says_so_in_hello(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    (void)join(world, 0, &live);
    rest(world);
    fake_engine_commit(&world->engine, EVENT_STREAM, world->now_ms);
    rest(world);
    const struct fake_reader *late = join(world, 1, &live);
    rest(world);
    assert_non_null(strstr(late->prover.first_signal, "\"state\":\"paused\""));
}

/* ---- joining ---- */

static void within_resume_max_everything_is_sent(void **state)
{
    struct world *world = *state;
    commit_many(world, 300);
    const uint64_t seq = world->engine.log[300 - RESUME_MAX - 1]->seq;
    const struct join resume = after(seq, 50);
    const struct fake_reader *reader = join(world, 0, &resume);
    rest(world);
    assert_true(reader->prover.resumed);
    assert_int_equal(reader->prover.gaps, 0);
    assert_int_equal(reader->prover.events, RESUME_MAX);
}

static void further_behind_the_hole_is_told_with_its_pages(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 300; i++) {
        fake_engine_commit(&world->engine, i == 120 ? EVENT_PIN : EVENT_COMMENT, 0);
    }
    const struct event *from = world->engine.log[100], *upto = world->engine.log[300 - 50 - 1];
    const struct join resume = after(from->seq, 50);
    const struct fake_reader *reader = join(world, 0, &resume);
    rest(world);
    assert_true(reader->prover.resumed);
    assert_int_equal(reader->prover.hello_seq, from->seq);
    assert_int_equal(reader->prover.gaps, 1);
    assert_int_equal(reader->prover.gap_shed, 148); // the model adds it up against the log
    assert_int_equal(reader->prover.events, 51);
    char url[200];
    (void)snprintf(url, sizeof(url),
                   "\"history\":\"/v1/streams/demo/comments?after=k3f9.%llu&before=k3f9.%llu"
                   "&limit=500\"",
                   (unsigned long long)from->seq, (unsigned long long)upto->seq + 1);
    assert_non_null(strstr(reader->prover.last_gap, url));
}

static void more_acts_than_can_be_carried_is_a_new_beginning(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 1200; i++) {
        fake_engine_commit(&world->engine, EVENT_PIN, 0);
    }
    commit_many(world, 60);
    const struct join resume = after(0, 50);
    const struct fake_reader *reader = join(world, 0, &resume);
    rest(world);
    assert_false(reader->prover.resumed);
    assert_true(reader->prover.resynced);
    assert_non_null(strstr(reader->prover.last_signal, "\"far\""));
    assert_int_equal(reader->prover.events, 50);
}

static void what_retention_took_is_told_without_numbers(void **state)
{
    struct world *world = *state;
    commit_many(world, 90);
    fake_engine_expire(&world->engine, 60);
    const struct join resume = after(world->engine.log[5]->seq, 50);
    const struct fake_reader *reader = join(world, 0, &resume);
    rest(world);
    assert_true(reader->prover.resumed);
    assert_int_equal(reader->prover.expired, 1);
    assert_int_equal(reader->prover.events, 30);
    fake_engine_expire(&world->engine, 1000);
    const struct fake_reader *poll = &world->readers[1];
    struct join poll_join = resume;
    poll_join.encoding = NULL;
    (void)join(world, 1, &poll_join);
    rest(world);
    assert_int_equal(poll->prover.collects, 1);
}

static void a_cursor_of_another_life_is_told_to_start_over(void **state)
{
    struct world *world = *state;
    commit_many(world, 80);
    struct join old = after(3, 10), ahead = after(100000, 10);
    old.cursor.epoch = (struct epoch){.text = "gone"};
    const struct fake_reader *a = join(world, 0, &old), *b = join(world, 1, &ahead);
    rest(world);
    assert_true(a->prover.resynced && b->prover.resynced && !a->prover.resumed &&
                !b->prover.resumed);
    assert_non_null(strstr(a->prover.last_signal, "\"why\":\"epoch\""));
    assert_non_null(strstr(b->prover.last_signal, "\"why\":\"ahead\""));
    assert_int_equal(a->prover.events, 10);
    assert_int_equal(b->prover.events, 10);
}

static void the_engine_says_why_a_join_is_refused(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    world->engine.watch_fails = ERR_NOT_FOUND;
    const struct fake_reader *reader = join(world, 0, &live);
    rest(world);
    assert_true(reader->is_refused);
    assert_int_equal(reader->refusal, VIEWER_NO_STREAM);
    world->engine.watch_fails = ERR_OK;
    world->engine.fails = true;
    pass(world, 1000);
    (void)join(world, 0, &live);
    pass(world, 1000);
    assert_true(reader->is_refused);
    assert_int_equal(reader->refusal, VIEWER_STORE_DOWN);
    world->engine.fails = false;
    pass(world, 1000);
    (void)join(world, 0, &live);
    rest(world);
    assert_true(reader->is_open);
}

static void a_stream_nobody_reads_is_let_go(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    struct fake_reader *reader = join(world, 0, &live);
    rest(world);
    assert_int_equal(world->engine.watch_count, 1);
    fake_reader_leave(reader);
    pass(world, 9000);
    assert_int_equal(world->engine.watch_count, 1);
    pass(world, 2000);
    assert_int_equal(world->engine.watch_count, 0);
    commit_many(world, 1);
    (void)join(world, 0, &live);
    rest(world);
    assert_int_equal(reader->prover.hello_latest, fake_engine_head(&world->engine));
}

/* A disk that hangs for longer than an idle stream is kept. */
static void a_stream_outlives_the_reads_that_carry_its_name(void **state)
{
    struct world *world = *state;
    commit_many(world, 300);
    const struct join far = after(world->engine.log[9]->seq, 5), live = plain(0);
    (void)join(world, 0, &live);
    rest(world);
    struct fake_reader *reader = join(world, 1, &far);
    while (world->engine.loose_count == 0 || !world->engine.is_count[0]) {
        (void)fake_engine_step(&world->engine);
        turn(world);
    }
    world->engine.stalls = true;
    fake_reader_leave(reader);
    fake_reader_leave(&world->readers[0]);
    for (int i = 0; i < 30; i++) {
        world->now_ms += 1000;
        (void)fake_engine_step(&world->engine);
        turn(world);
    }
    assert_int_equal(world->engine.watch_count, 0);
    world->engine.stalls = false;
    pass(world, 1000); // the engine reads the name now
    (void)join(world, 0, &live);
    rest(world);
    assert_true(world->readers[0].is_open);
}

/* ---- long poll ---- */

static void a_poll_answers_at_once_or_when_something_comes(void **state)
{
    struct world *world = *state;
    commit_many(world, 200);
    struct join poll = after(world->engine.log[20]->seq, 50);
    poll.encoding = NULL;
    poll.limit = 30;
    struct fake_reader *reader = join(world, 0, &poll);
    rest(world);
    assert_int_equal(reader->prover.collected, 30);
    poll.cursor.seq = fake_engine_head(&world->engine);
    (void)join(world, 0, &poll);
    rest(world);
    assert_true(reader->is_open);
    assert_int_equal(reader->prover.collects, 0);
    assert_int_equal(reader->viewer.last_seq, fake_engine_head(&world->engine));
    commit_many(world, 1);
    rest(world);
    assert_int_equal(reader->prover.collects, 1);
    assert_int_equal(reader->prover.collected, 1);
    poll.cursor.epoch = (struct epoch){.text = "gone"};
    (void)join(world, 0, &poll);
    rest(world);
    assert_true(reader->prover.resynced);
    assert_int_equal(reader->prover.collected, 30);
}

/* ---- presence ---- */

static void answered(struct call *call)
{
    call->done = NULL;
}

static struct presence_call ask(struct world *world, uint64_t identity, bool hidden)
{
    struct presence_call call = {.call.home = &world->home.home,
                                 .call.done = answered,
                                 .stream = STR("demo"),
                                 .identity = identity,
                                 .hidden = hidden,
                                 .name = identity == 0 ? STR_NONE : STR("Bo")};
    hub_presence(world->hub, &call);
    rest(world);
    must(call.call.done == NULL);
    presence_call_done(&call);
    return call;
}

static void one_user_on_three_screens_is_one_viewer(void **state)
{
    struct world *world = *state;
    struct join one = plain(0), other = plain(0);
    one.identity = 11;
    one.name = STR("Ann");
    other.identity = 12;
    struct fake_reader *first = join(world, 0, &one);
    (void)join(world, 1, &one);
    (void)join(world, 2, &one);
    (void)join(world, 3, &other);
    rest(world);
    pass(world, 1000);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    assert_int_equal(first->prover.viewers_told, 2);
    fake_reader_leave(&world->readers[1]);
    fake_reader_leave(&world->readers[2]);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    viewer_beats(world->hub, &world->readers[3].viewer, false);
    pass(world, 1000);
    assert_int_equal(ask(world, 0, false).viewers, 1);
    assert_int_equal(first->prover.viewers_told, 1);
    assert_int_equal(ask(world, 0, false).roster_count, 0); // given back already
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
    pass(world, TTL_MS - 1);
    assert_int_equal(ask(world, 0, false).viewers, 2);
    pass(world, 1);
    assert_int_equal(ask(world, 0, false).viewers, 0);
}

static void presence_is_told_at_most_once_a_second(void **state)
{
    struct world *world = *state;
    struct join one = plain(0);
    one.identity = 1;
    const struct fake_reader *first = join(world, 0, &one);
    rest(world);
    const uint64_t before = first->prover.presences;
    for (uint64_t i = 0; i < 40; i++) {
        (void)ask(world, 100 + i, false);
        pass(world, 50);
    }
    assert_true(first->prover.presences - before >= 2 && first->prover.presences - before <= 3);
    pass(world, 1000);
    assert_int_equal(first->prover.viewers_told, 41);
}

/* ---- many ---- */

enum { CROWD = 6000 };
struct light { // counts what it gets
    struct viewer viewer;
    uint32_t events;
    uint64_t last;
};

static void light_open(struct viewer *viewer)
{
    (void)viewer;
}

static size_t light_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct light *light = (struct light *)viewer;
    const char *at = (const char *)bytes;
    for (const char *end = at + len; at < end;
         at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1) {
        if (at[0] == 'E') {
            const uint64_t seq = strtoull(at + 2, NULL, 10);
            must(seq > light->last);
            light->last = seq;
            light->events++;
        }
    }
    return len;
}

static uint32_t how_many_have(const struct light *lights, uint32_t events)
{
    uint32_t count = 0;
    for (int i = 0; i < CROWD; i++) {
        count += lights[i].events == events;
    }
    return count;
}

static void a_long_round_goes_on_and_restarts_for_nobody(void **state)
{
    static const struct viewer_ops light_ops = {.open = light_open, .write = light_write};
    struct world *world = *state;
    struct light *lights = calloc(CROWD, sizeof(*lights));
    const struct join live = plain(0);
    must(lights != NULL);
    for (int i = 0; i < CROWD; i++) {
        viewer_join(world->hub, &lights[i].viewer, &light_ops, &live);
    }
    pass(world, 1000);
    commit_many(world, 1);
    turn(world);
    assert_int_equal(how_many_have(lights, 1), 4096);
    assert_int_equal(world->wish_ms, world->now_ms);
    commit_many(world, 1); // joins the round under way
    world->now_ms += 70;
    turn(world);
    assert_int_equal(how_many_have(lights, 2), CROWD - 4096);
    assert_int_equal(how_many_have(lights, 1), 4096);
    assert_true(world->wish_ms > world->now_ms); // the round was long: it gathers longer now
    world->now_ms += 200;
    viewer_leave(world->hub, &lights[0].viewer);
    lights[0].events = 2;
    turn(world);
    turn(world);
    assert_int_equal(how_many_have(lights, 2), CROWD);
    for (int i = 0; i < CROWD; i++) {
        viewer_leave(world->hub, &lights[i].viewer);
    }
    free(lights);
}

/* ---- figures ---- */

static void what_was_measured_is_told(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    (void)join(world, 0, &live);
    (void)join(world, 1, &live);
    rest(world);
    commit_many(world, 10);
    pass(world, 100);
    struct figures_call figures = {
        .call.home = &world->home.home, .call.done = answered, .stream = STR("demo")};
    hub_figures(world->hub, &figures);
    rest(world);
    assert_true(figures.known);
    assert_int_equal(figures.viewers, 2);
    assert_int_equal(figures.events, 10);
    assert_int_equal(figures.deliveries, 20);
    assert_int_equal(figures.on_time, 20);
    assert_int_equal(figures.on_time_of, 20);
    assert_true(figures.rate_in > 0.9 && figures.rate_out > 1.9);
    struct busiest_call busiest = {.call.home = &world->home.home, .call.done = answered};
    hub_busiest(world->hub, &busiest);
    rest(world);
    assert_int_equal(busiest.count, 1);
    assert_string_equal(busiest.streams[0].name, "demo");
    assert_int_equal(busiest.streams[0].deliveries, 20);
}

static uint64_t ring_bytes(struct world *world)
{
    struct figures_call figures = {
        .call.home = &world->home.home, .call.done = answered, .stream = STR("demo")};
    hub_figures(world->hub, &figures);
    rest(world);
    return figures.ring_bytes;
}

/* One slow reader could have each ring grow to its own bound: a thousand streams, a gigabyte. */
static void all_rings_together_have_a_bound(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    struct fake_reader *slow = join(world, 0, &live), *quick = join(world, 1, &live);
    rest(world);
    slow->room = 10;
    for (int i = 0; i < 1000; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 200);
        pass(world, 60);
        assert_true(ring_bytes(world) <= RINGS_SHORT + RINGS_SHORT / 2); // with its index
    }
    assert_int_equal(quick->prover.events, 1000);
    assert_int_equal(quick->prover.gaps, 0);
    fake_reader_allow(slow, UINT32_MAX);
    pass(world, 100);
    assert_int_equal(slow->prover.gaps, 1);
    fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    pass(world, 100);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
    assert_true(ring_bytes(world) < RINGS_SHORT / 4); // nobody waits: it was given back
    fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    pass(world, 100);
    assert_int_equal(quick->prover.events, 1002);
}

/* Who beats holds no connection: without a bound, names made up cost memory for a TTL each. */
static void those_who_only_beat_have_a_bound(void **state)
{
    struct world *world = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        assert_false(ask(world, i, false).is_refused);
    }
    const struct presence_call one_more = ask(world, 4, false);
    assert_true(one_more.is_refused);
    assert_int_equal(one_more.viewers, 3);
    assert_false(ask(world, 3, true).is_refused); // who is counted goes on
    struct join open = plain(0), poll = plain(0);
    open.identity = 5;
    poll.identity = 6;
    poll.encoding = NULL;
    (void)join(world, 0, &open);
    (void)join(world, 1, &poll);
    pass(world, 100);
    assert_int_equal(ask(world, 0, false).viewers, 4); // a connection is bounded elsewhere
    pass(world, TTL_MS);
    assert_false(ask(world, 4, false).is_refused);
}

/* A poll of a stream that nobody else reads leaves it open for a while: so do a million polls. */
static void streams_nobody_reads_have_a_bound(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct world *world = *state;
    for (size_t i = 0; i < 5; i++) {
        struct join live = plain(0);
        live.stream = str_of(names[i]);
        struct fake_reader *reader = join(world, 0, &live);
        rest(world);
        assert_true(reader->is_open);
        fake_reader_leave(reader);
        rest(world);
        assert_true(world->engine.watch_count <= 2);
    }
    pass(world, 20000);
    assert_int_equal(world->engine.watch_count, 0);
}

/* An engine may take long to let go: who comes meanwhile joins no stream that is being left. */
static void who_joins_while_a_stream_is_let_go_misses_nothing(void **state)
{
    struct world *world = *state;
    const struct join live = plain(0);
    struct fake_reader *reader = join(world, 0, &live);
    rest(world);
    fake_reader_leave(reader);
    rest(world);
    world->now_ms += 20000;
    turn(world); // the stream is idle: unwatch is the engine's, which is slow
    assert_int_equal(world->engine.watch_count, 1);
    assert_int_equal(world->engine.ordered_count, 1);
    reader = join(world, 1, &live);
    fake_engine_step_last(&world->engine); // its sync overtakes
    turn(world);
    turn(world);
    assert_false(reader->is_open);
    rest(world);
    assert_true(reader->is_open);
    commit_many(world, 3);
    pass(world, 1000);
    assert_int_equal(reader->prover.events, 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sse_begins_with_retry_and_hello),
        CASE(websocket_gets_one_message_a_frame),
        CASE(a_viewer_may_leave_as_it_is_opened),
        CASE(a_lone_event_leaves_in_its_turn_and_a_busy_stream_gathers),
        CASE(a_late_event_does_not_hold_up_those_behind_it),
        CASE(a_slow_reader_is_told_and_still_gets_the_acts),
        CASE(an_ended_stream_says_so_in_hello),
        CASE(within_resume_max_everything_is_sent),
        CASE(further_behind_the_hole_is_told_with_its_pages),
        CASE(more_acts_than_can_be_carried_is_a_new_beginning),
        CASE(what_retention_took_is_told_without_numbers),
        CASE(a_cursor_of_another_life_is_told_to_start_over),
        CASE(the_engine_says_why_a_join_is_refused),
        CASE(a_stream_nobody_reads_is_let_go),
        CASE(who_joins_while_a_stream_is_let_go_misses_nothing),
        CASE(a_stream_outlives_the_reads_that_carry_its_name),
        CASE(a_poll_answers_at_once_or_when_something_comes),
        CASE(one_user_on_three_screens_is_one_viewer),
        CASE(a_beat_lasts_for_its_ttl),
        CASE(presence_is_told_at_most_once_a_second),
        CASE(a_long_round_goes_on_and_restarts_for_nobody),
        CASE(what_was_measured_is_told),
        cmocka_unit_test_setup_teardown(all_rings_together_have_a_bound, begin_short_of_rings, end),
        cmocka_unit_test_setup_teardown(those_who_only_beat_have_a_bound, begin_small, end),
        cmocka_unit_test_setup_teardown(streams_nobody_reads_have_a_bound, begin_small, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
