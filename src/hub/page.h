// SPDX-License-Identifier: Apache-2.0
/* page -- a few frames encoded for one viewer alone, on their way to its socket.
 *
 * Owns:     its bytes.
 * Used by:  catchup.c, join.c.
 * Bound:    filled until PAGE_BYTES or PAGE_FRAMES_MAX are reached; one frame may pass that.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "hub/seat.h"
#include "wire/removal.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAGE_BYTES = 16 * 1024, PAGE_BYTES_MAX = 512 * 1024, PAGE_FRAMES_MAX = 64 };

struct page {
    struct buf bytes;
    uint32_t ends[PAGE_FRAMES_MAX]; // where each frame ends
    uint32_t count;
    uint32_t sent;                    // bytes handed over; a frame's start
    uint64_t before[PAGE_FRAMES_MAX]; // where the viewer stands without it, or PAGE_KEPT
    uint64_t confidential;            // a bit a frame: for who moderates alone
};

#define PAGE_KEPT UINT64_MAX // the frame is not to be given up

_Static_assert(PAGE_FRAMES_MAX <= 64, "a bit each");

void page_init(struct page *page);
void page_done(struct page *page);
bool page_is_empty(const struct page *page); // all of it was handed over
void page_reset(struct page *page);          // an empty one is ready to be filled
bool page_is_full(const struct page *page);
bool page_has_room(const struct page *page, uint32_t frames); // for so many, and is not full
/* Where the next frame is to be written; then page_end_frame(). */
struct buf *page_out(struct page *page);
/* ERR_NOMEM: what was written since the last frame is gone, the frames before it stay. */
MUST_USE enum err page_end_frame(struct page *page);
void page_mark_confidential(struct page *page); // the newest frame
/* So is this: who is not sent it, nor what follows, stands at `seq`. */
void page_mark_before(struct page *page, uint64_t seq);
/* What was not handed over is given up; `*ret_seq` is where the viewer stands, as it was where
 * nothing is. False: some of it is not to be, and it stays. */
bool page_give_up(struct page *page, uint64_t *ret_seq);
/* The frames that were not begun lose what is for who moderates alone. ERR_NOMEM: not all did; once
 * more is legal. */
MUST_USE enum err page_strip(struct page *page, const struct encoding *encoding,
                             struct buf *scratch);
/* The frames that were not begun lose what it removes. ERR_NOMEM: not all did; once more is legal.
 */
MUST_USE enum err page_redact(struct page *page, const struct encoding *encoding,
                              const struct removal *removal, struct buf *scratch);
/* Hands over what the viewer takes. False: its socket is full; what is left of a begun frame is
 * with the connection. */
MUST_USE bool page_send(struct page *page, struct viewer *viewer);
