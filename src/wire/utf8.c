// SPDX-License-Identifier: Apache-2.0
#include "wire/utf8.h"

#include <string.h>

static enum utf8_state first(uint8_t byte)
{
    if (byte < 0x80) {
        return UTF8_WHOLE;
    }
    if (byte < 0xC2 || byte > 0xF4) {
        return UTF8_BROKEN; // a tail byte, an overlong form or beyond U+10FFFF
    }
    if (byte < 0xE0) {
        return UTF8_TAIL_1;
    }
    switch (byte) {
    case 0xE0:
        return UTF8_AFTER_E0;
    case 0xED:
        return UTF8_AFTER_ED;
    case 0xF0:
        return UTF8_AFTER_F0;
    case 0xF4:
        return UTF8_AFTER_F4;
    default:
        return byte < 0xF0 ? UTF8_TAIL_2 : UTF8_TAIL_3;
    }
}

enum utf8_state utf8_step(enum utf8_state state, uint8_t byte)
{
    static const struct {
        uint8_t low, high;
        enum utf8_state next;
    } steps[] = {
        [UTF8_TAIL_1] = {0x80, 0xBF, UTF8_WHOLE},    [UTF8_TAIL_2] = {0x80, 0xBF, UTF8_TAIL_1},
        [UTF8_TAIL_3] = {0x80, 0xBF, UTF8_TAIL_2},   [UTF8_AFTER_E0] = {0xA0, 0xBF, UTF8_TAIL_1},
        [UTF8_AFTER_ED] = {0x80, 0x9F, UTF8_TAIL_1}, [UTF8_AFTER_F0] = {0x90, 0xBF, UTF8_TAIL_2},
        [UTF8_AFTER_F4] = {0x80, 0x8F, UTF8_TAIL_2},
    };

    if (state == UTF8_WHOLE) {
        return first(byte);
    }
    if (state == UTF8_BROKEN || byte < steps[state].low || byte > steps[state].high) {
        return UTF8_BROKEN;
    }
    return steps[state].next;
}

/* How many bytes from `at` are ASCII for certain, a word at a time: most of what is written. */
static size_t ascii_words(struct str text, size_t at)
{
    static const uint64_t high_bits = 0x8080808080808080;
    size_t end = at;
    uint64_t word = 0;
    while (text.len - end >= sizeof(word)) {
        memcpy(&word, text.at + end, sizeof(word));
        if ((word & high_bits) != 0) {
            break;
        }
        end += sizeof(word);
    }
    return end - at;
}

enum utf8_state utf8_run(enum utf8_state state, struct str text)
{
    for (size_t i = 0; i < text.len && state != UTF8_BROKEN; i++) {
        i += state == UTF8_WHOLE ? ascii_words(text, i) : 0;
        state = i < text.len ? utf8_step(state, (uint8_t)text.at[i]) : state;
    }
    return state;
}

bool utf8_is_valid(struct str text)
{
    return utf8_run(UTF8_WHOLE, text) == UTF8_WHOLE;
}

size_t utf8_count(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((uint8_t)text.at[i] & 0xC0) != 0x80;
    }
    return count;
}

static bool is_tail(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

static bool is_surrogate(uint32_t point)
{
    return point >= 0xD800 && point <= 0xDFFF;
}

static size_t next_of_three(const uint8_t *at, uint32_t *ret_point)
{
    const uint32_t point = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
    if (!is_tail(at[1]) || !is_tail(at[2]) || point < 0x800 || is_surrogate(point)) {
        return 0;
    }
    *ret_point = point;
    return 3;
}

static size_t next_of_four(const uint8_t *at, uint32_t *ret_point)
{
    const uint32_t point =
        (at[0] & 0x07U) << 18 | (at[1] & 0x3FU) << 12 | (at[2] & 0x3FU) << 6 | (at[3] & 0x3FU);
    if (!is_tail(at[1]) || !is_tail(at[2]) || !is_tail(at[3]) || at[0] > 0xF4 || point < 0x10000 ||
        point > 0x10FFFF) {
        return 0;
    }
    *ret_point = point;
    return 4;
}

size_t utf8_next(struct str text, uint32_t *ret_point)
{
    const uint8_t *at = (const uint8_t *)text.at;
    if (text.len == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        *ret_point = at[0];
        return 1;
    }
    if (at[0] < 0xE0) {
        if (at[0] < 0xC2 || text.len < 2 || !is_tail(at[1])) { // C0, C1: overlong
            return 0;
        }
        *ret_point = (at[0] & 0x1FU) << 6 | (at[1] & 0x3FU);
        return 2;
    }
    if (at[0] < 0xF0) {
        return text.len < 3 ? 0 : next_of_three(at, ret_point);
    }
    return text.len < 4 ? 0 : next_of_four(at, ret_point);
}

size_t utf8_encode(uint32_t point, uint8_t ret_bytes[UTF8_BYTES_MAX])
{
    if (point < 0x80) {
        ret_bytes[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        ret_bytes[0] = (uint8_t)(0xC0 | point >> 6);
        ret_bytes[1] = (uint8_t)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        ret_bytes[0] = (uint8_t)(0xE0 | point >> 12);
        ret_bytes[1] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
        ret_bytes[2] = (uint8_t)(0x80 | (point & 0x3F));
        return 3;
    }
    ret_bytes[0] = (uint8_t)(0xF0 | point >> 18);
    ret_bytes[1] = (uint8_t)(0x80 | (point >> 12 & 0x3F));
    ret_bytes[2] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
    ret_bytes[3] = (uint8_t)(0x80 | (point & 0x3F));
    return 4;
}
