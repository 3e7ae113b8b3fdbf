// SPDX-License-Identifier: Apache-2.0
/* jwt -- JSON Web Tokens (RFC 7519, RFC 7515, RFC 8725): verified against a fixed set of keys; what
 * the token says of jku, jwk, x5u is ignored, `crit` is refused, `exp` is required.
 *
 * Thread: any; a jwt_cache is its reactor's.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/claims.h"
#include "rules/jwt_keys.h"

#include <stdint.h>

enum { JWT_BYTES_MAX = 8 * 1024, JWT_LEEWAY_S = 5 };

enum jwt_fault { JWT_BAD, JWT_EXPIRED };

/* ERR_DENIED: *ret_fault says how (JWT_EXPIRED only of a token that is good otherwise); ERR_NOMEM.
 * `wall_s` is unix time. */
MUST_USE enum err jwt_verify(const struct jwt_keys *keys, struct str token, int64_t wall_s,
                             struct claims **ret_claims, enum jwt_fault *ret_fault);
/* All but the times: ERR_DENIED is JWT_BAD; ERR_NOMEM. */
MUST_USE enum err jwt_read_signed(const struct jwt_keys *keys, struct str token,
                                  struct claims **ret_claims);
/* Only the times of claims verified before: ERR_DENIED as above. */
MUST_USE enum err jwt_check_times(const struct claims *claims, int64_t wall_s,
                                  enum jwt_fault *ret_fault);

/* Verified tokens by their text's SHA-256, so that EdDSA is paid once, expired ones among them;
 * bounded, the longest unused out; the times are looked at each time. */
struct jwt_cache;
MUST_USE enum err jwt_cache_new(uint32_t entries_max, struct jwt_cache **ret_cache);
void jwt_cache_free(struct jwt_cache *cache);  // NULL is legal
void jwt_cache_clear(struct jwt_cache *cache); // the keys changed
MUST_USE enum err jwt_cache_verify(struct jwt_cache *cache, const struct jwt_keys *keys,
                                   struct str token, int64_t wall_s, struct claims **ret_claims,
                                   enum jwt_fault *ret_fault);

/* Signs with the secret, HS256. */
struct jwt_grant {
    struct str sub, name;
    const struct str *roles, *streams;
    uint32_t role_count, stream_count;
    int64_t iat_s, exp_s;
    bool is_unlisted;
};
/* ERR_LIMIT: the secret is shorter than JWT_SECRET_BYTES_MIN or the token longer than
 * JWT_BYTES_MAX; ERR_NOMEM. */
MUST_USE enum err jwt_sign(struct str secret, const struct jwt_grant *grant, struct buf *out);
