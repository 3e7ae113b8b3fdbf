// SPDX-License-Identifier: Apache-2.0
#include "hub/join.h"

#include "base/must.h"
#include "base/mutant.h"
#include "hub/catchup.h"
#include "hub/crowd.h"
#include "hub/door.h"
#include "hub/early.h"
#include "hub/facts.h"
#include "hub/herald.h"
#include "hub/remind.h"
#include "hub/sift.h"
#include "hub/signals.h"
#include "hub/sparse.h"
#include "hub/stream.h"
#include "hub/tell.h"
#include "hub/view.h"

enum join_step {
    JOIN_START,
    JOIN_COUNTED,      // how far behind the cursor is
    JOIN_FIND_TAIL,    // look for the newest `tail` comments
    JOIN_FOUND_TAIL,   // the store has
    JOIN_FOUND_FIRST,  // the first event kept after the cursor
    JOIN_FOUND_ACTS,   // of the hole between the cursor and the tail
    JOIN_COUNTED_HOLE, // what is spared of it, and what is removed
    JOIN_READY,
};

/* ---- the sync that makes newest mean committed ---- */

static void on_synced(struct call *call)
{
    struct hub *hub = list_entry(call, struct hub, sync.call);
    hub->sync_away = false;
    hub->sync_back = hub->sync_sent;
}

static void send_sync(struct hub *hub)
{
    hub->sync_wanted = false;
    hub->sync_away = true;
    hub->sync_sent++;
    hub->sync.call.home = hub->options.home;
    hub->sync.call.done = on_synced;
    port_sync(hub->options.port, &hub->sync);
}

/* The number of a sync that is sent after this moment. */
static uint64_t take_ticket(struct hub *hub)
{
    if (hub->sync_away) {
        hub->sync_wanted = true;
        return hub->sync_sent + 1;
    }
    send_sync(hub);
    return hub->sync_sent;
}

/* ---- beginning ---- */

/* While the engine is silent nothing is opened that would only wait for it. */
static struct stream *find_or_open(struct viewer *viewer, struct str name)
{
    struct hub *hub = viewer->catchup->hub;
    struct stream *stream = stream_find(hub, name);
    if (stream == NULL && stream_order_is_silent(hub)) {
        viewer->refusal = VIEWER_STORE_DOWN;
        return NULL;
    }
    return stream == NULL ? stream_open(hub, name) : stream;
}

void join_begin(struct hub *hub, struct viewer *viewer, const struct viewer_ops *ops,
                const struct join *join)
{
    must(viewer->mode == VIEWER_IDLE);
    *viewer = (struct viewer){.ops = ops,
                              .identity = join->identity,
                              .mode = VIEWER_OPENING,
                              .refusal = VIEWER_OVERLOADED,
                              .lane = join->lane,
                              .has_user = join->user != 0,
                              .moderates = join->moderates,
                              .reader = (uint8_t)tally_reader_kind(join->encoding)};
    viewer->catchup = hub->closing ? NULL : catchup_new(hub, viewer, join);
    struct stream *stream = viewer->catchup == NULL ? NULL : find_or_open(viewer, join->stream);
    if (stream == NULL) {
        list_push(&hub->refused, &viewer->link);
        return;
    }
    door_enter(stream, viewer);
    catchup_enter(viewer->catchup, stream);
    remind_soon(viewer->catchup);
    viewer->catchup->ticket = take_ticket(hub);
    list_push(door_is_open(stream) ? &hub->syncing : &stream->joiners, &viewer->link);
}

/* ---- the plan ---- */

static bool is_synced(const struct hub *hub, const struct catchup *catchup)
{
    return catchup->ticket <= hub->sync_back || mutant(SYNC_IGNORED);
}

/* The tail could reach further back, for this one and all who come after it. True: it waits. */
static bool wait_deeper(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    struct catchup *catchup = viewer->catchup;
    if (catchup->waited_deeper || !tail_has_room(&stream->tail)) {
        return false;
    }
    catchup->waited_deeper = true;
    stream->wants_deeper = true;
    list_push(&stream->joiners, &viewer->link);
    door_step_soon(stream);
    return true;
}

