// SPDX-License-Identifier: Apache-2.0
/* poster -- people who post, and post again when they heard nothing, or just to be sure: always
 * with the same cid. They hold every answer against the ledger.
 */
#pragma once

#include "world.h"

void poster_begin(struct world *world);
void poster_step(struct world *world, struct poster *poster);
/* How many comments of one poster have no answer yet. */
uint32_t poster_most_unsettled(const struct world *world);
/* Everybody knows what became of what they posted. */
bool poster_all_settled(const struct world *world);
