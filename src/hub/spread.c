// SPDX-License-Identifier: Apache-2.0
#include "hub/spread.h"

#include "hub/extent.h"
#include "hub/pursuit.h"

struct spread_act {
    uint64_t seq, number; // number: of stream->act_count
    int64_t began_ms;     // mono: when it was published
    uint64_t viewers, written, cut;
    bool is_over;          // who is late was cut
    struct extent *extent; // a reference; NULL: of no act, or of one that has a later event here
};

struct spread {
    struct link link; // in hub->spreading, while an act is not over
    struct stream *stream;
    struct spread_act *acts[]; // owned; [options.reach_acts], by number
};

static uint32_t acts_max(const struct stream *stream)
{
    return stream->hub->options.reach_acts;
}

static struct spread_act *find(const struct stream *stream, uint64_t number)
{
    struct spread_act *act =
        stream->spread == NULL ? NULL : stream->spread->acts[number % acts_max(stream)];
    return act != NULL && act->number == number ? act : NULL;
}

static struct spread_act *find_seq(const struct stream *stream, uint64_t seq)
{
    for (uint32_t i = 0; stream->spread != NULL && i < acts_max(stream); i++) {
        struct spread_act *act = stream->spread->acts[i];
        if (act != NULL && act->seq == seq) {
            return act;
        }
    }
    return NULL;
}

static struct spread *make(struct stream *stream)
{
    if (stream->spread == NULL) {
        stream->spread = mem_new(MEM_STREAM, sizeof(*stream->spread) +
                                                 acts_max(stream) * sizeof(struct spread_act *));
    }
    if (stream->spread != NULL) {
        stream->spread->stream = stream;
    }
    return stream->spread;
}

/* A long act is split: whom it reached is whom its last event did. */
static void replace_earlier(struct stream *stream, struct extent *extent)
{
    for (uint32_t i = 0; i < acts_max(stream); i++) {
        struct spread_act *act = stream->spread->acts[i];
        if (act != NULL && act->extent == extent) {
            extent->viewers -= act->viewers;
            extent->written -= act->written;
            extent->cut -= act->cut;
            extent_unref(extent);
            act->extent = NULL;
        }
    }
}

/* What it and its events before this one removed. */
static void expose(struct stream *stream, struct extent *extent)
{
    const struct exposure_lost lost = exposure_claim(&stream->exposure);
    if (extent != NULL) {
        extent->exposed.comments += lost.comments;
        extent->exposed.viewer_ms += lost.viewer_ms;
        extent->exposed.is_part = extent->exposed.is_part || lost.is_part;
    }
}

/* Room for one more of it, in the place of the oldest. */
static struct spread_act *make_room(struct stream *stream, struct extent *extent)
{
    struct spread *spread = make(stream);
    if (spread == NULL) {
        return NULL;
    }
    struct spread_act **place = &spread->acts[stream->act_count % acts_max(stream)];
    if (extent != NULL) {
        replace_earlier(stream, extent); // first: the oldest may be of the same act
    }
    if (*place == NULL) {
        *place = mem_new(MEM_STREAM, sizeof(**place));
    } else {
        extent_unref((*place)->extent);
        (*place)->extent = NULL;
    }
    return *place;
}

/* Where memory fails it, nobody knows how far this one got. */
void spread_take(struct stream *stream, const struct event *event)
{
    struct hub *hub = stream->hub;
    const uint64_t open = stream_watching(stream, NULL).viewers;
    const int64_t published_ms = event->published_mono_ms;
    const int64_t began_ms = published_ms > 0 ? published_ms : hub->now_ms;
    const uint64_t name = event_act(event);
    struct extent *extent = name == 0 ? NULL : extent_open(hub, name, began_ms);
    expose(stream, extent);
    struct spread_act *act = open == 0 ? NULL : make_room(stream, extent);
    if (act == NULL) {
        extent_unref(extent);
        return;
    }
    *act = (struct spread_act){
        .seq = event->seq, .number = stream->act_count, .began_ms = began_ms, .viewers = open};
    if (extent != NULL) {
        extent->viewers += open;
        act->extent = extent;
    }
    if (!list_holds(&stream->spread->link)) {
        list_push(&hub->spreading, &stream->spread->link);
    }
}

