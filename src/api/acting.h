// SPDX-License-Identifier: Apache-2.0
/* acting -- one act of moderation on its way from a request, over HTTP or WebSocket, to its answer.
 *
 *      acting_new(): read ─▶ acting_start() ─▶ port ─▶ `answered` ─▶ acting_free()
 *                                                └ silent ─▶ `answered`: unknown ─▶ acting_free(),
 *                                                  freed when it is back
 *
 * What others look at goes with it, so that it passes that over.
 *
 * Owns:     the request it is borrowed from, a reference on the claims.
 * Used by:  moderation_api.c, appeals_api.c, streams.c, ws_api.c.
 * Thread:   the reactor's.
 */
#pragma once

#include "api/ask.h"
#include "api/desk.h"
#include "api/held_claims.h"
#include "api/overdue.h"
#include "base/buf.h"
#include "base/err.h"
#include "hub/port.h"
#include "rules/claims.h"
#include "wire/act.h"
#include "wire/json.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct acting {
    struct act_call act; // first: what the port holds
    void (*answered)(struct acting *acting);
    void *user;
    /* -- frozen while away -- */
    struct server *server;
    struct claims *claims;
    struct json *request; // a share
    struct act_read read;
    struct kept_name stream;
    int64_t started_ms;
    struct held_claims_found others; // of the stream: act.claimed
    /* -- the reactor's, always -- */
    struct overdue_entry overdue;
    bool is_away; // `act` is the port's
    bool is_late; // it was answered without the port
};

struct acting_options {
    struct server *server;
    struct claims *claims; // not NULL; whether they may is the caller's to ask
    struct str stream;     // empty: all streams
    const struct json *request;
    enum act_do what; // as the path says; 0: as the request's `do` does
    uint64_t target;  // the act named by the path; 0: none
};

/* By an ask's path and its user; `what` as above. */
struct acting_options acting_of(const struct ask *ask, const struct json *request,
                                enum act_do what);
/* ERR_DENIED: `*ret_why` says what is wrong with the request (static texts). */
MUST_USE enum err acting_new(const struct acting_options *options, struct acting **ret_acting,
                             struct problem *ret_why);
/* `answered` runs once, on the reactor, never from inside this call; it ends in acting_free(). */
void acting_start(struct acting *acting, void (*answered)(struct acting *acting), void *user);
void acting_free(struct acting *acting);
/* acting_new() and acting_start() with the exchange as `user`, or an answer that says what is
 * wrong. */
void acting_ask(struct ask *ask, const struct acting_options *options,
                void (*answered)(struct acting *acting));

/* ---- the answer ---- */
/* ERR_DENIED: it is not in force, or nobody knows, and why; texts are borrowed from `acting`. */
MUST_USE enum err acting_result(const struct acting *acting, struct problem *ret_why);
/* {"act","seq"}, and "duplicate" of one that was in force. */
void acting_write(const struct acting *acting, struct buf *out);
