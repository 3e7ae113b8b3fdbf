// SPDX-License-Identifier: Apache-2.0
#include "rules/comment_state.h"

#include "base/must.h"

/* Every step leads to one state, and is taken from these. */
static const struct {
    enum comment_state to;
    unsigned from; // bits 1 << enum comment_state
} steps[COMMENT_STEPS] = {
    [COMMENT_STEP_HOLD] = {COMMENT_HELD, 1U << COMMENT_VISIBLE},
    [COMMENT_STEP_APPROVE] = {COMMENT_VISIBLE, 1U << COMMENT_HELD},
    [COMMENT_STEP_REJECT] = {COMMENT_DELETED, 1U << COMMENT_HELD},
    [COMMENT_STEP_REQUEUE] = {COMMENT_HELD, 1U << COMMENT_DELETED},
    [COMMENT_STEP_REMOVE] = {COMMENT_DELETED,
                             1U << COMMENT_VISIBLE | 1U << COMMENT_HELD | 1U << COMMENT_SHADOWED},
    [COMMENT_STEP_RESTORE] = {COMMENT_VISIBLE, 1U << COMMENT_DELETED},
    [COMMENT_STEP_RESHADOW] = {COMMENT_SHADOWED, 1U << COMMENT_DELETED},
    [COMMENT_STEP_UNSHADOW] = {COMMENT_VISIBLE, 1U << COMMENT_SHADOWED},
};

enum err comment_state_step(enum comment_state from, enum comment_step step,
                            enum comment_state *ret_to)
{
    must(from >= COMMENT_VISIBLE && from <= COMMENT_SHADOWED && step < COMMENT_STEPS);
    if ((steps[step].from >> from & 1U) == 0) {
        return from == steps[step].to ? ERR_EXISTS : ERR_DENIED;
    }
    *ret_to = steps[step].to;
    return ERR_OK;
}

const char *comment_state_name(enum comment_state state)
{
    switch (state) {
    case COMMENT_HELD:
        return "held";
    case COMMENT_DELETED:
        return "deleted";
    case COMMENT_VISIBLE:
    case COMMENT_SHADOWED:
        break;
    }
    return "visible";
}
