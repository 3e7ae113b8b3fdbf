// SPDX-License-Identifier: Apache-2.0
/* http1 -- one accepted connection that speaks HTTP/1.1: reads a request, has it answered, reads
 * the next; or becomes what a rider sends.
 *
 *              first byte          whole                    answered
 *      IDLE ──────────────▶ READING ─────▶ BUSY ─────────────────────────▶ IDLE
 *       │                     │ fault       │ carrier_ride()   └ large ─▶ ANSWERING ─▶ IDLE
 *       │ idle, drained       ▼             ▼
 *       └─────────────────▶ CLOSING ◀──── RIDDEN
 *                             │ all sent, or cut from anywhere
 *                             ▼
 *                           GONE ──next turn──▶ freed
 *
 * Owns:     itself: freed by the server's burial.
 * Used by:  server.c.
 * Thread:   its reactor's.
 * Bound:    one request at a time, REQUESTS_PER_TICK of a pipeline, then others have their turn;
 *           what is pipelined behind it waits in BACKLOG_BYTES_MAX, then in the kernel. Of a large
 *           answer the rest waits in http_reply.h.
 * Promise:  answers leave in the order of the requests, and nothing is read behind one that was
 *           refused.
 */
#pragma once

#include "net/address.h"
#include "serve/carrier.h"

enum {
    BACKLOG_BYTES_MAX = 16 * 1024,
    REQUESTS_PER_TICK = 128,
};

struct pool;
struct server;

void http1_pool_init(struct pool *pool); // of connections: server->http1s
/* Takes over `fd`, into server->carriers. When there is no memory it is closed. */
void http1_open(struct server *server, int fd, const struct address *peer);
/* Frees a carrier of server->gone, telling whom it concerns. */
void http1_bury(struct carrier *carrier);
/* Closes it if it is IDLE. */
void http1_dismiss(struct carrier *carrier);
/* For server->idle: it said nothing, or took nothing of an answer, for idle_ms. */
void http1_idled(struct carrier *carrier);
