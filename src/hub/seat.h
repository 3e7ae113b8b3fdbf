// SPDX-License-Identifier: Apache-2.0
/* seat -- what a viewer is to the hub: its ops, its place in the log, what it asked for. Types
 * only; what one does with them is in viewer.h.
 *
 * Owns:     nothing; struct viewer is embedded in what serve/ keeps for a reader (an SSE response,
 *           a joined stream of a WebSocket, a long poll).
 * Used by:  serve/ through viewer.h, and every room of the hub.
 * Thread:   its reactor's.
 */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"
#include "wire/cursor.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct viewer;

/* How events and signals become bytes; the hub never looks inside. encoding.h has those there are.
 */
struct encoding {
    const char *name; // "sse", "ws", "sse gzip", "ws deflate"
    /* One event as one frame; `epoch` for the SSE id. */
    void (*event)(struct buf *out, const struct event *event, struct str stream, uint64_t prev,
                  const struct epoch *epoch);
    /* One signal (hello, gap, presence...) as one frame. */
    void (*signal)(struct buf *out, struct str json);
    /* A signal that moves the cursor to `seq` (mark, digest). */
    void (*moving)(struct buf *out, struct str json, uint64_t seq, const struct epoch *epoch);
    /* When to come back after a loss, before everything else; NULL: it has no word for that. */
    void (*retry)(struct buf *out, uint32_t retry_ms);
    /* Shared compression (train.h): takes the next part of `*frame` that is compressed, empty when
     * there is none. NULL: such frames are only ever sent as they are. */
    struct str (*part)(struct str *frame);
    /* Frames that were compressed together, as they leave. */
    void (*segment)(struct buf *out, struct str deflated);
    uint32_t segment_bytes; // frames are compressed together up to that many; 0: each alone
};

enum viewer_refusal { VIEWER_NO_STREAM, VIEWER_STORE_DOWN, VIEWER_OVERLOADED };

/* All are called from hub_turn() only. `open`, `refuse` and `collect` may call viewer_leave() and
 * viewer_join(); `write` and `keep` call nothing of the hub. */
struct viewer_ops {
    /* The join is admitted: from here on bytes may come. Called once, before any other. Of a long
     * poll: the log was looked at; `collect` follows at once, or nothing newer is there yet and
     * viewer->last_seq is where it waits. */
    void (*open)(struct viewer *viewer);
    /* It is not: the viewer is IDLE again. */
    void (*refuse)(struct viewer *viewer, enum viewer_refusal why);
    /* As whom it is authenticated, port_user_hash(); asked of those who are. */
    uint64_t (*user)(const struct viewer *viewer);
    /* Takes what the socket takes now and says how much; 0..len. Less than len: the viewer is
     * blocked until viewer_writable(). */
    size_t (*write)(struct viewer *viewer, const uint8_t *bytes, size_t len);
    /* It was not sent an act in time: it is to leave, told `slow` if that can be. NULL: it is let
     * be. Called as `open` is. */
    void (*cut)(struct viewer *viewer);
    /* The rest of a frame that write() took in part: the connection's to send first. */
    void (*keep)(struct viewer *viewer, const uint8_t *bytes, size_t len);
    /* Long poll only (encoding NULL): events found, ascending, borrowed; `cursor` is the highest
     * position they cover; the viewer is IDLE again. Of a sparse lane they are all the events up to
     * there, carried or not. `resync`: its cursor was of another life.
     * viewer->expired tells what retention took from before them. */
    void (*collect)(struct viewer *viewer, struct event *const *events, size_t count,
                    const struct cursor *cursor, bool resync);
};

/* A viewer that nothing else can be: no name, no session. Presence counts it and lists nobody, so
 * that it costs no memory. */
#define IDENTITY_SOLE UINT64_MAX

enum viewer_mode { VIEWER_IDLE, VIEWER_OPENING, VIEWER_CATCHUP, VIEWER_LIVE };

struct stream;
struct channel;
struct catchup;

struct viewer {
    const struct viewer_ops *ops;
    struct stream *stream;   // borrowed while not IDLE
    struct channel *channel; // borrowed while LIVE
    struct link link;        // in one list of heart.h, named there
    uint64_t last_seq;       // the last event it was sent (or its join position)
    union {                  // a long poll is never LIVE
        struct {
            uint64_t cursor;       // LIVE: absolute ring offset of the next frame; a frame's start
            uint64_t last_ordinal; // LIVE: last_seq's number in the stream's count, for gaps
        };
        struct {
            uint64_t from, to;
        } expired; // long poll: seqs from..to were the log's and are kept no more; to 0: none
    };
    uint64_t identity;       // presence: hash of user, else session; 0: none; or IDENTITY_SOLE
    struct catchup *catchup; // owned; what OPENING, CATCHUP and a long poll need; NULL when LIVE
    uint32_t index;          // LIVE: its place in channel->viewers
    uint8_t mode;            // enum viewer_mode
    uint8_t refusal;         // enum viewer_refusal, while in hub->refused
    uint8_t reader;          // enum reader_kind of tally.h
    uint8_t lane;            // enum lane of lane.h
    uint16_t acts_told;      // LIVE: of stream->act_count: copies of those up to it were sent early
    bool is_sparse : 1;      // sparse.c counts it
    bool is_open : 1;        // `open` was called
    bool blocked : 1;        // the socket was full; waits for viewer_writable()
    bool rides : 1;          // LIVE: what it was sent last came from its channel's train
    bool has_seat : 1;       // presence: crowd.c knows it
    bool counted : 1;        // presence: this connection beats now
    bool has_user : 1;       // it is authenticated: ops->user says as whom
    bool is_early : 1;       // LIVE: copies of acts it has still to be sent in order were sent
    bool moderates : 1;      // as a host, moderator or admin
};
_Static_assert(sizeof(struct viewer) <= 96, "512 bytes a viewer in all");

struct join {
    struct str stream;               // copied
    const struct encoding *encoding; // NULL: long poll
    bool has_cursor;
    struct cursor cursor; // resume after it
    uint32_t tail;        // backfill when there is no cursor: 0..500
    uint32_t limit;       // long poll: events at most
    uint8_t lane;         // enum lane of lane.h
    uint64_t identity;    // presence; 0: this reader does not count; IDENTITY_SOLE: not a long poll
    uint64_t address;     // long poll: where its beat counts (hash); 0: nowhere
    struct str name;      // for the roster; empty: none. Copied
    uint64_t user;        // who reads, port_user_hash(): whose view it is; 0: anonymous
    bool moderates;       // host, moderator, admin: is told what moderators are
    uint32_t retry_ms;    // SSE: the jittered retry: line; 0: none
};
