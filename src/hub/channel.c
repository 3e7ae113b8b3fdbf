// SPDX-License-Identifier: Apache-2.0
#include "hub/channel.h"

#include "base/must.h"
#include "base/mutant.h"
#include "hub/allot.h"
#include "hub/frame.h"
#include "hub/train.h"

enum { VIEWERS_CAP_MIN = 1 };

struct channel *channel_find(const struct stream *stream, const struct encoding *encoding,
                             enum lane lane)
{
    struct channel *channel = stream->channels;
    while (channel != NULL && (channel->encoding != encoding || channel->lane != lane)) {
        channel = channel->next;
    }
    return channel;
}

uint64_t channel_viewers(const struct stream *stream, enum lane lane)
{
    uint64_t count = 0;
    for (const struct channel *channel = stream->channels; channel != NULL;
         channel = channel->next) {
        count += channel->lane == lane ? channel->count : 0;
    }
    return count;
}

struct channel *channel_of(struct stream *stream, const struct encoding *encoding, enum lane lane)
{
    struct channel *channel = channel_find(stream, encoding, lane);
    if (channel != NULL) {
        return channel;
    }
    channel = mem_new(MEM_RING, sizeof(*channel));
    if (channel == NULL) {
        return NULL;
    }
    channel->stream = stream;
    channel->encoding = encoding;
    channel->lane = (uint8_t)lane;
    ring_init(&channel->ring, stream->hub->options.ring_bytes_max, stream_place(stream, lane));
    channel->next = stream->channels;
    stream->channels = channel;
    return channel;
}

void channel_mark_due(struct stream *stream)
{
    if (!list_holds(&stream->due_link)) {
        list_push(&stream->hub->due, &stream->due_link);
    }
}

void channel_rest(struct channel *channel)
{
    struct hub *hub = channel->stream->hub;
    const struct ring *ring = &channel->ring;
    if (ring->needed == ring->head && !allot_is_plenty(hub)) {
        metric_count(&hub->tally.ring_bytes, -(int64_t)ring_held_bytes(ring));
        ring_rest(&channel->ring);
        metric_count(&hub->tally.rings_rested, 1);
    }
}

void channel_hold_room(struct channel *channel)
{
    struct hub *hub = channel->stream->hub;
    if (list_holds(&channel->roomy_link) || ring_held_bytes(&channel->ring) == 0) {
        return;
    }
    const int64_t due_ms = hub->now_ms + RING_LOOK_MS + RING_LOOK_GRID_MS;
    channel->look_ms = due_ms - due_ms % RING_LOOK_GRID_MS;
    list_push(&hub->roomy, &channel->roomy_link);
}

/* Appends what stands in the hub's scratch. */
static void put(struct channel *channel, const struct ring_frame *frame)
{
    struct hub *hub = channel->stream->hub;
    const uint64_t before = ring_held_bytes(&channel->ring);
    ring_bound(&channel->ring, allot_ring_bytes(hub, &channel->ring));
    if (buf_ok(&hub->scratch)) {
        ring_append(&channel->ring, buf_str(&hub->scratch), frame);
    } else {
        ring_lose(&channel->ring, frame->place);
    }
    metric_count(&hub->tally.ring_bytes,
                 (int64_t)ring_held_bytes(&channel->ring) - (int64_t)before);
    channel_hold_room(channel);
}

static void note_new(struct stream *stream, bool is_event)
{
    stream->has_new = true;
    stream->has_new_events = stream->has_new_events || is_event;
    channel_mark_due(stream);
}

void channel_put_event(struct stream *stream, enum lane lane, const struct event *event,
                       struct ring_place place)
{
    struct hub *hub = stream->hub;
    const int64_t submitted_ms =
        event->published_mono_ms == 0 ? 0 : event->published_mono_ms - event->waited_ms;
    const uint32_t act = lane_is_act(event) ? (uint32_t)stream->act_count : 0;
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        if (channel->lane == lane) {
            buf_reset(&hub->scratch);
            channel->encoding->event(&hub->scratch, event, stream_name(stream), event->prev,
                                     &hub->options.port->epoch);
            put(channel,
                &(struct ring_frame){
                    .place = place, .submitted_ms = submitted_ms, .events = 1, .act = act});
        }
    }
    note_new(stream, true);
}

void channel_put_told(struct stream *stream, enum lane lane, const struct channel_told *told)
{
    struct hub *hub = stream->hub;
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        if (channel->lane != lane) {
            continue;
        }
        buf_reset(&hub->scratch);
        if (told->moves_to > 0) {
            channel->encoding->moving(&hub->scratch, told->json, told->moves_to,
                                      &hub->options.port->epoch);
        } else {
            channel->encoding->signal(&hub->scratch, told->json);
        }
        put(channel,
            &(struct ring_frame){.place = told->place == NULL ? channel->ring.last : *told->place,
                                 .events = told->events,
                                 .act = told->act});
    }
    note_new(stream, true);
}

void channel_lose(struct stream *stream, enum lane lane, struct ring_place place)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        if (channel->lane == lane) {
            ring_lose(&channel->ring, place);
        }
    }
    note_new(stream, true);
}

void channel_put_signal(struct stream *stream, struct str json)
{
    struct hub *hub = stream->hub;
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        buf_reset(&hub->scratch);
        channel->encoding->signal(&hub->scratch, json);
        if (buf_ok(&hub->scratch)) {
            put(channel, &(struct ring_frame){.place = channel->ring.last});
        }
        note_new(stream, false);
    }
    if (stream->apart > 0) {
        note_new(stream, false);
    }
}

