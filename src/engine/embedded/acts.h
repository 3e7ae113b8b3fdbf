// SPDX-License-Identifier: Apache-2.0
/* acts -- what becomes of an act of moderation, decided at the ordering point.
 *
 *      act ─▶ stream there? ─▶ again, while in force? ─▶ may they? ─▶ row of `acts`
 *                                    │ the same act              ─▶ what it does ─▶ events
 *                                    ▼                           ─▶ entry of the audit
 *                                 duplicate
 *
 * Used by:  batch.c, upkeep.c; act_pieces.c goes on with those that are more than a transaction
 *           should hold.
 * Thread:   the ordering thread's; inside a write transaction.
 * Promise:  the act, what it does, its events and its audit entry are one transaction; of an act
 *           on thousands its first piece is. A refusal and a duplicate change nothing.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/ordering.h"
#include "hub/port.h"

/* An error means that the batch cannot go on. */
MUST_USE enum err acts_judge(struct ordering *ordering, const struct act_call *call,
                             struct moment now, struct act_verdict *ret_verdict);
/* A piece more of one that is unfinished; its place moves on, or ends. `*ret_changed`: so many
 * comments it changed (struct act_call). */
MUST_USE enum err acts_go_on(struct ordering *ordering, const struct store_act_place *place,
                             struct moment now, uint32_t *ret_changed);
