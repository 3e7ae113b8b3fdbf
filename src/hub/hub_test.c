// SPDX-License-Identifier: Apache-2.0
#include "hub/hub.h"

#include "base/must.h"
#include "hub/encoding.h"
#include "hub/flush.h"
#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RINGS_SHORT = 48 * 1024 };

static int begin_short_of_rings(void **state)
{
    const struct hub_options bounds = {.ring_bytes_max = 1 << 20, .rings_bytes_max = RINGS_SHORT};
    return world_begin_with(state, bounds);
}

static int begin_small(void **state)
{
    const struct hub_options bounds = {.ring_bytes_max = 4096, .streams_idle_max = 2};
    return world_begin_with(state, bounds);
}

static int begin_impatient(void **state)
{
    const struct hub_options bounds = {.ring_bytes_max = 4096, .silent_ms_max = 1000};
    return world_begin_with(state, bounds);
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
    world_pass(world, 1000);
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
    world_rest(world);
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
    world_rest(world);
    assert_int_equal(raw->viewer.mode, VIEWER_IDLE);
    assert_int_equal(raw->len, 0);
}

/* ---- live ---- */

static void a_slow_reader_is_told_and_still_gets_the_acts(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct fake_reader *slow = world_join(world, 0, &live), *quick = world_join(world, 1, &live);
    world_rest(world);
    slow->room = 10; // ends within a frame
    for (int i = 0; i < 200; i++) {
        fake_engine_commit(&world->engine, i == 50 ? EVENT_PIN : EVENT_COMMENT, world->now_ms);
        world_pass(world, 60);
    }
    assert_int_equal(quick->prover.events, 200);
    assert_int_equal(quick->prover.gaps, 0);
    assert_int_equal(slow->prover.events, 1);
    fake_reader_allow(slow, UINT32_MAX);
    world_rest(world);
    assert_int_equal(slow->prover.gaps, 1);
    assert_int_equal(slow->prover.gap_carried, 1);
    assert_int_equal(slow->prover.gap_shed, 198);
    assert_int_equal(slow->prover.events, 2);
    world_commit_many(world, 1);
    world_pass(world, 100);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
}

static void an_ended_stream_says_so_in_hello(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    (void)world_join(world, 0, &live);
    world_rest(world);
    fake_engine_commit(&world->engine, EVENT_STREAM, world->now_ms);
    world_rest(world);
    const struct fake_reader *late = world_join(world, 1, &live);
    world_rest(world);
    assert_non_null(strstr(late->prover.first_signal, "\"state\":\"paused\""));
}

/* ---- joining ---- */

static void within_resume_max_everything_is_sent(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 300);
    const uint64_t seq = world->engine.log[300 - WORLD_RESUME_MAX - 1]->seq;
    const struct join resume = world_after(seq, 50);
    const struct fake_reader *reader = world_join(world, 0, &resume);
    world_rest(world);
    assert_true(reader->prover.resumed);
    assert_int_equal(reader->prover.gaps, 0);
    assert_int_equal(reader->prover.events, WORLD_RESUME_MAX);
}

static void further_behind_the_hole_is_told_with_its_pages(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 300; i++) {
        fake_engine_commit(&world->engine, i == 120 ? EVENT_PIN : EVENT_COMMENT, 0);
    }
    const struct event *from = world->engine.log[100], *upto = world->engine.log[300 - 50 - 1];
    const struct join resume = world_after(from->seq, 50);
    const struct fake_reader *reader = world_join(world, 0, &resume);
    world_rest(world);
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
    world_commit_many(world, 60);
    const struct join resume = world_after(0, 50);
    const struct fake_reader *reader = world_join(world, 0, &resume);
    world_rest(world);
    assert_false(reader->prover.resumed);
    assert_true(reader->prover.resynced);
    assert_non_null(strstr(reader->prover.last_signal, "\"far\""));
    assert_int_equal(reader->prover.events, 50);
}

