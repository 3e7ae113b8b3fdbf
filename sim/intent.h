// SPDX-License-Identifier: Apache-2.0
/* intent -- what comes to a moderator's mind: which act, and whom or what it is aimed at; by chance,
 * and more often where acts meet.
 *
 * Used by:  moderator.c.
 */
#pragma once

#include "world.h"

enum act_do intent_choose(struct world *world);
/* Its target, its value, and the moderator's stream; act->what is set. What the target refers to
 * stands in the moderator. */
void intent_aim(struct moderator *moderator, struct act *act);
