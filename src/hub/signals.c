// SPDX-License-Identifier: Apache-2.0
#include "hub/signals.h"

#include "wire/cursor.h"
#include "wire/json.h"

enum { HISTORY_LIMIT = 500 };

static void begin(struct buf *out, const char *type, struct str stream)
{
    buf_add_byte(out, '{');
    json_write_member_str(out, "type", str_of(type));
    json_write_member_str(out, "stream", stream);
}

static struct str state_name(enum stream_state state)
{
    switch (state) {
    case STREAM_PAUSED:
        return STR("paused");
    case STREAM_ENDED:
        return STR("ended");
    case STREAM_LIVE:
        break;
    }
    return STR("live");
}

static void write_json(struct buf *out, const char *name, struct str json, struct str otherwise)
{
    json_write_name(out, name);
    buf_add_str(out, json.len > 0 ? json : otherwise);
}

static void write_pins(struct buf *out, const struct signals_hello *hello)
{
    json_write_name(out, "pins");
    buf_add_byte(out, '[');
    for (int i = 0; i < PINS_MAX && hello->pins[i].len > 0; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        buf_add_str(out, hello->pins[i]);
    }
    buf_add_byte(out, ']');
}

void signals_hello(struct buf *out, const struct signals_hello *hello)
{
    begin(out, "hello", hello->stream);
    json_write_member_str(out, "epoch", str_of(hello->epoch.text));
    json_write_member_u64(out, "seq", hello->seq);
    json_write_member_bool(out, "resumed", hello->resumed);
    json_write_member_str(out, "tier", STR("push"));
    json_write_member_str(out, "lane", str_of(lane_name(hello->lane)));
    json_write_member_str(out, "state", state_name(hello->state));
    json_write_member_u64(out, "latest", hello->latest);
    json_write_member_u64(out, "viewers", hello->viewers);
    write_json(out, "slow", hello->slow, STR("0"));
    write_json(out, "modes", hello->modes, STR("[]"));
    write_pins(out, hello);
    json_write_member_u64(out, "heartbeat_ms", hello->heartbeat_ms);
    buf_add_byte(out, '}');
}

/* A stream's name needs no escaping in a URL or in JSON. */
static void write_history(struct buf *out, const struct signals_gap *gap)
{
    json_write_name(out, "history");
    buf_add_str(out, STR("\"/v1/streams/"));
    buf_add_str(out, gap->stream);
    buf_add_str(out, STR("/comments?after="));
    cursor_write(out, &(struct cursor){.epoch = gap->epoch, .seq = gap->from - 1});
    buf_add_str(out, STR("&before="));
    cursor_write(out, &(struct cursor){.epoch = gap->epoch, .seq = gap->to + 1});
    buf_addf(out, "&limit=%d\"", HISTORY_LIMIT);
}

static void write_counts(struct buf *out, uint64_t carried, uint64_t shed, uint64_t removed)
{
    json_write_member_u64(out, "carried", carried);
    json_write_member_u64(out, "shed", shed);
    json_write_member_u64(out, "removed", removed);
}

void signals_gap(struct buf *out, const struct signals_gap *gap)
{
    begin(out, "gap", gap->stream);
    json_write_member_u64(out, "from", gap->from);
    json_write_member_u64(out, "to", gap->to);
    if (gap->is_counted) {
        write_counts(out, gap->carried, gap->shed, gap->removed);
    }
    json_write_member_str(out, "why", str_of(gap->why));
    if (gap->has_history) {
        write_history(out, gap);
    }
    buf_add_byte(out, '}');
}

void signals_lane_gap(struct buf *out, struct str stream, const struct lane_span *span)
{
    signals_gap(out, &(struct signals_gap){.stream = stream,
                                           .from = span->after + 1,
                                           .to = span->to,
                                           .is_counted = true,
                                           .carried = span->carried,
                                           .shed = span->shed,
                                           .removed = span->removed,
                                           .why = "lane"});
}

void signals_digest(struct buf *out, struct str stream, const struct lane_span *span)
{
    begin(out, "digest", stream);
    json_write_member_u64(out, "from", span->after + 1);
    json_write_member_u64(out, "to", span->to);
    write_counts(out, span->carried, span->shed, span->removed);
    json_write_name(out, "events");
    buf_add_byte(out, '[');
    buf_add_str(out, buf_str(&span->events));
    buf_add_str(out, STR("]}"));
}

void signals_mark(struct buf *out, struct str stream, uint64_t seq)
{
    begin(out, "mark", stream);
    json_write_member_u64(out, "seq", seq);
    buf_add_byte(out, '}');
}

void signals_resync(struct buf *out, struct str stream, const struct epoch *epoch, uint64_t seq,
                    const char *why)
{
    begin(out, "resync", stream);
    json_write_member_str(out, "epoch", str_of(epoch->text));
    json_write_member_u64(out, "seq", seq);
    json_write_member_str(out, "why", str_of(why));
    buf_add_byte(out, '}');
}

void signals_presence(struct buf *out, struct str stream, uint32_t viewers, uint32_t hidden)
{
    begin(out, "presence", stream);
    json_write_member_u64(out, "viewers", viewers);
    json_write_member_bool(out, "approx", false);
    json_write_member_u64(out, "error_pct", 0);
    json_write_member_u64(out, "watching", viewers - hidden);
    json_write_member_u64(out, "hidden", hidden);
    buf_add_byte(out, '}');
}
