// SPDX-License-Identifier: Apache-2.0
/* streaming -- how api/ turns an exchange into a reader: Server-Sent Events, long poll, WebSocket.
 *
 * The rooms behind it: sse_reader.c, poll.c, ws_conn.c.
 *
 * Thread:   the reactor's.
 * Promise:  a reader ends by `goaway` and close whenever that can still be written: drain, token
 * expired, replaced, stalled.
 *
 * What these rooms answer themselves, before a join is tried: 503 `draining`, 503 `full`, 429
 * `conns_address` (behind a trusted proxy, where only the request says who it is), and what
 * ws_conn_open() says. The answers carry reader.cors_headers.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "hub/viewer.h"
#include "rules/jwt.h"
#include "serve/exchange.h"
#include "wire/cursor.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;
/* Of server->sse_readers and server->ws_conns. */
void sse_reader_pool_init(struct pool *pool);
void ws_conn_pool_init(struct pool *pool);

/* Who reads; copied. */
struct reader {
    struct claims *claims;   // a reference of the callee's own is taken; NULL: anonymous
    struct str cors_headers; // header lines for the answer, each "Name: value\r\n"; or empty
};

/* Takes the exchange over. A refused join is answered through `refused` (the handler's problem
 * answer). join->retry_ms and join->encoding are set here. */
void sse_reader_open(struct exchange *exchange, const struct join *join,
                     const struct reader *reader,
                     void (*refused)(struct exchange *exchange, enum viewer_refusal why));

/* Waits at most wait_ms for something newer. `found` answers the exchange; events are borrowed for
 * the call; count 0: the wait is over (or the server drains). */
struct poll_found {
    struct event *const *events;
    size_t count;
    uint64_t after;       // where it came from; 0: the beginning, or without a cursor
    struct cursor cursor; // the highest position they cover; without an epoch: the present one
    uint64_t expired_from, expired_to; // seqs that were asked for and are kept no more; to 0: none
    struct lane_rule rule;             // of a sparse lane: events not carried are there, too
    bool resync;                       // its cursor was of another life
    bool moderates;                    // who polls: is told who did what
    uint64_t user;                     // port_user_hash() of them; 0: nobody in particular
};
struct poll_ops {
    void (*found)(struct exchange *exchange, const struct poll_found *found);
    void (*refused)(struct exchange *exchange, enum viewer_refusal why);
};
enum { POLL_WAIT_MS_MAX = 30 * 1000 };
struct poll_options {
    struct reader reader;
    uint32_t wait_ms; // <= POLL_WAIT_MS_MAX
    const struct poll_ops *ops;
};
void poll_open(struct exchange *exchange, const struct join *join,
               const struct poll_options *options);

/* ---- WebSocket ---- */
struct ws_conn;

struct ws_ops {
    void (*message)(struct ws_conn *ws, struct str text); // one JSON text message; borrowed
    /* Echo only. NULL: a binary message is closed with 1003. */
    void (*binary)(struct ws_conn *ws, struct str bytes);
    void (*joined)(struct ws_conn *ws, struct str stream);
    void (*refused)(struct ws_conn *ws, struct str stream, enum viewer_refusal why);
    void (*closed)(struct ws_conn *ws); // last call; user memory may go
    uint32_t message_bytes_max;         // 0: as the server limits it
};

/* Checks the handshake (RFC 6455 4.2.1: answers 400, 405 or 426 itself and returns ERR_PROTO),
 * takes the exchange over whatever it returns, answers 101. ERR_LIMIT: 503 or 429 was answered;
 * ERR_CLOSED: the client is gone; ERR_NOMEM. Ops come from the loop, never from inside this call.
 */
MUST_USE enum err ws_conn_open(struct exchange *exchange, const struct reader *reader,
                               const struct ws_ops *ops, void *user, struct ws_conn **ret_ws);
void *ws_conn_user(struct ws_conn *ws);
struct server *ws_conn_server(struct ws_conn *ws);
/* Whose connection it is, for limits: without a port. */
void ws_conn_client(const struct ws_conn *ws, struct address *ret_client, bool *ret_trusted);
struct claims *ws_conn_claims(struct ws_conn *ws); // borrowed; NULL: anonymous
/* A new token: the expiry follows it. */
void ws_conn_set_claims(struct ws_conn *ws, struct claims *claims);
/* One text message; a full out buffer cuts the connection (from the loop, not from inside). */
void ws_conn_send(struct ws_conn *ws, struct str json);
void ws_conn_send_binary(struct ws_conn *ws, struct str bytes); // debug echo
/* ERR_LIMIT: as many are joined as may be; ERR_EXISTS: joined already; ERR_CLOSED: it is closing;
 * ERR_DENIED: the node is full; ERR_NOMEM. Hub frames follow. */
MUST_USE enum err ws_conn_join(struct ws_conn *ws, const struct join *join);
MUST_USE enum err ws_conn_leave(struct ws_conn *ws, struct str stream); // ERR_NOT_FOUND
/* A joined stream that its present token does not allow; empty: none. Borrowed until it is left. */
struct str ws_conn_denied(struct ws_conn *ws);
/* viewer_identify() of the streams that are joined. */
void ws_conn_identify(struct ws_conn *ws, uint64_t identity);
/* Of a stream it has joined: hello of that lane follows. ERR_NOT_FOUND; ERR_NOMEM. */
MUST_USE enum err ws_conn_change_lane(struct ws_conn *ws, struct str stream, enum lane lane);
/* The only stream joined, for messages that name none; empty when none or several. */
struct str ws_conn_stream(struct ws_conn *ws);
void ws_conn_close(struct ws_conn *ws, uint16_t code, struct str reason);
/* A message that broke the contract; ws_limits.bad_messages of them close with 1008. */
void ws_conn_bad_message(struct ws_conn *ws);
