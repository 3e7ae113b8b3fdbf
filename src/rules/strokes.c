// SPDX-License-Identifier: Apache-2.0
/* Whether a capital I is one is decided for all of a run (heIIo) by the letters on both its sides.
 * Before a small consonant a word may begin with it (It, Is, If, In); before a small vowel hardly
 * one does, and with an l most. */
#include "rules/strokes.h"

#include "rules/point_table.h"
#include "wire/utf8.h"

#include <string.h>

/* What a character is to a stroke beside it. */
enum kind { OTHER, UNSEEN, SIGN, DIGIT, CASELESS, SMALL, SMALL_VOWEL, CAPITAL, CAPITAL_I, BAR };

/* The byte that it is folded to; UINT8_MAX: it is more than a byte. 0: it is not seen. */
static uint8_t folded_byte(uint32_t point, uint32_t entry)
{
    if ((entry & POINT_MAPPED) == 0) {
        return point < 0x80 ? (uint8_t)point : UINT8_MAX;
    }
    const uint8_t *at = point_table_bytes + (entry >> POINT_OFFSET_SHIFT);
    return at[0] == 0 ? 0 : at[0] == 1 ? at[1] : UINT8_MAX;
}

static enum kind kind_of(uint32_t point)
{
    const uint32_t entry = point_table_at(point);
    const uint8_t byte = folded_byte(point, entry);
    if ((entry & POINT_STROKE) != 0) {
        return byte == '|' ? BAR : CAPITAL_I;
    }
    if ((entry & POINT_UPPER) != 0) {
        return CAPITAL;
    }
    switch (byte) {
    case 0:
        return UNSEEN;
    case '@':
    case '$':
        return SIGN;
    case '0' ... '9':
        return DIGIT;
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
    case 'y':
        return SMALL_VOWEL;
    default:
        return (entry & POINT_CASED) != 0 ? SMALL : (entry & POINT_LETTER) != 0 ? CASELESS : OTHER;
    }
}

/* Of the character at `at`; what is no UTF-8 is not seen. */
static enum kind kind_at(struct str text, size_t at, size_t *ret_end)
{
    uint32_t point = 0;
    const size_t len = utf8_next((struct str){.at = text.at + at, .len = text.len - at}, &point);
    *ret_end = at + (len > 0 ? len : 1);
    return len > 0 ? kind_of(point) : UNSEEN;
}

static enum kind kind_before(struct str text, size_t end, size_t *ret_at)
{
    size_t at = end - 1;
    size_t found_end;
    while (at > 0 && end - at < UTF8_BYTES_MAX && ((uint8_t)text.at[at] & 0xC0) == 0x80) {
        at--;
    }
    const enum kind kind = kind_at(text, at, &found_end);
    *ret_at = found_end == end ? at : end - 1;
    return found_end == end ? kind : UNSEEN;
}

/* What is seen on both sides: before it beyond digits and signs that may be letters. */
static enum kind seen_before(struct str text, size_t at)
{
    enum kind kind = UNSEEN;
    while (at > 0 && (kind == UNSEEN || kind == DIGIT || kind == SIGN)) {
        kind = kind_before(text, at, &at);
    }
    return kind;
}

static enum kind seen_behind(struct str text, size_t at)
{
    enum kind kind = UNSEEN;
    while (at < text.len && kind == UNSEEN) {
        kind = kind_at(text, at, &at);
    }
    return kind;
}

static bool is_letter(enum kind kind)
{
    return kind >= CASELESS && kind <= CAPITAL_I;
}

static bool is_small(enum kind kind)
{
    return kind == SMALL || kind == SMALL_VOWEL;
}

static bool is_l(enum kind before, enum kind behind)
{
    const bool is_amid = (before == CAPITAL || before == CAPITAL_I) && is_small(behind);
    return is_small(before) || is_amid || behind == SMALL_VOWEL;
}

static bool is_end(enum kind before, enum kind behind, size_t count)
{
    const bool is_behind = is_letter(before);
    const bool is_before = is_letter(behind) || behind == DIGIT;
    return count == 1 ? is_behind && !is_before : is_behind || is_letter(behind);
}

/* The run of its like that begins at `start`, with what is not seen in it and behind it. Returns
 * whether it is of strokes. */
static bool judge_run(struct str text, size_t start, enum kind kind, size_t *ret_end)
{
    size_t count = 0;
    size_t at = start;
    while (at < text.len) {
        size_t end;
        const enum kind next = kind_at(text, at, &end);
        if (next != kind && next != UNSEEN) {
            break;
        }
        count += next == kind;
        at = end;
    }
    *ret_end = at;
    const enum kind before = seen_before(text, start);
    const enum kind behind = seen_behind(text, at);
    return kind == BAR ? is_end(before, behind, count) : is_l(before, behind);
}

struct strokes strokes_in(struct str text, uint32_t flags)
{
    const bool has_bars = (flags & POINT_SIGNS) != 0 && memchr(text.at, '|', text.len) != NULL;
    return (struct strokes){.text = text, .has_others = has_bars || (flags & POINT_STROKE) != 0};
}

/* Where one may stand, from `at` on; the text's end: nowhere. */
static size_t find_byte(const struct strokes *strokes, size_t at)
{
    const struct str text = strokes->text;
    if (!strokes->has_others) {
        const char *found = text.len > at ? memchr(text.at + at, 'I', text.len - at) : NULL;
        return found == NULL ? text.len : (size_t)(found - text.at);
    }
    while (at < text.len && text.at[at] != 'I' && text.at[at] != '|' &&
           (uint8_t)text.at[at] < 0x80) {
        at++;
    }
    return at;
}

bool strokes_next(struct strokes *strokes, struct stroke *ret)
{
    const struct str text = strokes->text;
    for (size_t at = find_byte(strokes, strokes->at); at < text.len; at = find_byte(strokes, at)) {
        const size_t start = at;
        const enum kind kind = kind_at(text, start, &at);
        if (kind != CAPITAL_I && kind != BAR) {
            continue;
        }
        size_t run_end = strokes->run_end;
        if (start >= run_end && !judge_run(text, start, kind, &run_end)) {
            at = run_end;
            continue;
        }
        strokes->at = at;
        strokes->run_end = run_end;
        *ret = (struct stroke){.start = start, .end = at, .letter = kind == BAR ? '1' : 'l'};
        return true;
    }
    strokes->at = text.len;
    return false;
}
