// SPDX-License-Identifier: Apache-2.0
/* posting -- one comment on its way from a message, over HTTP or WebSocket, to its answer.
 *
 *      posting_new(): checked ─▶ posting_start() [─▶ hook] ─▶ port ─▶ `answered` ─▶ posting_free()
 *                                                    └ silent ─▶ `answered`: unknown ─▶
 *                                                      posting_free(), freed when it is back
 *
 * Owns:     copies of all it hands to the port, a reference on the claims.
 * Used by:  comments.c, ws_api.c.
 * Thread:   the reactor's.
 */
#pragma once

#include "api/desk.h"
#include "api/hook.h"
#include "api/overdue.h"
#include "base/buf.h"
#include "base/err.h"
#include "hub/port.h"
#include "net/address.h"
#include "rules/jwt.h"
#include "rules/terms.h"
#include "wire/json.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stdint.h>

enum { CID_LEN_MAX = 64, COMMENT_ID_LEN_MAX = 64 };

struct posting {
    struct submit submit; // first: what the port holds
    void (*answered)(struct posting *posting);
    void *user;
    /* -- frozen while away -- */
    struct api *api;
    struct server *server;
    struct claims *claims;
    struct problem unfit; // why it may not be posted, when submit.unfit
    struct buf text;
    struct buf folded;                       // what submit.traits borrows
    struct terms *terms;                     // a reference: what submit.wish borrows
    char hook_rule[HOOK_RULE_BYTES_MAX + 1]; // the same
    char stream[STREAM_NAME_LEN_MAX + 1];
    char cid[CID_LEN_MAX + 1];
    char reply_to[COMMENT_ID_LEN_MAX + 1];
    char address[ADDRESS_TEXT_MAX];
    char act[ACT_ID_TEXT_MAX]; // the one that stands in its way; empty: none
    int64_t started_ms;
    /* -- the reactor's, always -- */
    struct overdue_entry overdue;
    bool is_away; // `submit` is the port's
    bool is_late; // it was answered without the port
};

struct posting_options {
    struct server *server;
    struct claims *claims; // not NULL
    struct str stream;
    const struct json *message; // the object with text, cid, reply_to, media_ms
    struct str idempotency_key; // the header; empty: none
    const struct address *client;
    bool client_is_trusted;
};

/* ERR_NOMEM. A message that breaks the rules is a posting, too: its answer says what is wrong. */
MUST_USE enum err posting_new(const struct posting_options *options, struct posting **ret_posting);
/* `answered` runs once, on the reactor, never from inside this call; it ends in posting_free(). */
void posting_start(struct posting *posting, void (*answered)(struct posting *posting), void *user);
void posting_free(struct posting *posting);

/* ---- the answer ---- */
/* ERR_DENIED: it was not accepted, and why. */
MUST_USE enum err posting_result(const struct posting *posting, struct problem *ret_why);
int posting_status(const struct posting *posting); // 201 or 200 of an accepted one
/* {"id","seq","epoch","at","state",...} of an accepted one. */
void posting_write(const struct posting *posting, struct buf *out);
/* RateLimit-* header lines; nothing when the ordering point gave none. */
void posting_write_rate(const struct posting *posting, struct buf *out);
