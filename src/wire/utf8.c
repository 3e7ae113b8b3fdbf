// SPDX-License-Identifier: Apache-2.0
#include "wire/utf8.h"

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

enum utf8_state utf8_run(enum utf8_state state, struct str text)
{
    for (size_t i = 0; i < text.len && state != UTF8_BROKEN; i++) {
        state = utf8_step(state, (uint8_t)text.at[i]);
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

size_t utf8_next(struct str text, uint32_t *ret_point)
{
    static const uint8_t head_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};

    enum utf8_state state = UTF8_WHOLE;
    for (size_t len = 1; len <= 4 && len <= text.len; len++) {
        state = utf8_step(state, (uint8_t)text.at[len - 1]);
        if (state == UTF8_BROKEN) {
            return 0;
        }
        if (state != UTF8_WHOLE) {
            continue;
        }
        uint32_t point = (uint8_t)text.at[0] & head_bits[len];
        for (size_t i = 1; i < len; i++) {
            point = point << 6 | ((uint8_t)text.at[i] & 0x3F);
        }
        *ret_point = point;
        return len;
    }
    return 0;
}
