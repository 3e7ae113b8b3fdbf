// SPDX-License-Identifier: Apache-2.0
/* retention -- takes out what is older than a stream keeps, oldest first, a small piece at a time.
 *
 * Used by:  writer.c, between batches.
 * Thread:   the ordering thread's.
 * Bound:    a piece looks at STREAMS_AT_ONCE streams or takes out ROWS_AT_ONCE rows.
 * Promise:  a stream's head never goes back and its `oldest` is right afterwards; nothing is taken
 * that a retry may still name (store_dedupe.h).
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"

#include <stdbool.h>
#include <stdint.h>

struct retention {
    int64_t after_id;      // the walk goes on behind this stream
    int64_t next_mono_ms;  // when the next walk begins; while one is under way: 0
    uint64_t expired_rows; // all in all
};

void retention_wake(struct retention *retention); // rules changed: walk soon, from the beginning
bool retention_is_due(const struct retention *retention, struct moment now);
/* One piece, in a transaction of its own. */
MUST_USE enum err retention_step(struct retention *retention, struct ordering *ordering,
                                 struct log_tail *tail, struct moment now);
