// SPDX-License-Identifier: Apache-2.0
/* appeal_reads -- the appeals of a stream, as those who moderate and those who appealed are told.
 *
 * Used by:  moderation_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

struct appeal_page {
    int64_t stream;  // id
    struct str user; // whose; empty: everybody's
    uint64_t after;  // appeals with a greater id
    uint32_t limit;
};
/* "appeals":[..] as MODERATION_APPEALS says. */
MUST_USE enum err appeal_reads_write(struct store *store, const struct appeal_page *page,
                                     struct buf *out);
