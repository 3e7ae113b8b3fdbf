// SPDX-License-Identifier: Apache-2.0
/* sight -- what a row of the log is for who asks: itself, `removed` in its place, restored, or not
 * there at all.
 *
 *      row                     as the log                  folded
 *      COMMENT                 itself                      itself
 *        to be swept           REMOVED                     nothing, or a tombstone
 *        shadowed, another's   nothing                     nothing
 *      REMOVED                 itself                      nothing, or a tombstone
 *        restored              itself                      COMMENT, its text from `evidence`
 *
 * Used by:  readers.c.
 * Thread:   its connection's; inside one read transaction, from init to done.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/sweeps.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

struct sight {
    struct store *store; // borrowed, as is the next
    const struct store_identity *identity;
    uint64_t view;
    uint32_t kinds;
    bool folded;
    struct sweeps sweeps;
};

MUST_USE enum err sight_init(struct sight *sight, struct store *store,
                             const struct store_identity *identity, const struct read *read);
void sight_done(struct sight *sight); // zeroed is legal

/* `*ret_event`: a reference; NULL: it is not there for them, or of a kind they do not want. */
MUST_USE enum err sight_of(const struct sight *sight, const struct store_row *row,
                           struct event **ret_event);
