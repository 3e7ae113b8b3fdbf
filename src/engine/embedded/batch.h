// SPDX-License-Identifier: Apache-2.0
/* batch -- what one transaction decides: acts, posts, changes of streams; question to answer.
 *
 *      batch_begin ─▶ batch_add_* ─▶ batch_decide ─▶ batch_publish ─▶ batch_answer
 *
 * Used by:  writer.c.
 * Thread:   the ordering thread's.
 * Bound:    BATCH_POSTS_MAX, BATCH_ACTS_MAX and BATCH_CALLS_MAX; of a large act its first piece
 *           (act_pieces.h).
 * Promise:  every question added is answered once. When the commit fails nothing of it stays in
 *           memory; what is answered then is true: refused when surely nothing was written, else
 *           unknown. Acts come before posts, and are answered when every home has what was
 *           published.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "engine/embedded/acts.h"
#include "engine/embedded/barrier.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/call_queue.h"
#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/submits.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

enum { BATCH_POSTS_MAX = 512, BATCH_ACTS_MAX = 32, BATCH_CALLS_MAX = 64 };

struct batch_post {
    struct submit *submit; // the asker's, held until answered
    struct verdict verdict;
    bool is_settled; // whatever becomes of the transaction
};

struct batch_act {
    struct act_call *call; // likewise
    struct act_verdict verdict;
    bool is_settled;
};

struct batch {
    const struct clock *clock;      // frozen, as are the next two
    struct engine_metrics *metrics; // borrowed
    uint32_t post_wait_ms_max;
    struct moment now;
    struct epoch epoch;
    uint32_t post_count, act_count, call_count;
    uint32_t act_targets; // comments, users or events that they are about, at most
    uint32_t rows;        // that were committed
    bool may_be_written;  // it failed, and the disk may hold it all the same
    struct batch_post posts[BATCH_POSTS_MAX];
    struct batch_act acts[BATCH_ACTS_MAX];
    struct stream_call *calls[BATCH_CALLS_MAX]; // likewise
    struct barrier *barrier;                    // owned; for its acts, when it has some
    struct call_queue begun;   // acts that are not done yet, answered but for their end
    struct call_queue looking; // acts that are to be asked again before anything is decided
};

void batch_init(struct batch *batch, const struct clock *clock, struct engine_metrics *metrics,
                uint32_t post_wait_ms_max);
void batch_begin(struct batch *batch, struct moment now);
void batch_add_post(struct batch *batch, struct submit *submit);
/* Fewer of those that are about much: several acts are not one long transaction. */
bool batch_takes_acts(const struct batch *batch);
void batch_add_act(struct batch *batch, struct act_call *call, const struct bus *bus);
void batch_add_call(struct batch *batch, struct stream_call *call);
/* One transaction. Without `may_write` everything is refused. An error: it failed, and the
 * verdicts say so; ordering->store->failure says why. */
MUST_USE enum err batch_decide(struct batch *batch, struct ordering *ordering, bool may_write);
/* Posts that are not settled are refused: the disk has no room for them. */
void batch_refuse_posts(struct batch *batch);
void batch_publish(struct batch *batch, struct ordering *ordering, struct bus *bus,
                   struct log_tail *tail);
/* But for batch->begun: act_pieces_take(); and batch->looking. */
void batch_answer(struct batch *batch, struct bus *bus);

/* The answer of what never came to a batch; not finished. */
void batch_refuse_act(struct act_call *call, enum act_refusal refusal, const struct epoch *epoch);
void batch_refuse(struct submit *submit, enum refusal refusal, const struct epoch *epoch);