static enum join_step plan_start(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    const struct stream *stream = viewer->stream;
    const struct epoch *epoch = &catchup->hub->options.port->epoch;
    const struct cursor *cursor = &catchup->cursor;
    if (!catchup->has_cursor) {
        return JOIN_FIND_TAIL;
    }
    if (cursor->epoch.text[0] != '\0' && !epoch_eq(&cursor->epoch, epoch) &&
        !mutant(EPOCH_IGNORED)) {
        catchup->resync = "epoch";
        return JOIN_FIND_TAIL;
    }
    const uint64_t newest = view_newest(stream, catchup->view);
    if (cursor->seq > stream->heard) {
        catchup->resync = "ahead";
        return JOIN_FIND_TAIL;
    }
    if (cursor->seq > newest && viewer->lane == LANE_FULL && catchup->encoding != NULL) {
        catchup->beyond = cursor->seq; // it is shown nothing of what lies between
        catchup->position = newest;
        catchup->resumed = true;
        return JOIN_READY;
    }
    catchup->position = cursor->seq + (mutant(RESUME_AFTER) && cursor->seq < stream->newest) -
                        (mutant(RESUME_BEFORE) && cursor->seq > 0);
    catchup->resumed = true;
    if (catchup->encoding == NULL || view_is_at_hand(catchup)) {
        return JOIN_READY; // a long poll goes page by page, however far behind
    }
    if (wait_deeper(viewer)) {
        return JOIN_START;
    }
    if (view_covers(stream, catchup->view, cursor->seq)) {
        return JOIN_READY; // the store says where that stands in its second
    }
    catchup->step = JOIN_COUNTED;
    catchup_count(catchup, cursor->seq, stream->newest);
    return JOIN_START;
}

static enum join_step plan_counted(struct catchup *catchup)
{
    if (catchup->count.count <= catchup->hub->options.resume_max) {
        return JOIN_READY;
    }
    catchup->hole_from = catchup->position;
    return JOIN_FIND_TAIL;
}

/* The backfill begins after `start`. */
static enum join_step found_tail(struct viewer *viewer, uint64_t start)
{
    struct catchup *catchup = viewer->catchup;
    if (!catchup->resumed) {
        catchup->position = start;
        return JOIN_READY;
    }
    if (start <= catchup->position) {
        return JOIN_READY;
    }
    catchup->hole_upto = start;
    catchup->step = JOIN_FOUND_FIRST;
    catchup->fetched.from = READ_AFTER;
    catchup->fetched.bound = catchup->position;
    catchup->fetched.upto = viewer->stream->newest;
    catchup->fetched.limit = 1;
    catchup->fetched.kinds = UINT32_MAX;
    catchup_read(catchup, &catchup->fetched);
    return JOIN_START;
}

/* Memory says where the backfill begins. */
static bool find_start(const struct viewer *viewer, uint64_t *ret_start)
{
    const struct stream *stream = viewer->stream;
    const struct catchup *catchup = viewer->catchup;
    const enum lane lane = (enum lane)viewer->lane;
    const struct lane_rule rule = sparse_rule(stream->hub, lane);
    return catchup->tail == 0 || lane == LANE_CONTROL ||
           (catchup->own == NULL
                ? tail_find_start(&stream->tail, catchup->tail, rule, ret_start)
                : view_find_start(stream, catchup->view, catchup->tail, rule, ret_start)) ||
           stream->tail.is_whole;
}

static enum join_step plan_find_tail(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    const struct stream *stream = viewer->stream;
    const enum lane lane = (enum lane)viewer->lane;
    const uint64_t newest = lane == LANE_FULL ? stream->newest : sparse_newest(viewer);
    uint64_t start = newest;
    catchup->step = JOIN_FIND_TAIL;
    const bool is_apart = lane == LANE_FULL && view_is_apart(stream, catchup->view);
    if (is_apart && catchup->tail == 0) {
        return found_tail(viewer, view_newest(stream, catchup->view));
    }
    if (!is_apart && find_start(viewer, &start)) {
        return found_tail(viewer, start < newest ? start : newest);
    }
    if (!is_apart && wait_deeper(viewer)) {
        return JOIN_START;
    }
    if (lane != LANE_FULL) { // no further back than memory goes
        return found_tail(viewer, stream->tail.covers < newest ? stream->tail.covers : newest);
    }
    catchup->step = JOIN_FOUND_TAIL;
    catchup->fetched.from = READ_BEFORE;
    catchup->fetched.bound = view_newest(stream, catchup->view) + 1;
    catchup->fetched.limit = catchup->tail;
    catchup->fetched.kinds = TAIL_COUNTED_KINDS;
    catchup_read(catchup, &catchup->fetched);
    return JOIN_START;
}

