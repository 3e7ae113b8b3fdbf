// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt_key.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/base64.h"
#include "wire/json.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

enum {
    P256_BYTES = 32,
    ED25519_BYTES = 32,
    HS256_BYTES = 32,
    MEMBER_CHARS_MAX = 1400,
    MEMBERS_BYTES_MAX = 2400
};

/* What a JWK's `kty` (and `crv`) may be used for: one algorithm each. */
static const struct {
    const char *type, *curve, *alg;
} kinds[JWT_ALGS] = {
    [JWT_HS256] = {"oct", NULL, "HS256"},
    [JWT_RS256] = {"RSA", NULL, "RS256"},
    [JWT_ES256] = {"EC", "P-256", "ES256"},
    [JWT_EDDSA] = {"OKP", "Ed25519", "EdDSA"},
};

bool jwt_key_alg(struct str name, enum jwt_alg *ret_alg)
{
    for (int i = 0; i < JWT_ALGS; i++) {
        if (str_eq(name, str_of(kinds[i].alg))) {
            *ret_alg = (enum jwt_alg)i;
            return true;
        }
    }
    return false;
}

static enum err own_text(struct str text, struct str *ret_owned)
{
    char *copy = mem_copy_text(MEM_OTHER, text.at, text.len);
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    *ret_owned = (struct str){.at = copy, .len = text.len};
    return ERR_OK;
}

void jwt_key_done(struct jwt_key *key)
{
    if (key->secret.len > 0) {
        OPENSSL_cleanse((void *)(uintptr_t)key->secret.at, key->secret.len);
    }
    mem_free(MEM_OTHER, (void *)(uintptr_t)key->secret.at);
    mem_free(MEM_OTHER, (void *)(uintptr_t)key->kid.at);
    EVP_PKEY_free(key->public);
    *key = (struct jwt_key){0};
}

enum err jwt_key_from_secret(struct str secret, struct jwt_key *ret_key)
{
    if (secret.len < JWT_SECRET_BYTES_MIN || secret.len > INT_MAX) {
        return ERR_LIMIT;
    }
    struct jwt_key key = {.alg = JWT_HS256};
    TRY(own_text(secret, &key.secret));
    *ret_key = key;
    return ERR_OK;
}

/* ---- from a JWK ---- */

/* A member in base64url of at least `min` bytes, appended. */
static enum err read_bytes(const struct json *jwk, const char *name, size_t min, struct buf *out)
{
    struct str text = STR_NONE;
    const size_t before = out->len;
    if (!json_get_str(json_member(jwk, name), &text) || text.len > MEMBER_CHARS_MAX) {
        return ERR_PROTO;
    }
    TRY(base64_read(out, BASE64_URL, text));
    return out->len - before >= min ? ERR_OK : ERR_PROTO;
}

static EVP_PKEY *public_from(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *public = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &public, EVP_PKEY_PUBLIC_KEY, params); // NULL on failure
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return public;
}

static EVP_PKEY *rsa_public(struct str modulus, struct str exponent)
{
    EVP_PKEY *public = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn((const uint8_t *)modulus.at, (int)modulus.len, NULL);
    BIGNUM *e = BN_bin2bn((const uint8_t *)exponent.at, (int)exponent.len, NULL);
    if (builder != NULL && n != NULL && e != NULL && BN_is_odd(e) && !BN_is_one(e) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        public = public_from("RSA", builder);
    }
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(builder);
    if (public != NULL && EVP_PKEY_get_bits(public) < JWT_RSA_BITS_MIN) {
        EVP_PKEY_free(public);
        return NULL;
    }
    return public;
}

static EVP_PKEY *p256_public(struct str point)
{
    EVP_PKEY *public = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.at, point.len) ==
            1) {
        public = public_from("EC", builder); // refuses a point that is not on the curve
    }
    OSSL_PARAM_BLD_free(builder);
    return public;
}

static enum err read_rsa(const struct json *jwk, struct jwt_key *key)
{
    struct buf bytes;
    buf_init(&bytes, MEM_OTHER, MEMBERS_BYTES_MAX);
    enum err err = read_bytes(jwk, "n", JWT_RSA_BITS_MIN / 8, &bytes);
    const size_t modulus_len = bytes.len;
    if (err == ERR_OK) {
        err = read_bytes(jwk, "e", 1, &bytes);
    }
    if (err == ERR_OK) {
        const char *at = (const char *)bytes.bytes;
        key->public =
            rsa_public((struct str){.at = at, .len = modulus_len},
                       (struct str){.at = at + modulus_len, .len = bytes.len - modulus_len});
        err = key->public == NULL ? ERR_PROTO : ERR_OK;
    }
    buf_done(&bytes);
    return err;
}

static enum err read_p256(const struct json *jwk, struct jwt_key *key)
{
    struct buf point; // 04 x y, uncompressed
    buf_init(&point, MEM_OTHER, MEMBERS_BYTES_MAX);
    buf_add_byte(&point, 4);
    enum err err = read_bytes(jwk, "x", P256_BYTES, &point);
    if (err == ERR_OK) {
        err = read_bytes(jwk, "y", P256_BYTES, &point);
    }
    if (err == ERR_OK && point.len == 1 + 2 * P256_BYTES) {
        key->public = p256_public(buf_str(&point));
    }
    buf_done(&point);
    return key->public == NULL && err == ERR_OK ? ERR_PROTO : err;
}

