// SPDX-License-Identifier: Apache-2.0
#include "hub/sift.h"

#include "base/mutant.h"
#include "base/reach.h"
#include "hub/lag.h"
#include "hub/sparse.h"
#include "hub/tell.h"
#include "hub/view.h"

enum { FRAMES_MAX = 4 }; // that one event can make: a gap and a mark of what waited, a gap, itself

static struct catchup *catchup_of(struct lane_scribe *scribe)
{
    return list_entry(scribe, struct catchup, scribe);
}

static enum err on_event(struct lane_scribe *scribe, const struct event *event)
{
    return lag_tell_event(catchup_of(scribe), event);
}

static enum err on_gap(struct lane_scribe *scribe, const struct lane_span *span)
{
    struct catchup *catchup = catchup_of(scribe);
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    signals_lane_gap(&json, scribe->stream, span);
    const enum err err = tell_signal(catchup, &json);
    buf_done(&json);
    if (err == ERR_OK) {
        tell_count_gap(catchup->viewer->stream, GAP_LANE, 0);
        lag_told(catchup, span->after, 0);
    }
    return err;
}

/* A signal that moves the cursor. */
static enum err write_moving(struct catchup *catchup, const struct buf *json, uint64_t seq)
{
    struct buf *out = page_out(&catchup->page);
    catchup->encoding->moving(out, buf_str(json), seq, &catchup->hub->options.port->epoch);
    out->failed = out->failed || !buf_ok(json);
    return page_end_frame(&catchup->page);
}

static enum err on_digest(struct lane_scribe *scribe, const struct lane_span *span)
{
    struct catchup *catchup = catchup_of(scribe);
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    signals_digest(&json, scribe->stream, span);
    const enum err err = write_moving(catchup, &json, span->to);
    buf_done(&json);
    if (err == ERR_OK) {
        tell_count_deliveries(catchup->viewer->stream, span->carried);
        lag_told(catchup, span->after, span->events.len);
    }
    return err;
}

static enum err on_mark(struct lane_scribe *scribe, uint64_t seq)
{
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    signals_mark(&json, scribe->stream, seq);
    const enum err err = write_moving(catchup_of(scribe), &json, seq);
    buf_done(&json);
    if (err == ERR_OK) {
        lag_told(catchup_of(scribe), seq, 0);
    }
    return err;
}

void sift_begin(struct catchup *catchup)
{
    static const struct lane_scribe_ops ops = {
        .event = on_event, .gap = on_gap, .digest = on_digest, .mark = on_mark};
    const struct viewer *viewer = catchup->viewer;
    if (viewer->lane != LANE_FULL) {
        lane_scribe_init(&catchup->scribe, &ops, sparse_rule(catchup->hub, (enum lane)viewer->lane),
                         stream_name(viewer->stream));
    }
}

/* A digest keeps what it is to tell of it. */
static enum err take_in(struct catchup *catchup, const struct event *event)
{
    if (!tell_is_for_staff(catchup, event)) {
        return lane_scribe_take(&catchup->scribe, event);
    }
    struct event *told = event_for_staff(event);
    const enum err err = told == NULL ? ERR_NOMEM : lane_scribe_take(&catchup->scribe, told);
    event_unref(told);
    return err;
}

static enum err take(struct catchup *catchup, const struct event *event)
{
    struct lane_scribe *scribe = &catchup->scribe;
    const bool waited = lane_scribe_waits(scribe);
    const uint64_t after = catchup->position;
    TRY(take_in(catchup, event));
    if (!waited && scribe->span.after < after) { // its cursor lay between two events
        scribe->span.after = after;
    }
    catchup->position = event->seq;
    return ERR_OK;
}

enum err sift_events(struct catchup *catchup, struct event *const *events, uint32_t count)
{
    enum err err = ERR_OK;
    uint32_t taken = 0;
    while (err == ERR_OK && taken < count && page_has_room(&catchup->page, FRAMES_MAX)) {
        if (events[taken]->prev > catchup->position && !mutant(EXPIRED_UNTOLD)) {
            err = sift_settle(catchup);
            err = err == ERR_OK ? tell_expired(catchup, events[taken]->prev) : err;
            continue;
        }
        err = take(catchup, events[taken]);
        taken += err == ERR_OK;
    }
    return taken > 0 ? ERR_OK : err;
}

void sift_recount(struct catchup *catchup)
{
    struct lane_scribe *scribe = &catchup->scribe;
    const uint64_t position = catchup->position;
    if (!lane_scribe_waits(scribe)) {
        return;
    }
    catchup->position = scribe->span.after;
    if (!catchup->is_apart && view_is_at_hand(catchup)) {
        uint32_t count = 0;
        struct event *const *events =
            tail_after(&catchup->viewer->stream->tail, catchup->position, &count);
        lane_scribe_recount(scribe, events, count);
        catchup->position = position;
        return;
    }
    reach(LANE_READ_ANEW);
    lane_scribe_forget(scribe);
    if (!catchup->away) { // else it begins behind that, and is not believed when it is back
        pursuit_forget_fetched(catchup);
    }
}

enum err sift_settle(struct catchup *catchup)
{
    return lane_scribe_settle(&catchup->scribe);
}
