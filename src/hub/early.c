// SPDX-License-Identifier: Apache-2.0
#include "hub/early.h"

#include "base/mutant.h"
#include "hub/spread.h"
#include "hub/tell.h"
#include "hub/view.h"

/* Of the acts that a reader at `seq` waits for those that it was sent no copy of: the newest
 * `fresh` ones at most. */
static struct event *const *waiting(const struct viewer *viewer, uint64_t seq, uint64_t fresh,
                                    uint32_t *ret_count)
{
    uint32_t count = 0;
    struct event *const *acts = tail_after(&viewer->stream->acts, seq, &count);
    const uint32_t told = count > fresh ? count - (uint32_t)fresh : 0;
    *ret_count = count - told;
    return acts + told;
}

bool early_is_due(const struct viewer *viewer)
{
    const struct stream *stream = viewer->stream;
    const struct ring *ring = &viewer->channel->ring;
    const uint16_t fresh = (uint16_t)((uint16_t)stream->act_count - viewer->acts_told);
    uint32_t count = 0;
    if (fresh == 0 || viewer->cursor < ring->tail || viewer->cursor == ring->head) {
        return false;
    }
    struct event *const *acts = waiting(viewer, viewer->last_seq, fresh, &count);
    const bool is_next =
        count == 1 && viewer->lane != LANE_DIGEST && acts[0]->prev <= viewer->last_seq;
    return count > 0 && !is_next && !mutant(EARLY_NEVER);
}

/* ---- copies for who reads by pages ---- */

static enum err tell_as(struct catchup *catchup, const struct event *act)
{
    const struct stream *stream = catchup->viewer->stream;
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    event_write_early(&json, act, stream_name(stream), view_prev(stream, catchup->view, act));
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
    catchup->own_near = stream->heard;
    catchup->own_told = catchup->position;
    catchup->was_full = catchup->keeps_up = catchup->is_early = false; // of where it stood before
}

/* Acts that wait for it and were told in no copy, oldest first. */
struct copies {
    struct event *const *acts;
    uint32_t count;
    struct event *const *hidden; // what is shadowed: its own acts are among it
    uint32_t hidden_count;
    uint64_t user;
};

static const struct event *peek_own(struct copies *copies)
{
    while (copies->hidden_count > 0) {
        const struct event *event = copies->hidden[0];
        if (event->user_hash == copies->user && lane_is_act(event)) {
            return event;
        }
        copies->hidden++;
        copies->hidden_count--;
    }
    return NULL;
}

/* The next one; `*ret_is_own`: it alone is told. NULL: there is none. */
static const struct event *take_copy(struct copies *copies, bool *ret_is_own)
{
    const struct event *own = peek_own(copies);
    const struct event *act = copies->count > 0 ? copies->acts[0] : NULL;
    *ret_is_own = own != NULL && (act == NULL || own->seq < act->seq);
    if (*ret_is_own) {
        copies->hidden++;
        copies->hidden_count--;
        return own;
    }
    copies->acts += act != NULL;
    copies->count -= act != NULL;
    return act;
}

static struct copies find_copies(const struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    const bool is_near = !catchup->was_full;
    const uint64_t told = is_near && catchup->acts_near > catchup->acts_told ? catchup->acts_near
                                                                             : catchup->acts_told;
    const uint64_t own_told =
        is_near && catchup->own_near > catchup->own_told ? catchup->own_near : catchup->own_told;
    struct copies copies = {.user = catchup->view};
    copies.acts =
        waiting(catchup->viewer, catchup->position, stream->act_count - told, &copies.count);
    if (catchup->is_apart && catchup->view != 0) {
        copies.hidden = tail_after(&stream->shadowed,
                                   own_told > catchup->position ? own_told : catchup->position,
                                   &copies.hidden_count);
    }
    return copies;
}

/* The next thing it is sent is the act itself. */
static bool is_next(const struct catchup *catchup, struct copies copies)
{
    bool is_own = false;
    const struct event *act = take_copy(&copies, &is_own);
    return act != NULL && take_copy(&copies, &is_own) == NULL &&
           catchup->viewer->lane != LANE_DIGEST &&
           view_prev(catchup->viewer->stream, catchup->view, act) <= catchup->position;
}

/* An act is still to come in its place: it counts as told when it is. */
static bool is_ahead(const struct catchup *catchup)
{
    uint32_t count = 0;
    (void)tail_after(&catchup->viewer->stream->acts, catchup->position, &count);
    return count > 0;
}

/* Who has had all so far is sent an act once, in order, whether it reads by pages because its view
 * is its own or because a notice came first: nothing but its socket makes a difference. */
static bool goes_with_all(const struct catchup *catchup)
{
    return catchup->keeps_up && catchup->viewer->lane != LANE_DIGEST;
}

static enum err tell_copies(struct catchup *catchup, struct copies *copies)
{
    struct stream *stream = catchup->viewer->stream;
    bool is_own = false;
    for (const struct event *act = take_copy(copies, &is_own); act != NULL;
         act = take_copy(copies, &is_own)) {
        TRY(tell(catchup, act));
        catchup->is_early = true;
        if (is_own) {
            catchup->own_told = act->seq;
        } else {
            catchup->acts_told = stream->act_count - copies->count;
            spread_written(stream, catchup->acts_told, 1);
        }
        if (page_is_full(&catchup->page)) {
            break;
        }
    }
    return ERR_OK;
}

enum err early_tell(struct catchup *catchup)
{
    if (pursuit_has_acts(catchup) || goes_with_all(catchup)) {
        return ERR_OK; // the acts of a hole come before all else
    }
    struct copies copies = find_copies(catchup);
    if (is_next(catchup, copies)) {
        return ERR_OK;
    }
    const bool has_none = copies.count == 0;
    TRY(tell_copies(catchup, &copies));
    if (has_none && !is_ahead(catchup)) {
        catchup->acts_told = catchup->viewer->stream->act_count;
    }
    return ERR_OK;
}
