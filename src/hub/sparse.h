// SPDX-License-Identifier: Apache-2.0
/* sparse -- the sparse lanes of one stream on one reactor: what each has made of the log so far,
 * and what waits to be told in it.
 *
 *   log       ... 90  91  92  93  94  95 ◀ stream->newest
 *   lane      ... ───────────┤ waits: told with the next that is carried, or when
 *                            ▲ the window of `at` is over
 *                            stream_place(): the newest there is for the lane's
 *                            channels, catch-up and polls
 *
 * A window is over when an event of a later one comes; in silence when the ordering point's clock
 * must have passed its end. Should one of the same window come after all (clocks step), it only
 * waits for its own turn: no event is told twice.
 *
 * Whose comments are shadowed (view.h) has lanes of their own, functions of the log as its author
 * is shown it: what is theirs alone begins, fills and ends windows and takes places in them as if
 * everybody were shown it, so that it comes to them when it would, and no more of it. Nothing is
 * written in them: who reads apart catches up, each by itself, to where their author's lane has
 * come.
 *
 * Owns:     struct sparse of a stream; there is none while nobody reads one of its sparse lanes,
 *           and none of an author while none of their viewers here does.
 * Used by:  stream.c, apart.c (events), join.c, catchup.c, sift.c, viewer.c, hub.c.
 * Thread:   the hub's reactor.
 * Bound:    LANE_DIGEST_BYTES_MAX a stream, and as much an author who reads here. No timer but one
 *           time a hub.
 */
#pragma once

#include "hub/pursuit.h"
#include "wire/removal.h"

/* The viewer, of an open stream, reads a sparse lane from now on, that of its user if something of
 * theirs is shadowed; again is legal. ERR_NOMEM. */
MUST_USE enum err sparse_enter(struct viewer *viewer);
void sparse_leave(struct viewer *viewer); // one that never entered is legal
/* It reads as somebody else now, or is about to leave: its lane is everybody's. */
void sparse_leave_own(struct catchup *catchup);
/* Up to where the lane that it reads has come; of `full` the newest that it is shown. */
uint64_t sparse_newest(const struct viewer *viewer);

/* The next event; stream->newest and ordinal are its own. */
void sparse_take(struct stream *stream, const struct event *event);
/* One that is its author's alone. */
void sparse_take_own(struct stream *stream, const struct event *event);
/* What waits is told, before something else is. */
void sparse_settle(struct stream *stream);
/* What waits loses what it removes; its numbers follow by sparse_recount(). */
void sparse_redact(struct stream *stream, const struct removal *removal);
/* Something was removed, from the tail, too. What waits is counted anew; where the tail does not
 * hold all of it, it is told as it was, at once: so it says what the log said up to there. */
void sparse_recount(struct stream *stream);
/* The log lost what lies up to `seq`; nothing waits. */
void sparse_cut(struct stream *stream, uint64_t seq);
struct lane_rule sparse_rule(const struct hub *hub, enum lane lane);

/* Tells what is due; returns when it wants to be called again. */
int64_t sparse_turn(struct hub *hub);
void sparse_check(const struct stream *stream);
