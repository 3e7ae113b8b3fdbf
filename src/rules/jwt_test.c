// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt.h"

#include "base/mem.h"
#include "wire/base64.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW_S = 1700000000 };

#define SECRET "0123456789abcdef0123456789abcdef"
#define GOOD_PAYLOAD "{\"sub\":\"u7\",\"name\":\"Ann\",\"exp\":1700000100}"

/* Made once: the private halves, and all public ones in one JWKS beside SECRET. */
static struct world {
    EVP_PKEY *rsa, *ec, *ed;
    struct jwt_keys *keys;
} world;

/* ---- JWKs of generated keys ---- */

static void add_number(struct buf *out, const char *name, EVP_PKEY *key, const char *param,
                       size_t width)
{
    BIGNUM *number = NULL;
    uint8_t bytes[512];
    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &number), 1);
    const size_t len = width > 0 ? width : (size_t)BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, bytes, (int)len), (int)len);
    buf_addf(out, ",\"%s\":\"", name);
    base64_write(out, BASE64_URL, (struct str){.at = (char *)bytes, .len = len});
    buf_add_byte(out, '"');
    BN_free(number);
}

static void add_rsa(struct buf *out, EVP_PKEY *key)
{
    buf_add_str(out, STR("{\"kty\":\"RSA\",\"kid\":\"r1\",\"use\":\"sig\""));
    add_number(out, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
    add_number(out, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
    buf_add_byte(out, '}');
}

static void add_ec(struct buf *out, EVP_PKEY *key)
{
    buf_add_str(out, STR("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\",\"alg\":\"ES256\""));
    add_number(out, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    add_number(out, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    buf_add_byte(out, '}');
}

static void add_ed(struct buf *out, EVP_PKEY *key)
{
    uint8_t bytes[32];
    size_t len = sizeof(bytes);
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, bytes, &len), 1);
    buf_add_str(out, STR("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o1\",\"x\":\""));
    base64_write(out, BASE64_URL, (struct str){.at = (char *)bytes, .len = len});
    buf_add_str(out, STR("\"}"));
}

static int make_world(void **state)
{
    struct buf jwks;

    (void)state;
    world.rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    world.ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    world.ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_int_equal(jwt_keys_new(&world.keys), ERR_OK);
    assert_int_equal(jwt_keys_add_secret(world.keys, STR(SECRET)), ERR_OK);
    buf_init(&jwks, MEM_OTHER, 1 << 14);
    buf_add_str(&jwks, STR("{\"keys\":[{\"kty\":\"future\",\"x\":1},"));
    add_rsa(&jwks, world.rsa);
    buf_add_byte(&jwks, ',');
    add_ec(&jwks, world.ec);
    buf_add_byte(&jwks, ',');
    add_ed(&jwks, world.ed);
    buf_add_str(&jwks, STR("]}"));
    assert_int_equal(jwt_keys_add_jwks(world.keys, buf_str(&jwks)), ERR_OK);
    buf_done(&jwks);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    jwt_keys_free(world.keys);
    EVP_PKEY_free(world.rsa);
    EVP_PKEY_free(world.ec);
    EVP_PKEY_free(world.ed);
    return 0;
}

/* ---- tokens ---- */

static size_t sign_public(EVP_PKEY *key, const EVP_MD *digest, struct str text, uint8_t out[512])
{
    size_t len = 512;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, out, &len, (const uint8_t *)text.at, text.len), 1);
    EVP_MD_CTX_free(context);
    return len;
}

static size_t sign_es256(struct str text, uint8_t out[512])
{
    uint8_t der[512];
    const uint8_t *at = der;
    const size_t len = sign_public(world.ec, EVP_sha256(), text, der);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32), 32);
    ECDSA_SIG_free(pair);
    return 64;
}

static size_t sign(enum jwt_alg alg, struct str text, uint8_t out[512])
{
    unsigned int len = 0;
    switch ((int)alg) {
    case JWT_HS256:
        (void)HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1, (const uint8_t *)text.at, text.len,
                   out, &len);
        return len;
    case JWT_RS256:
        return sign_public(world.rsa, EVP_sha256(), text, out);
    case JWT_ES256:
        return sign_es256(text, out);
    default:
        return sign_public(world.ed, NULL, text, out);
    }
}

static void make_token(struct buf *token, enum jwt_alg alg, const char *header, const char *payload)
{
    uint8_t signature[512];
    buf_reset(token);
    base64_write(token, BASE64_URL, str_of(header));
    buf_add_byte(token, '.');
    base64_write(token, BASE64_URL, str_of(payload));
    const size_t len = sign(alg, buf_str(token), signature);
    buf_add_byte(token, '.');
    base64_write(token, BASE64_URL, (struct str){.at = (char *)signature, .len = len});
}

