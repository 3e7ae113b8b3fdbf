// SPDX-License-Identifier: Apache-2.0
/* A frame (RFC 6455 section 5.2), head then payload:
 *
 *     byte 0            byte 1            0, 2 or 8 bytes    4 bytes   payload, xor mask
 *     F R R R opcode    M len (7 bits)    length if 126/127  mask
 *
 * ws_decode() gathers the head (2 to 14 bytes, as its own bytes say), judges it once, then takes
 * the payload as it comes: unmasked, checked and appended to `message` or `control`. */
#include "wire/ws.h"

#include "base/must.h"
#include "wire/base64.h"
#include "wire/inflater.h"
#include "wire/utf8.h"

#include <openssl/evp.h>
#include <string.h>

enum { CONTROL_BYTES_MAX = 125, FIN = 0x80, RESERVED = 0x30, DEFLATED = 0x40, MASKED = 0x80 };

bool ws_is_bare_pong(struct str bytes)
{
    enum { MASK_BYTES = 4 }; // of nothing, so whatever it is
    return bytes.len == 2 + MASK_BYTES && (uint8_t)bytes.at[0] == (FIN | WS_PONG) &&
           (uint8_t)bytes.at[1] == MASKED;
}

void ws_decoder_init(struct ws_decoder *decoder)
{
    *decoder = (struct ws_decoder){
        .message_max = WS_MESSAGE_BYTES,
        .fragments_max = WS_FRAGMENTS,
        .utf8 = UTF8_WHOLE,
    };
    buf_init(&decoder->message, MEM_CONN, SIZE_MAX);
    buf_init(&decoder->control, MEM_CONN, CONTROL_BYTES_MAX);
}

void ws_decoder_done(struct ws_decoder *decoder)
{
    buf_done(&decoder->message);
    buf_done(&decoder->control);
}

static enum err fail(enum ws_close code, enum ws_close *ret_close)
{
    *ret_close = code;
    return code == WS_CLOSE_TOO_BIG || code == WS_CLOSE_POLICY ? ERR_LIMIT : ERR_PROTO;
}

static bool is_control(uint8_t opcode)
{
    return opcode >= WS_CLOSE;
}

/* ---- the head ---- */

/* How long the head is, as far as its first bytes tell. */
static size_t head_len_of(const uint8_t *head, size_t have)
{
    if (have < 2) {
        return 2;
    }
    const uint8_t len = head[1] & 0x7F;
    return 2 + (len == 126 ? 2U : 0U) + (len == 127 ? 8U : 0U) + 4;
}

static uint64_t payload_len_of(const uint8_t *head)
{
    const uint8_t len = head[1] & 0x7F;
    const size_t bytes = len == 126 ? 2 : 8;
    if (len < 126) {
        return len;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | head[2 + i];
    }
    return value;
}

/* RSV1 stands at the first frame of a data message, where that was agreed (RFC 7692 section 6). */
static bool may_be_deflated(const struct ws_decoder *decoder)
{
    const uint8_t opcode = decoder->head[0] & 0x0F;
    return decoder->allow_deflate && !is_control(opcode) && opcode != WS_CONTINUATION;
}

/* What the first two bytes already say is wrong; WS_CLOSE_NORMAL: nothing. */
static enum ws_close judge_start(const struct ws_decoder *decoder)
{
    const uint8_t opcode = decoder->head[0] & 0x0F;
    const bool is_final = (decoder->head[0] & FIN) != 0;
    if ((decoder->head[0] & RESERVED) != 0 || (decoder->head[1] & MASKED) == 0) {
        return WS_CLOSE_PROTOCOL;
    }
    if ((decoder->head[0] & DEFLATED) != 0 && !may_be_deflated(decoder)) {
        return WS_CLOSE_PROTOCOL;
    }
    if (is_control(opcode)) {
        const bool fits = (decoder->head[1] & 0x7F) <= CONTROL_BYTES_MAX;
        return opcode <= WS_PONG && is_final && fits ? WS_CLOSE_NORMAL : WS_CLOSE_PROTOCOL;
    }
    if (opcode > WS_BINARY || (opcode == WS_CONTINUATION) != (decoder->message_opcode != 0)) {
        return WS_CLOSE_PROTOCOL;
    }
    if (opcode == WS_BINARY && !decoder->allow_binary) {
        return WS_CLOSE_BINARY;
    }
    return decoder->fragments >= decoder->fragments_max ? WS_CLOSE_POLICY : WS_CLOSE_NORMAL;
}

