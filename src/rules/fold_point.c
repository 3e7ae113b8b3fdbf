// SPDX-License-Identifier: Apache-2.0
#include "rules/fold_point.h"

#include "rules/character.h"
#include "rules/look_alike.h"
#include "rules/point_table.h"

#include <utf8proc.h>

enum { ASCII_POINTS = 0x80, BRAILLE_BLANK = 0x2800 };

static bool is_within(uint32_t point, uint32_t from, uint32_t to)
{
    return point >= from && point <= to;
}

static int category_of(uint32_t point)
{
    return (int)utf8proc_category((utf8proc_int32_t)point);
}

/* ---- parts ---- */

/* Marks that are letters to those who write them: of Indic and South East Asian scripts, and those
 * that make ga of ka. */
static bool is_written_mark(uint32_t point)
{
    return is_within(point, 0x0900, 0x1AAF) || is_within(point, 0x1B00, 0x1CFF) ||
           is_within(point, 0x3099, 0x309A) || is_within(point, 0xA800, 0xABFF) ||
           is_within(point, 0x10A00, 0x11FFF);
}

static bool is_dropped(uint32_t point)
{
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)point);
    switch ((int)property->category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
        return true;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return !is_written_mark(point) || property->ignorable;
    default:
        return property->ignorable;
    }
}

/* How many of `parts` are written; they are what is written of them. */
static size_t keep_written(uint32_t *parts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (character_is_space(parts[i]) || parts[i] == BRAILLE_BLANK) {
            parts[kept++] = ' ';
        } else if (!is_dropped(parts[i])) {
            parts[kept++] = parts[i];
        }
    }
    return kept;
}

static uint32_t looked_at(uint32_t point, bool is_loose)
{
    const char letter = is_loose ? look_alike_letter(point) : '\0';
    return letter != '\0' ? (uint32_t)letter : point;
}

/* It looks like a letter as it stands, or what it is made of may. */
size_t fold_point_parts(uint32_t point, bool is_loose, uint32_t ret_parts[FOLD_POINT_PARTS_MAX])
{
    enum { OPTIONS = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE };
    utf8proc_int32_t found[FOLD_POINT_PARTS_MAX];
    int break_class = UTF8PROC_BOUNDCLASS_START;
    const uint32_t seen = looked_at(point, is_loose);
    if (seen != point) {
        ret_parts[0] = seen;
        return 1;
    }
    const utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)point, found, FOLD_POINT_PARTS_MAX,
                                (utf8proc_option_t)OPTIONS, &break_class);
    if (count < 0 || count > FOLD_POINT_PARTS_MAX) { // more than are kept: it stays as it is
        ret_parts[0] = point;
        return keep_written(ret_parts, 1);
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        ret_parts[i] = looked_at((uint32_t)found[i], is_loose);
    }
    return keep_written(ret_parts, (size_t)count);
}

uint32_t fold_point_join(uint32_t last, uint32_t part)
{
    utf8proc_int32_t pair[2] = {(utf8proc_int32_t)last, (utf8proc_int32_t)part};
    if (!is_within(part, 0x1161, 0x11C2) && !character_is_mark(part)) {
        return 0;
    }
    const utf8proc_ssize_t count =
        utf8proc_normalize_utf32(pair, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    const bool is_joined = count == 1 && (uint32_t)pair[0] != last; // it takes U+11A7 for no tail
    return is_joined ? (uint32_t)pair[0] : 0;
}

/* ---- flags ---- */

/* Scripts whose words stand side by side: there a word has no edge that could be seen. */
static bool is_written_without_spaces(uint32_t point)
{
    return is_within(point, 0x0E00, 0x109F) || // Thai, Lao, Tibetan, Myanmar
           is_within(point, 0x1780, 0x17FF) || // Khmer
           is_within(point, 0x3040, 0x30FF) || // kana
           is_within(point, 0x3400, 0x9FFF) || is_within(point, 0xF900, 0xFAFF) ||
           is_within(point, 0x20000, 0x3FFFF); // ideographs
}

static bool is_letter(uint32_t point)
{
    switch (category_of(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

/* Of folded text, which has no capitals. */
static bool is_of_word(uint32_t point)
{
    const int category = category_of(point);
    const bool is_mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC;
    return (is_letter(point) || is_mark) && !is_within(point, 'A', 'Z') &&
           !is_written_without_spaces(point);
}

static bool is_of_likeness(uint32_t point)
{
    if (point < ASCII_POINTS) {
        return is_within(point, 'a', 'z') || is_within(point, '0', '9');
    }
    switch (category_of(point)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SK:
        return false;
    default:
        return true;
    }
}

static int bound_of(uint32_t point)
{
    return (int)utf8proc_get_property((utf8proc_int32_t)point)->boundclass;
}

static bool is_pictograph(uint32_t point)
{
    const int bound = bound_of(point);
    return point > 0xFF && (bound == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
                            bound == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR);
}

/* Indic consonants are joined by what stands between them (UAX 29, GB9c) in newer tables. */
static bool is_ordinary(uint32_t point)
{
    return bound_of(point) == UTF8PROC_BOUNDCLASS_OTHER && !is_written_mark(point);
}

/* A capital I or a bar in some style; an accent makes it another letter. */
static bool is_stroke(uint32_t point)
{
    utf8proc_int32_t found[FOLD_POINT_PARTS_MAX];
    int break_class = UTF8PROC_BOUNDCLASS_START;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)point, found, FOLD_POINT_PARTS_MAX,
        (utf8proc_option_t)(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), &break_class);
    return count == 1 &&
           (found[0] == '|' || (found[0] == 'I' && category_of(point) == UTF8PROC_CATEGORY_LU));
}

uint32_t fold_point_flags(uint32_t point)
{
    const int category = category_of(point);
    const bool is_upper = category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
    return (is_upper ? POINT_UPPER : 0U) |
           (is_upper || category == UTF8PROC_CATEGORY_LL ? POINT_CASED : 0U) |
           (character_is_mark(point) ? POINT_MARK : 0U) |
           (is_pictograph(point) ? POINT_PICTOGRAPH : 0U) |
           (is_ordinary(point) ? POINT_ORDINARY : 0U) | (is_of_word(point) ? POINT_OF_WORD : 0U) |
           (is_of_likeness(point) ? POINT_OF_LIKENESS : 0U) |
           (is_letter(point) ? POINT_LETTER : 0U) | (is_stroke(point) ? POINT_STROKE : 0U);
}
