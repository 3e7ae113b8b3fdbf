// SPDX-License-Identifier: Apache-2.0
/* ranks -- the newest known roles of those who post or act, `ranks`: who has done so as a
 * moderator, host or admin is not acted on by those below, for as long as they are one.
 *
 * Used by:  submits.c, for each comment that is accepted; acts.c, for each act that is done.
 * Thread:   the ordering thread's.
 * Bound:    RANKS_KNOWN users of 8 bytes, of whom the store need not be asked again.
 * Promise:  who acts on all streams is known in each, until something newer is of that stream.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

enum { RANKS_KNOWN = 1024 };

struct ranks {
    uint64_t known[RANKS_KNOWN]; // by stream and user: a hash of these and the roles; 0: nobody
};

struct rank {
    int64_t stream; // id; 0: all
    struct str user;
    uint64_t user_hash;
    uint32_t roles; // 0: nobody's to be careful of
};

/* The store has it so from here on. Inside a transaction; ERR_SYS: the store. */
MUST_USE enum err ranks_note(struct ranks *ranks, struct store *store, const struct rank *rank);
/* A transaction was undone, or another store is open. */
void ranks_forget(struct ranks *ranks);
