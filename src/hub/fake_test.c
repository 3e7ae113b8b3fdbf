// SPDX-License-Identifier: Apache-2.0
#include "hub/fake_test.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- homes ---- */

static void home_keep(struct home *home, struct letter *letter)
{
    struct fake_home *fake = (struct fake_home *)home;
    letter->next = NULL;
    *fake->last = letter;
    fake->last = &letter->next;
}

void fake_home_init(struct fake_home *home)
{
    *home = (struct fake_home){.home.send = home_keep};
    home->last = &home->first;
}

bool fake_home_open_one(struct fake_home *home)
{
    struct letter *letter = home->first;
    if (letter == NULL) {
        return false;
    }
    home->first = letter->next;
    if (home->first == NULL) {
        home->last = &home->first;
    }
    letter->open(letter);
    return true;
}

/* ---- the engine: asking ---- */

static void keep_ordered(struct port *port, int what, struct call *call)
{
    struct fake_engine *engine = (struct fake_engine *)port;
    must(engine->ordered_count < FAKE_CALLS_MAX);
    engine->ordered[engine->ordered_count].what = what;
    engine->ordered[engine->ordered_count].call = call;
    engine->ordered_count++;
}

static void keep_loose(struct port *port, struct call *call, bool is_count)
{
    struct fake_engine *engine = (struct fake_engine *)port;
    must(engine->loose_count < FAKE_CALLS_MAX);
    engine->loose[engine->loose_count] = call;
    engine->is_count[engine->loose_count] = is_count;
    engine->loose_count++;
}

static void ask_watch(struct port *port, struct watch *watch)
{
    keep_ordered(port, FAKE_WATCH, &watch->call);
}

static void ask_unwatch(struct port *port, struct watch *watch)
{
    keep_ordered(port, FAKE_UNWATCH, &watch->call);
}

static void ask_sync(struct port *port, struct sync *sync)
{
    keep_ordered(port, FAKE_SYNC, &sync->call);
}

static void ask_read(struct port *port, struct read *read)
{
    keep_loose(port, &read->call, false);
}

static void ask_count(struct port *port, struct count_call *count)
{
    keep_loose(port, &count->call, true);
}

static const struct port_ops ops = {.watch = ask_watch,
                                    .unwatch = ask_unwatch,
                                    .sync = ask_sync,
                                    .read = ask_read,
                                    .count = ask_count};

void fake_engine_init(struct fake_engine *engine, uint64_t seed)
{
    *engine = (struct fake_engine){.port.ops = &ops, .port.epoch.text = "k3f9"};
    rand_init(&engine->rand, seed);
}

void fake_engine_done(struct fake_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        event_unref(engine->log[i]);
    }
}

/* ---- the engine: the log ---- */

uint64_t fake_engine_head(const struct fake_engine *engine)
{
    return engine->count == 0 ? 0 : engine->log[engine->count - 1]->seq;
}

uint32_t fake_engine_count(const struct fake_engine *engine, uint64_t from, uint64_t to,
                           uint32_t kinds)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct event *event = engine->log[i];
        count += event->seq >= from && event->seq <= to && (kinds >> event->kind & 1) != 0;
    }
    return count;
}

struct news {
    struct letter letter;
    struct watch *watch;
    struct event *event; // NULL: behind
};

static void open_news(struct letter *letter)
{
    struct news *news = (struct news *)letter;
    if (news->event == NULL) {
        news->watch->on_behind(news->watch);
    } else {
        news->watch->on_event(news->watch, news->event);
    }
    event_unref(news->event);
    free(news);
}

static void send_news(struct watch *watch, struct event *event)
{
    struct news *news = calloc(1, sizeof(*news));
    must(news != NULL);
    news->letter.open = open_news;
    news->watch = watch;
    news->event = event == NULL ? NULL : event_ref(event);
    home_send(watch->call.home, &news->letter);
}

