// SPDX-License-Identifier: Apache-2.0
#include "hub/apart.h"

#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/staff.h"
#include "hub/view.h"

static enum err part_all(struct stream *stream, uint64_t user)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        for (uint32_t i = channel->count; i > 0; i--) {
            struct viewer *viewer = channel->viewers[i - 1];
            if (viewer->has_user && viewer->ops->user(viewer) == user) {
                TRY(catchup_part(viewer));
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
    if (viewer->mode == VIEWER_LIVE && (moderates || view_is_apart(viewer->stream, user))) {
        TRY(catchup_part(viewer));
    }
    const bool moderated = viewer->moderates;
    viewer->moderates = moderates;
    if (viewer->catchup != NULL) {
        const enum err err = staff_note(viewer->catchup);
        if (err != ERR_OK) {
            viewer->moderates = moderated;
            return err;
        }
        view_enter(viewer->catchup, user);
    }
    viewer->has_user = user != 0;
    return ERR_OK;
}