void channel_note_view(struct stream *stream)
{
    note_new(stream, true);
}

void channel_cut(struct stream *stream, uint64_t seq)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        channel->ring.reaches = seq;
    }
}

/* From the tail on, not from `needed`: who comes back may begin anywhere in a ring. */
enum err channel_redact(struct channel *channel, const struct removal *removal)
{
    struct ring *ring = &channel->ring;
    for (uint32_t i = 0; i < ring->frame_count && !mutant(RING_UNREDACTED); i++) {
        const uint64_t from = ring_frame(ring, i)->offset, to = ring_frame_end(ring, i);
        size_t count = 0;
        TRY(frame_redact(&(struct frame){.encoding = channel->encoding,
                                         .bytes = ring_frame_bytes(ring, i),
                                         .len = to - from},
                         removal, &channel->stream->hub->scratch, &count));
        if (count > 0) {
            train_redacted(channel, from, to);
        }
    }
    return ERR_OK;
}

static enum err make_seat(struct channel *channel)
{
    if (channel->count < channel->cap) {
        return ERR_OK;
    }
    const uint32_t cap = channel->cap == 0 ? VIEWERS_CAP_MIN : channel->cap * 2;
    struct viewer **viewers =
        mem_resize(MEM_VIEWER, channel->viewers, cap * sizeof(struct viewer *));
    if (viewers == NULL) {
        return ERR_NOMEM;
    }
    channel->viewers = viewers;
    channel->cap = cap;
    return ERR_OK;
}

/* The crowd leaves: at a quarter the array is halved, so that each leaves a part of the cost. */
static void give_back_seats(struct channel *channel)
{
    const uint32_t cap = channel->cap / 2;
    if (channel->cap <= VIEWERS_CAP_MIN || channel->count > channel->cap / 4) {
        return;
    }
    struct viewer **viewers =
        mem_resize(MEM_VIEWER, channel->viewers, cap * sizeof(struct viewer *));
    if (viewers != NULL) {
        channel->viewers = viewers;
        channel->cap = cap;
    }
}

enum err channel_join(struct channel *channel, struct viewer *viewer, uint64_t cursor,
                      struct ring_place place)
{
    TRY(make_seat(channel));
    viewer->channel = channel;
    viewer->index = channel->count;
    viewer->cursor = cursor;
    viewer->last_seq = place.seq;
    viewer->last_ordinal = place.ordinal;
    viewer->mode = VIEWER_LIVE;
    viewer->rides = false;
    channel->viewers[channel->count] = viewer;
    channel->count++;
    if (cursor < channel->ring.needed) {
        channel->ring.needed = cursor;
    }
    if (cursor < channel->round_needed) {
        channel->round_needed = cursor;
    }
    return ERR_OK;
}

void channel_leave(struct viewer *viewer)
{
    struct channel *channel = viewer->channel;
    struct viewer *last = channel->viewers[channel->count - 1];
    train_alight(viewer);
    must(channel->viewers[viewer->index] == viewer);
    /* A visited one may come to stand among those still to be visited: it then has nothing to
     * get. */
    channel->viewers[viewer->index] = last;
    last->index = viewer->index;
    channel->count--;
    if (channel->round_left > channel->count) {
        channel->round_left = channel->count;
    }
    viewer->channel = NULL;
    give_back_seats(channel);
    if (channel->count == 0) {
        channel_mark_due(channel->stream);
    }
}

void channel_free_empty(struct stream *stream)
{
    struct channel **place = &stream->channels;
    while (*place != NULL) {
        struct channel *channel = *place;
        if (channel->count > 0) {
            place = &channel->next;
            continue;
        }
        *place = channel->next;
        list_remove(&channel->roomy_link);
        metric_count(&stream->hub->tally.ring_bytes, -(int64_t)ring_held_bytes(&channel->ring));
        train_end(channel);
        ring_done(&channel->ring);
        mem_free(MEM_VIEWER, channel->viewers);
        mem_free(MEM_RING, channel);
    }
}

void channel_check(const struct channel *channel)
{
    const struct ring *ring = &channel->ring;
    ring_check(ring);
    const struct ring_place place = stream_place(channel->stream, (enum lane)channel->lane);
    must(channel->lane == LANE_FULL ? ring->last.seq == place.seq : ring->last.seq <= place.seq);
    must(ring->last.ordinal == place.ordinal);
    must(channel->round_left <= channel->count && channel->count <= channel->cap);
    train_check(channel);
    for (uint32_t i = 0; i < channel->count; i++) {
        const struct viewer *viewer = channel->viewers[i];
        must(viewer->mode == VIEWER_LIVE && viewer->catchup == NULL);
        must(viewer->channel == channel && viewer->index == i);
        must(viewer->cursor <= ring->head);
        must(viewer->last_seq <= ring->last.seq || viewer->last_seq <= channel->stream->heard);
        must(viewer->last_ordinal <= ring->last.ordinal);
        if (viewer->cursor >= ring->tail && viewer->cursor < ring->head) {
            const uint32_t index = ring_frame_at(ring, viewer->cursor);
            must(ring_frame(ring, index)->offset == viewer->cursor);
            must(ring_place_before(ring, index).ordinal == viewer->last_ordinal);
        }
    }
}
