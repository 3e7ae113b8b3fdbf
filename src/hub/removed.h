// SPDX-License-Identifier: Apache-2.0
/* removed -- which places of a stream's log hold `removed`, as far back as this hub knows: what a
 * gap says of the hole of a slow reader.
 *
 *      log    ... 80  81x 82 │ 83  84x 85  86x 87x 88      x: removed
 *                            └ since: of those behind it, 84, 86 and 87
 *
 * It grows by removals, not by comments, so that a stream from which nothing is removed keeps
 * nothing, and a hole is counted by two searches, however long it is. The tail would not do: a ring
 * holds more events than a tail, so that most holes begin before it, and ten thousand slow readers
 * would walk it as often. Who wrote what is behind the tail is not known here: there the removal of
 * all that somebody wrote, or everybody, moves `since` up, and a hole that begins before it is
 * counted by the log, as that of who comes back late is.
 *
 * Owns:     its places; in struct stream.
 * Used by:  stream.c and redact.c fill it; tell.c asks.
 * Thread:   the owning reactor.
 * Bound:    REMOVED_PLACES_MAX places of a stream; the oldest go first, and `since` moves up, as it
 *           does where memory fails.
 */
#pragma once

#include "hub/tail.h"
#include "wire/removal.h"

#include <stdbool.h>
#include <stdint.h>

enum { REMOVED_PLACES_MAX = 4096 };

struct removed {
    uint64_t *seqs; // owned; ascending; used [start, start + count)
    uint32_t start, count, cap;
    uint64_t since; // of what stands up to here nothing is said
};

void removed_init(struct removed *removed, uint64_t since);
void removed_done(struct removed *removed); // zeroed is legal

/* This place is; again is legal. */
void removed_note(struct removed *removed, uint64_t seq);
/* Each that the tail holds so. */
void removed_note_tail(struct removed *removed, const struct tail *tail);
/* The removal took effect, in these tails, too: `shadowed` holds what is not everybody's. */
void removed_apply(struct removed *removed, const struct removal *removal, const struct tail *tail,
                   const struct tail *shadowed);
/* What stands up to there is not known any more. */
void removed_forget(struct removed *removed, uint64_t upto);

/* How many places of (after, upto] are. False: the log has to be asked. */
bool removed_count(const struct removed *removed, uint64_t after, uint64_t upto,
                   uint64_t *ret_count);
void removed_check(const struct removed *removed);