static enum err read_ed25519(const struct json *jwk, struct jwt_key *key)
{
    struct buf bytes;
    buf_init(&bytes, MEM_OTHER, MEMBERS_BYTES_MAX);
    const enum err err = read_bytes(jwk, "x", ED25519_BYTES, &bytes);
    if (err == ERR_OK) {
        key->public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes.bytes, bytes.len);
    }
    buf_done(&bytes);
    return key->public == NULL && err == ERR_OK ? ERR_PROTO : err;
}

static enum err read_oct(const struct json *jwk, struct jwt_key *key)
{
    struct buf bytes;
    buf_init(&bytes, MEM_OTHER, MEMBERS_BYTES_MAX);
    enum err err = read_bytes(jwk, "k", JWT_SECRET_BYTES_MIN, &bytes);
    if (err == ERR_OK) {
        err = own_text(buf_str(&bytes), &key->secret);
    }
    if (bytes.len > 0) {
        OPENSSL_cleanse(bytes.bytes, bytes.len);
    }
    buf_done(&bytes);
    return err;
}

/* Absent, or the wanted text. */
static bool says(const struct json *jwk, const char *name, const char *wanted)
{
    const struct json *member = json_member(jwk, name);
    struct str text = STR_NONE;
    return member == NULL || (json_get_str(member, &text) && str_eq(text, str_of(wanted)));
}

static enum err read_alg(const struct json *jwk, enum jwt_alg *ret_alg)
{
    if (json_member(jwk, "kty") == NULL) {
        return ERR_PROTO;
    }
    for (int i = 0; i < JWT_ALGS; i++) {
        const char *curve = kinds[i].curve;
        if (says(jwk, "kty", kinds[i].type) && (curve == NULL || says(jwk, "crv", curve)) &&
            says(jwk, "alg", kinds[i].alg) && says(jwk, "use", "sig")) {
            *ret_alg = (enum jwt_alg)i;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

static enum err read_kid(const struct json *jwk, struct jwt_key *key)
{
    const struct json *member = json_member(jwk, "kid");
    struct str kid = STR_NONE;
    if (member == NULL) {
        return ERR_OK;
    }
    if (!json_get_str(member, &kid) || kid.len > JWT_KID_BYTES_MAX) {
        return ERR_PROTO;
    }
    return own_text(kid, &key->kid);
}

static enum err read_material(const struct json *jwk, struct jwt_key *key)
{
    switch ((int)key->alg) {
    case JWT_HS256:
        return read_oct(jwk, key);
    case JWT_RS256:
        return read_rsa(jwk, key);
    case JWT_ES256:
        return read_p256(jwk, key);
    default:
        return read_ed25519(jwk, key);
    }
}

enum err jwt_key_from_jwk(const struct json *jwk, struct jwt_key *ret_key)
{
    struct jwt_key key = {0};
    if (json_kind(jwk) != JSON_KIND_OBJECT) {
        return ERR_PROTO;
    }
    TRY(read_alg(jwk, &key.alg));
    enum err err = read_kid(jwk, &key);
    if (err == ERR_OK) {
        err = read_material(jwk, &key);
    }
    ERR_clear_error(); // what OpenSSL queued about a bad key is told by our code
    if (err != ERR_OK) {
        jwt_key_done(&key);
        return err == ERR_NOMEM ? ERR_NOMEM : ERR_PROTO;
    }
    *ret_key = key;
    return ERR_OK;
}

/* ---- verifying ---- */

static bool hmac_matches(const struct jwt_key *key, struct str text, struct str signature)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    return signature.len == HS256_BYTES &&
           HMAC(EVP_sha256(), key->secret.at, (int)key->secret.len, (const uint8_t *)text.at,
                text.len, digest, &len) != NULL &&
           CRYPTO_memcmp(digest, signature.at, HS256_BYTES) == 0;
}

static bool public_matches(const struct jwt_key *key, const EVP_MD *digest, struct str text,
                           struct str signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool matches = context != NULL &&
                         EVP_DigestVerifyInit(context, NULL, digest, NULL, key->public) == 1 &&
                         EVP_DigestVerify(context, (const uint8_t *)signature.at, signature.len,
                                          (const uint8_t *)text.at, text.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return matches;
}

/* JOSE writes r and s as 32 bytes each (RFC 7518 section 3.4), OpenSSL wants them in DER. */
static bool p256_matches(const struct jwt_key *key, struct str text, struct str signature)
{
    if (signature.len != 2 * P256_BYTES) {
        return false;
    }
    const uint8_t *bytes = (const uint8_t *)signature.at;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(bytes + P256_BYTES, P256_BYTES, NULL);
    uint8_t *der = NULL;
    bool matches = false;
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = NULL; // the pair's now
        s = NULL;
        const int len = i2d_ECDSA_SIG(pair, &der);
        matches = len > 0 && public_matches(key, EVP_sha256(), text,
                                            (struct str){.at = (char *)der, .len = (size_t)len});
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    OPENSSL_free(der);
    return matches;
}

bool jwt_key_signed(const struct jwt_key *key, struct str text, struct str signature)
{
    switch ((int)key->alg) {
    case JWT_HS256:
        return hmac_matches(key, text, signature);
    case JWT_RS256:
        return public_matches(key, EVP_sha256(), text, signature);
    case JWT_ES256:
        return p256_matches(key, text, signature);
    default:
        return public_matches(key, NULL, text, signature);
    }
}
