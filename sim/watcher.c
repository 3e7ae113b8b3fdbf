// SPDX-License-Identifier: Apache-2.0
#include "watcher.h"

#include "api/lane_list.h"
#include "attendance.h"
#include "chaos.h"
#include "deeds.h"
#include "hub/pursuit.h"
#include "ledger.h"
#include "node.h"
#include "screen.h"
#include "under.h"

#include <string.h>

enum { MODERATES_EACH = 5 }; // of those who are somebody
enum { SPARSE_BYTES_MAX = 8 << 20 };

static struct watcher *watcher_of(struct viewer *viewer)
{
    return (struct watcher *)(void *)viewer;
}

static struct hub *hub_of(struct watcher *watcher)
{
    return watcher->world->reactors[watcher->hub].hub;
}

/* Notices that its hub had no room for, or was not sent. */
static int64_t lost_on(struct watcher *watcher)
{
    return metric_value(&hub_of(watcher)->tally.notices_lost) +
           (int64_t)embedded_notices_unsent(watcher->world->engine);
}

static bool is_poll(const struct watcher *watcher)
{
    return watcher->prover.join.encoding == NULL;
}

static void turn_soon(struct watcher *watcher)
{
    struct reactor *reactor = &watcher->world->reactors[watcher->hub];
    const int64_t now_ms = watcher->world->now_ms;
    reactor->due_ms = now_ms < reactor->due_ms ? now_ms : reactor->due_ms;
}

/* ---- what the hub says ---- */

static void on_open(struct viewer *viewer)
{
    struct watcher *watcher = watcher_of(viewer);
    watcher->is_open = true;
    if (is_poll(watcher)) {
        attendance_beat(watcher->world, watcher->stream, watcher->identity);
    } else {
        attendance_enter(watcher->world, watcher->stream, watcher->identity);
    }
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct watcher *watcher = watcher_of(viewer);
    struct world *world = watcher->world;
    world_note(world, "w%u is refused: %d", watcher->number, (int)why);
    const bool is_slow = why == VIEWER_STORE_DOWN && chaos_call_ms(world) >= SILENT_MS_MAX;
    world_holds(world, world->is_closing || world->scenario->bad_disks > 0 || is_slow,
                "P13: w%u was refused for no reason", watcher->number);
    watcher->is_joined = false;
}

static void note_place(struct watcher *watcher)
{
    const struct prover *prover = &watcher->prover;
    struct world *world = watcher->world;
    if (watcher->has_own && prover->resynced) {
        world_holds(world,
                    strstr(prover->last_signal, "\"why\":\"ahead\"") == NULL &&
                        strstr(prover->last_signal, "\"why\":\"epoch\"") == NULL,
                    "P5: w%u came back with its own cursor %llu and was told: %s", watcher->number,
                    (unsigned long long)prover->join.cursor.seq, prover->last_signal);
    }
    world_holds(world,
                prover->hellos != 1 || !prover->resumed ||
                    ((prover->join.cursor.seq <= prover->hello_latest ||
                      prover->join.cursor.seq <= world->ledgers[watcher->stream].published) &&
                     (prover->join.cursor.epoch.text[0] == '\0' ||
                      epoch_eq(&prover->join.cursor.epoch, &world->epoch))),
                "P14: w%u came with a cursor of another life and was not told", watcher->number);
    if (prover->greeted) {
        watcher->has_place = true;
        const bool waits = prover->gap_got < prover->gap_carried; // for acts of a gap
        watcher->place = waits ? prover->gap_from - 1 : prover->last;
    }
}

static size_t on_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct watcher *watcher = watcher_of(viewer);
    world_holds(watcher->world, watcher->is_open && watcher->is_joined && !viewer->blocked,
                "P5: w%u was written to out of turn", watcher->number);
    const size_t taken = len < watcher->room ? len : watcher->room;
    watcher->room -= watcher->room == UINT32_MAX ? 0 : (uint32_t)taken;
    if (!watcher->world->is_dead) {
        prover_take(&watcher->prover, bytes, taken);
        note_place(watcher);
    }
    return taken;
}

static void on_keep(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct watcher *watcher = watcher_of(viewer);
    if (!watcher->world->is_dead) {
        prover_keep(&watcher->prover, bytes, len);
        note_place(watcher);
    }
}

