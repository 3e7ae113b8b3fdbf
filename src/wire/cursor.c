// SPDX-License-Identifier: Apache-2.0
#include "wire/cursor.h"

#include <string.h>

enum err cursor_parse(struct str text, struct cursor *ret_cursor)
{
    struct cursor cursor = {.seq = 0};
    struct str digits = text;
    if (text.len > 0 && memchr(text.at, '.', text.len) != NULL) {
        TRY(epoch_parse(str_cut(text, '.', &digits), &cursor.epoch));
    }
    if (digits.len > 1 && digits.at[0] == '0') {
        return ERR_PROTO;
    }
    if (!str_to_u64(digits, SEQ_MAX, &cursor.seq)) {
        return ERR_PROTO;
    }

    *ret_cursor = cursor;
    return ERR_OK;
}

void cursor_write(struct buf *out, const struct cursor *cursor)
{
    if (cursor->epoch.text[0] != '\0') {
        buf_add_str(out, str_of(cursor->epoch.text));
        buf_add_byte(out, '.');
    }
    buf_add_u64(out, cursor->seq);
}
