// SPDX-License-Identifier: Apache-2.0
#include "rules/character.h"

#include <utf8proc.h>

bool character_is_space(uint32_t point)
{
    switch (point) {
    case 0x20:
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
        return true;
    default:
        return (point >= 0x09 && point <= 0x0D) || (point >= 0x2000 && point <= 0x200A);
    }
}

bool character_is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

bool character_ends_line(uint32_t point)
{
    return point == '\n' || point == '\r' || point == 0x2028 || point == 0x2029;
}

bool character_is_mark(uint32_t point)
{
    const int category = (int)utf8proc_category((utf8proc_int32_t)point);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}
