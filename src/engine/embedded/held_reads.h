// SPDX-License-Identifier: Apache-2.0
/* held_reads -- the queue of a stream as moderators are told of it.
 *
 * Used by:  moderation_reads.c, similar.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/held.h"
#include "engine/embedded/store.h"

#include <stdint.h>

struct held_page {
    int64_t stream; // id
    struct str name;
    uint64_t id_key;
    struct str after; // a comment's id, whether it waits still or not; empty: from the oldest
    uint32_t limit;
};
/* "comments":[..], oldest first: each as it would be sent but for its place, with "act", "rule" of
 * one held by a rule, "due_at" of one that approves itself. "count" of all that wait, "cursor": the
 * id of the last told, else `after`; "more". ERR_DENIED: `after` is no id of this store. */
MUST_USE enum err held_reads_write(struct store *store, const struct held_page *page,
                                   struct buf *out);
/* ERR_OK: it waits in this stream. ERR_DENIED: it stands otherwise; ERR_NOT_FOUND: it is no comment
 * of the stream. */
MUST_USE enum err held_reads_waits(struct store *store, int64_t stream, uint64_t id_key,
                                   struct str id);
/* What it says, wherever that stands; borrowed until the next. ERR_NOT_FOUND: it was erased;
 * ERR_GONE: damaged. */
MUST_USE enum err held_reads_body(struct store *store, const struct held_row *row,
                                  struct str *ret_body);
