// SPDX-License-Identifier: Apache-2.0
#include "hub/figures.h"

#include "hub/train.h"
#include "hub/view.h"

/* ---- one stream ---- */

static void add_visible(struct histogram *sum, const struct histogram *part)
{
    for (int i = 0; part != NULL && i < HISTOGRAM_STEPS; i++) {
        atomic_fetch_add_explicit(&sum->counts[i],
                                  atomic_load_explicit(&part->counts[i], memory_order_relaxed),
                                  memory_order_relaxed);
    }
}

/* A shadowed author finds the numbers that they would find if everybody had been sent theirs. */
static void add_unsent(struct figures_call *call, const struct stream *stream,
                       const struct shadow_author *author)
{
    const double rate = recent_per_second(&author->comments_recent, stream->hub->now_ms);
    call->rate_out += rate * view_others(stream, author->user);
    call->deliveries += author->unsent;
    call->on_time += author->unsent;
    call->on_time_of += author->unsent;
    histogram_add_many(&call->visible, author->late_ms, author->unsent);
}

static void add_stream(struct figures_call *call, const struct stream *stream)
{
    static const struct shadow_author nobody = {.user = 0};
    const struct shadow_author *found = view_author(stream, call->view);
    const struct shadow_author *author = found == NULL ? &nobody : found;
    const int64_t now_ms = stream->hub->now_ms;
    const uint64_t events = stream->events + author->events;
    const double rate_in = recent_per_second(&stream->comments_recent, now_ms) +
                           recent_per_second(&author->comments_recent, now_ms);
    call->known = true;
    call->viewers_sse += stream->readers[READER_SSE];
    call->viewers_ws += stream->readers[READER_WS];
    call->viewers_poll += stream->readers[READER_POLL];
    call->viewers_slow += stream->slow_count;
    call->viewers = call->viewers_sse + call->viewers_ws + call->viewers_poll;
    /* Every hub sees the same events. */
    call->events = events > call->events ? events : call->events;
    call->rate_in = rate_in > call->rate_in ? rate_in : call->rate_in;
    call->rate_out += recent_per_second(&stream->deliveries_recent, now_ms);
    call->deliveries += stream->deliveries;
    call->gaps += stream->gaps;
    call->shed += stream->shed;
    call->resumes += stream->resumes;
    call->ridden_plain += stream->ridden_plain;
    call->ridden_sent += stream->ridden_sent;
    call->joins += stream->joins;
    call->on_time += stream->on_time;
    call->on_time_of += stream->on_time_of;
    for (const struct channel *channel = stream->channels; channel != NULL;
         channel = channel->next) {
        call->ring_bytes += ring_held_bytes(&channel->ring) + train_held_bytes(channel);
    }
    add_visible(&call->visible, stream->visible);
    if (found != NULL) {
        add_unsent(call, stream, found);
    }
}

static void visit_stream(struct letter *letter)
{
    struct figures_call *call = list_entry(letter, struct figures_call, call.letter);
    const struct hub *hub = call->at;
    struct map_node *node = map_find(&hub->streams, call->stream);
    if (node != NULL) {
        add_stream(call, map_entry(node, struct stream, node));
    }
    call->visited++;
    if (call->visited < hub->peer_count) {
        call->at = hub->peers[call->visited];
        home_send(call->at->options.home, letter);
        return;
    }
    call->visible_p50_ms = histogram_quantile(&call->visible, 0.5);
    call->visible_p95_ms = histogram_quantile(&call->visible, 0.95);
    call->visible_p99_ms = histogram_quantile(&call->visible, 0.99);
    call_finish(&call->call);
}

void figures_ask(struct hub *hub, struct figures_call *call)
{
    *call = (struct figures_call){
        .call = call->call, .stream = call->stream, .view = call->view, .at = hub->peers[0]};
    call->call.letter.open = visit_stream;
    home_send(call->at->options.home, &call->call.letter);
}

/* ---- the busiest ---- */

static struct busiest_stream *place_for(struct busiest_call *call, struct str name, double rate_out)
{
    struct busiest_stream *least = NULL;
    for (uint32_t i = 0; i < call->count; i++) {
        struct busiest_stream *one = &call->streams[i];
        if (str_eq(str_of(one->name), name)) {
            return one;
        }
        least = least == NULL || one->rate_out < least->rate_out ? one : least;
    }
    if (call->count < BUSIEST_MAX) {
        least = &call->streams[call->count];
        call->count++;
    } else if (least == NULL || least->rate_out >= rate_out) {
        return NULL;
    }
    *least = (struct busiest_stream){0};
    memcpy(least->name, name.at, name.len);
    return least;
}

static void add_busy(struct busiest_call *call, const struct stream *stream)
{
    const int64_t now_ms = stream->hub->now_ms;
    const double rate_in = recent_per_second(&stream->comments_recent, now_ms);
    const double rate_out = recent_per_second(&stream->deliveries_recent, now_ms);
    struct busiest_stream *one = place_for(call, stream_name(stream), rate_out);
    if (one == NULL) {
        return;
    }
    one->viewers +=
        stream->readers[READER_SSE] + stream->readers[READER_WS] + stream->readers[READER_POLL];
    one->rate_in = rate_in > one->rate_in ? rate_in : one->rate_in;
    one->rate_out += rate_out;
    one->deliveries += stream->deliveries;
}

static void sort_by_rate(struct busiest_call *call)
{
    for (uint32_t i = 1; i < call->count; i++) {
        const struct busiest_stream one = call->streams[i];
        uint32_t at = i;
        while (at > 0 && call->streams[at - 1].rate_out < one.rate_out) {
            call->streams[at] = call->streams[at - 1];
            at--;
        }
        call->streams[at] = one;
    }
}

static void visit_busiest(struct letter *letter)
{
    struct busiest_call *call = list_entry(letter, struct busiest_call, call.letter);
    const struct hub *hub = call->at;
    struct map_walk walk = {0};
    for (struct map_node *node = map_next(&hub->streams, &walk); node != NULL;
         node = map_next(&hub->streams, &walk)) {
        add_busy(call, map_entry(node, struct stream, node));
    }
    call->visited++;
    if (call->visited < hub->peer_count) {
        call->at = hub->peers[call->visited];
        home_send(call->at->options.home, letter);
        return;
    }
    sort_by_rate(call);
    call_finish(&call->call);
}

void figures_ask_busiest(struct hub *hub, struct busiest_call *call)
{
    *call = (struct busiest_call){.call = call->call, .at = hub->peers[0]};
    call->call.letter.open = visit_busiest;
    home_send(call->at->options.home, &call->call.letter);
}
