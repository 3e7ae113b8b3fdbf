// SPDX-License-Identifier: Apache-2.0
/* staff -- viewers who moderate. They read apart (view.h), be something of theirs shadowed or not:
 * never LIVE, by pages of their own, in which acts say who did them and why, and between which they
 * are told of acts by notices (herald.h).
 *
 *   everybody   {"type":"retract",..,"seqs":[4072]}                       a ring, for all
 *   staff       {"type":"retract",..,"seqs":[4072],"by":"mo","reason":".."}    encoded for each
 *
 * Used by:  catchup.c, apart.c (who becomes one or is one no more), tell.c, sift.c, early.c.
 * Thread:   the hub's reactor.
 * Bound:    nothing of it is there in a stream that nobody moderates.
 * Promise:  from staff_note() on who moderates no more is sent nothing of it that was not begun.
 */
#pragma once

#include "hub/pursuit.h"

/* Whether its viewer moderates was learned, or has changed; long polls are none of it. ERR_NOMEM:
 * it is to be sent nothing before it was done once more. */
MUST_USE enum err staff_note(struct catchup *catchup);
void staff_leave(struct catchup *catchup); // one that is none: legal
static inline bool staff_is(const struct catchup *catchup)
{
    return list_holds(&catchup->staff_link);
}
