// SPDX-License-Identifier: Apache-2.0
#include "hub/unpack_test.h"

#include "wire/ws.h"

enum { LINE_BYTES_MAX = 1 << 20, FRAME_HEAD_MIN = 2, DEFLATED = 0x40 };

void unpack_begin(struct unpack *unpack, enum unpack_kind kind)
{
    *unpack = (struct unpack){.kind = (uint8_t)kind};
    inflater_init(&unpack->inflater, INFLATER_RAW);
    buf_init(&unpack->wire, MEM_OTHER, LINE_BYTES_MAX);
}

void unpack_end(struct unpack *unpack)
{
    inflater_done(&unpack->inflater);
    buf_done(&unpack->wire);
}

bool unpack_is_whole(const struct unpack *unpack)
{
    return unpack->wire.len == 0;
}

/* Length of the frame that `wire` begins with; 0: not yet known. */
static size_t frame_len(struct str wire)
{
    if (wire.len < FRAME_HEAD_MIN) {
        return 0;
    }
    const uint8_t *head = (const uint8_t *)wire.at;
    if (head[1] < 126) {
        return FRAME_HEAD_MIN + head[1];
    }
    const size_t digits = head[1] == 126 ? 2 : 8;
    size_t len = 0;
    for (size_t i = 0; i < digits && wire.len >= 2 + digits; i++) {
        len = len << 8 | head[2 + i];
    }
    return wire.len < 2 + digits ? 0 : 2 + digits + len;
}

static bool take_message(struct unpack *unpack, struct str frame, struct buf *text)
{
    static const char tail[] = {0, 0, '\xff', '\xff'};
    const struct str payload = ws_payload(frame);
    if (((uint8_t)frame.at[0] & DEFLATED) == 0) {
        buf_add_str(text, payload);
        return true;
    }
    return inflater_take(&unpack->inflater, payload, text) == ERR_OK &&
           inflater_take(&unpack->inflater, (struct str){.at = tail, .len = 4}, text) == ERR_OK;
}

bool unpack_take(struct unpack *unpack, struct str bytes, struct buf *text)
{
    if (unpack->kind == UNPACK_GZIP) {
        return inflater_take(&unpack->inflater, bytes, text) == ERR_OK;
    }
    if (unpack->kind == UNPACK_NOTHING) {
        buf_add_str(text, bytes);
        return true;
    }
    bool is_well = true;
    buf_add_str(&unpack->wire, bytes);
    for (;;) {
        const struct str wire = buf_str(&unpack->wire);
        const size_t len = frame_len(wire);
        if (!is_well || len == 0 || len > wire.len) {
            return is_well;
        }
        is_well = take_message(unpack, (struct str){.at = wire.at, .len = len}, text);
        buf_drop(&unpack->wire, len);
    }
}
