// SPDX-License-Identifier: Apache-2.0
#include "hub/train.h"

#include "base/must.h"
#include "base/mutant.h"
#include "base/reach.h"
#include "hub/allot.h"
#include "wire/deflater.h"

#define NOWHERE UINT64_MAX

uint64_t train_held_bytes(const struct channel *channel)
{
    const struct train *train = channel->train;
    return train == NULL ? 0 : TRAIN_STATE_BYTES + ring_held_bytes(&train->ring);
}

/* Up to where the ring was compressed. */
static uint64_t end_of(const struct train *train)
{
    return train->ring.last.seq;
}

/* ---- making and ending ---- */

/* An empty one, whose first segment begins at a plain offset. */
static void begin_at(struct train *train, uint64_t offset)
{
    const uint64_t bytes_max = allot_ring_bytes(train->channel->stream->hub, &train->ring);
    ring_done(&train->ring);
    ring_init(&train->ring, bytes_max, (struct ring_place){.seq = offset});
    train->stop = NOWHERE;
    train->found_at = NOWHERE;
    train->has_no_stop = true;
}

static void make(struct channel *channel)
{
    struct hub *hub = channel->stream->hub;
    struct train *train = mem_new(MEM_RING, sizeof(*train));
    if (train == NULL) {
        return;
    }
    if (deflater_new(&train->deflater) != ERR_OK) {
        mem_free(MEM_RING, train);
        return;
    }
    train->channel = channel;
    train->used_ms = hub->now_ms;
    begin_at(train, channel->ring.head);
    list_push(&hub->trains, &train->link);
    channel->train = train;
    metric_count(&hub->tally.trains, 1);
    metric_count(&hub->tally.train_bytes, (int64_t)train_held_bytes(channel));
}

void train_end(struct channel *channel)
{
    struct train *train = channel->train;
    if (train == NULL) {
        return;
    }
    struct hub *hub = channel->stream->hub;
    reach_if(train->riders > 0, TRAIN_ENDED);
    for (uint32_t i = 0; i < channel->count; i++) {
        train_alight(channel->viewers[i]);
    }
    metric_count(&hub->tally.trains, -1);
    metric_count(&hub->tally.train_bytes, -(int64_t)train_held_bytes(channel));
    channel->train = NULL;
    list_remove(&train->link);
    deflater_free(train->deflater);
    ring_done(&train->ring);
    mem_free(MEM_RING, train);
}

void train_redacted(struct channel *channel, uint64_t from, uint64_t to)
{
    const struct train *train = channel->train;
    if (train == NULL || mutant(TRAIN_UNREDACTED)) {
        return;
    }
    /* None stands below `needed`, and who joins below it boards at the stop at the earliest. */
    const uint64_t needed = channel->ring.needed;
    const uint64_t boards = train->stop < needed ? train->stop : needed;
    if (from < end_of(train) && to > boards) {
        train_end(channel);
    }
}

/* What no viewer is behind. */
static void forget(struct train *train, uint64_t needed)
{
    const struct ring *ring = &train->ring;
    uint32_t index = 0;
    train->ring.needed = ring->tail;
    if (ring_find(ring, needed, &index)) {
        train->ring.needed =
            index < ring->frame_count ? ring_frame(ring, index)->offset : ring->head;
    }
}

void train_tend(struct channel *channel)
{
    struct hub *hub = channel->stream->hub;
    const uint32_t wanted = hub->options.compress_viewers;
    if (channel->train == NULL) {
        if (channel->encoding->part != NULL && wanted > 0 && channel->count >= wanted &&
            allot_is_plenty(hub)) {
            make(channel);
        }
    } else if (channel->count < wanted - wanted / 2) {
        train_end(channel);
    } else {
        forget(channel->train, channel->round_needed);
    }
}

