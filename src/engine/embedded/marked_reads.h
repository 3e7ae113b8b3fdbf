// SPDX-License-Identifier: Apache-2.0
/* marked_reads -- which of a stream's newest comments rules have marked, for who moderates.
 *
 * Used by:  moderation_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 * Bound:    MARKED_ROWS_MAX of the stream's newest rows are looked at.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "engine/embedded/store.h"

#include <stdint.h>

enum { MARKED_ROWS_MAX = 4000, MARKED_TOLD_MAX = 500 };

/* "comments":[{"id","seq","marks":[..]}], the newest `limit`, newest first. */
MUST_USE enum err marked_reads_write(struct store *store, int64_t stream, uint32_t limit,
                                     struct buf *out);
