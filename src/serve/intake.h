// SPDX-License-Identifier: Apache-2.0
/* intake -- a request on its way in: the reader, and the two deadlines from its first byte.
 *
 * Owns:     the reader and a timer.
 * Used by:  http1.c, from a request's first byte until it is whole or refused.
 * Thread:   its reactor's.
 * Bound:    head_ms for the head, request_ms for all of it.
 */
#pragma once

#include "base/err.h"
#include "loop/wheel.h"
#include "serve/http_reader.h"

#include <stdbool.h>
#include <stdint.h>

struct server;

struct intake {
    struct http_reader reader;
    struct timer timer;
    struct server *server; // borrowed; outlives it
    int64_t begun_ms;
    bool continued; // intake_wants_continue() said so once
    /* -- the owner's, set after intake_new() -- */
    void (*late)(struct intake *intake); // a deadline passed; it may be freed in it
    void *owner;
};

MUST_USE enum err intake_new(struct server *server, struct intake **ret_intake);
void intake_free(struct intake *intake); // NULL is legal

/* All that came was taken and more is needed: is the client waiting for a 100 before it goes on?
 * True once; not when part of the body is here already. */
bool intake_wants_continue(struct intake *intake);
