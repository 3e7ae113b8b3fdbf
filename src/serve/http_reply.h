// SPDX-License-Identifier: Apache-2.0
/* http_reply -- an answer on its way out: what is small goes at once or waits in the connection's
 * own buffer; of a large body the rest waits here until the socket takes it.
 *
 * Owns:     a copy of the rest of the body.
 * Used by:  http1.c.
 * Thread:   its reactor's.
 * Bound:    HTTP_REPLY_BYTES_MAX.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "serve/http_answer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct meter;

enum {
    HTTP_REPLY_WHOLE_BYTES_MAX = 4096, // a body up to this goes out in one piece with its head
    HTTP_REPLY_HEAD_BYTES_MAX = 64 * 1024,
    HTTP_REPLY_BYTES_MAX = 16 * 1024 * 1024,
};

struct http_reply {
    struct conn *conn;   // borrowed; outlives it
    struct meter *meter; // of its server: what is sent is counted
    struct buf rest;
    size_t rest_at; // bytes of it sent
};

struct http_reply_to {
    struct conn *conn;
    struct meter *meter;
    bool is_head; // to a HEAD: its length, not its body
    struct http_answer_line line;
};

/* Sends. ERR_AGAIN: the socket is full, go on with `*ret_reply` when it is not. ERR_CLOSED,
 * ERR_NOMEM, ERR_LIMIT: the connection cannot go on. */
MUST_USE enum err http_reply_send(const struct http_reply_to *to, const struct answer *answer,
                                  struct http_reply **ret_reply);
/* ERR_OK: all is sent. ERR_AGAIN. `*ret_moved`: some of it was. */
MUST_USE enum err http_reply_go_on(struct http_reply *reply, bool *ret_moved);
void http_reply_free(struct http_reply *reply); // NULL is legal
