// SPDX-License-Identifier: Apache-2.0
/* figures -- what the hubs measured of one stream, or which streams are busiest: one letter that
 * visits each hub in turn and comes home.
 *
 * Thread:   each hub's reactor adds its own.
 */
#pragma once

#include "base/call.h"
#include "base/histogram.h"
#include "hub/heart.h"

struct figures_call {
    struct call call;
    struct str stream;
    uint64_t view; // as this user is told: what is theirs alone counts as sent to everybody; 0
    /* -- the answer -- */
    bool known; // some reactor has it awake
    uint32_t viewers, viewers_sse, viewers_ws, viewers_poll, viewers_slow;
    uint64_t events, deliveries, gaps, shed, resumes, joins, ring_bytes;
    uint64_t ridden_plain, ridden_sent; // bytes sent compressed, before and after
    uint64_t visible_p50_ms, visible_p95_ms, visible_p99_ms; // submit to written
    double rate_in, rate_out;     // comments in, deliveries out, a second, last 10 s
    uint64_t on_time, on_time_of; // deliveries within 500 ms, of all of events seen live
    /* -- the hubs' -- */
    struct hub *at;
    size_t visited;
    struct histogram visible;
};

/* The busiest streams by deliveries of the last 10 s. A stream that is not among the busiest of a
 * hub may miss that hub's part. */
enum { BUSIEST_MAX = 20 };
struct busiest_stream {
    char name[STREAM_NAME_LEN_MAX + 1];
    uint32_t viewers;
    double rate_in, rate_out;
    uint64_t deliveries;
};
struct busiest_call {
    struct call call;
    /* -- the answer -- */
    struct busiest_stream streams[BUSIEST_MAX]; // by rate_out, the busiest first
    uint32_t count;
    /* -- the hubs' -- */
    struct hub *at;
    size_t visited;
};

void figures_ask(struct hub *hub, struct figures_call *call);
void figures_ask_busiest(struct hub *hub, struct busiest_call *call);
