// SPDX-License-Identifier: Apache-2.0
/* flocks -- puts texts together that are alike: of one likeness (text_traits.h), of one stem
 * (stem.h), or with a sketch near that of the flock's first (sketch.h).
 *
 *      likeness, stem ──▶ keys ──────────────────────────────────────▶ its flock
 *      sketch ─┬ places 0, 1   ──▶ a chain of flocks that agree there ─▶ the first that is near,
 *              ├ places 2, 3   ──▶ ..                                    else a new one
 *              '─ ..
 *
 * Two that are near agree in SKETCH_ALIKE of SKETCH_PLACES places, so in two pairs of them at
 * least: they meet in a chain, unless that was full when the flock came.
 *
 * Owns:     its tables.
 * Used by:  the raid view.
 * Thread:   one's at a time; pure.
 * Bound:    the texts it is made for; FLOCKS_CHAIN_MAX flocks in a chain, so that a text is held
 *           against SKETCH_PLACES / 2 times as many at most, whatever is posted.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "rules/sketch.h"

#include <stdint.h>

enum { FLOCKS_CHAIN_MAX = 16 };

struct flock_key { // likeness or stem
    uint64_t key;  // 0: free
    uint32_t flock;
};

struct flock_link {       // of a chain
    uint32_t flock, next; // next: in links; 0: none
};

struct flocks {
    uint32_t count, max;
    uint32_t key_mask, head_mask, link_count;
    uint64_t seed;            // of where a key or a chain lies
    struct flock_key *keys;   // owned; [key_mask + 1]
    uint32_t *heads;          // owned; [head_mask + 1], in links
    struct flock_link *links; // owned; from 1 on
    struct sketch *firsts;    // owned; of each flock, from 1 on
    uint32_t *asked;          // owned; of each flock, from 1 on: by which text
    uint32_t texts;           // so many have joined
};

/* For `max` texts, 1 or more; `seed` is nobody's to know, so that texts cannot be chosen to lie in
 * each other's way. ERR_NOMEM. */
MUST_USE enum err flocks_init(struct flocks *flocks, uint32_t max, uint64_t seed);
void flocks_done(struct flocks *flocks); // zeroed is legal

struct flock_text {
    uint64_t likeness, stem; // 0: it has none
    struct str reading;      // what sketch_draw() takes
};
/* The flock that it is of now: 1..; 0: it is too short to be like any, or more than `max` came. */
uint32_t flocks_join(struct flocks *flocks, const struct flock_text *text);
