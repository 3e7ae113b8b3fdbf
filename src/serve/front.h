// SPDX-License-Identifier: Apache-2.0
/* front -- what the rooms of one server share: its reactor's time, sweeps, lists and figures.
 *
 *      accepted ──▶ carriers ──drain──▶ told ──▶ gone ──burial, next turn──▶ freed
 *                      └──────── ended or cut ───▶
 *
 * Used by:  server.c, which makes it, and everything in serve/ behind it.
 * Thread:   its reactor's.
 * Promise:  a carrier that is gone is freed in a later step of the loop, so whoever holds it in a
 * callback may finish what it does.
 */
#pragma once

#include "base/clock.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/rand.h"
#include "base/str.h"
#include "loop/reactor.h"
#include "net/network.h"
#include "serve/carrier.h"
#include "serve/drain.h"
#include "serve/goaway.h"
#include "serve/meter.h"
#include "serve/rota.h"
#include "serve/server_limits.h"
#include "serve/sweep.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct census;
struct claims;
struct hub;
struct listener;

enum {
    RETRY_MS_MIN = 1000,      // SSE's retry: line in ordinary times
    RETRY_MS_SPREAD = 3000,   // above that
    FULL_RETRY_MS = 5 * 1000, // and as much again at random: of an answer that refuses
    FULL_ANSWERS = FULL_RETRY_MS / 1000 + 1 // one for each second of that
};

struct server {
    /* -- frozen -- */
    struct reactor *reactor;
    struct hub *hub;       // NULL: no readers here
    struct census *census; // NULL: nobody is counted
    const struct clock *clock;
    void (*handle)(void *user, struct exchange *exchange);
    void *user;
    const struct network *trusted_proxies;
    uint32_t trusted_proxy_count;
    uint32_t stall_ms, head_ms, request_ms, idle_ms, parting_ms, ttl_ms, line_ms, ping_ms;
    uint32_t retry_ms_min, retry_ms_max; // of a drain's goaway
    struct server_limits limits;
    uint32_t carriers_max; // then it takes no viewers; 0: no bound
    uint32_t visit_ms;     // between two looks at what has no time of its own
    bool compress;         // where the client offers it

    struct buf full[FULL_ANSWERS]; // owned; the whole answers to whom there is no file for

    /* -- its reactor only -- */
    struct listener **listeners;                           // owned, as are they
    uint32_t listener_count;                               // 0 once it stopped
    struct pool http1s, sse_readers, ws_conns, ws_streams; // what every viewer has
    struct rand rand;
    struct sweep idle;       // carriers between requests
    struct sweep parting;    // of them: in a drain, who may just have asked again
    struct rota visits;      // carriers that are ridden
    struct link carriers;    // struct carrier.link
    struct link told;        // carriers that were asked to close
    struct link gone;        // carriers to be freed in a moment
    struct timer burial;     // frees them
    struct timer calm;       // a rush of newcomers is over
    uint32_t rush;           // newcomers since the last calm
    uint32_t rush_seen;      // of them: when it was last looked at
    uint32_t carrier_count;  // all of the three lists
    uint32_t newcomer_count; // of them: accepted since the drain began
    uint32_t unwanted_count; // of them: answered 429 as soon as they say something
    bool draining;
    struct drain drain;
    struct timer drain_step;
    char date[80]; // of the answers' Date, with room for any int; "" until first asked
    int64_t date_s;
    struct meter meter;
};

int64_t front_now_ms(const struct server *server); // mono
/* "Sun, 06 Nov 1994 08:49:37 GMT", borrowed until the next call. */
struct str front_date(struct server *server);
uint32_t front_retry_ms(struct server *server);       // ordinary, jittered
uint32_t front_drain_retry_ms(struct server *server); // server_drain_retry_ms()
/* When somebody may be back who is refused with that code: spread, so that they do not come back
 * as the herd they were. */
uint32_t front_refusal_retry_ms(struct server *server, enum problem_code code);
/* Counts it, and says when that reader may be back. */
uint32_t front_goaway(struct server *server, enum goaway_reason reason);
bool front_trusts(const struct server *server, const struct address *address);
/* The rider of the carrier is visited then, or sooner; one that has gone is not. */
void front_visit_by(struct carrier *carrier, int64_t at_ms);
/* The same for who holds a token: its end is a time of the wall clock, which may be set. False: it
 * has run out. NULL: none. */
bool front_look_at_token(struct carrier *carrier, const struct claims *claims);
/* Whether a peer that has been silent for so long is still there. One about to be given up is
 * looked at sooner than the next visit, so that it is missed within a second of its TTL. */
bool front_is_there(struct carrier *carrier, int64_t silent_ms);
/* Whether somebody whose socket takes nothing from us since then has stopped to read. Who reads
 * more slowly than we can see has not: what the kernel holds for them, some 50 KB, gets less. */
bool front_has_stalled(struct carrier *carrier, int64_t moved_ms);
/* The carrier's seat counts as that user's: the oldest beyond the limit is replaced. */
void front_identify(struct carrier *carrier, struct str user);
