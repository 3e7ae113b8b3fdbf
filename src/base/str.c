// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i])) {
            return false;
        }
    }
    return true;
}

bool str_has_prefix(struct str text, struct str prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.at, prefix.at, prefix.len) == 0);
}

struct str str_cut(struct str text, char byte, struct str *rest)
{
    const char *hit = text.len == 0 ? NULL : memchr(text.at, byte, text.len);
    if (hit == NULL) {
        *rest = STR_NONE;
        return text;
    }
    const size_t len = (size_t)(hit - text.at);
    *rest = (struct str){.at = hit + 1, .len = text.len - len - 1};
    return (struct str){.at = text.at, .len = len};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

bool str_to_u64(struct str text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(text.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (value > max) {
        return false;
    }
    *ret = value;
    return true;
}