static enum ws_close judge_len(const struct ws_decoder *decoder, uint64_t len)
{
    const uint8_t spelled = decoder->head[1] & 0x7F;
    const bool is_shortest = (spelled != 126 || len > 125) && (spelled != 127 || len > UINT16_MAX);
    if (!is_shortest || len > INT64_MAX) {
        return WS_CLOSE_PROTOCOL;
    }
    const bool is_data = !is_control(decoder->head[0] & 0x0F);
    if (is_data && len > decoder->message_max - decoder->message.len) {
        return WS_CLOSE_TOO_BIG;
    }
    return WS_CLOSE_NORMAL;
}

static void begin_payload(struct ws_decoder *decoder, uint64_t len)
{
    decoder->opcode = decoder->head[0] & 0x0F;
    decoder->final = (decoder->head[0] & FIN) != 0;
    memcpy(decoder->mask, decoder->head + decoder->head_len - 4, 4);
    decoder->head_len = 0;
    decoder->payload_left = len;
    decoder->payload_at = 0;
    decoder->in_payload = true;
    if (is_control(decoder->opcode)) {
        return;
    }
    decoder->fragments++;
    if (decoder->opcode != WS_CONTINUATION) {
        decoder->message_opcode = decoder->opcode;
        decoder->deflated = (decoder->head[0] & DEFLATED) != 0;
    }
}

/* Takes head bytes until the head is whole and judged. */
static enum err take_head(struct ws_decoder *decoder, struct str *input, enum ws_close *ret_close)
{
    while (decoder->head_len < head_len_of(decoder->head, decoder->head_len)) {
        if (input->len == 0) {
            return ERR_AGAIN;
        }
        decoder->head[decoder->head_len++] = (uint8_t)*input->at++;
        input->len--;
        const enum ws_close wrong = decoder->head_len == 2 ? judge_start(decoder) : WS_CLOSE_NORMAL;
        if (wrong != WS_CLOSE_NORMAL) {
            return fail(wrong, ret_close);
        }
    }
    const uint64_t len = payload_len_of(decoder->head);
    const enum ws_close wrong = judge_len(decoder, len);
    if (wrong != WS_CLOSE_NORMAL) {
        return fail(wrong, ret_close);
    }
    begin_payload(decoder, len);
    return ERR_OK;
}

/* ---- the payload ---- */

static void unmask(struct ws_decoder *decoder, uint8_t *to, struct str from)
{
    for (size_t i = 0; i < from.len; i++) {
        to[i] = (uint8_t)from.at[i] ^ decoder->mask[(decoder->payload_at + i) % 4];
    }
}

static enum err take_payload(struct ws_decoder *decoder, struct str *input,
                             enum ws_close *ret_close)
{
    const bool fits = input->len <= decoder->payload_left;
    const size_t len = fits ? input->len : (size_t)decoder->payload_left;
    struct buf *buf = is_control(decoder->opcode) ? &decoder->control : &decoder->message;
    if (len > 0) {
        uint8_t *room = buf_room(buf, len);
        if (room == NULL) {
            return ERR_NOMEM;
        }
        unmask(decoder, room, (struct str){.at = input->at, .len = len});
        buf->len += len;
        input->at += len;
        input->len -= len;
        decoder->payload_at += len;
        decoder->payload_left -= len;
    }
    if (buf == &decoder->message && decoder->message_opcode == WS_TEXT && len > 0 &&
        !decoder->deflated) {
        const struct str fresh = {.at = (char *)buf->bytes + buf->len - len, .len = len};
        decoder->utf8 = (uint8_t)utf8_run((enum utf8_state)decoder->utf8, fresh);
        if (decoder->utf8 == UTF8_BROKEN) {
            return fail(WS_CLOSE_BAD_UTF8, ret_close);
        }
    }
    return decoder->payload_left == 0 ? ERR_OK : ERR_AGAIN;
}

