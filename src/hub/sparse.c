// SPDX-License-Identifier: Apache-2.0
#include "hub/sparse.h"

#include "base/must.h"
#include "base/mutant.h"
#include "base/reach.h"
#include "hub/channel.h"
#include "hub/signals.h"
#include "hub/view.h"

enum { SLACK_MS = 300 }; // an event stamped at a window's end is published by then

struct sparse_lane {
    struct lane_scribe scribe; // first
    struct sparse *sparse;
    struct ring_place taken; // the last event; what lies between waits
    int64_t over_ms;         // while something waits: when its window is over
    int64_t told_window;     // the last that was settled
    int64_t told_ms;         // when
    struct view_count count; // of an author's
};

struct sparse {
    struct lane_places places; // first
    struct stream *stream;
    struct sparse *next; // of the stream: everybody's is the first, then those of authors
    struct link link;    // in hub->sparse
    uint64_t user;       // whose view of the log it is made of; 0: everybody's
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

/* Of all that are made of the stream, one after the other; NULL: that was the last. */
static struct sparse_lane *next_lane(struct sparse_lane *lane)
{
    struct sparse *sparse = lane->sparse;
    if (kind_of(lane) + 1 < LANES) {
        return lane + 1;
    }
    return sparse->next == NULL ? NULL : &sparse->next->lanes[LANE_FULL + 1];
}

static struct sparse_lane *first_lane(const struct stream *stream)
{
    return stream->sparse == NULL ? NULL : &sparse_of(stream)->lanes[LANE_FULL + 1];
}

static bool is_own(const struct sparse_lane *lane)
{
    return lane->sparse->user != 0;
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

static void count_told(struct sparse_lane *lane, size_t bytes)
{
    volume_add(&lane->sparse->places.told[kind_of(lane)], bytes);
}

static enum err on_event(struct lane_scribe *scribe, const struct event *event)
{
    struct sparse_lane *lane = lane_of(scribe);
    struct stream *stream = lane->sparse->stream;
    *place_of(lane) = lane->taken;
    count_told(lane, event->body_len);
    channel_put_event(stream, kind_of(lane), event, lane->taken);
    return ERR_OK;
}

static void move_to(struct sparse_lane *lane, const struct lane_span *span)
{
    count_told(lane, span->events.len);
    place_of(lane)->seq = span->to;
    place_of(lane)->ordinal += lane_span_count(span);
}

static enum err on_gap(struct lane_scribe *scribe, const struct lane_span *span)
{
    struct sparse_lane *lane = lane_of(scribe);
    struct stream *stream = lane->sparse->stream;
    const uint64_t told = channel_viewers(stream, kind_of(lane));
    struct buf json;
    move_to(lane, span);
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
    move_to(lane, span);
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

/* ---- of an author: only how far it has come ---- */

static enum err on_own_event(struct lane_scribe *scribe, const struct event *event)
{
    struct sparse_lane *lane = lane_of(scribe);
    *place_of(lane) = lane->taken;
    count_told(lane, event->body_len);
    return ERR_OK;
}

static enum err on_own_span(struct lane_scribe *scribe, const struct lane_span *span)
{
    move_to(lane_of(scribe), span);
    return ERR_OK;
}

static enum err on_own_mark(struct lane_scribe *scribe, uint64_t seq)
{
    (void)seq;
    count_told(lane_of(scribe), 0);
    return ERR_OK;
}

static const struct lane_scribe_ops own_ops = {
    .event = on_own_event, .gap = on_own_span, .digest = on_own_span, .mark = on_own_mark};

/* ---- acts in a digest ---- */

/* Acts do not wait for the window's end; they stand in the digest as well. */
static void put_early(struct sparse_lane *lane, const struct event *event)
{
    struct stream *stream = lane->sparse->stream;
    struct buf json;
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    event_write_early(&json, event, stream_name(stream), event->prev);
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

/* In silence. */
static void end_window(struct sparse_lane *lane)
{
    settle(lane);
    if (is_own(lane)) {
        channel_note_view(lane->sparse->stream);
    }
}

static void lose(struct sparse_lane *lane)
{
    lane_scribe_forget(&lane->scribe);
    *place_of(lane) = lane->taken;
    if (!is_own(lane)) {
        channel_lose(lane->sparse->stream, kind_of(lane), lane->taken);
    }
}

static void take(struct sparse_lane *lane, const struct event *event)
{
    const bool waited = lane_scribe_waits(&lane->scribe);
    const int64_t window = lane->scribe.span.window;
    if (is_own(lane)) {
        lane->scribe.rule.own = view_count_take(&lane->count, event);
    }
    lane->taken.seq = event->seq;
    lane->taken.ordinal++;
    if (lane_scribe_take(&lane->scribe, event) != ERR_OK) { // no memory for a digest's event
        lose(lane);
    }
    const bool waits = lane_scribe_waits(&lane->scribe);
    if (waits && (!waited || window != lane->scribe.span.window)) {
        note_over(lane, event);
    }
}

void sparse_take(struct stream *stream, const struct event *event)
{
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        take(lane, event);
    }
    if (stream->sparse != NULL && lane_is_act(event)) {
        put_early(&sparse_of(stream)->lanes[LANE_DIGEST], event);
    }
}

void sparse_take_own(struct stream *stream, const struct event *event)
{
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        if (is_own(lane) && lane->sparse->user == event->user_hash) {
            take(lane, event);
        }
    }
}

void sparse_settle(struct stream *stream)
{
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        settle(lane);
    }
}

void sparse_redact(struct stream *stream, const struct removal *removal)
{
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        struct buf *events = &lane->scribe.span.events;
        if (!mutant(SPAN_UNREDACTED)) {
            (void)removal_redact(removal, events->bytes, events->len);
        }
    }
}

