// SPDX-License-Identifier: Apache-2.0
/* shrink -- takes back what rings have not needed for a while.
 *
 *      memory ──▶ hub->roomy ──RING_LOOK_MS──▶ looked at: made as small as what was waited for
 *                     ▲                              │ holds memory still
 *                     └──────────────────────────────┘
 *
 * One list for all channels of a hub, by when they are due: since the interval is constant, the
 * order of coming is the order of being due, and no stream has a timer.
 *
 * Owns:     nothing.
 * Used by:  hub.c.
 * Thread:   the hub's reactor.
 * Bound:    RING_LOOKS_MAX looks a turn; it asks for ten turns a second at most.
 */
#pragma once

#include "hub/heart.h"

enum { RING_LOOKS_MAX = 256 };

/* Looks at what is due; returns when it wants to be called again. */
int64_t shrink_turn(struct hub *hub);