/* What an answer has of them, as src/api writes it; a gap of what expired stands before. */
static void check_sparse(struct watcher *watcher, struct event *const *events, size_t count)
{
    const struct prover *prover = &watcher->prover;
    const struct poll_found found = {.events = events,
                                     .count = count,
                                     .after = prover->collected_from,
                                     .rule = viewer_rule(hub_of(watcher), &watcher->viewer),
                                     .moderates = watcher->viewer.moderates};
    struct buf members;
    if (prover->join.lane == LANE_FULL) {
        return;
    }
    buf_init(&members, MEM_OTHER, SPARSE_BYTES_MAX);
    lane_list_write(&members, &found, prover->join.stream);
    world_holds(watcher->world, buf_ok(&members), "P5: w%u's poll has no answer", watcher->number);
    prover_collect_sparse(prover, buf_str(&members));
    buf_done(&members);
}

static void on_collect(struct viewer *viewer, struct event *const *events, size_t count,
                       const struct cursor *cursor, bool resync)
{
    struct watcher *watcher = watcher_of(viewer);
    struct world *world = watcher->world;
    watcher->is_joined = false;
    if (world->is_dead) {
        return;
    }
    world_note(world, "w%u's poll has %zu up to %llu%s", watcher->number, count,
               (unsigned long long)cursor->seq, resync ? " after a resync" : "");
    world_holds(world, !resync || !watcher->has_own,
                "P5: w%u came back with its own cursor %llu and was told to begin anew",
                watcher->number, (unsigned long long)watcher->prover.join.cursor.seq);
    const struct cursor *came = &watcher->prover.join.cursor;
    world_holds(world,
                resync || came->epoch.text[0] == '\0' || !watcher->prover.join.has_cursor ||
                    epoch_eq(&came->epoch, &world->epoch),
                "P14: w%u polled with a cursor of another life and was not told", watcher->number);
    watcher->prover.resynced = resync;
    prover_collect(&watcher->prover, viewer, events, count);
    check_sparse(watcher, events, count);
    watcher->has_place = true;
    watcher->place = cursor->seq;
}

static uint64_t on_user(const struct viewer *viewer)
{
    return ((const struct watcher *)(const void *)viewer)->prover.join.user;
}

static const struct viewer_ops ops = {.user = on_user,
                                      .open = on_open,
                                      .refuse = on_refuse,
                                      .write = on_write,
                                      .keep = on_keep,
                                      .collect = on_collect};

/* ---- what it does ---- */

static void choose_cursor(struct watcher *watcher, struct join *join)
{
    struct world *world = watcher->world;
    const uint64_t head = world->ledgers[watcher->stream].head;
    watcher->has_own = watcher->has_place && world_chance(world, 700);
    join->has_cursor = true;
    join->cursor.epoch = world->epoch;
    join->cursor.seq = watcher->place;
    if (watcher->has_own) {
        return;
    }
    switch (world_below(world, 6)) {
    case 0:
        join->cursor.epoch = (struct epoch){.text = "old1"};
        break;
    case 1:
        join->cursor.seq = head + 1 + world_below(world, 500);
        break;
    case 2:
        join->cursor = (struct cursor){.seq = head == 0 ? 0 : world_below(world, head)};
        break;
    default:
        join->has_cursor = false;
        join->cursor = (struct cursor){.seq = 0};
        break;
    }
}

static const struct encoding *choose_encoding(struct world *world)
{
    static const struct encoding *const all[] = {&prover_encoding, &prover_encoding,
                                                 &prover_encoding_other, &prover_encoding_gzip,
                                                 &prover_encoding_messages};
    if (world_chance(world, world->scenario->polls)) {
        return NULL;
    }
    return all[world_below(world, sizeof(all) / sizeof(all[0]))];
}

static uint64_t hash_of(const struct watcher *watcher)
{
    struct world *world = watcher->world;
    return watcher->user == NOBODY_USER
               ? 0
               : port_user_hash(world->port, str_of(world->posters[watcher->user].name));
}

static bool moderates(const struct watcher *watcher)
{
    return watcher->user != NOBODY_USER && watcher->number % MODERATES_EACH == 0;
}

