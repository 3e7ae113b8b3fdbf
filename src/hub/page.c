// SPDX-License-Identifier: Apache-2.0
#include "hub/page.h"

#include "base/must.h"
#include "hub/frame.h"

#include <string.h>

void page_init(struct page *page)
{
    *page = (struct page){0};
    buf_init(&page->bytes, MEM_VIEWER, PAGE_BYTES_MAX);
}

void page_done(struct page *page)
{
    buf_done(&page->bytes);
}

void page_reset(struct page *page)
{
    must(page_is_empty(page));
    buf_reset(&page->bytes);
    page->count = 0;
    page->sent = 0;
    page->confidential = 0;
}

bool page_is_empty(const struct page *page)
{
    return page->sent == page->bytes.len;
}

bool page_is_full(const struct page *page)
{
    return page->count == PAGE_FRAMES_MAX || page->bytes.len >= PAGE_BYTES;
}

bool page_has_room(const struct page *page, uint32_t frames)
{
    return !page_is_full(page) && page->count + frames <= PAGE_FRAMES_MAX;
}

struct buf *page_out(struct page *page)
{
    must(page->count < PAGE_FRAMES_MAX);
    return &page->bytes;
}

enum err page_end_frame(struct page *page)
{
    if (!buf_ok(&page->bytes)) {
        page->bytes.len = page->count == 0 ? 0 : page->ends[page->count - 1];
        page->bytes.failed = false;
        return ERR_NOMEM;
    }
    page->ends[page->count] = (uint32_t)page->bytes.len;
    page->before[page->count] = PAGE_KEPT;
    page->count++;
    return ERR_OK;
}

enum err page_redact(struct page *page, const struct encoding *encoding,
                     const struct removal *removal, struct buf *scratch)
{
    uint32_t from = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        size_t count = 0;
        if (from >= page->sent) {
            TRY(frame_redact(&(struct frame){.encoding = encoding,
                                             .bytes = page->bytes.bytes + from,
                                             .len = page->ends[i] - from},
                             removal, scratch, &count));
        }
        from = page->ends[i];
    }
    return ERR_OK;
}

void page_mark_confidential(struct page *page)
{
    page->confidential |= UINT64_C(1) << (page->count - 1);
}

void page_mark_before(struct page *page, uint64_t seq)
{
    page->before[page->count - 1] = seq;
}

bool page_give_up(struct page *page, uint64_t *ret_seq)
{
    uint32_t first = 0;
    while (first < page->count && page->ends[first] <= page->sent) {
        first++;
    }
    for (uint32_t i = first; i < page->count; i++) {
        if (page->before[i] == PAGE_KEPT) {
            return false;
        }
    }
    *ret_seq = first < page->count ? page->before[first] : *ret_seq;
    page->sent = (uint32_t)page->bytes.len;
    page_reset(page);
    return true;
}

static void take_out(struct page *page, uint32_t i)
{
    const uint32_t from = i == 0 ? 0 : page->ends[i - 1], to = page->ends[i];
    const uint64_t below = (UINT64_C(1) << i) - 1;
    memmove(page->bytes.bytes + from, page->bytes.bytes + to, page->bytes.len - to);
    page->bytes.len -= to - from;
    page->count--;
    for (uint32_t k = i; k < page->count; k++) {
        page->ends[k] = page->ends[k + 1] - (to - from);
        page->before[k] = page->before[k + 1];
    }
    page->confidential = (page->confidential & below) | (page->confidential >> 1 & ~below);
}

enum err page_strip(struct page *page, const struct encoding *encoding, struct buf *scratch)
{
    for (uint32_t i = page->count; i > 0; i--) {
        const uint32_t from = i == 1 ? 0 : page->ends[i - 2];
        if (from < page->sent) {
            return ERR_OK;
        }
        if ((page->confidential >> (i - 1) & 1) != 0) {
            take_out(page, i - 1);
            continue;
        }
        TRY(frame_strip(&(struct frame){.encoding = encoding,
                                        .bytes = page->bytes.bytes + from,
                                        .len = page->ends[i - 1] - from},
                        scratch));
    }
    return ERR_OK;
}

/* The end of the frame that holds the byte before `at`. */
static uint32_t frame_end(const struct page *page, uint32_t at)
{
    uint32_t i = 0;
    while (page->ends[i] < at) {
        i++;
    }
    return page->ends[i];
}

bool page_send(struct page *page, struct viewer *viewer)
{
    const size_t len = page->bytes.len - page->sent;
    if (len > 0) {
        const size_t taken = viewer->ops->write(viewer, page->bytes.bytes + page->sent, len);
        must(taken <= len);
        if (taken < len) {
            const uint32_t at = page->sent + (uint32_t)taken;
            const uint32_t end = taken == 0 ? at : frame_end(page, at);
            if (end > at) {
                viewer->ops->keep(viewer, page->bytes.bytes + at, end - at);
            }
            page->sent = end;
            return false;
        }
    }
    page->sent = (uint32_t)page->bytes.len;
    page_reset(page);
    return true;
}
