// SPDX-License-Identifier: Apache-2.0
/* queue_walk -- a moderator who reads the hold queue page by page, held against what waited.
 *
 *      page ──cursor──▶ page ──cursor──▶ page, no more: it is over
 *        │ asked         answered
 *        ▼
 *      as the queue was at one moment between: which wait behind the cursor, `count` of all, `more`
 *
 * Over the whole walk nothing is told twice, and what waited all the while is told: P1, P4.
 *
 * Used by:  moderator.c.
 */
#pragma once

#include "world.h"

void queue_walk_end(struct queue_walk *walk);
/* What to ask for is in `call`: its stream, its cursor, its limit. */
void queue_walk_ask(struct world *world, struct queue_walk *walk, struct moderation_call *call);
void queue_walk_answered(struct world *world, struct queue_walk *walk,
                         const struct moderation_call *call);
