// SPDX-License-Identifier: Apache-2.0
#include "wire/url.h"

#include "wire/utf8.h"

#include <stdbool.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character at `text` as it is meant; how many bytes spell it, 0 when it is spelled wrongly. */
static size_t decode_one(struct str text, bool plus_is_space, uint8_t *ret_byte)
{
    if (text.at[0] == '+' && plus_is_space) {
        *ret_byte = ' ';
        return 1;
    }
    if (text.at[0] != '%') {
        *ret_byte = (uint8_t)text.at[0];
        return 1;
    }
    if (text.len < 3 || hex_value(text.at[1]) < 0 || hex_value(text.at[2]) < 0) {
        return 0;
    }
    *ret_byte = (uint8_t)(hex_value(text.at[1]) * 16 + hex_value(text.at[2]));
    return 3;
}

static enum err decode(struct str text, bool plus_is_space, struct buf *out)
{
    enum utf8_state state = UTF8_WHOLE;
    while (text.len > 0) {
        uint8_t byte = 0;
        const size_t len = decode_one(text, plus_is_space, &byte);
        state = utf8_step(state, byte);
        if (len == 0 || state == UTF8_BROKEN) {
            return ERR_PROTO;
        }
        buf_add_byte(out, byte);
        text.at += len;
        text.len -= len;
    }
    if (state != UTF8_WHOLE) {
        return ERR_PROTO;
    }
    return buf_err(out);
}

enum err url_decode(struct str text, struct buf *out)
{
    return decode(text, false, out);
}

/* Is this spelling, escapes and all, the wanted name? */
static bool names(struct str spelled, struct str name)
{
    size_t at = 0;
    while (spelled.len > 0 && at < name.len) {
        uint8_t byte = 0;
        const size_t len = decode_one(spelled, true, &byte);
        if (len == 0 || byte != (uint8_t)name.at[at]) {
            return false;
        }
        spelled.at += len;
        spelled.len -= len;
        at++;
    }
    return spelled.len == 0 && at == name.len;
}

enum err url_param(struct str query, const char *name, struct buf *out)
{
    struct str found = STR_NONE;
    bool is_found = false;
    while (query.len > 0) {
        struct str value = str_cut(query, '&', &query);
        const struct str spelled = str_cut(value, '=', &value);
        if (!names(spelled, str_of(name))) {
            continue;
        }
        if (is_found) {
            return ERR_PROTO;
        }
        found = value;
        is_found = true;
    }
    return is_found ? decode(found, true, out) : ERR_NOT_FOUND;
}

void url_write(struct buf *out, struct str text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        const char c = text.at[i];
        const uint8_t byte = (uint8_t)c;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~') {
            buf_add_byte(out, byte);
            continue;
        }
        buf_add_byte(out, '%');
        buf_add_byte(out, (uint8_t)hex[byte >> 4]);
        buf_add_byte(out, (uint8_t)hex[byte & 15]);
    }
}
