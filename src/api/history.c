// SPDX-License-Identifier: Apache-2.0
#include "api/history.h"

#include "api/page_read.h"
#include "api/respond.h"

/* Below this lies the next older page, however many of this one were removed. */
static uint64_t older_bound(const struct page_read *page)
{
    const struct read *read = &page->read;
    if (read->count > 0) {
        return read->events[0]->seq;
    }
    if (read->from == READ_AFTER) {
        return page->after + 1;
    }
    return page->has_before ? page->before : read->head + 1;
}

static void write_page(const struct page_read *page, struct buf *out)
{
    page_read_write_cursor(page, out, "cursor", page_read_covers(page));
    page_read_write_cursor(page, out, "before", older_bound(page));
    json_write_member_u64(out, "latest_seq", page->read.head);
    page_read_write_events(page, out, "comments");
    json_write_member_bool(out, "more", page->read.more);
}

void history_get(struct ask *ask)
{
    static const struct page_options options = {
        .kinds = 1U << EVENT_COMMENT,
        .has_before = true,
        .resync_to_newest = true,
        .write = write_page,
    };
    uint64_t tombstones = 0; // nothing removes comments yet, so there are none to list
    struct problem why;
    if (ask_number(ask, "tombstones", 1, &tombstones, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    page_read_start(ask, &options);
}
