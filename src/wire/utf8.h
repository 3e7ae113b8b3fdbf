// SPDX-License-Identifier: Apache-2.0
/* utf8 -- is it UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF), whole
 * or as it comes. */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* What the next byte may be. */
enum utf8_state {
    UTF8_WHOLE = 0, // between two characters: valid so far and complete
    UTF8_TAIL_1,    // one more 80..BF
    UTF8_TAIL_2,    // two more
    UTF8_TAIL_3,    // three more
    UTF8_AFTER_E0,  // A0..BF, then one
    UTF8_AFTER_ED,  // 80..9F, then one
    UTF8_AFTER_F0,  // 90..BF, then two
    UTF8_AFTER_F4,  // 80..8F, then two
    UTF8_BROKEN,    // never valid again
};

enum utf8_state utf8_step(enum utf8_state state, uint8_t byte);
/* All of `text`, from `state`; stops at the first byte that breaks it. */
enum utf8_state utf8_run(enum utf8_state state, struct str text);

bool utf8_is_valid(struct str text);
/* Code points of valid UTF-8. */
size_t utf8_count(struct str text);
/* How many of the first bytes are one valid character, and which; 0 when they are none (empty,
 * broken or cut off), `*ret_point` untouched then. */
size_t utf8_next(struct str text, uint32_t *ret_point);

enum { UTF8_BYTES_MAX = 4 };
/* A code point's bytes; returns how many. `point` is one that UTF-8 has. */
size_t utf8_encode(uint32_t point, uint8_t ret_bytes[UTF8_BYTES_MAX]);
