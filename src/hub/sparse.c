// SPDX-License-Identifier: Apache-2.0
#include "hub/sparse.h"

#include "base/must.h"
#include "base/mutant.h"
#include "base/reach.h"
#include "hub/channel.h"
#include "hub/signals.h"

enum { SLACK_MS = 300 }; // an event stamped at a window's end is published by then

struct sparse_lane {
    struct lane_scribe scribe; // first
    struct sparse *sparse;
    struct ring_place taken; // the last event; what lies between waits
    int64_t over_ms;         // while something waits: when its window is over
    int64_t told_window;     // the last that was settled
    int64_t told_ms;         // when
};

struct sparse {
    struct lane_places places; // first
    struct stream *stream;
    struct link link; // in hub->sparse
    uint32_t readers;
    struct sparse_lane lanes[LANES]; // not of LANE_FULL
};

static struct sparse_lane *lane_of(struct lane_scribe *scribe)
{
    return (struct sparse_lane *)(void *)scribe;
}

static struct sparse *sparse_of(const struct stream *stream)
{
    return (struct sparse *)(void *)stream->sparse;
}

static enum lane kind_of(const struct sparse_lane *lane)
{
    return (enum lane)lane->scribe.rule.lane;
}

/* Told up to here. */
static struct ring_place *place_of(const struct sparse_lane *lane)
{
    return &lane->sparse->places.of[kind_of(lane)];
}

/* ---- into the channels ---- */

static void put(struct sparse_lane *lane, const struct buf *json, struct channel_told told)
{
    if (buf_ok(json)) {
        told.json = buf_str(json);
        channel_put_told(lane->sparse->stream, kind_of(lane), &told);
    } else {
        channel_lose(lane->sparse->stream, kind_of(lane), *place_of(lane));
    }
}

static enum err on_event(struct lane_scribe *scribe, const struct event *event)
{
    struct sparse_lane *lane = lane_of(scribe);
    struct stream *stream = lane->sparse->stream;
    *place_of(lane) = lane->taken;
    channel_put_event(stream, kind_of(lane), event, lane->taken);
    return ERR_OK;
}

static enum err on_gap(struct lane_scribe *scribe, const struct lane_span *span)
{
    struct sparse_lane *lane = lane_of(scribe);
    struct stream *stream = lane->sparse->stream;
    const uint64_t told = channel_viewers(stream, kind_of(lane));
    struct buf json;
    place_of(lane)->seq = span->to;
    place_of(lane)->ordinal += lane_span_count(span);
    stream->gaps += told;
    metric_count(&stream->hub->tally.gaps[GAP_LANE], (int64_t)told);
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    signals_lane_gap(&json, stream_name(stream), span);
    put(lane, &json, (struct channel_told){.place = place_of(lane)});
    buf_done(&json);
    return ERR_OK;
}

static enum err on_digest(struct lane_scribe *scribe, const struct lane_span *span)
{
    struct sparse_lane *lane = lane_of(scribe);
    struct buf json;
    place_of(lane)->seq = span->to;
    place_of(lane)->ordinal += lane_span_count(span);
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    signals_digest(&json, stream_name(lane->sparse->stream), span);
    put(lane, &json,
        (struct channel_told){
            .place = place_of(lane), .moves_to = span->to, .events = span->carried});
    buf_done(&json);
    return ERR_OK;
}

static enum err on_mark(struct lane_scribe *scribe, uint64_t seq)
{
    struct sparse_lane *lane = lane_of(scribe);
    struct buf json;
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    signals_mark(&json, stream_name(lane->sparse->stream), seq);
    put(lane, &json, (struct channel_told){.place = place_of(lane), .moves_to = seq});
    buf_done(&json);
    return ERR_OK;
}

static const struct lane_scribe_ops ops = {
    .event = on_event, .gap = on_gap, .digest = on_digest, .mark = on_mark};

/* Acts do not wait for the window's end; they stand in the digest as well. */
static void put_early(struct sparse_lane *lane, const struct event *event)
{
    struct stream *stream = lane->sparse->stream;
    struct buf json;
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    event_write_early(&json, event, stream_name(stream));
    if (buf_ok(&json)) {
        put(lane, &json, (struct channel_told){.place = NULL, .act = (uint32_t)stream->act_count});
    }
    buf_done(&json);
}

/* ---- windows ---- */

