// SPDX-License-Identifier: Apache-2.0
/* outcalls -- POSTs JSON to somebody's HTTP server and brings the answer: what hooks are made of.
 *
 *      outcalls_send() ─▶ resolve ─▶ judge each address ─▶ connect [TLS] ─▶ POST ─▶ answer
 *                                        │ not public                          └─▶ `done`
 *                                        └──▶ ERR_DENIED
 *
 * The HTTP client is libcurl on a thread of its own: connections are kept and reused, names are
 * resolved beside it.
 *
 * Owns:     the thread, libcurl's handles.
 * Used by:  api/hook.c, app/hook_feed.c.
 * Thread:   outcalls_send() any; `done` runs on call.home.
 * Bound:    waiting_max calls under way, OUTCALL_ANSWER_MAX bytes of an answer, wait_ms in all.
 * Promise:  never to an address that is not public, unless that is allowed: judged is the address
 *           that is connected to, so that a name which resolves otherwise a moment later helps
 *           nobody. No redirect is followed, no proxy of the environment asked, nothing but http
 *           and https spoken, no certificate taken that cannot be verified.
 */
#pragma once

#include "base/buf.h"
#include "base/call.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OUTCALL_ANSWER_MAX = 64 * 1024, OUTCALL_HEADERS_MAX = 4, OUTCALL_URL_MAX = 2048 };

struct outcall {
    struct call call;
    /* -- the question, frozen while away -- */
    const char *url;
    const char *headers[OUTCALL_HEADERS_MAX]; // "Name: value"; NULL behind the last
    struct str body;                          // application/json
    uint32_t wait_ms;
    /* -- the thread's while away -- */
    void *transfer;
    /* -- the answer -- */
    enum err result; // ERR_OK: one came, whatever its status; ERR_AGAIN: not in wait_ms;
                     // ERR_DENIED: an address that is not public; ERR_LIMIT: it was too long, or
                     // too many are under way; ERR_CLOSED: we end; ERR_NOMEM; ERR_SYS: see `why`
    int status;
    struct buf answer; // the asker's: buf_done()
    char why[128];     // of a failure, for people; never holds the URL
};

struct outcalls;

struct outcalls_options {
    uint32_t waiting_max;
    bool allow_private;
};

/* Costs a mailbox: there is a thread from outcalls_start() on, which is asked once there is anybody
 * to be called; what is sent before waits for it. */
MUST_USE enum err outcalls_new(const struct outcalls_options *options,
                               struct outcalls **ret_outcalls);
/* The thread that made it; again is legal. ERR_NOT_FOUND: there is no libcurl; ERR_NOMEM; ERR_SYS.
 */
MUST_USE enum err outcalls_start(struct outcalls *outcalls);
/* Ends what is under way, ERR_CLOSED, and the thread: when it returns, each call lies in its home's
 * mailbox. Nothing is sent after. NULL, and again, are legal. */
void outcalls_stop(struct outcalls *outcalls);
void outcalls_free(struct outcalls *outcalls); // stopped, or never started; NULL is legal
void outcalls_send(struct outcalls *outcalls, struct outcall *outcall);
/* http or https, a host, at most OUTCALL_URL_MAX bytes, no user name in it: else ERR_PROTO. Main's
 * thread. ERR_NOT_FOUND: there is no libcurl to ask. */
MUST_USE enum err outcalls_check_url(const char *url);
