// SPDX-License-Identifier: Apache-2.0
/* inflate_in -- what a viewer that inflates is sent: gzip over its whole SSE stream, raw deflate by
 * messages over a WebSocket (RFC 7692).
 *
 * Used by:  watcher.c.
 * Thread:   its crew's.
 * Bound:    INFLATE_IN_BYTES_MAX at once.
 */
#pragma once

#include "base/buf.h"
#include "bench/plan.h"
#include "wire/inflater.h"

enum { INFLATE_IN_BYTES_MAX = 4 * 1024 * 1024 };

/* A connection begins; what was kept of the one before goes. Zeroed is legal. */
void inflate_in_open(struct inflater *inflater, enum transport transport);
/* What follows from these bytes, in `text`, emptied first. ERR_PROTO, ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err inflate_in_take(struct inflater *inflater, enum transport transport,
                                  struct str bytes, struct buf *text);
