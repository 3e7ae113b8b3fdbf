// SPDX-License-Identifier: Apache-2.0
/* comment_state -- where a comment stands, and which steps there are.
 *
 *         posted              held by a rule              posted by somebody shadowed
 *            │                      │                                │
 *            ▼         hold         ▼                                ▼
 *         VISIBLE ──────────────▶ HELD                            SHADOWED
 *          ▲   ▲ ◀─────────────── │  ▲                             │ ▲  │
 *          │   │     approve      │  │                      remove │ │  │ unshadow
 *  restore │   └──────────────────┼──┼─────────────────────────────┼─┼──┘
 *          │                      │  │                             │ │
 *          │ remove       reject, │  │ requeue                     │ │ reshadow
 *          │              remove  ▼  │                             ▼ │
 *          └──────────────────▶   D  E  L  E  T  E  D   ◀────────────┘
 *
 * A comment is VISIBLE when no act in force removes, holds or shadows it, so that the last of them
 * being lifted is what restores, requeues or reshadows.
 *
 * Used by:  the engine's rooms standing, held, removals.
 * Thread:   any; pure.
 */
#pragma once

#include "base/err.h"
#include "wire/event.h"

enum comment_step {
    COMMENT_STEP_HOLD,
    COMMENT_STEP_APPROVE,
    COMMENT_STEP_REJECT,
    COMMENT_STEP_REQUEUE, // a rejection is undone
    COMMENT_STEP_REMOVE,  // deleted, purged, cleared
    COMMENT_STEP_RESTORE,
    COMMENT_STEP_RESHADOW, // restored, and still its author's alone
    COMMENT_STEP_UNSHADOW, // the act that shadowed it is undone
    COMMENT_STEPS,
};

/* ERR_EXISTS: the step was taken before, it stands where that leads; ERR_DENIED: there is no such
 * step from there. */
MUST_USE enum err comment_state_step(enum comment_state from, enum comment_step step,
                                     enum comment_state *ret_to);
/* What people are told: "visible", "held", "deleted"; of SHADOWED "visible". Static. */
const char *comment_state_name(enum comment_state state);
