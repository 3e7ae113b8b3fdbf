// SPDX-License-Identifier: Apache-2.0
#include "hub/lag.h"

#include "base/reach.h"
#include "hub/allot.h"
#include "hub/channel.h"
#include "hub/sparse.h"
#include "hub/tell.h"
#include "hub/view.h"

enum { HEAD_BYTES = 64 }; // of a frame and the event in it, with the stream's name: to begin with

/* ---- what passes ---- */

void lag_told(struct catchup *catchup, uint64_t before, size_t bytes)
{
    volume_add(&catchup->lag.told, bytes);
    page_mark_before(&catchup->page, before);
}

enum err lag_tell_event(struct catchup *catchup, const struct event *event)
{
    const uint64_t position = catchup->position;
    const size_t begin = catchup->page.bytes.len;
    TRY(tell_event(catchup, event));
    const size_t bytes = catchup->page.bytes.len - begin;
    catchup->lag.head_bytes = bytes > event->body_len ? (uint32_t)(bytes - event->body_len) : 0;
    lag_told(catchup, lane_is_act(event) ? PAGE_KEPT : position, event->body_len);
    return ERR_OK;
}

/* Of a sparse lane: that of its author, or everybody's. */
static const struct lane_places *places_of(const struct catchup *catchup)
{
    const struct viewer *viewer = catchup->viewer;
    return viewer->lane == LANE_FULL ? NULL
           : catchup->own != NULL    ? catchup->own
                                     : viewer->stream->sparse;
}

/* So far, in the lane that is counted for it. */
static struct volume passed(const struct catchup *catchup)
{
    const struct viewer *viewer = catchup->viewer;
    if (viewer->lane != LANE_FULL) {
        return catchup->lag.of->told[viewer->lane];
    }
    struct volume volume = viewer->stream->told;
    const struct shadow_author *author = view_author(viewer->stream, catchup->view);
    if (author != NULL) {
        volume.frames += author->told.frames;
        volume.bytes += author->told.bytes;
    }
    return volume;
}

/* What is counted for it is still there. */
static bool is_counted(const struct catchup *catchup)
{
    const struct lane_places *of = catchup->lag.of;
    return catchup->viewer->lane == LANE_FULL ||
           (of != NULL && (of == catchup->own || of == catchup->viewer->stream->sparse));
}

static void stand(struct catchup *catchup, uint64_t waited)
{
    struct lag *lag = &catchup->lag;
    lag->of = places_of(catchup);
    lag->waited = waited;
    lag->is_known = catchup->viewer->lane == LANE_FULL || lag->of != NULL;
    if (lag->is_known) {
        lag->told = passed(catchup);
    }
}

void lag_begin(struct catchup *catchup, uint64_t waited)
{
    stand(catchup, waited);
    catchup->lag.is_live = true;
}

void lag_end(struct catchup *catchup)
{
    lag_begin(catchup, 0);
}

void lag_forget(struct catchup *catchup)
{
    const enum lag_step step = catchup->lag.step == LAG_NONE ? LAG_NONE : LAG_ASKS_ACTS;
    catchup->lag = (struct lag){.step = step};
}

/* ---- what waits ---- */

static int64_t bytes_of(const struct catchup *catchup, int64_t frames, int64_t bytes)
{
    const uint32_t head = catchup->lag.head_bytes;
    const uint32_t first = HEAD_BYTES + catchup->viewer->stream->name_len;
    return bytes + frames * (head > 0 ? head : first);
}

static uint64_t waiting_bytes(const struct catchup *catchup)
{
    const struct lag *lag = &catchup->lag;
    const struct volume all = passed(catchup);
    const uint64_t in_page = catchup->page.bytes.len - catchup->page.sent;
    const int64_t left = bytes_of(catchup, (int64_t)(all.frames - lag->told.frames),
                                  (int64_t)(all.bytes - lag->told.bytes)) +
                         (int64_t)(lag->waited + in_page);
    return left > 0 ? (uint64_t)left : 0;
}

