// SPDX-License-Identifier: Apache-2.0
#include "rules/spaced.h"

#include "rules/point_table.h"
#include "wire/utf8.h"

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

static bool is_ascii_letter(uint8_t byte)
{
    return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10;
}

/* Three letters with nothing of a word beside them, or something beyond ASCII: seldom. */
static bool may_hold(struct str text)
{
    uint32_t letters = 0; // the newest bytes, a bit each
    uint32_t alone = 0;
    uint8_t any = 0;
    for (size_t i = 0; i < text.len; i++) {
        letters = letters << 1 | is_ascii_letter((uint8_t)text.at[i]);
        alone += (letters & 7) == 2;
        any |= (uint8_t)text.at[i];
    }
    alone += (letters & 3) == 1;
    return alone >= SPACED_LEAST || any >= 0x80;
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
