// SPDX-License-Identifier: Apache-2.0
/* ws -- WebSocket frames, RFC 6455: a pull decoder for what clients send, writers for what we send.
 * No I/O.
 *
 * Bound: a message is at most message_max bytes over at most fragments_max frames; control frames
 *        <= 125 bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { WS_MESSAGE_BYTES = 16 * 1024, WS_FRAGMENTS = 256 }; // a decoder's, told nothing else
enum { WS_HEAD_BYTES_MAX = 10 };
enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};
enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_BINARY = 1003,
    WS_CLOSE_NONE = 1005, // never sent: the frame carried no code
    WS_CLOSE_BAD_UTF8 = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_TOKEN_EXPIRED = 4001,
    WS_CLOSE_REPLACED = 4003,
    WS_CLOSE_STALLED = 4008,
};

struct ws_message {
    enum ws_opcode opcode; // TEXT, CLOSE, PING or PONG, BINARY where allowed; fragments are joined
    struct str payload;    // unmasked; borrowed until the next ws_decode() or ws_decoder_done()
    uint16_t close_code;   // of CLOSE; WS_CLOSE_NONE when it carried none, 0 of others
};

struct ws_decoder {
    struct buf message; // the fragments so far, unmasked; without memory between messages
    struct buf control; // the present control frame
    uint8_t head[14];   // the present frame's head, as far as it has come
    uint8_t head_len;
    uint8_t mask[4];
    uint8_t opcode;         // of the present frame
    uint8_t message_opcode; // of the message under way; 0: none
    uint8_t utf8;           // enum utf8_state of the text message under way
    bool final;             // of the present frame
    bool in_payload;
    bool deflated;         // the message under way is compressed
    bool delivered;        // the last call gave out a message; its memory goes with the next call
    uint32_t fragments;    // of the message under way
    uint64_t payload_left; // bytes of the present frame still to come
    uint64_t payload_at;   // bytes of it taken: the mask's phase

    /* -- limits, the caller's to change before the first byte -- */
    uint64_t message_max;   // WS_MESSAGE_BYTES
    uint32_t fragments_max; // WS_FRAGMENTS
    bool allow_binary;      // false
    bool allow_deflate;     // false; true: permessage-deflate, each message for itself
};

void ws_decoder_init(struct ws_decoder *decoder);
void ws_decoder_done(struct ws_decoder *decoder);

/* Takes bytes from `*input` (advanced past what was used). ERR_OK: `*ret_message` is whole.
 * ERR_AGAIN: all input used, more needed. ERR_PROTO or ERR_LIMIT: `*ret_close` is the code to close
 * with (1002, 1003, 1007, 1008, 1009), and the decoder is of no more use. ERR_NOMEM. Text that can
 * no longer become UTF-8 fails at its first wrong byte; compressed text at its end. message_max
 * binds what comes and what it inflates to. */
MUST_USE enum err ws_decode(struct ws_decoder *decoder, struct str *input,
                            struct ws_message *ret_message, enum ws_close *ret_close);

/* These bytes are one whole pong without payload: the answer to a ping that had none. */
bool ws_is_bare_pong(struct str bytes);

void ws_write_text(struct buf *out, struct str payload); // one final, unmasked text frame
/* The same of compressed text (RFC 7692), its tail taken off. */
void ws_write_deflated(struct buf *out, struct str payload);
struct str ws_payload(struct str frame);                   // of one that was written here; borrowed
void ws_write_binary(struct buf *out, struct str payload); // the same, binary
void ws_write_control(struct buf *out, enum ws_opcode opcode,
                      struct str payload); // payload <= 125 bytes
/* A reason beyond 123 bytes is cut; WS_CLOSE_NONE writes an empty frame. */
void ws_write_close(struct buf *out, enum ws_close code, struct str reason);
/* base64(SHA-1(key + GUID)), 28 characters; ERR_PROTO: the key is not 16 bytes of base64.
 * ERR_NOMEM. */
MUST_USE enum err ws_accept_key(struct str client_key, char ret_accept[29]);
