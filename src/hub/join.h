// SPDX-License-Identifier: Apache-2.0
/* join -- admits viewers: decides from where each begins, and says hello.
 *
 *   asked ──▶ stream open, own sync back ──▶ plan ──▶ hello [resync | gap ...] ──▶ catchup
 *
 *   cursor                                   begins at                        told
 *   none                                     the newest `tail` comments       hello
 *   of another epoch, or beyond the newest   the newest `tail` comments       hello, resync
 *   at most resume_max events behind         the cursor                       hello, resumed
 *   more than that                           the newest `tail` comments       hello, resumed, gap
 *   below what is kept                       as above, from what is kept      ... gap "expired"
 *
 * `tail` counts comments; acts that stand between them come along.
 *
 * Used by:  viewer.c, hub.c.
 * Thread:   the hub's reactor.
 * Bound:    `budget` admissions a turn; one sync under way a hub, which all who came meanwhile
 *           share.
 */
#pragma once

#include "hub/heart.h"

void join_begin(struct hub *hub, struct viewer *viewer, const struct viewer_ops *ops,
                const struct join *join);
/* Tells the refused, looks at those who can be admitted. Returns when it wants to be called
 * again. */
int64_t join_turn(struct hub *hub, uint32_t *budget);
