// SPDX-License-Identifier: Apache-2.0
/* act_removal -- acts that take comments off the screens and put them back: delete, hold, restore.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_removal_take(struct act_case *act); // delete, hold of what is visible
MUST_USE enum err act_removal_restore(struct act_case *act);
/* A piece of each: what is left from act->place on. */
MUST_USE enum err act_removal_take_on(struct act_case *act);
MUST_USE enum err act_removal_restore_on(struct act_case *act);

/* ---- undoing: `before` is lifted ---- */
/* What such an act removed is visible again, unless another removes it. */
MUST_USE enum err act_removal_undo(struct act_case *act, const struct store_act *before);
/* What a restore put back is removed again by the acts it lifted. */
MUST_USE enum err act_removal_redo(struct act_case *act, const struct store_act *before);
/* What a shadow hid is visible, but where another still shadows its author, and what a rule
 * shadowed by itself; a piece of it. */
MUST_USE enum err act_removal_unshadow(struct act_case *act, const struct store_act *before);
/* The same of one comment that a rule shadowed. */
MUST_USE enum err act_removal_unshadow_one(struct act_case *act, const struct store_act *before);
