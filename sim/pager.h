// SPDX-License-Identifier: Apache-2.0
/* pager -- somebody who reads back: pages of the log, from either end, of any kind of event, and
 * counts. What a page says is held against the ledger: nothing unpublished, nothing left out, its
 * bounds and its `more` right.
 */
#pragma once

#include "world.h"

void pager_begin(struct world *world);
void pager_step(struct world *world);
