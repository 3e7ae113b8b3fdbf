// SPDX-License-Identifier: Apache-2.0
/* heart -- what the rooms of one hub share: the hub, its streams, their channels. Data only; each
 * part is worked on by the room named with it.
 *
 *   hub ──▶ stream (by name) ──▶ tail (newest events)
 *                 │          ├─▶ crowd (who watches it here)
 *                 │          ├─▶ sparse (its lanes but `full`)
 *                 │          └─▶ channel, one an encoding and lane ──▶ ring (bytes)
 *                 │                       └──▶ viewers, LIVE: a dense array
 *                 └──▶ joiners, pollers          the others: in one list each, below
 *
 * Nothing is done inside callbacks: a letter, an answer of the port, a socket that can take bytes
 * again only puts its stream or viewer into a list; hub_turn() then works the lists off, so that
 * no room is ever entered while another stands in the middle of something.
 *
 * Thread:   the hub's reactor.
 */
#pragma once

#include "base/histogram.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mutant.h"
#include "hub/exposure.h"
#include "hub/hub_options.h"
#include "hub/patience.h"
#include "hub/port.h"
#include "hub/recent.h"
#include "hub/removed.h"
#include "hub/ring.h"
#include "hub/seat.h"
#include "hub/tail.h"
#include "hub/tally.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    STREAM_IDLE_MS = 10 * 1000,      // a stream nobody reads is kept that long
    STREAM_RETRY_MS = 1000,          // an engine that failed is asked again after
    STREAM_PRIME_EVENTS = 64,        // read at opening, so that joiners find them in memory
    STREAM_TAIL_BYTES_MAX = 1 << 20, // of one stream's events in memory
    STREAM_ORDINAL_BASE = 1 << 20,   // so that what lies before the first event seen has one, too
    STREAM_ACTS_MAX = 1000,          // of a hole that are still sent; more: resync "far"
    RING_LOOK_MS = 10 * 1000,        // a ring with memory is asked for what it did not need
    RING_LOOK_GRID_MS = 100,         // many of them together, ten times a second at most
    HUB_FRAME_BYTES_MAX = 256 * 1024,
};

struct train;
struct spread;
/* Of frames that passed: lag.c. */
struct volume {
    uint64_t frames, bytes; // without their heads
};
static inline void volume_add(struct volume *volume, size_t bytes)
{
    volume->frames++;
    volume->bytes += bytes;
}
/* Up to where each sparse lane has been told. */
struct lane_places { // sparse.c
    struct ring_place of[LANES];
    struct volume told[LANES];
};

struct channel { // channel.c, flush.c
    struct stream *stream;
    struct channel *next;   // in stream->channels
    struct link roomy_link; // in hub->roomy, while its ring holds memory
    int64_t look_ms;        // when it is asked for what it did not need
    const struct encoding *encoding;
    struct ring ring;
    struct viewer **viewers; // owned array; LIVE ones, borrowed
    uint32_t count, cap;
    uint32_t round_left; // of the round under way: viewers [0, round_left) are still to be visited
    uint64_t round_needed; // the lowest cursor met or joined in it
    struct train *train;   // train.c; owned; NULL: nothing is compressed
    uint64_t round_head;   // the ring's head when it began
    uint8_t lane;          // enum lane
};

enum stream_call_state { CALL_NONE, CALL_AWAY, CALL_BACK };

/* Of whom something is shadowed, and what was counted here of what others were not sent of it. */
struct shadow_author {
    uint64_t user, newest; // hash; seq
    uint64_t events, unsent;
    struct volume told;
    uint64_t late_ms; // from submit to when the newest came here
    struct recent comments_recent;
};

struct stream {           // stream.c
    struct map_node node; // in hub->streams
    struct hub *hub;
    struct link step_link; // in hub->stepping
    struct link idle_link; // in hub->idle, while nobody reads it
    struct link away_link; // in hub->away, while one of its calls is
    struct link due_link;  // in hub->due, while its rings hold what was not flushed
    int64_t idle_since_ms;

