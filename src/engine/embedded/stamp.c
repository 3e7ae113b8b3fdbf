// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/stamp.h"

#include "base/mutant.h"
#include "wire/event.h"

enum { MS_A_SECOND = 1000 };

int64_t stamp_at(const struct store_end *end, int64_t wall_ms)
{
    return wall_ms > end->at_ms || mutant(AT_GOES_BACK) ? wall_ms : end->at_ms;
}

static struct stamp_place take_place(struct store_end *next, const struct store_end *end,
                                     const struct stamp_event *event)
{
    struct stamp_place place = {.prev = end->public_seq, .segment = next->segment};
    if (!event->is_unprivileged) {
        return place;
    }
    const uint32_t rank = next->rank_count++;
    place.rank = rank < UINT16_MAX ? (uint16_t)rank : UINT16_MAX;
    if (next->window_count < EVENT_DIGEST_OTHERS) {
        const uint32_t digest_place = next->window_count++;
        place.flags = (uint8_t)(EVENT_FLAG_DIGEST | digest_place << EVENT_DIGEST_PLACE_SHIFT);
    }
    return place;
}

static bool begins_segment(const struct store_end *end, int64_t at_ms,
                           const struct stamp_event *event)
{
    const bool is_full = end->segment_comments >= SEGMENT_COMMENTS_MAX ||
                         end->segment_bytes + event->bytes > SEGMENT_BYTES_MAX;
    return end->segment == 0 || at_ms - end->segment_at_ms >= SEGMENT_MS_MAX ||
           (event->is_comment && is_full);
}

/* As if everybody saw it. */
static struct store_end add(const struct store_end *end, int64_t wall_ms,
                            const struct stamp_event *event, struct stamp_place *ret_place)
{
    struct store_end next = *end;
    next.seq = end->seq + 1;
    next.public_seq = next.seq;
    next.at_ms = stamp_at(end, wall_ms);
    const uint64_t second = (uint64_t)next.at_ms / MS_A_SECOND;
    if (second != end->second) {
        next.second = second;
        next.rank_count = 0;
    }
    const uint64_t window = (uint64_t)next.at_ms / EVENT_DIGEST_MS;
    if (window != end->window) {
        next.window = window;
        next.window_count = 0;
    }
    if (begins_segment(end, next.at_ms, event)) {
        next.segment = end->segment + 1;
        next.segment_at_ms = next.at_ms;
        next.segment_comments = 0;
        next.segment_bytes = 0;
    }
    if (event->is_comment) {
        next.segment_comments++;
        next.segment_bytes += event->bytes;
    }
    *ret_place = take_place(&next, end, event);
    return next;
}

struct store_end stamp_next(const struct store_end *end, int64_t wall_ms,
                            const struct stamp_event *event, struct stamp_place *ret_place)
{
    const struct store_end added = add(end, wall_ms, event, ret_place);
    if (!event->is_shadowed) {
        return added;
    }
    struct store_end next = *end;
    next.seq = added.seq;
    next.at_ms = added.at_ms;
    next.has_shadows = true;
    return next;
}
