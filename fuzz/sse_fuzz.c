// SPDX-License-Identifier: Apache-2.0
/* No text can break an SSE frame: what is written as JSON in an event is what a reader gets, as one
 * event, wherever the network cuts it; and reading survives anything. The first byte says in pieces
 * of what size. */
#include "app/event_source.h"
#include "fuzz.h"
#include "wire/json.h"
#include "wire/sse.h"

static void record(void *user, struct str data)
{
    struct buf *out = user;
    buf_add_str(out, data);
    buf_add_byte(out, '\n');
}

static struct buf read_all(struct str input, size_t piece_max, bool *ret_is_whole)
{
    struct buf out = fuzz_buf();
    struct event_source source;
    event_source_init(&source);
    enum err err = ERR_OK;
    while (input.len > 0 && err == ERR_OK) {
        const size_t len = input.len < piece_max ? input.len : piece_max;
        err = event_source_feed(&source, (struct str){.at = input.at, .len = len}, record, &out);
        input = (struct str){.at = input.at + len, .len = input.len - len};
    }
    *ret_is_whole = err == ERR_OK;
    event_source_done(&source);
    return out;
}

static void any_text_can_be_sent(struct str text, size_t piece_max)
{
    struct buf json = fuzz_buf();
    struct buf frame = fuzz_buf();
    json_write_str(&json, text);
    sse_write(&frame, STR("k3f9.4072"), buf_str(&json));
    sse_write_comment(&frame);

    bool is_whole = false;
    struct buf got = read_all(buf_str(&frame), piece_max, &is_whole);
    buf_add_byte(&json, '\n');
    must(is_whole && str_eq(buf_str(&got), buf_str(&json)));
    buf_done(&got);
    buf_done(&json);
    buf_done(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const struct str input = fuzz_str(bytes + 1, len - 1);
    const size_t piece_max = (size_t)bytes[0] + 1;
    any_text_can_be_sent(input, piece_max);

    bool is_whole = false;
    bool is_whole_in_pieces = false;
    struct buf whole = read_all(input, SIZE_MAX, &is_whole);
    struct buf pieces = read_all(input, piece_max, &is_whole_in_pieces);
    must(is_whole == is_whole_in_pieces && str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
