// SPDX-License-Identifier: Apache-2.0
/* look_alike -- characters that people read as a Latin letter, and that are none of its own
 * compatibility forms (those NFKC knows).
 *
 * Thread:  any; constant.
 */
#pragma once

#include <stdint.h>

/* A lower-case ASCII letter, or '1' of what may be i or l; 0: it looks like none, or is one. */
char look_alike_letter(uint32_t point);
/* Of an ASCII digit or sign that stands for a letter in a word: '0' 'o'; 0: none. */
char look_alike_leet(char sign);
