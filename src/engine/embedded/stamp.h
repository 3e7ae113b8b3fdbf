// SPDX-License-Identifier: Apache-2.0
/* stamp -- what the ordering point writes on an event so that all later readers agree: seq, at,
 * rank, segment.
 *
 *   seq       one more than the head
 *   at        the wall clock, or the last event's time when the clock has gone back
 *   rank      place among the unprivileged comments of its second of `at`
 *   digest    which of the first EVENT_DIGEST_OTHERS of those in its EVENT_DIGEST_MS it is, if any
 *   segment   the last one's, until SEGMENT_MS_MAX after its first event, or when a comment would
 *             be over SEGMENT_COMMENTS_MAX or SEGMENT_BYTES_MAX; acts ride along, whatever they
 *             weigh
 *   prev      the last event everybody sees
 *
 * A shadowed event takes a seq and a time and nothing else: it gets the prev, rank, digest place
 * and segment that it would have, and the next one gets the same. For its author it takes its place
 * among them all the same: that is added where they read (own_rank.h, hub/view.h).
 *
 * Thread:  any; pure.
 */
#pragma once

#include "engine/embedded/store_streams.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEGMENT_MS_MAX = 1000, SEGMENT_COMMENTS_MAX = 200, SEGMENT_BYTES_MAX = 64 << 10 };

struct stamp_event {
    uint32_t bytes;       // in its segment: store_streams_segment_bytes()
    bool is_comment;      // not an act
    bool is_unprivileged; // a comment that is ranked
    bool is_shadowed;
};

int64_t stamp_at(const struct store_end *end, int64_t wall_ms);
struct stamp_place {
    uint64_t prev, segment;
    uint16_t rank;
    uint8_t flags; // EVENT_FLAG_DIGEST and its place, or 0
};

/* Where the log ends once the event stands there; what that makes of the event in `ret_place`. */
struct store_end stamp_next(const struct store_end *end, int64_t wall_ms,
                            const struct stamp_event *event, struct stamp_place *ret_place);
