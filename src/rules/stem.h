// SPDX-License-Identifier: Apache-2.0
/* stem -- what is left of a text without what a raid counts by, and whom it is aimed at: numbers at
 * an end of a word, and words that begin with "@".
 *
 *      "wave 1"  "Wave 900!"  "wave17"            ──▶ wave
 *      "@ann 2/50 join my channel now"            ──▶ joinmychanelnow
 *      "fr33coins"                                 ──▶ fr3coins: that number is within a word
 *
 * Used by:  flocks.c.
 * Thread:   any; pure.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum {
    STEM_BYTES_MAX = 512, // of a stem that are looked at
    STEM_BYTES_MIN = 8,   // of less nobody can say whether it is the same
    STEM_COUNTED_MIN = 4, // nor where a number stood beside it
};

/* A hash of its letters and signs, each of a run once, the same for texts of one stem; 0: there is
 * too little left. `plain` is the plain reading of a folded text (fold.h). */
uint64_t stem_of(struct str plain);
