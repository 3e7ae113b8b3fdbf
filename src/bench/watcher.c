// SPDX-License-Identifier: Apache-2.0
#include "bench/watcher.h"

#include "bench/deletions.h"
#include "bench/dialect.h"
#include "bench/gap_in.h"
#include "bench/inflate_in.h"
#include "bench/scan.h"
#include "bench/visit.h"
#include "sys/sys.h"
#include "wire/cursor.h"
#include "wire/json.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    REQUEST_BYTES_MAX = 2048,
    FRAME_BYTES_MAX = 256, // that a viewer sends
    PAGE_BYTES_MAX = 8 * 1024 * 1024,
    KEYS_MAX = 1000000,
    STALL_TIMES = 6, // as long as others stay: of 10 s, some longer than a server waits
    AWAY_MS = 100,   // at least, and up to as much again
    REFUSED_MS = 1000,
    WOKEN_MS = 3000, // to be sent the rest, in the end
    STALLED_BUFFER_BYTES = 4096,
    AWAKE_BUFFER_BYTES = 256 * 1024,
    CHECKED_OF = 256, // one event of so many is read by a whole parser too
    CROWD_MIN = 32,   // viewers of a stream
    STATUS_OK = 200,
    STATUS_UPGRADED = 101,
};

static struct watcher *watcher_of(struct line *line)
{
    return (struct watcher *)(void *)((char *)line - offsetof(struct watcher, line));
}

static void score_frame(struct watcher *watcher, const char *why, struct str text)
{
    score_fault(&watcher->scene->score, FAULT_FRAME, 1, "viewer %u of stream %u: %s: %.*s",
                watcher->witness.number, watcher->witness.stream, why,
                (int)(text.len < 100 ? text.len : 100), text.len == 0 ? "" : text.at);
}

/* ---- in and out ---- */

static void rest_ms(struct watcher *watcher, uint32_t ms)
{
    wheel_arm(reactor_wheel(watcher->scene->reactor), &watcher->timer,
              reactor_now_ms(watcher->scene->reactor) + ms +
                  (int64_t)rand_below(&watcher->scene->rand, ms + 1));
}

/* Until it does something by itself, if it does: so many times as long as viewers stay. */
static void stay(struct watcher *watcher, uint32_t times)
{
    struct scene *scene = watcher->scene;
    if (scene->plan->reconnect_s > 0) {
        const uint64_t mean_ms = 1000ULL * times * scene->plan->reconnect_s;
        wheel_arm(reactor_wheel(scene->reactor), &watcher->timer,
                  reactor_now_ms(scene->reactor) + (int64_t)rand_below(&scene->rand, 2 * mean_ms));
    }
}

static void catch_up(struct watcher *watcher)
{
    const struct witness *witness = &watcher->witness;
    const uint64_t at = witness->covered > witness->last ? witness->covered : witness->last;
    if (watcher->is_behind && watcher->state == WATCHER_IN && at >= watcher->target) {
        watcher->is_behind = false;
        atomic_fetch_sub_explicit(&watcher->scene->behind, 1, memory_order_relaxed);
    }
}

static void become_in(struct watcher *watcher)
{
    struct scene *scene = watcher->scene;
    if (watcher->state != WATCHER_JOINING) {
        return;
    }
    watcher->state = WATCHER_IN;
    watcher->in_us = sys_mono_us();
    scene->joining--;
    atomic_fetch_add_explicit(&scene->present, 1, memory_order_relaxed);
    score_count(&scene->score, COUNT_JOINS, 1);
    score_count(&scene->score, COUNT_RETURNS, watcher->was_in ? 1 : 0);
    if (!watcher->was_in && scene->plan->peer != NULL) {
        watcher->witness.start = scene_head(scene, watcher->witness.stream);
    }
    watcher->was_in = true;
    if (!watcher->stalls) {
        stay(watcher, 1);
    }
    catch_up(watcher);
}

