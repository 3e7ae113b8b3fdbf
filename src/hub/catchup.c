// SPDX-License-Identifier: Apache-2.0
#include "hub/catchup.h"

#include "base/must.h"
#include "base/mutant.h"
#include "hub/channel.h"
#include "hub/door.h"
#include "hub/early.h"
#include "hub/lag.h"
#include "hub/remind.h"
#include "hub/sift.h"
#include "hub/sparse.h"
#include "hub/staff.h"
#include "hub/stall.h"
#include "hub/tell.h"
#include "hub/view.h"

/* ---- its memory ---- */

struct catchup *catchup_new(struct hub *hub, struct viewer *viewer, const struct join *join)
{
    struct catchup *catchup = mem_new(MEM_VIEWER, sizeof(*catchup));
    if (catchup == NULL) {
        return NULL;
    }
    if (join != NULL && join->name.len > 0) {
        catchup->name = mem_copy_text(MEM_VIEWER, join->name.at, join->name.len);
        if (catchup->name == NULL) {
            mem_free(MEM_VIEWER, catchup);
            return NULL;
        }
    }
    if (join != NULL) {
        const uint32_t limit = join->limit == 0 ? CATCHUP_POLL_EVENTS_MAX : join->limit;
        catchup->encoding = join->encoding;
        catchup->has_cursor = join->has_cursor;
        catchup->cursor = join->cursor;
        catchup->tail = join->tail < READ_LIMIT_MAX ? join->tail : READ_LIMIT_MAX;
        catchup->limit = limit < READ_LIMIT_MAX ? limit : READ_LIMIT_MAX;
        catchup->retry_ms = join->retry_ms;
        catchup->address = join->address;
        catchup->view = join->user;
    }
    catchup->hub = hub;
    catchup->viewer = viewer;
    catchup->lane_next = LANES;
    page_init(&catchup->page);
    return catchup;
}

void catchup_enter(struct catchup *catchup, struct stream *stream)
{
    list_push(&stream->pursuits, &catchup->stream_link);
    (void)!staff_note(catchup); // there is nothing to take back yet
}

/* No viewer has it any more. */
static void end(struct catchup *catchup)
{
    struct stream *stream = catchup->viewer->stream;
    if (catchup->is_apart) {
        stream->apart--;
    }
    staff_leave(catchup);
    sparse_leave_own(catchup);
    catchup->is_apart = false;
    catchup->viewer = NULL;
    list_remove(&catchup->stream_link);
}

void catchup_free(struct catchup *catchup)
{
    list_remove(&catchup->stream_link);
    for (uint32_t i = 0; i < catchup->notice_count; i++) {
        notice_unref(catchup->notices[i]);
    }
    read_done(&catchup->acts);
    read_done(&catchup->fetched);
    lane_scribe_done(&catchup->scribe);
    page_done(&catchup->page);
    mem_free(MEM_VIEWER, catchup->name);
    mem_free(MEM_VIEWER, catchup);
}

void catchup_drop(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    viewer->catchup = NULL;
    if (catchup == NULL) {
        return;
    }
    end(catchup);
    if (!catchup->away) {
        catchup_free(catchup);
    }
}

/* ---- asking the store ---- */

static void on_back(struct catchup *catchup, enum err result)
{
    struct viewer *viewer = catchup->viewer;
    struct stream *asked = catchup->asked;
    catchup->away = false;
    catchup->asked = NULL;
    catchup->result = result;
    catchup->hub->calls_away--;
    asked->lent--;
    if (asked->closing) { // it may have waited for this
        door_step_soon(asked);
    }
    if (viewer == NULL) {
        catchup_free(catchup);
    } else if (viewer->mode == VIEWER_OPENING) {
        list_push(&catchup->hub->admits, &viewer->link);
    } else {
        catchup_resume(viewer);
    }
}

static void on_fetched(struct call *call)
{
    struct catchup *catchup = list_entry(call, struct catchup, fetched.call);
    on_back(catchup, catchup->fetched.result);
}

