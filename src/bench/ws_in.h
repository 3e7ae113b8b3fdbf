// SPDX-License-Identifier: Apache-2.0
/* ws_in -- what a WebSocket server sends (RFC 6455 section 5): unmasked frames, without a copy
 * where one came whole. Fragments are not joined: Roar sends none, and a server that does is told
 * as broken.
 *
 * Owns:    the part of a frame that has not ended.
 * Thread:  its owner's.
 * Bound:   WS_IN_BYTES_MAX of one frame.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/ws.h"

#include <stdbool.h>

enum { WS_IN_BYTES_MAX = 1024 * 1024, WS_IN_DEFLATED = 0x40 | WS_TEXT };

struct ws_in {
    struct buf rest;
    bool allow_deflate;
};

void ws_in_init(struct ws_in *in);
void ws_in_done(struct ws_in *in);
void ws_in_restart(struct ws_in *in);

/* `payload` is borrowed for the call. */
typedef void ws_in_frame(void *user, enum ws_opcode opcode, struct str payload);
/* ERR_PROTO: masked, fragmented, a reserved bit or an unknown opcode; ERR_LIMIT: too long. Of what
 * is compressed (RFC 7692) the opcode is WS_IN_DEFLATED, where the owner allowed that. */
MUST_USE enum err ws_in_feed(struct ws_in *in, struct str bytes, ws_in_frame *frame, void *user);
/* Appends a client's frame, masked. payload <= 125 bytes. */
void ws_in_write(struct buf *out, enum ws_opcode opcode, struct str payload, uint32_t mask);
