// SPDX-License-Identifier: Apache-2.0
/* queue -- the truth of what waits for moderators: which comments came into the queue, by the rows
 * of `held` as they are committed, and what acts make of them by our own words.
 *
 *   what a clock approves was not purged, nor cleared, since it was posted, and its author is under
 *   nothing
 *
 * Used by:  ledger.c, deeds.c.
 */
#pragma once

#include "world.h"

void queue_begin(struct world *world);
void queue_end(struct world *world);
/* What came into it since it looked last; the world's audit connection is in a transaction. */
void queue_look(struct world *world);
void queue_close(struct world *world); // before that connection is
void queue_reset(struct world *world); // a crash may have taken what came last
/* An act was committed, and it approves that comment: nobody asked for it, and time alone did. */
void queue_approves_itself(struct world *world, const struct deed *deed);
/* One that waits, and the clock runs. NULL: there is none. */
const struct queued *queue_clocked(const struct world *world);
