// SPDX-License-Identifier: Apache-2.0
/* sketch -- what a text looks like, in 64 bytes, so that texts with a few letters changed, added
 * or left out are found to be near each other: "join my channel 4711", "join my channel now 93".
 *
 * It is the least of SKETCH_PLACES hashes over all runs of three letters; of two texts as many of
 * these agree as they have of their runs in common (MinHash).
 *
 * Used by:  the raid view.
 * Thread:   any; pure.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SKETCH_PLACES = 32,
    SKETCH_ALIKE = 18,       // so many agree: more than half of their runs are the same
    SKETCH_LETTERS_MIN = 12, // of fewer nobody can say
    SKETCH_BYTES_MAX = 512,  // of a text that are looked at
};

struct sketch {
    uint16_t least[SKETCH_PLACES];
    bool is_known; // the text was long enough
};

/* `reading` is a reading of a folded text (fold.h): its spaces and punctuation, and a letter that
 * is repeated, count for nothing. */
void sketch_draw(struct str reading, struct sketch *ret);
/* False, too, of what is not known. */
bool sketch_is_near(const struct sketch *a, const struct sketch *b);
