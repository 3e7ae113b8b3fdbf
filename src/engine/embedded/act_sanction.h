// SPDX-License-Identifier: Apache-2.0
/* act_sanction -- acts on users: ban, timeout, shadow, hold, warn, and what lifts them.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 * Bound:    ACT_CASE_PIECE users in one transaction. To who is named and has not had a turn all is
 *           as before the act, which is answered when it is in force on all.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_sanction_put(struct act_case *act);  // ban, timeout, shadow, hold, warn
MUST_USE enum err act_sanction_lift(struct act_case *act); // unban, unshadow, timeout of 0 s
MUST_USE enum err act_sanction_acknowledge(struct act_case *act);
MUST_USE enum err act_sanction_go_on(struct act_case *act); // a piece more of the first two
/* The sanction that `what` is about: ACT_UNBAN: ACT_BAN. */
enum act_do act_sanction_lifted(enum act_do what);

/* ---- undoing, a piece of it: while place.part is below 0 ---- */
/* What such an act put on its users is no longer. */
MUST_USE enum err act_sanction_undo(struct act_case *act, const struct store_act *before);
/* What `before`, an act that lifts, took off is in force again. */
MUST_USE enum err act_sanction_redo(struct act_case *act, const struct store_act *before);
