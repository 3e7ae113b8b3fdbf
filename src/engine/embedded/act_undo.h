// SPDX-License-Identifier: Apache-2.0
/* act_undo -- undoing an act: it is lifted, and that one only.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_undo_do(struct act_case *act);
MUST_USE enum err act_undo_go_on(struct act_case *act); // a piece of what is left
/* Records the act, which is another one, and undoes `id` besides, if there is something to undo. */
MUST_USE enum err act_undo_grant(struct act_case *act, uint64_t id);
