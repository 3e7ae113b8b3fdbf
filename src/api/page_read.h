// SPDX-License-Identifier: Apache-2.0
/* page_read -- one page of a stream's log for an exchange: bounds from the query, read, answered.
 *
 * What history and the log share: old epochs and cursors beyond the newest begin anew and say
 * `resync`; ends of the engine become problems.
 *
 * Thread:   the reactor's.
 */
#pragma once

#include "api/ask.h"
#include "base/buf.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAGE_LIMIT_DEFAULT = 50, PAGE_LIMIT_MAX = 500 };

struct page_read {
    struct read read; // first: what the port holds
    struct exchange *exchange;
    struct kept_name stream;
    bool has_after, has_before;
    uint64_t after, before; // seqs, exclusive
    bool is_resync;
    bool resync_to_newest; // else to the oldest
    bool tells_gap;
    bool for_staff;                                               // who asks moderates
    void (*write)(const struct page_read *page, struct buf *out); // the body's members
};

struct page_options {
    uint32_t kinds;        // as in struct read
    bool folded;           // the same
    bool has_before;       // the query may say `before`
    bool resync_to_newest; // where a reader of another life is put
    bool tells_gap;        // what was asked for and is kept no more is a `gap`
    void (*write)(const struct page_read *page, struct buf *out);
};
/* Reads and answers. */
void page_read_start(struct ask *ask, const struct page_options *options);

/* The highest position this page covers. */
uint64_t page_read_covers(const struct page_read *page);
/* "name":"<epoch>.<seq>" */
void page_read_write_cursor(const struct page_read *page, struct buf *out, const char *name,
                            uint64_t seq);
/* "name":[...events...], led by the gap where the page tells it */
void page_read_write_events(const struct page_read *page, struct buf *out, const char *name);
