// SPDX-License-Identifier: Apache-2.0
/* api -- what our HTTP and WebSocket messages mean: routes, bodies, problems, pages, metrics.
 *
 *      server ─▶ api_handle() ─▶ router ─▶ origin, name, token ─▶ a handler ─▶ port or hub
 *                                                                   └─▶ exchange_answer()
 *
 * Used by:  app/: one `api_shared` a process, one `api` a reactor, given to server_new() as `user`.
 * Thread:   an api is its reactor's; api_shared_set_policy() any.
 * Promise:  every exchange is answered once or becomes a reader; no token or ticket is ever logged.
 */
#pragma once

#include "api/policy.h"
#include "base/err.h"
#include "base/str.h"
#include "hub/port.h"
#include "serve/exchange.h"

#include <stdbool.h>
#include <stdint.h>

struct api;
struct api_shared;
struct hub;
struct outcalls;
struct route_table;

struct api_options {
    struct port *port;         // outlives it
    struct policy *policy;     // a reference of the callee's own is taken
    struct outcalls *outcalls; // for hooks; outlives it; NULL: no policy has any
    struct str version;        // outlives it
    uint64_t seed;             // of the tables' hashes
    uint32_t resume_max;       // delivery.resume_max
    uint32_t beat_ms;          // presence.beat_s
    uint32_t answer_ms;        // who waits for the engine is answered by then, whatever it does
    bool is_dev;               // --dev: /debug/echo, /debug/ws
    /* Is the engine well? Any thread; when not, *ret_reason is static text for /readyz. */
    bool (*is_well)(void *user, const char **ret_reason);
    void *user;
};

/* What all reactors share: tickets, the present policy. ERR_NOMEM, ERR_SYS. */
MUST_USE enum err api_shared_new(const struct api_options *options, struct api_shared **ret_shared);
/* After every api that uses it. NULL is legal. */
void api_shared_free(struct api_shared *shared);
/* Any thread. Takes a reference; each reactor goes over to it with its next request. */
void api_shared_set_policy(struct api_shared *shared, struct policy *policy);

/* One a reactor; `shared` and `hub` (its reactor's) outlive it. ERR_NOMEM. */
MUST_USE enum err api_new(struct api_shared *shared, struct hub *hub, struct api **ret_api);
/* After its server, when no call of the port or hub is away. NULL is legal. */
void api_free(struct api *api);

/* For server_options.handle; `user` is the api. */
void api_handle(void *user, struct exchange *exchange);
/* The same for the listener of metrics.listen: only /metrics, open, and /healthz, /readyz. */
void api_handle_metrics(void *user, struct exchange *exchange);

/* For request_limits.takes_long: acts of moderation, whose lists are long. */
bool api_takes_long(struct str path);

/* Every route, for the test that holds openapi.json to it. Static. */
const struct route_table *api_routes(void);
