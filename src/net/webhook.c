// SPDX-License-Identifier: Apache-2.0
#include "net/webhook.h"

#include "base/must.h"
#include "wire/base64.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SIGNATURE_LEN = 32, SIGNATURE_TEXT_MAX = 64 };

static const struct str key_prefix = STR("whsec_");

enum err webhook_key_read(struct str text, struct webhook_key *ret_key)
{
    struct buf bytes;
    if (!str_has_prefix(text, key_prefix)) {
        return ERR_PROTO;
    }
    const struct str encoded = {.at = text.at + key_prefix.len, .len = text.len - key_prefix.len};
    buf_init(&bytes, MEM_OTHER, 4096);
    enum err err = base64_read(&bytes, BASE64_STANDARD, encoded);
    if (err == ERR_OK && (bytes.len < WEBHOOK_KEY_MIN || bytes.len > WEBHOOK_KEY_MAX)) {
        err = ERR_PROTO;
    }
    if (err == ERR_OK) {
        memcpy(ret_key->bytes, bytes.bytes, bytes.len);
        ret_key->len = (uint8_t)bytes.len;
    }
    buf_done(&bytes);
    return err;
}

void webhook_write_head(struct buf *out, const char *type, int64_t wall_ms)
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[40];
    must(gmtime_r(&seconds, &parts) != NULL);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts); // digits in every locale
    buf_addf(out, "{\"type\":\"%s\",\"timestamp\":\"%s.%03dZ\",\"data\":", type, text,
             (int)(wall_ms % 1000));
}

void webhook_init(struct webhook *webhook)
{
    memset(webhook, 0, sizeof(*webhook));
    buf_init(&webhook->body, MEM_OTHER, WEBHOOK_BODY_MAX);
}

void webhook_done(struct webhook *webhook)
{
    buf_done(&webhook->body);
    buf_done(&webhook->outcall.answer);
}

static enum err sign(struct webhook *webhook, const struct webhook_key *key, struct str content)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf text;
    if (HMAC(EVP_sha256(), key->bytes, key->len, (const uint8_t *)content.at, content.len, mac,
             &len) == NULL) {
        return ERR_NOMEM;
    }
    must(len == SIGNATURE_LEN);
    buf_init(&text, MEM_OTHER, SIGNATURE_TEXT_MAX);
    base64_write(&text, BASE64_STANDARD, (struct str){.at = (const char *)mac, .len = len});
    const bool is_whole = buf_ok(&text);
    if (is_whole) {
        (void)snprintf(webhook->signature_line, sizeof(webhook->signature_line),
                       "webhook-signature: v1,%.*s", (int)text.len, (const char *)text.bytes);
        webhook->outcall.headers[2] = webhook->signature_line;
    }
    buf_done(&text);
    return is_whole ? ERR_OK : ERR_NOMEM;
}

enum err webhook_sign(struct webhook *webhook, const struct webhook_key *key, struct str id,
                      int64_t now_s)
{
    struct buf content;
    must(id.len > 0 && id.len <= WEBHOOK_ID_MAX);
    if (!buf_ok(&webhook->body)) {
        return ERR_NOMEM;
    }
    (void)snprintf(webhook->id_line, sizeof(webhook->id_line), "webhook-id: %.*s", STR_ARG(id));
    (void)snprintf(webhook->time_line, sizeof(webhook->time_line), "webhook-timestamp: %lld",
                   (long long)now_s);
    webhook->outcall.headers[0] = webhook->id_line;
    webhook->outcall.headers[1] = webhook->time_line;
    webhook->outcall.headers[2] = NULL;
    webhook->outcall.body = buf_str(&webhook->body);
    if (key->len == 0) {
        return ERR_OK;
    }
    buf_init(&content, MEM_OTHER, WEBHOOK_BODY_MAX + 256);
    buf_addf(&content, "%.*s.%lld.", STR_ARG(id), (long long)now_s);
    buf_add_str(&content, webhook->outcall.body);
    const enum err err = buf_ok(&content) ? sign(webhook, key, buf_str(&content)) : ERR_NOMEM;
    buf_done(&content);
    return err;
}
