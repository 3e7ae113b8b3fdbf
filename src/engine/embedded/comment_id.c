// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/comment_id.h"

#include "base/hash.h"
#include "base/must.h"

#include <stdbool.h>
#include <stddef.h>

/* The lower 80 bits are two halves of 40, scrambled by a Feistel network of ROUNDS rounds (Luby and
 * Rackoff 1988: four already make a strong permutation of a good round function). The function of a
 * round is the keyed hash of the round, the time and the other half, so that equal rows at other
 * times look different.
 *
 *      before scrambling    left: n >> 8        right: (n & 255) << 32 | check
 *      check                the keyed hash of (n, at), 32 bits
 */
enum { ROUNDS = 6, HALF_BITS = 40, AT_BITS = 48, DIGIT_BITS = 5, CHECK_ROUND = 255 };
#define HALF_MAX ((UINT64_C(1) << HALF_BITS) - 1)
#define AT_MAX ((UINT64_C(1) << AT_BITS) - 1)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct halves {
    uint64_t left, right; // HALF_BITS each
};

static uint64_t round_of(uint64_t key, uint64_t round, uint64_t at, uint64_t half)
{
    const uint64_t words[3] = {round, at, half};
    return hash_bytes(key, words, sizeof(words)) & HALF_MAX;
}

static uint64_t check_of(uint64_t key, uint64_t row, uint64_t at)
{
    return round_of(key, CHECK_ROUND, at, row) & UINT32_MAX;
}

static struct halves scramble(uint64_t key, uint64_t at, struct halves plain)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const uint64_t left = plain.left;
        plain.left = plain.right;
        plain.right = left ^ round_of(key, round, at, plain.right);
    }
    return plain;
}

static struct halves unscramble(uint64_t key, uint64_t at, struct halves mixed)
{
    for (uint64_t round = ROUNDS; round-- > 0;) {
        const uint64_t right = mixed.right;
        mixed.right = mixed.left;
        mixed.left = right ^ round_of(key, round, at, mixed.left);
    }
    return mixed;
}

/* The 130 bits as a number of 26 digits, the highest first. */
static void write_digits(uint64_t high, uint64_t low, char *text)
{
    for (size_t i = COMMENT_ID_LEN; i-- > 0;) {
        text[i] = digits[low & 31];
        low = low >> DIGIT_BITS | high << (64 - DIGIT_BITS);
        high >>= DIGIT_BITS;
    }
}

static bool digit_value(char digit, uint64_t *ret_value)
{
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    if (found == NULL) {
        return false;
    }
    *ret_value = (uint64_t)(found - digits);
    return true;
}

void comment_id_write(uint64_t key, uint64_t row, int64_t at_ms, struct comment_id *ret_id)
{
    must(row >= 1 && row <= COMMENT_ID_ROW_MAX);
    const uint64_t at = (uint64_t)at_ms & AT_MAX;
    const struct halves plain = {
        .left = row >> 8,
        .right = (row & 0xff) << 32 | check_of(key, row, at),
    };
    const struct halves mixed = scramble(key, at, plain);
    write_digits(at << 16 | mixed.left >> 24, mixed.left << 40 | mixed.right, ret_id->text);
    ret_id->text[COMMENT_ID_LEN] = '\0';
}

enum err comment_id_parse(uint64_t key, struct str text, uint64_t *ret_row, int64_t *ret_at_ms)
{
    uint64_t high = 0;
    uint64_t low = 0;
    if (text.len != COMMENT_ID_LEN || text.at[0] > '7') {
        return ERR_PROTO;
    }
    for (size_t i = 0; i < COMMENT_ID_LEN; i++) {
        uint64_t value = 0;
        if (!digit_value(text.at[i], &value)) {
            return ERR_PROTO;
        }
        high = high << DIGIT_BITS | low >> (64 - DIGIT_BITS);
        low = low << DIGIT_BITS | value;
    }
    const uint64_t at = high >> 16;
    const struct halves mixed = {
        .left = (high & 0xffff) << 24 | low >> 40,
        .right = low & HALF_MAX,
    };
    const struct halves plain = unscramble(key, at, mixed);
    const uint64_t row = plain.left << 8 | plain.right >> 32;
    if (row == 0 || (plain.right & UINT32_MAX) != check_of(key, row, at)) {
        return ERR_PROTO;
    }

    *ret_row = row;
    *ret_at_ms = (int64_t)at;
    return ERR_OK;
}

enum err comment_id_of_target(uint64_t key, struct str target, uint64_t *ret_row)
{
    static const struct str prefix = STR("id:");
    int64_t at_ms = 0;
    if (!str_has_prefix(target, prefix)) {
        return ERR_NOT_FOUND;
    }
    const struct str id = {.at = target.at + prefix.len, .len = target.len - prefix.len};
    return comment_id_parse(key, id, ret_row, &at_ms) == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
}
