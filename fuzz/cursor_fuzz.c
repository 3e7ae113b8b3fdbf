// SPDX-License-Identifier: Apache-2.0
/* A place has one spelling: what is a cursor is written back as it was. */
#include "fuzz.h"
#include "wire/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    struct cursor cursor;
    if (cursor_parse(input, &cursor) == ERR_OK) {
        must(cursor.seq <= SEQ_MAX);
        struct buf text = fuzz_buf();
        cursor_write(&text, &cursor);
        must(str_eq(buf_str(&text), input));
        buf_done(&text);
    }
    return 0;
}
