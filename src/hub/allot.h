// SPDX-License-Identifier: Apache-2.0
/* allot -- how much memory one ring may have of what all rings of a hub may.
 *
 * Used by:  channel.c, train.c.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"

/* Its own bound, and what the others leave; room for the largest frame in any case. */
uint64_t allot_ring_bytes(const struct hub *hub, const struct ring *ring);
/* For what can be done without: half of it all is left. */
bool allot_is_plenty(const struct hub *hub);
