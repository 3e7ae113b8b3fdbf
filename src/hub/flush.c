// SPDX-License-Identifier: Apache-2.0
#include "hub/flush.h"

#include "base/must.h"
#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/door.h"
#include "hub/skip.h"
#include "hub/spread.h"
#include "hub/stall.h"
#include "hub/train.h"

/* Neighbouring viewers mostly get the very same bytes, so what is measured of a delivery is
 * counted by runs: the frames are walked once a run, not once a viewer. */
struct run {
    struct channel *channel; // NULL: none yet
    uint64_t from, to;       // ring offsets
    uint64_t sent;           // bytes of one viewer
    uint64_t viewers;
    bool rode;     // compressed
    uint32_t told; // TOLD | acts_told of viewers who had copies of acts; else 0
};
enum { TOLD = 1 << 16 };

static void count_ridden(const struct run *run)
{
    struct stream *stream = run->channel->stream;
    const uint64_t plain = (run->to - run->from) * run->viewers;
    const uint64_t sent = run->sent * run->viewers;
    stream->ridden_plain += plain;
    stream->ridden_sent += sent;
    metric_count(&stream->hub->tally.ridden_plain, (int64_t)plain);
    metric_count(&stream->hub->tally.ridden_sent, (int64_t)sent);
}

static bool was_told(const struct run *run, uint32_t act)
{
    return run->told != 0 && (uint16_t)(run->told - act) <= UINT16_MAX / 2;
}

static void settle(struct run *run)
{
    if (run->channel == NULL || run->viewers == 0) {
        return;
    }
    const struct ring *ring = &run->channel->ring;
    struct stream *stream = run->channel->stream;
    struct tally *tally = &stream->hub->tally;
    uint64_t events = 0, seen_live = 0, on_time = 0;
    const uint32_t first = ring_frame_at(ring, run->from);
    if (stream->visible == NULL) {
        stream->visible = mem_new(MEM_STREAM, sizeof(*stream->visible)); // NULL: not measured
    }
    for (uint32_t i = first; i < ring->frame_count && ring_frame(ring, i)->offset < run->to; i++) {
        const struct ring_frame *frame = ring_frame(ring, i);
        events += frame->events;
        if (frame->act != 0 && !was_told(run, frame->act)) {
            spread_written(stream, frame->act, run->viewers);
        }
        if (frame->submitted_ms == 0) {
            continue;
        }
        const int64_t late_ms = stream->hub->now_ms - frame->submitted_ms;
        const uint64_t visible_ms = late_ms > 0 ? (uint64_t)late_ms : 0;
        seen_live++;
        on_time += visible_ms <= ON_TIME_MS;
        histogram_add_many(&tally->visible_steps, visible_ms, run->viewers);
        if (stream->visible != NULL) {
            histogram_add_many(stream->visible, visible_ms, run->viewers);
        }
    }
    metric_count(&tally->visible, (int64_t)(seen_live * run->viewers));
    histogram_add_many(&tally->flush_bytes_steps, run->sent, run->viewers);
    metric_count(&tally->flush_bytes, (int64_t)run->viewers);
    metric_count(&tally->deliveries, (int64_t)(events * run->viewers));
    metric_count(&tally->on_time, (int64_t)(on_time * run->viewers));
    metric_count(&tally->on_time_of, (int64_t)(seen_live * run->viewers));
    if (run->rode) {
        count_ridden(run);
    }
    stream->deliveries += events * run->viewers;
    stream->on_time += on_time * run->viewers;
    stream->on_time_of += seen_live * run->viewers;
    recent_add(&stream->deliveries_recent, stream->hub->now_ms, events * run->viewers);
    run->viewers = 0;
}

static uint32_t told_of(const struct viewer *viewer)
{
    return viewer->is_early ? TOLD | viewer->acts_told : 0;
}

/* Apart, so that what is done for each viewer stays short. */
__attribute__((noinline)) static void begin_run(struct run *run, const struct viewer *viewer,
                                                uint64_t from, uint64_t sent, bool rode)
{
    settle(run);
    *run = (struct run){.channel = viewer->channel,
                        .from = from,
                        .to = viewer->cursor,
                        .sent = sent,
                        .viewers = 1,
                        .rode = rode,
                        .told = told_of(viewer)};
}

/* `sent` bytes took the viewer from `from` to its cursor: mostly as the one before. */
static inline void note_delivery(struct run *run, const struct viewer *viewer, uint64_t from,
                                 uint64_t sent, bool rode)
{
    if (run->channel == viewer->channel && run->from == from && run->to == viewer->cursor &&
        run->sent == sent && run->rode == rode && run->told == told_of(viewer)) {
        run->viewers++;
    } else {
        begin_run(run, viewer, from, sent, rode);
    }
}

