// SPDX-License-Identifier: Apache-2.0
#include "hub/staff.h"

#include "base/mutant.h"

static void enter(struct catchup *catchup)
{
    struct stream *stream = catchup->viewer->stream;
    if (list_is_empty(&stream->staff)) {
        list_push(&stream->hub->staffed, &stream->staffed_link);
    }
    list_push(&stream->staff, &catchup->staff_link);
}

void staff_leave(struct catchup *catchup)
{
    if (!staff_is(catchup)) {
        return;
    }
    struct stream *stream = catchup->viewer->stream;
    list_remove(&catchup->staff_link);
    if (list_is_empty(&stream->staff)) {
        list_remove(&stream->staffed_link);
        list_remove(&stream->hushed_link);
        stream->hushed = 0;
    }
}

/* What waits for it is as everybody is sent it. */
static enum err strip(struct catchup *catchup)
{
    struct buf *waits = &catchup->scribe.span.events;
    event_strip_staff(waits->bytes, waits->len);
    return page_strip(&catchup->page, catchup->encoding, &catchup->hub->scratch);
}

enum err staff_note(struct catchup *catchup)
{
    const bool moderates = catchup->viewer->moderates && catchup->encoding != NULL;
    if (moderates == staff_is(catchup)) {
        return ERR_OK;
    }
    if (moderates) {
        enter(catchup);
        return ERR_OK;
    }
    if (!mutant(STAFF_KEPT)) {
        TRY(strip(catchup));
    }
    staff_leave(catchup);
    return ERR_OK;
}
