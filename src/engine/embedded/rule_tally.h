// SPDX-License-Identifier: Apache-2.0
/* rule_tally -- how often rules decided, dry runs among them: of all streams as metrics, of each
 * for those who moderate it.
 *
 * Owns:     its metrics, an entry a stream.
 * Thread:   counted on the ordering thread, read on any; entries are under TALLY, a leaf lock.
 * Bound:    RULE_TALLY_STREAMS_MAX streams, the longest unhit is forgotten first.
 * Promise:  since the start of this process, not more: a count that is not there is none.
 */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "rules/rule_metrics.h"

#include <pthread.h>
#include <stdint.h>

enum { RULE_TALLY_STREAMS_MAX = 4096 };

struct rule_tally {
    struct rule_metrics metrics; // the ordering thread's
    pthread_mutex_t lock;
    /* -- under TALLY -- */
    struct map streams;  // struct tallied, by its name
    struct link by_hits; // the same, the longest unhit first
};

void rule_tally_init(struct rule_tally *tally);
void rule_tally_done(struct rule_tally *tally);

/* Without memory a stream's counts begin later. */
void rule_tally_count(struct rule_tally *tally, struct str stream,
                      const struct judgement *judgement);
/* Appends {"links":{"hits":3,"dry_run":0},..}, as rule_metrics_write_counts() does. */
void rule_tally_write(struct rule_tally *tally, struct str stream, struct buf *out);