static void note_over(struct sparse_lane *lane, const struct event *event)
{
    const struct stream *stream = lane->sparse->stream;
    struct hub *hub = stream->hub;
    const int64_t long_ms = lane_window_ms(kind_of(lane));
    const int64_t window = lane->scribe.span.window;
    const int64_t seen_at_ms = event->published_mono_ms > 0 ? event->at_ms : stream->watch.at_ms;
    const int64_t seen_ms =
        event->published_mono_ms > 0 ? event->published_mono_ms : stream->watched_ms;
    int64_t left_ms = (window + 1) * long_ms - seen_at_ms;
    left_ms = left_ms < 0 ? 0 : left_ms < long_ms ? left_ms : long_ms;
    lane->over_ms = seen_ms + left_ms + SLACK_MS;
    if (window == lane->told_window && lane->over_ms < lane->told_ms + long_ms) {
        lane->over_ms = lane->told_ms + long_ms;
    }
    hub->sparse_ms = lane->over_ms < hub->sparse_ms ? lane->over_ms : hub->sparse_ms;
}

static void settle(struct sparse_lane *lane)
{
    if (lane_scribe_waits(&lane->scribe)) {
        lane->told_window = lane->scribe.span.window;
        lane->told_ms = lane->sparse->stream->hub->now_ms;
        must(lane_scribe_settle(&lane->scribe) == ERR_OK); // none of our ops fails
    }
}

static void take(struct sparse_lane *lane, const struct event *event, struct ring_place place)
{
    const bool waited = lane_scribe_waits(&lane->scribe);
    const int64_t window = lane->scribe.span.window;
    lane->taken = place;
    if (lane_scribe_take(&lane->scribe, event) != ERR_OK) { // no memory for a digest's event
        lane_scribe_forget(&lane->scribe);
        *place_of(lane) = place;
        channel_lose(lane->sparse->stream, kind_of(lane), place);
    }
    const bool waits = lane_scribe_waits(&lane->scribe);
    if (waits && (!waited || window != lane->scribe.span.window)) {
        note_over(lane, event);
    }
}

void sparse_take(struct stream *stream, const struct event *event)
{
    struct sparse *sparse = sparse_of(stream);
    if (sparse == NULL) {
        return;
    }
    const struct ring_place place = {.seq = event->seq, .ordinal = stream->ordinal};
    for (int i = LANE_FULL + 1; i < LANES; i++) {
        take(&sparse->lanes[i], event, place);
    }
    if (lane_is_act(event)) {
        put_early(&sparse->lanes[LANE_DIGEST], event);
    }
}

void sparse_settle(struct stream *stream)
{
    for (int i = LANE_FULL + 1; stream->sparse != NULL && i < LANES; i++) {
        settle(&sparse_of(stream)->lanes[i]);
    }
}

void sparse_redact(struct stream *stream, const struct removal *removal)
{
    for (int i = LANE_FULL + 1; stream->sparse != NULL && i < LANES; i++) {
        struct buf *events = &sparse_of(stream)->lanes[i].scribe.span.events;
        if (!mutant(SPAN_UNREDACTED)) {
            (void)removal_redact(removal, events->bytes, events->len);
        }
    }
}

void sparse_recount(struct stream *stream)
{
    const struct tail *tail = &stream->tail;
    for (int i = LANE_FULL + 1; stream->sparse != NULL && i < LANES; i++) {
        struct sparse_lane *lane = &sparse_of(stream)->lanes[i];
        const uint64_t after = lane->scribe.span.after;
        uint32_t count = 0;
        struct event *const *events = tail_after(tail, after, &count);
        if (!lane_scribe_waits(&lane->scribe)) {
            continue;
        }
        if (tail_covers(tail, after)) {
            lane_scribe_recount(&lane->scribe, events, count);
            reach(LANE_COUNTED_ANEW);
        } else {
            settle(lane);
            reach(LANE_TOLD_AT_ONCE);
        }
    }
}

void sparse_cut(struct stream *stream, uint64_t seq)
{
    for (int i = LANE_FULL + 1; stream->sparse != NULL && i < LANES; i++) {
        struct sparse_lane *lane = &sparse_of(stream)->lanes[i];
        place_of(lane)->seq = lane->taken.seq = seq;
    }
}

int64_t sparse_turn(struct hub *hub)
{
    if (hub->now_ms < hub->sparse_ms) {
        return hub->sparse_ms;
    }
    hub->sparse_ms = INT64_MAX;
    for (struct link *link = hub->sparse.next; link != &hub->sparse; link = link->next) {
        struct sparse *sparse = list_entry(link, struct sparse, link);
        for (int i = LANE_FULL + 1; i < LANES; i++) {
            struct sparse_lane *lane = &sparse->lanes[i];
            if (lane_scribe_waits(&lane->scribe) && lane->over_ms <= hub->now_ms &&
                !mutant(LANE_SILENT)) {
                settle(lane);
            } else if (lane_scribe_waits(&lane->scribe) && lane->over_ms < hub->sparse_ms) {
                hub->sparse_ms = lane->over_ms;
            }
        }
    }
    return hub->sparse_ms;
}

