// SPDX-License-Identifier: Apache-2.0
#include "rules/link_find.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HOST_BYTES_MAX = 253, LABELS_NUMERIC = 4 }; // RFC 1035 2.3.4

/* Those in use for what people are sent to; a name that ends so is one. */
static const char *const domains[] = {
    "agency",    "ai",          "app",     "ar",      "art",     "asia",
    "au",        "autos",       "beauty",  "bet",     "biz",     "blog",
    "boats",     "br",          "buzz",    "ca",      "cam",     "casino",
    "cc",        "cfd",         "ch",      "cl",      "click",   "cloud",
    "club",      "cn",          "co",      "com",     "company", "cyou",
    "cz",        "de",          "dev",     "digital", "dk",      "edu",
    "eu",        "fi",          "finance", "fm",      "fr",      "fun",
    "gdn",       "gl",          "gov",     "gr",      "guru",    "hk",
    "homes",     "hu",          "icu",     "ie",      "il",      "info",
    "ink",       "io",          "ir",      "jp",      "ke",      "kr",
    "kz",        "lat",         "link",    "live",    "loan",    "lol",
    "lt",        "ltd",         "lv",      "makeup",  "media",   "mobi",
    "monster",   "motorcycles", "mx",      "net",     "network", "ng",
    "ninja",     "nl",          "nz",      "one",     "online",  "org",
    "page",      "pe",          "ph",      "pics",    "pk",      "pl",
    "porn",      "pro",         "pt",      "quest",   "racing",  "ro",
    "rocks",     "ru",          "sbs",     "sg",      "shop",    "site",
    "sk",        "solutions",   "space",   "store",   "stream",  "su",
    "surf",      "team",        "tech",    "th",      "tk",      "tokyo",
    "top",       "tr",          "tube",    "tv",      "tw",      "ua",
    "uk",        "video",       "vip",     "vn",      "webcam",  "website",
    "wiki",      "win",         "work",    "world",   "ws",      "wtf",
    "xxx",       "xyz",         "yachts",  "za",      "zone",    "\xD1\x80\xD1\x84",
    "p\xD1\x84", // rf in Cyrillic, and as it is read loosely
};

/* Words and ends of file names, too. */
static const char *const doubtful[] = {
    "ad",   "am",   "as",    "at",     "bar",  "be",       "bid",    "bond",     "by",
    "cash", "chat", "date",  "deals",  "do",   "download", "email",  "es",       "events",
    "fans", "fit",  "game",  "games",  "gg",   "gift",     "hair",   "id",       "im",
    "in",   "is",   "it",    "la",     "life", "ly",       "market", "md",       "me",
    "men",  "mom",  "money", "mov",    "ms",   "my",       "no",     "party",    "plus",
    "pm",   "py",   "rest",  "review", "rs",   "run",      "se",     "services", "sh",
    "si",   "skin", "so",    "social", "st",   "support",  "to",     "today",    "trade",
    "us",   "zip",
};

static const char *const seconds[] = {"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"};

/* Behind a dot that is spelled out only the plainest are believed. */
static const char *const spelled[] = {"com", "gg", "info", "net", "org", "ru", "tv", "xyz"};

static const char *const articles[] = {"a", "an", "and", "any", "of", "or", "that", "the", "this"};

#define HOLDS(list, word) holds((list), sizeof(list) / sizeof((list)[0]), (word))

