// SPDX-License-Identifier: Apache-2.0
/* A place has one spelling: what is a cursor is written back as it was, and any place is read as it
 * was written. */
#include "fuzz.h"
#include "wire/cursor.h"

static void any_place_comes_back(const struct cursor *place)
{
    struct cursor again;
    struct buf text = fuzz_buf();
    cursor_write(&text, place);
    must(cursor_parse(buf_str(&text), &again) == ERR_OK);
    must(again.seq == place->seq && epoch_eq(&again.epoch, &place->epoch));
    buf_done(&text);
}

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
    struct cursor place = {.seq = 0};
    for (size_t i = 0; i < len && i < sizeof(place.seq); i++) {
        place.seq = (place.seq << 8 | bytes[i]) & SEQ_MAX;
    }
    any_place_comes_back(&place);
    if (epoch_parse(input, &place.epoch) == ERR_OK) {
        any_place_comes_back(&place);
    }
    return 0;
}
