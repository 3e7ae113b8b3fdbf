// SPDX-License-Identifier: Apache-2.0
#include "api/lane_list.h"

#include "base/must.h"
#include "hub/signals.h"

struct list {
    struct lane_scribe scribe; // first
    struct buf *out;
    uint64_t position; // what is before is known to who polls
    bool has_one, for_staff;
};

static struct buf *next(struct lane_scribe *scribe)
{
    struct list *list = (struct list *)(void *)scribe;
    buf_add_str(list->out, list->has_one ? STR(",") : STR_NONE);
    list->has_one = true;
    return list->out;
}

static enum err on_event(struct lane_scribe *scribe, const struct event *event)
{
    event_write(next(scribe), event, scribe->stream, event->prev);
    return ERR_OK;
}

static enum err on_gap(struct lane_scribe *scribe, const struct lane_span *span)
{
    signals_lane_gap(next(scribe), scribe->stream, span);
    return ERR_OK;
}

static enum err on_digest(struct lane_scribe *scribe, const struct lane_span *span)
{
    signals_digest(next(scribe), scribe->stream, span);
    return ERR_OK;
}

static enum err on_mark(struct lane_scribe *scribe, uint64_t seq)
{
    signals_mark(next(scribe), scribe->stream, seq);
    return ERR_OK;
}

static enum err take_as(struct list *list, const struct event *event)
{
    struct lane_scribe *scribe = &list->scribe;
    const bool waited = lane_scribe_waits(scribe);
    if (scribe->rule.lane == LANE_FULL) {
        return on_event(scribe, event);
    }
    TRY(lane_scribe_take(scribe, event));
    if (!waited && scribe->span.after < list->position) { // its cursor lay between two events
        scribe->span.after = list->position;
    }
    list->position = event->seq;
    return ERR_OK;
}

static enum err take(struct list *list, const struct event *event)
{
    if (!list->for_staff || event->staff_len == 0) {
        return take_as(list, event);
    }
    struct event *told = event_for_staff(event);
    const enum err err = told == NULL ? ERR_NOMEM : take_as(list, told);
    event_unref(told);
    return err;
}

static enum err write_all(struct list *list, const struct poll_found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        TRY(take(list, found->events[i]));
    }
    return lane_scribe_settle(&list->scribe); // its cursor covers them all
}

void lane_list_write(struct buf *out, const struct poll_found *found, struct str stream)
{
    static const struct lane_scribe_ops ops = {
        .event = on_event, .gap = on_gap, .digest = on_digest, .mark = on_mark};
    struct list list = {.out = out,
                        .position =
                            found->expired_to > found->after ? found->expired_to : found->after,
                        .has_one = found->expired_to > 0,
                        .for_staff = found->moderates};
    lane_scribe_init(&list.scribe, &ops, found->rule, stream);
    out->failed = write_all(&list, found) != ERR_OK || out->failed;
    lane_scribe_done(&list.scribe);
}