static bool holds(const char *const *list, size_t count, struct str word)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(word, str_of(list[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || (uint8_t)c >= 0x80;
}

static char char_at(struct str text, size_t at)
{
    return at < text.len ? text.at[at] : '\0';
}

static bool stands_at(struct str text, size_t at, struct str what)
{
    return at + what.len <= text.len && memcmp(text.at + at, what.at, what.len) == 0;
}

/* ---- names of hosts ---- */

struct host {
    char text[HOST_BYTES_MAX];
    size_t len;
    size_t end; // in the reading: what follows it
};

#define IDEOGRAPHIC_STOP "\xE3\x80\x82" // browsers take it for a dot

static size_t dot_len(struct str text, size_t at)
{
    static const struct str ideographic = STR(IDEOGRAPHIC_STOP);
    return char_at(text, at) == '.' ? 1 : stands_at(text, at, ideographic) ? ideographic.len : 0;
}

/* The run of what names are made of, with dots as dots; a longer one is no name. */
static size_t take_host(struct str text, size_t at, struct host *ret_host)
{
    ret_host->len = 0;
    while (at < text.len) {
        const size_t dot = dot_len(text, at);
        if (dot == 0 && !is_alnum(text.at[at]) && text.at[at] != '-') {
            break;
        }
        if (ret_host->len < HOST_BYTES_MAX) {
            ret_host->text[ret_host->len] = dot > 0 ? '.' : text.at[at];
        }
        ret_host->len++;
        at += dot > 0 ? dot : 1;
    }
    ret_host->end = at;
    return at;
}

static struct str without_dots(struct str name)
{
    while (name.len > 0 && !is_alnum(name.at[0])) {
        name.at++;
        name.len--;
    }
    while (name.len > 0 && !is_alnum(name.at[name.len - 1])) {
        name.len--;
    }
    return name;
}

/* Off the end of `*name`; empty when there is none before. */
static struct str cut_last_label(struct str *name)
{
    size_t at = name->len;
    while (at > 0 && name->at[at - 1] != '.') {
        at--;
    }
    const struct str label = {.at = name->at + at, .len = name->len - at};
    name->len = at > 0 ? at - 1 : 0;
    return label;
}

static bool is_numeric(struct str name)
{
    size_t dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        dots += name.at[i] == '.';
        if (!is_digit(name.at[i]) && name.at[i] != '.') {
            return false;
        }
    }
    return dots + 1 == LABELS_NUMERIC;
}

static bool has_path(struct str text, size_t at)
{
    const char after = char_at(text, at + 1);
    return char_at(text, at) == '/' && after != '\0' && after != ' ' && after != '/';
}

static bool is_link(const struct host *host, struct str text)
{
    struct str name = without_dots((struct str){.at = host->text, .len = host->len});
    const bool has_port = char_at(text, host->end) == ':' && is_digit(char_at(text, host->end + 1));
    if (is_numeric(name)) {
        return has_port || has_path(text, host->end);
    }
    if (str_has_prefix(name, STR("www.")) && name.len > 4) {
        return true;
    }
    const struct str top = cut_last_label(&name);
    const struct str second = cut_last_label(&name);
    if (top.len == 0 || second.len == 0) {
        return false;
    }
    return HOLDS(domains, top) || str_has_prefix(top, STR("xn--")) ||
           (HOLDS(doubtful, top) &&
            (has_path(text, host->end) || has_port || (name.len > 0 && HOLDS(seconds, second))));
}

/* Where the next dot of any kind is; the text's length: there is none. */
static size_t next_dot(struct str text, size_t at)
{
    while (at < text.len && text.at[at] != '.' && dot_len(text, at) == 0) {
        at++;
    }
    return at;
}

static size_t host_start(struct str text, size_t at)
{
    while (at > 0 && (is_alnum(text.at[at - 1]) || text.at[at - 1] == '-')) {
        at--;
    }
    return at;
}

static bool holds_host(struct str text)
{
    for (size_t at = next_dot(text, 0); at < text.len; at = next_dot(text, at)) {
        struct host host;
        at = take_host(text, host_start(text, at), &host);
        if (host.len > 3 && host.len <= HOST_BYTES_MAX && is_link(&host, text)) {
            return true;
        }
    }
    return false;
}

/* ---- spelled around a filter ---- */

struct hole { // a dot spelled in any way: [from, to), with what belongs to it
    size_t from, to;
    bool is_bracketed, has_space_before, has_space_behind;
};

static bool is_opening(char c)
{
    return c == '(' || c == '[' || c == '{' || c == '<';
}

static bool is_closing(char c)
{
    return c == ')' || c == ']' || c == '}' || c == '>';
}

static struct hole widen(struct str text, size_t from, size_t to)
{
    struct hole hole = {.from = from, .to = to};
    if (from > 0 && is_opening(text.at[from - 1]) && is_closing(char_at(text, to))) {
        hole.is_bracketed = true;
        hole.from--;
        hole.to++;
    }
    hole.has_space_before = hole.from > 0 && text.at[hole.from - 1] == ' ';
    hole.has_space_behind = char_at(text, hole.to) == ' ';
    hole.from -= hole.has_space_before;
    hole.to += hole.has_space_behind;
    return hole;
}

static struct str word_before(struct str text, size_t end)
{
    size_t at = end;
    while (at > 0 && is_alnum(text.at[at - 1])) {
        at--;
    }
    return (struct str){.at = text.at + at, .len = end - at};
}

static struct str word_behind(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.len && is_alnum(text.at[end])) {
        end++;
    }
    return (struct str){.at = text.at + at, .len = end - at};
}

static bool is_spelled_dot(struct str text, size_t at, bool is_word)
{
    const struct hole hole = widen(text, at, at + (is_word ? 3 : 1));
    const bool is_apart =
        is_word ? hole.has_space_before && hole.has_space_behind : hole.has_space_before;
    const struct str name = word_before(text, hole.from);
    const struct str top = word_behind(text, hole.to);
    if (!(hole.is_bracketed || is_apart) || name.len == 0 || !HOLDS(spelled, top)) {
        return false;
    }
    // ".net" and "dot net" are spoken of, too
    return hole.is_bracketed || (!str_eq(top, STR("net")) && !HOLDS(articles, name));
}

static bool is_scheme(struct str text, size_t at)
{
    static const struct str after = STR("://");
    const char next = char_at(text, at + after.len);
    return at > 0 && is_alnum(text.at[at - 1]) && stands_at(text, at, after) && next != '\0' &&
           next != ' ';
}

static bool holds_spelled(struct str text)
{
    for (size_t at = 0; at < text.len; at++) {
        switch (text.at[at]) {
        case ':':
            if (is_scheme(text, at)) {
                return true;
            }
            break;
        case '.':
            if (is_spelled_dot(text, at, false)) {
                return true;
            }
            break;
        case 'd':
            if (stands_at(text, at, STR("dot")) && is_spelled_dot(text, at, true)) {
                return true;
            }
            break;
        default:
            break;
        }
    }
    return false;
}

/* Nothing of all this in most of what is written. */
static bool may_hold(struct str text)
{
    return text.len > 0 &&
           (memchr(text.at, '.', text.len) != NULL || memchr(text.at, ':', text.len) != NULL ||
            memmem(text.at, text.len, "dot", 3) != NULL ||
            memchr(text.at, (uint8_t)IDEOGRAPHIC_STOP[0], text.len) != NULL);
}

bool link_find_any(struct str reading)
{
    if (!may_hold(reading)) {
        return false;
    }
    return holds_spelled(reading) || holds_host(reading);
}
