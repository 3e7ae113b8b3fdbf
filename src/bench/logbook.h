// SPDX-License-Identifier: Apache-2.0
/* logbook -- reads a stream's whole log from the server, page by page, blocking.
 *
 * Thread:  any.
 * Bound:   LOGBOOK_SILENCE_MS without a byte.
 */
#pragma once

#include "base/err.h"
#include "bench/plan.h"
#include "bench/truth.h"

#include <stdint.h>

enum { LOGBOOK_SILENCE_MS = 10 * 1000, LOGBOOK_WHY_MAX = 320 };

/* Appends to `truth`; a stream that nobody named is empty. On failure `why` says what, for people:
 * ERR_PROTO: the log itself is broken; ERR_SYS, ERR_CLOSED, ERR_AGAIN: it could not be read. */
MUST_USE enum err logbook_read(const struct plan *plan, uint32_t stream, struct truth *truth,
                               char why[LOGBOOK_WHY_MAX]);
