// SPDX-License-Identifier: Apache-2.0
/* carried -- which rows of the log hold the text of another's comment: its pins and restores.
 *
 * Used by:  removals.c, restoring.c, whoever adds a pin.
 * Thread:   the writing connection's; inside a write transaction.
 * Promise:  once redacted, no row of the log holds the comment's text but its own.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

/* Row `row_n`, a pin or a restore, holds the comment at `seq` of the stream. */
MUST_USE enum err carried_add(struct store *store, int64_t stream, uint64_t seq, uint64_t row_n);
/* What holds it is overwritten where it stands (wire/removal.h). */
MUST_USE enum err carried_redact(struct store *store, int64_t stream, uint64_t seq);
/* Of all comments of `user` ('': everybody's) in `stream` (0: all). */
MUST_USE enum err carried_redact_of(struct store *store, int64_t stream, struct str user);
