// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { VALUE_MAX = 1024 }; // bytes of one value as written; past that it is cut and marked

static _Atomic int level_min = LOG_INFO; // relaxed: a line more or less orders nothing

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* A line under way: what does not fit is left out whole, so that it stays an object. */
struct line {
    char text[LOG_LINE_MAX];
    size_t len;
    bool is_cut;
};

enum { LINE_END_MAX = 16 }; // kept free for `,"cut":true}` and LF

static bool add(struct line *line, const char *text, size_t len)
{
    if (len > sizeof(line->text) - LINE_END_MAX - line->len) {
        line->is_cut = true;
        return false;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

/* How many bytes of valid UTF-8 (RFC 3629) start here; 0: none. */
static size_t utf8_len(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, len;
    } rows[] = {
        {0x00, 0x7f, 0x80, 0xbf, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    size_t row = 0;
    while (row < sizeof(rows) / sizeof(rows[0]) &&
           (at[0] < rows[row].first_min || at[0] > rows[row].first_max)) {
        row++;
    }
    if (row == sizeof(rows) / sizeof(rows[0]) || rows[row].len > left) {
        return 0;
    }
    if (rows[row].len > 1 && (at[1] < rows[row].second_min || at[1] > rows[row].second_max)) {
        return 0;
    }
    for (size_t i = 2; i < rows[row].len; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf) {
            return 0;
        }
    }
    return rows[row].len;
}

/* One character as JSON takes it; returns how many bytes of the value it was. */
static size_t add_char(struct line *line, const unsigned char *at, size_t left)
{
    const size_t len = utf8_len(at, left);
    if (len == 0) {
        (void)add(line, "\xef\xbf\xbd", 3); // U+FFFD for a byte that is not UTF-8
        return 1;
    }
    if (at[0] == '"' || at[0] == '\\') {
        const char escaped[2] = {'\\', (char)at[0]};
        (void)add(line, escaped, sizeof(escaped));
    } else if (at[0] < 0x20 || at[0] == 0x7f) {
        char escaped[8];
        (void)add(line, escaped,
                  (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)at[0]));
    } else {
        (void)add(line, (const char *)at, len);
    }
    return len;
}

static void add_quoted(struct line *line, struct str text)
{
    (void)add(line, "\"", 1);
    const size_t start = line->len;
    size_t at = 0;
    while (at < text.len && line->len - start < VALUE_MAX) {
        at += add_char(line, (const unsigned char *)text.at + at, text.len - at);
    }
    if (at < text.len) {
        (void)add(line, "...", 3);
        line->is_cut = true;
    }
    (void)add(line, "\"", 1);
}

/* The whole member, or nothing of it. */
static void add_field(struct line *line, const struct log_field *field)
{
    const size_t start = line->len;
    const size_t worst =
        16 + strlen(field->name) + (field->kind == LOG_FIELD_I64 ? 20 : VALUE_MAX + 16);
    if (worst > sizeof(line->text) - LINE_END_MAX - start) {
        line->is_cut = true;
        return;
    }
    (void)add(line, ",", 1);
    add_quoted(line, str_of(field->name));
    (void)add(line, ":", 1);
    if (field->kind == LOG_FIELD_I64) {
        char number[24];
        (void)add(line, number,
                  (size_t)snprintf(number, sizeof(number), "%" PRId64, field->number));
    } else {
        add_quoted(line, field->text);
    }
}

static void add_time(struct line *line)
{
    struct timespec now = {0};
    struct tm parts = {0};
    char text[64];
    (void)timespec_get(&now, TIME_UTC);
    (void)gmtime_r(&now.tv_sec, &parts);
    const size_t len = strftime(text, sizeof(text), "{\"at\":\"%Y-%m-%dT%H:%M:%S", &parts);
    (void)add(line, text, len);
    (void)add(
        line, text,
        (size_t)snprintf(text, sizeof(text), ".%03dZ\",\"level\":", (int)(now.tv_nsec / 1000000)));
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields,
               size_t field_count)
{
    if ((int)level < atomic_load_explicit(&level_min, memory_order_relaxed)) {
        return;
    }
    struct line line;
    line.len = 0;
    line.is_cut = false;
    add_time(&line);
    add_quoted(&line, str_of(level_names[level]));
    (void)add(&line, ",\"msg\":", 7);
    add_quoted(&line, str_of(msg));
    for (size_t i = 0; i < field_count && i < LOG_FIELDS_MAX; i++) {
        add_field(&line, &fields[i]);
    }
    const char *end = line.is_cut ? ",\"cut\":true}\n" : "}\n";
    memcpy(line.text + line.len, end, strlen(end)); // LINE_END_MAX was kept free
    line.len += strlen(end);
    (void)fwrite(line.text, 1, line.len,
                 stderr); // unbuffered: one write; nobody to tell if it fails
}

uint64_t log_pace_count(struct log_pace *pace, int64_t now_ms)
{
    const uint64_t times = ++pace->untold;
    if (now_ms < pace->next_ms) {
        return 0;
    }
    *pace = (struct log_pace){.next_ms = now_ms + LOG_PACE_MS};
    return times;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_min, (int)level, memory_order_relaxed);
}

bool log_level_parse(struct str name, enum log_level *ret_level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (str_eq(name, str_of(level_names[i]))) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}
