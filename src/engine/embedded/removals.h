// SPDX-License-Identifier: Apache-2.0
/* removals -- which acts remove which comments, and what the log holds in their place.
 *
 *      log row COMMENT, text ──remove──▶ log row REMOVED for ever, no text    evidence: the text
 *                                        removals: act, act, ..               (while it is kept)
 *                                             │ the last of them is lifted
 *                                             ▼
 *                                        a `restore` event carries the text; folded reads find it
 *                                        in its place
 *
 * A few comments are rewritten at once. Those of somebody's, or everybody's, up to a row (purge,
 * clear) are swept: a row of `sweeps` is in force with the act's commit, since every read applies
 * it, and the rows of the log are rewritten in pieces, newest first, by removals_piece().
 *
 *      sweep     n ≤ left_n: still as posted | left_n < n ≤ upto_n: rewritten, `removals` names it
 *      lifted    n ≤ left_n: still removed   | n > left_n: restored unless another act removes it
 *
 * Used by:  acts and housekeeping.c, inside a write transaction; the readers ask sweeps.h.
 * Thread:   the writing connection's.
 * Bound:    a piece looks at REMOVALS_PIECE_ROWS rows, or brings as many back. What one act names
 *           is bounded by ACT_TARGETS_MAX.
 * Promise:  from the commit on no text of a removed comment is in `log`, but for rows still to be
 * swept, and in what carries it (pin, restore) until carried_redact() comes by: carried.h. No read
 * hands that out.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/restoring.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef ROAR_MUTANTS // histories are short, and are to find sweeps that are not done
enum { REMOVALS_PIECE_ROWS = 16, REMOVALS_LIFTED_ROWS = 8, REMOVALS_SHADOWS_MAX = 4 };
#else
enum {
    REMOVALS_PIECE_ROWS = 256,   // some 15 us each, which a post waits for
    REMOVALS_LIFTED_ROWS = 1200, // that an undo rewrites or restores before it is answered
    REMOVALS_SHADOWS_MAX = 256   // of a shadow that is undone
};
#endif

struct removals_by { // an act, in one stream
    struct store *store;
    int64_t stream; // id; of a sweep 0: all
    uint64_t act;
    int64_t wall_ms;
};

/* Removes the comment at `seq`, whoever removed it already. `*ret_was`: how it stood before;
 * DELETED: it was removed (or held after it was visible), and now by this act too.
 * ERR_NOT_FOUND: no comment stands there. ERR_EXISTS: this very act removes it. */
MUST_USE enum err removals_remove(const struct removals_by *by, uint64_t seq,
                                  enum comment_state *ret_was);
/* Purge (`user`) or clear ('': everybody's): all comments with n <= upto_n. */
MUST_USE enum err removals_sweep(const struct removals_by *by, struct str user, uint64_t upto_n);
MUST_USE enum err removals_sweep_users(const struct removals_by *by, const struct str *users,
                                       uint32_t count, uint64_t upto_n);

/* The act on all streams has its own retract event in this one. */
MUST_USE enum err removals_told(struct store *store, uint64_t act, int64_t stream);

/* Lifts what `act` removed: those that no act in force removes any more are restored, each by an
 * event of its own, some REMOVALS_LIFTED_ROWS at once, the rest by removals_piece().
 * ERR_NOT_FOUND: it removed nothing. */
MUST_USE enum err removals_lift(struct store *store, uint64_t act, int64_t wall_ms,
                                struct restoring_out *out);
/* Lifts all that removes or holds one comment: it is visible again, and `evidence` knows what was
 * lifted by by->act. ERR_NOT_FOUND: no comment is
 * there; ERR_EXISTS: it is visible; ERR_GONE: its text was erased or is damaged. */
MUST_USE enum err removals_lift_all(const struct removals_by *by, uint64_t seq,
                                    struct restoring_out *out);
/* How the comment stands that this row of the log is, but for HELD: that is DELETED here. */
struct sweeps;
MUST_USE enum err removals_standing(struct store *store, const struct sweeps *sweeps,
                                    const struct store_row *row, enum comment_state *ret_state);
/* What a shadow hid of `user` in `stream` (0: all), in rows `since_n` to `upto_n`, becomes visible,
 * and so does what waited for it, but for what something else keeps as it is. Looks at
 * REMOVALS_SHADOWS_MAX rows, from `from_n` on. */
enum removals_keep {
    REMOVALS_SHOW,
    REMOVALS_KEEP, // something hides it that stands for itself
    REMOVALS_WAIT, // nothing that hid it does any more, but its author is shadowed now
};
struct removals_shadow {
    struct str user;
    uint64_t from_n, since_n, upto_n;
    /* NULL: nothing is kept. */
    enum err (*judge)(void *asked, const struct store_row *row, enum removals_keep *ret_keep);
    void *asked; // of judge
};
/* `*ret_next_n`: the first row that it did not look at; 0: there is none. */
MUST_USE enum err removals_unshadow(const struct removals_by *by,
                                    const struct removals_shadow *shadow, struct restoring_out *out,
                                    uint64_t *ret_next_n);
/* The same of the comment at `seq`. ERR_NOT_FOUND: none stands there. */
MUST_USE enum err removals_unshadow_one(const struct removals_by *by, uint64_t seq,
                                        struct restoring_out *out);
/* The next shadow of its author that is undone shows the comment at `seq`. */
MUST_USE enum err removals_let_wait(const struct removals_by *by, int64_t stream, uint64_t seq);

/* One bounded piece of what is left to be rewritten or restored. `*ret_is_done`: nothing is. */
MUST_USE enum err removals_piece(struct store *store, int64_t wall_ms, struct restoring_out *out,
                                 bool *ret_is_done);
