// SPDX-License-Identifier: Apache-2.0
#include "wire/event.h"

#include "base/must.h"
#include "wire/json.h"

#include <string.h>

struct event *event_new(struct str body)
{
    must(body.len <= UINT32_MAX);
    struct event *event = mem_new(MEM_EVENT, sizeof(*event) + body.len);
    if (event == NULL) {
        return NULL;
    }
    atomic_init(&event->refs, 1);
    event->body_len = (uint32_t)body.len;
    if (body.len > 0) {
        memcpy(event->body, body.at, body.len);
    }
    return event;
}

struct event *event_with_body(const struct event *event, struct str body)
{
    struct event *copy = event_new(body);
    if (copy != NULL) {
        copy->kind = event->kind;
        copy->flags = event->flags;
        copy->rank = event->rank;
        copy->seq = event->seq;
        copy->prev = event->prev;
        copy->segment = event->segment;
        copy->at_ms = event->at_ms;
        copy->user_hash = event->user_hash;
        copy->published_mono_ms = event->published_mono_ms;
        copy->waited_ms = event->waited_ms;
    }
    return copy;
}

struct event *event_with_prev(const struct event *event, uint64_t prev)
{
    struct event *copy =
        event_with_body(event, (struct str){.at = event->body, .len = event->body_len});
    if (copy != NULL) {
        copy->prev = prev;
    }
    return copy;
}

struct event *event_ref(struct event *event)
{
    /* Relaxed: whoever takes a reference already holds one, so nothing has to be seen first. */
    const uint32_t before = atomic_fetch_add_explicit(&event->refs, 1, memory_order_relaxed);
    dcheck(before > 0);
    (void)before;
    return event;
}

void event_unref(struct event *event)
{
    if (event == NULL) {
        return;
    }
    /* Release, and acquire by the last: all that others did with the event is over before it is
     * freed. */
    const uint32_t before = atomic_fetch_sub_explicit(&event->refs, 1, memory_order_acq_rel);
    dcheck(before > 0);
    if (before == 1) {
        mem_free(MEM_EVENT, event);
    }
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[EVENT_KINDS] = {
        [EVENT_COMMENT] = "comment", [EVENT_RETRACT] = "retract", [EVENT_RESTORE] = "restore",
        [EVENT_PIN] = "pin",         [EVENT_UNPIN] = "unpin",     [EVENT_SETTINGS] = "settings",
        [EVENT_STREAM] = "stream",   [EVENT_REMOVED] = "removed",
    };

    must(kind >= EVENT_COMMENT && kind < EVENT_KINDS);
    return names[kind];
}

static void write_head(struct buf *out, const struct event *event, struct str stream, uint64_t prev)
{
    buf_add_byte(out, '{');
    json_write_member_str(out, "type", str_of(event_kind_name((enum event_kind)event->kind)));
    json_write_member_str(out, "stream", stream);
    json_write_member_u64(out, "seq", event->seq);
    json_write_member_u64(out, "prev", prev);
}

static void write_body(struct buf *out, const struct event *event)
{
    if (event->body_len > 0) {
        buf_add_byte(out, ',');
        buf_add(out, event->body, event->body_len);
    }
    buf_add_byte(out, '}');
}

void event_write(struct buf *out, const struct event *event, struct str stream, uint64_t prev)
{
    write_head(out, event, stream, prev);
    write_body(out, event);
}

void event_write_early(struct buf *out, const struct event *event, struct str stream)
{
    write_head(out, event, stream, event->prev);
    json_write_member_bool(out, "early", true);
    write_body(out, event);
}
