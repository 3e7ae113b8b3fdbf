// SPDX-License-Identifier: Apache-2.0
/* desk -- what the handlers of one reactor work with: the port, the present policy, the caches.
 *
 * Owns:     the reactor's cache of verified tokens, its counters, a reference on the policy.
 * Used by:  every file of this folder; above it the structs are opaque (api.h).
 * Thread:   struct api its reactor's; struct api_shared as its groups say.
 */
#pragma once

#include "api/hook_metrics.h"
#include "api/overdue.h"
#include "api/policy.h"
#include "api/tickets.h"
#include "base/err.h"
#include "base/metric.h"
#include "base/pool.h"
#include "base/str.h"
#include "hub/port.h"
#include "rules/jwt.h"
#include "serve/exchange.h"
#include "wire/problem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { DESK_TOKENS_CACHED = 16384 };

struct held_claims;
struct hub;
struct newcomers;
struct outcalls;
struct route_table;
struct snapshots;

struct api_shared {
    /* -- frozen -- */
    struct port *port;
    const struct route_table *routes;
    struct tickets *tickets;     // owned; has a lock of its own
    struct newcomers *newcomers; // the same
    struct outcalls *outcalls;   // borrowed: hooks
    struct held_claims *held;    // the same
    struct str version;
    uint64_t seed;
    uint32_t resume_max, beat_ms;
    uint32_t answer_ms; // when who waits for the engine is answered all the same
    bool is_dev;
    bool (*is_well)(void *user, const char **ret_reason);
    void *user;
    /* -- under POLICY, a leaf lock -- */
    pthread_mutex_t policy_lock;
    struct policy *policy; // a reference
    /* -- atomic: released with a new policy, acquired before it is asked for -- */
    _Atomic uint64_t generation;
};

/* How a post ended. */
enum post_outcome { POST_ACCEPTED, POST_DUPLICATE, POST_REFUSED, POST_UNKNOWN, POST_OUTCOMES };
enum { ACT_ENDS = ACT_UNKNOWN + 1, REFUSALS = REFUSAL_BY_HOOK + 1 };

struct api {
    /* -- frozen -- */
    struct api_shared *shared;
    struct hub *hub;
    /* -- its reactor only -- */
    struct policy *policy; // a reference: desk_policy()
    uint64_t generation;   // of `policy`
    struct jwt_cache *tokens;
    struct snapshots *snapshots; // owned: snapshot.c
    struct pool ws_sessions;     // struct ws_session
    struct overdue overdue;      // overdue.c
    struct metric posts[POST_OUTCOMES];
    struct metric posts_late; // answered as unknown because the engine was silent
    struct hook_metrics hooks;
    struct metric post_ms;
    struct histogram post_ms_steps;
    struct metric problems[PROBLEM_CODES];
    char problem_labels[PROBLEM_CODES][40];
    struct metric acts[ACTS][ACT_ENDS]; // [0] stays empty
    char act_labels[ACTS][ACT_ENDS][56];
    struct metric act_ms;
    struct histogram act_ms_steps;
    struct metric ruled[REFUSALS]; // refused by a sanction; the others stay empty
    uint64_t asked_traits[16];     // a bit a stream, by hash: its rules look at traits (posting.c)
};

/* Fills in the zeroed `api`. ERR_NOMEM. */
MUST_USE enum err desk_init(struct api *api, struct api_shared *shared, struct hub *hub);
void desk_done(struct api *api); // half-built is legal

/* The present one; borrowed until the next call. */
const struct policy *desk_policy(struct api *api);
/* The desk that an exchange or a WebSocket was handed to. */
struct api *desk_of(struct server *server);
/* Where calls to the engine wait for shared->answer_ms; begun with the first. */
struct overdue *desk_overdue(struct server *server);
struct home *desk_home(struct server *server);
int64_t desk_wall_s(struct server *server);
int64_t desk_mono_ms(struct server *server);
