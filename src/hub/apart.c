// SPDX-License-Identifier: Apache-2.0
#include "hub/apart.h"

#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/sift.h"
#include "hub/view.h"

/* No longer LIVE: goes on where it stands, by itself. */
static enum err part(struct viewer *viewer, uint64_t user)
{
    struct channel *channel = viewer->channel;
    struct stream *stream = viewer->stream;
    struct catchup *catchup = catchup_new(stream->hub, viewer, NULL);
    if (catchup == NULL) {
        return ERR_NOMEM;
    }
    catchup->encoding = channel->encoding;
    catchup->position = viewer->last_seq;
    catchup->news_seen = viewer->cursor == channel->ring.head ? stream->news : UINT64_MAX;
    catchup->cursor.seq = viewer->last_seq;
    view_enter(catchup, user);
    sift_begin(catchup);
    list_remove(&viewer->link);
    channel_leave(viewer);
    viewer->catchup = catchup;
    catchup_enter(catchup, stream);
    viewer->mode = VIEWER_CATCHUP;
    if (!viewer->blocked) {
        catchup_resume(viewer);
    }
    return ERR_OK;
}

static enum err part_all(struct stream *stream, uint64_t user)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        for (uint32_t i = channel->count; i > 0; i--) {
            struct viewer *viewer = channel->viewers[i - 1];
            if (viewer->has_user && viewer->ops->user(viewer) == user) {
                TRY(part(viewer, user));
            }
        }
    }
    return ERR_OK;
}

enum err apart_take(struct stream *stream, struct event *event)
{
    if (!mutant(VIEW_UNPARTED)) {
        TRY(part_all(stream, event->user_hash));
    }
    TRY(view_note(stream, event));
    channel_note_view(stream);
    return ERR_OK;
}

enum err apart_recognize(struct viewer *viewer, uint64_t user, bool moderates)
{
    if (viewer->mode == VIEWER_LIVE && view_is_apart(viewer->stream, user)) {
        TRY(part(viewer, user));
    }
    if (viewer->catchup != NULL) {
        view_enter(viewer->catchup, user);
    }
    viewer->has_user = user != 0;
    viewer->moderates = moderates;
    return ERR_OK;
}
