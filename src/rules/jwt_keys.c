// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt_keys.h"

#include "base/mem.h"
#include "wire/json.h"

struct jwt_keys {
    uint32_t count;
    struct jwt_key keys[JWT_KEYS_MAX];
};

enum err jwt_keys_new(struct jwt_keys **ret_keys)
{
    struct jwt_keys *keys = mem_new(MEM_OTHER, sizeof(*keys));
    if (keys == NULL) {
        return ERR_NOMEM;
    }
    *ret_keys = keys;
    return ERR_OK;
}

void jwt_keys_free(struct jwt_keys *keys)
{
    if (keys == NULL) {
        return;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        jwt_key_done(&keys->keys[i]);
    }
    mem_free(MEM_OTHER, keys);
}

enum err jwt_keys_add_secret(struct jwt_keys *keys, struct str secret)
{
    if (keys->count == JWT_KEYS_MAX) {
        return ERR_LIMIT;
    }
    TRY(jwt_key_from_secret(secret, &keys->keys[keys->count]));
    keys->count++;
    return ERR_OK;
}

static enum err add_list(struct jwt_keys *keys, const struct json *list)
{
    const uint32_t before = keys->count;
    for (size_t i = 0; i < json_length(list); i++) {
        if (keys->count == JWT_KEYS_MAX) {
            return ERR_LIMIT;
        }
        const enum err err = jwt_key_from_jwk(json_at(list, i), &keys->keys[keys->count]);
        if (err == ERR_NOT_FOUND) {
            continue; // RFC 7517 section 5: what one does not understand is ignored
        }
        TRY(err);
        keys->count++;
    }
    return keys->count > before ? ERR_OK : ERR_PROTO;
}

enum err jwt_keys_add_jwks(struct jwt_keys *keys, struct str json)
{
    enum { MEMBERS_MAX = 32 * JWT_KEYS_MAX };

    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    TRY(json_parse_with(json, MEMBERS_MAX, &root, &fault));
    const enum err err = add_list(keys, json_member(root, "keys"));
    json_free(root);
    return err;
}

static bool is_named(const struct jwt_key *key, const struct jwt_proof *proof)
{
    return proof->kid.len > 0 && str_eq(key->kid, proof->kid);
}

static bool may_be_meant(const struct jwt_key *key, const struct jwt_proof *proof)
{
    return key->kid.len == 0 || proof->kid.len == 0;
}

/* Is it signed by one of the keys that `fits` chooses? Each that is tried takes one of `*left`. */
static bool is_signed(const struct jwt_keys *keys, const struct jwt_proof *proof,
                      bool (*fits)(const struct jwt_key *, const struct jwt_proof *),
                      uint32_t *left)
{
    for (uint32_t i = 0; i<keys->count && * left> 0; i++) {
        const struct jwt_key *key = &keys->keys[i];
        if (key->alg != proof->alg || !fits(key, proof)) {
            continue;
        }
        (*left)--;
        if (jwt_key_signed(key, proof->text, proof->signature)) {
            return true;
        }
    }
    return false;
}

bool jwt_keys_verify(const struct jwt_keys *keys, const struct jwt_proof *proof)
{
    uint32_t left = JWT_KEYS_TRIED_MAX;
    return is_signed(keys, proof, is_named, &left) || is_signed(keys, proof, may_be_meant, &left);
}
