// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt_keys.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The example keys of RFC 7515 appendix A.1 to A.3 and RFC 8037 appendix A.2. */
#define RFC_OCT "{" RFC_OCT_MEMBERS
#define RFC_OCT_MEMBERS                                                                            \
    "\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"                        \
    "1qS0gZH75aKtMN3Yj0iPS4h"                                                                      \
    "cgUuTwjAzZr1Z9CAow\"}"
#define RFC_RSA_N                                                                                  \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC_RSA "{\"kty\":\"RSA\",\"n\":\"" RFC_RSA_N "\",\"e\":\"AQAB\"}"
#define RFC_EC                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define RFC_OKP                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define RFC_PAYLOAD                                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static const struct {
    const char *jwk;
    enum jwt_alg alg;
    const char *text, *signature;
} examples[] = {
    {RFC_OCT, JWT_HS256, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_PAYLOAD,
     "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {RFC_RSA, JWT_RS256, "eyJhbGciOiJSUzI1NiJ9." RFC_PAYLOAD,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
     "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
     "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
     "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {RFC_EC, JWT_ES256, "eyJhbGciOiJFUzI1NiJ9." RFC_PAYLOAD,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {RFC_OKP, JWT_EDDSA, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

static enum err add(struct jwt_keys *keys, const char *list)
{
    struct buf jwks;
    buf_init(&jwks, MEM_OTHER, 1 << 16);
    buf_add_str(&jwks, STR("{\"keys\":["));
    buf_add_str(&jwks, str_of(list));
    buf_add_str(&jwks, STR("]}"));
    const enum err err = jwt_keys_add_jwks(keys, buf_str(&jwks));
    buf_done(&jwks);
    return err;
}

static enum err add_alone(const char *list)
{
    struct jwt_keys *keys = NULL;
    assert_int_equal(jwt_keys_new(&keys), ERR_OK);
    const enum err err = add(keys, list);
    jwt_keys_free(keys);
    return err;
}

static void the_examples_of_the_rfcs_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct jwt_keys *keys = NULL;
        struct buf signature;
        buf_init(&signature, MEM_OTHER, 512);
        assert_int_equal(jwt_keys_new(&keys), ERR_OK);
        assert_int_equal(add(keys, examples[i].jwk), ERR_OK);
        assert_int_equal(base64_read(&signature, BASE64_URL, str_of(examples[i].signature)),
                         ERR_OK);
        const struct jwt_proof proof = {.alg = examples[i].alg,
                                        .text = str_of(examples[i].text),
                                        .signature = buf_str(&signature)};
        assert_true(jwt_keys_verify(keys, &proof));
        signature.bytes[signature.len - 1] ^= 1;
        assert_false(jwt_keys_verify(keys, &proof));
        jwt_keys_free(keys);
        buf_done(&signature);
    }
}

static void algorithms_have_one_spelling(void **state)
{
    enum jwt_alg alg = JWT_ALGS;

    (void)state;
    assert_true(jwt_key_alg(STR("EdDSA"), &alg));
    assert_int_equal(alg, JWT_EDDSA);
    assert_false(jwt_key_alg(STR("none"), &alg));
    assert_false(jwt_key_alg(STR("eddsa"), &alg));
    assert_false(jwt_key_alg(STR(""), &alg));
}

static void broken_keys_are_refused(void **state)
{
    static const char *const keys[] = {
        "5",
        "{}",
        "{\"kty\":\"oct\"}",
        "{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}",
        "{\"kty\":\"oct\",\"k\":\"####\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RFC_RSA_N "\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RFC_RSA_N "\",\"e\":\"AQ\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RFC_RSA_N "\",\"e\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}",
        /* Not on the curve. */
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAB\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":7}",
        "{\"kty\":\"OKP\",\"kid\":7,\"crv\":\"Ed25519\","
        "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_int_equal(add_alone(keys[i]), ERR_PROTO);
    }
}