static void become_out(struct watcher *watcher)
{
    if (watcher->state == WATCHER_JOINING) {
        watcher->scene->joining--;
    } else if (watcher->state != WATCHER_OUT) {
        atomic_fetch_sub_explicit(&watcher->scene->present, 1, memory_order_relaxed);
    }
    watcher->state = WATCHER_OUT;
    watcher->reads_on = false;
    wheel_cancel(reactor_wheel(watcher->scene->reactor), &watcher->timer);
    switch ((enum transport)watcher->transport) {
    case TRANSPORT_SSE:
        sse_in_restart(&watcher->in.sse);
        break;
    case TRANSPORT_WS:
        ws_in_restart(&watcher->in.ws);
        break;
    case TRANSPORT_POLL:
    case TRANSPORTS:
        buf_done(&watcher->in.page);
        buf_init(&watcher->in.page, MEM_VIEWER, PAGE_BYTES_MAX);
        break;
    }
}

/* ---- events ---- */

static void take_due(struct watcher *watcher, int64_t due_us)
{
    if (watcher->stalls || due_us < watcher->in_us) {
        return;
    }
    const int64_t read_us = watcher->scene->read_us;
    const uint64_t took_us = read_us > due_us ? (uint64_t)(read_us - due_us) : 0;
    latency_add(&watcher->scene->score.visible[scene_step(watcher->scene)], took_us);
    if (plan_stays(watcher->scene->plan, watcher->witness.number) &&
        atomic_load_explicit(&watcher->scene->cue->is_storming, memory_order_relaxed)) {
        latency_add(&watcher->scene->score.stayed, took_us);
    }
}

static struct known_event event_of(const struct watcher *watcher, const struct scan *scan)
{
    return (struct known_event){.seq = scan->seq,
                                .prev = scan->prev,
                                .due_us = scan_due_us(scan, watcher->scene->plan->run),
                                .target = scan->target,
                                .is_text = scan->is_text};
}

/* Whether it tells of a deletion, or should not be sent any more. */
static void look_at(struct watcher *watcher, const struct known_event *event)
{
    struct scene *scene = watcher->scene;
    const struct deletions *deletions = scene->cue->deletions;
    int64_t asked_us = 0;
    if (deletions == NULL || watcher->witness.stream != 0) {
        return; // those of the first stream alone are deleted
    }
    if (event->target > 0) {
        const bool is_new = deletions_told(deletions, &watcher->sight, event->target, &asked_us);
        if (is_new && !watcher->stalls && asked_us >= watcher->in_us) {
            latency_add(&scene->score.acts_told, (uint64_t)(scene->read_us - asked_us));
        }
    } else if (event->is_text) {
        const enum deletions_verdict verdict =
            deletions_judge(deletions, &watcher->sight, event->seq, scene->read_us);
        score_count(&scene->score, COUNT_TEXTS_LATE, verdict == DELETIONS_LATE ? 1 : 0);
        if (verdict == DELETIONS_WRONG) {
            score_fault(&scene->score, FAULT_REMOVED, 1,
                        "viewer %u was sent the text of %" PRIu64 " after its removal",
                        watcher->witness.number, event->seq);
        }
    }
}

static void take_event(struct watcher *watcher, const struct known_event *event)
{
    struct scene *scene = watcher->scene;
    look_at(watcher, event);
    if (!witness_event(&watcher->witness, event->seq, event->prev, &scene->score)) {
        score_count(&scene->score, COUNT_AGAIN, 1);
        return;
    }
    score_count(&scene->score, COUNT_DELIVERIES, 1);
    if (event->due_us > 0) {
        take_due(watcher, event->due_us);
    }
    catch_up(watcher);
}

static bool read_gap(struct watcher *watcher, const struct json *event, struct witness_gap *ret_gap)
{
    const bool is_told = gap_in_read(event, ret_gap);
    if (!is_told) {
        score_frame(watcher, "a gap without its numbers", STR_NONE);
    }
    return is_told;
}

