// SPDX-License-Identifier: Apache-2.0
/* streaming -- how api/ turns an exchange into a reader: Server-Sent Events, WebSocket, long poll.
 *
 * Thread:   the reactor's.
 * Promise:  a reader ends by `goaway` and close whenever that can still be written: drain, token
 * expired, replaced, stalled.
 */
#pragma once

#include "base/str.h"
#include "hub/viewer.h"
#include "rules/jwt.h"
#include "serve/exchange.h"

#include <stdbool.h>
#include <stdint.h>

/* Who reads; copied. */
struct reader {
    struct claims *claims;   // a reference of the callee's own is taken; NULL: anonymous
    struct str session;      // presence name of an anonymous reader; empty: the connection
    struct str cors_headers; // header lines for the answer, or empty
};

/* Takes the exchange over. A refused join is answered through `refused` (the handler's problem
 * answer). */
void sse_open(struct exchange *exchange, const struct join *join, const struct reader *reader,
              void (*refused)(struct exchange *exchange, enum viewer_refusal why));

/* Waits at most wait_ms for something newer. `found` answers the exchange; events are borrowed for
 * the call; count 0: the wait is over. */
struct poll_found {
    struct event *const *events;
    size_t count;
    struct cursor cursor;
    bool resync;
};
struct poll_ops {
    void (*found)(struct exchange *exchange, const struct poll_found *found);
    void (*refused)(struct exchange *exchange, enum viewer_refusal why);
};
void poll_open(struct exchange *exchange, const struct join *join, const struct reader *reader,
               uint32_t wait_ms, const struct poll_ops *ops);

/* ---- WebSocket ---- */
struct ws_conn;

struct ws_ops {
    void (*message)(struct ws_conn *ws, struct str text); // one JSON text message; borrowed
    void (*joined)(struct ws_conn *ws, struct str stream);
    void (*refused)(struct ws_conn *ws, struct str stream, enum viewer_refusal why);
    void (*closed)(struct ws_conn *ws); // last call; user memory may go
};

/* Checks the handshake (RFC 6455 4.2.1: answers 400, 405 or 426 itself and returns ERR_PROTO),
 * takes the exchange over, answers 101. */
MUST_USE enum err ws_open(struct exchange *exchange, const struct reader *reader,
                          const struct ws_ops *ops, void *user, struct ws_conn **ret_ws);
void *ws_user(struct ws_conn *ws);
struct server *ws_server(struct ws_conn *ws);
const struct address *ws_client(struct ws_conn *ws, bool *ret_trusted);
struct claims *ws_claims(struct ws_conn *ws); // borrowed; NULL: anonymous
/* A new token: the expiry timer follows it. */
void ws_set_claims(struct ws_conn *ws, struct claims *claims);
void ws_send(struct ws_conn *ws, struct str json); // one text message; a full out buffer closes it
void ws_send_binary(struct ws_conn *ws, struct str bytes); // debug echo
/* At most WS_STREAMS_MAX at once (ERR_LIMIT); ERR_EXISTS: joined already. Hub frames follow. */
enum { WS_STREAMS_MAX = 64 };
MUST_USE enum err ws_join(struct ws_conn *ws, const struct join *join);
MUST_USE enum err ws_leave(struct ws_conn *ws, struct str stream); // ERR_NOT_FOUND
/* The only stream joined, for messages that name none; empty when none or several. */
struct str ws_stream(struct ws_conn *ws);
void ws_close(struct ws_conn *ws, uint16_t code, struct str reason);
/* A message that broke the contract; the tenth closes with 1008. */
void ws_bad_message(struct ws_conn *ws);