static void expect_denied(struct str token, int64_t now_s, enum jwt_fault expected)
{
    struct claims *claims = NULL;
    enum jwt_fault fault = expected == JWT_BAD ? JWT_EXPIRED : JWT_BAD;
    assert_int_equal(jwt_verify(world.keys, token, now_s, &claims, &fault), ERR_DENIED);
    assert_int_equal(fault, expected);
    assert_null(claims);
}

static void expect_good(struct str token, int64_t now_s)
{
    struct claims *claims = NULL;
    enum jwt_fault fault;
    assert_int_equal(jwt_verify(world.keys, token, now_s, &claims, &fault), ERR_OK);
    assert_true(str_eq(claims->sub, STR("u7")));
    claims_unref(claims);
}

static const char *const alg_names[JWT_ALGS] = {"HS256", "RS256", "ES256", "EdDSA"};

static void header_of(enum jwt_alg named, const char *more, char out[256])
{
    (void)snprintf(out, 256, "{\"alg\":\"%s\"%s}", alg_names[named], more);
}

static void every_algorithm_verifies_and_only_its_own_key(void **state)
{
    struct buf token;
    char header[256];

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    for (int signer = 0; signer < JWT_ALGS; signer++) {
        for (int named = 0; named < JWT_ALGS; named++) {
            header_of((enum jwt_alg)named, "", header);
            make_token(&token, (enum jwt_alg)signer, header, GOOD_PAYLOAD);
            if (signer == named) {
                expect_good(buf_str(&token), NOW_S);
            } else {
                expect_denied(buf_str(&token), NOW_S, JWT_BAD);
            }
        }
    }
    buf_done(&token);
}

static void one_changed_bit_is_refused(void **state)
{
    struct buf token, raw;
    char header[256];

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    buf_init(&raw, MEM_OTHER, 4096);
    for (int alg = 0; alg < JWT_ALGS; alg++) {
        header_of((enum jwt_alg)alg, "", header);
        make_token(&token, (enum jwt_alg)alg, header, GOOD_PAYLOAD);
        const size_t dots[] = {5, token.len / 3, token.len - 10};
        for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++) {
            const uint8_t old = token.bytes[dots[i]];
            token.bytes[dots[i]] = old == 'A' ? 'B' : 'A';
            expect_denied(buf_str(&token), NOW_S, JWT_BAD);
            token.bytes[dots[i]] = old;
        }
        expect_good(buf_str(&token), NOW_S);
    }
    buf_done(&token);
    buf_done(&raw);
}

static void bad_headers_are_refused(void **state)
{
    static const char *const headers[] = {
        "{}",
        "[]",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS384\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":null}",
        "{\"alg\":5}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"crit\":[]}",
        "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
        "{\"alg\":\"HS256\",\"typ\":\"dpop+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":7}",
        "{\"alg\":\"HS256\",\"kid\":7}",
        "{\"alg\":\"HS256\"",
        "HS256",
    };
    struct buf token;

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        make_token(&token, JWT_HS256, headers[i], GOOD_PAYLOAD);
        expect_denied(buf_str(&token), NOW_S, JWT_BAD);
    }
    buf_done(&token);
}

static void what_the_header_says_of_keys_is_not_followed(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"typ\":\"jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}",
        "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:9/\",\"x5u\":\"http://127.0.0.1:9/\"}",
        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
        "{\"alg\":\"HS256\",\"kid\":\"whatever\"}", // a secret has no kid and is always meant
    };
    struct buf token;

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        make_token(&token, JWT_HS256, headers[i], GOOD_PAYLOAD);
        expect_good(buf_str(&token), NOW_S);
    }
    make_token(&token, JWT_EDDSA, "{\"alg\":\"EdDSA\",\"kid\":\"o1\"}", GOOD_PAYLOAD);
    expect_good(buf_str(&token), NOW_S);
    make_token(&token, JWT_EDDSA, "{\"alg\":\"EdDSA\",\"kid\":\"o2\"}", GOOD_PAYLOAD);
    expect_denied(buf_str(&token), NOW_S, JWT_BAD);
    buf_done(&token);
}

