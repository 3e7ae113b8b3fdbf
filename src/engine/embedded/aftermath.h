// SPDX-License-Identifier: Apache-2.0
/* aftermath -- what follows in the logs from removing and restoring comments: `retract` and
 * `restore` events.
 *
 * Used by:  act_removal.c, act_sweep.c, act_queue.c, upkeep.c.
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/restoring.h"
#include "wire/removal.h"

#include <stdint.h>

/* Of one retract: it stays under 64 KiB. */
enum { AFTERMATH_SEQS_MAX = 3000 };

struct aftermath {
    struct restoring_out out;  // first
    struct ordering *ordering; // borrowed
    struct moment now;
    int64_t asked_ms; // mono; 0: nobody waits
    int64_t stream;   // whose last event is wanted; 0: none
    uint64_t seq;     // of that event; 0: there was none
};

void aftermath_init(struct aftermath *aftermath, struct ordering *ordering, struct moment now);
/* What follows from an act: its stream's last event is where it stands. */
void aftermath_begin(struct aftermath *aftermath, const struct act_case *act);
void aftermath_end(const struct aftermath *aftermath, struct act_case *act);
/* One event, or as many as it takes. */
MUST_USE enum err aftermath_retract(struct aftermath *aftermath, struct head *head,
                                    const struct removal *removal);
/* Of a comment of theirs that nobody else sees: they alone are told. */
MUST_USE enum err aftermath_retract_hidden(struct aftermath *aftermath, struct head *head,
                                           struct str user, uint64_t seq);
