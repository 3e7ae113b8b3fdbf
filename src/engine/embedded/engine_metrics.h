// SPDX-License-Identifier: Apache-2.0
/* engine_metrics -- what the embedded engine measures of itself.
 *
 * Thread:  listed and unlisted by whoever opens and closes the engine; values by the ordering
 * thread, but for those headed otherwise.
 */
#pragma once

#include "base/err.h"
#include "base/histogram.h"
#include "base/metric.h"
#include "engine/embedded/rule_tally.h"
#include "hub/port.h"

#include <stdatomic.h>
#include <stdint.h>

enum { ENGINE_OUTCOMES = 24 }; // done, duplicate, unknown and each refusal but NONE

struct engine_metrics {
    struct metric commit, batch, queue_age;
    struct histogram commit_ms, batch_posts, queue_age_ms;
    struct metric posts[ENGINE_OUTCOMES];
    struct metric rows, wal_bytes, checkpoints, expired, users_limited, heads;
    struct metric notices_unsent;
    struct metric act_pieces, sweep_pieces, self_approved, erased, held;
    struct rule_tally rules;
    struct metric sqlite; // of all stores of the process: caches of pages, mostly
    /* -- any thread: counted with atomic additions -- */
    struct metric tail_hits, store_reads, damaged;
    struct metric reads_shared, reads_refused, reads_waiting;
    struct metric waiting; // posts handed over and not yet in a batch that has ended
};

void engine_metrics_add(struct engine_metrics *metrics);
void engine_metrics_remove(struct engine_metrics *metrics);
void engine_metrics_post(struct engine_metrics *metrics, enum submit_end end, enum refusal refusal);
/* Of those that any thread counts; gives what it was before. */
static inline int64_t engine_metrics_move(struct metric *metric, int64_t more)
{
    return atomic_fetch_add_explicit(&metric->value, more, memory_order_relaxed);
}
/* One more, from any thread. */
static inline void engine_metrics_count(struct metric *metric)
{
    atomic_fetch_add_explicit(&metric->value, 1, memory_order_relaxed);
}
