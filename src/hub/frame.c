// SPDX-License-Identifier: Apache-2.0
#include "hub/frame.h"

#include "wire/stored.h"

#include <string.h>

static struct str bytes_of(const struct frame *frame)
{
    return (struct str){.at = (const char *)frame->bytes, .len = frame->len};
}

static void scatter(const struct frame *frame, const struct buf *whole)
{
    struct str rest = bytes_of(frame);
    size_t at = 0;
    for (struct str part = frame->encoding->part(&rest); part.len > 0;
         part = frame->encoding->part(&rest)) {
        memcpy(frame->bytes + (part.at - (const char *)frame->bytes), whole->bytes + at, part.len);
        at += part.len;
    }
}

static enum err gather(const struct frame *frame, struct buf *scratch)
{
    struct str rest = bytes_of(frame);
    buf_reset(scratch);
    for (struct str part = frame->encoding->part(&rest); part.len > 0;
         part = frame->encoding->part(&rest)) {
        buf_add_str(scratch, part);
    }
    return buf_err(scratch);
}

/* An object may lie across two blocks. */
static bool has_parts(const struct frame *frame)
{
    return frame->encoding->part != NULL && frame->len > STORED_BLOCK_BYTES_MAX;
}

enum err frame_redact(const struct frame *frame, const struct removal *removal, struct buf *scratch,
                      size_t *ret_count)
{
    if (has_parts(frame)) {
        TRY(gather(frame, scratch));
        *ret_count = removal_redact(removal, scratch->bytes, scratch->len);
        scatter(frame, scratch);
        return ERR_OK;
    }
    *ret_count = removal_redact(removal, frame->bytes, frame->len);
    return ERR_OK;
}

enum err frame_strip(const struct frame *frame, struct buf *scratch)
{
    if (has_parts(frame)) {
        TRY(gather(frame, scratch));
        event_strip_staff(scratch->bytes, scratch->len);
        scatter(frame, scratch);
        return ERR_OK;
    }
    event_strip_staff(frame->bytes, frame->len);
    return ERR_OK;
}
