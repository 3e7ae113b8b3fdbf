// SPDX-License-Identifier: Apache-2.0
#include "api/log_api.h"

#include "api/page_read.h"

static void write_page(const struct page_read *page, struct buf *out)
{
    page_read_write_cursor(page, out, "cursor", page_read_covers(page));
    json_write_member_u64(out, "latest_seq", page->read.head);
    page_read_write_events(page, out, "events");
    json_write_member_bool(out, "more", page->read.more);
}

void log_api_get(struct ask *ask)
{
    static const struct page_options options = {
        .kinds = UINT32_MAX,
        .has_before = false,
        .resync_to_newest = false,
        .tells_gap = true,
        .write = write_page,
    };
    page_read_start(ask, &options);
}
