// SPDX-License-Identifier: Apache-2.0
#include "wire/epoch.h"

#include <string.h>

static bool is_epoch_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

enum err epoch_parse(struct str text, struct epoch *ret_epoch)
{
    if (text.len == 0 || text.len > EPOCH_LEN_MAX) {
        return ERR_PROTO;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_epoch_char(text.at[i])) {
            return ERR_PROTO;
        }
    }
    *ret_epoch = (struct epoch){.text = ""};
    memcpy(ret_epoch->text, text.at, text.len);
    return ERR_OK;
}

bool epoch_eq(const struct epoch *a, const struct epoch *b)
{
    return strcmp(a->text, b->text) == 0;
}
