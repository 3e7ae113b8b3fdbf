// SPDX-License-Identifier: Apache-2.0
/* act_sweep -- acts that take all comments of somebody, or of everybody, off the screens and out of
 * the queue: purge, clear.
 *
 *      act ─▶ a row of `sweeps` for each it names: in force for all reads (removals.h)
 *         └─▶ one retract for each, in its stream, or in each that somebody follows, in pieces;
 *             elsewhere when the sweep comes by
 *               └─▶ what of theirs waits is rejected, in pieces; no clock of it runs from the first
 *                   transaction on
 *
 * Thread:   the ordering thread's; inside a write transaction.
 * Bound:    ACT_TARGETS_MAX users; ACT_CASE_PIECE are told of, or looked at, in one transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_sweep_do(struct act_case *act);
/* A piece of what is left, from act->place on. */
MUST_USE enum err act_sweep_go_on(struct act_case *act);
