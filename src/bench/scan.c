// SPDX-License-Identifier: Apache-2.0
#include "bench/scan.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 32 };

/* Takes `word` off the front. */
static bool take(struct str *text, struct str word)
{
    if (text->len < word.len || memcmp(text->at, word.at, word.len) != 0) {
        return false;
    }
    text->at += word.len;
    text->len -= word.len;
    return true;
}

static bool take_number(struct str *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t digits = 0;
    while (digits < text->len && digits < 16 && text->at[digits] >= '0' &&
           text->at[digits] <= '9') {
        number = number * 10 + (uint64_t)(text->at[digits] - '0');
        digits++;
    }
    text->at += digits;
    text->len -= digits;
    *ret_number = number;
    return digits > 0;
}

/* A string that has no escapes, its quotes taken too. */
static bool take_plain(struct str *text, struct str *ret_value)
{
    const char *end = text->len == 0 ? NULL : memchr(text->at, '"', text->len);
    if (end == NULL) {
        return false;
    }
    *ret_value = (struct str){.at = text->at, .len = (size_t)(end - text->at)};
    text->len -= ret_value->len + 1;
    text->at = end + 1;
    return memchr(ret_value->at, '\\', ret_value->len) == NULL;
}

bool scan_comment(struct str json, struct scan *ret_scan)
{
    struct str stream, id, cid = STR_NONE;
    struct scan scan = {.seq = 0};
    const bool is_comment = take(&json, STR("{\"type\":\"comment\",\"stream\":\""));
    if ((!is_comment && !take(&json, STR("{\"type\":\"removed\",\"stream\":\""))) ||
        !take_plain(&json, &stream) || !take(&json, STR(",\"seq\":")) ||
        !take_number(&json, &scan.seq) || !take(&json, STR(",\"prev\":")) ||
        !take_number(&json, &scan.prev)) {
        return false;
    }
    if (take(&json, STR(",\"early\":"))) {
        return false;
    }
    if (take(&json, STR(",\"id\":\"")) && take_plain(&json, &id) &&
        take(&json, STR(",\"cid\":\"")) && take_plain(&json, &cid)) {
        scan.cid = cid;
    }
    *ret_scan = scan;
    return true;
}

bool scan_is_idle_talk(struct str json)
{
    return str_has_prefix(json, STR("{\"type\":\"presence\"")) ||
           str_has_prefix(json, STR("{\"type\":\"reactions\""));
}

bool scan_number(struct str json, const char *name, uint64_t *ret_number)
{
    char key[NAME_MAX_BYTES];
    const int len = snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = json.len == 0 ? NULL : memmem(json.at, json.len, key, (size_t)len);
    if (at == NULL) {
        return false;
    }
    struct str rest = {.at = at + len, .len = json.len - (size_t)(at + len - json.at)};
    rest = str_trim(rest);
    return take_number(&rest, ret_number);
}
