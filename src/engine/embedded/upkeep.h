// SPDX-License-Identifier: Apache-2.0
/* upkeep -- what acts left to be done for comments, between batches and a piece at a time: sweeps
 * go on, comments approve themselves, texts are erased when they were kept long enough, sanctions
 * that ran out are forgotten.
 *
 * Used by:  housekeeping.c.
 * Thread:   the ordering thread's.
 * Bound:    a piece is one of removals_piece() or carried_redact(), UPKEEP_APPROVALS approvals,
 *           UPKEEP_ERASED texts of removed ones, one stretch of rejected ones.
 * Promise:  each piece is a transaction of its own; what it adds to logs is published after its
 *           commit. Reads see a sweep's end from its act on, whatever is left to be done.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/held.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/outbox.h"

#include <stdbool.h>
#include <stdint.h>

enum { UPKEEP_APPROVALS = 32, UPKEEP_ERASED = 256 };

struct upkeep {
    struct ordering *ordering;        // borrowed
    bool may_have_sweeps;             // an act was done since none was left
    bool has_texts_due;               // of what was removed: there were more than a piece holds
    bool has_rejected_due;            // `rejected` is not the last stretch
    struct held_stretch rejected;     // gone through
    bool has_erased;                  // the WAL may hold what the file does not any more
    int64_t next_ms, next_erasure_ms; // mono
    /* -- since start -- */
    uint64_t pieces, approvals, erased;
    uint64_t held; // wait in all streams, a minute ago at most
};

void upkeep_init(struct upkeep *upkeep, struct ordering *ordering);
void upkeep_wake(struct upkeep *upkeep);           // an act was done
bool upkeep_has_more(const struct upkeep *upkeep); // at once
bool upkeep_is_due(const struct upkeep *upkeep, struct moment now);
/* One piece of each. */
MUST_USE enum err upkeep_step(struct upkeep *upkeep, const struct outlet *outlet,
                              struct moment now);