static enum join_step plan_found_tail(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    const struct read *read = &catchup->fetched;
    const uint64_t start = read->count > 0 ? read->events[0]->prev : read->bound - 1;
    read_done(&catchup->fetched);
    return found_tail(viewer, start);
}

static enum join_step read_acts(struct catchup *catchup)
{
    catchup->step = JOIN_FOUND_ACTS;
    pursuit_ask_acts(catchup);
    catchup_read(catchup, &catchup->acts);
    return JOIN_START;
}

static enum join_step plan_found_first(struct catchup *catchup)
{
    const struct read *read = &catchup->fetched;
    const uint64_t kept_from = read->count > 0 ? read->events[0]->prev : read->upto;
    read_done(&catchup->fetched);
    if (kept_from > catchup->position) {
        catchup->expired_to = kept_from;
        catchup->hole_from = kept_from;
    }
    if (catchup->hole_from >= catchup->hole_upto) {
        catchup->hole_upto = catchup->hole_from;
        return JOIN_READY;
    }
    return read_acts(catchup);
}

static enum join_step count_hole(struct catchup *catchup)
{
    catchup->step = JOIN_COUNTED_HOLE;
    catchup_count_hole(catchup);
    return JOIN_START;
}

/* Last of all, so that nothing is removed between this and the gap. */
static enum join_step plan_counted_hole(struct catchup *catchup)
{
    if (stream_removed_since(catchup->viewer->stream, catchup->count.heard)) {
        return count_hole(catchup);
    }
    return JOIN_READY;
}

static enum join_step plan_found_acts(struct catchup *catchup)
{
    if (stream_removed_since(catchup->viewer->stream, catchup->acts.heard)) {
        return read_acts(catchup);
    }
    if (catchup->acts.more) {
        read_done(&catchup->acts);
        catchup->resync = "far";
        catchup->resumed = false;
        catchup->expired_to = 0;
        catchup->position = catchup->hole_upto;
        catchup->hole_from = catchup->hole_upto = 0;
        return JOIN_READY;
    }
    return count_hole(catchup);
}

/* JOIN_START: it waits for something and will be looked at again. */
static enum join_step plan(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    enum join_step next = JOIN_READY;
    switch ((enum join_step)catchup->step) {
    case JOIN_START:
        next = plan_start(viewer);
        break;
    case JOIN_COUNTED:
        next = plan_counted(catchup);
        break;
    case JOIN_FIND_TAIL:
        next = JOIN_FIND_TAIL;
        break;
    case JOIN_FOUND_TAIL:
        next = plan_found_tail(viewer);
        break;
    case JOIN_FOUND_FIRST:
        next = plan_found_first(catchup);
        break;
    case JOIN_COUNTED_HOLE:
        next = plan_counted_hole(catchup);
        break;
    case JOIN_FOUND_ACTS:
        next = plan_found_acts(catchup);
        break;
    case JOIN_READY:
        break;
    }
    return next == JOIN_FIND_TAIL ? plan_find_tail(viewer) : next;
}

/* ---- hello ---- */

static bool has_hole(const struct catchup *catchup)
{
    return catchup->hole_upto > catchup->hole_from;
}

static enum err add_signal(struct catchup *catchup, const struct buf *json)
{
    struct buf *out = page_out(&catchup->page);
    catchup->encoding->signal(out, buf_str(json));
    out->failed = out->failed || !buf_ok(json);
    return page_end_frame(&catchup->page);
}

static uint64_t at_least(uint64_t least, uint64_t seq)
{
    return seq > least ? seq : least;
}

