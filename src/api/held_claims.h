// SPDX-License-Identifier: Apache-2.0
/* held_claims -- who looks at which held comment, so that two moderators never take the same one.
 *
 * A claim is one moderator's for `ttl_ms` from its last claiming; then it is anybody's again. It is
 * in memory alone: after a restart nobody looks at anything yet.
 *
 * Owns:     copies of the ids and names.
 * Used by:  held_api.c, acting.c.
 * Thread:   any; the table is under HELD, a leaf lock (moderators come by any reactor).
 * Bound:    HELD_CLAIMS_MAX; the oldest gives way.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { HELD_CLAIMS_MAX = 65536 };

struct held_claims;

MUST_USE enum err held_claims_new(uint64_t seed, struct held_claims **ret_claims);
void held_claims_free(struct held_claims *claims); // NULL is legal

/* What a claim is of, and whose. */
struct held_claim {
    struct str stream, id; // the comment's; <= 64 bytes
    struct str user;       // <= 128 bytes
};
/* Claims it, or goes on claiming it, until now_ms + ttl_ms. ERR_EXISTS: somebody else has it for
 * `*ret_left_ms` more. ERR_NOMEM. */
MUST_USE enum err held_claims_take(struct held_claims *claims, const struct held_claim *claim,
                                   int64_t now_ms, uint32_t ttl_ms, uint32_t *ret_left_ms);
/* What others than `of->user` have claimed in `of->stream`. */
struct held_claims_found {
    struct str *ids;   // owned, and what they say is
    uint32_t *left_ms; // owned; [count]
    uint32_t count;
};
MUST_USE enum err held_claims_of_others(struct held_claims *claims, const struct held_claim *of,
                                        int64_t now_ms,
                                        struct held_claims_found *ret_found); // ERR_NOMEM
void held_claims_found_done(struct held_claims_found *found);                 // zeroed is legal
/* Gives it back; that of somebody else stays. */
void held_claims_drop(struct held_claims *claims, const struct held_claim *claim);
/* "claims":[{"id","by","left_ms"}...] of a stream. */
void held_claims_write(struct held_claims *claims, struct str stream, int64_t now_ms,
                       struct buf *out);
