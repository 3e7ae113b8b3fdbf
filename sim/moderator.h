// SPDX-License-Identifier: Apache-2.0
/* moderator -- people who moderate: they take comments off and put them back, stop others from
 * posting and let them again, set rules, and undo, at random. What they get no answer to they look
 * for in the audit, and do again if it is not there. When all is to be well they lift what keeps
 * people from posting.
 */
#pragma once

#include "world.h"

void moderator_begin(struct world *world);
void moderator_end(struct world *world);
void moderator_step(struct world *world, struct moderator *moderator);
/* Nothing that somebody did is in anybody's way. */
bool moderator_all_at_peace(const struct world *world);
/* None waits for an answer. */
bool moderator_all_back(const struct world *world);
void moderator_sees(struct world *world);       // a comment was committed
void moderator_sees_begun(struct world *world); // an act on many, of which there is more to do
