// SPDX-License-Identifier: Apache-2.0
#include "hub/apart.h"

#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/lag.h"
#include "hub/remind.h"
#include "hub/sparse.h"
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
    sparse_take_own(stream, event);
    channel_note_view(stream);
    return ERR_OK;
}

enum err apart_take_beyond(struct stream *stream)
{
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        for (uint32_t i = channel->count; i > 0; i--) {
            if (channel->viewers[i - 1]->last_seq > stream->newest) {
                TRY(catchup_part(channel->viewers[i - 1]));
            }
        }
    }
    return ERR_OK;
}

/* Of one that waits for more to come, at once. */
static void remind(struct catchup *catchup)
{
    struct viewer *viewer = catchup->viewer;
    remind_soon(catchup);
    const bool waits = viewer->mode == VIEWER_CATCHUP && !catchup->away && !viewer->blocked;
    if (waits && remind_is_due(catchup)) {
        list_remove(&viewer->link);
        catchup_resume(viewer);
    }
}

/* Or is to be told something first. */
static bool reads_apart(const struct viewer *viewer, uint64_t user, bool moderates)
{
    return moderates || view_is_apart(viewer->stream, user) ||
           port_may_be_warned(viewer->stream->hub->options.port, user);
}

enum err apart_recognize(struct viewer *viewer, uint64_t user, bool moderates)
{
    if (viewer->mode == VIEWER_LIVE && reads_apart(viewer, user, moderates)) {
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
        sparse_leave_own(viewer->catchup);
        view_enter(viewer->catchup, user);
        lag_forget(viewer->catchup);
        remind(viewer->catchup);
    }
    viewer->has_user = user != 0;
    return ERR_OK;
}