static void write_hello(struct buf *json, const struct viewer *viewer)
{
    const struct catchup *catchup = viewer->catchup;
    const struct stream *stream = viewer->stream;
    const struct hub_options *options = &catchup->hub->options;
    const uint32_t viewers =
        stream->viewers_known > stream->present_here ? stream->viewers_known : stream->present_here;
    const uint64_t seq = pursuit_has(catchup);
    struct signals_hello hello = {.stream = stream_name(stream),
                                  .lane = (enum lane)viewer->lane,
                                  .epoch = options->port->epoch,
                                  .seq = seq,
                                  .resumed = catchup->resumed,
                                  .state = stream->state,
                                  .latest = at_least(seq, view_newest(stream, catchup->view)),
                                  .viewers = viewers,
                                  .heartbeat_ms = options->presence_beat_ms};
    facts_tell(stream, &hello);
    signals_hello(json, &hello);
}

static void write_gap(struct buf *json, const struct viewer *viewer)
{
    const struct catchup *catchup = viewer->catchup;
    const uint64_t carried = catchup->acts.count;
    const uint64_t removed = mutant(BEHIND_REMOVED_SHED) ? 0 : catchup->count.removed;
    const uint64_t count = catchup->count.count; // retention may be at it meanwhile
    const uint64_t shed = count > carried + removed ? count - carried - removed : 0;
    signals_gap(json, &(struct signals_gap){.stream = stream_name(viewer->stream),
                                            .from = catchup->hole_from + 1,
                                            .to = catchup->hole_upto,
                                            .is_counted = true,
                                            .carried = carried,
                                            .shed = shed,
                                            .removed = removed,
                                            .why = tell_why(GAP_BEHIND),
                                            .has_history = true,
                                            .epoch = catchup->hub->options.port->epoch});
    tell_count_gap(viewer->stream, GAP_BEHIND, shed);
}

static void write_expired(struct buf *json, const struct viewer *viewer)
{
    const struct catchup *catchup = viewer->catchup;
    signals_gap(json, &(struct signals_gap){.stream = stream_name(viewer->stream),
                                            .from = catchup->position + 1,
                                            .to = catchup->expired_to,
                                            .why = tell_why(GAP_EXPIRED)});
    tell_count_gap(viewer->stream, GAP_EXPIRED, 0);
}

static void write_resync(struct buf *json, const struct viewer *viewer)
{
    const struct catchup *catchup = viewer->catchup;
    signals_resync(json, stream_name(viewer->stream), &catchup->hub->options.port->epoch,
                   catchup->position, catchup->resync);
}

static enum err write_one(struct viewer *viewer,
                          void (*write)(struct buf *json, const struct viewer *viewer))
{
    struct buf json;
    buf_init(&json, MEM_VIEWER, HUB_FRAME_BYTES_MAX);
    write(&json, viewer);
    const enum err err = add_signal(viewer->catchup, &json);
    buf_done(&json);
    return err;
}

static enum err greet(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    if (catchup->retry_ms > 0 && catchup->encoding->retry != NULL && !viewer->is_open) {
        catchup->encoding->retry(page_out(&catchup->page), catchup->retry_ms);
        TRY(page_end_frame(&catchup->page));
    }
    TRY(write_one(viewer, write_hello));
    if (catchup->resync != NULL) {
        TRY(write_one(viewer, write_resync));
    }
    if (catchup->expired_to > catchup->position && !mutant(EXPIRED_UNTOLD)) {
        TRY(write_one(viewer, write_expired));
        catchup->position = catchup->expired_to;
    }
    if (has_hole(catchup)) {
        if (!mutant(JOIN_GAP_UNTOLD)) {
            TRY(write_one(viewer, write_gap));
        }
        catchup->position = catchup->acts.count > 0 ? catchup->hole_from : catchup->hole_upto;
    }
    return ERR_OK;
}

/* ---- admission ---- */

static void refuse(struct hub *hub, struct viewer *viewer, enum viewer_refusal why)
{
    metric_count(&hub->tally.refused, 1);
    list_remove(&viewer->link);
    catchup_drop(viewer);
    if (viewer->stream != NULL) {
        door_leave(viewer);
    }
    viewer->mode = VIEWER_IDLE;
    viewer->ops->refuse(viewer, why);
}

/* One that is open already cannot be refused: it is looked at again in a while. */
static void fail(struct hub *hub, struct viewer *viewer, enum err err)
{
    if (viewer->is_open) {
        catchup_rest(viewer);
        return;
    }
    crowd_leave(viewer);
    refuse(hub, viewer, err == ERR_NOMEM ? VIEWER_OVERLOADED : VIEWER_STORE_DOWN);
}

