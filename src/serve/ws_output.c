// SPDX-License-Identifier: Apache-2.0
#include "serve/ws_output.h"

#include "base/clock.h"
#include "base/must.h"
#include "serve/front.h"

enum {
    LARGE_BYTES = 128 * 1024, // a frame above this does not go through the carrier's buffer
    FRAME_HEAD_BYTES = 16,
    LARGE_MAX = (1 << 30) - 1, // what large_max holds
};

struct ws_large {
    struct buf bytes;
    size_t at; // bytes of it sent
};

static size_t large_left(const struct ws_large *large)
{
    return large == NULL ? 0 : large->bytes.len - large->at;
}

static void note_moved(struct ws_output *output)
{
    output->moved_low = (uint32_t)front_now_ms(output->carrier->server);
}

int64_t ws_output_moved_ms(const struct ws_output *output)
{
    return clock_before_ms(front_now_ms(output->carrier->server), output->moved_low);
}

void ws_output_init(struct ws_output *output, struct carrier *carrier, uint32_t large_max)
{
    must(large_max <= LARGE_MAX);
    *output = (struct ws_output){.carrier = carrier, .large_max = large_max & LARGE_MAX};
    note_moved(output);
}

void ws_output_done(struct ws_output *output)
{
    if (output->large != NULL) {
        buf_done(&output->large->bytes);
        mem_free(MEM_CONN, output->large);
        output->large = NULL;
    }
}

size_t ws_output_waiting_bytes(const struct ws_output *output)
{
    return large_left(output->large) + carrier_waiting_bytes(output->carrier);
}

bool ws_output_is_stuck(const struct ws_output *output)
{
    return output->blocked || ws_output_waiting_bytes(output) > 0;
}

/* Appends to what is large, and begins to send it. */
static void send_large(struct ws_output *output, struct str frame)
{
    if (output->large == NULL) {
        output->large = mem_new(MEM_CONN, sizeof(*output->large));
        if (output->large == NULL) {
            carrier_cut(output->carrier);
            return;
        }
        buf_init(&output->large->bytes, MEM_CONN, output->large_max);
    }
    buf_add_str(&output->large->bytes, frame);
    if (!buf_ok(&output->large->bytes)) {
        carrier_cut(output->carrier);
        return;
    }
    ws_output_go_on(output);
}

static void send_frame(struct ws_output *output, struct buf *frame)
{
    if (!ws_output_is_stuck(output)) { // a stall begins now, however long nothing was sent
        note_moved(output);
    }
    if (!buf_ok(frame)) {
        carrier_cut(output->carrier);
    } else if (output->large != NULL || (output->large_max > 0 && frame->len > LARGE_BYTES)) {
        send_large(output, buf_str(frame));
    } else {
        carrier_send(output->carrier, buf_str(frame));
    }
    buf_done(frame);
}

void ws_output_data(struct ws_output *output, enum ws_opcode opcode, struct str payload)
{
    struct buf frame;
    buf_init(&frame, MEM_CONN, payload.len + FRAME_HEAD_BYTES);
    if (opcode == WS_BINARY) {
        ws_write_binary(&frame, payload);
    } else {
        ws_write_text(&frame, payload);
    }
    send_frame(output, &frame);
}

void ws_output_control(struct ws_output *output, enum ws_opcode opcode, struct str payload)
{
    struct buf frame;
    buf_init(&frame, MEM_CONN, payload.len + FRAME_HEAD_BYTES);
    ws_write_control(&frame, opcode, payload);
    send_frame(output, &frame);
}

void ws_output_close(struct ws_output *output, uint16_t code, struct str reason)
{
    struct buf frame;
    buf_init(&frame, MEM_CONN, 256);
    ws_write_close(&frame, (enum ws_close)code, reason);
    send_frame(output, &frame);
}

size_t ws_output_take(struct ws_output *output, const uint8_t *bytes, size_t len)
{
    note_moved(output);
    const size_t sent = output->large == NULL ? carrier_try_send(output->carrier, bytes, len) : 0;
    output->blocked = sent < len;
    return sent;
}

void ws_output_keep(struct ws_output *output, const uint8_t *bytes, size_t len)
{
    carrier_send(output->carrier, (struct str){.at = (const char *)bytes, .len = len});
}

bool ws_output_go_on(struct ws_output *output)
{
    struct ws_large *large = output->large;
    note_moved(output);
    if (large != NULL) {
        large->at +=
            carrier_try_send(output->carrier, large->bytes.bytes + large->at, large_left(large));
        if (large_left(large) > 0) {
            return false;
        }
        ws_output_done(output);
    }
    output->blocked = false;
    return true;
}
