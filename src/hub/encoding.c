// SPDX-License-Identifier: Apache-2.0
#include "hub/encoding.h"

#include "wire/sse.h"
#include "wire/ws.h"

enum { JSON_BYTES_MAX = 128 * 1024 }; // an event is at most 64 KiB

/* The event's JSON in a buffer of its own: both shapes put something before it that depends on
 * nothing or on its length. */
static void json_of(struct buf *json, const struct event *event, struct str stream, uint64_t prev)
{
    buf_init(json, MEM_OTHER, JSON_BYTES_MAX);
    event_write(json, event, stream, prev);
}

static void sse_event(struct buf *out, const struct event *event, struct str stream, uint64_t prev,
                      const struct epoch *epoch)
{
    struct buf json, id;
    json_of(&json, event, stream, prev);
    buf_init(&id, MEM_OTHER, 64);
    cursor_write(&id, &(struct cursor){.epoch = *epoch, .seq = event->seq});
    if (buf_ok(&json) && buf_ok(&id)) {
        sse_write(out, buf_str(&id), buf_str(&json));
    } else {
        out->failed = true;
    }
    buf_done(&id);
    buf_done(&json);
}

static void sse_signal(struct buf *out, struct str json)
{
    sse_write(out, STR_NONE, json);
}

static void ws_event(struct buf *out, const struct event *event, struct str stream, uint64_t prev,
                     const struct epoch *epoch)
{
    (void)epoch; // a client of WebSocket takes it from hello
    struct buf json;
    json_of(&json, event, stream, prev);
    if (buf_ok(&json)) {
        ws_write_text(out, buf_str(&json));
    } else {
        out->failed = true;
    }
    buf_done(&json);
}

const struct encoding encoding_sse = {
    .name = "sse", .event = sse_event, .signal = sse_signal, .retry = sse_write_retry};
const struct encoding encoding_ws = {
    .name = "ws", .event = ws_event, .signal = ws_write_text, .retry = NULL};
