// SPDX-License-Identifier: Apache-2.0
/* own_rank -- where in its second and window of `at` a comment stands as one author sees the log:
 * also behind what of theirs is shadowed, which the rank that the log has of it does not count
 * (stamp.h). hub/view.h says why.
 *
 *      log     a rank 0   b rank 1, eve's, shadowed   c rank 1   d rank 2
 *      eve's     0          1                           2          3
 *
 * Used by:  sight.c.
 * Thread:   its connection's; inside one read transaction.
 * Bound:    what is shadowed in a window of EVENT_DIGEST_MS is walked for the first of each second
 *           that is asked for, and for others what lies between it and the one before.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

struct own_rank { // of one stream
    /* -- whose -- */
    struct store *store; // borrowed
    uint64_t view;       // user hash
    uint64_t hash_key;   // of user hashes
    /* -- the last that was asked for -- */
    bool is_asked, has_shadows; // the stream has some
    int64_t second;
    uint64_t seq;
    struct event_own own;
};

/* What of theirs stands before the row. In whatever order rows are asked for; cheapest one after
 * the other, up or down. */
MUST_USE enum err own_rank_before(struct own_rank *rank, const struct store_row *row,
                                  struct event_own *ret_own);
