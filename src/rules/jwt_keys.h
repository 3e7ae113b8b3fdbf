// SPDX-License-Identifier: Apache-2.0
/* jwt_keys -- the fixed set of keys that tokens are verified with, one algorithm a key.
 *
 * Owns:    its keys.
 * Used by:  jwt.c to verify; app/ fills it.
 * Thread:  frozen once filled; then any thread may verify with it at once.
 * Bound:   JWT_KEYS_MAX; a token is tried with JWT_KEYS_TRIED_MAX of them, since whoever sends one
 *          need not be anybody yet and a signature costs up to 0.1 ms.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "rules/jwt_key.h"

#include <stdbool.h>
#include <stdint.h>

enum { JWT_KEYS_MAX = 64, JWT_KEYS_TRIED_MAX = 4 };

struct jwt_keys;

MUST_USE enum err jwt_keys_new(struct jwt_keys **ret_keys);
void jwt_keys_free(struct jwt_keys *keys); // NULL is legal
/* HS256 without a kid. ERR_LIMIT: shorter than JWT_SECRET_BYTES_MIN, or too many keys. */
MUST_USE enum err jwt_keys_add_secret(struct jwt_keys *keys, struct str secret);
/* A JWKS document (RFC 7517): oct, RSA (>= 2048 bits), EC P-256, OKP Ed25519 (RFC 8037). Keys of
 * other types, algorithms or uses are passed over. ERR_PROTO: not a JWKS, a key of these types that
 * is broken or too weak, or no usable key at all; ERR_LIMIT: too many; ERR_NOMEM. What was added
 * before the fault stays. */
MUST_USE enum err jwt_keys_add_jwks(struct jwt_keys *keys, struct str json);

/* What a token presents to be checked. */
struct jwt_proof {
    enum jwt_alg alg;
    struct str kid;       // empty: none; keys with a kid of their own must then fit by signature
    struct str signature; // the signature's bytes
    struct str text;      // "header.payload" as sent
};
/* Is it signed by a key of the set? A kid chooses the keys of that kid, then those without one; no
 * kid chooses all of its algorithm. The first JWT_KEYS_TRIED_MAX chosen are tried. */
bool jwt_keys_verify(const struct jwt_keys *keys, const struct jwt_proof *proof);
