// SPDX-License-Identifier: Apache-2.0
/* terms -- a list of words and what is done with a comment that holds one of them: an Aho-Corasick
 * automaton over the bytes of folded text (fold.h), so that a search costs the text's length,
 * whatever the list's.
 *
 *      word       the term with no letter or digit beside it: `ass`, not in `class`; scripts that
 *                 write without spaces have no sides; one of two letters is not found in a letter
 *                 and a digit: `al`, not in `a1`
 *      substring  anywhere
 *      allow      what lies inside it, in the same reading, is no hit: `scunthorpe`; in one with
 *                 strokes (strokes.h) also what does so in the usual one in its place
 *
 * Single letters in a row (spaced.h) are searched joined, also: f.u.c.k. There a word is one of
 * four letters or more, anywhere, or of three that are the whole row; a substring has three or
 * more; what is allowed is so joined, or as it is spelled out.
 *
 * Owns:     its copies of the texts, its tables.
 * Thread:   any: immutable and counted. The last terms_unref() frees it.
 * Bound:    TERMS_MAX terms of TERM_BYTES_MAX, TERMS_BYTES_MAX folded in all; 13 bytes a state of
 *           the automaton, 24 bytes and its text a term, 128 KiB beside: 5,000 words take about
 *           0.5 MiB, 50,000 about 4 MiB, the longest list 17 MiB. The rows of the states near the
 *           root that most of any text passes take those 128 KiB, so they stay in a core's cache.
 * Promise:  a search takes no memory.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "wire/outcome.h"

#include <stddef.h>
#include <stdint.h>

enum { TERMS_MAX = 50000, TERM_BYTES_MAX = 200, TERMS_BYTES_MAX = 1024 * 1024 };

enum term_match { TERM_WORD, TERM_SUBSTRING, TERM_ALLOW };

struct term {
    struct str text; // as its author wrote it
    enum term_match match;
    enum outcome action; // refuse, hold or shadow; of `allow` no matter
};

struct terms;

/* `count` > 0. `*ret_bad` is the index of the term at fault. ERR_PROTO: nothing is left of it when
 * folded, or it is longer than TERM_BYTES_MAX; ERR_LIMIT: more than TERMS_MAX, or than
 * TERMS_BYTES_MAX when folded; ERR_NOMEM. The texts are copied. */
MUST_USE enum err terms_new(const struct term *list, uint32_t count, struct terms **ret_terms,
                            uint32_t *ret_bad);
struct terms *terms_ref(struct terms *terms); // returns its argument; NULL is legal
void terms_unref(struct terms *terms);        // NULL is legal

uint32_t terms_count(const struct terms *terms); // NULL: 0
/* In the order given; the text is borrowed. */
struct term terms_at(const struct terms *terms, uint32_t index);
size_t terms_bytes(const struct terms *terms); // of memory

struct term_hit {
    enum outcome outcome; // OUTCOME_ALLOW: none
    struct str term;      // as its author wrote it; borrowed from the terms
};
/* The strictest of all that hit; the first in the text among equals. `folded`: all readings, each
 * for itself. NULL terms: none. */
struct term_hit terms_judge(const struct terms *terms, struct str folded);