static void on_acts(struct call *call)
{
    struct catchup *catchup = list_entry(call, struct catchup, acts.call);
    on_back(catchup, catchup->acts.result);
}

static void on_counted(struct call *call)
{
    struct catchup *catchup = list_entry(call, struct catchup, count.call);
    catchup->was_counted = catchup->count.result == ERR_OK;
    on_back(catchup, catchup->count.result);
}

static void go_away(struct catchup *catchup)
{
    must(!catchup->away && !list_holds(&catchup->viewer->link));
    catchup->away = true;
    catchup->asked = catchup->viewer->stream;
    catchup->asked->lent++;
    catchup->hub->calls_away++;
}

void catchup_read(struct catchup *catchup, struct read *read)
{
    read_done(read);
    go_away(catchup);
    read->call.home = catchup->hub->options.home;
    read->call.done = read == &catchup->acts ? on_acts : on_fetched;
    read->stream = stream_name(catchup->asked);
    read->view = mutant(VIEW_READ_PUBLIC) ? 0 : catchup->view;
    catchup->fetched_at = 0;
    port_read(catchup->hub->options.port, read);
}

static void count(struct catchup *catchup, const struct count_call *what)
{
    go_away(catchup);
    catchup->count = *what;
    catchup->count.call.home = catchup->hub->options.home;
    catchup->count.call.done = on_counted;
    catchup->count.stream = stream_name(catchup->asked);
    port_count(catchup->hub->options.port, &catchup->count);
}

void catchup_count(struct catchup *catchup, uint64_t after, uint64_t upto)
{
    count(catchup, &(struct count_call){.after = after, .upto = upto, .view = catchup->view});
}

void catchup_count_hole(struct catchup *catchup)
{
    const bool is_everybodys =
        catchup->owes_gap && (catchup->lag.step == LAG_NONE || mutant(GAP_OF_EVERYBODY));
    count(catchup, &(struct count_call){.after = catchup->hole_from,
                                        .upto = catchup->hole_upto,
                                        .view = is_everybodys ? 0 : catchup->view,
                                        .with_removed = true});
}

static void on_reminded(struct catchup *catchup)
{
    on_back(catchup, ERR_OK);
}

/* True: it was asked, and comes back. */
static bool ask_warnings(struct catchup *catchup)
{
    struct reminder *reminder = catchup->is_to_remind ? remind_begin(catchup) : NULL;
    if (reminder != NULL) {
        go_away(catchup);
        remind_ask(reminder, on_reminded);
    }
    return reminder != NULL;
}

/* ---- filling a page ---- */

/* As many of them as the page takes; `*ret_taken` of them. */
static enum err write_events(struct catchup *catchup, struct event *const *events, uint32_t count,
                             uint32_t *ret_taken)
{
    uint32_t taken = 0;
    enum err err = ERR_OK;
    while (err == ERR_OK && taken < count && !page_is_full(&catchup->page)) {
        if (events[taken]->prev > catchup->position && !mutant(EXPIRED_UNTOLD)) {
            err = tell_expired(catchup, events[taken]->prev);
            continue;
        }
        err = lag_tell_event(catchup, events[taken]);
        taken += err == ERR_OK;
    }
    *ret_taken = taken;
    return taken > 0 ? ERR_OK : err;
}

static enum err fill_acts(struct catchup *catchup)
{
    while (pursuit_has_acts(catchup) && !page_is_full(&catchup->page)) {
        TRY(tell_event(catchup, catchup->acts.events[catchup->acts_at]));
        catchup->acts_at++;
    }
    if (!pursuit_has_acts(catchup)) {
        read_done(&catchup->acts);
        catchup->acts_at = 0;
        catchup->position = catchup->hole_upto;
    }
    return ERR_OK;
}

bool catchup_is_behind(const struct viewer *viewer)
{
    return viewer->catchup->position < sparse_newest(viewer);
}

