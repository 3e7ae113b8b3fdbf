// SPDX-License-Identifier: Apache-2.0
/* sight -- what a row of the log is for who asks: itself, `removed` in its place, restored, or not
 * there at all.
 *
 *      row                     as the log                  folded
 *      COMMENT                 itself                      itself
 *        to be swept           REMOVED                     nothing, or a tombstone
 *      PIN, RESTORE            without what is to go from it
 *        shadowed, another's   nothing                     nothing
 *      REMOVED                 itself                      nothing, or a tombstone
 *        restored              itself                      COMMENT, its text from `evidence`
 *
 * Used by:  readers.c; sight_clean() by who publishes or tells rows.
 * Thread:   its connection's; inside one read transaction, from init to done.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "engine/embedded/own_rank.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/sweeps.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

enum { SIGHT_BYTES_MAX = 128 << 10 }; // of a body

struct sight {
    struct store *store; // borrowed, as is the next
    const struct store_identity *identity;
    uint64_t view;
    uint32_t kinds;
    bool folded;
    struct own_rank ranks; // of who has the view
    struct sweeps sweeps;
    struct buf copy; // owned; of the row that was seen last
};

MUST_USE enum err sight_init(struct sight *sight, struct store *store,
                             const struct store_identity *identity, const struct read *read);
void sight_done(struct sight *sight); // zeroed is legal

/* What every row goes through that is handed out whole: what is removed and still stands there is
 * as if it did not. `copy` holds row->body from then on, where it had to be another. */
MUST_USE enum err sight_clean(struct store *store, const struct sweeps *sweeps,
                              struct store_row *row, struct buf *copy);

/* `*ret_event`: a reference; NULL: it is not there for them, or of a kind they do not want. */
MUST_USE enum err sight_of(struct sight *sight, const struct store_row *row,
                           struct event **ret_event);
