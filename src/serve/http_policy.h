// SPDX-License-Identifier: Apache-2.0
/* http_policy -- what we refuse of HTTP/1 though a parser would let it pass (RFC 9112, RFC 9110).
 *
 * Two gates. The scan sees every raw byte of a head as it comes, before the parser: line ends,
 * folds, controls, names, and the bounds, so that nothing that floods is kept. The judgement sees
 * the parsed request: Host, lengths, codings, target, expectations.
 *
 * Used by:  http_reader.c.
 * Thread:   any; pure.
 * Bound:    struct request_limits; chunk framing CHUNK_FRAMING_BYTES_MAX a request.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "serve/request.h"
#include "serve/server_limits.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BLANK_LINES_MAX = 4,                 // before the request line, RFC 9112 2.2
    CHUNK_FRAMING_BYTES_MAX = 16 * 1024, // of chunk sizes, extensions and trailers
};

/* Why a request is refused; after it the connection is closed. */
struct http_fault {
    enum problem_code code;
    const char *detail; // static; NULL: there is no fault
    uint32_t most;      // the limit it is over; 0: none
};

/* Where in a head the raw bytes stand; all but the limits zeroed to begin. */
struct http_scan {
    const struct request_limits *limits; // borrowed; outlive it
    uint32_t bytes;                      // of the head so far
    uint32_t part_bytes;                 // of the request line, or of the present field name
    uint32_t fields;
    uint8_t state;       // see http_policy.c
    uint8_t blank_lines; // before the request line
};

/* Takes the next raw bytes. ERR_OK: the head ends after `*ret_used` of them. ERR_AGAIN: all used.
 * ERR_PROTO: refused. */
MUST_USE enum err http_policy_scan(struct http_scan *scan, struct str bytes, size_t *ret_used,
                                   struct http_fault *ret_fault);

/* The request line alone (without its CRLF), before the parser sees it. ERR_PROTO. */
MUST_USE enum err http_policy_line(struct str line, uint32_t url_bytes_max,
                                   struct http_fault *ret_fault);

/* What the parser knows and struct request does not. */
struct http_facts {
    bool is_http_1_0;
    const struct request_limits *limits;
};

/* What follows from the fields. */
struct http_verdict {
    bool is_chunked;
    bool expects_continue;
    uint64_t body_bytes;     // of Content-Length
    uint32_t body_bytes_max; // of a body for this path
};

/* Sets path, query and host of the request from its target and Host. ERR_PROTO: refused. */
MUST_USE enum err http_policy_judge(struct request *request, const struct http_facts *facts,
                                    struct http_verdict *ret_verdict, struct http_fault *ret_fault);

/* Raw bytes of a chunked body that are not content: every CR is followed by LF, every LF follows
 * one, no other controls, so many at most. */
struct http_framing {
    uint32_t bytes;
    bool after_cr;
};
MUST_USE enum err http_policy_framing(struct http_framing *framing, struct str bytes,
                                      struct http_fault *ret_fault);