static void times_are_kept_to_five_seconds(void **state)
{
    struct buf token;

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    make_token(&token, JWT_HS256, "{\"alg\":\"HS256\"}",
               "{\"sub\":\"u7\",\"nbf\":1700000000,\"exp\":1700000100}");
    expect_denied(buf_str(&token), NOW_S - 6, JWT_BAD);
    expect_good(buf_str(&token), NOW_S - 5);
    expect_good(buf_str(&token), NOW_S + 104);
    expect_denied(buf_str(&token), NOW_S + 105, JWT_EXPIRED);
    make_token(&token, JWT_HS256, "{\"alg\":\"HS256\"}", "{\"sub\":\"u7\"}");
    expect_denied(buf_str(&token), NOW_S, JWT_BAD);
    /* A forged old token is not told that its time was wrong. */
    make_token(&token, JWT_RS256, "{\"alg\":\"HS256\"}", "{\"sub\":\"u7\",\"exp\":5}");
    expect_denied(buf_str(&token), NOW_S, JWT_BAD);
    buf_done(&token);
}

static void what_is_no_token_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "....",
        "e30.e30.",
        "e30..e30",
        ".e30.e30",
        "eyJhbGciOiJub25lIn0.e30.",
        "e30=.e30=.AAAA",
        "e30.e30.A+/A",
        " e30.e30.AAAA",
        "e30.e30.AAAA\n",
    };
    static char huge[JWT_BYTES_MAX + 1];
    struct buf token;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_denied(str_of(texts[i]), NOW_S, JWT_BAD);
    }
    memset(huge, 'A', sizeof(huge));
    expect_denied((struct str){.at = huge, .len = sizeof(huge)}, NOW_S, JWT_BAD);
    buf_init(&token, MEM_OTHER, 4096);
    make_token(&token, JWT_HS256, "{\"alg\":\"HS256\"}", GOOD_PAYLOAD);
    buf_add_byte(&token, '=');
    expect_denied(buf_str(&token), NOW_S, JWT_BAD);
    buf_done(&token);
}

/* Who has only the RSA public key cannot use its text as an HMAC secret (RFC 8725 section 2.1). */
static void a_public_key_is_no_secret(void **state)
{
    struct jwt_keys *keys = NULL;
    struct claims *claims = NULL;
    enum jwt_fault fault = JWT_EXPIRED;
    struct buf jwks, token;

    (void)state;
    buf_init(&jwks, MEM_OTHER, 1 << 14);
    buf_init(&token, MEM_OTHER, 4096);
    buf_add_str(&jwks, STR("{\"keys\":["));
    add_rsa(&jwks, world.rsa);
    buf_add_str(&jwks, STR("]}"));
    assert_int_equal(jwt_keys_new(&keys), ERR_OK);
    assert_int_equal(jwt_keys_add_jwks(keys, buf_str(&jwks)), ERR_OK);
    make_token(&token, JWT_HS256, "{\"alg\":\"HS256\",\"kid\":\"r1\"}", GOOD_PAYLOAD);
    assert_int_equal(jwt_verify(keys, buf_str(&token), NOW_S, &claims, &fault), ERR_DENIED);
    assert_int_equal(fault, JWT_BAD);
    jwt_keys_free(keys);
    buf_done(&jwks);
    buf_done(&token);
}

static void what_we_sign_we_accept(void **state)
{
    const struct str roles[] = {STR("moderator"), STR("bot")}, streams[] = {STR("de*")};
    const struct jwt_grant grant = {.sub = STR("u7"),
                                    .name = STR("A\"nn"),
                                    .roles = roles,
                                    .role_count = 2,
                                    .streams = streams,
                                    .stream_count = 1,
                                    .iat_s = NOW_S,
                                    .exp_s = NOW_S + 60};
    struct claims *claims = NULL;
    enum jwt_fault fault;
    struct buf token;

    (void)state;
    buf_init(&token, MEM_OTHER, JWT_BYTES_MAX);
    assert_int_equal(jwt_sign(STR(SECRET), &grant, &token), ERR_OK);
    assert_int_equal(jwt_verify(world.keys, buf_str(&token), NOW_S, &claims, &fault), ERR_OK);
    assert_true(str_eq(claims->name, STR("A\"nn")));
    assert_int_equal(claims->role_bits, ROLE_VIEWER | ROLE_MODERATOR | ROLE_BOT);
    assert_true(claims_allow_stream(claims, STR("demo")));
    assert_false(claims_allow_stream(claims, STR("other")));
    assert_int_equal(claims->exp_s, NOW_S + 60);
    claims_unref(claims);
    assert_int_equal(jwt_sign(STR("short"), &grant, &token), ERR_LIMIT);
    buf_done(&token);
}

