// SPDX-License-Identifier: Apache-2.0
/* jwt -- JSON Web Tokens (RFC 7519, RFC 7515, RFC 8725): verified with OpenSSL EVP against a fixed
 * set of keys, one algorithm a key; what the token says of jku, jwk, x5u is ignored, `crit` is
 * refused, `exp` is required.
 *
 * Thread: a key set is frozen once made and may be shared; a jwt_cache is its reactor's.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { JWT_BYTES_MAX = 8 * 1024, JWT_LEEWAY_S = 5 };

enum role {
    ROLE_VIEWER = 1 << 0,
    ROLE_MEMBER = 1 << 1,
    ROLE_VERIFIED = 1 << 2,
    ROLE_VIP = 1 << 3,
    ROLE_BOT = 1 << 4,
    ROLE_MODERATOR = 1 << 5,
    ROLE_HOST = 1 << 6,
    ROLE_ADMIN = 1 << 7,
};

/* Who somebody is. Immutable, counted; strings are owned by it. */
struct claims {
    struct str sub;                       // user id, 1..128 bytes
    struct str name;                      // <= 64 code points; sub when the token has none
    struct str avatar;                    // <= 256 bytes or empty
    struct str badges;                    // JSON array text of <= 8 of <= 32 bytes, or empty
    struct str roles;                     // JSON array text of the roles besides viewer, or empty
    uint32_t role_bits;                   // enum role
    int64_t exp_s, nbf_s, iat_s, since_s; // unix seconds; 0 absent
    uint32_t glob_count;                  // of `streams`; 0: all
    const struct str *globs;
};
struct claims *claims_ref(struct claims *claims); // any thread
void claims_unref(struct claims *claims);         // any thread; NULL is legal
bool claims_allow_stream(const struct claims *claims, struct str stream); // `*` and `?` in globs
bool claims_are_privileged(const struct claims *claims);                  // host, moderator, admin
bool claims_are_unhurried(const struct claims *claims);                   // those and bot

struct jwt_keys;

/* HS256 from a secret (>= 32 bytes; ERR_LIMIT when shorter). */
MUST_USE enum err jwt_keys_new(struct jwt_keys **ret_keys);
void jwt_keys_free(struct jwt_keys *keys);
MUST_USE enum err jwt_keys_add_secret(struct jwt_keys *keys, struct str secret);
/* A JWKS document (RFC 7517): oct, RSA (>= 2048 bits), EC P-256, OKP Ed25519; `alg` or the type's
 * only algorithm. ERR_PROTO. */
MUST_USE enum err jwt_keys_add_jwks(struct jwt_keys *keys, struct str json);

enum jwt_fault { JWT_BAD, JWT_EXPIRED };

/* ERR_DENIED: *ret_fault says how; ERR_NOMEM. `wall_s` is unix time. */
MUST_USE enum err jwt_verify(const struct jwt_keys *keys, struct str token, int64_t wall_s,
                             struct claims **ret_claims, enum jwt_fault *ret_fault);

/* Verified tokens by their text's SHA-256, so that EdDSA is paid once; bounded, oldest out; `exp`
 * is looked at each time. */
struct jwt_cache;
MUST_USE enum err jwt_cache_new(uint32_t entries_max, struct jwt_cache **ret_cache);
void jwt_cache_free(struct jwt_cache *cache);
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
};
struct buf;
MUST_USE enum err jwt_sign(struct str secret, const struct jwt_grant *grant, struct buf *out);
