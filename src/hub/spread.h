// SPDX-License-Identifier: Apache-2.0
/* spread -- how far each act of a stream got: how many viewers it was for, to how many of them it
 * was written, early or in order, once each, and after how long. Who was not sent it in time is
 * cut, and resumes.
 *
 * Owns:     struct spread of a stream; there is none before its first act with viewers.
 * Used by:  stream.c (acts), flush.c, early.c, tell.c (what was written), hub.c.
 * Thread:   the hub's reactor; reach_call visits each hub in turn, as figures.h.
 * Bound:    options.reach_acts acts a stream, the newest; a bit a viewer.
 */
#pragma once

#include "base/call.h"
#include "base/histogram.h"
#include "hub/heart.h"

struct reach_call {
    struct call call;
    struct str stream;
    uint64_t seq; // the act's event
    /* -- the answer -- */
    bool known; // some reactor remembers it
    uint64_t viewers, applied, cut;
    uint64_t p50_ms, p95_ms;      // published to written
    struct exposure_lost exposed; // by what it removed: exposure.h
    /* -- the hubs' -- */
    struct hub *at;
    size_t visited;
    struct histogram took;
};
void spread_ask(struct hub *hub, struct reach_call *call);

/* An act was taken in: stream->act_count is its number. */
void spread_take(struct stream *stream, const struct event *act);
/* It was written to so many. */
void spread_written(struct stream *stream, uint64_t number, uint64_t viewers);
/* In order, to one who catches up, and had copies of those up to `told`. */
void spread_written_seq(struct stream *stream, uint64_t seq, uint64_t told);
void spread_done(struct stream *stream);
/* Cuts who is late; returns when it wants to be called again. */
int64_t spread_turn(struct hub *hub);
