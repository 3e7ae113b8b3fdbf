// SPDX-License-Identifier: Apache-2.0
/* recovery -- after the disk failed under the store: opens it anew and goes on from what it holds.
 *
 * After a failed write or fsync nobody knows which pages of the file are on the disk, and the
 * kernel's next answer may be a comfortable lie. So every connection is closed, the file opened
 * again, and what the WAL holds written into the file once more and synced (a checkpoint that
 * empties the WAL); only when that succeeds is a new post taken. What was answered "unknown" and
 * turns out to be in the log is published then.
 *
 * Thread:  the ordering thread's.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/readers.h"

struct recovery {
    const char *path; // all borrowed
    struct ordering *ordering;
    struct bus *bus;
    struct log_tail *tail;
    struct readers *readers;
};

/* ERR_GONE: what was answered is not there any more: the store is closed and the readers refuse,
 * the next start begins another epoch; ERR_SYS: not yet, try again. */
MUST_USE enum err recovery_run(const struct recovery *recovery, struct moment now);
