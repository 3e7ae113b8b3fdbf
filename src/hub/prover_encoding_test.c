// SPDX-License-Identifier: Apache-2.0
/* How the lines that a prover believes are written: as they are, and for those who inflate. */
#include "hub/prover_test.h"
#include "wire/deflater.h"
#include "wire/stored.h"
#include "wire/ws.h"

enum { LINE_BYTES_MAX = 1 << 20, SEGMENT_BYTES = 600 };

/* ---- the encoding ---- */

static void encode_event(struct buf *out, const struct event *event, struct str stream,
                         uint64_t prev, const struct epoch *epoch)
{
    (void)epoch;
    buf_add_str(out, STR("E "));
    event_write(out, event, stream, prev);
    buf_add_byte(out, '\n');
}

static void encode_signal(struct buf *out, struct str json)
{
    buf_add_str(out, STR("S "));
    buf_add_str(out, json);
    buf_add_byte(out, '\n');
}

/* Its id must be what the signal says. */
static void encode_moving(struct buf *out, struct str json, uint64_t seq, const struct epoch *epoch)
{
    (void)epoch;
    buf_addf(out, "M %llu ", (unsigned long long)seq);
    buf_add_str(out, json);
    buf_add_byte(out, '\n');
}

const struct encoding prover_encoding_other = {
    .name = "other", .event = encode_event, .signal = encode_signal, .moving = encode_moving};
const struct encoding prover_encoding = {
    .name = "prover", .event = encode_event, .signal = encode_signal, .moving = encode_moving};

/* ---- the same for those who inflate ---- */

static void wrap_line(struct buf *out, struct buf *line,
                      void (*wrap)(struct buf *out, struct str line))
{
    wrap(out, buf_str(line));
    out->failed = out->failed || !buf_ok(line);
    buf_done(line);
}

static void begin_event(struct buf *line, const struct event *event, struct str stream,
                        uint64_t prev, const struct epoch *epoch)
{
    buf_init(line, MEM_OTHER, LINE_BYTES_MAX);
    encode_event(line, event, stream, prev, epoch);
}

static void write_signal(struct buf *out, struct str json,
                         void (*wrap)(struct buf *out, struct str line))
{
    struct buf line;
    buf_init(&line, MEM_OTHER, LINE_BYTES_MAX);
    encode_signal(&line, json);
    wrap_line(out, &line, wrap);
}

static void write_moving(struct buf *out, struct str json, uint64_t seq,
                         void (*wrap)(struct buf *out, struct str line))
{
    struct buf line;
    buf_init(&line, MEM_OTHER, LINE_BYTES_MAX);
    encode_moving(&line, json, seq, NULL);
    wrap_line(out, &line, wrap);
}

static void gzip_moving(struct buf *out, struct str json, uint64_t seq, const struct epoch *epoch)
{
    (void)epoch;
    write_moving(out, json, seq, stored_write);
}

static void message_moving(struct buf *out, struct str json, uint64_t seq,
                           const struct epoch *epoch)
{
    (void)epoch;
    write_moving(out, json, seq, ws_write_text);
}

static void gzip_event(struct buf *out, const struct event *event, struct str stream, uint64_t prev,
                       const struct epoch *epoch)
{
    struct buf line;
    begin_event(&line, event, stream, prev, epoch);
    wrap_line(out, &line, stored_write);
}

static void gzip_signal(struct buf *out, struct str json)
{
    write_signal(out, json, stored_write);
}

static void message_event(struct buf *out, const struct event *event, struct str stream,
                          uint64_t prev, const struct epoch *epoch)
{
    struct buf line;
    begin_event(&line, event, stream, prev, epoch);
    wrap_line(out, &line, ws_write_text);
}

static void message_signal(struct buf *out, struct str json)
{
    write_signal(out, json, ws_write_text);
}

static struct str message_part(struct str *frame)
{
    const struct str payload = frame->len == 0 ? STR_NONE : ws_payload(*frame);
    *frame = STR_NONE;
    return payload;
}

static void message_segment(struct buf *out, struct str deflated)
{
    ws_write_deflated(out,
                      (struct str){.at = deflated.at, .len = deflated.len - DEFLATER_TAIL_BYTES});
}

const struct encoding prover_encoding_gzip = {.name = "gzip",
                                              .event = gzip_event,
                                              .signal = gzip_signal,
                                              .moving = gzip_moving,
                                              .part = stored_next,
                                              .segment = buf_add_str,
                                              .segment_bytes = SEGMENT_BYTES};
const struct encoding prover_encoding_messages = {.name = "messages",
                                                  .event = message_event,
                                                  .signal = message_signal,
                                                  .moving = message_moving,
                                                  .part = message_part,
                                                  .segment = message_segment};
