// SPDX-License-Identifier: Apache-2.0
#include "rules/user_name.h"

#include "rules/character.h"
#include "wire/utf8.h"

bool user_name_is_valid(struct str name)
{
    size_t points = 0;
    bool is_seen = false;
    while (name.len > 0) {
        uint32_t point = 0;
        const size_t len = utf8_next(name, &point);
        if (len == 0 || ++points > USER_NAME_POINTS_MAX || character_is_control(point) ||
            character_ends_line(point)) {
            return false;
        }
        is_seen = is_seen || !character_is_space(point);
        name.at += len;
        name.len -= len;
    }
    return is_seen;
}