static void come(struct world *world, struct watcher *watcher)
{
    if (!watcher->has_place) {
        watcher->stream = world_chance(world, 250);
        watcher->user = world_chance(world, 400) ? (uint8_t)world_below(world, USERS) : NOBODY_USER;
    }
    struct ledger *ledger = &world->ledgers[watcher->stream];
    struct join join = {.stream = ledger->name,
                        .encoding = choose_encoding(world),
                        .tail = (uint32_t)world_below(world, 80),
                        .lane = world_chance(world, 500) ? LANE_FULL
                                                         : (uint8_t)world_below(world, LANES),
                        .limit = (world->is_calm ? 60 : 1) + (uint32_t)world_below(world, 60),
                        .identity = watcher->identity,
                        .user = hash_of(watcher),
                        .moderates = moderates(watcher)};
    choose_cursor(watcher, &join);
    if (!watcher->has_own) {
        screen_clear(&watcher->screen, ledger, watcher->user);
    }
    watcher->screen.moderates = join.moderates;
    watcher->hub = (uint8_t)world_below(world, world->hubs);
    watcher->room = world->is_calm || world_chance(world, 500) ? UINT32_MAX
                                                               : (uint32_t)world_below(world, 2000);
    watcher->is_joined = watcher->is_alive = true;
    watcher->is_open = false;
    world_note(world, "w%u comes to hub %u for %s after %lld, lane %s%s as %d", watcher->number,
               watcher->hub, ledger->name.at, join.has_cursor ? (long long)join.cursor.seq : -1,
               lane_name((enum lane)join.lane), join.encoding == NULL ? ", by poll" : "",
               watcher->user == NOBODY_USER ? -1 : watcher->user);
    watcher->fence = world->deeds.fence;
    watcher->warned = watcher->screen.warned;
    watcher->screen.warning_count = 0;
    watcher->lost = lost_on(watcher);
    prover_begin(&watcher->prover, &watcher->screen.log, &join,
                 ledger_prev(ledger, NOBODY_USER, ledger->published + 1));
    watcher->prover.fenced = &world->deeds.fence;
    viewer_join(hub_of(watcher), &watcher->viewer, &ops, &join);
    turn_soon(watcher);
}

static void leave(struct world *world, struct watcher *watcher)
{
    if (watcher->is_joined) {
        world_note(world, "w%u leaves at %llu", watcher->number,
                   (unsigned long long)watcher->place);
        viewer_leave(hub_of(watcher), &watcher->viewer);
        turn_soon(watcher);
        watcher->is_joined = false;
        if (watcher->is_open && !is_poll(watcher) && watcher->is_alive) {
            attendance_leave(world, watcher->stream, watcher->identity);
        }
    }
    prover_end(&watcher->prover);
    if (world_chance(world, 200)) { // another reader
        watcher->has_place = false;
        watcher->place = 0;
    }
}

static void allow(struct watcher *watcher, uint32_t room)
{
    watcher->room = room;
    if (watcher->is_joined && watcher->viewer.blocked && room > 0) {
        viewer_writable(hub_of(watcher), &watcher->viewer);
        turn_soon(watcher);
    }
}

/* The connection stops to acknowledge, or does again. */
static void change_life(struct world *world, struct watcher *watcher)
{
    if (!watcher->is_open || is_poll(watcher)) {
        return;
    }
    watcher->is_alive = !watcher->is_alive;
    viewer_beats(hub_of(watcher), &watcher->viewer, watcher->is_alive);
    if (watcher->is_alive) {
        attendance_enter(world, watcher->stream, watcher->identity);
    } else {
        attendance_leave(world, watcher->stream, watcher->identity);
    }
    turn_soon(watcher);
}

/* Its connection says something of its own. */
static void say_own(struct watcher *watcher)
{
    if (watcher->viewer.mode == VIEWER_LIVE && !watcher->viewer.blocked) {
        prover_hear_own(&watcher->prover);
        viewer_sent_own(&watcher->viewer);
    }
}

static void change_lane(struct world *world, struct watcher *watcher)
{
    const enum lane lane = (enum lane)world_below(world, LANES);
    if (!watcher->is_open || is_poll(watcher)) {
        return;
    }
    world_note(world, "w%u changes to lane %s at %llu", watcher->number, lane_name(lane),
               (unsigned long long)watcher->place);
    if (viewer_change_lane(hub_of(watcher), &watcher->viewer, lane) == ERR_OK) {
        prover_changes_lane(&watcher->prover, lane);
    }
    turn_soon(watcher);
}