static void note(struct stream *stream, struct spread_act *act, uint64_t viewers)
{
    const int64_t took_ms = stream->hub->now_ms - act->began_ms;
    const uint64_t done = act->written + act->cut;
    const uint64_t left = act->viewers > done ? act->viewers - done : 0;
    const uint64_t more = viewers < left ? viewers : left; // not who came later, or came back
    act->written += more;
    if (act->extent != NULL) {
        act->extent->written += more;
        histogram_add_many(&act->extent->took, took_ms > 0 ? (uint64_t)took_ms : 0, more);
    }
}

void spread_written(struct stream *stream, uint64_t number, uint64_t viewers)
{
    struct spread_act *act = find(stream, number);
    if (act != NULL) {
        note(stream, act, viewers);
    }
}

void spread_written_seq(struct stream *stream, uint64_t seq, uint64_t told)
{
    struct spread_act *act = find_seq(stream, seq);
    if (act != NULL && act->number > told) {
        note(stream, act, 1);
    }
}

void spread_done(struct stream *stream)
{
    struct spread *spread = stream->spread;
    if (spread == NULL) {
        return;
    }
    list_remove(&spread->link);
    for (uint32_t i = 0; i < acts_max(stream); i++) {
        if (spread->acts[i] != NULL) {
            extent_unref(spread->acts[i]->extent);
        }
        mem_free(MEM_STREAM, spread->acts[i]);
    }
    mem_free(MEM_STREAM, spread);
    stream->spread = NULL;
}

/* ---- who is late ---- */

static void cut(struct stream *stream, struct spread_act *act, struct viewer *viewer)
{
    if (viewer->ops->cut != NULL) {
        act->cut++;
        if (act->extent != NULL) {
            act->extent->cut++;
        }
        metric_count(&stream->hub->tally.cut, 1);
        viewer->ops->cut(viewer);
    }
}

static bool is_late(const struct viewer *viewer, const struct spread_act *act)
{
    const uint16_t fresh = (uint16_t)((uint16_t)act->number - viewer->acts_told);
    const bool was_told = fresh == 0 || fresh > UINT16_MAX / 2;
    return viewer->blocked && viewer->last_seq < act->seq && !was_told;
}

static void cut_late(struct stream *stream, struct spread_act *act)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        for (uint32_t i = channel->count; i > 0; i--) {
            if (i <= channel->count && is_late(channel->viewers[i - 1], act)) {
                cut(stream, act, channel->viewers[i - 1]);
            }
        }
    }
    struct link *link = stream->pursuits.next;
    while (link != &stream->pursuits) {
        struct catchup *catchup = list_entry(link, struct catchup, stream_link);
        struct viewer *viewer = catchup->viewer;
        link = link->next;
        if (viewer->blocked && catchup->encoding != NULL && catchup->position < act->seq &&
            catchup->acts_told < act->number) {
            cut(stream, act, viewer);
        }
    }
    act->is_over = true;
}

/* When the next of its acts is over; INT64_MAX: none is to be. */
static int64_t look_at(struct spread *spread)
{
    const struct hub *hub = spread->stream->hub;
    int64_t next_ms = INT64_MAX;
    for (uint32_t i = 0; i < acts_max(spread->stream); i++) {
        struct spread_act *act = spread->acts[i];
        if (act == NULL || act->is_over) {
            continue;
        }
        const int64_t over_ms = act->began_ms + hub->options.reach_cut_ms;
        if (over_ms <= hub->now_ms) {
            cut_late(spread->stream, act);
        } else {
            next_ms = over_ms < next_ms ? over_ms : next_ms;
        }
    }
    return next_ms;
}

int64_t spread_turn(struct hub *hub)
{
    int64_t next_ms = INT64_MAX;
    struct link *link = hub->spreading.next;
    while (hub->options.reach_cut_ms > 0 && link != &hub->spreading) {
        struct spread *spread = list_entry(link, struct spread, link);
        link = link->next;
        const int64_t over_ms = look_at(spread);
        next_ms = over_ms < next_ms ? over_ms : next_ms;
        if (over_ms == INT64_MAX) {
            list_remove(&spread->link);
        }
    }
    return next_ms;
}
