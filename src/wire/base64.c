// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"

static const char alphabets[2][65] = {
    [BASE64_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

/* One group: 1 to 3 bytes as 2 to 4 characters. */
static void write_group(struct buf *out, enum base64_kind kind, const uint8_t *bytes, size_t len)
{
    uint32_t bits = (uint32_t)bytes[0] << 16;
    bits |= len > 1 ? (uint32_t)bytes[1] << 8 : 0;
    bits |= len > 2 ? (uint32_t)bytes[2] : 0;
    for (size_t i = 0; i < 4; i++) {
        if (i <= len) {
            buf_add_byte(out, (uint8_t)alphabets[kind][bits >> (18 - 6 * i) & 63]);
        } else if (kind == BASE64_STANDARD) {
            buf_add_byte(out, '=');
        }
    }
}

void base64_write(struct buf *out, enum base64_kind kind, struct str bytes)
{
    for (size_t at = 0; at < bytes.len; at += 3) {
        const size_t left = bytes.len - at;
        write_group(out, kind, (const uint8_t *)bytes.at + at, left < 3 ? left : 3);
    }
}

/* 0..63, or 64 for what is in no alphabet. */
static uint32_t digit(enum base64_kind kind, char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52;
    }
    if (c == alphabets[kind][62]) {
        return 62;
    }
    return c == alphabets[kind][63] ? 63 : 64;
}

/* One group: 2 to 4 characters become 1 to 3 bytes. */
static enum err read_group(struct buf *out, enum base64_kind kind, struct str text)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint32_t value = digit(kind, text.at[i]);
        if (value > 63) {
            return ERR_PROTO;
        }
        bits |= value << (18 - 6 * i);
    }
    if (text.len < 2 || (bits & (0xFFFFFFU >> (8 * (text.len - 1)))) != 0) {
        return ERR_PROTO; // half a byte, or bits that mean nothing
    }
    for (size_t i = 0; i + 1 < text.len; i++) {
        buf_add_byte(out, (uint8_t)(bits >> (16 - 8 * i)));
    }
    return ERR_OK;
}

static struct str without_padding(struct str text)
{
    for (int i = 0; i < 2 && text.len > 0 && text.at[text.len - 1] == '='; i++) {
        text.len--;
    }
    return text;
}

enum err base64_read(struct buf *out, enum base64_kind kind, struct str text)
{
    if (kind == BASE64_STANDARD) {
        if (text.len % 4 != 0) {
            return ERR_PROTO;
        }
        text = without_padding(text);
    }
    while (text.len > 0) {
        const size_t len = text.len < 4 ? text.len : 4;
        TRY(read_group(out, kind, (struct str){.at = text.at, .len = len}));
        text.at += len;
        text.len -= len;
    }
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}
