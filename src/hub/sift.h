// SPDX-License-Identifier: Apache-2.0
/* sift -- catching up in a sparse lane: what it makes of the log's events goes into the viewer's
 * page, as live viewers get it.
 *
 * Used by:  catchup.c, join.c, skip.c.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/pursuit.h"

/* Nothing waits; the next event is the one after catchup->position. Of lane full: nothing is done.
 */
void sift_begin(struct catchup *catchup);
/* As many of them as the page takes, at least one; they follow catchup->position. ERR_NOMEM. */
MUST_USE enum err sift_events(struct catchup *catchup, struct event *const *events, uint32_t count);
/* Something was removed, from what is held in memory, too: what waits is counted anew; where memory
 * does not hold all of it, it is read again. */
void sift_recount(struct catchup *catchup);
/* What waits is told. ERR_NOMEM. */
MUST_USE enum err sift_settle(struct catchup *catchup);
