// SPDX-License-Identifier: Apache-2.0
#include "app/terminal.h"

#include "wire/utf8.h"

static bool is_harmful(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || // C0, DEL, C1
           point == 0x200e || point == 0x200f ||              // marks of direction
           (point >= 0x2028 && point <= 0x202e) ||            // line ends, embeddings, overrides
           (point >= 0x2066 && point <= 0x2069);              // isolates
}

void terminal_write(struct buf *out, struct str text)
{
    while (text.len > 0) {
        uint32_t point = (uint8_t)text.at[0]; // of a byte that is no UTF-8
        const size_t len = utf8_next(text, &point);
        if (len == 0 || is_harmful(point)) {
            buf_addf(out, "\\u%04x", point);
        } else {
            buf_add(out, text.at, len);
        }
        text.at += len == 0 ? 1 : len;
        text.len -= len == 0 ? 1 : len;
    }
}
