// SPDX-License-Identifier: Apache-2.0
#include "hub/tell.h"

#include "base/must.h"
#include "base/mutant.h"
#include "base/reach.h"
#include "hub/spread.h"
#include "hub/staff.h"

const char *tell_why(enum gap_why why)
{
    static const char *const whys[GAP_WHYS] = {[GAP_BEHIND] = "behind",
                                               [GAP_SLOW_READER] = "slow reader",
                                               [GAP_EXPIRED] = "expired",
                                               [GAP_LANE] = "lane"};

    return whys[why];
}

void tell_count_gap(struct stream *stream, enum gap_why why, uint64_t shed)
{
    stream->gaps++;
    stream->shed += shed;
    metric_count(&stream->hub->tally.gaps[why], 1);
    metric_count(&stream->hub->tally.shed, (int64_t)shed);
}

enum err tell_signal(struct catchup *catchup, const struct buf *json)
{
    struct buf *out = page_out(&catchup->page);
    catchup->encoding->signal(out, buf_str(json));
    out->failed = out->failed || !buf_ok(json);
    return page_end_frame(&catchup->page);
}

enum err tell_gap(struct catchup *catchup, const struct signals_gap *gap)
{
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    signals_gap(&json, gap);
    const enum err err = tell_signal(catchup, &json);
    buf_done(&json);
    return err;
}

enum err tell_expired(struct catchup *catchup, uint64_t to)
{
    struct stream *stream = catchup->viewer->stream;
    TRY(tell_gap(catchup, &(struct signals_gap){.stream = stream_name(stream),
                                                .from = pursuit_has(catchup) + 1,
                                                .to = to,
                                                .why = tell_why(GAP_EXPIRED)}));
    tell_count_gap(stream, GAP_EXPIRED, 0);
    catchup->position = to;
    return ERR_OK;
}

enum err tell_news(struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    signals_presence(&json, stream_name(stream), stream->viewers_known, stream->hidden_known);
    const enum err err = tell_signal(catchup, &json);
    buf_done(&json);
    if (err == ERR_OK) {
        catchup->news_seen = stream->news;
    }
    return err;
}

/* ---- the hole of a slow reader ---- */

/* Retention took the beginning of it, or all. */
static enum err tell_lost(struct catchup *catchup)
{
    struct read *acts = &catchup->acts;
    const uint64_t oldest = catchup->count.oldest;
    if (!catchup->was_counted || oldest <= catchup->hole_from + 1) {
        return ERR_OK;
    }
    const uint64_t to = oldest - 1 < catchup->hole_upto ? oldest - 1 : catchup->hole_upto;
    TRY(tell_expired(catchup, to));
    while (catchup->acts_at < acts->count && acts->events[catchup->acts_at]->seq <= to) {
        catchup->acts_at++;
    }
    if (catchup->acts_at == acts->count) {
        read_done(acts);
        catchup->acts_at = 0;
    }
    catchup->hole_from = to;
    catchup->hole_count = catchup->count.count;
    return ERR_OK;
}

static enum err tell_rest(struct catchup *catchup, uint64_t removed)
{
    struct stream *stream = catchup->viewer->stream;
    const uint64_t carried = catchup->acts.count - catchup->acts_at;
    const uint64_t spared = catchup->hole_count - carried;
    dcheck(removed <= spared);
    removed = mutant(GAP_REMOVED_SHED) ? 0 : removed;
    TRY(tell_gap(catchup,
                 &(struct signals_gap){.stream = stream_name(stream),
                                       .from = catchup->hole_from + 1,
                                       .to = catchup->hole_upto,
                                       .is_counted = true,
                                       .carried = carried,
                                       .shed = spared - removed + (mutant(GAP_MISCOUNTS) ? 1 : 0),
                                       .removed = removed,
                                       .why = tell_why(GAP_SLOW_READER)}));
    tell_count_gap(stream, GAP_SLOW_READER, spared - removed);
    catchup->position = carried > 0 ? catchup->hole_from : catchup->hole_upto;
    return ERR_OK;
}

enum err tell_hole(struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    uint64_t removed = 0;
    const bool is_own = catchup->lag.step != LAG_NONE; // memory knows only what everybody is shown
    if (is_own ||
        !removed_count(&stream->removed, catchup->hole_from, catchup->hole_upto, &removed)) {
        if (!catchup->was_counted || stream_removed_since(stream, catchup->count.heard)) {
            return ERR_AGAIN;
        }
        removed = catchup->count.removed;
        catchup->hole_count = is_own ? catchup->count.count : catchup->hole_count;
        TRY(tell_lost(catchup));
        reach(HOLE_FROM_LOG);
    } else {
        reach_if(removed > 0, HOLE_FROM_MEMORY);
    }
    if (catchup->hole_from < catchup->hole_upto) {
        TRY(tell_rest(catchup, removed));
    }
    catchup->owes_gap = false;
    catchup->lag.step = LAG_NONE;
    return ERR_OK;
}

void tell_count_deliveries(struct stream *stream, uint32_t count)
{
    stream->deliveries += count;
    recent_add(&stream->deliveries_recent, stream->hub->now_ms, count);
    metric_count(&stream->hub->tally.deliveries, count);
}

static enum err encode(struct catchup *catchup, const struct event *event)
{
    const struct stream *stream = catchup->viewer->stream;
    catchup->encoding->event(page_out(&catchup->page), event, stream_name(stream), event->prev,
                             &catchup->hub->options.port->epoch);
    return page_end_frame(&catchup->page);
}

bool tell_is_for_staff(const struct catchup *catchup, const struct event *event)
{
    return event->staff_len > 0 && (staff_is(catchup) || mutant(STAFF_EVERYBODY));
}

static enum err encode_for_staff(struct catchup *catchup, const struct event *event)
{
    struct event *told = event_for_staff(event);
    const enum err err = told == NULL ? ERR_NOMEM : encode(catchup, told);
    event_unref(told);
    return err;
}

enum err tell_event(struct catchup *catchup, const struct event *event)
{
    struct stream *stream = catchup->viewer->stream;
    TRY(tell_is_for_staff(catchup, event) ? encode_for_staff(catchup, event)
                                          : encode(catchup, event));
    catchup->position = event->seq;
    if (lane_is_act(event)) {
        spread_written_seq(stream, event->seq, catchup->acts_told);
    }
    tell_count_deliveries(stream, 1);
    return ERR_OK;
}
