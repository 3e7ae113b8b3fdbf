// SPDX-License-Identifier: Apache-2.0
#include "wire/stream_name.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool stream_name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > STREAM_NAME_LEN_MAX || !is_alnum(name.at[0])) {
        return false;
    }
    for (size_t i = 1; i < name.len; i++) {
        const char c = name.at[i];
        if (!is_alnum(c) && c != '.' && c != '_' && c != '~' && c != '-') {
            return false;
        }
    }
    return true;
}
