// SPDX-License-Identifier: Apache-2.0
/* held_reads -- the queue of a stream as moderators are told of it.
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

struct held_page {
    int64_t stream; // id
    struct str name;
    uint32_t limit;
};
/* "comments":[..], oldest first: each as it would be sent but for its place, with "act", "rule" of
 * one held by a rule, "due_at" of one that approves itself. */
MUST_USE enum err held_reads_write(struct store *store, const struct held_page *page,
                                   struct buf *out);
