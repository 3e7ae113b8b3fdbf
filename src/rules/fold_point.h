// SPDX-License-Identifier: Apache-2.0
/* fold_point -- what becomes of one code point when a text is folded (fold.h), and what else rules
 * ask of it, as utf8proc knows it: slow, and the definition.
 *
 * Used by:  point_table_make.c, which makes the table of it when we build, and tests, which hold
 *           fold.c against it.
 * Thread:   any; constant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOLD_POINT_PARTS_MAX = 4, FOLD_POINT_LAST = 0x10FFFF };

/* What is written of it, in order: ' ' for any blank, nothing for what is dropped. Returns how many
 * there are. */
size_t fold_point_parts(uint32_t point, bool is_loose, uint32_t ret_parts[FOLD_POINT_PARTS_MAX]);
/* `part`, written behind `last`, makes one character with it: a syllable of Hangul, a voiced kana.
 * 0: they stay two. */
uint32_t fold_point_join(uint32_t last, uint32_t part);
/* Point_table flags (point_table.h). */
uint32_t fold_point_flags(uint32_t point);