static void take_gap(struct watcher *watcher, const struct json *event)
{
    struct scene *scene = watcher->scene;
    struct witness_gap gap;
    if (!read_gap(watcher, event, &gap)) {
        return;
    }
    score_count(&scene->score, COUNT_GAPS, 1);
    score_count(&scene->score, COUNT_SPARED, gap.shed + gap.removed);
    scene_keep_gap(scene, watcher->witness.stream, &gap);
    witness_gap(&watcher->witness, &gap, &scene->score);
    catch_up(watcher);
}

/* Its events are late by design: their delay is not measured. */
static void take_digest(struct watcher *watcher, const struct json *digest)
{
    struct scene *scene = watcher->scene;
    struct witness_gap gap;
    const struct json *events = json_member(digest, "events");
    uint64_t last = 0;
    if (!read_gap(watcher, digest, &gap)) {
        return;
    }
    if (!gap.has_counts || json_length(events) != gap.carried ||
        watcher->lane != PLAN_LANE_DIGEST) {
        score_frame(watcher, "a digest that does not hold what it says", STR_NONE);
        return;
    }
    gap.is_digest = true;
    scene_keep_gap(scene, watcher->witness.stream, &gap);
    if (!witness_digest(&watcher->witness, &gap, &scene->score)) {
        score_count(&scene->score, COUNT_AGAIN, gap.carried);
        return;
    }
    score_count(&scene->score, COUNT_DELIVERIES, gap.carried);
    score_count(&scene->score, COUNT_SPARED, gap.shed + gap.removed);
    for (size_t i = 0; i < json_length(events); i++) {
        struct scan scan = {.seq = 0};
        (void)scan_tree(json_at(events, i), &scan);
        if (scan.seq < gap.from || scan.seq > gap.to || scan.seq <= last) {
            score_frame(watcher, "an event that its digest does not cover", STR_NONE);
        }
        const struct known_event event = event_of(watcher, &scan);
        look_at(watcher, &event);
        last = scan.seq;
        witness_inner(&watcher->witness, last);
    }
    catch_up(watcher);
}

static void take_mark(struct watcher *watcher, const struct json *mark)
{
    int64_t seq = 0;
    if (!json_get_i64(json_member(mark, "seq"), &seq) || seq <= 0) {
        score_frame(watcher, "a mark without its place", STR_NONE);
        return;
    }
    witness_mark(&watcher->witness, (uint64_t)seq, &watcher->scene->score);
    catch_up(watcher);
}

static void take_hello(struct watcher *watcher, const struct json *event)
{
    int64_t seq = 0;
    struct str epoch = STR_NONE;
    if (!json_get_i64(json_member(event, "seq"), &seq) || seq < 0 ||
        !json_get_str(json_member(event, "epoch"), &epoch) || epoch.len >= WATCHER_EPOCH_MAX) {
        score_frame(watcher, "a hello without its place", STR_NONE);
        return;
    }
    snprintf(watcher->epoch, sizeof(watcher->epoch), "%.*s", STR_ARG(epoch));
    watcher->hello_seq = (uint64_t)seq;
    witness_hello(&watcher->witness, (uint64_t)seq);
    become_in(watcher);
}

/* An event, or an early copy of an act. */
static void take_scan(struct watcher *watcher, const struct scan *scan)
{
    const struct known_event event = event_of(watcher, scan);
    if (scan->is_early) {
        look_at(watcher, &event);
    } else {
        take_event(watcher, &event);
    }
}

/* Anything, as a tree. */
static void take_value(struct watcher *watcher, const struct json *event)
{
    struct str type = STR_NONE;
    struct scan scan;
    struct score *score = &watcher->scene->score;
    (void)json_get_str(json_member(event, "type"), &type);
    if (str_eq(type, STR("hello"))) {
        take_hello(watcher, event);
    } else if (str_eq(type, STR("gap"))) {
        take_gap(watcher, event);
    } else if (str_eq(type, STR("digest"))) {
        take_digest(watcher, event);
    } else if (str_eq(type, STR("mark"))) {
        take_mark(watcher, event);
    } else if (str_eq(type, STR("resync"))) {
        score_count(score, COUNT_RESYNCS, 1);
        witness_resync(&watcher->witness, watcher->hello_seq, watcher->transport != TRANSPORT_POLL);
    } else if (str_eq(type, STR("goaway"))) {
        score_count(score, COUNT_GOAWAYS, 1);
    } else if (scan_tree(event, &scan)) {
        take_scan(watcher, &scan);
    }
}

