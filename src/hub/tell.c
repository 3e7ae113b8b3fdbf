// SPDX-License-Identifier: Apache-2.0
#include "hub/tell.h"

#include "base/mutant.h"
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
                                                .from = catchup->position + 1,
                                                .to = to,
                                                .why = tell_why(GAP_EXPIRED)}));
    tell_count_gap(stream, GAP_EXPIRED, 0);
    catchup->position = to;
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
