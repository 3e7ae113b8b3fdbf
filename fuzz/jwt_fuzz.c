// SPDX-License-Identifier: Apache-2.0
/* No bytes are a token that somebody signed with a secret we alone know; a token we sign says what
 * it was made of; and of one we signed no changed byte is accepted. */
#include "fuzz.h"
#include "rules/jwt.h"
#include "rules/user_name.h"

enum { NOW_S = 1763700000 };

static const struct str secret = STR("a secret of the fuzz target, 32 bytes or more");

static const struct jwt_keys *known_keys(void)
{
    static struct jwt_keys *keys;
    if (keys == NULL) {
        must(jwt_keys_new(&keys) == ERR_OK);
        must(jwt_keys_add_secret(keys, secret) == ERR_OK);
    }
    return keys;
}

static void must_be_denied(struct str token)
{
    struct claims *claims = NULL;
    enum jwt_fault fault;
    must(jwt_verify(known_keys(), token, NOW_S, &claims, &fault) == ERR_DENIED);
    must(claims == NULL);
}

static void what_is_signed_is_said(struct str name, const uint8_t *bytes, size_t len)
{
    const struct str roles[] = {STR("host"), STR("vip")};
    const struct str streams[] = {STR("demo-*")};
    const struct jwt_grant grant = {.sub = STR("u7"),
                                    .name = name,
                                    .roles = roles,
                                    .role_count = 2,
                                    .streams = streams,
                                    .stream_count = 1,
                                    .iat_s = NOW_S,
                                    .exp_s = NOW_S + 60};
    struct buf token = fuzz_buf();
    struct claims *claims = NULL;
    enum jwt_fault fault;
    must(jwt_sign(secret, &grant, &token) == ERR_OK);
    must(jwt_verify(known_keys(), buf_str(&token), NOW_S, &claims, &fault) == ERR_OK);
    must(str_eq(claims->sub, STR("u7")) && str_eq(claims->name, name));
    must(claims->role_bits == (ROLE_VIEWER | ROLE_HOST | ROLE_VIP));
    must(claims_allow_stream(claims, STR("demo-1")) && !claims_allow_stream(claims, STR("other")));
    must(claims->exp_s == NOW_S + 60);
    claims_unref(claims);
    for (size_t i = 0; i + 1 < len && i < 16; i += 2) {
        const size_t at = (bytes[i] | (size_t)bytes[i + 1] << 8) % token.len;
        token.bytes[at] ^= (uint8_t)(1 + bytes[i] % 255);
        must_be_denied(buf_str(&token));
        token.bytes[at] ^= (uint8_t)(1 + bytes[i] % 255);
    }
    buf_done(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    must_be_denied(input);
    what_is_signed_is_said(user_name_is_valid(input) ? input : STR("Ann"), bytes, len);
    return 0;
}
