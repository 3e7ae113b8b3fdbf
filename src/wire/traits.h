// SPDX-License-Identifier: Apache-2.0
/* traits -- what the rules of a stream have to know of a comment's text, found once, before it is
 * handed to the ordering point (rules/traits.c finds it).
 *
 * Thread:   any; a value.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum trait {
    TRAIT_LINK = 1 << 0,       // it holds what people would take for a link
    TRAIT_EMOTE_ONLY = 1 << 1, // nothing but emote names (:wave:) and pictographs
};

struct traits {
    uint32_t bits;        // enum trait
    uint8_t caps_percent; // of its cased letters, 0 when they are fewer than 8
    uint8_t marks_most;   // combining marks on one base, at most
    uint64_t likeness;    // equal for texts that people would call the same; 0: too short to say
    struct str folded;    // the text as terms are looked for in it; borrowed from who found it
};
