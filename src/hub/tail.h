// SPDX-License-Identifier: Apache-2.0
/* tail -- the newest events of one stream, shared and in memory, so that joiners need no store.
 *
 *      log:   ... 3 5 8 | 9 12 13 14 15
 *                     ▲   '-- held --'
 *                     covers: every event with seq > covers (and not newer than the last) is here
 *
 * Owns:     a reference on each event it holds.
 * Used by:  stream.c fills it; join.c and catchup.c read it.
 * Thread:   the owning reactor.
 * Bound:    count_max events, bytes_max bytes of them; the oldest go first.
 * Promise:  events stand in one array, ascending. Pushing never fails: what memory cannot hold is
 *           simply not covered.
 */
#pragma once

#include "base/err.h"
#include "hub/lane.h"
#include "wire/event.h"
#include "wire/removal.h"

#include <stdbool.h>
#include <stdint.h>

struct tail {
    struct event **events; // owned, with a reference each; used [start, start + count)
    uint32_t start, count, cap;
    uint32_t count_max;
    uint64_t bytes, bytes_max;
    uint64_t covers;
    int64_t covers_ms; // all of a later `at` than that is here, too; INT64_MAX: not known
    bool is_whole;     // the log has nothing older: any place is covered
};

/* Empty, covering what comes after `covers`. */
void tail_init(struct tail *tail, uint32_t count_max, uint64_t bytes_max, uint64_t covers);
void tail_done(struct tail *tail); // zeroed is legal

void tail_push(struct tail *tail, struct event *event); // newer than all; takes its own reference
/* Puts older ones in front: all events of the log in (from, covers], ascending. `is_whole`: there
 * are none before them. Takes its own references; what does not fit is left out. */
void tail_extend(struct tail *tail, struct event *const *events, uint32_t count, bool is_whole);
/* What it removes is held no more; places stay. ERR_NOMEM: not of all; once more is legal. */
MUST_USE enum err tail_redact(struct tail *tail, const struct removal *removal);
bool tail_has_room(const struct tail *tail); // for older ones

bool tail_covers(const struct tail *tail, uint64_t seq);
/* The events after `seq`, oldest first: `*ret_count` of them. Borrowed until the next change. */
struct event *const *tail_after(const struct tail *tail, uint64_t seq, uint32_t *ret_count);
/* What a backfill counts: comments, and what brings some back, whose places stay empty. */
#define TAIL_COUNTED_KINDS (UINT32_C(1) << EVENT_COMMENT | UINT32_C(1) << EVENT_RESTORE)
/* The place before the `comments`th of those from the end that the lane carries; of lane digest,
 * the beginning of its window. False: not that many are held and older ones may exist. */
bool tail_find_start(const struct tail *tail, uint32_t comments, struct lane_rule rule,
                     uint64_t *ret_seq);
void tail_check(const struct tail *tail);