static void fetch(struct catchup *catchup, uint32_t limit)
{
    struct read *read = &catchup->fetched;
    read->from = READ_AFTER;
    read->bound = catchup->position;
    read->upto = sparse_newest(catchup->viewer);
    read->limit = limit;
    read->kinds = UINT32_MAX;
    catchup_read(catchup, read);
}

/* As many of them as stand up to there. */
static uint32_t count_upto(struct event *const *events, uint32_t count, uint64_t seq)
{
    while (count > 0 && events[count - 1]->seq > seq) {
        count--;
    }
    return count;
}

/* Once in a view of its own it stays there. */
static bool is_apart(struct catchup *catchup)
{
    struct stream *stream = catchup->viewer->stream;
    if (!catchup->is_apart && (staff_is(catchup) || view_is_apart(stream, catchup->view))) {
        catchup->is_apart = true;
        stream->apart++;
    }
    if (catchup->is_apart) {
        catchup->position = pursuit_has(catchup); // what is theirs up to there, too
        (void)!sparse_enter(catchup->viewer);     // without memory its lane is everybody's
    }
    return catchup->is_apart;
}

/* What was read before a removal is not what the log says now; and by one it may stand further
 * back than what was read for it since. */
static void drop_stale(struct catchup *catchup)
{
    const struct read *read = &catchup->fetched;
    const bool is_beyond = read->bound <= SEQ_MAX && read->bound > catchup->position;
    const bool is_stale = stream_removed_since(catchup->viewer->stream, read->heard);
    if (read->count > 0 && (is_stale || is_beyond)) {
        pursuit_forget_fetched(catchup);
    }
}

/* What follows `position`, up to the goal, and is at hand. False: the store has to be asked. */
static bool find_events(struct catchup *catchup, struct event *const **ret_events,
                        uint32_t *ret_count)
{
    const struct stream *stream = catchup->viewer->stream;
    const bool is_held = view_is_at_hand(catchup);
    if (is_held && !is_apart(catchup)) {
        *ret_events = tail_after(&stream->tail, catchup->position, ret_count);
        *ret_count = count_upto(*ret_events, *ret_count, sparse_newest(catchup->viewer));
        return true;
    }
    const struct read *read = &catchup->fetched;
    drop_stale(catchup);
    while (catchup->fetched_at < read->count &&
           read->events[catchup->fetched_at]->seq <= catchup->position) {
        catchup->fetched_at++;
    }
    if (catchup->fetched_at >= read->count && is_held &&
        view_read(catchup, sparse_newest(catchup->viewer)) == ERR_OK) {
        *ret_events = read->events;
        *ret_count = read->count;
        return true;
    }
    if (catchup->fetched_at < read->count) {
        *ret_events = read->events + catchup->fetched_at;
        *ret_count = read->count - catchup->fetched_at;
        return true;
    }
    return false;
}

/* The store was asked, and has nothing more up to where it was asked: retention took it. */
static bool is_all_expired(const struct catchup *catchup)
{
    const struct read *read = &catchup->fetched;
    return read->call.done != NULL && read->count == 0 && read->bound == catchup->position &&
           read->upto > catchup->position;
}

static enum err expire(struct catchup *catchup, uint64_t to)
{
    TRY(sift_settle(catchup));
    return tell_expired(catchup, to);
}

/* ERR_AGAIN: the store was asked. */
static enum err fill(struct catchup *catchup)
{
    struct event *const *events = NULL;
    uint32_t count = 0, taken = 0;
    if (pursuit_has_acts(catchup)) {
        return fill_acts(catchup);
    }
    const bool is_sparse = catchup->viewer->lane != LANE_FULL;
    const uint64_t goal = sparse_newest(catchup->viewer);
    if (is_sparse && catchup->position >= goal) {
        return catchup->position == goal ? sift_settle(catchup) : ERR_OK;
    }
    if (find_events(catchup, &events, &count)) {
        /* A tail that is whole and holds nothing of it: retention took all there was. */
        if (count == 0 && catchup->position < goal) {
            return expire(catchup, goal);
        }
        return is_sparse ? sift_events(catchup, events, count)
                         : write_events(catchup, events, count, &taken);
    }
    if (is_all_expired(catchup)) {
        return expire(catchup, catchup->fetched.upto);
    }
    fetch(catchup, CATCHUP_READ_EVENTS);
    return ERR_AGAIN;
}

