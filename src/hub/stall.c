// SPDX-License-Identifier: Apache-2.0
#include "hub/stall.h"

#include "hub/heart.h"

static void change(struct viewer *viewer, bool blocked, int more)
{
    if (viewer->blocked != blocked) {
        viewer->blocked = blocked;
        viewer->stream->slow_count += (uint32_t)more;
        metric_count(&viewer->stream->hub->tally.slow, more);
    }
}

void stall_begin(struct viewer *viewer)
{
    change(viewer, true, 1);
}

void stall_end(struct viewer *viewer)
{
    change(viewer, false, -1);
}
