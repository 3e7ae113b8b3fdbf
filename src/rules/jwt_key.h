// SPDX-License-Identifier: Apache-2.0
/* jwt_key -- one key: made from a secret or a JWK (RFC 7517, 7518, 8037), asked whether it signed.
 *
 * Owns:    its key material.
 * Used by: jwt_keys.c.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <stdbool.h>

enum jwt_alg { JWT_HS256, JWT_RS256, JWT_ES256, JWT_EDDSA, JWT_ALGS };
enum { JWT_SECRET_BYTES_MIN = 32, JWT_KID_BYTES_MAX = 128, JWT_RSA_BITS_MIN = 2048 };

struct jwt_key {
    enum jwt_alg alg;
    struct str kid;    // owned; empty: none
    struct str secret; // owned; HS256 only
    EVP_PKEY *public;  // owned; all others
};

struct json;

/* "HS256" ...; false: none of ours ("none" included). */
bool jwt_key_alg(struct str name, enum jwt_alg *ret_alg);
/* HS256 without a kid. ERR_LIMIT: shorter than JWT_SECRET_BYTES_MIN; ERR_NOMEM. */
MUST_USE enum err jwt_key_from_secret(struct str secret, struct jwt_key *ret_key);
/* ERR_NOT_FOUND: of another type, algorithm or use; ERR_PROTO: broken or too weak; ERR_NOMEM. */
MUST_USE enum err jwt_key_from_jwk(const struct json *jwk, struct jwt_key *ret_key);
void jwt_key_done(struct jwt_key *key);

bool jwt_key_signed(const struct jwt_key *key, struct str text, struct str signature);
