// SPDX-License-Identifier: Apache-2.0
#include "api/history.h"

#include "api/page_read.h"
#include "api/respond.h"

/* Below this lies the next older page, however many of this one were removed. */
static uint64_t older_bound(const struct page_read *page)
{
    const struct read *read = &page->read;
    if (read->from == READ_BEFORE && read->reached > 0) {
        return read->reached; // it looked no further, so much was removed
    }
    if (read->count > 0) {
        return read->events[0]->seq;
    }
    if (read->from == READ_AFTER) {
        return page->after + 1;
    }
    return page->has_before ? page->before : read->head + 1;
}

/* {"seq","id","state"} of what is there no more. */
static void write_tombstone(struct buf *out, const struct event *event)
{
    buf_add_byte(out, '{');
    json_write_member_u64(out, "seq", event->seq);
    if (event->body_len > 0) {
        buf_add_byte(out, ',');
        buf_add(out, event->body, event->body_len);
    }
    json_write_member_str(out, "state", STR("deleted"));
    buf_add_byte(out, '}');
}

static void write_comments(const struct page_read *page, struct buf *out)
{
    json_write_name(out, "comments");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < page->read.count; i++) {
        const struct event *event = page->read.events[i];
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        if (event->kind == EVENT_REMOVED) {
            write_tombstone(out, event);
        } else {
            event_write(out, event, page->read.stream, event->prev);
        }
    }
    buf_add_byte(out, ']');
}

static void write_page(const struct page_read *page, struct buf *out)
{
    page_read_write_cursor(page, out, "cursor", page_read_covers(page));
    page_read_write_cursor(page, out, "before", older_bound(page));
    json_write_member_u64(out, "latest_seq", page->read.head);
    write_comments(page, out);
    json_write_member_bool(out, "more", page->read.more);
}

void history_get(struct ask *ask)
{
    struct page_options options = {
        .kinds = 1U << EVENT_COMMENT,
        .folded = true,
        .has_before = true,
        .resync_to_newest = true,
        .write = write_page,
    };
    uint64_t tombstones = 0;
    struct problem why;
    if (ask_number(ask, "tombstones", 1, &tombstones, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    options.kinds |= tombstones == 1 ? 1U << EVENT_REMOVED : 0;
    page_read_start(ask, &options);
}
