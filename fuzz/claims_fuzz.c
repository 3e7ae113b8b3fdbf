// SPDX-License-Identifier: Apache-2.0
/* Claims that are accepted are within their limits, and what they say is JSON. */
#include "fuzz.h"
#include "rules/claims.h"
#include "wire/json.h"

static void is_json_array_or_nothing(struct str text)
{
    if (text.len == 0) {
        return;
    }
    struct json *root = NULL;
    struct json_fault fault;
    must(json_parse(text, &root, &fault) == ERR_OK);
    must(json_kind(root) == JSON_KIND_ARRAY);
    json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct json *payload = NULL;
    struct json_fault fault;
    struct claims *claims = NULL;
    if (json_parse(fuzz_str(bytes, len), &payload, &fault) != ERR_OK) {
        return 0;
    }
    if (claims_read(payload, &claims) == ERR_OK) {
        must(claims->sub.len > 0 && claims->sub.len <= CLAIMS_SUB_BYTES_MAX);
        must(claims->avatar.len <= CLAIMS_AVATAR_BYTES_MAX);
        must(claims->name.len > 0);
        must(claims->glob_count <= CLAIMS_GLOBS_MAX);
        must((claims->role_bits & ROLE_VIEWER) != 0);
        is_json_array_or_nothing(claims->badges);
        is_json_array_or_nothing(claims->roles);
        (void)claims_allow_stream(claims, STR("demo-2026.final"));
        claims_unref(claims);
    }
    json_free(payload);
    return 0;
}
