// SPDX-License-Identifier: Apache-2.0
#include "node.h"

#include "attendance.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/embedded/store_wal.h"
#include "ledger.h"
#include "moderator.h"
#include "watcher.h"

enum { IDLE_MS = 500, DOWN_MS_MAX = 5000, LETTERS_AT_ONCE = 64, LATE_MS = 100 };

/* ---- mailboxes ---- */

static void on_send(struct home *home, struct letter *letter)
{
    struct reactor *reactor = (struct reactor *)(void *)home;
    struct world *world = reactor->world;
    letter->next = NULL;
    *reactor->last = letter;
    reactor->last = &letter->next;
    const int64_t due_ms =
        world->now_ms + (int64_t)world_below(world, reactor->lag_ms + (uint64_t)1);
    reactor->due_ms = due_ms < reactor->due_ms ? due_ms : reactor->due_ms;
}

static bool open_one(struct reactor *reactor)
{
    struct letter *letter = reactor->first;
    if (letter == NULL) {
        return false;
    }
    reactor->first = letter->next;
    if (reactor->first == NULL) {
        reactor->last = &reactor->first;
    }
    letter->open(letter);
    return true;
}

void node_begin(struct world *world)
{
    const bool is_alone = world_chance(world, 200);
    world->hubs = is_alone ? 1 : 1 + (uint32_t)world_below(world, HUBS_MAX);
    for (uint32_t i = 0; i < HUBS_MAX; i++) {
        struct reactor *reactor = &world->reactors[i];
        *reactor = (struct reactor){
            .home = {.send = on_send}, .world = world, .due_ms = NEVER, .lag_ms = 3};
        reactor->last = &reactor->first;
    }
    world->writer_due_ms = world->reader_due_ms = NEVER;
}

/* ---- starting ---- */

static struct embedded_rules rules_of(const struct scenario *scenario)
{
    struct embedded_rules rules = {.post_user = {.count = 0}, .evidence_days = EVIDENCE_DAYS};
    if (scenario->has_limits) {
        rules.post_user = (struct limit){.count = 5, .window_ms = 10000};
        rules.post_stream = (struct limit){.count = 20, .window_ms = 1000};
    }
    rules.retention_days = scenario->has_retention ? 3 : 0;
    return rules;
}

/* The one case in which the epoch may change: behind a power cut the first bad frame looks like a
 * flipped bit, and at most the commit under way is behind it. */
static bool looks_flipped(void)
{
    struct store_wal_verdict verdict;
    must(store_wal_scan("data/roar.db-wal", &verdict) == ERR_OK);
    return verdict.is_flipped && verdict.lost <= 1;
}

/* A torn commit may be taken for a flipped bit, so seldom (store_wal.h) that no history has two:
 * then everybody begins anew, and nothing is lost, as the ledger sees. */
static void begin_epoch(struct world *world, bool looked_flipped)
{
    if (world->life > 0 && !epoch_eq(&world->port->epoch, &world->epoch)) {
        world_holds(world, looked_flipped && world->needless_epochs == 0,
                    "P14: the epoch changed, and nothing was lost");
        world_note(world, "a torn commit is taken for damage: a new epoch");
        world->needless_epochs++;
        watcher_all_forget(world);
    }
    world->epoch = world->port->epoch;
    world->was_cut = false;
}

static void open_engine(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    const struct embedded_options options = {
        .data = STR("data"),
        .clock = &world->clock,
        .readers = 1,
        .posts_waiting_max = scenario->has_small_queue ? SMALL_QUEUE : 4096,
        .post_wait_ms_max = POST_WAIT_MS_MAX,
        .tail_bytes_max = world_chance(world, 500) ? 4000 : 0,
        .mailbox_events_max = scenario->has_small_mailbox ? 4 : 0,
        .is_stepped = true,
        .has_ballast = true,
        .rules = rules_of(scenario),
    };
    struct embedded_fault fault;
    const bool looked_flipped = world->was_cut && looks_flipped();
    const enum err err = embedded_open(&options, &world->engine, &fault);
    world_holds(world, err == ERR_OK, "P1: the node does not start: %s", fault.text);
    world->port = embedded_port(world->engine);
    begin_epoch(world, looked_flipped);
}

static void open_hubs(struct world *world)
{
    static struct hub *hubs[HUBS_MAX];
    for (uint32_t i = 0; i < world->hubs; i++) {
        const bool is_small = world->scenario->has_small_rings;
        const struct hub_options options = {
            .port = world->port,
            .home = &world->reactors[i].home,
            .seed = world->seed,
            .resume_max = is_small ? 20 + (uint32_t)world_below(world, 40) : 1000,
            .merge_ms = 50,
            .merge_max_ms = 200,
            .readable_per_s = READABLE_PER_S,
            .presence_ttl_ms = PRESENCE_TTL_MS,
            .presence_beat_ms = 10000,
            .compress_viewers = 1 + (uint32_t)world_below(world, 3),
            .silent_ms_max = SILENT_MS_MAX,
            .ring_bytes_max = is_small ? 400 + world_below(world, 4000) : 1 << 18,
        };
        must(hub_new(&options, &world->reactors[i].hub) == ERR_OK);
        hubs[i] = world->reactors[i].hub;
        world->reactors[i].closed = false;
        world->reactors[i].due_ms = world->now_ms;
        world->reactors[i].lag_ms = 3;
    }
    for (uint32_t i = 0; i < world->hubs; i++) {
        hub_meet(hubs[i], hubs, world->hubs);
    }
}

