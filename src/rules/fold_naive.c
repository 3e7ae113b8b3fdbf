// SPDX-License-Identifier: Apache-2.0
#include "rules/fold_naive.h"

#include "base/mem.h"
#include "base/must.h"
#include "rules/fold.h"
#include "rules/fold_point.h"
#include "rules/fold_signs.h"
#include "rules/point_table.h"
#include "wire/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct reading {
    struct buf *out;
    size_t start;
    uint32_t last; // the code point last written; 0: none, or a space
    size_t last_at;
};

static void put_part(struct reading *reading, uint32_t part)
{
    uint8_t bytes[UTF8_BYTES_MAX];
    struct buf *out = reading->out;
    if (part == ' ') {
        reading->last = 0;
        if (out->len > reading->start && out->bytes[out->len - 1] != ' ') {
            buf_add_byte(out, ' ');
        }
        return;
    }
    const uint32_t both = reading->last == 0 ? 0 : fold_point_join(reading->last, part);
    if (both != 0) {
        out->len = reading->last_at;
        part = both;
    }
    reading->last = part;
    reading->last_at = out->len;
    buf_add(out, bytes, utf8_encode(part, bytes));
}

static void read_text(struct str text, bool is_loose, struct buf *out)
{
    struct reading reading = {.out = out, .start = out->len};
    while (text.len > 0) {
        uint32_t point = 0;
        uint32_t parts[FOLD_POINT_PARTS_MAX];
        size_t len = utf8_next(text, &point);
        const size_t count = len == 0 ? 0 : fold_point_parts(point, is_loose, parts);
        for (size_t i = 0; i < count; i++) {
            put_part(&reading, parts[i]);
        }
        len = len == 0 ? 1 : len;
        text.at += len;
        text.len -= len;
    }
    if (out->len > reading.start && out->bytes[out->len - 1] == ' ') {
        out->len--;
    }
}

/* Each once. */
static void read_usual(struct str text, struct buf *out)
{
    struct buf readings[FOLD_USUAL_MAX];
    for (size_t i = 0; i < FOLD_USUAL_MAX; i++) {
        buf_init(&readings[i], MEM_OTHER, SIZE_MAX);
        read_text(text, i > 0, &readings[i]);
    }
    if (readings[1].len > 0) {
        (void)fold_signs_to_letters(readings[1].bytes, readings[2].bytes, readings[1].len);
    }
    const bool has_other = !str_eq(buf_str(&readings[1]), buf_str(&readings[2]));
    const bool has_loose = has_other || !str_eq(buf_str(&readings[0]), buf_str(&readings[1]));
    buf_add_str(out, buf_str(&readings[0]));
    for (size_t i = 1; i < FOLD_USUAL_MAX; i++) {
        if (i == 1 ? has_loose : has_other) {
            buf_add_byte(out, FOLD_NEXT);
            buf_add_str(out, buf_str(&readings[i]));
        }
    }
    for (size_t i = 0; i < FOLD_USUAL_MAX; i++) {
        buf_done(&readings[i]);
    }
}

/* ---- strokes ---- */

/* The first character of `*text` that is seen, cut off it with what is not before it; 0: none. */
static uint32_t take_seen(struct str *text)
{
    uint32_t point = 0;
    while (text->len > 0) {
        uint32_t parts[FOLD_POINT_PARTS_MAX];
        size_t len = utf8_next(*text, &point);
        const bool is_seen = len > 0 && fold_point_parts(point, false, parts) > 0;
        len = len > 0 ? len : 1;
        text->at += len;
        text->len -= len;
        if (is_seen) {
            return point;
        }
    }
    return 0;
}

static uint32_t folded_to(uint32_t point)
{
    uint32_t parts[FOLD_POINT_PARTS_MAX];
    return fold_point_parts(point, false, parts) == 1 ? parts[0] : 0;
}

static bool is_among(uint32_t point, const char *chars)
{
    return point != 0 && point < 0x80 && strchr(chars, (int)point) != NULL;
}

