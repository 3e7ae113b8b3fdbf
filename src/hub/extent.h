// SPDX-License-Identifier: Apache-2.0
/* extent -- how far each act got, over all streams of this hub: what spread.c measures is summed up
 * here. A call adds up those of all hubs; and before an act's is forgotten, one hub has the engine
 * keep it.
 *
 *   act taken ──2 s──▶ kept as it is ──reach_cut_ms + 1 s──▶ kept for good ──▶ forgotten here
 *                          '── nothing more can come of it ──▶ ──┘
 *
 * Before a hub ends, or the store changes hands, what is known is kept as it is then.
 *
 * Of the hubs that know an act the first that took its newest event has it kept, as streams may be
 * told of it one after another. The others find that out when they ask. Where there are several
 * none is sure that nothing more can come of it: one may be late itself. A hub that ends leaves it
 * to those that go on; of the last ones each has it kept.
 *
 * Owns:     struct extent, which its streams' acts share.
 * Used by:  spread.c, hub.c.
 * Thread:   the hub's reactor; a call visits each hub in turn, as figures.h.
 * Bound:    EXTENTS_MAX acts a hub; the oldest is forgotten. EXTENT_KEEPS_MAX are being kept at
 *           once, asked for together, once in EXTENT_ROUND_MS.
 * Promise:  an act is known here until EXTENT_LINGER_MS after it was to be kept, so that who finds
 *           nothing in the store finds it here.
 */
#pragma once

#include "base/call.h"
#include "base/histogram.h"
#include "hub/heart.h"

enum {
    EXTENTS_MAX = 1024,
    EXTENT_KEEPS_MAX = 256,
    EXTENT_ROUND_MS = 1000,
    EXTENT_SOON_MS = 2000,
    EXTENT_LATE_MS = 1000,
    EXTENT_RETRY_MS = 3000,
    EXTENT_LINGER_MS = 10 * 1000,
};

struct extent {
    struct link link;     // in hub->extents, oldest first
    struct map_node node; // in hub->extents_by_act
    uint32_t refs;
    bool is_away; // it is being kept
    uint64_t act;
    int64_t newest_ms; // when the newest of its events was published
    int64_t keep_ms;   // when it is to be kept next; INT64_MAX: it was
    uint64_t viewers, written, cut;
    struct exposure_lost exposed;
    struct reach_figures kept; // by this hub, last
    int64_t kept_newest_ms;    // of all hubs then; 0: it did not
    struct histogram took;
};

/* Of the act, made if it is not there, with a reference; an event of it was published then. NULL:
 * no memory. */
struct extent *extent_open(struct hub *hub, uint64_t act, int64_t published_ms);
void extent_unref(struct extent *extent); // NULL is legal

struct reach_call {
    struct call call;
    uint64_t act;
    /* -- the answer -- */
    bool known; // some reactor remembers it
    struct reach_figures figures;
    /* -- the hubs' -- */
    struct hub *at;
    size_t visited;
    size_t keeper;       // of the hubs that know it: the first of those that have its newest event,
    bool keeper_goes_on; // of those that do not end, if there are such
    int64_t keeper_ms;   // when its newest event was published
    int64_t newest_ms;   // that of all
    struct histogram took;
};
void extent_ask(struct hub *hub, struct reach_call *call);

/* What all hubs know by now is kept, one hub after the other; then the call is answered. One at a
 * time, any thread. */
struct reach_saving {
    struct call call;
    /* -- the hubs' -- */
    struct hub *at;
    size_t visited;
};
void extent_save(struct hub *hub, struct reach_saving *saving);

/* The hub ends: what it knows is kept in its turns from now on, as calls that it waits for. */
void extent_close(struct hub *hub);
/* Has kept what is due; returns when it wants to be called again. */
int64_t extent_turn(struct hub *hub);
void extent_done(struct hub *hub);
