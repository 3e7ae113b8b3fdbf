// SPDX-License-Identifier: Apache-2.0
#include "hub/stream.h"

#include "base/must.h"
#include "base/mutant.h"
#include "hub/apart.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/crowd.h"
#include "hub/door.h"
#include "hub/facts.h"
#include "hub/herald.h"
#include "hub/redact.h"
#include "hub/signals.h"
#include "hub/sparse.h"
#include "hub/spread.h"
#include "hub/stall.h"
#include "hub/view.h"
#include "wire/json.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- taking events in ---- */

static enum stream_state state_in(const struct event *event, enum stream_state otherwise)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct str state = STR_NONE;
    struct buf text;
    buf_init(&text, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    buf_add_byte(&text, '{');
    buf_add(&text, event->body, event->body_len);
    buf_add_byte(&text, '}');
    if (buf_ok(&text) && json_parse(buf_str(&text), &root, &fault) == ERR_OK) {
        (void)json_get_str(json_member(root, "state"), &state);
    }
    enum stream_state now = otherwise;
    if (str_eq(state, STR("live"))) {
        now = STREAM_LIVE;
    } else if (str_eq(state, STR("paused"))) {
        now = STREAM_PAUSED;
    } else if (str_eq(state, STR("ended"))) {
        now = STREAM_ENDED;
    }
    json_free(root);
    buf_done(&text);
    return now;
}

static void put_expired(struct stream *stream, enum lane lane, const struct buf *json, uint64_t to)
{
    const struct ring_place place = {.seq = to, .ordinal = stream->ordinal};
    if (buf_ok(json)) {
        channel_put_told(stream, lane,
                         &(struct channel_told){.json = buf_str(json), .place = &place});
    } else {
        channel_lose(stream, lane, place);
    }
}

static void tell_expired(struct stream *stream, uint64_t to)
{
    struct buf json;
    sparse_settle(stream);
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    signals_gap(&json, &(struct signals_gap){.stream = stream_name(stream),
                                             .from = stream->newest + 1,
                                             .to = to,
                                             .why = "expired"});
    for (int lane = 0; lane < LANES; lane++) {
        put_expired(stream, (enum lane)lane, &json, to);
    }
    buf_done(&json);
    channel_cut(stream, to);
    sparse_cut(stream, to);
}

/* Retention overtook a hub that was behind: its live viewers are told, like any, and the newest is
 * where the log stands, though nothing is there. ERR_NOMEM: to be done once more. */
static enum err expire(struct stream *stream, uint64_t to)
{
    TRY(redact_expired(stream, to));
    if (to > stream->newest) {
        TRY(apart_take_beyond(stream));
        tell_expired(stream, to);
        tail_done(&stream->tail);
        tail_init(&stream->tail, stream->hub->options.resume_max, STREAM_TAIL_BYTES_MAX, to);
        stream->newest = to;
    }
    return ERR_OK;
}

static void hear(struct stream *stream, uint64_t seq)
{
    stream->heard = seq;
    stream->target = later(seq, stream->target);
}

static enum err take_shadowed(struct stream *stream, struct event *event)
{
    TRY(apart_take(stream, event));
    hear(stream, event->seq);
    return ERR_OK;
}

/* One that removes something took effect. ERR_NOMEM: it was not taken. */
static enum err take(struct stream *stream, struct event *event)
{
    if ((event->flags & EVENT_FLAG_SHADOW) != 0) {
        return take_shadowed(stream, event);
    }
    if (event->prev > stream->newest) {
        TRY(expire(stream, event->prev));
    }
    stream->newest = event->seq;
    hear(stream, event->seq);
    stream->ordinal++;
    stream->events++;
    volume_add(&stream->told, event->body_len);
    metric_count(&stream->hub->tally.events, 1);
    if (event->kind == EVENT_COMMENT) {
        recent_add(&stream->comments_recent, stream->hub->now_ms, 1);
    } else if (event->kind == EVENT_REMOVED) {
        removed_note(&stream->removed, event->seq);
    }
    exposure_take(&stream->exposure, stream_watching(stream, event), event);
    tail_push(&stream->tail, event);
    if (lane_is_act(event)) {
        tail_push(&stream->acts, event);
        stream->act_count++;
        stream->has_new_act = true;
        facts_take(stream, event);
        spread_take(stream, event);
    }
    if (event->kind == EVENT_STREAM) {
        stream->state = state_in(event, stream->state);
    }
    channel_put_event(stream, LANE_FULL, event,
                      (struct ring_place){.seq = event->seq, .ordinal = stream->ordinal});
    sparse_take(stream, event);
    return ERR_OK;
}