static bool is_bar(uint32_t point)
{
    return (fold_point_flags(point) & POINT_STROKE) != 0 && folded_to(point) == '|';
}

static bool is_capital_i(uint32_t point)
{
    return (fold_point_flags(point) & POINT_STROKE) != 0 && !is_bar(point);
}

static bool is_capital(uint32_t point)
{
    return (fold_point_flags(point) & POINT_UPPER) != 0;
}

static bool is_sign(uint32_t point)
{
    return is_among(folded_to(point), "@$0123456789");
}

static bool is_small(uint32_t point)
{
    return !is_capital(point) && !is_sign(point) &&
           ((fold_point_flags(point) & POINT_CASED) != 0 || is_among(folded_to(point), "aeiouy"));
}

static bool is_letter(uint32_t point)
{
    const uint32_t flags = fold_point_flags(point);
    return point != 0 && !is_sign(point) &&
           (is_small(point) || (flags & (POINT_UPPER | POINT_LETTER)) != 0);
}

struct naive_text { // of characters that are seen
    uint32_t *points;
    size_t count;
};

/* Those beside the run of its like that `at` is in; 0: nothing. */
struct beside {
    uint32_t before, behind; // `before`: beyond signs
    size_t count;
};

static struct beside look_beside(const struct naive_text *text, size_t at,
                                 bool (*is_like)(uint32_t))
{
    size_t from = at;
    size_t to = at;
    while (from > 0 && is_like(text->points[from - 1])) {
        from--;
    }
    while (to < text->count && is_like(text->points[to])) {
        to++;
    }
    struct beside beside = {.count = to - from};
    while (from > 0 && is_sign(text->points[from - 1])) {
        from--;
    }
    beside.before = from > 0 ? text->points[from - 1] : 0;
    beside.behind = to < text->count ? text->points[to] : 0;
    return beside;
}

/* 0: it is none. */
static uint32_t stroke_letter(const struct naive_text *text, size_t at)
{
    if (is_capital_i(text->points[at])) {
        const struct beside beside = look_beside(text, at, is_capital_i);
        const bool is_l = is_small(beside.before) ||
                          (is_capital(beside.before) && is_small(beside.behind)) ||
                          (is_among(folded_to(beside.behind), "aeiouy") && is_small(beside.behind));
        return is_l ? 'l' : 0;
    }
    if (is_bar(text->points[at])) {
        const struct beside beside = look_beside(text, at, is_bar);
        const bool is_digit = is_among(folded_to(beside.behind), "0123456789");
        const bool is_within = is_letter(beside.behind) || is_digit;
        const bool is_stroke = beside.count > 1
                                   ? is_letter(beside.before) || is_letter(beside.behind)
                                   : is_letter(beside.before) && !is_within;
        return is_stroke ? '1' : 0;
    }
    return 0;
}

/* Returns whether there are any. */
static bool replace_strokes(struct str text, struct buf *out)
{
    struct naive_text seen = {.points = mem_new(MEM_OTHER, (text.len + 1) * sizeof(uint32_t))};
    bool has_any = false;
    must(seen.points != NULL);
    for (uint32_t point = take_seen(&text); point != 0; point = take_seen(&text)) {
        seen.points[seen.count++] = point;
    }
    for (size_t i = 0; i < seen.count; i++) {
        uint8_t bytes[UTF8_BYTES_MAX];
        const uint32_t letter = stroke_letter(&seen, i);
        buf_add(out, bytes, utf8_encode(letter != 0 ? letter : seen.points[i], bytes));
        has_any = has_any || letter != 0;
    }
    mem_free(MEM_OTHER, seen.points);
    return has_any;
}

void fold_naive_text(struct str text, struct buf *out)
{
    struct buf replaced;
    buf_init(&replaced, MEM_OTHER, SIZE_MAX);
    read_usual(text, out);
    if (replace_strokes(text, &replaced)) {
        buf_add_byte(out, FOLD_STROKES);
        read_usual(buf_str(&replaced), out);
    }
    buf_done(&replaced);
}