static void take_tree(struct watcher *watcher, struct str data)
{
    struct json *event = NULL;
    struct json_fault fault;
    if (json_parse_with(data, KEYS_MAX, &event, &fault) != ERR_OK) {
        score_frame(watcher, "no JSON", data);
        return;
    }
    take_value(watcher, event);
    json_free(event);
}

static void check_scan(struct watcher *watcher, struct str data, const struct scan *scan)
{
    if (!scan_agrees(data, scan)) {
        score_frame(watcher, "not the event it looked like", data);
    }
    score_count(&watcher->scene->score, COUNT_CHECKED, 1);
}

/* What a push transport brought. */
static void take_text(struct watcher *watcher, struct str data, struct scan *ret_scan)
{
    if (scan_comment(data, ret_scan)) {
        if (rand_below(&watcher->scene->rand, CHECKED_OF) == 0) {
            check_scan(watcher, data, ret_scan);
        }
        take_scan(watcher, ret_scan);
    } else if (scan_retract(data, ret_scan)) {
        take_scan(watcher, ret_scan);
        ret_scan->seq = ret_scan->is_early ? 0 : ret_scan->seq; // a copy has no place
    } else if (!scan_is_idle_talk(data)) {
        take_tree(watcher, data);
    }
}

/* ---- what others were sent, too ---- */

/* Takes the frame at the front, if it is known and not shorter; returns its length, else 0. */
static size_t take_known(struct watcher *watcher, struct str bytes, size_t len_min)
{
    const struct known_frame *frame =
        known_find(&watcher->scene->known[watcher->transport], watcher->witness.last, bytes);
    if (frame == NULL || frame->len < len_min) {
        return 0; // a removed one may have white space behind it that another has not
    }
    take_event(watcher, &frame->event);
    return frame->len;
}

/* A whole parser reads what is to stand for what others are sent. */
static void make_known(struct watcher *watcher, struct str frame, struct str data,
                       const struct scan *scan)
{
    struct known *known = &watcher->scene->known[watcher->transport];
    const struct plan *plan = watcher->scene->plan;
    const bool is_crowd = plan->viewers / plan->streams >= CROWD_MIN;
    if (is_crowd && known_find(known, scan->prev, frame) == NULL) {
        const struct known_event event = event_of(watcher, scan);
        check_scan(watcher, data, scan);
        known_add(known, &event, frame);
    }
}

/* ---- events of a peer ---- */

static void say(struct watcher *watcher, enum ws_opcode opcode, struct str text)
{
    struct buf frame;
    buf_init(&frame, MEM_VIEWER, FRAME_BYTES_MAX);
    ws_in_write(&frame, opcode, text, (uint32_t)rand_next(&watcher->scene->rand));
    if (line_send(&watcher->line, buf_str(&frame)) != ERR_OK) {
        line_end(&watcher->line);
    }
    buf_done(&frame);
}

/* Whatever it wrapped around how many messages: their marks are found. */
static void take_peer_text(struct watcher *watcher, struct str text)
{
    struct scene *scene = watcher->scene;
    const struct dialect *peer = scene->plan->peer;
    uint64_t due_us = 0, number = 0;
    if (peer->ping != NULL && str_eq(text, str_of(peer->ping))) {
        say(watcher, WS_TEXT, str_of(peer->pong));
        return;
    }
    if (watcher->state == WATCHER_JOINING && watcher->transport == TRANSPORT_WS &&
        peer->ready != NULL &&
        memmem(text.at, text.len, peer->ready, strlen(peer->ready)) != NULL) {
        become_in(watcher);
    }
    while (dialect_next(scene->plan, &text, &due_us, &number)) {
        const bool is_new = witness_count(&watcher->witness, number + 1);
        score_count(&scene->score, is_new ? COUNT_DELIVERIES : COUNT_AGAIN, 1);
        if (is_new) {
            take_due(watcher, (int64_t)due_us);
        }
    }
    catch_up(watcher);
}