static void what_retention_took_is_told_without_numbers(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 90);
    fake_engine_expire(&world->engine, 60);
    const struct join resume = world_after(world->engine.log[5]->seq, 50);
    const struct fake_reader *reader = world_join(world, 0, &resume);
    world_rest(world);
    assert_true(reader->prover.resumed);
    assert_int_equal(reader->prover.expired, 1);
    assert_int_equal(reader->prover.events, 30);
    fake_engine_expire(&world->engine, 1000);
    const struct fake_reader *poll = &world->readers[1];
    struct join poll_join = resume;
    poll_join.encoding = NULL;
    (void)world_join(world, 1, &poll_join);
    world_rest(world);
    assert_int_equal(poll->prover.collects, 1);
}

/* Nothing is in memory and nothing in the log, and yet the cursor is behind. */
static void what_retention_took_whole_is_told(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 90);
    fake_engine_expire(&world->engine, 1000);
    const struct join resume = world_after(world->engine.log[5]->seq, 50);
    const struct fake_reader *reader = world_join(world, 0, &resume);
    world_rest(world);
    assert_int_equal(reader->prover.expired, 1);
    assert_int_equal(reader->viewer.mode, VIEWER_LIVE);
    world_commit_many(world, 1);
    world_pass(world, 100);
    assert_int_equal(reader->prover.events, 1);
}

static void a_cursor_of_another_life_is_told_to_start_over(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 80);
    struct join old = world_after(3, 10), ahead = world_after(100000, 10);
    old.cursor.epoch = (struct epoch){.text = "gone"};
    const struct fake_reader *a = world_join(world, 0, &old), *b = world_join(world, 1, &ahead);
    world_rest(world);
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
    const struct join live = world_plain(0);
    world->engine.watch_fails = ERR_NOT_FOUND;
    const struct fake_reader *reader = world_join(world, 0, &live);
    world_rest(world);
    assert_true(reader->is_refused);
    assert_int_equal(reader->refusal, VIEWER_NO_STREAM);
    world->engine.watch_fails = ERR_OK;
    world->engine.fails = true;
    world_pass(world, 1000);
    (void)world_join(world, 0, &live);
    world_pass(world, 1000);
    assert_true(reader->is_refused);
    assert_int_equal(reader->refusal, VIEWER_STORE_DOWN);
    world->engine.fails = false;
    world_pass(world, 1000);
    (void)world_join(world, 0, &live);
    world_rest(world);
    assert_true(reader->is_open);
}

static void pass_in_silence(struct world *world, int64_t ms)
{
    const int64_t until_ms = world->now_ms + ms;
    while (world->now_ms < until_ms) {
        world->now_ms += 50;
        world_turn(world);
    }
}

/* A disk that hangs: nobody waits for it, nothing is opened meanwhile, and it goes on as it was. */
static void a_silent_engine_keeps_nobody_waiting(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct join other = live;
    other.stream = STR("other");
    const struct fake_reader *first = world_join(world, 0, &live);
    world_turn(world);
    const uint32_t asked = world->engine.ordered_count;
    pass_in_silence(world, 900);
    assert_false(first->is_refused);
    pass_in_silence(world, 400);
    assert_true(first->is_refused);
    assert_int_equal(first->refusal, VIEWER_STORE_DOWN);
    const struct fake_reader *second = world_join(world, 1, &other);
    const struct fake_reader *third = world_join(world, 2, &live);
    pass_in_silence(world, 300);
    assert_int_equal(second->refusal, VIEWER_STORE_DOWN);
    assert_true(second->is_refused && third->is_refused);
    pass_in_silence(world, 30000);
    assert_int_equal(world->engine.ordered_count, asked);
    world_rest(world);
    (void)world_join(world, 0, &live);
    world_rest(world);
    assert_true(first->is_open);
}

