// SPDX-License-Identifier: Apache-2.0
/* truth -- the log of one stream as the server tells it when all is over: what every reader is held
 * to, and what every answered post must be in.
 *
 * Owns:    its positions, and which of them are `removed`.
 * Thread:  one fills it; afterwards any reads it.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct truth_removal {
    uint64_t seq;
    uint64_t by; // the first retract known to name it; UINT64_MAX: none is
};

struct truth {
    uint64_t *seqs;   // owned; [count], growing
    uint64_t *hashes; // owned; [count], of all up to there
    uint32_t count, cap;
    struct truth_removal *removals; // owned; [removed], growing: what stands there as `removed`
    uint32_t removed, removed_cap;
};

void truth_done(struct truth *truth); // zeroed is legal
/* ERR_PROTO: it does not grow, or `prev` is not the one before (the first one's may be any);
 * ERR_NOMEM. */
MUST_USE enum err truth_add(struct truth *truth, uint64_t seq, uint64_t prev);
bool truth_holds(const struct truth *truth, uint64_t seq);
uint64_t truth_head(const struct truth *truth); // 0: empty

struct truth_part {
    uint64_t count;
    uint64_t hash; // the sum of truth_hash() of each
};
/* Of the positions above `after` up to `upto`. */
struct truth_part truth_part(const struct truth *truth, uint64_t after, uint64_t upto);
uint64_t truth_hash(uint64_t seq);

/* The last that was added is `removed`. ERR_NOMEM. */
MUST_USE enum err truth_add_removed(struct truth *truth);
void truth_retracted(struct truth *truth, uint64_t seq, uint64_t by); // no matter what stands there
/* How many of those above `after` up to `upto` are, by a retract up to `by`; UINT64_MAX: at all. */
uint64_t truth_removed(const struct truth *truth, uint64_t after, uint64_t upto, uint64_t by);
