// SPDX-License-Identifier: Apache-2.0
#include "hub/herald.h"

#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/tell.h"

static bool is_for(const struct notice *notice, const struct viewer *viewer)
{
    if (notice->to_moderators && viewer->moderates) {
        return true;
    }
    return notice->user_hash != 0 && viewer->has_user &&
           (mutant(NOTICE_TO_ALL) || viewer->ops->user(viewer) == notice->user_hash);
}

static void tell(struct catchup *catchup, const struct notice *notice)
{
    struct buf json;
    if (page_is_empty(&catchup->page)) {
        page_reset(&catchup->page);
    }
    if (catchup->page.count == PAGE_FRAMES_MAX) {
        return;
    }
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    buf_add(&json, notice->json, notice->json_len);
    const enum err err = tell_signal(catchup, &json);
    buf_done(&json);
    if (err == ERR_OK && !catchup->away && !catchup->viewer->blocked) {
        catchup_resume(catchup->viewer);
    }
}

/* Out of the ring, so that it has a page. */
static void part(struct viewer *viewer)
{
    const bool has_place = viewer->cursor >= viewer->channel->ring.tail;
    if (!has_place || catchup_part(viewer) != ERR_OK) {
        metric_count(&viewer->stream->hub->tally.notices_lost, 1);
    }
}

void herald_take(struct stream *stream, const struct notice *notice)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        for (uint32_t i = channel->count; i > 0; i--) {
            if (is_for(notice, channel->viewers[i - 1])) {
                part(channel->viewers[i - 1]);
            }
        }
    }
    for (struct link *link = stream->pursuits.next; link != &stream->pursuits; link = link->next) {
        struct catchup *catchup = list_entry(link, struct catchup, stream_link);
        const bool has_page = catchup->viewer->mode == VIEWER_CATCHUP && catchup->encoding != NULL;
        if (has_page && is_for(notice, catchup->viewer)) {
            tell(catchup, notice);
        }
    }
}