void fake_engine_commit_sized(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms,
                              uint32_t body_len)
{
    char *body = malloc(body_len + 1);
    must(body != NULL && engine->count < FAKE_EVENTS_MAX);
    memset(body, 'x', body_len);
    if (kind == EVENT_STREAM) {
        body_len = (uint32_t)sprintf(body, "\"state\":\"paused\"");
    }
    struct event *event = event_new((struct str){.at = body, .len = body_len});
    must(event != NULL);
    event->kind = (uint8_t)kind;
    event->prev = fake_engine_head(engine);
    event->seq = event->prev + 1 + rand_below(&engine->rand, 3);
    event->published_mono_ms = mono_ms;
    engine->log[engine->count] = event;
    engine->count++;
    for (uint32_t i = 0; i < engine->watch_count; i++) {
        send_news(engine->watches[i], event);
    }
    free(body);
}

void fake_engine_commit(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms)
{
    fake_engine_commit_sized(engine, kind, mono_ms, 20 + (uint32_t)rand_below(&engine->rand, 200));
}

static void remove_watch(struct fake_engine *engine, const struct watch *watch)
{
    for (uint32_t i = 0; i < engine->watch_count; i++) {
        if (engine->watches[i] == watch) {
            engine->watches[i] = engine->watches[--engine->watch_count];
            return;
        }
    }
}

void fake_engine_lose_watch(struct fake_engine *engine)
{
    if (engine->watch_count > 0) {
        struct watch *watch = engine->watches[rand_below(&engine->rand, engine->watch_count)];
        remove_watch(engine, watch);
        send_news(watch, NULL);
    }
}

void fake_engine_expire(struct fake_engine *engine, uint32_t count)
{
    engine->oldest +=
        count < engine->count - engine->oldest ? count : engine->count - engine->oldest;
}

/* ---- the engine: answering ---- */

static void answer_watch(struct fake_engine *engine, struct watch *watch)
{
    watch->result = engine->watch_fails;
    if (watch->result == ERR_OK) {
        watch->epoch = engine->port.epoch;
        watch->head = fake_engine_head(engine);
        watch->state = STREAM_LIVE;
        must(engine->watch_count < 16);
        engine->watches[engine->watch_count] = watch;
        engine->watch_count++;
    }
}

static bool fits(const struct read *read, const struct event *event)
{
    const bool in = read->from == READ_AFTER ? event->seq > read->bound && event->seq <= read->upto
                                             : event->seq < read->bound;
    return in && (read->kinds >> event->kind & 1) != 0;
}

static void answer_read(struct fake_engine *engine, struct read *read)
{
    uint32_t found = 0, skip = 0, at = 0;
    read->result = engine->fails ? ERR_SYS : ERR_OK;
    if (engine->fails) {
        return;
    }
    for (uint32_t i = engine->oldest; i < engine->count; i++) {
        found += fits(read, engine->log[i]);
    }
    must(str_eq(read->stream, STR("demo"))); // it is the asker's to keep until now
    read->epoch = engine->port.epoch;
    read->head = fake_engine_head(engine);
    read->oldest = engine->oldest < engine->count ? engine->log[engine->oldest]->seq
                   : engine->count == 0           ? 0
                                                  : read->head + 1;
    read->more = found > read->limit;
    read->count = found < read->limit ? found : read->limit;
    read->events = read->count == 0 ? NULL : mem_new(MEM_EVENT, read->count * sizeof(void *));
    must(read->count == 0 || read->events != NULL);
    skip = read->from == READ_BEFORE ? found - read->count : 0;
    for (uint32_t i = engine->oldest; i < engine->count && at < read->count; i++) {
        if (fits(read, engine->log[i])) {
            if (skip > 0) {
                skip--;
            } else {
                read->events[at++] = event_ref(engine->log[i]);
            }
        }
    }
}