static void a_stream_nobody_reads_is_let_go(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct fake_reader *reader = world_join(world, 0, &live);
    world_rest(world);
    assert_int_equal(world->engine.watch_count, 1);
    fake_reader_leave(reader);
    world_pass(world, 9000);
    assert_int_equal(world->engine.watch_count, 1);
    world_pass(world, 2000);
    assert_int_equal(world->engine.watch_count, 0);
    world_commit_many(world, 1);
    (void)world_join(world, 0, &live);
    world_rest(world);
    assert_int_equal(reader->prover.hello_latest, fake_engine_head(&world->engine));
}

/* A disk that hangs for longer than an idle stream is kept. */
static void a_stream_outlives_the_reads_that_carry_its_name(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 300);
    const struct join far = world_after(world->engine.log[9]->seq, 5), live = world_plain(0);
    (void)world_join(world, 0, &live);
    world_rest(world);
    struct fake_reader *reader = world_join(world, 1, &far);
    while (world->engine.loose_count == 0 || !world->engine.is_count[0]) {
        (void)fake_engine_step(&world->engine);
        world_turn(world);
    }
    world->engine.stalls = true;
    fake_reader_leave(reader);
    fake_reader_leave(&world->readers[0]);
    for (int i = 0; i < 30; i++) {
        world->now_ms += 1000;
        (void)fake_engine_step(&world->engine);
        world_turn(world);
    }
    assert_int_equal(world->engine.watch_count, 0);
    world->engine.stalls = false;
    world_pass(world, 1000); // the engine reads the name now
    (void)world_join(world, 0, &live);
    world_rest(world);
    assert_true(world->readers[0].is_open);
}

/* ---- long poll ---- */

static void a_poll_answers_at_once_or_when_something_comes(void **state)
{
    struct world *world = *state;
    world_commit_many(world, 200);
    struct join poll = world_after(world->engine.log[20]->seq, 50);
    poll.encoding = NULL;
    poll.limit = 30;
    struct fake_reader *reader = world_join(world, 0, &poll);
    world_rest(world);
    assert_int_equal(reader->prover.collected, 30);
    poll.cursor.seq = fake_engine_head(&world->engine);
    (void)world_join(world, 0, &poll);
    world_rest(world);
    assert_true(reader->is_open);
    assert_int_equal(reader->prover.collects, 0);
    assert_int_equal(reader->viewer.last_seq, fake_engine_head(&world->engine));
    world_commit_many(world, 1);
    world_rest(world);
    assert_int_equal(reader->prover.collects, 1);
    assert_int_equal(reader->prover.collected, 1);
    poll.cursor.epoch = (struct epoch){.text = "gone"};
    (void)world_join(world, 0, &poll);
    world_rest(world);
    assert_true(reader->prover.resynced);
    assert_int_equal(reader->prover.collected, 30);
}

static void answered(struct call *call)
{
    call->done = NULL;
}

/* ---- many ---- */

enum { CROWD = FLUSH_WRITES_MAX + 500 };
struct light { // counts what it gets
    struct viewer viewer;
    uint32_t events;
    uint64_t last;
    bool is_open;
};

static void light_open(struct viewer *viewer)
{
    ((struct light *)viewer)->is_open = true;
}