static uint64_t ring_bytes(const struct catchup *catchup)
{
    static const struct ring none;
    const struct viewer *viewer = catchup->viewer;
    const struct channel *channel =
        channel_find(viewer->stream, catchup->encoding, (enum lane)viewer->lane);
    return allot_ring_bytes(catchup->hub, channel == NULL ? &none : &channel->ring);
}

/* Memory holds all that waits: what was told follows from that. */
static void count_anew(struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    struct lag *lag = &catchup->lag;
    struct view_walk walk;
    lag->told = passed(catchup);
    lag->waited = 0;
    view_walk_begin(&walk, stream, catchup->view, catchup->position);
    for (const struct event *event = view_walk_on(&walk); event != NULL;
         event = view_walk_on(&walk)) {
        lag->told.frames--;
        lag->told.bytes -= event->body_len;
    }
}

static bool is_more_than_a_ring(struct catchup *catchup)
{
    const struct viewer *viewer = catchup->viewer;
    const uint64_t most = ring_bytes(catchup);
    if (waiting_bytes(catchup) <= most) {
        return false;
    }
    if (viewer->lane == LANE_FULL &&
        view_covers(viewer->stream, catchup->view, catchup->position)) {
        count_anew(catchup);
    }
    return waiting_bytes(catchup) > most;
}

bool lag_is_lost(struct catchup *catchup)
{
    struct lag *lag = &catchup->lag;
    const bool is_between =
        catchup->owes_gap || pursuit_has_acts(catchup) || catchup->lane_next != LANES;
    if (is_between || !is_counted(catchup)) {
        return false;
    }
    const bool is_lost = is_more_than_a_ring(catchup);
    if (!lag->is_live) { // its twin would go on in the ring
        lag->is_live = !is_lost;
        return false;
    }
    return is_lost;
}

/* ---- the hole ---- */

bool lag_give_up(struct catchup *catchup)
{
    struct lane_scribe *scribe = &catchup->scribe;
    uint64_t seq = lane_scribe_waits(scribe) ? scribe->span.after : catchup->position;
    if (!page_give_up(&catchup->page, &seq)) {
        return false;
    }
    lane_scribe_forget(scribe);
    catchup->position = seq > catchup->beyond ? seq : catchup->beyond;
    return true;
}

void lag_begin_hole(struct catchup *catchup)
{
    struct stream *stream = catchup->viewer->stream;
    if (!lag_give_up(catchup)) {
        return;
    }
    stand(catchup, 0);
    catchup->lag.is_live = false;
    pursuit_forget_fetched(catchup);
    const uint64_t newest = sparse_newest(catchup->viewer);
    if (newest <= catchup->position) {
        return; // only what is not told in its lane went by
    }
    catchup->hole_from = catchup->position;
    catchup->hole_upto = newest;
    catchup->owes_gap = true;
    catchup->lag.step = LAG_ASKS_ACTS;
    catchup->news_seen = stream->news == 0 ? 0 : UINT64_MAX; // some may have gone by
    catchup->keeps_up = false;
}

/* Its acts are there, as they are now. */
static bool are_acts_there(const struct catchup *catchup)
{
    const struct read *acts = &catchup->acts;
    return catchup->lag.step == LAG_HAS_ACTS && acts->result == ERR_OK &&
           !stream_removed_since(catchup->viewer->stream, acts->heard);
}

bool lag_asks_acts(struct catchup *catchup)
{
    struct lag *lag = &catchup->lag;
    if (lag->step == LAG_NONE || lag->step == LAG_COUNTS) {
        return false;
    }
    if (are_acts_there(catchup)) {
        lag->step = LAG_COUNTS;
        reach_if(view_is_apart(catchup->viewer->stream, catchup->view), HOLE_IN_VIEW);
        return false;
    }
    lag->step = LAG_HAS_ACTS;
    catchup->was_counted = false;
    pursuit_ask_acts(catchup);
    return true;
}