/* Who reads what everybody is sent was told of the warnings that they came with. */
static void check_warned(struct world *world, const struct watcher *watcher)
{
    if (watcher->is_joined && watcher->viewer.mode == VIEWER_LIVE && watcher->user != NOBODY_USER &&
        world->scenario->bad_disks == 0) { // else it could not be asked
        world_holds(world,
                    watcher->screen.warned > watcher->warned ||
                        !under_surely(&world->ledgers[watcher->stream], ACT_WARN, watcher->user,
                                      watcher->fence),
                    "P9: w%u came as u%u, who is warned, and was not told", watcher->number,
                    watcher->user);
    }
}

void watcher_step(struct world *world, struct watcher *watcher)
{
    check_warned(world, watcher);
    watcher->due_ms = world->now_ms + world_while(world, 2 * world->pace_ms);
    if (world->port == NULL) {
        return;
    }
    if (!watcher->is_joined) {
        come(world, watcher);
    } else if (world->is_calm) {
        watcher->due_ms = NEVER;
    } else if (world_chance(world, 150)) {
        leave(world, watcher);
    } else if (world_chance(world, 100)) {
        change_life(world, watcher);
    } else if (world_chance(world, 100)) {
        say_own(watcher);
    } else if (world_chance(world, 100)) {
        change_lane(world, watcher);
    } else {
        allow(watcher, world_chance(world, 300)   ? UINT32_MAX
                       : world_chance(world, 200) ? 0
                                                  : (uint32_t)world_below(world, 1500));
    }
}

void watcher_begin(struct world *world)
{
    for (uint8_t i = 0; i < WATCHERS; i++) {
        struct watcher *watcher = &world->watchers[i];
        watcher->world = world;
        watcher->number = i;
        watcher->identity = (uint8_t)world_below(world, IDENTITIES + 1);
        watcher->due_ms = (int64_t)world_below(world, 20000);
        screen_begin(&watcher->screen, world);
    }
}

void watcher_end(struct world *world)
{
    for (int i = 0; i < WATCHERS; i++) {
        prover_end(&world->watchers[i].prover);
        screen_end(&world->watchers[i].screen);
    }
}

void watcher_all_leave(struct world *world)
{
    for (int i = 0; i < WATCHERS; i++) {
        leave(world, &world->watchers[i]);
    }
}

void watcher_all_forget(struct world *world)
{
    for (int i = 0; i < WATCHERS; i++) {
        world->watchers[i].has_place = false;
        world->watchers[i].place = 0;
    }
}

void watcher_all_read(struct world *world)
{
    for (int i = 0; i < WATCHERS; i++) {
        struct watcher *watcher = &world->watchers[i];
        if (watcher->is_joined && !watcher->is_alive) {
            change_life(world, watcher);
        }
        allow(watcher, UINT32_MAX);
    }
}

void watcher_check_rest(struct world *world)
{
    deeds_check_rest(world);
    for (int i = 0; i < WATCHERS; i++) {
        struct watcher *watcher = &world->watchers[i];
        const struct prover *prover = &watcher->prover;
        const struct ledger *ledger = &world->ledgers[watcher->stream];
        const uint64_t head = ledger_prev(ledger, watcher->user, ledger->head + 1);
        const struct catchup *catchup = watcher->viewer.catchup;
        const bool is_apart = !is_poll(watcher) && catchup != NULL && catchup->is_apart;
        if (!watcher->is_joined) {
            continue;
        }
        world_holds(world, watcher->is_open, "P5: w%u was never let in", watcher->number);
        const uint64_t has = is_poll(watcher) ? watcher->viewer.last_seq : prover->last;
        /* It came in at what is hidden from it, and nothing came behind that. */
        const bool is_beyond =
            prover->join.has_cursor && has == prover->join.cursor.seq && has > head;
        world_holds(world,
                    has == head || is_beyond || (head <= ledger->ground && has <= ledger->ground) ||
                        (!is_apart && has == ledger_prev(ledger, NOBODY_USER, ledger->head + 1)),
                    "P5: w%u has %llu, and the newest is %llu", watcher->number,
                    (unsigned long long)has, (unsigned long long)head);
        world_holds(
            world, is_poll(watcher) || watcher->viewer.mode == VIEWER_LIVE || is_apart || is_beyond,
            "P5: w%u is not live", watcher->number);
        world_holds(world, prover->gap_got == prover->gap_carried && prover->len == 0,
                    "P5: w%u still waits for what a gap promised", watcher->number);
        prover_settle(prover);
        if (watcher->lost == lost_on(watcher)) { // who is too far behind is not sent them
            screen_check_warnings(&watcher->screen);
        }
        screen_check(&watcher->screen, has);
    }
}
