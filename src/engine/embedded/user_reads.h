// SPDX-License-Identifier: Apache-2.0
/* user_reads -- what a user has done in a stream, and what was done to them, for who moderates.
 *
 * Used by:  moderation_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 * Bound:    USER_ROWS_MAX of the stream's newest rows are looked at, and HELD_LOOKS_MAX of those
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
    uint32_t limit;
};
/* The members of MODERATION_USER: `limit` comments with a place, then as many that have none. */
MUST_USE enum err user_reads_write(struct store *store, const struct user_page *page,
                                   struct buf *out);
