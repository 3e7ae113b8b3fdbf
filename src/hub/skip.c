// SPDX-License-Identifier: Apache-2.0
#include "hub/skip.h"

#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/sift.h"
#include "hub/view.h"

/* More acts than we remember passed by: as if it had just come, told so. */
static void start_over(struct viewer *viewer, struct catchup *catchup)
{
    catchup->tail = CATCHUP_FAR_TAIL;
    catchup->resync = "far";
    list_remove(&viewer->link);
    channel_leave(viewer);
    viewer->catchup = catchup;
    catchup_enter(catchup, viewer->stream);
    viewer->mode = VIEWER_OPENING;
    list_push(&catchup->hub->admits, &viewer->link);
}

static enum err copy_acts(struct catchup *catchup, struct event *const *acts, uint32_t count)
{
    if (count == 0 || mutant(ACTS_DROPPED)) {
        return ERR_OK;
    }
    catchup->acts.events = mem_new(MEM_EVENT, count * sizeof(struct event *));
    if (catchup->acts.events == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        catchup->acts.events[i] = event_ref(acts[i]);
    }
    catchup->acts.count = count;
    return ERR_OK;
}

/* The hole, up to what is newest in the lane now; catchup.c tells it before anything else. */
static enum err note_hole(struct viewer *viewer, struct catchup *catchup)
{
    struct stream *stream = viewer->stream;
    const struct ring_place place = stream_place(stream, (enum lane)viewer->lane);
    uint32_t acts = 0;
    struct event *const *events = tail_after(&stream->acts, viewer->last_seq, &acts);
    while (acts > 0 && events[acts - 1]->seq > place.seq) { // the lane has not come so far
        acts--;
    }
    catchup->hole_from = viewer->last_seq;
    catchup->hole_upto = place.seq;
    catchup->hole_count = place.ordinal - viewer->last_ordinal;
    pursuit_stand(catchup);
    if ((catchup->hole_count == 0 && viewer->last_seq >= place.seq) || mutant(GAP_UNTOLD)) {
        catchup->position = place.seq;
        return ERR_OK; // only signals went by
    }
    catchup->owes_gap = catchup->hole_count > 0; // else retention took it before it came here
    return copy_acts(catchup, events, acts);
}

void skip_ahead(struct viewer *viewer)
{
    struct channel *channel = viewer->channel;
    struct stream *stream = viewer->stream;
    struct catchup *catchup = catchup_new(stream->hub, viewer, NULL);
    if (catchup == NULL) {
        catchup_rest_until_later(stream->hub, viewer);
        return;
    }
    catchup->encoding = channel->encoding;
    view_enter(catchup, viewer->has_user ? viewer->ops->user(viewer) : 0);
    sift_begin(catchup);
    catchup->own_told = stream->heard;
    catchup->acts_told = stream->act_count;                  // those of the hole come first
    catchup->news_seen = stream->news == 0 ? 0 : UINT64_MAX; // some may have gone by
    if (!tail_covers(&stream->acts, viewer->last_seq)) {
        start_over(viewer, catchup);
        return;
    }
    if (note_hole(viewer, catchup) != ERR_OK) {
        catchup_free(catchup);
        catchup_rest_until_later(stream->hub, viewer);
        return;
    }
    list_remove(&viewer->link);
    channel_leave(viewer);
    viewer->catchup = catchup;
    catchup_enter(catchup, viewer->stream);
    viewer->mode = VIEWER_CATCHUP;
    catchup_resume(viewer);
}
