// SPDX-License-Identifier: Apache-2.0
#include "wire/json_slice.h"

enum { UTF8_BYTES_MAX = 4 };

static struct str from(struct str text, size_t at)
{
    return (struct str){.at = text.at + at, .len = text.len - at};
}

/* How long the string is that begins here, with its quotes; 0: none does, or it does not end. */
static size_t string_len(struct str text)
{
    if (text.len == 0 || text.at[0] != '"') {
        return 0;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (text.at[i] == '\\') {
            i++;
        } else if (text.at[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/* How long the value is that begins here; 0: it does not end. */
static size_t value_len(struct str text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.at[i];
        if (c == '"') {
            const size_t len = string_len(from(text, i));
            if (len == 0) {
                return 0;
            }
            i += len - 1;
        } else if (c == '{' || c == '[') {
            depth++;
            continue;
        } else if (c == '}' || c == ']') {
            if (depth == 0) {
                return i;
            }
            depth--;
        } else if (c == ',' && depth == 0) {
            return i;
        } else if (depth == 0) {
            continue; // amid a number or a name
        }
        if (depth == 0) {
            return i + 1;
        }
    }
    return depth == 0 ? text.len : 0;
}

struct str json_slice_string(struct str text)
{
    return (struct str){.at = text.at, .len = string_len(text)};
}

struct str json_slice_value(struct str text)
{
    return (struct str){.at = text.at, .len = value_len(text)};
}

struct str json_slice_member(struct str members, struct str name)
{
    while (members.len > 0) {
        if (members.at[0] == ',') {
            members = from(members, 1);
        }
        const struct str quoted = json_slice_string(members);
        if (quoted.len == 0 || members.len <= quoted.len || members.at[quoted.len] != ':') {
            return STR_NONE;
        }
        members = from(members, quoted.len + 1);
        const struct str value = json_slice_value(members);
        if (value.len == 0) {
            return STR_NONE;
        }
        if (str_eq((struct str){.at = quoted.at + 1, .len = quoted.len - 2}, name)) {
            return value;
        }
        members = from(members, value.len);
    }
    return STR_NONE;
}

struct str json_slice_members(struct str object)
{
    return object.len < 2 || object.at[0] != '{'
               ? STR_NONE
               : (struct str){.at = object.at + 1, .len = object.len - 2};
}

static bool hex_of(struct str text, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (size_t i = 0; i < 4; i++) {
        const char c = i < text.len ? text.at[i] : 'x';
        uint32_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return false;
        }
        code = code << 4 | digit;
    }
    *ret_code = code;
    return true;
}

static size_t put_utf8(uint32_t code, char out[UTF8_BYTES_MAX])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* Behind a backslash and a `u`: how many bytes of JSON it takes. 0: it is none. */
static size_t unicode_of(struct str text, uint32_t *ret_code)
{
    uint32_t code = 0, low = 0;
    if (!hex_of(text, &code)) {
        return 0;
    }
    if (code >= 0xD800 && code < 0xDC00 && text.len >= 10 && text.at[4] == '\\' &&
        text.at[5] == 'u' && hex_of(from(text, 6), &low) && low >= 0xDC00 && low < 0xE000) {
        *ret_code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        return 10;
    }
    *ret_code = code;
    return 4;
}

/* What an escape says, at its backslash; returns how many bytes of JSON it takes. 0: it is none. */
static size_t escape_of(struct str text, char out[UTF8_BYTES_MAX], size_t *ret_len)
{
    static const char names[] = "\"\\/bfnrt", says[] = "\"\\/\b\f\n\r\t";
    if (text.len < 2) {
        return 0;
    }
    if (text.at[1] == 'u') {
        uint32_t code = 0;
        const size_t taken = unicode_of(from(text, 2), &code);
        *ret_len = put_utf8(code, out);
        return taken == 0 ? 0 : 2 + taken;
    }
    const char *name = text.at[1] == '\0' ? NULL : strchr(names, text.at[1]);
    if (name == NULL) {
        return 0;
    }
    out[0] = says[name - names];
    *ret_len = 1;
    return 2;
}

bool json_slice_says(struct str json, struct str text)
{
    if (json.len < 2) {
        return false;
    }
    struct str inner = {.at = json.at + 1, .len = json.len - 2};
    while (inner.len > 0) {
        char said[UTF8_BYTES_MAX] = {inner.at[0]};
        size_t said_len = 1, taken = 1;
        if (inner.at[0] == '\\') {
            taken = escape_of(inner, said, &said_len);
        }
        if (taken == 0 || text.len < said_len || memcmp(text.at, said, said_len) != 0) {
            return false;
        }
        text = from(text, said_len);
        inner = from(inner, taken);
    }
    return text.len == 0;
}
