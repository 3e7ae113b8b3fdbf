// SPDX-License-Identifier: Apache-2.0
/* store_wal -- looks through the write-ahead log before SQLite does.
 *
 * SQLite takes the WAL up to the first frame that does not match its checksum and forgets the rest
 * without a word. After a crash that is right: the rest is a commit that was never answered. After
 * a flipped bit it cuts off commits that were. They can be told apart: each commit is synced before
 * the next is begun, so behind a torn one there is nothing.
 *
 * Thread:  before the store is opened.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store_wal_verdict {
    uint64_t frames;     // good ones, from the beginning
    uint64_t commits;    // among them
    uint64_t lost;       // commits behind the first bad frame that belong to the same log
    uint64_t bad_offset; // of the first bad frame; with lost > 0
    bool is_damaged;     // what was answered is in what SQLite will cut off
};

/* `path` is the WAL's. No file, or none that holds a frame, is well. ERR_SYS; ERR_NOMEM. */
MUST_USE enum err store_wal_scan(const char *path, struct store_wal_verdict *ret_verdict);