static void stand_at(struct viewer *viewer, uint64_t offset)
{
    const struct ring *ring = &viewer->channel->ring;
    const struct ring_place place =
        offset == ring->head ? ring->last : ring_place_before(ring, ring_frame_at(ring, offset));
    viewer->cursor = offset;
    if (place.seq > viewer->last_seq) { // it may stand at what is hidden from it: catchup->beyond
        viewer->last_seq = place.seq;
    }
    viewer->last_ordinal = place.ordinal;
}

/* Takes down how far a short write went. */
static void stop_at(struct viewer *viewer, uint64_t reached)
{
    const struct ring *ring = &viewer->channel->ring;
    const uint32_t begun = ring_frame_at(ring, reached);
    if (ring_frame(ring, begun)->offset < reached) {
        const uint64_t end = ring_frame_end(ring, begun);
        if (!mutant(FRAME_CUT)) {
            viewer->ops->keep(viewer, ring_at(ring, reached), end - reached);
        }
        reached = end;
    }
    stand_at(viewer, reached);
    stall_begin(viewer);
}

/* The frames as they are, up to `limit`. False: the socket is full. */
static bool send_frames(struct viewer *viewer, uint64_t limit, struct run *run)
{
    const struct ring *ring = &viewer->channel->ring;
    const uint64_t from = viewer->cursor;
    const size_t len = limit - from;
    if (len == 0) {
        return true;
    }
    const size_t taken = viewer->ops->write(viewer, ring_at(ring, from), len);
    must(taken <= len);
    if (taken == len) {
        stand_at(viewer, limit);
    } else {
        stop_at(viewer, from + taken);
    }
    if (viewer->cursor > from) {
        note_delivery(run, viewer, from, viewer->cursor - from, false);
    }
    if (viewer->is_early && viewer->cursor == ring->head) {
        viewer->is_early = false;
    }
    return taken == len;
}

static void send_ride(struct viewer *viewer, const struct ride *ride, struct run *run)
{
    const uint64_t from = viewer->cursor;
    size_t sent = ride->len;
    if (sent == 0) {
        return;
    }
    const size_t taken = viewer->ops->write(viewer, ride->bytes, ride->len);
    must(taken <= ride->len);
    if (taken == ride->len) {
        stand_at(viewer, ride->to);
    } else {
        sent = taken;
        stand_at(viewer, train_stop_at(viewer, ride, taken));
        stall_begin(viewer);
    }
    if (viewer->cursor > from) {
        note_delivery(run, viewer, from, sent, true);
    }
}

static void send_to(struct viewer *viewer, struct run *run)
{
    const struct channel *channel = viewer->channel;
    struct ride ride;
    if (viewer->cursor < channel->ring.tail) {
        skip_ahead(viewer);
    } else if (channel->train == NULL) {
        (void)send_frames(viewer, channel->ring.head, run);
    } else if (train_find(viewer, &ride) ||
               (send_frames(viewer, train_limit(viewer), run) && train_find(viewer, &ride))) {
        send_ride(viewer, &ride, run);
    }
}

/* ---- a round ---- */

/* Rounds come a window apart on average, not at least a window apart: a comment that was late by a
 * few milliseconds would else hold up each that follows it at the window's own pace, for good. A
 * round that waited for no window is one like others: what follows waits a window from now. */
static void note_flush(struct stream *stream)
{
    const int64_t now_ms = stream->hub->now_ms;
    const int64_t paced_ms = stream->flushed_ms + stream->merge_ms;
    const int64_t earliest_ms = now_ms - stream->merge_ms;
    const int64_t flushed_ms = paced_ms > earliest_ms ? paced_ms : earliest_ms;
    stream->flushed_ms = flushed_ms < now_ms ? flushed_ms : now_ms;
}

static void begin_round(struct stream *stream)
{
    struct hub *hub = stream->hub;
    if (stream->has_new_events) {
        note_flush(stream);
    }
    if (stream->has_new_events || stream->apart > 0) {
        catchup_wake_pollers(stream);
    }
    const bool looks = !stream->has_new; // a round whose viewers are to be seen, whatever is new
    stream->round_began_ms = hub->now_ms;
    stream->round_events = stream->events - stream->round_began_at;
    stream->round_began_at = stream->events;
    stream->has_new = false;
    stream->has_new_events = false;
    stream->has_new_act = false;
    stream->in_round = true;
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        /* A sparse lane has often nothing new where others have. */
        const bool visits = looks || channel->ring.head != channel->round_head;
        channel->round_left = visits ? channel->count : 0;
        channel->round_needed = visits ? channel->ring.head : channel->ring.needed;
        channel->round_head = channel->ring.head;
    }
}

