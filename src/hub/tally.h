// SPDX-License-Identifier: Apache-2.0
/* tally -- what one hub counts, as operators read it at /metrics.
 *
 * Owns:     its metrics and their histograms.
 * Used by:  every room of the hub that does something worth counting.
 * Thread:   its reactor's writes; any reads.
 */
#pragma once

#include "base/metric.h"
#include "hub/seat.h"

enum gap_why { GAP_BEHIND, GAP_SLOW_READER, GAP_EXPIRED, GAP_LANE, GAP_WHYS };
enum reader_kind { READER_SSE, READER_WS, READER_POLL, READER_KINDS };

struct tally {
    struct metric events, deliveries, shed, joins, resumes, refused;
    struct metric gaps[GAP_WHYS];
    struct metric trains, train_bytes, train_failures; // of train.c
    struct metric ridden_plain, ridden_sent;           // bytes of riders, before and after
    struct metric slow, streams, ring_bytes, rings_rested, rings_shrunk, people, notices_lost, cut;
    struct metric notices_hushed, exposure, reach_acts, reach_kept, reach_lost;
    struct metric on_time, on_time_of; // viewers written within ON_TIME_MS of the publishing
    struct metric visible, flush_bytes;
    struct histogram visible_steps, flush_bytes_steps;
};

enum { ON_TIME_MS = 500 };

void tally_init(struct tally *tally);
void tally_done(struct tally *tally);
enum reader_kind tally_reader_kind(const struct encoding *encoding);
