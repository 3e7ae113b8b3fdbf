// SPDX-License-Identifier: Apache-2.0
/* hole -- how many events of a hole in somebody's log a read would find REMOVED: those rewritten,
 * which an index of their own counts, and those that a sweep names and has not reached (sweeps.h).
 *
 * Used by:  readers.c.
 * Thread:   its connection's; inside one read transaction.
 * Bound:    while a sweep of the stream is in the table the comments of the hole are walked.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store_streams.h"

#include <stdint.h>

/* As the user of the view sees it; view 0: as everybody does. */
MUST_USE enum err hole_removed(struct store *store, const struct store_streams_hole *hole,
                               uint64_t *ret_count);
