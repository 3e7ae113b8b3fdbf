// SPDX-License-Identifier: Apache-2.0
/* spaced -- single letters that blanks or punctuation part, as words are spelled around a filter:
 *
 *      "go f u c k off"  ──▶ fuck        f.u.c.k  f-u-c-k  f _ u _ c _ k  f♥u♥c♥k
 *      "a b"  "u.s."  "f uck"            fewer than three, or no single letters: none
 *
 * A letter is a letter or digit of any script with the marks on it; between two of a run stand one
 * to three characters that are none.
 *
 * Thread:  any; pure.
 * Bound:   a run is cut at SPACED_BYTES_MAX bytes of letters; what follows is a run of its own.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPACED_LEAST = 3, SPACED_GAP_MAX = 3, SPACED_BYTES_MAX = 4096 };

struct spaced {
    size_t start;   // in the reading
    size_t len;     // bytes of `joined`
    uint32_t count; // letters
    uint8_t joined[SPACED_BYTES_MAX];
};

/* The next run of `reading`, one of a folded text (fold.h), from `*at` on; false: there is none.
 * `*at` starts as 0. A text without runs is read once and nothing is written. */
bool spaced_next(struct str reading, size_t *at, struct spaced *ret);
/* Letters in so many bytes of a run. */
uint32_t spaced_count(const uint8_t *joined, size_t len);
/* Where in the reading the run's letters stand that are `joined`[*from, *to): from the first of
 * them to behind the last. */
void spaced_place(struct str reading, const struct spaced *run, size_t *from, size_t *to);
