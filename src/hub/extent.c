// SPDX-License-Identifier: Apache-2.0
#include "hub/extent.h"

#include "base/mem.h"
#include "base/must.h"

/* ---- an act's ---- */

void extent_unref(struct extent *extent)
{
    if (extent != NULL && --extent->refs == 0) {
        mem_free(MEM_STREAM, extent);
    }
}

static void forget(struct hub *hub, struct extent *extent)
{
    list_remove(&extent->link);
    map_remove(&hub->extents_by_act, &extent->node);
    metric_count(&hub->tally.reach_acts, -1);
    extent_unref(extent);
}

static struct str key_of(const uint64_t *act)
{
    return (struct str){.at = (const char *)act, .len = sizeof(*act)};
}

static struct extent *find(const struct hub *hub, uint64_t act)
{
    struct map_node *node = map_find(&hub->extents_by_act, key_of(&act));
    return node == NULL ? NULL : map_entry(node, struct extent, node);
}

static struct extent *make(struct hub *hub, uint64_t act)
{
    struct extent *extent = mem_new(MEM_STREAM, sizeof(*extent));
    if (extent == NULL) {
        return NULL;
    }
    extent->act = act;
    extent->node.key = key_of(&extent->act);
    if (map_add(&hub->extents_by_act, &extent->node) != ERR_OK) {
        mem_free(MEM_STREAM, extent);
        return NULL;
    }
    if (hub->extents_by_act.count > EXTENTS_MAX) {
        struct extent *oldest = list_entry(hub->extents.next, struct extent, link);
        metric_count(&hub->tally.reach_lost, oldest->keep_ms != INT64_MAX);
        forget(hub, oldest);
    }
    extent->refs = 1; // the list's
    list_push(&hub->extents, &extent->link);
    metric_count(&hub->tally.reach_acts, 1);
    return extent;
}

static void wake(struct hub *hub, int64_t at_ms)
{
    hub->extents_ms = at_ms < hub->extents_ms ? at_ms : hub->extents_ms;
}

struct extent *extent_open(struct hub *hub, uint64_t act, int64_t published_ms)
{
    struct extent *extent = find(hub, act);
    if (extent == NULL) {
        extent = make(hub, act);
    }
    if (extent == NULL) {
        return NULL;
    }
    extent->newest_ms = published_ms;
    extent->keep_ms = hub->now_ms + EXTENT_SOON_MS;
    wake(hub, extent->keep_ms);
    extent->refs++;
    return extent;
}

static int64_t over_ms(const struct hub *hub, const struct extent *extent)
{
    return extent->newest_ms + hub->options.reach_cut_ms;
}

/* Nobody is left to whom it could be written; or who is, is cut. */
static bool is_settled(const struct hub *hub, const struct extent *extent)
{
    return extent->written + extent->cut >= extent->viewers ||
           (hub->options.reach_cut_ms > 0 && hub->now_ms >= over_ms(hub, extent));
}

/* ---- asked ---- */

static void choose_keeper(struct reach_call *call, const struct hub *hub,
                          const struct extent *extent)
{
    const bool goes_on = !hub->closing;
    const bool is_better =
        goes_on == call->keeper_goes_on ? extent->newest_ms > call->keeper_ms : goes_on;
    if (!call->known || is_better) {
        call->keeper = call->visited;
        call->keeper_goes_on = goes_on;
        call->keeper_ms = extent->newest_ms;
    }
    if (!call->known || extent->newest_ms > call->newest_ms) {
        call->newest_ms = extent->newest_ms;
    }
}

static void add(struct reach_call *call, const struct hub *hub, const struct extent *extent)
{
    struct reach_figures *figures = &call->figures;
    choose_keeper(call, hub, extent);
    figures->is_settled = is_settled(hub, extent) && (figures->is_settled || !call->known);
    call->known = true;
    figures->viewers += extent->viewers;
    figures->applied += extent->written;
    figures->cut += extent->cut;
    figures->exposure_ms += extent->exposed.viewer_ms;
    figures->is_partly_exposed = figures->is_partly_exposed || extent->exposed.is_part;
    if (extent->exposed.comments > figures->comments) { // each reactor knows of the same ones
        figures->comments = extent->exposed.comments;
    }
    for (int i = 0; i < HISTOGRAM_STEPS; i++) {
        const uint64_t count = atomic_load_explicit(&extent->took.counts[i], memory_order_relaxed);
        atomic_fetch_add_explicit(&call->took.counts[i], count, memory_order_relaxed);
    }
}

