// SPDX-License-Identifier: Apache-2.0
/* carried -- which rows of the log hold the text of another's comment: its pins and restores.
 *
 * Used by:  removals.c, restoring.c, whoever adds a pin; batch.c and upkeep.c before they commit.
 * Thread:   the writing connection's; inside a write transaction.
 * Bound:    an entry is there until its pin or restore expires: those may outlast the comment.
 * Promise:  what was marked stands in no row of the log but its own once carried_redact() is done.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

/* Row `row_n`, a pin or a restore, holds the comment at `seq` of the stream. */
MUST_USE enum err carried_add(struct store *store, int64_t stream, uint64_t seq, uint64_t row_n);
/* What holds the comment at `seq`, or those of `user` ('': everybody's) in `stream` (0: all), is to
 * be overwritten where it stands (wire/removal.h): by carried_redact(), before the commit. */
MUST_USE enum err carried_mark(struct store *store, int64_t stream, uint64_t seq);
MUST_USE enum err carried_mark_of(struct store *store, int64_t stream, struct str user);
/* All that is marked, each row once. */
MUST_USE enum err carried_redact(struct store *store);
