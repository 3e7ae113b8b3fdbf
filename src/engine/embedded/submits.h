// SPDX-License-Identifier: Apache-2.0
/* submits -- what becomes of one at the ordering point.
 *
 *      retry? ─▶ stream there, not ended? ─▶ sanctions ─▶ house rules ─▶ reply_to ─▶ limits
 *                        │                                                          │
 *                        ▼ refused            held: the queue ◀─ row, dedupe entry ◀┘
 *                                             visible, shadowed: ordering_add()
 *
 * Used by:  batch.c.
 * Thread:   the ordering thread's; inside a write transaction.
 * Promise:  a refusal changes nothing.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/ordering.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

/* What became of one question; the answer itself is written when the batch has ended. */
struct verdict {
    enum submit_end end;
    enum refusal refusal;
    uint32_t retry_after_ms;
    struct rate rate;
    uint64_t act;             // what bans, mutes or warns; 0: nothing
    struct event *event;      // a reference, on DONE and DUPLICATE
    enum comment_state state; // of those; SHADOWED too
    struct head *head;        // of DONE: whose log grew
    bool asked_traits;        // as in struct submit
    bool is_known; // DUPLICATE of a row committed before this batch, so true whatever becomes of it
};

/* An error means that the batch cannot go on. */
MUST_USE enum err submits_judge(struct ordering *ordering, const struct submit *submit,
                                struct moment now, struct verdict *ret_verdict);
/* A comment that was counted will not be: its batch failed. */
void submits_uncount(struct ordering *ordering, const struct submit *submit, struct moment now);
