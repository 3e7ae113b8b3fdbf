// SPDX-License-Identifier: Apache-2.0
#include "hub/early.h"

#include "base/mutant.h"
#include "hub/spread.h"
#include "hub/tell.h"

/* Acts that a reader at `seq` waits for and was sent no copy of: the newest `fresh` ones at most.
 * None, where the next event is the only one. */
static struct event *const *waiting(const struct viewer *viewer, uint64_t seq, uint64_t fresh,
                                    uint32_t *ret_count)
{
    uint32_t count = 0;
    struct event *const *acts = tail_after(&viewer->stream->acts, seq, &count);
    const bool in_order = viewer->lane != LANE_DIGEST;
    const uint32_t told = count > fresh ? count - (uint32_t)fresh : 0;
    acts += told;
    count -= told;
    *ret_count = count == 1 && in_order && acts[0]->prev <= seq ? 0 : count;
    return acts;
}

bool early_is_due(const struct viewer *viewer)
{
    const struct stream *stream = viewer->stream;
    const struct ring *ring = &viewer->channel->ring;
    const uint16_t fresh = (uint16_t)((uint16_t)stream->act_count - viewer->acts_told);
    uint32_t count = 0;
    if (fresh > 0 && viewer->cursor >= ring->tail && viewer->cursor < ring->head) {
        (void)waiting(viewer, viewer->last_seq, fresh, &count);
    }
    return count > 0 && !mutant(EARLY_NEVER);
}

static enum err tell_as(struct catchup *catchup, const struct event *act)
{
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    event_write_early(&json, act, stream_name(catchup->viewer->stream));
    const enum err err = tell_signal(catchup, &json);
    buf_done(&json);
    return err;
}

static enum err tell(struct catchup *catchup, const struct event *act)
{
    if (!tell_is_for_staff(catchup, act)) {
        return tell_as(catchup, act);
    }
    struct event *told = event_for_staff(act);
    const enum err err = told == NULL ? ERR_NOMEM : tell_as(catchup, told);
    event_unref(told);
    return err;
}

void early_begin(struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    uint32_t count = 0;
    (void)tail_after(&stream->acts, catchup->position, &count);
    catchup->acts_near = stream->act_count;
    catchup->acts_told = stream->act_count - count;
}

/* An act is still to come in its place: it counts as told when it is. */
static bool is_ahead(const struct catchup *catchup)
{
    uint32_t count = 0;
    (void)tail_after(&catchup->viewer->stream->acts, catchup->position, &count);
    return count > 0;
}

/* In a view of its own it is sent an act once, in order, as it would be among all: nothing but its
 * socket makes a difference. */
static bool goes_with_all(const struct catchup *catchup)
{
    return catchup->is_apart && catchup->keeps_up && catchup->viewer->lane != LANE_DIGEST;
}

enum err early_tell(struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    const bool is_near = !catchup->was_full && catchup->acts_near > catchup->acts_told;
    const uint64_t told = is_near ? catchup->acts_near : catchup->acts_told;
    const uint64_t fresh = stream->act_count - told;
    uint32_t count = 0;
    if (fresh == 0 || catchup->acts_at < catchup->acts.count || goes_with_all(catchup)) {
        return ERR_OK; // the acts of a hole come before all else
    }
    struct event *const *acts = waiting(catchup->viewer, catchup->position, fresh, &count);
    uint32_t sent = 0;
    while (sent < count && !page_is_full(&catchup->page)) {
        TRY(tell(catchup, acts[sent]));
        sent++;
        catchup->acts_told = stream->act_count - (count - sent);
        catchup->is_early = true;
        spread_written(catchup->viewer->stream, catchup->acts_told, 1);
    }
    if (count == 0 && !is_ahead(catchup)) {
        catchup->acts_told = stream->act_count;
    }
    return ERR_OK;
}
