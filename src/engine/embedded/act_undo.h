// SPDX-License-Identifier: Apache-2.0
/* act_undo -- undoing an act: it is lifted, and that one only.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_undo_do(struct act_case *act);
