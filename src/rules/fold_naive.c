// SPDX-License-Identifier: Apache-2.0
#include "rules/fold_naive.h"

#include "rules/fold.h"
#include "rules/fold_point.h"
#include "rules/fold_signs.h"
#include "wire/utf8.h"

#include <stdbool.h>
#include <stdint.h>

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
void fold_naive_text(struct str text, struct buf *out)
{
    struct buf readings[FOLD_READINGS_MAX];
    for (size_t i = 0; i < FOLD_READINGS_MAX; i++) {
        buf_init(&readings[i], MEM_OTHER, SIZE_MAX);
        read_text(text, i > 0, &readings[i]);
    }
    if (readings[1].len > 0) {
        (void)fold_signs_to_letters(readings[1].bytes, readings[2].bytes, readings[1].len);
    }
    const bool has_other = !str_eq(buf_str(&readings[1]), buf_str(&readings[2]));
    const bool has_loose = has_other || !str_eq(buf_str(&readings[0]), buf_str(&readings[1]));
    buf_add_str(out, buf_str(&readings[0]));
    for (size_t i = 1; i < FOLD_READINGS_MAX; i++) {
        if (i == 1 ? has_loose : has_other) {
            buf_add_byte(out, FOLD_NEXT);
            buf_add_str(out, buf_str(&readings[i]));
        }
    }
    for (size_t i = 0; i < FOLD_READINGS_MAX; i++) {
        buf_done(&readings[i]);
    }
}
