// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt.h"

#include "wire/base64.h"
#include "wire/json.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static void write_list(struct buf *out, const char *name, const struct str *texts, uint32_t count)
{
    if (count == 0) {
        return;
    }
    json_write_name(out, name);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_byte(out, i == 0 ? '[' : ',');
        json_write_str(out, texts[i]);
    }
    buf_add_byte(out, ']');
}

static void write_payload(struct buf *out, const struct jwt_grant *grant)
{
    buf_add_byte(out, '{');
    json_write_member_str(out, "sub", grant->sub);
    if (grant->name.len > 0) {
        json_write_member_str(out, "name", grant->name);
    }
    write_list(out, "roles", grant->roles, grant->role_count);
    write_list(out, "streams", grant->streams, grant->stream_count);
    if (grant->is_unlisted) {
        json_write_member_bool(out, "roster", false);
    }
    json_write_member_i64(out, "iat", grant->iat_s);
    json_write_member_i64(out, "exp", grant->exp_s);
    buf_add_byte(out, '}');
}

static enum err add_signature(struct str secret, struct buf *token)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len = 0;
    if (!buf_ok(token) || HMAC(EVP_sha256(), secret.at, (int)secret.len, token->bytes, token->len,
                               digest, &digest_len) == NULL) {
        return ERR_NOMEM;
    }
    buf_add_byte(token, '.');
    base64_write(token, BASE64_URL, (struct str){.at = (const char *)digest, .len = digest_len});
    return ERR_OK;
}

enum err jwt_sign(struct str secret, const struct jwt_grant *grant, struct buf *out)
{
    struct buf payload, token;
    if (secret.len < JWT_SECRET_BYTES_MIN || secret.len > INT32_MAX) {
        return ERR_LIMIT;
    }
    buf_init(&payload, MEM_CONN, JWT_BYTES_MAX);
    buf_init(&token, MEM_CONN, 2 * JWT_BYTES_MAX);
    write_payload(&payload, grant);
    base64_write(&token, BASE64_URL, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    buf_add_byte(&token, '.');
    base64_write(&token, BASE64_URL, buf_str(&payload));
    enum err err = buf_err(&payload);
    if (err == ERR_OK) {
        err = add_signature(secret, &token);
    }
    if (err == ERR_OK) {
        err = buf_err(&token);
    }
    if (err == ERR_OK && token.len > JWT_BYTES_MAX) {
        err = ERR_LIMIT; // longer than anybody would take
    }
    if (err == ERR_OK) {
        buf_add_str(out, buf_str(&token));
        err = buf_err(out);
    }
    buf_done(&payload);
    buf_done(&token);
    return err;
}
