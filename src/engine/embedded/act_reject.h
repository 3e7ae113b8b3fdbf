// SPDX-License-Identifier: Apache-2.0
/* act_reject -- comments that wait are rejected, by whichever act takes them: reject, delete,
 * purge, clear; and wait again when the last of these is undone.
 *
 * Used by:  act_queue.c, act_removal.c, act_sweep.c.
 * Thread:   the ordering thread's; inside a write transaction.
 * Bound:    ACT_CASE_PIECE comments a piece of what goes through the queue or undoes it.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/act_names.h"

#include <stdbool.h>
#include <stdint.h>

/* This one, if it waits or is rejected already; its author is told when it leaves the queue.
 * `head`: its stream's; NULL: nobody watches that. */
MUST_USE enum err act_reject(struct act_case *act, struct head *head, uint64_t n);
/* None of these approves itself before the act's pieces come by. */
MUST_USE enum err act_reject_stop_clocks(const struct act_case *act, const struct act_names *names);
/* A piece of those of `of` up to row `upto_n`, from act->place on, whose part is ACT_PART_QUEUE. */
struct held_of;
MUST_USE enum err act_reject_all(struct act_case *act, const struct held_of *of, uint64_t upto_n);
/* A piece of what the act `id` rejected does not stand rejected by it any more. What waits again
 * takes its place where `let_in` finds that nothing holds it (`*ret_is_in`); the author of the rest
 * is told. */
MUST_USE enum err act_reject_undo(struct act_case *act, uint64_t id,
                                  enum err (*let_in)(struct act_case *act, uint64_t n,
                                                     bool *ret_is_in));
