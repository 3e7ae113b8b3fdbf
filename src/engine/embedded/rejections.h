// SPDX-License-Identifier: Apache-2.0
/* rejections -- which acts reject what is held, as `removals` does for the log.
 *
 *      HELD ──rejections_add──▶ DELETED     while an act in force rejects it
 *        ▲                         │
 *        └────rejections_lift──────┘        the last of them is lifted
 *
 * Of what was on screens before it was held, `removals` says which acts keep it off: it waits while
 * holds alone do, whatever was done and undone in which order; rejections_settle() looks. What is
 * noted here of it is which of those rejected it, so that undoing them looks again.
 *
 * Used by:  the rooms of acts, inside a write transaction; act_appeal.c; store_schema.c.
 * Thread:   the writing connection's.
 * Bound:    a row for each act and comment; forgotten with the comment (held.h).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdbool.h>
#include <stdint.h>

/* The act rejects it, whoever does already. `*ret_left`: with that it left the queue.
 * ERR_NOT_FOUND: it neither waits nor is rejected, its text is erased, or it is damaged. */
MUST_USE enum err rejections_add(struct store *store, uint64_t n, uint64_t act, bool *ret_left);
/* The act rejects it no more: it waits again, for somebody, unless another does, its text is
 * erased, or it had a place and nothing holds it any more. `*ret_waits`: with that it does. */
MUST_USE enum err rejections_lift(struct store *store, uint64_t n, uint64_t act, bool *ret_waits);
/* What had a place when it was held is removed by that act again. */
MUST_USE enum err rejections_note(struct store *store, uint64_t n, uint64_t act);
/* What removes it changed: of one that was on screens before it was held. */
MUST_USE enum err rejections_settle(struct store *store, uint64_t n, bool *ret_waits);

/* The next that the act rejects, `count` at most. */
MUST_USE enum err rejections_by(struct store *store, uint64_t act, uint64_t *ret_ns, uint32_t count,
                                uint32_t *ret_count);
/* How many of them have no place in the log. */
MUST_USE enum err rejections_count(struct store *store, uint64_t act, uint64_t *ret_count);
/* Whether one of them is this user's. */
MUST_USE enum err rejections_concern(struct store *store, uint64_t act, struct str user,
                                     bool *ret_does);
/* Who rejects it, the newest first: walk with rejections_next() until ERR_NOT_FOUND. */
MUST_USE enum err rejections_of(struct store *store, uint64_t n, sqlite3_stmt **ret_walk);
MUST_USE enum err rejections_next(struct store *store, sqlite3_stmt *walk, uint64_t *ret_act);

/* From the acts of a log that had no such table. */
MUST_USE enum err rejections_fill(struct store *store, uint64_t id_key);
