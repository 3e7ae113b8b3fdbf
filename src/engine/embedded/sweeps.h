// SPDX-License-Identifier: Apache-2.0
/* sweeps -- which rows of the log somebody's, or everybody's, removal is still to reach: what every
 * read has to apply (removals.h draws it).
 *
 * Owns:     what it loaded, for one transaction.
 * Used by:  removals.c, comments.c, the readers.
 * Thread:   its connection's.
 * Bound:    a sweep is in the table until its rows are rewritten; an act makes ACT_TARGETS_MAX.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"

#include <stdbool.h>
#include <stdint.h>

struct sweep {
    uint64_t act;
    struct str user; // '': everybody; in sweeps->names
    int64_t stream;  // 0: all
    uint64_t left_n; // rows up to it are still as they were
    uint64_t upto_n; // the newest row when it began
    bool is_lifted;
};

struct sweeps {
    struct sweep *items; // owned; [count], by user
    uint32_t count;
    char *names; // owned
};

/* All there are, inside a transaction; usually none. */
MUST_USE enum err sweeps_load(struct store *store, struct sweeps *ret_sweeps);
/* Those that can be about this row: its author's and everybody's; enough to judge it. */
MUST_USE enum err sweeps_load_on(struct store *store, const struct store_row *row,
                                 struct sweeps *ret_sweeps);
void sweeps_done(struct sweeps *sweeps); // zeroed is legal

enum sweeps_say {
    SWEEPS_NOTHING,
    SWEEPS_LIFTED, // its place is removed for good; it is visible
    SWEEPS_REMOVED,
};
/* Of a comment's row: what those say that have not reached it, of acts above `after_act`. */
enum sweeps_say sweeps_judge(const struct sweeps *sweeps, const struct store_row *row,
                             uint64_t after_act);
/* Of a pin's or restore's row: it may hold a comment that one of those removes. */
bool sweeps_are_above(const struct sweeps *sweeps, const struct store_row *row);
/* Whether the comments of that author (as JSON, with its quotes) are to go from such a row. */
bool sweeps_take_from(const struct sweeps *sweeps, const struct store_row *row, struct str author);
/* The newest act whose sweep has not reached it; 0: none. */
uint64_t sweeps_newest(const struct sweeps *sweeps, const struct store_row *row);
/* Those above `after` that remove it and have not reached it, in no order: the next from `*at` on,
 * which moves; 0: there is no more. */
uint64_t sweeps_each(const struct sweeps *sweeps, const struct store_row *row, uint64_t after,
                     uint32_t *at);
/* Whether this act's sweep is about the row, reached or not. */
bool sweeps_names(const struct sweeps *sweeps, uint64_t act, const struct store_row *row);
/* Whether an act is being lifted. */
bool sweeps_is_lifted(const struct sweeps *sweeps, uint64_t act);
/* The sweep to go on with: the oldest act's, one of them. NULL: none. */
const struct sweep *sweeps_next(const struct sweeps *sweeps);
