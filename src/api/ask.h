// SPDX-License-Identifier: Apache-2.0
/* ask -- one request as its handler sees it: routed, its origin, name and token looked at.
 *
 * Lives for the handler's call. A handler that waits for a letter keeps the exchange, copies the
 * stream's name and takes a reference of its own on the claims.
 */
#pragma once

#include "api/desk.h"
#include "api/router.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/jwt.h"
#include "serve/exchange.h"
#include "wire/cursor.h"
#include "wire/json.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct ask {
    struct api *api;
    struct exchange *exchange;
    struct server *server;
    const struct request *request;
    const struct route *route;
    struct str stream;     // valid; empty when the route names none
    struct str part;       // what stood for the route's other name; empty when it has none
    struct claims *claims; // NULL: anonymous
};

/* A stream's name kept for a letter's way. */
struct kept_name {
    char text[STREAM_NAME_LEN_MAX + 1];
    uint8_t len;
};
void ask_keep_name(struct kept_name *kept, struct str name); // a valid one
static inline struct str ask_kept_name(const struct kept_name *kept)
{
    return (struct str){.at = kept->text, .len = kept->len};
}

/* The ask of an exchange that has waited, for its late answer: all but the claims. `routed` keeps
 * its strings. */
void ask_again(struct exchange *exchange, struct routed *routed, struct ask *ret_ask);

/* Whose view they read: port_user_hash(), 0 of nobody. */
uint64_t ask_view(const struct ask *ask);

/* Answers with a problem. */
void ask_fail(struct ask *ask, enum problem_code code, const char *field, const char *detail);

/* ---- the query; what is wrong goes to *ret_why (static texts) with ERR_PROTO ---- */
/* An integer of 0..max; `*ret` untouched when the parameter is absent. */
MUST_USE enum err ask_number(const struct ask *ask, const char *name, uint64_t max, uint64_t *ret,
                             struct problem *ret_why);
/* `*ret_has` says whether it is there. */
MUST_USE enum err ask_cursor(const struct ask *ask, const char *name, struct cursor *ret_cursor,
                             bool *ret_has, struct problem *ret_why);
/* One of [A-Za-z0-9_-]{1,64} into `ret_text` (65 bytes), empty when absent. */
MUST_USE enum err ask_token_name(const struct ask *ask, const char *name, char *ret_text,
                                 struct problem *ret_why);

/* ---- the body ---- */
/* The JSON object of the body. On failure the problem was answered and the ask is over. */
MUST_USE enum err ask_body(struct ask *ask, struct json **ret_object);
/* The same for one that may be left out: `*ret_object` NULL. */
MUST_USE enum err ask_body_if_any(struct ask *ask, struct json **ret_object);
/* The same for one that may hold whole lists: as many keys as its bytes hold. */
MUST_USE enum err ask_long_body(struct ask *ask, struct json **ret_object);
/* Text to JSON object; ERR_PROTO: *ret_why, whose detail lies in `fault`. */
MUST_USE enum err ask_object(struct api *api, struct str text, struct json **ret_object,
                             struct json_fault *fault, struct problem *ret_why);
