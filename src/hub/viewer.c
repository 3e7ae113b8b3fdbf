// SPDX-License-Identifier: Apache-2.0
#include "hub/viewer.h"

#include "base/must.h"
#include "base/mutant.h"
#include "base/reach.h"
#include "hub/apart.h"
#include "hub/catchup.h"
#include "hub/channel.h"
#include "hub/crowd.h"
#include "hub/door.h"
#include "hub/early.h"
#include "hub/join.h"
#include "hub/sparse.h"
#include "hub/stall.h"
#include "hub/train.h"

void viewer_join(struct hub *hub, struct viewer *viewer, const struct viewer_ops *ops,
                 const struct join *join)
{
    join_begin(hub, viewer, ops, join);
}

void viewer_leave(struct hub *hub, struct viewer *viewer)
{
    if (viewer->mode == VIEWER_IDLE) {
        return;
    }
    if (hub->opening == viewer) {
        hub->opening = NULL;
    }
    if (viewer->mode == VIEWER_LIVE) {
        channel_leave(viewer);
    }
    list_remove(&viewer->link);
    crowd_leave(viewer);
    catchup_drop(viewer);
    if (viewer->stream != NULL) {
        door_leave(viewer);
    }
    viewer->mode = VIEWER_IDLE;
}

enum err viewer_change_lane(struct hub *hub, struct viewer *viewer, enum lane lane)
{
    must(viewer->mode != VIEWER_IDLE);
    if (viewer->mode != VIEWER_LIVE && viewer->catchup == NULL) {
        return ERR_NOMEM; // it is about to be refused
    }
    return catchup_change_lane(hub, viewer, lane);
}

bool viewer_is_behind(const struct viewer *viewer)
{
    return viewer->catchup != NULL && catchup_is_behind(viewer);
}

struct lane_rule viewer_rule(const struct hub *hub, const struct viewer *viewer)
{
    return sparse_rule(hub, (enum lane)viewer->lane);
}

void viewer_writable(struct hub *hub, struct viewer *viewer)
{
    if (!viewer->blocked) {
        return;
    }
    stall_end(viewer);
    if (viewer->mode == VIEWER_LIVE && early_is_due(viewer) && catchup_part(viewer) == ERR_OK) {
        viewer->catchup->keeps_up = false;
        return;
    }
    if (viewer->mode == VIEWER_LIVE && !list_holds(&viewer->link)) {
        list_push(&hub->ready, &viewer->link);
    } else if (viewer->mode == VIEWER_CATCHUP && !viewer->catchup->away) {
        catchup_resume(viewer);
    }
}

void viewer_sent_own(struct viewer *viewer)
{
    reach_if(viewer->rides, TRAIN_LEFT);
    if (!mutant(OWN_IGNORED)) {
        train_alight(viewer);
    }
}

struct str viewer_stream(const struct viewer *viewer)
{
    return viewer->stream == NULL ? STR_NONE : stream_name(viewer->stream);
}

const struct encoding *viewer_encoding(const struct viewer *viewer)
{
    if (viewer->channel != NULL) {
        return viewer->channel->encoding;
    }
    return viewer->catchup == NULL ? NULL : viewer->catchup->encoding;
}

uint64_t viewer_user_hash(const struct hub *hub, struct str user)
{
    return port_user_hash(hub->options.port, user);
}

enum err viewer_recognize(struct viewer *viewer, uint64_t user, bool moderates)
{
    return viewer->mode == VIEWER_IDLE || viewer->stream == NULL
               ? ERR_OK
               : apart_recognize(viewer, user, moderates);
}

void viewer_beats(struct hub *hub, struct viewer *viewer, bool alive)
{
    must(viewer->stream == NULL || viewer->stream->hub == hub);
    crowd_beats(viewer, alive);
}

void viewer_identify(struct hub *hub, struct viewer *viewer, uint64_t identity)
{
    (void)hub;
    if (viewer->mode != VIEWER_IDLE && viewer->stream != NULL &&
        viewer->identity == IDENTITY_SOLE) {
        crowd_identify(viewer, identity);
    }
}
