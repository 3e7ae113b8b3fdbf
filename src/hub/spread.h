// SPDX-License-Identifier: Apache-2.0
/* spread -- how far each act of a stream gets: how many viewers it is for, to how many of them it
 * was written, early or in order, once each, and after how long. Who was not sent it in time is
 * cut, and resumes. What comes of it is summed up in the act's extent (extent.h).
 *
 * Owns:     struct spread of a stream; there is none before its first act with viewers.
 * Used by:  stream.c (acts), flush.c, early.c, tell.c (what was written), hub.c.
 * Thread:   the hub's reactor.
 * Bound:    options.reach_acts acts a stream, the newest.
 */
#pragma once

#include "hub/heart.h"

/* An act was taken in: stream->act_count is its number. */
void spread_take(struct stream *stream, const struct event *event);
/* It was written to so many. */
void spread_written(struct stream *stream, uint64_t number, uint64_t viewers);
/* In order, to one who catches up, and had copies of those up to `told`. */
void spread_written_seq(struct stream *stream, uint64_t seq, uint64_t told);
void spread_done(struct stream *stream);
/* Cuts who is late; returns when it wants to be called again. */
int64_t spread_turn(struct hub *hub);
