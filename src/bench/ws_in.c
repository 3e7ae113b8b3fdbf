// SPDX-License-Identifier: Apache-2.0
#include "bench/ws_in.h"

#include "base/must.h"

enum { FIN = 0x80, MASKED = 0x80, LEN_16 = 126, LEN_64 = 127, CONTROL_MAX = 125 };

void ws_in_init(struct ws_in *in)
{
    in->allow_deflate = false;
    buf_init(&in->rest, MEM_VIEWER, WS_IN_BYTES_MAX);
}

void ws_in_done(struct ws_in *in)
{
    buf_done(&in->rest);
}

void ws_in_restart(struct ws_in *in)
{
    buf_done(&in->rest);
    buf_init(&in->rest, MEM_VIEWER, WS_IN_BYTES_MAX);
}

static uint64_t big_endian(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* The frame at the front. ERR_AGAIN: not all of it is there. */
static enum err take_frame(bool allow_deflate, struct str *bytes, enum ws_opcode *ret_opcode,
                           struct str *ret_payload)
{
    const uint8_t *at = (const uint8_t *)bytes->at;
    if (bytes->len < 2) {
        return ERR_AGAIN;
    }
    const unsigned opcode = at[0] & 0x0fU;
    const bool is_deflated = allow_deflate && at[0] == (FIN | WS_IN_DEFLATED);
    const bool is_known =
        opcode == WS_TEXT || opcode == WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
    if (((at[0] & 0xf0U) != FIN && !is_deflated) || (at[1] & MASKED) != 0 || !is_known) {
        return ERR_PROTO;
    }
    const unsigned mark = at[1];
    const size_t extra = mark == LEN_64 ? 8 : mark == LEN_16 ? 2 : 0;
    if (bytes->len < 2 + extra) {
        return ERR_AGAIN;
    }
    const uint64_t len = extra == 0 ? mark : big_endian(at + 2, extra);
    if (len > WS_IN_BYTES_MAX) {
        return ERR_LIMIT;
    }
    if (bytes->len < 2 + extra + len) {
        return ERR_AGAIN;
    }
    *ret_opcode = (enum ws_opcode)(is_deflated ? WS_IN_DEFLATED : opcode);
    *ret_payload = (struct str){.at = bytes->at + 2 + extra, .len = (size_t)len};
    bytes->at += 2 + extra + len;
    bytes->len -= 2 + extra + (size_t)len;
    return ERR_OK;
}

static enum err tell_whole(const struct ws_in *in, struct str *bytes, ws_in_frame *frame,
                           void *user)
{
    enum ws_opcode opcode = WS_TEXT;
    struct str payload = STR_NONE;
    enum err err = take_frame(in->allow_deflate, bytes, &opcode, &payload);
    while (err == ERR_OK) {
        frame(user, opcode, payload);
        err = take_frame(in->allow_deflate, bytes, &opcode, &payload);
    }
    return err == ERR_AGAIN ? ERR_OK : err;
}

enum err ws_in_feed(struct ws_in *in, struct str bytes, ws_in_frame *frame, void *user)
{
    if (in->rest.len == 0) {
        TRY(tell_whole(in, &bytes, frame, user));
        if (bytes.len > 0) {
            buf_add_str(&in->rest, bytes);
        }
        return buf_ok(&in->rest) ? ERR_OK : ERR_LIMIT;
    }
    buf_add_str(&in->rest, bytes);
    if (!buf_ok(&in->rest)) {
        return ERR_LIMIT;
    }
    struct str left = buf_str(&in->rest);
    TRY(tell_whole(in, &left, frame, user));
    if (left.len == 0) {
        ws_in_restart(in);
    } else {
        buf_drop(&in->rest, in->rest.len - left.len);
    }
    return ERR_OK;
}

void ws_in_write(struct buf *out, enum ws_opcode opcode, struct str payload, uint32_t mask)
{
    must(payload.len <= CONTROL_MAX);
    const uint8_t key[4] = {(uint8_t)(mask >> 24), (uint8_t)(mask >> 16), (uint8_t)(mask >> 8),
                            (uint8_t)mask};
    buf_add_byte(out, (uint8_t)(FIN | opcode));
    buf_add_byte(out, (uint8_t)(MASKED | payload.len));
    buf_add(out, key, sizeof(key));
    for (size_t i = 0; i < payload.len; i++) {
        buf_add_byte(out, (uint8_t)((uint8_t)payload.at[i] ^ key[i % 4]));
    }
}
