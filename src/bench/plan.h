// SPDX-License-Identifier: Apache-2.0
/* plan -- what a bench is to do. Frozen once it runs; any thread reads it.
 */
#pragma once

#include "base/str.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct dialect;

enum transport { TRANSPORT_SSE, TRANSPORT_WS, TRANSPORT_POLL, TRANSPORTS };

enum plan_lane {
    PLAN_LANE_FULL,
    PLAN_LANE_READABLE,
    PLAN_LANE_DIGEST,
    PLAN_LANE_CONTROL,
    PLAN_LANES
};
extern const char *const plan_lane_names[PLAN_LANES];

enum {
    PLAN_RUN_MAX = 16,
    PLAN_HOST_MAX = 264,
    PLAN_PATH_MAX = 256,
    PLAN_STREAMS_MAX = 100000,
    PLAN_TOKENS_MAX = 1024,
    PLAN_STEPS_MAX = 8,
};

struct plan {
    /* -- where -- */
    struct address server;
    struct address post_server; // where comments are posted: the same, but for some peers
    char host[PLAN_HOST_MAX];   // as the Host field has it
    char path[PLAN_PATH_MAX];   // before /v1, no slash at its end
    char run[PLAN_RUN_MAX];     // names this run in streams and cids, so that it meets no other's
    const struct dialect *peer; // whom it measures; NULL: Roar, whose every event is judged
    int pid;                    // the server's, for its time and memory; 0: not known
    const struct str *tokens;   // of those who post; [token_count], borrowed
    uint32_t token_count;
    struct str moderator_token; // of who deletes; borrowed

    /* -- who -- */
    uint32_t viewers, streams, posters, crews;
    unsigned transports; // bits: 1 << enum transport
    unsigned lanes;      // bits: 1 << enum plan_lane
    uint32_t stalled_percent;
    uint32_t reconnect_s; // how long a viewer stays on average; 0: to the end
    uint32_t storms;
    uint32_t stay_percent;     // of the viewers, in a storm
    uint32_t compress_percent; // of those by SSE and WebSocket, that ask for what is compressed
    uint32_t upgrade_s;        // into the posting, another process takes over; 0: none does
    uint32_t acts;             // deletions a second in the first stream, while comments are posted

    /* -- what -- */
    /* Comments a second over all streams, one step after the other; [step_count]. 0: each poster as
     * fast as it is answered. */
    double rates[PLAN_STEPS_MAX];
    uint32_t crowds[PLAN_STEPS_MAX]; // viewers that are in by each step; never fewer, last: all
    uint32_t step_count;
    uint32_t bytes;   // of a comment's text; of a peer's whole message
    uint32_t seconds; // of posting, at each rate
    uint32_t pairs;   // windows of the bare loop and of the server, in turn; 0: no bare loop
    bool is_idle;     // nobody says anything: what is measured is heartbeats
    uint32_t settle_s;
};

/* What a stream's n-th viewer reads by and reads: transports in turn, and lanes so that each is
 * read by each. */
enum transport plan_transport(const struct plan *plan, uint32_t place);
enum plan_lane plan_lane(const struct plan *plan, uint32_t place);

/* Whether that viewer stays when all others leave; and how many do. */
static inline bool plan_stays(const struct plan *plan, uint32_t viewer)
{
    return viewer % 100 < plan->stay_percent;
}
static inline uint32_t plan_staying(const struct plan *plan)
{
    const uint32_t rest = plan->viewers % 100;
    return plan->viewers / 100 * plan->stay_percent +
           (rest < plan->stay_percent ? rest : plan->stay_percent);
}
