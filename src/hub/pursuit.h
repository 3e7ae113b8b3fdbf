// SPDX-License-Identifier: Apache-2.0
/* pursuit -- what catching up keeps of a viewer that is OPENING, CATCHUP or a waiting long poll:
 * data, and what more than one room does to it. catchup.h says what it is for.
 *
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"
#include "hub/page.h"

enum {
    CATCHUP_READ_EVENTS = 64,
    CATCHUP_POLL_EVENTS_MAX = 500,
    CATCHUP_FAR_TAIL = 50,   // comments sent again to a slow reader who missed too many acts
    CATCHUP_NOTICES_MAX = 4, // kept for who opens only now
};
/* Events that are never spared. */
#define CATCHUP_ACT_KINDS (~(UINT32_C(1) << EVENT_COMMENT | UINT32_C(1) << EVENT_REMOVED))

/* What waits for a reader in a view of its own, by lag.c. */
struct lag {
    const struct lane_places *of; // the sparse lane that is counted; NULL: full
    struct volume told;           // of what passed there
    uint64_t waited;              // and more, in a ring that it left
    uint32_t head_bytes;          // of a frame without the event's body; 0: not known yet
    bool is_known;
    bool is_live; // its twin would be LIVE
    enum lag_step { LAG_NONE, LAG_ASKS_ACTS, LAG_HAS_ACTS, LAG_COUNTS } step; // of a hole
};

struct catchup {
    struct hub *hub;
    struct viewer *viewer;   // NULL: it left while a call was away; freed when that is back
    struct link stream_link; // in stream->pursuits
    struct link staff_link;  // in stream->staff, if its viewer moderates
    bool away;               // one of the calls below is the engine's
    struct stream *asked;    // while away: whose name the engine reads; it stays until then
    enum err result;         // of the call that came back

    /* -- what was asked for -- */
    const struct encoding *encoding; // NULL: long poll
    bool has_cursor;
    struct cursor cursor;
    uint32_t tail, limit, retry_ms;
    uint64_t address;        // long poll: where its beat counts
    char *name;              // owned; for the roster, or NULL
    uint64_t view;           // who reads: user hash; 0: anonymous
    bool is_apart;           // in a view of its own, so never LIVE
    struct lane_places *own; // of a sparse lane: its author's, of sparse.c; NULL: everybody's
    bool is_to_remind;       // of warnings of its user, once hello is out: remind.h
    uint8_t lane_next; // enum lane it changes to as soon as what is promised was sent; LANES: none

    /* -- join.c's plan -- */
    uint8_t step;       // enum join_step
    uint64_t ticket;    // of the sync that must be back
    bool waited_deeper; // the tail was already asked to reach further back
    bool resumed;
    uint64_t beyond;               // the cursor, if all behind the newest shown is hidden from it:
                                   // it stands there, though `position` is that newest
    const char *resync;            // why, or NULL
    uint64_t expired_to;           // what follows the cursor up to here is kept no more; 0: all is
    uint64_t hole_from, hole_upto; // spared: events in (from, upto]; equal: none
    uint64_t hole_count;
    bool owes_gap;    // of a slow reader: the hole is told before anything else
    bool was_counted; // by the log; `count` says
    struct lag lag;

    struct notice *notices[CATCHUP_NOTICES_MAX]; // references; [notice_count]: behind hello
    uint8_t notice_count;

    /* -- the way -- */
    uint64_t position; // what the viewer has, or its page will give it, or waits in `scribe`
    struct lane_scribe scribe; // of a sparse lane: sift.c
    struct read acts;          // of the hole, to be sent first
    uint32_t acts_at;
    struct read fetched; // from the store
    uint32_t fetched_at;
    struct count_call count;
    uint64_t acts_told;          // of stream->act_count: copies of the rest are to be sent early
    uint64_t acts_near;          // of those up to there only if its socket was full meanwhile
    uint64_t own_told, own_near; // the same of its author's own, by seq
    bool was_full;               // it was
    bool keeps_up;               // it had all, and its socket took all since
    bool is_early;               // copies were sent
    uint64_t news_seen; // of stream->news; who catches up gets no signals, only the last of them
    struct page page;
};

/* Of one that was LIVE: it is where that stood. */
void pursuit_stand(struct catchup *catchup);
/* Up to where it has all that it is shown, be that hidden from it. */
uint64_t pursuit_has(const struct catchup *catchup);
/* What was read of the log is given back; nor does it say any more what is kept there. */
void pursuit_forget_fetched(struct catchup *catchup);
/* What join.c found: it looks anew. */
void pursuit_forget_plan(struct catchup *catchup);
/* catchup->acts is to be read as it says from here on: what is never spared of the hole. */
void pursuit_ask_acts(struct catchup *catchup);
/* Some were read, and are still to be sent. */
bool pursuit_has_acts(const struct catchup *catchup);