    /* -- following the log -- */
    struct watch watch;
    struct read read;
    uint8_t watch_call, unwatch_call, read_call; // enum stream_call_state
    enum stream_read { READ_PRIME, READ_UP, READ_DEEPER } read_what;
    bool watched, primed, closing;
    bool primes_on;        // what was read was shadowed, all of it: it goes on below that
    bool wants_deeper;     // a joiner needs older events than the tail has
    int64_t retry_ms;      // not to be asked before
    uint64_t newest;       // the last event seen here that everybody is shown
    uint64_t heard;        // the last event seen here, shadowed ones too
    uint64_t target;       // the last known to exist; newer than `heard` while it catches up
    uint64_t target_shown; // of those that everybody is shown
    uint64_t ordinal;      // events seen here
    struct volume told;    // of those that everybody is shown
    uint32_t lent;         // private calls of viewers, away with this stream's name
    enum stream_state state;
    struct tail tail;
    struct tail shadowed;          // comments that their authors alone are shown: view.c
    struct shadow_author *authors; // owned; [author_count] of them, by whose these are or were
    uint32_t author_count, author_cap;
    struct tail acts;             // events that are never spared, for those who miss a part
    struct removed removed;       // which places are, for gaps
    struct exposure exposure;     // for how long how many have watched
    struct event *settings;       // facts.c: the newest; a reference, or NULL
    struct event *pins[PINS_MAX]; // references; [pin_count]
    uint32_t pin_count;
    struct spread *spread; // spread.c; owned; NULL: no act was for anybody
    uint64_t act_count;    // acts seen here
    uint64_t retracted;    // the newest retract that was applied here
    struct link pursuits;  // struct catchup by stream_link: of who joins, catches up or polls
    struct link staff;     // struct catchup by staff_link: of who moderates; staff.c

    /* -- what moderators are told that no moderator did: herald.c -- */
    struct link staffed_link; // in hub->staffed, while somebody moderates
    struct link hushed_link;  // in hub->hushed, while their number is to be told
    int64_t routine_ms;       // when the second began
    uint32_t routine;         // told in it one by one
    uint32_t hushed;          // not told

    /* -- viewers -- */
    struct channel *channels;
    struct link joiners; // until it is open, or has read deeper: viewers OPENING; while it is not
                         // open any that have something to be sent
    struct link pollers; // viewers CATCHUP with nothing to get until something newer comes: long
                         // polls, and those who stand where nobody of their sparse lane does
    struct lane_places *sparse; // struct sparse of sparse.c; NULL: nobody here reads such a lane
    int64_t watched_ms;         // when watch.at_ms was known here
    uint32_t readers[READER_KINDS];
    uint32_t viewer_count; // in any mode but IDLE
    uint32_t slow_count;
    uint32_t apart; // viewers that read in a view of their own

    /* -- flushing: flush.c -- */
    int64_t flushed_ms; // when events last left, or were to leave at the window's pace
    uint32_t merge_ms;  // gathers that long
    int64_t round_began_ms;
    uint64_t round_began_at; // `events` then
    uint64_t round_events;   // that came since the round before
    bool in_round;           // its viewers are being visited
    bool has_new;            // anything was appended since the round began
    bool has_new_events;     // an event was
    bool has_new_act;        // an act was, which waits for no window

    /* -- presence: crowd.c -- */
    struct map people;                    // struct attendee by identity
    struct link crowd_link;               // in hub->crowds, while the owner has to be told
    struct link untold;                   // struct attendee
    uint32_t present_here;                // identities with a connection here, and soles
    int32_t soles, soles_told;            // viewers of IDENTITY_SOLE, and what the owner was told
    uint32_t letters_away;                // to the owner
    bool told_interest;                   // the owner knows that this hub wants to be told
    uint32_t viewers_known, hidden_known; // as the owner last said
    uint64_t news;                        // how often it did, in a frame

    /* -- figures -- */
    uint64_t ridden_plain, ridden_sent; // bytes of riders, before and after compression
    uint64_t events, deliveries, gaps, shed, joins, resumes, on_time, on_time_of;
    struct recent comments_recent, deliveries_recent;
    struct histogram *visible; // owned; NULL until something was delivered

    uint32_t name_len;
    char name[]; // NUL behind
};

