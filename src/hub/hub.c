// SPDX-License-Identifier: Apache-2.0
#include "hub/hub.h"

#include "base/must.h"
#include "hub/catchup.h"
#include "hub/crowd.h"
#include "hub/flush.h"
#include "hub/herald.h"
#include "hub/join.h"
#include "hub/shrink.h"
#include "hub/sparse.h"
#include "hub/spread.h"
#include "hub/stream.h"
#include "hub/train.h"

/* Admissions and pages a turn: a few milliseconds of work between two flushes. */
enum { JOINS_TURN = 128 };

enum { REACH_ACTS = 64 };

enum err hub_new(const struct hub_options *options, struct hub **ret_hub)
{
    struct hub *hub = mem_new(MEM_OTHER, sizeof(*hub));
    if (hub == NULL) {
        return ERR_NOMEM;
    }
    must(options->resume_max > 0 && options->ring_bytes_max > 0);
    hub->options = *options;
    if (options->joins_turn == 0) {
        hub->options.joins_turn = JOINS_TURN;
    }
    if (options->reach_acts == 0) {
        hub->options.reach_acts = REACH_ACTS;
    }
    if (options->rings_bytes_max == 0) {
        hub->options.rings_bytes_max = UINT64_MAX;
    }
    hub->self_only[0] = hub;
    hub->peers = hub->self_only;
    hub->peer_count = 1;
    map_init(&hub->streams, MEM_STREAM, options->seed);
    map_init(&hub->audiences, MEM_STREAM, options->seed);
    map_init(&hub->sources, MEM_STREAM, options->seed);
    map_init(&hub->extents_by_act, MEM_STREAM, options->seed);
    buf_init(&hub->scratch, MEM_RING, HUB_FRAME_BYTES_MAX);
    buf_init(&hub->deflated, MEM_RING, HUB_FRAME_BYTES_MAX);
    struct link *const lists[] = {
        &hub->stepping, &hub->away,    &hub->failing, &hub->due,      &hub->idle,   &hub->crowds,
        &hub->refused,  &hub->syncing, &hub->admits,  &hub->catching, &hub->ready,  &hub->resting,
        &hub->changed,  &hub->beats,   &hub->roomy,   &hub->trains,   &hub->sparse, &hub->spreading,
        &hub->staffed,  &hub->hushed,  &hub->extents};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        list_init(lists[i]);
    }
    hub->sparse_ms = INT64_MAX;
    hub->inbox_last = &hub->inbox;
    tally_init(&hub->tally);
    *ret_hub = hub;
    return ERR_OK;
}

void hub_meet(struct hub *hub, struct hub *const *hubs, size_t count)
{
    must(count > 0 && hub->streams.count == 0 && hub->audiences.count == 0);
    hub->peers = hubs;
    hub->peer_count = count;
}

void hub_hurry(struct hub *hub)
{
    hub->is_hurried = true;
}

void hub_close(struct hub *hub, void (*closed)(void *user), void *user)
{
    hub->closing = true;
    hub->closed = closed;
    hub->closed_user = user;
    extent_close(hub);
}

void hub_free(struct hub *hub)
{
    if (hub == NULL) {
        return;
    }
    must(hub->streams.count == 0 && hub->letters_away == 0 && hub->calls_away == 0);
    presence_done(hub);
    extent_done(hub);
    map_done(&hub->streams);
    buf_done(&hub->scratch);
    buf_done(&hub->deflated);
    tally_done(&hub->tally);
    mem_free(MEM_OTHER, hub);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void end_if_idle(struct hub *hub)
{
    if (hub->closed != NULL && hub->streams.count == 0 && hub->calls_away == 0 &&
        hub->letters_away == 0 && !hub->sync_away && list_is_empty(&hub->refused)) {
        void (*closed)(void *user) = hub->closed;
        hub->closed = NULL;
        closed(hub->closed_user);
    }
}

int64_t hub_turn(struct hub *hub, int64_t mono_ms)
{
    uint32_t budget = hub->options.joins_turn;
    hub->now_ms = mono_ms;
    int64_t next_ms = stream_turn(hub);
    next_ms = earlier(next_ms, sparse_turn(hub));
    flush_turn(hub);
    next_ms = earlier(next_ms, train_turn(hub));
    next_ms = earlier(next_ms, join_turn(hub, &budget));
    next_ms = earlier(next_ms, catchup_turn(hub, &budget));
    next_ms = earlier(next_ms, crowd_turn(hub));
    next_ms = earlier(next_ms, presence_turn(hub));
    next_ms = earlier(next_ms, shrink_turn(hub));
    next_ms = earlier(next_ms, spread_turn(hub));
    next_ms = earlier(next_ms, extent_turn(hub));
    next_ms = earlier(next_ms, herald_turn(hub));
    next_ms = earlier(next_ms, flush_next_ms(hub));
    if (!list_is_empty(&hub->stepping) || !list_is_empty(&hub->admits) ||
        !list_is_empty(&hub->refused)) {
        next_ms = mono_ms;
    }
    end_if_idle(hub);
    return next_ms;
}

void hub_presence(struct hub *hub, struct presence_call *call)
{
    presence_ask(hub, call);
}

void hub_figures(struct hub *hub, struct figures_call *call)
{
    figures_ask(hub, call);
}

void hub_busiest(struct hub *hub, struct busiest_call *call)
{
    figures_ask_busiest(hub, call);
}

void hub_reach(struct hub *hub, struct reach_call *call)
{
    extent_ask(hub, call);
}

void hub_save_reach(struct hub *hub, struct reach_saving *saving)
{
    extent_save(hub, saving);
}

void hub_check(const struct hub *hub)
{
    struct map_walk walk = {0};
    for (struct map_node *node = map_next(&hub->streams, &walk); node != NULL;
         node = map_next(&hub->streams, &walk)) {
        stream_check(map_entry(node, struct stream, node));
    }
}
