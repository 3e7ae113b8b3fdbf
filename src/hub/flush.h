// SPDX-License-Identifier: Apache-2.0
/* flush -- gives the live viewers what their rings hold.
 *
 * A lone event leaves in the turn it came in; a stream whose last flush is younger than its merge
 * window gathers until the window ends, an act comes, or half a ring is full. A round visits each
 * viewer of the stream once, with one write of ring[cursor..head]; a long round goes on in the next
 * turn, and what is appended meanwhile goes to those not yet visited at once and to the others by
 * the next round.
 *
 * A short write leaves the begun frame's remainder with the connection (viewer_ops.keep) and the
 * cursor at the next frame. On this path there is no allocation, lock or formatting per viewer.
 *
 * Used by:  hub.c.
 * Thread:   the hub's reactor.
 * Bound:    FLUSH_WRITES_MAX writes a turn.
 */
#pragma once

#include "hub/heart.h"

enum { FLUSH_WRITES_MAX = 1024 };

/* All that is due, and the viewers that can be written to again. */
void flush_turn(struct hub *hub);
/* When flush_turn() has something to do; INT64_MAX: nothing waits. */
int64_t flush_next_ms(const struct hub *hub);
