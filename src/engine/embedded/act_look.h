// SPDX-License-Identifier: Apache-2.0
/* act_look -- what an act looks at before it does anything: is it one that is in force already, may
 * they, and is there something to do? Of thousands not all in one transaction.
 *
 *      call->look ──▶ like an act in force? ──all are as that left them──▶ the same act
 *      as far as it         │ another                                  ▲
 *      has come             ▼                                          │ done meanwhile
 *                     may they, to each? ──refused                     │
 *                           │ all were looked at ──────────────────────┴──▶ it is over
 *                           ▼ a piece was
 *                     verdict.look: asked again, behind the posts that wait
 *
 * Used by:  act_removal.c, act_queue.c, act_sweep.c, act_sanction.c.
 * Thread:   the ordering thread's; inside a write transaction.
 * Bound:    ACT_CASE_PIECE comments or users in one transaction, twice that where one question
 *           follows the other.
 * Promise:  nothing is done before all were looked at, so that the act can wait among those that
 *           were not begun, and is lost with a restart like them.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/act_names.h"

#include <stdbool.h>
#include <stdint.h>

/* Nothing speaks against it, and nothing is left to be looked at. */
static inline bool act_look_is_over(const struct act_case *act)
{
    return act_case_is_open(act) && act->verdict.look.count == 0;
}

/* Each decides the case, leaves it to be asked again, or is over. */
MUST_USE enum err act_look_at_removal(struct act_case *act, const struct act_names *names);
MUST_USE enum err act_look_at_restore(struct act_case *act, const struct act_names *names);
/* Of approve, reject: does one of them wait? */
MUST_USE enum err act_look_at_queue(struct act_case *act, const struct act_names *names);
/* Takes out of `names` what others have claimed, once all was looked at. The act may be in force on
 * the rest: then it is that one; of approve and reject, nothing of the rest may wait. */
MUST_USE enum err act_look_spare(struct act_case *act, struct act_names *names);
/* Have those that it names a higher role? */
MUST_USE enum err act_look_at_users(struct act_case *act);
