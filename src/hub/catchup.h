// SPDX-License-Identifier: Apache-2.0
/* catchup -- brings a viewer from where it stands to the newest: from the ring if that reaches
 * back, else from the stream's tail in memory, else from the store, page by page as its socket
 * takes them. Long polls are answered here too.
 *
 *   position ──▶ [acts of a counted hole] ──▶ tail or store, pages ──▶ in the ring: LIVE
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

#include "hub/heart.h"
#include "hub/page.h"

enum {
    CATCHUP_READ_EVENTS = 64,
    CATCHUP_POLL_EVENTS_MAX = 500,
    CATCHUP_FAR_TAIL = 50, // comments sent again to a slow reader who missed too many acts
};
/* Events that are never spared. */
#define CATCHUP_ACT_KINDS (~(UINT32_C(1) << EVENT_COMMENT | UINT32_C(1) << EVENT_REMOVED))

struct catchup {
    struct hub *hub;
    struct viewer *viewer; // NULL: it left while a call was away; freed when that is back
    bool away;             // one of the calls below is the engine's
    struct stream *asked;  // while away: whose name the engine reads; it stays until then
    enum err result;       // of the call that came back

    /* -- what was asked for -- */
    const struct encoding *encoding; // NULL: long poll
    bool has_cursor;
    struct cursor cursor;
    uint32_t tail, limit, retry_ms;
    char *name; // owned; for the roster, or NULL

    /* -- join.c's plan -- */
    uint8_t step;       // enum join_step
    uint64_t ticket;    // of the sync that must be back
    bool waited_deeper; // the tail was already asked to reach further back
    bool resumed;
    const char *resync;            // why, or NULL
    uint64_t expired_to;           // what follows the cursor up to here is kept no more; 0: all is
    uint64_t hole_from, hole_upto; // spared: events in (from, upto]; equal: none
    uint64_t hole_count;

    /* -- the way -- */
    uint64_t position; // what the viewer has, or its page will give it
    struct read acts;  // of the hole, to be sent first
    uint32_t acts_at;
    struct read fetched; // from the store
    uint32_t fetched_at;
    struct count_call count;
    uint64_t news_seen; // of stream->news; who catches up gets no signals, only the last of them
    struct page page;
};

/* NULL: no memory. `join` NULL: of a viewer that was LIVE. */
MUST_USE struct catchup *catchup_new(struct hub *hub, struct viewer *viewer,
                                     const struct join *join);
/* The viewer leaves or needs it no more; viewer->catchup is NULL after. */
void catchup_drop(struct viewer *viewer);
void catchup_free(struct catchup *catchup); // one that no viewer holds
/* A frame of its own page. ERR_NOMEM. */
struct signals_gap;
MUST_USE enum err catchup_write_gap(struct catchup *catchup, const struct signals_gap *gap);

/* Asks the store; the viewer comes back into hub->admits or hub->catching. Where, what and limit
 * are set in the request. */
void catchup_read(struct catchup *catchup, struct read *read);
void catchup_count(struct catchup *catchup, uint64_t after, uint64_t upto);

/* Works off hub->catching; returns when it wants to go on: hub->now_ms when the budget ran out. */
int64_t catchup_turn(struct hub *hub, uint32_t *budget);
/* The viewer can go on: into hub->catching. */
void catchup_resume(struct viewer *viewer);
/* Memory or the store failed it: again in a while. */
void catchup_rest(struct viewer *viewer);
void catchup_rest_until_later(struct hub *hub, struct viewer *viewer); // in any mode
/* Long polls of the stream have something to be answered with. */
void catchup_wake_pollers(struct stream *stream);
/* Why: an enum gap_why; the text stands in the gap. */
const char *catchup_why(enum gap_why why);
void catchup_count_gap(struct stream *stream, enum gap_why why, uint64_t shed);
