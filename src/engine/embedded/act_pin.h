// SPDX-License-Identifier: Apache-2.0
/* act_pin -- acts on what stands above a stream's comments: pin, unpin.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 * Bound:    PINS_MAX a stream: one more takes the place of the oldest, which is unpinned.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_pin_put(struct act_case *act);
MUST_USE enum err act_pin_take(struct act_case *act); // unpin
/* Undoing a pin: viewers are told; an unpin: it is pinned again. */
MUST_USE enum err act_pin_undo(struct act_case *act, const struct store_act *before);
