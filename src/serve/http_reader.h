// SPDX-License-Identifier: Apache-2.0
/* http_reader -- one HTTP/1 request out of bytes: llhttp behind the policy, no I/O.
 *
 * Owns:     what it gathered of the request, until http_reader_give().
 * Used by:  http1.c makes one at a request's first byte.
 * Thread:   any; pure.
 * Bound:    struct request_limits, and what http_policy.h adds.
 * Promise:  the same bytes give the same request however they are cut; no byte behind the request
 * is taken.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "serve/http_policy.h"
#include "serve/request.h"

#include <llhttp.h>
#include <stdbool.h>
#include <stdint.h>

enum http_stage { HTTP_STAGE_HEAD, HTTP_STAGE_BODY, HTTP_STAGE_WHOLE };

struct http_reader {
    llhttp_t parser;
    struct http_scan scan;
    struct http_framing framing;
    struct http_verdict verdict; // from HTTP_STAGE_BODY on
    struct http_fault fault;
    struct buf head; // raw, from the first byte
    struct buf body;
    struct request *request; // owned; from the end of the head on
    const char *unscanned;   // into the present input: framing from here on is not yet scanned
    uint8_t stage;           // enum http_stage
    bool keep_alive;         // from HTTP_STAGE_BODY on
    bool out_of_memory;
};

/* The limits are borrowed and outlive it. */
void http_reader_init(struct http_reader *reader, const struct request_limits *limits);
void http_reader_done(struct http_reader *reader); // zeroed is legal

/* Takes bytes from `*input`, which is advanced. ERR_OK: the request is whole. ERR_AGAIN: all taken,
 * more needed. ERR_PROTO: `fault` says why; nothing may be given to it any more. ERR_NOMEM. */
MUST_USE enum err http_reader_take(struct http_reader *reader, struct str *input);

/* What became of it; the caller's from now on. Once, after ERR_OK. */
struct http_message {
    struct request *request; // mem_free(MEM_CONN, ...)
    struct buf head, body;   // what the request points into
    bool keep_alive;
};
struct http_message http_reader_give(struct http_reader *reader);