static size_t light_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct light *light = (struct light *)viewer;
    const char *at = (const char *)bytes;
    for (const char *end = at + len; at < end;
         at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1) {
        if (at[0] == 'E') {
            const uint64_t seq = strtoull(strstr(at, "\"seq\":") + 6, NULL, 10);
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

static struct light *crowd_join(struct world *world)
{
    static const struct viewer_ops light_ops = {.open = light_open, .write = light_write};
    struct light *lights = calloc(CROWD, sizeof(*lights));
    const struct join live = world_plain(0);
    must(lights != NULL);
    for (int i = 0; i < CROWD; i++) {
        viewer_join(world->hub, &lights[i].viewer, &light_ops, &live);
    }
    world_pass(world, 1000);
    return lights;
}

static void crowd_leave(struct world *world, struct light *lights)
{
    for (int i = 0; i < CROWD; i++) {
        viewer_leave(world->hub, &lights[i].viewer);
    }
    free(lights);
}

static void a_long_round_goes_on_and_restarts_for_nobody(void **state)
{
    struct world *world = *state;
    struct light *lights = crowd_join(world);
    world_commit_many(world, 1);
    world_turn(world);
    assert_int_equal(how_many_have(lights, 1), FLUSH_WRITES_MAX);
    assert_int_equal(world->wish_ms, world->now_ms);
    world_commit_many(world, 1); // joins the round under way
    world->now_ms += 70;
    world_turn(world);
    assert_int_equal(how_many_have(lights, 2), CROWD - FLUSH_WRITES_MAX);
    assert_int_equal(how_many_have(lights, 1), FLUSH_WRITES_MAX);
    viewer_leave(world->hub, &lights[0].viewer);
    lights[0].events = 2;
    world_turn(world);
    world_turn(world);
    assert_int_equal(how_many_have(lights, 2), CROWD);
    crowd_leave(world, lights);
}

/* Until a round reaches the one whom each visits first; returns how long it waited. */
static int64_t until_round(struct world *world, struct light *lights, uint32_t events)
{
    const struct light *first = &lights[CROWD - 1];
    const int64_t began_ms = world->now_ms;
    const uint32_t wanted = first->events + events;
    world_commit_many(world, events);
    world_turn(world);
    while (first->events < wanted) {
        world->now_ms = world->wish_ms;
        world_turn(world);
    }
    return world->now_ms - began_ms;
}

/* Rounds that take `took_ms` and carry `events` each: how long an event behind them waits. */
static int64_t rest_after(struct world *world, struct light *lights, uint32_t events,
                          int64_t took_ms)
{
    for (int i = 0; i < 4; i++) { // the first have what an idle stream has saved up
        (void)until_round(world, lights, events);
        world->now_ms += took_ms;
        world_turn(world);
    }
    const int64_t rest_ms = until_round(world, lights, 1);
    world_pass(world, 1000);
    return rest_ms;
}

static void the_more_long_rounds_carry_the_more_is_gathered(void **state)
{
    enum { TOOK_MS = 80, MOST_MS = 200 };
    struct world *world = *state;
    struct light *lights = crowd_join(world);
    assert_int_equal(rest_after(world, lights, 1, TOOK_MS), 0);
    assert_int_equal(rest_after(world, lights, 2, TOOK_MS), TOOK_MS / 2);
    assert_int_equal(rest_after(world, lights, 3, TOOK_MS), TOOK_MS);
    assert_int_equal(rest_after(world, lights, 8, TOOK_MS), TOOK_MS);
    assert_int_equal(rest_after(world, lights, 8, MOST_MS - TOOK_MS / 2), TOOK_MS / 2);
    crowd_leave(world, lights);
}

enum { COMERS = 40, JOINS_A_TURN = 8 };

static int begin_with_few_joins(void **state)
{
    return world_begin_with(
        state, (struct hub_options){.ring_bytes_max = 4096, .joins_turn = JOINS_A_TURN});
}

/* A herd comes at once: each turn lets some in, and who is inside is sent what is new first. */
static void a_turn_lets_so_many_in(void **state)
{
    static const struct viewer_ops light_ops = {.open = light_open, .write = light_write};
    struct world *world = *state;
    struct fake_reader *inside = world_reader(world);
    struct light *comers = calloc(COMERS, sizeof(*comers));
    const struct join live = world_plain(0);
    must(comers != NULL);
    world_pass(world, 1000);
    for (int i = 0; i < COMERS; i++) {
        viewer_join(world->hub, &comers[i].viewer, &light_ops, &live);
    }
    world_commit_many(world, 1);
    uint32_t open = 0, turns = 0;
    while (open < COMERS) {
        const uint32_t before = open;
        world_turn(world);
        while (fake_engine_step(&world->engine)) {
        }
        open = 0;
        for (int i = 0; i < COMERS; i++) {
            open += comers[i].is_open;
        }
        assert_true(open - before <= JOINS_A_TURN);
        assert_int_equal(inside->prover.events, 1);
        assert_true(++turns < 2 * COMERS);
    }
    for (int i = 0; i < COMERS; i++) {
        viewer_leave(world->hub, &comers[i].viewer);
    }
    free(comers);
}

/* ---- figures ---- */

static void what_was_measured_is_told(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    (void)world_join(world, 0, &live);
    (void)world_join(world, 1, &live);
    world_rest(world);
    world_commit_many(world, 10);
    world_pass(world, 100);
    struct figures_call figures = {
        .call.home = &world->home.home, .call.done = answered, .stream = STR("demo")};
    hub_figures(world->hub, &figures);
    world_rest(world);
    assert_true(figures.known);
    assert_int_equal(figures.viewers, 2);
    assert_int_equal(figures.events, 10);
    assert_int_equal(figures.deliveries, 20);
    assert_int_equal(figures.on_time, 20);
    assert_int_equal(figures.on_time_of, 20);
    assert_true(figures.rate_in > 0.9 && figures.rate_out > 1.9);
    struct busiest_call busiest = {.call.home = &world->home.home, .call.done = answered};
    hub_busiest(world->hub, &busiest);
    world_rest(world);
    assert_int_equal(busiest.count, 1);
    assert_string_equal(busiest.streams[0].name, "demo");
    assert_int_equal(busiest.streams[0].deliveries, 20);
}

static void acts_are_no_comments_a_second(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    (void)world_join(world, 0, &live);
    world_rest(world);
    fake_engine_commit(&world->engine, EVENT_STREAM, world->now_ms);
    fake_engine_commit(&world->engine, EVENT_PIN, world->now_ms);
    world_rest(world);
    struct figures_call figures = {
        .call.home = &world->home.home, .call.done = answered, .stream = STR("demo")};
    hub_figures(world->hub, &figures);
    world_rest(world);
    assert_int_equal(figures.events, 2);
    assert_true(figures.rate_in < 0.01);
}

static uint64_t ring_bytes(struct world *world)
{
    struct figures_call figures = {
        .call.home = &world->home.home, .call.done = answered, .stream = STR("demo")};
    hub_figures(world->hub, &figures);
    world_rest(world);
    return figures.ring_bytes;
}

/* One slow reader could have each ring grow to its own bound: a thousand streams, a gigabyte. */
static void all_rings_together_have_a_bound(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct fake_reader *slow = world_join(world, 0, &live), *quick = world_join(world, 1, &live);
    world_rest(world);
    slow->room = 10;
    for (int i = 0; i < 1000; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 200);
        world_pass(world, 60);
        assert_true(ring_bytes(world) <= RINGS_SHORT + RINGS_SHORT / 2); // with its index
    }
    assert_int_equal(quick->prover.events, 1000);
    assert_int_equal(quick->prover.gaps, 0);
    fake_reader_allow(slow, UINT32_MAX);
    world_pass(world, 100);
    assert_int_equal(slow->prover.gaps, 1);
    fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    world_pass(world, 100);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
    assert_true(ring_bytes(world) < RINGS_SHORT / 4); // nobody waits: it was given back
    fake_engine_commit(&world->engine, EVENT_COMMENT, world->now_ms);
    world_pass(world, 100);
    assert_int_equal(quick->prover.events, 1002);
}

/* Ten thousand streams that were busy once would else hold what they needed then. */
static void a_ring_shrinks_when_its_burst_is_over(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct fake_reader *slow = world_join(world, 0, &live), *quick = world_join(world, 1, &live);
    world_rest(world);
    slow->room = 10;
    for (int i = 0; i < 100; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, 200);
    }
    world_pass(world, 100);
    assert_true(ring_bytes(world) > 20000);
    world_pass(world, 60000);
    assert_true(ring_bytes(world) > 20000); // it waits for them
    fake_reader_allow(slow, UINT32_MAX);
    world_pass(world, 100);
    assert_int_equal(slow->prover.last, fake_engine_head(&world->engine));
    world_pass(world, 40000);
    assert_int_equal(ring_bytes(world), 0);
    world_commit_many(world, 3);
    world_pass(world, 100);
    assert_int_equal(quick->prover.events, 103);
    assert_int_equal(slow->prover.events, 103);
    assert_true(ring_bytes(world) < 1500);
}