/* Those up to `*ret_taken` were, or had been. ERR_NOMEM: what is not to be sent any more could not
 * be redacted, or the next was not taken. */
static enum err take_all(struct stream *stream, struct event *const *events, uint32_t count,
                         uint32_t *ret_taken)
{
    uint32_t redacted = 0;
    *ret_taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (events[i]->seq > stream->heard) {
            if (events[i]->kind == EVENT_RETRACT && redacted <= i) {
                TRY(redact_apply(stream, events + i, count - i, &redacted));
                redacted += i;
            }
            TRY(take(stream, events[i]));
        }
        *ret_taken = i + 1;
    }
    return ERR_OK;
}

static void note_missed(struct stream *stream, const struct event *event)
{
    if (event->seq > stream->target && !mutant(CLOSED_DEAF)) {
        stream->target = event->seq;
        if ((event->flags & EVENT_FLAG_SHADOW) == 0) {
            stream->target_shown = event->seq;
        }
        door_step_soon(stream);
    }
}

static void on_events(struct watch *watch, struct event *const *events, uint32_t count)
{
    struct stream *stream = list_entry(watch, struct stream, watch);
    uint32_t taken = 0;
    if (door_is_open(stream)) {
        (void)!take_all(stream, events, count, &taken); // the log has the rest
    }
    for (uint32_t i = taken; i < count; i++) {
        note_missed(stream, events[i]);
    }
}

static void on_notices(struct watch *watch, struct notice *const *notices, uint32_t count)
{
    herald_take(list_entry(watch, struct stream, watch), notices, count);
}

static void on_behind(struct watch *watch)
{
    if (mutant(BEHIND_IGNORED)) {
        return;
    }
    struct stream *stream = list_entry(watch, struct stream, watch);
    stream->watched = false;
    door_step_soon(stream);
}

/* ---- calls ---- */

static void goes_away(struct stream *stream, struct patience *patience)
{
    patience_sent(patience, stream->hub->now_ms);
    list_push(&stream->hub->away, &stream->away_link);
}

static void is_back(struct stream *stream, struct patience *patience)
{
    patience_back(patience);
    list_remove(&stream->away_link);
    door_step_soon(stream);
}

static void on_watched(struct call *call)
{
    struct stream *stream = list_entry(call, struct stream, watch.call);
    stream->watch_call = CALL_BACK;
    is_back(stream, &stream->hub->order);
    if (stream->watch.result == ERR_OK) { // at once: an event may come behind this letter
        stream->watched = true;
        stream->state = stream->watch.state;
        facts_take_watch(stream);
        stream->target = later(stream->watch.heard, stream->target);
        stream->target_shown = later(stream->watch.head, stream->target_shown);
    }
}

static void on_unwatched(struct call *call)
{
    struct stream *stream = list_entry(call, struct stream, watch.call);
    stream->unwatch_call = CALL_BACK;
    is_back(stream, &stream->hub->order);
}

static void on_read(struct call *call)
{
    struct stream *stream = list_entry(call, struct stream, read.call);
    stream->read_call = CALL_BACK;
    is_back(stream, &stream->hub->reads);
}

