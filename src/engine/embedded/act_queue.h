// SPDX-License-Identifier: Apache-2.0
/* act_queue -- acts on comments that wait for a moderator: approve, reject.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

#include <stdbool.h>
#include <stdint.h>

MUST_USE enum err act_queue_judge(struct act_case *act);
MUST_USE enum err act_queue_go_on(struct act_case *act); // a piece, from act->place on
/* Undoing what a rule held: it has its place, if nobody has judged it; if its rejection is undone
 * later, with that: act_queue_let_in(). */
MUST_USE enum err act_queue_release(struct act_case *act, const struct store_act *before);
MUST_USE enum err act_queue_let_in(struct act_case *act, uint64_t n, bool *ret_is_in);