int64_t train_turn(struct hub *hub)
{
    while (!list_is_empty(&hub->trains)) {
        struct train *train = list_entry(hub->trains.next, struct train, link);
        if (train->used_ms + TRAIN_IDLE_MS > hub->now_ms) {
            return train->used_ms + TRAIN_IDLE_MS;
        }
        train_end(train->channel);
    }
    return INT64_MAX;
}

void train_shrink(struct channel *channel)
{
    const uint64_t before = train_held_bytes(channel);
    if (channel->train != NULL) {
        channel->train->found_at = NOWHERE;
        ring_shrink(&channel->train->ring);
        metric_count(&channel->stream->hub->tally.train_bytes,
                     (int64_t)train_held_bytes(channel) - (int64_t)before);
    }
}

/* ---- loading ---- */

static bool is_stop_due(const struct train *train)
{
    const uint32_t waiting = train->channel->count - train->riders;
    if (train->has_no_stop || waiting == 0) {
        return train->has_no_stop;
    }
    return waiting >= train->riders || train->flushes >= TRAIN_FLUSHES_MAX ||
           train->channel->stream->hub->now_ms - train->stop_ms >= TRAIN_STOP_MS;
}

static enum err add_frame(struct train *train, uint32_t index)
{
    const struct channel *channel = train->channel;
    const struct ring *ring = &channel->ring;
    const uint64_t from = ring_frame(ring, index)->offset;
    struct str frame = {.at = (const char *)ring_at(ring, from),
                        .len = ring_frame_end(ring, index) - from};
    for (struct str part = channel->encoding->part(&frame); part.len > 0;
         part = channel->encoding->part(&frame)) {
        TRY(deflater_add(train->deflater, part, &channel->stream->hub->deflated));
    }
    return ERR_OK;
}

/* The frames from `*index` on that leave together. */
static enum err load_segment(struct train *train, uint32_t *index)
{
    const struct channel *channel = train->channel;
    const struct ring *ring = &channel->ring;
    struct hub *hub = channel->stream->hub;
    const uint64_t upto = ring_frame(ring, *index)->offset + channel->encoding->segment_bytes;
    buf_reset(&hub->deflated);
    buf_reset(&hub->scratch);
    do {
        TRY(add_frame(train, *index));
        (*index)++;
    } while (*index < ring->frame_count && ring_frame_end(ring, *index) <= upto);
    TRY(deflater_flush(train->deflater, &hub->deflated));
    channel->encoding->segment(&hub->scratch, buf_str(&hub->deflated));
    TRY(buf_err(&hub->scratch));
    const struct ring_place place = {.seq = ring_frame_end(ring, *index - 1),
                                     .ordinal = train->ring.last.ordinal + 1};
    ring_bound(&train->ring, allot_ring_bytes(hub, &train->ring));
    ring_append(&train->ring, buf_str(&hub->scratch), &(struct ring_frame){.place = place});
    return ERR_OK;
}

static enum err load_all(struct train *train)
{
    const struct ring *ring = &train->channel->ring;
    uint32_t index = ring_frame_at(ring, end_of(train));
    enum err err = ERR_OK;
    while (err == ERR_OK && index < ring->frame_count) {
        err = load_segment(train, &index);
    }
    return err;
}

static void make_stop(struct train *train)
{
    if (!mutant(STOP_UNCLEARED)) {
        deflater_begin(train->deflater);
    }
    reach(TRAIN_STOPPED);
    train->stop = end_of(train);
    train->stop_ms = train->channel->stream->hub->now_ms;
    train->flushes = 0;
    train->has_no_stop = false;
}

