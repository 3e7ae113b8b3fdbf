// SPDX-License-Identifier: Apache-2.0
/* redact -- a removal takes effect on one reactor, at once: whatever its hub still holds of the
 * removed comments and has not begun to send.
 *
 *   tail, acts       the events are replaced
 *   rings            of every channel, in place, in as many bytes; its train ends
 *   sparse lanes     what waits in them
 *   pursuits         of who joins or catches up: their pages, acts of a hole, what waits
 *   reads under way  asked again: stream_removed_since()
 *   pins             held for hello
 *
 * Used by:  stream.c.
 * Thread:   the hub's reactor.
 * Promise:  no comment leaves that was not begun before. Where memory fails it, the stream is not
 *           open until it was done whole, and one that is not open sends nothing.
 */
#pragma once

#include "hub/heart.h"

enum { REDACT_ROW_MAX = 512 };

/* Of events that the stream takes in next, the first a retract; what a lane or a pursuit was spared
 * of the removed and has still to be told is told as removed. All that is held is gone through once
 * for the retracts that stand in a row: `*ret_count` of them, 1 or more, took effect. ERR_NOMEM:
 * not all of it; once more is legal. */
MUST_USE enum err redact_apply(struct stream *stream, struct event *const *events, uint32_t count,
                               uint32_t *ret_count);
/* Retention took the log up to `seq`, and with it what this hub holds and removals it never saw:
 * none of that is sent any more. ERR_NOMEM likewise. */
MUST_USE enum err redact_expired(struct stream *stream, uint64_t seq);
