// SPDX-License-Identifier: Apache-2.0
/* evidence -- the texts of removed comments, and which acts remove each.
 *
 * Thread:   its connection's; inside a transaction.
 * Promise:  a row that does not match its checksum is not handed out: ERR_GONE.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Since when: of one that is restored, and kept as long as its row of the log. */
#define EVIDENCE_RESTORED INT64_MAX
/* Among the acts that remove a comment: it was shadowed when it was removed, or is. */
#define EVIDENCE_SHADOW INT64_MAX

struct evidence_row {
    uint64_t n; // its row of the log
    int64_t stream;
    uint64_t seq;
    int64_t removed_ms;    // unix
    struct str user, body; // read: borrowed until the next question for evidence
};

MUST_USE enum err evidence_put(struct store *store, const struct evidence_row *row);
/* ERR_NOT_FOUND: it was erased, or never removed; ERR_GONE: damaged. */
MUST_USE enum err evidence_find(struct store *store, int64_t stream, uint64_t seq,
                                struct evidence_row *ret_row);
/* Erases what was removed up to then, `count` texts at most, and who removed them. */
MUST_USE enum err evidence_erase(struct store *store, int64_t removed_ms, uint32_t count,
                                 uint32_t *ret_count);
/* The log of a stream was taken out up to `seq`. */
MUST_USE enum err evidence_expire(struct store *store, int64_t stream, uint64_t seq);

/* An act removes it. ERR_EXISTS: that was so. */
MUST_USE enum err evidence_add_act(struct store *store, int64_t stream, uint64_t seq, int64_t act);
/* ERR_NOT_FOUND: it did not. */
MUST_USE enum err evidence_lift_act(struct store *store, int64_t stream, uint64_t seq, int64_t act);
MUST_USE enum err evidence_has_act(struct store *store, int64_t stream, uint64_t seq, int64_t act,
                                   bool *ret_has);
/* How many comments the act removes. */
MUST_USE enum err evidence_count_of(struct store *store, uint64_t act, uint64_t *ret_count);
/* What removes it: walk with evidence_next_act() until ERR_NOT_FOUND. */
MUST_USE enum err evidence_acts(struct store *store, int64_t stream, uint64_t seq,
                                sqlite3_stmt **ret_walk);
MUST_USE enum err evidence_next_act(struct store *store, sqlite3_stmt *walk, int64_t *ret_act);

/* What the act `restore` lifted from a comment, so that undoing it can put it back. */
struct evidence_lifted {
    int64_t stream;
    uint64_t seq, restore;
};
MUST_USE enum err evidence_note_lifted(struct store *store, const struct evidence_lifted *lifted,
                                       uint64_t act);
/* The next above `after`. ERR_NOT_FOUND. */
MUST_USE enum err evidence_next_lifted(struct store *store, const struct evidence_lifted *lifted,
                                       uint64_t after, uint64_t *ret_act);

/* The sum of a row, over all of it: store_check.c asks. */
uint64_t evidence_sum(const struct evidence_row *row);