static void watch(struct stream *stream)
{
    if (stream->primes_on) { // from the beginning: the log ends elsewhere now
        stream->primes_on = false;
        view_done(stream);
        tail_init(&stream->shadowed, STREAM_ACTS_MAX, STREAM_TAIL_BYTES_MAX, 0);
    }
    stream->watch.call.home = stream->hub->options.home;
    stream->watch.call.done = on_watched;
    stream->watch.stream = stream_name(stream);
    stream->watch.on_events = on_events;
    stream->watch.on_notices = on_notices;
    stream->watch.on_behind = on_behind;
    stream->watch_call = CALL_AWAY;
    goes_away(stream, &stream->hub->order);
    port_watch(stream->hub->options.port, &stream->watch);
}

/* From here on it is not open: who joins before the answer waits for a new watch. */
static void unwatch(struct stream *stream)
{
    stream->watched = false;
    stream->watch.call.done = on_unwatched;
    stream->unwatch_call = CALL_AWAY;
    goes_away(stream, &stream->hub->order);
    port_unwatch(stream->hub->options.port, &stream->watch);
}

static void ask(struct stream *stream, enum stream_read what, enum read_from from, uint32_t limit)
{
    stream->read_what = what;
    stream->read.call.home = stream->hub->options.home;
    stream->read.call.done = on_read;
    stream->read.stream = stream_name(stream);
    stream->read.from = from;
    stream->read.upto = from == READ_AFTER ? stream->target : SEQ_MAX;
    stream->read.limit = limit;
    stream->read.kinds = UINT32_MAX;
    stream->read.view = READ_VIEW_ALL;
    stream->read_call = CALL_AWAY;
    goes_away(stream, &stream->hub->reads);
    port_read(stream->hub->options.port, &stream->read);
}

/* ---- what came back ---- */

/* A slow reader that starts over is open already, and waits on. */
static void refuse_joiners(struct stream *stream, enum viewer_refusal why)
{
    struct link *link = stream->joiners.next;
    while (link != &stream->joiners) {
        struct viewer *viewer = list_entry(link, struct viewer, link);
        link = link->next;
        if (!viewer->is_open) {
            viewer->refusal = (uint8_t)why;
            list_remove(&viewer->link);
            list_push(&stream->hub->refused, &viewer->link);
        }
    }
}

static void release_joiners(struct stream *stream)
{
    struct hub *hub = stream->hub;
    struct link *const goes_on[] = {[VIEWER_OPENING] = &hub->admits,
                                    [VIEWER_CATCHUP] = &hub->catching,
                                    [VIEWER_LIVE] = &hub->ready};
    for (struct link *link = list_pop(&stream->joiners); link != NULL;
         link = list_pop(&stream->joiners)) {
        list_push(goes_on[list_entry(link, struct viewer, link)->mode], link);
    }
}

static enum viewer_refusal refusal_of(enum err err)
{
    if (err == ERR_NOT_FOUND) {
        return VIEWER_NO_STREAM;
    }
    return err == ERR_NOMEM ? VIEWER_OVERLOADED : VIEWER_STORE_DOWN;
}

static void failed(struct stream *stream, enum err err)
{
    stream->retry_ms = stream->hub->now_ms + STREAM_RETRY_MS;
    refuse_joiners(stream, refusal_of(err));
}

static void take_watch(struct stream *stream)
{
    stream->watch_call = CALL_NONE;
    stream->watched_ms = stream->hub->now_ms;
    if (stream->watch.result != ERR_OK) {
        failed(stream, stream->watch.result);
    }
}

/* Where the log is known from: the newest few, and that nothing between is missing. Among them is
 * one that everybody is shown, so that whose comments are shadowed behind it is known. */