static void keys_for_something_else_are_passed_over(void **state)
{
    static const char *const keys[] = {
        "{\"kty\":\"future\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}",
        "{\"kty\":\"RSA\",\"alg\":\"RS512\",\"n\":\"AA\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AA\",\"e\":\"AQAB\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct buf list;
        buf_init(&list, MEM_OTHER, 4096);
        assert_int_equal(add_alone(keys[i]), ERR_PROTO); // alone: no usable key
        buf_add_str(&list, str_of(keys[i]));
        buf_add(&list, "," RFC_OKP, sizeof("," RFC_OKP)); // with its NUL
        assert_int_equal(add_alone((const char *)list.bytes), ERR_OK);
        buf_done(&list);
    }
}

static void what_is_no_set_is_refused(void **state)
{
    static const char *const texts[] = {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", RFC_OKP};
    struct jwt_keys *keys = NULL;

    (void)state;
    assert_int_equal(jwt_keys_new(&keys), ERR_OK);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(jwt_keys_add_jwks(keys, str_of(texts[i])), ERR_PROTO);
    }
    assert_int_equal(jwt_keys_add_secret(keys, STR("thirty-one bytes are too few!!!")), ERR_LIMIT);
    jwt_keys_free(keys);
    jwt_keys_free(NULL);
}

static void a_set_is_bounded(void **state)
{
    struct jwt_keys *keys = NULL;

    (void)state;
    assert_int_equal(jwt_keys_new(&keys), ERR_OK);
    for (int i = 0; i < JWT_KEYS_MAX; i++) {
        assert_int_equal(add(keys, RFC_OKP), ERR_OK);
    }
    assert_int_equal(add(keys, RFC_OKP), ERR_LIMIT);
    assert_int_equal(jwt_keys_add_secret(keys, STR("0123456789abcdef0123456789abcdef")), ERR_LIMIT);
    jwt_keys_free(keys);
}

/* The signature of RFC 7515 A.1, its key behind `others` that did not sign it. */
static bool is_found_behind(int others, const char *jwk, struct str kid)
{
    struct jwt_keys *keys = NULL;
    struct buf signature;
    buf_init(&signature, MEM_OTHER, 512);
    assert_int_equal(base64_read(&signature, BASE64_URL, str_of(examples[0].signature)), ERR_OK);
    assert_int_equal(jwt_keys_new(&keys), ERR_OK);
    for (int i = 0; i < others; i++) {
        assert_int_equal(jwt_keys_add_secret(keys, STR("0123456789abcdef0123456789abcdef")),
                         ERR_OK);
    }
    assert_int_equal(add(keys, jwk), ERR_OK);
    const struct jwt_proof proof = {.alg = JWT_HS256,
                                    .kid = kid,
                                    .text = str_of(examples[0].text),
                                    .signature = buf_str(&signature)};
    const bool found = jwt_keys_verify(keys, &proof);
    jwt_keys_free(keys);
    buf_done(&signature);
    return found;
}

static void a_token_is_tried_with_few_keys(void **state)
{
    static const char named[] = "{\"kid\":\"k1\"," RFC_OCT_MEMBERS;

    (void)state;
    assert_true(is_found_behind(JWT_KEYS_TRIED_MAX - 1, RFC_OCT, STR_NONE));
    assert_false(is_found_behind(JWT_KEYS_TRIED_MAX, RFC_OCT, STR_NONE));
    assert_false(is_found_behind(JWT_KEYS_TRIED_MAX, RFC_OCT, STR("k1")));
    assert_false(is_found_behind(JWT_KEYS_TRIED_MAX, named, STR_NONE));
    assert_true(is_found_behind(JWT_KEYS_MAX - 1, named, STR("k1"))); // those it names come first
    assert_false(is_found_behind(0, named, STR("k2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfcs_verify),
        cmocka_unit_test(algorithms_have_one_spelling),
        cmocka_unit_test(broken_keys_are_refused),
        cmocka_unit_test(keys_for_something_else_are_passed_over),
        cmocka_unit_test(what_is_no_set_is_refused),
        cmocka_unit_test(a_set_is_bounded),
        cmocka_unit_test(a_token_is_tried_with_few_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
