// SPDX-License-Identifier: Apache-2.0
#include "hub/door.h"

#include "base/mutant.h"
#include "hub/crowd.h"
#include "hub/sparse.h"
#include "hub/stall.h"

void door_step_soon(struct stream *stream)
{
    if (!list_holds(&stream->step_link)) {
        list_push(&stream->hub->stepping, &stream->step_link);
    }
}

bool door_is_open(const struct stream *stream)
{
    return stream->watched && stream->primed && stream->heard >= stream->target;
}

bool door_may_send(const struct stream *stream)
{
    return door_is_open(stream) || mutant(CLOSED_SENDS);
}

void door_end_idle(struct stream *stream)
{
    if (list_holds(&stream->idle_link)) {
        list_remove(&stream->idle_link);
        stream->hub->idle_count--;
    }
}

void door_begin_idle(struct stream *stream)
{
    stream->idle_since_ms = stream->hub->now_ms;
    list_push(&stream->hub->idle, &stream->idle_link);
    stream->hub->idle_count++;
}

void door_enter(struct stream *stream, struct viewer *viewer)
{
    viewer->stream = stream;
    stream->viewer_count++;
    stream->closing = false;
    door_end_idle(stream);
    crowd_arrive(stream);
    door_step_soon(stream);
}

void door_leave(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    list_remove(&viewer->link);
    stall_end(viewer);
    sparse_leave(viewer);
    if (viewer->is_open) {
        exposure_count(&stream->exposure, stream_watching(stream, NULL));
        stream->readers[viewer->reader]--;
    }
    viewer->is_open = false;
    viewer->mode = VIEWER_IDLE;
    viewer->stream = NULL;
    stream->viewer_count--;
    if (stream->viewer_count == 0) {
        door_begin_idle(stream);
    }
}
