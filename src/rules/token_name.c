// SPDX-License-Identifier: Apache-2.0
#include "rules/token_name.h"

bool token_name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > TOKEN_NAME_LEN_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.at[i];
        const bool is_alnum =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alnum && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}
