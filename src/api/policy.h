// SPDX-License-Identifier: Apache-2.0
/* policy -- what the operator may change while the server runs: keys, who may read, origins, what
 * a message may be.
 *
 * Owns:     its key set, its terms and a copy of every string.
 * Used by:  app/ makes one at start and one a reload; api/ reads it.
 * Thread:   any: immutable and counted. The last policy_unref() frees it.
 */
#pragma once

#include "api/tickets.h"
#include "base/err.h"
#include "base/str.h"
#include "net/webhook.h"
#include "rules/comment_text.h"
#include "rules/jwt.h"
#include "rules/limit.h"
#include "rules/terms.h"
#include "wire/json.h"
#include "wire/outcome.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { POLICY_ORIGINS_MAX = 256 };

struct policy_hook {        // asked before a comment is published: hook.h
    struct str url;         // hooks.before_url, ended by NUL; empty: none
    uint32_t wait_ms;       // hooks.before_ms
    enum outcome down;      // hooks.before_down: of a comment it was not there to judge
    struct webhook_key key; // hooks.secret_file
};

struct policy_options {
    struct jwt_keys *keys;    // policy_new() takes it over, also when it fails
    struct terms *terms;      // of all streams; the same; NULL: none
    struct str guest_secret;  // signs guests' tokens; one of `keys`; empty: no guests
    struct str metrics_token; // metrics.token; empty: none
    struct policy_hook hook;
    const struct str *origins; // http.origins, each "https://example.com"; none: same origin only
    uint32_t origin_count;
    struct text_limits text;
    struct json_limits json; // of what clients send
    struct ticket_limits tickets;
    struct limit guests_address; // limits.guests_address: new guests of one address; count 0: any
    uint32_t claim_ms;           // moderation.claim_s: a held comment is one moderator's to look at
    uint32_t ws_calls;           // limits.ws_calls: answers a WebSocket waits for
    uint32_t ws_auth_ms;   // limits.ws_auth_ms: to say who one is, where reading needs a token
    bool read_needs_token; // auth.read = "token"
    bool has_guests;       // auth.guests
    bool has_query_token;  // auth.query_token
    bool streams_are_explicit;
    bool metrics_are_open; // to whoever reaches the main listener: --dev
};

struct policy {
    /* -- atomic: a count that orders nothing but the last unref -- */
    _Atomic uint32_t refs;
    /* -- frozen -- */
    struct policy_options is; // its pointers are owned by the policy
};

/* ERR_LIMIT: more than POLICY_ORIGINS_MAX; ERR_PROTO: an origin that is none; ERR_NOMEM. */
MUST_USE enum err policy_new(const struct policy_options *options, struct policy **ret_policy);
struct policy *policy_ref(struct policy *policy); // returns its argument
void policy_unref(struct policy *policy);         // NULL is legal

/* May a page of this Origin talk to us? `host` is the request's Host: with its own host a page is
 * at home whatever the scheme, since TLS may end before us. */
bool policy_allows_origin(const struct policy *policy, struct str origin, struct str host);
/* Is it in the allow-list, so that CORS headers are sent? */
bool policy_lists_origin(const struct policy *policy, struct str origin);
