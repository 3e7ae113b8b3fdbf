// SPDX-License-Identifier: Apache-2.0
/* character -- the few things our rules ask of a Unicode code point. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool character_is_space(uint32_t point);   // the property White_Space
bool character_is_control(uint32_t point); // the category Cc: C0, DEL, C1
bool character_ends_line(uint32_t point);  // LF, CR, U+2028, U+2029
bool character_is_mark(uint32_t point);    // the categories Mn, Mc, Me
