// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt.h"

#include "wire/base64.h"
#include "wire/json.h"

enum { JWT_KEYS_OF_JSON_MAX = 256 };

struct jwt_parts {
    struct str header, payload, signature; // base64url
    struct str text;                       // "header.payload"
};

static enum err split(struct str token, struct jwt_parts *ret_parts)
{
    struct str rest = STR_NONE;
    struct jwt_parts parts = {.header = str_cut(token, '.', &rest)};
    parts.payload = str_cut(rest, '.', &parts.signature);
    if (parts.header.len == 0 || parts.payload.len == 0 || parts.signature.len == 0) {
        return ERR_PROTO;
    }
    parts.text = (struct str){.at = token.at, .len = token.len - parts.signature.len - 1};
    *ret_parts = parts;
    return ERR_OK;
}

static enum err read_object(struct str encoded, struct json **ret_object)
{
    struct json_fault fault = {.detail = ""};
    struct json *root = NULL;
    struct buf text;
    buf_init(&text, MEM_CONN, JWT_BYTES_MAX);
    enum err err = base64_read(&text, BASE64_URL, encoded);
    if (err == ERR_OK) {
        err = json_parse_with(buf_str(&text), JWT_KEYS_OF_JSON_MAX, &root, &fault);
    }
    buf_done(&text);
    if (err == ERR_OK && json_kind(root) != JSON_KIND_OBJECT) {
        json_free(root);
        return ERR_PROTO;
    }
    if (err == ERR_OK) {
        *ret_object = root;
    }
    return err;
}

/* Absent, or a kind of token that is meant to say who somebody is (RFC 8725 section 3.11). */
static bool type_is_right(const struct json *header)
{
    const struct json *member = json_member(header, "typ");
    const struct str prefix = STR("application/");
    struct str type = STR_NONE;
    if (member == NULL) {
        return true;
    }
    if (!json_get_str(member, &type)) {
        return false;
    }
    if (type.len > prefix.len &&
        str_eq_nocase((struct str){.at = type.at, .len = prefix.len}, prefix)) {
        type = (struct str){.at = type.at + prefix.len, .len = type.len - prefix.len};
    }
    return str_eq_nocase(type, STR("JWT")) || str_eq_nocase(type, STR("at+jwt"));
}

static enum err check_proof(const struct jwt_keys *keys, const struct json *header, struct str text,
                            struct str signature)
{
    struct jwt_proof proof = {.text = text, .signature = signature};
    struct str alg = STR_NONE;
    const struct json *kid = json_member(header, "kid");
    if (!json_get_str(json_member(header, "alg"), &alg) || !jwt_key_alg(alg, &proof.alg) ||
        json_member(header, "crit") != NULL || !type_is_right(header) ||
        (kid != NULL && !json_get_str(kid, &proof.kid))) {
        return ERR_PROTO;
    }
    return jwt_keys_verify(keys, &proof) ? ERR_OK : ERR_PROTO;
}

static enum err check_signature(const struct jwt_keys *keys, const struct jwt_parts *parts)
{
    struct json *header = NULL;
    struct buf signature;
    buf_init(&signature, MEM_CONN, JWT_BYTES_MAX);
    enum err err = base64_read(&signature, BASE64_URL, parts->signature);
    if (err == ERR_OK) {
        err = read_object(parts->header, &header);
    }
    if (err == ERR_OK) {
        err = check_proof(keys, header, parts->text, buf_str(&signature));
    }
    json_free(header);
    buf_done(&signature);
    return err;
}

static enum err read_claims(struct str encoded, struct claims **ret_claims)
{
    struct json *payload = NULL;
    TRY(read_object(encoded, &payload));
    const enum err err = claims_read(payload, ret_claims);
    json_free(payload);
    return err;
}

enum err jwt_check_times(const struct claims *claims, int64_t wall_s, enum jwt_fault *ret_fault)
{
    if (wall_s >= claims->exp_s + JWT_LEEWAY_S) {
        *ret_fault = JWT_EXPIRED;
        return ERR_DENIED;
    }
    if (claims->nbf_s > wall_s + JWT_LEEWAY_S) {
        *ret_fault = JWT_BAD;
        return ERR_DENIED;
    }
    return ERR_OK;
}

static enum err read_signed(const struct jwt_keys *keys, struct str token,
                            struct claims **ret_claims)
{
    struct jwt_parts parts;
    if (token.len > JWT_BYTES_MAX) {
        return ERR_PROTO;
    }
    TRY(split(token, &parts));
    TRY(check_signature(keys, &parts));
    return read_claims(parts.payload, ret_claims);
}

enum err jwt_read_signed(const struct jwt_keys *keys, struct str token, struct claims **ret_claims)
{
    const enum err err = read_signed(keys, token, ret_claims);
    return err == ERR_OK || err == ERR_NOMEM ? err : ERR_DENIED;
}

enum err jwt_verify(const struct jwt_keys *keys, struct str token, int64_t wall_s,
                    struct claims **ret_claims, enum jwt_fault *ret_fault)
{
    struct claims *claims = NULL;
    enum err err = jwt_read_signed(keys, token, &claims);
    if (err != ERR_OK) {
        *ret_fault = JWT_BAD;
        return err;
    }
    err = jwt_check_times(claims, wall_s, ret_fault);
    if (err != ERR_OK) {
        claims_unref(claims);
        return err;
    }
    *ret_claims = claims;
    return ERR_OK;
}
