// SPDX-License-Identifier: Apache-2.0
/* The same bytes give the same messages and the same end, wherever the network cuts them; messages
 * that were read are read again when a client writes them, and any text goes through in fragments.
 * The first byte says in pieces of what size. */
#include "fuzz.h"
#include "wire/utf8.h"
#include "wire/ws.h"

/* Writes what was decoded as text that can be compared. */
static void record(struct buf *out, const struct ws_message *message)
{
    must(message->payload.len <= WS_MESSAGE_BYTES);
    must(message->opcode != WS_TEXT || utf8_is_valid(message->payload));
    must(message->opcode != WS_BINARY);
    buf_addf(out, "%d %u %zu ", (int)message->opcode, message->close_code, message->payload.len);
    buf_add_str(out, message->payload);
}

/* One masked frame, as a client writes it. */
static void write_frame(struct buf *out, uint8_t first, struct str payload)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    buf_add_byte(out, first);
    if (payload.len < 126) {
        buf_add_byte(out, (uint8_t)(0x80 | payload.len));
    } else {
        must(payload.len <= UINT16_MAX);
        buf_add_byte(out, 0x80 | 126);
        buf_add_byte(out, (uint8_t)(payload.len >> 8));
        buf_add_byte(out, (uint8_t)payload.len);
    }
    buf_add(out, mask, sizeof(mask));
    for (size_t i = 0; i < payload.len; i++) {
        buf_add_byte(out, (uint8_t)payload.at[i] ^ mask[i % 4]);
    }
}

static void write_message(struct buf *out, const struct ws_message *message)
{
    if (message->opcode != WS_CLOSE || message->close_code == WS_CLOSE_NONE) {
        write_frame(out, (uint8_t)(0x80 | message->opcode), message->payload);
        return;
    }
    struct buf payload = fuzz_buf();
    buf_add_byte(&payload, (uint8_t)(message->close_code >> 8));
    buf_add_byte(&payload, (uint8_t)message->close_code);
    buf_add_str(&payload, message->payload);
    write_frame(out, 0x80 | WS_CLOSE, buf_str(&payload));
    buf_done(&payload);
}

/* All of one piece; false when the connection is over. `again`: NULL, or where what was decoded is
 * written as a client would. */
static bool take(struct ws_decoder *decoder, struct str piece, struct buf *out, struct buf *again)
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
        if (again != NULL) {
            write_message(again, &message);
        }
    }
}

static struct buf decode_into(struct str input, struct fuzz_cut cut, struct buf *again)
{
    struct str piece;
    struct buf out = fuzz_buf();
    struct ws_decoder decoder;
    ws_decoder_init(&decoder);
    decoder.allow_deflate = true;
    while (fuzz_piece(&cut, &input, &piece) && take(&decoder, piece, &out, again)) {
    }
    ws_decoder_done(&decoder);
    return out;
}

static struct buf decode(struct str input, struct fuzz_cut cut)
{
    return decode_into(input, cut, NULL);
}

static void is_read_again_as_it_was(struct str input)
{
    struct buf again = fuzz_buf();
    struct buf first = decode_into(input, fuzz_uncut(), &again);
    struct buf second = decode(buf_str(&again), fuzz_uncut());
    must(str_has_prefix(buf_str(&first), buf_str(&second))); // behind it only "end"
    must(second.len > 0 || again.len == 0);
    buf_done(&again);
    buf_done(&first);
    buf_done(&second);
}

/* As two fragments with a ping between. */
static void any_text_goes_through(struct str text, size_t cut_at)
{
    struct buf frames = fuzz_buf();
    struct buf wanted = fuzz_buf();
    const size_t cut = text.len == 0 ? 0 : cut_at % text.len;
    write_frame(&frames, WS_TEXT, (struct str){.at = text.at, .len = cut});
    write_frame(&frames, 0x80 | WS_PING, STR("hi"));
    write_frame(&frames, 0x80 | WS_CONTINUATION,
                (struct str){.at = text.at + cut, .len = text.len - cut});
    const struct ws_message ping = {.opcode = WS_PING, .payload = STR("hi")};
    const struct ws_message message = {.opcode = WS_TEXT, .payload = text};
    record(&wanted, &ping);
    record(&wanted, &message);
    struct buf got = decode(buf_str(&frames), fuzz_uncut());
    must(str_eq(buf_str(&got), buf_str(&wanted)));
    buf_done(&got);
    buf_done(&frames);
    buf_done(&wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const struct str input = fuzz_str(bytes + 1, len - 1);
    fuzz_every_cut(input, (size_t)bytes[0] + 1, decode);
    is_read_again_as_it_was(input);
    if (utf8_is_valid(input)) {
        any_text_goes_through(input, bytes[0]);
    }
    return 0;
}
