// SPDX-License-Identifier: Apache-2.0
#include "hub/encoding.h"

#include "wire/deflater.h"
#include "wire/sse.h"
#include "wire/stored.h"
#include "wire/ws.h"

enum {
    JSON_BYTES_MAX = 128 * 1024, // an event is at most 64 KiB
    SEGMENT_BYTES = 8 * 1024,    // a slow viewer's connection keeps the rest of one
};

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

static void sse_moving(struct buf *out, struct str json, uint64_t seq, const struct epoch *epoch)
{
    struct buf id;
    buf_init(&id, MEM_OTHER, 64);
    cursor_write(&id, &(struct cursor){.epoch = *epoch, .seq = seq});
    if (buf_ok(&id)) {
        sse_write(out, buf_str(&id), json);
    } else {
        out->failed = true;
    }
    buf_done(&id);
}

static void ws_moving(struct buf *out, struct str json, uint64_t seq, const struct epoch *epoch)
{
    (void)seq; // it stands in the JSON
    (void)epoch;
    ws_write_text(out, json);
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

/* ---- for who inflates ---- */

static void store(struct buf *out, const struct buf *block)
{
    stored_write(out, buf_str(block));
    out->failed = out->failed || !buf_ok(block);
}

static void gzip_event(struct buf *out, const struct event *event, struct str stream, uint64_t prev,
                       const struct epoch *epoch)
{
    struct buf block;
    buf_init(&block, MEM_OTHER, out->len_max);
    sse_event(&block, event, stream, prev, epoch);
    store(out, &block);
    buf_done(&block);
}

static void gzip_signal(struct buf *out, struct str json)
{
    struct buf block;
    buf_init(&block, MEM_OTHER, out->len_max);
    sse_signal(&block, json);
    store(out, &block);
    buf_done(&block);
}

static void gzip_moving(struct buf *out, struct str json, uint64_t seq, const struct epoch *epoch)
{
    struct buf block;
    buf_init(&block, MEM_OTHER, out->len_max);
    sse_moving(&block, json, seq, epoch);
    store(out, &block);
    buf_done(&block);
}

/* It comes before everything else: so does the stream's head. */
static void gzip_retry(struct buf *out, uint32_t retry_ms)
{
    struct buf block;
    buf_add_str(out, DEFLATER_GZIP_HEAD);
    buf_init(&block, MEM_OTHER, out->len_max);
    sse_write_retry(&block, retry_ms);
    store(out, &block);
    buf_done(&block);
}

static struct str message_of(struct str *frame)
{
    const struct str payload = frame->len == 0 ? STR_NONE : ws_payload(*frame);
    *frame = STR_NONE;
    return payload;
}

/* RFC 7692 section 7.2.1: the reader puts the tail back. */
static void message_segment(struct buf *out, struct str deflated)
{
    ws_write_deflated(out,
                      (struct str){.at = deflated.at, .len = deflated.len - DEFLATER_TAIL_BYTES});
}

const struct encoding encoding_sse = {.name = "sse",
                                      .event = sse_event,
                                      .signal = sse_signal,
                                      .moving = sse_moving,
                                      .retry = sse_write_retry};
const struct encoding encoding_ws = {
    .name = "ws", .event = ws_event, .signal = ws_write_text, .moving = ws_moving, .retry = NULL};
const struct encoding encoding_sse_gzip = {.name = "sse gzip",
                                           .event = gzip_event,
                                           .signal = gzip_signal,
                                           .moving = gzip_moving,
                                           .retry = gzip_retry,
                                           .part = stored_next,
                                           .segment = buf_add_str,
                                           .segment_bytes = SEGMENT_BYTES};
const struct encoding encoding_ws_deflate = {.name = "ws deflate",
                                             .event = ws_event,
                                             .signal = ws_write_text,
                                             .moving = ws_moving,
                                             .part = message_of,
                                             .segment = message_segment};