static void the_cache_looks_at_the_time_again(void **state)
{
    struct jwt_cache *cache = NULL;
    struct claims *first = NULL, *second = NULL;
    enum jwt_fault fault = JWT_BAD;
    struct buf token;

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    make_token(&token, JWT_EDDSA, "{\"alg\":\"EdDSA\"}", GOOD_PAYLOAD);
    assert_int_equal(jwt_cache_new(2, &cache), ERR_OK);
    assert_int_equal(jwt_cache_verify(cache, world.keys, buf_str(&token), NOW_S, &first, &fault),
                     ERR_OK);
    assert_int_equal(jwt_cache_verify(cache, world.keys, buf_str(&token), NOW_S, &second, &fault),
                     ERR_OK);
    assert_ptr_equal(first, second);
    claims_unref(second);
    second = NULL;
    assert_int_equal(
        jwt_cache_verify(cache, world.keys, buf_str(&token), NOW_S + 105, &second, &fault),
        ERR_DENIED);
    assert_int_equal(fault, JWT_EXPIRED);
    jwt_cache_clear(cache);
    assert_int_equal(jwt_cache_verify(cache, world.keys, buf_str(&token), NOW_S, &second, &fault),
                     ERR_OK);
    assert_ptr_not_equal(first, second);
    claims_unref(first);
    claims_unref(second);
    jwt_cache_free(cache);
    buf_done(&token);
}

/* Without keys nothing can be verified: what is known then is from before. */
static void the_cache_keeps_expired_tokens_too(void **state)
{
    struct jwt_cache *cache = NULL;
    struct jwt_keys *no_keys = NULL;
    struct claims *claims = NULL;
    struct buf token;

    (void)state;
    buf_init(&token, MEM_OTHER, 4096);
    make_token(&token, JWT_EDDSA, "{\"alg\":\"EdDSA\"}", GOOD_PAYLOAD);
    assert_int_equal(jwt_cache_new(2, &cache), ERR_OK);
    assert_int_equal(jwt_keys_new(&no_keys), ERR_OK);
    const struct jwt_keys *const sets[] = {world.keys, no_keys};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        enum jwt_fault fault = JWT_BAD;
        assert_int_equal(
            jwt_cache_verify(cache, sets[i], buf_str(&token), NOW_S + 105, &claims, &fault),
            ERR_DENIED);
        assert_int_equal(fault, JWT_EXPIRED);
    }
    jwt_cache_free(cache);
    jwt_keys_free(no_keys);
    buf_done(&token);
}

static struct claims *through(struct jwt_cache *cache, const char *payload)
{
    struct claims *claims = NULL;
    enum jwt_fault fault;
    struct buf token;
    buf_init(&token, MEM_OTHER, 4096);
    make_token(&token, JWT_HS256, "{\"alg\":\"HS256\"}", payload);
    assert_int_equal(jwt_cache_verify(cache, world.keys, buf_str(&token), NOW_S, &claims, &fault),
                     ERR_OK);
    buf_done(&token);
    return claims;
}

static void the_cache_forgets_the_longest_unused(void **state)
{
    static const char *const payloads[] = {"{\"sub\":\"a\",\"exp\":1700000100}",
                                           "{\"sub\":\"b\",\"exp\":1700000100}",
                                           "{\"sub\":\"c\",\"exp\":1700000100}"};
    struct jwt_cache *cache = NULL;

    (void)state;
    assert_int_equal(jwt_cache_new(2, &cache), ERR_OK);
    struct claims *a = through(cache, payloads[0]);
    struct claims *b = through(cache, payloads[1]);
    claims_unref(through(cache, payloads[0])); // a is used again, so b is the one to go
    claims_unref(through(cache, payloads[2]));
    struct claims *a_again = through(cache, payloads[0]);
    struct claims *b_again = through(cache, payloads[1]);
    assert_ptr_equal(a_again, a);
    assert_ptr_not_equal(b_again, b);
    claims_unref(a);
    claims_unref(b);
    claims_unref(a_again);
    claims_unref(b_again);
    jwt_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_verifies_and_only_its_own_key),
        cmocka_unit_test(one_changed_bit_is_refused),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(what_the_header_says_of_keys_is_not_followed),
        cmocka_unit_test(times_are_kept_to_five_seconds),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(what_we_sign_we_accept),
        cmocka_unit_test(the_cache_looks_at_the_time_again),
        cmocka_unit_test(the_cache_keeps_expired_tokens_too),
        cmocka_unit_test(the_cache_forgets_the_longest_unused),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
