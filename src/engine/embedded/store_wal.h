// SPDX-License-Identifier: Apache-2.0
/* store_wal -- looks through the write-ahead log before SQLite does.
 *
 * SQLite takes the WAL up to the first frame that does not match its checksum and forgets the rest
 * without a word. After a crash that is right: the rest is a commit that was never answered. After
 * a flipped bit it cuts off commits that were. They can be told apart: each commit is synced before
 * the next is begun, so behind a torn one there is nothing; a torn frame is not one bit away from a
 * good one; and no frame is written before the header is on the disk.
 *
 * The sum is weak where all that is missing of a torn frame stands in the top bytes of its words
 * (the one byte with which a sector's cells begin): about one such frame in thirty is taken for a
 * flipped bit. Then the epoch changes without need; nothing is lost.
 *
 * A frame's head may be torn, too: where the edge of a sector lies between its salts and what says
 * that it is a commit (one frame in 64), the older log's commit may stand before this one's salts.
 * There only a frame that matches its sum is counted as a commit that was lost.
 *
 * Thread:  before the store is opened; store_wal_frame_matches(): any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_WAL_HEADER_LEN = 32, STORE_WAL_FRAME_LEN = 24, STORE_WAL_SUM_LEN = 8 };

struct store_wal_verdict {
    uint64_t frames;     // good ones, from the beginning
    uint64_t commits;    // among them
    uint64_t lost;       // commits at or behind the first bad frame that belong to the same log
    uint64_t bad_offset; // of the first bad frame, or 0: the header's; when damaged
    bool is_flipped;     // the first bad frame is one bit away from a good one
    bool is_damaged;     // what was answered is in what SQLite will cut off
};

/* Does the frame with this head and page follow on the sum before it? */
bool store_wal_frame_matches(const uint8_t before[STORE_WAL_SUM_LEN],
                             const uint8_t head[STORE_WAL_FRAME_LEN], const uint8_t *page,
                             size_t page_bytes);
/* `path` is the WAL's. No file, or none that holds a frame, is well. ERR_SYS; ERR_NOMEM. */
MUST_USE enum err store_wal_scan(const char *path, struct store_wal_verdict *ret_verdict);
