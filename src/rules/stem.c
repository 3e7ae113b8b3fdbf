// SPDX-License-Identifier: Apache-2.0
#include "rules/stem.h"

#include "base/hash.h"
#include "rules/point_table.h"
#include "wire/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const uint64_t stem_key = 0x7374656D; // of all nodes, over restarts

struct stem {
    char kept[STEM_BYTES_MAX];
    size_t len;
    struct str last; // of the text: what was kept last
    bool is_within;  // a word
    bool has_number; // that was left out
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void keep(struct stem *stem, struct str point)
{
    if (!str_eq(point, stem->last) && stem->len + point.len <= sizeof(stem->kept)) {
        memcpy(stem->kept + stem->len, point.at, point.len);
        stem->len += point.len;
    }
    stem->last = point;
}

/* Of what is no UTF-8 a byte: a folded text has none. */
static struct str point_at(struct str text, uint32_t *ret_flags)
{
    uint32_t point = 0;
    const size_t len = text.len == 0 ? 0 : utf8_next(text, &point);
    *ret_flags = len == 0 ? 0 : point_table_at(point);
    return (struct str){.at = text.at, .len = len == 0 && text.len > 0 ? 1 : len};
}

static size_t number_len(struct str text)
{
    size_t len = 0;
    while (len < text.len && is_digit(text.at[len])) {
        len++;
    }
    return len;
}

static size_t word_len(struct str text)
{
    const char *end = memchr(text.at, ' ', text.len);
    return end == NULL ? text.len : (size_t)(end - text.at);
}

/* Kept where letters stand on both sides of it. */
static void take_number(struct stem *stem, struct str text, size_t len)
{
    uint32_t flags = 0;
    (void)point_at((struct str){.at = text.at + len, .len = text.len - len}, &flags);
    if (!stem->is_within || (flags & POINT_OF_LIKENESS) == 0) {
        stem->has_number = true;
        return;
    }
    for (size_t i = 0; i < len; i++) {
        keep(stem, (struct str){.at = text.at + i, .len = 1});
    }
}

/* Returns how much of the text was looked at. */
static size_t take_next(struct stem *stem, struct str text)
{
    uint32_t flags = 0;
    const size_t digits = number_len(text);
    if (digits > 0) {
        take_number(stem, text, digits);
        return digits; // in a word we are still within it
    }
    if (text.at[0] == '@' && !stem->is_within) {
        return word_len(text);
    }
    const struct str point = point_at(text, &flags);
    stem->is_within = (flags & POINT_OF_LIKENESS) != 0;
    if (stem->is_within) {
        keep(stem, point);
    }
    return point.len;
}

uint64_t stem_of(struct str plain)
{
    struct stem stem = {.len = 0};
    while (plain.len > 0 && stem.len < sizeof(stem.kept)) {
        const size_t len = take_next(&stem, plain);
        plain.at += len;
        plain.len -= len;
    }
    if (stem.len < (stem.has_number ? STEM_COUNTED_MIN : STEM_BYTES_MIN)) {
        return 0;
    }
    const uint64_t hash = hash_bytes(stem_key, stem.kept, stem.len);
    return hash == 0 ? 1 : hash;
}