void sparse_recount(struct stream *stream)
{
    const struct tail *tail = &stream->tail;
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        const uint64_t after = lane->scribe.span.after;
        uint32_t count = 0;
        struct event *const *events = tail_after(tail, after, &count);
        if (is_own(lane) || !lane_scribe_waits(&lane->scribe)) {
            continue; // an author's numbers are told by who catches up
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
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        if (lane->taken.seq < seq) {
            place_of(lane)->seq = lane->taken.seq = seq;
        }
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
                end_window(lane);
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

/* Where the newest window begins: as far back as it goes, or the memory. What lies behind it is
 * what `walk` goes on with; `*ret_count` of them. */
static uint64_t find_window(const struct sparse_lane *lane, struct view_walk *walk,
                            uint32_t *ret_count)
{
    const enum lane kind = kind_of(lane);
    const struct event *newest = view_walk_back(walk), *first = newest;
    const uint64_t seq = view_newest(walk->stream, walk->user);
    if (newest == NULL || newest->seq != seq) { // retention took the newest
        *ret_count = 0;
        return seq;
    }
    for (*ret_count = 1;; (*ret_count)++) {
        const struct event *event = view_walk_back(walk);
        if (event == NULL) {
            return first->prev;
        }
        if (first->prev > event->seq || // what lies between is not there
            lane_window_of(kind, event->at_ms) != lane_window_of(kind, newest->at_ms)) {
            (void)view_walk_on(walk);
            return first->prev > event->seq ? first->prev : event->seq;
        }
        first = event;
    }
}

/* What the lane would have made of the newest window, had it been there. */
static void look_back(struct sparse_lane *lane)
{
    const struct stream *stream = lane->sparse->stream;
    uint32_t count = 0;
    struct view_walk walk;
    view_walk_begin(&walk, stream, lane->sparse->user, SEQ_MAX);
    place_of(lane)->seq = find_window(lane, &walk, &count);
    place_of(lane)->ordinal = stream->ordinal - count;
    lane->taken = *place_of(lane);
    for (bool is_first = true; count > 0; count--, is_first = false) {
        const struct event *event = view_walk_on(&walk);
        if (is_first) {
            view_count_begin(&lane->count, stream, lane->sparse->user, event);
        }
        take(lane, event);
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

/* Of everybody, or of one author; nobody reads it yet. */
static struct sparse *make(struct stream *stream, uint64_t user)
{
    struct sparse *sparse = mem_new(MEM_STREAM, sizeof(*sparse));
    if (sparse == NULL) {
        return NULL;
    }
    sparse->stream = stream;
    sparse->user = user;
    list_push(&stream->hub->sparse, &sparse->link);
    for (int i = LANE_FULL + 1; i < LANES; i++) {
        struct sparse_lane *lane = &sparse->lanes[i];
        lane_scribe_init(&lane->scribe, user == 0 ? &ops : &own_ops,
                         sparse_rule(stream->hub, (enum lane)i), stream_name(stream));
        lane->sparse = sparse;
        lane->told_window = INT64_MIN;
    }
    return sparse;
}

static void look_all_back(struct sparse *sparse)
{
    for (int i = LANE_FULL + 1; i < LANES; i++) {
        look_back(&sparse->lanes[i]);
    }
}

static void drop(struct sparse *sparse)
{
    for (int i = LANE_FULL + 1; i < LANES; i++) {
        lane_scribe_done(&sparse->lanes[i].scribe);
    }
    list_remove(&sparse->link);
    mem_free(MEM_STREAM, sparse);
}

static enum err make_all(struct stream *stream)
{
    struct sparse *sparse = make(stream, 0);
    if (sparse == NULL) {
        return ERR_NOMEM;
    }
    reach_back_acts(stream);
    stream->sparse = &sparse->places;
    look_all_back(sparse);
    return ERR_OK;
}

static struct sparse *find_own(const struct stream *stream, uint64_t user)
{
    struct sparse *own = sparse_of(stream)->next;
    while (own != NULL && own->user != user) {
        own = own->next;
    }
    return own;
}

static struct sparse *make_own(struct stream *stream, uint64_t user)
{
    struct sparse *own = make(stream, user);
    if (own != NULL) {
        own->next = sparse_of(stream)->next;
        sparse_of(stream)->next = own;
        look_all_back(own);
    }
    return own;
}

static enum err enter_own(struct catchup *catchup)
{
    struct stream *stream = catchup->viewer->stream;
    struct sparse *own = find_own(stream, catchup->view);
    own = own == NULL ? make_own(stream, catchup->view) : own;
    if (own == NULL) {
        return ERR_NOMEM;
    }
    own->readers++;
    catchup->own = &own->places;
    return ERR_OK;
}

enum err sparse_enter(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    struct catchup *catchup = viewer->catchup;
    if (viewer->lane == LANE_FULL) {
        return ERR_OK;
    }
    if (!viewer->is_sparse && stream->sparse == NULL) {
        TRY(make_all(stream));
    }
    sparse_of(stream)->readers += !viewer->is_sparse;
    viewer->is_sparse = true;
    const bool has_own = catchup != NULL && catchup->own == NULL &&
                         view_is_apart(stream, catchup->view) && !mutant(LANE_NOT_OWN);
    return has_own ? enter_own(catchup) : ERR_OK;
}

void sparse_leave_own(struct catchup *catchup)
{
    struct sparse *own = (struct sparse *)(void *)catchup->own;
    catchup->own = NULL;
    if (own == NULL || --own->readers > 0) {
        return;
    }
    struct sparse *before = sparse_of(own->stream);
    while (before->next != own) {
        before = before->next;
    }
    before->next = own->next;
    drop(own);
}

void sparse_leave(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    if (viewer->catchup != NULL) {
        sparse_leave_own(viewer->catchup);
    }
    if (!viewer->is_sparse) {
        return;
    }
    struct sparse *sparse = sparse_of(stream);
    viewer->is_sparse = false;
    sparse->readers--;
    if (sparse->readers > 0) {
        return;
    }
    must(sparse->next == NULL); // who reads an author's reads everybody's
    drop(sparse);
    stream->sparse = NULL;
    channel_free_empty(stream); // theirs would miss what comes
}

uint64_t sparse_newest(const struct viewer *viewer)
{
    const struct catchup *catchup = viewer->catchup;
    if (viewer->lane == LANE_FULL) {
        return view_newest(viewer->stream, catchup == NULL ? 0 : catchup->view);
    }
    return catchup != NULL && catchup->own != NULL
               ? catchup->own->of[viewer->lane].seq
               : stream_place(viewer->stream, (enum lane)viewer->lane).seq;
}

static void check_lane(const struct sparse_lane *lane)
{
    const struct stream *stream = lane->sparse->stream;
    const uint32_t waiting = lane_span_count(&lane->scribe.span);
    must(lane->taken.seq == stream->newest || (is_own(lane) && lane->taken.seq > stream->newest));
    must(lane->taken.ordinal == stream->ordinal || is_own(lane));
    must(place_of(lane)->ordinal + waiting == lane->taken.ordinal);
    must(place_of(lane)->seq <= lane->taken.seq);
    must((place_of(lane)->seq == lane->taken.seq) == (waiting == 0));
}

void sparse_check(const struct stream *stream)
{
    for (struct sparse_lane *lane = first_lane(stream); lane != NULL; lane = next_lane(lane)) {
        const struct sparse *sparse = lane->sparse;
        must(sparse->readers > 0 && sparse->readers <= stream->viewer_count);
        must(is_own(lane) == (sparse != sparse_of(stream)));
        check_lane(lane);
    }
}