void train_load(struct channel *channel)
{
    struct train *train = channel->train;
    if (train == NULL || end_of(train) == channel->ring.head) {
        return;
    }
    struct hub *hub = channel->stream->hub;
    const uint64_t held = train_held_bytes(channel);
    reach_if(end_of(train) < channel->ring.tail, TRAIN_OUTRUN);
    if (end_of(train) < channel->ring.tail) { // more came at once than the ring holds
        begin_at(train, channel->ring.tail);
    }
    if (is_stop_due(train)) {
        make_stop(train);
    }
    train->flushes++;
    train->found_at = NOWHERE;
    train->used_ms = hub->now_ms;
    list_remove(&train->link);
    list_push(&hub->trains, &train->link);
    const enum err err = end_of(train) == channel->ring.head ? ERR_OK : load_all(train);
    metric_count(&hub->tally.train_bytes, (int64_t)train_held_bytes(channel) - (int64_t)held);
    if (err != ERR_OK) {
        metric_count(&hub->tally.train_failures, 1);
        train_end(channel);
    }
}

/* ---- riding ---- */

void train_alight(struct viewer *viewer)
{
    if (viewer->rides) {
        viewer->rides = false;
        viewer->channel->train->riders--;
    }
}

/* The segments from a plain offset on. False: none begins there. */
static bool find(const struct train *train, uint64_t offset, struct ride *ret_ride)
{
    const struct ring *ring = &train->ring;
    uint32_t index = 0;
    if (!ring_find(ring, offset, &index) || ring_place_before(ring, index).seq != offset) {
        return false;
    }
    const uint64_t from = index < ring->frame_count ? ring_frame(ring, index)->offset : ring->head;
    const size_t len = ring->head - from;
    *ret_ride = (struct ride){
        .bytes = len == 0 ? NULL : ring_at(ring, from), .len = len, .to = end_of(train)};
    return true;
}

bool train_find(struct viewer *viewer, struct ride *ret_ride)
{
    struct train *train = viewer->channel->train;
    if (!viewer->rides && viewer->cursor != train->stop && !mutant(BOARDS_ANYWHERE)) {
        return false;
    }
    if (train->found_at != viewer->cursor) {
        if (!find(train, viewer->cursor, &train->found)) {
            train_alight(viewer);
            return false;
        }
        train->found_at = viewer->cursor;
    }
    reach_if(!viewer->rides, TRAIN_BOARDED);
    train->riders += !viewer->rides;
    viewer->rides = true;
    *ret_ride = train->found;
    return true;
}

uint64_t train_limit(const struct viewer *viewer)
{
    const struct train *train = viewer->channel->train;
    const uint64_t head = viewer->channel->ring.head;
    if (train == NULL) {
        return head;
    }
    if (viewer->cursor < train->stop && train->stop < end_of(train)) {
        return train->stop;
    }
    return viewer->cursor < end_of(train) ? end_of(train) : viewer->cursor;
}

uint64_t train_stop_at(struct viewer *viewer, const struct ride *ride, size_t taken)
{
    const struct ring *ring = &viewer->channel->train->ring;
    const uint64_t reached = ring->head - ride->len + taken;
    uint32_t index = ring_frame_at(ring, reached);
    if (ring_frame(ring, index)->offset < reached) {
        const uint64_t end = ring_frame_end(ring, index);
        reach(TRAIN_CUT);
        if (!mutant(FRAME_CUT)) {
            viewer->ops->keep(viewer, ring_at(ring, reached), end - reached);
        }
        index++;
    }
    return ring_place_before(ring, index).seq;
}

void train_check(const struct channel *channel)
{
    const struct train *train = channel->train;
    uint32_t riders = 0;
    for (uint32_t i = 0; i < channel->count; i++) {
        riders += channel->viewers[i]->rides;
    }
    must(riders == (train == NULL ? 0 : train->riders));
    if (train == NULL) {
        return;
    }
    const struct ring *ring = &train->ring;
    ring_check(ring);
    must(train->channel == channel && end_of(train) <= channel->ring.head);
    for (uint32_t i = 0; i < ring->frame_count; i++) { // each ends where a frame of the ring does
        const uint64_t offset = ring_place_before(ring, i).seq;
        if (offset >= channel->ring.tail && offset < channel->ring.head) {
            const uint32_t index = ring_frame_at(&channel->ring, offset);
            must(ring_frame(&channel->ring, index)->offset == offset);
        }
    }
}