static void answer_count(struct fake_engine *engine, struct count_call *count)
{
    count->result = engine->fails ? ERR_SYS : ERR_OK;
    count->count = 0;
    must(str_eq(count->stream, STR("demo"))); // it is the asker's to keep until now
    for (uint32_t i = engine->oldest; i < engine->count; i++) {
        count->count += engine->log[i]->seq > count->after && engine->log[i]->seq <= count->upto;
    }
}

static void answer_loose(struct fake_engine *engine)
{
    const uint64_t i = rand_below(&engine->rand, engine->loose_count);
    struct call *call = engine->loose[i];
    if (engine->is_count[i]) {
        answer_count(engine, (struct count_call *)call);
    } else {
        answer_read(engine, (struct read *)call);
    }
    engine->loose_count--;
    engine->loose[i] = engine->loose[engine->loose_count];
    engine->is_count[i] = engine->is_count[engine->loose_count];
    call_finish(call);
}

static void answer_ordered(struct fake_engine *engine)
{
    struct call *call = engine->ordered[0].call;
    if (engine->ordered[0].what == FAKE_WATCH) {
        answer_watch(engine, (struct watch *)call);
    } else if (engine->ordered[0].what == FAKE_UNWATCH) {
        remove_watch(engine, (struct watch *)call);
    }
    engine->ordered_count--;
    memmove(engine->ordered, engine->ordered + 1,
            engine->ordered_count * sizeof(engine->ordered[0]));
    call_finish(call);
}

bool fake_engine_step(struct fake_engine *engine)
{
    const uint32_t loose = engine->stalls ? 0 : engine->loose_count;
    const uint32_t waiting = loose + engine->ordered_count;
    if (waiting == 0) {
        return false;
    }
    if (rand_below(&engine->rand, waiting) < loose) {
        answer_loose(engine);
    } else {
        answer_ordered(engine);
    }
    return true;
}

/* ---- the encoding ---- */

static void encode_event(struct buf *out, const struct event *event, struct str stream,
                         uint64_t prev, const struct epoch *epoch)
{
    (void)stream;
    (void)epoch;
    buf_addf(out, "E %llu %llu %d ", (unsigned long long)event->seq, (unsigned long long)prev,
             event->kind);
    buf_add(out, event->body, event->body_len);
    buf_add_byte(out, '\n');
}

static void encode_signal(struct buf *out, struct str json)
{
    buf_add_str(out, STR("S "));
    buf_add_str(out, json);
    buf_add_byte(out, '\n');
}

const struct encoding fake_encoding_other = {
    .name = "other", .event = encode_event, .signal = encode_signal};
const struct encoding fake_encoding = {
    .name = "fake", .event = encode_event, .signal = encode_signal};

/* ---- a reader and what it believes ---- */

static uint64_t number(const char *json, const char *name)
{
    char key[40];
    (void)snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = strstr(json, key);
    must(at != NULL);
    return strtoull(at + strlen(key), NULL, 10);
}

static bool is_act(unsigned kind)
{
    return kind != EVENT_COMMENT && kind != EVENT_REMOVED;
}

/* The last counted hole must have brought all the acts it promised. */
static void close_gap(struct fake_reader *reader)
{
    must(reader->gap_got == reader->gap_carried);
    reader->gap_from = reader->gap_to = reader->gap_got = reader->gap_carried = 0;
}

static void believe_event(struct fake_reader *reader, const char *line)
{
    unsigned long long seq = 0, prev = 0;
    unsigned kind = 0;
    // NOLINTNEXTLINE(cert-err34-c): our own line, and `must` sees how many were read
    must(sscanf(line, "E %llu %llu %u", &seq, &prev, &kind) == 3);
    must(reader->greeted);
    reader->events++;
    if (seq <= reader->gap_to) {
        must(seq >= reader->gap_from && is_act(kind));
        reader->gap_got++;
        reader->gap_from = seq + 1; // positions grow
        return;
    }
    close_gap(reader);
    must(seq > reader->last);
    must(prev <= reader->last); // else something was missed without a word
    reader->last = seq;
}

