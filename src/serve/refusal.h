// SPDX-License-Identifier: Apache-2.0
/* refusal -- a problem as an answer: application/problem+json, for no cache to keep, Retry-After
 * where it helps.
 *
 * Owns:     the bytes of the answer, from refusal_init() to refusal_done().
 */
#pragma once

#include "base/buf.h"
#include "serve/exchange.h"
#include "wire/problem.h"

struct refusal {
    struct buf body, headers;
    struct answer answer; // borrowed by whoever sends it
};

/* `headers`: further lines, or empty. */
void refusal_init(struct refusal *refusal, const struct problem *problem, struct str headers);
void refusal_done(struct refusal *refusal);

/* Answers the exchange with it and counts it. */
void refusal_answer(struct exchange *exchange, const struct problem *problem, struct str headers);
