// SPDX-License-Identifier: Apache-2.0
/* act_told -- what moderators are told of an act, at once: its audit entry as a notice; and authors
 * of what waited.
 *
 * Used by:  acts.c, act_undo.c, act_queue.c, act_reject.c, act_removal.c.
 * Thread:   the ordering thread's; inside a write transaction.
 * Promise:  who is shadowed is told of no shadow of theirs, though they moderate.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_audit.h"
#include "engine/embedded/act_case.h"

/* The act undoes this one. ERR_NOMEM. */
MUST_USE enum err act_told_lifts(struct act_case *act, const struct store_act *before);
/* What waited is judged, or waits again: its author is told, and moderators where the act is on it
 * alone; of many the act's own notice says it. `head` NULL: nobody watches its stream. ERR_NOMEM.
 */
struct held_row;
MUST_USE enum err act_told_judged(struct act_case *act, struct head *head,
                                  const struct held_row *held);
/* It stands in the audit as entry `n`. ERR_NOMEM. */
MUST_USE enum err act_told_send(struct act_case *act, const struct act_audit *audit, uint64_t n);
