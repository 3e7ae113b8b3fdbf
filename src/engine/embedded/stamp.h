// SPDX-License-Identifier: Apache-2.0
/* stamp -- what the ordering point writes on an event so that all later readers agree: seq, at,
 * rank, segment.
 *
 *   seq       one more than the head
 *   at        the wall clock, or the last event's time when the clock has gone back
 *   rank      place among the unprivileged comments of its second of `at`
 *   segment   the last one's, until SEGMENT_MS_MAX after its first event, or when a comment would
 *             be over SEGMENT_COMMENTS_MAX or SEGMENT_BYTES_MAX; acts ride along, whatever they
 *             weigh
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
};

int64_t stamp_at(const struct store_end *end, int64_t wall_ms);
/* Where the log ends once the event stands there; its rank in `ret_rank`. */
struct store_end stamp_next(const struct store_end *end, int64_t wall_ms,
                            const struct stamp_event *event, uint16_t *ret_rank);