void node_start(struct world *world)
{
    disk_restart();
    open_engine(world);
    world->is_dead = world->is_closing = world->is_decided = false;
    world->disk_ms = 2;
    world->life++;
    world->up_due_ms = NEVER;
    ledger_verify(world);
    for (int i = 0; world->clock_stepped && i < USERS; i++) {
        world->posters[i].accepted = 0; // its windows are what the clock makes of it
    }
    world->clock_stepped = false;
    open_hubs(world);
    attendance_reset(world);
    world->writer_due_ms = world->now_ms + IDLE_MS;
    world->reader_due_ms = NEVER;
    world_note(world, "the node is up, the log has %llu and %llu",
               (unsigned long long)world->ledgers[0].head,
               (unsigned long long)world->ledgers[1].head);
}

/* ---- running ---- */

void node_poke(struct world *world)
{
    const int64_t soon_ms = world->now_ms + (int64_t)world_below(world, 3);
    if (!world->is_decided && soon_ms < world->writer_due_ms) {
        world->writer_due_ms = soon_ms;
    }
    if (world->reader_due_ms == NEVER) { // one under way is not begun anew
        world->reader_due_ms = soon_ms + (int64_t)world_below(world, world->disk_ms + 1);
    }
}

void node_step_reactor(struct world *world, struct reactor *reactor)
{
    const bool is_late = world->scenario->slow_reactors > 0 || reactor->lag_ms > LATE_MS;
    const uint64_t letters = world_chance(world, is_late ? 700 : 200) ? world_below(world, 3)
                                                                      : (uint64_t)LETTERS_AT_ONCE;
    for (uint64_t i = 0; i < letters && open_one(reactor); i++) {
    }
    reactor->due_ms = NEVER;
    const int64_t wish_ms = hub_turn(reactor->hub, world->now_ms);
    hub_check(reactor->hub);
    const int64_t next_ms = wish_ms <= world->now_ms ? world->now_ms + 1 : wish_ms;
    const int64_t letters_ms = reactor->first == NULL ? NEVER : world->now_ms + 1;
    const int64_t due_ms = next_ms < letters_ms ? next_ms : letters_ms;
    reactor->due_ms = due_ms < reactor->due_ms ? due_ms : reactor->due_ms;
    node_poke(world);
}

void node_step_writer(struct world *world)
{
    const uint32_t wait_ms = embedded_step_writer(world->engine);
    const bool decided = embedded_is_ahead(world->engine);
    if (!world->is_dead && !disk.crashed) {
        ledger_look(world);
        if (!decided) { // what is done between batches is published at once
            ledger_published(world);
        }
    }
    world->is_decided = decided;
    world->writer_due_ms =
        world->now_ms +
        (int64_t)(wait_ms == 0 ? world_below(world, world->disk_ms + (uint64_t)1) : wait_ms);
}

void node_step_reader(struct world *world)
{
    const bool goes_on = embedded_step_reader(world->engine);
    world->reader_due_ms =
        goes_on ? world->now_ms + (int64_t)world_below(world, world->disk_ms + (uint64_t)1) : NEVER;
}

/* ---- ending ---- */

static void note_closed(void *user)
{
    ((struct reactor *)user)->closed = true;
}

static bool is_at_rest(const struct world *world)
{
    for (uint32_t i = 0; i < world->hubs; i++) {
        if (!world->reactors[i].closed || world->reactors[i].first != NULL) {
            return false;
        }
    }
    for (int i = 0; i < USERS; i++) {
        if (world->posters[i].is_away) {
            return false;
        }
    }
    return !world->act_is_away && moderator_all_back(world) && !world->asker.is_away &&
           !world->pager.is_away;
}

static void run_down(struct world *world)
{
    for (uint32_t i = 0; i < world->hubs; i++) {
        hub_close(world->reactors[i].hub, note_closed, &world->reactors[i]);
    }
    for (int rounds = 0; !is_at_rest(world); rounds++) {
        world_holds(world, rounds < 100000, "P13: the node does not come to rest");
        for (int i = 0; i < 3; i++) {
            node_step_writer(world);
            node_step_reader(world);
        }
        for (uint32_t i = 0; i < world->hubs; i++) {
            node_step_reactor(world, &world->reactors[i]);
        }
        world->now_ms += 20;
    }
}

static void take_down(struct world *world)
{
    world->is_closing = true;
    disk_heal();
    watcher_all_leave(world);
    run_down(world);
    for (uint32_t i = 0; i < world->hubs; i++) {
        hub_free(world->reactors[i].hub);
        world->reactors[i].hub = NULL;
        world->reactors[i].due_ms = NEVER;
    }
    ledger_look(world);
    ledger_close(world);
    embedded_close(world->engine);
    world->engine = NULL;
    world->port = NULL;
    world->writer_due_ms = world->reader_due_ms = NEVER;
    world->up_due_ms = world->now_ms + 1 + (int64_t)world_below(world, DOWN_MS_MAX);
    world_note(world, "the node is down");
}

void node_drain(struct world *world)
{
    world_note(world, "the node is drained");
    take_down(world);
}

void node_die(struct world *world)
{
    world_note(world, "the node dies: %s", disk.crash == DISK_KILL ? "killed" : "power cut");
    world->crashes++;
    world->was_cut = disk.crash == DISK_POWER_CUT;
    world->cuts += world->was_cut;
    world->is_dead = true;
    take_down(world);
}