/* ---- becoming LIVE ---- */

/* Of a sparse lane nobody begins amid what a frame tells of. */
static bool is_in_ring(const struct channel *channel, uint64_t position, uint32_t *ret_index)
{
    return ring_find(&channel->ring, position, ret_index) &&
           (channel->lane == LANE_FULL || mutant(LANE_AMID) ||
            ring_place_before(&channel->ring, *ret_index).seq == position);
}

/* ERR_AGAIN: not yet; ERR_NOMEM. */
static enum err try_live(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    struct stream *stream = viewer->stream;
    const enum lane lane = (enum lane)viewer->lane;
    struct channel *channel = channel_find(stream, catchup->encoding, lane);
    if (catchup->owes_gap || is_apart(catchup) || pursuit_has_acts(catchup) ||
        !page_is_empty(&catchup->page) || lane_scribe_waits(&catchup->scribe) ||
        catchup->lane_next != LANES || catchup->is_to_remind) {
        return ERR_AGAIN;
    }
    if (channel == NULL && catchup->position == sparse_newest(viewer)) {
        channel = channel_of(stream, catchup->encoding, lane);
        if (channel == NULL) {
            return ERR_NOMEM;
        }
    }
    uint32_t index = 0;
    if (channel == NULL || !is_in_ring(channel, catchup->position, &index)) {
        return ERR_AGAIN;
    }
    if (catchup->news_seen != stream->news) {
        page_reset(&catchup->page);
        TRY(tell_news(catchup));
        return ERR_AGAIN;
    }
    const struct ring *ring = &channel->ring;
    if (mutant(LIVE_DOUBLE) && index > 0) {
        index--;
    }
    const uint64_t cursor =
        index < ring->frame_count ? ring_frame(ring, index)->offset : ring->head;
    const struct ring_place place = {.seq = catchup->position,
                                     .ordinal = ring_place_before(ring, index).ordinal};
    TRY(channel_join(channel, viewer, cursor, place));
    if (catchup->beyond > viewer->last_seq) { // positions only grow
        viewer->last_seq = catchup->beyond;
    }
    viewer->acts_told = (uint16_t)catchup->acts_told;
    viewer->is_early = catchup->is_early && cursor < ring->head;
    catchup_drop(viewer);
    if (cursor < ring->head && !viewer->blocked) {
        list_push(&stream->hub->ready, &viewer->link);
    }
    return ERR_OK;
}

/* ---- long polls ---- */

/* A digest is not cut where it can be whole: back to where a window ends, if one does. */
static uint32_t whole_windows(struct event *const *events, uint32_t count, uint32_t limit)
{
    uint32_t whole = limit;
    if (limit >= count) {
        return count;
    }
    while (whole > 0 && lane_window_of(LANE_DIGEST, events[whole - 1]->at_ms) ==
                            lane_window_of(LANE_DIGEST, events[whole]->at_ms)) {
        whole--;
    }
    return whole == 0 ? limit : whole;
}

