// SPDX-License-Identifier: Apache-2.0
/* deed -- what one act makes of the truth, by our own words: which comments it takes off the
 * screens, which it puts back, what it lifts.
 *
 *      act ─▶ first step ─▶ step ─▶ step     an act on many, and undoing one: each step is what a
 *                       posts, other acts    transaction did, and finds the world as it is then
 *
 * Used by:  deeds.c.
 */
#pragma once

#include "world.h"

/* What it does in its first transaction. */
void deed_begin(struct world *world, struct deed *deed, const struct deed_step *step);
/* And in one more, unless it was undone: then it goes no further. */
void deed_go_on(struct world *world, struct deed *deed, const struct deed_step *step);
void deed_free(struct deed *deed);
/* That transaction is not behind where the act is now. */
bool deed_is_there(const struct deed_step *step, const struct deed_step *now);

bool deed_is_on(const struct deed *deed, const struct ledger *ledger);
bool deed_names_seqs(const struct deed *deed);     // comments by their places
bool deed_names_comments(const struct deed *deed); // or by their ids
bool deed_names_user(const struct deed *deed, uint8_t user);
/* Which of those that it names in this transaction waited before it, as the disk said: a bit each. */
uint64_t deed_waited(const struct world *world, const struct deed *deed,
                     const struct deed_step *step);
/* It removes that comment still. */
bool deed_holds(const struct deed *deed, uint8_t stream, uint64_t seq);
