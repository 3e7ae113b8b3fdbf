// SPDX-License-Identifier: Apache-2.0
/* server -- one reactor's front: accepted connections, their protocol, their viewers.
 *
 *      listener ─▶ http1 connection ─▶ exchange ─▶ handler (api/) ─▶ exchange_answer()
 *                       │                              ├──▶ sse_open()   ─▶ hub viewer
 *                       │                              ├──▶ poll_open()  ─▶ hub viewer, once
 *                       └──── upgraded ◀───────────────┴──▶ ws_open()    ─▶ ws messages, hub
 * viewers
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
#include "serve/exchange.h"

#include <stdint.h>

struct census; // serve/census.h: who is connected, all reactors

struct server_options {
    struct reactor *reactor; // outlives the server
    struct hub *hub;
    struct census *census; // shared by all servers
    const struct clock *clock;
    uint64_t seed;
    struct address listen;
    void (*handle)(void *user, struct exchange *exchange); // every request
    void *user;                            // what api/ keeps a reactor: server_user()
    const struct network *trusted_proxies; // outlives the server
    uint32_t trusted_proxy_count;
    uint32_t conns_address_max;           // 0: off
    uint32_t conns_user_max;              // 0: off
    uint32_t viewers_max;                 // of this node; 0: by files and memory
    uint32_t stall_s;                     // a viewer that reads nothing
    uint32_t head_ms_max, request_ms_max; // 10 s, 20 s
    uint32_t idle_ms_max;                 // keep-alive without a request
};

MUST_USE enum err server_new(const struct server_options *options, struct server **ret_server);
/* Stops listening, tells every viewer `goaway` with a retry_ms spread over 1..15 s, finishes the
 * requests under way and closes; `drained` runs when no connection is left; what is left at
 * `until_mono_ms` is cut. */
void server_drain(struct server *server, int64_t until_mono_ms, void (*drained)(void *user),
                  void *user);
void server_free(struct server *server);

struct reactor *server_reactor(struct server *server);
struct hub *server_hub(struct server *server);
const struct clock *server_clock(struct server *server);
struct rand *server_rand(struct server *server);
void *server_user(struct server *server);
bool server_is_draining(const struct server *server);
