// SPDX-License-Identifier: Apache-2.0
#include "hub/spread.h"

#include "base/hash.h"
#include "hub/pursuit.h"

struct spread_act {
    uint64_t seq, number; // number: of stream->act_count
    int64_t began_ms;     // mono: when it was published
    uint64_t viewers, written, cut;
    bool is_over;                 // who is late was cut
    uint64_t name;                // of the act, which may have several events; 0: not known
    struct exposure_lost exposed; // by what it and its events before this one removed
    struct histogram took;
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

static uint64_t name_of(const struct event *event)
{
    return event->staff_len == 0 ? 0
                                 : hash_str(0, (struct str){.at = event->body + event->body_len,
                                                            .len = event->staff_len});
}

/* The newest event of that act before this one; others may stand between. */
static const struct spread_act *part_before(const struct stream *stream, uint64_t name)
{
    const struct spread_act *found = NULL;
    for (uint32_t i = 0; name != 0 && stream->spread != NULL && i < acts_max(stream); i++) {
        const struct spread_act *act = stream->spread->acts[i];
        if (act != NULL && act->name == name && (found == NULL || act->number > found->number)) {
            found = act;
        }
    }
    return found;
}

/* A long act is split: its last event has all of it. */
static struct exposure_lost exposed_by(struct stream *stream, const struct event *event)
{
    const struct spread_act *before = part_before(stream, name_of(event));
    struct exposure_lost lost = exposure_claim(&stream->exposure);
    if (before != NULL) {
        lost.comments += before->exposed.comments;
        lost.viewer_ms += before->exposed.viewer_ms;
    }
    return lost;
}

/* Where memory fails it, nobody knows how far this one got. */
void spread_take(struct stream *stream, const struct event *event)
{
    const uint64_t open = stream_watching(stream, NULL).viewers;
    const struct exposure_lost exposed = exposed_by(stream, event);
    struct spread *spread = open == 0 && exposed.viewer_ms == 0 ? NULL : make(stream);
    if (spread == NULL) {
        return;
    }
    struct spread_act **place = &spread->acts[stream->act_count % acts_max(stream)];
    struct spread_act *act = *place == NULL ? mem_new(MEM_STREAM, sizeof(*act)) : *place;
    if (act == NULL) {
        return;
    }
    const int64_t now_ms = stream->hub->now_ms;
    const int64_t published_ms = event->published_mono_ms;
    *act = (struct spread_act){.seq = event->seq,
                               .number = stream->act_count,
                               .began_ms = published_ms > 0 ? published_ms : now_ms,
                               .viewers = open,
                               .name = name_of(event),
                               .exposed = exposed};
    metric_count(&stream->hub->tally.reach_acts, *place == NULL ? 1 : 0);
    *place = act;
    if (!list_holds(&spread->link)) {
        list_push(&stream->hub->spreading, &spread->link);
    }
}

static void note(struct stream *stream, struct spread_act *act, uint64_t viewers)
{
    const int64_t took_ms = stream->hub->now_ms - act->began_ms;
    const uint64_t left = act->viewers > act->written ? act->viewers - act->written : 0;
    const uint64_t more = viewers < left ? viewers : left; // who came later is not counted
    act->written += more;
    histogram_add_many(&act->took, took_ms > 0 ? (uint64_t)took_ms : 0, more);
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
        metric_count(&stream->hub->tally.reach_acts, spread->acts[i] == NULL ? 0 : -1);
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

/* ---- asked ---- */

static void add_act(struct reach_call *call, const struct spread_act *act)
{
    call->known = true;
    call->viewers += act->viewers;
    call->applied += act->written;
    call->cut += act->cut;
    call->exposed.viewer_ms += act->exposed.viewer_ms;
    if (act->exposed.comments > call->exposed.comments) { // each reactor knows of the same ones
        call->exposed.comments = act->exposed.comments;
    }
    for (int i = 0; i < HISTOGRAM_STEPS; i++) {
        atomic_fetch_add_explicit(&call->took.counts[i],
                                  atomic_load_explicit(&act->took.counts[i], memory_order_relaxed),
                                  memory_order_relaxed);
    }
}

static void visit(struct letter *letter)
{
    struct reach_call *call = list_entry(letter, struct reach_call, call.letter);
    const struct hub *hub = call->at;
    struct map_node *node = map_find(&hub->streams, call->stream);
    const struct spread_act *act =
        node == NULL ? NULL : find_seq(map_entry(node, struct stream, node), call->seq);
    if (act != NULL) {
        add_act(call, act);
    }
    call->visited++;
    if (call->visited < hub->peer_count) {
        call->at = hub->peers[call->visited];
        home_send(call->at->options.home, letter);
        return;
    }
    call->p50_ms = histogram_quantile(&call->took, 0.5);
    call->p95_ms = histogram_quantile(&call->took, 0.95);
    call_finish(&call->call);
}

void spread_ask(struct hub *hub, struct reach_call *call)
{
    *call = (struct reach_call){
        .call = call->call, .stream = call->stream, .seq = call->seq, .at = hub->peers[0]};
    call->call.letter.open = visit;
    home_send(call->at->options.home, &call->call.letter);
}