/* ---- whole messages ---- */

/* Codes an endpoint may send: RFC 6455 section 7.4 and the registry it opened. */
static bool close_code_is_valid(uint16_t code)
{
    if (code >= 3000) {
        return code <= 4999;
    }
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static enum err give_control(struct ws_decoder *decoder, struct ws_message *ret_message,
                             enum ws_close *ret_close)
{
    struct str payload = buf_str(&decoder->control);
    uint16_t code = decoder->opcode == WS_CLOSE ? WS_CLOSE_NONE : 0;
    if (decoder->opcode == WS_CLOSE && payload.len > 0) {
        if (payload.len == 1) {
            return fail(WS_CLOSE_PROTOCOL, ret_close);
        }
        code = (uint16_t)((uint8_t)payload.at[0] << 8 | (uint8_t)payload.at[1]);
        payload = (struct str){.at = payload.at + 2, .len = payload.len - 2};
        if (!close_code_is_valid(code)) {
            return fail(WS_CLOSE_PROTOCOL, ret_close);
        }
        if (!utf8_is_valid(payload)) {
            return fail(WS_CLOSE_BAD_UTF8, ret_close);
        }
    }

    *ret_message = (struct ws_message){
        .opcode = (enum ws_opcode)decoder->opcode, .payload = payload, .close_code = code};
    return ERR_OK;
}

/* The message is what it inflates to, from here on. */
static enum err inflate_message(struct ws_decoder *decoder, enum ws_close *ret_close)
{
    static const char tail[] = {0, 0, '\xff', '\xff'}; // RFC 7692 section 7.2.2
    struct inflater inflater;
    struct buf text;
    buf_add(&decoder->message, tail, sizeof(tail));
    TRY(buf_err(&decoder->message));
    buf_init(&text, MEM_CONN, decoder->message_max);
    inflater_init(&inflater, INFLATER_RAW);
    const enum err err = inflater_take(&inflater, buf_str(&decoder->message), &text);
    inflater_done(&inflater);
    buf_done(&decoder->message);
    decoder->message = text;
    decoder->deflated = false;
    if (err == ERR_LIMIT) {
        return fail(WS_CLOSE_TOO_BIG, ret_close);
    }
    if (err == ERR_PROTO) {
        return fail(WS_CLOSE_BAD_UTF8, ret_close);
    }
    TRY(err);
    if (decoder->message_opcode == WS_TEXT && !utf8_is_valid(buf_str(&decoder->message))) {
        return fail(WS_CLOSE_BAD_UTF8, ret_close);
    }
    return ERR_OK;
}

static enum err give_message(struct ws_decoder *decoder, struct ws_message *ret_message,
                             enum ws_close *ret_close)
{
    if (decoder->deflated) {
        TRY(inflate_message(decoder, ret_close));
    }
    if (decoder->utf8 != UTF8_WHOLE) {
        return fail(WS_CLOSE_BAD_UTF8, ret_close);
    }

    *ret_message = (struct ws_message){.opcode = (enum ws_opcode)decoder->message_opcode,
                                       .payload = buf_str(&decoder->message)};
    decoder->message_opcode = 0;
    decoder->fragments = 0;
    return ERR_OK;
}

/* What the last call gave out was borrowed until now. */
static void forget_delivered(struct ws_decoder *decoder)
{
    if (!decoder->delivered) {
        return;
    }
    decoder->delivered = false;
    if (is_control(decoder->opcode)) {
        buf_done(&decoder->control);
    } else {
        buf_done(&decoder->message);
    }
}

enum err ws_decode(struct ws_decoder *decoder, struct str *input, struct ws_message *ret_message,
                   enum ws_close *ret_close)
{
    forget_delivered(decoder);
    for (;;) {
        if (!decoder->in_payload) {
            TRY(take_head(decoder, input, ret_close));
        }
        TRY(take_payload(decoder, input, ret_close));
        decoder->in_payload = false;
        if (is_control(decoder->opcode)) {
            decoder->delivered = true;
            return give_control(decoder, ret_message, ret_close);
        }
        if (decoder->final) {
            decoder->delivered = true;
            return give_message(decoder, ret_message, ret_close);
        }
    }
}

/* ---- writing ---- */

static void write_frame(struct buf *out, uint8_t first, struct str payload)
{
    buf_add_byte(out, first);
    if (payload.len <= 125) {
        buf_add_byte(out, (uint8_t)payload.len);
    } else {
        const size_t bytes = payload.len <= UINT16_MAX ? 2 : 8;
        buf_add_byte(out, bytes == 2 ? 126 : 127);
        for (size_t i = bytes; i-- > 0;) {
            buf_add_byte(out, (uint8_t)((uint64_t)payload.len >> (8 * i)));
        }
    }
    buf_add_str(out, payload);
}

void ws_write_text(struct buf *out, struct str payload)
{
    write_frame(out, FIN | WS_TEXT, payload);
}

void ws_write_deflated(struct buf *out, struct str payload)
{
    write_frame(out, FIN | DEFLATED | WS_TEXT, payload);
}

struct str ws_payload(struct str frame)
{
    must(frame.len >= 2);
    const uint8_t spelled = (uint8_t)frame.at[1];
    const size_t head_len = spelled < 126 ? 2 : spelled == 126 ? 4 : WS_HEAD_BYTES_MAX;
    must(frame.len >= head_len);
    return (struct str){.at = frame.at + head_len, .len = frame.len - head_len};
}

void ws_write_binary(struct buf *out, struct str payload)
{
    write_frame(out, FIN | WS_BINARY, payload);
}

void ws_write_control(struct buf *out, enum ws_opcode opcode, struct str payload)
{
    must(is_control((uint8_t)opcode) && payload.len <= CONTROL_BYTES_MAX);
    write_frame(out, (uint8_t)(FIN | opcode), payload);
}

void ws_write_close(struct buf *out, enum ws_close code, struct str reason)
{
    char payload[CONTROL_BYTES_MAX];
    size_t len = 0;
    if (code != WS_CLOSE_NONE) {
        const size_t most = sizeof(payload) - 2;
        const size_t reason_len = reason.len < most ? reason.len : most;
        payload[0] = (char)((unsigned)code >> 8);
        payload[1] = (char)((unsigned)code & 0xFF);
        if (reason_len > 0) {
            memcpy(payload + 2, reason.at, reason_len);
        }
        len = 2 + reason_len;
    }
    ws_write_control(out, WS_CLOSE, (struct str){.at = payload, .len = len});
}

/* ---- the handshake ---- */

static bool key_is_valid(struct str client_key)
{
    struct buf raw;
    buf_init(&raw, MEM_CONN, 18);
    const enum err err =
        client_key.len == 24 ? base64_read(&raw, BASE64_STANDARD, client_key) : ERR_PROTO;
    const bool valid = err == ERR_OK && raw.len == 16;
    buf_done(&raw);
    return valid;
}

enum err ws_accept_key(struct str client_key, char ret_accept[29])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 section 1.3

    if (!key_is_valid(client_key)) {
        return ERR_PROTO;
    }
    char text[24 + sizeof(guid) - 1];
    memcpy(text, client_key.at, 24);
    memcpy(text + 24, guid, sizeof(guid) - 1);
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(text, sizeof(text), digest, NULL, EVP_sha1(), NULL) != 1) {
        return ERR_NOMEM;
    }
    (void)EVP_EncodeBlock((unsigned char *)ret_accept, digest, 20);
    return ERR_OK;
}