/* ---- readers ---- */

struct lane_rule sparse_rule(const struct hub *hub, enum lane lane)
{
    return (struct lane_rule){.lane = (uint8_t)lane, .readable_per_s = hub->options.readable_per_s};
}

/* What the lane would have made of the newest window, had it been there: the newest events of the
 * tail as far back as the window goes, or the memory. */
static void look_back(struct sparse_lane *lane)
{
    const struct stream *stream = lane->sparse->stream;
    const enum lane kind = kind_of(lane);
    uint32_t count = 0, first = 0;
    struct event *const *events = tail_after(&stream->tail, 0, &count);
    if (count > 0 && events[count - 1]->seq != stream->newest) {
        count = 0; // retention took the newest
    }
    for (first = count; first > 0; first--) {
        const struct event *event = events[first - 1];
        const bool is_broken = first < count && events[first]->prev > event->seq;
        if (is_broken ||
            lane_window_of(kind, event->at_ms) != lane_window_of(kind, events[count - 1]->at_ms)) {
            break;
        }
    }
    place_of(lane)->seq = first < count ? events[first]->prev : stream->newest;
    place_of(lane)->ordinal = stream->ordinal - (count - first);
    lane->taken = *place_of(lane);
    for (uint32_t i = first; i < count; i++) {
        take(lane, events[i],
             (struct ring_place){.seq = events[i]->seq, .ordinal = lane->taken.ordinal + 1});
    }
}

/* A lane's readers may stand before the first act that is remembered for slow readers. */
static void reach_back_acts(struct stream *stream)
{
    struct tail *acts = &stream->acts;
    uint32_t count = 0;
    struct event *const *events = tail_after(&stream->tail, 0, &count);
    for (uint32_t i = count; i > 0 && acts->covers > stream->tail.covers; i--) {
        const uint32_t before = acts->count;
        if (!lane_is_act(events[i - 1]) || events[i - 1]->seq > acts->covers) {
            continue;
        }
        tail_extend(acts, &events[i - 1], 1, false);
        if (acts->count == before) {
            return;
        }
    }
    if (stream->tail.covers < acts->covers) {
        acts->covers = stream->tail.covers;
    }
}

static struct sparse *make(struct stream *stream)
{
    struct sparse *sparse = mem_new(MEM_STREAM, sizeof(*sparse));
    if (sparse == NULL) {
        return NULL;
    }
    reach_back_acts(stream);
    sparse->stream = stream;
    stream->sparse = &sparse->places;
    list_push(&stream->hub->sparse, &sparse->link);
    for (int i = LANE_FULL + 1; i < LANES; i++) {
        struct sparse_lane *lane = &sparse->lanes[i];
        lane_scribe_init(&lane->scribe, &ops, sparse_rule(stream->hub, (enum lane)i),
                         stream_name(stream));
        lane->sparse = sparse;
        lane->told_window = INT64_MIN;
        look_back(lane);
    }
    return sparse;
}

enum err sparse_enter(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    if (viewer->lane == LANE_FULL || viewer->is_sparse) {
        return ERR_OK;
    }
    if (stream->sparse == NULL && make(stream) == NULL) {
        return ERR_NOMEM;
    }
    sparse_of(stream)->readers++;
    viewer->is_sparse = true;
    return ERR_OK;
}

void sparse_leave(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    if (!viewer->is_sparse) {
        return;
    }
    struct sparse *sparse = sparse_of(stream);
    viewer->is_sparse = false;
    sparse->readers--;
    if (sparse->readers > 0) {
        return;
    }
    for (int i = LANE_FULL + 1; i < LANES; i++) {
        lane_scribe_done(&sparse->lanes[i].scribe);
    }
    list_remove(&sparse->link);
    stream->sparse = NULL;
    mem_free(MEM_STREAM, sparse);
    channel_free_empty(stream); // theirs would miss what comes
}

void sparse_check(const struct stream *stream)
{
    const struct sparse *sparse = sparse_of(stream);
    for (int i = LANE_FULL + 1; sparse != NULL && i < LANES; i++) {
        const struct sparse_lane *lane = &sparse->lanes[i];
        const uint32_t waiting = lane_span_count(&lane->scribe.span);
        must(lane->taken.seq == stream->newest && lane->taken.ordinal == stream->ordinal);
        must(place_of(lane)->ordinal + waiting == lane->taken.ordinal);
        must(place_of(lane)->seq <= lane->taken.seq);
        must((place_of(lane)->seq == lane->taken.seq) == (waiting == 0));
    }
    must(sparse == NULL || (sparse->readers > 0 && sparse->readers <= stream->viewer_count));
}