/* The head of a peer's answer is there. */
static void begin_peer(struct watcher *watcher)
{
    const struct plan *plan = watcher->scene->plan;
    const bool is_ws = watcher->transport == TRANSPORT_WS;
    if (is_ws && plan->peer->greeting != NULL) {
        struct buf greeting;
        buf_init(&greeting, MEM_VIEWER, FRAME_BYTES_MAX);
        dialect_write_greeting(plan, &greeting);
        say(watcher, WS_TEXT, buf_str(&greeting));
        buf_done(&greeting);
    }
    if (!is_ws || plan->peer->ready == NULL) {
        become_in(watcher);
    }
}

static void take_peer_event(struct watcher *watcher, struct str id, struct str data)
{
    if (watcher->scene->plan->peer->resumes && id.len < WATCHER_EPOCH_MAX) {
        snprintf(watcher->epoch, sizeof(watcher->epoch), "%.*s", STR_ARG(id));
    }
    take_peer_text(watcher, data);
}

/* What follows from these bytes, in the scene's text; borrowed until the next. */
static enum err inflate_text(struct watcher *watcher, struct str bytes, struct str *ret_text)
{
    struct buf *text = &watcher->scene->text;
    score_count(&watcher->scene->score, COUNT_INFLATED_BYTES, bytes.len);
    TRY(inflate_in_take(&watcher->inflater, (enum transport)watcher->transport, bytes, text));
    score_count(&watcher->scene->score, COUNT_TEXT_BYTES, text->len);
    *ret_text = buf_str(text);
    return ERR_OK;
}

/* ---- what arrives ---- */

/* Its id is compared with the rest; of its epoch, that it is this viewer's. */
static size_t on_sse_front(void *user, struct str bytes)
{
    struct watcher *watcher = user;
    const struct str label = STR("id: "), epoch = str_of(watcher->epoch);
    const bool is_ours =
        bytes.len > label.len + epoch.len && memcmp(bytes.at + label.len, epoch.at, epoch.len) == 0;
    return is_ours ? take_known(watcher, bytes, 1) : 0;
}

static void on_sse(void *user, struct str id, struct str data, struct str whole)
{
    struct watcher *watcher = user;
    if (watcher->scene->plan->peer != NULL) {
        take_peer_event(watcher, id, data);
        return;
    }
    struct scan scan = {.seq = 0};
    uint64_t id_seq = 0;
    take_text(watcher, data, &scan);
    if (scan.seq == 0) {
        return;
    }
    struct str seq = id;
    const struct str epoch = str_cut(id, '.', &seq);
    if (!str_eq(epoch, str_of(watcher->epoch)) || !str_to_u64(seq, SEQ_MAX, &id_seq) ||
        id_seq != scan.seq) {
        score_frame(watcher, "an id that is not its event's", id);
    } else {
        make_known(watcher, whole, data, &scan);
    }
}

static void on_ws(void *user, enum ws_opcode opcode, struct str payload)
{
    struct watcher *watcher = user;
    struct scan scan = {.seq = 0};
    if ((int)opcode == WS_IN_DEFLATED) {
        opcode = WS_TEXT;
        if (inflate_text(watcher, payload, &payload) != ERR_OK) {
            score_frame(watcher, "a message that does not inflate", STR_NONE);
            return;
        }
    }
    const bool is_peer = watcher->scene->plan->peer != NULL;
    if (is_peer && (opcode == WS_TEXT || opcode == WS_BINARY)) {
        take_peer_text(watcher, payload);
    } else if (opcode == WS_TEXT && take_known(watcher, payload, payload.len) == 0) {
        take_text(watcher, payload, &scan);
        if (scan.seq > 0) {
            make_known(watcher, payload, payload, &scan);
        }
    } else if (opcode == WS_BINARY) {
        score_frame(watcher, "a binary message", STR_NONE);
    } else if (opcode == WS_PING && payload.len <= 125) {
        score_count(&watcher->scene->score, COUNT_HEARTBEATS, 1);
        say(watcher, WS_PONG, payload);
    } else if (opcode == WS_CLOSE) {
        line_end(&watcher->line);
    }
}

