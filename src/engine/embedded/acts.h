// SPDX-License-Identifier: Apache-2.0
/* acts -- what becomes of an act of moderation, decided at the ordering point.
 *
 *      act ─▶ stream there? ─▶ again, while in force? ─▶ may they? ─▶ row of `acts`
 *                                    │ the same act              ─▶ what it does ─▶ events
 *                                    ▼                           ─▶ entry of the audit
 *                                 duplicate
 *
 * Used by:  batch.c.
 * Thread:   the ordering thread's; inside a write transaction.
 * Promise:  the act, what it does, its events and its audit entry are one transaction; a refusal
 *           and a duplicate change nothing.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/ordering.h"
#include "hub/port.h"

/* An error means that the batch cannot go on. */
MUST_USE enum err acts_judge(struct ordering *ordering, const struct act_call *call,
                             struct moment now, struct act_verdict *ret_verdict);
