// SPDX-License-Identifier: Apache-2.0
/* ws_output -- what a WebSocket sends: its own frames whole and in order, viewers' bytes as the
 * socket takes them, one shared idea of whether it is stuck.
 *
 * Owns:     frames too large for the connection's buffer, until the socket takes them.
 * Used by:  ws_conn.c, ws_streams.c.
 * Thread:   its reactor's.
 * Bound:    the carrier's, and large_max for large frames (0: there are none); past it the carrier
 *           is cut.
 * Promise:  no byte of another frame goes between two bytes of one.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "serve/carrier.h"
#include "wire/ws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ws_large; // ws_output.c: frames too large for the carrier's buffer

struct ws_output {
    struct carrier *carrier; // borrowed; outlives it
    struct ws_large *large;  // owned; NULL: none waits
    uint32_t moved_low;      // ws_output_moved_ms(), its low half
    uint32_t large_max : 30; // frozen
    bool deflates : 1;       // frozen: the peer inflates what it is sent, and may deflate
    bool blocked : 1;        // a viewer's bytes were not all taken
};

void ws_output_init(struct ws_output *output, struct carrier *carrier, uint32_t large_max);
void ws_output_done(struct ws_output *output);

/* Whole frames; kept when the socket is full. */
void ws_output_data(struct ws_output *output, enum ws_opcode opcode, struct str payload);
void ws_output_control(struct ws_output *output, enum ws_opcode opcode, struct str payload);
void ws_output_close(struct ws_output *output, uint16_t code, struct str reason);

/* A viewer's bytes, as viewer_ops.write and keep. */
size_t ws_output_take(struct ws_output *output, const uint8_t *bytes, size_t len);
void ws_output_keep(struct ws_output *output, const uint8_t *bytes, size_t len);

/* The socket can take again. False: something still waits. */
bool ws_output_go_on(struct ws_output *output);
bool ws_output_is_stuck(const struct ws_output *output);
/* Mono: bytes last went, or the socket could take them. */
int64_t ws_output_moved_ms(const struct ws_output *output);
size_t ws_output_waiting_bytes(const struct ws_output *output);