/* The numbers add up to the log; what retention took meanwhile is nowhere any more. */
static void check_counts(const struct fake_reader *reader, uint64_t removed)
{
    const struct fake_engine *engine = reader->engine;
    const uint64_t from = reader->gap_from, to = reader->gap_to;
    const uint64_t told = reader->gap_carried + reader->gap_shed + removed;
    const uint32_t acts = fake_engine_count(engine, from, to, UINT32_MAX & ~(1U << EVENT_COMMENT));
    const uint32_t all = fake_engine_count(engine, from, to, UINT32_MAX);
    must(reader->gap_carried <= acts && told <= all);
    if (engine->oldest < engine->count && engine->log[engine->oldest]->seq <= from) {
        must(reader->gap_carried == acts && told == all);
    }
}

static void believe_gap(struct fake_reader *reader, const char *json)
{
    const uint64_t from = number(json, "from"), to = number(json, "to");
    must(from <= to && to > reader->last);
    must(from == reader->last + 1);
    reader->gaps++;
    if (strstr(json, "\"expired\"") != NULL) {
        close_gap(reader);
        must(strstr(json, "carried") == NULL);
        const struct fake_engine *engine = reader->engine;
        must(engine->oldest == engine->count || engine->log[engine->oldest]->prev >= to);
        reader->expired++;
    } else {
        close_gap(reader);
        reader->gap_from = from;
        reader->gap_to = to;
        reader->gap_carried = number(json, "carried");
        reader->gap_shed = number(json, "shed");
        check_counts(reader, number(json, "removed"));
    }
    reader->last = to;
}

static void believe_hello(struct fake_reader *reader, const char *json)
{
    must(!reader->greeted || reader->hellos > 0);
    close_gap(reader);
    reader->hellos++;
    reader->greeted = true;
    reader->hello_seq = number(json, "seq");
    reader->hello_latest = number(json, "latest");
    reader->resumed = strstr(json, "\"resumed\":true") != NULL;
    must(reader->hello_latest >= reader->head_at_join);
    must(!reader->resumed || reader->hello_seq == reader->join.cursor.seq);
    if (!reader->resumed && reader->hellos == 1 && reader->engine->oldest == 0) {
        const uint32_t comments = 1U << EVENT_COMMENT;
        const uint32_t all = fake_engine_count(reader->engine, 0, reader->hello_latest, comments);
        const uint32_t got = fake_engine_count(reader->engine, reader->hello_seq + 1,
                                               reader->hello_latest, comments);
        must(got >= (all < reader->join.tail ? all : reader->join.tail));
    }
    reader->last = reader->hello_seq;
}

static void note_signal(struct fake_reader *reader, const char *json)
{
    const bool is_gap = strstr(json, "\"type\":\"gap\"") != NULL;
    if (reader->first_signal[0] == '\0') {
        (void)snprintf(reader->first_signal, sizeof(reader->first_signal), "%s", json);
    }
    if (is_gap) {
        (void)snprintf(reader->last_gap, sizeof(reader->last_gap), "%s", json);
    }
    if (strstr(json, "\"type\":\"presence\"") == NULL) {
        (void)snprintf(reader->last_signal, sizeof(reader->last_signal), "%s", json);
    }
}

static void believe(struct fake_reader *reader, const char *line)
{
    if (line[0] == 'E') {
        believe_event(reader, line);
        return;
    }
    must(line[0] == 'S');
    note_signal(reader, line + 2);
    if (strstr(line, "\"type\":\"hello\"") != NULL) {
        believe_hello(reader, line);
    } else if (strstr(line, "\"type\":\"gap\"") != NULL) {
        believe_gap(reader, line);
    } else if (strstr(line, "\"type\":\"resync\"") != NULL) {
        reader->resynced = true;
        must(!reader->resumed);
    } else {
        must(strstr(line, "\"type\":\"presence\"") != NULL);
        reader->presences++;
        reader->viewers_told = (uint32_t)number(line, "viewers");
        reader->hidden_told = (uint32_t)number(line, "hidden");
        must(number(line, "watching") + reader->hidden_told == reader->viewers_told);
    }
}

