// SPDX-License-Identifier: Apache-2.0
#include "hub/fake_reader_test.h"

#include "base/must.h"
#include "hub/fake_truth_test.h"
#include "hub/heart.h"

static void on_open(struct viewer *viewer)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(!reader->is_open);
    reader->is_open = true;
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(!reader->is_open && viewer->mode == VIEWER_IDLE);
    reader->is_refused = true;
    reader->refusal = why;
    reader->joined = false;
}

static size_t on_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(reader->is_open && reader->joined && !viewer->blocked && len > 0);
    const size_t taken = len < reader->room ? len : reader->room;
    reader->room -= reader->room == UINT32_MAX ? 0 : (uint32_t)taken;
    prover_take(&reader->prover, bytes, taken);
    return taken;
}

static void on_keep(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    prover_keep(&((struct fake_reader *)viewer)->prover, bytes, len);
}

static void on_collect(struct viewer *viewer, struct event *const *events, size_t count,
                       const struct cursor *cursor, bool resync)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    must(reader->is_open && viewer->mode == VIEWER_IDLE && count <= 500);
    must(cursor->seq == viewer->last_seq);
    reader->joined = false;
    reader->prover.resynced = resync;
    reader->prover.collects++;
    prover_collect(&reader->prover, viewer, events, count);
}

static uint64_t users_asked;

uint64_t fake_reader_users_asked(void)
{
    return users_asked;
}

static uint64_t user_of(const struct viewer *viewer)
{
    users_asked++;
    return ((const struct fake_reader *)viewer)->truth.view;
}

static void on_cut(struct viewer *viewer)
{
    struct fake_reader *reader = (struct fake_reader *)viewer;
    fake_reader_leave(reader);
    reader->was_cut = true;
}

static const struct viewer_ops reader_ops = {.user = user_of,
                                             .cut = on_cut,
                                             .open = on_open,
                                             .refuse = on_refuse,
                                             .write = on_write,
                                             .keep = on_keep,
                                             .collect = on_collect};

void fake_reader_join(struct fake_reader *reader, struct hub *hub, struct fake_engine *engine,
                      const struct join *join)
{
    const uint32_t room = reader->room;
    prover_end(&reader->prover);
    *reader = (struct fake_reader){
        .hub = hub, .room = room, .joined = true, .truth = fake_truth_of(engine, join->user)};
    prover_begin(&reader->prover, &reader->truth.log, join, fake_engine_head(engine));
    reader->prover.fenced = &((struct fake_home *)hub->options.home)->fenced;
    viewer_join(hub, &reader->viewer, &reader_ops, join);
    must(!reader->is_open && !reader->is_refused);
}

void fake_reader_change_lane(struct fake_reader *reader, enum lane lane)
{
    if (reader->joined && reader->viewer.stream != NULL && reader->prover.join.encoding != NULL &&
        viewer_change_lane(reader->hub, &reader->viewer, lane) == ERR_OK) {
        prover_changes_lane(&reader->prover, lane);
    }
}

void fake_reader_leave(struct fake_reader *reader)
{
    viewer_leave(reader->hub, &reader->viewer);
    must(reader->viewer.mode == VIEWER_IDLE);
    reader->joined = false;
    prover_end(&reader->prover);
}

/* The newest act that waits for it behind comments. */
static uint64_t act_owed_to(const struct viewer *viewer)
{
    const struct tail *acts = &viewer->stream->acts;
    const struct event *act = acts->count == 0 ? NULL : acts->events[acts->start + acts->count - 1];
    const bool waits = viewer->mode == VIEWER_LIVE && act != NULL && act->prev > viewer->last_seq &&
                       viewer->cursor >= viewer->channel->ring.tail;
    return waits ? act->seq : 0;
}

void fake_reader_allow(struct fake_reader *reader, uint32_t bytes)
{
    if (reader->joined && reader->viewer.blocked && bytes > 0) {
        prover_is_owed(&reader->prover, act_owed_to(&reader->viewer));
    }
    reader->room = bytes;
    if (reader->joined && reader->viewer.blocked && bytes > 0) {
        viewer_writable(reader->hub, &reader->viewer);
    }
}

void fake_reader_say_own(struct fake_reader *reader)
{
    if (reader->joined && reader->viewer.mode == VIEWER_LIVE && !reader->viewer.blocked) {
        prover_hear_own(&reader->prover);
        viewer_sent_own(&reader->viewer);
    }
}