static void collect(struct viewer *viewer, struct event *const *events, uint32_t count)
{
    struct catchup *catchup = viewer->catchup;
    struct hub *hub = catchup->hub;
    struct stream *stream = viewer->stream;
    struct cursor cursor = {.epoch = hub->options.port->epoch, .seq = catchup->position};
    const bool resync = catchup->resync != NULL;
    if (count > 0 && viewer->lane == LANE_DIGEST) {
        count = whole_windows(events, count, catchup->limit);
    }
    count = count < catchup->limit ? count : catchup->limit;
    if (count > 0) {
        cursor.seq = events[count - 1]->seq;
        tell_count_deliveries(stream, count);
    }
    if (viewer->expired.to > 0) {
        tell_count_gap(stream, GAP_EXPIRED, 0);
    }
    viewer->last_seq = cursor.seq;
    viewer->catchup = NULL;
    end(catchup);
    door_leave(viewer);
    viewer->ops->collect(viewer, events, count, &cursor, resync); // may free the viewer
    catchup_free(catchup);
}

/* How many follow each other: retention may have taken some from amid what the tail holds. */
static uint32_t unbroken(struct event *const *events, uint32_t count)
{
    uint32_t i = 1;
    while (i < count && events[i]->prev <= events[i - 1]->seq) {
        i++;
    }
    return i;
}

static void answer_poll(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    struct stream *stream = viewer->stream;
    struct event *const *events = NULL;
    uint32_t count = 0;
    viewer->last_seq = catchup->position;
    (void)is_apart(catchup); // since it waits, the first of theirs may have been shadowed
    if (catchup->position >= sparse_newest(viewer)) {
        if (catchup->resync != NULL) {
            collect(viewer, NULL, 0);
        } else {
            list_push(&stream->pollers, &viewer->link);
        }
        return;
    }
    if (find_events(catchup, &events, &count) && count > 0) {
        if (events[0]->prev > catchup->position) {
            viewer->expired.from = catchup->position + 1;
            viewer->expired.to = events[0]->prev;
        }
        collect(viewer, events, unbroken(events, count));
    } else if (is_all_expired(catchup)) {
        viewer->expired.from = catchup->position + 1;
        viewer->expired.to = catchup->fetched.upto;
        catchup->position = catchup->fetched.upto;
        collect(viewer, NULL, 0);
    } else {
        fetch(catchup, catchup->limit);
    }
}

void catchup_wake_pollers(struct stream *stream)
{
    if (mutant(POLL_ASLEEP)) {
        return;
    }
    for (struct link *link = list_pop(&stream->pollers); link != NULL;
         link = list_pop(&stream->pollers)) {
        list_push(&stream->hub->catching, link);
    }
}

/* ---- the turn ---- */

void catchup_resume(struct viewer *viewer)
{
    if (!list_holds(&viewer->link)) {
        list_push(&viewer->catchup->hub->catching, &viewer->link);
    }
}

void catchup_rest_until_later(struct hub *hub, struct viewer *viewer)
{
    if (list_is_empty(&hub->resting)) {
        hub->rest_until_ms = hub->now_ms + STREAM_RETRY_MS;
    }
    if (!list_holds(&viewer->link)) {
        list_push(&hub->resting, &viewer->link);
    }
}

void catchup_rest(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    if (viewer->mode == VIEWER_OPENING) { // its plan begins anew
        page_done(&catchup->page);
        page_init(&catchup->page);
        pursuit_forget_plan(catchup);
        catchup->resync = catchup->has_cursor ? NULL : catchup->resync;
    }
    catchup->result = ERR_OK;
    /* It may have to stand further back by then; and a failed read says nothing of what is kept. */
    pursuit_forget_fetched(catchup);
    catchup_rest_until_later(catchup->hub, viewer);
}

static void end_rest(struct hub *hub)
{
    struct link *const goes_on[] = {[VIEWER_OPENING] = &hub->admits,
                                    [VIEWER_CATCHUP] = &hub->catching,
                                    [VIEWER_LIVE] = &hub->ready};

    while (hub->now_ms >= hub->rest_until_ms && !list_is_empty(&hub->resting)) {
        struct viewer *viewer = list_entry(list_pop(&hub->resting), struct viewer, link);
        list_push(goes_on[viewer->mode], &viewer->link);
    }
}

