// SPDX-License-Identifier: Apache-2.0
#include "rules/spaced.h"

#include "rules/point_table.h"
#include "wire/utf8.h"

#include <endian.h>
#include <string.h>

/* The flags of the character at `*at`, which is passed. */
static uint32_t take_point(struct str text, size_t *at)
{
    uint32_t point = (uint8_t)text.at[*at];
    size_t len = 1;
    if (point >= 0x80) {
        len = utf8_next((struct str){.at = text.at + *at, .len = text.len - *at}, &point);
        len = len > 0 ? len : 1; // a folded text is UTF-8
    }
    *at += len;
    return point_table_at(point);
}

/* A letter at `*at`, with the marks on it, is passed; or what else stands there. */
static bool take_letter(struct str text, size_t *at)
{
    const bool is_letter = (take_point(text, at) & POINT_LETTER) != 0;
    while (is_letter && *at < text.len) {
        size_t next = *at;
        if ((uint8_t)text.at[next] < 0x80 || (take_point(text, &next) & POINT_MARK) == 0) {
            break;
        }
        *at = next;
    }
    return is_letter;
}

struct letter {
    size_t start, end; // of the letter
    uint32_t gap;      // characters before it that are none
};

/* The next single letter from `*at` on, with nothing of a word beside it. False: there is none, or
 * a word stands before it: `*at` is behind that. */
static bool next_single(struct str text, size_t *at, struct letter *ret)
{
    size_t letters = 0;
    *ret = (struct letter){.start = *at};
    while (*at < text.len) {
        const size_t start = *at;
        if (take_letter(text, at)) {
            letters++;
            ret->start = start;
            ret->end = *at;
        } else if (letters > 0) {
            *at = start;
            break;
        } else {
            ret->gap++;
        }
    }
    return letters == 1;
}

static bool has_room(const struct spaced *run, const struct letter *letter)
{
    return run->len + (letter->end - letter->start) <= sizeof(run->joined);
}

static void add(struct spaced *run, struct str text, const struct letter *letter)
{
    memcpy(run->joined + run->len, text.at + letter->start, letter->end - letter->start);
    run->len += letter->end - letter->start;
    run->count++;
}

/* ---- is there any? ---- */

/* What is known of the characters passed, marks with their letters: `letters` has a bit each, the
 * newest lowest. Whether one stands alone is known when the next is. */
struct glance {
    uint32_t letters;
    uint32_t alone; // in a row
    bool is_run;    // there were enough
};

static void pass_one(struct glance *glance, uint32_t flags)
{
    const bool is_letter = (flags & POINT_LETTER) != 0;
    if ((flags & POINT_MARK) != 0 && (glance->letters & 1) != 0) {
        return;
    }
    glance->letters = glance->letters << 1 | is_letter;
    glance->alone += (glance->letters & 7) == 2;
    glance->is_run = glance->is_run || glance->alone >= SPACED_LEAST;
    if ((glance->letters & 3) == 3 || (glance->letters & 15) == 0) { // a word; too far from it
        glance->alone = 0;
    }
}

enum { WORD = sizeof(uint64_t) };
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The top bit of each byte that is at least so much; all are below 0x80. */
static uint64_t at_least(uint64_t bytes, uint8_t least)
{
    return bytes + EACH((uint8_t)(0x80 - least));
}

/* Of eight ASCII characters, the first one lowest in `bytes`: a bit for each letter or digit, the
 * first one highest. */
static uint32_t find_letters(uint64_t bytes)
{
    const uint64_t small = bytes | EACH(0x20);
    const uint64_t letters = at_least(small, 'a') & ~at_least(small, 'z' + 1);
    const uint64_t digits = at_least(bytes, '0') & ~at_least(bytes, '9' + 1);
    const uint64_t found = ((letters | digits) & EACH(0x80)) >> 7;
    return (uint32_t)((found * UINT64_C(0x8040201008040201)) >> 56);
}

/* Where none of eight stands alone, a word does, or too much else. More than there is may be seen,
 * not less. */
static void pass_eight(struct glance *glance, uint64_t bytes)
{
    const uint32_t letters = glance->letters << WORD | find_letters(bytes);
    const uint32_t alone = letters >> 1 & ~(letters >> 2) & ~letters & UINT8_MAX;
    glance->letters = letters;
    if (alone == 0) {
        glance->alone = 0;
    } else {
        glance->alone += (uint32_t)__builtin_popcount(alone);
        glance->is_run = glance->is_run || glance->alone >= SPACED_LEAST;
    }
}

/* A run, or nearly: seldom. */
static bool may_hold(struct str text)
{
    struct glance glance = {.letters = 0};
    size_t at = 0;
    while (at < text.len && !glance.is_run) {
        uint64_t bytes = EACH(0x80);
        if (text.len - at >= WORD) {
            memcpy(&bytes, text.at + at, WORD);
        }
        if ((bytes & EACH(0x80)) == 0) {
            pass_eight(&glance, le64toh(bytes));
            at += WORD;
        } else {
            pass_one(&glance, take_point(text, &at));
        }
    }
    pass_one(&glance, 0);
    return glance.is_run;
}

bool spaced_next(struct str reading, size_t *at, struct spaced *ret)
{
    struct letter letter;
    ret->count = 0;
    ret->len = 0;
    if (*at == 0 && !may_hold(reading)) {
        return false;
    }
    while (*at < reading.len) {
        const size_t before = *at;
        const bool is_single = next_single(reading, at, &letter);
        const bool goes_on =
            is_single && ret->count > 0 && letter.gap <= SPACED_GAP_MAX && has_room(ret, &letter);
        if (ret->count >= SPACED_LEAST && !goes_on) {
            *at = before; // what ended it may begin another
            return true;
        }
        if (!goes_on) {
            ret->start = letter.start;
            ret->len = 0;
            ret->count = 0;
        }
        if (is_single && has_room(ret, &letter)) {
            add(ret, reading, &letter);
        }
    }
    return ret->count >= SPACED_LEAST;
}

uint32_t spaced_count(const uint8_t *joined, size_t len)
{
    const struct str text = {.at = (const char *)joined, .len = len};
    uint32_t count = 0;
    for (size_t at = 0; at < len;) {
        count += take_letter(text, &at);
    }
    return count;
}

void spaced_place(struct str reading, const struct spaced *run, size_t *from, size_t *to)
{
    const size_t first = *from;
    const size_t end = *to;
    size_t passed = 0;
    for (size_t at = run->start; passed < end;) {
        const size_t start = at;
        if (!take_letter(reading, &at)) {
            continue;
        }
        *from = passed == first ? start : *from;
        *to = at;
        passed += at - start;
    }
}
