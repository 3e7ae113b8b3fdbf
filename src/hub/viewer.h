// SPDX-License-Identifier: Apache-2.0
/* viewer -- one open reader of one stream: a place in the log, and nothing of its own to be sent.
 *
 * Owns:     no bytes.
 * Used by:  serve/.
 * Thread:   its reactor's.
 * Promise:  between hello and its end it gets each event of its stream once, in order, or a `gap`
 *           that counts what it was spared; never a byte after viewer_leave().
 *
 *          viewer_join()             stream open, synced           at the newest, or in the ring
 *   IDLE ────────────────▶ OPENING ──────────────────────▶ CATCHUP ──────────────────────▶ LIVE
 *    ▲ ▲                      │ refused                       │ ▲   its place was forgotten:  │
 *    │ └──────────────────────┘                               │ └── told `gap` ◀─────────────┘
 *    └──── viewer_leave() in any mode; a long poll: collect ◀─┘
 *
 * A viewer of either mode whose socket is full is `blocked` and costs nothing until
 * viewer_writable().
 */
#pragma once

#include "hub/lane.h"
#include "hub/seat.h"

struct hub;

/* Begins; the answer comes by ops (open or refuse), never from inside this call. */
void viewer_join(struct hub *hub, struct viewer *viewer, const struct viewer_ops *ops,
                 const struct join *join);
/* Ends it now, in any mode; IDLE is legal. No op is called after. */
void viewer_leave(struct hub *hub, struct viewer *viewer);
/* Of a long poll that is open: something newer is there, and read for it; `collect` follows. */
bool viewer_is_behind(const struct viewer *viewer);
/* What the lane of this viewer carries. */
struct lane_rule viewer_rule(const struct hub *hub, const struct viewer *viewer);
/* Another lane from where it stands: a new hello, resumed, then what that lane has. Of one that is
 * not open yet the first hello names it. Not of IDLE, nor of a long poll. ERR_NOMEM. */
MUST_USE enum err viewer_change_lane(struct hub *hub, struct viewer *viewer, enum lane lane);
/* The socket can take bytes again and nothing kept waits before them. */
void viewer_writable(struct hub *hub, struct viewer *viewer);
/* The connection sent bytes of its own between two of the viewer's, where readers of one compressed
 * stream cannot all have them. */
void viewer_sent_own(struct viewer *viewer);
/* The name of the stream it reads, borrowed until it leaves; empty when it is IDLE or that could
 * not be opened. */
struct str viewer_stream(const struct viewer *viewer);
/* What it joined with; NULL: a long poll, or IDLE. */
const struct encoding *viewer_encoding(const struct viewer *viewer);
/* What stands for a user of that id: viewer_ops.user, join.user. */
uint64_t viewer_user_hash(const struct hub *hub, struct str user);
/* Its connection is authenticated as somebody else now; 0: as nobody. ops->user says so from now
 * on. ERR_NOMEM: it stays who it was. */
MUST_USE enum err viewer_recognize(struct viewer *viewer, uint64_t user, bool moderates);
/* Presence: an open connection that stopped acknowledging (false) or does again (true). */
void viewer_beats(struct hub *hub, struct viewer *viewer, bool alive);
/* One of IDENTITY_SOLE is `identity` from now on, before anything that is asked of presence later.
 * Of others, and without memory, nothing changes. */
void viewer_identify(struct hub *hub, struct viewer *viewer, uint64_t identity);
