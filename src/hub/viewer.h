// SPDX-License-Identifier: Apache-2.0
/* viewer -- one open reader of one stream: a place in the log, and nothing of its own to be sent.
 *
 * Owns:     no bytes. Embedded in what serve/ keeps for the reader (an SSE response, a joined
 *           stream of a WebSocket, a long poll).
 * Thread:   its reactor's.
 * Promise:  between hello and its end it gets each event of its stream once, in order, or a `gap`
 *           that counts what it was spared; never a byte after viewer_leave().
 *
 *        viewer_join()
 *   IDLE ──────────▶ OPENING ──stream open, synced──▶ CATCHUP ──at the newest──▶ LIVE
 *    ▲                 │ refused                        ▲  │ socket full: blocked │ the same
 *    └ viewer_leave() ◀┴────────────────────────────────┼──┴──────────────────────┤
 *                                                       └ never: a slow live viewer is told `gap`
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

struct hub;
struct viewer;

/* How events and signals become bytes. Two exist: SSE and WebSocket; the hub never looks inside. */
struct encoding {
    const char *name; // "sse", "ws"
    /* One event as one frame; `epoch` for the SSE id. */
    void (*event)(struct buf *out, const struct event *event, struct str stream, uint64_t prev,
                  const struct epoch *epoch);
    /* One signal (hello, gap, presence...) as one frame. */
    void (*signal)(struct buf *out, struct str json);
};

enum viewer_refusal { VIEWER_NO_STREAM, VIEWER_STORE_DOWN, VIEWER_OVERLOADED };

struct viewer_ops {
    /* The join is admitted: from here on bytes may come. Called once, before any other. */
    void (*open)(struct viewer *viewer);
    /* It is not: the viewer is IDLE again. */
    void (*refuse)(struct viewer *viewer, enum viewer_refusal why);
    /* Takes what the socket takes now and says how much; 0..len. Less than len: the viewer is
     * blocked until viewer_writable(). Never calls back into the hub. */
    size_t (*write)(struct viewer *viewer, const uint8_t *bytes, size_t len);
    /* The rest of a frame that write() took in part: the connection's to send first. */
    void (*keep)(struct viewer *viewer, const uint8_t *bytes, size_t len);
    /* Long poll only (encoding NULL): events found, ascending, borrowed; `cursor` is the highest
     * position they cover; the viewer is IDLE again. `resync`: its cursor was of another life. */
    void (*collect)(struct viewer *viewer, struct event *const *events, size_t count,
                    const struct cursor *cursor, bool resync);
};

enum viewer_mode { VIEWER_IDLE, VIEWER_OPENING, VIEWER_CATCHUP, VIEWER_LIVE };

struct stream;
struct channel;

struct viewer {
    const struct viewer_ops *ops;
    struct stream *stream;   // borrowed while not IDLE
    struct channel *channel; // borrowed while LIVE
    struct link link;        // in stream->joiners, stream->catching or stream->pollers
    uint64_t cursor;         // LIVE: absolute ring offset of the next frame; a frame's start
    uint64_t last_seq;       // the last event it was sent (or its join position)
    uint64_t identity;       // presence: hash of user, else session, else connection
    uint32_t index;          // LIVE: its place in channel->viewers
    uint8_t mode;            // enum viewer_mode
    bool blocked;            // the socket was full; waits for viewer_writable()
    bool hidden;             // presence: not watching
    bool counted;            // presence: this connection beats now
    struct join_state *join; // owned; what OPENING and CATCHUP need, NULL when LIVE
};

struct join {
    struct str stream;               // copied
    const struct encoding *encoding; // NULL: long poll
    bool has_cursor;
    struct cursor cursor; // resume after it
    uint32_t tail;        // backfill when there is no cursor: 0..500
    uint32_t limit;       // long poll: events at most
    uint64_t identity;    // presence; 0: this reader does not count
    struct str name;      // for the roster; empty: none. Copied
    uint32_t retry_ms;    // SSE: the jittered retry: line; 0: none
};

/* Begins; the answer comes by ops (open or refuse), never from inside this call. */
void viewer_join(struct hub *hub, struct viewer *viewer, const struct viewer_ops *ops,
                 const struct join *join);
/* Ends it now, in any mode; IDLE is legal. No op is called after. */
void viewer_leave(struct hub *hub, struct viewer *viewer);
/* The socket can take bytes again and nothing kept waits before them. */
void viewer_writable(struct hub *hub, struct viewer *viewer);
/* Presence: an open connection that stopped acknowledging (false) or does again (true). */
void viewer_beats(struct hub *hub, struct viewer *viewer, bool alive);