/* It has all its lane has, and stands where nobody of the lane does. */
static bool waits_for_more(const struct viewer *viewer)
{
    const struct catchup *catchup = viewer->catchup;
    const uint64_t goal = sparse_newest(viewer);
    return (viewer->lane != LANE_FULL || catchup->is_apart) && page_is_empty(&catchup->page) &&
           !pursuit_has_acts(catchup) && catchup->position >= goal &&
           (!lane_scribe_waits(&catchup->scribe) || catchup->position > goal);
}

static void open_again(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    lane_scribe_done(&catchup->scribe);
    pursuit_forget_fetched(catchup);
    lag_forget(catchup);
    pursuit_forget_plan(catchup);
    viewer->mode = VIEWER_OPENING;
    list_push(&catchup->hub->admits, &viewer->link);
}

/* As if it had come back with the cursor it has; what is promised was sent. */
static void begin_anew(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    const struct lane_span *span = &catchup->scribe.span;
    const uint64_t told = mutant(LANE_OTHER)                    ? viewer->stream->newest
                          : lane_scribe_waits(&catchup->scribe) ? span->after
                                                                : pursuit_has(catchup);
    const enum lane lane = (enum lane)catchup->lane_next;
    sparse_leave(viewer);
    viewer->lane = (uint8_t)lane;
    catchup->lane_next = LANES;
    catchup->has_cursor = true;
    catchup->cursor = (struct cursor){.epoch = catchup->hub->options.port->epoch, .seq = told};
    catchup->resync = NULL;
    open_again(viewer);
}

/* More acts than are remembered stand in its hole: as if it had just come, told so. */
static void start_over(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    catchup->owes_gap = false;
    catchup->lag.step = LAG_NONE;
    catchup->has_cursor = catchup->resumed = false;
    catchup->tail = CATCHUP_FAR_TAIL;
    catchup->resync = "far";
    open_again(viewer);
}

static bool owes_nothing(const struct catchup *catchup)
{
    return !catchup->owes_gap && !pursuit_has_acts(catchup);
}

enum err catchup_change_lane(struct hub *hub, struct viewer *viewer, enum lane lane)
{
    if (viewer->mode == VIEWER_LIVE) {
        struct catchup *catchup = catchup_new(hub, viewer, NULL);
        if (catchup == NULL) {
            return ERR_NOMEM;
        }
        catchup->encoding = viewer->channel->encoding;
        catchup->tail = CATCHUP_FAR_TAIL;
        view_enter(catchup, viewer->has_user ? viewer->ops->user(viewer) : 0);
        pursuit_stand(catchup);
        catchup->lane_next = (uint8_t)lane;
        list_remove(&viewer->link);
        channel_leave(viewer);
        viewer->catchup = catchup;
        catchup_enter(catchup, viewer->stream);
        begin_anew(viewer);
        return ERR_OK;
    }
    struct catchup *catchup = viewer->catchup;
    catchup->lane_next = (uint8_t)lane;
    if (viewer->mode == VIEWER_CATCHUP && !catchup->away) {
        list_remove(&viewer->link);
        if (viewer->blocked && owes_nothing(catchup) && lag_give_up(catchup)) {
            begin_anew(viewer); // where and when a LIVE one would
        } else if (!viewer->blocked) {
            catchup_resume(viewer);
        }
    }
    return ERR_OK;
}

