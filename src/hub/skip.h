// SPDX-License-Identifier: Apache-2.0
/* skip -- a slow reader whose place the ring forgot: what it was spared is told, and it goes on.
 *
 * It gets a `gap` that counts the hole by ordinals, and what is removed of it, when that is
 * written, by removed.h, or by the log where that does not reach back; then the acts of the hole;
 * and goes on at the newest: with the whole ring before it again, where the ring's tail would be
 * forgotten under it at once. Who missed more acts than are remembered starts over: hello, resync
 * "far", backfill.
 *
 * Used by:  flush.c.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"

/* Of a LIVE viewer with cursor < tail whose socket takes bytes. Without memory it rests first. */
void skip_ahead(struct viewer *viewer);
