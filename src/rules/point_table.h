// SPDX-License-Identifier: Apache-2.0
/* point_table -- what rules ask of a code point, in two steps and without a question to a library:
 *
 *      blocks[point / 128] ──▶ entries[block][point % 128] ──▶ flags
 *                                                         '──▶ bytes[offset]: what it is folded to
 *
 *      bytes at an offset   n, n bytes of the plain reading, m, m bytes of the loose one
 *      a blank              is folded to one space, what is dropped to no bytes
 *
 * Made when we build, from utf8proc and look_alike.h by point_table_make.c; point_table.c is its
 * output. A code point that stands for itself has neither POINT_MAPPED nor POINT_JOINS.
 *
 * Thread:  any; constant.
 * Bound:   some 300 KiB that all lists and threads share, paged in as scripts are met.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum point_flag {
    POINT_UPPER = 1 << 0,       // Lu, Lt
    POINT_CASED = 1 << 1,       // those and Ll
    POINT_MARK = 1 << 2,        // Mn, Mc, Me
    POINT_PICTOGRAPH = 1 << 3,  // an emoji, or half a flag
    POINT_ORDINARY = 1 << 4,    // between two of these a grapheme always ends
    POINT_OF_WORD = 1 << 5,     // a letter or digit of scripts that part words
    POINT_OF_LIKENESS = 1 << 6, // neither space nor punctuation
    POINT_SIGNS = 1 << 7,       // what it is folded to holds a sign (look_alike_leet)
    POINT_JOINS = 1 << 8,       // its first part may become one with what stands before it
    POINT_MAPPED = 1 << 9,      // it is folded to something else
    POINT_LOOKS = 1 << 10,      // the loose reading differs from the plain one
    POINT_LETTER = 1 << 11,     // L, N: of any script
    POINT_STROKE = 1 << 12,     // capital I or |, or a form of them
};
enum { POINT_OFFSET_SHIFT = 13, POINT_BLOCK_BITS = 7 };

struct point_pair { // two that make one
    uint32_t last, part, both;
};

extern const uint16_t point_table_blocks[];
extern const uint32_t point_table_entries[];
extern const uint8_t point_table_bytes[];
extern const struct point_pair point_table_pairs[]; // by last, then part; without Hangul
extern const size_t point_table_pair_count;

/* `point` <= 0x10FFFF. */
static inline uint32_t point_table_at(uint32_t point)
{
    const uint32_t block = point_table_blocks[point >> POINT_BLOCK_BITS];
    return point_table_entries[block << POINT_BLOCK_BITS |
                               (point & ((1U << POINT_BLOCK_BITS) - 1))];
}