struct hub {
    struct hub_options options;
    struct hub *const *peers; // borrowed; all hubs, in the same order everywhere
    size_t peer_count;
    struct hub *self_only[1]; // what `peers` is until hub_meet()
    int64_t now_ms;           // of the present or last turn
    struct map streams;
    struct buf scratch;  // one frame being encoded
    struct buf deflated; // one segment being compressed
    struct link trains;  // struct train by used_ms

    /* -- streams -- */
    struct link stepping; // something came back, or is to be asked
    struct link away;     // a call of theirs is
    struct link failing;  // the engine refused: again at stream->retry_ms
    struct link due;      // rings to flush
    struct link idle;     // by idle_since_ms
    uint32_t idle_count;
    struct patience order, reads; // watch and unwatch, which go to the ordering point; read
    struct link crowds;           // presence to be told
    struct link roomy;            // struct channel by look_ms: shrink.c
    struct link spreading;        // struct spread of spread.c
    struct link extents;          // struct extent of extent.c, oldest first
    struct map extents_by_act;    // the same
    uint32_t extents_away;        // of them: being kept
    int64_t extents_ms;           // when to look at them,
    int64_t extents_round_ms;     // and no earlier than this
    bool saves_extents;           // all that is known of them, without a pause
    struct reach_saving *saving;  // borrowed until that is done: who waits for it; NULL: nobody
    struct link sparse;           // struct sparse of sparse.c
    struct link staffed, hushed;  // streams that somebody moderates: staff.c, herald.c
    int64_t sparse_ms;            // when the first window in them may be over

    /* -- viewers, each in at most one list -- */
    struct link refused;  // OPENING: to be told so
    struct link syncing;  // OPENING: by ticket
    struct link admits;   // OPENING: to be looked at now
    struct link catching; // CATCHUP: can go on now
    struct link ready;    // LIVE: unblocked, or joined behind head
    struct link resting;  // any: memory or the store failed; again at rest_until_ms
    int64_t rest_until_ms;

    /* -- sync: join.c -- */
    struct sync sync;
    bool sync_away;
    uint64_t sync_sent, sync_back; // tickets
    bool sync_wanted;

    /* -- presence of the streams this hub is the owner of: presence.c -- */
    struct map audiences;
    struct map sources;                 // sources.c
    struct link changed;                // audiences to be told about
    struct link beats;                  // struct person by beat_until_ms
    uint32_t people;                    // struct person of all audiences
    struct letter *inbox, **inbox_last; // opened, to be worked off in the turn
    uint32_t letters_away;

    /* -- ending -- */
    bool is_hurried; // nothing gathers any more
    bool closing;
    void (*closed)(void *user);
    void *closed_user;
    uint32_t calls_away;    // private reads of viewers
    struct viewer *opening; // whose `open` runs; NULL once it left

    struct tally tally;
};

/* What is newest in the lane: of `full` the newest event. */
static inline struct ring_place stream_place(const struct stream *stream, enum lane lane)
{
    return lane == LANE_FULL || stream->sparse == NULL
               ? (struct ring_place){.seq = stream->newest, .ordinal = stream->ordinal}
               : stream->sparse->of[lane];
}

static inline struct str stream_name(const struct stream *stream)
{
    return (struct str){.at = stream->name, .len = stream->name_len};
}

/* A removal was applied here since the store, or a count of it, had heard so far: what it answered
 * is not what the log says now, and is asked for again. */
static inline bool stream_removed_since(const struct stream *stream, uint64_t heard)
{
    return heard < stream->retracted && !mutant(READ_STALE);
}

/* Who watches it now; a letter is opened before the turn that it wakes, so that the event may know
 * the time better. NULL: there is none. */
static inline struct exposure_now stream_watching(const struct stream *stream,
                                                  const struct event *event)
{
    int64_t now_ms = stream->hub->now_ms;
    if (event != NULL && event->published_mono_ms > now_ms) {
        now_ms = event->published_mono_ms;
    }
    return (struct exposure_now){.viewers = (uint64_t)stream->readers[READER_SSE] +
                                            stream->readers[READER_WS],
                                 .now_ms = now_ms};
}