/* ---- asking ---- */

static void ask(struct watcher *watcher)
{
    const struct visit visit = {.plan = watcher->scene->plan,
                                .epoch = watcher->was_in ? watcher->epoch : "",
                                .seq = watcher->witness.last,
                                .stream = watcher->witness.stream,
                                .transport = (enum transport)watcher->transport,
                                .lane = (enum plan_lane)watcher->lane,
                                .inflates = watcher->inflates,
                                .waits = watcher->state == WATCHER_IN};
    struct buf request;
    inflate_in_open(&watcher->inflater, (enum transport)watcher->transport);
    if (watcher->transport == TRANSPORT_WS) {
        watcher->in.ws.allow_deflate = watcher->inflates;
    }
    buf_init(&request, MEM_VIEWER, REQUEST_BYTES_MAX);
    watcher->is_asking = true;
    if (watcher->scene->plan->peer != NULL) {
        dialect_write_read(watcher->scene->plan, (enum transport)watcher->transport,
                           str_of(watcher->epoch), &request);
    } else {
        visit_write(&visit, &request);
    }
    if (!buf_ok(&request) || line_send(&watcher->line, buf_str(&request)) != ERR_OK) {
        line_end(&watcher->line);
    }
    buf_done(&request);
}

/* ---- the line ---- */

static void on_opened(struct line *line)
{
    ask(watcher_of(line));
}

static void on_answered(struct line *line, int status)
{
    struct watcher *watcher = watcher_of(line);
    const bool is_ws = watcher->transport == TRANSPORT_WS;
    if (status != (is_ws ? STATUS_UPGRADED : STATUS_OK)) {
        score_count(&watcher->scene->score, COUNT_REFUSED, 1);
        line_end(line);
    } else if (watcher->scene->plan->peer != NULL) {
        begin_peer(watcher);
    }
}

static void on_body(struct line *line, struct str bytes)
{
    static const struct sse_in_ops sse_ops = {.skip = on_sse_front, .event = on_sse};

    struct watcher *watcher = watcher_of(line);
    enum err err = ERR_OK;
    watcher->scene->read_us = sys_mono_us();
    score_count(&watcher->scene->score, COUNT_BYTES, bytes.len);
    const bool inflates = watcher->inflates && watcher->transport == TRANSPORT_SSE;
    if (inflates && inflate_text(watcher, bytes, &bytes) != ERR_OK) {
        score_frame(watcher, "bytes that do not inflate", STR_NONE);
        line_end(line);
        return;
    }
    if (watcher->transport == TRANSPORT_SSE) {
        score_count(&watcher->scene->score, COUNT_HEARTBEATS, str_eq(bytes, STR(":\n\n")));
        err = sse_in_feed(&watcher->in.sse, bytes, &sse_ops, watcher);
    } else if (watcher->transport == TRANSPORT_WS) {
        err = ws_in_feed(&watcher->in.ws, bytes, on_ws, watcher);
    } else {
        buf_add_str(&watcher->in.page, bytes);
        err = buf_ok(&watcher->in.page) ? ERR_OK : ERR_LIMIT;
    }
    if (err != ERR_OK) {
        score_frame(watcher, "bytes that are no event", bytes);
        line_end(line);
    }
}

