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

/* What came, and at the end whether all of it could be read. */
static struct buf read_all(struct str input, struct fuzz_cut cut)
{
    struct str piece;
    struct buf out = fuzz_buf();
    struct event_source source;
    event_source_init(&source);
    enum err err = ERR_OK;
    while (err == ERR_OK && fuzz_piece(&cut, &input, &piece)) {
        err = event_source_feed(&source, piece, record, &out);
    }
    buf_addf(&out, "%s retry %u", err == ERR_OK ? source.id : "broken", source.retry_ms);
    event_source_done(&source);
    return out;
}

static void any_text_can_be_sent(struct str text, size_t piece_bytes)
{
    struct buf json = fuzz_buf();
    struct buf frame = fuzz_buf();
    json_write_str(&json, text);
    sse_write_retry(&frame, 1500);
    sse_write(&frame, STR("k3f9.4072"), buf_str(&json));
    buf_add_str(&frame, STR(":\n\n")); // a heartbeat

    struct buf got = read_all(buf_str(&frame), (struct fuzz_cut){.rest = piece_bytes});
    buf_add_str(&json, STR("\nk3f9.4072 retry 1500"));
    must(str_eq(buf_str(&got), buf_str(&json)));
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
    const size_t piece_bytes = (size_t)bytes[0] + 1;
    any_text_can_be_sent(input, piece_bytes);
    fuzz_every_cut(input, piece_bytes, read_all);
    return 0;
}