enum err catchup_part(struct viewer *viewer)
{
    struct channel *channel = viewer->channel;
    struct stream *stream = viewer->stream;
    struct catchup *catchup = catchup_new(stream->hub, viewer, NULL);
    if (catchup == NULL) {
        return ERR_NOMEM;
    }
    const uint64_t waited = channel->ring.head - viewer->cursor;
    catchup->encoding = channel->encoding;
    pursuit_stand(catchup);
    catchup->news_seen = viewer->cursor == channel->ring.head ? stream->news : UINT64_MAX;
    catchup->acts_told =
        stream->act_count - (uint16_t)((uint16_t)stream->act_count - viewer->acts_told);
    catchup->own_told = stream->heard; // before that it was told what everybody is
    catchup->was_full = true;
    catchup->keeps_up = !viewer->blocked && !viewer->is_early;
    catchup->is_early = viewer->is_early;
    view_enter(catchup, viewer->has_user ? viewer->ops->user(viewer) : 0);
    lag_begin(catchup, waited);
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

/* The page begins with the gap. False: it waits, for the log or for memory. */
static bool tell_owed(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    if (lag_asks_acts(catchup)) {
        catchup_read(catchup, &catchup->acts);
        return false;
    }
    const enum err err = catchup->acts.more ? ERR_LIMIT : tell_hole(catchup);
    if (err == ERR_LIMIT) {
        start_over(viewer);
    } else if (err == ERR_AGAIN) {
        catchup_count_hole(catchup);
    } else if (err != ERR_OK) {
        catchup_rest(viewer);
    }
    return err == ERR_OK;
}

/* What its twin that is LIVE would be spared is given up. */
static void forget_slow(struct catchup *catchup)
{
    if (catchup->lag.is_known && is_apart(catchup) && lag_is_lost(catchup)) {
        lag_begin_hole(catchup);
    }
}

static void go_on(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    must(catchup != NULL);
    if (catchup->result != ERR_OK) {
        catchup_rest(viewer);
        return;
    }
    if (catchup->encoding == NULL) {
        answer_poll(viewer);
        return;
    }
    enum err err = ERR_OK;
    forget_slow(catchup);
    const bool was_empty = page_is_empty(&catchup->page);
    if (was_empty) {
        page_reset(&catchup->page);
        if (catchup->owes_gap && !tell_owed(viewer)) {
            return;
        }
    }
    if (page_is_empty(&catchup->page)) {
        if (ask_warnings(catchup)) {
            return;
        }
        if (catchup->lane_next != LANES && !pursuit_has_acts(catchup)) {
            begin_anew(viewer);
            return;
        }
        if (early_tell(catchup) != ERR_OK) {
            catchup_rest(viewer);
            return;
        }
        err = page_is_empty(&catchup->page) ? try_live(viewer) : ERR_OK;
        if (err == ERR_OK && viewer->mode == VIEWER_LIVE) {
            return;
        }
        const bool waits = err == ERR_AGAIN && waits_for_more(viewer);
        const bool has_news = catchup->is_apart && catchup->news_seen != viewer->stream->news;
        if (waits && !has_news) {
            list_push(&viewer->stream->pollers, &viewer->link);
            catchup->keeps_up = true;
            lag_end(catchup);
            return;
        }
        err = waits ? tell_news(catchup) : err == ERR_AGAIN ? fill(catchup) : err;
    }
    if (err == ERR_OK && !page_send(&catchup->page, viewer)) {
        stall_begin(viewer);
        catchup->was_full = true;
        catchup->keeps_up = false;
        /* All is with the connection: in the ring it costs nothing while it waits. */
        (void)try_live(viewer);
    } else if (err == ERR_OK) {
        if (!was_empty || try_live(viewer) != ERR_OK) { // acts go first: they are told next turn
            catchup_resume(viewer);
        }
    } else if (err == ERR_NOMEM) {
        catchup_rest(viewer);
    }
}

int64_t catchup_turn(struct hub *hub, uint32_t *budget)
{
    end_rest(hub);
    while (*budget > 0 && !list_is_empty(&hub->catching)) {
        struct viewer *viewer = list_entry(list_pop(&hub->catching), struct viewer, link);
        if (door_may_send(viewer->stream)) {
            go_on(viewer);
        } else {
            list_push(&viewer->stream->joiners, &viewer->link);
        }
        (*budget)--;
    }
    if (!list_is_empty(&hub->catching)) {
        return hub->now_ms;
    }
    return list_is_empty(&hub->resting) ? INT64_MAX : hub->rest_until_ms;
}