static void visit(struct letter *letter)
{
    struct reach_call *call = list_entry(letter, struct reach_call, call.letter);
    const struct hub *hub = call->at;
    const struct extent *extent = find(hub, call->act);
    if (extent != NULL) {
        add(call, hub, extent);
    }
    call->visited++;
    if (call->visited < hub->peer_count) {
        call->at = hub->peers[call->visited];
        home_send(call->at->options.home, letter);
        return;
    }
    call->figures.p50_ms = histogram_quantile(&call->took, 0.5);
    call->figures.p95_ms = histogram_quantile(&call->took, 0.95);
    call_finish(&call->call);
}

void extent_ask(struct hub *hub, struct reach_call *call)
{
    *call = (struct reach_call){.call = call->call, .act = call->act, .at = hub->peers[0]};
    call->call.letter.open = visit;
    home_send(call->at->options.home, &call->call.letter);
}

/* ---- kept ---- */

struct extent_keeping { // of an extent one at a time
    struct reach_call asked;
    struct reach_keep keep;
    struct hub *hub;
    struct extent *extent; // a reference
};

static void end(struct extent_keeping *keeping)
{
    struct hub *hub = keeping->hub;
    keeping->extent->is_away = false;
    wake(hub, keeping->extent->keep_ms);
    extent_unref(keeping->extent);
    mem_free(MEM_STREAM, keeping);
    hub->extents_away--;
    hub->calls_away--;
}

/* Again when who is late was cut, on all hubs. Where there are others, no earlier: one that is late
 * itself may not have heard of it. An event that came meanwhile set its own time. */
static void plan(const struct hub *hub, struct extent *extent, bool is_settled)
{
    const int64_t late_ms = over_ms(hub, extent) + EXTENT_LATE_MS;
    if (extent->keep_ms == INT64_MAX) {
        const bool is_final = (is_settled && hub->peer_count == 1) ||
                              hub->options.reach_cut_ms == 0 || hub->now_ms >= late_ms;
        extent->keep_ms = is_final ? INT64_MAX : late_ms;
    }
}

static void on_kept(struct call *call)
{
    struct extent_keeping *keeping = list_entry(call, struct extent_keeping, keep.call);
    if (keeping->keep.result == ERR_OK) {
        metric_count(&keeping->hub->tally.reach_kept, 1);
        keeping->extent->kept = keeping->keep.figures;
        keeping->extent->kept_newest_ms = keeping->asked.newest_ms;
        plan(keeping->hub, keeping->extent, keeping->keep.figures.is_settled);
    } else {
        metric_count(&keeping->hub->tally.reach_lost, 1);
    }
    if (keeping->keep.result == ERR_SYS) {
        keeping->extent->keep_ms = keeping->hub->now_ms + EXTENT_RETRY_MS;
    }
    end(keeping);
}

static size_t place_of(const struct hub *hub)
{
    size_t at = 0;
    while (hub->peers[at] != hub) {
        at++;
    }
    return at;
}

/* Of the same newest event nobody else had it kept meanwhile. */
static bool is_kept(const struct extent *extent, const struct reach_call *asked)
{
    const struct reach_figures *kept = &extent->kept, *now = &asked->figures;
    return extent->kept_newest_ms == asked->newest_ms && kept->viewers == now->viewers &&
           kept->applied == now->applied && kept->cut == now->cut && kept->p50_ms == now->p50_ms &&
           kept->p95_ms == now->p95_ms && kept->comments == now->comments &&
           kept->exposure_ms == now->exposure_ms &&
           kept->is_partly_exposed == now->is_partly_exposed && kept->is_settled == now->is_settled;
}

static void on_asked(struct call *call)
{
    struct extent_keeping *keeping = list_entry(call, struct extent_keeping, asked.call);
    const struct reach_call *asked = &keeping->asked;
    struct hub *hub = keeping->hub;
    const bool is_ours = asked->known && (asked->keeper == place_of(hub) || !asked->keeper_goes_on);
    if (is_ours && !is_kept(keeping->extent, asked)) {
        keeping->keep = (struct reach_keep){.call = {.home = hub->options.home, .done = on_kept},
                                            .act = asked->act,
                                            .figures = asked->figures};
        port_keep(hub->options.port, &keeping->keep);
        return;
    }
    plan(hub, keeping->extent, is_ours && asked->figures.is_settled);
    end(keeping);
}

