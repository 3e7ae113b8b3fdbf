// SPDX-License-Identifier: Apache-2.0
#include "rules/fold_signs.h"

#include "rules/look_alike.h"

/* What a byte is in a word. */
enum {
    LETTER = 1 << 0,
    OF_WORD = 1 << 1, // a letter, a digit, or of a character beyond ASCII
    SIGN = 1 << 2,    // look_alike_leet() knows it
    BAR = 1 << 3,     // ! and |: of a word only within, at its end they are what they are
};

static const uint8_t kinds[UINT8_MAX + 1] = {
    ['!'] = BAR | SIGN,
    ['|'] = BAR | SIGN,
    ['@'] = OF_WORD | SIGN,
    ['$'] = OF_WORD | SIGN,
    ['0'] = OF_WORD | SIGN,
    ['1'] = OF_WORD | SIGN,
    ['2'] = OF_WORD,
    ['3' ... '5'] = OF_WORD | SIGN,
    ['6'] = OF_WORD,
    ['7' ... '8'] = OF_WORD | SIGN,
    ['9'] = OF_WORD,
    ['a' ... 'z'] = OF_WORD | LETTER,
    [0x80 ... UINT8_MAX] = OF_WORD,
};

/* A word does not end in @ or $ for what stands behind a bar. */
static bool is_behind_bar(uint8_t byte)
{
    return (kinds[byte] & OF_WORD) != 0 && byte != '@' && byte != '$';
}

/* Where the word that begins at `at` ends, and what is in it. */
static size_t word_end(const uint8_t *bytes, size_t at, size_t len, uint8_t *ret_kinds)
{
    *ret_kinds = 0;
    for (; at < len; at++) {
        const uint8_t kind = kinds[bytes[at]];
        const bool is_within = (kind & BAR) != 0 && at + 1 < len && is_behind_bar(bytes[at + 1]);
        if ((kind & OF_WORD) == 0 && !is_within) {
            break;
        }
        *ret_kinds |= kind;
    }
    return at;
}

static bool is_one(uint8_t byte)
{
    return byte == '1' || byte == '|';
}

/* Returns whether there was a 1 or |. */
static bool letter_signs(uint8_t *bytes, uint8_t *other, size_t len)
{
    bool has_one = false;
    for (size_t i = 0; i < len; i++) {
        if ((kinds[bytes[i]] & SIGN) != 0) {
            const bool one = is_one(bytes[i]);
            bytes[i] = (uint8_t)look_alike_leet((char)bytes[i]);
            other[i] = one ? 'l' : bytes[i];
            has_one = has_one || one;
        }
    }
    return has_one;
}

bool fold_signs_to_letters(uint8_t *bytes, uint8_t *other, size_t len)
{
    bool differ = false;
    size_t at = 0;
    while (at < len) {
        uint8_t kind = 0;
        const size_t end = word_end(bytes, at, len, &kind);
        if ((kind & LETTER) != 0 && (kind & SIGN) != 0) {
            differ = letter_signs(bytes + at, other + at, end - at) || differ;
        }
        at = end > at ? end : at + 1;
    }
    return differ;
}

bool fold_signs_hold(const uint8_t *bytes, size_t len)
{
    uint8_t all = 0;
    for (size_t i = 0; i < len; i++) {
        all |= kinds[bytes[i]];
    }
    return (all & SIGN) != 0;
}
