// SPDX-License-Identifier: Apache-2.0
/* No bytes are a token that somebody signed with a secret we alone know, and any bytes may be given
 * as keys. */
#include "fuzz.h"
#include "rules/jwt.h"
#include "rules/jwt_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    struct jwt_keys *keys = NULL;
    struct claims *claims = NULL;
    enum jwt_fault fault;
    must(jwt_keys_new(&keys) == ERR_OK);
    must(jwt_keys_add_secret(keys, STR("a secret of the fuzz target, 32 bytes or more")) == ERR_OK);
    must(jwt_verify(keys, input, 1763700000, &claims, &fault) == ERR_DENIED);
    const enum err err = jwt_keys_add_jwks(keys, input);
    must(err == ERR_OK || err == ERR_PROTO || err == ERR_LIMIT);
    jwt_keys_free(keys);
    return 0;
}
