// SPDX-License-Identifier: Apache-2.0
/* deletions -- the comments that a bench's moderator deletes, and when: by it viewers tell how late
 * they were told of each act, and are judged by what they are still sent.
 *
 *      asked ──────────▶ answered
 *        │ told: early, or in its place   │ nothing of it is begun any more
 *
 * A text is wrong for certain in a connection that was told of its removal before, early or in
 * order, and in one that was begun after the answer. Else, read after the answer, it may be bytes
 * the kernel had taken before: that is counted alone.
 *
 * Thread:  the moderator's crew adds; any reads.
 * Bound:   DELETIONS_MAX; all of the first stream, as `seq` only grows.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DELETIONS_MAX = 4096, DELETIONS_ACT_MAX = 24 };

struct deletion_reach { // as the server tells it
    uint64_t viewers, applied, cut, p50_ms, p95_ms;
    bool is_known;
};

struct deletion_made {
    uint64_t seq; // the comment's
    int64_t asked_us;
    _Atomic int64_t answered_us; // 0: not yet; release
    /* -- its crew's, until that is stopped -- */
    char act[DELETIONS_ACT_MAX];
    struct deletion_reach reach;
};

struct deletions {
    _Atomic uint32_t count; // release: those below are whole
    struct deletion_made made[DELETIONS_MAX];
};

struct deletions_sight { // what a viewer was told
    uint32_t told;       // in this connection: the newest act's number
    uint32_t timed;      // in its life
    int64_t since_us;    // when this connection was begun
};

/* The number of the act on that comment, which is about to be asked for; 0: no more fit, or it is
 * not above the last. */
uint32_t deletions_add(struct deletions *deletions, uint64_t seq, int64_t now_us);
void deletions_answered(struct deletions *deletions, uint32_t number, int64_t now_us);
/* By its number, from 1. */
static inline struct deletion_made *deletions_at(struct deletions *deletions, uint32_t number)
{
    return &deletions->made[number - 1];
}
static inline uint32_t deletions_count(const struct deletions *deletions)
{
    return deletions == NULL ? 0 : atomic_load_explicit(&deletions->count, memory_order_acquire);
}

/* A connection begins. */
void deletions_open(struct deletions_sight *sight, int64_t now_us);
/* It is told that this comment is removed. True: for the first time, of an act asked for then. */
bool deletions_told(const struct deletions *deletions, struct deletions_sight *sight, uint64_t seq,
                    int64_t *ret_asked_us);

enum deletions_verdict { DELETIONS_FINE, DELETIONS_LATE, DELETIONS_WRONG };
/* It is sent this comment's text. NULL: nothing is removed. */
enum deletions_verdict deletions_judge(const struct deletions *deletions,
                                       const struct deletions_sight *sight, uint64_t seq,
                                       int64_t now_us);
