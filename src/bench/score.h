// SPDX-License-Identifier: Apache-2.0
/* score -- what one crew saw: counts, delays, and of what went wrong the first few in words.
 *
 * Thread:  counts: the crew adds (relaxed: they order nothing), any reads; the rest is the crew's
 *          until it ended.
 */
#pragma once

#include "bench/latency.h"
#include "bench/plan.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum count {
    COUNT_DELIVERIES,     // events a viewer did not have
    COUNT_BYTES,          // of bodies and messages
    COUNT_INFLATED_BYTES, // of them, what came compressed: heads of WebSocket messages not counted
    COUNT_TEXT_BYTES,     // what that inflated to; less, where it was but stored
    COUNT_AGAIN,          // events it had, sent again after coming back: the client drops them
    COUNT_GAPS,
    COUNT_GAPS_UNCHECKED, // more than can be kept until the log is read
    COUNT_MISSING, // of a peer's: answered, and a viewer that was there to the end never had it
    COUNT_SPARED,  // events that gaps told of
    COUNT_RESYNCS,
    COUNT_GOAWAYS,
    COUNT_JOINS,   // a hello, or the first page
    COUNT_RETURNS, // of these, with a cursor
    COUNT_CUT,     // connections the server ended
    COUNT_REFUSED, // joins answered by an error
    COUNT_UNREACHED,
    COUNT_CHECKED, // events that a whole parser read too
    COUNT_POSTED,
    COUNT_ANSWERED,
    COUNT_POST_REFUSED, // 429 and 503
    COUNT_POST_RETRIES, // no answer came: the same cid again
    COUNT_ACTS,         // deletions that were answered
    COUNT_TEXTS_LATE,   // of a removed comment, read after the answer: the kernel may have had it
    COUNT_HEARTBEATS,   // SSE lines that came alone, WebSocket pings
    COUNT_FLOOR_BYTES,  // of the bare loop
    COUNTS,
};

enum fault {
    FAULT_LOST,    // in the log, not told by a gap, not seen
    FAULT_DOUBLE,  // twice in one connection
    FAULT_ORDER,   // a smaller position after a larger one
    FAULT_PREV,    // `prev` is not the position before
    FAULT_GAP,     // a gap whose numbers do not add up
    FAULT_ALIEN,   // an event the log does not hold
    FAULT_FRAME,   // bytes that are no event, or an id that is not its event's
    FAULT_REMOVED, // the text of a comment, after its removal
    FAULT_REFUSED, // a post that should have been taken, a viewer who never got in
    FAULTS,
};

enum { SCORE_WORDS_EACH = 4, SCORE_WORDS = SCORE_WORDS_EACH * FAULTS, SCORE_WORDS_MAX = 200 };

struct score {
    _Atomic uint64_t counts[COUNTS];
    _Atomic uint64_t faults[FAULTS];
    struct latency
        visible[PLAN_STEPS_MAX + 1];      // from when a comment was due to when a viewer had it,
                                          // by step; last: of what is not measured
    struct latency floor[PLAN_STEPS_MAX]; // the same of the bare loop's rounds
    struct latency stayed;                // visible, in a storm to who stayed
    struct latency posted;                // to when its poster had the answer
    struct latency acts_told;     // from when an act was asked for to when a viewer was told
    struct latency acts_answered; // to its answer
    uint32_t word_count;
    char words[SCORE_WORDS][SCORE_WORDS_MAX]; // the first few of each fault
    uint8_t word_faults[SCORE_WORDS];         // enum fault: what they are about
};

static inline void score_count(struct score *score, enum count count, uint64_t more)
{
    atomic_store_explicit(&score->counts[count],
                          atomic_load_explicit(&score->counts[count], memory_order_relaxed) + more,
                          memory_order_relaxed);
}

static inline uint64_t score_of(const struct score *score, enum count count)
{
    return atomic_load_explicit(&score->counts[count], memory_order_relaxed);
}

/* `times` of a fault, and how it was. */
void score_fault(struct score *score, enum fault fault, uint64_t times, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
uint64_t score_faults(const struct score *score); // of all kinds
const char *score_count_name(enum count count);
const char *score_fault_name(enum fault fault);
void score_merge(struct score *score, const struct score *more);
