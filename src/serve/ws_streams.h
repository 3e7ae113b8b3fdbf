// SPDX-License-Identifier: Apache-2.0
/* ws_streams -- the streams one WebSocket reads: each a viewer of the hub, all on one output.
 *
 * Owns:     its streams, and the output they share with the connection.
 * Used by:  ws_conn.c.
 * Thread:   its reactor's.
 * Bound:    ws_limits.streams.
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "rules/jwt.h"
#include "serve/streaming.h"
#include "serve/ws_output.h"

#include <stdbool.h>
#include <stdint.h>

struct ws_stream; // ws_streams.c
/* Says that it was too slow, and closes: ws_conn.c. */
void ws_conn_let_go(struct ws_conn *ws);

struct ws_streams { // the first member of its ws_conn
    struct ws_output output;
    struct ws_stream *first;  // owned; NULL: none
    const struct ws_ops *ops; // joined, refused
};

void ws_streams_pool_init(struct pool *pool); // server->ws_streams
void ws_streams_init(struct ws_streams *streams, const struct ws_ops *ops, struct carrier *carrier);
void ws_streams_done(struct ws_streams *streams); // leaves them all; again is legal

/* As ws_conn_join(), _leave(), _change_lane(), _denied() and ws_conn_stream() of streaming.h. */
MUST_USE enum err ws_streams_join(struct ws_streams *streams, const struct join *join);
MUST_USE enum err ws_streams_leave(struct ws_streams *streams, struct str name);
struct str ws_streams_denied(const struct ws_streams *streams, const struct claims *claims);
MUST_USE enum err ws_streams_change_lane(struct ws_streams *streams, struct str name,
                                         enum lane lane);
struct str ws_streams_only(const struct ws_streams *streams);

void ws_streams_writable(struct ws_streams *streams);
void ws_streams_beat(struct ws_streams *streams, bool alive);
/* Its present token is this: viewer_recognize(). */
MUST_USE enum err ws_streams_recognize(struct ws_streams *streams, const struct claims *claims);
void ws_streams_identify(struct ws_streams *streams, uint64_t identity);
