// SPDX-License-Identifier: Apache-2.0
/* catchup -- brings a viewer from where it stands to the newest: from the ring if that reaches
 * back, else from the stream's tail in memory, else from the store, page by page as its socket
 * takes them. Long polls are answered here too.
 *
 *   position ──▶ [acts of a counted hole] ──▶ tail or store, pages ──▶ in the ring: LIVE
 *
 * In a sparse lane sift.c writes the pages, and the newest is sparse_newest(). Who stands behind
 * that, or where no frame of the ring ends, as its cursor comes from another lane, waits until
 * the lane has come so far, and is told what that is for itself.
 *
 * Owns:     struct catchup of each viewer that is OPENING, CATCHUP or a waiting long poll.
 * Used by:  join.c (which decides where it begins), skip.c (slow readers), viewer.c.
 * Thread:   the hub's reactor.
 * Bound:    one page and one read of a viewer; `budget` steps a turn over all viewers, so that
 *           catching up never holds up those who are live.
 * Promise:  no gap without a `gap`: a frame whose prev is not what the viewer has is preceded by
 *           one that says "expired", since only retention makes such a hole.
 */
#pragma once

#include "hub/pursuit.h"

/* NULL: no memory. `join` NULL: of a viewer that was LIVE. */
MUST_USE struct catchup *catchup_new(struct hub *hub, struct viewer *viewer,
                                     const struct join *join);
/* The viewer reads this stream. */
void catchup_enter(struct catchup *catchup, struct stream *stream);
/* The viewer leaves or needs it no more; viewer->catchup is NULL after. */
void catchup_drop(struct viewer *viewer);
void catchup_free(struct catchup *catchup); // one that no viewer holds
/* Asks the store; the viewer comes back into hub->admits or hub->catching. Where, what and limit
 * are set in the request. */
void catchup_read(struct catchup *catchup, struct read *read);
void catchup_count(struct catchup *catchup, uint64_t after, uint64_t upto);
void catchup_count_hole(struct catchup *catchup); // with what is removed of it

/* One that is LIVE, and has a place in the ring, goes on by pages from where it stands: something
 * of its own comes first. ERR_NOMEM. */
MUST_USE enum err catchup_part(struct viewer *viewer);
/* Works off hub->catching; returns when it wants to go on: hub->now_ms when the budget ran out. */
int64_t catchup_turn(struct hub *hub, uint32_t *budget);
/* A viewer that is open begins anew where it stands, in that lane: hello, resumed. ERR_NOMEM. */
MUST_USE enum err catchup_change_lane(struct hub *hub, struct viewer *viewer, enum lane lane);
/* The viewer can go on: into hub->catching. */
void catchup_resume(struct viewer *viewer);
/* Memory or the store failed it: again in a while. */
void catchup_rest(struct viewer *viewer);
void catchup_rest_until_later(struct hub *hub, struct viewer *viewer); // in any mode
/* More is there for it than it has been given. */
bool catchup_is_behind(const struct viewer *viewer);
/* Long polls of the stream have something to be answered with. */
void catchup_wake_pollers(struct stream *stream);
