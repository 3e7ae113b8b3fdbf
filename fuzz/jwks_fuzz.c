// SPDX-License-Identifier: Apache-2.0
/* Any bytes may be given as keys: they are keys or refused, and none of them signed a token that is
 * signed by nobody. */
#include "fuzz.h"
#include "rules/jwt.h"

static void try_keys(const struct jwt_keys *keys)
{
    static const struct {
        enum jwt_alg alg;
        const char *kid;
    } rows[] = {
        {JWT_HS256, ""}, {JWT_RS256, "r1"}, {JWT_ES256, "e1"}, {JWT_EDDSA, "o1"}, {JWT_EDDSA, "?"}};
    static const char nobody[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct jwt_proof proof = {
            .alg = rows[i].alg,
            .kid = str_of(rows[i].kid),
            .signature = {.at = nobody, .len = rows[i].alg == JWT_HS256 ? 32 : sizeof(nobody)},
            .text = STR("e30.e30")};
        (void)jwt_keys_verify(keys, &proof);
        must(rows[i].alg != JWT_HS256 || !jwt_keys_verify(keys, &proof));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct jwt_keys *keys = NULL;
    must(jwt_keys_new(&keys) == ERR_OK);
    const enum err err = jwt_keys_add_jwks(keys, fuzz_str(bytes, len));
    must(err == ERR_OK || err == ERR_PROTO || err == ERR_LIMIT);
    try_keys(keys);
    jwt_keys_free(keys);
    return 0;
}
