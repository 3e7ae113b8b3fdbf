// SPDX-License-Identifier: Apache-2.0
#include "wire/event.h"

#include "base/must.h"
#include "wire/act.h"
#include "wire/json.h"

#include <string.h>

struct event *event_new_with_staff(struct str body, struct str staff)
{
    must(body.len <= UINT32_MAX && staff.len <= UINT32_MAX);
    struct event *event = mem_new(MEM_EVENT, sizeof(*event) + body.len + staff.len);
    if (event == NULL) {
        return NULL;
    }
    atomic_init(&event->refs, 1);
    event->body_len = (uint32_t)body.len;
    event->staff_len = (uint32_t)staff.len;
    if (body.len > 0) {
        memcpy(event->body, body.at, body.len);
    }
    if (staff.len > 0) {
        memcpy(event->body + body.len, staff.at, staff.len);
    }
    return event;
}

struct event *event_new(struct str body)
{
    return event_new_with_staff(body, STR_NONE);
}

static struct str staff_of(const struct event *event)
{
    return (struct str){.at = event->body + event->body_len, .len = event->staff_len};
}

static struct event *copy_with(const struct event *event, struct str body, struct str staff)
{
    struct event *copy = event_new_with_staff(body, staff);
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

struct event *event_with_body(const struct event *event, struct str body)
{
    return copy_with(event, body, staff_of(event));
}

struct event *event_for_staff(const struct event *event)
{
    struct buf body;
    buf_init(&body, MEM_EVENT, (size_t)event->body_len + event->staff_len + 1);
    buf_add(&body, event->body, event->body_len);
    if (event->body_len > 0 && event->staff_len > 0) {
        buf_add_byte(&body, ',');
    }
    buf_add_str(&body, staff_of(event));
    struct event *told = buf_ok(&body) ? copy_with(event, buf_str(&body), STR_NONE) : NULL;
    buf_done(&body);
    return told;
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

uint16_t event_rank_behind(const struct event *event, struct event_own own)
{
    const uint32_t left = UINT16_MAX - (uint32_t)event->rank;
    return own.in_second < left ? (uint16_t)(event->rank + own.in_second) : UINT16_MAX;
}

bool event_digests_behind(const struct event *event, struct event_own own)
{
    const uint32_t place =
        (uint32_t)(event->flags & EVENT_FLAG_DIGEST_PLACE) >> EVENT_DIGEST_PLACE_SHIFT;
    return (event->flags & EVENT_FLAG_DIGEST) != 0 && own.in_window < EVENT_DIGEST_OTHERS &&
           place + own.in_window < EVENT_DIGEST_OTHERS;
}

void event_put_behind(struct event *event, struct event_own own)
{
    const bool digests = event_digests_behind(event, own);
    const uint8_t rest = (uint8_t)(event->flags & ~(EVENT_FLAG_DIGEST | EVENT_FLAG_DIGEST_PLACE));
    const uint32_t place = (uint32_t)(event->flags & EVENT_FLAG_DIGEST_PLACE) +
                           (own.in_window << EVENT_DIGEST_PLACE_SHIFT);
    event->rank = event_rank_behind(event, own);
    event->flags = digests ? (uint8_t)(rest | EVENT_FLAG_DIGEST | place) : rest;
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

void event_write_early(struct buf *out, const struct event *event, struct str stream, uint64_t prev)
{
    write_head(out, event, stream, prev);
    json_write_member_bool(out, "early", true);
    write_body(out, event);
}

/* ---- what is for staff: always in this order, behind all other members ---- */

void event_write_for_staff(struct buf *out, const struct event *event, struct str stream)
{
    write_head(out, event, stream, event->prev);
    if (event->staff_len == 0) {
        write_body(out, event);
        return;
    }
    if (event->body_len > 0) {
        buf_add_byte(out, ',');
        buf_add(out, event->body, event->body_len);
    }
    buf_add_byte(out, ',');
    buf_add_str(out, staff_of(event));
    buf_add_byte(out, '}');
}

static const char first_name[] = ",\"by\":";

void event_write_staff(struct buf *out, struct str by, struct str reason, struct str act)
{
    json_write_member_str(out, "by", by);
    if (reason.len > 0) {
        json_write_member_str(out, "reason", reason);
    }
    if (act.len > 0) {
        json_write_member_str(out, "act", act);
    }
}

/* Within a string its quotes would be escaped. */
uint64_t event_act(const struct event *event)
{
    static const struct str name = STR("\"act\":\"");
    uint64_t act = 0;
    const char *staff = event->body + event->body_len;
    const char *at = memmem(staff, event->staff_len, name.at, name.len);
    if (at == NULL) {
        return 0;
    }
    at += name.len;
    struct str rest = {.at = at, .len = event->staff_len - (size_t)(at - staff)};
    const struct str id = str_cut(rest, '"', &rest);
    return act_id_parse(id, &act) == ERR_OK ? act : 0;
}

/* Where the object ends that `at` stands in, outside a string. */
static size_t find_brace(const uint8_t *bytes, size_t at, size_t len)
{
    bool is_text = false;
    while (at < len && (is_text || bytes[at] != '}')) {
        if (bytes[at] == '\\') {
            at++;
        } else if (bytes[at] == '"') {
            is_text = !is_text;
        }
        at++;
    }
    return at;
}

/* A quote within a string stands behind a backslash, so the name is nowhere but where it is one. */
void event_strip_staff(uint8_t *bytes, size_t len)
{
    const size_t name_len = sizeof(first_name) - 1;
    for (size_t at = 0; at + name_len <= len; at++) {
        if (memcmp(bytes + at, first_name, name_len) != 0) {
            continue;
        }
        const size_t end = find_brace(bytes, at + name_len, len);
        if (end < len) {
            bytes[at] = '}';
            memset(bytes + at + 1, ' ', end - at);
            at = end;
        }
    }
}
