// SPDX-License-Identifier: Apache-2.0
#include "bench/scan.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 32, KEYS_MAX = 1000000 };

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
    struct scan scan = {.is_text = false};
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
    scan.is_text = is_comment;
    *ret_scan = scan;
    return true;
}

bool scan_retract(struct str json, struct scan *ret_scan)
{
    static const struct str names = STR(",\"seqs\":[");
    struct str stream;
    struct scan scan = {.is_text = false};
    if (!take(&json, STR("{\"type\":\"retract\",\"stream\":\"")) || !take_plain(&json, &stream) ||
        !take(&json, STR(",\"seq\":")) || !take_number(&json, &scan.seq) ||
        !take(&json, STR(",\"prev\":")) || !take_number(&json, &scan.prev)) {
        return false;
    }
    scan.is_early = take(&json, STR(",\"early\":true"));
    const char *at = json.len == 0 ? NULL : memmem(json.at, json.len, names.at, names.len);
    if (at == NULL) {
        return false;
    }
    at += names.len;
    json = (struct str){.at = at, .len = json.len - (size_t)(at - json.at)};
    if (!take_number(&json, &scan.target)) {
        return false;
    }
    *ret_scan = scan;
    return true;
}

bool scan_tree(const struct json *event, struct scan *ret_scan)
{
    int64_t seq = 0, prev = 0, target = 0;
    struct str type = STR_NONE;
    struct scan scan = {.is_text = false};
    if (!json_get_i64(json_member(event, "seq"), &seq) ||
        !json_get_i64(json_member(event, "prev"), &prev) || seq <= 0 || prev < 0) {
        return false;
    }
    (void)json_get_str(json_member(event, "type"), &type);
    (void)json_get_str(json_member(event, "cid"), &scan.cid);
    (void)json_get_bool(json_member(event, "early"), &scan.is_early);
    if (str_eq(type, STR("retract"))) {
        (void)json_get_i64(json_at(json_member(event, "seqs"), 0), &target);
    }
    scan.seq = (uint64_t)seq;
    scan.prev = (uint64_t)prev;
    scan.target = target > 0 ? (uint64_t)target : 0;
    scan.is_text = str_eq(type, STR("comment"));
    *ret_scan = scan;
    return true;
}

bool scan_agrees(struct str json, const struct scan *scan)
{
    struct json *event = NULL;
    struct json_fault fault;
    struct scan read;
    const bool agrees = json_parse_with(json, KEYS_MAX, &event, &fault) == ERR_OK &&
                        scan_tree(event, &read) && read.seq == scan->seq &&
                        read.prev == scan->prev && read.target == scan->target &&
                        read.is_text == scan->is_text;
    json_free(event);
    return agrees;
}

int64_t scan_due_us(const struct scan *scan, const char *run)
{
    struct str rest = STR_NONE;
    uint64_t due_us = 0;
    const struct str name = str_cut(scan->cid, '-', &rest);
    const bool is_ours =
        str_has_prefix(name, STR("b")) &&
        str_eq((struct str){.at = name.at + 1, .len = name.len - 1}, str_of(run)) &&
        str_to_u64(str_cut(rest, '-', &rest), INT64_MAX, &due_us);
    return is_ours ? (int64_t)due_us : 0;
}

bool scan_is_idle_talk(struct str json)
{
    return str_has_prefix(json, STR("{\"type\":\"presence\"")) ||
           str_has_prefix(json, STR("{\"type\":\"reactions\""));
}

/* What stands behind "name":. False: it is not there. */
static bool find_value(struct str json, const char *name, struct str *ret_rest)
{
    char key[NAME_MAX_BYTES];
    const int len = snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = json.len == 0 ? NULL : memmem(json.at, json.len, key, (size_t)len);
    if (at == NULL) {
        return false;
    }
    const struct str rest = {.at = at + len, .len = json.len - (size_t)(at + len - json.at)};
    *ret_rest = str_trim(rest);
    return true;
}

bool scan_number(struct str json, const char *name, uint64_t *ret_number)
{
    struct str rest;
    return find_value(json, name, &rest) && take_number(&rest, ret_number);
}

bool scan_word(struct str json, const char *name, struct str *ret_word)
{
    struct str rest, word;
    if (!find_value(json, name, &rest) || !take(&rest, STR("\"")) || !take_plain(&rest, &word)) {
        return false;
    }
    *ret_word = word;
    return true;
}