/* A page of the long poll; returns how long to wait before the next. */
static uint32_t take_page(struct watcher *watcher, const struct json *page)
{
    struct str text = STR_NONE;
    struct cursor cursor;
    int64_t next_ms = 0;
    bool is_resync = false;
    const struct json *events = json_member(page, "events");
    if (!json_get_str(json_member(page, "cursor"), &text) ||
        cursor_parse(text, &cursor) != ERR_OK || json_kind(events) != JSON_KIND_ARRAY) {
        score_frame(watcher, "a page without its cursor", text);
        return REFUSED_MS;
    }
    if (json_get_bool(json_member(page, "resync"), &is_resync) && is_resync) {
        score_count(&watcher->scene->score, COUNT_RESYNCS, 1);
        witness_resync(&watcher->witness, 0, false);
    }
    for (size_t i = 0; i < json_length(events); i++) {
        take_value(watcher, json_at(events, i));
    }
    if (!watcher->witness.has_start) {
        witness_hello(&watcher->witness, cursor.seq);
    }
    struct str seq;
    const struct str epoch = str_cut(text, '.', &seq);
    if (epoch.len < WATCHER_EPOCH_MAX) {
        snprintf(watcher->epoch, sizeof(watcher->epoch), "%.*s", STR_ARG(epoch));
    }
    become_in(watcher);
    (void)json_get_i64(json_member(page, "next_ms"), &next_ms);
    return next_ms > 0 ? (uint32_t)next_ms : 0;
}

static void on_whole(struct line *line)
{
    struct watcher *watcher = watcher_of(line);
    struct json *page = NULL;
    struct json_fault fault;
    uint32_t wait_ms = REFUSED_MS;
    watcher->is_asking = false;
    watcher->scene->read_us = sys_mono_us();
    if (watcher->transport != TRANSPORT_POLL) {
        line_end(line);
        return;
    }
    if (json_parse_with(buf_str(&watcher->in.page), KEYS_MAX, &page, &fault) == ERR_OK) {
        wait_ms = take_page(watcher, page);
    } else {
        score_frame(watcher, "no JSON", buf_str(&watcher->in.page));
    }
    json_free(page);
    buf_done(&watcher->in.page);
    buf_init(&watcher->in.page, MEM_VIEWER, PAGE_BYTES_MAX);
    if (wait_ms == 0) {
        ask(watcher);
    } else {
        rest_ms(watcher, wait_ms);
    }
}

static void on_ended(struct line *line)
{
    struct watcher *watcher = watcher_of(line);
    const bool was_in = watcher->state == WATCHER_IN || watcher->state == WATCHER_STALLED;
    score_count(&watcher->scene->score, was_in ? COUNT_CUT : COUNT_UNREACHED, 1);
    become_out(watcher);
    if (!watcher->is_kept_out && !scene_is(watcher->scene, PHASE_OVER)) {
        rest_ms(watcher, was_in ? AWAY_MS : REFUSED_MS);
    }
}

static void on_timer(struct timer *timer)
{
    struct watcher *watcher =
        (struct watcher *)(void *)((char *)timer - offsetof(struct watcher, timer));
    const bool is_running = scene_is(watcher->scene, PHASE_RUN);
    const bool is_mute = watcher->stalls && !watcher_is_settled(watcher);
    if (watcher->state == WATCHER_OUT) {
        watcher_join(watcher);
    } else if (watcher->state == WATCHER_JOINING) {
        return;
    } else if (watcher->stalls && watcher->reads_on && is_running) {
        watcher->reads_on = false; // it stalls with the next tick
    } else if (watcher->stalls && is_running && rand_below(&watcher->scene->rand, 2) == 0) {
        watcher->reads_on = true;
        watcher_wake(watcher);
        stay(watcher, 1);
    } else if (watcher->transport == TRANSPORT_POLL && !watcher->is_asking) {
        ask(watcher);
        stay(watcher, 1);
    } else if (is_running || is_mute) {
        watcher_leave(watcher);
        watcher->is_kept_out = false;
        rest_ms(watcher, AWAY_MS);
    } else if (!watcher->stalls) {
        stay(watcher, 1);
    }
}

/* ---- what the crew says ---- */

