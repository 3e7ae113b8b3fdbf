// SPDX-License-Identifier: Apache-2.0
/* server -- one reactor's front: accepted connections, their protocol, their viewers.
 *
 *      listener ─▶ http1 connection ─▶ exchange ─▶ handler (api/) ─▶ exchange_answer()
 *                       │                              ├──▶ sse_reader_open() ─▶ hub viewer
 *                       │                              ├──▶ poll_open()       ─▶ hub viewer, once
 *                       └──── upgraded ◀───────────────┴──▶ ws_conn_open() ─▶ messages, viewers
 *
 * Owns:     the connections of its reactor.
 * Thread:   its reactor's; server_drain() by letter.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "base/str.h"
#include "hub/hub.h"
#include "loop/reactor.h"
#include "net/address.h"
#include "net/network.h"
#include "serve/drain.h"
#include "serve/exchange.h"
#include "serve/server_limits.h"

#include <stdint.h>

struct census; // serve/census.h: who is connected, all reactors

struct server_options {
    struct reactor *reactor; // outlives the server
    struct hub *hub;         // NULL: no readers here (the metrics listener)
    struct census *census;   // shared by all servers, outlives them; NULL: nobody is counted
    const struct clock *clock;
    uint64_t seed;
    struct address listen;
    const int *inherited;      // sockets that listen there already; they are taken over
    uint32_t inherited_count;  // 0: it opens one of its own
    uint32_t accepts_per_turn; // connections accepted a loop turn [256]
    uint32_t carriers_max;     // connections it has files for; 0: no bound of its own
    uint32_t listen_queue;     // who may wait to be accepted [4,096]
    void (*handle)(void *user, struct exchange *exchange); // every request
    void *user;                            // what api/ keeps a reactor: server_user()
    const struct network *trusted_proxies; // outlives the server
    uint32_t trusted_proxy_count;
    const struct server_limits *limits; // copied; NULL: the usual ones
    /* Milliseconds; 0: the default in brackets. */
    uint32_t stall_ms;     // a viewer that reads nothing [60,000]
    uint32_t head_ms;      // a request's head, from its first byte [10,000]
    uint32_t request_ms;   // a whole request, from its first byte [20,000]
    uint32_t idle_ms;      // keep-alive without a request [75,000]
    uint32_t parting_ms;   // a drain's patience with who was answered no longer ago than that [250]
    uint32_t ttl_ms;       // presence: who is silent for longer is away [30,000]
    uint32_t line_ms;      // SSE: a `:` line when nothing was written [15,000]; <= ttl/2
    uint32_t ping_ms;      // WebSocket [20,000]; <= ttl/3*2
    uint32_t visits_slice; // readers looked at in ROTA_SLOT_MS [1,024]
    bool compress;         // readers that can inflate are sent less
    uint32_t retry_ms_min, retry_ms_max; // spread of a drain's goaway [1,000, 15,000]
};

MUST_USE enum err server_new(const struct server_options *options, struct server **ret_server);
/* Tells every reader `goaway` with a spread retry_ms, answers polls, finishes the requests under
 * way and closes; who connects meanwhile, or asks again within parting_ms of their last answer, is
 * answered 503 `draining`. When all who were there have gone the listeners close. */
void server_drain(struct server *server, const struct drain *drain);
/* While held nobody is accepted: who comes waits in the kernel's queue. */
void server_hold_listeners(struct server *server, bool held);
/* The sockets it listens on, as they are until it drains; any thread. */
uint32_t server_listener_count(const struct server *server);
int server_listener_fd(const struct server *server, uint32_t number);
/* What it holds open before anybody was accepted: SERVER_LISTENER_FILES a listener. */
enum { SERVER_LISTENER_FILES = 2 };
void server_files(const struct server *server, int *ret_fds);
/* Cuts what is left. After reactor_run(), or on its thread; NULL is legal. */
void server_free(struct server *server);

struct reactor *server_reactor(struct server *server);
const struct clock *server_clock(struct server *server);
struct rand *server_rand(struct server *server);
void *server_user(struct server *server);
bool server_is_draining(const struct server *server);
/* When somebody who has to go in a drain may be back: one draw of the spread. */
uint32_t server_drain_retry_ms(struct server *server);