static void take_prime(struct stream *stream)
{
    struct read *read = &stream->read;
    const uint64_t head = stream->watch.head;
    hear(stream, stream->watch.heard);
    stream->shadowed.covers = stream->primes_on ? stream->shadowed.covers : stream->heard;
    const uint64_t covers = stream->shadowed.covers;
    view_split_older(stream, read);
    stream->primes_on = read->count == 0 && read->more && stream->shadowed.covers < covers;
    if (stream->primes_on) {
        return;
    }
    const uint64_t last = read->count > 0 ? read->events[read->count - 1]->seq : 0;
    stream->newest = last > head ? last : head;
    stream->tail.covers = stream->newest;
    stream->acts.covers = stream->newest;
    tail_extend(&stream->tail, read->events, read->count, !read->more);
    removed_init(&stream->removed, stream->tail.is_whole ? 0 : stream->tail.covers);
    removed_note_tail(&stream->removed, &stream->tail);
    stream->primed = true;
}

static enum err take_up(struct stream *stream)
{
    const struct read *read = &stream->read;
    uint32_t taken = 0;
    TRY(take_all(stream, read->events, read->count, &taken));
    if (!read->more && stream->heard < stream->target && stream->target == read->upto) {
        TRY(expire(stream, later(stream->target_shown, stream->newest))); // the rest
        hear(stream, stream->target);
    }
    return ERR_OK;
}

/* Before what is held: also of what is shadowed, which is known from the first that was read on,
 * be that behind what everybody is shown before it. */
static uint64_t deeper_bound(const struct stream *stream)
{
    const struct tail *tail = &stream->tail;
    const uint64_t covers = stream->shadowed.covers;
    const uint64_t first = tail->count > 0 ? tail->events[tail->start]->seq : tail->covers;
    return (covers > tail->covers && covers < first ? covers : tail->covers) + 1;
}

static void take_deeper(struct stream *stream)
{
    struct read *read = &stream->read;
    if (stream_removed_since(stream, read->heard)) {
        return; // it is asked again
    }
    stream->wants_deeper = false;
    if (read->bound == deeper_bound(stream)) {
        view_split_older(stream, read);
        tail_extend(&stream->tail, read->events, read->count, !read->more);
        catchup_wake_pollers(stream); // something of theirs may turn out to be shadowed
    }
}

static void take_read(struct stream *stream)
{
    stream->read_call = CALL_NONE;
    if (stream->read.result != ERR_OK && stream->read_what != READ_DEEPER) {
        failed(stream, stream->read.result);
    } else if (stream->read_what == READ_PRIME) {
        take_prime(stream);
    } else if (stream->read_what == READ_UP) {
        const enum err err = take_up(stream);
        if (err != ERR_OK) {
            failed(stream, err);
        }
    } else if (stream->read.result == ERR_OK) {
        take_deeper(stream);
    }
    if (stream->read_what == READ_DEEPER && stream->read.result != ERR_OK) {
        stream->wants_deeper = false;
    }
    read_done(&stream->read);
}

/* ---- the next step ---- */

static void read_on(struct stream *stream)
{
    if (!stream->primed) { // what the watch did not tell of yet is taken like any that comes later
        stream->read.bound =
            (stream->primes_on ? stream->shadowed.covers : stream->watch.heard) + 1;
        ask(stream, READ_PRIME, READ_BEFORE,
            stream->primes_on ? READ_LIMIT_MAX : STREAM_PRIME_EVENTS);
    } else if (stream->heard < stream->target) {
        stream->read.bound = stream->heard;
        ask(stream, READ_UP, READ_AFTER, READ_LIMIT_MAX);
    } else if (stream->wants_deeper && tail_has_room(&stream->tail)) {
        const uint32_t room = stream->tail.count_max - stream->tail.count;
        stream->read.bound = deeper_bound(stream);
        ask(stream, READ_DEEPER, READ_BEFORE, room < READ_LIMIT_MAX ? room : READ_LIMIT_MAX);
    } else {
        stream->wants_deeper = false;
        release_joiners(stream);
    }
}