static void visit(struct channel *channel, struct run *run)
{
    channel->round_left--;
    struct viewer *viewer = channel->viewers[channel->round_left];
    if (channel->round_left >= 4) {
        __builtin_prefetch(channel->viewers[channel->round_left - 4]);
    }
    if (!viewer->blocked) {
        send_to(viewer, run);
    }
    if (viewer->channel == channel && viewer->cursor < channel->round_needed &&
        viewer->cursor >= channel->ring.tail) {
        channel->round_needed = viewer->cursor;
    }
}

/* A stream whose rounds take longer than its window gathers longer, up to merge_max_ms. While each
 * carries one event the next may follow at once: the core has time for all of them. The more they
 * carry the more time is left between two, up to as much as one takes: so a saturated stream leaves
 * half of the core to all else. */
static uint32_t window_after(const struct stream *stream)
{
    const struct hub_options *options = &stream->hub->options;
    const int64_t took_ms = stream->hub->now_ms - stream->round_began_ms;
    const uint64_t more = stream->round_events > 1 ? stream->round_events - 1 : 0;
    const int64_t rest_ms = more < 2 ? took_ms * (int64_t)more / 2 : took_ms;
    const int64_t window_ms = took_ms + rest_ms;
    if (window_ms <= options->merge_ms) {
        return options->merge_ms;
    }
    return window_ms < options->merge_max_ms ? (uint32_t)window_ms : options->merge_max_ms;
}

static void end_round(struct stream *stream)
{
    stream->merge_ms = window_after(stream);
    stream->in_round = false;
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        channel->ring.needed = channel->round_needed;
        channel_rest(channel);
        train_tend(channel);
    }
    channel_free_empty(stream);
}

/* True: every viewer was visited. */
static bool go_round(struct stream *stream, uint32_t *budget)
{
    bool is_done = true;
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        struct run run = {0};
        train_load(channel);
        while (channel->round_left > 0 && *budget > 0) {
            visit(channel, &run);
            (*budget)--;
        }
        settle(&run);
        is_done = is_done && channel->round_left == 0;
    }
    return is_done;
}

/* More would make a ring forget what its readers, who have had all so far, wait for. */
static bool is_full(const struct stream *stream)
{
    for (const struct channel *channel = stream->channels; channel != NULL;
         channel = channel->next) {
        if (channel->ring.head - channel->round_head > channel->ring.bytes_max / 2) {
            return true;
        }
    }
    return false;
}

static int64_t due_ms(const struct stream *stream)
{
    if (!door_may_send(stream)) {
        return INT64_MAX; // until it has caught up
    }
    if (stream->in_round || !stream->has_new_events || stream->has_new_act || is_full(stream) ||
        stream->hub->is_hurried) {
        return stream->hub->now_ms;
    }
    return stream->flushed_ms + stream->merge_ms;
}

static void flush_stream(struct stream *stream, uint32_t *budget)
{
    if (due_ms(stream) > stream->hub->now_ms) {
        return;
    }
    if (!stream->in_round) {
        begin_round(stream);
    }
    if (go_round(stream, budget)) {
        end_round(stream);
        if (!stream->has_new) {
            list_remove(&stream->due_link);
        }
    }
}

/* Those whose sockets can take bytes again, and those that joined behind head. */
static void flush_ready(struct hub *hub, uint32_t *budget)
{
    while (*budget > 0 && !list_is_empty(&hub->ready)) {
        struct viewer *viewer = list_entry(list_pop(&hub->ready), struct viewer, link);
        struct run run = {0};
        if (!door_may_send(viewer->stream)) {
            list_push(&viewer->stream->joiners, &viewer->link);
        } else if (!viewer->blocked) {
            send_to(viewer, &run);
            settle(&run);
            (*budget)--;
        }
    }
}

void flush_turn(struct hub *hub)
{
    uint32_t budget = FLUSH_WRITES_MAX;
    /* Each goes to the end, so that a huge one does not starve the others. */
    const struct link *last = hub->due.prev;
    for (bool is_last = list_is_empty(&hub->due); !is_last;) {
        struct link *link = list_pop(&hub->due);
        is_last = link == last;
        list_push(&hub->due, link);
        flush_stream(list_entry(link, struct stream, due_link), &budget);
    }
    flush_ready(hub, &budget);
}

int64_t flush_next_ms(const struct hub *hub)
{
    int64_t next_ms = list_is_empty(&hub->ready) ? INT64_MAX : hub->now_ms;
    for (struct link *link = hub->due.next; link != &hub->due; link = link->next) {
        const int64_t at_ms = due_ms(list_entry(link, struct stream, due_link));
        next_ms = at_ms < next_ms ? at_ms : next_ms;
    }
    return next_ms;
}
