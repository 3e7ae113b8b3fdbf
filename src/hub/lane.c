// SPDX-License-Identifier: Apache-2.0
#include "hub/lane.h"

#include "base/mutant.h"

static const char *const names[LANES] = {[LANE_FULL] = "full",
                                         [LANE_READABLE] = "readable",
                                         [LANE_DIGEST] = "digest",
                                         [LANE_CONTROL] = "control"};

const char *lane_name(enum lane lane)
{
    return names[lane];
}

enum err lane_of_name(struct str name, enum lane *ret_lane)
{
    for (int lane = 0; lane < LANES; lane++) {
        if (str_eq(name, str_of(names[lane]))) {
            *ret_lane = (enum lane)lane;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

bool lane_is_act(const struct event *event)
{
    return event->kind != EVENT_COMMENT && event->kind != EVENT_REMOVED;
}

bool lane_carries(struct lane_rule rule, const struct event *event)
{
    if (rule.lane == LANE_FULL || lane_is_act(event)) {
        return true;
    }
    if (rule.lane == LANE_CONTROL) {
        return false;
    }
    if ((event->flags & EVENT_FLAG_PRIVILEGED) != 0) {
        return true;
    }
    return rule.lane == LANE_DIGEST ? event_digests_behind(event, rule.own)
                                    : event_rank_behind(event, rule.own) < rule.readable_per_s;
}

int64_t lane_window_ms(enum lane lane)
{
    return lane == LANE_DIGEST ? EVENT_DIGEST_MS : LANE_MARK_MS;
}

int64_t lane_window_of(enum lane lane, int64_t at_ms)
{
    return at_ms / lane_window_ms(lane);
}

/* ---- the scribe ---- */

void lane_scribe_init(struct lane_scribe *scribe, const struct lane_scribe_ops *ops,
                      struct lane_rule rule, struct str stream)
{
    *scribe = (struct lane_scribe){.ops = ops, .rule = rule, .stream = stream};
    buf_init(&scribe->span.events, MEM_STREAM, LANE_DIGEST_BYTES_MAX);
}

void lane_scribe_done(struct lane_scribe *scribe)
{
    buf_done(&scribe->span.events);
    scribe->span = (struct lane_span){.after = 0};
}

bool lane_scribe_waits(const struct lane_scribe *scribe)
{
    return lane_span_count(&scribe->span) > 0;
}

void lane_scribe_forget(struct lane_scribe *scribe)
{
    struct lane_span *span = &scribe->span;
    span->carried = span->shed = span->removed = 0;
    buf_reset(&span->events);
}

enum err lane_scribe_settle(struct lane_scribe *scribe)
{
    const uint64_t to = scribe->span.to;
    if (!lane_scribe_waits(scribe)) {
        return ERR_OK;
    }
    if (scribe->rule.lane == LANE_DIGEST) {
        TRY(scribe->ops->digest(scribe, &scribe->span));
        lane_scribe_forget(scribe);
        return ERR_OK;
    }
    TRY(scribe->ops->gap(scribe, &scribe->span));
    lane_scribe_forget(scribe);
    return scribe->ops->mark(scribe, to);
}

/* A digest's event, as it stands in the log. */
static enum err keep(struct lane_scribe *scribe, const struct event *event)
{
    struct buf *events = &scribe->span.events;
    const size_t before = events->len;
    if (before > 0) {
        buf_add_byte(events, ',');
    }
    event_write(events, event, scribe->stream, event->prev);
    if (buf_ok(events)) {
        return ERR_OK;
    }
    events->len = before;
    events->failed = false;
    return ERR_NOMEM;
}

static enum err wait(struct lane_scribe *scribe, const struct event *event, bool is_carried)
{
    struct lane_span *span = &scribe->span;
    if (is_carried) {
        TRY(keep(scribe, event));
    }
    if (!lane_scribe_waits(scribe)) {
        span->after = event->prev;
    }
    span->to = event->seq;
    span->window = lane_window_of(scribe->rule.lane, event->at_ms);
    if (is_carried) {
        span->carried++;
    } else if (event->kind == EVENT_REMOVED) {
        span->removed++;
    } else {
        span->shed += mutant(LANE_MISCOUNTS) && span->shed > 3 ? 2 : 1;
    }
    return ERR_OK;
}

static bool ends_before(const struct lane_scribe *scribe, const struct event *event)
{
    const struct lane_span *span = &scribe->span;
    return lane_scribe_waits(scribe) &&
           (span->window != lane_window_of(scribe->rule.lane, event->at_ms) ||
            span->events.len >= LANE_DIGEST_BYTES);
}

enum err lane_scribe_take(struct lane_scribe *scribe, const struct event *event)
{
    const bool is_carried = lane_carries(scribe->rule, event);
    if (ends_before(scribe, event)) {
        TRY(lane_scribe_settle(scribe));
    }
    if (scribe->rule.lane == LANE_DIGEST || !is_carried) {
        return wait(scribe, event, is_carried);
    }
    if (lane_scribe_waits(scribe) && !mutant(LANE_UNTOLD)) {
        TRY(scribe->ops->gap(scribe, &scribe->span));
    }
    lane_scribe_forget(scribe);
    return scribe->ops->event(scribe, event);
}

void lane_scribe_recount(struct lane_scribe *scribe, struct event *const *events, uint32_t count)
{
    struct lane_span *span = &scribe->span;
    const uint32_t spared = span->shed + span->removed;
    uint32_t removed = 0;
    for (uint32_t i = 0; i < count && events[i]->seq <= span->to; i++) {
        removed += events[i]->kind == EVENT_REMOVED && !lane_carries(scribe->rule, events[i]);
    }
    if (!mutant(LANE_REMOVED_SHED)) {
        span->removed = removed;
        span->shed = spared - removed;
    }
}
