// SPDX-License-Identifier: Apache-2.0
/* carried -- which rows of the log hold the text of another's comment, its pins and restores, and
 * what is to go from them.
 *
 *      act removes some ──▶ due: 1 ──┐  carried_redact(), a piece      overwritten where it stands
 *      sweep reaches one ─▶ due: 1 ──┴───────────────────────────────▶ (wire/removal.h), forgotten
 *      sweep begins ──────▶ what stood there then is read without those it removes
 *
 * Used by:  removals.c, restoring.c, whoever adds a pin; ordering.c before each commit; all that
 *           hand rows out.
 * Thread:   its connection's; inside a transaction.
 * Bound:    CARRIED_PIECE_ROWS rows are overwritten in one transaction, and no more once they were
 *           CARRIED_PIECE_BYTES: 256 KiB at most. An entry is there until its pin or restore
 *           expires: those may outlast the comment.
 * Promise:  what is due, or swept, is in nothing that carried_see() has seen, from the commit on.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"

#include <stdbool.h>
#include <stdint.h>

enum { CARRIED_SEQS_MAX = 512 }; // in one row

#ifdef ROAR_MUTANTS // histories are short, and are to find what waits
enum { CARRIED_PIECE_ROWS = 1 };
#else
enum { CARRIED_PIECE_ROWS = 256 };
#endif
enum { CARRIED_PIECE_BYTES = 192 << 10 };

/* Row `row_n`, a pin or a restore, holds the comment at `seq` of the stream. */
MUST_USE enum err carried_add(struct store *store, int64_t stream, uint64_t seq, uint64_t row_n);
/* What holds the comment at `seq` is to be overwritten there. */
MUST_USE enum err carried_mark(struct store *store, int64_t stream, uint64_t seq);
/* What rows up to `upto_n` hold of `user` ('': everybody) in `stream` (0: all) is, too, whether the
 * comments stand anywhere else or not: CARRIED_SEQS_MAX of it at most. */
struct carried_of {
    int64_t stream;
    struct str user;
    uint64_t upto_n;
};
MUST_USE enum err carried_mark_of(struct store *store, const struct carried_of *of,
                                  uint32_t *ret_count);
/* A piece of what is due. `*ret_is_left`: there is more. */
MUST_USE enum err carried_redact(struct store *store, bool *ret_is_left);

/* For who reads it, what is due or swept in a row is redacted: in a copy, which is in `copy`, its
 * owner's, from then on. Other rows, and most of these, stay as they are. */
MUST_USE enum err carried_see(struct store *store, const struct sweeps *sweeps,
                              struct store_row *row, struct buf *copy);
