// SPDX-License-Identifier: Apache-2.0
/* user_reads -- what a user has done in a stream, and what was done to them, for who moderates.
 *
 * Used by:  moderation_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 * Bound:    USER_ROWS_MAX rows of the stream are looked at for a page, and HELD_LOOKS_MAX of those
 *           that wait or were rejected.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

enum { USER_ROWS_MAX = 20000, USER_COMMENTS_MAX = 500 };

struct user_page {
    int64_t stream; // id
    struct str name, user;
    int64_t wall_ms;
    uint64_t before; // a seq: only what is older; 0: from the newest
    uint32_t limit;
};
/* The members of MODERATION_USER: `limit` comments with a place, then, on the first page, as many
 * that have none; where the next page goes on, and whether there may be one. */
MUST_USE enum err user_reads_write(struct store *store, const struct user_page *page,
                                   struct buf *out);