void watcher_init(struct watcher *watcher, struct scene *scene, uint32_t number)
{
    static const struct line_ops ops = {.opened = on_opened,
                                        .answered = on_answered,
                                        .body = on_body,
                                        .whole = on_whole,
                                        .ended = on_ended};

    const struct plan *plan = scene->plan;
    *watcher = (struct watcher){.scene = scene,
                                .timer = {.fire = on_timer},
                                .witness = {.number = number, .stream = number % plan->streams}};
    line_init(&watcher->line, scene->reactor, &ops);
    watcher->transport = (uint8_t)plan_transport(plan, number / plan->streams);
    watcher->lane = (uint8_t)plan_lane(plan, number / plan->streams);
    const bool is_pushed = watcher->transport != TRANSPORT_POLL;
    watcher->stalls = is_pushed && rand_below(&scene->rand, 100) < plan->stalled_percent;
    watcher->inflates = is_pushed && rand_below(&scene->rand, 100) < plan->compress_percent;
    if (watcher->transport == TRANSPORT_SSE) {
        sse_in_init(&watcher->in.sse);
    } else if (watcher->transport == TRANSPORT_WS) {
        ws_in_init(&watcher->in.ws);
    } else {
        buf_init(&watcher->in.page, MEM_VIEWER, PAGE_BYTES_MAX);
    }
}

void watcher_done(struct watcher *watcher)
{
    line_close(&watcher->line);
    become_out(watcher);
    inflater_done(&watcher->inflater);
}

void watcher_join(struct watcher *watcher)
{
    struct scene *scene = watcher->scene;
    struct address from;
    const bool has_from = scene_source(scene, watcher->witness.number, &from);
    watcher->state = WATCHER_JOINING;
    watcher->in_us = INT64_MAX; // what it catches up with was due to others
    scene->joining++;
    witness_open(&watcher->witness);
    deletions_open(&watcher->sight, sys_mono_us());
    if (line_open(&watcher->line, &scene->plan->server, has_from ? &from : NULL) != ERR_OK) {
        score_count(&scene->score, COUNT_UNREACHED, 1);
        become_out(watcher);
        rest_ms(watcher, REFUSED_MS);
    }
}

void watcher_leave(struct watcher *watcher)
{
    if (rand_below(&watcher->scene->rand, 2) == 0) {
        line_reset(&watcher->line);
    } else {
        line_close(&watcher->line);
    }
    become_out(watcher);
    watcher->is_kept_out = true;
}

void watcher_return(struct watcher *watcher)
{
    watcher->is_kept_out = false;
    const struct dialect *peer = watcher->scene->plan->peer;
    const bool takes_up = peer == NULL || (peer->resumes && watcher->transport == TRANSPORT_SSE);
    watcher->target = takes_up ? scene_head(watcher->scene, watcher->witness.stream) : 0;
    if (!watcher->is_behind && !watcher->stalls) {
        watcher->is_behind = true;
        atomic_fetch_add_explicit(&watcher->scene->behind, 1, memory_order_relaxed);
    }
    watcher_join(watcher);
}

void watcher_stall(struct watcher *watcher)
{
    if (watcher->state == WATCHER_IN && !watcher->reads_on) {
        watcher->state = WATCHER_STALLED;
        stay(watcher, STALL_TIMES);
        sys_socket_set_receive_buffer(watcher->line.conn.source.fd, STALLED_BUFFER_BYTES);
        conn_pause(&watcher->line.conn);
    }
}

/* A sender that met a full buffer for a minute tries again only every minute: who reads on and has
 * not all soon, comes back. */
void watcher_wake(struct watcher *watcher)
{
    struct scene *scene = watcher->scene;
    if (watcher->state == WATCHER_STALLED) {
        wheel_arm(reactor_wheel(scene->reactor), &watcher->timer,
                  reactor_now_ms(scene->reactor) + WOKEN_MS);
        watcher->state = WATCHER_IN;
        sys_socket_set_receive_buffer(watcher->line.conn.source.fd, AWAKE_BUFFER_BYTES);
        conn_resume(&watcher->line.conn);
    }
}

bool watcher_is_settled(const struct watcher *watcher)
{
    const struct witness *witness = &watcher->witness;
    const uint64_t at = witness->covered > witness->last ? witness->covered : witness->last;
    return watcher->state == WATCHER_IN && at >= scene_head(watcher->scene, witness->stream);
}
