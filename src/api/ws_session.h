// SPDX-License-Identifier: Apache-2.0
/* ws_session -- what we keep for one WebSocket besides its connection, and how we answer on it.
 *
 * Outlives the connection while calls it made are away: `ws` is NULL then, and answers go nowhere.
 *
 * Owns:     the references (`ref`) of joins under way.
 * Used by:  ws_api.c.
 * Thread:   the reactor's.
 * Bound:    ws_limits.streams joins under way; policy ws_calls calls away.
 */
#pragma once

#include "api/ask.h"
#include "api/reading.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "hub/viewer.h"
#include "loop/wheel.h"
#include "serve/streaming.h"
#include "wire/json.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stdint.h>

enum { REF_TEXT_MAX = 64 };

/* What a client put into `ref`, to be given back as it was: a whole number or a short string. */
struct ref {
    int64_t number;
    char text[REF_TEXT_MAX];
    uint8_t text_len;
    uint8_t kind; // enum json_kind: NULL (none), INTEGER or STRING
};
/* ERR_PROTO: a `ref` that is neither. */
MUST_USE enum err ws_session_ref(const struct json *message, struct ref *ret_ref);

/* What waits until a client has said who it is. */
struct ws_welcome {
    struct timer timer; // it must be said in time
    struct ws_session *session;
    struct join join; // what the URL asked for; its stream is below
    struct kept_name stream;
    bool has_join;
};

struct ws_session {
    struct server *server;
    struct ws_conn *ws;    // borrowed; NULL once it is closed
    struct ws_join *joins; // owned: those under way
    uint64_t identity;     // who it is to presence: settled by its first join or beat; 0: not yet
    uint64_t screen;       // who it is without a name: the session, else this connection
    struct ws_welcome *welcome;              // owned; NULL: nobody is waited for
    uint32_t away;                           // calls that are away
    uint32_t address : READING_ADDRESS_BITS; // reading_address(): where its beats count
    bool has_name : 1;                       // a session's: `screen` is not this connection alone
};
_Static_assert(sizeof(struct ws_session) <= 56, "every WebSocket has one");

/* A join under way. */
struct ws_join {
    struct ws_join *next; // in session->joins
    struct kept_name stream;
    struct ref ref;
    bool is_first; // the URL's, which nobody gave a ref
};

void ws_session_pool_init(struct pool *pool); // api->ws_sessions
/* `session`: the name its reader gave itself; empty: none. */
MUST_USE enum err ws_session_new(struct ask *ask, struct str session,
                                 struct ws_session **ret_session);
struct api *ws_session_api(const struct ws_session *session);
/* Nothing waits for a token any more. */
void ws_session_welcome_done(struct ws_session *session);
/* The connection is gone: freed now, or with the last call that comes back. */
void ws_session_closed(struct ws_session *session);
/* A call goes away (ERR_LIMIT: too many are) and comes back. */
MUST_USE enum err ws_session_send_away(struct ws_session *session);
void ws_session_came_back(struct ws_session *session); // may free it

/* {"type":"reply",...}; `data` is a JSON object, given back here. */
void ws_session_ok(struct ws_session *session, const struct ref *ref, int status, struct buf *data);
void ws_session_fail(struct ws_session *session, const struct ref *ref,
                     const struct problem *problem);

/* Who this connection is to presence. A user who says so after a first join stays the connection
 * they were, so that nobody is counted twice. One without any name is IDENTITY_SOLE. */
uint64_t ws_session_identity(struct ws_session *session);
/* The same for who beats: the one who was sole is somebody from now on. */
uint64_t ws_session_listed(struct ws_session *session);

/* Joins and remembers what to answer. ERR_DENIED: `*ret_why`. */
MUST_USE enum err ws_session_join(struct ws_session *session, const struct join *join,
                                  const struct ref *ref, struct problem *ret_why);
/* The answers to it. */
void ws_session_joined(struct ws_session *session, struct str stream);
void ws_session_refused(struct ws_session *session, struct str stream, enum viewer_refusal why);
/* Leaves every stream that the present token does not allow, and says so of each. */
void ws_session_leave_denied(struct ws_session *session);