static void parse(struct fake_reader *reader)
{
    char *at = reader->bytes, *end = NULL;
    size_t left = reader->len;
    while (left > 0 && (end = memchr(at, '\n', left)) != NULL) {
        *end = '\0';
        believe(reader, at);
        left -= (size_t)(end - at) + 1;
        at = end + 1;
    }
    memmove(reader->bytes, at, left);
    reader->len = left;
}

static void receive(struct fake_reader *reader, const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    reader->bytes = realloc(reader->bytes, reader->len + len);
    must(reader->bytes != NULL);
    memcpy(reader->bytes + reader->len, bytes, len);
    reader->len += len;
    parse(reader);
}

static void on_open(struct viewer *viewer)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(!reader->is_open);
    reader->is_open = true;
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(!reader->is_open && viewer->mode == VIEWER_IDLE);
    reader->is_refused = true;
    reader->refusal = why;
    reader->joined = false;
}

static size_t on_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(reader->is_open && reader->joined && !viewer->blocked && len > 0);
    const size_t taken = len < reader->room ? len : reader->room;
    reader->room -= reader->room == UINT32_MAX ? 0 : (uint32_t)taken;
    receive(reader, bytes, taken);
    return taken;
}

static void on_keep(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(reader->len > 0); // only the rest of a begun frame
    receive(reader, bytes, len);
    must(reader->len == 0);
}

static void on_collect(struct viewer *viewer, struct event *const *events, size_t count,
                       const struct cursor *cursor, bool resync)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(reader->is_open && viewer->mode == VIEWER_IDLE && count <= 500);
    reader->joined = false;
    reader->resynced = resync;
    reader->collects++;
    if (!reader->join.has_cursor || resync) {
        reader->last = viewer->expired.to > 0 ? viewer->expired.from - 1
                       : count > 0            ? events[0]->prev
                                              : cursor->seq;
    }
    if (viewer->expired.to > 0) {
        must(viewer->expired.from == reader->last + 1);
        reader->last = viewer->expired.to;
        reader->expired++;
    }
    for (size_t i = 0; i < count; i++) {
        must(events[i]->seq > reader->last && events[i]->prev <= reader->last);
        reader->last = events[i]->seq;
        reader->collected++;
    }
    must(reader->last == cursor->seq);
}

static const struct viewer_ops reader_ops = {.open = on_open,
                                             .refuse = on_refuse,
                                             .write = on_write,
                                             .keep = on_keep,
                                             .collect = on_collect};

void fake_reader_join(struct fake_reader *reader, struct hub *hub, struct fake_engine *engine,
                      const struct join *join)
{
    const uint32_t room = reader->room;
    free(reader->bytes);
    *reader = (struct fake_reader){.hub = hub,
                                   .engine = engine,
                                   .join = *join,
                                   .room = room,
                                   .joined = true,
                                   .last = join->cursor.seq,
                                   .head_at_join = fake_engine_head(engine)};
    viewer_join(hub, &reader->viewer, &reader_ops, join);
    must(!reader->is_open && !reader->is_refused);
}

void fake_reader_leave(struct fake_reader *reader)
{
    viewer_leave(reader->hub, &reader->viewer);
    must(reader->viewer.mode == VIEWER_IDLE);
    reader->joined = false;
    free(reader->bytes);
    reader->bytes = NULL;
    reader->len = 0;
}

void fake_reader_allow(struct fake_reader *reader, uint32_t bytes)
{
    reader->room = bytes;
    if (reader->joined && reader->viewer.blocked && bytes > 0) {
        viewer_writable(reader->hub, &reader->viewer);
    }
}
