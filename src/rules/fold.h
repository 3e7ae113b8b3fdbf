// SPDX-License-Identifier: Apache-2.0
/* fold -- a text as terms are looked for in it: without what hides a word from a filter and not
 * from people.
 *
 *      "Fr\u0435\u0435 M0N\u200bEY"
 *        ──▶ fr\u0435\u0435 m0ney ^_ free money           ^_: FOLD_NEXT, the byte 1F
 *            '--- plain ---'    '-- loose --'
 *
 *      "PayPaI" ──▶ paypai ^^ paypal                    ^^: FOLD_STROKES, the byte 1E
 *                  'usual'   'with strokes'
 *
 * A folded text holds one to three usual readings of it:
 *   plain   NFKC, case folded; controls, zero-width and bidi characters and the combining marks of
 *           alphabets dropped; white space of any kind and number one space, none at the ends
 *   loose   the same, and what looks like a Latin letter is one: Cyrillic, Greek and others
 *           (look_alike.h), digits and signs (0 1 3 4 5 7 8 @ $ ! |) in words that have letters;
 *           only if it differs
 *   loose, with 1 and | as l instead of i; only if there are such
 * and, only if there are strokes (strokes.h), up to three of the text that has l for each capital I
 * and 1 for each | of them: for terms alone, since a capital I is an i to all else. Such a reading
 * and the usual one in its place, or the last, differ in those bytes alone.
 *
 * What stands for itself in its script stays: the vowel signs of Indic scripts, kana's voicing
 * marks, Hangul syllables whole.
 *
 * Thread:  any; pure.
 * Promise: nothing is cut: a character becomes at most FOLD_POINTS_MAX, or stays as it is.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    FOLD_NEXT = 0x1F,
    FOLD_STROKES = 0x1E,
    FOLD_USUAL_MAX = 3,
    FOLD_READINGS_MAX = 2 * FOLD_USUAL_MAX,
    FOLD_POINTS_MAX = 4,
    FOLD_GROWTH = 8
};

/* The most bytes that a text of so many may become. */
static inline size_t fold_bytes_max(size_t text_bytes)
{
    return FOLD_READINGS_MAX * (FOLD_GROWTH * text_bytes + 1);
}

/* Appends all readings. What is not UTF-8 is left out. `out` has room for fold_bytes_max() more, or
 * fails as a buf does. */
void fold_text(struct str text, struct buf *out);
/* The plain reading alone: what a term is. */
void fold_plain(struct str text, struct buf *out);

/* The usual readings of a folded text, and those with strokes; either may be empty. */
struct str fold_usual(struct str folded, struct str *ret_with_strokes);
/* The next of them; false at the end. `rest` starts as all of its kind. */
bool fold_next(struct str *rest, struct str *ret_reading);
/* What is most like what people see: its first loose reading, else the plain one; a usual one. */
struct str fold_loosest(struct str folded);