static void count_in(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    struct tally *tally = &stream->hub->tally;
    const bool resumed = viewer->catchup->resumed;
    viewer->is_open = true;
    exposure_count(&stream->exposure, stream_watching(stream, NULL));
    stream->readers[viewer->reader]++;
    stream->joins++;
    stream->resumes += resumed;
    metric_count(&tally->joins, 1);
    metric_count(&tally->resumes, resumed);
}

static enum err enter_crowd(struct viewer *viewer)
{
    const struct str name = str_of(viewer->catchup->name);
    if (viewer->catchup->encoding == NULL) {
        crowd_beat_once(viewer->stream, viewer->identity, viewer->catchup->address, name);
        return ERR_OK;
    }
    return crowd_enter(viewer, name);
}

static void open(struct viewer *viewer)
{
    struct hub *hub = viewer->catchup->hub;
    count_in(viewer);
    hub->opening = viewer;
    viewer->ops->open(viewer);
    if (hub->opening == viewer) { // it did not leave
        catchup_resume(viewer);
    }
    hub->opening = NULL;
}

static void admit(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    struct hub *hub = catchup->hub;
    const bool was_open = viewer->is_open; // a slow reader that starts over
    const bool is_poll = catchup->encoding == NULL;
    if ((!was_open && enter_crowd(viewer) != ERR_OK) || (!is_poll && greet(viewer) != ERR_OK)) {
        fail(hub, viewer, ERR_NOMEM);
        return;
    }
    viewer->mode = VIEWER_CATCHUP;
    viewer->last_seq = catchup->position;
    mem_free(MEM_VIEWER, catchup->name);
    catchup->name = NULL;
    catchup->news_seen = viewer->stream->news;
    early_begin(catchup);
    sift_begin(catchup);
    herald_tell_kept(catchup);
    if (was_open && viewer->blocked) {
        return; // viewer_writable() lets it go on
    }
    if (was_open) {
        catchup_resume(viewer);
    } else {
        open(viewer);
    }
}

/* One that changed its mind before hello begins in the other lane at once. */
static enum err enter_lane(struct viewer *viewer)
{
    struct catchup *catchup = viewer->catchup;
    if (catchup->lane_next != LANES) {
        sparse_leave(viewer);
        viewer->lane = catchup->lane_next;
        catchup->lane_next = LANES;
    }
    return sparse_enter(viewer);
}

static void look_at(struct viewer *viewer)
{
    struct hub *hub = viewer->catchup->hub;
    struct catchup *catchup = viewer->catchup;
    if (!door_is_open(viewer->stream)) {
        list_push(&viewer->stream->joiners, &viewer->link);
    } else if (!is_synced(hub, catchup)) {
        list_push(&hub->syncing, &viewer->link);
    } else if (catchup->result != ERR_OK) {
        fail(hub, viewer, catchup->result);
    } else if (enter_lane(viewer) != ERR_OK) {
        fail(hub, viewer, ERR_NOMEM);
    } else if (plan(viewer) == JOIN_READY) {
        admit(viewer);
    }
}

int64_t join_turn(struct hub *hub, uint32_t *budget)
{
    while (!list_is_empty(&hub->refused)) {
        struct viewer *viewer = list_entry(list_pop(&hub->refused), struct viewer, link);
        refuse(hub, viewer, (enum viewer_refusal)viewer->refusal);
    }
    while (!list_is_empty(&hub->syncing)) {
        struct viewer *viewer = list_entry(hub->syncing.next, struct viewer, link);
        if (!is_synced(hub, viewer->catchup)) {
            break;
        }
        list_remove(&viewer->link);
        list_push(&hub->admits, &viewer->link);
    }
    while (*budget > 0 && !list_is_empty(&hub->admits)) {
        look_at(list_entry(list_pop(&hub->admits), struct viewer, link));
        (*budget)--;
    }
    if (hub->sync_wanted && !hub->sync_away) {
        send_sync(hub);
    }
    return list_is_empty(&hub->admits) && list_is_empty(&hub->refused) ? INT64_MAX : hub->now_ms;
}