static void free_stream(struct stream *stream)
{
    struct hub *hub = stream->hub;
    list_remove(&stream->step_link);
    door_end_idle(stream);
    list_remove(&stream->due_link);
    list_remove(&stream->crowd_link);
    map_remove(&hub->streams, &stream->node);
    channel_free_empty(stream);
    must(stream->channels == NULL && list_is_empty(&stream->pollers));
    must(list_is_empty(&stream->staff));
    map_done(&stream->people);
    tail_done(&stream->tail);
    tail_done(&stream->acts);
    removed_done(&stream->removed);
    view_done(stream);
    facts_done(stream);
    spread_done(stream);
    exposure_done(&stream->exposure);
    mem_free(MEM_STREAM, stream->visible);
    mem_free(MEM_STREAM, stream);
    metric_count(&hub->tally.streams, -1);
}

static bool is_wanted(const struct stream *stream)
{
    return stream->viewer_count > 0 || !stream->closing;
}

/* True: it is gone. */
static bool close_on(struct stream *stream)
{
    if (stream->watched) {
        unwatch(stream);
        return false;
    }
    crowd_farewell(stream);
    if (!crowd_is_told(stream) || stream->lent > 0) {
        return false; // it steps again when the owner's answer, or what was lent, is back
    }
    free_stream(stream);
    return true;
}

static void step(struct stream *stream)
{
    const int64_t now_ms = stream->hub->now_ms;
    if (stream->watch_call == CALL_BACK) {
        take_watch(stream);
    }
    if (stream->unwatch_call == CALL_BACK) {
        stream->unwatch_call = CALL_NONE;
        stream->primed = stream->primes_on = false;
        channel_free_empty(stream);
        tail_done(&stream->tail);
        tail_done(&stream->acts);
        removed_done(&stream->removed);
        view_done(stream);
        facts_done(stream);
        tail_init(&stream->tail, stream->hub->options.resume_max, STREAM_TAIL_BYTES_MAX, 0);
        tail_init(&stream->acts, STREAM_ACTS_MAX, STREAM_TAIL_BYTES_MAX, 0);
        tail_init(&stream->shadowed, STREAM_ACTS_MAX, STREAM_TAIL_BYTES_MAX, 0);
    }
    if (stream->read_call == CALL_BACK) {
        take_read(stream);
    }
    if (stream->watch_call != CALL_NONE || stream->unwatch_call != CALL_NONE ||
        stream->read_call != CALL_NONE) {
        return;
    }
    if (!is_wanted(stream)) {
        (void)close_on(stream);
    } else if (now_ms < stream->retry_ms) {
        list_push(&stream->hub->failing, &stream->step_link);
    } else if (!stream->watched) {
        watch(stream);
    } else {
        read_on(stream);
    }
}

static bool has_too_many_idle(const struct hub *hub)
{
    return hub->options.streams_idle_max > 0 && hub->idle_count > hub->options.streams_idle_max;
}

static int64_t close_idle(struct hub *hub)
{
    while (!list_is_empty(&hub->idle)) {
        struct stream *stream = list_entry(hub->idle.next, struct stream, idle_link);
        const int64_t at_ms = hub->closing ? 0 : stream->idle_since_ms + STREAM_IDLE_MS;
        if (at_ms > hub->now_ms && !has_too_many_idle(hub)) {
            return at_ms;
        }
        door_end_idle(stream);
        stream->closing = true;
        door_step_soon(stream);
    }
    return INT64_MAX;
}

/* Those that failed and may be asked again; else when the first of them may. */
static int64_t retry_failing(struct hub *hub)
{
    int64_t next_ms = INT64_MAX;
    struct link *link = hub->failing.next;
    while (link != &hub->failing) {
        struct stream *stream = list_entry(link, struct stream, step_link);
        link = link->next;
        if (hub->now_ms >= stream->retry_ms || hub->closing) {
            stream->retry_ms = hub->now_ms;
            list_remove(&stream->step_link);
            list_push(&hub->stepping, &stream->step_link);
        } else {
            next_ms = earlier(next_ms, stream->retry_ms);
        }
    }
    return next_ms;
}

bool stream_order_is_silent(const struct hub *hub)
{
    return patience_is_out(&hub->order, hub->options.silent_ms_max);
}

/* Nobody waits for an engine that says nothing; its calls stay away, and are taken when they come
 * back. When to look again. */
