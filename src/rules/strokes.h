// SPDX-License-Identifier: Apache-2.0
/* strokes -- where people read a capital I or a | as an l, though a term holds an l:
 *
 *      I   behind a small letter                    paypaI  heIIo
 *          between a capital and a small letter     BIack
 *          before a small vowel                     Ioser
 *      |   where a word ends, or several in a row   paypa|  ba||  he||o
 *
 * None is in It, In, FAIL, AI, III, and in a|b: that is a sign (fold_signs.h). Forms of the two
 * (bold, full-width) are as they are; what is not seen (fold.h) does not part them from what stands
 * beside them, nor does a digit, @ or $ before them.
 *
 * Thread:  any; pure.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strokes { // how far a text was gone through
    struct str text;
    size_t at;
    size_t run_end;  // up to here all are strokes
    bool has_others; // than capital I of ASCII
};

struct stroke { // text[start, end)
    size_t start, end;
    char letter; // 'l', or '1' of a |: which may be i or l
};

/* At its beginning. `flags`: of all its characters, those of ASCII no more than POINT_SIGNS. */
struct strokes strokes_in(struct str text, uint32_t flags);
/* The next one; false: there is none. */
bool strokes_next(struct strokes *strokes, struct stroke *ret);
