// SPDX-License-Identifier: Apache-2.0
/* The same bytes give the same messages and the same end, wherever the network cuts them. The first
 * byte says in pieces of what size. */
#include "fuzz.h"
#include "wire/utf8.h"
#include "wire/ws.h"

/* Writes what was decoded as text that can be compared. */
static void record(struct buf *out, const struct ws_message *message)
{
    must(message->payload.len <= WS_MESSAGE_BYTES_MAX);
    must(message->opcode != WS_TEXT || utf8_is_valid(message->payload));
    must(message->opcode != WS_BINARY);
    buf_addf(out, "%d %u %zu ", (int)message->opcode, message->close_code, message->payload.len);
    buf_add_str(out, message->payload);
}

/* All of one piece; false when the connection is over. */
static bool take(struct ws_decoder *decoder, struct str piece, struct buf *out)
{
    for (;;) {
        struct ws_message message;
        enum ws_close close = WS_CLOSE_NORMAL;
        const size_t before = piece.len;
        const enum err err = ws_decode(decoder, &piece, &message, &close);
        must(piece.len <= before);
        if (err == ERR_AGAIN) {
            must(piece.len == 0);
            return true;
        }
        if (err != ERR_OK) {
            must(err == ERR_PROTO || err == ERR_LIMIT);
            buf_addf(out, "end %d %d", (int)err, (int)close);
            return false;
        }
        record(out, &message);
    }
}

static struct buf decode(struct str input, size_t piece_max)
{
    struct buf out = fuzz_buf();
    struct ws_decoder decoder;
    ws_decoder_init(&decoder);
    while (input.len > 0) {
        const size_t len = input.len < piece_max ? input.len : piece_max;
        if (!take(&decoder, (struct str){.at = input.at, .len = len}, &out)) {
            break;
        }
        input = (struct str){.at = input.at + len, .len = input.len - len};
    }
    ws_decoder_done(&decoder);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const struct str input = fuzz_str(bytes + 1, len - 1);
    struct buf whole = decode(input, SIZE_MAX);
    struct buf pieces = decode(input, (size_t)bytes[0] + 1);
    must(str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
