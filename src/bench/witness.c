// SPDX-License-Identifier: Apache-2.0
#include "bench/witness.h"

#include <inttypes.h>

static void begin_at(struct witness *witness, uint64_t seq)
{
    witness->start = seq;
    witness->last = seq;
    witness->covered = seq;
    witness->seen = 0;
    witness->seen_hash = 0;
    witness->spared = 0;
    witness->told = 0;
    witness->has_start = true;
}

void witness_open(struct witness *witness)
{
    witness->conn_last = 0;
    witness->spared -= witness->told;
    witness->told = 0;
    witness->covered = witness->last;
}

static void stand_at(struct witness *witness, uint64_t seq)
{
    witness->last = seq;
    if (seq >= witness->covered) {
        witness->told = 0;
    }
}

void witness_hello(struct witness *witness, uint64_t seq)
{
    witness->conn_last = seq;
    if (!witness->has_start) {
        begin_at(witness, seq);
    }
}

bool witness_count(struct witness *witness, uint64_t seq)
{
    if (seq <= witness->last) {
        return false;
    }
    witness->last = seq;
    witness->seen++;
    return true;
}

static void check_prev(const struct witness *witness, uint64_t seq, uint64_t prev,
                       struct score *score)
{
    const uint64_t known = witness->covered > witness->last ? witness->covered : witness->last;
    if (prev < witness->last || prev > known || prev >= seq) {
        score_fault(score, FAULT_PREV, 1,
                    "viewer %u of stream %u: seq %" PRIu64 " has prev %" PRIu64
                    ", it stood at %" PRIu64,
                    witness->number, witness->stream, seq, prev, witness->last);
    }
}

bool witness_event(struct witness *witness, uint64_t seq, uint64_t prev, struct score *score)
{
    if (seq <= witness->conn_last) {
        const bool is_double = seq == witness->conn_last && witness->seen > 0;
        score_fault(score, is_double ? FAULT_DOUBLE : FAULT_ORDER, 1,
                    "viewer %u of stream %u: seq %" PRIu64 " after %" PRIu64 " in one connection",
                    witness->number, witness->stream, seq, witness->conn_last);
        return false;
    }
    witness->conn_last = seq;
    if (!witness->has_start) {
        begin_at(witness, prev);
    }
    if (seq <= witness->last) {
        return false; // it came back: what it has, the client drops
    }
    check_prev(witness, seq, prev, score);
    stand_at(witness, seq);
    witness->seen++;
    witness->seen_hash += truth_hash(seq);
    return true;
}

void witness_gap(struct witness *witness, const struct witness_gap *gap, struct score *score)
{
    if (gap->from > gap->to) {
        score_fault(score, FAULT_GAP, 1,
                    "viewer %u of stream %u: a gap from %" PRIu64 " to %" PRIu64, witness->number,
                    witness->stream, gap->from, gap->to);
        return;
    }
    if (!gap->has_counts) {
        begin_at(witness, gap->to > witness->last ? gap->to : witness->last);
        return;
    }
    if (!witness->has_start) {
        begin_at(witness, gap->from > 0 ? gap->from - 1 : 0);
    }
    witness->covered = gap->to > witness->covered ? gap->to : witness->covered;
    witness->spared += gap->shed + gap->removed;
    witness->told += gap->shed + gap->removed;
}

bool witness_digest(struct witness *witness, const struct witness_gap *digest, struct score *score)
{
    if (!witness->has_start) {
        begin_at(witness, digest->from - 1);
    }
    if (digest->to <= witness->last) {
        return false;
    }
    const uint64_t known = witness->covered > witness->last ? witness->covered : witness->last;
    if (digest->from != known + 1 || digest->to <= witness->conn_last) {
        score_fault(score, FAULT_PREV, 1,
                    "viewer %u of stream %u: a digest from %" PRIu64 " to %" PRIu64
                    ", and told was up to %" PRIu64,
                    witness->number, witness->stream, digest->from, digest->to, known);
    }
    witness->spared += digest->shed + digest->removed;
    witness->conn_last = digest->to;
    stand_at(witness, digest->to);
    return true;
}

void witness_inner(struct witness *witness, uint64_t seq)
{
    witness->seen++;
    witness->seen_hash += truth_hash(seq);
}

void witness_mark(struct witness *witness, uint64_t seq, struct score *score)
{
    const uint64_t known = witness->covered > witness->last ? witness->covered : witness->last;
    if (witness->has_start && (seq > known || seq < witness->last)) {
        score_fault(score, FAULT_PREV, 1,
                    "viewer %u of stream %u: a mark at %" PRIu64 ", and told was up to %" PRIu64,
                    witness->number, witness->stream, seq, known);
    }
    if (seq > witness->last) {
        witness->conn_last = seq;
        stand_at(witness, seq);
    }
}

bool witness_gap_adds_up(const struct witness_gap *gap, const struct truth *truth)
{
    const uint64_t after = gap->from == 0 ? 0 : gap->from - 1;
    const uint64_t by = gap->is_digest ? 0 : gap->to;
    return !gap->has_counts ||
           (gap->carried + gap->shed + gap->removed == truth_part(truth, after, gap->to).count &&
            gap->removed >= truth_removed(truth, after, gap->to, by) &&
            gap->removed <= truth_removed(truth, after, gap->to, UINT64_MAX));
}

void witness_resync(struct witness *witness, uint64_t seq, bool is_known)
{
    if (is_known) {
        begin_at(witness, seq);
    } else {
        witness->has_start = false;
        witness->last = 0;
    }
    witness->conn_last = is_known ? seq : 0;
}

void witness_judge(const struct witness *witness, const struct truth *truth, struct score *score)
{
    if (!witness->has_start) {
        return;
    }
    const struct truth_part log = truth_part(truth, witness->start, UINT64_MAX);
    const uint64_t told = witness->seen + witness->spared;
    if (told < log.count) {
        score_fault(score, FAULT_LOST, log.count - told,
                    "viewer %u of stream %u: of %" PRIu64 " events after %" PRIu64
                    " it saw %" PRIu64 " and was told of %" PRIu64 "; it stands at %" PRIu64
                    ", the log at %" PRIu64,
                    witness->number, witness->stream, log.count, witness->start, witness->seen,
                    witness->spared, witness->last, truth_head(truth));
    } else if (told > log.count) {
        score_fault(score, witness->spared > 0 ? FAULT_GAP : FAULT_ALIEN, told - log.count,
                    "viewer %u of stream %u: the log has %" PRIu64 " events after %" PRIu64
                    ", it saw %" PRIu64 " and was told of %" PRIu64,
                    witness->number, witness->stream, log.count, witness->start, witness->seen,
                    witness->spared);
    } else if (witness->spared == 0 && witness->seen_hash != log.hash) {
        score_fault(score, FAULT_LOST, 1,
                    "viewer %u of stream %u: as many events as the log, and not the same",
                    witness->number, witness->stream);
    }
}
