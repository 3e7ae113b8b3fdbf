// SPDX-License-Identifier: Apache-2.0
/* respond -- how every answer of ours is dressed: its type, its caching, CORS.
 *
 * Thread:   the exchange's reactor.
 * Promise:  a body that could not be built (no memory) becomes 503 `overloaded`, never half an
 *           answer.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "serve/exchange.h"
#include "wire/problem.h"

#define RESPOND_JSON "application/json"

/* Answers with the JSON in `body`. `headers` are further lines, or empty; an answer that names no
 * Cache-Control is not to be stored. Gives the buffer's memory back. */
void respond_json(struct exchange *exchange, int status, struct buf *body, struct str headers);
/* The same for any type and bytes; `type` empty: no body. */
void respond_bytes(struct exchange *exchange, const struct answer *answer);
void respond_problem(struct exchange *exchange, const struct problem *problem);
/* With further header lines. */
void respond_problem_with(struct exchange *exchange, const struct problem *problem,
                          struct str headers);
/* A buffer for a body, bound as answers are. */
struct buf respond_body(void);

/* The lines that let a page of a listed origin read the answer, and `Vary: Origin`. */
void respond_cors_headers(struct exchange *exchange, struct buf *out);