static void keep(struct hub *hub, struct extent *extent)
{
    struct extent_keeping *keeping = mem_new(MEM_STREAM, sizeof(*keeping));
    if (keeping == NULL) {
        extent->keep_ms = hub->now_ms + EXTENT_RETRY_MS;
        return;
    }
    extent->keep_ms = INT64_MAX;
    extent->refs++;
    extent->is_away = true;
    hub->extents_away++;
    hub->calls_away++;
    *keeping = (struct extent_keeping){.hub = hub, .extent = extent};
    keeping->asked.call = (struct call){.home = hub->options.home, .done = on_asked};
    keeping->asked.act = extent->act;
    extent_ask(hub, &keeping->asked);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What was kept, and what could not be for too long, is forgotten. */
static int64_t look_at(struct hub *hub, struct extent *extent)
{
    const int64_t forget_ms =
        over_ms(hub, extent) + EXTENT_SOON_MS + EXTENT_LATE_MS + EXTENT_LINGER_MS;
    if (hub->now_ms >= forget_ms) {
        forget(hub, extent);
        return INT64_MAX;
    }
    const bool may_keep = !extent->is_away && hub->extents_away < EXTENT_KEEPS_MAX;
    if (hub->now_ms >= extent->keep_ms && may_keep) {
        keep(hub, extent);
    }
    return earlier(forget_ms, extent->is_away ? INT64_MAX : extent->keep_ms);
}

/* A round a second at most: what became due meanwhile goes together, for the store to keep in one
 * transaction. */
static int64_t due_ms(const struct hub *hub)
{
    const bool may_be_now = hub->saves_extents || hub->extents_ms > hub->extents_round_ms;
    return may_be_now ? hub->extents_ms : hub->extents_round_ms;
}

static void look_at_all(struct hub *hub)
{
    int64_t next_ms = INT64_MAX;
    struct link *link = hub->extents.next;
    while (link != &hub->extents) {
        struct extent *extent = list_entry(link, struct extent, link);
        link = link->next;
        next_ms = earlier(next_ms, look_at(hub, extent));
    }
    hub->extents_ms = next_ms;
    hub->extents_round_ms = hub->now_ms + EXTENT_ROUND_MS;
}

/* ---- saved, before the end ---- */

/* What is on its way was asked before, and goes again. */
static void begin_saving(struct hub *hub)
{
    for (struct link *link = hub->extents.next; link != &hub->extents; link = link->next) {
        struct extent *extent = list_entry(link, struct extent, link);
        if (extent->is_away || extent->keep_ms != INT64_MAX) {
            extent->keep_ms = hub->now_ms;
        }
    }
    hub->saves_extents = true;
    wake(hub, hub->now_ms);
}

static void go_on_saving(struct reach_saving *saving);

static void open_saving(struct letter *letter)
{
    struct reach_saving *saving = list_entry(letter, struct reach_saving, call.letter);
    struct hub *hub = saving->at;
    saving->visited++;
    if (hub->closing) { // it does that by itself
        go_on_saving(saving);
        return;
    }
    must(hub->saving == NULL);
    hub->saving = saving;
    begin_saving(hub);
}

static void go_on_saving(struct reach_saving *saving)
{
    struct hub *const *peers = saving->at->peers;
    if (saving->visited == saving->at->peer_count) {
        call_finish(&saving->call);
        return;
    }
    saving->at = peers[saving->visited];
    home_send(saving->at->options.home, &saving->call.letter);
}

void extent_save(struct hub *hub, struct reach_saving *saving)
{
    *saving = (struct reach_saving){.call = saving->call, .at = hub->peers[0]};
    saving->call.letter.open = open_saving;
    home_send(saving->at->options.home, &saving->call.letter);
}

void extent_close(struct hub *hub)
{
    begin_saving(hub);
}

/* Of what was due none is left: what a turn finds due is on its way when it ends. */
static void end_saving(struct hub *hub)
{
    struct reach_saving *saving = hub->saving;
    hub->saves_extents = false;
    hub->saving = NULL;
    if (saving != NULL) {
        go_on_saving(saving);
    }
}

int64_t extent_turn(struct hub *hub)
{
    if (hub->closing && !hub->saves_extents) {
        return INT64_MAX;
    }
    if (hub->now_ms >= due_ms(hub)) {
        look_at_all(hub);
    }
    if (hub->saves_extents && hub->extents_away == 0) {
        end_saving(hub);
    }
    return hub->closing ? INT64_MAX : due_ms(hub);
}

void extent_done(struct hub *hub)
{
    while (!list_is_empty(&hub->extents)) {
        forget(hub, list_entry(hub->extents.next, struct extent, link));
    }
    map_done(&hub->extents_by_act);
}