static int64_t refuse_if_silent(struct hub *hub)
{
    patience_look(&hub->order, hub->now_ms);
    patience_look(&hub->reads, hub->now_ms);
    const bool order_is_silent = stream_order_is_silent(hub);
    const bool reads_are_silent = patience_is_out(&hub->reads, hub->options.silent_ms_max);
    for (struct link *link = hub->away.next;
         link != &hub->away && (order_is_silent || reads_are_silent); link = link->next) {
        struct stream *stream = list_entry(link, struct stream, away_link);
        if (stream->read_call == CALL_AWAY ? reads_are_silent : order_is_silent) {
            refuse_joiners(stream, VIEWER_STORE_DOWN);
        }
    }
    return earlier(patience_next_ms(&hub->order), patience_next_ms(&hub->reads));
}

int64_t stream_turn(struct hub *hub)
{
    const int64_t idle_ms = earlier(close_idle(hub), refuse_if_silent(hub));
    (void)retry_failing(hub);
    for (struct link *link = list_pop(&hub->stepping); link != NULL;
         link = list_pop(&hub->stepping)) {
        step(list_entry(link, struct stream, step_link));
    }
    return earlier(idle_ms, retry_failing(hub));
}

/* ---- opening, entering, leaving ---- */

struct stream *stream_find(const struct hub *hub, struct str name)
{
    struct map_node *node = map_find(&hub->streams, name);
    return node == NULL ? NULL : map_entry(node, struct stream, node);
}

struct stream *stream_open(struct hub *hub, struct str name)
{
    struct stream *stream = stream_find(hub, name);
    if (stream != NULL) {
        return stream;
    }
    stream = mem_new(MEM_STREAM, sizeof(*stream) + name.len + 1);
    if (stream == NULL) {
        return NULL;
    }
    memcpy(stream->name, name.at, name.len);
    stream->name_len = (uint32_t)name.len;
    stream->hub = hub;
    stream->state = STREAM_LIVE;
    stream->ordinal = STREAM_ORDINAL_BASE;
    stream->merge_ms = hub->options.merge_ms;
    stream->flushed_ms = INT64_MIN / 2;
    list_init(&stream->joiners);
    list_init(&stream->pollers);
    list_init(&stream->pursuits);
    list_init(&stream->staff);
    list_init(&stream->untold);
    map_init(&stream->people, MEM_STREAM, hub->options.seed);
    tail_init(&stream->tail, hub->options.resume_max, STREAM_TAIL_BYTES_MAX, 0);
    tail_init(&stream->acts, STREAM_ACTS_MAX, STREAM_TAIL_BYTES_MAX, 0);
    tail_init(&stream->shadowed, STREAM_ACTS_MAX, STREAM_TAIL_BYTES_MAX, 0);
    stream->node.key = stream_name(stream);
    if (map_add(&hub->streams, &stream->node) != ERR_OK) {
        mem_free(MEM_STREAM, stream);
        return NULL;
    }
    metric_count(&hub->tally.streams, 1);
    door_begin_idle(stream);
    crowd_arrive(stream);
    door_step_soon(stream);
    return stream;
}

void stream_check(const struct stream *stream)
{
    uint32_t live = 0;
    for (const struct channel *channel = stream->channels; channel != NULL;
         channel = channel->next) {
        channel_check(channel);
        live += channel->count;
    }
    sparse_check(stream);
    tail_check(&stream->tail);
    tail_check(&stream->acts);
    tail_check(&stream->shadowed);
    removed_check(&stream->removed);
    must(stream->heard >= stream->newest && stream->apart <= stream->viewer_count);
    must(live <= stream->viewer_count);
    must(stream->slow_count <= stream->viewer_count);
    must(!stream->primed || stream->tail.count == 0 ||
         stream->tail.events[stream->tail.start + stream->tail.count - 1]->seq == stream->newest ||
         stream->tail.covers == stream->newest);
    must(stream->viewer_count == 0 || !list_holds(&stream->idle_link));
}
