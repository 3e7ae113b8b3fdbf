// SPDX-License-Identifier: Apache-2.0
#include "wire/stored.h"

#include "base/must.h"

static void add_len(struct buf *out, size_t len)
{
    buf_add_byte(out, (uint8_t)len);
    buf_add_byte(out, (uint8_t)(len >> 8));
}

void stored_write(struct buf *out, struct str bytes)
{
    while (bytes.len > 0) {
        const size_t len = bytes.len < STORED_BLOCK_BYTES_MAX ? bytes.len : STORED_BLOCK_BYTES_MAX;
        buf_add_byte(out, 0);
        add_len(out, len);
        add_len(out, ~len);
        buf_add(out, bytes.at, len);
        bytes = (struct str){.at = bytes.at + len, .len = bytes.len - len};
    }
}

struct str stored_next(struct str *blocks)
{
    if (blocks->len == 0) {
        return STR_NONE;
    }
    must(blocks->len > STORED_HEAD_BYTES);
    const uint8_t *head = (const uint8_t *)blocks->at;
    const size_t len = head[1] | (size_t)head[2] << 8;
    must(blocks->len >= STORED_HEAD_BYTES + len);
    const struct str block = {.at = blocks->at + STORED_HEAD_BYTES, .len = len};
    *blocks = (struct str){.at = block.at + len, .len = blocks->len - STORED_HEAD_BYTES - len};
    return block;
}