/* A poll of a stream that nobody else reads leaves it open for a while: so do a million polls. */
static void streams_nobody_reads_have_a_bound(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct world *world = *state;
    for (size_t i = 0; i < 5; i++) {
        struct join live = world_plain(0);
        live.stream = str_of(names[i]);
        struct fake_reader *reader = world_join(world, 0, &live);
        world_rest(world);
        assert_true(reader->is_open);
        fake_reader_leave(reader);
        world_rest(world);
        assert_true(world->engine.watch_count <= 2);
    }
    world_pass(world, 20000);
    assert_int_equal(world->engine.watch_count, 0);
}

/* An engine may take long to let go: who comes meanwhile joins no stream that is being left. */
static void who_joins_while_a_stream_is_let_go_misses_nothing(void **state)
{
    struct world *world = *state;
    const struct join live = world_plain(0);
    struct fake_reader *reader = world_join(world, 0, &live);
    world_rest(world);
    fake_reader_leave(reader);
    world_rest(world);
    world->now_ms += 20000;
    world_turn(world); // the stream is idle: unwatch is the engine's, which is slow
    assert_int_equal(world->engine.watch_count, 1);
    assert_int_equal(world->engine.ordered_count, 1);
    reader = world_join(world, 1, &live);
    fake_engine_step_last(&world->engine); // its sync overtakes
    world_turn(world);
    world_turn(world);
    assert_false(reader->is_open);
    world_rest(world);
    assert_true(reader->is_open);
    world_commit_many(world, 3);
    world_pass(world, 1000);
    assert_int_equal(reader->prover.events, 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sse_begins_with_retry_and_hello),
        CASE(websocket_gets_one_message_a_frame),
        CASE(a_viewer_may_leave_as_it_is_opened),
        CASE(a_slow_reader_is_told_and_still_gets_the_acts),
        CASE(an_ended_stream_says_so_in_hello),
        CASE(within_resume_max_everything_is_sent),
        CASE(further_behind_the_hole_is_told_with_its_pages),
        CASE(more_acts_than_can_be_carried_is_a_new_beginning),
        CASE(what_retention_took_is_told_without_numbers),
        CASE(what_retention_took_whole_is_told),
        CASE(a_cursor_of_another_life_is_told_to_start_over),
        CASE(the_engine_says_why_a_join_is_refused),
        CASE(a_stream_nobody_reads_is_let_go),
        CASE(who_joins_while_a_stream_is_let_go_misses_nothing),
        CASE(a_stream_outlives_the_reads_that_carry_its_name),
        CASE(a_poll_answers_at_once_or_when_something_comes),
        CASE(a_long_round_goes_on_and_restarts_for_nobody),
        CASE(the_more_long_rounds_carry_the_more_is_gathered),
        CASE(what_was_measured_is_told),
        CASE(acts_are_no_comments_a_second),
        cmocka_unit_test_setup_teardown(all_rings_together_have_a_bound, begin_short_of_rings,
                                        world_end),
        cmocka_unit_test_setup_teardown(a_ring_shrinks_when_its_burst_is_over, begin_short_of_rings,
                                        world_end),
        cmocka_unit_test_setup_teardown(a_silent_engine_keeps_nobody_waiting, begin_impatient,
                                        world_end),
        cmocka_unit_test_setup_teardown(streams_nobody_reads_have_a_bound, begin_small, world_end),
        cmocka_unit_test_setup_teardown(a_turn_lets_so_many_in, begin_with_few_joins, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
