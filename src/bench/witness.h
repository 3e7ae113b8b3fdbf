// SPDX-License-Identifier: Apache-2.0
/* witness -- one reader's memory of a stream, and its judgement: order, `prev`, doubles, gaps, and
 * in the end losses.
 *
 *      (start .................. covered ..... last]      seen + spared == the log's events in it
 *
 * It keeps no list: how many it saw and the sum of their hashes are compared with the same of the
 * log, so that a hundred thousand readers cost nothing. Where gaps spared it events, only the
 * numbers can be compared; they must still add up.
 *
 * Thread:  its crew's.
 */
#pragma once

#include "bench/score.h"
#include "bench/truth.h"

#include <stdbool.h>
#include <stdint.h>

struct witness {
    uint32_t number;    // the viewer's, for words
    uint32_t stream;    // the stream's number
    uint64_t start;     // the position before its first event
    uint64_t last;      // its newest position; what it comes back with
    uint64_t conn_last; // the newest of this connection
    uint64_t covered;   // up to where a gap explains what is missing
    uint64_t seen, seen_hash;
    uint64_t spared; // told by gaps as not sent
    uint64_t told;   // of these: by gaps of this connection up to where it does not stand yet; who
                     // leaves before it does is told again
    bool has_start;
};

struct witness_gap {
    uint64_t from, to, carried, shed, removed;
    bool has_counts; // without: what was there has expired
    bool is_digest;  // what it carries may be `removed`
};

/* A connection begins; what it held, it holds. */
void witness_open(struct witness *witness);
/* Of a peer, that tells no `prev`: only whether it is new is asked. */
bool witness_count(struct witness *witness, uint64_t seq);
/* `seq` of the hello. */
void witness_hello(struct witness *witness, uint64_t seq);
/* Whether it is new to this reader. Faults are counted in `score`. */
bool witness_event(struct witness *witness, uint64_t seq, uint64_t prev, struct score *score);
void witness_gap(struct witness *witness, const struct witness_gap *gap, struct score *score);
/* A gap with its events, `carried` of them by witness_inner(): it stands at its end after. False:
 * it had that before. */
bool witness_digest(struct witness *witness, const struct witness_gap *digest, struct score *score);
void witness_inner(struct witness *witness, uint64_t seq);
/* It stands at `seq`, and what is before it was told. */
void witness_mark(struct witness *witness, uint64_t seq, struct score *score);
/* Its past is of no worth; what follows begins after `seq`, or, unknown, after its own prev. */
void witness_resync(struct witness *witness, uint64_t seq, bool is_known);
/* Carried, shed and removed are as many as the log has there; and those that are removed: all that
 * were when the log came to its end, and none that is not. Without counts: true. */
bool witness_gap_adds_up(const struct witness_gap *gap, const struct truth *truth);
/* All is over: holds it to the log. */
void witness_judge(const struct witness *witness, const struct truth *truth, struct score *score);
